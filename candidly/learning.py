"""The arrow from the store to a lexicon of one's own: `candidly learn`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from analysis.adapt import MOST, Adapted, Adapter, Counts, Told
from analysis.compare import Change
from analysis.lexicon import COMBINE, TABLE, Lexicon
from candidly.config import BUILT_IN_ENGINES
from candidly.console import table
from candidly.errors import ConfigError, UsageError
from candidly.files import write_atomic
from candidly.session import Session
from storage import queries

FOLDER: Final = "lexicon"
REPORT: Final = "learned.json"
BATCH: Final = 500
LEAST_RATED: Final = 200
LEAST_OF_EACH: Final = 40
NAMES: Final = {
    "macro_f1": "macro-F1 of three classes",
    "auc": "AUC of positive against negative",
    "negative_precision": "precision of negative",
    "negative_recall": "recall of negative",
}


def learn(session: Session, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Adapted:
    """Adapt the lexicon that comes along to the rated mentions of the store; nothing is written.

    `progress` is told how many mentions of how many were read. Raises UsageError where there are too few, or
    another engine scores the texts.
    """
    settings = session.config.analysis
    if settings.engine != BUILT_IN_ENGINES[0]:
        raise UsageError(
            f"the engine {settings.engine} does not read by the lexicon.",
            f"`candidly learn` is for `engine: {BUILT_IN_ENGINES[0]}`.",
        )
    total = queries.told_count(session.store)
    share = min(1.0, MOST / max(total, 1))
    adapter = Adapter(settings, session.loaded.folder, session.config.companies, share)
    counts = adapter.look_through(lambda: _batches(session), lambda done: progress(done, 2 * total))
    _check(counts)
    return adapter.adapt(lambda: _batches(session))


def _batches(session: Session) -> Iterator[Sequence[Told]]:
    last = 0
    while batch := queries.told(session.store, BATCH, last):
        yield [Told(mention, author) for _, mention, author in batch]
        last = batch[-1][0]


def _check(counts: Counts) -> None:
    """UsageError where nothing could be learned, or told from chance."""
    each = LEAST_OF_EACH
    enough = counts.rated >= LEAST_RATED and min(counts.negative, counts.positive) >= each
    if not enough:
        found = f"{counts.rated:,} ({counts.negative:,} negative, {counts.positive:,} positive)"
        raise UsageError(
            f"too few mentions with stars or an experience in a language that can be scored: {found}.",
            f"At least {LEAST_RATED} are needed, {each} of them negative and {each} positive.",
        )


def folder(session: Session) -> Path:
    """Where a learned lexicon goes."""
    return session.loaded.folder / FOLDER


def check_untouched(place: Path) -> None:
    """UsageError where the table there was changed by hand since it was learned, or never was."""
    if not (place / TABLE).exists():
        return
    try:
        written = json.loads((place / REPORT).read_text("utf-8"))["version"]
        same = written == Lexicon(place).version
    except (OSError, ValueError, KeyError, TypeError, ConfigError):
        same = False
    if not same:
        raise UsageError(
            f"{place / TABLE} was edited by hand.", "Move it away to keep it, or use --force to replace it."
        )


def keep(place: Path, learned: Adapted, now: datetime) -> list[Path]:
    """Write the lexicon and its figures, each file whole or not at all."""
    report = json.dumps(as_data(learned) | {"learned": now.isoformat()}, indent=2) + "\n"
    files: dict[str, bytes | str] = {COMBINE: learned.combine, TABLE: learned.table, REPORT: report}
    for name, content in files.items():
        write_atomic(place / name, content)
    return [place / name for name in files]


def as_data(learned: Adapted) -> dict[str, Any]:
    """The figures as plain data."""
    return {
        "version": learned.version,
        "shipped": learned.base,
        "better": learned.better,
        **dataclasses.asdict(learned.counts),
        "measures": {name: dataclasses.asdict(change) for name, change in learned.changes.items()},
    }


def render(learned: Adapted) -> str:
    """What was found, for people."""
    counts = learned.counts
    head = (
        f"{counts.rated:,} rated mentions ({counts.negative:,} negative, {counts.positive:,} positive), "
        f"{counts.held_back:,} of them held back and measured on:"
    )
    rows = [[NAMES[name], *_cells(change)] for name, change in learned.changes.items()]
    return f"{head}\n\n" + table(["measure", "shipped", "learned", "difference, 95 %", "n"], rows)


def _cells(change: Change) -> list[str | int | None]:
    told = [None if value is None else f"{value:.3f}" for value in (change.before, change.after)]
    known = change.low is not None and change.high is not None
    return [*told, f"{change.low:+.3f} to {change.high:+.3f}" if known else None, change.n]

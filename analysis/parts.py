"""Which part of a company rose: the whole, its themes and its sources judged within one budget. Pure.

The yearly budget of false alarms is one company's. Half is for the company as a whole, the rest is split
among its themes and sources (Bonferroni; `analysis.spikes.limits`), so that judging sixteen themes as well
does not bring sixteen times the false alarms.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from analysis import spikes
from analysis.spikes import LEVEL_DAYS, RECENT, WINDOWS, Counts, Limits, Verdict
from candidly.rise import Part, PartKind, Rise
from candidly.spike import Spike, SpikeKind


class Whole(NamedTuple):
    """The series of a company: arrays (days, sources), over days without a gap.

    `themes`: name -> Counts whose `negative` are the complaints about it. `sources` name the columns.
    """

    days: Sequence[date]
    counts: Counts
    themes: Mapping[str, Counts]
    sources: Sequence[str]


class Verdicts(NamedTuple):
    """What each series of a company gave, before any budget."""

    whole: Verdict
    themes: Mapping[str, Verdict]
    sources: Mapping[str, Verdict]


Key = tuple[str, str]
"""("", "") for the company as a whole, ("theme", name), ("source", name)."""
WHOLE: Key = ("", "")


def series(whole: Whole) -> dict[Key, Counts]:
    """Every series of a company: itself, its themes, and its sources where there are several."""
    found: dict[Key, Counts] = {WHOLE: whole.counts}
    found |= {("theme", name): counts for name, counts in whole.themes.items()}
    return found | (
        {("source", name): one for name, one in _columns(whole).items()} if _several(whole) else {}
    )


def judged(
    whole: Whole,
    today: date,
    *,
    min_negative: int = 3,
    recent: int = RECENT,
    only: Container[Key] | None = None,
) -> Verdicts:
    """Every series of a company, judged on the windows that end `today` or up to `recent` days before.

    A theme that cannot reach `min_negative` in these days is passed over: it has no alarm to give. `only`:
    no other series than these.
    """
    wanted = {
        key: counts for key, counts in series(whole).items()
        if (only is None or key in only)
        and (key[0] != "theme" or _enough(counts, whole.days, today, recent, min_negative))
    }  # fmt: skip
    verdicts = spikes.judge_many(
        whole.days, list(wanted.values()), today, min_negative=min_negative, recent=recent
    )
    found = dict(zip(wanted, verdicts, strict=True))
    kinds = {kind: {key[1]: v for key, v in found.items() if key[0] == kind} for kind in ("theme", "source")}
    return Verdicts(found.get(WHOLE, Verdict(None, None)), kinds["theme"], kinds["source"])


def budget(whole: Whole, false_alarms_per_year: float) -> Limits:
    """The limits of a company, its themes and its sources within its yearly budget."""
    several = len(whole.sources) if _several(whole) else 0
    return spikes.limits(false_alarms_per_year, len(whole.themes), several)


def _several(whole: Whole) -> bool:
    return len(whole.sources) > 1


def rises(whole: Whole, verdicts: Verdicts, limits: Limits) -> dict[SpikeKind, Rise]:
    """What is worth an incident: at most one rise of each kind. Themes have complaints only."""
    found: dict[SpikeKind, Rise] = {}
    kinds: tuple[tuple[SpikeKind, int], ...] = (("more negative", 0), ("more posts", 1))
    for kind, at in kinds:
        parts = _parts("source", verdicts.sources, at, limits.source)
        if kind == "more negative":
            parts += _parts("theme", verdicts.themes, at, limits.theme)
        parts.sort(key=lambda part: (-part.spike.score, part.name))
        spike = verdicts.whole[at]
        if spike is not None and spike.score >= limits.company:
            found[kind] = Rise(kind, spike, True, tuple(parts), _alone(whole, kind, spike))
        elif parts:
            alone = (parts[0].kind, parts[0].name) if len(parts) == 1 else None
            found[kind] = Rise(kind, parts[0].spike, False, tuple(parts), alone)
    return found


def _parts(kind: PartKind, verdicts: Mapping[str, Verdict], at: int, limit: float) -> list[Part]:
    found = ((name, verdict[at]) for name, verdict in verdicts.items())
    return [Part(kind, name, spike) for name, spike in found if spike is not None and spike.score >= limit]


def _enough(counts: Counts, days: Sequence[date], today: date, recent: int, least: int) -> bool:
    end = (today - days[0]).days + 1
    timely = counts.negative if counts.timely is None else counts.timely
    last = np.asarray(timely)[max(0, end - recent - max(WINDOWS)) : max(0, end)]
    return bool(last.sum() >= least)


def _columns(whole: Whole) -> dict[str, Counts]:
    arrays = [None if one is None else np.asarray(one) for one in whole.counts]
    return {
        name: Counts(*(one[:, n] if one is not None else None for one in arrays))  # type: ignore[arg-type]  # timely alone may be None
        for n, name in enumerate(whole.sources)
    }


def _alone(whole: Whole, kind: SpikeKind, spike: Spike) -> tuple[PartKind, str] | None:
    """The theme, or else the source, without whose excess the company would be within its usual range."""
    needed = spike.observed - spike.high
    options: list[tuple[float, PartKind, str]] = []
    if kind == "more negative":
        options += [
            (_excess(whole, np.asarray(counts.negative).sum(1), spike), "theme", name)
            for name, counts in whole.themes.items()
        ]
    column = np.asarray(whole.counts.total if kind == "more posts" else whole.counts.negative)
    if _several(whole):
        options += [
            (_excess(whole, column[:, n], spike), "source", name) for n, name in enumerate(whole.sources)
        ]
    for wanted in ("theme", "source"):
        enough = [one for one in options if one[1] == wanted and one[0] >= max(needed, 1)]
        if enough:
            best = max(enough, key=lambda one: (one[0], one[2]))
            return best[1], best[2]
    return None


def _excess(whole: Whole, values: np.ndarray, spike: Spike) -> float:
    """How much more a part had in the window of the spike than in as many days of the 12 weeks before."""
    start = (spike.first - whole.days[0]).days
    end = start + spike.days
    before = slice(max(0, start - LEVEL_DAYS), start)
    covered = np.asarray(whole.counts.covered)[before].any(1)
    usual = values[before].sum() / max(1, covered.sum()) * spike.days
    return float(values[max(0, start) : end].sum() - usual)


def clear_days(whole: Whole, after: date, today: date) -> int:
    """How many days with data lie between `after` and `today`, both left out."""
    start, end = (after - whole.days[0]).days + 1, (today - whole.days[0]).days
    return int(np.asarray(whole.counts.covered)[max(0, start) : max(0, end)].any(1).sum())

"""What commands share: options, output to stdout, notes to stderr, logging, the session they open."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from candidly.configfile import Loaded
    from candidly.records import Tally
    from candidly.session import Session

_masks: list[Callable[[str], str]] = []


def masked(text: str) -> str:
    """A text with every secret that was read blotted out."""
    for mask in _masks:
        text = mask(text)
    return text


class _JsonFormatter(logging.Formatter):
    """One JSON object a line; json.dumps escapes the line breaks with which a text could forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": masked(record.getMessage()),
        }
        if record.exc_info:
            entry["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


class _TextFormatter(logging.Formatter):
    """A line a record, control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage().encode("unicode_escape").decode("ascii")
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return masked(f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower()} {text}{trace}")


@dataclass
class Console:
    """The options of the command line, and how a command speaks."""

    config: Path
    quiet: bool = False
    debug: bool = False
    log_format: str = "text"
    fixed_now: str | None = None

    def set_up_logging(self) -> None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonFormatter() if self.log_format == "json" else _TextFormatter())
        logger = logging.getLogger("candidly")
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.DEBUG if self.debug else logging.ERROR if self.quiet else logging.INFO)

    def now(self) -> datetime:
        """The time that the command works with: the clock, or `--now`."""
        from candidly.periods import parse_moment
        from candidly.session import wall_clock

        return parse_moment(self.fixed_now) if self.fixed_now else wall_clock()

    def load(self) -> Loaded:
        """The configuration, its secrets masked in everything printed from here on."""
        from candidly.session import load_config

        loaded = load_config(self.config)
        _masks.append(loaded.secrets.mask)
        return loaded

    @contextmanager
    def session(self) -> Iterator[Session]:
        """An open session for one command."""
        from candidly.session import open_session

        with open_session(self.load(), self.now) as session:
            yield session

    def say(self, text: str = "") -> None:
        """A result, to stdout."""
        click.echo(masked(text))

    def note(self, text: str) -> None:
        """Something by the way, to stderr; silenced by --quiet."""
        if not self.quiet:
            click.echo(masked(text), err=True)

    def json(self, data: Any) -> None:
        """A result as JSON, to stdout."""
        self.say(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as aligned plain text, one line each; numbers to the right, None as a dash."""
    cells = [["-" if cell is None else " ".join(str(cell).splitlines()) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *cells]) for i in range(len(header))]
    right = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        return "  ".join(parts).rstrip()

    return "\n".join([line(header), line(["-" * w for w in widths]), *map(line, cells)])


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, Tally], None]]:
    """A progress line on stderr while sources are read, on a terminal only."""
    if console.quiet or console.debug or not sys.stderr.isatty():
        yield lambda _name, _tally: None
        return
    from rich.console import Console as Terminal
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Terminal(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(name: str, tally: Tally) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=None)
            bar.update(tasks[name], description=f"{name}: {tally.read:,} read, {tally.stored:,} new")

        yield show

"""One read of a source as the pipeline does it, with everything noted that the rules judge."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

from candidly.config import SourceSettings
from candidly.errors import CandidlyError
from candidly.records import Cursor, Mention, Reject
from collectors.base import Collector, Context, Raw
from collectors.contract.case import PATIENT, Case
from collectors.contract.guard import Endless, guarded

LONGEST_SLEEP: Final = 120.0
"""Seconds of sleeping in one read after which it is stopped; nothing is slept in fact."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What became of one Raw: its items, and its cursor as JSON when it was handed over."""

    items: tuple[Any, ...]
    cursor: str
    where: str
    raw: Raw


@dataclass(slots=True)
class Reading:
    """How a read went. `error` is a failure that a person is told; `crash` is any other exception."""

    units: list[Unit] = field(default_factory=list)
    error: CandidlyError | None = None
    crash: BaseException | None = None
    notes: list[str] = field(default_factory=list)
    said: str = ""
    """What was printed and logged."""
    strange: list[str] = field(default_factory=list)
    """Undeclared hosts that were contacted."""
    spent: int = 0
    """Requests that the collector counted."""
    slept: float = 0.0
    ended: float = 0.0
    """`time.monotonic()` at its end."""

    @property
    def items(self) -> list[Any]:
        return [item for unit in self.units for item in unit.items]

    @property
    def mentions(self) -> dict[str, Mention]:
        return {item.id: item for item in self.items if isinstance(item, Mention)}

    @property
    def ids(self) -> set[str]:
        return set(self.mentions)

    @property
    def rejects(self) -> list[Reject]:
        return [item for item in self.items if isinstance(item, Reject)]

    @property
    def cursor(self) -> Cursor | None:
        """Where the next read begins: JSON of the last unit's cursor, as from a database."""
        found: Cursor | None = json.loads(self.units[-1].cursor) if self.units else None
        return found

    @property
    def texts(self) -> str:
        """Everything that it may have written somewhere, to be searched for secrets."""
        said = [repr(item) for item in self.items] + [unit.cursor + unit.where for unit in self.units]
        for error in (self.error, self.crash):
            if error is not None:
                said += [str(error), getattr(error, "message", ""), getattr(error, "remedy", "")]
        return "\n".join([*said, *self.notes, self.said])


def read(
    case: Case,
    settings: SourceSettings,
    folder: Path,
    declared: frozenset[str],
    cursor: Cursor | None = None,
    deadline: float = PATIENT,
) -> Reading:
    """Read a case's source from a cursor to its end. Never raises for what the collector does."""
    context = case.context(folder, deadline)
    reading = Reading()
    with guarded(declared) as guard, _hurried(reading):
        observe(lambda: case.collector(settings, context), context, cursor, reading)
    reading.strange = guard.strange
    return reading


def observe(
    make: Callable[[], Collector],
    context: Context,
    cursor: Cursor | None,
    reading: Reading,
    enough: Callable[[Reading], bool] = lambda _reading: False,
) -> None:
    """Let a collector read until its end, or until `enough`; all that it does goes into `reading`."""
    with _listening(reading):
        try:
            collector = make()
            for raw in collector.fetch(cursor):
                items = tuple(collector.parse(raw))
                reading.units.append(Unit(items, _json(raw.cursor), raw.where, raw))
                if enough(reading):
                    break
        except CandidlyError as error:
            reading.error = error
        except (Exception, Endless) as crash:
            reading.crash = crash
    reading.ended = time.monotonic()
    reading.notes, reading.spent = context.notes, context.requests.made


def _json(cursor: Cursor) -> str:
    """Raises TypeError or ValueError for what is no JSON object, which the reading notes as a crash."""
    if not isinstance(cursor, dict):
        raise TypeError("a cursor must be a dict")
    return json.dumps(cursor, allow_nan=False)


@contextlib.contextmanager
def _hurried(reading: Reading) -> Iterator[None]:
    """No pause is made; what was to be slept is summed up."""

    def sleep(seconds: float) -> None:
        reading.slept += max(seconds, 0.0)
        if reading.slept > LONGEST_SLEEP:
            raise Endless

    with mock.patch.object(time, "sleep", sleep):
        yield


@contextlib.contextmanager
def _listening(reading: Reading) -> Iterator[None]:
    """What is printed, and what is logged where somebody would see it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    ours, root = logging.getLogger("candidly"), logging.getLogger()
    level, root_handler = ours.level, logging.StreamHandler(out)
    root_handler.setLevel(logging.WARNING)
    ours.addHandler(handler)
    root.addHandler(root_handler)
    ours.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            yield
    finally:
        ours.removeHandler(handler)
        root.removeHandler(root_handler)
        ours.setLevel(level)
        reading.said = out.getvalue()

"""What a collector is: `fetch` at the edge, `parse` pure, and the settings it reads.

A collector is a class with three things; there is nothing to inherit:

    class MySite:
        Settings = MySiteSettings                   # a SourceSettings subclass: its block in config.yaml
        def __init__(self, settings, context): ...
        def fetch(self, cursor): yield Raw(...)     # the only place that touches network or disk
        def parse(self, raw): yield Mention(...)    # pure: the same raw gives the same mentions
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from candidly.config import SourceSettings
from candidly.errors import CollectorError
from candidly.records import Cursor, Mention, Reject


@dataclass(frozen=True, slots=True)
class Raw:
    """One unit of what was fetched: a page, a feed, a thread, some hundred rows of a file.

    `cursor` is where the source's reading stands once every mention of this unit is stored. Both are
    committed together, so a crash repeats a unit or none of it.
    """

    payload: Any
    cursor: Cursor
    where: str = ""


@dataclass(slots=True)
class Requests:
    """How many requests a run has made, and how many it may make (None: as many as it needs).

    `note` is told the number before each, so that a run that is killed has not made one too many.
    """

    left: int | None = None
    made: int = 0
    note: Callable[[int], None] = lambda _made: None
    refused: bool = False

    def spend(self) -> None:
        """Count one; raises CollectorError where the source's budget of the day is used up."""
        if self.left is not None and self.made >= self.left:
            self.refused = True
            raise CollectorError(
                "The source's `daily_requests` are used up.",
                "It goes on tomorrow where it stopped; a larger budget lets it read on today.",
            )
        self.made += 1
        self.note(self.made)


@dataclass(frozen=True, slots=True)
class Context:
    """What a collector is given instead of reaching for it."""

    now: datetime
    folder: Path
    """The folder of the configuration: relative paths start here."""
    secret: Callable[[str], str]
    """The value of a secret by name ("REDDIT_CLIENT_SECRET"); raises ConfigError where it is absent."""
    notes: list[str] = field(default_factory=list)
    """What a person should know about this run but is no failure ("3 files unchanged")."""
    requests: Requests = field(default_factory=Requests)
    deadline: float = 30.0
    """Seconds that one request may take in all, however slowly the answer drips."""


class Collector(Protocol):
    """The shape of every collector, ours or a third party's."""

    Settings: ClassVar[type[SourceSettings]]

    def __init__(self, settings: Any, context: Context) -> None: ...

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Yield what is new since `cursor` (None: everything).

        Raises CollectorError when the source cannot be read further; what was yielded before stays good.
        """
        ...

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """Turn one unit into mentions, and a Reject for each item that cannot become one."""
        ...

"""What a collector is: `fetch` at the edge, `parse` pure, and the settings it reads.

A collector is a class with three things; there is nothing to inherit:

    class MySite:
        Settings = MySiteSettings                   # a SourceSettings subclass: its block in config.yaml
        def __init__(self, settings, context): ...
        def fetch(self, cursor): yield Raw(...)     # the only place that touches network or disk
        def parse(self, raw): yield Mention(...)    # pure: the same raw gives the same mentions
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

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
class Answer:
    """A server's answer as far as it is needed to see what it is; `address` is without its query."""

    status: int
    address: str
    headers: Mapping[str, str]
    body: bytes
    """Its first 300 kB; `size` counts all of them."""
    size: int
    charset: str = ""


@dataclass(slots=True)
class Seen:
    """The latest answer of a run, and the one that was not what it should be (`odd`), once it is marked."""

    latest: Answer | None = None
    odd: Answer | None = None

    def mark(self) -> None:
        """Say of the latest answer that it is not in shape; the first one said so is kept."""
        self.odd = self.odd or self.latest


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
    seen: Seen = field(default_factory=Seen)
    deadline: float = 30.0
    """Seconds that one request may take in all, however slowly the answer drips."""


Standing = Literal["there", "unsigned", "gone"]
"""What a source says of an item that it once had: still public, public but its author left, or not public."""


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


@runtime_checkable
class Rechecks(Protocol):
    """What a collector has beside the rest where its site can be asked for items by their ids.

    Sites demand that what is deleted there is deleted here as well; `candidly keep` asks for all that is
    stored, within `recheck`. `collectors.rechecking` has what most of them need.
    """

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look ids up, as many in a request as the site takes, and tell of each as the answers come in.

        "gone" only by an answer that was good as a whole; an id that nothing is known of is left out, and
        asked for again. Raises CollectorError where the site cannot be asked on; what was told stays good.
        """
        ...

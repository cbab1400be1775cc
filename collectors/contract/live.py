"""The part of the contract that a configured source can be held to as it is: one unit, asked for once.

Nothing is disturbed and nothing is hurried; a live source is asked for as little as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from candidly.config import SourceSettings
from candidly.errors import CollectorError
from collectors.base import Collector, Context, Requests, Seen
from collectors.contract import rules
from collectors.contract.bench import good
from collectors.contract.case import RULES, Finding, hosts_of
from collectors.contract.guard import guarded
from collectors.contract.reading import Reading, observe

RULES_LIVE: Final = MappingProxyType(
    {
        "read": "a unit with mentions can be read",
        "ids": "every mention has an id of its own",
        "dates": RULES["dates"],
        "fields": RULES["fields"],
        "rejects": RULES["rejects"],
        "pure": RULES["pure"],
        "cursor": "the cursor is JSON and does not change once handed over",
        "secrets": RULES["secrets"],
        "hosts": RULES["hosts"],
    }
)
"""rule -> what one unit shows of it."""
MOST_UNITS: Final = 3
"""Units without a mention after which there is none to judge by."""
MOST_REQUESTS: Final = 20
PROBED: Final = 2
"""Requests of a probe at most: signing in or robots.txt, and the question itself."""


class Enough(CollectorError):
    """A probe has seen what it wanted to see."""


class Few(Requests):
    """Lets `PROBED` answered requests pass; one without a good answer may be tried again as ever."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(left=MOST_REQUESTS)
        self._seen, self._before = seen, seen.latest

    def spend(self) -> None:
        latest, before = self._seen.latest, self._before
        self._before = latest
        if self.made >= PROBED and latest is not None and latest is not before and latest.status < 400:
            raise Enough("Enough was seen.")
        Requests.spend(self)


@dataclass(slots=True)
class Report:
    """How a source did: the reading, and the rules that it breaks."""

    reading: Reading
    findings: list[Finding] = field(default_factory=list)


def modest(settings: SourceSettings, *, keep: tuple[str, ...] = ()) -> SourceSettings:
    """The settings under which a source asks for little: `small` of the settings, where there is one."""
    small: Mapping[str, Any] = getattr(type(settings), "small", {})
    return settings.model_copy(update={name: value for name, value in small.items() if name not in keep})


def probe(collector: type[Collector], settings: SourceSettings, context: Context) -> Reading:
    """One small request, two where the first only opens the door. Its `error` says what is wrong."""
    reading = Reading()
    mine = replace(context, requests=Few(context.seen), notes=[])
    observe(lambda: collector(modest(settings), mine), mine, None, reading, lambda _reading: True)
    if isinstance(reading.error, Enough):
        reading.error = None
    return reading


def examine(
    collector: type[Collector], settings: SourceSettings, context: Context, *, authors: bool = True
) -> Report:
    """Read one unit with mentions, and judge it by `RULES_LIVE`."""
    secrets: set[str] = set()

    def told(name: str) -> str:
        secrets.add(value := context.secret(name))
        return value

    reading, settings = Reading(), modest(settings, keep=("first",))
    mine = replace(context, secret=told, requests=Requests(left=MOST_REQUESTS), notes=[])
    with ExitStack() as stack:
        guard = None if leads(settings) else stack.enter_context(guarded(hosts_of(settings)))
        observe(lambda: collector(settings, mine), mine, None, reading, _seen_enough)
    reading.strange = guard.strange if guard else []
    return Report(reading, list(_judged(collector, settings, mine, reading, secrets, authors=authors)))


def leads(settings: SourceSettings) -> bool:
    """Whether the source may be led to hosts that its settings do not name: web pages move."""
    return bool(getattr(settings, "urls", ()))


def _seen_enough(reading: Reading) -> bool:
    return bool(reading.mentions) or len(reading.units) >= MOST_UNITS


def _judged(
    collector: type[Collector],
    settings: SourceSettings,
    context: Context,
    reading: Reading,
    secrets: set[str],
    *,
    authors: bool,
) -> Iterator[Finding]:
    yield from good(reading, "it")
    yield from rules.ids(reading.items)
    yield from rules.dates(reading.items, context.now)
    yield from rules.fields(reading.items, settings, authors=authors)
    yield from rules.rejects(reading.items)
    yield from rules.cursors(reading)
    yield from rules.secrets(reading, secrets, "this read")
    yield from rules.hosts(reading, "this read")
    if reading.units:
        again = collector(settings, context)
        if any(tuple(again.parse(unit.raw)) != unit.items for unit in reading.units):
            yield Finding("pure", "a unit parsed a second time gives something else")

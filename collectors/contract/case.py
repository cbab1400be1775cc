"""What a collector brings to be tested, the rules, and what breaks one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlsplit

from candidly.config import SourceSettings
from collectors.base import Collector, Context

PATIENT: Final = 20.0
"""Seconds for a request where nothing drips: a busy machine is no fault of the collector."""

RULES: Final = MappingProxyType(
    {
        "read": "a full read ends without an error and yields mentions",
        "whole": "a full read brings everything that the double holds, and nothing else",
        "ids": "every mention has an id, a text, and no other mention of the source has the same",
        "dates": "dates are aware, in UTC and not in the future",
        "fields": "a mention holds the declared fields only, each of the declared type and kind",
        "rejects": "what cannot become a mention is a Reject with place and reason",
        "junk": "whatever stands in a unit, `parse` gives sound Mentions, Rejects, or a CollectorError",
        "pure": "the same unit parsed twice gives the same",
        "repeat": "two full reads give the same",
        "cursor": "a cursor is JSON, does not change once handed over, and a wrong one is no trouble",
        "resume": "a read from any cursor, with what was read before it, gives the full read",
        "secrets": "no secret stands in a mention, a reject, a cursor, a message, a note or a log line",
        "hosts": "only the source's own hosts are contacted",
        "budget": "every request is counted by `context.requests.spend`",
        "faults": "a fault ends as ok with everything, or as a CollectorError with message and remedy",
        "silence": "a fault never looks like a quiet source",
        "gentle": "a fault is not answered by many requests or long sleeping",
        "deadline": "a request ends at its deadline, however slowly the answer drips",
        "memory": "an answer that unpacks without end does not fill the memory",
    }
)
"""rule -> what it demands."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a collector breaks, and how; never holds a text of the source."""

    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A collector, and a local double of its source to test it against.

    `serve` starts the double and gives its address, such as http://127.0.0.1:8080 (for a source that reads
    files: a folder); `block` makes the source's block of config.yaml from an address. The double answers as
    the site does, over at least two pages; faults are put between it and the collector.

    `expected` are the ids of all mentions that the double holds, or how many they are. `rejected`: the same
    of the items that must become Rejects, such as what was deleted; every double should hold one.

    `secrets` are long and unlike anything else, so that they are found wherever they turn up. `follows`: the
    collector may be led to other hosts (web pages move). `authors` is False where the terms forbid names.
    """

    collector: type[Collector]
    block: Callable[[str], Mapping[str, Any]]
    serve: Callable[[], AbstractContextManager[str]]
    now: datetime
    expected: Collection[str] | int
    rejected: Collection[str] | int = 0
    secrets: Mapping[str, str] = field(default_factory=dict)
    follows: bool = False
    authors: bool = True
    deadline: float = 0.3
    """Seconds that one request may take where the answer drips; short, so that the suite is fast."""

    def settings(self, address: str) -> SourceSettings:
        return self.collector.Settings.model_validate(dict(self.block(address)))

    def context(self, folder: Path, deadline: float = PATIENT) -> Context:
        return Context(now=self.now, folder=folder, secret=self.secrets.__getitem__, deadline=deadline)


def hosts_of(settings: SourceSettings) -> frozenset[str]:
    """The hosts ("api.example.com", "127.0.0.1:8080") that a source talks to by its settings.

    A `hosts` of the settings is taken as it is (third parties); else its addresses tell.
    """
    declared = getattr(settings, "hosts", None)
    if declared is not None:
        return frozenset(declared)
    addresses = [getattr(settings, name, "") for name in ("server", "base_url")]
    addresses += [*getattr(settings, "urls", ()), *getattr(settings, "servers", ())]
    return frozenset(host for address in addresses if (host := urlsplit(str(address)).netloc.lower()))


def leaks(secrets: Iterable[str], text: str) -> bool:
    """Whether a text holds one of the secrets: as it is, quoted for a URL, or as Basic authorization."""
    values = [value for value in secrets if value]
    forms = {form for value in values for form in (value, quote(value, safe=""), quote_plus(value))}
    pairs = [":".join(pair) for pair in permutations(values, 2)]
    forms |= {b64encode(value.encode()).decode().rstrip("=") for value in [*values, *pairs]}
    return any(form in text for form in forms)

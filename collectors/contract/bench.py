"""What every case is checked for, whatever its source: reads without a fault, and from many cursors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from candidly.config import SourceSettings
from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor
from collectors.base import Collector, Raw
from collectors.contract import hostile, rules
from collectors.contract.case import PATIENT, Case, Finding, hosts_of
from collectors.contract.faults import Kind
from collectors.contract.reading import Reading, read

CHECKPOINTS: Final = 15
"""Most cursors of a full read from which it is taken up again."""
SHAPES: Final = 4
"""Most units whose values are replaced by junk."""


class Bench:
    """Checks one collector against the double of its source; `Online` and `OnDisk` know how to disturb it."""

    names: tuple[str, ...] = ()
    """Of the faults that `check_fault` knows."""

    def __init__(self, case: Case, folder: Path, address: str) -> None:
        self.case, self.folder = case, folder
        self.settings: SourceSettings = case.settings(address)
        self.declared = hosts_of(self.settings)
        self._fewest = 0
        self._full: Reading | None = None

    def calm(self) -> None:
        """End every fault."""

    def asked(self) -> int:
        """How many requests the source has seen since it was calmed."""
        return 0

    def check_fault(self, name: str, *, start: bool = True) -> Iterator[Finding]:
        """How a read goes under a fault, and the next one. `start`: also one that is there from the start."""
        raise NotImplementedError

    def read(
        self, cursor: Cursor | None = None, also: frozenset[str] = frozenset(), deadline: float = PATIENT
    ) -> Reading:
        """One read by a collector made anew; `also`: hosts that it may be led to."""
        return read(self.case, self.settings, self.folder, self.declared | also, cursor, deadline)

    @property
    def full(self) -> Reading:
        """The full read without a fault that all others are measured by."""
        if self._full is None:
            self.calm()
            self._full = self.read()
            self._fewest = self.asked()
        return self._full

    @property
    def fewest(self) -> int:
        """How many requests a full read takes."""
        return self._fewest if self.full else 0

    def check_read(self) -> Iterator[Finding]:
        """One full read, and the same once more."""
        full = self.full
        yield from good(full)
        yield from single(self.case, self.settings, full)
        yield from rules.whole(full, self.case)
        yield from rules.hosts(full)
        if self.fewest > full.spent:
            yield Finding("budget", f"{self.fewest} requests were made, {full.spent} of them counted")
        yield from self._again(full)

    def _again(self, full: Reading) -> Iterator[Finding]:
        collector = self.case.collector(self.settings, self.case.context(self.folder))
        if any(tuple(collector.parse(unit.raw)) != unit.items for unit in full.units):
            yield Finding("pure", "a unit parsed a second time gives something else")
        again = self.read()
        if again.items != full.items:
            lost, new = len(full.ids - again.ids), len(again.ids - full.ids)
            yield Finding("repeat", f"the second full read differs: {lost} ids are missing, {new} are new")
        elif again.cursor != full.cursor:
            yield Finding("repeat", "the second full read ends at another cursor")

    def check_junk(self) -> Iterator[Finding]:
        """Units of each shape with junk in place of what was good, as far as they are lists and dicts."""
        collector = self.case.collector(self.settings, self.case.context(self.folder))
        shapes: dict[frozenset[Any], Raw] = {}
        for unit in self.full.units:
            shapes.setdefault(hostile.shape(hostile.small(unit.raw.payload)), unit.raw)
        found: dict[Finding, None] = {}
        for raw in sorted(shapes.values(), key=lambda raw: -len(hostile.shape(raw.payload)))[:SHAPES]:
            for path, payload in hostile.spoilt(raw.payload):
                where = ".".join(map(str, path))[:80]
                found |= dict.fromkeys(self._parsed(collector, replace(raw, payload=payload), where))
        yield from found

    def _parsed(self, collector: Collector, raw: Raw, where: str) -> Iterator[Finding]:
        try:
            items = tuple(collector.parse(raw))
        except CollectorError:
            return
        except Exception as crash:
            yield Finding("junk", f"junk at {where}: `parse` ends in {type(crash).__name__}")
            return
        for item in items:
            for broken in rules.sound([item], self.settings, self.case):
                yield Finding("junk", f"junk at {where}: {broken.message}")

    def check_resume(self) -> Iterator[Finding]:
        """From the cursor of each unit, as after a crash."""
        full = self.full
        self.calm()
        step = max(1, len(full.units) // CHECKPOINTS)
        for number in range(0, len(full.units), step):
            before = Reading(units=full.units[: number + 1])
            rest = self.read(before.cursor)
            yield from finished(rest, f"a read from the cursor of unit {number + 1}")
            if missing := full.ids - before.ids - rest.ids:
                what = f"{len(missing)} of {len(full.ids)} mentions are lost"
                yield Finding("resume", f"when a read breaks off after unit {number + 1}, {what}")
            if new := rest.ids - full.ids:
                yield Finding("resume", f"from the cursor of unit {number + 1}, {len(new)} other ids come")

    def check_cursors(self) -> Iterator[Finding]:
        """From cursors that lie in the future, are damaged, or belong to something else."""
        full = self.full
        self.calm()
        ends = {1, len(full.units)} if full.units else set()
        starts = {number: full.units[number - 1].cursor for number in sorted(ends)}
        for what, cursor in hostile.strange(starts.values(), self.case.now):
            yield from self._cursor(what, cursor, full.ids)
        for number, start in starts.items():
            rest = full.ids - Reading(units=full.units[:number]).ids
            for what, cursor in hostile.damaged(start):
                yield from self._cursor(what, cursor, rest)

    def _cursor(self, what: str, cursor: Cursor, wanted: set[str]) -> Iterator[Finding]:
        found = self.read(cursor)
        told = found.error is not None or len(found.notes) > len(self.full.notes)
        if found.crash is not None:
            yield Finding("cursor", f"{what} ends in {type(found.crash).__name__}")
        elif not told and (hidden := wanted - found.ids):
            yield Finding("cursor", f"{what} hides {len(hidden)} mentions, and nothing says so")
        yield from rules.secrets(found, self.case.secrets.values(), what)
        yield from rules.hosts(found, what)


def good(reading: Reading, what: str = "a full read") -> Iterator[Finding]:
    """A reading that ended well and found something."""
    yield from finished(reading, what)
    if reading.crash is None and reading.error is None and not reading.mentions:
        yield Finding("read", f"{what} yields no mentions")


def single(case: Case, settings: SourceSettings, reading: Reading) -> Iterator[Finding]:
    """The rules that one reading shows by itself."""
    yield from rules.sound(reading.items, settings, case)
    yield from rules.rejects(reading.items)
    yield from rules.cursors(reading)
    yield from rules.secrets(reading, case.secrets.values())


def finished(reading: Reading, what: str) -> Iterator[Finding]:
    if reading.crash is not None:
        yield Finding("read", f"{what} ends in {type(reading.crash).__name__}")
    elif reading.error is not None:
        yield Finding("read", f"{what} fails: {reading.error}")


def outcome(found: Reading, full: Reading, kind: Kind, where: str) -> Iterator[Finding]:
    """Exactly one of {ok with everything, partial and marked, failed and marked}."""
    error = found.error
    if found.crash is not None:
        name = "an endless loop or sleep" if type(found.crash).__name__ == "Endless" else ""
        rule = "gentle" if name else "faults"
        yield Finding(rule, f"{where} ends in {name or type(found.crash).__name__}")
        return
    if error is None:
        same = len(found.ids) == len(full.ids) if kind.garbles else found.ids == full.ids
        if not same:
            what = f"{len(full.ids - found.ids)} of {len(full.ids)} mentions are missing"
            yield Finding("silence", f"{where} ends as ok, yet {what}")
        return
    message, remedy = error.message.strip(), error.remedy.strip()
    if not message or not remedy or "\n" in message + remedy or "Traceback" in message:
        yield Finding("faults", f"{where}: the error lacks a message or a remedy in one line")
    permanent, retry_after = getattr(error, "permanent", False), getattr(error, "retry_after", None)
    if kind.transient and permanent:
        yield Finding("faults", f"{where}: marked permanent, though it may pass")
    if kind.wait is not None and retry_after != kind.wait:
        yield Finding("faults", f"{where}: `retry_after` is {retry_after}, the server said {kind.wait}")
    if kind.shapeless and not isinstance(error, Degraded):
        yield Finding("silence", f"{where}: {type(error).__name__}, where Degraded says what happened")

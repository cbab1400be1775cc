"""A case set up: its double running, a proxy before it, and the checks that read more than once."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from candidly.config import SourceSettings
from candidly.errors import Degraded
from candidly.records import Cursor
from collectors.contract import hostile, rules
from collectors.contract.case import Case, Finding, hosts_of, leaks
from collectors.contract.faults import Kind, faults
from collectors.contract.proxy import Proxy, relaying
from collectors.contract.reading import Reading, read

CHECKPOINTS: Final = 15
"""Most cursors of a full read from which it is taken up again."""
PATIENCE: Final = 20
"""Requests after a fault beyond four times those of a full read."""


class Bench:
    """Checks one collector against the double of its source. Made by `running`."""

    def __init__(self, case: Case, proxy: Proxy, elsewhere: _Elsewhere, folder: Path) -> None:
        self.case, self.proxy, self.folder = case, proxy, folder
        self.elsewhere = elsewhere
        self.settings: SourceSettings = case.settings(proxy.address)
        self.declared = hosts_of(self.settings)
        self.kinds: dict[str, Kind] = faults(lambda: f"http://{elsewhere.host}/")
        self._full: Reading | None = None
        self._requests: list[int] = []

    def read(self, cursor: Cursor | None = None, also: frozenset[str] = frozenset()) -> Reading:
        """One read by a collector made anew."""
        return read(self.case, self.settings, self.folder, self.declared | also, cursor)

    @property
    def full(self) -> Reading:
        """The full read without a fault that all others are measured by."""
        if self._full is None:
            self.proxy.plan()
            self._full = self.read()
            self.requests = len(self.proxy.seen)
        return self._full

    def check_read(self) -> Iterator[Finding]:
        """One full read, and the same once more."""
        full = self.full
        yield from good(full)
        yield from single(self.case, self.settings, full)
        yield from rules.hosts(full)
        if self.requests > full.spent:
            yield Finding("budget", f"{self.requests} requests were made, {full.spent} of them counted")
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

    def check_resume(self) -> Iterator[Finding]:
        """From the cursor of each unit, as after a crash."""
        full = self.full
        self.proxy.plan()
        step = max(1, len(full.units) // CHECKPOINTS)
        for number in range(0, len(full.units), step):
            before = Reading(units=full.units[: number + 1])
            rest = self.read(before.cursor)
            yield from _finished(rest, f"a read from the cursor of unit {number + 1}")
            if missing := full.ids - before.ids - rest.ids:
                what = f"{len(missing)} of {len(full.ids)} mentions are lost"
                yield Finding("resume", f"when a read breaks off after unit {number + 1}, {what}")
            if new := rest.ids - full.ids:
                yield Finding("resume", f"from the cursor of unit {number + 1}, {len(new)} other ids come")

    def check_cursors(self) -> Iterator[Finding]:
        """From cursors that lie in the future, are damaged, or belong to something else."""
        full = self.full
        self.proxy.plan()
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

    def check_fault(self, name: str) -> Iterator[Finding]:
        """A fault from the first request on, then one that begins after the first unit."""
        middle = self._first_unit() + 1
        for first in dict.fromkeys((1, min(middle, self.requests))):
            yield from self._fault(name, self.kinds[name], first)

    def _first_unit(self) -> int:
        """How many requests the first unit with mentions takes."""
        if not self._requests:
            self.proxy.plan()
            collector = self.case.collector(self.settings, self.case.context(self.folder))
            for raw in collector.fetch(None):
                if any(True for _ in collector.parse(raw)):
                    break
            self._requests.append(len(self.proxy.seen))
        return self._requests[0]

    def _fault(self, name: str, kind: Kind, first: int) -> Iterator[Finding]:
        full = self.full
        self.proxy.plan(kind.act, first)
        self.elsewhere.seen.clear()
        follows = kind.leads and self.case.follows
        found = self.read(also=frozenset({self.elsewhere.host} if follows else ()))
        where = f"{name} from request {first} on"
        seen, spoilt = len(self.proxy.seen), [one.at for one in self.proxy.seen if one.spoilt]
        yield from outcome(found, full, kind, where) if spoilt else ()
        yield from rules.secrets(found, self.case.secrets.values(), where)
        yield from rules.hosts(found, where)
        if any(leaks(self.case.secrets.values(), text) for text in self.elsewhere.seen):
            yield Finding("secrets", f"{where}: a secret was sent to another server")
        if seen > 4 * self.requests + PATIENCE:
            yield Finding("gentle", f"{where}: {seen} requests, where {self.requests} do without a fault")
        ends = [*spoilt[1:], found.ended]
        if slow := [b - a for a, b in zip(spoilt, ends, strict=True) if b - a > self.case.deadline + 1]:
            what = f"a request took {max(slow):.1f} s at a deadline of {self.case.deadline:g} s"
            yield Finding("deadline", f"{where}: {what}")
        self.proxy.plan()
        after = self.read(found.cursor)
        yield from _finished(after, f"the read after {where}")
        if not kind.garbles and (missing := full.ids - found.ids - after.ids):
            what = f"the cursor moved past {len(missing)} mentions that were never read"
            yield Finding("resume", f"{where}: {what}")

    def check_memory(self, megabytes: int = 200, most: int = 64_000_000) -> Iterator[Finding]:
        """Under a bomb. The peak of a process never falls, so run this first, in a process of its own."""
        import resource
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        full = self.full
        bomb = faults(lambda: "", megabytes)["gzip bomb"]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        yield from self._fault(f"a bomb of {megabytes} MB", bomb, 1)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
        if grown > most or not full.units:
            yield Finding("memory", f"a bomb of {megabytes} MB takes {grown / 1e6:.0f} MB of memory")


def good(full: Reading) -> Iterator[Finding]:
    """A full read that ended well and found something."""
    yield from _finished(full, "a full read")
    if full.crash is None and full.error is None and not full.mentions:
        yield Finding("read", "a full read yields no mentions")


def single(case: Case, settings: SourceSettings, reading: Reading) -> Iterator[Finding]:
    """The rules that one reading shows by itself."""
    yield from rules.ids(reading.items)
    yield from rules.dates(reading.items, case.now)
    yield from rules.fields(reading.items, settings, authors=case.authors)
    yield from rules.rejects(reading.items)
    yield from rules.cursors(reading)
    yield from rules.secrets(reading, case.secrets.values())


def _finished(reading: Reading, what: str) -> Iterator[Finding]:
    if reading.crash is not None:
        yield Finding("read", f"{what} ends in {type(reading.crash).__name__}: {reading.crash}")
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


class _Elsewhere(ThreadingHTTPServer):
    """A server that no source names. `seen`: what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Stranger)
        self.seen: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Stranger(BaseHTTPRequestHandler):
    server: _Elsewhere

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.path} {self.headers} {body!r}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html><body>You are somewhere else.</body></html>")

    do_POST = do_GET  # noqa: N815 - the base class names them so


@contextmanager
def running(case: Case) -> Iterator[Bench]:
    """The case's double, a proxy before it, and a stranger beside it, for as long as the block lasts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        proxy = stack.enter_context(relaying(stack.enter_context(case.serve())))
        stranger = _Elsewhere()
        stack.callback(stranger.server_close)
        stack.callback(stranger.shutdown)
        threading.Thread(target=stranger.serve_forever, args=(0.02,), daemon=True).start()
        yield Bench(case, proxy, stranger, folder)

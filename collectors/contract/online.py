"""A case with a server: its double running, and a proxy before it that spoils the answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from collectors.contract import rules
from collectors.contract.bench import Bench, finished, outcome
from collectors.contract.case import PATIENT, Case, Finding, leaks
from collectors.contract.faults import FAULTS, Kind, faults
from collectors.contract.proxy import Proxy, relaying

MOST: Final = 20
"""Requests under a fault beyond four times those of a full read."""


class Online(Bench):
    """See the module. Made by `running`."""

    names = tuple(FAULTS)

    def __init__(self, case: Case, folder: Path, proxy: Proxy, elsewhere: Stranger) -> None:
        super().__init__(case, folder, proxy.address)
        self.proxy, self.elsewhere = proxy, elsewhere
        self.kinds: dict[str, Kind] = faults(lambda: f"http://{elsewhere.host}/")
        self._unit = 0

    def calm(self) -> None:
        self.proxy.plan()

    def asked(self) -> int:
        return len(self.proxy.seen)

    def check_fault(self, name: str, *, start: bool = True) -> Iterator[Finding]:
        """A fault that begins after the first unit; and, with `start`, one from the first request on."""
        middle = min(self._first_unit() + 1, self.fewest)
        for first in dict.fromkeys((1, middle) if start else (middle,)):
            yield from self._fault(name, self.kinds[name], first)

    def _first_unit(self) -> int:
        """How many requests the first unit with mentions takes."""
        if not self._unit:
            self.calm()
            collector = self.case.collector(self.settings, self.case.context(self.folder))
            for raw in collector.fetch(None):
                if any(True for _ in collector.parse(raw)):
                    break
            self._unit = self.asked()
        return self._unit

    def _fault(self, name: str, kind: Kind, first: int) -> Iterator[Finding]:
        full = self.full
        self.proxy.plan(kind.act, first)
        self.elsewhere.seen.clear()
        follows = kind.leads and self.case.follows
        deadline = self.case.deadline if kind.slow else PATIENT
        found = self.read(None, frozenset({self.elsewhere.host} if follows else ()), deadline)
        where = f"{name} from request {first} on"
        seen, spoilt = len(self.proxy.seen), [one.at for one in self.proxy.seen if one.spoilt]
        if spoilt:
            yield from outcome(found, full, kind, where)
            yield from _late(spoilt, found.ended, deadline, where)
        yield from rules.secrets(found, self.case.secrets.values(), where)
        yield from rules.hosts(found, where)
        if any(leaks(self.case.secrets.values(), text) for text in self.elsewhere.seen):
            yield Finding("secrets", f"{where}: a secret was sent to another server")
        if seen > 4 * self.fewest + MOST:
            yield Finding("gentle", f"{where}: {seen} requests, where {self.fewest} do without a fault")
        self.calm()
        after = self.read(found.cursor)
        yield from finished(after, f"the read after {where}")
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


def _late(began: list[float], ended: float, deadline: float, where: str) -> Iterator[Finding]:
    """Whether one of the spoilt requests, each of which ends before the next, took too long."""
    longest = max(end - start for start, end in zip(began, [*began[1:], ended], strict=True))
    if longest > deadline + 1:
        what = f"a request took {longest:.1f} s at a deadline of {deadline:g} s"
        yield Finding("deadline", f"{where}: {what}")


class Stranger(ThreadingHTTPServer):
    """A server that no source names. `seen`: what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.seen: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Stranger

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
def online(case: Case, address: str, folder: Path) -> Iterator[Online]:
    """A proxy before the double at `address`, and a stranger beside it, for as long as the block lasts."""
    with ExitStack() as stack:
        proxy = stack.enter_context(relaying(address))
        stranger = Stranger()
        stack.callback(stranger.server_close)
        stack.callback(stranger.shutdown)
        threading.Thread(target=stranger.serve_forever, args=(0.02,), daemon=True).start()
        yield Online(case, folder, proxy, stranger)

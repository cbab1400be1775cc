"""A loopback server between a collector and the double of its source, that lets requests through or spoils
them. What it lets through is unchanged, but for the double's address, in whose place stands its own."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from collectors.contract.guard import unwatched

_HOP: Final = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}
_UNSENT: Final = {"connection", "accept-encoding", "host", "content-length"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the collector; the length is added."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def having(self, **headers: str) -> Answer:
        """A copy with some headers set, `_` for `-` in their names."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


@dataclass(slots=True)
class Request:
    """One request as it came in. `at`: seconds of `time.monotonic`. `spoilt`: it met a fault."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    spoilt: bool = False


class Exchange:
    """One request under a fault: what was asked, what the double would say, and the way back."""

    def __init__(self, handler: _Handler, request: Request) -> None:
        self.handler, self.request = handler, request
        self.ended = handler.server.ended

    def genuine(self) -> Answer:
        """What the double says."""
        return self.handler.server.ask(self.request)

    def send(self, answer: Answer) -> None:
        """Answer in full."""
        self.head(answer.having(Content_Length=str(len(answer.body))))
        self.handler.wfile.write(answer.body)

    def head(self, answer: Answer) -> None:
        """Send status and headers alone."""
        self.handler.send_response(answer.status)
        for name, value in answer.headers.items():
            self.handler.send_header(name, value)
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()


Fault = Callable[[Exchange], None]


class Proxy(ThreadingHTTPServer):
    """Relays to `upstream` ("http://127.0.0.1:8080"). `plan` says which requests meet a fault."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._upstream = urlsplit(upstream).netloc
        self._path = urlsplit(upstream).path
        self._fault: Fault | None = None
        self._first, self._count = 1, 0
        self._lock = threading.Lock()
        self.seen: list[Request] = []
        self.ended = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}{self._path}"

    def plan(self, fault: Fault | None = None, first: int = 1, count: int = 10**9) -> None:
        """Forget what was seen; from the `first` request on, `count` of them meet the fault."""
        with self._lock:
            self._fault, self._first, self._count = fault, first, count
            self.seen = []

    def note(self, request: Request) -> Fault | None:
        """Write a request down; the fault that it is to meet."""
        with self._lock:
            self.seen.append(request)
            request.spoilt = self._fault is not None and 0 <= len(self.seen) - self._first < self._count
            return self._fault if request.spoilt else None

    def ask(self, request: Request) -> Answer:
        """The double's answer to a request."""
        connection = http.client.HTTPConnection(self._upstream, timeout=20)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _UNSENT}
            path = request.path.replace(self.host, self._upstream)
            with unwatched():
                connection.request(
                    request.method, path, request.body or None, {**headers, "Connection": "close"}
                )
            answer = connection.getresponse()
            body = answer.read()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        finally:
            connection.close()
        if kept.pop("Content-Encoding", "") == "gzip":  # some sites pack whether they were asked to or not
            body = gzip.decompress(body)
        kept = {name: value.replace(self._upstream, self.host) for name, value in kept.items()}
        return Answer(answer.status, kept, body.replace(self._upstream.encode(), self.host.encode()))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news here."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, dict(self.headers.items()), body, time.monotonic())
        fault = self.server.note(request)
        exchange = Exchange(self, request)
        self.close_connection = True
        if fault is None:
            exchange.send(exchange.genuine())
        else:
            fault(exchange)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer  # noqa: N815 - the base class names them so


@contextmanager
def relaying(upstream: str) -> Iterator[Proxy]:
    """A running Proxy."""
    proxy = Proxy(upstream)
    threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.ended.set()
        proxy.shutdown()
        proxy.server_close()

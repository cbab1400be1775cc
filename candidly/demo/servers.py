"""Local servers for the demo and the tests: a Reddit, a review site and a news feed, on 127.0.0.1 only."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from candidly.demo import reddit_server, site_server
from candidly.demo.world import World

CLIENT_ID: Final = "demo-client"
CLIENT_SECRET: Final = "demo-client-secret"  # noqa: S105 - the demo's own, known to everybody

_BASIC: Final = "Basic " + b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in: which server, method, path with query, and its headers."""

    server: str
    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class _Fault:
    prefix: str
    status: int
    times: int | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: status 0 closes the connection without a word."""

    status: int
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class DemoServers:
    """Runs the three servers over one world while used as a context manager.

    `world` may be replaced while they run, which is how a test lets time pass. `log` holds every request.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.log: list[Seen] = []
        self._faults: list[_Fault] = []
        self._lock = Lock()
        self._servers = {name: _Server(self, name) for name in ("reddit", "site", "feed")}

    def __enter__(self) -> DemoServers:
        for server in self._servers.values():
            Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._servers[name].server_port}"

    @property
    def reddit_url(self) -> str:
        """The base address of the Reddit, without a slash at the end."""
        return self._url("reddit")

    @property
    def site_url(self) -> str:
        """The base address of the review site; its pages are `/SLUG/reviews`, see `site_server.SLUGS`."""
        return self._url("site")

    @property
    def feed_url(self) -> str:
        """The address of the feed itself."""
        return f"{self._url('feed')}/news.xml"

    def fail(
        self,
        prefix: str,
        status: int,
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """Answer the next `times` requests (None: all) below a path prefix with a failure.

        Status 0 closes the connection without an answer. Later calls go first.
        """
        with self._lock:
            self._faults.insert(0, _Fault(prefix, status, times, headers or {}, body))

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def requests(self, server: str) -> list[Seen]:
        """What one of the servers was asked, in order."""
        return [seen for seen in self.log if seen.server == server]

    def respond(self, seen: Seen, body: bytes) -> Reply:
        """The reply to one request: a fault where one is due, else what the world says."""
        with self._lock:
            self.log.append(seen)
            for fault in self._faults:
                if seen.path.startswith(fault.prefix) and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return Reply(fault.status, fault.body, headers=fault.headers)
        url = urlsplit(seen.path)
        query = dict(parse_qsl(url.query) + parse_qsl(body.decode("utf-8", "replace")))
        parts = [part for part in url.path.split("/") if part]
        return getattr(self, f"_{seen.server}")(seen, parts, query)  # type: ignore[no-any-return]  # by name

    def _reddit(self, seen: Seen, parts: list[str], query: dict[str, str]) -> Reply:
        if parts == ["api", "v1", "access_token"] and seen.headers.get("Authorization") != _BASIC:
            return Reply(401, b'{"message": "Unauthorized", "error": 401}', "application/json")
        status, data = reddit_server.answer(self.world, seen.method, parts, query)
        # Pacing as the real one sends it, with so much left that praw never has to pause.
        quota = {"x-ratelimit-remaining": "99990.0", "x-ratelimit-used": "10", "x-ratelimit-reset": "1"}
        return Reply(status, json.dumps(data).encode(), "application/json; charset=UTF-8", quota)

    def _site(self, seen: Seen, parts: list[str], query: dict[str, str]) -> Reply:
        if parts == ["robots.txt"]:
            return Reply(200, site_server.ROBOTS.encode())
        if len(parts) == 2 and parts[1] == "reviews" and query.get("page", "1").isdigit():
            html = site_server.page(self.world, parts[0], int(query.get("page", "1")))
            if html is not None:
                return _validated(seen, html.encode(), "text/html; charset=utf-8")
        return Reply(404, b"Nothing here.")

    def _feed(self, seen: Seen, parts: list[str], query: dict[str, str]) -> Reply:  # noqa: ARG002 - one shape
        if parts != ["news.xml"]:
            return Reply(404, b"Nothing here.")
        xml = site_server.feed(self.world, self._url("feed")).encode()
        stamp = format_datetime(site_server.changed(self.world), usegmt=True)
        return _validated(seen, xml, "application/rss+xml; charset=utf-8", {"Last-Modified": stamp})


def _validated(seen: Seen, body: bytes, type_: str, headers: Mapping[str, str] | None = None) -> Reply:
    """200 with an ETag, or 304 where the caller has that version already."""
    tag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
    headers = {**(headers or {}), "ETag": tag}
    if tag in seen.headers.get("If-None-Match", ""):
        return Reply(304, b"", type_, headers)
    return Reply(200, body, type_, headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, demo: DemoServers, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.demo = demo
        self.name = name


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # One write for head and body: two would wait for each other's acknowledgement on a kept connection.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 30

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self._answer(self.rfile.read(min(int(length), 1_000_000)) if length.isdigit() else b"")

    def _answer(self, body: bytes) -> None:
        headers = {name.title(): value for name, value in self.headers.items()}
        reply = self.server.demo.respond(Seen(self.server.name, self.command, self.path, headers), body)
        if reply.status == 0:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:  # else the caller would use the connection again
            self.send_header("Connection", "close")
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: `DemoServers.log` has it."""

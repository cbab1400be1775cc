# ruff: noqa: ARG002 (each fault takes what the path says, needed or not)
"""A local HTTP server that misbehaves on purpose, for the tests of everything that fetches.

    with serving(FaultServer()) as server:
        server.pages["/reviews"] = page(b"<html>...")
        Http(now, allow_private=True).get(server.url("/status/503"))

`server.log` lists `(path, headers, monotonic time)` of each request. Paths: see `FaultServer`.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    """What a page of the server says."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as the server saw it."""

    path: str
    headers: dict[str, str]
    at: float


def html(body: str | bytes, status: int = 200, **headers: str) -> Answer:
    """A web page; header names with `_` for `-`."""
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(data, status, {"Content-Type": "text/html; charset=utf-8", **named})


class FaultServer(ThreadingHTTPServer):
    """Serves `pages` (path with query -> Answer, or a function of the request's headers), else by path:

    /status/503  /status/429?retry-after=7   that status
    /drip?bytes=50&pause=0.05                a body byte by byte
    /drip-headers                            headers byte by byte, for ever
    /silent                                  nothing at all
    /drop                                    the connection closed without an answer
    /reset                                   the connection reset in the middle of the body
    /truncated                               fewer bytes than Content-Length says
    /truncated-gzip  /bad-gzip               compression cut short, or none
    /gzip-bomb?mb=200&as=deflate             a bomb of that size
    /endless                                 a body without end
    /br                                      a packing that nobody asked for
    /redirect?to=URL&status=302              a redirect
    /loop                                    a redirect to itself
    /hops/4                                  that many redirects, then a page
    /flaky/2                                 503 that many times, then a page
    /etag                                    304 when asked with its ETag or its date
    /empty                                   200 with no body
    /text                                    a small page
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.log: list[Seen] = []
        self.pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = {}
        self.flaky: dict[str, int] = {}
        self.ended = threading.Event()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(seen.path == path for seen in self.log)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the tests are about, no news."""


@contextlib.contextmanager
def serving(server: FaultServer) -> Iterator[FaultServer]:
    """Run the server in a thread for as long as the block lasts."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


@lru_cache
def bomb(megabytes: int, packing: str) -> bytes:
    """That many megabytes of zeros, packed."""
    block = bytes(1_000_000)
    if packing == "gzip":
        out = io.BytesIO()
        with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
            for _ in range(megabytes):
                packed.write(block)
        return out.getvalue()
    packer = zlib.compressobj(wbits=-15 if packing == "raw-deflate" else 15)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


class _Handler(BaseHTTPRequestHandler):
    server: FaultServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.log.append(Seen(self.path, headers, time.monotonic()))
        page = self.server.pages.get(self.path)
        if page is not None:
            self.answer(page if isinstance(page, Answer) else page(headers))
            return
        parts = urlsplit(self.path)
        first, _, rest = parts.path.strip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        act = getattr(self, "on_" + first.replace("-", "_").replace(".", "_"), None)
        if act is None:
            self.answer(html("<p>not found</p>", 404))
        else:
            act(rest, query)

    def answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def on_text(self, rest: str, query: dict[str, str]) -> None:
        self.answer(html("<p>fine</p>"))

    def on_empty(self, rest: str, query: dict[str, str]) -> None:
        self.answer(Answer())

    def on_status(self, rest: str, query: dict[str, str]) -> None:
        headers = {"Retry-After": query["retry-after"]} if "retry-after" in query else {}
        self.answer(Answer(b"no", int(rest), headers))

    def on_flaky(self, rest: str, query: dict[str, str]) -> None:
        failed = self.server.flaky.get(self.path, 0)
        self.server.flaky[self.path] = failed + 1
        self.answer(html("<p>fine</p>") if failed >= int(rest) else Answer(b"no", 503))

    def on_redirect(self, rest: str, query: dict[str, str]) -> None:
        self.answer(Answer(b"", int(query.get("status", 302)), {"Location": query["to"]}))

    def on_loop(self, rest: str, query: dict[str, str]) -> None:
        self.answer(Answer(b"", 302, {"Location": "/loop"}))

    def on_hops(self, rest: str, query: dict[str, str]) -> None:
        left = int(rest)
        self.answer(Answer(b"", 302, {"Location": f"/hops/{left - 1}"}) if left else html("<p>arrived</p>"))

    def on_etag(self, rest: str, query: dict[str, str]) -> None:
        validators = {"ETag": '"v1"', "Last-Modified": "Tue, 24 Nov 2026 05:00:00 GMT"}
        same = (
            self.headers.get("If-None-Match") == '"v1"'
            or self.headers.get("If-Modified-Since") == validators["Last-Modified"]
        )
        self.answer(Answer(b"", 304, validators) if same else html("<p>v1</p>", **validators))

    def on_drip(self, rest: str, query: dict[str, str]) -> None:
        count, pause = int(query.get("bytes", 1000)), float(query.get("pause", 0.05))
        self.send_response(200)
        if "length" in query:
            self.send_header("Content-Length", str(count))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.slowly(b"x" * count, pause)
        self.close_connection = True

    def on_drip_headers(self, rest: str, query: dict[str, str]) -> None:
        self.slowly(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000, 0.05)
        self.close_connection = True

    def slowly(self, data: bytes, pause: float) -> None:
        for byte in data:
            if self.server.ended.wait(pause):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def on_silent(self, rest: str, query: dict[str, str]) -> None:
        self.server.ended.wait(30)
        self.close_connection = True

    def on_drop(self, rest: str, query: dict[str, str]) -> None:
        self.close_connection = True

    def on_reset(self, rest: str, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        self.close_connection = True

    def on_truncated(self, rest: str, query: dict[str, str]) -> None:
        self.answer(Answer(b"half of it", 200, {"Content-Length": "1000"}))
        self.close_connection = True

    def on_truncated_gzip(self, rest: str, query: dict[str, str]) -> None:
        packed = gzip.compress(bytes(range(256)) * 50)
        self.answer(Answer(packed[: len(packed) // 2], 200, {"Content-Encoding": "gzip"}))

    def on_bad_gzip(self, rest: str, query: dict[str, str]) -> None:
        self.answer(Answer(b"this is no gzip", 200, {"Content-Encoding": "gzip"}))

    def on_br(self, rest: str, query: dict[str, str]) -> None:
        self.answer(Answer(b"\x1b\x03\x00", 200, {"Content-Encoding": "br"}))

    def on_gzip_bomb(self, rest: str, query: dict[str, str]) -> None:
        packing = query.get("as", "gzip")
        body = bomb(int(query.get("mb", 20)), packing)
        self.answer(Answer(body, 200, {"Content-Encoding": packing.replace("raw-", "")}))

    def on_endless(self, rest: str, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.server.ended.is_set():
            self.wfile.write(b"x" * 65536)
        self.close_connection = True

"""A local stand-in for a site with a JSON interface, for the tests of collectors.

def answer(asked):                 # asked.path, .query, .headers, .body
    return {"items": []}           # or (status, JSON or bytes, headers)
with double(answer) as site:
    ...site.url, site.log...
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    target: str = ""


@dataclass
class Double:
    """The running stand-in; `answer` may be replaced at any time."""

    url: str
    answer: Callable[[Asked], Any]
    log: list[Asked] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.log]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    double: Double


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        query = dict(parse_qsl(parts.query))
        asked = Asked(self.command, unquote(parts.path), query, headers, body, self.path)
        self.server.double.log.append(asked)
        answer = self.server.double.answer(asked)
        status, said, more = answer if isinstance(answer, tuple) else (200, answer, {})
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": len(content),
            **more,
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()


@contextlib.contextmanager
def double(answer: Callable[[Asked], Any]) -> Iterator[Double]:
    """Serve on a free port of this machine for as long as the block lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.double = Double(f"http://127.0.0.1:{server.server_port}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(collector: Any, cursor: Any = None) -> tuple[list[Any], Any, Exception | None]:
    """Everything that a collector yields, the last cursor (as JSON keeps it), and the error at the end."""
    from candidly.errors import CollectorError

    found: list[Any] = []
    try:
        for raw in collector.fetch(cursor):
            found += collector.parse(raw)
            cursor = json.loads(json.dumps(raw.cursor))
    except CollectorError as error:
        return found, cursor, error
    return found, cursor, None


def example(name: str) -> list[dict[str, Any]]:
    """The sources of the examples in docs/sources/NAME.md, as the config loader reads them."""
    import re
    from pathlib import Path

    import yaml

    page = (Path(__file__).parents[1] / "docs" / "sources" / f"{name}.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    return [source for block in blocks for source in block["sources"]]


def checkpoints(collector: Any) -> list[tuple[Any, list[Any]]]:
    """`(cursor, what was read until then)` after each unit of a full read."""
    found: list[Any] = []
    steps = []
    for raw in collector.fetch(None):
        found += collector.parse(raw)
        steps.append((json.loads(json.dumps(raw.cursor)), list(found)))
    return steps

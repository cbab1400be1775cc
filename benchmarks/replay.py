"""Recorded files and pages through the collectors that they belong to: what is in them, what comes out.

`python -m benchmarks.replay FOLDER` prints a table for the folders below it whose names begin as in `WAYS`:
exports through `file`, saved pages through `file` and, served on this machine, through `page`, feeds through
`feed`. Nothing of a text or an author is printed.
"""

from __future__ import annotations

import argparse
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Protocol

from candidly.errors import CollectorError
from candidly.records import Cursor, Mention, Reject
from collectors.base import Context, Raw
from collectors.feed import FeedCollector, FeedSettings
from collectors.file import FileCollector, FileSettings
from collectors.page import PageCollector, PageSettings

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
WAYS: Final = {
    "glassdoor-": ("file",),
    "indeed-": ("file",),
    "ambitionbox-": ("file",),
    "kununu-": ("file",),
    "interviews-": ("file",),
    "scraped-json": ("file",),
    "reddit-": ("file",),
    "html-": ("page", "file"),
    "feeds-": ("feed",),
}
"""How a folder's name begins -> the collectors that its files belong to."""
_ASIDE: Final = {"source", "kind", "collected", "site", "matched", "company"}


@dataclass(slots=True)
class Replay:
    """What a file gave: fields -> mentions that have it, reasons -> items refused, or why it stopped."""

    name: str
    way: str
    mentions: int = 0
    distinct: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    problem: str = ""

    @property
    def items(self) -> int:
        return self.mentions + sum(self.rejected.values())

    def line(self) -> str:
        """A row of the table."""
        filled = ", ".join(name if n == self.mentions else f"{name} {n}" for name, n in self.fields.items())
        refused = "; ".join(f"{n} {reason}" for reason, n in self.rejected.items())
        doubled = f" ({self.distinct} ids)" if self.distinct != self.mentions else ""
        why = self.problem or refused or "none"
        return f"| {self.name} | {self.way} | {self.items} | {self.mentions}{doubled} | {filled} | {why} |"


class _Pages(BaseHTTPRequestHandler):
    """Serves the bodies of its server by path; all may be read by robots."""

    def do_GET(self) -> None:
        bodies: Mapping[str, tuple[str, bytes]] = self.server.bodies  # type: ignore[attr-defined]  # set below
        kind, body = bodies.get(self.path, ("text/plain", b"User-agent: *\nAllow: /\n"))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@contextmanager
def served(bodies: Mapping[str, tuple[str, bytes]]) -> Iterator[str]:
    """The address at which `bodies` (path -> content type, body) are served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.bodies = bodies  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Reader(Protocol):
    """What a collector does, whatever its settings."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]: ...
    def parse(self, raw: Raw) -> Iterator[Mention | Reject]: ...


def replay(collector: Reader, name: str, way: str) -> Replay:
    """Everything that a collector gives from its start, counted."""
    found = Replay(name, way)
    ids = set()
    try:
        for raw in collector.fetch(None):
            for one in collector.parse(raw):
                if isinstance(one, Reject):
                    found.rejected[one.reason] += 1
                    continue
                found.mentions += 1
                ids.add(one.id)
                found.fields.update(filled(one))
    except CollectorError as error:
        found.problem = error.message.replace("\n", " ")[:160]
    found.distinct = len(ids)
    return found


def filled(mention: Mention) -> Iterator[str]:
    """The names of its fields that say something."""
    for name in Mention.__dataclass_fields__:
        if name not in _ASIDE and getattr(mention, name) not in ("", None):
            yield name


def through_file(path: Path, **more: Any) -> Replay:
    """An export or a saved page."""
    settings = FileSettings(name="replay", type="file", path=path.name, **more)
    return replay(FileCollector(settings, Context(NOW, path.parent, str)), path.name, "file")


def through_page(name: str, body: bytes, **more: Any) -> Replay:
    """A page as a site serves it."""
    with served({"/page": ("text/html", body)}) as address:
        settings = PageSettings(
            name="replay", type="page", urls=(f"{address}/page",), terms_read=date(2026, 11, 1),
            allow_private=True, min_interval=0, max_pages=1, **more,
        )  # fmt: skip
        return replay(PageCollector(settings, Context(NOW, Path(), str)), name, "page")


def through_feed(bodies: Mapping[str, bytes]) -> list[Replay]:
    """Feeds as a site serves them."""
    at = {f"/{n}": (name, body) for n, (name, body) in enumerate(bodies.items())}
    with served({path: ("application/xml", body) for path, (_, body) in at.items()}) as address:
        found = []
        for path, (name, _) in at.items():
            settings = FeedSettings(
                name="replay", type="feed", urls=(f"{address}{path}",), terms_read=date(2026, 11, 1),
                allow_private=True, min_interval=0,
            )  # fmt: skip
            found.append(replay(FeedCollector(settings, Context(NOW, Path(), str)), name, "feed"))
        return found


def feeds(archive: Path) -> dict[str, bytes]:
    """The feeds in a tar file."""
    with tarfile.open(archive) as tar:
        files = ((member.name, tar.extractfile(member)) for member in tar if member.name.endswith(".xml"))
        return {name: file.read() for name, file in files if file is not None}


def together(name: str, parts: list[Replay]) -> Replay:
    """Many small files as one row; those that gave nothing are counted with their reason."""
    whole = Replay(f"{name} ({len(parts)} files)", parts[0].way)
    reasons: Counter[str] = Counter()
    for part in parts:
        whole.mentions += part.mentions
        whole.distinct += part.distinct
        whole.fields.update(part.fields)
        whole.rejected.update(part.rejected)
        if part.problem:
            reasons[part.problem.rpartition(": ")[2] if part.way == "feed" else part.problem] += 1
    refused = [f"{n} {reason}" for reason, n in whole.rejected.items()]
    whole.problem = "; ".join(refused + [f"{n} files: {reason}" for reason, n in reasons.most_common()])
    return whole


def folder(path: Path) -> Iterator[Replay]:
    """Every file of a folder, through every collector that it belongs to."""
    ways = next((ways for start, ways in WAYS.items() if path.name.startswith(start)), ())
    for file in sorted(path.rglob("*")) if ways else ():
        if file.suffix in (".txt", ".jsonld") or not file.is_file():
            continue
        if "feed" in ways:
            yield together(file.name, through_feed(feeds(file)))
        elif "page" in ways and file.suffix == ".html":
            yield through_page(file.name, file.read_bytes())
            yield through_file(file)
        elif "page" not in ways:
            yield through_file(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="The folder that holds the recordings' folders.")
    for path in sorted(parser.parse_args().data.iterdir()):
        rows = list(folder(path)) if path.is_dir() else []
        if rows:
            print(f"\n{path.name}\n\n| file | through | items | mentions | fields | rejected |")
            print("| --- | --- | --- | --- | --- | --- |")
            print("\n".join(row.line() for row in rows))


if __name__ == "__main__":
    main()

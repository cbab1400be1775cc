"""A `file` source over a folder, for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from candidly.records import Mention, Reject
from collectors.base import Context
from collectors.file import FileCollector, FileSettings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class World:
    """A collector over a folder, and what a run of it gives."""

    def __init__(self, folder: Path, path: str, **more: Any) -> None:
        self.settings = FileSettings(name="export", type="file", path=path, **more)
        self.context = Context(NOW, folder, str)
        self.collector = FileCollector(self.settings, self.context)
        self.cursor: Any = None
        self.mentions: list[Mention] = []
        self.rejects: list[tuple[str, str]] = []

    def run(self, cursor: Any = None, units: int = 10**9) -> World:
        """Read up to `units` units, as a run does that dies after them."""
        self.cursor = cursor
        for raw, _ in zip(self.collector.fetch(cursor), range(units), strict=False):
            for one in self.collector.parse(raw):
                if isinstance(one, Reject):
                    self.rejects.append((one.where, one.reason))
                else:
                    self.mentions.append(one)
            self.cursor = json.loads(json.dumps(raw.cursor))
        return self


def table(path: Path, count: int, first: int = 0) -> Path:
    lines = [
        f"{n},Review number {n},{n % 5 + 1},2026-01-{n % 28 + 1:02}" for n in range(first, first + count)
    ]
    path.write_text("\n".join(["id,text,stars,day", *lines]) + "\n")
    return path


SIMPLE = {"id": "id", "body": "text", "stars": "stars", "published": "day"}

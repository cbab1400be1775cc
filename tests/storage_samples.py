"""Mentions and analyses for the tests of storage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from candidly.records import Analysis, Batch, Mention, Opinion, Tally
from storage.store import Store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COMPANY = "Northwind Robotics"


def mention(id_: str = "1", **changes: Any) -> Mention:
    values: dict[str, Any] = {
        "source": "forum", "id": id_, "kind": "post", "collected": NOW, "published": NOW - timedelta(days=1),
        "company": COMPANY, "author": "k3yed", "title": "Interview", "body": "Nobody called back.",
    }  # fmt: skip
    return Mention(**(values | changes))


def analysis(label: str | None = "negative", **changes: Any) -> Analysis:
    values: dict[str, Any] = {
        "version": "7", "language": "en", "score": None if label is None else -0.5, "label": label,
        "unscored": "" if label else "no text",
        "opinions": (Opinion("communication", "negative", 10, 29), Opinion("interview", "neutral", 0, 9)),
    }  # fmt: skip
    return Analysis(**(values | changes))


def batch(*items: Mention | tuple[Mention, Analysis], cursor: Any = None, source: str = "forum") -> Batch:
    pairs = tuple(item if isinstance(item, tuple) else (item, analysis()) for item in items)
    return Batch(source, pairs, cursor, Tally(stored=len(pairs)))


def address(folder: Path) -> str:
    return f"sqlite:///{folder / 'candidly.db'}"


def save(store: Store, *items: Mention | tuple[Mention, Analysis], cursor: Any = None) -> int:
    run = store.begin_run("forum", NOW)
    store.save(run, batch(*items, cursor=cursor))
    return run

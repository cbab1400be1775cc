"""What the runs tell about a source: how it fared lately, and how many requests a day has cost it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.schema import lookups, runs
from storage.store import Store


def latest(store: Store, source: str, limit: int) -> list[dict[str, Any]]:
    """The latest runs of a source, newest first, as dicts of the columns of `runs`."""
    wanted = (
        select(runs)
        .where(runs.c.source == source)
        .order_by(runs.c.started.desc(), runs.c.id.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def latest_news(store: Store, source: str) -> datetime | None:
    """When the latest run began that stored something new; of a source without one, when it was first read.

    None for a source that was never read.
    """
    news = select(func.max(runs.c.started)).where(runs.c.source == source, runs.c.stored > 0)
    first = select(func.min(runs.c.started)).where(runs.c.source == source)
    with store.reading() as connection:
        found: datetime | None = connection.scalar(news) or connection.scalar(first)
    return found


def requests_since(store: Store, source: str, midnight: datetime) -> int:
    """Requests of a source's runs and lookups since midnight; a run across midnight counts for both days.

    One that was broken off counts for the day on which it began: when it ended, nobody knows.
    """
    today = (runs.c.started >= midnight) | ((runs.c.finished >= midnight) & (runs.c.status != "interrupted"))
    wanted = select(func.coalesce(func.sum(runs.c.requests), 0)).where(runs.c.source == source, today)
    others = select(func.coalesce(func.sum(lookups.c.requests), 0)).where(
        lookups.c.source == source, lookups.c.day >= midnight.date()
    )
    with store.reading() as connection:
        return int(connection.scalar(wanted) or 0) + int(connection.scalar(others) or 0)

"""Days and ISO weeks of a named time zone as stretches of UTC, right across changes of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Stretch = tuple[datetime, datetime]
"""`[start, end)`, aware UTC."""


def days(since: date, until: date, timezone: str) -> Iterator[tuple[date, Stretch]]:
    """Each day of `[since, until)` with its stretch: 23, 24 or 25 hours, or other where the clock changes."""
    zone = ZoneInfo(timezone)
    day, start = since, _midnight(since, zone)
    while day < until:
        after = day + timedelta(days=1)
        end = _midnight(after, zone)
        yield day, (start, end)
        day, start = after, end


def weeks(since: date, until: date, timezone: str) -> Iterator[tuple[str, Stretch]]:
    """Each ISO week that overlaps `[since, until)`, whole, as `2026-W47` and its stretch."""
    zone = ZoneInfo(timezone)
    monday = since - timedelta(days=since.weekday())
    while monday < until:
        year, week, _ = monday.isocalendar()
        after = monday + timedelta(days=7)
        yield f"{year}-W{week:02d}", (_midnight(monday, zone), _midnight(after, zone))
        monday = after


def local_day(moment: datetime, timezone: str) -> date:
    """The day that an aware moment falls on, seen from `timezone`."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def first_day(bound: date | datetime, timezone: str) -> date:
    """The day of a lower bound: a date as it is, an aware moment as seen from `timezone`."""
    return local_day(bound, timezone) if isinstance(bound, datetime) else bound


def end_day(bound: date | datetime, timezone: str) -> date:
    """The day before which an upper bound ends: a moment within a day takes in that whole day."""
    if not isinstance(bound, datetime):
        return bound
    return local_day(bound - timedelta(microseconds=1), timezone) + timedelta(days=1)


def midnight(day: date, timezone: str) -> datetime:
    """When a day begins in `timezone`, aware UTC."""
    return _midnight(day, ZoneInfo(timezone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # fold=0: the first of two midnights; a skipped one becomes the moment of the change. Both are the start.
    return datetime.combine(day, time(), zone).astimezone(UTC)

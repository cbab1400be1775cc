"""Weeks as named periods: ISO weeks, from Monday 00:00 to Monday 00:00 in a named time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from candidly.errors import UsageError
from candidly.records import Period

_KEY = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)


def week_of(moment: datetime, timezone: str) -> Period:
    """The ISO week that an aware moment falls into, seen from `timezone`."""
    day = moment.astimezone(ZoneInfo(timezone)).date()
    return _week(day - timedelta(days=day.weekday()), timezone)


def last_complete_week(now: datetime, timezone: str) -> Period:
    """The latest week that has ended before `now`."""
    return week_before(week_of(now, timezone), timezone)


def week_before(period: Period, timezone: str) -> Period:
    """The week before a week."""
    return week_of(period.start - timedelta(hours=1), timezone)


def parse_week(text: str, timezone: str) -> Period:
    """`2023-W07` as a period; UsageError for anything else."""
    match = _KEY.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise UsageError(f"{text!r} is not a week.", "Write it as 2026-W07.") from None
    return _week(monday, timezone)


def parse_moment(text: str) -> datetime:
    """An ISO date or time as aware UTC (a missing zone is UTC); UsageError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a time.", "Write it as 2026-02-16 or 2026-02-16T07:00Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _week(monday: date, timezone: str) -> Period:
    zone = ZoneInfo(timezone)
    start, end = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (monday, monday + timedelta(days=7))
    )
    year, week, _ = monday.isocalendar()
    return Period(f"{year}-W{week:02d}", start, end)

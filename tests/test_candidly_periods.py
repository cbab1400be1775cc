"""Weeks: named, complete, right across the clock changes of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidly.errors import UsageError
from candidly.periods import last_complete_week, parse_moment, parse_week, week_before, week_of

MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Australia/Sydney")


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_moment_lies_in_its_week_and_weeks_touch(moment: datetime, zone: str) -> None:
    week = week_of(moment, zone)
    assert week.start <= moment < week.end
    assert week_before(week, zone).end == week.start
    assert parse_week(week.key, zone) == week
    assert last_complete_week(moment, zone).end == week.start


@pytest.mark.parametrize(
    ("zone", "key", "hours"),
    [
        ("Europe/Berlin", "2026-W43", 169),  # the clocks go back on Sunday 25 October
        ("Europe/Berlin", "2026-W13", 167),
        ("Australia/Lord_Howe", "2026-W14", 168.5),  # by half an hour there
        ("UTC", "2026-W43", 168),
        ("UTC", "2026-W53", 168),
    ],
)
def test_a_week_is_as_long_as_its_clock_says(zone: str, key: str, hours: float) -> None:
    week = parse_week(key, zone)
    assert week.end - week.start == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["2026-W54", "2025-W53", "W07", "2026-07", "", "2026-W00"])
def test_a_week_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a week"):
        parse_week(text, "UTC")


def test_a_moment_without_a_zone_is_utc() -> None:
    assert parse_moment("2026-02-16T07:00") == datetime(2026, 2, 16, 7, tzinfo=UTC)
    assert parse_moment("2026-02-16T07:00+02:00") == datetime(2026, 2, 16, 5, tzinfo=UTC)
    with pytest.raises(UsageError, match="is not a time"):
        parse_moment("yesterday")

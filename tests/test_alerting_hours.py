"""Quiet hours: by the clock on the wall, at every change of clocks; what waits is sent when they end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from alert_world import NOW, delivery
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.outbox import deliver_due, patience_from, remind
from alerting.quiet import is_quiet, quiet_ends, wait_until
from candidly.config import Quiet
from candidly.errors import DeliveryError
from candidly.records import Incident
from storage import queries
from storage.store import Store


def hours(start="22:00", end="07:00", zone="Europe/Berlin", least="page"):
    return Quiet(**{"from": start, "to": end, "timezone": zone, "except": least})


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        ("Europe/Berlin", "2026-03-10 02:00", "2026-03-10 06:00"),
        ("Europe/Berlin", "2026-03-28 22:00", "2026-03-29 05:00"),  # an hour is skipped: 8 hours of quiet
        ("Europe/Berlin", "2026-10-24 21:00", "2026-10-25 06:00"),  # an hour comes twice: 10 hours
        ("America/New_York", "2026-03-08 04:00", "2026-03-08 11:00"),
        ("America/New_York", "2026-11-01 04:00", "2026-11-01 12:00"),
        ("Australia/Lord_Howe", "2026-04-04 14:00", "2026-04-04 20:30"),  # half an hour comes twice
        ("Australia/Lord_Howe", "2026-10-03 14:00", "2026-10-03 20:00"),
        ("Asia/Kolkata", "2026-06-01 18:00", "2026-06-02 01:30"),
    ],
)
def test_quiet_ends_at_seven_on_the_wall_on_the_days_of_clock_changes_too(zone, now, end):
    assert quiet_ends(hours(zone=zone), utc(now)) == utc(end)
    assert utc(end).astimezone(ZoneInfo(zone)).strftime("%H:%M") == "07:00"


def test_an_end_that_is_skipped_is_when_the_clock_has_jumped():
    quiet = hours("22:00", "02:30")
    assert quiet_ends(quiet, utc("2026-03-29 00:30")) == utc("2026-03-29 01:00")  # 01:59 -> 03:00


def test_a_start_that_is_skipped_begins_where_the_clock_lands():
    quiet = hours("02:30", "05:00")
    assert not is_quiet(quiet, utc("2026-03-29 00:59"))
    assert is_quiet(quiet, utc("2026-03-29 01:00"))


def test_hours_that_come_twice_are_quiet_twice():
    quiet = hours("02:00", "03:00")
    assert is_quiet(quiet, utc("2026-10-25 00:10"))
    assert is_quiet(quiet, utc("2026-10-25 01:10"))
    assert quiet_ends(quiet, utc("2026-10-25 00:10")) == utc("2026-10-25 02:00")


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Asia/Kolkata",
]
CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda pair: f"{pair[0]:02d}:{pair[1]:02d}")


@settings(max_examples=60, deadline=None)
@given(
    start=CLOCKS, end=CLOCKS, zone=st.sampled_from(ZONES),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)), clock=st.times(timezones=st.just(UTC)),
)  # fmt: skip
def test_nothing_is_sent_in_quiet_hours_and_everything_as_soon_as_they_end(start, end, zone, day, clock):
    moment = datetime.combine(day, clock)
    if start == end:
        with pytest.raises(ValueError, match="should differ"):
            hours(start, end, zone)
        return
    quiet = hours(start, end, zone)
    ends = quiet_ends(quiet, moment)
    assert not is_quiet(quiet, ends)
    assert timedelta(0) <= ends - moment <= timedelta(hours=25)
    assert ends == moment or is_quiet(quiet, ends - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("severity", "least", "waits"),
    [("page", "page", False), ("warning", "page", True), ("notice", "page", True),
     ("warning", "warning", False), ("notice", "warning", True), ("other", "page", True)],
)  # fmt: skip
def test_what_is_severe_enough_does_not_wait(severity, least, waits):
    night = utc("2026-03-10 02:00")
    assert (wait_until(hours(least=least), {"severity": severity}, night) > night) is waits
    assert wait_until(None, {"severity": severity}, night) == night


@pytest.mark.parametrize("text", ["24:00", "7", "07:60", "seven", "07:00:00", ""])
def test_a_time_of_day_is_hours_and_minutes(text):
    with pytest.raises(ValueError, match="22:00"):
        hours(text)
    assert hours("7:05").start.minute == 5


# ---- in the outbox


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'candidly.db'}") as opened:
        yield opened


class Memory:
    def __init__(self, error=None):
        self.error, self.got = error, []

    def send(self, message):
        if self.error:
            raise self.error
        self.got.append(message)


def told(severity, n=1):
    return Incident(id=f"{severity}-{n}", rule="source", company="", opened=NOW, severity=severity,
                    title=f"{severity} {n}", detail={"summary": "x"})  # fmt: skip


def put(store, *incidents, now):
    from alerting.messages import deliveries

    for one in incidents:
        assert store.open_incident(one, deliveries(one, ["hook"], now))


def test_what_comes_at_night_waits_and_is_one_message_in_the_morning(store):
    night, morning, hook = utc("2026-03-28 23:00"), utc("2026-03-29 05:00"), Memory()
    for n in range(3):
        put(store, told("notice", n), now=night + timedelta(hours=n))
        assert deliver_due(store, {"hook": hook}, night + timedelta(hours=n), quiet=hours()).sent == 0
    put(store, told("page"), now=night)
    assert deliver_due(store, {"hook": hook}, night, quiet=hours()).sent == 1
    assert store.next_due() == morning
    assert deliver_due(store, {"hook": hook}, morning - timedelta(minutes=1), quiet=hours()).sent == 0
    assert deliver_due(store, {"hook": hook}, morning, quiet=hours()).sent == 1
    assert [one.message["title"] for one in hook.got] == ["page 1", "3 alerts: notice 0; notice 1; notice 2"]
    assert [one.attempts for one in hook.got] == [1, 1]


def test_a_retry_waits_too_and_patience_begins_in_the_morning(store):
    evening, hook = utc("2026-03-09 20:58"), Memory(DeliveryError("the server answered 503."))
    put(store, told("notice"), now=evening)
    deliver_due(store, {"hook": hook}, evening, quiet=hours())
    deliver_due(store, {"hook": hook}, evening + timedelta(minutes=3), quiet=hours())
    (one,) = queries.deliveries(store)
    assert one.attempts == 1
    assert store.next_due() == utc("2026-03-10 06:00")
    assert patience_from(one, NOW, hours()) == evening
    assert patience_from(delivery("hook"), NOW, hours("08:00", "12:00")) == NOW  # a page waits for nothing
    calm = delivery("hook").message | {"severity": "notice"}
    late = type(one)(id="x", channel="hook", subject="", message=calm, due=NOW)
    assert patience_from(late, NOW, hours("08:00", "12:00")) == utc("2026-03-10 11:00")


def test_a_reminder_is_written_once_a_period_and_says_so(store):
    put(store, told("warning"), now=NOW)
    hook, day, known = Memory(), timedelta(days=1), [told("warning")]
    assert remind(store, known, ["hook"], NOW + timedelta(hours=23), day) == 0
    assert remind(store, known, ["hook"], NOW + timedelta(hours=25), day) == 1
    assert remind(store, known, ["hook"], NOW + timedelta(hours=26), day) == 0
    assert remind(store, known, ["hook"], NOW + timedelta(days=5), day) == 1  # after a pause the latest only
    assert remind(store, known, ["hook"], NOW + timedelta(days=9), day, {"hook": "page"}) == 0
    deliver_due(store, {"hook": hook}, NOW + timedelta(days=5))
    (whole,) = hook.got
    assert sorted(part["title"] for part in whole.message["parts"]) == [
        "Still open: warning 1", "Still open: warning 1", "warning 1",
    ]  # fmt: skip


def test_a_channel_hears_only_what_is_severe_enough_for_it(store):
    from alerting.outbox import record
    from alerting.rules import Change

    change = Change(opened=(told("notice"), told("warning"), told("page")))
    record(store, change, ["all", "some", "few"], NOW, {"some": "warning", "few": "page"})
    heard = {(one.channel, one.subject) for one in queries.deliveries(store)}
    assert sorted(heard) == [
        ("all", "notice 1"), ("all", "page 1"), ("all", "warning 1"), ("few", "page 1"), ("some", "page 1"),
        ("some", "warning 1"),
    ]  # fmt: skip

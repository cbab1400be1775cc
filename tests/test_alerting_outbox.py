"""Claim, send, mark: on the real store, with real receivers, and with the process killed in between."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alert_world import NOW, TODAY, delivery, free_port, incident, receiver
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.channels import FileChannel, WebhookChannel
from alerting.messages import deliveries
from alerting.outbox import LEASE, LONGEST_WAIT, deliver_due, patience_from, pause, record
from alerting.rules import Change, delivery_change
from candidly import failpoints
from candidly.errors import DeliveryError
from storage import queries
from storage.store import Store

ROOT = Path(__file__).parents[1]


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'candidly.db'}") as opened:
        yield opened


def hook(url):
    return WebhookChannel(lambda: url, allow_private=True, deadline=5.0)


def states(store):
    return {one.id: one for one in queries.deliveries(store, 1000)}


def alone(*args, **changes):
    """A message that is never put together with others, as it has no pieces."""
    one = delivery(*args, **changes)
    bare = {name: value for name, value in one.message.items() if name != "summary"}
    return dataclasses.replace(one, message=bare)


class Memory:
    """A channel that keeps what it gets, or raises what it is told to."""

    def __init__(self, *errors):
        self.errors, self.got = list(errors), []

    def send(self, message):
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.got.append(message.id)


BUSY = DeliveryError("the server answered 503.")
GONE = DeliveryError("the server answered 404.", permanent=True)


def test_an_incident_and_its_messages_are_written_once_and_sent_once(store):
    change = Change(opened=(incident(),))
    assert len(record(store, change, ["a", "b"], NOW)) == 1
    assert record(store, change, ["a", "b"], NOW) == []
    a, b = Memory(), Memory()
    assert deliver_due(store, {"a": a, "b": b}, NOW).sent == 2
    assert deliver_due(store, {"a": a, "b": b}, NOW).sent == 0
    assert len(a.got) == len(b.got) == 1
    assert a.got != b.got


def test_500_500_200_is_delivered_on_the_third_attempt_with_one_id(store):
    store.enqueue(delivery())
    now = NOW
    with receiver(500, 500, 200) as server:
        for _ in range(20):
            deliver_due(store, {"hook": hook(server.url)}, now)
            now += timedelta(minutes=1)
    assert server.ids() == [delivery().id] * 3
    assert states(store)[delivery().id].state == "sent"


def test_429_waits_as_long_as_the_server_says(store):
    store.enqueue(delivery())
    with receiver((429, {"Retry-After": "1800"}), 200) as server:
        channels = {"hook": hook(server.url)}
        deliver_due(store, channels, NOW)
        deliver_due(store, channels, NOW + timedelta(minutes=29))
        assert len(server.got) == 1
        deliver_due(store, channels, NOW + timedelta(minutes=31))
    assert len(server.got) == 2


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_refusal_stops_at_once_and_is_told_through_the_other_channels(store, status):
    store.enqueue(delivery())
    other = Memory()
    with receiver(status) as server:
        channels = {"hook": hook(server.url), "other": other}
        report = deliver_due(store, channels, NOW)
        deliver_due(store, channels, NOW + timedelta(hours=2))
    assert (report.failed, report.sent, len(server.got), len(other.got)) == (1, 1, 1, 1)
    (told,) = queries.incidents(store, limit=10)
    assert told.title == "Alerts do not get through to channel hook"
    assert str(status) in told.detail["summary"]
    assert record(store, delivery_change([told], {"hook"}), [], NOW) == []
    assert queries.incidents(store, limit=10)[0].status == "resolved"


def test_a_closed_port_is_tried_for_a_day_and_then_told(store):
    store.enqueue(delivery())
    other, now, asked = Memory(), NOW, 0
    channels = {"hook": hook(f"http://127.0.0.1:{free_port()}/"), "other": other}
    while states(store)[delivery().id].state == "pending":
        asked += deliver_due(store, channels, now, timedelta(hours=24)).retried
        now += timedelta(minutes=10)
    assert timedelta(hours=24) <= now - NOW <= timedelta(hours=26)
    assert 20 < asked < 40
    assert len(other.got) == 1


def test_a_dead_channel_never_delays_another(store, tmp_path):
    for n in range(3):
        for name in ("hook", "log"):
            store.enqueue(alone(name, observed=n + 5, first=TODAY - timedelta(days=n)))
    path = tmp_path / "alerts.jsonl"

    class Log(FileChannel):
        def send(self, message):
            super().send(message)
            if len(path.read_text().splitlines()) == 3:
                server.release.set()  # the dead one ends only after the other has sent everything

    with receiver("hang") as server:
        report = deliver_due(store, {"hook": hook(server.url), "log": Log(path)}, NOW)
    assert (report.sent, report.retried) == (3, 3)


def test_after_three_failures_a_channel_is_left_alone_until_later(store):
    for n in range(10):
        store.enqueue(alone(first=TODAY - timedelta(days=n)))
    bad = Memory(*[BUSY] * 20)
    report = deliver_due(store, {"hook": bad}, NOW)
    assert report.retried == 3
    assert len(bad.errors) == 17
    assert sorted(one.attempts for one in states(store).values()) == [0] * 7 + [1] * 3


def test_those_that_were_not_tried_come_first_the_next_time(store):
    for n in range(6):
        store.enqueue(alone(first=TODAY - timedelta(days=n)))
    for minutes in (0, 5):
        deliver_due(store, {"hook": Memory(*[BUSY] * 20)}, NOW + timedelta(minutes=minutes))
    assert [one.attempts for one in states(store).values()] == [1] * 6


def test_a_message_that_is_never_taken_does_not_keep_the_others(store):
    messages = [alone(first=TODAY - timedelta(days=n)) for n in range(10)]
    for one in messages:
        store.enqueue(one)

    class Picky(Memory):
        def send(self, message):
            if message.id == messages[3].id:
                raise BUSY
            super().send(message)

    picky = Picky()
    assert deliver_due(store, {"hook": picky}, NOW).sent == 9


def test_what_waited_behind_a_dead_channel_is_tried_once_more_before_it_is_given_up(store):
    for n in range(5):
        store.enqueue(alone(first=TODAY - timedelta(days=n)))
    bad = Memory(*[BUSY] * 100)
    deliver_due(store, {"hook": bad}, NOW)
    late = [deliver_due(store, {"hook": bad}, NOW + timedelta(hours=25, minutes=m)).failed for m in (0, 2)]
    assert late == [3, 2]
    assert len(bad.errors) == 100 - 3 - 5


def test_a_channel_that_left_the_configuration_fails_with_a_reason(store):
    store.enqueue(delivery("old"))
    assert deliver_due(store, {}, NOW).failed == 1
    assert "no longer in the configuration" in states(store)[delivery("old").id].error


def test_all_channels_dead_ends_and_opens_one_incident_each(store):
    for name in ("a", "b"):
        store.enqueue(delivery(name))
    report = deliver_due(store, {"a": Memory(*[GONE] * 9), "b": Memory(*[GONE] * 9)}, NOW)
    assert report.sent == 0
    assert len(queries.incidents(store, limit=10)) == 2


def test_a_broken_channel_is_a_failure_that_names_no_content(store):
    store.enqueue(delivery())
    deliver_due(store, {"hook": Memory(RuntimeError("They never wrote back."))}, NOW)
    assert states(store)[delivery().id].error == "sending failed with RuntimeError."


def test_pauses_double_to_an_hour_and_follow_from_the_id():
    waits = [pause(_attempt(n), None) for n in range(1, 12)]
    assert waits == sorted(waits)
    assert timedelta(seconds=5) <= waits[0] <= timedelta(seconds=6.25)
    assert LONGEST_WAIT <= waits[-1] <= LONGEST_WAIT * 1.25
    assert waits == [pause(_attempt(n), None) for n in range(1, 12)]
    assert pause(_attempt(1), 7200) == timedelta(hours=2)


def _attempt(n):
    one = delivery()
    return type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"attempts": n})


def test_patience_is_counted_from_when_the_message_was_written():
    assert patience_from(delivery(), NOW + timedelta(hours=3), None) == NOW


@settings(max_examples=12, deadline=None)
@given(
    plan=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["ok", "busy", "gone"])), max_size=12),
)
def test_every_message_is_sent_or_failed_and_told_whatever_the_channels_do(tmp_path_factory, plan):
    path = tmp_path_factory.mktemp("db") / "candidly.db"
    errors = {"ok": None, "busy": BUSY, "gone": GONE}
    channels = {name: Memory(*[errors[e] for c, e in plan if c == name]) for name in "abc"}
    with Store.open(f"sqlite:///{path}") as store:
        for n in range(4):
            one = incident(first=TODAY - timedelta(days=n))
            store.open_incident(one, deliveries(one, "abc", NOW))
        for hours in range(30):
            deliver_due(store, channels, NOW + timedelta(hours=hours))
        final = states(store).values()
        assert {one.state for one in final} <= {"sent", "failed"}
        assert sorted(one.id for one in final if one.state == "sent") == sorted(
            id_ for channel in channels.values() for id_ in channel.got
        )
        broken = {one.channel for one in final if one.state == "failed"}
        assert broken == {
            i.detail["channel"] for i in queries.incidents(store, limit=100) if i.rule == "delivery"
        }


def crash(store_path, target, now, failpoint=""):
    return subprocess.run(
        [
            sys.executable,
            ROOT / "tests" / "alert_crash.py",
            f"sqlite:///{store_path}",
            target,
            now.isoformat(),
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "CANDIDLY_FAILPOINT": failpoint},
        check=False,
        timeout=60,
    ).returncode


@pytest.mark.parametrize(("point", "copies"), [("outbox.claimed", 1), ("outbox.sent", 2)])
def test_killed_between_claim_and_mark_nothing_is_lost_and_a_repeat_has_the_same_id(tmp_path, point, copies):
    database, target = tmp_path / "candidly.db", tmp_path / "alerts.jsonl"
    with Store.open(f"sqlite:///{database}") as store:
        store.enqueue(delivery("log"))
    assert crash(database, target, NOW, f"{point}:1") == 137
    assert crash(database, target, NOW + timedelta(minutes=1)) == 0  # the dead sender's lease still holds
    assert len(ids(target)) == copies - 1
    assert crash(database, target, NOW + LEASE) == 0
    assert ids(target) == [delivery("log").id] * copies
    with Store.open(f"sqlite:///{database}") as store:
        assert states(store)[delivery("log").id].state == "sent"


def ids(path):
    return [json.loads(line)["id"] for line in path.read_text().splitlines()] if path.exists() else []


def test_a_dead_channel_is_not_told_where_that_is_silenced(store):
    store.enqueue(delivery())
    other = Memory()
    deliver_due(store, {"hook": Memory(GONE), "other": other}, NOW, silenced=True)
    assert other.got == []
    (listed,) = queries.incidents(store)
    assert (listed.rule, states(store)[delivery().id].state) == ("delivery", "failed")


def test_killed_after_telling_about_a_dead_channel_it_is_told_once(store, monkeypatch):
    store.enqueue(delivery())

    class Killed(BaseException):
        pass

    def hit(name):
        if name == "outbox.told":
            raise Killed

    other = Memory()
    monkeypatch.setattr(failpoints, "hit", hit)
    with pytest.raises(Killed):
        deliver_due(store, {"hook": Memory(GONE), "other": other}, NOW)
    monkeypatch.undo()
    deliver_due(store, {"hook": Memory(GONE), "other": other}, NOW + LEASE)
    assert len(other.got) == 1
    assert states(store)[delivery().id].state == "failed"


def test_failpoints_are_all_named_here_and_off_by_default():
    found = {
        name
        for room in ("alerting", "storage", "collectors", "analysis", "reporting", "candidly")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"failpoints\.hit\(\"([\w.]+)\"\)", path.read_text())
    }
    assert {name for name in found if name.startswith("outbox.")} == {
        "outbox.claimed",
        "outbox.prepared",
        "outbox.sent",
        "outbox.told",
    }
    failpoints.hit("outbox.sent")

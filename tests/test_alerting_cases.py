"""Seven cases in which an alert may be lost or doubled; benchmarks/alertmanager.py runs them on Alertmanager.

Here: nothing is lost, and a kill repeats at most one message, with the same id.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from alert_world import NOW, delivery, receiver, several

from alerting.channels import WebhookChannel
from alerting.messages import deliveries, message
from alerting.outbox import LEASE, deliver_due, record, remind
from alerting.rules import Change
from candidly.records import Delivery
from storage import queries
from storage.store import Store

ROOT = Path(__file__).parents[1]
ID = deliveries(several(1)[0], ["hook"], NOW)[0].id


@pytest.fixture
def path(tmp_path):
    return tmp_path / "candidly.db"


@pytest.fixture
def store(path):
    with Store.open(f"sqlite:///{path}") as opened:
        yield opened


def hook(url, deadline=5.0):
    return WebhookChannel(lambda: url, allow_private=True, deadline=deadline)


def start(*arguments, **more):
    environment = (
        os.environ | more | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests"), *sys.path])}
    )
    script = ROOT / "tests" / "alert_sender.py"
    return subprocess.Popen([sys.executable, script, *map(str, arguments)], cwd=ROOT, env=environment)


def send(path, url, now, **more):
    return start("send", f"sqlite:///{path}", url, now.isoformat(), **more)


def pending(path):
    with Store.open(f"sqlite:///{path}") as store:
        return [one for one in queries.deliveries(store, 1000) if one.state == "pending"]


def test_1_ten_times_the_same_is_told_once(store):
    with receiver(200) as server:
        for _ in range(10):
            record(store, Change(opened=several(1)), ["hook"], NOW)
            deliver_due(store, {"hook": hook(server.url)}, NOW)
    assert len(server.got) == 1


@pytest.mark.parametrize("opening", ["Still rising: ", "Still going on: "])
def test_a_later_message_opens_as_the_rule_says(store, opening):
    (one,) = several(1)
    record(store, Change(opened=(one,)), ["hook"], NOW)
    record(store, Change(updated=(one,), occasion="2026-03-11", opening=opening), ["hook"], NOW)
    titles = sorted(told.message["title"] for told in queries.deliveries(store, 10))
    assert titles == sorted([one.title, opening + one.title])


def test_2_fifty_at_once_are_one_message_that_names_all(store):
    record(store, Change(opened=several(50)), ["hook"], NOW)
    with receiver(200) as server:
        deliver_due(store, {"hook": hook(server.url)}, NOW)
    ((_, _, body),) = server.got
    assert sorted(body["incidents"]) == sorted(one.id for one in several(50))
    assert {one.state for one in queries.deliveries(store, 100)} == {"sent", "grouped"}


def test_3_500_500_200_arrives_on_the_third_try_with_one_id(store):
    record(store, Change(opened=several(1)), ["hook"], NOW)
    now = NOW
    with receiver(500, 500, 200) as server:
        while store.next_due():  # as the scheduler: back when the next one is due
            now = max(now, store.next_due())
            deliver_due(store, {"hook": hook(server.url)}, now)
    assert len(server.got) == 3
    assert len(set(server.ids())) == 1
    assert now - NOW < timedelta(minutes=5)


@pytest.mark.parametrize(("status", "told"), [(400, True), (429, False)])
def test_4_a_400_is_told_elsewhere_at_once_and_a_429_is_asked_again(store, status, told, tmp_path):
    record(store, Change(opened=several(1)), ["hook"], NOW)
    with receiver(status, 200) as server, receiver(200) as other:
        places = {"hook": hook(server.url), "other": hook(other.url)}
        deliver_due(store, places, NOW)
        assert [body["title"] for _, _, body in other.got] == [
            "Alerts do not get through to channel hook"
        ] * told
        deliver_due(store, places, NOW + timedelta(minutes=2))
    assert len(server.got) == (1 if told else 2)


def test_5_killed_after_it_was_accepted_it_is_sent_without_anybody_asking_again(path):
    assert start("accept", f"sqlite:///{path}", 1).wait(60) == -signal.SIGKILL
    with receiver(200) as server:
        assert send(path, server.url, NOW).wait(60) == 0
    assert server.ids() == [ID]


@pytest.mark.parametrize("answered", [False, True])
def test_6_killed_after_it_was_sent_it_comes_twice_at_most_with_the_same_id(path, store, answered):
    record(store, Change(opened=several(1)), ["hook"], NOW)
    running = []

    def kill():
        running[0].kill()
        return 200 if answered else "hang"

    with receiver(kill, 200) as server:
        running.append(send(path, server.url, NOW))
        assert running[0].wait(60) == -signal.SIGKILL
        server.release.set()
        assert send(path, server.url, NOW + LEASE).wait(60) == 0
    assert server.ids() == [ID] * 2
    assert not pending(path)


def test_a_group_keeps_its_id_and_members_whenever_it_is_killed(path, store):
    record(store, Change(opened=several(3)), ["hook"], NOW)
    running = []
    with receiver(lambda: running[-1].kill() or 200, 200) as server:
        running.append(send(path, server.url, NOW, CANDIDLY_FAILPOINT="outbox.prepared"))
        assert running[-1].wait(60) == 137
        running.append(send(path, server.url, NOW))
        assert running[-1].wait(60) == -signal.SIGKILL
        record(store, Change(opened=several(5)[3:]), ["hook"], NOW + LEASE)
        assert send(path, server.url, NOW + LEASE).wait(60) == 0
    first, *rest = [(body["id"], sorted(body["incidents"])) for _, _, body in server.got]
    assert first in rest
    assert len(rest) == 2
    assert {id_ for _, ids in [first, *rest] for id_ in ids} == {one.id for one in several(5)}


def test_7_what_stays_open_is_told_again_once_a_period(store):
    record(store, Change(opened=several(1)), ["hook"], NOW)
    with receiver(200) as server:
        for hours in range(49):
            now = NOW + timedelta(hours=hours)
            remind(store, queries.incidents(store, status="open"), ["hook"], now, timedelta(hours=24))
            deliver_due(store, {"hook": hook(server.url)}, now)
    assert [body["title"].split(":")[0] for _, _, body in server.got] == [
        "Northwind Robotics", "Still open", "Still open",
    ]  # fmt: skip
    assert len(set(server.ids())) == 3


def test_a_channel_that_drips_delays_no_other(store):
    for name in ("hook", "other"):
        for one in several(1):
            record(store, Change(opened=(one,)), [name], NOW)
            store.enqueue(delivery(name))
    with receiver("drip") as slow, receiver(200) as quick:
        started, arrived = time.monotonic(), []
        quick.script[:] = [lambda: arrived.append(time.monotonic()) or 200]
        places = {"hook": hook(slow.url, deadline=1.0), "other": hook(quick.url)}
        report = deliver_due(store, places, NOW)
    assert (report.sent, report.retried) == (1, 1)
    assert arrived[0] - started < 0.9
    assert time.monotonic() - started < 4


def bare(n):
    """A message that is never put together with others."""
    body = {name: value for name, value in message(several(n + 1)[n], NOW).items() if name != "summary"}
    return Delivery(id=f"delivery-{n:02d}", channel="hook", subject=body["title"], message=body, due=NOW)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_nothing_is_lost_and_each_kill_repeats_one_at_most(path, store, seed):
    chance, kills, now = random.Random(seed), 0, NOW
    for n in range(40):
        store.enqueue(bare(n))
    running: list[subprocess.Popen[bytes]] = []

    def answer():
        nonlocal kills
        if kills < 12 and chance.random() < 0.3:
            kills += 1
            if chance.random() < 0.5:
                time.sleep(chance.random() / 20)  # while it waits for the answer
            running[-1].kill()
        return chance.choice([200, 200, 200, 503])

    with ExitStack() as stack:
        server = stack.enter_context(receiver(answer))
        for _ in range(60):
            if not pending(path):
                break
            running.append(send(path, server.url, now))
            running[-1].wait(60)
            now += timedelta(minutes=30)
    taken = Counter(server.taken)
    assert kills == 12
    assert set(taken) == {f"delivery-{n:02d}" for n in range(40)}
    assert {one.state for one in queries.deliveries(store, 100)} == {"sent"}
    assert sum(taken.values()) - 40 <= kills

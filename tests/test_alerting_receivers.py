"""Whatever a receiver does, on any channel: the message arrives or somebody is told, and nobody waits."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from alert_world import NOW, delivery, receiver

from alerting import slack, teams
from alerting.channels import WebhookChannel
from alerting.outbox import deliver_due
from storage import queries
from storage.store import Store

SHAPES = {"webhook": None, "slack": slack.payload, "teams": teams.payload}
PASSING = (408, 425, 429, 500, 502, 503, 504, "hang", "drip")
REFUSALS = (301, 307, 400, 401, 403, 404, 410, 413, 422)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'candidly.db'}") as opened:
        yield opened


class Memory:
    def __init__(self):
        self.got = []

    def send(self, message):
        self.got.append(message)


def channel(kind, url, deadline):
    return WebhookChannel(lambda: url, allow_private=True, deadline=deadline, shape=SHAPES[kind])


@pytest.mark.parametrize(
    "kind", ["webhook", *(pytest.param(one, marks=pytest.mark.slow) for one in ("slack", "teams"))]
)
@pytest.mark.parametrize("answer", [*PASSING, *REFUSALS])
def test_a_message_arrives_or_somebody_is_told(store, kind, answer):
    store.enqueue(delivery("hook"))
    other = Memory()
    with receiver(answer, 200) as server:
        first = deliver_due(store, {"hook": channel(kind, server.url, 0.15), "other": other}, NOW)
        server.release.set()
        places = {"hook": channel(kind, server.url, 5.0), "other": other}
        second = deliver_due(store, places, NOW + timedelta(minutes=2))
    if answer in PASSING:
        assert (first.retried, second.sent, len(server.taken), other.got) == (1, 1, 1, [])
    else:
        assert (first.failed, second.sent, len(server.got), len(other.got)) == (1, 0, 1, 1)
        assert delivery("hook").subject in other.got[0].message["text"]
    assert set(server.ids()) == {delivery("hook").id}


def test_a_page_that_got_lost_is_told_as_a_page(store):
    store.enqueue(delivery("hook"))
    other = Memory()
    with receiver(410) as server:
        deliver_due(store, {"hook": channel("slack", server.url, 5.0), "other": other}, NOW)
    assert delivery("hook").message["severity"] == "page"
    assert other.got[0].message["severity"] == "page"


@contextmanager
def raw(script):
    """A server that is no web server: takes a connection and does what `script` says with it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                script(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.mark.parametrize(
    "said",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 999 what\r\n\r\n", b"220 mail.example.org\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"],
)  # fmt: skip
def test_what_is_no_answer_is_no_success(store, said):
    store.enqueue(delivery("hook"))

    def script(connection):
        connection.settimeout(2)
        connection.recv(65536)
        connection.sendall(said)

    with raw(script) as url:
        report = deliver_due(store, {"hook": channel("webhook", url, 1.0)}, NOW)
    assert (report.sent, report.retried + report.failed) == (0, 1)


def test_ten_dead_channels_cost_one_deadline_and_delay_none(store):
    arrived = []

    class Timed(Memory):
        def send(self, message):
            super().send(message)
            arrived.append(time.monotonic())

    names = [f"hook{n}" for n in range(10)]
    for name in (*names, "well"):
        store.enqueue(delivery(name))
    with receiver("drip") as server:
        places = {name: channel("webhook", server.url, 0.5) for name in names} | {"well": Timed()}
        started = time.monotonic()
        report = deliver_due(store, places, NOW)
        took = time.monotonic() - started
    assert (report.sent, report.retried) == (1, 10)
    assert arrived[0] - started < 0.5
    assert took < 2.5
    assert {one.state for one in queries.deliveries(store) if one.channel != "well"} == {"pending"}

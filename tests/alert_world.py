"""What the alert tests share: small real servers on loopback, and incidents to send."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from alerting.evidence import Evidence, Quote
from alerting.messages import deliveries
from alerting.rises import spike_incident
from candidly.errors import ConfigError
from candidly.spike import Spike

APPRISE = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""apprise imports a library that imports a module which Python 3.13 dropped."""

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


def spike(first=date(2026, 3, 8), days=3, observed=14, score=1.0, **changes):
    last = first + timedelta(days=days - 1)
    values = {
        "kind": "more negative", "first": first, "last": last, "observed": observed, "expected": 4.1,
        "low": 2, "high": 6, "total": 20, "usual_share": 0.3, "score": score,
    }  # fmt: skip
    return Spike(**{**values, **changes})


def incident(text="They never wrote back.", **changes):
    evidence = Evidence(
        themes=[("Communication", 9), ("Process", 3)],
        quotes=[Quote(text=text, whole=f"I applied. {text} Bye.", url="https://x.example/1", site="reddit")],
        more="Report: reports/2026-W11.html",
    )
    return spike_incident("Northwind Robotics", spike(**changes), NOW, evidence)


def delivery(channel="hook", text="They never wrote back.", **changes):
    (one,) = deliveries(incident(text, **changes), [channel], NOW)
    return one


def several(n):
    """Incidents that can be open at once: of one rule and company there is one for each subject."""
    return tuple(replace(incident(first=TODAY - timedelta(days=k)), subject=f"subject {k}") for k in range(n))


def secrets(**values):
    def resolve(name):
        if name not in values:
            raise ConfigError([f"the secret {name} is not set. Put it into the environment."])
        return values[name]

    return resolve


class Receiver(ThreadingHTTPServer):
    """Answers with the scripted statuses in turn, the last one for ever; keeps what it was sent."""

    daemon_threads = True

    def __init__(self, *script):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.got, self.release = list(script), [], threading.Event()
        self.taken = []  # the ids that were answered with 200

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def ids(self):
        return [headers["Idempotency-Key"] for _, headers, _ in self.got]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        script = self.server.script
        answer = script.pop(0) if len(script) > 1 else script[0]
        if callable(answer):
            answer = answer()
        if answer == "drip":
            self.drip()
            return
        if answer == "hang":
            self.server.release.wait(20)
            self.close_connection = True
            return
        if answer == 200:
            self.server.taken.append(self.headers["Idempotency-Key"])
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def drip(self):
        """A byte now and then, for ever: no time-out of a socket ever strikes."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.server.release.wait(0.02):
                self.wfile.write(b"x")

    def log_message(self, *_):
        pass


@contextmanager
def receiver(*script) -> Iterator[Receiver]:
    server = Receiver(*script)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Mailbox:
    """An SMTP server's memory; answers DATA with `replies` in turn, the last one for ever."""

    def __init__(self, replies):
        self.replies, self.mails = list(replies), []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.startswith("250"):
            self.mails.append((envelope, message_from_bytes(envelope.content, policy=policy.default)))
        return reply


@contextmanager
def mail_server(*replies):
    box = Mailbox(replies or ["250 OK"])
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        box.url = f"mailto://127.0.0.1:{controller.port}?from=candidly@example.org&to=team@example.org&mode=insecure"
        yield box
    finally:
        controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

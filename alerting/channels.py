"""The places an alert can go: console, file, webhook, and all that apprise knows (Slack, Teams, e-mail ...).

A channel's `send` returns when the message was taken and raises DeliveryError when it was not; its
`permanent` says whether trying again can help. An address is a secret: it is read when it is needed and never
part of an error.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from alerting.messages import deliveries, slack, stable_id, teams
from candidly.config import Channel as ChannelSettings
from candidly.errors import ConfigError, DeliveryError
from candidly.records import Delivery, Incident

DEADLINE = 20.0
"""Seconds that one message may take, name look-up and slow answers included."""


REFUSED = (400, 401, 403, 404, 405, 410, 422)
"""Answers that will not get better by asking again."""


class Channel(Protocol):
    """Somewhere a message can go."""

    def send(self, delivery: Delivery) -> None:
        """Hand over one message; the same id again means the same message.

        Raises DeliveryError where it was not taken.
        """
        ...


def build(
    settings: Iterable[ChannelSettings],
    secret: Callable[[str], str],
    folder: Path,
    *,
    console: TextIO | None = None,
    deadline: float = DEADLINE,
) -> dict[str, Channel]:
    """The configured channels by name. `secret` resolves a name when a message is sent; `folder` is where
    relative paths start; `console` is standard error unless given."""
    made: dict[str, Channel] = {}
    for one in settings:
        if one.type == "console":
            made[one.name] = ConsoleChannel(console)
        elif one.type == "file":
            made[one.name] = FileChannel(folder / one.path)
        else:
            address = _address(secret, one.url_secret)
            made[one.name] = (
                WebhookChannel(address, allow_private=one.allow_private, deadline=deadline)
                if one.type == "webhook"
                else AppriseChannel(address, deadline=deadline)
            )
    return made


def _address(secret: Callable[[str], str], name: str) -> Callable[[], str]:
    def resolve() -> str:
        try:
            return secret(name).strip()
        except ConfigError as error:
            # Not permanent: the message is still there when the secret has been put right.
            raise DeliveryError(str(error)) from None

    return resolve


class ConsoleChannel:
    """A block of text on standard error, or on `stream`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream

    def send(self, delivery: Delivery) -> None:
        stream = self.stream or sys.stderr
        block = f"\nALERT  {delivery.subject}\n{_indented(delivery.message['text'])}\n"
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(block.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"the console cannot be written to ({type(error).__name__}).") from None


def _indented(text: str) -> str:
    return "\n".join(f"       {line}" for line in text.splitlines())


class FileChannel:
    """One line of JSON a message, added and synced; a reader tells a repeat by its `id`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, delivery: Delivery) -> None:
        line = json.dumps(payload(delivery), ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                # A line cut short by a crash must not swallow this one.
                if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                    line = "\n" + line
                file.write(line.encode("utf-8", "replace"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryError(
                f"the file {self.path.name} cannot be written: {error.strerror or type(error).__name__}.",
                "Check that its folder exists, may be written to and has room.",
            ) from None


def sample(channel: str, now: datetime) -> Delivery:
    """A message to try a channel with; it is not kept and not repeated."""
    incident = Incident(
        id=stable_id("test", channel, now.isoformat()),
        rule="test",
        company="",
        opened=now,
        title="A test of candidly's alerts",
        detail={"summary": f"If you read this, channel {channel} works. Nothing has happened."},
    )
    return deliveries(incident, [channel], now)[0]


def payload(delivery: Delivery) -> dict[str, Any]:
    """The message as the file and a plain webhook get it."""
    return {"id": delivery.id, **delivery.message}


class WebhookChannel:
    """A POST of JSON to an address of yours; Slack-style hooks get the `{"text": ...}` that they expect."""

    def __init__(
        self, address: Callable[[], str], *, allow_private: bool = False, deadline: float = DEADLINE
    ) -> None:
        self.address, self.allow_private, self.deadline = address, allow_private, deadline

    def send(self, delivery: Delivery) -> None:
        from alerting.post import post_json, wants_text

        url = self.address()
        body = slack_payload(delivery.message) if wants_text(url) else payload(delivery)
        within(
            self.deadline,
            lambda: post_json(
                url, body, delivery.id, allow_private=self.allow_private, deadline=self.deadline
            ),
        )


def slack_payload(message: Mapping[str, Any]) -> dict[str, Any]:
    """Plain text for an incoming webhook of Slack, Mattermost or Rocket.Chat: no markup, no previews."""
    return {
        "text": slack(f"{message['title']}\n{message['text']}"),
        "mrkdwn": False,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


class AppriseChannel:
    """Any service that apprise has an address form for."""

    def __init__(self, address: Callable[[], str], *, deadline: float = DEADLINE) -> None:
        self.address, self.deadline = address, deadline

    def send(self, delivery: Delivery) -> None:
        url = self.address()
        within(self.deadline, lambda: _notify(url, delivery))


def _notify(url: str, delivery: Delivery) -> None:
    notify(_plugin(url), delivery)


def notify(plugin: Any, delivery: Delivery) -> None:
    """Send through one apprise plug-in, as plain as it gets. Raises DeliveryError where it did not work."""
    from apprise import Apprise, NotifyFormat

    plugin.notify_format = NotifyFormat.TEXT
    for extra in ("include_image", "include_footer"):  # pictures that would be loaded from elsewhere
        if hasattr(plugin, extra):
            setattr(plugin, extra, False)
    title, text = delivery.message["title"], delivery.message["text"]
    service = type(plugin).__name__
    if service == "NotifyWorkflows":
        title, text = teams(title), teams(text)
    elif service == "NotifyEmail":
        plugin.headers["X-Candidly-Delivery"] = delivery.id
    sender = Apprise()
    sender.add(plugin)
    # apprise answers false on failure and does not raise; what went wrong it says only in its log.
    result = sender.notify(body=text, title=title, body_format=NotifyFormat.TEXT)
    if not result:
        status = _status(result)
        raise DeliveryError(
            "the service did not take the message" + (f" (it answered {status})." if status else "."),
            "Check the address, the token and the network.",
            permanent=status in REFUSED,
        )


def _status(result: Any) -> int | None:
    """The HTTP status in the log that came with a failure (apprise 2.2 and later)."""
    logs = result.logs() if hasattr(result, "logs") else ()
    found = [match for entry in logs if (match := re.search(r"error=(\d{3})\b", entry.message))]
    return int(found[-1][1]) if found else None


def _plugin(url: str) -> Any:
    """apprise's object for an address; its log, which names addresses, goes nowhere else."""
    import logging

    from apprise import Apprise

    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    plugin = Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        raise DeliveryError(
            "the address is none that apprise understands.",
            "See docs/alerts.md for examples.",
            permanent=True,
        )
    return plugin


def within(seconds: float, action: Callable[[], None]) -> None:
    """Run `action`, and give up waiting after `seconds`.

    In a thread, because no timeout of a socket limits the whole: a server that sends a byte now and then
    keeps it alive for ever. What is given up on is a daemon thread, so it cannot keep the process.
    Raises what the action raises, unexpected errors as a DeliveryError that names their type only.
    """
    failure: list[DeliveryError] = []

    def run() -> None:
        try:
            action()
        except DeliveryError as error:
            failure.append(error)
        except Exception as error:  # its text may hold the address, so only its type is told
            failure.append(DeliveryError(f"sending failed with {type(error).__name__}."))

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        raise DeliveryError(f"no answer within {seconds:g} seconds.")
    if failure:
        raise failure[0]

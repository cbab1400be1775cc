"""The places an alert can go: console, file, webhook, Slack, Teams, e-mail, and all that apprise knows.

A channel's `send` returns when the message was taken and raises DeliveryError when it was not; its
`permanent` says whether trying again can help. An address is a secret: it is read when it is needed and never
part of an error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from alerting import slack, teams
from alerting.messages import deliveries, stable_id
from alerting.patience import DEADLINE, within
from alerting.smtp import Server, hand_over
from candidly.config import Channel as ChannelSettings
from candidly.errors import ConfigError, DeliveryError
from candidly.records import Delivery, Incident


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
            made[one.name] = FileChannel(folder / one.path, deadline=deadline)
        elif one.type == "email":
            made[one.name] = EmailChannel.of(one, secret, deadline)
        elif one.type == "apprise":
            from alerting.services import AppriseChannel

            made[one.name] = AppriseChannel(stored(secret, one.url_secret), deadline=deadline)
        else:
            made[one.name] = WebhookChannel(
                stored(secret, one.url_secret),
                allow_private=one.allow_private,
                deadline=deadline,
                shape=SHAPES.get(one.type),
            )
    return made


def stored(secret: Callable[[str], str], name: str) -> Callable[[], str]:
    """What a secret holds, when it is asked for."""

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

    def __init__(self, path: Path, *, deadline: float = DEADLINE) -> None:
        self.path, self.deadline = path, deadline

    def send(self, delivery: Delivery) -> None:
        within(self.deadline, lambda: self._add(delivery))  # a network drive may hang too

    def _add(self, delivery: Delivery) -> None:
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
    return {"id": delivery.id, **{k: v for k, v in delivery.message.items() if k != "left"}}


SHAPES: dict[str, Callable[[Delivery], dict[str, Any]]] = {"slack": slack.payload, "teams": teams.payload}
"""How a message looks for the types of channel that want it in a shape of theirs."""


class WebhookChannel:
    """A POST of JSON to an address of yours, in a `shape` that its owner reads.

    Without one it is `payload`, but Slack-style hooks get the `{"text": ...}` that they expect.
    """

    def __init__(
        self,
        address: Callable[[], str],
        *,
        allow_private: bool = False,
        deadline: float = DEADLINE,
        shape: Callable[[Delivery], dict[str, Any]] | None = None,
    ) -> None:
        self.address, self.allow_private, self.deadline = address, allow_private, deadline
        self.shape = shape

    def send(self, delivery: Delivery) -> None:
        from alerting.post import post_json, wants_text

        url = self.address()
        if self.shape:
            body = self.shape(delivery)
        else:
            body = slack.text_payload(delivery.message) if wants_text(url) else payload(delivery)
        within(
            self.deadline,
            lambda: post_json(
                url, body, delivery.id, allow_private=self.allow_private, deadline=self.deadline
            ),
        )


class EmailChannel:
    """A mail to fixed recipients, through one mail server."""

    def __init__(
        self,
        server: Server,
        sender: str,
        to: Sequence[str],
        password: Callable[[], str] = lambda: "",
        *,
        deadline: float = DEADLINE,
    ) -> None:
        self.server, self.sender, self.to = server, sender, tuple(to)
        self.password, self.deadline = password, deadline

    @classmethod
    def of(cls, settings: ChannelSettings, secret: Callable[[str], str], deadline: float) -> EmailChannel:
        server = Server(settings.host, settings.mail_port, settings.security, settings.user)
        password = stored(secret, settings.password_secret) if settings.password_secret else lambda: ""
        return cls(server, settings.sender or "", settings.to, password, deadline=deadline)

    def send(self, delivery: Delivery) -> None:
        from alerting.mail import compose

        # After a repeat for some: those of them that are still configured, else everybody.
        left = [one for one in delivery.message.get("left", ()) if one in self.to]
        password, content = self.password(), compose(delivery, self.sender, self.to)
        within(
            self.deadline,
            lambda: hand_over(self.server, password, self.sender, left or self.to, content, self.deadline),
        )

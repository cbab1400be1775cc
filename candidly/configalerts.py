"""What config.yaml may say of where alerts go and when they wait. Part of `candidly.config`."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from candidly.configtypes import MAIL, Duration, Model, Name, SecretName, known_zone
from candidly.records import Severity

SEVERITIES: tuple[Severity, ...] = ("notice", "warning", "page")
"""From the least severe to the most."""

CLOCK = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"
PORTS = {"starttls": 587, "tls": 465, "none": 25}

MailAddress = Annotated[str, Field(pattern=MAIL)]
"""A bare address; no name before it, and ASCII, which every mail server takes."""


def _clock(value: Any) -> Any:
    """`22:00` as a time; what is no text is left to pydantic. Raises ValueError for other text."""
    if not isinstance(value, str):
        raise ValueError("should be a time of day such as 22:00")
    if not re.match(CLOCK, value.strip()):
        raise ValueError("should be a time of day such as 22:00")
    hour, minute = value.strip().split(":")
    return time(int(hour), int(minute))


Clock = Annotated[
    time,
    BeforeValidator(_clock, json_schema_input_type=Annotated[str, Field(pattern=CLOCK)]),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str),
]


class Quiet(Model):
    """When messages wait: every day from `from` to `to` (the next morning where that is earlier)."""

    start: Clock = Field(alias="from", description="When quiet begins, such as 22:00.")
    end: Clock = Field(alias="to", description="When it ends, such as 07:00.")
    timezone: str = Field("UTC", description="The zone of both; the hours follow its clock changes.")
    least: Severity = Field(
        "page", alias="except", description="The lowest severity that is sent in spite of it."
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return known_zone(value)

    @model_validator(mode="after")
    def _some_time(self) -> Quiet:
        if self.start == self.end:
            raise ValueError("`from` and `to` should differ")
        return self


class Heartbeat(Model):
    """A sign of life to a service outside, which tells you when it stays away."""

    url_secret: SecretName = Field(
        "", description="The name of the secret with the address to ask for; empty: none."
    )
    grace: Duration = Field(
        timedelta(hours=12), description="How late a source may be, beyond its `every`, before that is told."
    )
    allow_private: bool = Field(False, description="Let it reach an address in your own network.")


ChannelType = Literal["console", "file", "webhook", "slack", "teams", "email", "apprise"]
_BY_ADDRESS = ("webhook", "slack", "teams", "apprise")
_MAIL_KEYS = ("host", "port", "security", "user", "password_secret", "sender", "to")


class Channel(Model):
    """Where alerts go. `url_secret` is a secret's name, because whoever has the address can post there."""

    name: Name = Field(description="Your name for the channel.")
    type: ChannelType = Field(description="How messages are sent.")
    min_severity: Severity = Field("notice", description="Only alerts of this severity or a higher one.")
    path: str = Field("", description="For `file`: the file that lines of JSON are added to.")
    url_secret: SecretName = Field(
        "",
        description="For `webhook`, `slack`, `teams` and `apprise`: "
        "the name of the secret that holds the address.",
    )
    allow_private: bool = Field(
        False, description="Let `webhook`, `slack` and `teams` reach an address in your own network."
    )
    host: str = Field("", max_length=253, description="For `email`: the mail server.")
    port: int | None = Field(
        None, ge=1, le=65535, description="For `email`: its port; empty: 587, 465 with tls, 25 with none."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="For `email`: encryption from the second step on, from the first, or never."
    )
    user: str = Field("", max_length=200, description="For `email`: the login, where one is needed.")
    password_secret: SecretName = Field(
        "", description="For `email`: the name of the secret that holds the password."
    )
    sender: MailAddress | None = Field(None, alias="from", description="For `email`: the sender's address.")
    to: tuple[MailAddress, ...] = Field((), max_length=50, description="For `email`: who gets it.")

    @model_validator(mode="after")
    def _needs(self) -> Channel:
        if self.type == "file" and not self.path:
            raise ValueError("a channel of type file needs `path`")
        if self.type in _BY_ADDRESS and not self.url_secret:
            raise ValueError(
                f"a channel of type {self.type} needs `url_secret`: the name of the secret with its address"
            )
        if self.type == "email":
            self._check_mail()
        elif odd := [key for key in _MAIL_KEYS if key in self.model_fields_set]:
            name = {"sender": "from"}.get(odd[0], odd[0])
            raise ValueError(f"`{name}` is for a channel of type email")
        return self

    def _check_mail(self) -> None:
        if not (self.host and self.sender and self.to):
            raise ValueError("a channel of type email needs `host`, `from` and `to`")
        if bool(self.user) != bool(self.password_secret):
            raise ValueError("`user` and `password_secret` go together")
        if self.user and self.security == "none":
            raise ValueError(
                "a password is not sent without encryption: `security` should be starttls or tls"
            )

    @property
    def mail_port(self) -> int:
        return self.port or PORTS[self.security]

"""What config.yaml may say: pydantic models, with every default visible here.

Reading the file, with all errors at once and their places, is `candidly.configfile`.
docs/configuration.md explains every key; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from candidly.configalerts import Channel, Heartbeat, Quiet
from candidly.configrules import Allegations, NamedRule
from candidly.configtypes import (
    LANGUAGE,
    LONGEST,
    PATTERNS,
    REGION,
    THEME,
    Duration,
    Model,
    Name,
    Phrase,
    SecretName,
    format_duration,
    known_zone,
    parse_duration,
)
from candidly.conflicts import conflicts

__all__ = [
    "BUILT_IN_ENGINES",
    "LONGEST",
    "PATTERNS",
    "Alerts",
    "Analysis",
    "Channel",
    "Company",
    "Config",
    "Duration",
    "EngineOptions",
    "Expect",
    "Heartbeat",
    "Model",
    "Name",
    "NamedRule",
    "Only",
    "Phrase",
    "Quiet",
    "Report",
    "SecretName",
    "Secrets",
    "SourceSettings",
    "Spike",
    "Store",
    "Theme",
    "format_duration",
    "parse_duration",
]

MOST_PHRASES = 200
"""In one list of a theme of the user's own."""
ThemePhrases = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=2_000)], ...], Field(max_length=MOST_PHRASES)
]
BUILT_IN_ENGINES = ("candidly", "vader", "endpoint")


Only = Literal["all", "work"]


class Company(Model):
    """An employer to listen for."""

    name: Phrase = Field(description="The name in reports.")
    aliases: tuple[Phrase, ...] = Field((), description="Other names that people use for it.")
    exclude: tuple[Phrase, ...] = Field((), description="Phrases that mean something else (Apple pie).")
    competitors: tuple[Phrase, ...] = Field(
        (), description="Names of other configured companies to compare with."
    )
    ambiguous: tuple[Phrase, ...] = Field(
        (), description="Those of its names that mean something else too (Target): see `context`."
    )
    context: tuple[Phrase, ...] = Field(
        (),
        description="Words of which one must stand near an ambiguous name; empty: words of work and hiring.",
    )
    exact: tuple[Phrase, ...] = Field(
        (), description="Those of its names that count only as they are written, with their capitals."
    )
    only: Only = Field("all", description="work: only what speaks of working or applying there.")


class Expect(Model):
    """What a healthy run of a source looks like; less is reported as an incident of its own."""

    min: int | None = Field(None, ge=0, description="Fewest items read in one run.")
    max: int | None = Field(None, ge=1, description="Most items read in one run.")
    every: Duration | None = Field(None, description="Longest usual time without anything new.")

    @model_validator(mode="after")
    def _ordered(self) -> Expect:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("`min` should not be greater than `max`")
        return self


class SourceSettings(Model):
    """What every source has; each collector adds its own keys in a subclass."""

    name: Name = Field(
        description="Your name for the source; part of each mention's key, so do not change it."
    )
    type: str = Field(description="Which collector reads it.")
    company: Phrase | None = Field(
        None, description="The company that all of it is about; else found by alias."
    )
    only: Only | None = Field(None, description="As of a company, for this source alone.")
    enabled: bool = Field(True, description="false: the block stays in the file, but is not collected.")
    every: Duration = Field(timedelta(hours=6), description="How often `candidly schedule` collects it.")
    expect: Expect | None = Field(None, description="How much a healthy run reads.")
    terms_read: date | None = Field(None, description="The day somebody last read the site's terms.")
    permission: str = Field(
        "", max_length=200, description="Reference of a written permission, where the site demands one."
    )

    daily_requests: int | None = Field(
        None, ge=1, le=10_000_000, description="Most requests a day (UTC); empty: as many as it needs."
    )

    recheck: Duration = Field(
        timedelta(hours=24),
        description="How soon what was deleted there is removed here, where the site can be asked for "
        "stored items; never later than its terms say.",
    )
    keep: Duration | None = Field(
        None,
        description="How long texts are kept after they were first read, at most as long as the site's terms "
        "let them; empty: so long.",
    )

    live: ClassVar[bool] = False
    """Whether the source talks to somebody else's server, so that its terms must have been read."""
    small: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Settings under which a try (`check --live`, `source test`) asks for as little as it can."""

    @field_validator("daily_requests", "recheck")
    @classmethod
    def _asks_somebody(cls, value: Any) -> Any:
        if value is not None and not cls.live:
            raise ValueError("is for sources that ask a server; this one reads files")
        return value

    @field_validator("terms_read", mode="before")
    @classmethod
    def _written_date(cls, value: Any) -> Any:
        # pydantic reads a number as seconds since 1970, which nobody means here.
        if isinstance(value, bool | int | float):
            raise ValueError("should be a date such as 2026-11-01")
        return value


class Theme(Model):
    """A theme of your own; phrases are written as in `analysis/data/themes.yaml`, whose head explains how."""

    description: str = Field("", max_length=500, description="What it is about, for readers of this file.")
    negative: ThemePhrases = Field((), description="Phrases that are a complaint wherever they stand.")
    positive: ThemePhrases = Field((), description="Phrases that are praise wherever they stand.")
    neutral: ThemePhrases = Field((), description="Phrases that state a plain fact.")
    any: ThemePhrases = Field((), description="Phrases that name it; the sentence tells how it is meant.")
    exceptions: ThemePhrases = Field(
        (), alias="except", description="Phrases that look like it but mean something else."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Theme:
        if not (self.negative or self.positive or self.neutral or self.any or self.exceptions):
            raise ValueError("needs phrases under `negative`, `positive`, `neutral` or `any`")
        return self


class EngineOptions(Model):
    """What an engine is told. An engine from elsewhere may have keys of its own."""

    model_config = ConfigDict(extra="allow")

    url: str = Field("", max_length=2000, description="Where the endpoint is, as far as `/v1`.")
    model: str = Field("", max_length=200, description="The model's name there.")
    key_secret: SecretName = Field("", description="The name of the secret that holds its key.")
    timeout: Duration = Field(timedelta(seconds=30), description="Longest wait for one answer.")
    batch: int = Field(1, ge=1, le=50, description="Texts in one request.")

    @field_validator("url")
    @classmethod
    def _safe_address(cls, value: str) -> str:
        if value and (problem := _address_problem(value)):
            raise ValueError(problem)
        return value


def _address_problem(url: str) -> str:
    """What is wrong with the address of an endpoint; empty for nothing.

    Texts and a key go there, so plain http is for this machine and the own network only.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "should be a web address such as https://llm.example.com/v1"
    if parts.scheme not in ("http", "https") or not host or port == 0 or parts.query or parts.fragment:
        return "should be a web address such as https://llm.example.com/v1"
    if "@" in parts.netloc:
        return "secrets never stand in config.yaml; leave the password out and use `key_secret`"
    if parts.scheme == "http" and not _own_network(host):
        return "should begin with https://, because texts and a key are sent there"
    return ""


def _own_network(host: str) -> bool:
    from candidly.net import reachable

    if "." not in host and ":" not in host:
        return True
    if host.endswith((".local", ".lan", ".internal", ".localhost")):
        return True
    return reachable(host, allow_private=True) and not reachable(host, allow_private=False)


class Analysis(Model):
    """How texts are read."""

    languages: tuple[Annotated[str, Field(pattern=LANGUAGE)], ...] = Field(
        ("en",), min_length=1, description="Languages to expect, ISO 639-1."
    )
    themes: str | None = Field(
        None, min_length=1, description="Your own theme file instead of the one that comes along."
    )
    lexicon: str | None = Field(
        None, min_length=1, description="Folder of your own lexicon, as `candidly learn` writes it."
    )
    extra_themes: dict[Annotated[str, Field(pattern=THEME)], Theme] = Field(
        {}, max_length=50, description="Themes of your own, beside the others."
    )
    engine: Name = Field("candidly", description="What scores sentiment: candidly, vader or another engine.")
    engine_options: EngineOptions = Field(EngineOptions(), description="What another engine is told.")
    phone_regions: tuple[Annotated[str, Field(pattern=REGION)], ...] = Field(
        ("US", "GB"), description="Where phone numbers may come from; they are redacted before storage."
    )

    @model_validator(mode="after")
    def _options_fit(self) -> Analysis:
        options = self.engine_options
        own = sorted(options.model_extra or {})
        if own and self.engine in BUILT_IN_ENGINES:
            raise ValueError(f"the engine {self.engine} has no option {own[0]!r}")
        if self.engine == "endpoint" and not (options.url and options.model):
            raise ValueError("the engine endpoint needs `engine_options` with `url` and `model`")
        return self


class Spike(Model):
    """When a rise of negative mentions is worth an alert."""

    enabled: bool = Field(True, description="false: no spike alerts.")
    false_alarms_per_year: float = Field(1.0, gt=0, le=52, description="The budget of one company.")
    min_negative: int = Field(3, ge=1, description="Never alert below this many negative mentions.")


class Alerts(Model):
    """Rules and channels."""

    spike: Spike = Field(Spike(), description="When a rise of negative mentions is worth an alert.")
    channels: tuple[Channel, ...] = Field(
        (Channel(name="console", type="console"),), description="Where alerts go."
    )
    every: Duration = Field(timedelta(hours=1), description="How often `candidly schedule` checks the rules.")
    keep_trying: Duration = Field(timedelta(hours=24), description="How long a failed delivery is retried.")
    repeat: Duration | None = Field(
        None, description="How often an incident that stays open is told again; empty: never."
    )
    quiet: Quiet | None = Field(None, description="Hours in which messages wait.")
    allegations: Allegations = Field(
        "page",
        description="How urgent a mention is that alleges discrimination, danger or fraud; off: not told.",
    )
    rules: tuple[NamedRule, ...] = Field((), max_length=50, description="Words to be told of.")
    heartbeat: Heartbeat = Field(Heartbeat(), description="A sign of life to a service outside.")


class Report(Model):
    """The weekly report."""

    folder: str = Field("reports", min_length=1, description="Where report files go.")
    formats: tuple[Literal["html", "md", "json"], ...] = Field(
        ("html", "md", "json"), min_length=1, description="Which files are written."
    )
    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(
        "mon", description="The day on which `candidly schedule` writes the week before."
    )
    # 01 to 04 h does not exist or comes twice on the days when clocks change, hence a later default.
    hour: int = Field(7, ge=0, le=23, description="Hour of the day in `timezone`.")
    timezone: str = Field("UTC", description="Weeks start on Monday 00:00 in this zone.")
    min_group: int = Field(5, ge=1, description="No figure or quote for fewer mentions than this.")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return known_zone(value)


class Store(Model):
    """Where mentions are kept."""

    url: str = Field(
        "sqlite:///candidly.db",
        min_length=1,
        description="A SQLAlchemy address; relative paths start at the folder of this file.",
    )

    @field_validator("url")
    @classmethod
    def _no_password(cls, value: str) -> str:
        if re.match(r"[^/?#]*://[^/?#]*:[^/?#]*@", value) or "password=" in value.lower():
            raise ValueError(
                "secrets never stand in config.yaml; leave the password out of the address and set the "
                "environment variable PGPASSWORD instead (or use ~/.pgpass)"
            )
        return value


class Secrets(Model):
    """Where secrets come from: the environment first, then files of that name in `folder`."""

    folder: str | None = Field(
        None, min_length=1, description="A folder with one file a secret, named like the secret."
    )


class Config(Model):
    """The whole file. `sources` hold the settings models of their collectors."""

    companies: tuple[Company, ...] = Field(min_length=1, description="The employers to listen for.")
    sources: tuple[SourceSettings, ...] = Field((), description="Where to collect from.")
    analysis: Analysis = Field(Analysis(), description="How texts are read.")
    store: Store = Field(Store(), description="Where mentions are kept.")
    alerts: Alerts = Field(Alerts(), description="When somebody is told, and how.")
    report: Report = Field(Report(), description="The weekly report.")
    secrets: Secrets = Field(Secrets(), description="Where secrets come from.")

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        for path, message in conflicts(self):
            raise ValueError(f"{'.'.join(map(str, path))}: {message}")
        return self

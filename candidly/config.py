"""What config.yaml may say: pydantic models, with every default visible here.

Reading the file, with all errors at once and their places, is `candidly.configfile`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(value: Any) -> Any:
    """`30m`, `6h`, `1d`, `2w` as a timedelta; anything else is left to pydantic.

    Raises ValueError for a number without a unit.
    """
    if isinstance(value, bool | int | float):
        raise ValueError("needs a unit, for example 30m, 6h, 1d or 2w")
    if isinstance(value, str) and value[:-1].strip().replace(".", "", 1).isdigit() and value[-1] in _UNITS:
        return timedelta(seconds=float(value[:-1]) * _UNITS[value[-1]])
    if isinstance(value, str):
        raise ValueError("should look like 30m, 6h, 1d or 2w")
    return value


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration, json_schema_input_type=str), Field(gt=timedelta(0))
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Model(BaseModel):
    """The base of every block: unknown keys are errors, values do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Company(Model):
    """An employer to listen for."""

    name: str = Field(min_length=1, description="The name in reports.")
    aliases: tuple[str, ...] = Field((), description="Other names that people use for it.")
    exclude: tuple[str, ...] = Field((), description="Phrases that mean something else (Apple pie).")
    competitors: tuple[str, ...] = Field(
        (), description="Names of other configured companies to compare with."
    )


class Expect(Model):
    """What a healthy run of a source looks like; less is reported as an incident of its own."""

    min: int | None = Field(None, ge=0, description="Fewest items read in one run.")
    max: int | None = Field(None, ge=1, description="Most items read in one run.")


class SourceSettings(Model):
    """What every source has; each collector adds its own keys in a subclass."""

    name: Name = Field(description="Your name for the source; part of each mention's key.")
    type: str
    company: str | None = Field(None, description="The company that all of it is about; else found by alias.")
    enabled: bool = True
    every: Duration = Field(timedelta(hours=6), description="How often `candidly schedule` collects it.")
    expect: Expect | None = None
    terms_read: date | None = Field(None, description="The day somebody last read the site's terms.")
    permission: str = Field("", description="Reference of a written permission, where the site demands one.")

    live: ClassVar[bool] = False
    """Whether the source talks to somebody else's server, so that its terms must have been read."""


class Analysis(Model):
    """How texts are read."""

    languages: tuple[str, ...] = Field(("en",), min_length=1, description="Languages to expect, ISO 639-1.")
    themes: str | None = Field(None, description="Your own theme file instead of the one that comes along.")
    phone_regions: tuple[str, ...] = Field(("US", "GB"), description="Where phone numbers may come from.")


class Spike(Model):
    """When a rise of negative mentions is worth an alert."""

    enabled: bool = True
    false_alarms_per_year: float = Field(1.0, gt=0, le=52, description="The budget of one company.")
    min_negative: int = Field(3, ge=1, description="Never alert below this many negative mentions.")


class Channel(Model):
    """Where alerts go. `url` is a secret's name, not the address itself, for all but console and file."""

    name: Name
    type: Literal["console", "file", "webhook", "apprise"]
    path: str = Field("", description="For `file`: the file that lines of JSON are added to.")
    url_secret: str = Field("", description="For `webhook` and `apprise` (Slack, Teams, e-mail, ...).")
    allow_private: bool = Field(False, description="Let `webhook` reach an address in your own network.")

    @model_validator(mode="after")
    def _needs(self) -> Channel:
        if self.type == "file" and not self.path:
            raise ValueError("a file channel needs `path`")
        if self.type in ("webhook", "apprise") and not self.url_secret:
            raise ValueError(
                f"a {self.type} channel needs `url_secret`: the name of the secret with its address"
            )
        return self


class Alerts(Model):
    """Rules and channels."""

    spike: Spike = Spike()
    channels: tuple[Channel, ...] = (Channel(name="console", type="console"),)
    every: Duration = timedelta(hours=1)
    keep_trying: Duration = Field(timedelta(hours=24), description="How long a failed delivery is retried.")


class Report(Model):
    """The weekly report."""

    folder: str = "reports"
    formats: tuple[Literal["html", "md", "json"], ...] = ("html", "md", "json")
    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "mon"
    hour: int = Field(7, ge=0, le=23, description="Hour of the day in `timezone`.")
    timezone: str = Field("UTC", description="Weeks start on Monday 00:00 in this zone.")
    min_group: int = Field(5, ge=1, description="No figure or quote for fewer mentions than this.")

    @model_validator(mode="after")
    def _zone(self) -> Report:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"unknown timezone {self.timezone!r}; use a name such as Europe/Berlin"
            ) from None
        return self


class Store(Model):
    """Where mentions are kept."""

    url: str = Field("sqlite:///candidly.db", description="A SQLAlchemy address; paths start at this file.")


class Secrets(Model):
    """Where secrets come from: the environment first, then files of that name in `folder`."""

    folder: str | None = None


class Config(Model):
    """The whole file. `sources` hold the settings models of their collectors."""

    companies: tuple[Company, ...] = Field(min_length=1)
    sources: tuple[SourceSettings, ...] = ()
    analysis: Analysis = Analysis()
    store: Store = Store()
    alerts: Alerts = Alerts()
    report: Report = Report()
    secrets: Secrets = Secrets()

    @model_validator(mode="after")
    def _names(self) -> Config:
        known = {company.name for company in self.companies}
        for source in self.sources:
            if source.company is not None and source.company not in known:
                raise ValueError(
                    f"source {source.name!r}: company {source.company!r} is not among `companies`"
                )
        for company in self.companies:
            for other in company.competitors:
                if other not in known:
                    raise ValueError(
                        f"company {company.name!r}: competitor {other!r} is not among `companies`"
                    )
        for kind, names in (
            ("companies", [c.name for c in self.companies]),
            ("sources", [s.name for s in self.sources]),
            ("alerts.channels", [c.name for c in self.alerts.channels]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{kind}: the name {name!r} is used twice")
        return self

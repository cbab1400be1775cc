"""The small types that the models of config.yaml are made of: spans of time, names, the base of a block."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

DURATION = r"^[0-9]+(\.[0-9]+)?[ ]*[smhdw]$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
SECRET_NAME = r"^([A-Z][A-Z0-9_]{0,63})?$"  # noqa: S105  # a name, no secret
LANGUAGE = r"^[a-z]{2,3}$"
THEME = r"^[a-z][a-z0-9_]{0,39}$"
REGION = r"^[A-Z]{2}$"
MAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$"

PATTERNS = {
    NAME: "should start with a letter or digit and hold only letters, digits, `_`, `.` and `-` (at most 64)",
    SECRET_NAME: "should be the name of a secret, in capitals such as SLACK_URL, not the secret itself",
    LANGUAGE: "should be a language code such as en, de or no",
    THEME: "should be a name in small letters such as parking or dress_code (a-z, 0-9, _; at most 40)",
    REGION: "should be a country code such as US, GB or DE",
    MAIL: "should be a bare mail address such as team@example.org",
}
"""A pattern's meaning in plain words, for error messages."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST = timedelta(days=3660)


def parse_duration(value: Any) -> Any:
    """`30m`, `6h`, `1d`, `2w` as a timedelta; what is neither text nor number is left to pydantic.

    Raises ValueError for a number without a unit, other text, and more than ten years.
    """
    if isinstance(value, bool | int | float):
        raise ValueError("needs a unit, for example 30m, 6h, 1d or 2w")
    if not isinstance(value, str):
        return value
    if not re.match(DURATION, value.strip()):
        raise ValueError("should look like 30m, 6h, 1d or 2w")
    number, unit = value.strip()[:-1], value.strip()[-1]
    seconds = float(number) * _UNITS[unit]
    if seconds > LONGEST.total_seconds():
        raise ValueError("should be at most ten years")
    return timedelta(seconds=seconds)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("should be longer than nothing")
    return value


def format_duration(value: timedelta) -> str:
    """The shortest way to write it in config.yaml: `6h`, not `360m`."""
    seconds = value.total_seconds()
    unit = next((unit for unit in "wdhm" if seconds and seconds % _UNITS[unit] == 0), "s")
    return f"{seconds / _UNITS[unit]:g}{unit}"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=Annotated[str, Field(pattern=DURATION)]),
    AfterValidator(_positive),
]
Name = Annotated[str, Field(pattern=NAME)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME)]
"""The name of a secret, in capitals, so that a secret put there by mistake is refused and not repeated."""
Phrase = Annotated[str, Field(min_length=1, max_length=200)]
"""A name or phrase to look for; never empty, because the empty text is found everywhere."""


class Model(BaseModel):
    """The base of every block: unknown keys are errors, values do not change once read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        allow_inf_nan=False,
        # A value that failed validation may be a secret in the wrong place: never repeat it.
        hide_input_in_errors=True,
    )


def known_zone(value: str) -> str:
    """The name of a time zone; ValueError for one that nobody knows."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), 1)
        hint = f"did you mean `{near[0]}`?" if near else "use a name such as Europe/Berlin"
        raise ValueError(f"unknown timezone; {hint}") from None
    return value

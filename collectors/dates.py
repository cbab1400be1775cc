"""Dates as sites and spreadsheets write them -> aware UTC, strictly: what is not understood is not guessed.

A date without a time is 00:00 UTC of that day; a month without a day ("Oktober 2025", "2025-10") is its first
day; a time without a zone is taken as UTC. "2 months ago" counts months as 30 and years as 365 days.
Numbers are seconds or milliseconds since 1970, or an Excel serial (days since 1899-12-30).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)
"""No site that candidly reads is older than this; what claims to be is a misread or invented date."""
LEEWAY: Final = timedelta(hours=24)
"""How far after `now` a date may lie: sites in other time zones are up to 14 hours ahead."""

UNKNOWN: Final = "date not understood"
AMBIGUOUS: Final = "ambiguous date: set day_first"
TOO_EARLY: Final = "date before 1995"
FUTURE: Final = "date in the future"

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier janv",
            "february feb februar feber février fevrier févr fevr",
            "march mar märz maerz mrz mär mars",
            "april apr avril avr",
            "may mai",
            "june jun juni juin",
            "july jul juli juillet juil",
            "august aug août aout",
            "september sept sep septembre",
            "october oct oktober okt octobre",
            "november nov novembre",
            "december dec dezember dez décembre decembre déc",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAY = (
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,? )?"
)
_NAME = r"(?P<name>[^\W\d_]{3,9})\.?"
_DAY = r"(?P<day>[0-9]{1,2})"
_YEAR = r"(?P<year>[0-9]{4})"
_TIME = (
    r"(?:(?:,? (?:at |um |à )?|t)(?P<hour>[0-9]{1,2})[:h](?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)? ?(?P<half>[ap]\.?m\.?)?(?: ?uhr)?"
    r" ?(?P<zone>z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9]{2}.*)?", re.DOTALL)
_RFC2822 = re.compile(
    r"(?:[a-z]{3}, )?[0-9]{1,2} [a-z]{3} [0-9]{4} [0-9]{2}:[0-9]{2}(?::[0-9]{2})? [ecmp][sd]t"
)
_NAMED = tuple(
    re.compile(pattern + _TIME)
    for pattern in (
        rf"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|er|\.)?[ -]?(?:of |de )?{_NAME},?[ -]{_YEAR}",
        rf"{_WEEKDAY}{_NAME} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}",
        rf"{_NAME}(?: de)?,? {_YEAR}",
    )
)
_YEAR_FIRST = re.compile(rf"{_YEAR}(?P<sep>[/.-])(?P<month>[0-9]{{1,2}})(?:(?P=sep){_DAY})?{_TIME}")
_NUMERIC = re.compile(
    rf"(?P<first>[0-9]{{1,2}})(?P<sep>[/.-])(?P<second_part>[0-9]{{1,2}})(?P=sep)"
    rf"(?P<year>[0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_MONTH_YEAR = re.compile(rf"(?P<month>[0-9]{{1,2}})[/.]{_YEAR}")
_NUMBER = re.compile(r"[0-9]{5,13}(?:\.[0-9]+)?")

_UNITS: Final = {
    unit: timedelta(seconds=seconds)
    for units, seconds in (
        ("second seconds sec s sekunde sekunden seconde secondes", 1),
        ("minute minutes min m minuten", 60),
        ("hour hours hr hrs h stunde stunden heure heures", 3600),
        ("day days d tag tage tagen jour jours", 86400),
        ("week weeks wk w woche wochen semaine semaines", 7 * 86400),
        ("month months mo monat monate monaten mois", 30 * 86400),
        ("year years yr y jahr jahre jahren an ans", 365 * 86400),
    )
    for unit in units.split()
}
_DAYS_AGO: Final = {
    **dict.fromkeys(("today", "just now", "now", "heute", "gerade eben", "aujourd'hui", "aujourd’hui"), 0),
    **dict.fromkeys(("yesterday", "gestern", "hier"), 1),
}
_AGO = re.compile(
    r"(?:(?:vor|il y a) )?(?P<count>[0-9]{1,4}|an?|one|eine[mr]?|une?) ?(?P<unit>[^\W\d_]{1,9})(?P<ago> ago)?"
)


class BadDate(ValueError):
    """A date that cannot be used; the message is the reason, with nothing of the text in it."""


def parse_date(
    value: object, *, day_first: bool | None = None, now: datetime | None = None
) -> datetime | None:
    """The moment that `value` (text, number, date) names, or None where that is not clear.

    `day_first` reads 03/04/2025 as 3 April (True) or 4 March (False); None leaves it unread. `now` is what
    "2 weeks ago" counts back from; without it such forms are None. Says nothing about plausibility: see
    `read_date`.
    """
    found = _parse(value, day_first, now)
    return found if isinstance(found, datetime) else None


def read_date(
    value: object, *, now: datetime, day_first: bool | None = None, seen: datetime | None = None
) -> datetime:
    """As `parse_date`, but raises BadDate with the reason, also for a date that cannot be true.

    `seen` is when the text was saved (a file's time), from which relative forms count; else `now`.
    """
    found = _parse(value, day_first, seen or now)
    if isinstance(found, str):
        raise BadDate(found)
    if problem := implausible(found, now):
        raise BadDate(problem)
    return found


def implausible(when: datetime, now: datetime) -> str:
    """Why `when` cannot be a publication date as seen at `now`; empty where it can."""
    if when < EARLIEST:
        return TOO_EARLY
    return FUTURE if when > now + LEEWAY else ""


def infer_day_first(values: Iterable[object]) -> bool | None:
    """What the unambiguous ones among numeric dates say of their file: True, False, or None for no evidence
    or for both."""
    seen: set[bool] = set()
    for value in values:
        match = _NUMERIC.fullmatch(_tidy(value)) if isinstance(value, str) else None
        if match and (int(match["first"]) > 12) != (int(match["second_part"]) > 12):
            seen.add(int(match["first"]) > 12)
    return seen.pop() if len(seen) == 1 else None


def is_relative(value: object) -> bool:
    """Whether the date depends on when it was read ("2 weeks ago"), so that it identifies nothing."""
    return isinstance(value, str) and _is_relative(value)


@lru_cache(maxsize=8192)
def _is_relative(text: str) -> bool:
    return _absolute(text, None) is UNKNOWN and _relative(_tidy(text), EARLIEST) is not None


def _parse(value: object, day_first: bool | None, now: datetime | None) -> datetime | str:
    if isinstance(value, str):
        found = _absolute(value, day_first)
        if found is UNKNOWN and now is not None:
            return _relative(_tidy(value), now) or UNKNOWN
        return found
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return UNKNOWN


@lru_cache(maxsize=8192)
def _absolute(text: str, day_first: bool | None) -> datetime | str:
    """Forms that mean the same whenever they are read; the reason where it is none."""
    text = text.strip().strip("\"'").strip()
    if len(text) > 60:
        return UNKNOWN
    try:
        if _ISO.fullmatch(text):
            return _iso(text)
        text = _tidy(text)
        if _NUMBER.fullmatch(text):
            return _digits(text)
        if _RFC2822.fullmatch(text):
            return _utc(parsedate_to_datetime(text))
        return _written(text) or _numeric(text, day_first)
    except (ValueError, OverflowError, TypeError):
        return UNKNOWN


def _tidy(text: object) -> str:
    return " ".join(str(text).strip().strip("\"'").lower().split())


def _iso(text: str) -> datetime | str:
    text = re.sub(r" ?(?:UTC|GMT)$", "Z", text[:10] + text[10:].upper())
    return _utc(datetime.fromisoformat(re.sub(r" (?=[+-][0-9]{2}:?[0-9]{2}$)", "", text)))


def _digits(text: str) -> datetime | str:
    if len(text) == 8:
        return datetime(int(text[:4]), int(text[4:6]), int(text[6:]), tzinfo=UTC)
    return _number(float(text))


def _number(number: float) -> datetime | str:
    """Excel serials from 1954 to 2119, seconds from 1994 to 2096, milliseconds of the same years."""
    if 20_000 <= number < 80_000:
        return datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=round(number * 86400))
    if 7.6e8 <= number < 4e9:
        return datetime.fromtimestamp(number, UTC)
    if 7.6e11 <= number < 4e12:
        return datetime.fromtimestamp(number / 1000, UTC)
    return UNKNOWN


def _written(text: str) -> datetime | None:
    for pattern in _NAMED:
        match = pattern.fullmatch(text)
        if match and (month := _MONTHS.get(match["name"])):
            return _build(match, month, int(match.groupdict().get("day") or 1))
    return None


def _numeric(text: str, day_first: bool | None) -> datetime | str:
    if match := _YEAR_FIRST.fullmatch(text):
        return _build(match, int(match["month"]), int(match["day"] or 1))
    if match := _MONTH_YEAR.fullmatch(text):
        return datetime(int(match["year"]), int(match["month"]), 1, tzinfo=UTC)
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return UNKNOWN
    first, second = int(match["first"]), int(match["second_part"])
    if len(match["year"]) == 2 and day_first is None:
        return AMBIGUOUS  # 21/11/24 may even start with the year
    if day_first is None and match["sep"] == ".":
        day_first = True  # nobody writes month.day.year
    if day_first is None and first != second:
        if first <= 12 and second <= 12:
            return AMBIGUOUS
        day_first = first > 12
    day, month = (second, first) if day_first is False else (first, second)
    return _build(match, month, day)


def _build(match: re.Match[str], month: int, day: int) -> datetime:
    year = int(match["year"])
    year += 0 if year > 99 else 1900 if year >= 95 else 2000
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("hour")
        hour = hour % 12 + (12 if match["half"][0] == "p" else 0)
    when = datetime(year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0), tzinfo=UTC)
    zone = match["zone"] or ""
    if zone[:1] in ("+", "-"):
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        when += offset if zone[0] == "-" else -offset
    return when


def _relative(text: str, now: datetime) -> datetime | None:
    now = now.astimezone(UTC)
    if (days := _DAYS_AGO.get(text)) is not None:
        return _midnight(now - timedelta(days=days))
    match = _AGO.fullmatch(text)
    if match is None or not (match["ago"] or text.startswith(("vor ", "il y a "))):
        return None
    unit = _UNITS.get(match["unit"])
    if unit is None:
        return None
    count = int(match["count"]) if match["count"].isdigit() else 1
    then = now - count * unit
    return then if unit < timedelta(days=1) else _midnight(then)


def _midnight(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)

"""The rules that one reading shows by itself. Pure: a reading -> findings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from candidly.config import SourceSettings
from candidly.records import Mention, Reject
from collectors.contract.case import Case, Finding, leaks
from collectors.contract.reading import Reading

FIELDS: Final = get_type_hints(Mention)
SLACK: Final = timedelta(days=1)
"""By how much a date may lie in the future: clocks and time zones differ."""


def ids(items: Iterable[Any]) -> Iterator[Finding]:
    """Unique, not null, and text."""
    found = [item.id for item in items if isinstance(item, Mention)]
    if wrong := [id_ for id_ in found if not isinstance(id_, str) or not id_.strip() or id_ == "None"]:
        yield Finding("ids", f"{len(wrong)} of {len(found)} mentions have no id, or one that is no text")
    if twice := [id_ for id_, n in Counter(map(str, found)).items() if n > 1]:
        yield Finding("ids", f"{len(twice)} ids stand for more than one mention each, such as {twice[0]!r}")


def dates(items: Iterable[Any], now: datetime) -> Iterator[Finding]:
    """Aware, UTC, not in the future; `published` may be absent."""
    wrong: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Mention):
            for name in ("published", "collected"):
                if problem := _date_problem(getattr(item, name), name, now):
                    wrong[problem] += 1
    for problem, count in wrong.items():
        yield Finding("dates", f"{problem} ({count} mentions)")


def _date_problem(value: object, name: str, now: datetime) -> str:
    if value is None and name == "published":
        return ""
    if not isinstance(value, datetime):
        return f"`{name}` is no datetime"
    if value.tzinfo is None:
        return f"`{name}` has no time zone"
    if value.utcoffset():
        return f"`{name}` is not in UTC"
    return f"`{name}` lies in the future" if value > now + SLACK else ""


def fields(items: Iterable[Any], settings: SourceSettings, *, authors: bool = True) -> Iterator[Finding]:
    """Nothing but Mention and Reject; fields of the declared types; source, address, text make sense."""
    wrong: Counter[str] = Counter()
    for item in items:
        if type(item) is Mention:
            wrong.update(_field_problems(item, settings, authors=authors))
        elif type(item) is not Reject:
            wrong[f"an item is a {type(item).__name__}, not a Mention or Reject"] += 1
    for problem, count in wrong.items():
        yield Finding("fields", f"{problem} ({count} items)")


def _field_problems(item: Mention, settings: SourceSettings, *, authors: bool) -> Iterator[str]:
    dated = ("published", "collected", "id")  # which have rules of their own
    for name, kind in FIELDS.items():
        if name not in dated and not _fits(getattr(item, name), kind):
            yield f"`{name}` is not of the declared type"
    if item.source != settings.name:
        yield "`source` is not the source's name"
    if isinstance(item.url, str) and item.url and not item.url.startswith(("https://", "http://")):
        yield "`url` is no web address"
    if not item.text.strip() and item.stars is None and item.experience is None:
        yield "a mention has neither a text nor a verdict of its author"
    if isinstance(item.stars, int | float) and not 0 <= item.stars <= 5:
        yield "`stars` are not between 0 and 5"
    if not authors and item.author:
        yield "`author` is filled, which the site's terms forbid"


def _fits(value: object, kind: Any) -> bool:
    """Whether a value is of an annotated type, as far as Mention's annotations go."""
    origin = get_origin(kind)
    if origin is Literal:
        return value in get_args(kind) and isinstance(value, str)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return value is None if kind is NoneType else isinstance(value, kind)


def rejects(items: Iterable[Any]) -> Iterator[Finding]:
    """Each with a place and a reason, in a line each."""
    found = [item for item in items if isinstance(item, Reject)]
    bad = [item for item in found if not (_line(item.where) and _line(item.reason))]
    if bad:
        yield Finding("rejects", f"{len(bad)} of {len(found)} rejects lack a place or a reason in one line")


def sound(items: Iterable[Any], settings: SourceSettings, case: Case) -> Iterator[Finding]:
    """What items are by themselves, wherever they come from."""
    every = list(items)
    yield from ids(every)
    yield from dates(every, case.now)
    yield from fields(every, settings, authors=case.authors)


def whole(reading: Reading, case: Case) -> Iterator[Finding]:
    """What the case says that its double holds, against what was read."""
    if isinstance(case.expected, int):
        if len(reading.ids) != case.expected:
            yield Finding("whole", f"{len(reading.ids)} mentions were read, where {case.expected} are")
    else:
        expected = set(case.expected)
        if missing := expected - reading.ids:
            yield Finding("whole", f"{len(missing)} of {len(expected)} mentions were not read")
        if more := reading.ids - expected:
            yield Finding("whole", f"{len(more)} mentions were read that should not be")
    refused = {item.where for item in reading.rejects}
    if isinstance(case.rejected, int):
        missing_count, wanted = case.rejected - len(refused), case.rejected
    else:
        missing_count, wanted = len(set(case.rejected) - refused), len(set(case.rejected))
    if missing_count > 0:
        yield Finding("rejects", f"{missing_count} of {wanted} items that must become Rejects did not")


def _line(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip()) and "\n" not in text and len(text) <= 500


def cursors(reading: Reading) -> Iterator[Finding]:
    """As they were when they were handed over: the pipeline may store one a unit later."""
    if any(json.dumps(unit.raw.cursor, default=str) != unit.cursor for unit in reading.units):
        yield Finding("cursor", "a cursor was changed after it was handed over; yield a copy")


def secrets(reading: Reading, values: Iterable[str], when: str = "a full read") -> Iterator[Finding]:
    """None of them in anything that a reading says."""
    if leaks(values, reading.texts):
        place = next((name for name, text in _places(reading) if leaks(values, text)), "its output")
        yield Finding("secrets", f"in {when}, a secret stands in {place}")


def _places(reading: Reading) -> Iterator[tuple[str, str]]:
    yield "the error message", f"{reading.error or ''} {reading.crash or ''}"
    yield "a note", "\n".join(reading.notes)
    yield "a cursor", "\n".join(unit.cursor for unit in reading.units)
    yield "what is printed or logged", reading.said
    yield "a mention or reject", repr(reading.items)


def hosts(reading: Reading, when: str = "a full read") -> Iterator[Finding]:
    """Only the declared ones."""
    if reading.strange:
        listed = ", ".join(reading.strange[:3])
        yield Finding("hosts", f"in {when}, {listed} was contacted, which the settings do not name")

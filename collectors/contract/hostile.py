"""Cursors that should never be, but are: of the future, of another source, edited or damaged. Pure."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from candidly.records import Cursor

FAR: Final = 2999
FEW: Final = 2
MOST_SPOILT: Final = 800
DIGITS: Final = ("1", "999999", "\u00b2", "9" * 5000)
"""What looks like a number, or like the token of a page that does not exist."""
JUNK: Final[tuple[Any, ...]] = (
    None,
    -1,
    10**30,
    "",
    "nonsense",
    "'; DROP TABLE cursor; --",
    [],
    {},
    [None],
    True,
    "\x00",
)
VALUES: Final[tuple[Any, ...]] = (
    *JUNK,
    *DIGITS,
    "http://[x",
    "NaN",
    "1e999",
    float("inf"),
    float("nan"),
    -(2**63),
    1e300,
    "2026-13-45T99:99:99Z",
    "\ud800",
    {"id": {}, "data": [[]]},
    [{}, [], "x", 1],
    "<" * 500,
)
"""What a field of an answer may hold instead of what belongs there. NaN and infinity: JSON has 1e999."""
ODD: Final[tuple[Cursor, ...]] = (
    {},
    {"": None},
    {"pages": None},
    {"feeds": [1], "files": 7, "until": {}},
    {"a": {"b": {"c": [{"d": [[[]]]}]}}},
)


def strange(starts: Iterable[str], now: datetime) -> Iterator[tuple[str, Cursor]]:
    """`(what it is, cursor)` of cursors that say nothing of what was read: all must be read again."""
    for odd in ODD:
        yield "a cursor of another source", odd
    for text in starts:
        for year in (now.year + 3, FAR):
            ahead = future(json.loads(text), now, year)
            if ahead != json.loads(text):
                yield "a cursor from the future", ahead


def damaged(start: str) -> Iterator[tuple[str, Cursor]]:
    """The same of a cursor (JSON) with junk in each of its places."""
    for number, path in enumerate(paths(json.loads(start))):
        digits = DIGITS if isinstance(got(json.loads(start), path), str) else ()
        for junk in (JUNK[number % len(JUNK)], JUNK[(number * 3 + 4) % len(JUNK)], *digits):
            yield "a damaged cursor", put(json.loads(start), path, junk)


def spoilt(payload: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """`(where, payload)` of a unit with junk in its places; of its lists, a few items stand for all."""
    few = small(payload)
    every = [(path, junk) for path in paths(few) for junk in VALUES]
    step = len(every) // MOST_SPOILT + 1
    while step > 1 and len(VALUES) % step == 0:  # all kinds of junk come to every field
        step += 1
    for path, junk in every[::step]:
        yield path, put(copy.deepcopy(few), path, copy.deepcopy(junk))


def small(value: Any) -> Any:
    """A copy whose lists hold no more than `FEW` items, those with the most in them."""
    if isinstance(value, dict):
        return {key: small(one) for key, one in value.items()}
    if isinstance(value, list):
        return [small(one) for one in sorted(value, key=lambda one: -sum(1 for _ in paths(one)))[:FEW]]
    return value


def shape(value: Any) -> frozenset[tuple[Any, ...]]:
    """Which fields a value has, wherever in its lists."""
    return frozenset(tuple("" if isinstance(step, int) else step for step in path) for path in paths(value))


def future(value: Any, now: datetime, year: int) -> Any:
    """Every date and every moment (seconds or milliseconds since 1970) in a value moved to a year."""
    if isinstance(value, dict):
        return {key: future(one, now, year) for key, one in value.items()}
    if isinstance(value, list):
        return [future(one, now, year) for one in value]
    ahead = (now.replace(year=year, day=1) - now).total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        near = now.timestamp()
        scale = 1000 if value > 100 * near else 1
        return type(value)(value + ahead * scale) if 0.5 < value / scale / near < 2 else value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (found + timedelta(seconds=ahead)).isoformat()
    return value


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value inside stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*at, key)
        yield from paths(one, (*at, key))


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The value with something else at a path."""
    got(value, path[:-1])[path[-1]] = junk
    return value


def got(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a path."""
    for step in path:
        value = value[step]
    return value

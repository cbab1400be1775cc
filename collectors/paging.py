"""How listings are read page by page, so that a crash costs one page and late edits are found. Pure.

Two walks, by what a site offers: `forward` through windows of time, oldest first, where it can be asked for
a span; `back` from the newest, where its listing only leads into the past. Both keep, for each listing, where
they stand in the cursor: a run that breaks off goes on at the same page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from candidly.errors import CollectorError
from candidly.records import Cursor
from collectors.base import Raw


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `token`: what asks for the next one (None: it was the last).

    `oldest`, `newest`: when its items are from; needed by `back` alone.
    """

    payload: Any
    token: str | None = None
    oldest: datetime | None = None
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """Since when a listing is read: `first` before now in the first run, then `lookback` before the last."""

    now: datetime
    first: timedelta
    lookback: timedelta


class Stale(CollectorError):
    """The site does not know the token any more: what it led through is read once more from its beginning."""


Forward = Callable[[datetime, datetime, str | None], Page]
"""(from, until, token) -> page, of what was published in [from, until)."""
Back = Callable[[str | None], Page]
"""token -> page; None asks for the newest."""


def forward(cursor: Cursor | None, key: str, walk: Walk, step: timedelta, read: Forward) -> Iterator[Raw]:
    """Read a listing window by window up to now; `where` of each Raw is `key`."""
    state = _state(cursor, key)
    for start, end, pending in _windows(state, walk, step):
        token, more, again = pending, True, False
        while more:
            try:
                page = read(start, end, token)
            except Stale:
                if token is None or again:
                    raise
                token, again = None, True
                continue
            token, more = page.token, page.token is not None
            standing = {"window": [start.isoformat(), end.isoformat()], "token": token}
            yield Raw(page.payload, {key: standing if more else {"until": end.isoformat()}}, where=key)


def _windows(
    state: dict[str, Any], walk: Walk, step: timedelta
) -> Iterator[tuple[datetime, datetime, str | None]]:
    start = walk.now - walk.first
    if (pending := state.get("window")) and isinstance(pending, list) and len(pending) == 2:
        begun, ended = _moment(pending[0]), _moment(pending[1])
        if begun and ended and ended <= walk.now:
            yield begun, ended, _token(state)
            start = ended
    elif until := _moment(state.get("until")):
        start = min(until, walk.now) - walk.lookback
    while start < walk.now:
        end = min(start + step, walk.now)
        yield start, end, None
        start = end


def back(cursor: Cursor | None, key: str, walk: Walk, read: Back) -> Iterator[Raw]:
    """Read a listing from its newest item back to where the last run began, less `lookback`."""
    state = _state(cursor, key)
    reached = _moment(state.get("reached"))
    since = min(reached, walk.now) - walk.lookback if reached else walk.now - walk.first
    token, newest, again = _token(state), _moment(state.get("newest")), False
    while True:
        try:
            page = read(token)
        except Stale:
            if token is None or again:
                raise
            token, again = None, True
            continue
        newest = max(filter(None, (newest, page.newest)), default=None)
        token = page.token
        if token is None or (page.oldest is not None and page.oldest < since):
            ended = max(filter(None, (newest, reached)), default=None)
            yield Raw(page.payload, {key: {"reached": ended.isoformat()} if ended else {}}, where=key)
            return
        standing: dict[str, Any] = {"token": token, "newest": newest.isoformat() if newest else None}
        if reached:
            standing["reached"] = reached.isoformat()
        yield Raw(page.payload, {key: standing}, where=key)


def merged(cursor: Cursor | None, walks: Iterator[Raw]) -> Iterator[Raw]:
    """Raws of several listings with one cursor that holds where each of them stands."""
    every = dict(cursor or {})
    for raw in walks:
        every.update(raw.cursor)
        yield Raw(raw.payload, dict(every), raw.where)


def _state(cursor: Cursor | None, key: str) -> dict[str, Any]:
    found = (cursor or {}).get(key)
    return dict(found) if isinstance(found, dict) else {}


def _token(state: dict[str, Any]) -> str | None:
    token = state.get("token")
    return token if isinstance(token, str) else None


def _moment(value: object) -> datetime | None:
    """A moment of a cursor; None for anything else, which an edited cursor may hold."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


DAY: Final = timedelta(days=1)

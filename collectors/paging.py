"""How listings are read page by page, so that a crash costs one page and late edits are found. Pure.

Two walks, by what a site offers: `forward` through windows of time, oldest first, where it can be asked for
a span; `back` from the newest, where its listing only leads into the past. Both keep, for each listing, where
they stand in the cursor: a run that breaks off goes on at the same page, in the next run or years later, and
reads nothing twice but that page. Only a walk that came to its end is followed by one with `lookback`.

A page token may have grown old meanwhile. Where the site refuses the one that the cursor holds or gives an
empty page for it, or `read` raises Stale, the window (or the listing) is read from its beginning, once in a
run. An edited cursor costs requests at worst: no more than ten years of windows are walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor
from collectors.base import Raw

DAY: Final = timedelta(days=1)
LATER: Final = "It is tried again with the next run."
LONGEST: Final = timedelta(days=3660)
"""The longest span that a setting may name, and the furthest back that any cursor is believed."""

MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `token`: what asks for the next one (None or "": it was the last).

    `oldest`, `newest`: when its items are from, pinned ones left out; needed by `back` alone.
    """

    payload: Any
    token: str | None = None
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether it holds no item: an empty list, or a dict that has no list but empty ones."""
        if isinstance(self.payload, dict):
            return not any(one for one in self.payload.values() if isinstance(one, list))
        return not self.payload


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
BackOf = Callable[[str, str | None], Page]
"""(listing, token) -> page."""


def forward(cursor: Cursor | None, key: str, walk: Walk, step: timedelta, read: Forward) -> Iterator[Raw]:
    """Read a listing window by window up to now; `where` of each Raw is `key`.

    `step`: the width of a window, as wide as the site allows, for each costs up to one request more than its
    items need. Raises what `read` raises, and Degraded where the site's pages lead in a circle.

    The cursor holds `until` (all before it was read, in a walk that ended), or the walk under way: `begun`
    (its now), and `from` with, inside a window, its end (`to`) and `token`.
    """
    state = _state(cursor, key)
    begun = _moment(state.get("begun"))
    begun = min(begun, walk.now) if begun else walk.now
    for start, end, pending in _windows(state, walk, step):
        for page, token in _pages(pending, partial(read, start, end), key):
            standing = {"begun": begun.isoformat(), "from": start.isoformat()}
            if token:
                standing |= {"to": end.isoformat(), "token": token}
            elif end < walk.now:
                standing["from"] = end.isoformat()
            else:  # what the walk's first windows held has been edited since it began, not since it ended
                standing = {"until": begun.isoformat()}
            yield Raw(page.payload, {key: standing}, where=key)


def _windows(
    state: dict[str, Any], walk: Walk, step: timedelta
) -> Iterator[tuple[datetime, datetime, str | None]]:
    """(from, until, token of the page to go on with) of each window that is left to read."""
    start = walk.now - walk.first
    under_way, until = _moment(state.get("from")), _moment(state.get("until"))
    if under_way and under_way < walk.now:
        start = max(under_way, walk.now - LONGEST)
        end, token = _moment(state.get("to")), _token(state)
        if end and token and start == under_way < end <= walk.now:
            yield start, end, token
            start = end
    elif reached := _reached(under_way or until, walk):
        start = reached - walk.lookback
    while start < walk.now:
        end = min(start + step, walk.now)
        yield start, end, None
        start = end


def _reached(moment: datetime | None, walk: Walk) -> datetime | None:
    """Until when a former walk has read. None for a moment in the future, beyond what clocks differ by: what
    was read then, nobody knows, so that all is read again."""
    if moment is None or moment > walk.now + DAY:
        return None
    return max(min(moment, walk.now), walk.now - LONGEST)


def back(cursor: Cursor | None, key: str, walk: Walk, read: Back) -> Iterator[Raw]:
    """Read a listing from its newest item back to where the last walk began, less `lookback`.

    The listing must be sorted by time. Raises what `read` raises, and Degraded for pages in a circle.

    The cursor holds `reached` (the newest item of the last walk that ended), and the walk under way: `token`,
    `newest` so far, and `since`, to which it leads.
    """
    state = _state(cursor, key)
    reached, pending = _reached(_moment(state.get("reached")), walk), _token(state)
    since, newest = _moment(state.get("since")), _moment(state.get("newest"))
    if not (pending and since and since < walk.now):
        pending, newest = None, None
        since = reached - walk.lookback if reached else walk.now - walk.first
    for page, token in _pages(pending, read, key):
        # No date in the future: the next walk would pass over what comes until then.
        newest = max((min(one, walk.now) for one in (newest, page.newest) if one), default=None)
        if not token or (page.oldest is not None and page.oldest < since):
            ended = max(filter(None, (newest, reached)), default=None)
            yield Raw(page.payload, {key: {"reached": ended.isoformat()} if ended else {}}, where=key)
            return
        standing = {"token": token, "since": since.isoformat()}
        standing |= {"newest": newest.isoformat()} if newest else {}
        standing |= {"reached": reached.isoformat()} if reached else {}
        yield Raw(page.payload, {key: standing}, where=key)


def _pages(pending: str | None, read: Back, key: str) -> Iterator[tuple[Page, str]]:
    """The pages from a token on, each with the token of the next ("" after the last)."""
    token, asked, again = pending, set[str](), False
    while True:
        try:
            page = read(token)
        except CollectorError as error:
            if token is None or again or not _refused(error, resumed=not asked):
                raise
            token, asked, again = None, set(), True
            continue
        if token and not asked and not again and page.empty:  # silence, or a token that nobody knows any more
            token, again = None, True
            continue
        asked.add(token or "")
        token = page.token or ""
        if token in asked and token:
            raise Degraded(f"{key}: the site's pages lead in a circle.", LATER)
        yield page, token
        if not token:
            return


def _refused(error: CollectorError, *, resumed: bool) -> bool:
    """Whether the page may have failed for its token alone. What it was, a site seldom tells: 400, 404, 410.

    `resumed`: the token is one of a former run. A first page that fails as well tells of other trouble.
    """
    if isinstance(error, Stale):
        return True
    return resumed and error.retry_after is None and (error.permanent or isinstance(error, Degraded))


def back_each(cursor: Cursor | None, keys: Iterable[str], walk: Walk, read: BackOf) -> Iterator[Raw]:
    """`back` over several listings, one after another, with one cursor for all; `read` is told which."""
    yield from merged(cursor, (raw for key in keys for raw in back(cursor, key, walk, partial(read, key))))


def merged(cursor: Cursor | None, walks: Iterator[Raw]) -> Iterator[Raw]:
    """Raws of several listings with one cursor that holds where each of them stands."""
    every = dict(cursor) if isinstance(cursor, dict) else {}
    for raw in walks:
        every.update(raw.cursor)
        yield Raw(raw.payload, dict(every), raw.where)


def _state(cursor: Cursor | None, key: str) -> dict[str, Any]:
    found = cursor.get(key) if isinstance(cursor, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def _token(state: dict[str, Any]) -> str | None:
    token = state.get("token")
    return token if isinstance(token, str) and token else None


def numbered(token: str | None) -> int | None:
    """The number that a token is; None for what no collector wrote: other digits than 0 to 9, or many."""
    if not token or len(token) > MOST_DIGITS or not (token.isascii() and token.isdecimal()):
        return None
    return int(token)


def _moment(value: object) -> datetime | None:
    """A moment of a cursor; None for anything else, which an edited cursor may hold."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None

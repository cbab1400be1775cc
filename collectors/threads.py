"""Whole threads of what a listing shows: the post, and all that was answered to it. Pure but for `read`.

A listing (collectors/paging.py) gives posts page by page; the thread of one costs a request more. Each thread
is a unit of its own, so that a crash costs one request and not those of a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from candidly.errors import CollectorError
from candidly.records import Cursor
from collectors.base import Raw

DONE: Final = "threads"
"""The cursor's key for the threads of the next page that were read already."""
GONE: Final = "deleted at the source"
EMPTY: Final = "no text"
NO_ID: Final = "no id"

_TERMS: Final = re.compile(r'"([^"]+)"|\b(?!(?:OR|AND|NOT)\b)(\w[\w&.-]*)')
_QUOTED: Final = re.compile(r"^\s*>.*\n*", re.MULTILINE)


class Gone(CollectorError):
    """A thread is not there any more; whoever lists it goes on."""


def unfolded(
    cursor: Cursor | None,
    pages: Iterator[Raw],
    *,
    id_of: Callable[[Any], str],
    has_thread: Callable[[Any], bool],
    read: Callable[[Any], list[Any]],
) -> Iterator[Raw]:
    """Before each page (whose payload is a list of items), the threads of its items; no item twice in a run.

    `read` gives the items of a thread; where it raises Gone, the thread is passed over. The cursor of a
    thread stands before its page, with the threads of that page that are done.
    """
    standing = {key: value for key, value in _dict(cursor).items() if key != DONE}
    done = [id_ for id_ in _list(_dict(cursor).get(DONE)) if isinstance(id_, str)]
    seen: set[str] = set()
    for raw in pages:
        for item in raw.payload:
            id_ = id_of(item)
            if id_ and id_ not in done and id_ not in seen and has_thread(item):
                found = _read(read, item)
                done.append(id_)
                yield Raw(_fresh(found, id_of, seen), {**standing, DONE: list(done)}, raw.where)
        standing, done = {key: value for key, value in raw.cursor.items() if key != DONE}, []
        yield Raw(_fresh(raw.payload, id_of, seen), dict(standing), raw.where)


def _read(read: Callable[[Any], list[Any]], item: Any) -> list[Any]:
    try:
        return read(item)
    except Gone:
        return []


def _fresh(items: Iterable[Any], id_of: Callable[[Any], str], seen: set[str]) -> list[Any]:
    fresh = []
    for item in items:
        id_ = id_of(item)
        if not id_ or id_ not in seen:
            fresh.append(item)
        if id_:
            seen.add(id_)
    return fresh


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def terms(queries: Iterable[str]) -> frozenset[str]:
    """The phrases and words that searches look for, in small letters."""
    return frozenset((a or b).lower() for query in queries for a, b in _TERMS.findall(query))


def named(words: Iterable[str], text: str) -> list[str]:
    """Which of the words a text holds; in order, so that the same text gives the same."""
    low = text.lower()
    return sorted(word for word in words if word in low)


def unquoted(text: str) -> str:
    """Without the lines that quote another ("> ..."), unless nothing else is there."""
    return _QUOTED.sub("", text).strip() or text

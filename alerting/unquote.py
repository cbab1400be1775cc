"""The file of a `file` channel follows removals: words of others go out of its lines, where they stand.

A line is written over in place and filled up with spaces, which JSON allows at its end. So what is added
meanwhile is not lost, a program that follows the file keeps its place, and no second copy is left behind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from storage.removal import has_words, links_of, without_links, wordless

_OURS: Final = b'{"id": "delivery-'
"""How every line of ours begins (`alerting.channels.payload`, `alerting.messages.deliveries`)."""
_WORDS: Final = (b'"quotes": [[', b'"links": ["')


Kept = Callable[[Collection[str]], Mapping[str, Collection[str]]]
"""Of these ids of messages, those that still may quote -> the links that each still has."""


def unquote(path: Path, kept: Kept, today: date) -> int:
    """Take words and links of others out of those lines whose message no longer has them; how many lines.

    In the place of the words stands `unquoted`, the day of `today`; the line's `incident` says what it was
    about. Of a message that has lost some of its links, those go. Lines of others are let be.
    Raises OSError.
    """
    found = _quoting(path)
    still = kept([id_ for *_, id_ in found if id_])
    changes = [(start, line, _left(line, still.get(id_), today)) for start, line, id_ in found]
    gone = [(start, left.ljust(len(line))) for start, line, left in changes if left != line]
    if gone:
        with path.open("r+b") as file:
            for start, left in gone:
                file.seek(start)
                file.write(left)
    return len(gone)


def _left(line: bytes, links: Collection[str] | None, today: date) -> bytes:
    """What stays of a line whose message still has these links; None: it quotes nothing any more."""
    message = _read(line)
    if links is None or message is None:
        return _without(line, today)
    gone = set(links_of(message)).difference(links)
    return _fitting(line, without_links(message, gone)) if gone else line


def _quoting(path: Path) -> list[tuple[int, bytes, str]]:
    """`(start, line, id)` of our lines that quote, without the line's end; no id: cut by a crash.

    A last line without an end is being written.
    """
    found, start = [], 0
    with path.open("rb") as file:
        for line in file:
            if line.startswith(_OURS) and line.endswith(b"\n") and any(word in line for word in _WORDS):
                message = _read(line)
                if message is None or has_words(message):
                    found.append((start, line[:-1], str(message["id"]) if message else ""))
            start += len(line)
    return found


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _without(line: bytes, today: date) -> bytes:
    """The same line wordless, at most as long; one that was cut was written again, so it is emptied."""
    message = _read(line)
    if message is None:
        return b"{}"
    bare = wordless(message)
    return _fitting(line, {**bare, "unquoted": today.isoformat()}, bare, {"id": message["id"]})


def _fitting(line: bytes, *made: Mapping[str, Any]) -> bytes:
    """The first of these that is no longer than the line."""
    for one in made:
        shorter = json.dumps(one, ensure_ascii=False).encode("utf-8", "replace")
        if len(shorter) <= len(line):
            return shorter
    return b"{}"

"""The file of a `file` channel follows removals: words of others go out of its lines, where they stand.

A line is written over in place and filled up with spaces, which JSON allows at its end. So what is added
meanwhile is not lost, a program that follows the file keeps its place, and no second copy is left behind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Any, Final

from storage.removal import has_words, wordless

_OURS: Final = b'{"id": "delivery-'
"""How every line of ours begins (`alerting.channels.payload`, `alerting.messages.deliveries`)."""
_WORDS: Final = (b'"quotes": [[', b'"links": ["')


def unquote(path: Path, kept: Callable[[Collection[str]], Collection[str]], today: date) -> int:
    """Take words and links of others out of those lines whose message no longer has any; how many lines.

    `kept`: of these ids, those whose messages still may quote. In the place of the words stands `unquoted`,
    the day of `today`; the line's `incident` says what it was about. Lines of others are let be.
    Raises OSError.
    """
    found = _quoting(path)
    still = set(kept([id_ for *_, id_ in found if id_]))
    gone = [(start, length) for start, length, id_ in found if id_ not in still]
    if gone:
        with path.open("r+b") as file:
            for start, length in gone:
                file.seek(start)
                line = _without(file.read(length), today)
                file.seek(start)
                file.write(line.ljust(length))
    return len(gone)


def _quoting(path: Path) -> list[tuple[int, int, str]]:
    """`(start, length, id)` of our lines that quote, in bytes without the line's end; no id: cut by a crash.

    A last line without an end is being written.
    """
    found, start = [], 0
    with path.open("rb") as file:
        for line in file:
            if line.startswith(_OURS) and line.endswith(b"\n") and any(word in line for word in _WORDS):
                message = _read(line)
                if message is None or has_words(message):
                    found.append((start, len(line) - 1, str(message["id"]) if message else ""))
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
    for made in ({**bare, "unquoted": today.isoformat()}, bare, {"id": message["id"]}):
        shorter = json.dumps(made, ensure_ascii=False).encode("utf-8", "replace")
        if len(shorter) <= len(line):
            return shorter
    return b"{}"

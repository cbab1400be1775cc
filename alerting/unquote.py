"""The file of a `file` channel follows removals: words of others go out of its lines, where they stand.

A line is written over in place and filled up with spaces, which JSON allows at its end. So what is added
meanwhile is not lost, a program that follows the file keeps its place, and no second copy is left behind.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

from storage.removal import has_words, links_of, without_links, wordless

_OURS: Final = re.compile(rb'\{"id": "(delivery-[\w-]+)')
"""How every line of ours begins (`alerting.channels.payload`, `alerting.messages.deliveries`)."""
_WORDS: Final = (b'"quotes": [[', b'"links": ["', "\u201c".encode())

UNQUOTED: Final = "unquoted"

Kept = Callable[[Collection[str]], Mapping[str, Collection[str]]]
"""Of these ids of messages, those that still may quote -> the links that each still has."""
Line = tuple[int, bytes, str]
"""Where a line starts, the line with its end, and the id of its message; none: it is broken."""


def unquote(path: Path, kept: Kept, today: date) -> int:
    """Take words and links of others out of those lines whose message no longer has them; how many lines.

    In the place of the words stands `unquoted`, the day of `today`; the line's `incident` says what it was
    about. Of a message that has lost some of its links, those go. Lines of others are let be.
    Raises OSError.
    """
    refused: OSError | None = None
    try:
        file: BinaryIO = path.open("r+b")
    except OSError as error:  # no matter where nothing is to be written
        file, refused = path.open("rb"), error
    with file:  # opened once: it may be rotated meanwhile, and another stand in its place
        found = list(_quoting(file))
        still = kept([id_ for *_, id_ in found if id_])
        changes = [(start, line, _left(line, id_, still.get(id_), today)) for start, line, id_ in found]
        changes = [(start, line, left) for start, line, left in changes if left != line.rstrip(b"\n")]
        if changes and refused:
            raise refused
        return _overwrite(file, changes) if changes else 0


def _overwrite(file: BinaryIO, changes: Collection[tuple[int, bytes, bytes]]) -> int:
    """Write over those lines that still stand there (the file may have been cut to nothing); how many."""
    file.flush()  # forgets what was read ahead
    done = 0
    for start, line, left in changes:
        ended = line.endswith(b"\n")
        file.seek(start)
        if file.read(len(line) + (not ended)) == line:
            file.seek(start)
            file.write(left.ljust(len(line) - ended))
            done += 1
        file.flush()
    os.fsync(file.fileno())
    return done


def _left(line: bytes, id_: str, links: Collection[str] | None, today: date) -> bytes:
    """What stays of a line whose message still has these links; None: it quotes nothing any more.

    A broken line that has an end was written again, so nothing of it stays. One without may be on its way:
    what comes yet makes it a broken line of ours, which goes the next time.
    """
    message = _read(line)
    if message is None:
        blank = json.dumps({"id": id_}).encode() if id_ else b"{}"
        return blank if links is None else line
    if links is None:
        return _without(line, message, today)
    gone = set(links_of(message)).difference(links)
    return _fitting(line, without_links(message, gone)) if gone else line.rstrip(b"\n")


def _quoting(file: BinaryIO) -> Iterator[Line]:
    """Our lines that quote, or that a crash has cut or left half written over: who knows what they hold."""
    start = 0
    for line in file:
        if ours := _OURS.match(line):
            message, ended = _read(line), line.endswith(b"\n")
            if message is not None and has_words(message):
                yield start, line, str(message["id"])
            elif message is None and (ended or any(word in line for word in _WORDS)):
                yield start, line, "" if ended else ours[1].decode()
        start += len(line)


def _read(line: bytes) -> dict[str, Any] | None:
    """A line, or None for a broken one. What was written over has UNQUOTED early and ends with a space."""
    try:
        read = json.loads(line, object_pairs_hook=_once)
    except ValueError:
        return None
    if not isinstance(read, dict) or (UNQUOTED in read and not line.rstrip(b"\n").endswith(b" ")):
        return None
    return read


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """No name stands twice in a line of ours, but in one that was half written over."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice")
    return made


def _without(line: bytes, message: dict[str, Any], today: date) -> bytes:
    """The same line wordless, at most as long."""
    bare, id_ = wordless(message), {"id": message["id"]}
    return _fitting(line, {**id_, UNQUOTED: today.isoformat(), **bare}, bare, id_)


def _fitting(line: bytes, *made: Mapping[str, Any]) -> bytes:
    """The first of these that is shorter than the line (without its end)."""
    for one in made:
        shorter = json.dumps(one, ensure_ascii=False).encode("utf-8", "replace")
        if len(shorter) < len(line.rstrip(b"\n")):
            return shorter
    return b"{}"

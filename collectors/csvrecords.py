"""Delimited text as records, where a quote that is never closed costs its own row alone.

To the csv module everything up to the next quote is one field, so that one missing quote takes in all the
rows after it. A record of several lines that does not come out right is therefore looked at again: where a
line within it is a row by itself, reading goes on with that line. Two rows whose quotes fit each other by
chance (the second text begins with the delimiter) cannot be told from one.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from collectors.textfile import Unreadable, failing

LONGEST_FIELD: Final = 400_000
"""Characters of one cell. The csv module's own limit of 131,072 would lose a text of 200 kB."""
LONGEST_RECORD: Final = 1_000_000
"""Characters of a record of several lines: they are held so that they can be read again."""
FREE_AGAIN: Final = 4_000_000
AGAIN: Final = 4
"""Characters that may be read again: so many, and so many for each one read. A file made of quotes that are
never closed would else be read as often as it has lines."""
UNCLOSED: Final = "its quote is not closed"
TOO_LONG: Final = f"a field of more than {LONGEST_FIELD:,} characters: probably a quote that is never closed"

_SINGLE: Final = re.compile(r'(?<!")(?:"")*"(?!")')
"""A quote that ends a quoted field: within one, `""` stands for a quote."""

Parse = Callable[..., Any]
"""`csv.reader` with its delimiter: of lines, and `strict`."""


class Lines:
    """The lines of a file one by one; those of the record at hand are kept, and can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.number = 1
        """The line on which the record at hand starts."""
        self.taken: list[str] = []
        self.wanting = False
        """Whether the record at hand asked for a line more than it could have: its quote is open."""
        self._lines = lines
        self._again: deque[str] = deque()
        self._size = 0
        self._allowed = FREE_AGAIN

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self.taken and (self._size > LONGEST_RECORD or (self._again and self._allowed < 0)):
            self.wanting = True
            raise StopIteration
        line = self._again.popleft() if self._again else self._fresh()
        self.taken.append(line)
        self._size += len(line)
        return line

    def _fresh(self) -> str:
        try:
            line = next(self._lines)
        except (StopIteration, Unreadable) as end:
            self.wanting = bool(self.taken)
            if not self.taken or isinstance(end, StopIteration):
                raise
            self._lines = failing(end)  # the lines at hand first
            raise StopIteration from None
        self._allowed += AGAIN * len(line)
        return line

    def close(self, count: int | None = None) -> None:
        """The record is its first `count` lines, or all; those after them come again."""
        if count is None:
            count = len(self.taken)
        else:
            back = self.taken[count:]
            self._again.extendleft(reversed(back))
            self._allowed -= sum(map(len, back))
        self.number += count
        self.taken.clear()
        self.wanting, self._size = False, 0


def records(lines: Lines, parse: Parse, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """`(line on which it starts, cells)` of each record, or the reason why it has none.

    Holds at most about `LONGEST_RECORD` characters; costs a fixed number of readings of each character.
    """
    reader = parse(lines)
    while True:
        found: list[str] | str | None
        try:
            found = next(reader, None)
        except csv.Error:
            found = TOO_LONG
        if found is None:
            return
        count, ended = None, lines.wanting
        if len(lines.taken) > 1 or lines.wanting or isinstance(found, str):
            found, count = _judged(found, lines, parse, width)
        yield lines.number, found
        lines.close(count)
        if ended:
            reader = parse(lines)


def _judged(
    found: list[str] | str, lines: Lines, parse: Parse, width: int
) -> tuple[list[str] | str, int | None]:
    """What a record really is, and of how many lines (None: of all)."""
    taken = lines.taken
    if isinstance(found, list) and not lines.wanting:
        sound = fits(found, width) and _strictly(parse, taken)
        if sound or not _closed_by_a_row(taken, parse, width):
            return found, None
    for count in range(1, len(taken)):
        if _begins(taken[count], parse, width):
            return UNCLOSED, count
    return (UNCLOSED if lines.wanting else found), None


def fits(cells: list[str], width: int) -> bool:
    """Whether they are one row: surplus delimiters at the end of a line are harmless."""
    return len(cells) == width or (len(cells) > width and not any(cells[width:]))


def _strictly(parse: Parse, taken: list[str]) -> bool:
    """Whether every quote stands where one may."""
    try:
        next(parse(taken, strict=True), None)
    except csv.Error:
        return False
    return True


def _closed_by_a_row(taken: list[str], parse: Parse, width: int) -> bool:
    """Whether what ended the first line's quote is the beginning of another's; else it is merely careless."""
    line, end = next(((line, end) for line in taken[1:] if (end := _SINGLE.search(line))), ("", None))
    return end is not None and _begins(line, parse, width) and _goes_on(line[: end.start()] + '"', parse)


def _goes_on(line: str, parse: Parse) -> bool:
    """Whether a quote is open at the end of a line."""
    reader = parse((line, ""))
    next(reader, None)
    return bool(reader.line_num > 1)


def _begins(line: str, parse: Parse, width: int) -> bool:
    """Whether a line by itself is a row, or the first line of one whose quote goes on."""
    try:
        cells: list[str] = next(parse((line,)), [])
        return fits(cells, width) or (len(cells) <= width and _goes_on(line, parse))
    except csv.Error:
        return False

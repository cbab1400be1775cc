"""Delimited text as rows: the delimiter found out, each row with the line that it starts on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final

from collectors.jsonrows import Numbered, Row, key
from collectors.textfile import Unreadable, failing, lines

DELIMITERS: Final = ",;\t|"
MAX_COLUMNS: Final = 2_000

LONGEST_FIELD: Final = 400_000
"""Characters of one cell. The csv module's own limit of 131,072 would lose a text of 200 kB."""
UNCLOSED: Final = f"a field of more than {LONGEST_FIELD:,} characters: probably a quote that is never closed"
TOO_FEW: Final = "fewer fields than the header has"
TOO_MANY: Final = "more fields than the header has"


def csv_rows(text: io.TextIOWrapper, delimiter: str = "") -> tuple[tuple[str, ...], Numbered]:
    """The columns and the rows of delimited text; the delimiter is found out where none is given."""
    csv.field_size_limit(LONGEST_FIELD)
    stream = lines(text)
    head, rest = _ahead(stream, 1 << 16)
    delimiter = delimiter or sniff_delimiter(head)
    try:
        first = next(csv.reader(head, delimiter=delimiter), [])
        padded = len(first) > 1 and all(cell.startswith(" ") for cell in first[1:])
        reader = csv.reader(chain(head, rest), delimiter=delimiter, skipinitialspace=padded)
        header = next((cells for cells in reader if any(map(str.strip, cells))), None)
    except csv.Error:
        raise Unreadable("it does not begin with a line of column names") from None
    if header is None:
        raise Unreadable("it is empty")
    columns = column_names(header)
    return columns, _csv_rows(reader, columns)


def _ahead(stream: Iterator[str], characters: int) -> tuple[list[str], Iterator[str]]:
    """About so many characters of whole lines, and the lines after them; an error waits for its turn."""
    head: list[str] = []
    try:
        for line in stream:
            head.append(line)
            characters -= len(line)
            if characters <= 0:
                break
    except Unreadable as error:
        if not head:
            raise
        return head, failing(error)
    return head, stream


def sniff_delimiter(head: list[str]) -> str:
    """Which of comma, semicolon, tab and bar splits the first rows into the most columns alike."""

    def score(delimiter: str) -> float:
        try:
            rows = [cells for cells in islice(csv.reader(head, delimiter=delimiter), 50) if cells]
        except csv.Error:
            return 0
        if not rows or len(rows[0]) < 2:
            return 0
        # The last row may be cut off by the end of the sample.
        alike = sum(len(cells) == len(rows[0]) for cells in rows)
        return len(rows[0]) * alike / len(rows)

    return max(DELIMITERS, key=score)


def column_names(header: Iterable[object]) -> tuple[str, ...]:
    """Names as compared; a repeated one gets a number, so that no cell hides another."""
    columns: list[str] = []
    for cell in header:
        name = key("" if cell is None else str(cell))
        taken = columns.count(name)
        columns.append(f"{name} ({taken + 1})" if taken else name)
        if len(columns) > MAX_COLUMNS:
            raise Unreadable(f"it has more than {MAX_COLUMNS} columns")
    return tuple(columns)


def _csv_rows(reader: Any, columns: tuple[str, ...]) -> Numbered:
    """`(line on which the row starts, row)`; after a broken row reading goes on with the next line."""
    width = len(columns)
    start = reader.line_num + 1
    while True:
        try:
            for cells in reader:
                if len(cells) == width:
                    yield start, dict(zip(columns, cells, strict=True))
                elif cells:
                    yield start, _ragged(cells, columns)
                start = reader.line_num + 1
        except csv.Error:
            yield start, UNCLOSED
            start = reader.line_num + 1
        else:
            return


def _ragged(cells: list[str], columns: tuple[str, ...]) -> Row | str:
    """Surplus delimiters at the end of a line are harmless; all else shifts meaning between columns."""
    if len(cells) < len(columns):
        return TOO_FEW
    return TOO_MANY if any(cells[len(columns) :]) else dict(zip(columns, cells, strict=False))

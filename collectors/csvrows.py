"""Delimited text as rows: the delimiter found out, each row with the line that it starts on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Final

from collectors.csvrecords import LONGEST_FIELD, Lines, Parse, fits, records
from collectors.jsonrows import Numbered, Row, key
from collectors.textfile import Unreadable, failing, lines

DELIMITERS: Final = ",;\t|"
MAX_COLUMNS: Final = 2_000

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
        parse = partial(csv.reader, delimiter=delimiter, skipinitialspace=padded)
        source = Lines(chain(head, rest))
        header = next((cells for cells in parse(source) if any(map(str.strip, cells))), None)
    except csv.Error:
        raise Unreadable("it does not begin with a line of column names") from None
    if header is None:
        raise Unreadable("it is empty")
    columns = column_names(header)
    source.close()
    return columns, _csv_rows(source, parse, columns)


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
    """Names as compared; a repeated one gets the next free number, so that no cell hides another."""
    names = [key("" if cell is None else str(cell)) for cell in header]
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"it has more than {MAX_COLUMNS} columns")
    stated, last = set(names), dict[str, int]()
    columns: list[str] = []
    for name in names:
        number = last.get(name, 0) + 1
        while number > 1 and f"{name} ({number})" in stated:  # a column that is really called so
            number += 1
        last[name] = number
        columns.append(f"{name} ({number})" if number > 1 else name)
    return tuple(columns)


def _csv_rows(source: Lines, parse: Parse, columns: tuple[str, ...]) -> Numbered:
    """`(line on which the row starts, row)`, or the reason why a row is none."""
    for start, cells in records(source, parse, len(columns)):
        if isinstance(cells, str):
            yield start, cells
        elif cells:
            yield start, _row(cells, columns)


def _row(cells: list[str], columns: tuple[str, ...]) -> Row | str:
    """Too few or too many cells shift meaning between columns."""
    if fits(cells, len(columns)):
        return dict(zip(columns, cells, strict=False))
    return TOO_FEW if len(cells) < len(columns) else TOO_MANY

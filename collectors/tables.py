"""Files of rows: CSV, TSV, XLSX, JSON, JSON Lines -> one stream of numbered rows, one row in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from collectors.csvrows import csv_rows
from collectors.jsonrows import Numbered, Row, columns_of, json_lines, json_rows
from collectors.textfile import Unreadable, blocks, failing, legacy, lines, open_bytes, open_text
from collectors.xlsxrows import open_workbook, sheet_rows

Format = Literal["csv", "tsv", "xlsx", "json", "jsonl", "html"]

SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".html": "html",
    ".htm": "html",
}
SAMPLE: Final = 1_000
"""Rows read ahead to learn a file's columns and dates."""


@dataclass(slots=True)
class Table:
    """An open file: its columns as compared (`jsonrows.key`), the first rows, and all rows as they come."""

    format: Format
    encoding: str
    columns: tuple[str, ...]
    sample: list[tuple[int, Row | str]]
    rows: Numbered
    notes: list[str]
    _legacy_before: int = 0

    def mended(self) -> int:
        """How many stretches of bytes were read as Windows-1252 so far."""
        return legacy.count - self._legacy_before


def format_of(path: Path) -> Format | None:
    """The format by name (`reviews.csv.gz` is CSV); None for a name that says nothing."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def sniff_format(path: Path) -> Format:
    """The format by the first bytes, for a file whose name says nothing. Raises Unreadable."""
    with open_bytes(path) as file:
        head = file.peek(1000)[:1000]
    if head.startswith(b"PK"):
        return "xlsx"
    start = head.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return "html"
    return "json" if start.startswith(("{", "[")) else "csv"


@contextmanager
def open_table(
    path: Path, form: Format, encoding: str, fits: Callable[[Iterable[str]], bool]
) -> Iterator[Table]:
    """The rows of a file. `fits` tells whether columns look like reviews, to choose among several tables.

    Raises Unreadable, also while the rows are read; the rows before stay good.
    """
    before = legacy.count
    if form == "xlsx":
        with open_workbook(path) as book:
            columns, rows, notes = sheet_rows(book, fits)
            yield _table(form, "", columns, rows, notes, before)
        return
    with open_text(path, encoding) as text:
        if form in ("csv", "tsv"):
            columns, rows = csv_rows(text, "\t" if form == "tsv" else "")
        else:
            rows = json_lines(lines(text), fits) if form == "jsonl" else json_rows(blocks(text), fits)
            columns = ()
        yield _table(form, text.encoding, columns, rows, [], before)


def readable(rows: Numbered) -> Numbered:
    """The rows as far as they can be read; what ends them is said by whoever needs them all."""
    with suppress(Unreadable):
        yield from rows


def _table(
    form: Format, encoding: str, columns: tuple[str, ...], rows: Numbered, notes: list[str], before: int
) -> Table:
    """Read ahead; an error within the sample waits until the rows before it were handed out."""
    sample: list[tuple[int, Row | str]] = []
    rest = rows
    try:
        for row in rows:
            sample.append(row)
            if len(sample) == SAMPLE:
                break
    except Unreadable as error:
        if not sample:
            raise
        rest = failing(error)
    columns = columns or columns_of(row for _, row in sample)
    return Table(form, encoding, columns, sample, chain(sample, rest), notes, before)

"""XLSX workbooks as rows, read as a stream; imports openpyxl on first use."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from collectors.csvrows import TOO_MANY, column_names
from collectors.jsonrows import Numbered
from collectors.plaincolumns import plain_layout
from collectors.textfile import Unreadable, open_bytes, read_up_to

MAX_PARTS: Final = 2_000_000_000
"""Bytes that the parts of a workbook may unpack to."""
MAX_STRINGS: Final = 300_000_000
"""Bytes of a workbook's shared strings, which openpyxl holds in memory."""
MAX_ROWS: Final = 1_048_576
"""Excel's own limit; a gap in forged row numbers would be filled for hours."""

T = TypeVar("T")


@contextmanager
def open_workbook(path: Path) -> Iterator[Any]:
    """An openpyxl workbook, its bombs and damages refused in our words."""
    from openpyxl import load_workbook

    with open_bytes(path) as file:
        source: BinaryIO = file if file.seekable() else io.BytesIO(read_up_to(file, MAX_STRINGS))
        _refuse_bomb(source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that carry no text
            book = _sound(lambda: load_workbook(source, read_only=True, data_only=True, keep_links=False))
        try:
            yield book
        finally:
            book.close()


def _refuse_bomb(source: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(source) as parts:
            sizes = {part.filename: part.file_size for part in parts.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unreadable("it is no .xlsx workbook, or a damaged one; save it again") from None
    strings = sum(size for name, size in sizes.items() if name.endswith("sharedStrings.xml"))
    if sum(sizes.values()) > MAX_PARTS or strings > MAX_STRINGS:
        raise Unreadable("its workbook unpacks to too much: save the sheet as CSV")


def _sound(read: Callable[[], T]) -> T:
    """openpyxl raises whatever its parsers meet (KeyError, TypeError, zlib.error ...): all mean one thing."""
    try:
        return read()
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable(
            f"its workbook is damaged ({type(error).__name__}); open it and save it again, or save it as CSV"
        ) from None


def sheet_rows(
    book: Any, fits: Callable[[Iterable[str]], bool]
) -> tuple[tuple[str, ...], Numbered, list[str]]:
    """The first sheet whose columns fit, else the first plain table, else the first that is not empty."""
    filled = [(columns, rows) for columns, rows in map(_header, book.worksheets) if columns]
    if not filled:
        raise Unreadable("its workbook has no rows")
    told = (sheet for test in (fits, plain_layout) for sheet in filled if test(sheet[0]))
    columns, rows = next(told, filled[0])
    return columns, rows, [f"one of its {len(filled)} sheets was read"] if len(filled) > 1 else []


def _header(sheet: Any) -> tuple[tuple[str, ...], Numbered]:
    sheet.reset_dimensions()  # what the file claims may be a million columns
    rows = enumerate(_cells(sheet), 1)
    header = next((cells for _, cells in rows if any(cell is not None for cell in cells)), ())
    columns = column_names(_trimmed(header))
    return columns, _xlsx_rows(rows, columns)


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    rows = iter(sheet.iter_rows(values_only=True))
    for _ in range(MAX_ROWS):
        cells = _sound(lambda: next(rows, None))
        if cells is None:
            return
        yield cells
    raise Unreadable(f"its sheet claims more than {MAX_ROWS} rows", "Save it as CSV.")


def _trimmed(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    while cells and cells[-1] is None:
        cells = cells[:-1]
    return cells


def _xlsx_rows(rows: Iterator[tuple[int, tuple[Any, ...]]], columns: tuple[str, ...]) -> Numbered:
    for number, padded in rows:
        cells = _trimmed(padded)
        if len(cells) > len(columns):
            yield number, TOO_MANY
        elif cells:
            yield number, dict.fromkeys(columns) | dict(zip(columns, cells, strict=False))

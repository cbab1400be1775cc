"""A local file as capped bytes and as lines of text, whatever packed or encoded it.

Everything is streamed, so that a file of any size costs the memory of one block.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, cast

MAX_LINE: Final = 8_000_000
"""Characters; a longer line is no review but a file that has no lines."""
MAX_RATIO: Final = 200
"""Text packs to a tenth; what unpacks to more than this (and to more than `FREE_UNPACKED`) is a bomb."""
FREE_UNPACKED: Final = 64_000_000
BLOCK: Final = 1 << 16

GZIP: Final = b"\x1f\x8b"
_FOREIGN: Final = {
    b"%PDF": "a PDF: export the reviews as CSV, XLSX or JSON instead",
    b"\xd0\xcf\x11\xe0": "an old .xls workbook: save it as .xlsx or CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database: export a table of it as CSV",
    b"PAR1": "a Parquet file: save it as CSV or JSON Lines",
}


class Unreadable(Exception):
    """A file that cannot be read (further); the message says why, without quoting from it.

    `degraded`: it can be read, but does not hold what it should.
    """

    def __init__(self, reason: str, remedy: str = "", *, degraded: bool = False) -> None:
        super().__init__(reason)
        self.remedy = remedy
        self.degraded = degraded


class _Legacy:
    """Error handler: bytes that are no UTF-8 are read as Windows-1252, and counted.

    Exports are mostly UTF-8 with strays of the old encoding, or wholly in the old one; byte for byte serves
    both in one pass.
    """

    name: Final = "candidly-windows-1252"

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.count += 1
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


legacy: Final = _Legacy()
codecs.register_error(_Legacy.name, legacy)


class _Unpacked(io.RawIOBase):
    """The content of a gzip file, with what can be wrong with it said plainly."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._gzip = gzip.GzipFile(fileobj=file)
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        try:
            data = self._gzip.read1(len(view))
        except EOFError:
            raise Unreadable("the gzip file is cut off: what comes after is missing; get it again") from None
        except (gzip.BadGzipFile, zlib.error):
            raise Unreadable("the gzip file is damaged; get it again") from None
        self._size += len(data)
        if self._size > max(FREE_UNPACKED, MAX_RATIO * self._file.tell()):
            raise Unreadable(
                f"it unpacks to more than {MAX_RATIO} times its size; unpack it yourself if it is good"
            )
        view[: len(data)] = data
        return len(data)


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedReader[Any]]:
    """The bytes of a file, unpacked where it is gzipped (by its content, not its name). Raises Unreadable."""
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] == GZIP:
                with io.BufferedReader(cast(io.RawIOBase, _Unpacked(file)), BLOCK) as unpacked:
                    yield unpacked
            else:
                yield file
    except OSError as error:
        raise Unreadable(f"it cannot be read ({error.strerror or type(error).__name__})") from error


def read_whole(path: Path, limit: int) -> bytes:
    """All bytes, unpacked; raises Unreadable above `limit` bytes."""
    with open_bytes(path) as file:
        return read_up_to(file, limit)


def read_up_to(file: io.BufferedReader[Any], limit: int) -> bytes:
    """As `read_whole`, of an open file."""
    data = file.read(limit + 1)
    if len(data) > limit:
        raise Unreadable(f"it is larger than {limit // 1_000_000} MB, which this format must fit in at once")
    return data


def encoding_of(head: bytes) -> str:
    """The encoding by byte order mark, else UTF-8 (strays of Windows-1252 are mended on the way)."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8"


def refuse_foreign(head: bytes) -> None:
    """Raise Unreadable for what is no text, by its first bytes."""
    if not head:
        raise Unreadable("it is empty")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise Unreadable(f"it is {what}")
    if encoding_of(head) in ("utf-16", "utf-32"):
        return
    strange = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if strange > len(head) // 10:
        raise Unreadable("it is no text (a binary file)")


@contextmanager
def open_text(path: Path, encoding: str = "auto") -> Iterator[io.TextIOWrapper]:
    """The characters of a file, line ends as they stand. Raises Unreadable.

    With an `encoding` given, a byte that does not fit it makes the file unreadable from there.
    """
    with open_bytes(path) as file:
        head = file.peek(BLOCK)[:BLOCK]
        refuse_foreign(head)
        auto = encoding == "auto"
        text = io.TextIOWrapper(
            file,
            encoding_of(head) if auto else encoding,
            errors=_Legacy.name if auto else "strict",
            newline="",
        )
        try:
            yield text
        except UnicodeDecodeError as error:
            raise Unreadable(f"it is not in {error.encoding}: set `encoding`") from None


def lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Its lines, ends included, NUL characters removed. Raises Unreadable for a line without end."""
    for line in iter(partial(text.readline, MAX_LINE), ""):
        if len(line) >= MAX_LINE:
            raise Unreadable(f"it has a line of more than {MAX_LINE // 1_000_000} million characters")
        yield line.replace("\0", "") if "\0" in line else line


def blocks(text: io.TextIOWrapper) -> Iterator[str]:
    """Its characters in blocks, for formats without lines; all that can be read comes before an error."""
    decoder = codecs.getincrementaldecoder(text.encoding)(text.errors or "strict")
    buffer = cast(io.BufferedReader, text.buffer)
    while data := buffer.read1(BLOCK):
        if block := decoder.decode(data).replace("\0", ""):
            yield block
    yield decoder.decode(b"", final=True)


def failing(error: Unreadable) -> Iterator[Any]:
    """An iterator whose first item is the error: it waits until what came before was used."""
    yield from ()
    raise error

"""JSON and JSON Lines as rows: flat dicts keyed by column, nested names joined by dots.

A row may hold rows of its own (the replies to a comment, the reviews of a company); they follow it, each with
what stands around it as columns `of.*`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from collectors.layout import OUTER
from collectors.textfile import Unreadable

MAX_WHOLE: Final = 200_000_000
"""Characters of a JSON file that is one object, so that it must be held in memory at once."""
MAX_ITEM: Final = 8_000_000
_DEPTH: Final = 3
_NESTED: Final = 40
"""How deep rows may lie in rows: threads are seldom deeper than ten replies."""
_MOST_OUTER: Final = 60

Row = dict[str, Any]
Numbered = Iterator[tuple[int, Row | str]]
"""Line or item number with its row, or with the reason why there is none."""

Fits = Callable[[Iterable[str]], bool]
"""Whether columns look like reviews."""

_decoder = json.JSONDecoder(parse_constant=lambda _: None, strict=False)  # NaN and Infinity are no values


def key(column: str) -> str:
    """A column's name as it is compared: without case and outer or double spaces."""
    return " ".join(column.split()).casefold()


def flat(item: dict[str, Any], prefix: str = "", depth: int = _DEPTH) -> Row:
    """`{"User": {"Name": 1}}` -> `{"user.name": 1}`; deeper than three levels stays as it is."""
    row: Row = {}
    for name, value in item.items():
        if isinstance(value, dict) and depth > 1:
            row.update(flat(value, f"{prefix}{key(name)}.", depth - 1))
        else:
            row[prefix + key(name)] = value
    return row


class Unfolding:
    """Turns items into rows, and the rows within them into rows too, as far as `fits` knows their columns."""

    def __init__(self, fits: Fits) -> None:
        self.fits = fits
        self._known: dict[tuple[str, ...], bool] = {}

    def rows(self, item: Any, around: Row | None = None, depth: int = _NESTED) -> Iterator[Row | str]:
        """The row of an item, then those within it. An item that only holds others is no row itself."""
        if not isinstance(item, dict):
            yield "not a JSON object"
            return
        row = {**around, **flat(item)} if around else flat(item)
        inner = [value for value in row.values() if depth and _objects(value) and self._fit(value)]
        if not inner or self._fit([row]):
            yield row
        if inner:
            outer = outside(row)
            for one in chain.from_iterable(inner):
                yield from self.rows(one, outer, depth - 1)

    def _fit(self, items: list[dict[str, Any]]) -> bool:
        columns = columns_of(map(flat, items[:100]))
        if columns not in self._known:
            self._known[columns] = self.fits(columns)
        return self._known[columns]


def outside(row: Row) -> Row:
    """What a row says to the rows within it: its plain values, and what stands around it, as `of.*`."""
    near = {
        OUTER + name: value for name, value in row.items() if not name.startswith(OUTER) and _plain(value)
    }
    far = {name: value for name, value in row.items() if name.startswith(OUTER)}
    return {**far, **dict(islice(near.items(), _MOST_OUTER))}


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def json_lines(lines: Iterator[str], fits: Fits) -> Numbered:
    """One object a line; a broken line costs only itself."""
    unfolding = Unfolding(fits)
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        try:
            item = _decoder.decode(line)
        except (ValueError, RecursionError):
            yield number, "not valid JSON"
            continue
        for row in unfolding.rows(item):
            yield number, row


def json_rows(blocks: Iterator[str], fits: Fits) -> Numbered:
    """The objects of a JSON document: of an array, streamed; of the array within an object; of an object of
    objects (their names become the column `_key`); or the one object that it is.

    Of several arrays that of the columns which `fits` accepts is taken, else the longest.
    Raises Unreadable.
    """
    start = next((block for block in map(str.lstrip, blocks) if block), "")
    if start.startswith("["):
        return _array(start[1:], blocks, fits)
    if _is_lines(start):
        return json_lines(_lines(start, blocks), fits)
    return _numbered(_document(_whole(start, blocks)), fits)


def _is_lines(start: str) -> bool:
    """Whether a file called .json holds an object on each line."""
    first, _, rest = start.partition("\n")
    if not rest.lstrip().startswith("{"):
        return False
    try:
        return isinstance(_decoder.decode(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(start: str, blocks: Iterator[str]) -> Iterator[str]:
    rest = ""
    for block in chain([start], blocks):
        *whole, rest = (rest + block).split("\n")
        yield from whole
        if len(rest) > MAX_ITEM:
            raise Unreadable(f"it has a line of more than {MAX_ITEM // 1_000_000} million characters")
    yield rest


def _whole(start: str, blocks: Iterator[str]) -> str:
    parts, size = [start], len(start)
    for block in blocks:
        parts.append(block)
        size += len(block)
        if size > MAX_WHOLE:
            most = f"{MAX_WHOLE // 1_000_000} million characters"
            raise Unreadable(f"it is one JSON object of more than {most}", "Save it as JSON Lines (.jsonl).")
    return "".join(parts)


def _document(whole: str) -> Any:
    try:
        document = _decoder.decode(whole)
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"it is not valid JSON (line {getattr(error, 'lineno', 1)})") from None
    if isinstance(document, dict) and "html_attributions" in document:
        raise Unreadable(
            "it is an answer of Google's Places interface, whose terms forbid storing; nothing was kept",
            "For locations of your own use a `google_business` source or a Google Takeout.",
        )
    return document


def _array(buffer: str, blocks: Iterator[str], fits: Fits) -> Numbered:
    """The items of an array whose `[` is read already, with one item and one block in memory."""
    unfolding = Unfolding(fits)
    number, at = 1, 0
    while True:
        at = _skip(buffer, at, number)
        if at < len(buffer) and buffer[at] == "]":
            return
        item, end = _item(buffer, at)
        if end < 0:
            buffer, at = buffer[at:], 0
            more = next(blocks, "") if len(buffer) <= MAX_ITEM else ""
            if not more:
                raise Unreadable(f"its JSON is broken or cut off after item {number - 1}", "Get it again.")
            buffer += more
            continue
        for row in unfolding.rows(item):
            yield number, row
        number, at = number + 1, end


def _skip(buffer: str, at: int, number: int) -> int:
    """Past white space and, but for the first item, commas."""
    while at < len(buffer) and (buffer[at].isspace() or (buffer[at] == "," and number > 1)):
        at += 1
    return at


def _item(buffer: str, at: int) -> tuple[Any, int]:
    """The value at `at` and where it ends; -1 where it is not whole yet."""
    try:
        item, end = _decoder.raw_decode(buffer, at)
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None
    except ValueError:
        return None, -1
    # A number or word at the buffer's end may go on in the next block.
    return (item, end) if end < len(buffer) else (None, -1)


def _numbered(document: Any, fits: Fits) -> Numbered:
    unfolding = Unfolding(fits)
    around, items = _records(document, fits)
    for number, item in enumerate(items, 1):
        for row in unfolding.rows(item, around):
            yield number, row


def _records(document: Any, fits: Fits) -> tuple[Row, Sequence[Any]]:
    """What stands around the rows of a document, and the items that the rows are made of."""
    if not isinstance(document, dict):
        raise Unreadable("its JSON is neither an object nor an array")
    objects = [value for value in document.values() if isinstance(value, dict)]
    arrays = [*_arrays(document), *(array for value in objects for array in _arrays(value))]
    if arrays:
        chosen = max(arrays, key=lambda array: (fits(columns_of(map(flat, array[:100]))), len(array)))
        single = [value for value in objects if fits(tuple(flat(value)))]  # the post that comments belong to
        return outside(flat(document)), [*single, *chosen]
    values = list(document.values())
    if values and all(isinstance(value, dict) and value for value in values):
        return {}, [{"_key": name, **value} for name, value in document.items()]
    return {}, [document]


def _arrays(item: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The arrays of objects among the values."""
    return [value for value in item.values() if _objects(value)]


def columns_of(rows: Iterable[Row | str], limit: int = 1000) -> tuple[str, ...]:
    """All columns of the first rows, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for row in islice(rows, limit) if isinstance(row, dict) for name in row))

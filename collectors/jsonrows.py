"""JSON and JSON Lines as rows: flat dicts keyed by column, nested names joined by dots."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from collectors.textfile import Unreadable

MAX_WHOLE: Final = 200_000_000
"""Characters of a JSON file that is one object, so that it must be held in memory at once."""
MAX_ITEM: Final = 8_000_000
_DEPTH: Final = 3

Row = dict[str, Any]
Numbered = Iterator[tuple[int, Row | str]]
"""Line or item number with its row, or with the reason why there is none."""

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


def json_lines(lines: Iterator[str]) -> Numbered:
    """One object a line; a broken line costs only itself."""
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        try:
            item = _decoder.decode(line)
        except (ValueError, RecursionError):
            yield number, "not valid JSON"
            continue
        yield number, flat(item) if isinstance(item, dict) else "not a JSON object"


def json_rows(blocks: Iterator[str], fits: Callable[[Iterable[str]], bool]) -> Numbered:
    """The objects of a JSON document: of an array, streamed; of the array within an object; of an object of
    objects (their names become the column `_key`); or the one object that it is.

    Of several arrays that of the columns which `fits` accepts is taken, else the longest.
    Raises Unreadable.
    """
    start = next((block for block in map(str.lstrip, blocks) if block), "")
    if start.startswith("["):
        return _array(start[1:], blocks)
    if _is_lines(start):
        return json_lines(_lines(start, blocks))
    return _numbered(_records(_document(_whole(start, blocks)), fits))


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
        return _decoder.decode(whole)
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"it is not valid JSON (line {getattr(error, 'lineno', 1)})") from None


def _array(buffer: str, blocks: Iterator[str]) -> Numbered:
    """The items of an array whose `[` is read already, with one item and one block in memory."""
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
        yield number, flat(item) if isinstance(item, dict) else "not a JSON object"
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


def _records(document: Any, fits: Callable[[Iterable[str]], bool]) -> Sequence[Any]:
    if not isinstance(document, dict):
        raise Unreadable("its JSON is neither an object nor an array")
    arrays = [*_arrays(document), *(a for v in document.values() if isinstance(v, dict) for a in _arrays(v))]
    if arrays:
        return max(arrays, key=lambda array: (fits(columns_of(map(flat, array[:100]))), len(array)))
    values = list(document.values())
    if values and all(isinstance(value, dict) and value for value in values):
        return [{"_key": name, **value} for name, value in document.items()]
    return [document]


def _arrays(item: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The arrays of objects among the values."""
    lists = [value for value in item.values() if isinstance(value, list) and value]
    return [value for value in lists if all(isinstance(one, dict) for one in value)]


def _numbered(items: Sequence[Any]) -> Numbered:
    for number, item in enumerate(items, 1):
        yield number, flat(item) if isinstance(item, dict) else "not a JSON object"


def columns_of(rows: Iterable[Row | str], limit: int = 1000) -> tuple[str, ...]:
    """All columns of the first rows, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for row in islice(rows, limit) if isinstance(row, dict) for name in row))

"""Rows of a file -> mentions, by a layout. Pure.

A row's id is the site's own where there is one, else a hash of what the row says, so that the same review
in tomorrow's export is the same mention.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from candidly.records import Kind, Mention, Reject
from collectors.dates import BadDate, is_relative, read_date
from collectors.jsonrows import Row
from collectors.layout import Layout
from collectors.presets import recognise
from collectors.values import CONVERT, BadValue, OddValue, stars, text

EMPTY: Final = "empty row: neither a text nor a verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the rows of one file are read."""

    source: str
    file: str
    layout: Layout
    forced: Kind | None
    """What the settings say that rows are; None: as the layout says."""
    site: str
    url: str
    company: str
    now: datetime
    seen: datetime
    """When the file was last written, from which "2 weeks ago" counts."""
    day_first: bool | None
    best: float


Converter = tuple[str, str, tuple[str, ...], Callable[[Any], Any]]
"""Mention field, its first column, its further columns, how a cell is read."""


class RowReader:
    """Turns rows into mentions; `odd` counts, per column, the values that were left out as not understood."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.odd: dict[str, int] = {}
        self._others: list[Layout] = []
        self._readers: list[RowReader] = []
        self._fixed = {
            "source": reading.source,
            "kind": reading.forced or reading.layout.kind,
            "collected": reading.now,
            "site": reading.site,
            "url": reading.url,
        }
        self._converters = [
            (name, columns[0], columns[1:], self._converter(name))
            for name, columns in reading.layout.columns.items()
        ]
        self._date = next(iter(reading.layout.columns.get("published", ())), "")

    def _converter(self, name: str) -> Callable[[Any], Any]:
        before = self.reading.layout.convert.get(name)
        after = {"stars": self._stars, "published": self._published}.get(name)
        if before is None:
            return after or CONVERT[name]
        return (lambda cell: after(before(cell))) if after else before

    def _stars(self, cell: Any) -> float | None:
        return stars(cell, self.reading.layout.best or self.reading.best)

    def _published(self, cell: Any) -> datetime | None:
        if cell is None or (isinstance(cell, str) and not text(cell)):
            return None
        reading = self.reading
        return read_date(cell, now=reading.now, day_first=reading.day_first, seen=reading.seen)

    def read(self, rows: list[tuple[int, Row | str]]) -> Iterator[Mention | Reject]:
        """One mention or reject a row; a row that is a str is the reason why it could not be read."""
        file = self.reading.file
        for number, row in rows:
            try:
                if isinstance(row, dict):
                    yield self._reader(row).mention(row)
                else:
                    yield Reject(f"{file}:{number}", row)
            except (BadDate, BadValue) as bad:
                yield Reject(f"{file}:{number}", str(bad))

    def _reader(self, row: Row) -> RowReader:
        """This reader, or one for a row that is another kind of its site's (a post among its comments)."""
        layout = self.reading.layout
        if not layout.needs or layout.needs <= row.keys():
            return self
        other = recognise(row, layout.preset)
        if other is None:
            return self
        if other not in self._others:
            reading = replace(self.reading, layout=other)
            self._others.append(other)
            self._readers.append(RowReader(reading))
        reader = self._readers[self._others.index(other)]
        reader.odd = self.odd
        return reader

    def mention(self, row: Row) -> Mention:
        """The mention of one row. Raises BadDate and BadValue, whose messages say why there is none."""
        fields: dict[str, Any] = {**self._fixed}
        for name, column, more, convert in self._converters:
            cell = self._joined(name, row, (column, *more)) if more else row.get(column)
            if cell is None or cell == "":
                continue
            try:
                value = convert(cell)
            except OddValue:
                self.odd[column] = self.odd.get(column, 0) + 1
                continue
            if value:
                fields[name] = value
        if fields.keys().isdisjoint(self.reading.layout.says):
            raise BadValue(EMPTY)
        if "id" not in fields:
            fields["id"] = self._id(fields, row)
        if _repeats(fields.get("title", ""), fields.get("body", "")):
            del fields["title"]
        return Mention(**fields)

    def _joined(self, name: str, row: Row, columns: tuple[str, ...]) -> Any:
        """The cells of several columns: the first that says something, or all, each with its heading."""
        cells = [(column, row.get(column)) for column in columns]
        if name in self.reading.layout.first:
            return next((cell for _, cell in cells if text(cell)), None)
        labels = self.reading.layout.labels
        if not labels:
            return [cell for _, cell in cells]
        return [f"{labels.get(column, column)}: {said}" for column, cell in cells if (said := text(cell))]

    def _id(self, fields: dict[str, Any], row: Row) -> str:
        """32 hex digits of what the author said, when and about whom; white space does not count.

        A relative date is left out: it says when the export was made.
        """
        published = fields.get("published")
        if published is not None and is_relative(row.get(self._date)):
            published = None
        get = fields.get
        said = (
            f"{self.reading.site}\0{get('about') or self.reading.company}\0{published and published.date()}\0"
            f"{get('position')}\0{get('title')}\0{get('pros')}\0{get('cons')}\0{get('advice')}\0{get('body')}\0"
            f"{get('stars')}\0{get('experience')}"
        )
        tidy = " ".join(said.split()).encode("utf-8", "replace")
        return hashlib.blake2b(tidy, digest_size=16).hexdigest()


def _repeats(title: str, body: str) -> bool:
    """Whether a title is only the beginning of the text, as some sites make one; it would count twice."""
    start = title.removesuffix("...").removesuffix("…").rstrip()
    return bool(start) and body.startswith(start)

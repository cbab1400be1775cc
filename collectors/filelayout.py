"""Which columns of a file hold what: by preset, by the `columns` of config.yaml, or both."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal, Protocol

from candidly.records import Kind
from collectors.dates import infer_day_first
from collectors.jsonrows import Row, key
from collectors.plaincolumns import PLAIN, figures_in, plain_layout, plain_problem
from collectors.presets import LAYOUTS, OUTER, SAID, Layout, PresetName, recognise
from collectors.tables import SAMPLE, Table
from collectors.textfile import Unreadable
from collectors.values import STARS_BELOW, STARS_PERCENT, STARS_SCALE, BadValue, stars

MappedField = Literal[
    "id", "published", "about", "url", "author", "thread", "parent", "title", "pros", "cons", "advice",
    "body", "stars", "experience", "difficulty", "offer", "position", "location", "employment", "language",
]  # fmt: skip
"""The fields of a mention that a column can give; `company` follows from `about`."""

REMEDY: Final = (
    "Say which column holds what, for example "
    "`columns: {body: comment, stars: score, published: date, id: id}`, or name the `preset`."
)


NO_SITE: Final = (PLAIN, "columns")
"""The layouts that are no site's, so that the scale of their ratings is only believed to be `stars_scale`."""
_OFF_SCALE: Final = {
    STARS_SCALE: (
        "go beyond {best:g}",
        "Set `stars_scale` to the best rating, or `preset: candidate-survey` for scores of 0 to 10.",
    ),
    STARS_PERCENT: ("are percentages", "Set `stars_scale: 100`."),
    STARS_BELOW: (
        "lie below 1, as shares do",
        "Say in `columns` which columns to read, and leave this one out; or write its ratings from 1 on.",
    ),
}
"""Reason of a reject -> what many of them say of the file, and what to do."""
_NAMED_SCALE: Final = re.compile(r"(.*) \((\d+)\)")


class Wishes(Protocol):
    """What the settings of a source say about columns."""

    @property
    def preset(self) -> PresetName: ...
    @property
    def columns(self) -> Mapping[MappedField, str | tuple[str, ...]]: ...
    @property
    def kind(self) -> Kind | None: ...
    @property
    def stars_scale(self) -> float: ...


def fits(wishes: Wishes, columns: Iterable[str]) -> bool:
    """Whether these columns can be read as mentions."""
    return _layout(wishes, columns) is not None


def layout_for(wishes: Wishes, table: Table, day_first: bool | None) -> tuple[Layout, bool | None]:
    """The layout of a file, and how its numeric dates read: as set, as the preset says, as its rows show.

    Raises Unreadable where its columns are not those of any preset, or not all those that are mapped.
    """
    columns, headed = table.columns, table.format not in ("json", "jsonl")
    layout = _layout(wishes, columns) if wishes.preset != PLAIN else None
    if layout is None and (
        wishes.preset == PLAIN or (headed and wishes.preset == "auto" and not wishes.columns)
    ):
        layout = _plain(wishes, table)
    if layout is None:
        raise Unreadable(_misfit(wishes, columns), REMEDY)
    if headed:  # elsewhere an absent value may have no key
        _refuse_missing(wishes, columns)
    if layout.preset in NO_SITE:
        _refuse_named_scale(layout, columns, wishes.stars_scale)
        refuse_scale(layout, table.sample, wishes.stars_scale)
    for decided in (day_first, layout.day_first):
        if decided is not None:
            return layout, decided
    names = layout.columns.get("published", ())
    return layout, infer_day_first(
        row.get(name) for _, row in table.sample if isinstance(row, dict) for name in names
    )


def _plain(wishes: Wishes, table: Table) -> Layout:
    """Raises Unreadable where the table is no plain one either."""
    columns, own = table.columns, _mapped(wishes)
    figures = figures_in(columns, (row for _, row in table.sample if isinstance(row, dict)))
    found = plain_layout(columns, own, figures)
    if found is None:
        problem = f"; {plain_problem(columns, own, figures)}" if columns else ""
        raise Unreadable(_misfit(wishes, columns) + problem, REMEDY)
    return found


def _layout(wishes: Wishes, columns: Iterable[str]) -> Layout | None:
    """What `columns` says, over the preset's where one is named; without it the preset that fits."""
    present = tuple(columns)
    if not wishes.columns:
        return recognise(present, wishes.preset) if wishes.preset != "none" else None
    named = wishes.preset not in ("auto", "none")
    own = _mapped(wishes)
    if wishes.preset == PLAIN:
        return plain_layout(present, own)
    base = recognise(present, wishes.preset) if named else None
    if base is not None:
        convert = {name: read for name, read in base.convert.items() if name not in own}
        return dataclasses.replace(base, columns={**base.columns, **own}, convert=convert)
    if named or not any(column in present for name in SAID & own.keys() for column in own[name]):
        return None
    return Layout(preset="columns", kind=wishes.kind or "review", columns=own)


def _mapped(wishes: Wishes) -> dict[str, tuple[str, ...]]:
    return {
        name: (key(of),) if isinstance(of, str) else tuple(map(key, of))
        for name, of in wishes.columns.items()
    }


def _refuse_missing(wishes: Wishes, columns: tuple[str, ...]) -> None:
    for name, wanted in _mapped(wishes).items():
        for column in wanted:
            if column not in columns:
                raise Unreadable(
                    f"it has no column {column!r} (for {name}); its columns are {shown(columns)}", REMEDY
                )


def _refuse_named_scale(layout: Layout, columns: tuple[str, ...], best: float) -> None:
    """Raises Unreadable for a column such as `rating (10)` where another scale is set."""
    for column in layout.columns.get("stars", ()):
        named = _NAMED_SCALE.fullmatch(column)
        # `rating (2)` beside `rating` is only the second column of that name.
        if named and named[1] not in columns and float(named[2]) != best:
            raise Unreadable(
                f"{column!r} names the scale of its ratings, which is not up to {best:g}",
                f"Set `stars_scale: {named[2]}`, or rename the column.",
            )


def refuse_scale(layout: Layout, rows: Iterable[tuple[int, Row | str]], best: float) -> None:
    """Raises Unreadable where many ratings lie off the scale: then the others are on another one too.

    Many: more than a tenth, of all or of any 1,000 that follow each other.
    """
    column = layout.columns.get("stars", ("",))[0]
    whole, part = Counter[str](), Counter[str]()
    for _, row in rows:
        cell = row.get(column) if isinstance(row, dict) else None
        try:
            if stars(cell, best) is None:
                continue
            part[""] += 1
        except BadValue as bad:
            part[str(bad)] += 1
        if part.total() == SAMPLE:
            _refuse_many(part, column, best)
            whole += part
            part.clear()
    _refuse_many(whole + part, column, best)


def _refuse_many(counts: Counter[str], column: str, best: float) -> None:
    off = {reason: counts[reason] for reason in _OFF_SCALE}
    if sum(off.values()) * 10 > sum(off.values()) + counts[""]:
        what, remedy = _OFF_SCALE[max(off, key=off.__getitem__)]
        raise Unreadable(f"its ratings ({column!r}) {what.format(best=best)}", remedy)


def _misfit(wishes: Wishes, columns: tuple[str, ...]) -> str:
    if not columns:
        return "it holds no rows that can be read"
    if wishes.preset == PLAIN:
        what = "it cannot be read as a plain table"
    elif wishes.columns:
        what = (
            f"none of the mapped columns {shown([c for of in _mapped(wishes).values() for c in of])} is in it"
        )
    elif wishes.preset in ("auto", "none"):
        what = "its columns are those of no known export"
    else:
        what = f"its columns are not those of {wishes.preset}"
        if other := recognise(columns):
            what += f", but those of {other.preset}"
    return f"{what}; its columns are {shown(columns)}"


def unused(layout: Layout, columns: Iterable[str]) -> list[str]:
    """The columns that are neither read nor ignored on purpose."""
    alike = [one for one in LAYOUTS if one.preset == layout.preset and one.kind != layout.kind]
    return [column for column in columns if not any(one.uses(column) for one in (layout, *alike))]


def shown(columns: Iterable[str], most: int = 20) -> str:
    """Column names for a message. In a file without a header they would be somebody's words: long ones are
    not shown."""
    names = [
        repr(name) if len(name) <= 40 else "(a long text)" for name in columns if not name.startswith(OUTER)
    ]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")

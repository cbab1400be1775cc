"""One way in which a site's mentions are laid out in columns; the layouts themselves are `layouts_*`. Data.

Column names are given as `jsonrows.key` makes them: lower case, single spaces, nested names with dots. In a
layout a trailing `*` stands for any ending.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from candidly.records import Kind

Columns = Mapping[str, tuple[str, ...]]
"""Mention field -> the columns that it is read from; several are joined by line breaks."""

SAID: Final = frozenset(("title", "pros", "cons", "advice", "body", "stars", "experience"))
"""The fields of which a row must have one to say anything."""

OUTER: Final = "of."
"""What the name of a column begins with that belongs to the object around the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way in which one site's mentions are laid out in columns."""

    preset: str
    kind: Kind
    columns: Columns
    site: str = ""
    needs: frozenset[str] = frozenset()
    """Columns by which it is recognised; the first layout whose columns are all there is taken."""
    needs_one: tuple[str, ...] = ()
    """And one of these must be there."""
    ignored: tuple[str, ...] = ()
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Mention field (or `kind`) -> how its cell is read, where not as `values.CONVERT` says."""
    first: frozenset[str] = frozenset()
    """Fields of which the first column that holds something is read, instead of all of them."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Column -> its heading, which stands before its text where several columns are joined."""
    says: frozenset[str] = SAID
    """The fields of which a row must have one, where some of `SAID` say nothing by themselves."""
    best: float | None = None
    """The top of its rating scale, whatever `stars_scale` says."""
    day_first: bool | None = None
    named_only: bool = False
    """Taken only where the preset is named, because its columns could be anything's."""
    note: str = ""
    """What a reader of the run should know of it."""

    def fits(self, present: set[str]) -> bool:
        """Whether its telling columns are there."""
        return self.needs <= present and (
            not self.needs_one or any(_matching(name, present) for name in self.needs_one)
        )

    def uses(self, column: str) -> bool:
        """Whether a column is read or ignored on purpose."""
        return column.startswith(OUTER) or any(
            _is(column, name) for names in (*self.columns.values(), self.ignored) for name in names
        )

    def resolved(self, present: Iterable[str]) -> Layout:
        """The layout with each `*` of its columns replaced by the columns that are there."""
        listed = list(present)
        columns = {
            field: tuple(dict.fromkeys(one for name in names for one in _matching(name, listed) or (name,)))
            for field, names in self.columns.items()
        }
        return dataclasses.replace(self, columns=columns)


def _is(column: str, name: str) -> bool:
    return column == name or (name[-1:] == "*" and column.startswith(name[:-1]))


def _matching(name: str, present: Iterable[str]) -> list[str]:
    return [column for column in present if _is(column, name)]


def layout(preset: str, kind: Kind, site: str, columns: Mapping[str, str], needs: str, **more: Any) -> Layout:
    """A layout, its columns and needs written as text with ` | ` and `, ` between them."""
    return Layout(
        preset=preset,
        kind=kind,
        site=site,
        columns={name: tuple(text.split(" | ")) for name, text in columns.items()},
        needs=frozenset(filter(None, needs.split(", "))),
        **more,
    )

"""A table of reviews that is nobody's export: recognised by plain column names such as Date, Rating, Review.

Only where each name can mean one thing: two columns that could both be the date are a question to a person.
A column named like words (`likes`, `comments`, `position`) that holds nothing but numbers holds counts.
Neither names of people nor a column called `id` or `score` is read: the first is nobody's business, the
second is often only the row's number, and the third could be on any scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from collectors.layout import Columns, Layout
from collectors.values import text

PLAIN: Final = "plain"
"""The preset's name."""

NAMES: Final = {
    "published": "date | datetime | timestamp | published | published at | published on | published date | "
    "publication date | date published | date posted | posted | posted at | posted on | post date | "
    "created | created at | created on | creation date | date created | submitted | submitted at | "
    "submitted on | submission date | review date | date of review | comment date",
    "title": "title | review title | headline | review headline | heading | subject | summary | "
    "review summary",
    "pros": "pros | pro | positives | advantages | likes | liked | what i liked",
    "cons": "cons | con | negatives | disadvantages | dislikes | disliked | what i disliked",
    "advice": "advice | advice to management",
    "body": "text | review | reviews | review text | review body | review content | review comment | "
    "comment | comments | comment text | feedback | body | content | message | full text | full review",
    "stars": "rating | ratings | stars | star rating | star | overall rating | rating overall | "
    "review rating",
    "id": "review id | comment id",
    "url": "url | link | permalink | review url | review link",
    "about": "company | company name | employer | employer name",
    "position": "job title | position",
    "location": "location",
}
"""Mention field -> what its column may be called; compared without case, spaces, underscores and hyphens."""

_TOLD: Final = frozenset(("title", "pros", "cons", "body"))
_WORDED: Final = _TOLD | {"advice", "position"}
_FIGURE: Final = re.compile(r"[-+−]?[\d.][\d.,'’\s]*[kKmM%]?")
_REPEATED: Final = re.compile(r" \(\d+\)$")
"""What `csvrows.column_names` adds to a name that was there already."""


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


_FIELDS: Final = {_bare(name): field for field, names in NAMES.items() for name in names.split(" | ")}


def _field(column: str) -> str:
    return _FIELDS.get(_bare(_REPEATED.sub("", column)), "")


def plain_layout(
    columns: Iterable[str], own: Columns = MappingProxyType({}), figures: tuple[str, ...] = ()
) -> Layout | None:
    """How these columns read as a plain table, with what is mapped of its `own` going first.

    `figures` are columns to be taken for no words. None where `plain_problem` has an answer.
    """
    found = _found(columns, own, figures)
    if _problem(found, own, figures):
        return None
    return Layout(preset=PLAIN, kind="review", columns={**found, **own})


def plain_problem(
    columns: Iterable[str], own: Columns = MappingProxyType({}), figures: tuple[str, ...] = ()
) -> str:
    """What keeps these columns from being read as a plain table: what is missing, or could be two things."""
    return _problem(_found(columns, own, figures), own, figures)


def figures_in(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Those of the columns named like words that hold nothing but numbers in these rows."""
    left, filled = {column for column in columns if _field(column) in _WORDED}, set[str]()
    for row in rows:
        for column in tuple(left):
            said = text(row.get(column))
            if not said or said == "-":
                continue
            filled.add(column)
            if not _FIGURE.fullmatch(said):
                left.discard(column)
    return tuple(column for column in columns if column in left & filled)


def _found(columns: Iterable[str], own: Columns, figures: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        field = _field(column)
        if field and field not in own and column not in figures:
            found[field] = (*found.get(field, ()), column)
    return found


def _problem(found: Columns, own: Columns, figures: tuple[str, ...]) -> str:
    for field, columns in found.items():
        if len(columns) > 1:
            return f"{' and '.join(map(repr, columns))} could each be the column for `{field}`"
    told, missing = found.keys() | own.keys(), []
    if "published" not in told:
        missing.append("the date (`date`)")
    if _TOLD.isdisjoint(told):
        missing.append("what was said (`text`, `review`, `comment`, `title`, `pros` or `cons`)")
    if not missing:
        return ""
    problem = f"no column is recognised for {' or for '.join(missing)}"
    counts = [repr(column) for column in figures if _field(column) in _TOLD]
    if counts and _TOLD.isdisjoint(told):
        problem += f"; {' and '.join(counts)} {'hold' if counts[1:] else 'holds'} nothing but numbers"
    return problem

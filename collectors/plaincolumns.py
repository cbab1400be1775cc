"""A table of reviews that is nobody's export: recognised by plain column names such as Date, Rating, Review.

Only where each name can mean one thing: two columns that could both be the date are a question to a person.
Neither names of people nor a column called `id` or `score` is read: the first is nobody's business, the
second is often only the row's number, and the third could be on any scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from collectors.layout import Columns, Layout

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
_REPEATED: Final = re.compile(r" \(\d+\)$")
"""What `csvrows.column_names` adds to a name that was there already."""


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


_FIELDS: Final = {_bare(name): field for field, names in NAMES.items() for name in names.split(" | ")}


def plain_layout(columns: Iterable[str], own: Columns = MappingProxyType({})) -> Layout | None:
    """How these columns read as a plain table, with what is mapped of its `own` going first.

    None where `plain_problem` has an answer.
    """
    found = _found(columns, own)
    if _problem(found, own):
        return None
    return Layout(preset=PLAIN, kind="review", columns={**found, **own})


def plain_problem(columns: Iterable[str], own: Columns = MappingProxyType({})) -> str:
    """What keeps these columns from being read as a plain table: what is missing, or could be two things."""
    return _problem(_found(columns, own), own)


def _found(columns: Iterable[str], own: Columns) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        field = _FIELDS.get(_bare(_REPEATED.sub("", column)))
        if field and field not in own:
            found[field] = (*found.get(field, ()), column)
    return found


def _problem(found: Columns, own: Columns) -> str:
    for field, columns in found.items():
        if len(columns) > 1:
            return f"{' and '.join(map(repr, columns))} could each be the column for `{field}`"
    told, missing = found.keys() | own.keys(), []
    if "published" not in told:
        missing.append("the date (`date`)")
    if _TOLD.isdisjoint(told):
        missing.append("what was said (`text`, `review`, `comment`, `title`, `pros` or `cons`)")
    return f"no column is recognised for {' or for '.join(missing)}" if missing else ""

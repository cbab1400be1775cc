"""Reviews out of the data that a page was built from, where it states less of them in schema.org. Pure.

Glassdoor's pages hold the store of their Apollo client (`"apolloState": {...}`): flat objects that refer to
each other, `{"__ref": "City:1"}` or, before 2021, `{"type": "id", "id": "City:1"}`. Of them those are read
whose columns are a layout's (`presets`), so that interviews keep experience, difficulty and outcome.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bs4 import BeautifulSoup

from collectors.jsonrows import Row, flat
from collectors.layout import Layout
from collectors.presets import recognise
from collectors.rows import Reading, RowReader
from collectors.schemaorg import MAX_NODES, MAX_REVIEWS, Review
from collectors.values import BadValue, text

PRESETS: Final = ("glassdoor-reviews", "glassdoor-interviews")
_STATE = re.compile(r'"apolloState"\s*:\s*|__APOLLO_STATE__\s*=\s*')
_EMPLOYER = re.compile(r'employer\(\{"id":(\d+)')
_CARRIED: Final = tuple(name for name in Review.__dataclass_fields__ if name != "date")
_DEPTH: Final = 3
_UNUSED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""For readers of rows without dates."""


def reviews(page: BeautifulSoup) -> list[Review]:
    """The reviews and interviews of a page's own data, each once; none where there is no such data."""
    found: dict[str, Review] = {}
    for script in page.find_all("script"):
        said = script.string or ""
        start = _STATE.search(said)
        if start is None:
            continue
        try:
            state, _ = json.JSONDecoder(strict=False).raw_decode(said, start.end())
        except (ValueError, RecursionError):
            continue
        if isinstance(state, dict):
            found |= {review.id: review for review in _reviews(state)}
    return list(found.values())[:MAX_REVIEWS]


def _reviews(state: dict[str, Any]) -> Iterator[Review]:
    layouts: dict[tuple[str, ...], Layout | None] = {}
    employer = _employer(state)
    for node in _objects(state):
        columns = tuple(node)
        if columns not in layouts:
            layouts[columns] = _layout(_whole(node, state))
        layout = layouts[columns]
        if layout is not None and (review := _review(_whole(node, state), layout)):
            yield review if review.about else dataclasses.replace(review, about=employer)


def _employer(state: Mapping[str, Any]) -> str:
    """The name of the employer that the page was asked for; "" where it asked for several or none."""
    asked = state.get("ROOT_QUERY")
    ids = set(_EMPLOYER.findall(" ".join(asked))) if isinstance(asked, dict) else set()
    found = state.get(f"Employer:{ids.pop()}") if len(ids) == 1 else None
    return text(found.get("shortName")) if isinstance(found, dict) else ""


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    stack, left = [value], MAX_NODES
    while stack and left:
        left -= 1
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack.extend(reversed(one.values()))
        elif isinstance(one, list):
            stack.extend(reversed(one))


def _layout(row: Row) -> Layout | None:
    layout = next((found for preset in PRESETS if (found := recognise(row, preset))), None)
    return layout if layout is not None and "id" in layout.columns else None


def _whole(node: Mapping[str, Any], state: Mapping[str, Any]) -> Row:
    """An object as a row, the objects that it refers to in their places."""
    return flat({name: _resolved(value, state) for name, value in node.items()})


def _resolved(value: Any, state: Mapping[str, Any], depth: int = _DEPTH) -> Any:
    if not isinstance(value, dict) or not depth:
        return value
    at = value.get("__ref") or (value.get("id") if value.get("type") == "id" else None)
    if isinstance(at, str) and isinstance(state.get(at), dict):
        return _resolved(state[at], state, depth - 1)
    return value


def _review(row: Row, layout: Layout) -> Review | None:
    dates = layout.columns.get("published", ())
    undated = {name: columns for name, columns in layout.columns.items() if name != "published"}
    reading = Reading(
        source="", file="", layout=dataclasses.replace(layout, columns=undated), forced=None, site="", url="",
        company="", now=_UNUSED, seen=_UNUSED, day_first=None, best=5,
    )  # fmt: skip
    try:
        mention = RowReader(reading).mention(row)
    except BadValue:
        return None
    stated = {name: value for name in _CARRIED if (value := getattr(mention, name))}
    return Review(**stated, date=next((said for name in dates if (said := text(row.get(name)))), ""))

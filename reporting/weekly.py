"""The weekly report as files: HTML for people, Markdown for tools that show it, JSON for programs.

The HTML is one file without scripts and without anything loaded from elsewhere; its content security
policy says so too. Every text in it is escaped, whoever wrote it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from candidly.figures import (
    SCHEMA,
    Change,
    Quote,
    WeeklyFigures,
    percent,
    perhaps,
    points,
    span,
    tenths,
    usual,
)
from candidly.files import write_atomic
from reporting import changes, charts, safe
from reporting.splits import splits
from reporting.weekly_markdown import render_markdown

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES: Final = Path(__file__).parent / "templates"
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def publish(figures: WeeklyFigures, folder: Path, formats: Iterable[str]) -> list[Path]:
    """Write the report in each format ("html", "md", "json") and return the paths, in that order.

    A file of the same week and company is replaced, whole or not at all. Everything is rendered before
    anything is written. Raises UsageError where the folder cannot be written.
    """
    render = {"html": render_html, "md": render_markdown, "json": render_json}
    rendered = [(folder / f"{stem(figures)}.{kind}", render[kind](figures)) for kind in formats]
    for path, content in rendered:
        write_atomic(path, content)
    return [path for path, _ in rendered]


def stem(figures: WeeklyFigures) -> str:
    """`northwind-robotics-2026-W47`: the file name of a report without its ending."""
    return _stem(figures.company, figures.week)


def files_of(folder: Path, company: str, week: str) -> list[Path]:
    """The files that are there of a company's report on a week, in whatever format."""
    paths = (folder / f"{_stem(company, week)}.{kind}" for kind in ("html", "md", "json"))
    return [path for path in paths if path.exists()]


def _stem(company: str, week: str) -> str:
    return f"{slug(company)}-{slug(week, upper=True)}"


def slug(name: str, *, upper: bool = False) -> str:
    """A name as a safe part of a file name; where letters get lost, a short hash keeps two names apart."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = plain if upper else plain.lower()
    made = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    if made.replace("-", " ").casefold() == name.replace("-", " ").casefold():
        return made
    mark = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=3).hexdigest()
    return f"{made}-{mark}" if made else mark


def render_json(figures: WeeklyFigures) -> str:
    """Every number, under a versioned `schema`; times are ISO 8601 with their zone."""
    content = {
        "schema": SCHEMA,
        **_worded(dataclasses.asdict(figures)),
        "legend": {"perhaps": perhaps(figures)},
    }
    for quote in content["quotes"]:
        quote["url"] = safe.link(quote["url"])
    return json.dumps(content, indent=2, allow_nan=False, default=_iso) + "\n"


_CHANGE: Final = frozenset(field.name for field in dataclasses.fields(Change))


def _worded(value: Any) -> Any:
    """The same, where every change has the `words` that the other formats show."""
    if isinstance(value, dict):
        made = {name: _worded(one) for name, one in value.items()}
        return made | ({"words": Change(**value).words} if value.keys() == _CHANGE else {})
    return [_worded(one) for one in value] if isinstance(value, list | tuple) else value


def _iso(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a report")


def render_html(figures: WeeklyFigures) -> str:
    """One self-contained page."""
    from markupsafe import Markup

    parts = changes.why_rows(figures.why) if figures.why else []
    largest = max((abs(value) for *_, value in parts), default=1)
    most = max((row.mentions or 0 for row in figures.themes), default=0)
    return _template().render(
        f=figures,
        days=days(figures.first_day, figures.last_day),
        span=span,
        usual=usual(figures),
        perhaps=perhaps(figures),
        moved=moved,
        moved_stars=moved_stars,
        quotes=quote_groups(figures),
        changes=changes,
        splits=list(splits(figures)),
        tenths=tenths,
        parts=parts,
        part_bar=lambda title, value: Markup(charts.part_bar(title, value, largest)),  # noqa: S704
        trend=Markup(charts.trend(figures.trend, figures.min_group)),  # noqa: S704 - escaped where it is made
        bar=lambda row: Markup(charts.theme_bar(row, most)),  # noqa: S704
        rail=lambda *args: Markup(charts.interval_bar(*args)),  # noqa: S704
    )


def day(value: date | None) -> str:
    """`16 November 2026`, in English whatever the locale; "undated" for None."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if value else "undated"


def days(first: date, last: date) -> str:
    """`16–22 November 2026`, `30 November – 6 December 2026`."""
    start, end = day(first).split(" "), day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{start[0]}–{end}"
    return f"{' '.join(start[: 2 if first.year == last.year else 3])} – {end}"


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: safe.clean(value) if type(value) is str else value,
    )
    environment.filters |= {"percent": percent, "link": safe.link, "short_day": short_day}
    return environment.get_template("weekly.html.j2")


def short_day(value: date | None) -> str:
    """`16 Nov 2026`; "undated" for None."""
    return f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}" if value else "undated"


def moved(change: Change | None) -> dict[str, str]:
    """How a change of a negative share is shown: `kind` (a CSS class), `mark` and `text`."""
    if change is None:
        return {"kind": "still", "mark": "", "text": "too few to compare"}
    bounds = f"({points(change.low)} to {points(change.high)})"
    return _moved(change, f"{points(change.value)} points {bounds}", bounds, good="down")


def moved_stars(change: Change | None) -> dict[str, str]:
    """The same for a change of the mean rating, where up is good."""
    if change is None:
        return {"kind": "still", "mark": "", "text": "too few to compare"}
    value, low, high = (f"{x:+.1f}".replace("-", "−") for x in (change.value, change.low, change.high))
    return _moved(change, f"{value} ({low} to {high})", f"({low} to {high})", good="up")


def _moved(change: Change, clear: str, bounds: str, *, good: str) -> dict[str, str]:
    if change.verdict == "cannot tell":
        return {"kind": "still", "mark": "", "text": f"{change.words} {bounds}"}
    kind, mark = "good" if change.verdict == good else "bad", "▲" if change.verdict == "up" else "▼"
    return {"kind": kind, "mark": mark, "text": clear}


def quote_groups(figures: WeeklyFigures) -> list[tuple[str, list[Quote]]]:
    """The quotes under their headings, in the order of the figures."""
    titles = {row.theme: row.title for row in figures.themes}

    def heading(quote: Quote) -> str:
        return (
            titles.get(quote.theme, quote.theme) if quote.reason == "theme" else "Strongest words of the week"
        )

    return [(name, list(group)) for name, group in groupby(figures.quotes, key=heading)]

"""The two views that analysts read, `mention` and `opinion`. No author and no digest is in them.

They hold no data, so an upgrade drops them first and makes them anew at its end; a step in `migrations/`
never mentions them. Days, weeks and months in them are UTC's.
"""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Table, Text

from storage.schema import analyses, mentions, opinions

HIDDEN = frozenset({"author", "digest", "about"})
"""Columns of `mentions` that no view shows."""

VIEWS = ("mention", "opinion")

_PERIODS = ("day", "week", "month")

_SQLITE = {
    "day": "substr(m.published, 1, 10)",
    # A week belongs to the year of its Thursday (ISO 8601); SQLite has no %G and %V before 3.46.
    "week": "strftime('%Y', m.published, '-3 days', 'weekday 4') || '-W' || substr('0' || "
    "((strftime('%j', m.published, '-3 days', 'weekday 4') + 6) / 7), -2)",
    "month": "substr(m.published, 1, 7)",
}
_POSTGRESQL = {
    "day": "to_char(m.published AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "week": """to_char(m.published AT TIME ZONE 'UTC', 'IYYY-"W"IW')""",
    "month": "to_char(m.published AT TIME ZONE 'UTC', 'YYYY-MM')",
}

_ANALYSIS = [name for name in analyses.c.keys() if name not in ("mention", "version", "language")]  # noqa: SIM118
_MENTION = [name for name in mentions.c.keys() if name not in HIDDEN]  # noqa: SIM118
_TEXTS = ["title", "pros", "cons", "advice", "body"]
_FACTS = [name for name in _MENTION if name not in (*_TEXTS, "language")]

mention = Table(
    "mention",
    MetaData(),
    *(Column(name, mentions.c[name].type) for name in _FACTS),
    *(Column(name, Text) for name in _PERIODS),
    *(Column(name, analyses.c[name].type) for name in _ANALYSIS),
    *(Column(name, Text) for name in ("language", "analyser", *_TEXTS)),
)
"""The view as SQLAlchemy sees it; `language` is the one that was found."""


def _select(dialect: str) -> dict[str, str]:
    period = _SQLITE if dialect == "sqlite" else _POSTGRESQL
    periods = [f"{period[name]} AS {name}" for name in _PERIODS]
    columns = [f"m.{name}" for name in _FACTS] + periods + [f"a.{name}" for name in _ANALYSIS]
    columns += ["a.language", "a.version AS analyser", *(f"m.{name}" for name in _TEXTS)]
    opinion = ["o.mention AS pk", "o.theme", "o.polarity", 'o."start"', 'o."end"']
    opinion += ["m.source", "m.company", "m.published", *periods, "a.verdict"]
    read = f"FROM {mentions.name} AS m JOIN {analyses.name} AS a ON a.mention = m.pk"
    return {
        "mention": f"SELECT {', '.join(columns)} {read}",
        "opinion": f"SELECT {', '.join(opinion)} {read} JOIN {opinions.name} AS o ON o.mention = m.pk",
    }


def create_views(dialect: str) -> list[str]:
    """The statements that make the views."""
    return [f"CREATE VIEW {name} AS {select}" for name, select in _select(dialect).items()]


def drop_views() -> list[str]:
    """The statements that remove them."""
    return [f"DROP VIEW IF EXISTS {name}" for name in VIEWS]

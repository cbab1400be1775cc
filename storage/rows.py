"""Records <-> rows: which field goes into which column, and a fast way in for many."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

from candidly.records import Analysis, Delivery, Incident, Mention, verdict
from storage.schema import analyses, mentions

MENTION_FIELDS = tuple(field.name for field in fields(Mention))
_FIRST_FIELDS = tuple(name for name in MENTION_FIELDS if name != "matched")
ANALYSIS_FIELDS = tuple(field.name for field in fields(Analysis) if field.name != "opinions")
INCIDENT_FIELDS = tuple(field.name for field in fields(Incident))
DELIVERY_FIELDS = tuple(field.name for field in fields(Delivery))

Row = tuple[Any, ...]

_mention: Callable[[Mention], Row] = attrgetter(*_FIRST_FIELDS)
_analysis: Callable[[Analysis], Row] = attrgetter(*ANALYSIS_FIELDS)

# Rows are tuples in the order of the table's columns.
_MORE = ["first_collected", "digest", "revision", "matched", "checked", "expired"]
if mentions.c.keys() != ["pk", *_FIRST_FIELDS, *_MORE]:
    raise AssertionError("the columns of `mentions` do not follow the fields of Mention")
if analyses.c.keys() != ["mention", *ANALYSIS_FIELDS, "verdict", "verdict_basis"]:
    raise AssertionError("the columns of `analyses` do not follow the fields of Analysis")


def mention_row(pk: int, mention: Mention, first_collected: Any, digest: str, revision: int) -> Row:
    """A row of `mentions`, with its text, as it is read from its source just now."""
    more = (first_collected, digest, revision, mention.matched, mention.collected, None)
    return (pk, *_mention(mention), *more)


def analysis_row(pk: int, mention: Mention, analysis: Analysis) -> Row:
    """A row of `analyses`, with the verdict that stands for the mention in every figure."""
    found = verdict(mention, analysis)
    return (pk, *_analysis(analysis), found.label, found.basis)


def opinion_rows(pk: int, analysis: Analysis) -> list[Row]:
    """Rows of `opinions`, in the order of the analysis."""
    return [(pk, n, o.theme, o.polarity, o.start, o.end) for n, o in enumerate(analysis.opinions)]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert whole rows, in the order of the table's columns.

    SQLAlchemy makes the statement and converts the values; the rows go to the driver directly, because the
    dictionary that SQLAlchemy would build of each row costs as much as writing it.
    """
    if not rows:
        return
    statement, converters = _prepared(table, connection.dialect)
    values = [list(row) for row in rows]
    for at, convert in converters:
        for row in values:
            row[at] = convert(row[at])
    if connection.dialect.positional:
        connection.exec_driver_sql(statement, [tuple(row) for row in values])
    else:
        names = table.c.keys()
        connection.exec_driver_sql(statement, [dict(zip(names, row, strict=True)) for row in values])


@lru_cache(maxsize=32)
def _prepared(table: Table, dialect: Dialect) -> tuple[str, list[tuple[int, Callable[[Any], Any]]]]:
    """The INSERT of a table, and `(position, converter)` of the columns whose values need one."""
    converters = (
        (at, column.type.dialect_impl(dialect).bind_processor(dialect)) for at, column in enumerate(table.c)
    )
    return str(insert(table).compile(dialect=dialect)), [(at, c) for at, c in converters if c]


def to_mention(row: Mapping[str, Any]) -> Mention:
    """A row of `mentions` as a record, without the author's pseudonym."""
    return Mention(**{name: row[name] for name in MENTION_FIELDS if name != "author"})


def incident_row(incident: Incident) -> dict[str, Any]:
    row = {name: getattr(incident, name) for name in INCIDENT_FIELDS}
    return {**row, "subject": incident.subject or incident.id}


def to_incident(row: Mapping[str, Any]) -> Incident:
    found = {name: row[name] for name in INCIDENT_FIELDS}
    return Incident(**{**found, "subject": "" if row["subject"] == row["id"] else row["subject"]})


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in DELIVERY_FIELDS}


def to_delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(**{name: row[name] for name in DELIVERY_FIELDS})


def canonical(value: Any) -> str:
    """JSON that is the same for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)

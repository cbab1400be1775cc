"""Records <-> rows: which field goes into which column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from candidly.records import Analysis, Delivery, Incident, Mention, verdict

MENTION_FIELDS = tuple(field.name for field in fields(Mention))
ANALYSIS_FIELDS = tuple(field.name for field in fields(Analysis) if field.name != "opinions")
INCIDENT_FIELDS = tuple(field.name for field in fields(Incident))
DELIVERY_FIELDS = tuple(field.name for field in fields(Delivery))

_mention: Callable[[Mention], tuple[Any, ...]] = attrgetter(*MENTION_FIELDS)
_analysis: Callable[[Analysis], tuple[Any, ...]] = attrgetter(*ANALYSIS_FIELDS)


def mention_row(mention: Mention, pk: int, digest: str) -> dict[str, Any]:
    """A row of `mentions` but for what depends on an earlier row of it."""
    row = dict(zip(MENTION_FIELDS, _mention(mention), strict=True))
    row["pk"] = pk
    row["digest"] = digest
    return row


def analysis_row(mention: Mention, analysis: Analysis, pk: int) -> dict[str, Any]:
    """A row of `analyses`, with the verdict that stands for the mention in every figure."""
    row = dict(zip(ANALYSIS_FIELDS, _analysis(analysis), strict=True))
    found = verdict(mention, analysis)
    row["mention"], row["verdict"], row["verdict_basis"] = pk, found.label, found.basis
    return row


def opinion_rows(analysis: Analysis, pk: int) -> list[dict[str, Any]]:
    """Rows of `opinions`, in the order of the analysis."""
    return [
        {"mention": pk, "n": n, "theme": o.theme, "polarity": o.polarity, "start": o.start, "end": o.end}
        for n, o in enumerate(analysis.opinions)
    ]


def to_mention(row: Mapping[str, Any], *, author: bool = False) -> Mention:
    """A row of `mentions` as a record; without the author's pseudonym unless asked for."""
    values = {name: row[name] for name in MENTION_FIELDS if name != "author"}
    return Mention(**values, author=row["author"] if author else "")


def incident_row(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in INCIDENT_FIELDS}


def to_incident(row: Mapping[str, Any]) -> Incident:
    return Incident(**{name: row[name] for name in INCIDENT_FIELDS})


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in DELIVERY_FIELDS}


def to_delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(**{name: row[name] for name in DELIVERY_FIELDS})


def canonical(value: Any) -> str:
    """JSON that is the same for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)

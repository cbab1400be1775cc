"""The reads: frames for the statistics, lists for people. Each function is one snapshot of the store.

Bounds are half-open, `[start, end)`. A mention without a date of publication belongs to no day and no week.
pandas is loaded by the functions that return frames, so that `candidly status` does without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, Select, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from candidly.records import Delivery, Incident, Mention
from storage import days, rows
from storage.analyst import export_rows
from storage.dump import dump
from storage.schema import analyses, mentions, opinions
from storage.schema import deliveries as _deliveries
from storage.schema import incidents as _incidents
from storage.schema import runs as _runs
from storage.store import CHUNK, Store

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "covered_days", "daily_counts", "deliveries", "dump", "export_rows", "incidents", "last_good_runs",
    "last_runs", "mentions_frame", "opinions_frame", "runs", "stale", "texts", "told", "told_count", "totals",
    "version_counts", "weekly_totals",
]  # fmt: skip

TIMELY_DAYS = 14
"""A mention first read later than this after its publication is history, not news: sites hold reviews back
for up to 14 days."""

_M, _A = mentions.c, analyses.c
_JOINED = mentions.join(analyses, _A.mention == _M.pk)
_FRAME = {
    "pk": _M.pk,
    "source": _M.source,
    "site": _M.site,
    "kind": _M.kind,
    "published": _M.published,
    "thread": _M.thread,
    "verdict": _A.verdict,
    "basis": _A.verdict_basis,
    "score": _A.score,
    "stars": _M.stars,
    "language": _A.language,
    "unscored": _A.unscored,
    "role": _A.role,
    "stage": _A.stage,
    "ghosting": _A.ghosting,
}
_DTYPES = {
    "pk": "int64", "score": "float64", "stars": "float64", "rating": "float64",
    "start": "int64", "end": "int64", "total": "int64",
    "scored": "int64", "negative": "int64", "positive": "int64", "rated": "int64",
    "negative_timely": "int64", "published": "datetime64[us, UTC]",
}  # fmt: skip


class _DaysBetween(GenericFunction[float]):
    """Days from one time to a later one; the one piece of arithmetic that the databases spell differently."""

    name = "days_between"
    type = Float()
    inherit_cache = True


@compiles(_DaysBetween)
def _sqlite_days(element: _DaysBetween, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(julianday({end}) - julianday({start}))"


@compiles(_DaysBetween, "postgresql")
def _postgresql_days(element: _DaysBetween, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(extract(epoch from ({end} - {start})) / 86400)"


# Frames


def mentions_frame(store: Store, company: str, start: datetime, end: datetime) -> DataFrame:
    """The dated mentions of a company, one a row, by time of publication.

    Columns: pk, source, site, kind, published (datetime64[us, UTC]), thread ('' where none), verdict
    (positive, negative, mixed, neutral or None: unscored), basis, score (NaN: unscored), stars (NaN: none),
    language, unscored (why), role, stage, ghosting.
    """
    wanted = select(*_FRAME.values()).select_from(_JOINED)
    with store.reading() as connection:
        found = connection.execute(
            _published(wanted, company, start, end).order_by(_M.published, _M.pk)
        ).all()
    return _frame(list(_FRAME), found)


def opinions_frame(store: Store, company: str, start: datetime, end: datetime) -> DataFrame:
    """The opinions in those mentions: pk, theme, polarity, start, end (offsets into the mention's text)."""
    columns = (opinions.c.mention, opinions.c.theme, opinions.c.polarity, opinions.c.start, opinions.c.end)
    wanted = select(*columns).select_from(mentions.join(opinions, opinions.c.mention == _M.pk))
    ordered = _published(wanted, company, start, end).order_by(_M.published, _M.pk, opinions.c.n)
    with store.reading() as connection:
        found = connection.execute(ordered).all()
    return _frame(["pk", "theme", "polarity", "start", "end"], found)


def weekly_totals(
    store: Store, company: str, since: date | datetime, until: date | datetime, timezone: str
) -> DataFrame:
    """Each ISO week of `timezone` that overlaps `[since, until)`, whole, those without mentions too.

    Columns: week ('2026-W47'), total, scored, negative, positive, rating (mean stars, NaN: none), rated (how
    many have stars).
    """
    wanted = select(
        func.count(),
        func.count(_A.verdict),
        _count_if(_A.verdict == "negative"),
        _count_if(_A.verdict == "positive"),
        func.avg(_M.stars),
        func.count(_M.stars),
    ).select_from(_JOINED)
    first, last = days.first_day(since, timezone), days.end_day(until, timezone)
    with store.reading() as connection:
        found = [
            (week, *connection.execute(_published(wanted, company, start, end)).one())
            for week, (start, end) in days.weeks(first, last, timezone)
        ]
    return _frame(["week", "total", "scored", "negative", "positive", "rating", "rated"], found)


def daily_counts(
    store: Store, company: str, since: date | datetime, until: date | datetime, timezone: str
) -> DataFrame:
    """Mentions of each day of `[since, until)` and source; what has no row had none, or was not read.

    Columns: day (date, in `timezone`), source, total, negative, negative_timely (of the negative ones, those
    first read within TIMELY_DAYS of their publication).
    """
    negative = _A.verdict == "negative"
    timely = func.days_between(_M.published, _M.first_collected) <= TIMELY_DAYS
    wanted = (
        select(_M.source, func.count(), _count_if(negative), _count_if(negative & timely))
        .select_from(_JOINED)
        .group_by(_M.source)
        .order_by(_M.source)
    )
    first, last = days.first_day(since, timezone), days.end_day(until, timezone)
    with store.reading() as connection:
        found = [
            (day, *row)
            for day, (start, end) in days.days(first, last, timezone)
            for row in connection.execute(_published(wanted, company, start, end))
        ]
    return _frame(["day", "source", "total", "negative", "negative_timely"], found)


def covered_days(
    store: Store,
    sources: Iterable[str],
    since: date | datetime,
    until: date | datetime,
    timezone: str,
    imports: Iterable[str] = (),
) -> DataFrame:
    """Day (date, in `timezone`) and source: the days of `[since, until)` whose mentions are known.

    A source is read on from its cursor, so a good run (ok or partial) also covers the days before it, back to
    the source's first mention or first good run. Covered are therefore all days from there to the day of the
    last good run, quiet ones too, and later days that have mentions. Every other day is missing, not zero.
    `imports`: the sources that are files; an export says nothing about the days after its last mention,
    however often it is looked at.
    """
    names, files = list(sources), set(imports)
    first, last = days.first_day(since, timezone), days.end_day(until, timezone)
    run = _runs.c
    span = select(_M.source, func.min(_M.published), func.max(_M.published))
    span = span.where(_M.source.in_(names)).group_by(_M.source)
    good = (
        select(run.source, func.min(run.started), func.max(run.finished))
        .where(run.source.in_(names), run.status.in_(("ok", "partial")), run.finished.is_not(None))
        .where(run.fault != "budget")  # it has the rest still to read
        .group_by(run.source)
    )
    known: dict[str, tuple[date, date]] = {}
    seen = select(_M.source).where(_M.source.in_(names)).distinct()
    found: set[tuple[str, date]] = set()
    with store.reading() as connection:
        spans = {row[0]: (row[1], row[2]) for row in connection.execute(span)}
        for source, started, finished in connection.execute(good):
            first_told, last_told = spans.get(source, (None, None))
            begin = min(started, first_told or started)
            finished = last_told if source in files else finished  # noqa: PLW2901
            if finished is None:
                continue
            known[source] = days.local_day(begin, timezone), days.local_day(finished, timezone)
        for day, (start, end) in days.days(first, last, timezone):
            late = [name for name in names if not (name in known and day <= known[name][1])]
            found |= {(name, day) for name in names if name not in late and day >= known[name][0]}
            if late:
                of = seen.where(_M.source.in_(late), _M.published >= start, _M.published < end)
                found |= {(row.source, day) for row in connection.execute(of)}
    return _frame(["day", "source"], [(day, source) for source, day in sorted(found)])


def sources_of(store: Store, company: str) -> list[str]:
    """The sources that hold mentions of a company."""
    with store.reading() as connection:
        return sorted(connection.scalars(select(_M.source).where(_M.company == company).distinct()))


def _published(wanted: Select[Any], company: str, start: datetime, end: datetime) -> Select[Any]:
    return wanted.where(_M.company == company, _M.published >= start, _M.published < end)


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _frame(columns: Sequence[str], found: Sequence[Any]) -> DataFrame:
    """Rows as a frame; text columns hold str or None on every version of pandas."""
    import pandas as pd

    values = zip(*found, strict=True) if found else [()] * len(columns)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=_DTYPES.get(name, "object"))
            for name, column in zip(columns, values, strict=True)
        }
    )


# Lists


def texts(store: Store, pks: Iterable[int]) -> dict[int, Mention]:
    """Mentions by key, for quotes; never with their author, and without those whose text has expired."""
    keys = list(dict.fromkeys(int(pk) for pk in pks))
    found = {}
    with store.reading() as connection:
        for at in range(0, len(keys), CHUNK):
            wanted = select(mentions).where(_M.pk.in_(keys[at : at + CHUNK]), _M.expired.is_(None))
            for row in connection.execute(wanted).mappings():
                found[row["pk"]] = rows.to_mention(dict(row))
    return {pk: found[pk] for pk in keys if pk in found}


def runs(store: Store, limit: int = 50) -> list[dict[str, Any]]:
    """The latest runs, newest first, as dicts of the columns of `runs`."""
    with store.reading() as connection:
        wanted = select(_runs).order_by(_runs.c.started.desc(), _runs.c.id.desc()).limit(limit)
        return [dict(row) for row in connection.execute(wanted).mappings()]


def last_runs(store: Store) -> list[dict[str, Any]]:
    """The last run of each source, by source, as dicts of the columns of `runs`."""
    last = select(func.max(_runs.c.id)).group_by(_runs.c.source)
    with store.reading() as connection:
        wanted = select(_runs).where(_runs.c.id.in_(last)).order_by(_runs.c.source)
        return [dict(row) for row in connection.execute(wanted).mappings()]


def last_good_runs(store: Store) -> dict[str, datetime]:
    """source -> when its last run that ended ok or partial was finished."""
    wanted = (
        select(_runs.c.source, func.max(_runs.c.finished, type_=_runs.c.finished.type).label("finished"))
        .where(_runs.c.status.in_(("ok", "partial")), _runs.c.finished.is_not(None))
        .group_by(_runs.c.source)
    )
    with store.reading() as connection:
        return {row.source: row.finished for row in connection.execute(wanted)}


def incidents(
    store: Store, company: str | None = None, status: str | None = None, limit: int = 100
) -> list[Incident]:
    """Incidents, newest first."""
    wanted = select(_incidents).order_by(_incidents.c.opened.desc(), _incidents.c.id).limit(limit)
    if company is not None:
        wanted = wanted.where(_incidents.c.company == company)
    if status is not None:
        wanted = wanted.where(_incidents.c.status == status)
    with store.reading() as connection:
        return [rows.to_incident(dict(row)) for row in connection.execute(wanted).mappings()]


def deliveries(store: Store, limit: int = 100) -> list[Delivery]:
    """Messages of the outbox, the latest due first."""
    wanted = select(_deliveries).order_by(_deliveries.c.due.desc(), _deliveries.c.id).limit(limit)
    with store.reading() as connection:
        return [rows.to_delivery(dict(row)) for row in connection.execute(wanted).mappings()]


def totals(store: Store) -> dict[str, Any]:
    """What is stored: `mentions`, `companies` and `sources`.

    The latter are lists of dicts: company (or source), mentions, first and last (day of publication, UTC, or
    None), unscored, undated.
    """
    with store.reading() as connection:
        companies, sources = _totals_by(connection, _M.company), _totals_by(connection, _M.source)
    count = sum(line["mentions"] for line in companies)
    return {"mentions": count, "companies": companies, "sources": sources}


def _totals_by(connection: Any, column: Any) -> list[dict[str, Any]]:
    kind = _M.published.type
    wanted = (
        select(
            column,
            func.count(),
            func.min(_M.published, type_=kind),
            func.max(_M.published, type_=kind),
            func.count() - func.count(_A.verdict),
            func.count() - func.count(_M.published),
        )
        .select_from(_JOINED)
        .group_by(column)
        .order_by(column)
    )
    return [
        {
            column.name: name,
            "mentions": count,
            "first": first.date() if first else None,
            "last": last.date() if last else None,
            "unscored": unscored,
            "undated": undated,
        }
        for name, count, first, last, unscored, undated in connection.execute(wanted)
    ]


def versions(store: Store, company: str, start: datetime, end: datetime) -> list[str]:
    """The versions of the analyser that read a company's mentions of a time span."""
    wanted = _published(select(_A.version).distinct().select_from(_JOINED), company, start, end)
    with store.reading() as connection:
        return sorted(connection.scalars(wanted))


def stale(store: Store, version: str, limit: int, after: int = 0) -> list[tuple[int, Mention]]:
    """Up to `limit` mentions that another version of the analyser read: (key, mention), by key.

    Only keys beyond `after` are looked at, so that going through all takes linear time; without authors.
    """
    wanted = (
        select(mentions)
        .select_from(_JOINED)
        .where(_M.pk > after, _A.version != version, _M.expired.is_(None))
        .order_by(_M.pk)
        .limit(limit)
    )
    with store.reading() as connection:
        found = connection.execute(wanted).mappings().all()
    return [(row["pk"], rows.to_mention(dict(row))) for row in found]


_TOLD = _M.stars.is_not(None) | _M.experience.is_not(None) | (_M.pros != "") | (_M.cons != "")
_TOLD &= _M.expired.is_(None)


def told(store: Store, limit: int, after: int = 0) -> list[tuple[int, Mention, str]]:
    """Up to `limit` mentions whose author rated them or filed their parts under headings, by key.

    (key, mention without its author, the author's pseudonym to count by); only keys beyond `after`.
    """
    wanted = select(mentions).where(_M.pk > after, _TOLD).order_by(_M.pk).limit(limit)
    with store.reading() as connection:
        found = connection.execute(wanted).mappings().all()
    return [(row["pk"], rows.to_mention(dict(row)), row["author"]) for row in found]


def told_count(store: Store) -> int:
    """How many mentions `told` gives in all."""
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(mentions).where(_TOLD)) or 0


def version_counts(store: Store) -> dict[str, int]:
    """version of the analyser -> how many of the mentions it read last; those with an expired text aside."""
    wanted = select(_A.version, func.count()).select_from(_JOINED).where(_M.expired.is_(None))
    wanted = wanted.group_by(_A.version).order_by(_A.version)
    with store.reading() as connection:
        return {row.version: row[1] for row in connection.execute(wanted)}

"""The history of a company as daily series need it: when a mention was published, and when it was known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from storage import days
from storage.schema import analyses, mentions, opinions
from storage.schema import runs as _runs
from storage.store import Store

if TYPE_CHECKING:
    from pandas import DataFrame

_M, _A, _O = mentions.c, analyses.c, opinions.c


def mention_days(store: Store, company: str, since: date, until: date, timezone: str) -> DataFrame:
    """The dated mentions of the days `[since, until)`, one a row, by key.

    Columns: pk, source, day and known (the days of publication and of first reading in `timezone`, as
    ordinals of dates), negative (bool).
    """
    import pandas as pd

    wanted = select(_M.pk, _M.source, _M.published, _M.first_collected, _A.verdict == "negative")
    wanted = wanted.select_from(mentions.join(analyses, _A.mention == _M.pk))
    with store.reading() as connection:
        found = connection.execute(_within(wanted, company, since, until, timezone).order_by(_M.pk)).all()
    pk, source, published, known, negative = zip(*found, strict=True) if found else ((),) * 5
    return pd.DataFrame(
        {
            "pk": pd.Series(pk, dtype="int64"),
            "source": pd.Series(source, dtype="object"),
            "day": pd.Series(_ordinals(published, timezone), dtype="int64"),
            "known": pd.Series(_ordinals(known, timezone), dtype="int64"),
            "negative": pd.Series([bool(one) for one in negative], dtype="bool"),
        }
    )


def complaints(store: Store, company: str, since: date, until: date, timezone: str) -> DataFrame:
    """What those mentions speak ill of: pk, theme; each pair once."""
    import pandas as pd

    wanted = select(_O.mention, _O.theme).where(_O.polarity == "negative").distinct()
    wanted = wanted.select_from(mentions.join(opinions, _O.mention == _M.pk))
    with store.reading() as connection:
        found = connection.execute(_within(wanted, company, since, until, timezone)).all()
    pk, theme = zip(*found, strict=True) if found else ((), ())
    return pd.DataFrame({"pk": pd.Series(pk, dtype="int64"), "theme": pd.Series(theme, dtype="object")})


def good_days(store: Store, sources: Iterable[str], timezone: str) -> dict[str, list[int]]:
    """source -> the days (ordinals, ascending) on which a run of it ended ok or partial."""
    run = _runs.c
    wanted = select(run.source, run.finished).where(
        run.source.in_(list(sources)), run.status.in_(("ok", "partial")), run.finished.is_not(None)
    )
    found: dict[str, set[int]] = {}
    with store.reading() as connection:
        for source, finished in connection.execute(wanted):
            found.setdefault(source, set()).add(days.local_day(finished, timezone).toordinal())
    return {source: sorted(known) for source, known in found.items()}


def _within(wanted: Any, company: str, since: date, until: date, timezone: str) -> Any:
    start, end = days.midnight(since, timezone), days.midnight(until, timezone)
    return wanted.where(_M.company == company, _M.published >= start, _M.published < end)


def _ordinals(moments: Iterable[datetime], timezone: str) -> list[int]:
    if timezone == "UTC":
        return [moment.toordinal() for moment in moments]
    return [days.local_day(moment, timezone).toordinal() for moment in moments]


def fresh(store: Store, company: str, since: datetime) -> list[tuple[int, datetime]]:
    """(key, when first read) of the dated mentions first read since a time, the earliest first."""
    wanted = select(_M.pk, _M.first_collected).where(
        _M.company == company, _M.first_collected >= since, _M.published.is_not(None), _M.expired.is_(None)
    )
    with store.reading() as connection:
        found = connection.execute(wanted.order_by(_M.first_collected, _M.pk)).all()
    return [(row.pk, row.first_collected) for row in found]


def begun(store: Store) -> dict[str, datetime]:
    """source -> when the first mention that is stored of it was read."""
    first = func.min(_M.first_collected, type_=_M.first_collected.type)
    wanted = select(_M.source, first).group_by(_M.source)
    with store.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(wanted)}


def rate(store: Store, source: str, until: datetime, window: timedelta) -> tuple[int, datetime | None]:
    """How many mentions of a source were published in the `window` before a time, and when its first was."""
    of_source = mentions.c.source == source
    recent = select(func.count()).where(of_source, _M.published > until - window, _M.published <= until)
    first = select(func.min(_M.published, type_=_M.published.type)).where(of_source)
    with store.reading() as connection:
        return connection.scalar(recent) or 0, connection.scalar(first)

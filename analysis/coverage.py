"""Which sources were collected when: a silent source is missing data, not zero mentions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from analysis import withholding
from candidly.figures import SourceCoverage

Days = dict[str, set[date]]


def collected_days(covered: pd.DataFrame, frames: Sequence[pd.DataFrame], zone: ZoneInfo) -> Days:
    """On which local days each source was collected; a day with mentions was."""
    found: Days = {}
    for day, source in zip(pd.to_datetime(covered["day"]).dt.date, covered["source"], strict=True):
        found.setdefault(str(source), set()).add(day)
    for mentions in frames:
        local = mentions["published"].dt.tz_convert(zone).dt.date
        for source, day in zip(mentions["source"], local, strict=True):
            found.setdefault(str(source), set()).add(day)
    return found


def coverage_rows(
    mentions: pd.DataFrame,
    collected: Days,
    days: Sequence[date],
    runs: Sequence[Mapping[str, Any]],
    sources: Sequence[str],
    least: int,
    today: date,
) -> tuple[SourceCoverage, ...]:
    last = {str(run["source"]): run for run in runs}
    counts = {str(name): int(n) for name, n in mentions["source"].value_counts().items()}
    withheld = withholding.hidden(counts, least)
    possible = [day for day in days if day <= today] or list(days)
    rows = []
    for name in dict.fromkeys([*sources, *sorted(counts)]):
        run = last.get(name, {})
        seen = len(collected.get(name, set()) & set(possible))
        n = counts.get(name, 0)
        status, finished = str(run.get("status") or "never run"), _moment(run.get("finished"))
        silent = seen == 0
        rows.append(
            SourceCoverage(
                name, seen, len(possible), None if silent or name in withheld else n, status, finished, silent
            )
        )
    return tuple(rows)


def _moment(value: Any) -> datetime | None:
    """A time out of a run's row, whichever way the database gave it."""
    if value is None or value is pd.NaT:
        return None
    moment: datetime = pd.Timestamp(value).to_pydatetime()
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("UTC"))

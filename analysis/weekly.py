"""The weekly figures of one company, from the week's mentions and opinions: pure, no clock, no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from analysis import stats, wording
from analysis.weekly_counts import (
    change,
    cluster_totals,
    groups,
    is_negative,
    mean_rating,
    rating_change,
    readable,
    scored,
    share,
)
from analysis.weekly_themes import Frames, Texts, pick_quotes, theme_rows
from candidly.config import Report
from candidly.figures import (
    Change,
    Competitor,
    Judgement,
    Reason,
    Share,
    SourceCoverage,
    TrendPoint,
    WeeklyFigures,
)
from candidly.records import Period

TREND_WEEKS = 26
MONTH = 4
ROLES = {"candidate": "candidates", "employee": "employees", "former": "employees"}

Days = dict[str, set[date]]


def summarise(
    week: Frames,
    before: Frames,
    *,
    company: str,
    period: Period,
    settings: Report,
    now: datetime,
    texts: Texts,
    trend: pd.DataFrame,
    covered: pd.DataFrame,
    sources: Sequence[str] = (),
    runs: Sequence[Mapping[str, Any]] = (),
    competitors: Mapping[str, pd.DataFrame] | None = None,
    titles: Mapping[str, str] | None = None,
    versions: Sequence[str] = (),
) -> WeeklyFigures:
    """Everything that the report of `company` in `period` says.

    `week`, `before`: the mentions and opinions of the period and of the week before. `trend`: week, total,
    scored, negative, rating, rated, up to and with the period. `covered`: day and source of both weeks.
    `sources`: the configured names, so that a silent one is called out. `runs`: the last run of each
    source (source, status, finished). `texts`: pk -> Mention, asked only for what may be quoted.
    `competitors`: their mentions. Raises CandidlyError where a quote cannot be verified.
    """
    least = settings.min_group
    zone = ZoneInfo(settings.timezone)
    first = period.start.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range(7)]
    collected = _collected(covered, [week.mentions, before.mentions], zone)
    coverage = _coverage(week.mentions, collected, days, runs, sources, least, now.astimezone(zone).date())
    pair, left_out = _comparable(week, before, collected, first)
    compared = _compare(week.mentions, pair, trend, period.key, least)
    themes = theme_rows(week, pair, titles or {}, least) if len(week.mentions) >= max(1, least) else ()
    judgement = wording.judge(compared.negative, compared.change)
    return WeeklyFigures(
        company=company,
        week=period.key,
        first_day=first,
        last_day=days[-1],
        timezone=settings.timezone,
        made=now,
        versions=tuple(versions),
        min_group=least,
        judgement=judgement,
        headline=wording.headline(judgement, len(week.mentions), coverage),
        sentence=wording.sentence(judgement, compared.negative, compared.change, themes),
        notes=_notes(judgement, compared, left_out, coverage),
        left_out=left_out,
        themes=themes,
        quotes=pick_quotes(week, themes, texts, settings.timezone, least),
        coverage=coverage,
        trend=_trend(trend, period.key, least),
        competitors=_competitors(competitors or {}, least),
        **_counts(week.mentions, before.mentions, pair, least),
        **_splits(week.mentions, least),
        **{field.name: getattr(compared, field.name) for field in fields(compared)},
    )


def _counts(
    now: pd.DataFrame, before: pd.DataFrame, pair: tuple[Frames, Frames] | None, least: int
) -> dict[str, Any]:
    """Volume, rating and ghosting; None where withheld."""
    n, told = len(now), scored(now)
    shown = n == 0 or n >= least
    read = readable(now)
    ghosted = int(read["ghosting"].eq("employer").sum())
    withheld = 0 < ghosted < least
    return {
        "mentions": n if shown else None,
        "mentions_before": len(before) if len(before) == 0 or len(before) >= least else None,
        "scored": len(told) if shown else None,
        "unscored": n - len(told) if shown else None,
        "rating": mean_rating(now, least),
        "rating_change": rating_change(pair[0].mentions, pair[1].mentions, least) if pair else None,
        "ghosting": None if withheld else share(ghosted, len(read), least),
        "ghosting_withheld": withheld,
    }


def _splits(now: pd.DataFrame, least: int) -> dict[str, Any]:
    """The week by role, by basis of the verdict and by language."""
    if len(now) < max(1, least):
        return {"roles": (), "bases": (), "languages": ()}
    roles = now["role"].map(lambda role: ROLES.get(role, "others"))
    told = scored(now)
    languages = now["language"].fillna("und").replace("", "und").astype(str)
    return {
        "roles": groups(now, roles, ("candidates", "employees", "others"), least),
        "bases": groups(
            told, told["basis"].fillna("text").astype(str), ("stars", "experience", "text"), least
        ),
        "languages": groups(now, languages, (), least),
    }


@dataclass(frozen=True, slots=True)
class _Compared:
    negative: Share | None
    negative_before: Share | None = None
    change: Change | None = None
    change_month: Change | None = None
    reason: Reason | None = None
    design_effect: float = 1.0


def _notes(
    judgement: Judgement, compared: _Compared, left_out: Sequence[str], coverage: Sequence[SourceCoverage]
) -> tuple[str, ...]:
    silent = [row.source for row in coverage if row.silent]
    month, reason = compared.change_month, compared.reason
    return wording.notes(judgement, compared.change, month, reason, left_out, silent)


def _compare(
    mentions: pd.DataFrame,
    pair: tuple[Frames, Frames] | None,
    trend: pd.DataFrame,
    week: str,
    least: int,
) -> _Compared:
    """The share of negative mentions, and how it changed against the week and the month before."""
    told = scored(mentions)
    k, n = int(is_negative(told).sum()), len(told)
    old, new = (scored(frames.mentions) for frames in pair) if pair else (told.iloc[:0], told)
    both = pd.concat([old, new], ignore_index=True) if len(old) else told
    deff = stats.design_effect(cluster_totals(both, is_negative(both)))
    negative = share(k, n, least, deff)
    if negative is None:
        return _Compared(None)
    month = _month(trend, week, k, n, deff, least)
    k1, n1, k2, n2 = int(is_negative(old).sum()), len(old), int(is_negative(new).sum()), len(new)
    if min(n1, n2) < max(1, least):
        return _Compared(negative, change_month=month, design_effect=deff)
    mix, mood = stats.kitagawa(_by_source(old), _by_source(new))
    return _Compared(
        negative, share(k1, n1, least, deff), change(k1, n1, k2, n2, deff), month, Reason(mix, mood), deff
    )


def _by_source(told: pd.DataFrame) -> dict[str, tuple[float, float]]:
    table = is_negative(told).groupby(told["source"].astype(str)).agg(["sum", "count"])
    return {str(name): (float(k), float(n)) for name, k, n in table.itertuples()}


def _month(trend: pd.DataFrame, week: str, k: int, n: int, deff: float, least: int) -> Change | None:
    """Against the four weeks before together: a single week before may itself have been unusual."""
    rows = trend[trend["week"].isin(_weeks_until(week, MONTH + 1)[:-1])]
    k1, n1 = int(rows["negative"].sum()), int(rows["scored"].sum())
    if len(rows) < MONTH or min(n, n1) < max(1, least):
        return None
    return change(k1, n1, k, n, deff)


def _comparable(
    week: Frames, before: Frames, collected: Days, first: date
) -> tuple[tuple[Frames, Frames] | None, tuple[str, ...]]:
    """Both weeks cut to the sources that were collected in both, and the names of the others.

    A source that was silent in one week would make a change of its own, out of missing data.
    """
    in_week = {source for source, days in collected.items() if any(day >= first for day in days)}
    in_before = {source for source, days in collected.items() if any(day < first for day in days)}
    both = in_week & in_before
    present = {str(name) for frames in (week, before) for name in frames.mentions["source"].unique()}
    left_out = tuple(sorted(present - both))
    old, new = (frames.of(frames.mentions[frames.mentions["source"].isin(both)]) for frames in (before, week))
    return ((old, new) if len(old.mentions) and len(new.mentions) else None), left_out


def _collected(covered: pd.DataFrame, frames: Sequence[pd.DataFrame], zone: ZoneInfo) -> Days:
    """On which local days each source was collected; a day with mentions was."""
    found: Days = {}
    for day, source in zip(pd.to_datetime(covered["day"]).dt.date, covered["source"], strict=True):
        found.setdefault(str(source), set()).add(day)
    for mentions in frames:
        local = mentions["published"].dt.tz_convert(zone).dt.date
        for source, day in zip(mentions["source"], local, strict=True):
            found.setdefault(str(source), set()).add(day)
    return found


def _coverage(
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
                name, seen, len(possible), None if silent or 0 < n < least else n, status, finished, silent
            )
        )
    return tuple(rows)


def _moment(value: Any) -> datetime | None:
    """A time out of a run's row, whichever way the database gave it."""
    if value is None or value is pd.NaT:
        return None
    moment: datetime = pd.Timestamp(value).to_pydatetime()
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("UTC"))


def _weeks_until(week: str, many: int) -> list[str]:
    """The keys of the last `many` ISO weeks up to and with `week`."""
    year, number = int(week[:4]), int(week[-2:])
    monday = date.fromisocalendar(year, number, 1)
    back = [(monday - timedelta(weeks=n)).isocalendar() for n in range(many - 1, -1, -1)]
    return [f"{iso.year}-W{iso.week:02d}" for iso in back]


def _trend(trend: pd.DataFrame, week: str, least: int) -> tuple[TrendPoint, ...]:
    """Up to 26 weeks, from the first that has mentions; weeks between without any count as 0."""
    known = {str(row.week): row for row in trend.itertuples()}
    weeks = _weeks_until(week, TREND_WEEKS)
    while weeks and (weeks[0] not in known or not known[weeks[0]].total):
        weeks.pop(0)
    points = []
    for key in weeks:
        row: Any = known.get(key)
        total = int(row.total) if row is not None else 0
        small = 0 < total < least
        negative = share(int(row.negative), int(row.scored), least) if row is not None and not small else None
        rated = row is not None and not small and int(row.rated) >= max(1, least)
        points.append(
            TrendPoint(key, None if small else total, negative, float(row.rating) if rated else None)
        )
    return tuple(points)


def _competitors(frames: Mapping[str, pd.DataFrame], least: int) -> tuple[Competitor, ...]:
    rows = []
    for name, mentions in frames.items():
        told = scored(mentions)
        deff = stats.design_effect(cluster_totals(told, is_negative(told)))
        n = len(mentions)
        rows.append(
            Competitor(
                name,
                n if n == 0 or n >= least else None,
                share(int(is_negative(told).sum()), len(told), least, deff),
            )
        )
    return tuple(rows)

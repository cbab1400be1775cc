"""The weekly figures of one company, from the week's mentions and opinions: pure, no clock, no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from analysis import campaigns, changes, clumps, stats, why, withholding, wording
from analysis.coverage import collected_days, coverage_rows
from analysis.history import History, stretches, week_number
from analysis.weekly_counts import (
    ROLES,
    SCORE,
    STARS,
    change,
    effect,
    groups,
    is_negative,
    mean_rating,
    rating_change,
    readable,
    scored,
    share,
    share_of,
    with_number,
)
from analysis.weekly_pairs import comparable, copies_as_one, joined, marks, without
from analysis.weekly_themes import Frames, Texts, Tones, pick_quotes, theme_rows
from candidly.config import Report
from candidly.figures import (
    Change,
    Competitor,
    Judgement,
    Reason,
    Share,
    SourceCoverage,
    SpanChange,
    TrendPoint,
    WeeklyFigures,
    Why,
)
from candidly.records import Period

TREND_WEEKS = 26
MONTH = 4
MANY = 300
"""With so many mentions on both sides the parts of a change are worth a look even if the whole is even."""


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
    competitors: Mapping[str, pd.DataFrame | None] | None = None,
    titles: Mapping[str, str] | None = None,
    versions: Sequence[str] = (),
    history: Frames | None = None,
    tones: Tones | None = None,
) -> WeeklyFigures:
    """Everything that the report of `company` in `period` says.

    `week`, `before`: the period and the week before. `trend`: as `weekly_totals` gives it. `covered`: day and
    source. `sources`: the configured names, so that a silent one is called out. `runs`: the last run of each.
    `competitors`: None for one that nobody collected. `texts`: pk -> Mention, for quotes and copies.
    `history`: from `history.first_week` on. `tones`: how strong words are. CandidlyError: a false quote.
    """
    least, zone = settings.min_group, ZoneInfo(settings.timezone)
    first, today = (moment.astimezone(zone).date() for moment in (period.start, now))
    past = history if history is not None else joined(before, week)
    days = [first + timedelta(days=n) for n in range(7)]
    collected = collected_days(covered, [past.mentions, week.mentions, before.mentions], zone)
    coverage = coverage_rows(week.mentions, collected, days, runs, sources, least, today)
    found = marks(past, week, period, texts, zone, least)
    week, before, past = (copies_as_one(frames, found) for frames in (week, before, past))
    known = History(past, collected, first, zone, least)
    pair, out, left_out = comparable(week, before, collected, first, least)
    compared = _compare(week.mentions, pair, trend, period.key, least)
    whole = _week_span(compared, pair, left_out, first, least)
    moved, longer = _longer(known, pair, out, whole, titles or {})
    themes = theme_rows(week, moved, titles or {}, least) if len(week.mentions) >= max(1, least) else ()
    judgement = wording.judge(compared.negative, compared.change)
    return WeeklyFigures(
        judgement=judgement,
        headline=wording.headline(judgement, len(week.mentions), coverage),
        sentence=wording.sentence(judgement, compared.negative, compared.change, themes),
        notes=_notes(judgement, compared, left_out, coverage),
        themes=themes,
        quotes=pick_quotes(week, themes, texts, settings.timezone, least, tones),
        coverage=coverage,
        trend=_trend(trend, known, period.key, least),
        competitors=_competitors(competitors or {}, least),
        campaigns=campaigns.without_hidden_sources(found[1], _hidden(coverage)),
        without_campaigns=without(week, pair, found, least),
        **longer,
        **_head(company, period.key, first, settings, now, versions),
        left_out=left_out,
        **_counts(week.mentions, before.mentions, pair, known),
        **_splits(week.mentions, least),
        **{field.name: getattr(compared, field.name) for field in fields(compared)},
    )


def _hidden(coverage: Sequence[SourceCoverage]) -> set[str]:
    """The sources whose number of mentions is withheld."""
    return {row.source for row in coverage if row.mentions is None}


def _head(
    company: str, week: str, first: date, settings: Report, now: datetime, versions: Sequence[str]
) -> dict[str, Any]:
    """What the report is about, and how it was made."""
    return {
        "company": company,
        "week": week,
        "first_day": first,
        "last_day": first + timedelta(days=6),
        "timezone": settings.timezone,
        "made": now,
        "versions": tuple(versions),
        "min_group": settings.min_group,
    }


def _longer(
    history: History,
    pair: tuple[Frames, Frames] | None,
    out: tuple[Frames, Frames],
    week: SpanChange | None,
    titles: Mapping[str, str],
) -> tuple[dict[str, Change], dict[str, Any]]:
    """`(changes of the themes this week, the comparisons over all spans and the account of one)`."""
    moved, spans = changes.all_changes(history, pair, out, week, titles)
    return moved, {"spans": spans, "why": _why(history, pair, out, spans, titles, history.least)}


def _counts(
    now: pd.DataFrame, before: pd.DataFrame, pair: tuple[Frames, Frames] | None, history: History
) -> dict[str, Any]:
    """Volume, rating and ghosting; None where withheld, and where nobody collected."""
    n, told, least = len(now), scored(now), history.least
    collected, collected_before = history.collected(history.now), history.collected(history.now - 1)
    shown = n >= least or (n == 0 and collected)
    shown_before = len(before) == 0 and collected_before
    read = readable(now)
    ghosted = int(read["ghosting"].eq("employer").sum())
    withheld = 0 < ghosted < least
    return {
        "mentions": n if shown else None,
        "mentions_before": len(before) if len(before) >= least or shown_before else None,
        "collected": collected,
        "collected_before": collected_before,
        "scored": len(told) if shown else None,
        "unscored": n - len(told) if shown else None,
        "rating": mean_rating(now, least),
        "rating_change": rating_change(pair[0].mentions, pair[1].mentions, least) if pair else None,
        "ghosting": None if withheld else share_of(read, read["ghosting"].eq("employer"), least),
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
    both = clumps.both_sides(old, new) if len(old) else told
    deff = clumps.design_effect(both, is_negative(both))
    negative = share_of(told, is_negative(told), least)
    if negative is None:
        return _Compared(None)
    own = effect(told, is_negative(told))
    month = _month(trend, week, k, n, deff, least)
    k1, n1, k2, n2 = int(is_negative(old).sum()), len(old), int(is_negative(new).sum()), len(new)
    if min(n1, n2) < max(1, least):
        return _Compared(negative, change_month=month, design_effect=own)
    mix, mood = stats.kitagawa(_by_source(old), _by_source(new))
    return _Compared(
        negative,
        share_of(old, is_negative(old), least),
        change(k1, n1, k2, n2, deff, clump=clumps.mean_size(both)),
        month,
        Reason(mix, mood),
        own,
    )


def _by_source(told: pd.DataFrame) -> dict[str, tuple[float, float]]:
    table = is_negative(told).groupby(told["source"].astype(str)).agg(["sum", "count"])
    return {str(name): (float(k), float(n)) for name, k, n in table.itertuples()}


def _month(trend: pd.DataFrame, week: str, k: int, n: int, deff: float, least: int) -> Change | None:
    """Against the four weeks before together: a single week before may itself have been unusual.

    Weeks too small to be shown are summed only as `withholding` allows.
    """
    keys = _weeks_until(week, TREND_WEEKS)
    known = {
        str(week): (int(k), int(n))
        for week, k, n in zip(*(trend[c] for c in ("week", "negative", "scored")), strict=True)
    }
    if any(key not in known for key in keys[-MONTH - 1 : -1]):
        return None
    first = week_number(_monday(keys[0]))
    skipped = -first % withholding.BLOCK
    rows = [known.get(key, (0, 0)) for key in keys[skipped:]]
    bundles = withholding.units(first + skipped, [scored for _, scored in rows], max(1, least))
    kept = withholding.summed(bundles, set(range(len(rows) - MONTH - 1, len(rows) - 1)))
    k1, n1 = (sum(rows[place][i] for place in kept) for i in (0, 1))
    return change(k1, n1, k, n, deff) if min(n, n1) >= max(1, least) else None


def _week_span(
    compared: _Compared,
    pair: tuple[Frames, Frames] | None,
    left_out: tuple[str, ...],
    first: date,
    least: int,
) -> SpanChange | None:
    """The week against the week before, as a span beside the longer ones."""
    if pair is None or compared.change is None:
        return None
    old, new = (frames.mentions for frames in pair)
    rated, graded = ((with_number(old, scale), with_number(new, scale)) for scale in (STARS, SCORE))
    told = scored(old), scored(new)
    return changes.compared("week", 1, first, told, rated, graded, left_out, least)


def _why(
    history: History,
    pair: tuple[Frames, Frames] | None,
    out: tuple[Frames, Frames],
    spans: Sequence[SpanChange],
    titles: Mapping[str, str],
    least: int,
) -> Why | None:
    """The account of the shortest span that clearly changed, else of four weeks with many mentions."""
    clear = [one.span for one in spans if one.change and one.change.verdict != "cannot tell"]
    many = [
        one.span
        for one in spans
        if one.negative and one.negative_before and min(one.negative.n, one.negative_before.n) >= MANY
    ]
    chosen = next(iter([*clear, *(span for span in many if span != "week")]), None)
    if chosen == "week" and pair:
        old, new = (scored(frames.mentions) for frames in pair)
        opinions, listed = joined(*pair).opinions, changes.shown_themes(pair, out, least)
    elif chosen and chosen != "week":
        stretch = next(one for one in stretches(history) if one.span == chosen)
        old, new = stretch.pair(scored(history.mentions))
        opinions, listed = history.opinions, changes.long_shown_themes(stretch)
    else:
        return None
    return why.explain(chosen, old, new, opinions, listed=listed, titles=titles, least=least)


def _weeks_until(week: str, many: int) -> list[str]:
    """The keys of the last `many` ISO weeks up to and with `week`."""
    monday = _monday(week)
    back = [(monday - timedelta(weeks=n)).isocalendar() for n in range(many - 1, -1, -1)]
    return [f"{iso.year}-W{iso.week:02d}" for iso in back]


def _monday(week: str) -> date:
    return date.fromisocalendar(int(week[:4]), int(week[-2:]), 1)


def _trend(trend: pd.DataFrame, history: History, week: str, least: int) -> tuple[TrendPoint, ...]:
    """Up to 26 weeks, from the first that has mentions; 0 only where one was collected."""
    told = scored(history.mentions)
    effects = {key: effect(part, is_negative(part)) for key, part in told.groupby("week")}
    known = {str(row.week): row for row in trend.itertuples()}
    weeks = _weeks_until(week, TREND_WEEKS)
    while weeks and (weeks[0] not in known or not known[weeks[0]].total):
        weeks.pop(0)
    points = []
    for key in weeks:
        row: Any = known.get(key)
        total, number = int(row.total) if row is not None else 0, week_number(_monday(key))
        small, collected = 0 < total < least, bool(total) or history.collected(number)
        deff = effects.get(number, 1.0)
        shown = row is not None and not small
        negative = share(int(row.negative), int(row.scored), least, deff) if shown else None
        rated = row is not None and not small and int(row.rated) >= max(1, least)
        points.append(
            TrendPoint(
                key,
                total if collected and not small else None,
                negative,
                float(row.rating) if rated else None,
                collected,
            )
        )
    return tuple(points)


def _competitors(frames: Mapping[str, pd.DataFrame | None], least: int) -> tuple[Competitor, ...]:
    rows = []
    for name, mentions in frames.items():
        if mentions is None:
            rows.append(Competitor(name, None, None, collected=False))
            continue
        told = scored(mentions)
        n = len(mentions)
        rows.append(
            Competitor(
                name,
                n if n == 0 or n >= least else None,
                share_of(told, is_negative(told), least),
            )
        )
    return tuple(rows)

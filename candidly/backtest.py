"""The store's history, replayed day by day as it was known then: when would the rules have fired?

False is what fires in a history in which nothing happened. Of the real one nobody knows that, so histories of
the same company are drawn in which nothing did: its own slow level, weekdays and days without data, its own
scatter, and no rises. What the rule opens in these is what chance alone costs.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from alerting import rises
from alerting.evidence import Evidence
from alerting.rules import Change
from analysis import parts, spikes
from analysis.drawn import drawn
from analysis.parts import Key, Verdicts, Whole
from analysis.spikes import RECENT
from candidly.backtested import Backtest, Cost, Fired, WeekPoint
from candidly.history import History, history
from candidly.records import Incident
from candidly.rise import Rise
from candidly.session import Session
from candidly.spike import SpikeKind

WEEKS_A_YEAR = 365.25 / 7
OTHERS = (4, 8, 13, 26, 52, 104)
"""Budgets in weeks that are shown beside the one asked for."""
KINDS: tuple[SpikeKind, ...] = ("more negative", "more posts")
USUAL_WEEKS = 12
LEAST_DAYS = 14
"""Days of history before the first that is judged."""
MARGIN = 0.3
"""By how much the score of a day may differ between what is known now and what was known then."""


Day = tuple[Whole, Verdicts]


@dataclass(frozen=True)
class _Replay:
    """A company's history with what the live rule would have seen on each of `days`."""

    found: History
    whole: Whole
    days: Sequence[date]
    judged: Sequence[Day | None]
    chance: Sequence[np.ndarray]
    evidence: Evidence
    zone: ZoneInfo


def backtest(
    session: Session, company: str, until: date, since: date | None, weeks: float | None, draws: int
) -> Backtest | None:
    """Replay a company's history from `since` (else as early as can be judged); None: nothing to judge.

    `weeks`: the budget, one false alarm in so many; None: that of the configuration. `draws`: histories to
    draw for the cost of chance.
    """
    settings, report = session.config.alerts.spike, session.config.report
    found = history(session, company, until)
    if found is None:
        return None
    start = max(since or found.first, found.first + timedelta(days=LEAST_DAYS))
    days = [day for day in found.days if day >= start]
    if not days:
        return None
    asked = weeks or WEEKS_A_YEAR / settings.false_alarms_per_year
    whole = found.whole(replayed=True)
    replay = _Replay(
        found, whole, days, _judged(found, whole, days, settings.min_negative, min(asked, *OTHERS)),
        _chance(whole, days, draws, settings.min_negative, company), Evidence(least=report.min_group),
        ZoneInfo(report.timezone),
    )  # fmt: skip
    fired = {one: _fold(replay, one) for one in dict.fromkeys((asked, *OTHERS))}
    costs = {one: _cost(replay, one, fired[one]) for one in fired}
    return Backtest(
        company=company, since=start, until=until, least=report.min_group, budget=costs[asked],
        others=tuple(costs[one] for one in OTHERS if one != round(asked)), fired=tuple(fired[asked]),
        weeks=tuple(_weeks(found, start, report.min_group)), drawn=draws,
    )  # fmt: skip


def _judged(
    found: History, whole: Whole, days: Sequence[date], min_negative: int, loosest: float
) -> list[Day | None]:
    """What the live rule would have seen on each day; None: nothing near an alarm.

    All days and series are scored in one pass over what is known now. Only where that comes near the loosest
    budget are they judged again, exactly as that day had it: with what was known then.
    """
    many = parts.series(whole)
    scores = spikes.replay(whole.days, list(many.values()), days[0], days[-1], min_negative=min_negative)
    limits = parts.budget(whole, WEEKS_A_YEAR / loosest)
    by_kind = {"": limits.company, "theme": limits.theme, "source": limits.source}
    needed = np.array([by_kind[kind] for kind, _ in many]) - MARGIN
    counted = [kind != "theme" for kind, _ in many]
    best = np.fmax(scores.negative, np.where(counted, scores.posts, -np.inf))
    near = np.nan_to_num(best, nan=-np.inf) >= needed
    hot = near.copy()
    for back in range(1, RECENT + 1):
        hot[back:] |= near[:-back]
    keys = list(many)
    return [
        _exact(found, day, {keys[n] for n in np.flatnonzero(row)}, min_negative) if row.any() else None
        for day, row in zip(days, hot, strict=True)
    ]


def _exact(found: History, day: date, only: set[Key], min_negative: int) -> Day:
    whole = found.at(day)
    return whole, parts.judged(whole, day, min_negative=min_negative, only=only)


def _fold(replay: _Replay, weeks: float) -> list[Fired]:
    """The incidents under a budget: as `watching` would have had them, without their words."""
    known: dict[str, Incident] = {}
    opened: dict[str, date] = {}
    over: dict[str, date] = {}
    sent: dict[str, set[str]] = {}
    limits = parts.budget(replay.whole, WEEKS_A_YEAR / weeks)
    for day, one in zip(replay.days, replay.judged, strict=True):
        risen = parts.rises(*one, limits) if one else {}
        if not risen and all(incident.status == "resolved" for incident in known.values()):
            continue
        for change in _changes(replay, day, one, risen, list(known.values())):
            for id_ in change.resolved:
                known[id_], over[id_] = replace(known[id_], status="resolved"), day
            for incident in change.opened:
                known[incident.id], opened[incident.id] = incident, day
                sent[incident.id] = {""}
            for incident in change.updated:
                known[incident.id] = incident
                sent[incident.id] |= {change.occasion} if change.occasion else set()
    return [
        Fired(
            one.id, opened[one.id], over.get(one.id), one.rule, one.severity, one.title,
            one.detail["summary"], len(sent[one.id]),
        )
        for one in known.values()
    ]  # fmt: skip


def _changes(
    replay: _Replay, day: date, one: Day | None, risen: Mapping[SpikeKind, Rise], known: list[Incident]
) -> Iterator[Change]:
    clear = partial(parts.clear_days, one[0] if one else replay.whole, today=day)
    now = datetime.combine(day, time(12), replay.zone)
    for kind in KINDS:
        rule, company = rises.RULES[kind], replay.found.company
        yield from rises.rise_changes(rule, company, risen.get(kind), known, now, day, clear, replay.evidence)


def _cost(replay: _Replay, weeks: float, fired: Sequence[Fired]) -> Cost:
    count = Counter(one.severity for one in fired)
    limit = parts.budget(replay.whole, WEEKS_A_YEAR / weeks).company
    drawn_pages = [_openings(scores, limit) for scores in replay.chance]
    chance = sum(drawn_pages) / len(drawn_pages) if drawn_pages else None
    allowed = len(replay.days) / 7 / weeks
    return Cost(weeks, count["page"], count["warning"], count["notice"], allowed, chance)


def _chance(
    whole: Whole, days: Sequence[date], draws: int, min_negative: int, company: str
) -> list[np.ndarray]:
    """The scores of each judged day (of the company as a whole) in drawn histories."""
    if not draws:
        return []
    seed = zlib.crc32(company.encode("utf-8", "replace"))
    many = [drawn(whole.counts, np.random.default_rng([seed, n])) for n in range(draws)]
    found = spikes.replay(whole.days, many, days[0], days[-1], min_negative=min_negative)
    return list(found.negative.T)


def _openings(scores: np.ndarray, limit: float) -> int:
    """How many incidents scores open: days above the limit that do not follow another within a week."""
    above = np.flatnonzero(np.nan_to_num(scores, nan=-np.inf) >= limit)
    return int(len(above) > 0) + int((np.diff(above) > rises.COOL_DOWN.days).sum())


def _weeks(found: History, start: date, least: int) -> Iterator[WeekPoint]:
    """The weeks of the replay; what is usual follows from the 12 weeks with data before each."""
    whole = found.whole()
    total, negative = np.asarray(whole.counts.total).sum(1), np.asarray(whole.counts.negative).sum(1)
    covered = np.asarray(whole.counts.covered, bool).max(axis=1)
    sums: list[float] = []
    monday = found.first - timedelta(days=found.first.weekday())
    while monday <= found.until:
        at = slice(max(0, (monday - found.first).days), (monday - found.first).days + 7)
        known, n, bad = int(covered[at].sum()), int(total[at].sum()), int(negative[at].sum())
        if monday + timedelta(days=6) >= start:
            year, week, _ = monday.isocalendar()
            shown = n >= least or n == 0
            yield WeekPoint(
                f"{year}-W{week:02d}", monday, bad if shown else None, n if shown else None,
                _usual(sums[-USUAL_WEEKS:]), known,
            )  # fmt: skip
        if known >= 4:
            sums.append(bad * 7 / known)
        monday += timedelta(days=7)


def _usual(sums: Sequence[float]) -> tuple[float, float] | None:
    if len(sums) < 4:
        return None
    middle = float(np.median(sums))
    spread = 2 * float(np.sqrt(max(1.0, middle) * 1.6))
    return max(0.0, middle - spread), middle + spread

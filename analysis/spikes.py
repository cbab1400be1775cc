"""Is there a spike of negative mentions, or of mentions at all? A count model for short, sparse series. Pure.

In plain words
    1.  Periods in which a source was not collected are missing, never zero; so are runs of empty periods that
        the source's usual volume makes impossible. Each source has its own baseline and counts only once that
        has 14 days (6 weeks), so a source added or lost never looks like a spike.
    2.  Usual = weekday x trend x yearly wave x the level of the 12 weeks (weekly: a year) before, past
        extremes cut back to what was normal then (`analysis.usual`).
    3.  The 1, 3, 7 and 14 days (1 and 2 weeks) that end with the judged period are compared with it.
    4.  Unusual is judged by how wrong this same forecast has been for this very series, through a negative
        binomial tail. Where the negatives of this series have moved with its other mentions before, they are
        expected to do so again.
    5.  Volume apart from share: as far as the other mentions say that the volume as a whole has changed (a
        surge, a new source), the negatives are judged by their share of the volume, else by their number.
        P = P(usual volume | other mentions) P(number) + P(changed volume | other mentions) P(share).

The score is log10 of the years between chance alarms as strong: `looks` in `analysis.usual` was set so that
score 0 costs less than one false alarm a year; `python -m benchmarks.spikes` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.counts import (
    SILENCE_DAYS,
    SILENCE_WEEKS,
    Counts,
    Days,
    Floats,
    Panel,
    impossible_silence,
    panel,
)
from analysis.usual import DAILY, WEEKLY, Pace
from analysis.windows import Judged, judged_windows
from candidly.config import Spike as SpikeSettings
from candidly.spike import Spike, SpikeKind

__all__ = [
    "Counts",
    "Limits",
    "Replay",
    "Verdict",
    "assess",
    "examine",
    "judge",
    "judge_many",
    "limits",
    "replay",
]

LEVEL_DAYS, WINDOWS = DAILY.level, DAILY.windows
LONGEST = DAILY.longest  # days of history that are used at all
RECENT = 7  # a judged day is at most this many days before today
SERIES_AT_ONCE = 64  # keeps the arrays of many series within the processor's caches
UNSEEN = 0.42  # weekly scores are lowered by this until two years show the yearly wave ...
UNSEEN_TAIL = 0.2  # ... and their tail is heavier


class Verdict(NamedTuple):
    """The two alerts that a series can give, kept apart; None: nothing above what is usual."""

    negative: Spike | None
    """The strongest window of "more negative": negative mentions are up, and not with the volume only."""
    posts: Spike | None
    """The strongest window of "more posts": `observed`, `expected`, `low`, `high` count all mentions."""


class Limits(NamedTuple):
    """Scores (log10 years) from which a spike of the company, of a theme, of a source is worth an alert."""

    company: float
    theme: float
    source: float


class Replay(NamedTuple):
    """Scores (log10 years between chance alarms as strong) of each day as judged on that day; NaN: cannot.

    Both (days, series). A spike of more than one day keeps its score on each day that it is still seen.
    """

    negative: Floats
    posts: Floats


def limits(false_alarms_per_year: float, themes: int = 0, sources: int = 0) -> Limits:
    """Split one company's yearly budget of false alarms: half for the company, the rest for its parts.

    Bonferroni: with 16 themes and 3 sources, a theme has 1/4/16 of the budget, a source 1/4/3. Without parts
    the company has it all. "At most one in N weeks" is a budget of 52.18 / N.
    """
    parts = (themes > 0) + (sources > 0)
    whole = -math.log10(false_alarms_per_year)
    each = math.log10(2 * parts) if parts else 0.0
    return Limits(
        whole + (math.log10(2) if parts else 0.0),
        whole + each + math.log10(max(themes, 1)),
        whole + each + math.log10(max(sources, 1)),
    )


def judge(
    days: Days,
    total: ArrayLike,
    negative: ArrayLike,
    covered: ArrayLike,
    today: date,
    settings: SpikeSettings,
    *,
    timely: ArrayLike | None = None,
) -> Spike | None:
    """The strongest spike of the last days that the false-alarm budget allows to be reported, or None.

    Arguments as in `assess`. Surges of volume with an unchanged share ("more posts") are not reported.
    """
    counts = Counts(total, negative, covered, timely)
    spike = examine(days, counts, today, min_negative=settings.min_negative).negative
    return spike if spike and spike.score >= limits(settings.false_alarms_per_year).company else None


def assess(
    days: Days,
    total: ArrayLike,
    negative: ArrayLike,
    covered: ArrayLike,
    today: date,
    *,
    timely: ArrayLike | None = None,
    min_negative: int = 3,
    recent: int = RECENT,
    limit: float = 0.0,
) -> Spike | None:
    """The one verdict to tell: "more negative" where that scores `limit` or more, else the stronger one.

    Arguments as in `Counts` and `examine`.
    """
    counts = Counts(total, negative, covered, timely)
    bad, more = examine(days, counts, today, min_negative=min_negative, recent=recent)
    if bad is None or more is None or bad.score >= limit:
        return bad or more
    return max(bad, more, key=lambda spike: spike.score)


def examine(
    days: Days,
    counts: Counts,
    today: date,
    *,
    min_negative: int = 3,
    recent: int = RECENT,
    weekly: bool = False,
) -> Verdict:
    """Both verdicts on one series: the strongest windows ending `today` or up to `recent` periods before.

    `days` are ascending (`weekly`: any day of each week, one a week, Monday to Sunday), those after `today`
    are ignored, absent ones are missing. Raises ValueError where the shapes differ.
    """
    return judge_many(days, [counts], today, min_negative=min_negative, recent=recent, weekly=weekly)[0]


def judge_many(
    days: Days,
    many: Sequence[Counts],
    today: date,
    *,
    min_negative: int = 3,
    recent: int = RECENT,
    weekly: bool = False,
) -> list[Verdict]:
    """`examine` for many series over the same days at once: all companies x themes in one pass."""
    pace = WEEKLY if weekly else DAILY
    now = _period(today, pace)
    found: list[Verdict] = []
    for at in range(0, len(many), SERIES_AT_ONCE):
        some = many[at : at + SERIES_AT_ONCE]
        seen = _look(days, some, now - recent, now, pace, min_negative)
        found += [Verdict(None, None)] * len(some) if seen is None else _verdicts(seen, pace, len(some))
    return found


def replay(
    days: Days,
    many: Sequence[Counts],
    first: date,
    last: date,
    *,
    min_negative: int = 3,
    weekly: bool = False,
) -> Replay:
    """What would have been seen on each day (week) of `first`..`last`, as `examine(..., recent=0)` that day.

    Rows are the periods from `first` to `last` without a gap.
    """
    pace = WEEKLY if weekly else DAILY
    start, end = _period(first, pace), _period(last, pace)
    out = np.full((2, max(end - start + 1, 0), len(many)), np.nan)
    for at in range(0, len(many), SERIES_AT_ONCE):
        some = slice(at, at + SERIES_AT_ONCE)
        for lo, hi in _blocks(start, end, pace):
            for row, scores in _block(days, many[some], lo, hi, pace, min_negative):
                out[:, row - start : row - start + scores.shape[1], some] = scores
    return Replay(out[0], out[1])


def _period(day: date, pace: Pace) -> int:
    """Days, or weeks from Monday to Sunday, counted from year 1 (1 January of which is a Monday)."""
    return (day.toordinal() - 1) // pace.step


def _blocks(start: int, end: int, pace: Pace) -> Iterator[tuple[int, int]]:
    """The periods `start`..`end` in blocks in which what is usual is learnt once; fixed in the calendar."""
    while start <= end:
        last = min(end, start - start % pace.block + pace.block - 1)
        yield start, last
        start = last + 1


class _Found(NamedTuple):
    """The windows that end with the periods from `lo` on, and what makes scores of their probabilities."""

    lo: int
    judged: Judged
    price: float  # log10 of the looks a year
    tail: float

    def score(self, p: Floats) -> Floats:
        """log10 of the years between chance alarms as strong."""
        model = -np.log10(np.maximum(p, 1e-300)) - self.price
        return np.where(model > 0, model * self.tail, model)


def _look(
    days: Days, many: Sequence[Counts], lo: int, hi: int, pace: Pace, min_negative: int
) -> _Found | None:
    """Judge `lo`..`hi` as known at `hi`; None where there is nothing before."""
    knot = lo - lo % pace.block
    data = panel(days, many, knot - pace.longest, hi, pace.step)
    if data is None:
        return None
    silent = impossible_silence(data.negative + data.other, data.covered, _silence(pace))
    return _scan(data.known(silent), lo, hi, knot, pace, min_negative)


def _silence(pace: Pace) -> int:
    return SILENCE_DAYS if pace.step == 1 else SILENCE_WEEKS


def _scan(data: Panel, lo: int, hi: int, knot: int, pace: Pace, min_negative: int) -> _Found:
    n = len(data.covered)
    first = max(0, n - 1 - (hi - lo))
    cut = max(0, n - 1 - (hi - knot) - min(pace.gaps) + 1)  # learnt strictly before every judged window
    judged = judged_windows(data, first, cut, pace, min_negative)
    years = cut / pace.year
    unseen = 0.0 if pace.step == 1 else float(np.clip(4 - 2 * years, 0, 1))
    price = math.log10(pace.year * pace.looks) + UNSEEN * unseen
    return _Found(hi - (n - 1 - first), judged, price, pace.tail - UNSEEN_TAIL * unseen)


def _scores(found: _Found) -> Floats:
    """(2, periods, series): the best window's "more negative" and "more posts"."""
    p = np.stack([found.judged.p_negative, found.judged.p_posts]).min(1)
    return np.where(found.judged.able, found.score(p), np.nan)


def _block(
    days: Days, many: Sequence[Counts], lo: int, hi: int, pace: Pace, min_negative: int
) -> Iterator[tuple[int, Floats]]:
    """(first period, scores) of a block, each period as known on the day.

    A silence turns out impossible only when it has lasted; the block is then judged period by period.
    """
    knot = lo - lo % pace.block
    data = panel(days, many, knot - pace.longest, hi, pace.step)
    if data is None:
        return
    silent = impossible_silence(data.negative + data.other, data.covered, _silence(pace))
    judged = hi - lo + 1
    if not silent[-judged:].any():
        found = _scan(data.known(silent), lo, hi, knot, pace, min_negative)
        yield found.lo, _scores(found)
        return
    for t in range(lo, hi + 1):
        known = data.until(len(data.covered) - (hi - t))
        if len(known.covered):
            silent = impossible_silence(known.negative + known.other, known.covered, _silence(pace))
            yield t, _scores(_scan(known.known(silent), t, t, knot, pace, min_negative))


def _verdicts(found: _Found, pace: Pace, many: int) -> list[Verdict]:
    """The strongest window of each kind, of each series."""
    bad, more = (np.where(found.judged.able, p, 1.0) for p in (found.judged.p_negative, found.judged.p_posts))
    return [
        Verdict(
            _strongest(found, bad[:, :, g], g, "more negative", pace),
            _strongest(found, more[:, :, g], g, "more posts", pace),
        )
        for g in range(many)
    ]


def _strongest(found: _Found, p: Floats, g: int, kind: SpikeKind, pace: Pace) -> Spike | None:
    """The window with the smallest p (widths, periods); None where none is above what is usual."""
    if not (p < 1).any():
        return None
    width, t = (int(i) for i in np.unravel_index(np.argmin(p), p.shape))
    score = float(found.score(p[width, t]))
    last = date.fromordinal((found.lo + t + 1) * pace.step)
    first = last - timedelta(days=pace.windows[width] * pace.step - 1)
    return _spike(found.judged, (width, t, g), kind, first, last, score)


def _spike(
    judged: Judged, at: tuple[int, int, int], kind: SpikeKind, first: date, last: date, score: float
) -> Spike:
    w = judged.windows
    negative, total = float(w.observed[at]), float(w.total[at])
    bad = kind == "more negative"
    e = float((w.expected if bad else w.usual_total)[at])
    sd = math.sqrt(e * float((w.spread if bad else w.spread_other)[at]))
    return Spike(
        kind=kind,
        first=first,
        last=last,
        observed=round(negative if bad else total),
        expected=e,
        low=max(0, math.ceil(e - 2 * sd)),
        high=max(math.floor(e + 2 * sd), math.ceil(e)),
        total=round(max(total, negative)),
        usual_share=float(w.usual_share[at]),
        score=score,
        negative=round(negative),
    )

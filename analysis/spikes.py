"""Is there a spike of negative mentions? A count model for short, sparse daily series. Pure.

In plain words
    1.  Days on which a source was not collected are missing, never zero; so are runs of empty days that the
        source's usual volume makes impossible. Each source has its own baseline and counts only once that
        has 14 days, so a source added or lost never looks like a spike.
    2.  Usual = the level of up to 12 weeks before the judged window x weekday factors, with past extremes
        cut back to what was normal then.
    3.  The 1, 3 and 7 days that end on the judged day are compared with it.
    4.  Unusual is judged by how wrong this same forecast has been for this very series (variance/mean of its
        past errors, pulled to 1.6 while history is short) through a negative binomial tail.
    5.  Share gate: there must be more negatives than the volume of the same days explains, too.

The robust weights are those of Farrington et al. 1996 and Noufaily et al. 2013 (doi.org/10.1002/sim.5595):
Anscombe residuals above 2.58 count as past outbreaks and are weighted down by their square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.counts import Bools, Floats, Series, before, ending, grid, nb_tail
from candidly.config import Spike as SpikeSettings
from candidly.spike import Spike

WINDOWS = (1, 3, 7)
LEVEL_DAYS = 84  # the baseline: 12 weeks
SHAPE_DAYS = 182  # weekday factors and the long-run mean: half a year
LEAST_DAYS = 14  # covered days before a source is judged
LONGEST = 1096  # days of history that are used at all
RECENT = 7  # a judged day is at most this many days before today
ANCHOR = 30.0  # the level is pulled to the long-run mean with the weight of this many mentions
PHI, PHI_DAYS = 1.6, 25.0  # prior for variance/mean, worth this many days
WINDOW_WEIGHT = 150.0  # longer windows are pulled to the one-day value, worth this many windows
ROBUST = 2.58
CAP = 3.0  # past days are cut at mean + 3 sd + 1
LOOKS = 1.5  # price of looking at several (overlapping) windows
GATE = 4.0  # chance alone passes the share gate this often a year
YEAR = 365.25
FLOOR = -math.log10(YEAR * LOOKS)  # the score of a window that is no surprise at all


class Counts(NamedTuple):
    """Mentions a day of one series (a company, or one theme of it): each (days,) or (days, sources).

    `covered` is False where a source was not read: missing, not zero. `timely` are those of `negative` that
    may raise an alert (collected soon after they were posted); baselines use them all. None: all may.
    For a theme, `negative` are the mentions that speak ill of the theme; `total` stays all mentions.
    """

    total: ArrayLike
    negative: ArrayLike
    covered: ArrayLike
    timely: ArrayLike | None = None


class Verdict(NamedTuple):
    """The two alerts that a series can give, kept apart; None: nothing above what is usual."""

    negative: Spike | None
    """The strongest window of "more negative": number and share of the negative mentions are both up."""
    posts: Spike | None
    """The strongest window of "more posts": `observed`, `expected`, `low`, `high` count all mentions."""


class Limits(NamedTuple):
    """Scores (log10 years) from which on a spike of the company, of a theme, of a source is worth an alert."""

    company: float
    theme: float
    source: float


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


def examine(
    days: Sequence[date],
    counts: Counts,
    today: date,
    *,
    min_negative: int = 3,
    recent: int = RECENT,
    weekly: bool = False,
) -> Verdict:
    """Both verdicts on one series: the strongest windows ending `today` or up to `recent` days before.

    `days` are ascending (`weekly`: any day of each week, one a week), days after `today` are ignored, absent
    days are missing. Raises ValueError where the shapes differ.
    """
    return judge_many(days, [counts], today, min_negative=min_negative, recent=recent, weekly=weekly)[0]


def judge_many(
    days: Sequence[date],
    many: Sequence[Counts],
    today: date,
    *,
    min_negative: int = 3,
    recent: int = RECENT,
    weekly: bool = False,
) -> list[Verdict]:
    """`examine` for many series over the same days at once: all companies x themes in one pass."""
    found = []
    for one in many:
        spike = assess(days, *one[:3], today, timely=one.timely, min_negative=min_negative, recent=recent)
        kind = spike.kind if spike else ""
        found.append(
            Verdict(spike if kind == "more negative" else None, spike if kind == "more posts" else None)
        )
    return found


class Replay(NamedTuple):
    """Scores (log10 years between chance alarms as strong) of each day as judged on that day; NaN: cannot.

    Both (days, series). A spike of more than one day keeps its score on each day that it is still seen.
    """

    negative: Floats
    posts: Floats


def replay(
    days: Sequence[date],
    many: Sequence[Counts],
    first: date,
    last: date,
    *,
    min_negative: int = 3,
    weekly: bool = False,
) -> Replay:
    """What would have been seen on each of `days` in `first`..`last`, as in `examine(..., recent=0)` that day."""
    kept = [day for day in days if first <= day <= last]
    out = np.full((2, len(kept), len(many)), np.nan)
    for i, day in enumerate(kept):
        for j, verdict in enumerate(
            judge_many(days, many, day, min_negative=min_negative, recent=0, weekly=weekly)
        ):
            for kind, spike in enumerate(verdict):
                out[kind, i, j] = spike.score if spike else FLOOR
    return Replay(out[0], out[1])


def judge(
    days: Sequence[date],
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
    limit = -math.log10(settings.false_alarms_per_year)
    spike = assess(
        days, total, negative, covered, today, timely=timely, min_negative=settings.min_negative, limit=limit
    )
    return spike if spike and spike.score >= limit else None


def assess(
    days: Sequence[date],
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
    """The most surprising window that ends on `today` or one of the `recent` days before; None: nothing is.

    `total`, `negative` (mentions a day) and `covered` (bool) have the shape (days,) or (days, sources);
    `days` are ascending, days after `today` are ignored, absent days are missing. `timely` are those of
    `negative` that may raise an alert (collected soon after they were posted); baselines use them all.
    A window whose share of negatives scores below `limit` is called "more posts".
    Raises ValueError where the shapes differ.
    """
    series = grid(days, total, negative, covered, timely, today, LONGEST)
    if series is None:
        return None
    now = len(series.covered) - 1
    judged = range(max(0, now - recent), now + 1)
    cut = max(0, judged[0] - max(WINDOWS) + 1)  # what is usual is learnt strictly before every judged window
    shape = _shape(series, cut)
    baseline = _cut_back(series, shape, cut)
    phi, best = None, None
    for width in WINDOWS:
        usual = _usual(series, baseline, shape, width, cut, phi)
        phi = phi or usual.phi
        for t in judged:
            last = today - timedelta(days=now - t)
            spike = _window(series, baseline, usual, t, last, min_negative, limit)
            if spike and (best is None or spike.score > best.score):
                best = spike
    return best


def _shape(series: Series, cut: int) -> Floats:
    """Usual negatives of each day, from the half year before `cut`: mean x weekday factor (days, sources).

    The factors are shrunk towards 1 by four days' (at least 8) mentions.
    """
    n, sources = series.covered.shape
    rows = np.arange(max(0, cut - SHAPE_DAYS), cut)
    ok, y = series.covered[rows], series.negative[rows]
    mean = (y.sum(0) + 0.5) / (ok.sum(0) + 1.0)
    shape = np.tile(mean, (n, 1))
    for s in range(sources):
        if ok[:, s].sum() < LEAST_DAYS * 2:
            continue
        kept = rows[ok[:, s]] % 7
        prior = max(4.0 * mean[s], 8.0)
        counts = np.bincount(kept, minlength=7)
        factor = (np.bincount(kept, y[ok[:, s], s], 7) + prior) / (counts * mean[s] + prior)
        shape[:, s] *= (factor / factor.mean())[np.arange(n) % 7]
    return shape


def _forecast(y: Floats, shape: Floats, ok: Bools, width: int, gap: int) -> tuple[Floats, Floats, Bools]:
    """Each source's forecast of the `width` days ending with each row, from 12 weeks `gap` days before it.

    Returns the expected number, the mentions behind it, and where there is enough baseline to judge.
    """
    posts = before(y, LEVEL_DAYS, gap) + ANCHOR
    exposure = before(shape * ok, LEVEL_DAYS, gap) + ANCHOR
    ready = (before(ok, len(ok), 1) >= LEAST_DAYS) & (before(ok, LEVEL_DAYS, gap) >= LEAST_DAYS / 2)
    return posts / exposure * ending(shape * ok, width), posts, ready


def _cut_back(series: Series, shape: Floats, cut: int) -> Floats:
    """Negatives with past extremes cut back to the upper limit of what was normal then."""
    y, capped = series.negative, series.negative
    for _ in range(2):
        expected, posts, ready = _forecast(capped, shape, series.covered, 1, 1)
        e = np.maximum(expected, 0.05)
        tame = (np.minimum(y, e + 3 * np.sqrt(2 * e) + 2) - e) ** 2 / e
        good = ready & series.covered
        learnt = good & (np.arange(len(y)) < cut)[:, None]
        phi = np.maximum(1.0, ((tame * learnt).sum(0) + PHI * PHI_DAYS) / (learnt.sum(0) + PHI_DAYS))
        limit = e + CAP * np.sqrt(e * (phi + e / posts)) + 1.0
        capped = np.where(good, np.minimum(y, limit), y)
    return capped


class _Usual(NamedTuple):
    """For windows of one width: which sources count, expected sums, mentions behind them, dispersion."""

    width: int
    ready: Bools  # (days, sources)
    expected: Floats  # (days,)
    posts: Floats  # (days,)
    phi: float


def _usual(
    series: Series, baseline: Floats, shape: Floats, width: int, cut: int, daily_phi: float | None
) -> _Usual:
    e, p, ready = _forecast(baseline, shape, series.covered, width, max(WINDOWS))
    expected, posts = (e * ready).sum(1), (p * ready).sum(1) + 1e-9
    sums = (ending(series.negative, width) * ready).sum(1)
    past = np.flatnonzero(expected[:cut] > 0)
    prior, weight = (PHI, PHI_DAYS) if daily_phi is None else (daily_phi, WINDOW_WEIGHT)
    phi = _error_dispersion(sums[past], np.maximum(expected[past], 0.05), width, prior, weight)
    return _Usual(width, ready, expected, posts, phi)


def _error_dispersion(sums: Floats, e: Floats, width: int, prior: float, weight: float) -> float:
    """Variance/mean of past forecast errors; overlapping sums count 1/width, large excesses count little."""
    phi = prior
    for _ in range(3):
        residual = 1.5 * (sums ** (2 / 3) * e ** (-1 / 6) - np.sqrt(e)) / math.sqrt(phi)
        w = np.where(residual > ROBUST, np.maximum(residual, 1e-9) ** -2.0, 1.0)
        phi = float(((w * (sums - e) ** 2 / e).sum() / width + prior * weight) / (w.sum() / width + weight))
        phi = max(1.0, phi)
    return phi


def _window(
    series: Series, baseline: Floats, usual: _Usual, t: int, last: date, min_negative: int, limit: float
) -> Spike | None:
    """The surprise of one window, or None where it cannot be judged or is none."""
    rows, sources = slice(max(0, t - usual.width + 1), t + 1), usual.ready[t]
    observed, e = float(series.timely[rows, sources].sum()), float(usual.expected[t])
    if not (series.covered[t] & sources).any() or observed < min_negative or observed <= e:
        return None
    phi = usual.phi * (1 + e / float(usual.posts[t]))  # the level itself is only known so well
    counts = -math.log10(max(nb_tail(int(observed), e, phi), 1e-300)) + FLOOR
    share, p = _share(series, baseline, rows, sources, observed)
    gate = (math.log10(max(p, 1e-300)) / math.log10(GATE / YEAR) - 1.0) * -FLOOR
    sd = math.sqrt(e * phi)
    return Spike(
        kind="more negative" if gate >= min(counts, limit) else "more posts",
        first=last - timedelta(days=usual.width - 1),
        last=last,
        observed=int(observed),
        expected=e,
        low=max(0, round(e - 2 * sd)),
        high=math.ceil(e + 2 * sd),
        total=int(series.total[rows, sources].sum()),
        usual_share=share,
        score=min(counts, gate),
    )


def _share(
    series: Series, baseline: Floats, rows: slice, sources: Bools, observed: float
) -> tuple[float, float]:
    """The usual share of negatives, and P(at least `observed` | volume of the window, usual shares)."""
    past = slice(max(0, rows.start - LEVEL_DAYS), rows.start)
    m, total = series.total[rows, sources].sum(0), series.total[past, sources]
    bad = np.minimum(baseline[past, sources], total)
    q = np.clip((bad.sum(0) + 1.0) / (total.sum(0) + 3.0), 0.02, 0.95)
    enough = total.sum(1) >= 2
    variance = (total * q * (1 - q)).sum(1)[enough]
    chi = (bad.sum(1)[enough] - (total * q).sum(1)[enough]) ** 2 / variance
    phi = max(1.0, (np.minimum(chi, 9).sum() + 1.3 * 20) / (enough.sum() + 20))
    sd = math.sqrt(phi * float((m * q * (1 - q) * (1 + m / (total.sum(0) + 3.0))).sum()))
    mean = float((m * q).sum())
    z = (observed - 0.5 - mean) / max(sd, 1e-9)
    return mean / max(float(m.sum()), 1.0), 0.5 * math.erfc(z / math.sqrt(2))

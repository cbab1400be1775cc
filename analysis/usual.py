"""What is usual for a series of counts: weekday, trend and season, level, and how wrong that has been. Pure.

Everything is learnt strictly before a row `cut`, robustly: past spikes count little (Farrington et al. 1996,
doi.org/10.2307/2983331; Noufaily et al. 2013, doi.org/10.1002/sim.5595: Anscombe residuals above 2.58 are
weighted down by their square). Arrays are (periods, columns); all columns are fitted in one pass.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from analysis.counts import Bools, Floats, cumulated, ending, later

PHI = 1.6  # prior of variance/mean ...
PHI_PERIODS = 25.0  # ... worth this many periods
ROBUST = 2.58
CAP = 3.0  # past periods are cut at mean + 3 sd + 1
ANCHOR = 100.0  # the level is pulled to the shape with the weight of at most this many mentions
SMALL = 0.05  # no expectation is taken below this, where a ratio needs one
TREND_SD = 0.5  # prior of the growth a year, on the log scale
WAVE_SD = 0.5  # prior of the yearly wave's amplitude, on the log scale
WAVES = 2
HALF_YEAR = 182


class Pace(NamedTuple):
    """How a series is read: everything in periods (days, or weeks)."""

    step: int  # days of a period
    year: float
    windows: tuple[int, ...]  # judged: the last so many periods together
    gaps: tuple[int, ...]  # the level of a window ends so many periods before the window does
    level: int
    least: int  # covered periods before a source is judged
    share: int  # periods that the usual share is taken from: a rare mention needs many
    volume: tuple[tuple[int, int], ...]  # longer windows and gaps, of the volume only
    block: int  # what is usual is learnt anew every so many periods
    longest: int
    looks: float  # price of looking at several overlapping windows, from simulations
    tail: float  # log10 years above one are so much fewer than the model says, from simulations
    share_alone: float  # price of the share as a test of its own, where the number is less surprising
    surge: float  # how often (a period) the volume as a whole is another than usual, before looking


DAILY = Pace(
    step=1, year=365.25, windows=(1, 3, 7, 14), gaps=(7, 7, 7, 14), level=84, least=14, share=182,
    volume=((28, 28), (28, 84)), block=7, longest=1096, looks=3.8, tail=0.9, share_alone=1.25, surge=0.05,
)  # fmt: skip
WEEKLY = Pace(
    step=7, year=365.25 / 7, windows=(1, 2), gaps=(2, 2), level=52, least=6, share=52,
    volume=((4, 4),), block=4, longest=312, looks=2.0, tail=0.7, share_alone=math.inf, surge=0.001,
)  # fmt: skip


def shape(y: Floats, ok: Bools, cut: int, pace: Pace) -> Floats:
    """Expected counts of each period up to a level: weekday x exp(trend + yearly waves). (periods, columns)

    A Poisson regression on weekly sums, over-dispersed, with normal priors on trend (from half a year of
    history) and waves (from a year), so that short and sparse series stay flat unless they say otherwise.
    """
    week = 7 // pace.step
    factor = _weekdays(y, ok, cut, week) * ok
    weeks = cut // week
    start = cut - weeks * week
    binned = (weeks, week, y.shape[1])
    sums, exposure = y[start:cut].reshape(binned).sum(1), factor[start:cut].reshape(binned).sum(1)
    if weeks < 4:
        flat: Floats = factor * (y[:cut].sum(0) + 0.5) / (factor[:cut].sum(0) + 1.0)
        return flat
    middle: Floats = ((np.arange(weeks, dtype=np.float64) - weeks + 0.5) * week - 0.5) / pace.year
    beta = _regression(sums, exposure, _design(middle, cut / pace.year), _precision(cut / pace.year))
    at = (np.arange(len(y)) - cut) / pace.year
    fitted: Floats = factor * np.exp(np.clip(_design(at, cut / pace.year) @ beta.T, -20, 20))
    return fitted


def _weekdays(y: Floats, ok: Bools, cut: int, week: int) -> Floats:
    """Weekday factors of the last half year, shrunk towards 1 by four days' (at least 8) mentions."""
    rows = min(cut, HALF_YEAR) // 7 * 7
    if week == 1 or rows < 14:
        return np.ones(y.shape)
    kept = slice(cut - rows, cut)
    mean = y[kept].sum(0) / np.maximum(ok[kept].sum(0), 1) + 1e-9
    tame = np.minimum(y[kept], mean + 4 * np.sqrt(2 * mean) + 2)
    sums, days = tame.reshape(-1, 7, y.shape[1]).sum(0), ok[kept].reshape(-1, 7, y.shape[1]).sum(0)
    prior = np.maximum(4 * mean, 8.0)
    factor = (sums + prior) / (days * mean + prior)
    weekly: Floats = (factor / factor.mean(0))[(np.arange(len(y)) - cut) % 7]
    return weekly


def _design(at: Floats, years: float) -> Floats:
    """Constant, trend, yearly waves at these times (years): (times, terms)."""
    columns = [np.ones(len(at))]
    if years > 0.5:
        columns.append(at)
    if years >= 1:
        for wave in range(1, WAVES + 1):
            columns += [np.cos(2 * np.pi * wave * at), np.sin(2 * np.pi * wave * at)]
    return np.column_stack(columns)


def _precision(years: float) -> Floats:
    """Prior precision of each term of `_design`; the second wave is held twice as tight."""
    trend = [TREND_SD**-2] if years > 0.5 else []
    waves = [wave * WAVE_SD**-2 for wave in range(1, WAVES + 1) for _ in range(2)] if years >= 1 else []
    return np.diag([1e-4, *trend, *waves])


def _regression(y: Floats, exposure: Floats, design: Floats, precision: Floats) -> Floats:
    """Coefficients (columns, terms): iteratively reweighted least squares, past spikes weighted down."""
    terms = design.shape[1]
    squares = (design[:, :, None] * design[:, None, :]).reshape(-1, terms**2)
    beta = np.zeros((y.shape[1], terms))
    beta[:, 0] = np.log((y.sum(0) + 0.5) / (exposure.sum(0) + 1.0))
    live, offset = exposure > 1e-9, np.log(np.maximum(exposure, 1e-9))
    weight, phi = np.ones_like(y), np.full(y.shape[1], PHI)
    for rounds in (3, 2, 2, 2):
        for _ in range(rounds):
            eta = np.clip(design @ beta.T, -20, 20)
            mean = np.exp(eta + offset) * live
            working = weight * mean / phi
            target = eta + np.clip((y - mean) / np.maximum(mean, 1e-9), -5, 5)
            normal = (working.T @ squares).reshape(-1, terms, terms) + precision
            beta = np.linalg.solve(normal, ((working * target).T @ design)[:, :, None])[:, :, 0]
        mean = np.maximum(np.exp(np.clip(design @ beta.T, -20, 20) + offset), SMALL)
        error = (weight * (y - mean) ** 2 / mean * live).sum(0)
        phi = np.maximum(1.0, (error + 4 * PHI) / ((weight * live).sum(0) + 4.5 - terms / 2))
        weight = _spike_weight(anscombe(y, mean) / np.sqrt(phi))
    return beta


def anscombe(y: Floats, mean: Floats) -> Floats:
    """Residuals of counts that are about normal (McCullagh and Nelder 1989, 2.4), with variance phi."""
    return 1.5 * (np.cbrt(y) ** 2 / np.sqrt(np.cbrt(mean)) - np.sqrt(mean))


def _spike_weight(residual: Floats) -> Floats:
    return np.where(residual > ROBUST, 1 / np.maximum(residual * residual, 1.0), 1.0)


def cut_back(y: Floats, shape: Floats, ok: Bools, cut: int, pace: Pace) -> Floats:
    """Counts with past extremes cut back to the upper limit of what was normal then."""
    anchor = anchors(y, cut)
    exposure = later(ending(cumulated(shape), pace.level), 1) + anchor
    days = cumulated(ok)
    good = ok & (later(days[1:], 1) >= pace.least) & (later(ending(days, pace.level), 1) >= pace.least / 2)
    learnt = good.copy()
    learnt[cut:] = False
    capped = y
    for _ in range(2):
        posts = later(ending(cumulated(capped), pace.level), 1) + anchor
        e = np.maximum(posts / exposure * shape, SMALL)
        tame = (np.minimum(y, e + 3 * np.sqrt(2 * e) + 2) - e) ** 2 / e
        phi = np.maximum(1.0, ((tame * learnt).sum(0) + PHI * PHI_PERIODS) / (learnt.sum(0) + PHI_PERIODS))
        capped = np.where(good, np.minimum(y, e + CAP * np.sqrt(e * (phi + e / posts)) + 1.0), y)
    return capped


def anchors(y: Floats, cut: int) -> Floats:
    """How many mentions each column's shape weighs against its level: no more than it was learnt from.

    At the start of a history the shape rests on a day or on none, and says nothing of what is usual.
    """
    weights: Floats = np.clip(y[:cut].sum(0), 1.0, ANCHOR)
    return weights


class Level:
    """Forecasts of windows of any width from shape x level, the level as it was some periods before."""

    def __init__(self, capped: Floats, shape: Floats, ok: Bools, cut: int, pace: Pace) -> None:
        days = cumulated(ok)
        self._shape = cumulated(shape)
        self._posts = ending(cumulated(capped), pace.level)
        self._exposure = ending(self._shape, pace.level)
        self._days = ending(days, pace.level)
        self._least, self._most, self._anchor = pace.least, pace.level, anchors(capped, cut)
        self.ever: Bools = later(days[1:], 1) >= pace.least
        self._known: dict[int, tuple[Floats, Bools]] = {}

    def forecast(self, width: int, gap: int) -> tuple[Floats, Bools]:
        """Expected sums of the `width` rows ending with each row, and where there is enough to judge by."""
        if gap not in self._known:
            anchor = self._anchor
            ratio = (later(self._posts, gap) + anchor) / (later(self._exposure, gap) + anchor)
            self._known[gap] = ratio, self.ever & (later(self._days, gap) >= self._least / 2)
        ratio, ready = self._known[gap]
        return ratio * ending(self._shape, width), ready

    def doubt(self, width: int, gap: int, last: int) -> Floats:
        """How many times larger the variance of a forecast's error is for want of periods behind its level.

        Of the windows that end with one of the `last` rows. The sum of `width` periods, less what a mean of n
        makes of it, has a variance of 1 + width/n. 1 where the level is a full one: what that adds, past
        errors show.
        """
        behind = np.clip(later(self._days, gap)[-last:], 1.0, self._most)
        times: Floats = (1 + width / behind) / (1 + width / self._most)
        return times


def dispersion(
    sums: Floats,
    expected: Floats,
    use: Bools,
    widths: Floats,
    prior: Floats | float,
    weight: float,
    rounds: int = 3,
) -> tuple[Floats, Floats]:
    """Variance/mean of past forecast errors (widths, series), and the weights that these had.

    `sums`, `expected`, `use` and the weights are (widths, rows, series), `widths` is (widths, 1). Sums of
    several periods overlap, so they count 1/width; large excesses, past spikes, count little.
    """
    e = np.maximum(expected, SMALL)
    above = sums - e
    error = above * above / e * use
    # An Anscombe residual is never above Pearson's, so only these few can ever be weighted down.
    at = width, _, series = np.nonzero((error > ROBUST**2) & (above > 0))
    large, residual = error[at], anscombe(sums[at], e[at])
    w, held, pulled = use.astype(np.float64), widths * weight, widths * weight * prior
    errors, known, lighter = error.sum(1) + pulled, use.sum(1) + held, np.zeros(len(large))
    phi, flat = np.broadcast_to(prior, errors.shape), width * errors.shape[1] + series
    for _ in range(rounds):
        lighter = 1 - _spike_weight(residual / np.sqrt(phi.ravel()[flat]))
        lost, fewer = (np.bincount(flat, x, phi.size).reshape(phi.shape) for x in (lighter * large, lighter))
        phi = np.maximum((errors - lost) / (known - fewer), 1.0)
    w[at] = 1 - lighter
    return phi, w

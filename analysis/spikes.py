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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from candidly.config import Spike as SpikeSettings
from candidly.spike import Spike

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

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
LOOKS = 1.3  # price of looking at several (overlapping) windows
GATE = 4.0  # chance alone passes the share gate this often a year
YEAR = 365.25
FLOOR = -math.log10(YEAR * LOOKS)  # the score of a window that is no surprise at all


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
    spike = assess(days, total, negative, covered, today, timely=timely, min_negative=settings.min_negative)
    if spike is None or spike.kind != "more negative":
        return None
    return spike if spike.score >= -math.log10(settings.false_alarms_per_year) else None


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
) -> Spike | None:
    """The most surprising window that ends on `today` or one of the `recent` days before; None: nothing is.

    `total`, `negative` (mentions a day) and `covered` (bool) have the shape (days,) or (days, sources);
    `days` are ascending, days after `today` are ignored, absent days are missing. `timely` are those of
    `negative` that may raise an alert (collected soon after they were posted); baselines use them all.
    Raises ValueError where the shapes differ.
    """
    series = _grid(days, total, negative, covered, today, timely)
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
            spike = _window(series, baseline, usual, t, today - timedelta(days=now - t), min_negative)
            if spike and (best is None or spike.score > best.score):
                best = spike
    return best


class _Series(NamedTuple):
    """Arrays (days, sources), one row a day up to today; zero where not covered."""

    total: Floats
    negative: Floats
    timely: Floats
    covered: Bools


def _grid(
    days: Sequence[date], total: ArrayLike, negative: ArrayLike, covered: ArrayLike, today: date, timely: Any
) -> _Series | None:
    kept = [i for i, day in enumerate(days) if 0 <= (today - day).days < LONGEST]
    if not kept:
        return None
    rows = [(days[i] - days[kept[0]]).days for i in kept]

    def place(values: ArrayLike) -> Floats:
        given = np.asarray(values, dtype=float)
        if given.shape[:1] != (len(days),):
            raise ValueError(f"{len(days)} days need as many values, not {given.shape}")
        given = given.reshape(len(days), -1)[kept]
        grid = np.zeros(((today - days[kept[0]]).days + 1, given.shape[1]))
        grid[rows] = given
        return grid

    ok, tot, neg = place(covered) > 0, place(total), place(negative)
    new = neg if timely is None else np.minimum(neg, place(timely))
    ok &= ~_impossible_silence(tot, ok)
    return _Series(tot * ok, neg * ok, new * ok, ok)


def _impossible_silence(total: Floats, ok: Bools, window: int = 56, p: float = 1e-4) -> Bools:
    """Runs of empty days that the volume of the 8 weeks before makes practically impossible.

    P(no mention on a day) is taken as 2**-mean, which is a variance of twice the mean.
    """
    out = np.zeros_like(ok)
    for s in range(total.shape[1]):
        empty = np.flatnonzero(ok[:, s] & (total[:, s] == 0))
        for run in np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1):
            if not len(run):
                continue
            before = slice(max(0, run[0] - window), run[0])
            known = total[before, s][(ok & ~out)[before, s]]
            if len(known) >= 7 and 0.5 ** (known.mean() * len(run)) < p:
                out[run, s] = True
    return out


def _shape(series: _Series, cut: int) -> Floats:
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


def _ending(x: Any, width: int) -> Floats:
    """Sums over the `width` rows that end with each row (fewer at the start)."""
    c = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0, dtype=float)])
    end = np.arange(1, len(c))
    sums: Floats = c[end] - c[np.maximum(end - width, 0)]
    return sums


def _before(x: Any, width: int, gap: int) -> Floats:
    """Sums over the `width` rows that end `gap` rows before each row."""
    sums = np.zeros(x.shape)
    if len(x) > gap:
        sums[gap:] = _ending(x, width)[: len(x) - gap]
    return sums


def _forecast(y: Floats, shape: Floats, ok: Bools, width: int, gap: int) -> tuple[Floats, Floats, Bools]:
    """Each source's forecast of the `width` days ending with each row, from 12 weeks `gap` days before it.

    Returns the expected number, the mentions behind it, and where there is enough baseline to judge.
    """
    posts = _before(y, LEVEL_DAYS, gap) + ANCHOR
    exposure = _before(shape * ok, LEVEL_DAYS, gap) + ANCHOR
    ready = _before(ok, LEVEL_DAYS, gap) >= LEAST_DAYS
    return posts / exposure * _ending(shape * ok, width), posts, ready


def _cut_back(series: _Series, shape: Floats, cut: int) -> Floats:
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
    series: _Series, baseline: Floats, shape: Floats, width: int, cut: int, daily_phi: float | None
) -> _Usual:
    e, p, ready = _forecast(baseline, shape, series.covered, width, max(WINDOWS))
    expected, posts = (e * ready).sum(1), (p * ready).sum(1) + 1e-9
    sums = (_ending(series.negative, width) * ready).sum(1)
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
    series: _Series, baseline: Floats, usual: _Usual, t: int, last: date, min_negative: int
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
        kind="more negative" if gate >= min(counts, 0.0) else "more posts",
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
    series: _Series, baseline: Floats, rows: slice, sources: Bools, observed: float
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


def nb_tail(count: int, mean: float, phi: float) -> float:
    """P(Y >= count) of a negative binomial with this mean and variance `phi` x mean; Poisson at phi 1.

    Summed from `count` upwards with log-gamma for the first term: exact where it matters, in the tail.
    """
    if count <= 0:
        return 1.0
    if phi <= 1.0 + 1e-9:
        log_first = count * math.log(mean) - mean - math.lgamma(count + 1)
        r, q = 0.0, 0.0
    else:
        r, q = mean / (phi - 1.0), 1.0 - 1.0 / phi
        log_first = math.lgamma(count + r) - math.lgamma(r) - math.lgamma(count + 1)
        log_first += count * math.log(q) - r * math.log(phi)
    term = math.exp(log_first)
    tail, k = term, count
    while term > tail * 1e-12 or k < mean:
        term *= (k + r) * q / (k + 1) if q else mean / (k + 1)
        tail, k = tail + term, k + 1
        if k > count + 100_000:
            break
    return min(tail, 1.0)

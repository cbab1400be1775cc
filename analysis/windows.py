"""The surprise of every window of a panel: negatives by number or by share, and the volume. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.counts import Bools, Floats, Panel, cumulated, ending, later
from analysis.tails import nb_tail, share_tail
from analysis.usual import PHI, PHI_PERIODS, SMALL, Level, Pace, anscombe, cut_back, dispersion, shape

WINDOW_WEIGHT = 150.0  # longer windows' dispersion is pulled to the one-period value, worth so many windows
VOLUME_WEIGHT = 10.0  # that of the longer volume windows to the prior
FOLLOWS = (
    30.0  # periods (as many weeks: a third) that the prior "negatives do not follow the others" is worth
)
SHARE_PHI, SHARE_PERIODS = 1.3, 20.0  # prior of the share's variance beyond a binomial's
ALL_BAD = 0.95  # where nearly all mentions are negative, more of them are more negatives, share or not
RANGE = 3.2  # width of the prior of a changed volume, on the log scale: a fifth to five times


class Windows(NamedTuple):
    """The windows of each width that end with each judged period: arrays (widths, periods, series)."""

    observed: Floats  # negative mentions that may raise an alert
    expected: Floats
    spread: Floats  # variance / mean
    total: Floats  # all mentions that may raise an alert
    usual_total: Floats
    usual_other: Floats
    spread_other: Floats
    known: Floats  # all mentions
    usual_share: Floats
    changed: Floats  # probability that the volume is another than usual
    beyond: Floats  # variance of the number, given the volume, over a binomial's


class _Sums(NamedTuple):
    """Sums over windows of one width, each row the window that ends with it: (periods, series)."""

    negative: Floats
    expected: Floats
    other: Floats
    expected_other: Floats


class _Share(NamedTuple):
    total: Floats
    usual: Floats
    variance: Floats  # of the number of negatives, binomial


class _Spread(NamedTuple):
    """Variance / mean of each series: negatives given the others, others, share beyond binomial."""

    negative: Floats | float
    other: Floats | float
    share: Floats | float


class Scanner:
    """What is usual for the panel's columns, learnt before row `cut`, as sums over windows."""

    def __init__(self, data: Panel, cut: int, pace: Pace) -> None:
        self.data, self.cut, self.pace = data, cut, pace
        self.columns = columns = data.negative.shape[1]
        y = np.concatenate([data.negative, data.other], axis=1)
        ok = np.concatenate([data.covered, data.covered], axis=1)
        usual = shape(y, ok, cut, pace)
        capped = cut_back(y, usual, ok, cut, pace)
        self.level = Level(capped, usual, ok, pace)
        self.negative, self.other = cumulated(data.negative), cumulated(data.other)
        tame = cumulated(np.minimum(capped[:, :columns], data.negative + data.other))
        self.tame = later(ending(tame, pace.share), 1)
        self.whole = later(ending(self.negative + self.other, pace.share), 1)

    def sums(self, width: int, gap: int) -> tuple[_Sums, Bools]:
        """The sums, over the sources that can be judged; and which (periods, columns) these are."""
        add, c = self.data.add, self.columns
        expected, ready = self.level.forecast(width, gap)
        on = ready[:, :c]
        sums = _Sums(
            add(ending(self.negative, width) * on),
            add(expected[:, :c] * on),
            add(ending(self.other, width) * on),
            add(expected[:, c:] * on),
        )
        return sums, on

    def share(self, width: int, on: Bools) -> _Share:
        """The usual share, from the periods before the window; each source at its own."""
        add = self.data.add
        whole = later(self.whole, width - 1)
        q = np.clip((later(self.tame, width - 1) + 1.0) / (whole + 3.0), 0.02, 0.95)
        m = (ending(self.negative, width) + ending(self.other, width)) * on
        total = add(m)
        variance = add(m * q * (1 - q) * (1 + m / (whole + 3.0)))
        return _Share(total, add(m * q) / np.maximum(total, 1e-9), variance)

    def changed(self, sums: _Sums, phi: Floats, first: int) -> Floats:
        """Bayes factor of "the volume is another than usual" from the other mentions; (periods, series).

        Against any factor between a fifth and five times: exp(z^2/2) sqrt(2 pi) sd(log volume) / RANGE, the
        Laplace approximation (Kass and Raftery 1995, doi.org/10.1080/01621459.1995.10476572).
        """
        e = np.maximum(sums.expected_other[first:], SMALL)
        z = anscombe(sums.other[first:], e) / np.sqrt(phi)
        factor = np.exp(np.minimum(z * z / 2, 50)) * np.sqrt(2 * np.pi * phi / e) / RANGE
        return np.where(sums.expected_other[first:] > 0, factor, 0.0)

    def long_change(self, first: int) -> Floats:
        """The same from four weeks against what was usual before, which a lasting change cannot blur soon."""
        best = np.zeros((len(self.data.covered) - first, len(self.data.starts)))
        for width, gap in self.pace.volume:
            expected, ready = self.level.forecast(width, gap)
            on, c = ready[:, : self.columns], self.columns
            other, e = self.data.add(ending(self.other, width) * on), self.data.add(expected[:, c:] * on)
            past = slice(0, self.cut)
            phi, _ = dispersion(other[past], e[past], e[past] > 0, width, PHI, VOLUME_WEIGHT)
            best = np.maximum(best, self.changed(_Sums(other, e, other, e), phi, first))
        return best

    def follow(self, sums: _Sums, use: Bools, width: int, before: _Spread | None) -> tuple[Floats, _Spread]:
        """Expected negatives given the other mentions, and the dispersions; (periods, series).

        The negatives follow the others by the share b of their relative excess that they have
        followed them by before (least squares, pulled to 0): 0 if independent, 1 if they move as one.
        """
        past = slice(0, self.cut)
        first = before is None
        weight = PHI_PERIODS if first else WINDOW_WEIGHT
        prior = PHI if before is None else before.negative
        x, e, o, eo = sums
        phi_other, _ = dispersion(
            o[past], eo[past], use, width, PHI if before is None else before.other, weight
        )
        phi, w = dispersion(x[past], e[past], use, width, prior, weight, rounds=3 if first else 1)
        safe, safe_other = np.maximum(e, SMALL), np.maximum(eo, SMALL)
        ratio, bound = e / safe_other, 3 * np.sqrt(phi_other * safe_other)
        excess = ratio * np.clip(o - eo, -bound, bound)
        tame = np.minimum(x[past], (e + 3 * np.sqrt(phi * safe) + 1)[past]) - e[past]
        w = w / safe[past]
        both, own = (w * tame * excess[past]).sum(0) / width, (w * excess[past] ** 2).sum(0) / width
        held = FOLLOWS / (1 if self.pace.step == 1 else 3) * ratio[past].sum(0) / max(self.cut, 1) * phi_other
        b = np.clip(both / (own + held + 1e-9), 0.0, 1.0)
        given = np.maximum(e + b * excess, 0.3 * e)
        phi, _ = dispersion(x[past], given[past], use, width, prior, weight)
        return given, _Spread(phi, phi_other, 0.0)

    def share_spread(
        self, sums: _Sums, share: _Share, use: Bools, width: int, before: _Spread | None
    ) -> Floats:
        """Variance of past numbers of negatives, given the volume, beyond a binomial's; (series,)."""
        past = slice(0, self.cut)
        total, variance = share.total[past], share.variance[past]
        error = np.minimum(sums.negative[past], total) - total * share.usual[past]
        chi = np.minimum(error**2 / np.maximum(variance, 1e-9), 9.0)
        counted = use & (variance > 0) & (total >= 2)
        prior, weight = (SHARE_PHI, SHARE_PERIODS) if before is None else (before.share, WINDOW_WEIGHT)
        phi = ((chi * counted).sum(0) / width + prior * weight) / (counted.sum(0) / width + weight)
        beyond: Floats = np.maximum(1.0, phi)
        return beyond


class Judged(NamedTuple):
    """Windows and the probability of each by chance; 1 where nothing is above what is usual."""

    windows: Windows
    p_negative: Floats
    p_posts: Floats
    able: Bools  # (periods, series): where anything can be judged at all


def judged_windows(data: Panel, first: int, cut: int, pace: Pace, min_negative: int) -> Judged:
    """All windows that end with row `first` or later, judged by what was usual before row `cut`."""
    scanner = Scanner(data, cut, pace)
    able = data.add((scanner.level.ever[:, : scanner.columns] & data.covered).astype(np.float64))[first:] > 0
    long_change = scanner.long_change(first)
    found: list[Windows] = []
    daily: _Spread | None = None
    rows = np.arange(cut)[:, None]
    for width, gap in zip(pace.windows, pace.gaps, strict=True):
        sums, on = scanner.sums(width, gap)
        use = (sums.expected[:cut] > 0) & (rows >= width)
        given, spread = scanner.follow(sums, use, width, daily)
        share = scanner.share(width, on)
        spread = spread._replace(share=scanner.share_spread(sums, share, use, width, daily))
        daily = daily or spread
        change = np.maximum(scanner.changed(sums, np.asarray(spread.other), first), long_change)
        changed = pace.surge * change / (1 - pace.surge + pace.surge * change)
        changed = changed * np.clip((ALL_BAD - share.usual[first:]) / 0.15, 0.0, 1.0)
        fresh = [data.add(ending(cumulated(x), width) * on)[first:] for x in (data.timely, data.timely_other)]
        found.append(_windows(first, given[first:], sums, share, spread, changed, fresh))
    stacked = Windows(*(np.stack(arrays) for arrays in zip(*found, strict=True)))
    return Judged(stacked, *_chances(stacked, min_negative, pace.share_alone), able)


def _windows(
    first: int,
    given: Floats,
    sums: _Sums,
    share: _Share,
    spread: _Spread,
    changed: Floats,
    fresh: list[Floats],
) -> Windows:
    """The windows of one width, arrays (periods, series)."""
    total, usual, other = share.total[first:], share.usual[first:], sums.expected_other[first:]
    binomial = np.maximum(total * usual * (1 - usual), 1e-9)
    return Windows(
        observed=fresh[0],
        expected=given,
        spread=np.broadcast_to(spread.negative, given.shape),
        total=fresh[0] + fresh[1],
        usual_total=sums.expected[first:] + other,
        usual_other=other,
        spread_other=np.broadcast_to(spread.other, given.shape),
        known=total,
        usual_share=usual,
        changed=changed,
        beyond=np.maximum(1.0, spread.share * share.variance[first:] / binomial),
    )


def _chances(w: Windows, min_negative: int, share_alone: float) -> tuple[Floats, Floats]:
    """P(at least so many negatives), P(at least so many others): tails of all windows at once.

    A share that is up counts even if the number alone is less surprising (other mentions became fewer), but
    never for more than twice the digits that the number gives.
    """
    x, e, other = w.observed, w.expected, w.total - w.observed
    bad = (x >= min_negative) & (x > e) & (e > 0)
    more = (w.total >= min_negative) & (other > w.usual_other) & (w.usual_other > 0)
    tails = nb_tail(
        np.concatenate([x[bad], other[more]]),
        np.concatenate([e[bad], w.usual_other[more]]),
        np.concatenate([w.spread[bad], w.spread_other[more]]),
    )
    by_number, by_volume = np.split(tails, [int(bad.sum())])
    by_share = share_tail(x[bad], np.maximum(w.known[bad], x[bad]), w.usual_share[bad], w.beyond[bad])
    p_negative, p_posts = np.ones(x.shape), np.ones(x.shape)
    mixed = (1 - w.changed[bad]) * by_number + w.changed[bad] * by_share
    p_negative[bad] = np.minimum(mixed, np.maximum(share_alone * by_share, mixed**2))
    p_posts[more] = by_volume
    return p_negative, p_posts

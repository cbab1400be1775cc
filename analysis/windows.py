"""The surprise of every window of a panel: negatives by number or by share, and the volume. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.counts import Bools, Floats, Panel, cumulated, ending, later
from analysis.tails import beta_below, nb_beta, share_beta
from analysis.usual import PHI, PHI_PERIODS, SMALL, Level, Pace, anscombe, cut_back, dispersion, shape

WINDOW_WEIGHT = 150.0  # longer windows' dispersion is pulled to the one-period value, worth so many windows
VOLUME_PHI = 2.5  # prior for "more posts" in place of PHI: that mentions come in clumps takes weeks to show
VOLUME_WEIGHT = 10.0  # that of the longer volume windows to the prior
FOLLOWS = (
    30.0  # periods (as many weeks: a third) that the prior "negatives do not follow the others" is worth
)
SHARE_PHI, SHARE_PERIODS = 1.3, 20.0  # prior of the share's variance beyond a binomial's
EXTREME = 9.0  # a squared error of the share counts at most for so many times what is usual
WEIGHED_DOWN = (
    1.1  # weighing past spikes down hides so much of the variance beyond the mean, from simulations
)
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
    """Sums over windows, each row the window that ends with it: (widths, periods, series)."""

    negative: Floats
    expected: Floats
    other: Floats
    expected_other: Floats


class _Share(NamedTuple):
    """As `_Sums`."""

    total: Floats
    usual: Floats
    variance: Floats  # of the number of negatives, binomial


class _Spread(NamedTuple):
    """Variance / mean of each series, (widths, series), and the weight in windows that it has as a prior."""

    negative: Floats | float  # given the others
    other: Floats | float
    share: Floats | float  # beyond a binomial's
    weight: float
    share_weight: float


PRIOR = _Spread(PHI, PHI, SHARE_PHI, PHI_PERIODS, SHARE_PERIODS)


class Scanner:
    """What is usual for the panel's columns, learnt before row `cut`, as sums over windows."""

    def __init__(self, data: Panel, cut: int, pace: Pace) -> None:
        self.data, self.cut, self.pace = data, cut, pace
        self.columns = columns = data.negative.shape[1]
        y = np.concatenate([data.negative, data.other], axis=1)
        ok = np.concatenate([data.covered, data.covered], axis=1)
        usual = shape(y, ok, cut, pace)
        capped = cut_back(y, usual, ok, cut, pace)
        self.level = Level(capped, usual, ok, cut, pace)
        self.both = cumulated(y)
        tame = cumulated(np.minimum(capped[:, :columns], data.negative + data.other))
        self.tame = later(ending(tame, pace.share), 1)
        self.whole = later(ending(cumulated(data.negative + data.other), pace.share), 1)

    def sums(self, sizes: Sequence[tuple[int, int]]) -> tuple[_Sums, Floats, Bools, Floats]:
        """The sums over the sources that can be judged, for each width and gap.

        With them all mentions, which can be judged, and the expected others: (widths, periods, columns).
        """
        add, c = self.data.add, self.columns
        forecasts = [self.level.forecast(width, gap) for width, gap in sizes]
        expected = np.stack([forecast for forecast, _ in forecasts])
        on = np.stack([ready[:, :c] for _, ready in forecasts])
        both = np.stack([ending(self.both, width) for width, _ in sizes])
        negative, other = both[:, :, :c] * on, both[:, :, c:] * on
        others = expected[:, :, c:] * on
        sums = _Sums(add(negative), add(expected[:, :, :c] * on), add(other), add(others))
        return sums, negative + other, on, others

    def share(self, m: Floats) -> _Share:
        """The usual share, from the periods before the window; each source at its own."""
        add, before = self.data.add, [width - 1 for width in self.pace.windows]
        whole = np.stack([later(self.whole, rows) for rows in before]) + 3.0
        tame = np.stack([later(self.tame, rows) for rows in before])
        q = np.clip((tame + 1.0) / whole, 0.02, 0.95)
        usual, total = m * q, add(m)
        return _Share(total, add(usual) / np.maximum(total, 1e-9), add(usual * (1 - q) * (1 + m / whole)))

    def changed(self, other: Floats, expected: Floats, phi: Floats) -> Floats:
        """Bayes factor of "the volume is another than usual" from the other mentions; as they are.

        Against any factor between a fifth and five times: exp(z^2/2) sqrt(2 pi) sd(log volume) / RANGE, the
        Laplace approximation (Kass and Raftery 1995, doi.org/10.1080/01621459.1995.10476572).
        """
        e, spread = np.maximum(expected, SMALL), phi[:, None]
        z = anscombe(other, e) / np.sqrt(spread)
        factor = np.exp(np.minimum(z * z / 2, 50)) * np.sqrt(2 * np.pi * spread / e) / RANGE
        return np.where(expected > 0, factor, 0.0)

    def long_change(self, first: int) -> Floats:
        """The same from four weeks against what was usual before, which a lasting change cannot blur soon."""
        sums, _, _, _ = self.sums(self.pace.volume)
        o, e = sums.other, sums.expected_other
        past, widths = slice(0, self.cut), _column([width for width, _ in self.pace.volume])
        phi, _ = dispersion(o[:, past], e[:, past], e[:, past] > 0, widths, PHI, VOLUME_WEIGHT)
        longest: Floats = self.changed(o[:, first:], e[:, first:], phi).max(0)
        return longest

    def volume(self, phi: Floats, periods: Floats, others: Floats) -> Floats:
        """Variance / mean of the other mentions, as "more posts" are judged by: (widths, periods, series).

        `phi`, (widths, series), as `dispersion` found it from so many `periods` of each series before. While
        these are few it is mostly the prior, which is too small for a series that comes in clumps, and the
        level is a mean of few periods: so here is a cautious prior, and what the level may be wrong by.
        `others`: the expected ones of the judged periods, (widths, periods, columns).
        """
        phi = phi + (VOLUME_PHI - PHI) * PHI_PERIODS / (PHI_PERIODS + periods)  # as if it had been the prior
        sizes = zip(self.pace.windows, self.pace.gaps, strict=True)
        doubts = np.stack([self.level.doubt(*size, others.shape[1])[:, self.columns :] for size in sizes])
        times = self.data.add(others * doubts) / np.maximum(self.data.add(others), 1e-9)
        return (1 + WEIGHED_DOWN * (phi - 1))[:, None] * np.maximum(times, 1.0)

    def follow(self, sums: _Sums, use: Bools, widths: Floats, prior: _Spread) -> tuple[Floats, _Spread]:
        """Expected negatives given the other mentions, (widths, periods, series), and the dispersions.

        The negatives follow the others by the share b of their relative excess that they have
        followed them by before (least squares, pulled to 0): 0 if independent, 1 if they move as one.
        """
        past = slice(0, self.cut)
        x, e, o, eo = sums
        now, then = (x[:, past], e[:, past]), (o[:, past], eo[:, past])
        phi_other, _ = dispersion(*then, use, widths, prior.other, prior.weight)
        phi, w = dispersion(
            *now, use, widths, prior.negative, prior.weight, rounds=3 if prior is PRIOR else 1
        )
        safe, safe_other = np.maximum(e, SMALL), np.maximum(eo, SMALL)
        ratio, bound = e / safe_other, 3 * np.sqrt(phi_other[:, None] * safe_other)
        excess = ratio * np.clip(o - eo, -bound, bound)
        upper = now[1] + 3 * np.sqrt(phi[:, None] * safe[:, past]) + 1
        tame, moved = np.minimum(now[0], upper) - now[1], excess[:, past]
        pull = w / safe[:, past] * moved
        both, own = (pull * tame).sum(1) / widths, (pull * moved).sum(1) / widths
        held = (
            FOLLOWS / (1 if self.pace.step == 1 else 3) * ratio[:, past].sum(1) / max(self.cut, 1) * phi_other
        )
        b = np.clip(both / (own + held + 1e-9), 0.0, 1.0)
        given = np.maximum(e + b[:, None] * excess, 0.3 * e)
        phi, _ = dispersion(now[0], given[:, past], use, widths, prior.negative, prior.weight)
        return given, _Spread(phi, phi_other, 0.0, WINDOW_WEIGHT, WINDOW_WEIGHT)

    def share_spread(
        self, negative: Floats, share: _Share, use: Bools, widths: Floats, prior: _Spread
    ) -> Floats:
        """Variance of past numbers of negatives, given the volume, beyond a binomial's; (widths, series)."""
        past = slice(0, self.cut)
        total, usual, variance = (x[:, past] for x in share)
        error = np.minimum(negative[:, past], total) - total * usual
        chi = error**2 / np.maximum(variance, 1e-9)
        counted = use & (variance > 0) & (total >= 2)
        many, weight = counted.sum(1) / widths, prior.share_weight
        phi: Floats = np.ones_like(many)
        for _ in range(3):  # the cap grows with what is found, or clumped mentions would never look clumped
            sums = (np.minimum(chi, EXTREME * phi[:, None]) * counted).sum(1)
            phi = np.maximum((sums / widths + prior.share * weight) / (many + weight), 1.0)
        return phi


def _column(widths: Sequence[int]) -> Floats:
    return np.array(widths, dtype=np.float64)[:, None]


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
    sums, mentions, on, others = scanner.sums(list(zip(pace.windows, pace.gaps, strict=True)))
    share = scanner.share(mentions)
    widths = _column(pace.windows)
    use = (sums.expected[:, :cut] > 0) & (np.arange(cut)[:, None] >= widths[:, None])
    given, spread = _learnt(scanner, sums, share, use)
    volume = scanner.volume(np.asarray(spread.other), use[0].sum(0), others[:, first:])
    change = scanner.changed(sums.other[:, first:], sums.expected_other[:, first:], np.asarray(spread.other))
    change = np.maximum(change, scanner.long_change(first))
    changed = pace.surge * change / (1 - pace.surge + pace.surge * change)
    changed = changed * np.clip((ALL_BAD - share.usual[:, first:]) / 0.15, 0.0, 1.0)
    fresh = [
        data.add(np.stack([ending(timely, width)[first:] for width in pace.windows]) * on[:, first:])
        for timely in (cumulated(data.timely), cumulated(data.timely_other))
    ]
    windows = _windows(first, given, sums, share, spread, volume, changed, fresh)
    return Judged(windows, *_chances(windows, min_negative, pace.share_alone), able)


def _learnt(scanner: Scanner, sums: _Sums, share: _Share, use: Bools) -> tuple[Floats, _Spread]:
    """Expected negatives and dispersions; those of longer windows are pulled to the one-period values."""
    widths = _column(scanner.pace.windows)
    found: list[tuple[Floats, _Spread]] = []
    prior = PRIOR
    for some in (slice(0, 1), slice(1, None)):
        part, parts = _Sums(*(x[some] for x in sums)), _Share(*(x[some] for x in share))
        given, spread = scanner.follow(part, use[some], widths[some], prior)
        beyond = scanner.share_spread(part.negative, parts, use[some], widths[some], prior)
        prior = spread._replace(share=beyond)
        found.append((given, prior))
    by_number, by_volume, by_share = (
        np.concatenate(pair) for pair in zip(*(spread[:3] for _, spread in found), strict=True)
    )
    given = np.concatenate([given for given, _ in found])
    return given, prior._replace(negative=by_number, other=by_volume, share=by_share)


def _windows(
    first: int,
    given: Floats,
    sums: _Sums,
    share: _Share,
    spread: _Spread,
    volume: Floats,
    changed: Floats,
    fresh: list[Floats],
) -> Windows:
    """The windows that end with row `first` or later."""
    expected, other = sums.expected[:, first:], sums.expected_other[:, first:]
    total, usual, variance = (x[:, first:] for x in share)
    by_number, by_share = (
        np.broadcast_to(np.asarray(phi)[:, None], other.shape) for phi in (spread.negative, spread.share)
    )
    binomial = np.maximum(total * usual * (1 - usual), 1e-9)
    return Windows(
        observed=fresh[0],
        expected=given[:, first:],
        spread=1 + WEIGHED_DOWN * (by_number - 1),
        total=fresh[0] + fresh[1],
        usual_total=expected + other,
        usual_other=other,
        spread_other=volume,
        known=total,
        usual_share=usual,
        changed=changed,
        beyond=np.maximum(1.0, by_share * variance / binomial),
    )


def _chances(w: Windows, min_negative: int, share_alone: float) -> tuple[Floats, Floats]:
    """P(at least so many negatives), P(at least so many others): tails of all windows at once.

    A share that is up counts even if the number alone is less surprising (other mentions became fewer), but
    never for more than twice the digits that the number gives.
    """
    x, e, other = w.observed, w.expected, w.total - w.observed
    bad = (x >= min_negative) & (x > e) & (e > 0)
    more = (w.total >= min_negative) & (other > w.usual_other) & (w.usual_other > 0)
    tails = (
        nb_beta(x[bad], e[bad], w.spread[bad]),
        share_beta(x[bad], np.maximum(w.known[bad], x[bad]), w.usual_share[bad], w.beyond[bad]),
        nb_beta(other[more], w.usual_other[more], w.spread_other[more]),
    )
    chances = beta_below(*(np.concatenate(parts) for parts in zip(*tails, strict=True)))
    by_number, by_share, by_volume = np.split(chances, np.cumsum([bad.sum(), bad.sum()]))
    p_negative, p_posts = np.ones(x.shape), np.ones(x.shape)
    mixed = (1 - w.changed[bad]) * by_number + w.changed[bad] * by_share
    p_negative[bad] = np.minimum(mixed, np.maximum(share_alone * by_share, mixed**2))
    p_posts[more] = by_volume
    return p_negative, p_posts

"""Histories in which nothing happened: a series drawn anew from its own level, weekdays and scatter. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.spikes import Counts

Floats = NDArray[np.float64]
HALF = 42
"""Days to each side over which the level is taken: 12 weeks in all, as the rule's own baseline has them."""
TRIM = 0.1
"""Of the days around, the highest tenth is left out of the level, so that a past rise is not drawn again."""


def drawn(counts: Counts, random: np.random.Generator) -> Counts:
    """Counts of the same shape and coverage, negative binomial around the level of each source.

    Negative mentions and the others are drawn apart; the variance over the mean is that of the days around
    their level, extremes cut back.
    """
    total, negative = np.asarray(counts.total, float), np.asarray(counts.negative, float)
    covered = np.asarray(counts.covered) > 0
    bad, other = _draw(negative, covered, random), _draw(total - negative, covered, random)
    return Counts(bad + other, bad, covered, bad)


def _draw(values: Floats, covered: NDArray[np.bool_], random: np.random.Generator) -> Floats:
    out = np.zeros_like(values)
    for n in range(values.shape[1]):
        ok = covered[:, n]
        if not ok.any():
            continue
        level = _level(values[:, n], ok)
        spread = _spread(values[ok, n], level[ok])
        shape = np.maximum(level, 1e-9) / max(spread - 1, 1e-3)
        out[:, n] = random.poisson(random.gamma(shape, max(spread - 1, 1e-3))) * ok
    return out


def _level(values: Floats, ok: NDArray[np.bool_]) -> Floats:
    """The trimmed mean of the covered days around, times the factor of the weekday."""
    places = np.flatnonzero(ok)
    level = np.zeros(len(values))
    for day in range(len(values)):
        low, high = np.searchsorted(places, (day - HALF, day + HALF + 1))
        around = np.sort(values[places[low:high]])
        level[day] = around[: max(1, round(len(around) * (1 - TRIM)))].mean() if len(around) else 0.0
    # What the trimming takes from every day, not only from rises, is given back.
    scale = values[ok].mean() / max(level[ok].mean(), 1e-9)
    factor = np.ones(7)
    for weekday in range(7):
        days = places[places % 7 == weekday]
        mean = level[days].sum() * scale
        factor[weekday] = (values[days].sum() + 8) / (mean + 8)
    found: Floats = level * min(scale, 1.3) * factor[np.arange(len(values)) % 7]
    return found


def _spread(values: Floats, level: Floats) -> float:
    """Variance over mean about the level, with each day cut at three standard deviations."""
    e = np.maximum(level, 0.05)
    cut = np.minimum(values, e + 3 * np.sqrt(1.6 * e) + 1)
    return float(max(1.0, ((cut - e) ** 2).sum() / e.sum()))

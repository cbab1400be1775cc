"""Daily counts of several sources as arrays, missing days kept apart from zeros, and their tail. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Series(NamedTuple):
    """Arrays (days, sources), one row a day up to today; zero where not covered."""

    total: Floats
    negative: Floats
    timely: Floats
    covered: Bools


def grid(
    days: Sequence[date],
    total: ArrayLike,
    negative: ArrayLike,
    covered: ArrayLike,
    timely: ArrayLike | None,
    today: date,
    longest: int,
) -> Series | None:
    """The last `longest` days up to `today`, without a gap; None: there are none. See `spikes.assess`."""
    age = today.toordinal() - np.fromiter((day.toordinal() for day in days), int, len(days))
    kept = np.flatnonzero((age >= 0) & (age < longest))
    if not len(kept):
        return None
    first = age[kept[0]]

    def place(values: ArrayLike) -> Floats:
        given = np.asarray(values, dtype=float)
        if given.shape[:1] != (len(days),):
            raise ValueError(f"{len(days)} days need as many values, not {given.shape}")
        given = given.reshape(len(days), -1)[kept]
        placed = np.zeros((first + 1, given.shape[1]))
        placed[first - age[kept]] = given
        return placed

    ok, tot, neg = place(covered) > 0, place(total), place(negative)
    new = neg if timely is None else np.minimum(neg, place(timely))
    ok &= ~impossible_silence(tot, ok)
    return Series(tot * ok, neg * ok, new * ok, ok)


def impossible_silence(total: Floats, ok: Bools, window: int = 56, p: float = 1e-4) -> Bools:
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


def ending(x: Any, width: int) -> Floats:
    """Sums over the `width` rows that end with each row (fewer at the start)."""
    c = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0, dtype=float)])
    end = np.arange(1, len(c))
    sums: Floats = c[end] - c[np.maximum(end - width, 0)]
    return sums


def before(x: Any, width: int, gap: int) -> Floats:
    """Sums over the `width` rows that end `gap` rows before each row."""
    sums = np.zeros(x.shape)
    if len(x) > gap:
        sums[gap:] = ending(x, width)[: len(x) - gap]
    return sums


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

"""Counts a day (or week) of several sources and series as arrays, missing apart from zero. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

SILENCE_DAYS, SILENCE_WEEKS = 56, 12  # what is usual before a silence
IMPOSSIBLE = 1e-4
EPOCH = 719_162  # days from 1 January 1, a Monday, to 1 January 1970
Days = Sequence[date] | NDArray[np.datetime64]


class Counts(NamedTuple):
    """Mentions a day of one series (a company, or one theme of it): each (days,) or (days, sources).

    `covered` is False where a source was not read: missing, not zero. `timely` are those of `negative` that
    may raise an alert (collected soon after they were posted), `timely_total` those of `total`; baselines
    use them all. None: all may. For a theme, `negative` are the mentions that speak ill of it; `total` stays
    all mentions.
    """

    total: ArrayLike
    negative: ArrayLike
    covered: ArrayLike
    timely: ArrayLike | None = None
    timely_total: ArrayLike | None = None


class Panel(NamedTuple):
    """Arrays (periods, columns) without a gap up to today, zero where not covered.

    A column is one source of one series; the columns of series g start at `starts[g]`.
    """

    negative: Floats
    other: Floats
    timely: Floats
    timely_other: Floats
    covered: Bools
    starts: Ints

    def add(self, columns: Floats) -> Floats:
        """Sums over the sources of each series: the last axis becomes (series,)."""
        if len(self.starts) == columns.shape[-1]:
            return columns
        sums: Floats = np.add.reduceat(columns, self.starts, axis=-1)
        return sums

    def until(self, end: int) -> Panel:
        """The first `end` periods."""
        a, b, c, d, ok, starts = self
        return Panel(a[:end], b[:end], c[:end], d[:end], ok[:end], starts)

    def known(self, silent: Bools) -> Panel:
        """With the `silent` periods as missing."""
        ok = self.covered & ~silent
        a, b, c, d, _, starts = self
        return Panel(a * ok, b * ok, c * ok, d * ok, ok, starts)


def panel(days: Days, many: Sequence[Counts], first: int, last: int, step: int = 1) -> Panel | None:
    """All series over the periods `first`..`last`, of `step` days from Monday, 1 January 1; None: no days.

    It starts with the first period that is given. Raises ValueError where the shapes differ.
    """
    at = (np.asarray(days, dtype="datetime64[D]").astype(np.int64) + EPOCH) // step
    kept = np.flatnonzero((at >= first) & (at <= last))
    if not len(kept):
        for one in many:  # wrong shapes are an error all the same
            _columns(one, kept, kept, 0, len(days))
        return None
    rows, n = at[kept] - at[kept[0]], int(last - at[kept[0]]) + 1
    parts = [_columns(one, kept, rows, n, len(days)) for one in many]
    widths = [part[0].shape[1] for part in parts]
    negative, total, timely, timely_total, covered = (
        np.concatenate([part[i] for part in parts], axis=1) for i in range(5)
    )
    ok = covered > 0
    other = np.maximum(total - negative, 0) * ok
    fresh = np.minimum(timely, negative) * ok
    fresh_other = np.minimum(np.maximum(timely_total - timely, 0), other) * ok
    return Panel(negative * ok, other, fresh, fresh_other, ok, np.cumsum([0, *widths[:-1]]))


def _columns(one: Counts, kept: Ints, rows: Ints, n: int, days: int) -> list[Floats]:
    """Negative, total, their timely ones, and covered: each (n, sources)."""
    timely = one.negative if one.timely is None else one.timely
    timely_total = one.total if one.timely_total is None else one.timely_total
    placed = []
    for values in (one.negative, one.total, timely, timely_total, one.covered):
        given = np.asarray(values, dtype=float)
        if given.shape[:1] != (days,):
            raise ValueError(f"{days} days need as many values, not {given.shape}")
        given = given.reshape(days, -1 if days else 1)
        array = np.zeros((n, given.shape[1]))
        array[rows] = given[kept]
        placed.append(array)
    return placed


def impossible_silence(total: Floats, ok: Bools, window: int = SILENCE_DAYS) -> Bools:
    """Runs of empty periods that the volume of the `window` before makes practically impossible.

    P(no mention in a period) is taken as 2**-mean, which is a variance of twice the mean.
    """
    out = np.zeros_like(ok)
    empty = ok & (total == 0)
    edges = np.diff(empty, axis=0, prepend=False, append=False)  # where a run starts, and where it is over
    columns, bounds = np.nonzero(edges.T)
    column, start, end = columns[::2], bounds[::2], bounds[1::2]
    first = np.maximum(start - window, 0)
    posts, known = (sums[start, column] - sums[first, column] for sums in (cumulated(total), cumulated(ok)))
    hit = _impossible(posts, known, end - start)
    runs = np.flatnonzero(np.isin(column, column[hit]))
    for run in runs:  # in order: a silence that was found makes those within a window of it likelier
        s = column[run]
        kept = known[run] - out[first[run] : start[run], s].sum()
        out[start[run] : end[run], s] = _impossible(posts[run], kept, end[run] - start[run])
    return out


def _impossible(posts: ArrayLike, known: ArrayLike, length: ArrayLike) -> Bools:
    """Whether so long a run is impossible after `posts` in `known` periods, of which there must be 7."""
    rare = np.multiply(posts, length) > -math.log2(IMPOSSIBLE) * np.asarray(known)
    return rare & (np.asarray(known) >= 7)


def cumulated(x: NDArray[np.generic]) -> Floats:
    """Sums of all rows before each row, and of all: (rows + 1, columns)."""
    sums = np.zeros((len(x) + 1, *x.shape[1:]))
    np.cumsum(x, axis=0, dtype=float, out=sums[1:])
    return sums


def ending(sums: Floats, width: int) -> Floats:
    """Sums over the `width` rows that end with each row (fewer at the start), from `cumulated` ones."""
    out: Floats = sums[1:].copy()
    if len(out) > width:
        out[width:] -= sums[1 : len(out) - width + 1]
    return out


def later(x: Floats, gap: int) -> Floats:
    """Each row as it was `gap` rows before; zeros before the start."""
    out = np.zeros_like(x)
    out[gap:] = x[: max(len(x) - gap, 0)]
    return out

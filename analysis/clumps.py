"""How much mentions echo each other: variances that respect threads and authors at once.

Mentions of one thread and of one author are not independent. Both groupings count (two-way clustering:
Cameron, Gelbach and Miller 2011, Journal of Business & Economic Statistics 29:238-249), because joining
threads by their authors into one would glue a whole forum together through its busiest members.
`author` is a number that stands for a pseudonym within one frame; it is used here and goes no further.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def threads(mentions: pd.DataFrame) -> pd.Series:
    """The thread of each mention; one without a thread stands alone."""
    thread = mentions["thread"].fillna("").astype(str)
    own = "pk:" + mentions["pk"].astype(str)
    return (mentions["source"].astype(str) + "\x1f" + thread).where(thread != "", own)


def marked(mentions: pd.DataFrame) -> pd.DataFrame:
    """The mentions with their thread as a number (`clump`), so that it is worked out only once."""
    return mentions.assign(clump=pd.factorize(threads(mentions))[0].astype(np.int64))


def codes(mentions: pd.DataFrame) -> tuple[Codes, Codes]:
    """`(thread, author)` of each mention as whole numbers from 0; who is unknown stands alone.

    A frame without the column `author` has threads only, which then stand for both. A column `side` keeps
    the two sides of a comparison apart.
    """
    side = mentions["side"].to_numpy(dtype=np.int64) if "side" in mentions else 0
    if "clump" not in mentions:
        mentions = marked(mentions)
    thread = _from_zero(2 * mentions["clump"].to_numpy(dtype=np.int64) + side)
    if "author" not in mentions:
        return thread, thread
    author = mentions["author"].to_numpy(dtype=np.int64)
    alone = 2 * author.max(initial=0) + 2 + np.arange(len(author))
    return thread, _from_zero(np.where(author >= 0, 2 * author + side, alone))


def _from_zero(labels: Codes) -> Codes:
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def both_sides(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The two sides of a comparison in one frame, kept apart by `side`."""
    return pd.concat([before.assign(side=0), now.assign(side=1)], ignore_index=True)


def design_effect(mentions: pd.DataFrame, value: pd.Series) -> float:
    """How many times larger clumping makes the variance of the share of `value` (bool); at least 1.

    The two-way variance of a ratio estimator divided by the binomial variance (Kish 1965, Survey Sampling,
    5.6), both about the share of all rows: pooling both sides of a comparison held 95% better in
    simulated weeks than separate shares did, with or without Student's t (`benchmarks/changes.py`).
    """
    y = value.to_numpy(dtype=float)
    n, p = len(y), float(y.mean()) if len(y) else 0.0
    if p <= 0 or p >= 1:
        return 1.0
    thread, author = codes(mentions)
    if min(_many(thread), _many(author)) == n:
        return 1.0
    return max(1.0, _variance(y - p, thread, author) / (p * (1 - p) / n))


def mean_size(mentions: pd.DataFrame) -> float:
    """The size of the clump that a mention is in, on average over mentions; the larger of both groupings."""
    sizes = [np.bincount(labels) for labels in codes(mentions)]
    return max((float((size**2).sum() / size.sum()) for size in sizes if len(size)), default=1.0)


def mean_error(mentions: pd.DataFrame, value: pd.Series) -> tuple[float, float, int]:
    """`(mean, squared standard error, clumps)` of a column of numbers without gaps.

    The error is infinite with fewer than 2 clumps. Raises ValueError without any value.
    """
    y = value.to_numpy(dtype=float)
    if not len(y):
        raise ValueError("there is no mean of no values")
    thread, author = codes(mentions)
    clumps = min(_many(thread), _many(author))
    mean = float(y.mean())
    return mean, _variance(y - mean, thread, author) if clumps > 1 else np.inf, clumps


def _many(labels: Codes) -> int:
    return int(labels.max()) + 1 if len(labels) else 0


def _variance(residuals: Floats, thread: Codes, author: Codes) -> float:
    """The squared standard error of a mean from its residuals; the greatest of the three estimates.

    The sum "threads + authors - both" may fall below either of its parts, where clumps are few.
    """
    by_thread = _one_way(residuals, thread)
    if thread is author:
        return by_thread
    by_author = _one_way(residuals, author)
    cell = _from_zero(thread * (_many(author) + 1) + author)
    return max(by_thread, by_author, by_thread + by_author - _one_way(residuals, cell))


def _one_way(residuals: Floats, labels: Codes) -> float:
    """The linearised variance of a ratio (Cochran 1977, Sampling Techniques, 9A)."""
    m, n = _many(labels), len(residuals)
    if m < 2:
        return 0.0
    return float(m / (m - 1) * np.sum(np.bincount(labels, weights=residuals) ** 2) / n**2)

"""Honest statistics for small numbers: intervals for shares and means, changes, and how much is enough.

Mentions come in clumps (a thread, a pile-on), so that 60 of them tell less than 60 independent ones.
Everything here that takes cluster totals divides sample sizes by the design effect (Kish 1965).
Counts may be fractional ("effective") wherever they are floats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

Z = 1.959963984540054
"""The 97.5% point of the normal distribution, for two-sided 95% intervals."""

_T975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t, 97.5% points for 1 to 30 degrees of freedom (Student 1908; any statistical table)."""


def wilson(k: float, n: float, z: float = Z) -> tuple[float, float]:
    """The score interval `(low, high)` of a share of `k` among `n` (Wilson 1927, JASA 22:209-212).

    Unlike the textbook interval it keeps its coverage at small n and near 0 and 1 (Brown, Cai and
    DasGupta 2001, Statistical Science 16:101-133). `n` of 0 gives (0, 1): nothing is known.
    Raises ValueError unless 0 <= k <= n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"a share needs 0 <= k <= n, not {k} of {n}")
    if n == 0:
        return 0.0, 1.0
    p, square = k / n, z * z
    middle = (p + square / (2 * n)) / (1 + square / n)
    half = z * math.sqrt(p * (1 - p) / n + square / (4 * n * n)) / (1 + square / n)
    # Rounding must not exclude the observed share at 0 and 1, where the bound equals it.
    return min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half))


def design_effect(totals: Sequence[tuple[float, float]]) -> float:
    """How many times larger clumping makes the variance of a share; at least 1.

    `totals` holds `(k, n)` of each cluster. The variance of a ratio estimator over clusters divided by
    the binomial variance (Cochran 1977, Sampling Techniques, 9A; Kish 1965, Survey Sampling, 5.6).
    """
    n = sum(size for _, size in totals)
    k = sum(count for count, _ in totals)
    m = len(totals)
    if m < 2 or m == n or k <= 0 or k >= n:  # m == n: all alone, where the estimate would be m / (m - 1)
        return 1.0
    p = k / n
    variance = m / (m - 1) * sum((count - p * size) ** 2 for count, size in totals) / n**2
    return max(1.0, variance / (p * (1 - p) / n))


def newcombe_difference(k1: float, n1: float, k2: float, n2: float, deff: float = 1.0) -> tuple[float, float]:
    """The interval `(low, high)` of the difference of two shares, second minus first, in [-1, 1].

    Newcombe's hybrid score interval (1998, Statistics in Medicine 17:873-890, method 10) on sample sizes
    divided by the design effect. With either n of 0 nothing is known: (-1, 1).
    """
    if n1 == 0 or n2 == 0:
        return -1.0, 1.0
    p1, p2 = k1 / n1, k2 / n2
    low1, high1 = wilson(k1 / deff, n1 / deff)
    low2, high2 = wilson(k2 / deff, n2 / deff)
    low = p2 - p1 - math.hypot(p2 - low2, high1 - p1)
    high = p2 - p1 + math.hypot(high2 - p2, p1 - low1)
    return max(-1.0, low), min(1.0, high)


def difference_p_value(k1: float, n1: float, k2: float, n2: float, deff: float = 1.0) -> float:
    """The two-sided p-value of equal shares: pooled z test on effective sizes; 1 where undecidable."""
    if n1 == 0 or n2 == 0:
        return 1.0
    pooled = (k1 + k2) / (n1 + n2)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2) * deff)
    if spread == 0:
        return 1.0
    return 2 * NormalDist().cdf(-abs(k2 / n2 - k1 / n1) / spread)


def discoveries(p_values: Sequence[float], rate: float = 0.10) -> list[bool]:
    """Which of many tests to believe, so that at most `rate` of the believed ones are expected to be false.

    Benjamini and Hochberg 1995, JRSS B 57:289-300; holds under independence and positive dependence.
    """
    m = len(p_values)
    ranked = sorted(p_values)
    passed = [p for rank, p in enumerate(ranked, 1) if p <= rate * rank / m]
    limit = passed[-1] if passed else -1.0
    return [p <= limit for p in p_values]


def can_tell(low: float, high: float, matters: float) -> bool:
    """Whether the interval of a change settles it: it leaves out zero, or every change that `matters`."""
    return low > 0 or high < 0 or (low > -matters and high < matters)


def mentions_needed(p1: float, p2: float, *, matters: float, deff: float = 1.0) -> int:
    """How many mentions in each of two weeks it takes to tell a change from `p1` to `p2`, see `can_tell`.

    Found by bisection on Newcombe's interval, if the shares turn out as they are. Such a size finds a
    true change of that size about half of the time (Fleiss, Levin and Paik 2003, ch. 4), so it is a
    least, not a comfortable number. Raises ValueError unless `matters` is greater than 0.
    """
    if matters <= 0:
        raise ValueError("a change that matters must be greater than 0")

    def enough(n: int) -> bool:
        return can_tell(*newcombe_difference(p1 * n, n, p2 * n, n, deff), matters)

    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def detectable_rise(
    p: float,
    n1: float,
    n2: float,
    *,
    deff: float = 1.0,
    clump: float = 1.0,
    least: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float | None:
    """The least rise from a share of `p` that Newcombe's interval finds with this power; None: none is.

    The chance that the interval of level 1 - alpha leaves out zero, by the normal approximation of the two
    observed shares (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, ch. 4, with
    Newcombe's lower bound in the place of Wald's). A rise also widens the interval, as the design effect is
    measured about the share of both sides: `clump` is the mean size of the clump that a mention is in.
    `least`: effective mentions that a claim needs on both sides.
    """
    z, reach = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)

    def found(rise: float) -> bool:
        q = p + rise
        inside, between = (p * (1 - p) + q * (1 - q)) / 2, rise**2 / 4
        measured = (deff * inside + max(1.0, clump) * between) / max(1e-12, inside + between)
        if min(n1, n2) / measured < least:
            return False
        spread = math.sqrt(deff * (p * (1 - p) / n1 + q * (1 - q) / n2))
        _, high = wilson(p * n1 / measured, n1 / measured, z)
        low, _ = wilson(q * n2 / measured, n2 / measured, z)
        return rise - math.hypot(q - low, high - p) >= reach * spread

    # A larger rise may widen the interval below `least`, so the first that is found is looked for from below.
    steps = [(1 - p) * step / 200 for step in range(1, 201)]
    if min(n1, n2) <= 0:
        return None
    return next((rise for rise in steps if found(rise)), None)


def discoveries_of_discrete(
    p_values: Sequence[float], least_p: Sequence[float], rate: float
) -> tuple[list[bool], int]:
    """`discoveries` where some tests could not be significant whatever they found, and how many count.

    Tests that cannot reach the level are left out of the count, which costs nothing and gains power
    (Tarone 1990, Biometrics 46:515-522; Gilbert 2005, Applied Statistics 54:143-158). `least_p`: the
    smallest p-value that each test could give, from totals that say nothing of the direction.
    """
    family = next(
        (m for m in range(1, len(least_p) + 1) if sum(p <= rate / m for p in least_p) <= m), len(least_p)
    )
    counted = [least <= rate / max(1, family) for least in least_p]
    believed = iter(discoveries([p for p, counts in zip(p_values, counted, strict=True) if counts], rate))
    return [next(believed) if counts else False for counts in counted], sum(counted)


def t975(freedom: float) -> float:
    """Student's t, 97.5% point; degrees of freedom are rounded down to 30 (to the safe side), then expanded.

    Above 30 the first term of Cornish and Fisher 1937 is right to 3 decimals. Infinite below 1.
    """
    if freedom < 1:
        return math.inf
    if freedom < len(_T975) + 1:
        return _T975[int(freedom) - 1]
    return Z + (Z**3 + Z) / (4 * freedom)


def cluster_mean(totals: Sequence[tuple[float, float]]) -> tuple[float, float, int]:
    """`(mean, squared standard error, clusters)` of values summed by cluster, `totals` being `(sum, n)`.

    The linearised variance of a ratio (Cochran 1977, 9A); with clusters of one it is the usual s^2 / n.
    The squared error is infinite with fewer than 2 clusters. Raises ValueError without any value.
    """
    n = sum(size for _, size in totals)
    if n <= 0:
        raise ValueError("there is no mean of no values")
    mean, m = sum(total for total, _ in totals) / n, len(totals)
    if m < 2:
        return mean, math.inf, m
    return mean, m / (m - 1) * sum((total - mean * size) ** 2 for total, size in totals) / n**2, m


def mean_interval(totals: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """`(mean, low, high)` of values summed by cluster: Student's t with clusters - 1 degrees of freedom."""
    mean, error, m = cluster_mean(totals)
    half = t975(m - 1) * math.sqrt(error) if math.isfinite(error) else math.inf
    return mean, mean - half, mean + half


def welch_difference(
    before: Sequence[tuple[float, float]], now: Sequence[tuple[float, float]]
) -> tuple[float, float, float]:
    """`(difference, low, high)` of two means, second minus first, from cluster totals `(sum, n)`.

    Welch 1947 (Biometrika 34:28-35) with cluster-linearised variances; degrees of freedom by
    Satterthwaite 1946. The interval is infinite where either side has fewer than 2 clusters.
    """
    return welch(cluster_mean(before), cluster_mean(now))


def welch(before: tuple[float, float, int], now: tuple[float, float, int]) -> tuple[float, float, float]:
    """The same from `(mean, squared standard error, clusters)` of each side."""
    (mean1, error1, m1), (mean2, error2, m2) = before, now
    total = error1 + error2
    if not math.isfinite(total):
        return mean2 - mean1, -math.inf, math.inf
    parts = error1**2 / max(1, m1 - 1) + error2**2 / max(1, m2 - 1)
    half = t975(total**2 / parts) * math.sqrt(total) if parts else 0.0
    return mean2 - mean1, mean2 - mean1 - half, mean2 - mean1 + half


def kitagawa(
    before: Mapping[str, tuple[float, float]], now: Mapping[str, tuple[float, float]]
) -> tuple[float, float]:
    """`(mix, mood)`: the change of an overall share split by group; the two add up to the change.

    `mix` is what comes from another weight of the groups (more mentions from a harsher site), `mood` what
    comes from other shares within them. Symmetric, no rest term (Kitagawa 1955, JASA 50:1168-1194).
    Both map group to `(k, n)`; a group absent on one side is given the share of the other side, so that
    its coming or going is mix. Raises ValueError where a side is empty.
    """
    n1, n2 = sum(n for _, n in before.values()), sum(n for _, n in now.values())
    if not n1 or not n2:
        raise ValueError("a change needs mentions on both sides")
    mix = mood = 0.0
    for group in sorted({*before, *now}):
        k_old, n_old = before.get(group, (0.0, 0.0))
        k_new, n_new = now.get(group, (0.0, 0.0))
        if not n_old and not n_new:
            continue
        p_old = k_old / n_old if n_old else k_new / n_new
        p_new = k_new / n_new if n_new else p_old
        mix += (n_new / n2 - n_old / n1) * (p_old + p_new) / 2
        mood += (p_new - p_old) * (n_old / n1 + n_new / n2) / 2
    return mix, mood

"""Tails of count distributions on whole arrays, with numpy alone. Pure."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_TINY = 1e-300
_ROUNDS = 400  # of the continued fraction; a tail that matters takes about 20


def log_gamma(x: ArrayLike) -> Floats:
    """log Gamma of positive numbers: Stirling's series eight steps further up (relative error < 1e-10)."""
    at = np.asarray(x, dtype=float)
    below = sum(np.log(at + step) for step in range(8))
    z = at + 8.0
    square = 1.0 / (z * z)
    series = (1 / 12 - square * (1 / 360 - square / 1260)) / z
    result: Floats = (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + series - below
    return result


def beta_below(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Floats:
    """I_x(a, b), the regularised incomplete beta function, elementwise.

    For whole numbers it is P(Binomial(a + b - 1, x) >= a) (Abramowitz and Stegun 26.5.24).
    """
    lower, upper, point = (np.asarray(v, dtype=float) for v in np.broadcast_arrays(a, b, x))
    if not lower.size:
        return np.zeros(lower.shape)
    at = np.clip(point, _TINY, 1 - 1e-16)
    far = at > (lower + 1) / (lower + upper + 2)
    p, q, y = np.where(far, upper, lower), np.where(far, lower, upper), np.where(far, 1 - at, at)
    front = log_gamma(p + q) - log_gamma(p) - log_gamma(q) + p * np.log(y) + q * np.log1p(-y)
    part = np.exp(front) / p * _fraction(p, q, y)
    below: Floats = np.clip(np.where(far, 1 - part, part), 0.0, 1.0)
    return below


def _fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """The continued fraction of I_x(a, b) by Lentz's method (Abramowitz and Stegun 26.5.8)."""

    c = np.ones_like(x)
    d = 1 / (1 - (a + b) * x / (a + 1) + _TINY)  # _TINY: never exactly 0
    result = d
    for m in range(1, _ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / (1 + term * d + _TINY), 1 + term / c + _TINY
            step = c * d
            result = result * step
        if np.all(np.abs(step - 1) < 1e-8):
            break
    return result


def nb_beta(count: ArrayLike, mean: ArrayLike, phi: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The arguments of `beta_below` that give `nb_tail`, so that several tails are one call."""
    k, spread = np.asarray(count, dtype=float), np.maximum(phi, 1 + 1e-6)
    return np.maximum(k, 1e-9), np.asarray(mean) / (spread - 1), 1 - 1 / spread


def nb_tail(count: ArrayLike, mean: ArrayLike, phi: ArrayLike) -> Floats:
    """P(Y >= count) of a negative binomial with this mean and variance `phi` x mean; Poisson at phi 1."""
    return np.where(np.asarray(count) <= 0, 1.0, beta_below(*nb_beta(count, mean, phi)))


def share_beta(
    count: ArrayLike, total: ArrayLike, share: ArrayLike, phi: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """The arguments of `beta_below` that give `share_tail`."""
    k, n, deff = (np.asarray(v, dtype=float) for v in (count, total, phi))
    return (k - 0.5) / deff + 0.5, (n - k + 0.5) / deff + 0.5, np.asarray(share, dtype=float)


def share_tail(count: ArrayLike, total: ArrayLike, share: ArrayLike, phi: ArrayLike) -> Floats:
    """P(at least `count` of `total`) at this usual share; clumping makes the variance `phi` times larger.

    A binomial on effective numbers, total / phi and count / phi (Kish 1965), half a mention below `count`.
    """
    return beta_below(*share_beta(count, total, share, phi))

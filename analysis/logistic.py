"""Regularised logistic regression on sparse counts, and which one of a group is chosen, with numpy alone.

Minimises sum_i w_i log(1 + exp(-y_i (x_i b + c + offset_i))) + l2/2 |b - prior|^2 by L-BFGS (Liu and Nocedal
1989): two-loop recursion, backtracking line search. The prior is where a weight stays when the texts say
nothing about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MEMORY: Final = 10
STEPS: Final = 60
ENOUGH: Final = 1e-4  # relative size of the gradient at which to stop


@dataclass(frozen=True, slots=True)
class Sparse:
    """Rows of feature ids: row i holds `ids[starts[i]:starts[i + 1]]`, each counted with its value."""

    starts: Ints
    ids: Ints
    values: Floats
    width: int

    @property
    def rows(self) -> int:
        return len(self.starts) - 1

    def dot(self, weights: Floats) -> Floats:
        """X b, of shape (rows,)."""
        total = np.zeros(self.rows)
        some = np.flatnonzero(self.starts[1:] > self.starts[:-1])  # reduceat knows no empty row
        if len(some):
            total[some] = np.add.reduceat(weights[self.ids] * self.values, self.starts[some])
        return total

    def back(self, residual: Floats) -> Floats:
        """X' r, of shape (width,)."""
        spread = np.repeat(residual, np.diff(self.starts)) * self.values
        return np.asarray(np.bincount(self.ids, spread, self.width), dtype=float)

    def take(self, keep: Bools) -> Sparse:
        """Some of the rows."""
        lengths = np.diff(self.starts)
        inside = np.repeat(keep, lengths)
        starts = np.concatenate(([0], np.cumsum(lengths[keep])))
        return Sparse(starts, self.ids[inside], self.values[inside], self.width)


def fit(
    x: Sparse,
    y: Bools,
    *,
    l2: float | Floats = 1.0,
    weight: Floats | None = None,
    prior: Floats | None = None,
    offset: Floats | None = None,
) -> tuple[Floats, float]:
    """Weights of shape (width,) and intercept for the probability that `y` is true.

    `l2` may be one number or one for each feature; the intercept is not regularised. `offset`: what is added
    to each row's sum and stays as it is, such as the sum of features whose weights are known.
    """
    sign = np.where(y, 1.0, -1.0)
    weight = np.ones(x.rows) if weight is None else weight
    prior = np.zeros(x.width) if prior is None else prior
    known = np.zeros(x.rows) if offset is None else offset

    def cost(point: Floats) -> tuple[float, Floats]:
        margin = sign * (x.dot(point[:-1]) + point[-1] + known)
        loss = weight * np.logaddexp(0.0, -margin)
        pull = l2 * (point[:-1] - prior)
        residual = -sign * weight / (1.0 + np.exp(np.clip(margin, -500, 500)))
        gradient = np.append(x.back(residual) + pull, residual.sum())
        return float(loss.sum() + 0.5 * (pull * (point[:-1] - prior)).sum()), gradient

    best = minimise(cost, np.append(prior, 0.0))
    return best[:-1], float(best[-1])


def fit_choice(x: Floats, chosen: Bools, group: Ints, weight: Floats, *, l2: float = 5.0) -> Floats:
    """Conditional logit: weights of shape (width,) by which one of a group is chosen (McFadden 1974).

    `x` of shape (candidates, width), `group` sorted and counting from 0, `weight` of each group. Where
    several of a group were chosen, any of them is right; a group of which none was counts for nothing.
    """
    first = np.flatnonzero(np.diff(group, prepend=-1))
    right = np.add.reduceat(chosen.astype(float), first) > 0
    counts = weight * right

    def cost(point: Floats) -> tuple[float, Floats]:
        score = x @ point
        odds = np.exp(score - np.maximum.reduceat(score, first)[group])
        total, hit = np.add.reduceat(odds, first), np.add.reduceat(odds * chosen, first)
        hit = np.where(right, np.maximum(hit, 1e-300), 1.0)
        loss = counts * np.where(right, np.log(total) - np.log(hit), 0.0)
        residual = counts[group] * (odds / total[group] - odds * chosen / hit[group])
        return float(loss.sum() + 0.5 * l2 * (point @ point)), x.T @ residual + l2 * point

    return minimise(cost, np.zeros(x.shape[1]))


def minimise(cost: Callable[[Floats], tuple[float, Floats]], point: Floats) -> Floats:
    """L-BFGS from `point`; `cost` gives value and gradient."""
    value, gradient = cost(point)
    start = np.abs(gradient).max()
    pairs: list[tuple[Floats, Floats, float]] = []
    for _ in range(STEPS):
        if np.abs(gradient).max() <= ENOUGH * max(1.0, start):
            break
        direction = _direction(gradient, pairs)
        slope = float(direction @ gradient)
        step = 1.0 if pairs else 1.0 / max(1.0, np.abs(gradient).sum())
        for _ in range(30):
            following = point + step * direction
            new, new_gradient = cost(following)
            if new <= value + 1e-4 * step * slope:
                break
            step *= 0.5
        else:
            break
        moved, turned = following - point, new_gradient - gradient
        if (curve := float(moved @ turned)) > 1e-10:
            pairs = [*pairs[-MEMORY + 1 :], (moved, turned, 1.0 / curve)]
        point, value, gradient = following, new, new_gradient
    return point


def _direction(gradient: Floats, pairs: list[tuple[Floats, Floats, float]]) -> Floats:
    """The two-loop recursion: minus the inverse Hessian, as the last steps show it, times the gradient."""
    q, factors = gradient.copy(), []
    for moved, turned, rho in reversed(pairs):
        factors.append(rho * float(moved @ q))
        q -= factors[-1] * turned
    if pairs:
        moved, turned, rho = pairs[-1]
        q *= 1.0 / (rho * float(turned @ turned))
    for (moved, turned, rho), factor in zip(pairs, reversed(factors), strict=True):
        q += (factor - rho * float(turned @ q)) * moved
    return -q

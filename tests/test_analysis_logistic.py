"""The solver against the definition: its gradient, a known model, and a plain slow way to the same place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.logistic import Sparse, fit, minimise


def sparse(matrix):
    """A full matrix, the zeros left out."""
    rows, ids = np.nonzero(matrix)
    starts = np.searchsorted(rows, np.arange(len(matrix) + 1))
    return Sparse(starts, ids, matrix[rows, ids].astype(float), matrix.shape[1])


def data(rows=400, width=6, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.poisson(0.7, (rows, width)) * rng.choice([1.0, 0.5], (rows, width))
    x[::7] = 0.0  # rows without any feature
    truth = np.linspace(-2, 2, width)
    y = rng.random(rows) < 1 / (1 + np.exp(-(x @ truth - 0.4)))
    return x, y, truth


def cost(point, x, y, l2, weight, prior, offset):
    """The objective as the module's head writes it."""
    margin = np.where(y, 1, -1) * (x @ point[:-1] + point[-1] + offset)
    return (weight * np.log1p(np.exp(-margin))).sum() + (l2 * (point[:-1] - prior) ** 2).sum() / 2


def slopes(point, *problem, step=1e-6):
    """The gradient by differences."""
    unit = np.eye(len(point)) * step
    return np.array([(cost(point + u, *problem) - cost(point - u, *problem)) / (2 * step) for u in unit])


def descended(x, y, l2, weight, prior, offset, steps=20_000, rate=2e-3):
    """Plain gradient descent, step by step."""
    point = np.append(prior, 0.0)
    sign = np.where(y, 1.0, -1.0)
    for _ in range(steps):
        residual = -sign * weight / (1 + np.exp(sign * (x @ point[:-1] + point[-1] + offset)))
        point -= rate * np.append(x.T @ residual + l2 * (point[:-1] - prior), residual.sum())
    return point


matrices = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).poisson(0.5, np.random.default_rng(seed).integers(1, 9, 2))
)


@given(matrices, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_sparse_products_are_those_of_the_full_matrix(matrix, seed):
    rng = np.random.default_rng(seed)
    weights, residual = rng.normal(size=matrix.shape[1]), rng.normal(size=len(matrix))
    keep = rng.random(len(matrix)) < 0.5
    x = sparse(matrix)
    assert np.allclose(x.dot(weights), matrix @ weights)
    assert np.allclose(x.back(residual), matrix.T @ residual)
    assert np.allclose(x.take(keep).dot(weights), matrix[keep] @ weights)


def test_a_row_is_summed_by_itself():
    """A sum as the difference of two running sums would lose a small row behind a large one."""
    x = Sparse(np.array([0, 1, 2]), np.array([0, 1]), np.ones(2), 2)
    assert x.dot(np.array([1e20, 1.5])).tolist() == [1e20, 1.5]


def test_no_rows_and_no_features():
    empty = Sparse(np.zeros(4, np.int64), np.zeros(0, np.int64), np.zeros(0), 2)
    assert empty.dot(np.ones(2)).tolist() == [0, 0, 0]
    assert empty.back(np.ones(3)).tolist() == [0, 0]
    weights, bias = fit(empty, np.array([True, True, False]), prior=np.array([1.0, -1.0]))
    assert weights.tolist() == [1.0, -1.0]
    assert bias == pytest.approx(np.log(2), abs=1e-3)


def test_the_answer_is_where_the_gradient_vanishes():
    x, y, _ = data()
    rng = np.random.default_rng(1)
    weight, prior, offset = rng.random(len(y)), rng.normal(size=6), rng.normal(size=len(y))
    weights, bias = fit(sparse(x), y, l2=2.0, weight=weight, prior=prior, offset=offset)
    slope = slopes(np.append(weights, bias), x, y, 2.0, weight, prior, offset)
    start = slopes(np.append(prior, 0.0), x, y, 2.0, weight, prior, offset)
    assert np.abs(slope).max() < 1e-3 * np.abs(start).max()


def test_plain_gradient_descent_comes_to_the_same_place():
    x, y, _ = data(rows=150, width=4)
    rng = np.random.default_rng(2)
    weight, prior, offset = rng.random(len(y)) + 0.5, rng.normal(size=4), rng.normal(size=len(y))
    l2 = np.array([0.5, 3.0, 1.0, 10.0])
    weights, bias = fit(sparse(x), y, l2=l2, weight=weight, prior=prior, offset=offset)
    assert np.append(weights, bias) == pytest.approx(descended(x, y, l2, weight, prior, offset), abs=2e-3)


def test_a_known_model_is_found_again():
    x, y, truth = data(rows=30_000)
    weights, bias = fit(sparse(x), y, l2=0.01)
    assert np.abs(weights - truth).max() < 0.1
    assert bias == pytest.approx(-0.4, abs=0.1)


def test_the_prior_is_where_weights_stay():
    x, y, _ = data()
    x[:, 2] = 0.0  # a feature that no text has
    prior = np.array([0.3, -0.2, 0.7, 0.0, 1.0, -1.0])
    weights, _ = fit(sparse(x), y, l2=1.0, prior=prior)
    assert weights[2] == pytest.approx(0.7)
    held, _ = fit(sparse(x), y, l2=1e5, prior=prior)
    assert held == pytest.approx(prior, abs=0.01)
    assert np.abs(weights - prior).max() > 0.5


def test_a_weight_of_two_is_a_text_twice():
    x, y, _ = data(rows=90)
    twice = np.arange(len(y)) % 3 == 0
    once = fit(sparse(x), y, weight=np.where(twice, 2.0, 1.0))
    doubled = fit(sparse(np.concatenate((x, x[twice]))), np.concatenate((y, y[twice])))
    assert once[0] == pytest.approx(doubled[0], abs=2e-3)


def test_an_offset_is_a_feature_whose_weight_is_known():
    """Fitting the rest beside it gives the weights that fitting everything gives."""
    x, y, _ = data()
    weights, bias = fit(sparse(x), y, l2=0.5)
    rest, again = fit(sparse(x[:, 1:]), y, l2=0.5, offset=x[:, 0] * weights[0])
    assert rest == pytest.approx(weights[1:], abs=2e-3)
    assert again == pytest.approx(bias, abs=2e-3)


def test_texts_that_a_line_parts_do_not_send_the_weights_away():
    x = np.array([[1.0], [1.0], [0.0], [0.0]])
    weights, bias = fit(sparse(x), np.array([True, True, False, False]), l2=0.1)
    assert np.isfinite([*weights, bias]).all()
    assert 0 < weights[0] < 20


def test_minimise_finds_the_bottom_of_a_bent_valley():
    def rosenbrock(p):
        value = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
        across = p[1] - p[0] ** 2
        return float(value), np.array([-2 * (1 - p[0]) - 400 * p[0] * across, 200 * across])

    assert minimise(rosenbrock, np.array([-1.2, 1.0])) == pytest.approx([1.0, 1.0], abs=1e-2)

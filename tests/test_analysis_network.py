"""The network that combines sums to answers, and how it is learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import learnnetwork
from analysis.learnnetwork import _slopes, _start, fit_network
from analysis.network import LIMIT, MOST_PRODUCTS, Network, product

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(800, 3)) * (1.0, 4.0, 0.5) + (0.0, 2.0, -1.0)
EITHER = np.stack((ROWS[:, 0] * (ROWS[:, 1] - 2.0) > 0, ROWS[:, 0] * (ROWS[:, 1] - 2.0) <= 0), axis=1)
TARGET = np.column_stack((EITHER, ROWS[:, 2] > -1.0)).astype(float)
WEIGHT = np.ones_like(TARGET)
GROUPS = [[0, 1], [2]]


@pytest.fixture(scope="module")
def learned():
    return fit_network(ROWS, TARGET, WEIGHT, GROUPS)


def test_it_learns_what_no_sum_can(learned):
    """Whether two inputs have the same sign: a linear step is right half the time."""
    said = learned.apply(ROWS)
    assert (said[:, 0] > said[:, 1]).astype(float) == pytest.approx(TARGET[:, 0], abs=1)
    assert ((said[:, 0] > said[:, 1]) == (TARGET[:, 0] > 0)).mean() > 0.93
    assert ((said[:, 2] > 0) == (TARGET[:, 2] > 0)).mean() > 0.97
    linear = replace(learned, outward=np.zeros_like(learned.outward)).apply(ROWS)
    assert ((linear[:, 0] > linear[:, 1]) == (TARGET[:, 0] > 0)).mean() < 0.75


def test_the_same_rows_give_the_same_network(learned):
    again = fit_network(ROWS, TARGET, WEIGHT, GROUPS)
    assert np.array_equal(learned.apply(ROWS), again.apply(ROWS))


def test_what_is_not_known_teaches_nothing():
    """Turning answers round that count for nothing changes nothing."""
    weight = WEIGHT.copy()
    weight[::2, 2] = 0.0
    turned = TARGET.copy()
    turned[::2, 2] = 1 - turned[::2, 2]
    one, other = (fit_network(ROWS, target, weight, GROUPS) for target in (TARGET, turned))
    assert np.array_equal(one.apply(ROWS), other.apply(ROWS))


def test_the_slopes_are_those_of_the_loss(monkeypatch):
    monkeypatch.setattr(learnnetwork, "DROPOUT", 0.0)
    z, target, weight = ROWS[:40], TARGET[:40], RNG.uniform(0.2, 2, size=(40, 3))
    layers = [one.astype(float) for one in _start(np.random.default_rng(1), 3, 8, 3)]
    layers[3] += RNG.normal(size=layers[3].shape)

    def loss():
        direct, inward, inward_bias, outward, bias = layers
        output = z @ direct + np.maximum(z @ inward + inward_bias, 0) @ outward + bias
        odds = np.logaddexp(output[:, 0], output[:, 1])
        either = weight[:, 0] * (odds - (output[:, :2] * target[:, :2]).sum(axis=1))
        alone = np.logaddexp(0, output[:, 2]) - target[:, 2] * output[:, 2]
        return (either + learnnetwork.ALONE * weight[:, 2] * alone).mean()

    slopes = _slopes(layers, z, target, weight, GROUPS, np.random.default_rng(1))
    for layer, slope in zip(layers, slopes, strict=True):
        at = np.unravel_index(np.argmax(np.abs(slope)), slope.shape)
        here, step = layer[at], 1e-5
        layer[at] = here + step
        up = loss()
        layer[at] = here - step
        down = loss()
        layer[at] = here
        assert slope[at] == pytest.approx((up - down) / (2 * step), rel=1e-4)


@given(st.floats(1.0, 1e6), st.integers(0, 2), st.booleans())
@settings(max_examples=40, deadline=None)
def test_an_input_far_out_counts_for_no_more(times, column, below):
    network = _one()
    edge, beyond = network.mean.copy()[None].astype(float), network.mean.copy()[None].astype(float)
    sign = -1 if below else 1
    edge[0, column] += sign * LIMIT * network.scale[column]
    beyond[0, column] += sign * LIMIT * network.scale[column] * times
    assert network.apply(beyond) == pytest.approx(network.apply(edge), abs=1e-4)


def _one():
    rng = np.random.default_rng(5)
    shapes = (3, 2), (3, 4), (4,), (4, 2), (2,), (3,), (3,)
    arrays = [rng.uniform(0.1, 1, shape).astype(np.float32) for shape in shapes]
    return Network(*arrays)


def test_a_network_knows_what_it_fits():
    network = _one()
    assert network.fits(3, 2)
    assert not network.fits(3, 1)
    assert not network.fits(4, 2)
    assert not replace(network, scale=network.scale[:2]).fits(3, 2)
    assert not replace(network, outward=network.outward[:3]).fits(3, 2)


def test_a_product_in_parts_is_the_product():
    matrix = RNG.normal(size=(100, 70)).astype(np.float32)
    rows = RNG.normal(size=(5 * MOST_PRODUCTS // matrix.size + 3, 100)).astype(np.float32)
    assert product(rows, matrix) == pytest.approx(rows @ matrix, abs=1e-3)
    assert product(rows[:0], matrix).shape == (0, 70)

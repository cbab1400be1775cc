"""Labelled rows -> a `Network`, with numpy alone: AdamW (Loshchilov and Hutter 2019), the rate rising and
falling once (Smith 2018), and dropout of hidden units (Srivastava et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from analysis.clauses import Ints
from analysis.network import Floats, Network, Singles, standardise

HIDDEN: Final = 256
EPOCHS, LEAST_STEPS = 25, 250
ROWS: Final = 256  # a step
DROPOUT: Final = 0.3
RATE: Final = 4e-3  # the highest
RISING: Final = 0.3  # of all steps
DECAY: Final = 0.1
KEEP, KEEP_SQUARES, TINY = 0.9, 0.999, 1e-8
ALONE: Final = 0.25  # what a yes or no counts beside an either-or


def fit_network(
    rows: Floats, target: Floats, weight: Floats, groups: Sequence[Sequence[int]], *, hidden: int = HIDDEN
) -> Network:
    """`rows` of shape (n, inputs), `target` 0 or 1 of shape (n, outputs).

    `weight`, of the same shape: how much each answer counts, 0 where it is not known. `groups`: the outputs;
    of several in one group exactly one is right (softmax), one alone is a yes or no (logistic). In a group
    the weight of its first output counts.
    """
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    mean, scale = mean.astype(np.float32), scale.astype(np.float32)
    z = standardise(rows, mean, scale)
    weight = weight / np.maximum(weight.mean(axis=0), 1e-12)
    answers, counts = target.astype(np.float32), weight.astype(np.float32)
    rng = np.random.default_rng(1)
    layers = _start(rng, z.shape[1], hidden, target.shape[1])
    means, squares = [np.zeros_like(one) for one in layers], [np.zeros_like(one) for one in layers]
    steps = list(_batches(rng, len(z)))
    for n, chosen in enumerate(steps, 1):
        rate = RATE * _cycle(n / len(steps))
        slopes = _slopes(layers, z[chosen], answers[chosen], counts[chosen], groups, rng)
        for k, slope in enumerate(slopes):
            means[k] += (1 - KEEP) * (slope - means[k])
            squares[k] += (1 - KEEP_SQUARES) * (slope**2 - squares[k])
            step = means[k] / (1 - KEEP**n) / (np.sqrt(squares[k] / (1 - KEEP_SQUARES**n)) + TINY)
            layers[k] -= rate * (step + DECAY * layers[k])
    direct, inward, inward_bias, outward, bias = layers
    return Network(direct, inward, inward_bias, outward, bias, mean, scale)


def _start(rng: np.random.Generator, inputs: int, hidden: int, outputs: int) -> list[Singles]:
    """direct, inward, inward_bias, outward, bias; the hidden layer says nothing at first."""
    reach = 1 / math.sqrt(inputs)
    shapes = (inputs, outputs), (inputs, hidden), (hidden,)
    drawn = [rng.uniform(-reach, reach, shape).astype(np.float32) for shape in shapes]
    return [*drawn, np.zeros((hidden, outputs), np.float32), np.zeros(outputs, np.float32)]


def _batches(rng: np.random.Generator, n: int) -> Iterator[Ints]:
    """The rows of each step."""
    times = max(1, n // ROWS)
    for _ in range(max(EPOCHS, LEAST_STEPS // times)):
        order = rng.permutation(n)
        for at in range(0, times * ROWS, ROWS):
            yield order[at : at + ROWS]


def _cycle(done: float) -> float:
    """The rate as a share of the highest: up in a line, down along a cosine."""
    if done < RISING:
        return 0.04 + 0.96 * done / RISING
    return 0.5 + 0.5 * math.cos(math.pi * (done - RISING) / (1 - RISING))


def _slopes(
    layers: Sequence[Singles],
    z: Singles,
    target: Singles,
    weight: Singles,
    groups: Sequence[Sequence[int]],
    rng: np.random.Generator,
) -> list[Singles]:
    """The gradient of the mean loss of some rows."""
    direct, inward, inward_bias, outward, bias = layers
    before = z @ inward + inward_bias
    kept = (rng.random(before.shape, np.float32) >= DROPOUT) / np.float32(1 - DROPOUT)
    hidden = np.maximum(before, 0) * kept
    output = z @ direct + hidden @ outward + bias
    wrong = np.empty_like(output)
    for group in groups:
        columns = list(group)
        if len(columns) > 1:
            odds = np.exp(output[:, columns] - output[:, columns].max(axis=1, keepdims=True))
            said, counts = odds / odds.sum(axis=1, keepdims=True), weight[:, columns[:1]]
        else:
            said, counts = 0.5 + 0.5 * np.tanh(0.5 * output[:, columns]), ALONE * weight[:, columns]
        wrong[:, columns] = (said - target[:, columns]) * counts
    wrong /= len(z)
    back = (wrong @ outward.T) * kept * (before > 0)
    return [z.T @ wrong, z.T @ back, back.sum(axis=0), hidden.T @ wrong, wrong.sum(axis=0)]

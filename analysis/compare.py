"""Two readings of the same texts against what their authors say: is the second one better?

The measures are those of `analysis.evaluate`. Intervals of the differences: percentiles of bootstrap samples
(Efron and Tibshirani 1993, chapter 13), the same samples for both readings, drawn by discussion rather than
by text, because texts of one discussion resemble each other. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from analysis.evaluate import CLASSES, Floats, Ranking, Truth, three
from candidly.records import Analysis, Label

RESAMPLES: Final = 1000
CHUNK: Final = 100
LEAST_UNITS: Final = 10
"""Discussions below which no interval is given: drawing from so few would show no chance at all."""
DECISIVE: Final = ("macro_f1", "auc")


class Judged(NamedTuple):
    """What a reading says of one text."""

    score: float
    label: Label


@dataclass(frozen=True, slots=True)
class Change:
    """A measure before and after, the 95 % interval of the difference, and the texts it stands on.

    None where it is not defined, such as the precision of a class that was never found.
    """

    before: float | None
    after: float | None
    low: float | None
    high: float | None
    n: int


def compare(
    truth: Sequence[Label], before: Sequence[Judged], after: Sequence[Judged], units: Sequence[int]
) -> dict[str, Change]:
    """macro_f1, auc, negative_precision, negative_recall. `units`: which discussion a text belongs to."""
    truths = [Truth(label=label) for label in truth]
    one, other = _Measured(truths, before), _Measured(truths, after)
    first, second = [], []
    for weights in _samples(units):
        first.append(one.measures(weights))
        second.append(other.measures(weights))
    values, again = np.concatenate(first), np.concatenate(second)
    labels = [three(label) for label in truth]
    called = sum(judged.label == "negative" for judged in after)
    counts = len(truth), len(truth) - labels.count("neutral"), called, labels.count("negative")
    return {
        name: _change(values[:, k], again[:, k], counts[k])
        for k, name in enumerate(("macro_f1", "auc", "negative_precision", "negative_recall"))
    }


def better(changes: dict[str, Change]) -> bool:
    """Whether a decisive measure rose beyond chance, and none fell beyond it."""
    decisive = [changes[name] for name in DECISIVE]
    rose = any(change.low is not None and change.low > 0 for change in decisive)
    fell = any(change.high is not None and change.high < 0 for change in decisive)
    return rose and not fell


class _Measured:
    """One reading's measures for many weightings of the texts at once."""

    def __init__(self, truths: Sequence[Truth], found: Sequence[Judged]) -> None:
        classes = len(CLASSES)
        number = {name: k for k, name in enumerate(CLASSES)}
        self._cells = np.zeros((len(truths), classes * classes))
        for n, (truth, judged) in enumerate(zip(truths, found, strict=True)):
            self._cells[n, number[three(truth.label)] * classes + number[three(judged.label)]] = 1.0
        analyses = [Analysis(version="", score=judged.score, label=judged.label) for judged in found]
        self._ranking = Ranking(truths, analyses)

    def measures(self, weights: Floats) -> Floats:
        """Shape (weightings, 4)."""
        table = (weights @ self._cells).reshape(len(weights), len(CLASSES), len(CLASSES))
        right = np.diagonal(table, axis1=1, axis2=2)
        labelled, called = table.sum(2), table.sum(1)
        f1 = _ratio(2 * right, labelled + called)
        occurs = labelled > 0
        macro = _ratio(np.where(occurs, np.nan_to_num(f1), 0.0).sum(1), occurs.sum(1))
        negative = CLASSES.index("negative")
        precision = _ratio(right[:, negative], called[:, negative])
        recall = _ratio(right[:, negative], labelled[:, negative])
        return np.column_stack((macro, self._ranking.auc(weights), precision, recall))


def _samples(units: Sequence[int]) -> Iterator[Floats]:
    """How often each text counts: once, and then as its discussion is drawn with replacement."""
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    yield np.ones((1, len(unit)))
    groups = int(unit.max()) + 1 if len(unit) else 0
    rng = np.random.default_rng(0)
    for _ in range(RESAMPLES // CHUNK if groups >= LEAST_UNITS else 0):
        drawn = rng.multinomial(groups, np.full(groups, 1 / groups), size=CHUNK)
        yield drawn[:, unit].astype(np.float64)


def _change(before: Floats, after: Floats, n: int) -> Change:
    differences = (after - before)[1:]
    differences = differences[np.isfinite(differences)]
    low, high = (
        np.quantile(differences, (0.025, 0.975)) if 2 * len(differences) > len(before) > 1 else (None, None)
    )
    return Change(_plain(before[0]), _plain(after[0]), _plain(low), _plain(high), n)


def _plain(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def _ratio(part: Floats, whole: Floats) -> Floats:
    result: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return result

"""Is one reading better than another, beyond chance?"""

from __future__ import annotations

import random

import pytest

from analysis.compare import Change, Judged, better, compare
from analysis.evaluate import Truth, evaluate
from candidly.records import Analysis

LABELS = ("negative", "neutral", "positive")
SCORE = {"negative": -0.6, "neutral": 0.0, "positive": 0.6}


def reading(truth, right, seed):
    """Says the truth with probability `right`, else anything."""
    rng = random.Random(seed)
    said = [label if rng.random() < right else rng.choice(LABELS) for label in truth]
    return [Judged(SCORE[label] + rng.gauss(0, 0.2), label) for label in said]


def texts(n=400, seed=0):
    rng = random.Random(seed)
    return [rng.choice(LABELS) for _ in range(n)]


def test_the_figures_are_those_of_evaluate():
    truth = texts()
    one, other = reading(truth, 0.5, 1), reading(truth, 0.7, 2)
    found = compare(truth, one, other, range(len(truth)))
    for judged, side in ((one, "before"), (other, "after")):
        figures = evaluate(
            [Truth(label=label) for label in truth],
            [Analysis(version="", score=j.score, label=j.label) for j in judged],
            resamples=0,
        ).figures
        for name, theirs in (
            ("macro_f1", "sentiment_macro_f1"),
            ("auc", "auc_positive_vs_negative"),
            ("negative_precision", "negative_precision"),
            ("negative_recall", "negative_recall"),
        ):
            assert getattr(found[name], side) == pytest.approx(figures[theirs].value, abs=1e-4)
            if side == "after":
                assert found[name].n == figures[theirs].n


def test_a_clear_gain_is_better_and_its_reverse_is_not():
    truth = texts()
    one, other = reading(truth, 0.4, 1), reading(truth, 0.8, 2)
    found = compare(truth, one, other, range(len(truth)))
    assert found["macro_f1"].low > 0.15
    assert better(found)
    assert not better(compare(truth, other, one, range(len(truth))))


def test_the_same_reading_is_no_better():
    truth = texts()
    one = reading(truth, 0.6, 1)
    found = compare(truth, one, one, range(len(truth)))
    assert all(change.low == change.high == 0 for change in found.values())
    assert not better(found)


def test_copies_in_one_discussion_are_no_evidence():
    truth = texts(30)
    one, other = reading(truth, 0.4, 1), reading(truth, 0.55, 2)
    once = compare(truth, one, other, range(30))["macro_f1"]
    copied = compare(truth * 20, one * 20, other * 20, list(range(30)) * 20)["macro_f1"]
    assert copied.after == once.after
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.1)
    alone = compare(truth * 20, one * 20, other * 20, [7] * 600)
    assert alone["macro_f1"].low is None
    assert not better(alone)


def test_what_cannot_be_told_is_none():
    found = compare([], [], [], [])
    assert found["macro_f1"] == Change(None, None, None, None, 0)
    assert not better(found)
    only = compare(["positive"] * 20, *[[Judged(0.5, "positive")] * 20] * 2, range(20))
    assert only["auc"].before is None
    assert only["negative_precision"].after is None
    assert only["macro_f1"].after == 1.0


def test_a_gain_paid_for_by_a_loss_is_no_better():
    gain, loss = Change(0.5, 0.6, 0.05, 0.15, 100), Change(0.9, 0.8, -0.15, -0.05, 100)
    even = Change(0.9, 0.9, -0.01, 0.01, 100)
    assert better({"macro_f1": gain, "auc": even})
    assert better({"macro_f1": even, "auc": gain})
    assert not better({"macro_f1": gain, "auc": loss})
    assert not better({"macro_f1": even, "auc": even})

"""Which clause is shown for an opinion, and what decides how it is meant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.features import CLAUSE_OUTPUTS, THEMES, Hit, Item, take_apart
from analysis.logistic import fit_choice
from analysis.opinions import (
    EVIDENCE_FEATURES,
    POLARITY_FEATURES,
    as_headed,
    best_of,
    candidates,
    evidence,
    polarity_features,
)
from analysis.pooling import POOLED

PLAIN = ("other", "unclear", "none")
OFFER, PAY = THEMES.index("offer"), THEMES.index("pay_benefits")


def taken(*texts, hits=()):
    return take_apart([Item(text, "post", (), hits, PLAIN) for text in texts])


def opinions(features, clause, text, theme):
    bounds = np.searchsorted(features.clauses.text, np.arange(len(features.given.kind) + 1))
    return candidates(features, clause, bounds, np.array(text), np.array(theme))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_the_best_is_the_first_of_the_highest_in_its_own_text(seed):
    rng = np.random.default_rng(seed)
    features = taken(*(" ".join(["It was so."] * n) for n in rng.integers(1, 5, 4)))
    owner = features.clauses.text
    clause = rng.integers(0, 3, (len(owner), len(CLAUSE_OUTPUTS))).astype(float)
    text, theme = np.sort(rng.integers(0, 4, 6)), rng.integers(0, len(THEMES), 6)
    found = opinions(features, clause, text, theme)
    assert found.told.shape == (len(found.pair), EVIDENCE_FEATURES)
    wanted = []
    for n, k in zip(text, theme, strict=True):
        mine = np.flatnonzero(owner == n)
        wanted.append(mine[clause[mine, 2 + k].argmax()])
    assert best_of(found, found.told[:, 0]).tolist() == wanted


def test_what_is_told_of_a_candidate():
    features = taken("Fine. Then the offer came; it was low", hits=[Hit("offer", -1, 15, 20)])
    clause = np.zeros((3, len(CLAUSE_OUTPUTS)))
    clause[:, 2 + OFFER] = -1.0, 2.0, 0.5
    clause[1, 2 + PAY] = 3.0
    told = opinions(features, clause, [0], [OFFER]).told
    assert told[:, 0].tolist() == [-1.0, 2.0, 0.5]
    assert told[:, 1].tolist() == [0.0, 2.0, 0.5]
    assert told[:, 2].tolist() == [0, 1, 0], "where a phrase of the theme stands"
    assert told[:, 3].tolist() == [1.0, 1.0, 0.0], "how much more it speaks of another theme"
    assert told[:, 5] == pytest.approx(np.log1p([0, 1, 2]))
    assert told[:, 6].tolist() == [1, 0, 0], "the first of the text"
    assert told[:, 9].tolist() == [0, 0, 0], "whether it speaks of the theme with praise or blame"
    assert told[:, 10] == pytest.approx(told[:, 0] * told[:, 7])
    clause[1, 0] = 9.0
    assert opinions(features, clause, [0], [OFFER]).told[:, 9] == pytest.approx([0, 1, 0], abs=0.01)


def test_no_opinions():
    features = taken("Nothing.")
    clause = np.zeros((1, len(CLAUSE_OUTPUTS)))
    found = opinions(features, clause, np.zeros(0, int), np.zeros(0, int))
    assert best_of(found, np.zeros(0)).tolist() == []
    none = np.zeros(0, int)
    told = polarity_features(
        features, clause, np.zeros((1, POOLED)), np.zeros((1, 31)), none, none, found, np.zeros(0)
    )
    assert told.shape == (0, POLARITY_FEATURES)


def test_polarity_looks_at_all_that_speaks_of_the_theme():
    features = taken("It began. It ended well.")
    clause = np.zeros((2, len(CLAUSE_OUTPUTS)))
    clause[1, 0], clause[1, 1] = 4.0, -4.0
    found = opinions(features, clause, [0], [OFFER])
    pool, heads, text, theme = np.ones((1, POOLED)), np.zeros((1, 31)), np.array([0]), np.array([OFFER])
    both, second = (
        polarity_features(features, clause, pool, heads, text, theme, found, score)[0]
        for score in (np.zeros(2), np.array([-30.0, 0.0]))
    )
    assert both.shape == second.shape == (POLARITY_FEATURES,)
    assert both[-POOLED:].tolist() == [1.0] * POOLED, "and at the whole text"
    both, second = both[:-POOLED], second[:-POOLED]
    mean, most = both[-4:-2], both[-2:]
    assert mean == pytest.approx([(0.5 + 0.982) / 2, (0.5 + 0.018) / 2], abs=1e-3)
    assert most == pytest.approx([0.982, 0.5], abs=1e-3)
    assert second[-4:-2] == pytest.approx([0.982, 0.018], abs=1e-3)


def test_polarity_looks_most_at_what_speaks_of_this_theme():
    features = taken("The pay is good. The offer was low.")
    clause = np.full((2, len(CLAUSE_OUTPUTS)), -9.0)
    clause[0, 0], clause[0, 2 + PAY] = 9.0, 9.0
    clause[1, 1], clause[1, 2 + OFFER] = 9.0, 9.0
    text, theme = np.array([0, 0]), np.array([OFFER, PAY])
    found = opinions(features, clause, text, theme)
    pool, heads = np.zeros((1, POOLED)), np.zeros((1, 31))
    told = polarity_features(features, clause, pool, heads, text, theme, found, np.zeros(4))
    offer, pay = told[:, -POOLED - 9 : -POOLED - 4]
    assert offer == pytest.approx([0, 1, 0, 1, 0], abs=0.011)
    assert pay == pytest.approx([1, 0, 1, 0, 0], abs=0.011)


def test_a_sentence_is_shown_whole_unless_it_is_long():
    features = taken("Fine. Then the offer came, and it was low.", "word, " * 80)
    start, end = evidence(features, np.array([1, 5]))
    assert (start[0], end[0]) == (6, 41)
    assert end[1] - start[1] == 4


def test_choices_are_learned_within_their_groups():
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(400), 4)
    x = rng.normal(size=(1600, 3))
    score = x @ np.array([2.0, -1.0, 0.0]) + rng.gumbel(size=1600)
    chosen = score == np.maximum.reduceat(score, np.arange(0, 1600, 4))[group]
    chosen[:4] = False  # a group of which none was chosen counts for nothing
    weights = fit_choice(x, chosen, group, np.ones(400), l2=0.1)
    assert weights == pytest.approx([2.0, -1.0, 0.0], abs=0.3)
    none = fit_choice(x, chosen, group, np.zeros(400))
    assert none == pytest.approx(np.zeros(3))


def test_what_stands_under_pros_is_blame_only_in_that_tone():
    prior = np.array([1, 1, -1, -1, 0, 1])
    read = np.array([1, 1, 0, 0, 1, 2])
    clause = np.zeros((6, len(CLAUSE_OUTPUTS)))
    clause[:, 0] = 1.0, -1.0, -1.0, 1.0, 1.0, 1.0
    assert as_headed(read, prior, clause).tolist() == [0, 1, 1, 0, 1, 2]

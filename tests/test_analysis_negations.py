"""Words under a negation that were hardly ever seen there."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.clauses import name_hash
from analysis.logistic import Sparse
from analysis.negations import FEW, HALF, IN_CLAUSES, IN_TEXTS, Turned, negations, turn

NAMES = ("smooth", "~smooth", "rude", "~rude", "desk", "~desk", "alone")
HASHES = np.sort(np.array([name_hash(name) for name in NAMES], np.uint64))
PLACE = {name: int(np.searchsorted(HASHES, name_hash(name))) for name in NAMES}


def rows(**times):
    """As many clauses with each name as told; one more has a sign, beyond the words."""
    names = [PLACE[name.replace("not_", "~")] for name, n in times.items() for _ in range(n)]
    ids = np.array([*names, len(HASHES)])
    return Sparse(np.arange(len(ids) + 1), ids, np.ones(len(ids)), len(HASHES) + 1)


def weights(**tones):
    found = np.zeros((len(HASHES) + 1, 4))
    for name, row in tones.items():
        found[PLACE[name.replace("not_", "~")]] = row
    return found


def test_a_word_and_the_same_under_a_negation_are_found_wherever_they_stand():
    found = negations(HASHES, rows(smooth=20, not_smooth=2, rude=9), rows(not_smooth=3, desk=1, not_desk=1))
    pairs = dict(
        zip(found.word.tolist(), zip(found.under.tolist(), found.seen.tolist(), strict=True), strict=True)
    )
    assert pairs == {PLACE["smooth"]: (PLACE["~smooth"], 5), PLACE["rude"]: (PLACE["~rude"], 0)}
    assert not len(negations(np.zeros(0, np.uint64), rows()).word)


def test_what_was_never_seen_takes_back_its_share_of_the_tone_alone():
    found = negations(HASHES, rows(smooth=20, rude=20, desk=20))
    told = weights(smooth=(2.0, -1.0, 3.0, 5.0), rude=(-1.0, 2.0, 0.0, 5.0), desk=(0.2, -0.2, 0.0, 5.0))
    before = told.copy()
    turn(told, found, Turned(2, 0.9, 0.5))
    assert told[PLACE["~smooth"]] == pytest.approx([-1.8, 0.9, 0, 0])
    assert told[PLACE["~rude"]] == pytest.approx([0.5, -1.0, 0, 0])
    assert told[PLACE["~desk"]] == pytest.approx([0, 0, 0, 0]), "it has no tone to turn"
    kept = [PLACE[name] for name in NAMES if name[0] != "~"]
    assert (told[kept] == before[kept]).all()


def test_what_was_seen_often_keeps_what_was_learned():
    many, half = 10_000, int(HALF)
    found = negations(HASHES, rows(smooth=2 * many, not_smooth=many, rude=2 * many, not_rude=half))
    told = weights(
        smooth=(2.0, -1.0, 0, 0), not_smooth=(1.0, 0.5, 1, 1), rude=(-1, 2, 0, 0), not_rude=(1, 1, 1, 1)
    )
    turn(told, found, IN_CLAUSES)
    assert told[PLACE["~smooth"]] == pytest.approx([1.0, 0.5, 1, 1], abs=0.01)
    assert told[PLACE["~rude"]] == pytest.approx([1 + 0.25, 1 - 0.5, 1, 1])


def test_of_a_few_texts_nothing_is_learned():
    found = negations(HASHES, rows(smooth=20, not_smooth=FEW - 1))
    told = weights(not_smooth=(1.0, 2.0, 3.0, 4.0))
    turn(told, found, IN_TEXTS)
    assert not told.any()

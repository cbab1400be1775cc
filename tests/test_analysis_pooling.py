"""What the combining step sees of a text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.features import CLAUSE_OUTPUTS, TEXT_OUTPUTS, THEMES, Item, take_apart
from analysis.pooling import COURSE, LITTLE, MARKS, POOLED, pooled

PLAIN = ("other", "unclear", "none")
OFFER = 2 + THEMES.index("offer")


def pool(texts, clauses=lambda n: np.full((n, len(CLAUSE_OUTPUTS)), -9.0)):
    features = take_apart([Item(text, "post", (), (), PLAIN) for text in texts])
    return pooled(features, clauses(len(features.clauses.text)), np.zeros((len(texts), len(TEXT_OUTPUTS))))


def course(text, said):
    """The course of one text; `said`: per clause praise, blame and offer, in log-odds."""

    def clauses(n):
        outputs = np.full((n, len(CLAUSE_OUTPUTS)), -9.0)
        outputs[:, [0, 1, OFFER]] = said
        return outputs

    return pool([text], clauses)[0, POOLED - COURSE - MARKS : POOLED - MARKS]


def test_the_course_tells_begin_end_and_what_is_about_an_employer():
    yes, no = 9.0, -9.0
    found = course("one, two, three, four", [(yes, no, no), (no, no, no), (no, yes, yes), (no, yes, no)])
    about, most, first, last, begin, end, clear, both = np.split(found, [2, 4, 7, 10, 12, 14, 16])
    assert about == pytest.approx([0, 1 / (1 + LITTLE)], abs=1e-3), "blame, of the clause about an offer"
    assert most == pytest.approx([0, 1], abs=1e-3)
    assert first == pytest.approx([1, 0, 0], abs=1e-3)
    assert last == pytest.approx([0, 1, 0], abs=1e-3)
    assert begin == pytest.approx([0.5, 0], abs=1e-3), "one, two"
    assert end == pytest.approx([0, 1], abs=1e-3), "three, four"
    assert clear == pytest.approx(np.log1p([1, 2]), abs=1e-3)
    assert both == pytest.approx(np.log1p([0, 1]), abs=1e-3)


def test_of_a_single_clause_begin_and_end_are_the_same():
    found = course("one", [(9.0, -9.0, -9.0)])
    assert found[10:12] == pytest.approx(found[12:14])


@pytest.mark.parametrize(
    ("text", "asks", "ends", "asked", "cried"),
    [
        ("Any idea? They never wrote.", 1, 0, 1, 0),
        ("They never wrote! Any idea?", 1, 1, 1, 1),
        ("They never wrote!!! Never!", 0, 0, 0, 2),
        ("They never wrote.", 0, 0, 0, 0),
        ("", 0, 0, 0, 0),
    ],
)
def test_marks(text, asks, ends, asked, cried):
    for texts in ([text], ["A first text, why?", text], [text, "Yes?"]):
        found = pool(texts)[texts.index(text), -MARKS:]
        assert found == pytest.approx([asks, ends, np.log1p(asked), np.log1p(cried)])


@given(st.lists(st.sampled_from(["The pay is bad.", "", "Why? ", "a, b, c!", "\u2026"]), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_text_is_the_same_beside_others(texts):
    rng = np.random.default_rng(1)
    outputs = rng.normal(size=(len(CLAUSE_OUTPUTS),))
    both = pool(texts, lambda n: np.tile(outputs, (n, 1)))
    assert both.shape == (len(texts), POOLED)
    for row, text in zip(both, texts, strict=True):
        assert row == pytest.approx(pool([text], lambda n: np.tile(outputs, (n, 1)))[0])


def test_the_same_again_and_again_is_not_more_of_it():
    outputs = np.full(len(CLAUSE_OUTPUTS), -2.0)
    once, often = (pool(["They asked. " * n], lambda n: np.tile(outputs, (n, 1)))[0] for n in (50, 5000))
    assert once == pytest.approx(often, abs=0.01)

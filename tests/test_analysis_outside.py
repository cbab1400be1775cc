"""Texts that speak neither of hiring nor of working."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.analyser import Analyser
from analysis.outside import SHARE, is_outside, scored, sentence_scores
from analysis.reader import Reading
from analysis.vader import Vader
from candidly.config import Analysis
from candidly.records import Opinion

ANALYSER = Analyser(Analysis(), Path())
PUPPY = "I love this little puppy so much! What a happy day."


def reading(score=0.0, label="neutral", role="other", stage="unclear", opinions=()):
    return Reading(score, label, role, stage, False, opinions)


def test_outside_is_where_nothing_was_found():
    assert is_outside(reading(), "post")
    assert is_outside(reading(), "comment")
    assert not is_outside(reading(), "review")
    assert not is_outside(reading(), "interview")
    assert not is_outside(reading(opinions=(Opinion("culture", "neutral", 0, 3),)), "post")


@pytest.mark.parametrize(
    ("learned", "label", "plain", "expected"),
    [
        (0.0, "neutral", 0.5, "neutral"),
        (-0.9, "negative", 0.8, "neutral"),  # they contradict each other
        (-0.9, "negative", -0.1, "negative"),
        (0.6, "positive", -0.9, "neutral"),
    ],
)
def test_both_count(learned, label, plain, expected):
    score, said = scored(reading(learned, label), [(0, 4, plain), (5, 9, plain)])
    assert score == pytest.approx((1 - SHARE) * learned + SHARE * plain, abs=1e-4)
    assert said == expected


def test_no_sentence_says_nothing():
    assert scored(reading(0.5, "positive"), []) == (pytest.approx(0.15), "positive")


def test_sentences_are_those_of_vader_with_any_apostrophe():
    vader = Vader()
    (straight,), (curly,) = (sentence_scores(vader, [f"I don{c}t like it. Good."]) for c in "'\u2019")
    assert straight == curly
    assert [round(score, 4) for _, _, score in straight] == [
        vader.compound("I don't like it."), vader.compound("Good.")
    ]  # fmt: skip


def test_the_analyser_asks_vader_about_such_a_text_alone():
    outside, inside = ANALYSER.analyse_texts([(PUPPY, "post"), ("The recruiter ghosted me.", "post")])
    assert outside.opinions == ()
    assert outside.score > 0.2
    assert inside.label == "negative"
    assert inside.opinions
    assert ANALYSER.analyse_text(PUPPY) == outside


def test_it_is_explained_by_the_same_sentences():
    assert ANALYSER.explain(PUPPY) == sentence_scores(Vader(), [PUPPY])[0]
    assert (
        ANALYSER.explain("The recruiter ghosted me.")
        != sentence_scores(Vader(), ["The recruiter ghosted me."])[0]
    )


def test_a_language_without_a_lexicon_stays_unscored():
    (found,) = ANALYSER.analyse_texts(
        [("Me encanta este perrito, qué día tan feliz para todos nosotros.", "post")]
    )
    assert (found.score, found.label) == (None, None)

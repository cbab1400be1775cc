"""What single mentions allege: found, turned off by negations and exceptions, in linear time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import alleged, copies
from analysis.alleged import Alleged
from candidly.config import NamedRule
from candidly.errors import ConfigError
from candidly.records import Mention

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FINDER = Alleged()


def names(text="", finder=FINDER, **parts):
    mention = Mention(source="s", id="1", kind="review", collected=NOW, body=text, **parts)
    found = finder.find(mention)
    assert all(0 <= start < end <= len(mention.text) for start, end in found.values())
    return [name for _, name in found]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("They discriminated against me because I am pregnant.", "discrimination"),
        ("Rejected because of my accent, they said so.", "discrimination"),
        ("HR did nothing about the sexual harassment.", "discrimination"),
        ("Unsafe working conditions in the hall.", "safety"),
        ("There is no safety on that floor at all.", "safety"),
        ("A colleague got injured at the press.", "safety"),
        ("It’s a scam, they asked me for a deposit.", "fraud"),
        ("Management falsifies the timesheets.", "fraud"),
        ("He groped an intern.", "discrimination"),
        ("He groped my colleague and was promoted.", "discrimination"),
        ("Two interns were groped.", "discrimination"),
        ("My manager hit on an intern.", "discrimination"),
        ("I was asked if I plan to have kids.", "discrimination"),
        ("They asked me whether I planned on having children.", "discrimination"),
        ("They asked if I am planning to start a family.", "discrimination"),
        ("They ask women about their plans, and asked me about my plans to have kids.", "discrimination"),
        ("They told me I was too old.", "discrimination"),
        ("I was told that I'm too old for the team.", "discrimination"),
        ("They discriminate against women.", "discrimination"),
        ("Rejected because I am an immigrant.", "discrimination"),
        ("My boss is a racist.", "discrimination"),
        ("They fired a pregnant colleague.", "discrimination"),
        ("My boss hit me.", "safety"),
        ("The supervisor slapped a coworker.", "safety"),
        ("I was punched by my manager.", "safety"),
        ("He assaulted an intern.", "safety"),
        ("The trucks have no brakes and people get hurt.", "safety"),
        ("No brakes on the forklift.", "safety"),
        ("No brakes and people get hurt.", "safety"),
        ("Trucks without brakes.", "safety"),
        ("The owner hits employees.", "safety"),
        ("Someone is going to get hurt.", "safety"),
        ("I got hurt on the job.", "safety"),
        ("The fire exits are locked.", "safety"),
        ("They overbill clients.", "fraud"),
        ("Our clients are overcharged.", "fraud"),
        ("They forged a signature.", "fraud"),
        ("They stole the tips.", "fraud"),
        ("They cook the books.", "fraud"),
        ("They charged me a training fee.", "fraud"),
        ("He cheated us out of a bonus.", "fraud"),
    ],
)
def test_what_is_alleged_is_found(text, name):
    assert names(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "I never felt discriminated against.",
        "There is no racism here.",
        "Not a scam, honest people.",
        "I work in fraud detection.",
        "We had discrimination training on day one.",
        "The safety team is great.",
        "They helped customers to avoid scams.",
        "No safety net for juniors.",
        "A hard interview, and I was rejected.",
        "The ad hit me on a Monday.",
        "I hit my targets, and my boss hit my targets too.",
        "My manager hit me up on a Sunday.",
        "My boss hit me with a tricky question.",
        "My manager kicked me off the project.",
        "My boss pushed me to grow.",
        "My boss kicked employees out of the room.",
        "Work with no brakes and no limits.",
        "My boss never hit me.",
        "It is too old a system.",
        "They told me it was too old a system.",
        "They told me the laptops were too old.",
        "We plan to have kids at the office party.",
        "They asked if we plan to have kids at the office party.",
        "They asked if I plan to have lunch there.",
        "They asked about my plans for the next years.",
        "Groping for answers in the dark.",
        "They do not discriminate against anyone.",
        "All gas, no brakes.",
        "No brakes on your career.",
        "Customers verbally assaulted me.",
        "Feelings get hurt.",
        "People get hurt feelings.",
        "Nobody gets hurt.",
        "They never overbill clients.",
        "I forgot my documents, and they forget the data.",
        "They bill clients by the hour.",
        "He steals the show.",
        "The books on cooking are nice.",
    ],
)
def test_what_only_sounds_like_it_is_not(text):
    assert names(text) == []


def test_a_negation_ends_with_its_clause():
    assert names("Not nice, and it is a scam.") == ["fraud"]
    assert names("No answer. It is a scam.") == ["fraud"]
    assert names("It is not only a scam.") == ["fraud"]


def test_what_stands_under_what_is_good_does_not_count():
    assert names(pros="racism is dealt with at once") == []
    assert names(cons="racism is everywhere") == ["discrimination"]


RULES = (
    NamedRule(name="law", phrases=("(sue|sued)", "lawsuit*"), **{"except": ("sue smith",)}),
    NamedRule(name="move", any=("new office",)),
)


def test_rules_of_ones_own():
    finder = Alleged(RULES, built_in=False)
    assert names("I sued them.", finder) == ["law"]
    assert names("There was no lawsuit.", finder) == []
    assert names("Ask Sue Smith.", finder) == []
    assert names("There is no new office yet.", finder) == ["move"]
    assert names("It is a scam.", finder) == []


def test_phrases_that_cannot_be_read_are_told_with_their_place():
    wrong = (NamedRule(name="odd", phrases=("fine", "a (b")),)
    ((at, message),) = alleged.problems(wrong)
    assert at == (0, "phrases", 1)
    assert message
    with pytest.raises(ConfigError, match=r"alerts\.rules\.0\.phrases\.1"):
        Alleged(wrong)


def test_a_rule_needs_phrases():
    with pytest.raises(ValueError, match="needs phrases"):
        NamedRule(name="empty")


def test_a_long_text_takes_no_longer_than_its_length():
    start = time.process_time()
    names("not racist and " * 20_000)
    assert time.process_time() - start < 5


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_whatever_the_text_spans_lie_within_it(text):
    names(text)
    names(title=text, pros=text, cons="it is a scam " + text)


# ---- near-identical wording


LONG = "They promised an answer within a week and then there was nothing but silence for months on end."


def test_one_wording_is_counted_over_small_changes():
    other = "The interview was friendly, the questions were fair and the office has a very nice view of town."
    texts = [LONG, LONG.upper(), LONG + " Really.", other, "Great place"]
    assert copies.largest(texts) == 3


def test_short_and_different_texts_are_no_copies():
    assert copies.largest(["Great place to work"] * 9) == 0
    assert copies.largest([]) == copies.largest([LONG]) == 0

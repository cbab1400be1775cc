"""The learned reader: its answers are sums of weights that can be taken apart, on any text."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.features import SIGNS, Hit, Item, take_apart
from analysis.lexicon import Lexicon
from analysis.reader import Contribution, Reader
from candidly.records import Label, Polarity, Role, Stage

READER = Reader(Lexicon())
PLAIN = ("other", "unclear", "none")
WORDS = """
ghosted never heard back recruiter lowballed offer great pay not no but however team interview they I rude
friendly process feedback manager waste of time salary remote don't 3 weeks ! ? ; , . ... (slow)
"""
sentences = st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=40).map(" ".join)
anything = st.text(st.characters(exclude_categories=()), max_size=200)
texts = st.one_of(sentences, anything, st.tuples(sentences, anything, sentences).map("".join))

ODD = (
    "",
    " ",
    "\n\n",
    "\x00\x01\x02\x1f",
    "\ud800 lone \udfff",
    "😀" * 500,
    "👩‍👩‍👧 they ghosted me 👻",
    "They ghosted me\u2019s\u2026 \u2014 don\u2019t\u2022",
    "?" * 999,
    "'" * 99,
    "ghosted" * 999,
    "日本語のレビュー",
    "\u202ereversed",
    "a\r\nb\x85c\u2028d",
    "İstanbul ﬁne Straße",
)


def item(text, kind="post", sections=(), hits=()):
    return Item(text, kind, sections, hits, PLAIN)


def check(one, text):
    """Whatever was read, it is well formed."""
    assert -1 <= one.score <= 1
    assert one.label in get_args(Label)
    assert one.role in get_args(Role)
    assert one.stage in get_args(Stage)
    themes = [opinion.theme for opinion in one.opinions]
    assert len(themes) == len(set(themes))
    for opinion in one.opinions:
        assert opinion.polarity in get_args(Polarity)
        assert 0 <= opinion.start < opinion.end <= len(text)
        assert text[opinion.start : opinion.end].strip()


@given(texts, st.sampled_from(["post", "review", "interview"]))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_a_well_formed_reading(text, kind):
    one = item(text, kind)
    (reading,) = READER.read([one])
    check(reading, text)
    for tone in READER.tones(one):
        assert -1 <= tone.score <= 1
        assert 0 <= tone.start < tone.end <= len(text)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts(text):
    check(READER.read([item(text)])[0], text)
    READER.contributions(item(text))


def test_a_long_text_is_read():
    text = "The recruiter never called back, and the offer was rescinded. " * 3300
    assert len(text) > 200_000
    (reading,) = READER.read([item(text)])
    check(reading, text)
    assert reading.label == "negative"


@given(st.lists(st.tuples(texts, st.sampled_from(["post", "review", "interview"])), max_size=7))
@settings(max_examples=60, deadline=None)
def test_a_batch_is_read_as_its_texts_one_by_one(pairs):
    items = [item(text, kind) for text, kind in pairs]
    together = READER.read(items)
    assert together == [READER.read([one])[0] for one in items]
    assert together == READER.read(items)


def tone_sums(one):
    """Per clause of a text: its start and end, and its tone in log-odds by the definition."""
    features = take_apart([one])
    clause = READER._outputs(features).clause
    parts = features.clauses
    return list(
        zip(parts.start.tolist(), parts.end.tolist(), (clause[:, 0] - clause[:, 1]).tolist(), strict=True)
    )


def sign_weight(name):
    weights = READER.lexicon.weights[len(READER.lexicon.names) + SIGNS.index(name)]
    return float(weights[0] - weights[1])


def test_the_contributions_sum_up_to_the_tone():
    """Words, and what is known besides (kind, section, phrases), and the bias: nothing else makes a tone."""
    text = (
        "They never heard back from me, but the pay was not great! Slow process, no feedback. I don't know 3."
    )
    hit = Hit("feedback", -1, text.index("no feedback"), text.index("no feedback") + 11)
    cons = [("cons", text.index("Slow"), len(text))]
    for kind, sections, hits in (("post", (), ()), ("review", cons, ()), ("interview", cons, [hit])):
        one = item(text, kind, sections, hits)
        found = READER.contributions(one)
        assert found == sorted(found)
        bias = READER.lexicon.combine.bias
        sums = tone_sums(one)
        assert len(sums) >= 5
        for start, end, tone in sums:
            words = sum(c.weight for c in found if start <= c.start and c.end <= end)
            signs = sign_weight(f"#{kind}")
            signs += sum(sign_weight("#cons") for _, a, b in sections if a <= start < b)
            signs += sum(sign_weight("#feedback-") for h in hits if h.start < end and start < h.end)
            assert words + signs + bias[0] - bias[1] == pytest.approx(tone, abs=0.02)
        assert {text[c.start : c.end] for c in found} >= {"never heard", "not great", "don't"}


def test_a_word_under_a_negation_is_shown_from_the_negation_on():
    found = READER.contributions(item("I would not really recommend it"))
    text = "I would not really recommend it"
    at = text.index("not"), text.index(" it")
    assert any((c.start, c.end) == at and c.weight < 0 for c in found)
    assert all(isinstance(c, Contribution) and c.weight for c in found)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The recruiter ghosted me after three interviews. What a waste of time.", "negative"),
        ("They lowballed me and then rescinded the offer.", "negative"),
        ("Great team, friendly managers and a smooth process. I loved it!", "positive"),
    ],
)
def test_plain_cases(text, label):
    (reading,) = READER.read([item(text)])
    assert reading.label == label
    assert (reading.score < -0.3) if label == "negative" else (reading.score > 0.3)


def test_ghosting_is_found_with_its_evidence():
    text = "Two calls went well. Then they ghosted me and I never heard back."
    (reading,) = READER.read([Item(text, "post", (), (), ("candidate", "interviewed", "employer"))])
    assert reading.ghosted
    assert (reading.role, reading.stage) == ("candidate", "interviewed")
    (opinion,) = [o for o in reading.opinions if o.theme == "communication"]
    assert opinion.polarity == "negative"
    assert "ghosted" in text[opinion.start : opinion.end]


def test_sections_move_the_tone():
    """The same words under pros and under cons: the heading is known beforehand, so it counts."""
    text = "The pay and the hours"
    under = [
        READER.read([item(text, "review", [(name, 0, len(text))])])[0].score for name in ("pros", "cons")
    ]
    assert under[0] > under[1] + 0.3


def test_nothing_to_read():
    assert READER.read([]) == []
    assert READER.tones(item("")) == []
    assert READER.contributions(item("...")) == []

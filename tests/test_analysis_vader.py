import json
import random
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vader_world import SHARED, THEIRS, some_text

from analysis.sentences import split
from analysis.vader import Vader

OURS = Vader()
GOLD = SHARED / "gold" / "mentions.jsonl"


def same(text: str) -> bool:
    theirs, ours = THEIRS.polarity_scores(text), OURS.polarity_scores(text)
    keys = ("neg", "neu", "pos", "compound")
    pack = struct.Struct("<5d").pack
    return pack(*(theirs[k] for k in keys), theirs["compound"]) == pack(
        *(ours[k] for k in keys), OURS.compound(text)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "The pay is good, but the hours are horrible!!",
        "GREAT place",
        "It is not that bad, it is never so good",
        "no pay raise or good benefits",
        "by the bus stop it is kind of bad",
        "good but good but good pay and GOOD team",
        "we left without a doubt happy",
        "at least it was the least good",
        "love 😁text 💔❤️",
    ],
)
def test_scores_equal_upstream(text: str) -> None:
    assert same(text)


@pytest.mark.parametrize("seed", range(4))
def test_fuzzed_texts_equal_upstream(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(700):
        text = some_text(rng)
        assert same(text), ascii(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_equals_upstream(text: str) -> None:
    assert same(text)


@pytest.mark.skipif(not GOLD.exists(), reason="needs the reference texts beside the checkout")
def test_real_sentences_equal_upstream() -> None:
    for line in GOLD.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        for start, end in split(text):
            assert same(text[start:end])


def test_a_full_memo_starts_afresh_with_equal_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.memo.LIMIT", 5)
    monkeypatch.setattr("analysis.vader.WORDS_KEPT", 5)
    small, text = Vader(), "good bad nice awful pay and very happy people but sad days not great"
    assert small.polarity_scores(text) == THEIRS.polarity_scores(text)
    memos = [small._class_of.__self__, *(lookup.__self__ for lookup in small._valence.values())]
    assert all(len(memo) <= 5 for memo in memos)


@pytest.mark.parametrize(
    "text", ["good but " * 20_000, "😁" * 20_000, "the work is good and not bad " * 7_000]
)
def test_long_texts_take_linear_time(text: str) -> None:
    start = time.process_time()
    OURS.compound(text)
    assert time.process_time() - start < 1  # upstream: minutes


def test_it_is_built_quickly() -> None:
    start = time.process_time()
    Vader()
    assert time.process_time() - start < 0.2

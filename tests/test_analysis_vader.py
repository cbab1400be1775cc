import json
import random
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SENTIMENT_LADEN_IDIOMS,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

from analysis.sentences import split
from analysis.vader import Vader

OURS = Vader()
THEIRS = SentimentIntensityAnalyzer()
GOLD = Path(__file__).parents[2] / "shared" / "gold" / "mentions.jsonl"

SPECIAL = """
so this never without doubt least at very no or nor kind of but just enough sort the shit bomb bad ass badass
bus stop yeah right kiss death to die for beating heart BUT NO No I A not NOT good GOOD THE
"""
PLAIN = "the work is a company in manager we they it on with office team salary and"
WORDS = {
    "lexicon": sorted(THEIRS.lexicon),
    "boosters": sorted(BOOSTER_DICT),
    "negations": sorted(NEGATE),
    "idioms": sorted(SPECIAL_CASES) + sorted(SENTIMENT_LADEN_IDIOMS),
    "emoji": sorted(THEIRS.emojis),
    "special": SPECIAL.split(),
    "plain": PLAIN.split(),
    "odd": [
        "don’t",
        "É",
        "ΣΟΦΟΣ",
        "İstanbul",
        "straße",
        "ﬁne",
        "你好",
        "ǅ",
        "\u200b",
        "a b",
        "x\u2028y",
        "\x1c",
        "❤️",
    ],
}
MARKS = ["!", "?", ".", ",", ";", ":", "(", ")", '"', "'", "-", "#", "…", "!!!", "???", "!?", "n't", "\n"]


def same(text: str) -> bool:
    theirs, ours = THEIRS.polarity_scores(text), OURS.polarity_scores(text)
    keys = ("neg", "neu", "pos", "compound")
    pack = struct.Struct("<5d").pack
    return pack(*(theirs[k] for k in keys), theirs["compound"]) == pack(
        *(ours[k] for k in keys), OURS.compound(text)
    )


def some_text(rng: random.Random) -> str:
    pools = list(WORDS.values())
    favourite = rng.choice(pools)
    out = []
    for _ in range(rng.choice((0, 1, 2, 3, 4, 6, 9, 25, 60))):
        word = rng.choice(favourite if rng.random() < 0.4 else rng.choice(pools))
        change = rng.random()
        word = word.upper() if change < 0.12 else word.capitalize() if change < 0.18 else word
        word += rng.choice(MARKS) if rng.random() < 0.15 else ""
        word = rng.choice(MARKS) + word if rng.random() < 0.08 else word
        out += [word, rng.choice((" ",) * 12 + ("", "\n", "  "))]
    text = "".join(out)
    return text.upper() if rng.random() < 0.05 else text


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
    small, text = Vader(), "good bad nice awful pay and very happy people but sad days not great"
    assert small.polarity_scores(text) == THEIRS.polarity_scores(text)
    assert len(small._class_of.__self__) <= 5


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

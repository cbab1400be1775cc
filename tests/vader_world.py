"""Texts on which VADER's rules show, shared by the tests of the scalar and the batch path."""

import random
from pathlib import Path

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SENTIMENT_LADEN_IDIOMS,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

THEIRS = SentimentIntensityAnalyzer()
SHARED = Path(__file__).parents[2] / "shared"

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

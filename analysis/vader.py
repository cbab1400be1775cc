"""VADER's rules and lexicon, equal to vaderSentiment 3.3.2 to the last digit, but linear in text length.

Method: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
Text", ICWSM 2014. Upstream's code is quadratic (it lower-cases the whole text again for each sentiment
word). Here a text becomes a string with one character a word (see vaderrules), one regular expression cuts
out the six-character windows around sentiment words, and a memo holds the valence of each window seen.
Many texts at a time are scored with numpy (see vaderbatch).

Upstream adds with Python's `sum`, which since Python 3.12 compensates rounding errors, so that its own scores
differ between versions where a sum is 0 but for the last bit ("flirty!!! but intrigues hoax": 0.0 on 3.11,
-0.2206 on 3.12). The scores here are those of upstream on the same version.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from math import sqrt
from typing import TYPE_CHECKING, Final

from analysis.memo import Memo
from analysis.vaderrules import AFTER, BEFORE, FIRST_SENTIMENT, PAD, Rules, weigh_but

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.vaderbatch import Batch, Scores

ALPHA: Final = 15
"""Normalisation constant of `compound`: x / sqrt(x * x + ALPHA)."""
EXCLAMATION: Final = 0.292
MOST_EXCLAMATIONS: Final = 4
QUESTION: Final = 0.18
MANY_QUESTIONS: Final = 0.96

SCALES: Final = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
NEAR: Final = 1e-6
"""Closer than this to the middle between two rounded values, `round` decides; errors of x are far smaller."""
WORDS_KEPT: Final = 100_000
"""How many words have their class remembered (about 15 MB). New words come more often than new windows."""

_HEAD, _TAIL = PAD * BEFORE, PAD * AFTER
_ASCII = bytes(range(128))


class Vader:
    """`compound` and `polarity_scores` as vaderSentiment's SentimentIntensityAnalyzer gives them.

    `lexicon` adds entries to upstream's or replaces them, as its `lexicon.update` would: word in small
    letters -> valence, about -4 to 4. Raises ValueError for an entry that could never match.
    """

    def __init__(self, lexicon: Mapping[str, float] | None = None) -> None:
        self.rules = Rules(lexicon or {})
        self.lexicon = self.rules.lexicon
        self._emoji = frozenset(self.rules.emoji)
        self._emoji_words = str.maketrans({emoji: " " + words for emoji, words in self.rules.emoji.items()})
        self._class_of = Memo(self.rules.classify, WORDS_KEPT).__getitem__
        self._valence = {
            mixed: Memo(partial(self.rules.valence, mixed=mixed)).__getitem__ for mixed in (False, True)
        }
        sentiment = f"[{chr(FIRST_SENTIMENT)}-{chr(sys.maxunicode)}]"
        self._windows = re.compile(f"(?=({'.' * BEFORE}{sentiment}{'.' * AFTER}))", re.DOTALL).findall
        self._hits = re.compile(sentiment).finditer
        self._find_but = re.compile("|".join(map(re.escape, sorted(self.rules.buts)))).search

    def compound(self, text: str) -> float:
        """The normalised sum of valences, in [-1, 1], rounded to four places."""
        text, _, valences = self._read(text)
        return _normalised(sum(valences), _emphasis(text)) if valences else 0.0

    def polarity_scores(self, text: str) -> dict[str, float]:
        """`neg`, `neu`, `pos` (shares, three places) and `compound`."""
        text, words, valences = self._read(text)
        if not words:
            return {"neg": 0.0, "neu": 0.0, "pos": 0.0, "compound": 0.0}
        positive = negative = 0.0
        neutral = words
        for valence in valences:
            if valence > 0:
                positive += valence + 1
                neutral -= 1
            elif valence < 0:
                negative += valence - 1
                neutral -= 1
        emphasis = _emphasis(text)
        if positive > -negative:
            positive += emphasis
        elif positive < -negative:
            negative -= emphasis
        everything = positive - negative + neutral
        return {
            "neg": rounded(abs(negative / everything), 3),
            "neu": rounded(neutral / everything, 3),
            "pos": rounded(positive / everything, 3),
            "compound": _normalised(sum(valences), emphasis),
        }

    def compounds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """`compound` of each text, much faster than one by one."""
        return self._batch.compounds(texts)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Four arrays (neg, neu, pos, compound) as long as `texts`: the `polarity_scores` of each text."""
        return self._batch.scores(texts)

    def window_valence(self, window: str, mixed: bool) -> float:
        """The remembered valence of a window of class characters (see vaderrules)."""
        return self._valence[mixed](window)

    @cached_property
    def _batch(self) -> Batch:
        from analysis.vaderbatch import Batch

        return Batch(self)

    def _read(self, text: str) -> tuple[str, int, list[float]]:
        """The text with words for emoji, its number of words, the valence of each sentiment word."""
        if not text.isascii() and not self._emoji.isdisjoint(non_ascii(text)):
            text = text.translate(self._emoji_words)
        words = text.split()
        classes = "".join(map(self._class_of, words))
        if classes.isascii():
            return text, len(words), []
        mixed = not text.isupper() or mixes_capitals(text)
        valences = list(map(self._valence[mixed], self._windows(f"{_HEAD}{classes}{_TAIL}")))
        if but := self._find_but(classes):
            places = [match.start() for match in self._hits(classes)]
            valences = weigh_but(but.start(), places, valences)
        return text, len(words), valences


def _normalised(total: float, emphasis: float) -> float:
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    return rounded(total / sqrt(total * total + ALPHA), 4)


def rounded(x: float, places: int) -> float:
    """round(x, places) for |x| of 1 or so, without its detour over decimal digits.

    A whole number over a power of ten is divided as exactly as its digits are read; near the middle between
    two, and for the sign of zero, `round` itself decides.
    """
    scale = SCALES[places]
    scaled = x * scale
    whole = round(scaled)
    return whole / scale if whole and abs(scaled - whole) < 0.5 - NEAR else round(x, places)


def mixes_capitals(text: str) -> bool:
    """False for a text wholly in capitals; only where some words are not do capitals emphasise.

    Also True for a text without any capitals, where it makes no difference.
    """
    return not (text.isupper() and all(map(str.isupper, text.split())))


def non_ascii(text: str) -> str:
    """The characters above ASCII, found at C speed: a loop over all characters costs more than scoring."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def _emphasis(text: str) -> float:
    """What "!" (up to four) and "?" (from two) add to the sum, towards its sign."""
    emphasis = 0.0
    if "!" in text:
        emphasis = min(text.count("!"), MOST_EXCLAMATIONS) * EXCLAMATION
    if "?" in text and (questions := text.count("?")) > 1:
        emphasis += questions * QUESTION if questions <= 3 else MANY_QUESTIONS
    return emphasis

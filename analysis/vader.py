"""VADER's rules and lexicon, equal to vaderSentiment 3.3.2 to the last digit, but linear in text length.

Method: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
Text", ICWSM 2014. Upstream's code is quadratic (it lower-cases the whole text again for each sentiment
word). Here the same numbers come from an observation: the valence of a sentiment word depends on six tokens
only (three before it, itself, two after) and on whether the text mixes capitals with small letters; and of
each token the rules see little: its lexicon value, booster value, negation, capitals, and some named words.
So a token becomes one character (its class), a text becomes a string of classes, one regular expression cuts
out the six-character windows around sentiment words, and a memo holds the valence of each window seen.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import pairwise
from math import sqrt
from typing import Final

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    N_SCALAR,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

from analysis.memo import Memo

NEGATED: Final = float(N_SCALAR)
CAPITALS: Final = float(C_INCR)
ALPHA: Final = 15
"""Normalisation constant of `compound`: x / sqrt(x * x + ALPHA)."""
EXCLAMATION: Final = 0.292
QUESTION: Final = 0.18
MANY_QUESTIONS: Final = 0.96

_BEFORE, _AFTER = 3, 2
_PAD = "\x00"
_INERT, _NEGATION_ONLY = "\x01", "\x02"
_FIRST_SENTIMENT = 0x100
"""Classes from here on have a valence; those below only modify or do nothing."""
_ASCII = bytes(range(128))

# What the rules ask about a token.
_IN_LEXICON, _UPPER, _NEGATES, _BOOSTS = 1, 2, 4, 8
_SO_OR_THIS, _NEVER, _WITHOUT, _DOUBT, _LEAST, _NO, _OR_NOR, _AT_VERY = (1 << n for n in range(4, 12))
_NAMED: Final = {
    "so": _SO_OR_THIS,
    "this": _SO_OR_THIS,
    "never": _NEVER,
    "without": _WITHOUT,
    "doubt": _DOUBT,
    "least": _LEAST,
    "no": _NO,
    "or": _OR_NOR,
    "nor": _OR_NOR,
    "at": _AT_VERY,
    "very": _AT_VERY,
}


@dataclass(frozen=True, slots=True)
class _Class:
    """All that the rules can see of a token, and one word that stands for the class."""

    word: str
    flags: int
    valence: float
    boost: float


@dataclass(frozen=True, slots=True)
class _Words:
    """The two attributes of upstream's SentiText that its idiom rules read."""

    words_and_emoticons: list[str]
    is_cap_diff: bool


class Vader:
    """`compound` and `polarity_scores` as vaderSentiment's SentimentIntensityAnalyzer gives them."""

    def __init__(self) -> None:
        self._upstream = SentimentIntensityAnalyzer()
        self.lexicon: dict[str, float] = self._upstream.lexicon
        self._negations = frozenset(NEGATE)
        single = {emoji: " " + words for emoji, words in self._upstream.emojis.items() if len(emoji) == 1}
        self._emoji = frozenset(single)
        self._emoji_words = str.maketrans(single)
        self._keys: dict[tuple[object, ...], str] = {}
        self._classes = {
            _PAD: _Class("", 0, 0.0, 0.0),
            _INERT: _Class("ordinary", 0, 0.0, 0.0),
            _NEGATION_ONLY: _Class("ordinaryn't", _NEGATES, 0.0, 0.0),
        }
        self._free = {False: ord(_NEGATION_ONLY) + 1, True: _FIRST_SENTIMENT}
        keys = [key.split() for key in (*SPECIAL_CASES, *BOOSTER_DICT) if " " in key]
        self._idiom_words = frozenset(word for key in keys for word in key)
        self._idiom_starts = frozenset((key[0], key[1]) for key in keys)
        self._but = self._classify("but")
        self._class_of = Memo(self._classify).__getitem__
        self._valence = {
            False: Memo(partial(self._rule, mixed=False)).__getitem__,
            True: Memo(partial(self._rule, mixed=True)).__getitem__,
        }
        sentiment = f"[{chr(_FIRST_SENTIMENT)}-\uffff]"
        self._windows = re.compile(f"(?=(...{sentiment}..))", re.DOTALL).findall
        self._hits = re.compile(sentiment).finditer

    def compound(self, text: str) -> float:
        """The normalised sum of valences, in [-1, 1], rounded to four places."""
        total, _, _, _ = self._read(text)
        return round(total / sqrt(total * total + ALPHA), 4)

    def polarity_scores(self, text: str) -> dict[str, float]:
        """`neg`, `neu`, `pos` (shares, three places) and `compound`."""
        total, valences, words, emphasis = self._read(text)
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
        if positive > -negative:
            positive += emphasis
        elif positive < -negative:
            negative -= emphasis
        everything = positive - negative + neutral
        return {
            "neg": round(abs(negative / everything), 3),
            "neu": round(neutral / everything, 3),
            "pos": round(positive / everything, 3),
            "compound": round(total / sqrt(total * total + ALPHA), 4),
        }

    def _read(self, text: str) -> tuple[float, list[float], int, float]:
        """Sum with emphasis, valences of sentiment words, number of words, emphasis."""
        if not text.isascii() and not self._emoji.isdisjoint(_non_ascii(text)):
            text = text.translate(self._emoji_words)
        words = text.split()
        classes = "".join(map(self._class_of, words))
        if classes.isascii():
            return 0.0, [], len(words), _emphasis(text)
        # Capitals emphasise only where some words are in capitals and some are not. Without any, the
        # flag makes no difference, so that only texts wholly in capitals need a look at each word.
        mixed = not (text.isupper() and all(map(str.isupper, words)))
        padded = _PAD * _BEFORE + classes + _PAD * _AFTER
        valences = list(map(self._valence[mixed], self._windows(padded)))
        if self._but in classes:
            self._weigh_but(classes, valences)
        total = float(sum(valences))
        emphasis = _emphasis(text)
        if total > 0:
            total += emphasis
        elif total < 0:
            total -= emphasis
        return total, valences, len(words), emphasis

    def _weigh_but(self, classes: str, valences: list[float]) -> None:
        """Halve what stands before the first "but", raise what follows by half.

        Upstream looks a word up by its value, not by its place, so that of equal values the first changes,
        perhaps twice. That is kept; the heaps of places by value make it n log n instead of quadratic.
        """
        but = classes.index(self._but)
        places = [match.start() for match in self._hits(classes)]
        holders: dict[float, list[int]] = {}
        for n, valence in enumerate(valences):
            holders.setdefault(valence, []).append(n)
        for n in range(len(valences)):
            valence = valences[n]
            if not valence:
                continue
            first = heappop(holders[valence])
            valences[first] = valence * (0.5 if places[first] < but else 1.5)
            heappush(holders.setdefault(valences[first], []), first)

    def _classify(self, token: str) -> str:
        """The class character of a raw token; makes a new class where none fits."""
        word = token.strip(string.punctuation)
        if len(word) <= 2:  # probably an emoticon: it keeps its punctuation
            word = token
        low = word.lower()
        valence = self.lexicon.get(low)
        boost = BOOSTER_DICT.get(low)
        named = low if low in _NAMED or low in self._idiom_words or low == "but" or low == "kind" else None
        negates = low in self._negations or "n't" in low
        if valence is None and boost is None and named is None:
            return _NEGATION_ONLY if negates else _INERT
        upper = word.isupper() and (valence is not None or boost is not None)
        key = (named, valence, boost, negates, upper)
        if key not in self._keys:
            self._keys[key] = self._new_class(word, valence, boost, negates)
        return self._keys[key]

    def _new_class(self, word: str, valence: float | None, boost: float | None, negates: bool) -> str:
        hit = valence is not None and boost is None  # boosters never count for themselves
        character = chr(self._free[hit])
        self._free[hit] += 1
        flags = _NAMED.get(word.lower(), 0)
        for flag, holds in (
            (_IN_LEXICON, valence is not None),
            (_UPPER, word.isupper()),
            (_NEGATES, negates),
            (_BOOSTS, boost is not None),
        ):
            flags |= flag if holds else 0
        self._classes[character] = _Class(word, flags, valence or 0.0, boost or 0.0)
        return character

    def _rule(self, window: str, mixed: bool) -> float:
        """Upstream's `sentiment_valence` for the word at the window's fourth place."""
        third, second, first, item, after, _ = (self._classes[c] for c in window)
        if self._may_be_idiom(window):
            return self._ask_upstream(window, mixed)
        valence = item.valence
        if item.flags & _NO and after.flags & _IN_LEXICON:
            valence = 0.0
        if (first.flags | second.flags) & _NO or (third.flags & _NO and first.flags & _OR_NOR):
            valence = item.valence * NEGATED
        if mixed and item.flags & _UPPER:
            valence += CAPITALS if valence > 0 else -CAPITALS
        if not first.flags & _IN_LEXICON:
            valence += _boost(first, valence, mixed)
            if first.flags & _NEGATES:
                valence *= NEGATED
        if not second.flags & _IN_LEXICON:
            valence += _boost(second, valence, mixed) * 0.95
            valence *= _negation_at_two(second.flags, first.flags)
        if window[0] != _PAD and not third.flags & _IN_LEXICON:
            valence += _boost(third, valence, mixed) * 0.9
            valence *= _negation_at_three(third.flags, second.flags, first.flags)
        if first.flags & _LEAST and not first.flags & _IN_LEXICON and not second.flags & _AT_VERY:
            valence *= NEGATED
        return valence

    def _may_be_idiom(self, window: str) -> bool:
        words = [self._classes[c].word.lower() for c in window]
        return any(pair in self._idiom_starts for pair in pairwise(words))

    def _ask_upstream(self, window: str, mixed: bool) -> float:
        """Windows with the first two words of an idiom are rare: upstream's own code judges them."""
        words = [self._classes[c].word for c in window if c != _PAD]
        at = _BEFORE - window[:_BEFORE].count(_PAD)
        if words[at].lower() == "kind" and words[at + 1 : at + 2] and words[at + 1].lower() == "of":
            return 0.0
        text = _Words(words, mixed)
        return float(self._upstream.sentiment_valence(0, text, words[at], at, [])[0])


def _boost(word: _Class, valence: float, mixed: bool) -> float:
    if not word.flags & _BOOSTS:
        return 0.0
    boost = -word.boost if valence < 0 else word.boost
    if mixed and word.flags & _UPPER:
        boost += CAPITALS if valence > 0 else -CAPITALS
    return boost


def _negation_at_two(second: int, first: int) -> float:
    """The factor of a negation two words before."""
    if second & _NEVER and first & _SO_OR_THIS:
        return 1.25
    if second & _WITHOUT and first & _DOUBT:
        return 1.0
    return NEGATED if second & _NEGATES else 1.0


def _negation_at_three(third: int, second: int, first: int) -> float:
    """The factor of a negation three words before; upstream lets "so" and "this" count without "never"."""
    if first & _SO_OR_THIS or (third & _NEVER and second & _SO_OR_THIS):
        return 1.25
    if third & _WITHOUT and (first | second) & _DOUBT:
        return 1.0
    return NEGATED if third & _NEGATES else 1.0


def _emphasis(text: str) -> float:
    """What "!" (up to four) and "?" (from two) add to the sum, towards its sign."""
    questions = text.count("?")
    more = 0.0 if questions < 2 else questions * QUESTION if questions <= 3 else MANY_QUESTIONS
    return min(text.count("!"), 4) * EXCLAMATION + more


def _non_ascii(text: str) -> str:
    """The characters above ASCII, found at C speed: a loop over all characters costs more than scoring."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")

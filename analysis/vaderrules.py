"""VADER's rules for one sentiment word, over the little that they can see of the words around it.

The valence of a sentiment word depends on six words only (three before it, itself, two after) and on whether
the text mixes capitals with small letters; and of each word the rules see only its lexicon value, booster
value, negation, capitals, and whether it is one of some named words. So a word becomes one character, its
class, and the six classes around a sentiment word are its window: all that `valence` needs.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    N_SCALAR,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
)

NEGATED: Final = float(N_SCALAR)
CAPITALS: Final = float(C_INCR)
NEVER_SO: Final = 1.25
SECOND_BOOST, THIRD_BOOST = 0.95, 0.9
"""What a booster two or three words before keeps of its value."""

FEW_LETTERS: Final = 2
"""A word with no more letters is probably an emoticon: it is looked up with its punctuation."""
BEFORE, AFTER = 3, 2
"""The words of a window before and after the sentiment word."""
PAD, INERT, NEGATION_ONLY = "\x00", "\x01", "\x02"
FIRST_SENTIMENT: Final = 0x100
"""Classes from here on have a valence; those below only modify or do nothing. Whatever the lexicon, there are
fewer than 200 of those: two for each booster and each word with a class of its own."""

# What the rules ask about a word.
IN_LEXICON, UPPER, NEGATES, BOOSTS = 1, 2, 4, 8
SO_OR_THIS, NEVER, WITHOUT, DOUBT, LEAST, NO, OR_NOR, AT_VERY = (1 << n for n in range(4, 12))
IDIOM_FIRST, IDIOM_SECOND, IDIOM_RARER = (1 << n for n in range(12, 15))
MODIFIES: Final = NEGATES | BOOSTS | SO_OR_THIS | LEAST | NO | IDIOM_RARER
"""Without any of these in its window a word keeps its value."""

_NAMED: Final = {
    "so": SO_OR_THIS,
    "this": SO_OR_THIS,
    "never": NEVER,
    "without": WITHOUT,
    "doubt": DOUBT,
    "least": LEAST,
    "no": NO,
    "or": OR_NOR,
    "nor": OR_NOR,
    "at": AT_VERY,
    "very": AT_VERY,
    "but": 0,
    "kind": 0,
}
_IDIOMS: Final = [key.split() for key in (*SPECIAL_CASES, *BOOSTER_DICT) if " " in key]
_IDIOM_STARTS: Final = frozenset((first, second) for first, second, *_ in _IDIOMS)
_FIRSTS, _SECONDS = map(frozenset, zip(*_IDIOM_STARTS, strict=True))
_RARER: Final = frozenset(max(second, first, key=len) for first, second in _IDIOM_STARTS)
"""Of an idiom's first two words the longer: a test for it passes over "the", "to", "of" and "bad"."""
_APART: Final = frozenset(_NAMED).union(*_IDIOMS)
"""Words that share their class with no other word."""
_MODIFIERS: Final = _APART.union(NEGATE, (word for word in BOOSTER_DICT if " " not in word))


@dataclass(frozen=True, slots=True)
class WordClass:
    """All that the rules can see of a word, and one word that stands for the class."""

    word: str
    flags: int
    valence: float
    boost: float


@dataclass(frozen=True, slots=True)
class _Words:
    """The two attributes of upstream's SentiText that its idiom rules read."""

    words_and_emoticons: list[str]
    is_cap_diff: bool


class Rules:
    """Classes of words and valences of windows, for upstream's lexicon with the entries of `overlay`.

    Raises ValueError for an entry that could never match or has no finite value.
    """

    def __init__(self, overlay: Mapping[str, float]) -> None:
        self._upstream = SentimentIntensityAnalyzer()
        self.lexicon: dict[str, float] = self._upstream.lexicon
        self.emoji: dict[str, str] = {
            emoji: words for emoji, words in self._upstream.emojis.items() if len(emoji) == 1
        }
        self._classes = {
            PAD: WordClass("", 0, 0.0, 0.0),
            INERT: WordClass("ordinary", 0, 0.0, 0.0),
            NEGATION_ONLY: WordClass("ordinaryn't", NEGATES, 0.0, 0.0),
        }
        self._modifying = {NEGATION_ONLY}
        self._idiomatic: set[str] = set()
        self._keys: dict[tuple[object, ...], str] = {}
        self._free = {False: ord(NEGATION_ONLY) + 1, True: FIRST_SENTIMENT}
        for word, value in overlay.items():
            if not self._can_match(word):
                raise ValueError(f"lexicon entry {word!r} never matches: write one word, in small letters")
            if not math.isfinite(value):
                raise ValueError(f"lexicon entry {word!r} needs a finite number")
            self.lexicon[word] = float(value)
        self.buts = frozenset(map(self.classify, ("but", "BUT")))

    def known_words(self) -> Iterator[str]:
        """Every word, in small letters, that has a class of its own or shares one with a few."""
        yield from filter(self._can_match, self.lexicon.keys() | _MODIFIERS)

    def classes(self) -> Mapping[str, WordClass]:
        """Class character -> what the rules see of it, for the classes met so far."""
        return self._classes

    def classify(self, token: str) -> str:
        """The class character of a raw token; makes a new class where none fits."""
        word = token.strip(string.punctuation)
        if len(word) <= FEW_LETTERS:
            word = token
        low = word.lower()
        valence = self.lexicon.get(low)
        if valence is None and low not in _MODIFIERS:
            return NEGATION_ONLY if "n't" in low else INERT
        boost = BOOSTER_DICT.get(low)
        negates = low in NEGATE or "n't" in low
        upper = word.isupper() and (valence is not None or boost is not None)
        key = (low if low in _APART else None, valence, boost, negates, upper)
        return self._keys.get(key) or self._new_class(key, word, valence, boost, negates)

    def valence(self, window: str, mixed: bool) -> float:
        """Upstream's `sentiment_valence` for the word at the window's fourth place."""
        item = self._classes[window[BEFORE]]
        if self._modifying.isdisjoint(window):
            return _capitals(item, item.valence) if mixed else item.valence
        words = tuple(map(self._classes.__getitem__, window))
        if not self._idiomatic.isdisjoint(window) and _starts_idiom(words):
            return self._ask_upstream(window, words, mixed)
        third, second, first, item, after, _ = words
        valence = item.valence
        if item.flags & NO and after.flags & IN_LEXICON:
            valence = 0.0
        if (first.flags | second.flags) & NO or (third.flags & NO and first.flags & OR_NOR):
            valence = item.valence * NEGATED
        if mixed:
            valence = _capitals(item, valence)
        if first.flags and not first.flags & IN_LEXICON:
            valence += _boost(first, valence, mixed)
            if first.flags & NEGATES:
                valence *= NEGATED
        if second.flags and not second.flags & IN_LEXICON:
            valence += _boost(second, valence, mixed) * SECOND_BOOST
            valence *= _negation_at_two(second.flags, first.flags)
        if window[0] != PAD and not third.flags & IN_LEXICON:
            valence += _boost(third, valence, mixed) * THIRD_BOOST
            valence *= _negation_at_three(third.flags, second.flags, first.flags)
        if first.flags & LEAST and not first.flags & IN_LEXICON and not second.flags & AT_VERY:
            valence *= NEGATED
        return valence

    def _can_match(self, word: str) -> bool:
        """Can a token of some text be looked up as this word?"""
        bare = word.strip(string.punctuation)
        looked_up = bare if len(bare) > FEW_LETTERS else word
        return word.split() == [looked_up.lower()] and not any(
            letter in self.emoji or letter == "\0" for letter in word
        )

    def _new_class(
        self, key: tuple[object, ...], word: str, valence: float | None, boost: float | None, negates: bool
    ) -> str:
        counts = valence is not None and boost is None
        character = self._keys[key] = chr(self._free[counts])
        self._free[counts] += 1
        low = word.lower()
        flags = _NAMED.get(low, 0)
        for flag, holds in (
            (IN_LEXICON, valence is not None),
            (UPPER, word.isupper()),
            (NEGATES, negates),
            (BOOSTS, boost is not None),
            (IDIOM_FIRST, low in _FIRSTS),
            (IDIOM_SECOND, low in _SECONDS),
            (IDIOM_RARER, low in _RARER),
        ):
            flags |= flag if holds else 0
        self._classes[character] = WordClass(word, flags, valence or 0.0, boost or 0.0)
        if flags & MODIFIES:
            self._modifying.add(character)
        if flags & IDIOM_RARER:
            self._idiomatic.add(character)
        return character

    def _ask_upstream(self, window: str, words: Sequence[WordClass], mixed: bool) -> float:
        """Windows with the first two words of an idiom are rare: upstream's own code judges them."""
        item, after = words[BEFORE], words[BEFORE + 1]
        if item.word.lower() == "kind" and after.word.lower() == "of":
            return 0.0
        text = _Words([word.word for word in words if word.word], mixed)
        at = BEFORE - window[:BEFORE].count(PAD)
        return float(self._upstream.sentiment_valence(0, text, item.word, at, [])[0])


def weigh_but(but: int, places: Sequence[int], valences: Sequence[float]) -> list[float]:
    """Halve what stands before word number `but`, raise what follows by half.

    Upstream looks a word up by its value, not by its place: where an earlier word, once changed, has the
    value of a later one, it is changed twice and the later one not at all. That is kept; heaps of places by
    value make it n log n instead of quadratic.
    """
    factors = [0.5 if place < but else 1.5 if place > but else 1.0 for place in places]
    weighed = [valence * factor for valence, factor in zip(valences, factors, strict=True)]
    if set(weighed).intersection(valences) <= {0.0}:
        return weighed
    weighed = list(valences)
    holders: dict[float, list[int]] = {}
    for n, valence in enumerate(weighed):
        holders.setdefault(valence, []).append(n)
    for n in range(len(weighed)):
        if valence := weighed[n]:
            first = heappop(holders[valence])
            weighed[first] = valence * factors[first]
            heappush(holders.setdefault(weighed[first], []), first)
    return weighed


def _starts_idiom(words: Sequence[WordClass]) -> bool:
    pairs = pairwise(word.word.lower() for word in words)
    return not _IDIOM_STARTS.isdisjoint(pairs)


def _capitals(item: WordClass, valence: float) -> float:
    if not item.flags & UPPER:
        return valence
    return valence + CAPITALS if valence > 0 else valence - CAPITALS


def _boost(word: WordClass, valence: float, mixed: bool) -> float:
    if not word.flags & BOOSTS:
        return 0.0
    boost = -word.boost if valence < 0 else word.boost
    if mixed and word.flags & UPPER:
        boost += CAPITALS if valence > 0 else -CAPITALS
    return boost


def _negation_at_two(second: int, first: int) -> float:
    """The factor of a negation two words before."""
    if second & NEVER and first & SO_OR_THIS:
        return NEVER_SO
    if second & WITHOUT and first & DOUBT:
        return 1.0
    return NEGATED if second & NEGATES else 1.0


def _negation_at_three(third: int, second: int, first: int) -> float:
    """The factor of a negation three words before; upstream lets "so" and "this" count without "never"."""
    if first & SO_OR_THIS or (third & NEVER and second & SO_OR_THIS):
        return NEVER_SO
    if third & WITHOUT and (first | second) & DOUBT:
        return 1.0
    return NEGATED if third & NEGATES else 1.0

"""Which n-grams of a store may enter a lexicon: common ones that many people use, and no names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from analysis.clauses import (
    FIRST,
    GAP,
    NEGATED,
    Bools,
    Hashes,
    Ints,
    gram_name,
    grams,
    tokenise,
    word_hashes,
)
from analysis.features import Features, Found, Vocabulary
from analysis.lexicon import Lexicon, hash_names
from candidly.config import Company

LEAST_MENTIONS: Final = 20
LEAST_VOICES: Final = 5
"""Different authors, or discussions where a site names no author."""

_BITS: Final = 24
_MOST: Final = 60_000
_MARKS = re.compile(r"([!?])[!?]+")


class Frequencies:
    """Finds the n-grams that occur LEAST_MENTIONS times, in memory that does not grow with the texts.

    Counted are buckets of hashes, so that a count may be too high but is never too low.
    """

    def __init__(self) -> None:
        self._buckets = np.zeros(1 << _BITS, np.uint16)
        self.common: Hashes = np.zeros(0, np.uint64)

    def add(self, texts: Sequence[str]) -> None:
        """Count the n-grams of some texts."""
        hashes, count = np.unique(grams(tokenise(texts)).hash, return_counts=True)
        bucket = (hashes >> np.uint64(64 - _BITS)).astype(np.int64)
        first = np.flatnonzero(np.concatenate((np.ones(1, bool), bucket[1:] != bucket[:-1])))
        if not len(bucket):
            return
        sums = np.add.reduceat(count, first)
        at = bucket[first]
        self._buckets[at] = np.minimum(self._buckets[at] + sums, _MOST)
        # Whatever is common in the end has seen its last text in some batch, and is noted by then.
        self.common = np.union1d(self.common, hashes[self._buckets[bucket] >= LEAST_MENTIONS])


class Usage:
    """How the n-grams of a vocabulary are used: in how many mentions, by how many people, how written."""

    def __init__(self, vocabulary: Vocabulary, shipped: Lexicon) -> None:
        self.vocabulary = vocabulary
        size = len(vocabulary)
        self.mentions = np.zeros(size, np.int64)
        self.names = [""] * size
        at, known = vocabulary.find(shipped.vocabulary.hashes)
        self.shipped = np.full(size, -1)
        self.shipped[known] = at
        for k, line in zip(known.tolist(), at.tolist(), strict=True):
            self.names[k] = shipped.names[line]
        self._named = self.shipped >= 0
        self._capital, self._lower = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self._voices: dict[str, int] = {}
        self._pairs: list[Ints] = []

    def add(self, texts: Sequence[str], features: Features, found: Found, voices: Sequence[str]) -> None:
        """Count a batch; `voices`: who speaks in each text, told apart but not known."""
        size = len(self.vocabulary)
        gram = found.text_id < size
        text, ids = found.text[gram], found.text_id[gram]
        self.mentions += np.bincount(ids, minlength=size)
        numbers = [self._voices.setdefault(voice, len(self._voices)) for voice in voices]
        self._pairs.append(np.asarray(numbers, np.int64)[text] * size + ids)
        self._name(texts, features, found)
        self._see_capitals(texts, features)

    def voices(self) -> Ints:
        """By how many people each n-gram is used."""
        size = max(len(self.vocabulary), 1)
        pairs = np.unique(np.concatenate((np.zeros(0, np.int64), *self._pairs)))
        return np.bincount(pairs % size, minlength=len(self.vocabulary))

    def eligible(self, companies: Iterable[Company], known: Iterable[str]) -> Bools:
        """Which n-grams may get a weight. `known`: words of the lexicon that comes along."""
        right = (self.mentions >= LEAST_MENTIONS) & (self.voices() >= LEAST_VOICES)
        names = CompanyNames(companies, known)
        number = {name: k for k, name in enumerate(self.names)}
        for k in np.flatnonzero(right).tolist():
            words = words_of(self.names[k])
            fresh = self.shipped[k] < 0
            right[k] = not names.within(words) and not (fresh and any(map(self._name_like(number), words)))
        fresh_ids = np.flatnonzero(right & (self.shipped < 0))
        again = hash_names([self.names[k] for k in fresh_ids])
        right[fresh_ids[again != self.vocabulary.hashes[fresh_ids]]] = False
        return right

    def _name(self, texts: Sequence[str], features: Features, found: Found) -> None:
        """Note how n-grams are written that are met for the first time."""
        at = np.flatnonzero(found.gram >= 0)
        ids, where = np.unique(found.id[at], return_index=True)
        fresh = ~self._named[ids]
        ids, gram = ids[fresh], found.gram[at[where[fresh]]]
        self._named[ids] = True
        tokens, all_grams = features.tokens, features.grams
        h, owner = tokens.hash, tokens.text.tolist()
        first, last, hashes = all_grams.first[gram], all_grams.last[gram], all_grams.hash[gram]
        negated = (hashes == h[last] ^ NEGATED) & (last > first)
        gap = hashes == h[first] * FIRST + h[last] * GAP
        rows = zip(ids.tolist(), first.tolist(), last.tolist(), negated.tolist(), gap.tolist(), strict=True)
        for k, a, b, under, wide in rows:
            name = gram_name(texts[owner[a]], tokens, a, b, under, wide)
            self.names[k] = _MARKS.sub(r"\1", name.replace("\u2019", "'").replace("\u2018", "'"))

    def _see_capitals(self, texts: Sequence[str], features: Features) -> None:
        """Count single words in small letters, and with a capital where no sentence begins.

        Sentences that are mostly capitals (titles, shouting) say nothing about names.
        """
        tokens = features.tokens
        if not len(tokens.start):
            return
        lengths = [len(text) for text in texts]
        begin = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))[tokens.text] + tokens.start
        joined = "".join(texts).encode("utf-32-le", "surrogatepass")
        letter = np.frombuffer(joined, "<u4")[begin]
        upper = (letter >= 65) & (letter <= 90) & ~np.isin(tokens.hash, _I)
        inner = np.zeros(len(letter), bool)
        inner[1:] = tokens.sentence[1:] == tokens.sentence[:-1]
        count = np.bincount(tokens.sentence, inner) + 1e-9
        loud = (np.bincount(tokens.sentence, inner & upper) / count > 0.5)[tokens.sentence]
        at, ids = self.vocabulary.find(tokens.hash)
        size = len(self.vocabulary)
        self._capital += np.bincount(ids[(upper & inner & ~loud)[at]], minlength=size)
        self._lower += np.bincount(ids[((letter >= 97) & (letter <= 122))[at]], minlength=size)
        self._lower += np.bincount(ids[np.isin(tokens.hash, _I)[at]], minlength=size)

    def _name_like(self, number: dict[str, int]) -> Callable[[str], bool]:
        def test(word: str) -> bool:
            k = number.get(word, -1)
            return word[:1].isalpha() and (k < 0 or self._capital[k] >= self._lower[k])

        return test


_I: Final = word_hashes(("i", "i'm", "i've", "i'd", "i'll"))


def words_of(name: str) -> list[str]:
    """The words of an n-gram as the table writes it."""
    return name.removeprefix("~").replace(" _ ", " ").split(" ")


class CompanyNames:
    """The names of the configured companies, as words that must not be learned.

    Of a name of several words those count that the lexicon does not know as words, and the whole name.
    """

    def __init__(self, companies: Iterable[Company], known: Iterable[str]) -> None:
        common = set(known)
        self._words: set[str] = set()
        self._names: list[list[str]] = []
        for company in companies:
            for name in (company.name, *company.aliases):
                tokens = tokenise([name])
                spans = zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)
                words = [_bare(name[a:b].lower()) for a, b in spans]
                self._words |= set(words) if len(words) == 1 else set(words) - common
                self._names.append(words)

    def within(self, words: Sequence[str]) -> bool:
        """Whether the words of an n-gram hold a name."""
        bare = [_bare(word) for word in words]
        if not self._words.isdisjoint(bare):
            return True
        return any(
            bare[at : at + len(name)] == name
            for name in self._names
            if len(name) > 1
            for at in range(len(bare) - len(name) + 1)
        )


def _bare(word: str) -> str:
    return word.removesuffix("'s")

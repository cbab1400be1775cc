"""Many texts at a time through VADER's rules with numpy: no Python object for a word, a few for a text.

The texts of a chunk are one buffer of bytes, words are offsets into it (see textbuffer), a word's class comes
from a hash table made of arrays (see wordtable), and the rules of vaderrules run on arrays with one element
per sentiment word. Sums add in the order of the words, so that they have the very bits of the scalar path.
What is rare is left to the scalar path: letters above ASCII whose small form is ASCII, windows with an idiom,
"but" where values repeat, results in the middle between two rounded ones.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from analysis import textbuffer, vader
from analysis import vaderrules as rules
from analysis.vaderarrays import ArrayRules, Floats, Ints
from analysis.wordtable import WordTable

if TYPE_CHECKING:
    from analysis.vader import Vader

FEWEST: Final = 10_000
"""Characters (some 100 short texts) from which the fixed cost of 200 array operations is won back."""
LOWERED_TO_ASCII: Final = "\u0130\u212a"
"""The letters above ASCII (dotted capital I, Kelvin sign) whose small form has an ASCII letter."""
BLANKS: Final = "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""The characters above ASCII at which str.split splits."""
COMPENSATED: Final = sys.version_info >= (3, 12)
"""Does `sum` of this Python, and with it upstream, compensate rounding errors?"""


class Scores(NamedTuple):
    """Four arrays with one element per text: shares (three places) and compound (four)."""

    neg: Floats
    neu: Floats
    pos: Floats
    compound: Floats


class _Words(NamedTuple):
    """The words of a chunk, and of each text its first byte and first word (one more at the end)."""

    classes: Ints
    text_byte: Ints
    text_word: Ints


class Batch:
    """The array form of a Vader's lexicon and rules."""

    def __init__(self, scalar: Vader) -> None:
        textbuffer.keep_pages()
        self._scalar = scalar
        source = scalar.rules
        known = list(source.known_words())
        words = list(filter(str.isascii, known))
        self._table = WordTable([word.encode() for word in words])
        # Entry 0 of the table stands for all other words.
        self._lower = np.array([ord(rules.INERT), *(ord(source.classify(word)) for word in words)])
        self._upper = np.array([ord(rules.INERT), *(ord(source.classify(word.upper())) for word in words)])
        spaced = {emoji: f" {words}" for emoji, words in source.emoji.items()}
        self._plain = str.maketrans(spaced | dict.fromkeys(BLANKS, " "))
        self._strange = frozenset(LOWERED_TO_ASCII).union(map(chr, self._plain))
        self._ascii_lexicon = len(words) == len(known)
        self._buts = np.array(sorted(map(ord, source.buts)))
        self._rules = ArrayRules(source.classes(), scalar.window_valence)

    def compounds(self, texts: Sequence[str]) -> Floats:
        """Vader.compounds"""
        if sum(map(len, texts)) < FEWEST:
            return np.array(list(map(self._scalar.compound, texts)), np.float64)
        return np.concatenate([self._score(part, shares=False)[3] for part in textbuffer.chunks(texts)])

    def scores(self, texts: Sequence[str]) -> Scores:
        """Vader.scores"""
        if sum(map(len, texts)) < FEWEST:
            rows = [tuple(self._scalar.polarity_scores(text).values()) for text in texts]
            return Scores(*np.array(rows, np.float64).reshape(-1, 4).T)
        return Scores(
            *np.concatenate([self._score(part, shares=True) for part in textbuffer.chunks(texts)], axis=1)
        )

    def _score(self, originals: Sequence[str], *, shares: bool) -> Floats:
        """Rows neg, neu, pos, compound for the texts of a chunk; without `shares` only the last is filled."""
        texts, again = self._normalised(originals)
        n = len(texts)
        raw, text_byte = textbuffer.join(texts)
        words = self._words(raw, text_byte)
        hits = np.flatnonzero(words.classes >= rules.FIRST_SENTIMENT)
        owner = np.searchsorted(words.text_word, hits, "right") - 1
        values = self._values(words, hits, owner, texts)
        self._weigh_but(words, hits, owner, values)
        emphasis = _emphasis(raw, text_byte, n)
        total = _sums(owner, values, n)
        total = total + emphasis * np.sign(total)
        out = np.zeros((4, n))
        rows = [(3, total / np.sqrt(total * total + vader.ALPHA), vader.SCALES[4])]
        if shares:
            rows += [(n, x, vader.SCALES[3]) for n, x in enumerate(_shares(words, owner, values, emphasis))]
        for row, exact, scale in rows:
            scaled = exact * scale
            rounded = np.rint(scaled)
            out[row] = rounded / scale + 0.0
            # `round` decides ties, and gives a small negative number a zero with its sign.
            unsure = (np.abs(np.abs(scaled - rounded) - 0.5) < vader.NEAR) | ((rounded == 0) & (exact < 0))
            again.extend(np.flatnonzero(unsure).tolist())
        for i in again:
            out[:, i] = tuple(self._scalar.polarity_scores(originals[i]).values())
        return out

    def _normalised(self, texts: Sequence[str]) -> tuple[list[str], list[int]]:
        """Texts without emoji and rare blanks, emptied where the scalar path must score them, and those."""
        plain, again = list(texts), list[int]()
        odd = [i for i, text in enumerate(texts) if not text.isascii()]
        everything = vader.non_ascii("".join(map(texts.__getitem__, odd)))
        if self._ascii_lexicon and self._strange.isdisjoint(everything):
            return plain, again
        for i in odd:
            found = set(vader.non_ascii(texts[i]))
            if self._ascii_lexicon and self._strange.isdisjoint(found):
                continue
            if self._ascii_lexicon and found.isdisjoint(LOWERED_TO_ASCII):
                plain[i] = texts[i].translate(self._plain)
            else:
                plain[i] = ""
                again.append(i)
        return plain, again

    def _words(self, raw: bytes, text_byte: Ints) -> _Words:
        """Split at blanks, strip punctuation and look each word up."""
        first, start, end = textbuffer.split(raw)
        small = raw.lower()
        entry = self._table.find(small, start, end - start)
        classes = self._lower[entry]
        self._use_capitals(raw, start, end, entry, classes)
        letters = np.frombuffer(small, np.uint8)
        quote = np.flatnonzero(letters == ord("'"))
        quote = quote[(letters[quote - 1] == ord("n")) & (letters[quote + 1] == ord("t"))]
        holder = np.searchsorted(first, quote, "right") - 1
        classes[holder[classes[holder] == ord(rules.INERT)]] = ord(rules.NEGATION_ONLY)
        return _Words(classes, text_byte, np.searchsorted(first, text_byte))

    def _use_capitals(self, raw: bytes, start: Ints, end: Ints, entry: Ints, classes: Ints) -> None:
        """Give words in capitals the class for it, where capitals make a difference."""
        letters = np.frombuffer(raw, np.uint8)
        small = np.zeros(256, np.bool_)
        small[ord("a") : ord("z") + 1] = True
        known = np.flatnonzero(self._upper[entry] != self._lower[entry])
        known = known[~small[letters[start[known]]]]
        known = known[~small[letters[end[known] - 1]]]
        for n in known.tolist():
            if raw[start[n] : end[n]].isupper():
                classes[n] = self._upper[entry[n]]

    def _values(self, words: _Words, hits: Ints, owner: Ints, texts: Sequence[str]) -> Floats:
        """The valence of each sentiment word with all that its window does to it."""
        around = np.pad(words.classes, (rules.BEFORE, rules.AFTER))
        first, past = words.text_word[owner], words.text_word[owner + 1]
        window = [
            np.where((hits + k >= first) & (hits + k < past), around[hits + k + rules.BEFORE], 0)
            for k in range(-rules.BEFORE, rules.AFTER + 1)
        ]
        item = window[rules.BEFORE]
        capitals = (self._rules.flags[item] & rules.UPPER) != 0
        flat = [t for t in np.unique(owner[capitals]).tolist() if not vader.mixes_capitals(texts[t])]
        mixed = ~np.isin(owner, flat) if flat else np.ones(len(hits), np.bool_)
        values = self._rules.value[item]
        emphasised = np.flatnonzero(capitals & mixed)
        values[emphasised] += np.where(values[emphasised] > 0, rules.CAPITALS, -rules.CAPITALS)
        modified = np.flatnonzero(np.logical_or.reduce([self._rules.modifies[place] for place in window]))
        if len(modified):
            values[modified] = self._rules.valence([place[modified] for place in window], mixed[modified])
        return values

    def _weigh_but(self, words: _Words, hits: Ints, owner: Ints, values: Floats) -> None:
        """Weigh, in place, the values before and after the first "but" of each text."""
        buts = np.flatnonzero(np.isin(words.classes, self._buts))
        if not len(buts):
            return
        holder, nth = np.unique(np.searchsorted(words.text_word, buts, "right") - 1, return_index=True)
        but = np.full(len(words.text_word), -1)
        but[holder] = buts[nth]
        rows = np.flatnonzero(but[owner] >= 0)
        text, old = owner[rows], values[rows]
        middle = but[text]
        new = old * np.where(hits[rows] < middle, 0.5, np.where(hits[rows] > middle, 1.5, 1.0))
        values[rows] = new
        # Where a weighed value equals another of its text, upstream may weigh the wrong one: follow it.
        # Values of different texts are moved far apart; should rounding merge two, it costs time only.
        apart = text * 1024.0
        same = np.isin(new + apart, old + apart) & (new != 0)
        for t in np.unique(text[same]).tolist():
            mine = slice(*np.searchsorted(text, (t, t + 1)).tolist())
            values[rows[mine]] = rules.weigh_but(int(but[t]), hits[rows[mine]].tolist(), old[mine].tolist())


def _added(owner: Ints, values: Floats, n: int) -> Floats:
    """The sum of each text's values; bincount adds one after the other, as a loop would."""
    return np.bincount(owner, values, n).astype(np.float64, copy=False)


def _sums(owner: Ints, values: Floats, n: int) -> Floats:
    """The sum of each text's values as Python's `sum` has it.

    Where that compensates, it is `sum` itself that adds three values or more; of two the sum is the same.
    """
    total = _added(owner, values, n)
    if COMPENSATED:
        ends = np.cumsum(np.bincount(owner, minlength=n))
        listed = values.tolist()
        for t in np.flatnonzero(np.diff(ends, prepend=0) > 2).tolist():
            total[t] = sum(listed[ends[t - 1] if t else 0 : ends[t]])
    return total


def _emphasis(raw: bytes, text_byte: Ints, n: int) -> Floats:
    """What "!" and "?" add, for each text."""
    letters = np.frombuffer(raw, np.uint8)

    def count(mark: str) -> Ints:
        owner = np.searchsorted(text_byte, np.flatnonzero(letters == ord(mark)), "right") - 1
        return np.bincount(owner, minlength=n)

    questions = count("?")
    more = np.where(
        questions > 3, vader.MANY_QUESTIONS, np.where(questions > 1, questions * vader.QUESTION, 0.0)
    )
    return np.minimum(count("!"), vader.MOST_EXCLAMATIONS) * vader.EXCLAMATION + more


def _shares(words: _Words, owner: Ints, values: Floats, emphasis: Floats) -> tuple[Floats, Floats, Floats]:
    """Negative, neutral and positive share of each text before rounding."""
    n = len(emphasis)
    count = np.diff(words.text_word)
    positive = _added(owner, np.where(values > 0, values + 1, 0.0), n)
    negative = _added(owner, np.where(values < 0, 1 - values, 0.0), n)
    neutral = count - np.bincount(owner[values != 0], minlength=n)
    louder = positive + np.where(positive > negative, emphasis, 0.0)
    negative = negative + np.where(positive < negative, emphasis, 0.0)
    everything = np.where(count > 0, louder + negative + neutral, 1.0)
    return negative / everything, neutral / everything, louder / everything

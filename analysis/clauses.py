"""Many texts at once -> tokens, clauses and n-grams, as numpy arrays without a Python object per token.

All texts of a batch lie in one byte buffer, a byte a character, so that positions in the buffer less the
start of a text are offsets into that text. A token's hash is the difference of two prefix sums of a
polynomial (Rabin and Karp 1987) modulo 2**64, so that all tokens are hashed in a handful of array
operations; n-grams mix the hashes of their tokens. Two different n-grams of a lexicon of 2**15 share one of 2**64 hashes with
probability below 1e-10 (birthday bound); the lexicon refuses to load if it happens within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Bools = NDArray[np.bool_]

LONGEST: Final = 50_000
"""Characters of one text that are read."""

BASE: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2**64
INVERSE: Final = np.uint64(pow(int(BASE), -1, 1 << 64))
FIRST, SECOND, THIRD, GAP, NEGATED = (
    np.uint64(n)
    for n in (
        0xBF58476D1CE4E5B9,
        0x94D049BB133111EB,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
    )
)
"""Odd multipliers that tell the first from the second word of an n-gram, and kinds of n-gram apart."""

NEGATORS: Final = (
    "not", "no", "never", "don't", "didn't", "doesn't", "isn't", "wasn't", "aren't", "weren't", "can't",
    "cannot", "couldn't", "won't", "wouldn't", "without", "hardly", "nothing", "none", "lack", "lacks",
    "nobody", "neither", "nor", "haven't", "hasn't", "hadn't", "dont", "didnt", "doesnt", "cant", "isnt",
    "ain't", "zero",
)  # fmt: skip
REACH: Final = 4  # a negation reaches so many words on within its clause
TURNS: Final = ("but", "however", "although", "though", "except", "yet")  # begin a clause of their own

WORD, MARK, APOSTROPHE, UNKNOWN = 1, 2, 3, 63  # 63: "?", which encoding puts for what is not ASCII
QUESTION: Final = 1  # stands for a real "?", which gives way to UNKNOWN


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8], Bools, Bools]:
    """Per byte: its lower case, its class, whether it always ends a clause, whether it ends a sentence."""
    lower = np.arange(256, dtype=np.uint8)
    lower[65:91] += 32
    kind = np.zeros(256, np.uint8)
    kind[48:58] = kind[97:123] = WORD
    kind[[33, QUESTION]] = MARK
    kind[39] = APOSTROPHE
    clause, sentence = np.zeros(256, bool), np.zeros(256, bool)
    clause[[ord(c) for c in ",;:()[]*|\n"]] = True
    sentence[[ord(c) for c in ";\n"]] = True
    return lower, kind, clause, sentence


LOWER, KIND, ENDS_CLAUSE, ENDS_SENTENCE = _tables()


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Powers of BASE and of its inverse, modulo 2**64."""
    up, down = np.full(size, BASE), np.full(size, INVERSE)
    up[0] = down[0] = 1
    return np.multiply.accumulate(up), np.multiply.accumulate(down)


class Tokens(NamedTuple):
    """The tokens of a batch, in order: words, and runs of "!" or "?".

    `start`, `end`: offsets into their text; `text`, `sentence`, `clause`: which one, counted over the batch;
    `hash`: equal for equal words whatever their case. All of shape (tokens,).
    """

    start: Ints
    end: Ints
    text: Ints
    sentence: Ints
    clause: Ints
    hash: Hashes


class Grams(NamedTuple):
    """The n-grams of a batch: their hash, and their first and last token (indices into Tokens)."""

    hash: Hashes
    first: Ints
    last: Ints


def tokenise(texts: Sequence[str]) -> Tokens:
    """Take texts apart; what lies beyond LONGEST characters of one is not read."""
    parts = [_plain(text[:LONGEST]) for text in texts]
    starts = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) + 1 for part in parts], out=starts[1:])
    raw = "\n".join(parts).encode("ascii", "replace") + b"\n\n"
    buffer = LOWER[np.frombuffer(raw, np.uint8)]
    kind = KIND[buffer]
    inner = np.flatnonzero(kind[1:-1] == APOSTROPHE) + 1
    kind[inner] = np.where((kind[inner - 1] == WORD) & (kind[inner + 1] == WORD), WORD, 0)
    edge = np.flatnonzero(kind[1:] != kind[:-1]) + 1
    edge = np.concatenate((np.zeros(1, np.int64), edge))
    begin = edge[kind[edge] > 0]
    end = edge[1:][kind[edge[:-1]] > 0]
    text = np.searchsorted(starts, begin, side="right") - 1
    sentence, clause, hashes = _divide(buffer, kind, begin, end, text)
    return Tokens(begin - starts[text], end - starts[text], text, sentence, clause, hashes)


def _plain(text: str) -> str:
    """Straight apostrophes, real question marks apart from what cannot be encoded; the same length."""
    if not text.isascii():
        text = text.replace("\u2019", "'").replace("\u2018", "'").replace("\u2026", ".")
        text = text.replace("\u2014", ",").replace("\u2022", "*")
    return text.replace("?", "\x01") if "?" in text else text


def _divide(
    buffer: NDArray[np.uint8], kind: NDArray[np.uint8], begin: Ints, end: Ints, text: Ints
) -> tuple[Ints, Ints, Hashes]:
    """Sentence and clause of each token, counted from 0 over the batch, and the tokens' hashes."""
    hashes = _hash(buffer, kind, begin, end)
    if not len(begin):
        return begin, begin, hashes
    white = buffer <= 32
    stop = (buffer[:-1] == 46) & white[1:]
    dash = np.zeros(len(buffer), bool)
    inside = ((buffer[1:-1] == 45) | (buffer[1:-1] == 47)) & white[:-2] & white[2:]
    dash[1:-1] = inside
    hard = ENDS_SENTENCE[buffer]
    hard[:-1] |= stop
    soft = ENDS_CLAUSE[buffer] | dash | hard
    marked = kind[begin] == MARK
    after_mark = np.zeros(len(begin), bool)
    after_mark[1:] = marked[:-1] & ~marked[1:]
    new_text = np.ones(len(begin), bool)
    new_text[1:] = text[1:] != text[:-1]
    new_sentence = new_text | after_mark | _between(hard, begin, end)
    turns = np.isin(hashes, WORD_HASHES["turn"])
    new_clause = new_sentence | turns | _between(soft, begin, end)
    return np.cumsum(new_sentence) - 1, np.cumsum(new_clause) - 1, hashes


def _between(breaks: Bools, begin: Ints, end: Ints) -> Bools:
    """Whether a break lies between a token and the one before it."""
    count = np.zeros(len(breaks) + 1, np.int32)
    np.cumsum(breaks, out=count[1:])
    found = np.ones(len(begin), bool)
    found[1:] = count[begin[1:]] > count[end[:-1]]
    return found


def _hash(buffer: NDArray[np.uint8], kind: NDArray[np.uint8], begin: Ints, end: Ints) -> Hashes:
    """Hash of each token; all that begins with a digit is one word, a run of marks is its first mark."""
    size = 1 << max(16, len(buffer).bit_length())
    up, down = _powers(size)
    sums = np.zeros(len(buffer) + 1, np.uint64)
    np.cumsum((buffer.astype(np.uint64) + np.uint64(1)) * up[: len(buffer)], out=sums[1:])
    last = np.where(kind[begin] == MARK, begin + 1, end) if len(begin) else end
    hashes: Hashes = (sums[last] - sums[begin]) * down[begin]
    first = buffer[begin]
    hashes[(first >= 48) & (first <= 57)] = WORD_HASHES["number"][0] if WORD_HASHES else 0
    return _mix(hashes)


def _mix(value: Hashes) -> Hashes:
    """Spread the bits of a hash (the finaliser of splitmix64, Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * FIRST
    value = (value ^ (value >> np.uint64(27))) * SECOND
    return value ^ (value >> np.uint64(31))


WORD_HASHES: dict[str, Hashes] = {}


def word_hashes(words: Sequence[str]) -> Hashes:
    """The hashes of single words, as `tokenise` gives them."""
    return tokenise(list(words)).hash


def grams(tokens: Tokens) -> Grams:
    """All n-grams: words, pairs, triples, pairs with a word between, and words under a negation.

    None crosses the end of a clause.
    """
    h, clause = tokens.hash, tokens.clause
    at = np.arange(len(h))
    pair = at[:-1][clause[1:] == clause[:-1]] if len(h) > 1 else at[:0]
    wide = at[:-2][clause[2:] == clause[:-2]] if len(h) > 2 else at[:0]
    negator = np.where(np.isin(h, WORD_HASHES["negator"]), at, -REACH - 1)
    last = np.maximum.accumulate(negator) if len(h) else negator
    distance = at - last
    under = at[(distance >= 1) & (distance <= REACH)]
    under = under[clause[last[under]] == clause[under]]
    h1, h2, h3 = h[pair], h[pair + 1], h[wide + 2]
    hashes = (
        h,
        h1 * FIRST + h2 * SECOND,
        h[wide] * FIRST + h[wide + 1] * SECOND + h3 * THIRD,
        h[wide] * FIRST + h3 * GAP,
        h[under] ^ NEGATED,
    )
    firsts = (at, pair, wide, wide, last[under])
    lasts = (at, pair + 1, wide + 2, wide + 2, under)
    return Grams(np.concatenate(hashes), np.concatenate(firsts), np.concatenate(lasts))


def _word_hashes() -> None:
    """Fill WORD_HASHES: it takes hashing to know what hashing knows."""
    WORD_HASHES["number"] = np.array([12345], np.uint64)
    WORD_HASHES["turn"] = WORD_HASHES["negator"] = np.zeros(0, np.uint64)
    turns, negators = word_hashes(TURNS), word_hashes(NEGATORS)
    WORD_HASHES["turn"], WORD_HASHES["negator"] = turns, negators


_word_hashes()


def gram_name(text: str, tokens: Tokens, first: int, last: int, negated: bool, gap: bool) -> str:
    """An n-gram in words, as the lexicon file has it: "never heard", "very _ pay", "~recommend"."""
    words = [text[tokens.start[k] : tokens.end[k]].lower() for k in range(first, last + 1)]
    words = ["0" if word[0].isdigit() else word for word in words]
    if negated:
        return "~" + words[-1]
    return f"{words[0]} _ {words[-1]}" if gap else " ".join(words)


def name_hash(name: str) -> np.uint64:
    """The hash of an n-gram given as `gram_name` gives it; ValueError where it is none."""
    if name.startswith("~"):
        (word,) = word_hashes([name[1:]])
        return np.uint64(word ^ NEGATED)
    gap = " _ " in name
    parts = word_hashes(name.replace(" _ ", " ").split(" "))
    with np.errstate(over="ignore"):
        match (*parts, gap):
            case (a, False):
                return np.uint64(a)
            case (a, b, True):
                return np.uint64(a * FIRST + b * GAP)
            case (a, b, False):
                return np.uint64(a * FIRST + b * SECOND)
            case (a, b, c, False):
                return np.uint64(a * FIRST + b * SECOND + c * THIRD)
    raise ValueError(f"{name!r} is no n-gram of up to three words")

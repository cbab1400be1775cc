"""Many texts at once -> tokens, clauses and n-grams, as numpy arrays without a Python object per token.

All texts of a batch lie in one buffer, a byte a character, so that positions in the buffer less the start of
a text are offsets into that text. Bytes fall into runs of one class; words, clauses and sentences are found
by looking at runs. A word's hash is a sum of its blocks of eight bytes, each times an odd number, modulo
2**64; n-grams mix the hashes of their words. Two different n-grams of a lexicon of 2**15 share one of 2**64
hashes with probability below 1e-10 (birthday bound); the lexicon refuses to load if it happens within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.hashtable import HashIndex, places
from analysis.phrases import fold

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Bools = NDArray[np.bool_]

LONGEST: Final = 50_000
"""Characters of one text that are read."""

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
    "ain't", "zero", "barely", "rarely", "seldom", "lacked", "lacking", "wasnt", "werent", "arent", "havent",
    "hasnt", "hadnt", "wont", "wouldnt", "couldnt",
)  # fmt: skip
NEGATING_PAIRS: Final = (("far", "from"), ("anything", "but"))
NO_NEGATION: Final = ("only", "just", "merely", "doubt", "wonder")  # after a negator: "not only"
REACH: Final = 4  # a negation reaches so many words on within its clause
TURNS: Final = ("but", "however", "although", "though", "except", "yet")  # begin a clause of their own

OTHER, WORD, MARK, SOFT, HARD, STOP, DASH, APOSTROPHE = range(8)
"""Classes of characters. SOFT ends a clause, HARD a sentence too; STOP and DASH do so beside a blank."""
UNKNOWN: Final = "?"  # what encoding puts for what is not ASCII
QUESTION: Final = "\x01"  # stands for a real "?", which gives way to UNKNOWN
SEPARATOR: Final = "\0"
"""Stands before, between and after texts; no phrase can match across it."""
_MEMBERS: Final = {
    WORD: "abcdefghijklmnopqrstuvwxyz0123456789", MARK: "!" + QUESTION, SOFT: ",:()[]*|",
    HARD: ";\n" + SEPARATOR, STOP: ".", DASH: "-/", APOSTROPHE: "'",
}  # fmt: skip
_CLASS_OF: Final = {ord(c): kind for kind, members in _MEMBERS.items() for c in members}
CLASSES: Final = bytes(_CLASS_OF.get(n, OTHER) for n in range(256))
BLANK: Final = 32  # bytes up to this are blank

BLOCK: Final = 8
BLOCKS: Final = 4
"""Blocks that are hashed with numpy; what is longer than so many is no word, and hashed one by one."""
FACTORS: Final = (FIRST, SECOND, THIRD, GAP)
NUMBER: Final = NEGATED  # the hash of all words that begin with a digit
_FIRST_BYTES: Final = np.asarray([(1 << 8 * n) - 1 for n in range(BLOCK + 1)], np.uint64)


class Tokens(NamedTuple):
    """The tokens of a batch, in order: words, and runs of "!" or "?".

    `begin`, `past`: places in the buffer; `text`, `sentence`, `clause`: which one, counted over the batch;
    `hash`: equal for equal words whatever their case, and for all numbers; `word`: equal for equal words
    only. All of shape (tokens,). `origin`: where each text starts in the buffer; `mark`: which are no words.
    """

    begin: Ints
    past: Ints
    text: Ints
    sentence: Ints
    clause: Ints
    hash: Hashes
    word: Hashes
    mark: Bools
    origin: Ints

    @property
    def start(self) -> Ints:
        """Offsets into the text."""
        return self.begin - self.origin[self.text]

    @property
    def end(self) -> Ints:
        return self.past - self.origin[self.text]

    @property
    def bounds(self) -> Ints:
        """The first token of each text, and one past the last of all."""
        return np.append(self.begin.searchsorted(self.origin), len(self.begin))


class Grams(NamedTuple):
    """The n-grams of a batch in the order of their tokens.

    `place`: GRAM_KINDS times the token that it begins with (of a word under a negation, that word), plus its
    kind; `negator`: of each token the negator that it stands under, -1 for none.
    """

    hash: Hashes
    place: Ints
    negator: Ints

    @property
    def first(self) -> Ints:
        """The first token of each; of a word under a negation the negator."""
        token = self.place // GRAM_KINDS
        return np.where(self.place % GRAM_KINDS == GRAM_KINDS - 1, self.negator[token], token)

    @property
    def last(self) -> Ints:
        last: Ints = self.place // GRAM_KINDS + WIDTHS[self.place % GRAM_KINDS]
        return last


class Buffer(NamedTuple):
    """Folded texts in one string with a SEPARATOR around each, and where each starts."""

    text: str
    origin: Ints


def join(folded: Sequence[str]) -> Buffer:
    """Texts that went through `fold` as one."""
    origin = np.ones(len(folded) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, folded), np.int64, len(folded)) + 1, out=origin[1:])
    origin[1:] += 1
    return Buffer(f"{SEPARATOR}{SEPARATOR.join(folded)}{SEPARATOR}{SEPARATOR}", origin[:-1])


def tokenise(texts: Sequence[str]) -> Tokens:
    """Take texts apart; what lies beyond LONGEST characters of one is not read."""
    return tokens_of(join([fold(text[:LONGEST]) for text in texts]))


def tokens_of(buffer: Buffer) -> Tokens:
    """The tokens of joined texts."""
    raw = _plain(buffer.text)
    kind = np.frombuffer(bytearray(raw.translate(CLASSES)), np.uint8)
    _join_apostrophes(kind)
    edge = places(kind[1:] != kind[:-1]) + 1  # all but the first run, which is a SEPARATOR
    runs = kind[edge]
    is_token = (runs == WORD) | (runs == MARK)
    at = places(is_token)
    begin, past, mark = edge[at], edge[at + 1], runs[at] == MARK
    word, hashes = _hash(raw, begin, np.where(mark, 1, past - begin))
    hard, soft = _breaks(raw, edge, runs, is_token, len(at))
    bounds = np.append(begin.searchsorted(buffer.origin), len(begin))
    text = np.repeat(np.arange(len(buffer.origin)), np.diff(bounds))
    hard[bounds] = True
    hard[1:-1] |= mark[:-1] & ~mark[1:]
    soft |= hard
    turns = TURN_INDEX.find(hashes)[0]
    soft[turns[~np.isin(turns, _negating_pairs(hashes))]] = True
    sentence, clause = hard[:-1].cumsum() - 1, soft[:-1].cumsum() - 1
    return Tokens(begin, past, text, sentence, clause, hashes, word, mark, buffer.origin)


def _plain(text: str) -> bytes:
    """A byte a character: real question marks apart from what cannot be encoded."""
    if not text.isascii():
        text = text.replace("\u2026", ".").replace("\u2014", ",").replace("\u2022", "*")
    return text.replace(QUESTION, " ").replace("?", QUESTION).encode("ascii", "replace")


def _join_apostrophes(kind: NDArray[np.uint8]) -> None:
    """An apostrophe between letters belongs to the word; others are nothing."""
    at = places(kind == APOSTROPHE)
    inner = at[(kind[at - 1] == WORD) & (kind[at + 1] == WORD)]
    kind[at], kind[inner] = OTHER, WORD


def _breaks(
    raw: bytes, edge: Ints, runs: NDArray[np.uint8], is_token: Bools, tokens: int
) -> tuple[Bools, Bools]:
    """Before which tokens (or the end) a sentence or clause ends by what stands between."""
    byte = np.frombuffer(raw, np.uint8)
    at = places(runs >= SOFT)
    kind, place = runs[at], edge[at]
    past = edge[np.minimum(at + 1, len(edge) - 1)]
    blank_after = byte[past] <= BLANK
    dash = (kind == DASH) & (past - place == 1) & blank_after & (byte[place - 1] <= BLANK)
    before = is_token.cumsum()[at]
    hard, soft = np.zeros(tokens + 1, np.bool_), np.zeros(tokens + 1, np.bool_)
    hard[before[(kind == HARD) | ((kind == STOP) & blank_after)]] = True
    soft[before[(kind == SOFT) | dash]] = True
    return hard, soft


def _hash(raw: bytes, begin: Ints, length: Ints) -> tuple[Hashes, Hashes]:
    """Hash of each word, and the same with one hash for all that begin with a digit."""
    padded = raw + bytes(BLOCK * BLOCKS)
    # The number at each offset: a view that copies nothing.
    block = np.ndarray((len(raw) + BLOCK * (BLOCKS - 1),), "<u8", padded, strides=(1,))
    hashes = (block[begin] & _FIRST_BYTES.take(length, mode="clip")) * FACTORS[0]
    for n in range(1, BLOCKS):
        long = places(length > n * BLOCK)
        rest = _FIRST_BYTES.take(length[long] - n * BLOCK, mode="clip")
        hashes[long] += (block[begin[long] + n * BLOCK] & rest) * FACTORS[n]
    for at in places(length > BLOCKS * BLOCK).tolist():
        token = raw[begin[at] : begin[at] + length[at]]
        hashes[at] = int.from_bytes(blake2b(token, digest_size=8).digest(), "little")
    word = _mix(hashes)
    byte = np.frombuffer(raw, np.uint8)[begin]
    return word, np.where((byte >= ord("0")) & (byte <= ord("9")), NUMBER, word)


def _mix(value: Hashes) -> Hashes:
    """Spread the bits of a hash (the finaliser of splitmix64, Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * FIRST
    value = (value ^ (value >> np.uint64(27))) * SECOND
    return value ^ (value >> np.uint64(31))


NO_HASHES: Final = HashIndex(np.zeros(0, np.uint64))
TURN_INDEX = SECOND_INDEX = NO_HASHES  # it takes hashing to know what hashing knows
PAIR_HASHES = NO_HASHES.hashes


def word_hashes(words: Sequence[str]) -> Hashes:
    """The hashes of single words, as `tokenise` gives them."""
    return tokenise(list(words)).hash


def index_of(words: Sequence[str]) -> HashIndex:
    """For asking whether tokens are one of some words."""
    return HashIndex(np.unique(word_hashes(words)), SMALL)


def _negating_pairs(hashes: Hashes) -> Ints:
    """The second words of NEGATING_PAIRS."""
    at = SECOND_INDEX.find(hashes)[0]
    at = at[at > 0]
    found: Ints = at[np.isin(hashes[at - 1] * FIRST + hashes[at] * SECOND, PAIR_HASHES)]
    return found


SMALL: Final = 14
with np.errstate(over="ignore"):
    PAIR_HASHES = np.asarray([  # as `grams` has them
        word_hashes([one])[0] * FIRST + word_hashes([other])[0] * SECOND for one, other in NEGATING_PAIRS
    ])  # fmt: skip
SECOND_INDEX = index_of([second for _, second in NEGATING_PAIRS])
TURN_INDEX = index_of(TURNS)
NEGATOR_INDEX: Final = index_of(NEGATORS)
NO_NEGATION_INDEX: Final = index_of(NO_NEGATION)


def grams(tokens: Tokens) -> Grams:
    """All n-grams: words, pairs, triples, pairs with a word between, and words under a negation.

    None crosses the end of a clause.
    """
    h, clause = tokens.hash, tokens.clause
    n = len(h)
    hashes, there = np.empty((n, GRAM_KINDS), np.uint64), np.zeros((n, GRAM_KINDS), np.bool_)
    one, two, three = h[:-2] * FIRST, h[1:] * SECOND, h[2:]
    hashes[:, 0], there[:, 0] = h, True
    hashes[:-1, 1] = h[:-1] * FIRST + two
    there[:-1, 1] = clause[1:] == clause[:-1]
    hashes[:-2, 2] = one + two[:-1] + three * THIRD
    hashes[:-2, 3] = one + three * GAP
    there[:-2, 2] = there[:-2, 3] = clause[2:] == clause[:-2]
    last = _last_negator(tokens)
    hashes[:, 4] = h ^ NEGATED
    there[:, 4] = last >= 0
    at = np.flatnonzero(there)
    return Grams(hashes.ravel().take(at), at, last)


GRAM_KINDS: Final = 5
WIDTHS: Final = np.asarray([0, 1, 2, 2, 0])


def _last_negator(tokens: Tokens) -> Ints:
    """Of each token the negator that it stands under; -1 for none."""
    found = NEGATOR_INDEX.find(tokens.hash)[0]
    found = found[~np.isin(found + 1, NO_NEGATION_INDEX.find(tokens.hash)[0])]
    pairs = _negating_pairs(tokens.hash)
    found = np.concatenate((found, pairs[tokens.clause[pairs] == tokens.clause[pairs - 1]]))
    last = np.full(len(tokens.hash), -1)
    for step in range(REACH, 0, -1):  # nearer ones overwrite
        at = found[found + step < len(last)]
        at = at[tokens.clause[at + step] == tokens.clause[at]]
        last[at + step] = at
    last[found] = -1
    return last


def gram_name(text: str, tokens: Tokens, first: int, last: int, negated: bool, gap: bool) -> str:
    """An n-gram in words, as the lexicon file has it: "never heard", "very _ pay", "~recommend"."""
    origin = tokens.origin[tokens.text[first]]
    begin, past = tokens.begin[first : last + 1] - origin, tokens.past[first : last + 1] - origin
    words = [text[a:b].lower() for a, b in zip(begin.tolist(), past.tolist(), strict=True)]
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

"""Look up many words of a buffer at once: a hash table made of numpy arrays, exact for any input."""

from __future__ import annotations

import random
from collections.abc import Collection
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BLOCK: Final = 8
"""A word is compared as numbers of eight bytes."""
SPARSE: Final = 4
"""Slots per word at the least: most words of a text are not in the table and should meet an empty slot."""

_FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(BLOCK + 1)], np.uint64)


class WordTable:
    """Distinct byte strings without NUL, numbered from 1 in the given order; ValueError for others.

    The hash of a word is the sum of its blocks, each times an odd number, modulo 2^64. It only proposes an
    entry: the length and, beyond one block, all bytes are compared, so that no word, chosen to collide or
    not, is taken for another. (Of words of one block and equal length no two have the same hash: multiplying
    by an odd number is a bijection.)
    """

    def __init__(self, words: Collection[bytes]) -> None:
        if any(b"\0" in word for word in words) or len(set(words)) < len(words):
            raise ValueError("a word table holds distinct words without NUL")
        self._lengths = np.array([0, *map(len, words)])
        self._width = -(-int(self._lengths.max()) // BLOCK)
        padded = b"".join(word.ljust(self._width * BLOCK, b"\0") for word in (b"", *words))
        self._blocks = np.frombuffer(padded, "<u8").reshape(-1, self._width)
        bits = max(4, (SPARSE * len(words)).bit_length())
        self._shift = np.uint64(64 - bits)
        # Two entries of one hash could hide each other, and 0 marks an empty slot: other factors, then.
        for seed in count(1):
            rng = random.Random(seed)  # noqa: S311 (exactness does not rest on it)
            self._factors = np.array([rng.getrandbits(64) | 1 for _ in range(self._width)], np.uint64)
            hashes = (self._blocks[1:] * self._factors).sum(axis=1, dtype=np.uint64)
            if hashes.all() and len(np.unique(hashes)) == len(hashes):
                break
        self._hash = np.zeros((1 << bits) + len(words) + 1, np.uint64)
        self._entry = np.zeros(len(self._hash), np.int64)
        for entry, word_hash in enumerate(hashes.tolist(), 1):
            slot = word_hash >> (64 - bits)
            while self._entry[slot]:
                slot += 1
            self._hash[slot], self._entry[slot] = word_hash, entry

    def find(self, text: bytes, start: Ints, length: Ints) -> Ints:
        """The number of each word text[start : start + length], 0 for one that is not in the table."""
        padded = text + bytes(BLOCK * (self._width + 1))
        # The number at each offset of the text: a view that copies nothing.
        numbers = np.ndarray((len(text) + BLOCK * self._width,), "<u8", padded, strides=(1,))
        hashes = numbers[start] & _FIRST_BYTES[np.minimum(length, BLOCK)]
        hashes *= self._factors[0]
        long = np.flatnonzero((length > BLOCK) & (length <= self._width * BLOCK))
        rest = [
            numbers[start[long] + BLOCK * n] & _FIRST_BYTES[np.clip(length[long] - BLOCK * n, 0, BLOCK)]
            for n in range(1, self._width)
        ]
        for block, factor in zip(rest, self._factors[1:], strict=True):
            hashes[long] += block * factor
        entry = self._probe(hashes)
        entry *= self._lengths[entry] == length
        blocks = self._blocks[entry[long]]
        equal = blocks[:, 0] == numbers[start[long]]
        for n, block in enumerate(rest, 1):
            equal &= blocks[:, n] == block
        entry[long[~equal]] = 0
        return entry

    def _probe(self, hashes: Hashes) -> Ints:
        """The entry that has this very hash, 0 if none has: look on from its slot up to an empty one."""
        slot = (hashes >> self._shift).astype(np.int64)
        entry = self._entry[slot]
        open_ = np.flatnonzero((self._hash[slot] != hashes) & (entry != 0))
        while len(open_):  # ends: after the last slot in use come empty ones
            entry[open_] = 0
            slot[open_] += 1
            here = slot[open_]
            match = self._hash[here] == hashes[open_]
            entry[open_[match]] = self._entry[here[match]]
            open_ = open_[~match & (self._entry[here] != 0)]
        return entry

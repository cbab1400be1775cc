"""Hashes looked up by the thousand: a fixed set with their numbers, and a bounded memory of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BUCKETS: Final = 18
"""Buckets of a HashIndex as a power of two: a megabyte, which a processor's cache holds."""
SLOTS: Final = 17
"""Answers that a HashMemo remembers, as a power of two."""
SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


def places(true: NDArray[Any]) -> Ints:
    """Where a flat array is true: `np.flatnonzero` at a tenth of its cost for small arrays."""
    return true.nonzero()[0]


class HashIndex:
    """The numbers 0, 1, ... of sorted distinct hashes, whose upper bits are well spread."""

    def __init__(self, hashes: Hashes, bits: int = BUCKETS) -> None:
        self.hashes = hashes
        self._ended = np.append(hashes, ~np.uint64(0))
        self._shift = np.uint64(64 - bits)
        bucket = (hashes >> self._shift).astype(np.int64)
        sizes = np.bincount(bucket, minlength=1 << bits)
        # Of each bucket the number of its first hash; -1 for an empty one, as most are.
        self._first = np.where(sizes > 0, np.cumsum(sizes) - sizes, -1).astype(np.int32)
        self._fullest = int(sizes.max())

    def find(self, wanted: Hashes) -> tuple[Ints, Ints]:
        """Positions in `wanted` (in order) that are known, and their numbers."""
        first = self._first.take((wanted >> self._shift).view(np.int64))
        likely = places(first >= 0)
        number, hashes = first[likely].astype(np.int64), wanted[likely]
        for _ in range(self._fullest - 1):
            other = places(self._ended.take(number) < hashes)
            if not len(other):
                break
            number[other] += 1
        right = places((self._ended.take(number) == hashes) & (number < len(self.hashes)))
        return likely[right], number[right]

    def has(self, wanted: Hashes) -> NDArray[np.bool_]:
        """Which of `wanted` are known."""
        found = np.zeros(len(wanted), np.bool_)
        found[self.find(wanted)[0]] = True
        return found


class HashMemo:
    """Remembers a number for each of the hashes met last; of two with the same slot the later one.

    So memory is flat whatever is asked. Hash 0 stands for an empty slot, and its number is 0.
    """

    def __init__(self, bits: int = SLOTS) -> None:
        self._shift = np.uint64(64 - bits)
        self._hash = np.zeros(1 << bits, np.uint64)
        self._number = np.zeros(1 << bits, np.int64)

    def find(self, hashes: Hashes, compute: Callable[[Ints], list[int]]) -> Ints:
        """The number of each hash. `compute` is given where those not remembered first stand in `hashes`."""
        slot = ((hashes * SPREAD) >> self._shift).view(np.int64)
        found = self._number.take(slot)
        missing = places(self._hash.take(slot) != hashes)
        if len(missing):
            _, first, which = np.unique(hashes[missing], return_index=True, return_inverse=True)
            numbers = np.asarray(compute(missing[first]), np.int64)
            found[missing] = numbers[which]
            self._hash[slot[missing[first]]] = hashes[missing[first]]
            self._number[slot[missing[first]]] = numbers
        return found

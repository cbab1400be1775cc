"""A dictionary that computes what it does not hold, and starts afresh when it is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

LIMIT: Final = 50_000
"""Entries after which all are dropped, so that memory stays flat however much is read. Words and pairs of
words are distributed so unevenly that the common ones are back within a few hundred texts."""
LONGEST: Final = 40
"""Longer keys are rare and not kept."""


class Memo(dict[K, V]):
    """`memo[key]` is `compute(key)`, remembered; `map(memo.__getitem__, keys)` runs at C speed."""

    def __init__(self, compute: Callable[[K], V], limit: int | None = None) -> None:
        super().__init__()
        self._compute = compute
        self._limit = LIMIT if limit is None else limit

    def __missing__(self, key: K) -> V:
        value = self._compute(key)
        if (len(key) if isinstance(key, str) else _length(key)) <= LONGEST:
            if len(self) >= self._limit:
                self.clear()
            self[key] = value
        return value


def _length(key: object) -> int:
    return sum(map(len, key)) if isinstance(key, tuple) else len(str(key))

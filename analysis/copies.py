"""How much of a group of texts is one wording: the largest set of near-identical ones. Pure.

Texts are compared by their runs of three words. Two are near-identical where the Jaccard index of these sets,
estimated by MinHash (Broder 1997, doi.org/10.1109/SEQUEN.1997.666900), is above LIKE.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.phrases import fold, words_of

Hashes = NDArray[np.uint64]

LIKE: Final = 0.6
LEAST_WORDS: Final = 6
"""Shorter texts ("Great place to work") are alike by chance."""
HASHES: Final = 64
_PRIME: Final = np.uint64((1 << 31) - 1)
_RANDOM: Final = np.random.default_rng(20260310)
_A: Final = _RANDOM.integers(1, 1 << 31, HASHES, dtype=np.uint64)[:, None]
_B: Final = _RANDOM.integers(0, 1 << 31, HASHES, dtype=np.uint64)[:, None]


def largest(texts: Sequence[str], most: int = 500) -> int:
    """How many of the first `most` texts share the most repeated wording; 0 where none is repeated."""
    sketches = [sketch for text in texts[:most] if (sketch := _sketch(text)) is not None]
    if len(sketches) < 2:
        return 0
    table = np.stack(sketches)
    sizes = Counter(_groups(table)).most_common(1)
    return sizes[0][1] if sizes[0][1] > 1 else 0


def _groups(table: Hashes) -> list[int]:
    """The group of each row: that of the first row before it which is like it, or its own."""
    group: list[int] = []
    for n in range(len(table)):
        same = np.asarray(table[:n] == table[n], dtype=float)
        like = [] if not n else np.flatnonzero(same @ np.ones(HASHES) > LIKE * HASHES).tolist()
        group.append(group[like[0]] if like else n)
    return group


def _sketch(text: str) -> Hashes | None:
    words = words_of(fold(text))[0]
    words = [word for word in words if word]
    if len(words) < LEAST_WORDS:
        return None
    runs = {zlib.crc32(" ".join(words[n : n + 3]).encode("utf-8", "replace")) for n in range(len(words) - 2)}
    hashed = np.fromiter(runs, np.uint64, len(runs)) % _PRIME
    found: Hashes = ((_A * hashed + _B) % _PRIME).min(1)
    return found

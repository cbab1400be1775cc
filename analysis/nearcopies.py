"""Texts that share most of their wording, found in about linear time. Pure, and the same on every run."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

WORDS = 3
"""Words in a shingle: single words would find texts on the same subject."""
LEAST_WORDS = 8
"""Shorter texts agree by chance ("Great place to work")."""
ALIKE = 0.5
"""Least share of common shingles (Jaccard index)."""
BANDS, ROWS = 20, 3
"""Two texts that are alike to s meet in a band with a chance of 1 - (1 - s^3)^20: .93 at .5, .998 at .65."""
REPRESENTATIVES = 8

Hashes = NDArray[np.uint64]
_WORD = re.compile(r"\w+")
_PRIME = np.uint64(2_147_483_647)  # products of two numbers below 2^31 fit into 64 bits


def groups(texts: Sequence[str], least: int) -> list[list[int]]:
    """Places of texts that repeat each other, as groups of at least `least`, in the order of their first.

    MinHash (Broder 1997, On the resemblance and containment of documents) with banding (Leskovec,
    Rajaraman and Ullman 2020, Mining of Massive Datasets, ch. 3); every pair is checked on its shingles.
    """
    shingles = [_shingles(text) for text in texts]
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    signatures = _signatures(shingles)
    for band in range(BANDS):
        met: dict[bytes, list[int]] = {}
        for i in signatures:
            seen = met.setdefault(signatures[i][band * ROWS : (band + 1) * ROWS].tobytes(), [])
            like = next((j for j in seen if root(i) == root(j) or _alike(shingles[i], shingles[j])), None)
            if like is not None:
                parent[root(i)] = root(like)
            elif len(seen) < REPRESENTATIVES:
                seen.append(i)
    found: dict[int, list[int]] = {}
    for i in signatures:
        found.setdefault(root(i), []).append(i)
    return [places for places in found.values() if len(places) >= least]


def _shingles(text: str) -> Hashes:
    """The hashes of all runs of WORDS words, each once, below the prime; none where the text is short."""
    words = _WORD.findall(text.casefold())
    if len(words) < LEAST_WORDS:
        return np.empty(0, dtype=np.uint64)
    codes = np.array([zlib.crc32(word.encode()) for word in words], dtype=np.uint64) % _PRIME
    mixed = codes[:-2]
    for shift in (1, 2):
        mixed = (mixed * np.uint64(1_000_003) + codes[shift : len(codes) - 2 + shift]) % _PRIME
    return np.unique(mixed)


@cache
def _functions() -> tuple[Hashes, Hashes]:
    rng = np.random.default_rng(1997)
    slope, start = (rng.integers(1, int(_PRIME), size=(BANDS * ROWS, 1), dtype=np.uint64) for _ in range(2))
    return slope, start


def _signatures(shingles: Sequence[Hashes]) -> dict[int, Hashes]:
    slope, start = _functions()
    return {
        i: ((slope * of[None, :] + start) % _PRIME).min(axis=1) for i, of in enumerate(shingles) if len(of)
    }


def _alike(one: Hashes, other: Hashes) -> bool:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common >= ALIKE * (len(one) + len(other) - common)

"""Texts as one buffer of bytes, and its words as pairs of offsets: no Python object for a word."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

CHUNK: Final = 1 << 18
"""Characters taken at a time; the arrays of a chunk then stay in the processor's cache."""
KEPT: Final = 1 << 22
FEW_MARKS: Final = 4
"""Steps over punctuation before its end is searched instead, so that long runs of it cost no more."""

_BLANK, _MARK, _CORE = range(3)
_KINDS = bytes(
    _BLANK if chr(n) in "\t\n\v\f\r\x1c\x1d\x1e\x1f " else _MARK if chr(n) in string.punctuation else _CORE
    for n in range(256)
)


def keep_pages() -> None:
    """Let the arrays of a chunk reuse the memory of the one before, which saves half of the time.

    glibc gives freed memory back to the system beyond a limit, and each chunk would have all its pages mapped
    anew. The limit rises to twice the largest block freed so far (mallopt(3)); this block is never touched.
    """
    np.empty(KEPT, np.uint8)


def chunks(texts: Sequence[str], most: int | None = None) -> Iterator[Sequence[str]]:
    """Parts of about `most` characters (else CHUNK); a longer text is a part of its own."""
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    start = 0
    while start < len(texts):
        before = int(ends[start - 1]) if start else 0
        end = max(int(np.searchsorted(ends, before + (most or CHUNK), "right")), start + 1)
        yield texts[start:end]
        start = end


def join(texts: Sequence[str]) -> tuple[bytes, Ints]:
    """UTF-8 of all texts with a blank before, between and after; the offset of each of these blanks.

    What a text contains does not matter: the blanks are known by the lengths of the texts.
    """
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    at = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(texts)) + 1, out=at[1:])
    return b" %b " % b" ".join(encoded), at


def split(raw: bytes) -> tuple[Ints, Ints, Ints]:
    """Of each word between ASCII blanks: first byte, and start and end without the punctuation around it.

    As upstream does, punctuation stays where two letters or fewer would be left, for example ":D". (Here it
    is two bytes; a letter above ASCII has more, but no such word is looked up, with punctuation or without.)
    `raw` begins and ends with a blank.
    """
    kind = np.frombuffer(raw.translate(_KINDS), np.uint8)
    blank = kind == _BLANK
    edges = np.flatnonzero(blank[1:] != blank[:-1]) + 1
    first, past = edges[::2].copy(), edges[1::2].copy()
    start = _past_marks(kind, first, 1)
    end = _past_marks(kind, past - 1, -1) + 1
    short = np.flatnonzero(end - start <= 2)
    start[short], end[short] = first[short], past[short]
    return first, start, end


def _past_marks(kind: NDArray[np.uint8], at: Ints, step: int) -> Ints:
    """Each place moved on while it holds punctuation; of a word of nothing else, to the blank beyond it."""
    at = at.copy()
    moving = np.flatnonzero(kind[at] == _MARK)
    for _ in range(FEW_MARKS):
        at[moving] += step
        moving = moving[kind[at[moving]] == _MARK]
    if len(moving):
        others = np.flatnonzero(kind != _MARK)
        side = np.searchsorted(others, at[moving])
        at[moving] = others[side if step > 0 else side - 1]
    return at

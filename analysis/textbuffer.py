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
KEPT: Final = 1 << 24

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


def chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Parts of about CHUNK characters; a longer text is a part of its own."""
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    start = 0
    while start < len(texts):
        before = int(ends[start - 1]) if start else 0
        end = max(int(np.searchsorted(ends, before + CHUNK, "right")), start + 1)
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
    first, past = edges[::2], edges[1::2]
    start, end = first.copy(), past.copy()
    core = np.concatenate(([-1], np.flatnonzero(kind == _CORE), [len(kind)]))
    opens, closes = np.flatnonzero(kind[first] == _MARK), np.flatnonzero(kind[past - 1] == _MARK)
    start[opens] = core[np.searchsorted(core, first[opens])]
    end[closes] = core[np.searchsorted(core, past[closes]) - 1] + 1
    short = np.flatnonzero(end - start <= 2)
    start[short], end[short] = first[short], past[short]
    return first, start, end

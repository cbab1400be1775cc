"""Splits a text into sentences, each as offsets, in time linear in its length.

Rules rather than a model: line breaks, bullets and sentence marks end a sentence; known abbreviations,
initials and list numbers do not. Pieces are capped, because what scores them may be slow on long ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

LONGEST: Final = 1_000
"""Characters of a piece; a text without any full stop is cut at spaces, or anywhere for want of those."""
MOST_WORDS: Final = 200

_ABBREVIATIONS = """
e.g i.e eg ie etc vs cf approx appt dept est fig inc corp co ltd llc gmbh jr sr mr mrs ms dr prof st no nr mgr
mgmt min max hr hrs yr yrs mo wk a.m p.m u.s u.k jan feb mar apr jun jul aug sept oct nov dec
"""
ABBREVIATIONS: Final = frozenset(_ABBREVIATIONS.split())
MAY_END_A_SENTENCE: Final = frozenset(
    {"etc", "inc", "co", "ltd", "llc", "corp", "hr", "hrs", "yr", "yrs", "no", "min", "max"}
)
"""Abbreviations (and words like them) after which a capital letter starts a new sentence."""

_BULLETS = "•●▪◦‣"
# One run of marks at a time, with possessive quantifiers, so that any text takes linear time.
_MARKS = re.compile(rf"[\n.!?…{_BULLETS}]++[\"'”’)\]]*+")
_ALWAYS = frozenset("\n" + _BULLETS)
_BLANK = " \t\n\r\f\v\u00a0" + _BULLETS
_WORD = re.compile(r"\S+")


def split(text: str) -> list[tuple[int, int]]:
    """`(start, end)` of every sentence, in order, without the white space around it.

    Nothing but white space and bullets lies between two sentences; none is empty, longer than `LONGEST`
    characters or has more than `MOST_WORDS` words.
    """
    return list(_sentences(text))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for marks in _MARKS.finditer(text):
        if _ends(text, start, marks.start(), marks.end()):
            yield from _pieces(text, start, marks.end())
            start = marks.end()
    yield from _pieces(text, start, len(text))


def _ends(text: str, start: int, at: int, end: int) -> bool:
    """Whether the marks in `text[at:end]` end the sentence that began at `start`."""
    if not _ALWAYS.isdisjoint(text[at:end]) or end == len(text):
        return True
    if text[end].isspace():
        return text[at:end] != "." or not _goes_on(text, start, at, end)
    # "very friendly.They asked": a space forgotten
    return end - at == 1 and text[end].isupper() and text[max(start, at - 2) : at].islower()


def _goes_on(text: str, start: int, at: int, end: int) -> bool:
    """Whether the full stop at `at` ends an abbreviation, an initial or a list number, not a sentence."""
    words = text[max(start, at - 12) : at].rsplit(None, 1)
    word = words[-1].lstrip("(\"'") if words else ""
    if word.isdecimal():
        return len(word) <= 2 and not text[start:at].strip(" ()").removesuffix(word)
    if len(word) == 1 and word.isalpha() and word not in "aI":
        return True
    return word.lower() in ABBREVIATIONS and not _starts_anew(text, end, word)


def _starts_anew(text: str, end: int, word: str) -> bool:
    """After "etc." or "hrs." a capital letter starts a sentence; after "Mr." or "e.g." it does not."""
    follows = text[end : end + 3].lstrip()[:1]
    return follows.isupper() and word.lower() in MAY_END_A_SENTENCE


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretch without surrounding white space, cut where it exceeds the caps."""
    while start < end:
        stop = min(end, start + LONGEST)
        if stop < end:
            space = max(text.rfind(" ", start + 1, stop), text.rfind("\t", start + 1, stop))
            stop = space if space > start else stop
        piece = text[start:stop]
        if len(piece) > 2 * MOST_WORDS:
            over = next(islice(_WORD.finditer(piece), MOST_WORDS, None), None)
            if over:
                stop = start + over.start()
                piece = text[start:stop]
        if bare := piece.strip(_BLANK):
            first = start + piece.index(bare[0])
            yield first, first + len(bare)
        start = stop

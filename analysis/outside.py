"""Texts that speak neither of hiring nor of working: how they are scored.

The employer lexicon has learned from texts about employers. Of a post in which it finds no theme it knows
little, so that VADER's rules, sentence by sentence, count for most of the score there. On VADER's own ground
truth the two together are about as good as VADER, or better (docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analysis.reader import Reading
from analysis.sentences import split
from analysis.vader import Vader
from candidly.records import Kind, Label

SHARE: Final = 0.7
"""Of VADER in the score of such a text; chosen on VADER's ground truth, where 0.5 to 0.8 do about as well."""
SIGNS: Final[dict[Label, int]] = {"positive": 1, "negative": -1}


def is_outside(reading: Reading, kind: Kind) -> bool:
    """Whether nothing about hiring or working was found; reviews and interviews are about it anyway."""
    return not reading.opinions and kind in ("post", "comment")


def sentence_scores(vader: Vader, texts: Sequence[str]) -> list[list[tuple[int, int, float]]]:
    """`(start, end, score)` of the sentences of each text, by VADER alone."""
    spans = [split(text) for text in texts]
    straight = [text.replace("\u2019", "'") for text in texts]  # VADER does not know the curly apostrophe
    sentences = [text[a:b] for text, found in zip(straight, spans, strict=True) for a, b in found]
    scores = iter(vader.compounds(sentences).tolist())
    return [[(a, b, next(scores)) for a, b in found] for found in spans]


def scored(reading: Reading, sentences: Sequence[tuple[int, int, float]]) -> tuple[float, Label]:
    """Score and label of a text by both; where they point in opposite directions it is neutral."""
    plain = sum(score for _, _, score in sentences) / max(1, len(sentences))
    score = round((1 - SHARE) * reading.score + SHARE * plain, 4)
    against = SIGNS.get(reading.label, 0) * score < 0
    return score, "neutral" if against else reading.label

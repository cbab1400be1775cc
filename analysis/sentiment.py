"""Scores sentences and sums them up into a document's score and label.

VADER's compound of a whole text saturates with its length (the same complaint ten times over is not worse),
so sentences are scored by themselves and their mean is the document's. What VADER's lexicon does not know
("The recruiter ghosted me" is 0.0 to it) the phrases of the themes add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from candidly.records import Label

PHRASE_STEP: Final = 0.5
"""What a phrase that is praise or complaint in itself adds to its sentence's score, once a place."""
PHRASE_MOST: Final = 1.0
PRIOR_STEP: Final = 0.25
"""What standing under "pros" or "cons" adds: the author has said what it is."""
SILENT: Final = 0.05
"""Sentences scoring within this say nothing either way; they do not dilute the mean."""
POSITIVE_FROM: Final = 0.3
NEGATIVE_FROM: Final = 0.0
PLAIN_FROM: Final = 0.05
"""VADER's own threshold, either way (Hutto and Gilbert 2014, and the README of vaderSentiment)."""
MIXED_SHARE: Final = 0.45
"""Mixed: praise and blame each hold at least this share of all that is felt in the text."""

_SECTION = re.compile(r"(?:^|(?<=[\s.]))(pros|cons|advice)(?: to management)? ?:")
_EMPTY = frozenset({"none", "nothing", "n/a", "na", "no", "-", "nil", "no cons", "no pros", "none so far"})
_PRIORS: Final = {"pros": 1, "cons": -1}


class Sentence(NamedTuple):
    """Offsets, a score in [-1, 1], and what its section makes likely: 1 under pros, -1 under cons, else 0."""

    start: int
    end: int
    score: float
    prior: int


class Scorer(Protocol):
    """Anything that scores a sentence, such as Vader."""

    def compound(self, text: str) -> float: ...


class Stance(Protocol):
    """A phrase that may carry its own polarity, such as themes.Sign."""

    @property
    def value(self) -> int | None: ...
    @property
    def start(self) -> int: ...
    @property
    def sentence(self) -> int: ...


def score(
    scorer: Scorer,
    text: str,
    spans: Sequence[tuple[int, int]],
    stances: Iterable[Stance],
    sections: Sequence[tuple[str, int, int]],
    *,
    plain: bool = False,
) -> list[Sentence]:
    """Every sentence with its score; `sections` as `Mention.parts` gives them, in text order.

    `plain`: the scorer's own value, without what phrases and sections add; their priors stay known.
    """
    added = {} if plain else _phrase_sums(stances)
    step = 0.0 if plain else PRIOR_STEP
    sentences = []
    at = 0
    for n, (start, end) in enumerate(spans):
        while at < len(sections) and sections[at][2] <= start:
            at += 1
        inside = at < len(sections) and sections[at][1] <= start
        prior = _PRIORS.get(sections[at][0], 0) if inside else 0
        if prior and text[start:end].strip(" .!-").lower() in _EMPTY:
            prior = 0
        value = scorer.compound(text[start:end]) + added.get(n, 0.0) + prior * step
        sentences.append(Sentence(start, end, max(-1.0, min(1.0, value)), prior))
    return sentences


def _phrase_sums(stances: Iterable[Stance]) -> dict[int, float]:
    """sentence number -> sum of its phrases' polarities; one phrase in several themes counts once."""
    places = {(s.sentence, s.start): s.value for s in stances if s.value}
    sums: dict[int, float] = {}
    for (sentence, _), value in places.items():
        sums[sentence] = sums.get(sentence, 0.0) + value * PHRASE_STEP
    return {n: max(-PHRASE_MOST, min(PHRASE_MOST, total)) for n, total in sums.items()}


def headings(folded: str) -> list[tuple[str, int, int]]:
    """Parts of a text that has headings written into it ("Pros: ... Cons: ..."), as `Mention.parts`.

    The first part, named "", is what stands before them; without headings there are no parts.
    """
    if "pros" not in folded and "cons" not in folded:  # the expression is slow to find nothing
        return []
    marks = list(_SECTION.finditer(folded))
    if not marks:
        return []
    ends = [*(mark.start() for mark in marks), len(folded)]
    return [("", 0, ends[0]), *((m[1], m.end(), end) for m, end in zip(marks, ends[1:], strict=True))]


def summarise(sentences: Iterable[Sentence]) -> tuple[float, Label]:
    """The document's score in [-1, 1], four places, and its label.

    Mean over the sentences that say anything; a text of plain statements scores 0.
    """
    felt = [s.score for s in sentences if abs(s.score) > SILENT]
    if not felt:
        return 0.0, "neutral"
    mean = round(sum(felt) / len(felt), 4)
    praise = sum(value for value in felt if value > 0)
    blame = -sum(value for value in felt if value < 0)
    if min(praise, blame) >= MIXED_SHARE * (praise + blame):
        return mean, "mixed"
    if mean >= POSITIVE_FROM:
        return mean, "positive"
    return mean, "negative" if mean <= NEGATIVE_FROM else "neutral"


def summarise_plain(sentences: Sequence[Sentence]) -> tuple[float, Label]:
    """The same as VADER's authors do it: the mean over all sentences, and their thresholds."""
    if not sentences:
        return 0.0, "neutral"
    mean = round(sum(s.score for s in sentences) / len(sentences), 4)
    return mean, "positive" if mean >= PLAIN_FROM else "negative" if mean <= -PLAIN_FROM else "neutral"

"""The learned reader: a batch of texts -> sentiment, role, stage, ghosting and opinions, with their reasons.

What a clause or a text says is a sum of weights of n-grams and signs (see `analysis.lexicon`), which can be
taken apart again into the words that made it (`contributions`); a small network reads the answers off those
sums (`analysis.network`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from analysis.features import (
    CLAUSE_OUTPUTS,
    ROLES,
    STAGES,
    THEMES,
    Features,
    Floats,
    Found,
    Item,
    chance,
    look_up,
    sums,
    take_apart,
)
from analysis.hashtable import places
from analysis.lexicon import Lexicon
from analysis.opinions import as_headed, best_of, candidates, evidence, polarity_features
from analysis.pooling import pooled
from candidly.records import Label, Opinion, Polarity, Role, Stage, from_columns

POLARITIES: Final[tuple[Polarity, ...]] = ("positive", "negative", "neutral")
HEAD_THEMES, HEAD_ROLES, HEAD_STAGES, HEAD_GHOSTING = 4, 20, 24, 30
_ROLES, _STAGES, _THEMES, _POLARITIES = (
    np.asarray(names, object) for names in (ROLES, STAGES, THEMES, POLARITIES)
)
_LABELS: Final = np.asarray(
    [("positive", "negative", "neutral"), ("positive", "negative", "mixed")], object
)  # by whether it is mixed
SPREAD: Final = 4.0  # log-odds between positive and negative that make a score of 0.76


class Reading(NamedTuple):
    """What was read out of one text. `ghosted`: the employer went silent."""

    score: float
    label: Label
    role: Role
    stage: Stage
    ghosted: bool
    opinions: tuple[Opinion, ...]


class Tone(NamedTuple):
    """A clause with its tone in [-1, 1] (positive less negative, as probabilities)."""

    start: int
    end: int
    score: float


class Contribution(NamedTuple):
    """Words that moved a clause's tone: weight towards positive less weight towards negative, in log-odds."""

    start: int
    end: int
    weight: float


class _Batch(NamedTuple):
    features: Features
    found: Found
    clause: Floats
    pool: Floats
    heads: Floats


class Reader:
    """Reads texts by one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def read(self, items: Sequence[Item]) -> list[Reading]:
        """One reading an item, in the same order."""
        return self.read_features(take_apart(items))

    def read_features(self, features: Features) -> list[Reading]:
        """The same for texts that are taken apart already."""
        batch = self._outputs(features)
        heads, thresholds = batch.heads, self.lexicon.combine.thresholds
        scores = np.round(np.tanh((heads[:, 0] - heads[:, 1]) / SPREAD), 4)
        mixed = heads[:, 3] > thresholds[3]
        rows = zip(
            scores.tolist(),
            _LABELS[mixed.astype(np.intp), heads[:, :3].argmax(axis=1)].tolist(),
            _ROLES[heads[:, HEAD_ROLES:HEAD_STAGES].argmax(axis=1)].tolist(),
            _STAGES[heads[:, HEAD_STAGES:HEAD_GHOSTING].argmax(axis=1)].tolist(),
            (heads[:, HEAD_GHOSTING] > thresholds[HEAD_GHOSTING]).tolist(),
            self._opinions(batch),
            strict=True,
        )
        return [_unironic(found) if found.opinions else found for found in map(Reading._make, rows)]

    def tones(self, item: Item) -> list[Tone]:
        """The clauses of a text with their tone."""
        return self.tones_of(take_apart([item]))

    def tones_of(self, features: Features) -> list[Tone]:
        """The same for a text that is taken apart already."""
        batch = self._outputs(features)
        parts = batch.features.clauses
        shares = chance(batch.clause[:, :2])
        tone = np.round(shares[:, 0] - shares[:, 1], 3)
        return [
            Tone(*one) for one in zip(parts.start.tolist(), parts.end.tolist(), tone.tolist(), strict=True)
        ]

    def contributions(self, item: Item) -> list[Contribution]:
        """Every n-gram that has a tone, in text order; with the clause's bias they sum up to its tone."""
        batch = self._outputs(take_apart([item]))
        tokens, grams, found = batch.features.tokens, batch.features.grams, batch.found
        known = places(found.gram >= 0)
        weight = self.lexicon.weights[found.id[known], 0] - self.lexicon.weights[found.id[known], 1]
        first, last = grams.first[found.gram[known]], grams.last[found.gram[known]]
        spans = zip(tokens.start[first].tolist(), tokens.end[last].tolist(), weight.tolist(), strict=True)
        return sorted(Contribution(a, b, round(w, 3)) for a, b, w in spans if w)

    def _outputs(self, features: Features) -> _Batch:
        found = look_up(features, self.lexicon.vocabulary)
        bias, split = self.lexicon.combine.bias.astype(np.float32), len(CLAUSE_OUTPUTS)
        clause = sums(found.clause, found.id, self._by_clause, len(features.clauses.text)) + bias[:split]
        text = sums(found.text, found.text_id, self._by_text, len(features.given.kind)) + bias[split:]
        pool = pooled(features, clause, text)
        return _Batch(features, found, clause, pool, self.lexicon.combine.heads.apply(pool))

    @cached_property
    def _by_clause(self) -> Floats:
        """The weights of CLAUSE_OUTPUTS, a row lying in one piece."""
        return np.ascontiguousarray(self.lexicon.weights[:, : len(CLAUSE_OUTPUTS)])

    @cached_property
    def _by_text(self) -> Floats:
        return np.ascontiguousarray(self.lexicon.weights[:, len(CLAUSE_OUTPUTS) :])

    def _opinions(self, batch: _Batch) -> list[tuple[Opinion, ...]]:
        n, themes = len(batch.heads), slice(HEAD_THEMES, HEAD_ROLES)
        text, theme = np.nonzero(batch.heads[:, themes] > self.lexicon.combine.thresholds[themes])
        if not len(text):
            return [()] * n
        bounds = batch.features.clauses.text.searchsorted(np.arange(n + 1))
        some = bounds[text + 1] > bounds[text]
        text, theme = text[some], theme[some]
        combine = self.lexicon.combine
        found = candidates(batch.features, batch.clause, bounds, text, theme)
        serves: Floats = found.told @ combine.evidence
        best = best_of(found, serves)
        told = polarity_features(
            batch.features, batch.clause, batch.pool, batch.heads, text, theme, found, serves
        )
        polarity = combine.polarity.apply(told).argmax(axis=1)
        polarity = as_headed(polarity, batch.features.clauses.prior[best], batch.clause[best])
        start, end = evidence(batch.features, best)
        opinions = from_columns(
            Opinion, len(text), theme=_THEMES[theme].tolist(), polarity=_POLARITIES[polarity].tolist(),
            start=start.tolist(), end=end.tolist(),
        )  # fmt: skip
        ends = text.searchsorted(np.arange(n + 1)).tolist()
        return [tuple(opinions[low:high]) for low, high in pairwise(ends)]


def _unironic(reading: Reading) -> Reading:
    """Praise around complaints and nothing else ("Great, another company that ghosts people.") is none."""
    if reading.label != "positive" or not reading.opinions:
        return reading
    said = {opinion.polarity for opinion in reading.opinions}
    if "positive" in said or "negative" not in said:
        return reading
    return reading._replace(label="negative", score=-abs(reading.score))

"""Where an opinion stands in its text, and how it is meant.

Each clause of the text is a candidate. A small linear step says how well each would serve as evidence for the
theme (McFadden's conditional logit 1974, learned from what people pointed at); a small network says from the
best of them, and from all of them by how well they serve, whether the theme is praised, blamed or just told
of.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from analysis.clauses import Ints
from analysis.features import KINDS, OF_THEMES, THEMES, Features, Floats, chance, first_of, spread
from analysis.hashtable import places
from analysis.pooling import POOLED

LONG_SENTENCE: Final = 240  # characters; longer ones give only the clause as evidence
PHRASE_SIGNS: Final = 3 * len(THEMES)  # the first SIGNS: phrases of the theme file, three values a theme


class Candidates(NamedTuple):
    """The clauses that may be evidence: `pair` counts opinions from 0, `clause` is the clause's number,
    `told` of shape (candidates, EVIDENCE_FEATURES). `first`: where each opinion's candidates begin."""

    pair: Ints
    clause: Ints
    told: Floats
    first: Ints


def candidates(features: Features, clause: Floats, bounds: Ints, text: Ints, theme: Ints) -> Candidates:
    """Every clause of each opinion's text. `clause`: CLAUSE_OUTPUTS of each; `bounds`: where texts begin."""
    parts = features.clauses
    pair, rows = spread(bounds[text], bounds[text + 1])
    named = theme[pair]
    speaks = clause[:, OF_THEMES]
    own = speaks[rows, named]
    phrases = features.sign < PHRASE_SIGNS
    said = np.zeros(speaks.shape, bool)
    said[features.sign_clause[phrases], features.sign[phrases] // 3] = True
    following = np.minimum(rows + 1, len(speaks) - 1)
    goes_on = (following > rows) & (parts.sentence[following] == parts.sentence[rows])
    shares = chance(clause[:, :2])
    judges = np.abs(shares[:, 0] - shares[:, 1])[rows]
    place, length = rows - bounds[text][pair], np.log1p(parts.end - parts.start)[rows]
    told = np.column_stack((
        own,
        np.maximum(own, 0.0),
        said[rows, named],
        speaks.max(axis=1)[rows] - own,
        judges,
        np.log1p(place),
        place == 0,
        length,
        np.where(goes_on, speaks[following, named], NOTHING_FOLLOWS),
        np.maximum(own, 0.0) * judges,
        length * own,
    ))  # fmt: skip
    return Candidates(pair, rows, told, first_of(pair))


NOTHING_FOLLOWS: Final = -3.0
UNSPOKEN: Final = 0.01  # clauses that speak of the theme where none does
EVIDENCE_FEATURES: Final = 11
POLARITY_FEATURES: Final = 2 + 2 + 4 + 1 + 2 + 2 * len(THEMES) + 3 * len(KINDS) + 5 + 4 + POOLED


def best_of(found: Candidates, score: Floats) -> Ints:
    """The clause of each opinion with the highest score; the first of several."""
    if not len(found.pair):
        return found.pair
    most = np.maximum.reduceat(score, found.first)
    best = places(score == most[found.pair])
    return found.clause[best[first_of(found.pair[best])]]


def evidence(features: Features, clause: Ints) -> tuple[Ints, Ints]:
    """The sentences of clauses as offsets; of a long sentence only the clause."""
    parts = features.clauses
    low = parts.sentence.searchsorted(parts.sentence[clause])
    high = parts.sentence.searchsorted(parts.sentence[clause], "right") - 1
    start, end = parts.start[low], parts.end[high]
    long = end - start > LONG_SENTENCE
    return np.where(long, parts.start[clause], start), np.where(long, parts.end[clause], end)


def polarity_features(
    features: Features,
    clause: Floats,
    pool: Floats,
    heads: Floats,
    text: Ints,
    theme: Ints,
    found: Candidates,
    score: Floats,
) -> Floats:
    """What decides an opinion's polarity, of shape (opinions, POLARITY_FEATURES).

    Tone of its clause, of the sentence and of all that speaks of the theme, the text's sentiment, the
    section, what its phrases say, the kind of text (tones tell more in some), the theme, and the text as
    `pooled`. `score`: of the candidates, as evidence.
    """
    parts, n = features.clauses, len(text)
    best = best_of(found, score)
    tone = np.clip(clause[:, :2], -6, 6)
    low = parts.sentence.searchsorted(parts.sentence[best])
    high = parts.sentence.searchsorted(parts.sentence[best], "right")
    running = np.concatenate((np.zeros((1, 2)), np.cumsum(tone, axis=0)))
    mean = (running[high] - running[low]) / np.maximum(high - low, 1)[:, None]
    said = np.zeros((len(heads), len(THEMES), 2))
    owner, number, value, _, _ = features.given.hits
    for column, sign in enumerate((1, -1)):
        with_it = value == sign
        said[owner[with_it], number[with_it], column] = 1.0
    every, which, kind = np.arange(n), np.zeros((n, len(THEMES))), np.zeros((n, len(KINDS)))
    which[every, theme] = 1.0
    kind[every, features.given.kind[text]] = 1.0
    sentiment = np.clip(heads[text, :4], -6, 6)
    lean, whole = (tone[best, 0] - tone[best, 1])[:, None], sentiment[:, :1] - sentiment[:, 1:2]
    return np.column_stack((
        tone[best], mean, sentiment, parts.prior[best], said[text, theme], which, kind, which * lean,
        kind * lean, kind * whole, *_attended(clause, theme, found), *_spoken(clause, found, score),
        pool[text],
    ))  # fmt: skip


def as_headed(polarity: Ints, prior: Ints, clause: Floats) -> Ints:
    """Polarities (0 positive, 1 negative, 2 neutral): blame under pros, and praise under cons, only where the
    clause has that tone. `prior`: what the section says of each; `clause`: outputs of its clause."""
    lean = clause[:, 0] - clause[:, 1]
    turned = ((prior > 0) & (polarity == 1)) | ((prior < 0) & (polarity == 0))
    return np.where(turned & (lean * prior >= 0), np.where(prior > 0, 0, 1), polarity)


def _attended(clause: Floats, theme: Ints, found: Candidates) -> tuple[Floats, Floats, Floats]:
    """Chances of praise and blame per opinion: mean and highest, clauses counting by their chance to speak of
    the theme; and how many (log) do."""
    if not len(found.first):
        return np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0)
    speaks = chance(clause[found.clause, OF_THEMES.start + theme[found.pair]])
    shares = chance(clause[found.clause, :2]) * speaks[:, None]
    total = np.add.reduceat(speaks, found.first) + UNSPOKEN
    mean = np.add.reduceat(shares, found.first, axis=0) / total[:, None]
    return mean, np.maximum.reduceat(shares, found.first, axis=0), np.log(total)


def _spoken(clause: Floats, found: Candidates, score: Floats) -> tuple[Floats, Floats]:
    """The same, clauses counting by how well they serve as evidence."""
    most = np.maximum.reduceat(score, found.first) if len(found.first) else score
    serves = np.exp(np.maximum(score - most[found.pair], -20.0))
    shares = chance(clause[found.clause, :2])
    total = np.add.reduceat(serves, found.first) if len(found.first) else serves
    mean = np.add.reduceat(shares * serves[:, None], found.first, axis=0) if len(found.first) else shares
    top = np.maximum.reduceat(shares, found.first, axis=0) if len(found.first) else shares
    return mean / total[:, None], top

"""Outputs per clause and per text -> the numbers of each text that the combining step sees."""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.clauses import Ints, word_hashes
from analysis.features import (
    CLAUSE_OUTPUTS,
    OF_THEMES,
    TEXT_OUTPUTS,
    THEMES,
    Features,
    Floats,
    chance,
    first_of,
)

LONG: Final = 25  # clauses; what adds up over a text stops growing there
FLOOR: Final = -6.0  # the output of no clause at all
CERTAIN: Final = 5.0  # the tone of a clause of which more certainty tells no more of the text
THIRD: Final = 0.34  # of a text: its beginning, and its end
CLEAR: Final = 0.6  # the chance of praise or blame from which a clause is counted as that
QUESTION, EXCLAMATION = word_hashes(["?", "!"])


def pooled(features: Features, clause: Floats, text: Floats) -> Floats:
    """Shape (texts, POOLED). `clause`: CLAUSE_OUTPUTS of each clause; `text`: TEXT_OUTPUTS of each text."""
    parts, n = features.clauses, len(features.given.kind)
    counts = np.bincount(parts.text, minlength=n)
    shares = chance(clause[:, :2])
    tone = shares[:, 0] - shares[:, 1]
    weight = np.abs(tone)
    length = np.maximum(counts, 1)
    mean = [np.bincount(parts.text, value, n) / length for value in (shares[:, 0], shares[:, 1])]
    lean = np.bincount(parts.text, tone * weight, n) / (np.bincount(parts.text, weight, n) + 1e-3)
    tops, mass = np.full((n, clause.shape[1]), FLOOR), np.zeros((n, len(THEMES)))
    if len(parts.text):
        first = first_of(parts.text)
        tops[parts.text[first]] = np.maximum.reduceat(clause, first, axis=0)
        tops[:, :2] = np.minimum(tops[:, :2], CERTAIN)
        mass[parts.text[first]] = np.add.reduceat(np.exp(np.clip(clause[:, OF_THEMES], -8, 8)), first, axis=0)
    shown = np.minimum(counts, LONG)
    mass *= (shown / length)[:, None]  # the same again and again is not more of it
    sums = (*mean, lean, np.log1p(shown), tops, np.log1p(mass))
    return np.column_stack((
        *sums, text, _facts(features), _course(features, shares, clause, counts), _marks(features, counts),
    ))  # fmt: skip


def _facts(features: Features) -> Floats:
    """Per text: kind, sections, phrases of each theme, what the phrase rules say."""
    known = features.given
    n = len(known.kind)
    every, rows = np.arange(n), np.zeros((n, FACTS))
    rows[every, known.kind] = 1.0
    rows[known.sections[0], 3] = 1.0
    rows[known.hits[0], 4 + known.hits[1]] = 1.0
    rows[every, 20 + known.role] = 1.0
    rows[every, 24 + known.stage] = 1.0
    rows[:, 30] = known.ghosted
    return rows


def _course(features: Features, shares: Floats, clause: Floats, counts: Ints) -> Floats:
    """How the tone runs through a text, and how much of it is about an employer at all.

    `shares`: chances of praise and blame per clause. Both where a theme is spoken of (mean, highest), in the
    first and the last clause, in the first and the last third; and in how many clauses they are clear, in all
    and where a theme is spoken of. (Not their sums: much of nothing would add up to something.)
    """
    owner, n = features.clauses.text, len(counts)
    rows = np.zeros((n, COURSE))
    if not len(owner):
        return rows
    first = first_of(owner)
    some = owner[first]
    last = np.append(first[1:], len(owner)) - 1
    speaks = chance(clause[:, OF_THEMES].max(axis=1))[:, None]
    told = np.concatenate((shares, speaks), axis=1)
    place = np.arange(len(owner)) - np.repeat(first, counts[some])
    far = THIRD * np.maximum(counts[owner] - 1, 1)
    begins, ends = place <= far, counts[owner] - 1 - place <= far
    sums = np.add.reduceat(
        np.column_stack((
            speaks, shares * speaks, begins, ends, shares * begins[:, None], shares * ends[:, None],
            shares > CLEAR, shares * speaks > CLEAR,
        )),
        first,
    )  # fmt: skip
    about, length = sums[:, :3], counts[some]
    shown = (np.minimum(length, LONG) / length)[:, None]
    rows[some] = np.column_stack((
        about[:, 1:] / (about[:, :1] + LITTLE), np.maximum.reduceat(shares * speaks, first),
        told[first], told[last],
        sums[:, 5:7] / sums[:, 3:4], sums[:, 7:9] / sums[:, 4:5], np.log1p(sums[:, 9:] * shown),
    ))  # fmt: skip
    return rows


LITTLE: Final = 0.1  # clauses about an employer where none is


def _marks(features: Features, counts: Ints) -> Floats:
    """Per text: whether it asks anything, whether it ends so, how often (log) it asks and exclaims."""
    tokens, n = features.tokens, len(counts)
    asks, cries = tokens.hash == QUESTION, tokens.hash == EXCLAMATION
    asked, cried = (np.bincount(tokens.text[mark], minlength=n) for mark in (asks, cries))
    ends = np.zeros(n)
    bounds = tokens.bounds
    some = bounds[1:] > bounds[:-1]
    ends[some] = asks[bounds[1:][some] - 1]
    shown = np.minimum(counts, LONG) / np.maximum(counts, 1)
    return np.column_stack((asked > 0, ends, np.log1p(asked * shown), np.log1p(cried * shown)))


FACTS: Final = 31
COURSE: Final = 18
MARKS: Final = 4
POOLED: Final = 4 + len(CLAUSE_OUTPUTS) + len(THEMES) + len(TEXT_OUTPUTS) + FACTS + COURSE + MARKS

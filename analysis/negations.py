"""Words of praise or blame that are rare under a negation: "not smooth" is no praise, seen often or not.

A word under a negation has a weight of its own beside the word's (`clauses.grams`), which needs many texts to
be learned. Until it has them, it takes back what such words take back on average.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from analysis.clauses import NEGATED, Hashes, Ints
from analysis.features import Floats
from analysis.logistic import Sparse


class Turned(NamedTuple):
    """What a negation takes back of a word's weights in the first `columns` outputs (the first two are praise
    and blame): shares of those of words of praise, and of blame. By least squares over the words that stand
    in 60 clauses and more under a negation."""

    columns: int
    praise: float
    blame: float


IN_CLAUSES: Final = Turned(2, 0.9, 0.5)
IN_TEXTS: Final = Turned(3, 0.45, 0.0)
CLEAR: Final = 1.0  # praise less blame, in log-odds, from which a word is one of either
HALF: Final = 15.0  # clauses with the negated word from which half of its weight is learned
FEW: Final = 8  # with fewer nothing is learned of it but this


class Negations(NamedTuple):
    """Words that a vocabulary has under a negation too: the numbers of both, and in how many clauses the
    latter stands."""

    word: Ints
    under: Ints
    seen: Ints


def negations(hashes: Hashes, *rows: Sparse) -> Negations:
    """Those of a vocabulary (sorted hashes); `rows`: the clauses that are learned from."""
    if not len(hashes):
        return Negations(*np.zeros((3, 0), np.int64))
    turned = hashes ^ NEGATED
    place = np.minimum(np.searchsorted(hashes, turned), len(hashes) - 1)
    ids = np.concatenate([one.ids for one in rows])
    seen = np.bincount(ids[ids < len(hashes)], minlength=len(hashes))
    word = np.flatnonzero((hashes[place] == turned) & (seen > seen[place]))
    return Negations(word, place[word], seen[place[word]])


def turn(weights: Floats, found: Negations, by: Turned) -> None:
    """Complete the weights, (features, outputs), of words under a negation, in place."""
    weights[found.under[found.seen < FEW]] = 0.0
    tone = weights[found.word, 0] - weights[found.word, 1]
    share = np.where(tone > CLEAR, by.praise, np.where(tone < -CLEAR, by.blame, 0.0))
    missing = share * HALF / (HALF + found.seen)
    weights[found.under, : by.columns] -= missing[:, None] * weights[found.word, : by.columns]

"""What is known of n-grams before any text is read: where the weights of `analysis.learn` start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from analysis.clauses import Ints, name_hash
from analysis.features import CLAUSE_OUTPUTS, SIGNS, Floats, Vocabulary

VALENCE: Final = 0.35  # of a weight for each point of VADER's valence
KNOWN: Final = 0.6  # of a weight for each point of what is known of an n-gram beforehand
TONE: Final = "tone"  # the column of what is known that tells praise from complaint


def priors(
    vocabulary: Vocabulary, valences: Mapping[str, float], known: Mapping[str, Mapping[str, float]]
) -> Floats:
    """Where weights of CLAUSE_OUTPUTS start, of shape (features, outputs).

    `valences`: VADER's words; turned round and halved under a negation. `known`: another output or TONE ->
    n-gram -> how strongly it tells of that, in [-3, 3]; a tone given there replaces VADER's.
    """
    prior = np.zeros((len(vocabulary) + len(SIGNS), len(CLAUSE_OUTPUTS)))
    tones = {word: VALENCE * valence for word, valence in valences.items()}
    tones |= {"~" + word: -0.5 * weight for word, weight in tones.items()}
    for name, strength in known.get(TONE, {}).items():
        tones[name] = KNOWN * strength
        if name.isalpha() and "~" + name not in known[TONE]:
            tones["~" + name] = -0.5 * KNOWN * strength
    at, weights = _places(vocabulary, tones)
    prior[at, 0], prior[at, 1] = weights, -weights
    for k, name in enumerate(CLAUSE_OUTPUTS[2:], 2):
        at, weights = _places(vocabulary, known.get(name, {}))
        prior[at, k] = KNOWN * weights
    return prior


def _places(vocabulary: Vocabulary, named: Mapping[str, float]) -> tuple[Ints, Floats]:
    """Where n-grams stand in the vocabulary, of those that do, and the value of each."""
    hashes, values = [], []
    for name, value in named.items():
        try:
            hashes.append(name_hash(name))
        except ValueError:
            continue
        values.append(value)
    wanted, found = vocabulary.find(np.asarray(hashes, np.uint64))
    return found, np.asarray(values)[wanted]

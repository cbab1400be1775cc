"""Labelled texts -> the two steps of `analysis.opinions`: which clause is evidence, and how it is meant."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from analysis.clauses import Bools, Ints
from analysis.features import THEMES, Floats
from analysis.learn import POLARITIES, Trainer
from analysis.learnnetwork import fit_network
from analysis.logistic import fit_choice
from analysis.network import Network
from analysis.opinions import Candidates, best_of, candidates, polarity_features

HIDDEN: Final = 64  # units that say how a theme is meant; more are worse


class Named(NamedTuple):
    """The themes that people named: text, theme and polarity (as numbers) of each, and its candidates.

    `pointed`: which candidates people pointed at.
    """

    text: Ints
    theme: Ints
    polarity: Ints
    found: Candidates
    pointed: Bools


def named(trainer: Trainer, by_clause: Floats) -> Named:
    """Every theme with evidence inside a clause."""
    numbers = {name: k for k, name in enumerate(THEMES)}
    bounds = np.searchsorted(trainer.owner, np.arange(len(trainer.labelled) + 1))
    pairs = [
        (n, numbers[theme["theme"]], POLARITIES.index(theme["polarity"]), theme["start"], theme["end"])
        for n, one in enumerate(trainer.labelled)
        for theme in one.themes
        if theme["theme"] in numbers and bounds[n + 1] > bounds[n]
    ]
    text, theme, polarity, start, end = (np.asarray(column, np.int64) for column in zip(*pairs, strict=True))
    found = candidates(trainer.features, by_clause, bounds, text, theme)
    parts = trainer.features.clauses
    low = np.maximum(parts.start[found.clause], start[found.pair])
    return Named(text, theme, polarity, found, low < np.minimum(parts.end[found.clause], end[found.pair]))


def train_evidence(trainer: Trainer, by_clause: Floats) -> tuple[Floats, Floats, float]:
    """Weights of what `opinions.candidates` tells of each; in cross-validation the score of each candidate of
    `named`, and how often the best one is right."""
    _, _, _, found, pointed = every = named(trainer, by_clause)
    fold, weight = trainer.folds[every.text], trainer.weight[every.text]
    scale = found.told.std(axis=0) + 1e-6
    told = found.told / scale
    score = np.zeros(len(told))
    for one in np.unique(fold):
        score[fold[found.pair] == one] = (
            told @ fit_choice(told, pointed, found.pair, weight * (fold != one))
        )[fold[found.pair] == one]
    best = best_of(found, score)
    right = np.bincount(found.pair, pointed & (found.clause == best[found.pair]), len(every.text)) > 0
    return fit_choice(told, pointed, found.pair, weight) / scale, score, float(right.mean())


def train_polarity(
    trainer: Trainer, by_clause: Floats, pool: Floats, held: Floats, score: Floats
) -> tuple[Network, float]:
    """The network that says which of POLARITIES it is, and its accuracy in cross-validation.

    Learned on every theme that people named, at the clauses that the reader would show for it. `pool`: the
    texts as `pooled`; `score`: of the candidates, from `train_evidence`.
    """
    text, theme, truth, found, _ = named(trainer, by_clause)
    told = polarity_features(trainer.features, by_clause, pool, held, text, theme, found, score)
    weight = np.repeat(trainer.weight[text][:, None], len(POLARITIES), axis=1)
    target, fold = np.eye(len(POLARITIES))[truth], trainer.folds[text]
    groups = [range(len(POLARITIES))]
    guess = np.zeros(len(text), np.int64)
    for one in np.unique(fold):
        out = fold == one
        network = fit_network(told[~out], target[~out], weight[~out], groups, hidden=HIDDEN)
        guess[out] = network.apply(told[out]).argmax(axis=1)
    drawn = trainer.drawn[text]
    right = (guess == truth)[drawn]
    return fit_network(told, target, weight, groups, hidden=HIDDEN), float(right.mean())

"""Labelled texts -> the two steps of `analysis.opinions`: which clause is evidence, and how it is meant."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from analysis.clauses import Bools, Ints
from analysis.features import THEMES, Floats
from analysis.learn import POLARITIES, Trainer
from analysis.logistic import fit_choice, fit_classes
from analysis.opinions import Candidates, best_of, candidates, polarity_features

L2_POLARITY: Final = 1.0


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
    trainer: Trainer, by_clause: Floats, held: Floats, score: Floats
) -> tuple[Floats, Floats, float]:
    """Weights and biases of POLARITIES, and the accuracy in cross-validation.

    Learned on every theme that people named, at the clauses that the reader would show for it. `score`: of
    the candidates, from `train_evidence`.
    """
    text, theme, truth, found, _ = named(trainer, by_clause)
    told = polarity_features(trainer.features, by_clause, held, text, theme, found, score)
    weight, fold = trainer.weight[text], trainer.folds[text]
    guess = np.zeros(len(text), np.int64)
    for one in np.unique(fold):
        out = fold == one
        w, b = fit_classes(told[~out], truth[~out], 3, l2=L2_POLARITY, weight=weight[~out])
        guess[out] = (told[out] @ w + b).argmax(axis=1)
    weights, bias = fit_classes(told, truth, 3, l2=L2_POLARITY, weight=weight)
    drawn = trainer.drawn[text]
    return weights, bias, float((guess == truth)[drawn].mean())

"""Labelled texts -> the lexicon and the combining step of the learned reader (files in `analysis/data/`).

Two steps, so that every score decomposes into the words that made it. First, n-grams get weights by
regularised logistic regression: per clause for tone and themes, per text for everything else. VADER's
valences are where the weights of tone start from (their prior). Second, a small network combines those sums
with what the phrase rules found; it learns from sums made by weights that had not seen the text (5-fold
cross-fitting, as in stacked generalisation, Wolpert 1992).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analysis.clauses import Bools, Hashes, Ints
from analysis.features import (
    CLAUSE_OUTPUTS,
    KINDS,
    ROLES,
    SIGNS,
    STAGES,
    TEXT_OUTPUTS,
    THEMES,
    Features,
    Floats,
    Item,
    Vocabulary,
    look_up,
    take_apart,
)
from analysis.hashtable import places
from analysis.learnnetwork import fit_network
from analysis.logistic import Sparse, fit
from analysis.negations import IN_CLAUSES, IN_TEXTS, negations, turn
from analysis.network import Network
from analysis.pooling import pooled
from analysis.priors import priors

FOLDS: Final = 5
L2_CLAUSE, L2_TEXT = 1.5, 8.0
EVIDENCE_WEIGHT: Final = 3.0  # a clause that was named as evidence, against one that was not
NATURAL_WEIGHT: Final = 0.35  # a clause that stands under pros or cons, against one judged by a person
SILENCE: Final = "silence"  # the output of clauses that is no theme

HEADS: Final = (
    "positive", "negative", "neither", "mixed",
    *THEMES,
    *(f"role:{name}" for name in ROLES),
    *(f"stage:{name}" for name in STAGES),
    "ghosting",
)  # fmt: skip
SENTIMENT: Final = [0, 1, 2]
HEAD_GROUPS: Final = [
    SENTIMENT,
    *([k] for k, name in enumerate(HEADS) if k not in SENTIMENT and not name.startswith("stage:")),
    [k for k, name in enumerate(HEADS) if name.startswith("stage:")],
]
"""Heads that are learned together, as just one of them is right. (Roles are not: worse when tried.)"""
MOST_NAMED: Final = 1.25  # a theme is named at most so often as people name it
SENTIMENTS: Final = ("text:positive", "text:negative", "text:neither")
POLARITIES: Final = ("positive", "negative", "neutral")


@dataclass(slots=True)
class Labelled:
    """A text with what people said of it: sentiment, role, stage, ghosting, themes with polarity and offsets.
    `optional`: themes that may be named or not. `weight`: how much it counts. `partly`: only the sentiment is
    known (from the author's stars), nothing else. `drawn`: as a source gives it, not written to teach what is
    rare."""

    item: Item
    sentiment: str
    role: str
    stage: str
    ghosting: str
    themes: Sequence[Mapping[str, Any]]
    optional: Sequence[str] = ()
    weight: float = 1.0
    partly: bool = False
    drawn: bool = True


@dataclass(slots=True)
class Natural:
    """A text that its author filed under pros (1) or cons (-1)."""

    text: str
    tone: int


@dataclass(slots=True)
class Model:
    """What is learned; `weights` and `bias` of shape (features, outputs) and (outputs,)."""

    hashes: Hashes
    clause: Floats
    clause_bias: Floats
    text: Floats
    text_bias: Floats
    heads: Network
    thresholds: Floats


def rows_by_clause(features: Features, vocabulary: Vocabulary) -> Sparse:
    """Clauses x features, a feature as often as it stands there."""
    found = look_up(features, vocabulary)
    width = len(vocabulary) + len(SIGNS)
    order = np.argsort(found.clause, kind="stable")
    return _sparse(found.clause[order], found.id[order], len(features.clauses.text), width)


def rows_by_text(features: Features, vocabulary: Vocabulary) -> Sparse:
    """Texts x features."""
    found = look_up(features, vocabulary)
    width = len(vocabulary) + len(SIGNS)
    return _sparse(found.text, found.text_id, len(features.items), width)


def _sparse(rows: Ints, ids: Ints, n: int, width: int) -> Sparse:
    return Sparse(np.searchsorted(rows, np.arange(n + 1)), ids, np.ones(len(ids)), width)


def stack(one: Sparse, other: Sparse) -> Sparse:
    """The rows of both."""
    starts = np.concatenate((one.starts, other.starts[1:] + one.starts[-1]))
    ids, values = np.concatenate((one.ids, other.ids)), np.concatenate((one.values, other.values))
    return Sparse(starts, ids, values, one.width)


class Trainer:
    """Learns from labelled and natural texts over one vocabulary."""

    def __init__(
        self,
        labelled: Sequence[Labelled],
        natural: Sequence[Natural],
        vocabulary: Vocabulary,
        valences: Mapping[str, float],
        folds: Ints | None = None,
        natural_folds: Ints | None = None,
        known: Mapping[str, Mapping[str, float]] = {},
    ) -> None:
        """`folds`: which texts are judged together, by weights learned on the others.

        `natural_folds`: the same for natural texts, which are never judged but else always learned from.
        `known`: see `priors`.
        """
        self.labelled, self.natural = labelled, natural
        self.vocabulary = vocabulary
        self.features = take_apart([one.item for one in labelled])
        self.clauses = rows_by_clause(self.features, vocabulary)
        self.texts = rows_by_text(self.features, vocabulary)
        self.owner = self.features.clauses.text
        self.folds = np.arange(len(labelled)) % FOLDS if folds is None else folds
        nothing = ("other", "unclear", "none")
        self.plain = take_apart([Item(one.text, "review", (), (), nothing) for one in natural])
        plain_rows = rows_by_clause(self.plain, vocabulary)
        kinds = [len(vocabulary) + SIGNS.index("#" + kind) for kind in KINDS]
        self.plain_rows = _without(plain_rows, np.asarray(kinds))
        self.plain_tone = np.asarray([one.tone for one in natural], np.int64)[self.plain.clauses.text]
        self.plain_fold = None if natural_folds is None else natural_folds[self.plain.clauses.text]
        self.prior = priors(vocabulary, valences, known)
        self.overlap = self._evidence()
        self.whole = np.asarray([not one.partly for one in labelled])
        self.weight = np.asarray([one.weight for one in labelled])
        self.drawn = np.asarray([one.drawn for one in labelled])
        self.negations = negations(vocabulary.hashes, self.clauses, self.plain_rows)

    def _evidence(self) -> list[list[tuple[int, str, str]]]:
        """Per labelled text: (clause, theme, polarity) wherever evidence and clause overlap."""
        parts = self.features.clauses
        bounds = np.searchsorted(self.owner, np.arange(len(self.labelled) + 1))
        found = []
        for n, one in enumerate(self.labelled):
            mine = []
            for k in range(bounds[n], bounds[n + 1]):
                a, b = parts.start[k], parts.end[k]
                mine += [
                    (k, theme["theme"], theme["polarity"])
                    for theme in one.themes
                    if max(a, theme["start"]) < min(b, theme["end"])
                ]
            found.append(mine)
        return found

    # What the weights of n-grams are learned from

    def tone_targets(self) -> tuple[Ints, Floats]:
        """Per clause 0 positive, 1 negative, 2 neither, -1 unknown; and how much it counts."""
        y, weight = np.full(len(self.owner), -1), np.zeros(len(self.owner))
        counts = np.bincount(self.owner, minlength=len(self.labelled))
        sentiment = np.asarray([
            {"positive": 0, "negative": 1, "neutral": 2}.get(one.sentiment, -1) for one in self.labelled
        ])  # fmt: skip
        short = (counts <= 3)[self.owner]
        whole = sentiment[self.owner]
        known = ((whole == 2) | ((whole >= 0) & short)) & self.whole[self.owner]
        y[known], weight[known] = whole[known], 0.7
        for mine in self.overlap:
            for clause, _, polarity in mine:
                y[clause], weight[clause] = POLARITIES.index(polarity), 2.0
        return y, weight

    def theme_targets(self, theme: str) -> tuple[Bools, Bools]:
        """Per clause: is it evidence for the theme, and is it known whether it is."""
        y, known = np.zeros(len(self.owner), bool), self.whole[self.owner].copy()
        has = np.asarray([
            theme in one.optional or any(t["theme"] == theme for t in one.themes) for one in self.labelled
        ])  # fmt: skip
        known[has[self.owner]] = False
        for mine in self.overlap:
            for clause, name, _ in mine:
                if name == theme:
                    y[clause] = known[clause] = True
        return y, known

    def silence_targets(self) -> tuple[Bools, Bools]:
        """Per clause: does it tell of an employer who stopped answering, and is it known whether it does."""
        silent = np.asarray([one.ghosting == "employer" for one in self.labelled])
        y, known = np.zeros(len(self.owner), bool), (self.whole & ~silent)[self.owner]
        for n in places(silent):
            for clause, theme, polarity in self.overlap[n]:
                if (theme, polarity) == ("communication", "negative"):
                    y[clause] = known[clause] = True
        return y, known

    def text_target(self, output: str) -> Bools:
        """Per text: what a head or a text output should say."""
        name = output.removeprefix("text:")
        return np.asarray([_says(one, name) for one in self.labelled])

    def fit_clauses(self, keep: Bools, fold: int = -1) -> tuple[Floats, Floats]:
        """Weights and biases of CLAUSE_OUTPUTS: from texts where `keep`, and natural ones not of `fold`."""
        outside = np.ones(self.plain_rows.rows, bool) if self.plain_fold is None else self.plain_fold != fold
        natural, natural_tone = self.plain_rows.take(outside), self.plain_tone[outside]
        inside = keep[self.owner]
        y, weight = self.tone_targets()
        use = inside & (y >= 0)
        rows = stack(self.clauses.take(use), natural)
        every = np.concatenate((y[use], np.where(natural_tone > 0, 0, 1)))
        counts = np.concatenate((weight[use], np.full(natural.rows, NATURAL_WEIGHT)))
        columns = [fit(rows, every == k, l2=L2_CLAUSE, weight=counts, prior=self.prior[:, k]) for k in (0, 1)]
        for k, name in enumerate(CLAUSE_OUTPUTS[2:], 2):
            target, known = self.silence_targets() if name == SILENCE else self.theme_targets(name)
            use = inside & known
            counts = np.where(target[use], EVIDENCE_WEIGHT, 1.0)
            columns.append(
                fit(self.clauses.take(use), target[use], l2=L2_CLAUSE, weight=counts, prior=self.prior[:, k])
            )
        weights, bias = _columns(columns)
        turn(weights, self.negations, IN_CLAUSES)
        return weights, bias

    def fit_texts(self, keep: Bools) -> tuple[Floats, Floats]:
        """Weights and biases of TEXT_OUTPUTS."""
        columns = []
        for name in TEXT_OUTPUTS:
            use = keep if name in SENTIMENTS else keep & self.whole
            target = self.text_target(name)[use]
            columns.append(fit(self.texts.take(use), target, l2=L2_TEXT, weight=self.weight[use]))
        weights, bias = _columns(columns)
        turn(weights, self.negations, IN_TEXTS)
        return weights, bias

    def outputs(self, clause: tuple[Floats, Floats], text: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Outputs per clause and per text for given weights."""
        return apply(self.clauses, clause), apply(self.texts, text)

    def cross_fit(self) -> tuple[Floats, Floats]:
        """Outputs of each clause and text by weights that did not see its fold."""
        by_clause = np.zeros((len(self.owner), len(CLAUSE_OUTPUTS)))
        by_text = np.zeros((len(self.labelled), len(TEXT_OUTPUTS)))
        for fold in np.unique(self.folds):
            held = self.folds == fold
            one, other = self.outputs(self.fit_clauses(~held, int(fold)), self.fit_texts(~held))
            by_clause[held[self.owner]] = one[held[self.owner]]
            by_text[held] = other[held]
        return by_clause, by_text


def _says(one: Labelled, name: str) -> bool:
    if name == "neither":
        return one.sentiment in ("neutral", "mixed")
    if name == "ghosting":
        return one.ghosting == "employer"
    if name.startswith("role:"):
        return one.role == name[5:]
    if name.startswith("stage:"):
        return one.stage == name[6:]
    return name == one.sentiment or any(theme["theme"] == name for theme in one.themes)


def apply(rows: Sparse, fitted: tuple[Floats, Floats]) -> Floats:
    """Outputs of rows for weights and biases."""
    weights, bias = fitted
    return np.column_stack([rows.dot(weights[:, k]) + bias[k] for k in range(len(bias))])


def _columns(fitted: Sequence[tuple[Floats, float]]) -> tuple[Floats, Floats]:
    return np.column_stack([weights for weights, _ in fitted]), np.asarray([bias for _, bias in fitted])


def _without(rows: Sparse, ids: Ints) -> Sparse:
    """The same rows without some features."""
    keep = ~np.isin(rows.ids, ids)
    count = np.concatenate(([0], np.cumsum(keep)))
    return Sparse(count[rows.starts], rows.ids[keep], rows.values[keep], rows.width)


def _threshold(trainer: Trainer, head: int, output: Floats) -> float:
    name = HEADS[head]
    optional = np.asarray([name in one.optional for one in trainer.labelled])
    return best_threshold(trainer.text_target(name), output, ~trainer.whole | optional)


def best_threshold(truth: Bools, output: Floats, optional: Bools) -> float:
    """Where to cut an output so that F1 is highest; texts where the answer is optional do not count."""
    order = np.argsort(-output[~optional], kind="stable")
    hits = np.cumsum(truth[~optional][order])
    named = np.arange(1, len(order) + 1)
    f1 = 2 * hits / (named + truth[~optional].sum())
    smooth = np.convolve(f1, np.ones(9) / 9, "same")  # a plateau rather than a lucky point
    if len(order) > 9:
        most = max(1, int(MOST_NAMED * truth[~optional].sum()))  # rare themes: no net cast wide for a few
        at = int(np.argmax(smooth[: max(most, 5)]))
    else:
        at = int(np.argmax(f1))
    following = min(at + 1, len(order) - 1)
    ordered = output[~optional][order]
    return float((ordered[at] + ordered[following]) / 2)


def train(trainer: Trainer, sentiment_weight: Floats) -> tuple[Model, Floats, Floats, Floats]:
    """The model, and for judging it: outputs of the heads, clauses and pooled features, all cross-fitted."""
    by_clause, by_text = trainer.cross_fit()
    pool = pooled(trainer.features, by_clause, by_text)
    target = np.column_stack([trainer.text_target(name) for name in HEADS]).astype(float)
    weight = np.repeat((trainer.weight * trainer.whole)[:, None], len(HEADS), axis=1)
    weight[:, SENTIMENT] = sentiment_weight[:, None]
    held = np.zeros(target.shape)
    for fold in np.unique(trainer.folds):
        out = trainer.folds == fold
        held[out] = fit_network(pool[~out], target[~out], weight[~out], HEAD_GROUPS).apply(pool[out])
    heads = fit_network(pool, target, weight, HEAD_GROUPS)
    thresholds = [_threshold(trainer, k, held[:, k]) for k in range(len(HEADS))]
    every = np.ones(len(trainer.labelled), bool)
    clause, text = trainer.fit_clauses(every), trainer.fit_texts(every)
    model = Model(
        trainer.vocabulary.hashes, clause[0], clause[1], text[0], text[1], heads, np.asarray(thresholds)
    )
    return model, held, by_clause, pool

"""How right an analyser is, measured against labels. Pure; reading labelled files is `analysis.labelled`.

Sentiment is judged in three classes, mixed counting as neutral: macro-F1 over the classes that occur among
the labels, precision and recall of each, and the AUC of the score for positive against negative (the
probability that a positive text scores higher than a negative one; Mann and Whitney 1947, ties count half).
Themes: F1 of presence over all (micro) and as the mean of the themes with at least 5 labels (macro); on
themes that both sides name, how often the polarity agrees and the evidence overlaps. Optional themes count
neither way.
Intervals: percentiles of bootstrap samples of the texts (Efron and Tibshirani 1993, chapter 13), seeded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from candidly.records import Analysis, Ghosting, Label, Polarity, Role, Stage

CLASSES: Final = ("negative", "neutral", "positive")
LEAST_LABELS: Final = 5
"""A theme with fewer labels is left out of the macro mean: its F1 is mostly chance."""
_CHUNK = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ThemeLabel:
    """One theme in the labels; `span` are the evidence's offsets, None where not labelled."""

    polarity: Polarity
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The labels of one text; None where a thing was not labelled."""

    label: Label | None = None
    role: Role | None = None
    stage: Stage | None = None
    ghosting: Ghosting | None = None
    lost_customer: bool | None = None
    themes: Mapping[str, ThemeLabel] | None = None
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with its 95 % interval and the number of labels (texts, or themes) it stands on.

    None: not defined, such as the precision of a class that was never found.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class ThemeFigures:
    """One theme: how often it was labelled and found, and how rightly."""

    labelled: int
    found: int
    precision: Figure
    recall: Figure
    f1: Figure
    polarity: Figure


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured; `figures` and `themes` by name, `confusion[label][found]` in texts."""

    n: int
    unscored: int
    figures: dict[str, Figure]
    confusion: dict[str, dict[str, int]]
    themes: dict[str, ThemeFigures]


def evaluate(
    truths: Sequence[Truth], found: Sequence[Analysis], *, resamples: int = 1000, seed: int = 0
) -> Evaluation:
    """Measure `found` against `truths`, text by text; an unscored text counts as neutral with score 0."""
    themes = sorted(
        {name for truth, one in zip(truths, found, strict=True) if truth.themes is not None
         for name in (*truth.themes, *(o.theme for o in one.opinions))}
    )  # fmt: skip
    rows = [_row(truth, one) for truth, one in zip(truths, found, strict=True)]
    columns = sorted({column for row in rows for column in row})
    counts = _Counts(rows, columns, Ranking(truths, found), resamples, seed)
    confusion = {a: {b: int(counts.once(f"{a}>{b}")) for b in CLASSES} for a in CLASSES}
    return Evaluation(
        n=len(rows),
        unscored=sum(one.label is None for one in found),
        figures=_figures(counts, themes),
        confusion=confusion if sum(map(sum, (line.values() for line in confusion.values()))) else {},
        themes={name: _theme(counts, name) for name in themes},
    )


def three(label: Label | None) -> str:
    """The class of a label: mixed and unscored are neutral."""
    return "neutral" if label in (None, "mixed") else str(label)


def _row(truth: Truth, found: Analysis) -> dict[str, int]:
    """What one text adds to each count; every measure but the AUC is a function of their sums."""
    row: dict[str, int] = {}
    if truth.label is not None:
        row[f"{three(truth.label)}>{three(found.label)}"] = 1
    for name in ("role", "stage"):
        if (label := getattr(truth, name)) is not None:
            row[f"{name} n"] = 1
            row[f"{name} right"] = int(label == getattr(found, name))
    if truth.ghosting is not None:
        _mark(row, "ghosting", truth.ghosting == "employer", found.ghosting == "employer")
    if truth.lost_customer is not None:
        _mark(row, "lost", truth.lost_customer, found.lost_customer)
    if truth.themes is not None:
        _add_themes(row, truth.themes, truth.optional, found)
    return row


def _mark(row: dict[str, int], name: str, labelled: bool, found: bool) -> None:
    row[f"{name} n"] = 1
    if labelled or found:
        row[f"{name} {'tp' if labelled and found else 'fn' if labelled else 'fp'}"] = 1


def _add_themes(
    row: dict[str, int], labelled: Mapping[str, ThemeLabel], optional: frozenset[str], found: Analysis
) -> None:
    opinions = {opinion.theme: opinion for opinion in found.opinions}
    for name in {*labelled, *opinions} - optional:
        _mark(row, f"theme {name}", name in labelled, name in opinions)
    for name in labelled.keys() & opinions.keys():
        label, opinion = labelled[name], opinions[name]
        right = int(label.polarity == opinion.polarity)
        row[f"theme {name} both"], row[f"theme {name} agree"] = 1, right
        if label.span is not None:
            row["spans"] = row.get("spans", 0) + 1
            overlap = max(label.span[0], opinion.start) < min(label.span[1], opinion.end)
            row["overlap"] = row.get("overlap", 0) + int(overlap)


class Ranking:
    """AUC of the score for positive against negative, for many weightings of the texts at once."""

    def __init__(self, truths: Sequence[Truth], found: Sequence[Analysis]) -> None:
        told = [n for n, truth in enumerate(truths) if truth.label in ("positive", "negative")]
        scores = np.array([found[n].score or 0.0 for n in told], dtype=np.float64)
        order = np.argsort(scores, kind="stable")
        self.texts = np.array(told, dtype=np.intp)[order]
        self._positive = np.array([truths[n].label == "positive" for n in self.texts], dtype=np.float64)
        _, self._ties = np.unique(scores[order], return_index=True)

    def auc(self, weights: Floats) -> Floats:
        """One value for each row of weights (rows x texts); NaN where a class is missing."""
        if not len(self.texts):
            return np.full(len(weights), np.nan)
        mine = weights[:, self.texts]
        positive = np.add.reduceat(mine * self._positive, self._ties, axis=1)
        negative = np.add.reduceat(mine * (1 - self._positive), self._ties, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        return _ratio((positive * below).sum(1), positive.sum(1) * negative.sum(1))


class _Counts:
    """Sums of the rows' counts, over all texts (first line) and over each bootstrap sample of them."""

    def __init__(
        self,
        rows: Sequence[dict[str, int]],
        columns: Sequence[str],
        rank: Ranking,
        resamples: int,
        seed: int,
    ) -> None:
        self._at = {name: n for n, name in enumerate(columns)}
        table = np.zeros((len(rows), len(columns)))
        for n, row in enumerate(rows):
            for name, value in row.items():
                table[n, self._at[name]] = value
        rng = np.random.default_rng(seed)
        sums, aucs = [], []
        for weights in _samples(len(rows), resamples, rng):
            sums.append(weights @ table)
            aucs.append(rank.auc(weights))
        self._sums: Floats = np.concatenate(sums)
        self.auc: Floats = np.concatenate(aucs)
        self.ranked = len(rank.texts)
        self._none = np.zeros(len(self._sums))

    def __getitem__(self, name: str) -> Floats:
        at = self._at.get(name)
        return self._none if at is None else self._sums[:, at]

    def once(self, name: str) -> float:
        """The count over all texts."""
        return float(self[name][0])

    def figure(self, values: Floats, n: float) -> Figure:
        """The value over all texts, and the interval of the others."""
        again = values[1:][np.isfinite(values[1:])]
        low, high = np.quantile(again, (0.025, 0.975)) if 2 * len(again) > len(values) else (None, None)
        return Figure(_plain(values[0]), _plain(low), _plain(high), int(n))


def _samples(n: int, resamples: int, rng: np.random.Generator) -> Any:
    """How often each text counts: once, and then as drawn with replacement; in chunks, to bound memory."""
    yield np.ones((1, n))
    for start in range(0, resamples if n else 0, _CHUNK):
        size = min(_CHUNK, resamples - start)
        yield rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)


def _figures(counts: _Counts, themes: Sequence[str]) -> dict[str, Figure]:
    """Every measure for which there is a label, by name."""
    found = {**_sentiment(counts), **_presence(counts, themes)}
    for name, title in (("ghosting", "ghosting_f1"), ("lost", "lost_customer_f1")):
        found[title] = counts.figure(_f1(*_three_counts(counts, name)), counts.once(f"{name} n"))
    for name in ("role", "stage"):
        share = _ratio(counts[f"{name} right"], counts[f"{name} n"])
        found[f"{name}_accuracy"] = counts.figure(share, counts.once(f"{name} n"))
    return {name: figure for name, figure in found.items() if figure.n}


def _sentiment(counts: _Counts) -> dict[str, Figure]:
    labelled = {a: _sum(counts[f"{a}>{b}"] for b in CLASSES) for a in CLASSES}
    called = {b: _sum(counts[f"{a}>{b}"] for a in CLASSES) for b in CLASSES}
    right = {a: counts[f"{a}>{a}"] for a in CLASSES}
    n = sum(labelled[a][0] for a in CLASSES)
    each = np.stack([_f1(right[a], called[a] - right[a], labelled[a] - right[a]) for a in CLASSES])
    occurs = np.stack([labelled[a] > 0 for a in CLASSES])
    found = {"sentiment_macro_f1": counts.figure(_mean_where(each, occurs), n)}
    for name in CLASSES:
        if labelled[name][0] or called[name][0]:
            precision = _ratio(right[name], called[name])
            found[f"{name}_precision"] = counts.figure(precision, called[name][0] or n)
        if labelled[name][0]:
            found[f"{name}_recall"] = counts.figure(_ratio(right[name], labelled[name]), labelled[name][0])
    if np.isfinite(counts.auc[0]):
        found["auc_positive_vs_negative"] = counts.figure(counts.auc, counts.ranked)
    return found


def _presence(counts: _Counts, themes: Sequence[str]) -> dict[str, Figure]:
    if not themes:
        return {}
    per = [_three_counts(counts, f"theme {name}") for name in themes]
    tp, fp, fn = (_sum(one[n] for one in per) for n in range(3))
    each = np.stack([_f1(*one) for one in per])
    enough = np.stack([one[0] + one[2] >= LEAST_LABELS for one in per])
    both = _sum(counts[f"theme {name} both"] for name in themes)
    agree = _sum(counts[f"theme {name} agree"] for name in themes)
    labelled = tp[0] + fn[0]
    return {
        "theme_micro_f1": counts.figure(_f1(tp, fp, fn), labelled),
        "theme_macro_f1": counts.figure(_mean_where(each, enough), labelled),
        "theme_polarity_accuracy": counts.figure(_ratio(agree, both), both[0]),
        "evidence_overlap": counts.figure(_ratio(counts["overlap"], counts["spans"]), counts.once("spans")),
    }


def _theme(counts: _Counts, name: str) -> ThemeFigures:
    tp, fp, fn = _three_counts(counts, f"theme {name}")
    both, agree = counts[f"theme {name} both"], counts[f"theme {name} agree"]
    labelled, found = tp[0] + fn[0], tp[0] + fp[0]
    return ThemeFigures(
        int(labelled),
        int(found),
        counts.figure(_ratio(tp, tp + fp), found),
        counts.figure(_ratio(tp, tp + fn), labelled),
        counts.figure(_f1(tp, fp, fn), labelled),
        counts.figure(_ratio(agree, both), both[0]),
    )


def _three_counts(counts: _Counts, name: str) -> tuple[Floats, Floats, Floats]:
    return counts[f"{name} tp"], counts[f"{name} fp"], counts[f"{name} fn"]


def _f1(tp: Floats, fp: Floats, fn: Floats) -> Floats:
    return _ratio(2 * tp, 2 * tp + fp + fn)


def _ratio(part: Floats, whole: Floats) -> Floats:
    result: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return result


def _mean_where(values: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Mean over the first axis of the values that count."""
    return _ratio(np.where(mask, np.nan_to_num(values), 0.0).sum(0), mask.sum(0).astype(np.float64))


_sum: Callable[[Any], Any] = sum


def _plain(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 6)

"""Texts -> the numbers that the learned reader works with: n-grams and signs per clause, and sums of them.

Used alike by `analysis.learn`, which finds the weights, and `analysis.reader`, which applies them: what is
learned on is what is read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis import clauses
from analysis.clauses import Bools, Grams, Hashes, Ints, Tokens

Floats = NDArray[np.float64]

THEMES: Final = (
    "advocacy", "career_growth", "communication", "culture", "fairness", "feedback", "interview",
    "job_accuracy", "management", "offer", "pay_benefits", "process", "recruiter_conduct",
    "recruiter_knowledge", "scheduling", "work_life_balance",
)  # fmt: skip
KINDS: Final = ("interview", "review", "post")
ROLES: Final = ("candidate", "employee", "former", "other")
STAGES: Final = ("applied", "screened", "interviewed", "offered", "hired", "unclear")

CLAUSE_OUTPUTS: Final = ("positive", "negative", *THEMES)
TEXT_OUTPUTS: Final = (
    *(f"text:{name}" for name in ("positive", "negative", "neither")),
    *(f"text:{name}" for name in THEMES),
    *(f"role:{name}" for name in ROLES),
    *(f"stage:{name}" for name in STAGES),
    "ghosting",
)
SIGNS: Final = (
    *(f"#{theme}{value}" for theme in THEMES for value in ("-", "0", "+")),
    *("#pros", "#cons", "#other", "#interview", "#review", "#post"),
)
"""What a clause can have besides n-grams: phrases of the theme file (with what they say), section, kind."""

FLOOR: Final = -6.0  # the output of no clause at all


class Hit(NamedTuple):
    """A phrase of the theme file in a text; `value` -1, 0 or 1."""

    theme: str
    value: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One text to read. `sections`: name ("pros", "cons", ...), start, end. `rules`: what phrase rules say of
    role, stage and ghosting, as three names."""

    text: str
    kind: str
    sections: Sequence[tuple[str, int, int]]
    hits: Sequence[Hit]
    rules: tuple[str, str, str]


class Clauses(NamedTuple):
    """Per clause: its text, sentence, offsets in the text, and what its section says (1 pros, -1 cons)."""

    text: Ints
    sentence: Ints
    start: Ints
    end: Ints
    prior: Ints


@dataclass(frozen=True, slots=True)
class Features:
    """A batch of texts taken apart. `sign_clause`, `sign`: which clause has which sign (index into SIGNS)."""

    items: Sequence[Item]
    tokens: Tokens
    grams: Grams
    gram_clause: Ints
    clauses: Clauses
    sign_clause: Ints
    sign: Ints


def take_apart(items: Sequence[Item]) -> Features:
    """Features of a batch of texts."""
    tokens = clauses.tokenise([item.text for item in items])
    grams = clauses.grams(tokens)
    first = np.ones(len(tokens.clause), bool)
    first[1:] = tokens.clause[1:] != tokens.clause[:-1]
    last = np.append(first[1:], True)[: len(first)]
    text, start, end = tokens.text[first], tokens.start[first], tokens.end[last]
    sign_clause, sign, prior = _signs(items, text, start, end)
    parts = Clauses(text, tokens.sentence[first], start, end, prior)
    return Features(items, tokens, grams, tokens.clause[grams.last], parts, sign_clause, sign)


SIGN_NUMBER: Final = {name: n for n, name in enumerate(SIGNS)}
_PRIORS: Final = {"pros": 1, "cons": -1}


def _signs(items: Sequence[Item], text: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Clause and number of each sign, and each clause's prior."""
    bounds = np.searchsorted(text, np.arange(len(items) + 1))
    kinds = [SIGN_NUMBER["#" + (item.kind if item.kind in KINDS else "post")] for item in items]
    where: list[int] = []
    what: list[int] = []
    prior = np.zeros(len(text), np.int64)
    for n, item in enumerate(items):
        low, high = int(bounds[n]), int(bounds[n + 1])
        if low == high or not (item.hits or item.sections):
            continue
        starts, ends = start[low:high].tolist(), end[low:high].tolist()
        for theme, value, a, b in item.hits:
            number = THEME_NUMBER.get(theme)
            if number is None:
                continue
            for k in range(bisect_right(ends, a), bisect_left(starts, b)):
                where.append(low + k)
                what.append(3 * number + value + 1)
        for name, a, b in item.sections:
            section = SIGN_NUMBER["#" + name] if name in _PRIORS else SIGN_NUMBER["#other"]
            for k in range(bisect_left(starts, a), bisect_left(starts, b)):
                where.append(low + k)
                what.append(section)
                prior[low + k] = _PRIORS.get(name, 0)
    every = np.arange(len(text))
    own = np.asarray(kinds, np.int64)[text] if len(text) else every
    return (
        np.concatenate((every, np.asarray(where, np.int64))),
        np.concatenate((own, np.asarray(what, np.int64))),
        prior,
    )


THEME_NUMBER: Final = {name: n for n, name in enumerate(THEMES)}


class Found(NamedTuple):
    """Feature ids of a batch, by clause and by text (there each once); the first ones are n-grams."""

    clause: Ints
    id: Ints
    text: Ints
    text_id: Ints
    gram: Ints
    """For each of `id` that is an n-gram its index in Grams, else -1."""


def look_up(features: Features, vocabulary: Vocabulary) -> Found:
    """Which features of a batch the vocabulary knows."""
    gram, ids = vocabulary.find(features.grams.hash)
    width = len(vocabulary)
    clause = np.concatenate((features.gram_clause[gram], features.sign_clause))
    every = np.concatenate((ids, features.sign + width))
    size = width + len(SIGNS)
    pairs = np.unique(features.clauses.text[clause] * size + every) if len(clause) else every
    return Found(
        clause, every, pairs // size, pairs % size, np.concatenate((gram, np.full(len(features.sign), -1)))
    )


class Vocabulary:
    """The n-grams that have weights, by hash. `hashes` must be sorted."""

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes
        self._maybe = np.zeros(1 << 20, bool)
        self._maybe[(hashes >> np.uint64(44)).astype(np.int64)] = True

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, wanted: Hashes) -> tuple[Ints, Ints]:
        """Positions in `wanted` that are known, and their numbers here."""
        if not len(self.hashes):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        # Most n-grams are unknown: a table of a megabyte tells so at a tenth of the price of a search.
        likely: Ints = np.flatnonzero(self._maybe[(wanted >> np.uint64(44)).astype(np.int64)])
        at = np.searchsorted(self.hashes, wanted[likely])
        at[at == len(self.hashes)] = 0
        right: Bools = self.hashes[at] == wanted[likely]
        return likely[right], at[right]


def sums(groups: Ints, ids: Ints, weights: Floats, n: int) -> Floats:
    """Row g: the sum of the weight rows of all ids in group g. `groups` sorted or not; shape (n, outputs)."""
    total = np.zeros((n, weights.shape[1]), weights.dtype)
    if not len(groups):
        return total
    order = np.argsort(groups, kind="stable")
    sorted_groups = groups[order]
    first = np.flatnonzero(np.concatenate((np.ones(1, bool), sorted_groups[1:] != sorted_groups[:-1])))
    total[sorted_groups[first]] = np.add.reduceat(weights[ids[order]], first, axis=0)
    return total


def pooled(features: Features, clause: Floats, text: Floats) -> Floats:
    """What the combining step sees of each text, of shape (texts, POOLED).

    `clause`: outputs per clause (CLAUSE_OUTPUTS); `text`: outputs per text (TEXT_OUTPUTS).
    """
    parts, n = features.clauses, len(features.items)
    counts = np.bincount(parts.text, minlength=n)
    shares = 1.0 / (1.0 + np.exp(-clause[:, :2]))
    tone = shares[:, 0] - shares[:, 1]
    weight = np.abs(tone)
    length = np.maximum(counts, 1)
    mean = [np.bincount(parts.text, value, n) / length for value in (shares[:, 0], shares[:, 1])]
    lean = np.bincount(parts.text, tone * weight, n) / (np.bincount(parts.text, weight, n) + 1e-3)
    tops = np.full((n, clause.shape[1]), FLOOR)
    if len(parts.text):
        first = np.flatnonzero(np.concatenate((np.ones(1, bool), parts.text[1:] != parts.text[:-1])))
        tops[parts.text[first]] = np.maximum.reduceat(clause, first, axis=0)
        mass = np.zeros((n, len(THEMES)))
        mass[parts.text[first]] = np.add.reduceat(np.exp(np.clip(clause[:, 2:], -8, 8)), first, axis=0)
    else:
        mass = np.zeros((n, len(THEMES)))
    return np.column_stack((*mean, lean, np.log1p(counts), tops, np.log1p(mass), text, _facts(features)))


def _facts(features: Features) -> Floats:
    """Per text: kind, sections, phrases of each theme, what the phrase rules say."""
    rows = np.zeros((len(features.items), FACTS))
    for n, item in enumerate(features.items):
        row = rows[n]
        row[KINDS.index(item.kind) if item.kind in KINDS else 2] = 1.0
        row[3] = bool(item.sections)
        for hit in item.hits:
            if hit.theme in THEME_NUMBER:
                row[4 + THEME_NUMBER[hit.theme]] = 1.0
        role, stage, ghosting = item.rules
        row[20 + ROLES.index(role)] = 1.0
        row[24 + STAGES.index(stage)] = 1.0
        row[30] = ghosting == "employer"
    return rows


FACTS: Final = 31
POOLED: Final = 4 + len(CLAUSE_OUTPUTS) + len(THEMES) + len(TEXT_OUTPUTS) + FACTS

"""Texts -> the numbers that the learned reader works with: n-grams and signs per clause, and sums of them.

Used alike by `analysis.learn`, which finds the weights, and `analysis.reader`, which applies them: what is
learned on is what is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis import clauses
from analysis.clauses import LONGEST, Bools, Grams, Hashes, Ints, Tokens
from analysis.hashtable import HashIndex, places
from candidly.records import Role

Floats = NDArray[np.float64]

THEMES: Final = (
    "advocacy", "career_growth", "communication", "culture", "fairness", "feedback", "interview",
    "job_accuracy", "management", "offer", "pay_benefits", "process", "recruiter_conduct",
    "recruiter_knowledge", "scheduling", "work_life_balance",
)  # fmt: skip
KINDS: Final = ("interview", "review", "post")
ROLES: Final[tuple[Role, ...]] = ("candidate", "employee", "former", "other")
STAGES: Final = ("applied", "screened", "interviewed", "offered", "hired", "unclear")

CLAUSE_OUTPUTS: Final = ("positive", "negative", *THEMES, "silence")
"""What a clause is read for. Silence: of an employer who stopped answering."""
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

KIND_NUMBER: Final = {"interview": 0, "review": 1, "post": 2, "comment": 2}
ROLE_NUMBER: Final[dict[str, int]] = {name: n for n, name in enumerate(ROLES)}
STAGE_NUMBER: Final = {name: n for n, name in enumerate(STAGES)}
SECTION_NUMBER: Final = {"pros": 0, "cons": 1}
OTHER_SECTION: Final = 2
SECTION_NAMES: Final = ("pros", "cons", "advice")
SECTION_SIGN: Final = SIGNS.index("#pros")
KIND_SIGN: Final = SIGNS.index("#interview")
PRIORS: Final = np.asarray([1, -1, 0])  # of sections by their number


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


class Given(NamedTuple):
    """What is known of the texts of a batch besides their words.

    Per text: `kind`, `role`, `stage` as indices into KINDS, ROLES, STAGES (the latter two by phrase rules),
    and whether the rules say that the employer went silent. `sections` of shape (4, sections), in text order:
    text, number, start, end. `hits` of shape (5, hits): text, theme, value, start, end.
    """

    kind: Ints
    role: Ints
    stage: Ints
    ghosted: Bools
    sections: Ints
    hits: Ints


class Clauses(NamedTuple):
    """Per clause: its text, sentence, offsets in the text, and what its section says (1 pros, -1 cons)."""

    text: Ints
    sentence: Ints
    start: Ints
    end: Ints
    prior: Ints


@dataclass(frozen=True, slots=True)
class Features:
    """A batch of texts taken apart. `items`: what they were made from, if from items; `sign_clause`, `sign`:
    which clause has which sign (index into SIGNS)."""

    items: Sequence[Item]
    tokens: Tokens
    grams: Grams
    clauses: Clauses
    sign_clause: Ints
    sign: Ints
    given: Given


def take_apart(items: Sequence[Item]) -> Features:
    """Features of a batch of texts."""
    return features_of(items, clauses.tokenise([item.text for item in items]), given(items))


def given(items: Sequence[Item]) -> Given:
    """What items say of themselves, as arrays."""
    sections = [
        (n, SECTION_NUMBER.get(name, OTHER_SECTION), start, end)
        for n, item in enumerate(items)
        for name, start, end in item.sections
    ]
    hits = [
        (n, THEME_NUMBER[hit.theme], hit.value, hit.start, hit.end)
        for n, item in enumerate(items)
        for hit in item.hits
        if hit.theme in THEME_NUMBER
    ]
    return Given(
        np.asarray([KIND_NUMBER.get(item.kind, 2) for item in items], np.int64),
        np.asarray([ROLE_NUMBER[item.rules[0]] for item in items], np.int64),
        np.asarray([STAGE_NUMBER[item.rules[1]] for item in items], np.int64),
        np.asarray([item.rules[2] == "employer" for item in items], np.bool_),
        columns(sections, 4),
        columns(hits, 5),
    )


def items_of(texts: Sequence[str], known: Given) -> list[Item]:
    """The other way round: texts with what is known of them, as items."""
    sections: list[list[tuple[str, int, int]]] = [[] for _ in texts]
    hits: list[list[Hit]] = [[] for _ in texts]
    for n, number, start, end in known.sections.T.tolist():
        sections[n].append((SECTION_NAMES[number], start, end))
    for n, theme, value, start, end in known.hits.T.tolist():
        hits[n].append(Hit(THEMES[theme], value, start, end))
    return [
        Item(text, KINDS[kind], parts, found, (ROLES[role], STAGES[stage], "employer" if silent else "none"))
        for text, kind, parts, found, role, stage, silent in zip(
            texts, known.kind.tolist(), sections, hits, known.role.tolist(), known.stage.tolist(),
            known.ghosted.tolist(), strict=True,
        )
    ]  # fmt: skip


def columns(rows: Sequence[tuple[int, ...]], width: int) -> Ints:
    """Rows as columns, of shape (width, rows)."""
    return np.asarray(rows, np.int64).reshape(-1, width).T.copy()


def features_of(items: Sequence[Item], tokens: Tokens, known: Given) -> Features:
    """Features of texts that are taken apart into tokens."""
    grams = clauses.grams(tokens)
    first = np.ones(len(tokens.clause), np.bool_)
    first[1:] = tokens.clause[1:] != tokens.clause[:-1]
    at = places(first)
    begin, past = tokens.begin[at], tokens.past[np.append(at[1:], len(first))[: len(at)] - 1]
    text = tokens.text[at]
    origin = tokens.origin[text]
    sign_clause, sign, prior = _signs(known, tokens.origin, text, begin, past)
    parts = Clauses(text, tokens.sentence[at], begin - origin, past - origin, prior)
    return Features(items, tokens, grams, parts, sign_clause, sign, known)


def _signs(known: Given, origin: Ints, text: Ints, begin: Ints, past: Ints) -> tuple[Ints, Ints, Ints]:
    """Clause and number of each sign, and each clause's prior. `begin`, `past`: places in the buffer."""
    owner, theme, value, start, end = known.hits
    low = past.searchsorted(origin[owner] + start, "right")
    high = begin.searchsorted(origin[owner] + np.minimum(end, LONGEST))
    hit, in_hit = spread(low, high)
    owner, number, start, end = known.sections
    low = begin.searchsorted(origin[owner] + np.minimum(start, LONGEST))
    high = begin.searchsorted(origin[owner] + np.minimum(end, LONGEST))
    section, in_section = spread(low, high)
    prior = np.zeros(len(text), np.int64)
    prior[in_section] = PRIORS[number[section]]
    return (
        np.concatenate((np.arange(len(text)), in_hit, in_section)),
        np.concatenate((
            known.kind[text] + KIND_SIGN, 3 * theme[hit] + value[hit] + 1, number[section] + SECTION_SIGN,
        )),
        prior,
    )  # fmt: skip


def spread(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All numbers of all ranges [low, high), with the index of their range."""
    count = np.maximum(high - low, 0)
    which = np.repeat(np.arange(len(low)), count)
    past = count.cumsum()
    return which, np.arange(len(which)) + (low - past + count)[which]


OF_THEMES: Final = slice(2, 2 + len(THEMES))
"""Where the themes stand among CLAUSE_OUTPUTS."""
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
    """Which features of a batch the vocabulary knows, in the order of clauses and texts."""
    tokens, grams = features.tokens, features.grams
    gram, ids = vocabulary.find(grams.hash)
    width = len(vocabulary)
    clause = np.concatenate((tokens.clause[grams.place[gram] // clauses.GRAM_KINDS], features.sign_clause))
    order = np.argsort(clause, kind="stable")  # two or three sorted parts: little work
    clause = clause[order]
    every = np.concatenate((ids, features.sign + width))[order]
    gram = np.concatenate((gram, np.full(len(features.sign), -1)))[order]
    text = features.clauses.text[clause]
    pairs = _distinct(text * (width + len(SIGNS)) + every, len(features.given.kind) * (width + len(SIGNS)))
    text = pairs // (width + len(SIGNS))
    return Found(clause, every, text, pairs - text * (width + len(SIGNS)), gram)


def _distinct(numbers: Ints, limit: int) -> Ints:
    """Sorted and each once; numbers below `limit`. (`np.unique` takes four times as long.)"""
    found = np.sort(numbers.astype(np.int32 if limit < 1 << 31 else np.int64))
    new = np.ones(len(found), np.bool_)
    new[1:] = found[1:] != found[:-1]
    return found[new].astype(np.int64)


class Vocabulary:
    """The n-grams that have weights, by hash. `hashes` must be sorted."""

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes
        self._index = HashIndex(hashes)

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, wanted: Hashes) -> tuple[Ints, Ints]:
        """Positions in `wanted` that are known, and their numbers here."""
        return self._index.find(wanted)


def sums(groups: Ints, ids: Ints, weights: Floats, n: int) -> Floats:
    """Row g: the sum of the weight rows of all ids in group g. `groups` sorted; shape (n, outputs).

    Of many groups the first ids are added up, then the second ones and so on, which takes few large steps;
    what is left of the few largest, in one go.
    """
    total = np.zeros((n, weights.shape[1]), weights.dtype)
    first = first_of(groups)
    size = np.diff(np.append(first, len(groups)))
    order = np.argsort(-size, kind="stable")  # the largest first
    first, size = first[order], size[order]
    running, done = np.zeros((len(first), weights.shape[1]), weights.dtype), 0
    larger = len(size) - size[::-1].searchsorted(np.arange(size.max(initial=0) + 1), "right")
    for left in larger[larger > FEW_GROUPS].tolist():
        running[:left] += weights.take(ids.take(first[:left] + done), axis=0)
        done += 1
    if left := int(larger[done]):
        which, at = spread(first[:left] + done, first[:left] + size[:left])
        running[:left] += np.add.reduceat(weights.take(ids.take(at), axis=0), first_of(which), axis=0)
    total[groups[first]] = running
    return total


FEW_GROUPS: Final = 60


def first_of(groups: Ints) -> Ints:
    """Where each group of a sorted array begins."""
    new = np.ones(len(groups), np.bool_)
    new[1:] = groups[1:] != groups[:-1]
    return places(new)


def chance(output: Floats) -> Floats:
    """Log-odds as probabilities, without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * output)

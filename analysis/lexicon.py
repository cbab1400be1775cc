"""The employer lexicon: a plain table of n-grams and what each speaks for, and the step that combines them.

`data/lexicon.tsv`: a line an n-gram, weights in hundredths, one column an output. "never heard" is a pair,
"very _ pay" a pair with any word between, "~recommend" the word under a negation, "#pros" stands for a clause
under pros, "#offer-" for a phrase of the theme file that complains of the offer. Lines may be edited, added
and removed. `data/combine.json`: the small linear step after it; `candidly learn` writes both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from analysis.clauses import FIRST, GAP, NEGATED, SECOND, THIRD, Hashes, Ints, tokenise
from analysis.features import CLAUSE_OUTPUTS, SIGNS, TEXT_OUTPUTS, Floats, Vocabulary
from candidly.errors import ConfigError

FOLDER: Final = Path(__file__).parent / "data"
TABLE, COMBINE = "lexicon.tsv", "combine.json"
OUTPUTS: Final = (*CLAUSE_OUTPUTS, *TEXT_OUTPUTS)
HEADER: Final = "\t".join(("n-gram", "texts", *OUTPUTS))
UNIT: Final = 0.01


@dataclass(frozen=True, slots=True)
class Combine:
    """The combining step: standardised sums -> heads, and clause tones -> the polarity of an opinion."""

    bias: Floats
    mean: Floats
    scale: Floats
    heads: Floats
    heads_bias: Floats
    thresholds: Floats
    polarity: Floats
    polarity_bias: Floats


class Lexicon:
    """The table of a folder. Raises ConfigError with the line of everything that cannot be read."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    @cached_property
    def version(self) -> str:
        """Eight hex digits that change with either file."""
        both = (self.folder / TABLE).read_bytes() + (self.folder / COMBINE).read_bytes()
        return hashlib.sha256(both).hexdigest()[:8]

    @cached_property
    def _read(self) -> tuple[list[str], Floats]:
        lines = (self.folder / TABLE).read_text(encoding="utf-8").splitlines()
        if not lines or lines[0] != HEADER:
            raise ConfigError([f"{self.folder / TABLE}:1: the header is not the one expected"])
        names, numbers = zip(*(line.split("\t", 1) for line in lines[1:]), strict=True)
        values = np.fromstring(" ".join(numbers), sep=" ") if numbers else np.zeros(0)
        width = len(OUTPUTS) + 1
        if len(values) != len(names) * width:
            raise ConfigError(self._wrong(lines, width))
        return list(names), values.reshape(-1, width)[:, 1:] * UNIT

    def _wrong(self, lines: Sequence[str], width: int) -> list[str]:
        """The lines that are not a name and `width` numbers."""
        bad = []
        for number, line in enumerate(lines[1:], 2):
            fields = line.split("\t")[1:]
            if len(fields) != width or not all(_is_number(field) for field in fields):
                bad.append(f"{self.folder / TABLE}:{number}: needs an n-gram and {width} numbers")
        return bad or [f"{self.folder / TABLE}: cannot be read"]

    @cached_property
    def names(self) -> list[str]:
        """The n-grams in the order of the vocabulary."""
        names, _ = self._read
        return [names[k] for k in self._order]

    @cached_property
    def _hashes(self) -> tuple[Ints, Hashes]:
        """Lines that are n-grams, and their hashes."""
        names, _ = self._read
        lines = np.asarray([k for k, name in enumerate(names) if not name.startswith("#")], np.int64)
        return lines, hash_names([names[k] for k in lines])

    @cached_property
    def _order(self) -> Ints:
        lines, hashes = self._hashes
        if len(np.unique(hashes)) != len(hashes):
            raise ConfigError([f"{self.folder / TABLE}: an n-gram stands there twice"])
        ordered: Ints = lines[np.argsort(hashes)]
        return ordered

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(np.sort(self._hashes[1]))

    @cached_property
    def weights(self) -> Floats:
        """Shape (n-grams and SIGNS, OUTPUTS), as float32."""
        names, values = self._read
        line = {name: k for k, name in enumerate(names) if name.startswith("#")}
        signs = np.zeros((len(SIGNS), len(OUTPUTS)))
        for k, name in enumerate(SIGNS):
            if name in line:
                signs[k] = values[line[name]]
        return np.concatenate((values[self._order], signs)).astype(np.float32)

    @cached_property
    def combine(self) -> Combine:
        data = json.loads((self.folder / COMBINE).read_text(encoding="utf-8"))
        return Combine(**{name: np.asarray(data[name]) for name in Combine.__slots__})


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def hash_names(names: Sequence[str]) -> Hashes:
    """The hashes of n-grams written as in the table; ConfigError for what is no n-gram of up to 3 words."""
    tokens = tokenise([name.removeprefix("~") for name in names])
    counts = np.bincount(tokens.text, minlength=len(names))
    if len(names) and (counts.min() < 1 or counts.max() > 3):
        wrong = names[int(np.flatnonzero((counts < 1) | (counts > 3))[0])]
        raise ConfigError([f"{wrong!r} is no n-gram of one to three words"])
    at = np.searchsorted(tokens.text, np.arange(len(names)))
    h = np.concatenate((tokens.hash, np.zeros(2, np.uint64)))
    one, two, three = h[at], h[at + 1], h[at + 2]
    gap = np.asarray([" _ " in name for name in names], bool)
    negated = np.asarray([name.startswith("~") for name in names], bool)
    pair = one * FIRST + np.where(gap, two * GAP, two * SECOND)
    found = np.where(
        counts == 1, one, np.where(counts == 2, pair, one * FIRST + two * SECOND + three * THIRD)
    )
    return np.where(negated, one ^ NEGATED, found)


def write(
    folder: Path, names: Sequence[str], texts: Sequence[int], weights: Floats, combine: Combine
) -> None:
    """Write both files, each whole or not at all. `weights` of shape (names, OUTPUTS)."""
    from candidly.files import write_atomic

    hundredths = np.rint(weights / UNIT).astype(int)
    lines = [HEADER]
    for name, count, row in zip(names, texts, hundredths.tolist(), strict=True):
        lines.append("\t".join((name, str(count), *map(str, row))))
    write_atomic(folder / TABLE, "\n".join(lines) + "\n")
    data = {name: np.round(getattr(combine, name), 5).tolist() for name in Combine.__slots__}
    write_atomic(folder / COMBINE, json.dumps(data, separators=(",", ":")) + "\n")

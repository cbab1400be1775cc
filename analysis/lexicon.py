"""The employer lexicon: a plain table of n-grams and what each speaks for, and the step that combines them.

`data/lexicon.tsv`: a line an n-gram, weights in hundredths, one column an output. "never heard" is a pair,
"very _ pay" a pair with any word between, "~recommend" the word under a negation, "#pros" stands for a clause
under pros, "#offer-" for a phrase of the theme file that complains of the offer. Lines may be edited, added
and removed. `data/combine.json`: the small network after it (`analysis.network`). `candidly learn` writes
both.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis.clauses import FIRST, GAP, NEGATED, SECOND, THIRD, Bools, Hashes, Ints, Tokens, tokenise
from analysis.features import CLAUSE_OUTPUTS, SIGNS, TEXT_OUTPUTS, Floats, Vocabulary
from analysis.network import Network
from analysis.opinions import EVIDENCE_FEATURES, POLARITY_FEATURES
from analysis.pooling import POOLED
from candidly.errors import ConfigError

FOLDER: Final = Path(__file__).parent / "data"
TABLE, COMBINE = "lexicon.tsv", "combine.json"
OUTPUTS: Final = (*CLAUSE_OUTPUTS, *TEXT_OUTPUTS)
HEADER: Final = "\t".join(("n-gram", "texts", *OUTPUTS))
UNIT: Final = 0.01
_SIGNS: Final = frozenset(SIGNS)


@dataclass(frozen=True, slots=True)
class Combine:
    """The combining step: sums of a text -> heads; clauses -> evidence and polarity of an opinion."""

    bias: Floats
    heads: Network
    thresholds: Floats
    evidence: Floats
    polarity: Network


class Lexicon:
    """The table of a folder. Raises ConfigError with the line of everything that cannot be read."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    @cached_property
    def version(self) -> str:
        """Eight hex digits that change with either file."""
        return hashlib.sha256(self.bytes(TABLE) + self.bytes(COMBINE)).hexdigest()[:8]

    def bytes(self, name: str) -> bytes:
        """One of the two files; ConfigError where it cannot be read."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            problem = f"cannot be read: {error.strerror}; `candidly learn` writes {TABLE} and {COMBINE}"
            raise ConfigError([f"{self.folder / name}: {problem}"]) from None

    @cached_property
    def _read(self) -> tuple[list[str], NDArray[np.float32]]:
        try:
            lines = self.bytes(TABLE).decode("utf-8").splitlines()
        except UnicodeDecodeError:
            raise ConfigError([f"{self.folder / TABLE}: is no UTF-8 text"]) from None
        if not lines or lines[0] != HEADER:
            problem = "the header is not that of this version; `candidly learn` writes the table anew"
            raise ConfigError([f"{self.folder / TABLE}:1: {problem}"])
        width = len(OUTPUTS) + 1
        parts = [line.partition("\t") for line in lines[1:]]
        weights = np.empty((len(parts), len(OUTPUTS)), np.float32)
        for at in range(0, len(parts), ROWS):
            values = _numbers([numbers for _, _, numbers in parts[at : at + ROWS]], width)
            if values is None or not np.isfinite(values).all():
                raise ConfigError(self._wrong(lines, width))
            weights[at : at + ROWS] = values[:, 1:]
        weights *= np.float32(UNIT)
        return [name for name, _, _ in parts], weights

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
        lines = np.asarray([k for k, name in enumerate(names) if name not in _SIGNS], np.int64)
        grams = [names[k] for k in lines]
        tokens, counts, right = _taken_apart(grams)
        bad = np.flatnonzero(~right)
        if len(bad):
            problem = "is no n-gram of one to three words and no sign of this version"
            raise ConfigError([f"{self.folder / TABLE}:{lines[k] + 2}: {grams[k]!r} {problem}" for k in bad])
        return lines, _hashes(grams, tokens, counts)

    @cached_property
    def _order(self) -> Ints:
        lines, hashes = self._hashes
        order = np.argsort(hashes, kind="stable")
        again = np.flatnonzero(hashes[order][1:] == hashes[order][:-1]) + 1
        if len(again):
            names, _ = self._read
            twice = sorted(lines[order[again]].tolist())
            raise ConfigError(
                [f"{self.folder / TABLE}:{k + 2}: {names[k]!r} stands there twice" for k in twice]
            )
        ordered: Ints = lines[order]
        return ordered

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(np.sort(self._hashes[1]))

    @cached_property
    def weights(self) -> Floats:
        """Shape (n-grams and SIGNS, OUTPUTS), as float32."""
        names, values = self._read
        line = {name: k for k, name in enumerate(names) if name in _SIGNS}
        signs = np.zeros((len(SIGNS), len(OUTPUTS)), np.float32)
        for k, name in enumerate(SIGNS):
            if name in line:
                signs[k] = values[line[name]]
        return np.concatenate((values[self._order], signs)).astype(np.float32)

    @cached_property
    def combine(self) -> Combine:
        try:
            data = json.loads(self.bytes(COMBINE))
            found = Combine(*(_arrays(data[name]) for name in Combine.__slots__))
            right = found.bias.shape == (len(OUTPUTS),) and found.evidence.shape == (EVIDENCE_FEATURES,)
            right = right and found.heads.fits(POOLED, len(found.thresholds))
            right = right and found.polarity.fits(POLARITY_FEATURES, 3)
        except (ValueError, TypeError, KeyError, AttributeError):
            right = False
        if not right:
            raise ConfigError([f"{self.folder / COMBINE}: is not that of this version of candidly"])
        return found


def _arrays(data: Any) -> Any:
    """Numbers as an array, or the arrays of a network."""
    if isinstance(data, dict):
        return Network(**{name: np.asarray(data[name], np.float32) for name in Network.__slots__})
    return np.asarray(data, float)


def _plain(arrays: Floats | Network) -> Any:
    """The other way round, as JSON knows it."""
    if isinstance(arrays, Network):
        return {name: _plain(getattr(arrays, name)) for name in Network.__slots__}
    return [_rounded(row) for row in arrays.tolist()]


def _rounded(value: Any) -> Any:
    return [_rounded(one) for one in value] if isinstance(value, list) else round(value, DECIMALS)


DECIMALS: Final = 4


def _numbers(lines: Sequence[str], width: int) -> Floats | NDArray[np.int32] | None:
    """Numbers between tabs, of shape (lines, width); None where one of them is none or a line has others.

    The table has two million of them, whole numbers unless somebody edited it: those are read ten times as
    fast, digit by digit for all of them at once.
    """
    raw = np.frombuffer("\n".join([*lines, ""]).encode(), np.uint8)
    past = np.flatnonzero((raw == ord("\t")) | (raw == ord("\n")))
    if len(past) != len(lines) * width or not (raw[past[width - 1 :: width]] == ord("\n")).all():
        return None
    length = past.copy()
    length[1:] -= past[:-1] + 1
    negative = np.flatnonzero(raw[past - length] == ord("-"))
    length[negative] -= 1
    digits = np.count_nonzero((raw >= ord("0")) & (raw <= ord("9")))
    if digits != length.sum() or length.min() < 1 or length.max() > MOST_DIGITS:
        return _any_numbers(lines, width)
    values = raw[past - 1].astype(np.int32) - ord("0")
    for place in range(1, int(length.max())):
        at = np.flatnonzero(length > place)
        values[at] += (raw[past[at] - 1 - place].astype(np.int32) - ord("0")) * 10**place
    values[negative] *= -1
    return values.reshape(-1, width)


MOST_DIGITS: Final = 9
ROWS: Final = 1000
"""Lines read at a time: their arrays then stay in the processor's cache."""


def _any_numbers(lines: Sequence[str], width: int) -> Floats | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # what older versions of numpy do instead
        try:
            values = np.fromstring("\t".join(lines), sep="\t")
        except (ValueError, DeprecationWarning):
            return None
    return values.reshape(-1, width) if len(values) == len(lines) * width else None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _taken_apart(names: Sequence[str]) -> tuple[Tokens, Ints, Bools]:
    """The words of names, how many each has, and which names are n-grams of one to three words."""
    tokens = tokenise([name.removeprefix("~") for name in names])
    counts = np.bincount(tokens.text, minlength=len(names))
    signs = np.asarray([name.startswith("#") for name in names], bool)
    return tokens, counts, (counts >= 1) & (counts <= 3) & ~signs


def hash_names(names: Sequence[str]) -> Hashes:
    """The hashes of n-grams written as in the table; ConfigError for what is no n-gram of up to 3 words."""
    tokens, counts, right = _taken_apart(names)
    if not right.all():
        wrong = names[int(np.flatnonzero(~right)[0])]
        raise ConfigError([f"{wrong!r} is no n-gram of one to three words"])
    return _hashes(names, tokens, counts)


def _hashes(names: Sequence[str], tokens: Tokens, counts: Ints) -> Hashes:
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
    data = {name: _plain(getattr(combine, name)) for name in Combine.__slots__}
    write_atomic(folder / COMBINE, json.dumps(data, separators=(",", ":")) + "\n")

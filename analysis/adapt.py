"""Rated mentions of a store -> the lexicon that comes along, its tone adapted to them.

Each clause takes over what its author said: the heading it stands under, else the stars. With the shipped
tone as the starting point, calibrated to these labels by slope and intercept (Platt 1999), changes of the
weights of "positive" and "negative" are fitted by logistic regression, held back by a strong penalty so that
few texts change little. A part of the mentions, whole discussions at a time, is never learned from; on it
both lexicons are measured.

Texts are read twice, in batches; what is kept of them are counts and rows of numbers.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from analysis.adaptgrams import Frequencies, Usage
from analysis.analyser import Analyser
from analysis.clauses import Bools, Ints
from analysis.compare import Change, Judged, better, compare
from analysis.features import SIGNS, Features, Floats, Vocabulary, look_up, sums
from analysis.learn import NATURAL_WEIGHT
from analysis.lexicon import COMBINE, TABLE, UNIT, Lexicon
from analysis.logistic import Sparse, fit
from analysis.reader import Reader, Reading
from candidly import config
from candidly.records import Analysis, Label, Mention, verdict

HELD_BACK: Final = 5
"""One discussion (or mention) in so many is held back."""
MOST: Final = 30_000
"""Mentions that are learned from and measured; of more, a fixed part is taken, so that memory is bounded."""
L2: Final = 4.0
CLAUSES: Final = 4.0
"""All clauses of a mention together count at most as much as so many."""
STARS_WEIGHT: Final = 0.5 * NATURAL_WEIGHT
"""A clause of a mention with stars, against one under pros or cons: the rest may be about something else."""
TONE: Final = 2  # the first two outputs

_SECTION_SIGNS: Final = np.asarray([SIGNS.index("#pros"), SIGNS.index("#cons"), SIGNS.index("#other")])
_NOTHING: Final = Reading(0.0, "neutral", "other", "unclear", False, ())
_BLANK: Final = Analysis(version="")


class Told(NamedTuple):
    """A mention whose author rated it or filed its parts under headings. `author`: a pseudonym, or empty."""

    mention: Mention
    author: str


Batches = Callable[[], Iterable[Sequence[Told]]]


@dataclass(slots=True)
class Counts:
    """What was learned from: mentions with a verdict in a language that can be scored, and parts of them."""

    rated: int = 0
    negative: int = 0
    positive: int = 0
    held_back: int = 0
    clauses: int = 0
    changed: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Adapted:
    """The files of the new lexicon, and how it does on the mentions held back."""

    table: str
    combine: bytes
    base: str
    version: str
    counts: Counts
    changes: dict[str, Change]
    better: bool


class _Listener(Reader):
    """Keeps what it is given to read."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__(lexicon)
        self.heard: list[Features] = []

    def read_features(self, features: Features) -> list[Reading]:
        self.heard.append(features)
        return [_NOTHING] * len(features.given.kind)


class _Analyser(Analyser):
    """Reads by whichever reader it is given."""

    def __init__(self, settings: config.Analysis, folder: Path, base: Lexicon) -> None:
        super().__init__(settings.model_copy(update={"engine": "candidly", "lexicon": None}), folder)
        self._now: Reader = Reader(base)
        self._listener = _Listener(base)

    @property
    def _reader(self) -> Reader:
        return self._now

    def judged(self, reader: Reader, batch: Sequence[tuple[Told, int]]) -> list[tuple[Mention, int, Judged]]:
        """The rated mentions among those held back that can be scored, with what a reader makes of them."""
        held = [(one.mention, n) for one, n in batch if held_back(n) and stated(one.mention) is not None]
        self._now = reader
        found = self.analyse_many([mention for mention, _ in held])
        return [
            (mention, n, Judged(one.score, one.label))
            for (mention, n), one in zip(held, found, strict=True)
            if one.score is not None and one.label is not None
        ]

    def open(self, mentions: Sequence[Mention]) -> tuple[list[int], list[Features]]:
        """Which mentions can be scored, and the features of these: just what a reader is given."""
        self._now = self._listener
        found = self._heard(mentions)
        scored = [n for n, one in enumerate(found) if one.label is not None]
        if len(scored) < len(found):
            self._heard([mentions[n] for n in scored])
        return scored, list(self._listener.heard)

    def _heard(self, mentions: Sequence[Mention]) -> list[Analysis]:
        self._listener.heard.clear()
        return self.analyse_many(mentions)


def stated(mention: Mention) -> Label | None:
    """What the author said of it all: by stars, else by experience."""
    return verdict(mention, _BLANK).label


def unit(mention: Mention) -> int:
    """A number of the discussion, or of the text where there is none; copies of a text share it."""
    whole = f"{mention.source}\x00{mention.thread}" if mention.thread else mention.text
    digest = hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=7).digest()
    return int.from_bytes(digest, "big")


def held_back(number: int) -> bool:
    """Whether a discussion is one to measure on."""
    return number % HELD_BACK == 0


@dataclass(slots=True)
class _Rows:
    """Clauses to learn from: how many n-grams each has, these, and its offset, label and weight."""

    sizes: list[Ints] = field(default_factory=list)
    ids: list[Ints] = field(default_factory=list)
    offset: list[Floats] = field(default_factory=list)
    positive: list[Bools] = field(default_factory=list)
    weight: list[Floats] = field(default_factory=list)


@dataclass(slots=True)
class _Held:
    """What is measured on: what the author says, and what each lexicon makes of it."""

    labels: list[Label] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    before: list[Judged] = field(default_factory=list)
    after: list[Judged] = field(default_factory=list)


class Adapter:
    """Adapts a lexicon, by default the shipped one. `share`: the part of the mentions that is looked at.

    Raises ConfigError for a theme file with problems.
    """

    def __init__(
        self,
        settings: config.Analysis,
        folder: Path,
        companies: Sequence[config.Company],
        share: float = 1.0,
        base: Lexicon | None = None,
    ) -> None:
        self._base = base or Lexicon()
        self._analyser = _Analyser(settings, folder, self._base)
        self._shipped = Reader(self._base)
        self._companies = companies
        self._share = share
        self._rows, self._held = _Rows(), _Held()
        self.counts = Counts()

    def look_through(self, batches: Batches, progress: Callable[[int], None] = lambda _n: None) -> Counts:
        """Read all mentions twice: for their n-grams, then for what stands in their clauses."""
        done = 0
        frequencies = Frequencies()
        for batch in batches():
            chosen = self._chosen(batch)
            frequencies.add([one.mention.text for one, number in chosen if not held_back(number)])
            progress(done := done + len(batch))
        union = np.union1d(frequencies.common, self._base.vocabulary.hashes)
        self._usage = Usage(Vocabulary(union), self._base)
        self._prior = self._prior_weights()
        for batch in batches():
            self._take(self._chosen(batch))
            progress(done := done + len(batch))
        return self.counts

    def adapt(self, batches: Batches) -> Adapted:
        """Fit, measure, decide; the texts were looked through before."""
        eligible = self._usage.eligible(self._companies, self._base.names)
        table = self._table(eligible, self._fit(eligible))
        combine = self._base.bytes(COMBINE)
        held = self._held
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / TABLE).write_text(table, "utf-8")
            (Path(folder) / COMBINE).write_bytes(combine)
            lexicon = Lexicon(Path(folder))
            reader, version = Reader(lexicon), lexicon.version
            for batch in batches():
                held.after += [judged for _, _, judged in self._analyser.judged(reader, self._chosen(batch))]
        changes = compare(held.labels, held.before, held.after, held.units)
        return Adapted(table, combine, self._base.version, version, self.counts, changes, better(changes))

    def _chosen(self, batch: Sequence[Told]) -> list[tuple[Told, int]]:
        numbered = ((one, unit(one.mention)) for one in batch)
        return [(one, n) for one, n in numbered if n // HELD_BACK % 10_000 < self._share * 10_000]

    def _prior_weights(self) -> Floats:
        """The shipped tone of each n-gram (0 for new ones) and sign; sections and their like are left out,
        because they are what the words are to be told from."""
        usage, base = self._usage, self._base.weights[:, :TONE].astype(float)
        known = usage.shipped >= 0
        prior = np.zeros((len(usage.shipped) + len(SIGNS), TONE))
        prior[: len(known)][known] = base[usage.shipped[known]]
        prior[len(known) :] = base[len(self._base.names) :]
        prior[len(known) + _SECTION_SIGNS] = 0.0
        return prior

    def _take(self, batch: Sequence[tuple[Told, int]]) -> None:
        """Read the held back mentions of a batch as they are read now, and learn from the others."""
        for mention, number, judged in self._analyser.judged(self._shipped, batch):
            self._held.before.append(judged)
            self._held.labels.append(self._count(mention) or "neutral")
            self._held.units.append(number)
        self.counts.held_back = len(self._held.labels)
        train = [(one, number) for one, number in batch if not held_back(number)]
        scored, heard = self._analyser.open([one.mention for one, _ in train])
        at = 0
        for features in heard:
            some = scored[at : at + len(features.given.kind)]
            self._learn_from([train[n] for n in some], features)
            at += len(some)

    def _count(self, mention: Mention) -> Label | None:
        """What the author said, counted."""
        label = stated(mention)
        self.counts.rated += label is not None
        self.counts.negative += label == "negative"
        self.counts.positive += label == "positive"
        return label

    def _learn_from(self, train: Sequence[tuple[Told, int]], features: Features) -> None:
        found = look_up(features, self._usage.vocabulary)
        voices = [f"author {one.author}" if one.author else f"unit {number}" for one, number in train]
        self._usage.add([one.mention.text for one, _ in train], features, found, voices)
        told = [self._count(one.mention) for one, _ in train]
        labels = np.asarray([{"positive": 1, "negative": -1}.get(label or "", 0) for label in told], np.int64)
        sign, weight = _targets(features, labels)
        keep = sign != 0
        offset = sums(found.clause, found.id, self._prior, len(keep)) + self._base.combine.bias[:TONE]
        gram = (found.gram >= 0) & keep[found.clause]
        order = np.argsort(found.clause[gram], kind="stable")
        rows = self._rows
        rows.ids.append(found.id[gram][order].astype(np.int32))
        rows.sizes.append(np.bincount(found.clause[gram], minlength=len(keep))[keep])
        rows.offset.append(offset[keep])
        rows.positive.append(sign[keep] > 0)
        rows.weight.append(weight[keep])
        self.counts.clauses += int(keep.sum())

    def _fit(self, eligible: Bools) -> Floats:
        """Changes of the weights of eligible n-grams, of shape (eligible, 2)."""
        rows = self._rows
        number = np.full(len(eligible), -1)
        number[eligible] = np.arange(eligible.sum())
        sizes, ids = _joined(rows.sizes, np.int64), number[_joined(rows.ids, np.int32)]
        whole = Sparse(np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes))), ids, np.ones(len(ids)), 0)
        inside = ids >= 0
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(inside)))[whole.starts]
        x = Sparse(starts, ids[inside], np.ones(int(inside.sum())), int(eligible.sum()))
        offset = np.concatenate((np.zeros((0, TONE)), *rows.offset))
        positive, weight = _joined(rows.positive, np.bool_), _joined(rows.weight, np.float64)
        return np.column_stack([
            _change(x, positive == (k == 0), offset[:, k], weight) for k in range(TONE)
        ])  # fmt: skip

    def _table(self, eligible: Bools, delta: Floats) -> str:
        """The shipped table, with changed tones and new lines at its end."""
        hundredths = np.rint(delta / UNIT).astype(int)
        ids = np.flatnonzero(eligible)
        changed, new = {}, []
        for k, (positive, negative) in zip(ids.tolist(), hundredths.tolist(), strict=True):
            if not (positive or negative):
                continue
            name = self._usage.names[k]
            if self._usage.shipped[k] >= 0:
                changed[name] = positive, negative
            else:
                new.append((name, int(self._usage.mentions[k]), positive, negative))
        self.counts.changed, self.counts.new = len(changed), len(new)
        return "\n".join(_rewritten(self._base.bytes(TABLE).decode("utf-8"), changed, new)) + "\n"


def _targets(features: Features, labels: Ints) -> tuple[Ints, Floats]:
    """Per clause what it is taken to say (1, -1, 0 for unknown), and how much it counts."""
    parts = features.clauses
    other = np.isin(features.sign, _SECTION_SIGNS[2])
    advice = np.zeros(len(parts.text), bool)
    advice[features.sign_clause[other]] = True
    sign = np.where(parts.prior != 0, parts.prior, np.where(advice, 0, labels[parts.text]))
    weight = np.where(parts.prior != 0, NATURAL_WEIGHT, STARS_WEIGHT)
    count = np.bincount(parts.text, minlength=len(labels))
    return sign, weight * np.minimum(1.0, CLAUSES / np.maximum(count, 1))[parts.text]


def _joined(arrays: Sequence[Ints | Bools | Floats], kind: type) -> Any:
    return np.concatenate((np.zeros(0, kind), *arrays))


def _change(x: Sparse, y: Bools, offset: Floats, weight: Floats) -> Floats:
    """How far the weights of one output move."""
    one = Sparse(np.arange(x.rows + 1), np.zeros(x.rows, np.int64), offset, 1)
    slope, _ = fit(one, y, l2=1.0, weight=weight, prior=np.ones(1))
    steep = float(np.clip(slope[0], 0.25, 1.0))
    delta, _ = fit(x, y, l2=L2, weight=weight, offset=steep * offset)
    return delta / steep


def _rewritten(
    table: str, changed: Mapping[str, tuple[int, int]], new: Sequence[tuple[str, int, int, int]]
) -> Iterator[str]:
    lines = table.splitlines()
    width = lines[0].count("\t") - 1 - TONE
    for line in lines:
        name, rest = line.split("\t", 1)
        if name in changed:
            texts, positive, negative, others = rest.split("\t", TONE + 1)
            a, b = changed[name]
            yield "\t".join((name, texts, str(int(positive) + a), str(int(negative) + b), others))
        else:
            yield line
    for name, count, a, b in sorted(new):
        yield "\t".join((name, str(count), str(a), str(b), *["0"] * width))

"""Rebuild the shipped lexicon, and measure it on texts that it has not seen.

    python -m benchmarks.lexicon            judge: 5-fold, and on ../shared/gold
    python -m benchmarks.lexicon --write    the same, then write analysis/data/lexicon.tsv and combine.json
    --sources     also leave each source out in turn
    --sample N    only N labelled texts, to try it out

Needs `../shared`; takes half an hour, with --sources over an hour. Learned on the texts that `labels.jsonl`
knows by their hash, labelled after `../shared/gold/GUIDELINE.md`, on stars, and on what authors filed under
pros and cons; the weights start from VADER's valences and from `known.tsv`. The texts of `../shared/gold` are
never learned from. An n-gram gets in when it is known beforehand, or stands in 8 labelled or 12 other texts,
and in 20 texts or 3 sources overall; names of employers stay out. Words are
also kept as they are under a negation (`analysis.negations`).
"""

from __future__ import annotations

import importlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis import clauses, learn, learnopinions, lexicon
from analysis.analyser import Analyser
from analysis.features import ROLES, SIGNS, STAGES, THEMES, Item, Vocabulary, take_apart
from analysis.learn import HEADS, Labelled, Model, Natural, Trainer
from analysis.logistic import Sparse
from analysis.network import Network
from analysis.pooling import pooled
from benchmarks import texts
from candidly.config import Analysis

LABELS = Path(__file__).parent / "labels.jsonl"
WRITTEN = Path(__file__).parent / "written.jsonl"
"""Texts of candidly's own, written and labelled after the same guideline for what real texts are poor in."""
WRITTEN_WEIGHT, WRITTEN_COMBINED = 0.7, 0.35  # of one, and where the sums are combined to a sentiment
KNOWN = Path(__file__).parent / "known.tsv"
"""What is known of n-grams before any text is read: theme or tone, n-gram, how strongly it tells of that."""
PER_SOURCE = 2000  # texts under pros, and as many under cons, of one source
RATED_PER_SOURCE, SIDES_PER_SOURCE, RATED_WEIGHT = 250, 600, 0.35  # whole texts whose author gave a verdict
UNHEADED_WEIGHT = 0.25  # of those that are praise or complaint alone, where the sums are combined
LEAST_LABELLED, LEAST_NATURAL, LEAST_TEXTS, LEAST_SOURCES = 8, 12, 20, 3
SMALLEST = 0.3  # an n-gram none of whose weights is as large is left out
NAMES = frozenset({
    "pros", "cons", "likes", "dislikes", "tcs", "accenture", "comcast", "fedex", "google", "ambitionbox",
    "glassdoor", "indeed", "jsw", "deloitte", "bcg", "infosys", "wipro", "cognizant", "amazon", "walmart",
    "toronto", "calgary", "edmonton", "ottawa", "montreal", "xfinity",
})  # fmt: skip
SHARES = {
    "interview": {"positive": 0.32, "negative": 0.29, "neither": 0.39},
    "review": {"positive": 0.3, "negative": 0.4, "neither": 0.3},
    "post": {"positive": 0.1, "negative": 0.58, "neither": 0.32},
}
"""How often each sentiment is to be expected of a collector; labelled texts are weighted to it."""


def labelled(analyser: Analyser) -> list[tuple[str, Labelled]]:
    """(source, labelled text), in a fixed random order; English alone, as all that is learned from: function
    words of another language would get weights."""
    labels = {row["text"]: row for row in _lines(LABELS)}
    found: dict[str, tuple[texts.Text, dict[str, Any]]] = {}
    for text in texts.every():
        key = texts.key(text.text)
        if key in labels:
            found.setdefault(key, (text, labels[key]))
    for row in _lines(WRITTEN):
        text = texts.Text(f"written {row['part']}", row["kind"], row["text"])
        found[texts.key(text.text)] = text, row
    ordered = [found[key] for key in sorted(found)]
    readable = analyser.scored([text.text for text, _ in ordered])
    ordered = [pair for pair, good in zip(ordered, readable, strict=True) if good]
    random.Random(1).shuffle(ordered)
    items = analyser.items([(text.text, text.kind) for text, _ in ordered])
    return [
        (text.source, _labelled(item, row, WRITTEN_WEIGHT if text.source.startswith("written") else 1.0))
        for (text, row), item in zip(ordered, items, strict=True)
    ]


def _labelled(item: Item, row: dict[str, Any], weight: float = 1.0) -> Labelled:
    themes = [
        dict(zip(("theme", "polarity", "start", "end"), theme, strict=True))
        if isinstance(theme, list)
        else theme
        for theme in row["themes"]
    ]
    return Labelled(
        item, row["sentiment"], row["role"], row["stage"], row["ghosting"], themes,
        row.get("optional", ()), weight, drawn="part" not in row,
    )  # fmt: skip


def gold(analyser: Analyser) -> list[Labelled]:
    """The gold texts."""
    folder = texts.SHARED / "gold"
    read = {row["id"]: row["text"] for row in _lines(folder / "mentions.jsonl")}
    rows = _lines(folder / "gold.jsonl")
    items = analyser.items([(read[row["id"]], row["kind"]) for row in rows])
    return [_labelled(item, row) for item, row in zip(items, rows, strict=True)]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def naturals(analyser: Analyser) -> list[tuple[str, Natural]]:
    """(source, text under pros or cons), at most PER_SOURCE of each."""
    every = list(texts.natural())
    random.Random(1).shuffle(every)
    closed = texts.held_back()
    counts: Counter[tuple[str, int]] = Counter()
    kept = []
    for source, text, tone in every:
        counts[source, tone] += 1
        if counts[source, tone] <= PER_SOURCE and texts.letters(text) not in closed:
            kept.append((source, Natural(text, tone)))
    readable = analyser.scored([one.text for _, one in kept])
    return [pair for pair, good in zip(kept, readable, strict=True) if good]


def rated(
    analyser: Analyser, natural: Sequence[tuple[str, Natural]], known: set[str]
) -> list[tuple[str, Labelled]]:
    """Texts of which only the author's verdict is known: by stars, or as one side of a review."""
    closed = texts.held_back() | known
    whole = [(one.source, one.text, verdict) for one, verdict in texts.rated()]
    random.Random(1).shuffle(whole)
    sides = [
        (f"{source} sides", one.text, "positive" if one.tone > 0 else "negative") for source, one in natural
    ]
    counts: Counter[tuple[str, str]] = Counter()
    kept: list[tuple[str, str, str]] = []
    for source, text, verdict in (*whole, *sides):
        most = SIDES_PER_SOURCE if source.endswith("sides") else RATED_PER_SOURCE
        if counts[source, verdict] >= most or texts.letters(text) in closed or len(text.split()) < 3:
            continue
        counts[source, verdict] += 1
        kept.append((_group(source.removesuffix(" sides")), text, verdict))
    items = analyser.items([(text, "review") for _, text, _ in kept])
    readable = analyser.scored([text for _, text, _ in kept])
    return [
        (source, Labelled(item, verdict, "other", "unclear", "none", (), weight=RATED_WEIGHT, partly=True))
        for (source, _, verdict), item, good in zip(kept, items, readable, strict=True)
        if good
    ]


def valences() -> dict[str, float]:
    """VADER's words."""
    from analysis.vader import Vader

    return {w: v for w, v in Vader().lexicon.items() if re.fullmatch(r"[a-z]+(?:'[a-z]+)?", w)}


def known_grams() -> dict[str, dict[str, float]]:
    """theme or tone -> n-gram -> how strongly it tells of that, in [-3, 3]."""
    found: dict[str, dict[str, float]] = {}
    for line in KNOWN.read_text(encoding="utf-8").splitlines():
        column, name, strength = line.split("\t")
        found.setdefault(column, {})[name] = float(strength)
    return found


def vocabulary(
    judged: Sequence[tuple[str, str]], natural: Sequence[tuple[str, str]], always: Iterable[str]
) -> tuple[Vocabulary, dict[int, str], dict[int, int]]:
    """The n-grams that get weights, their names, and in how many texts each stands. Pairs: (source, text)."""
    one, other, every = _counts(judged), _counts(natural), _counts([*judged, *natural])
    wanted = {h for h, (n, _) in one.items() if n >= LEAST_LABELLED}
    wanted |= {h for h, (n, _) in other.items() if n >= LEAST_NATURAL}
    wanted = {h for h in wanted if every[h][0] >= LEAST_TEXTS or every[h][1] >= LEAST_SOURCES}
    names = {int(h): name for name, h in zip(always, lexicon.hash_names(list(always)), strict=True)}
    names |= _names([text for _, text in (*judged, *natural)], wanted)
    single = [f"~{name}" for name in names.values() if re.fullmatch(r"[a-z][a-z']+[a-z]", name)]
    names |= {int(h): name for name, h in zip(single, lexicon.hash_names(single), strict=True)}
    kept = {h: name for h, name in names.items() if NAMES.isdisjoint(re.findall(r"[a-z0']+", name))}
    hashes = np.array(sorted(kept), np.uint64)
    return Vocabulary(hashes), kept, {h: every.get(h, (0, 0))[0] for h in kept}


def _counts(pairs: Sequence[tuple[str, str]]) -> dict[int, tuple[int, int]]:
    """n-gram -> (texts, sources)."""
    number = {source: k for k, source in enumerate(sorted({source for source, _ in pairs}))}
    source = np.array([number[name] for name, _ in pairs])
    rows = []
    for at in range(0, len(pairs), 1000):
        tokens = clauses.tokenise([text for _, text in pairs[at : at + 1000]])
        grams = clauses.grams(tokens)
        rows.append(np.unique(np.stack([grams.hash.view(np.int64), tokens.text[grams.last] + at], 1), axis=0))
    both = np.concatenate(rows)
    hashes, texts_with = np.unique(both[:, 0], return_counts=True)
    by_source = np.unique(np.stack([both[:, 0], source[both[:, 1]]], 1), axis=0)
    _, sources_with = np.unique(by_source[:, 0], return_counts=True)
    return {
        int(h): (int(n), int(m))
        for h, n, m in zip(hashes.view(np.uint64), texts_with, sources_with, strict=True)
    }


def _names(every: Sequence[str], wanted: set[int]) -> dict[int, str]:
    """n-grams in words: found where they first stand."""
    hashes = np.array(sorted(wanted), np.uint64)
    names: dict[int, str] = {}
    for at in range(0, len(every), 1000):
        part = every[at : at + 1000]
        tokens = clauses.tokenise(part)
        grams = clauses.grams(tokens)
        place = np.minimum(np.searchsorted(hashes, grams.hash), len(hashes) - 1)
        known = np.flatnonzero(hashes[place] == grams.hash)
        firsts, lasts = grams.first, grams.last
        for k in known[np.unique(grams.hash[known], return_index=True)[1]].tolist():
            h, first, last = int(grams.hash[k]), int(firsts[k]), int(lasts[k])
            if h in names:
                continue
            for negated, gap in ((False, False), (True, False), (False, True)):
                text = part[int(tokens.text[last])].replace("\u2019", "'")
                name = clauses.gram_name(text, tokens, first, last, negated, gap)
                if _hash(name) == h:
                    names[h] = name
                    break
    return names


def _hash(name: str) -> int:
    try:
        return int(clauses.name_hash(name))
    except ValueError:
        return -1


def weights(rows: Sequence[Labelled]) -> np.ndarray:
    """How much each text counts for sentiment, so that kinds have the SHARES to be expected."""
    said = [(row.item.kind, _three(row)) for row in rows]
    kinds, both = Counter(kind for kind, _ in said), Counter(said)
    return np.array([
        row.weight * SHARES[kind][three] * kinds[kind] / both[kind, three]
        for row, (kind, three) in zip(rows, said, strict=True)
    ])  # fmt: skip


def _three(row: Labelled) -> str:
    return row.sentiment if row.sentiment in ("positive", "negative") else "neither"


def judge(name: str, rows: Sequence[Labelled], heads: np.ndarray, thresholds: np.ndarray) -> float:
    """Print the measures of `../shared/gold/score.py` for outputs of the heads; returns macro-F1."""
    truth = np.array([("positive", "negative", "neither").index(_three(row)) for row in rows])
    guess = heads[:, :3].argmax(axis=1)
    scores = [_f1(truth == k, guess == k) for k in range(3)]
    precision = (truth[guess == 1] == 1).mean()
    recall = (guess[truth == 1] == 1).mean()
    total, per = np.zeros(3), []
    for k, theme in enumerate(THEMES, HEADS.index(THEMES[0])):
        has = np.array([any(one["theme"] == theme for one in row.themes) for row in rows])
        open_ = np.array([theme in row.optional for row in rows])
        says = (heads[:, k] > thresholds[k]) & ~open_
        counts = np.array([(says & has).sum(), (says & ~has).sum(), (has & ~says).sum()])
        total += counts
        if has.sum() >= 5:
            per.append(2 * counts[0] / (2 * counts[0] + counts[1] + counts[2]))
    role, stage, ghost = (HEADS.index(one) for one in (f"role:{ROLES[0]}", f"stage:{STAGES[0]}", "ghosting"))
    roles = np.array([ROLES.index(row.role) for row in rows]) == heads[:, role:stage].argmax(1)
    stages = np.array([STAGES.index(row.stage) for row in rows]) == heads[:, stage:ghost].argmax(1)
    silent = np.array([row.ghosting == "employer" for row in rows])
    micro = 2 * total[0] / (2 * total[0] + total[1] + total[2])
    figures = {
        "sentiment": np.mean(scores), "negative P": precision, "R": recall, "themes micro": micro,
        "macro": np.mean(per), "role": roles.mean(), "stage": stages.mean(),
        "ghosting": _f1(silent, heads[:, ghost] > thresholds[ghost]),
    }  # fmt: skip
    print(f"{name:24} n {len(rows):5}  " + "  ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    return float(np.mean(scores))


def _f1(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(2 * (truth & guess).sum() / max(1, truth.sum() + guess.sum()))


def outputs(model: Model, items: Sequence[Item], vocabulary_: Vocabulary) -> np.ndarray:
    """Outputs of the heads for new texts."""
    features = take_apart(items)
    clause = learn.apply(learn.rows_by_clause(features, vocabulary_), (model.clause, model.clause_bias))
    text = learn.apply(learn.rows_by_text(features, vocabulary_), (model.text, model.text_bias))
    return model.heads.apply(pooled(features, clause, text))


def quicken() -> None:
    """Multiply by scipy's sparse matrices where it is installed: a quarter of the time, the same results."""
    try:
        sparse: Any = importlib.import_module("scipy.sparse")
    except ImportError:
        return
    made: dict[int, tuple[Sparse, Any, Any]] = {}

    def both(one: Sparse) -> tuple[Sparse, Any, Any]:
        if id(one) not in made:
            if len(made) > 6:
                made.clear()
            rows = sparse.csr_matrix((one.values, one.ids, one.starts), shape=(one.rows, one.width))
            made[id(one)] = one, rows, rows.T.tocsr()  # with `one`, so that its id is not given again
        return made[id(one)]

    setattr(Sparse, "dot", lambda one, weights: both(one)[1] @ weights)  # noqa: B010
    setattr(Sparse, "back", lambda one, residual: both(one)[2] @ residual)  # noqa: B010


def main() -> None:
    quicken()
    analyser = Analyser(Analysis(), Path())
    pairs = labelled(analyser)
    if "--sample" in sys.argv:
        pairs = pairs[: int(sys.argv[sys.argv.index("--sample") + 1])]
    natural = naturals(analyser)
    partly = rated(analyser, natural, {texts.letters(row.item.text) for _, row in pairs})
    if "--sample" in sys.argv:
        natural, partly = natural[: len(pairs)], partly[: len(pairs)]
    words, known = valences(), known_grams()
    vocabulary_, names, counts = vocabulary(
        [(source, row.item.text) for source, row in pairs],
        [(s, one.text) for s, one in natural],
        sorted({*words, *(name for column in known.values() for name in column)}),
    )
    every = [*pairs, *partly]
    rows = [row for _, row in pairs]
    print(
        f"{len(pairs):,} labelled texts, {len(partly):,} with stars or sides alone, {len(natural):,} whose "
        f"clauses stand under pros or cons, {len(vocabulary_):,} n-grams"
    )
    trainer = Trainer([row for _, row in every], [one for _, one in natural], vocabulary_, words, known=known)
    verdicts = [RATED_WEIGHT if row.item.sections else UNHEADED_WEIGHT for _, row in partly]
    drawn = np.array([row.drawn for row in rows])
    counted = np.concatenate((weights(rows), verdicts))
    counted[: len(rows)][~drawn] *= WRITTEN_COMBINED / WRITTEN_WEIGHT
    model, every_held, by_clause, pool = learn.train(trainer, counted)
    held = every_held[: len(rows)]
    kinds = np.array([row.item.kind for row in rows])
    for name, part in (
        ("5-fold", drawn), ("  written", ~drawn), *((f"  {kind}", drawn & (kinds == kind)) for kind in SHARES)
    ):  # fmt: skip
        judge(name, [row for row, here in zip(rows, part, strict=True) if here], held[part], model.thresholds)
    evidence, serves, pointed = learnopinions.train_evidence(trainer, by_clause)
    polarity, accuracy = learnopinions.train_polarity(trainer, by_clause, pool, every_held, serves)
    print(f"of named themes, 5-fold: the clause {pointed:.3f}, the polarity {accuracy:.3f}")
    if (texts.SHARED / "gold").exists():
        answers = gold(analyser)
        judge("gold", answers, outputs(model, [row.item for row in answers], vocabulary_), model.thresholds)
    if "--sources" in sys.argv:
        numbers = {name: k for k, name in enumerate(sorted({source for source, _ in every}))}
        folds = np.array([numbers[source] for source, _ in every])
        aside = np.array([numbers.get(_group(source), -1) for source, _ in natural])
        apart = Trainer(
            [row for _, row in every], [one for _, one in natural], vocabulary_, words, folds, aside, known
        )
        left_out = learn.train(apart, counted)[1][: len(rows)]
        judge("source left out", rows, left_out, model.thresholds)
        for name, k in numbers.items():
            part = folds[: len(rows)] == k
            judge(f"  {name}", [row for row, here in zip(rows, part, strict=True) if here], left_out[part],
                  model.thresholds)  # fmt: skip
    if "--write" in sys.argv:
        write(model, (evidence, polarity), vocabulary_, names, counts)


def _group(source: str) -> str:
    """The source that a text under pros or cons belongs to, as labelled texts name it."""
    return "ambitionbox" if source.startswith("ambitionbox") else source


def write(
    model: Model,
    opinions: tuple[np.ndarray, Network],
    vocabulary_: Vocabulary,
    names: dict[int, str],
    counts: dict[int, int],
) -> None:
    """Write the table and the combining step into analysis/data."""
    table = np.concatenate((model.clause, model.text), axis=1)
    labels = [names[int(h)] for h in vocabulary_.hashes] + list(SIGNS)
    seen = [counts[int(h)] for h in vocabulary_.hashes] + [0] * len(SIGNS)
    keep = [k for k, name in enumerate(labels) if name[0] == "#" or np.abs(table[k]).max() >= SMALLEST]
    keep.sort(key=lambda k: (labels[k][0] == "#", labels[k].lstrip("~"), labels[k]))
    bias = np.concatenate((model.clause_bias, model.text_bias))
    combine = lexicon.Combine(bias, model.heads, model.thresholds, *opinions)
    lexicon.write(lexicon.FOLDER, [labels[k] for k in keep], [seen[k] for k in keep], table[keep], combine)
    print(f"wrote {len(keep):,} lines to {lexicon.FOLDER.name}/{lexicon.TABLE}")


if __name__ == "__main__":
    main()

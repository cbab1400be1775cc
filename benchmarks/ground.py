"""`python -m benchmarks.ground`: the default engine on VADER's own ground truth, beside VADER alone.

AUC of the score for texts that 20 people rated positive against those they rated negative. The texts
(`../shared/data/bench-vader`) speak of anything but employers: they show what the engine does elsewhere.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from analysis.analyser import Analyser
from benchmarks.texts import DATA
from candidly.config import Analysis
from candidly.records import Kind

FOLDER = DATA / "bench-vader"


def rated(path: Path) -> tuple[list[str], np.ndarray]:
    """Texts of one file, and the means of their ratings (-4 to 4)."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    rows = [line.split("\t", 2) for line in text.splitlines() if line.count("\t") >= 2]
    return [row[2] for row in rows], np.array([float(row[1]) for row in rows])


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive text scores above a negative one; equal scores count as half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place.ravel()]
    above = rank[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return float(above / (positive.sum() * (~positive).sum()))


def main() -> None:
    ours, theirs = Analyser(Analysis(), Path()), Analyser(Analysis(engine="vader"), Path())
    print(f"{'texts':36}{'n':>7}{'candidly':>10}{'VADER':>8}")
    for path in sorted(FOLDER.glob("*GroundTruth.txt*")):
        texts, rating = rated(path)
        kind: Kind = "post"
        found = [engine.analyse_texts([(text, kind) for text in texts]) for engine in (ours, theirs)]
        kept = [
            n for n in range(len(texts)) if rating[n] and all(each[n].score is not None for each in found)
        ]
        positive = rating[kept] > 0
        values = [auc(np.array([each[n].score for n in kept]), positive) for each in found]
        print(f"{path.name.partition('_')[0]:36}{len(kept):7,}{values[0]:10.4f}{values[1]:8.4f}")


if __name__ == "__main__":
    main()

"""`engine: vader` against vaderSentiment, on the same texts, interleaved in one process.

    python -m benchmarks.vader

CPU time; medians of several rounds. No text measured has been seen by any memo before: memos are warmed on
one part of the texts, the rounds take new ones. Results are compared bit for bit along the way.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from analysis.vader import Vader
from benchmarks import vadertexts

ROUNDS = 3
KIND_TEXTS = 1_000
FLAT = 1_000_000
CALL = 5_000

Scorer = Callable[[Sequence[str]], Sequence[float]]


class Race:
    """Upstream, and ours one text at a time and in batch, each with memos of its own."""

    def __init__(self, warm: Sequence[str] = ()) -> None:
        upstream, single, batch = SentimentIntensityAnalyzer(), Vader(), Vader()
        self.scorers: dict[str, Scorer] = {
            "upstream": lambda texts: [upstream.polarity_scores(text)["compound"] for text in texts],
            "single": lambda texts: [single.compound(text) for text in texts],
            "batch": lambda texts: batch.compounds(texts).tolist(),
        }
        for name in ("single", "batch"):
            self.scorers[name](warm)
        self.scorers["batch"](["warm"] * CALL)

    def ratios(self, rounds: Sequence[Sequence[str]]) -> tuple[float, float]:
        """How many times faster than upstream are single and batch? The median over the rounds."""
        found: list[tuple[float, float]] = []
        for texts in rounds:
            taken, results = {}, {}
            for name, score in self.scorers.items():
                start = time.process_time()
                results[name] = score(texts)
                taken[name] = time.process_time() - start
            if not results["upstream"] == results["single"] == results["batch"]:
                raise AssertionError("scores differ from upstream")
            found.append((taken["upstream"] / taken["single"], taken["upstream"] / taken["batch"]))
        single, batch = zip(*found, strict=True)
        return statistics.median(single), statistics.median(batch)


def row(name: str, single: float, batch: float, wanted: str = "") -> None:
    print(f"{name:34}{single:10.1f}{batch:10.1f}   {wanted}")


def corpora(texts: Sequence[str]) -> None:
    """Short texts, long ones made of them and a very long one, after warming on three fifths."""
    cut = len(texts) * 3 // 5
    warm, new = texts[:cut], texts[cut:]
    row("short, not seen before", *Race(warm).ratios(parts(new)), "wanted: 4 and 12")
    made = vadertexts.long(new, 2)
    row(
        "80-200 words, not seen before",
        *Race(vadertexts.long(warm, 1)).ratios(parts(made)),
        "wanted: batch 25",
    )
    race = Race(warm)
    tens = [[vadertexts.of_words(new[n::ROUNDS], 10_000)] for n in range(ROUNDS)]
    row("one text of 10,000 words", *race.ratios(tens), "wanted: 300")


def parts(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[n::ROUNDS] for n in range(ROUNDS)]


def kinds(texts: Sequence[str]) -> None:
    """Unusual input, each kind with new memos: nothing may be slower than upstream."""
    for name, some in vadertexts.kinds(texts, KIND_TEXTS).items():
        row(name, *Race().ratios(parts(some)), "wanted: 1")


def extremes(texts: Sequence[str]) -> None:
    """CPU seconds for inputs on which upstream needs minutes."""
    vader = Vader()
    words = " ".join(texts)
    for name, text in (
        ("200 kB", (words * (200_000 // len(words) + 1))[:200_000]),
        ("20,000 emoji", "\U0001f601" * 20_000),
        ("200 kB of 'good but'", "good but " * 22_222),
        ("200 kB of '!'", "!" * 200_000),
    ):
        start = time.process_time()
        vader.compound(text)
        single = time.process_time() - start
        start = time.process_time()
        vader.compounds([text])
        batch = time.process_time() - start
        print(f"{name:34}{single:9.3f}s{batch:9.3f}s   wanted: below 0.5 s")


def memory() -> None:
    """Growth of the process over a million distinct texts, scored one by one and in batches."""
    single, batch = Vader(), Vader()
    peaks = []
    texts = vadertexts.distinct(FLAT)
    for part in iter(lambda: list(islice(texts, CALL)), []):
        batch.compounds(part)
        for text in part:
            single.compound(text)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    early, late = peaks[len(peaks) // 4], peaks[-1]
    print(f"peak memory after {FLAT // 4:,} distinct texts {early:.0f} MB, after {FLAT:,} {late:.0f} MB")


def main() -> None:
    """Print every table."""
    texts = vadertexts.short()
    print(f"engine: vader, {len(texts):,} distinct texts; times faster than vaderSentiment 3.3.2 (CPU time)")
    print(f"{'':34}{'single':>10}{'batch':>10}")
    corpora(texts)
    kinds(texts)
    extremes(texts)
    memory()


if __name__ == "__main__":
    main()

"""The default engine, all themes included, against vaderSentiment's sentiment alone on the same texts.

    python -m benchmarks.engine

CPU time, interleaved in one process; medians of several rounds. No text measured has been seen by any memo
before: memos are warmed on one part of the texts, the rounds take new ones.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from analysis.analyser import Analyser
from benchmarks import corpus, vadertexts
from benchmarks.vader import parts
from candidly.config import Analysis
from candidly.records import Mention

MOST = 15_000
"""Texts of each kind."""
SINGLE = 300
"""Texts of a round that are read one by one."""
FLAT = 1_000_000
CALL = 5_000


class Race:
    """Upstream and the default engine, warmed on other texts than those measured."""

    def __init__(self, warm: Sequence[str]) -> None:
        self.upstream, self.ours = SentimentIntensityAnalyzer(), Analyser(Analysis(), Path())
        self.ours.analyse_many(mentions(warm))
        self.ours.analyse_text(warm[0])

    def row(self, name: str, texts: Sequence[str], wanted: str) -> None:
        """Print how many times faster we are, one text at a time and in batch, and microseconds a text."""
        found = []
        for some in parts(texts):
            few, many = some[:SINGLE], mentions(some[SINGLE:])
            reference = taken(lambda some=some: [self.upstream.polarity_scores(text) for text in some])
            single = taken(lambda few=few: [self.ours.analyse_text(text) for text in few])
            batch = taken(lambda many=many: self.ours.analyse_many(many))
            each = reference / len(some)
            found.append((each * len(few) / single, each * len(many) / batch, each, batch / len(many)))
        one, all_, theirs, ours = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{name:34}{one:8.2f}{all_:8.2f}{theirs * 1e6:10.0f}{ours * 1e6:8.0f}   {wanted}")


def taken(call: Callable[[], Any]) -> float:
    """CPU seconds."""
    start = time.process_time()
    call()
    return time.process_time() - start


def mentions(texts: Sequence[str]) -> list[Mention]:
    """Texts as reviews."""
    now = datetime(2026, 2, 16, tzinfo=UTC)
    return [
        Mention(source="bench", id=str(n), kind="review", collected=now, body=t) for n, t in enumerate(texts)
    ]


def reviews() -> list[str]:
    """Distinct real reviews as one text each."""
    found = ("\n".join(filter(None, fields.values())) for fields in corpus.seeds())
    return list(dict.fromkeys(found))[:MOST]


def ratios() -> None:
    """Real reviews, short texts and long ones, after warming on three fifths."""
    print(f"{'':34}{'single':>8}{'batch':>8}{'upstream':>10}{'batch':>8}")
    for name, texts, wanted in (
        ("reviews", reviews(), "wanted: batch 4"),
        ("short, some 17 words", vadertexts.short()[:MOST], "wanted: batch 4"),
    ):
        cut = len(texts) * 3 // 5
        Race(texts[:cut]).row(name, texts[cut:], wanted)
    cut = len(texts) // 3
    long = vadertexts.long(texts[cut:], 2)
    Race(vadertexts.long(texts[:cut], 1)).row("80 to 200 words", long, "wanted: batch 4")


def extremes() -> None:
    """CPU seconds for inputs on which upstream needs minutes."""
    ours = Analyser(Analysis(), Path())
    words = " ".join(reviews()[:2_000])
    ours.analyse_text("Mauvaise ambiance, mais les collègues sont sympathiques.")  # loads the language model
    for name, text in (
        ("200 kB", (words * (200_000 // len(words) + 1))[:200_000]),
        ("20,000 emoji", "\U0001f601" * 20_000),
        ("200 kB of 'never '", "never " * 33_333),
        ("200 kB of one word", "x" * 200_000),
    ):
        print(f"{name:34}{taken(lambda text=text: ours.analyse_text(text)):8.3f} s   wanted: below 0.5 s")


def linear() -> None:
    """Microseconds a word for texts of more and more words."""
    ours, texts = Analyser(Analysis(), Path()), reviews()
    ours.analyse_many(mentions(texts[:2_000]))
    for n in (100, 1_000, 8_000):
        many = mentions([vadertexts.of_words(texts[k * 17 % 9_000 :], n) for k in range(80_000 // n)])
        each = taken(lambda many=many: ours.analyse_many(many)) / 80_000
        print(f"{f'texts of {n:,} words':34}{each * 1e6:8.2f} us a word")


def memory() -> None:
    """Growth of the process over a million distinct texts."""
    ours, texts, peaks = Analyser(Analysis(), Path()), vadertexts.distinct(FLAT), []
    for part in iter(lambda: list(islice(texts, CALL)), []):
        ours.analyse_texts([(text, "post") for text in part])
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    early, late = peaks[len(peaks) // 4], peaks[-1]
    print(f"peak memory after {FLAT // 4:,} distinct texts {early:.0f} MB, after {FLAT:,} {late:.0f} MB")


def main() -> None:
    """Print every table."""
    print("default engine; times faster than vaderSentiment 3.3.2 (CPU time), and microseconds a text")
    ratios()
    extremes()
    linear()
    memory()


if __name__ == "__main__":
    main()

"""How fast the store writes and answers: `python benchmarks/bench_storage.py [MENTIONS]`.

Saves mentions with two opinions each in batches of 1,000 (each one durable transaction), saves them again
edited, then asks for the figures of a weekly report. Rates are per second of processor time.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from candidly.records import Analysis, Batch, Mention, Opinion, Tally
from storage import queries
from storage.store import Store

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SIZE = 1000
ANALYSIS = Analysis(
    version="1",
    language="en",
    score=-0.5,
    label="negative",
    opinions=(Opinion("communication", "negative", 0, 30), Opinion("interview", "neutral", 31, 52)),
)


def mention(n: int, words: str) -> Mention:
    return Mention(
        source="forum", id=f"t3_{n:08x}", kind="post", company=f"Company {n % 4}", collected=NOW,
        published=NOW - timedelta(seconds=n * 60), author="0123456789abcdef", title="How it went",
        url=f"https://forum.example/{n}", stars=float(n % 5 + 1), body=f"{words} {n}. " * 3,
    )  # fmt: skip


def batches(count: int, words: str) -> Iterator[Batch]:
    for at in range(0, count, SIZE):
        items = tuple((mention(n, words), ANALYSIS) for n in range(at, min(at + SIZE, count)))
        yield Batch("forum", items, {"at": at}, Tally(stored=len(items)))


def write(store: Store, count: int, words: str) -> float:
    """Mentions a second of processor time."""
    run, spent = store.begin_run("forum", NOW), 0.0
    for batch in batches(count, words):
        started = time.process_time()
        store.save(run, batch)
        spent += time.process_time() - started
    return count / spent


def timed(name: str, call: Callable[[], Any]) -> None:
    started = time.process_time()
    call()
    print(f"{name:28} {time.process_time() - started:8.3f} s")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/bench.db") as store:
        for name, words in (("save, new", "Nobody called back"), ("save, edited", "They called at last")):
            print(f"{name:28} {write(store, count, words):8,.0f} mentions/s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'memory, peak':28} {peak:8.0f} MB")
        year, week = NOW - timedelta(days=730), NOW - timedelta(days=7)
        timed("weekly totals, two years", lambda: queries.weekly_totals(store, "Company 1", year, NOW, "UTC"))
        timed("daily counts, two years", lambda: queries.daily_counts(store, "Company 1", year, NOW, "UTC"))
        timed("mentions of a week", lambda: queries.mentions_frame(store, "Company 1", week, NOW))
        timed("opinions of a week", lambda: queries.opinions_frame(store, "Company 1", week, NOW))
        timed("totals", lambda: queries.totals(store))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

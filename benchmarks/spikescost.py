"""What judging 50 companies x 16 themes x 3 years daily costs, against reading the same rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np

from analysis.spikes import Counts, judge_many, replay
from candidly.records import Analysis, Batch, Mention, Opinion, Tally
from storage import queries
from storage.store import Store

COMPANIES, THEMES, DAYS, SOURCES = 50, 16, 1096, 2
READ = 2  # companies whose rows are stored and read; the rest is in proportion
TODAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def main() -> None:
    """Print CPU seconds and the ratio."""
    rng = np.random.default_rng(1)
    days = [TODAY - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    many = []
    for _ in range(COMPANIES):
        total = rng.poisson(2.0, (DAYS, SOURCES)).astype(float)
        covered = np.ones((DAYS, SOURCES))
        many += [Counts(total, rng.binomial(total.astype(int), 0.1), covered) for _ in range(THEMES)]
    judging = _spent(lambda: judge_many(days, many, TODAY))
    reading = _reading(rng, days) * COMPANIES / READ
    print(
        f"judging {len(many)} series of {DAYS} days and {SOURCES} sources today: "
        f"{judging:.1f} s of one core; "
        f"reading their rows from the store: {reading:.1f} s; ratio {judging / reading:.3f}"
    )
    some = many[:THEMES]
    every = _spent(lambda: replay(days, some, days[28], TODAY)) * COMPANIES
    print(f"replaying each of those days for all of them: {every:.0f} s (from {THEMES} series)")


def _spent(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def _reading(rng: np.random.Generator, days: list[date]) -> float:
    """CPU seconds of reading counts, themes and coverage of READ companies."""
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/cost.db") as store:
        n = 0
        for source in range(SOURCES):
            name = f"forum{source}"
            run = store.begin_run(name, NOW)
            for company in range(READ):
                items = []
                for day, count in zip(days, rng.poisson(2.0, len(days)), strict=True):
                    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
                    for _ in range(count):
                        n += 1
                        items.append((_mention(name, n, company, at), _analysis(n)))
                store.save(run, Batch(name, tuple(items), {"at": n}, Tally(stored=len(items))))
        start, end = datetime.combine(days[0], datetime.min.time(), UTC), NOW + timedelta(days=1)

        def read() -> None:
            for company in range(READ):
                queries.daily_counts(store, f"Company {company}", days[0], TODAY + timedelta(days=1), "UTC")
                queries.opinions_frame(store, f"Company {company}", start, end)
                queries.covered_days(store, ["forum0", "forum1"], days[0], TODAY, "UTC")

        return _spent(read)


def _mention(source: str, n: int, company: int, at: datetime) -> Mention:
    return Mention(
        source=source, id=f"{n:08x}", kind="post", company=f"Company {company}", collected=at, published=at,
        author="0123456789abcdef", title="How it went", url=f"https://forum.example/{n}", body="Words. " * 5,
    )  # fmt: skip


def _analysis(n: int) -> Analysis:
    themes = ("communication", "interview", "process", "offer")
    label = "negative" if n % 3 == 0 else "positive"
    return Analysis(
        version="1", language="en", score=-0.5, label=label,
        opinions=(Opinion(themes[n % 4], "negative", 0, 5), Opinion(themes[(n + 1) % 4], "neutral", 6, 9)),
    )  # fmt: skip

"""How well the product's detector finds spikes, and at what price in false alarms.

    python -m benchmarks.spikes                            every suite of ../shared/spikebench
    python -m benchmarks.spikes --quick --suite daily --salt mine
    python -m benchmarks.spikes --sources                  the events again, source by source with coverage
    python -m benchmarks.spikes --speed                    one call with three years; prefixes
    python -m benchmarks.spikes --cost                     50 companies x 16 themes x 3 years, against reading
    python -m benchmarks.spikes --series FOLDER            real series replayed, one picture each

The benchmark's own command takes the same detector:
    python spikebench.py --detector benchmarks.spikes:score     (with the repository on PYTHONPATH)
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.spikes import Counts, replay

BENCH = Path(__file__).resolve().parents[2] / "shared" / "spikebench"
SUITES = ("weekly", "weekly-short", "daily", "events")
Array = NDArray[Any]


def batch(counts: Array, totals: Array, dates: Array, lo: int, hi: int) -> Array:
    """Scores of the periods lo..hi; NaN in `counts` is missing. 0 is once a year by chance."""
    days = dates[: hi + 1]
    known = ~np.isnan(counts[: hi + 1])
    series = Counts(np.nan_to_num(totals[: hi + 1]), np.nan_to_num(counts[: hi + 1]), known)
    weekly = bool(hi) and int((days[1] - days[0]).astype(int)) == 7
    first, last = (day.astype("datetime64[D]").item() for day in days[[lo, hi]])
    return replay(days, [series], first, last, weekly=weekly).negative[:, 0]


def score(counts: Array, totals: Array, dates: Array) -> float:
    """The score of the last period: the interface of a detector in the benchmark."""
    return float(batch(counts, totals, dates, len(counts) - 1, len(counts) - 1)[0])


score.batch, score.threshold, score.label = batch, 0.0, "candidly"  # type: ignore[attr-defined]


def bench(name: str = "spikebench") -> ModuleType:
    """A module of the benchmark, read where it lies."""
    if not BENCH.is_dir():
        raise SystemExit(f"the benchmark is not at {BENCH}")
    if str(BENCH) not in sys.path:
        sys.path.insert(0, str(BENCH))
    sys.dont_write_bytecode = True  # it may lie in a folder that is not ours to write to
    return importlib.import_module(name)


def run(suites: list[str], salt: str, reps: int | None, quick: bool) -> None:
    """The benchmark's own tables for the product's detector."""
    b = bench()
    rows = []
    for suite in suites:
        result, found = b.evaluate(score, suite, reps or (b.QUICK if quick else b.REPS)[suite], salt, 1)
        rows.append(result)
        print(f"{suite:13s}", b.line(result), flush=True)
        if suite != "events":
            _details(b, found, result)
    print(b.markdown(rows))


def _details(b: ModuleType, found: list[Any], result: dict[str, Any]) -> None:
    print("  false alerts a series-year by group:", _short(result["fa"]["by_group"]))
    matched = result.get("matched_1")
    if matched:
        print(
            f"  at 1 a year (score {matched['threshold']:.2f}): found by group", _short(matched["pod_group"])
        )
        if "pod_len" in matched:
            print("  found by days of the spike", _short(matched["pod_len"]))
    for years in (2, 5, 10, 30):
        rate = b.fa_stats(found, np.log10(years))["fa_per_year"]
        print(f"  stated once in {years} years: realised {rate:.3f} a year")


def _short(table: dict[Any, float]) -> str:
    return ", ".join(f"{key} {value:.2f}" for key, value in table.items())


def speed() -> None:
    """Milliseconds of one call with three years of history, and the same answer on every prefix."""
    scenarios = bench("scenarios")
    one = next(s for s in scenarios.daily_scenarios() if s.hist == 1095)
    series, _ = scenarios.daily_base(one, 0)
    spent, n = [], len(series.counts)
    whole = batch(series.counts, series.totals, series.dates, series.first, n - 1)
    for end in range(n - 60, n + 1):
        start = time.perf_counter()
        last = score(series.counts[:end], series.totals[:end], series.dates[:end])
        spent.append(time.perf_counter() - start)
        if abs(last - whole[end - 1 - series.first]) > 1e-9:
            raise SystemExit(f"another answer on the prefix of {end} days")
    print(f"one call, three years: median {np.median(spent) * 1e3:.1f} ms, best {min(spent) * 1e3:.1f} ms")


def sources(salt: str, reps: int) -> None:
    """The events once more as the product sees them: two sources, each with its coverage.

    A new source is covered from its first day, an outage and a partial loss are one source that was not read,
    a back-fill is read days after it was posted. Shares of series with an alarm in the days that count.
    """
    s = bench("scenarios")
    for event in ("newsource", "newsource_late", "partial", "outage_nan", "backfill"):
        alarms = [_source_event(s, event, mean, rep, salt) for mean in s.EVENT_MEANS for rep in range(reps)]
        print(f"{event:15s} {np.mean(alarms):.2f}  (n {len(alarms)})", flush=True)


def _source_event(s: ModuleType, event: str, mean: float, rep: int, salt: str) -> bool:
    rng = s.rng_for(salt, "sources", event, mean, rep)
    n, t0 = (180, 800)[rep % 2] + 134, (180, 800)[rep % 2] + 14
    negative = np.stack([s.nb1(rng, np.full(n, mean / 2), 1.5) for _ in range(2)], axis=1)
    other = np.stack([s.nb1(rng, np.full(n, mean * 7 / 6), 1.5) for _ in range(2)], axis=1)
    covered, timely = np.ones((n, 2), bool), np.ones((n, 2), bool)
    lo, hi = t0, t0 + 13
    if event.startswith("newsource"):
        covered[:t0, 1] = False
        lo, hi = (t0, t0 + 27) if event == "newsource" else (t0 + 28, t0 + 90)
    elif event == "backfill":
        timely[t0 - 30 : t0 - 3, 1] = False
        negative[t0 - 10 : t0 - 3, 1] *= 4
        hi = t0 + 2
    else:
        covered[t0 - (28 if event == "partial" else 5) : t0, 1] = False
    total = negative + other
    days = np.datetime64("2015-01-05") + np.arange(n)
    counts = Counts(total * covered, negative * covered, covered, negative * timely, total * timely)
    found = replay(days, [counts], days[lo].item(), days[hi].item()).negative
    return bool((np.nan_to_num(found, nan=-9.0) >= 0).any())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", default=",".join(SUITES))
    parser.add_argument("--salt", default="dev-1")
    parser.add_argument("--reps", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sources", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--series", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    if given.sources:
        sources(given.salt, given.reps or 20)
    elif given.speed:
        speed()
    elif given.cost:
        from benchmarks import spikescost

        spikescost.main()
    elif given.series:
        from benchmarks import spikeseries

        spikeseries.main(given.series)
    else:
        run(given.suite.split(","), given.salt, given.reps, given.quick)


if __name__ == "__main__":
    main()

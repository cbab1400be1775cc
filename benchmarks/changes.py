"""Are the claims of change honest? Simulated weeks whose truth is known, judged by the product's own code.

    python -m benchmarks.changes            # about five minutes
    python -m benchmarks.changes --reps 400
    python -m benchmarks.changes --shares   # the first table alone, in 15 seconds

Mentions come in threads (beta-binomial) and by authors who write in several threads, as on a forum. Printed:
how often the 95% intervals hold the truth, of a share by itself and of its change; how often a report of 16
themes claims a false "worse"; whether a rise as large as the printed least detectable one is found 4 times of
5; whether the parts of a change add up.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from analysis import changes, clumps, why
from analysis.weekly_counts import LEAST_EFFECTIVE, STARS, change, is_negative, mean_change, share_of

THEMES = 16
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """Mentions a side, mean thread size, correlation within threads, mentions an author (1: all differ)."""

    mentions: int
    thread: int
    rho: float
    by_author: int = 1

    @property
    def words(self) -> str:
        author = f", {self.by_author} by an author" if self.by_author > 1 else ""
        return f"{self.mentions} mentions, threads of {self.thread}, correlation {self.rho:g}{author}"


SETTINGS = (
    Setting(60, 1, 0.0),
    Setting(60, 3, 0.3),
    Setting(200, 1, 0.0),
    Setting(200, 3, 0.3),
    Setting(200, 6, 0.5),
    Setting(200, 3, 0.2, 4),
    Setting(800, 3, 0.3),
    Setting(800, 6, 0.3, 5),
)


def side(rng: Generator, setting: Setting, share: float, first: int = 0) -> pd.DataFrame:
    """One side of a comparison: pk, source, thread, author, verdict, stars.

    A mention's chance to be negative is `share` pulled by its thread and by its author, each through a normal
    mood whose threshold keeps the share exact; `rho` is then split evenly where authors write more than once.
    """
    sizes = _thread_sizes(rng, setting)
    n = int(sizes.sum())
    thread = np.repeat(np.arange(len(sizes)), sizes)
    author = rng.integers(0, max(1, n // setting.by_author), n) if setting.by_author > 1 else np.full(n, -1)
    negative = _negative(rng, setting, share, thread, author)
    stars = np.clip(np.round(3.6 - 1.8 * negative + rng.normal(0, 0.9, n)), 1, 5)
    return pd.DataFrame(
        {
            "pk": np.arange(first, first + n),
            "source": "forum",
            "thread": [f"{first}-{t}" for t in thread],
            "author": author,
            "verdict": np.where(negative, "negative", "positive"),
            "stars": stars,
        }
    )


def _thread_sizes(rng: Generator, setting: Setting) -> Array:
    if setting.thread == 1:
        return np.ones(setting.mentions, dtype=np.int64)
    sizes = rng.geometric(1 / setting.thread, setting.mentions)
    many = int(np.searchsorted(np.cumsum(sizes), setting.mentions)) + 1
    return np.asarray(sizes[:many], dtype=np.int64)


def _negative(rng: Generator, setting: Setting, share: float, thread: Array, author: Array) -> Array:
    if not setting.rho:
        return rng.random(len(thread)) < share
    if setting.by_author == 1:
        scale = (1 - setting.rho) / setting.rho
        moods = rng.beta(share * scale, (1 - share) * scale, int(thread.max()) + 1)
        return rng.random(len(thread)) < moods[thread]
    # Two crossed groupings: each gives the mood of a mention with a chance that makes the correlation rho.
    scale = 1 / 9  # moods that are nearly all or nothing
    chance = math.sqrt(setting.rho / 0.9)
    of_thread = rng.beta(share * scale, (1 - share) * scale, int(thread.max()) + 1)[thread]
    of_author = rng.beta(share * scale, (1 - share) * scale, int(author.max()) + 1)[author]
    own = np.full(len(thread), share)
    follows = rng.random(len(thread))
    mood = np.where(follows < chance / 2, of_thread, np.where(follows < chance, of_author, own))
    return rng.random(len(thread)) < mood


def judged(before: pd.DataFrame, now: pd.DataFrame) -> tuple[float, float, bool, float | None, float]:
    """`(low, high, claimed worse, detectable, effective mentions)` of the negative share."""
    both = clumps.both_sides(before, now)
    deff = clumps.design_effect(both, is_negative(both))
    k1, k2 = (float(is_negative(one).sum()) for one in (before, now))
    found = change(k1, len(before), k2, len(now), deff, clump=clumps.mean_size(both))
    return found.low, found.high, found.verdict == "up", found.detectable, min(len(before), len(now)) / deff


FEW_CLUMPS = Setting(60, 6, 0.3)
"""Ten threads or so: the hard case for the interval of a single share."""


def share_coverage(reps: int, seed: int) -> Iterator[tuple[Setting, float, float]]:
    """`(setting, share, share of intervals that hold it)`, each interval by its own week's design effect."""
    for setting in (*SETTINGS, FEW_CLUMPS):
        for share in (0.15, 0.3, 0.5):
            key = setting.mentions, setting.thread, setting.by_author, round(100 * share)
            rng, held = np.random.default_rng([seed, 6, *key]), 0
            for _ in range(reps):
                mentions = side(rng, setting, share)
                # As `clumps.marked` would, which has to look at the sources too and takes most of the time.
                mentions["clump"] = pd.factorize(mentions["thread"])[0]
                found = share_of(mentions, is_negative(mentions), 1)
                held += found is not None and found.low <= share <= found.high
            yield setting, share, held / reps


def coverage(reps: int, seed: int) -> Iterator[tuple[Setting, float, float, float]]:
    """`(setting, share before, rise, share of intervals that hold the rise)`."""
    for setting in SETTINGS:
        for share in (0.15, 0.3, 0.5):
            for rise in (0.0, 0.15):
                rng = np.random.default_rng([seed, setting.mentions, setting.thread, setting.by_author])
                held = 0
                for _ in range(reps):
                    low, high, *_ = judged(side(rng, setting, share), side(rng, setting, share + rise, 10**6))
                    held += low <= rise <= high
                yield setting, share, rise, held / reps


def rating_coverage(reps: int, seed: int) -> Iterator[tuple[Setting, float]]:
    """How often the interval of the change of the mean rating holds the truth, none."""
    for setting in SETTINGS:
        rng, held = np.random.default_rng([seed, 2, setting.mentions, setting.thread, setting.by_author]), 0
        for _ in range(reps):
            found = mean_change(side(rng, setting, 0.3), side(rng, setting, 0.3, 10**6), STARS, 5)
            held += bool(found and found.low <= 0 <= found.high)
        yield setting, held / reps


def power(reps: int, seed: int, share: float = 0.3) -> Iterator[tuple[Setting, float, float]]:
    """`(setting, printed least detectable rise, how often a rise of that size is claimed)`."""
    for setting in SETTINGS:
        rng = np.random.default_rng([seed, 3, setting.mentions, setting.thread, setting.by_author])
        printed = [judged(side(rng, setting, share), side(rng, setting, share, 10**6))[3] for _ in range(100)]
        known = [rise for rise in printed if rise is not None]
        if len(known) < 90:
            continue
        rise = float(np.median(known))
        claims = [
            judged(side(rng, setting, share), side(rng, setting, share + rise, 10**6))[2] for _ in range(reps)
        ]
        yield setting, rise, float(np.mean(claims))


@dataclass(frozen=True, slots=True)
class Family:
    """What reports of 16 themes claim: the share of reports with a false "worse", of false ones among the
    claims of "worse", and of the real rises that were found."""

    name: str
    reports_wrong: float
    claims_wrong: float
    found: float


def families(reps: int, seed: int, setting: Setting = Setting(200, 3, 0.3)) -> Iterator[Family]:
    """Reports on 16 themes named unequally often: none changed, then 2 and 8 of them up by 15 points."""
    usual = np.geomspace(0.02, 0.25, THEMES)
    for moved in (0, 2, 8):
        rng = np.random.default_rng([seed, 4, moved])
        up = np.zeros(THEMES, dtype=bool)
        up[np.linspace(0, THEMES - 1, moved).astype(int)] = True
        wrong = claims = false = found = 0
        for _ in range(reps):
            said = _claims(rng, setting, usual, usual + 0.15 * up)
            wrong += bool((said & ~up).any())
            claims, false, found = claims + said.sum(), false + (said & ~up).sum(), found + (said & up).sum()
        yield Family(f"{moved} of {THEMES} changed", wrong / reps, false / max(1, claims),
                     found / max(1, moved * reps))  # fmt: skip


def _claims(rng: Generator, setting: Setting, before: Array, now: Array) -> Array:
    tests = []
    for theme, (old, new) in enumerate(zip(before, now, strict=True)):
        sides = side(rng, setting, float(old)), side(rng, setting, float(new), 10**6)
        both = clumps.both_sides(*sides)
        deff = clumps.design_effect(both, is_negative(both))
        k1, k2 = (float(is_negative(one).sum()) for one in sides)
        tests.append(changes.Test("week", "theme", str(theme), k1, len(sides[0]), k2, len(sides[1]), deff))
    return np.array([found.verdict == "up" for found in changes.judged(tests)])


def accounts(reps: int, seed: int) -> float:
    """The largest difference between a change and the sum of its parts, over random weeks."""
    rng, worst = np.random.default_rng([seed, 5]), 0.0
    for _ in range(reps):
        sides = [_told(rng, float(rng.uniform(0.2, 0.6)), first) for first in (0, 10**6)]
        opinions = pd.concat([_opinions(rng, one) for one in sides], ignore_index=True)
        themes = sorted(set(opinions["theme"]))
        made = why.explain("week", sides[0], sides[1], opinions, listed=themes, titles={}, least=5)
        if made is None:
            continue
        true = float(is_negative(sides[1]).mean() - is_negative(sides[0]).mean())
        worst = max(worst, abs(math.fsum(part.value for part in made.parts) - true))
        if sum(part.shown for part in made.parts) != made.shown or abs(made.shown - 1000 * true) > 0.5 + 1e-9:
            return math.inf
    return worst


def _told(rng: Generator, share: float, first: int) -> pd.DataFrame:
    made = side(rng, Setting(int(rng.integers(20, 300)), 2, 0.2), share, first)
    made["source"] = rng.choice(["forum", "reviews", "export"], len(made), p=rng.dirichlet([4, 2, 1]))
    made["role"] = rng.choice(["candidate", "employee", "other"], len(made), p=rng.dirichlet([3, 2, 1]))
    return made


def _opinions(rng: Generator, mentions: pd.DataFrame) -> pd.DataFrame:
    pk = rng.choice(mentions["pk"].to_numpy(), 2 * len(mentions))
    theme = rng.choice(["communication", "process", "offer", "culture"], len(pk))
    return pd.DataFrame({"pk": pk, "theme": theme, "polarity": rng.choice(["negative", "positive"], len(pk))})


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reps", type=int, default=1000, help="simulated comparisons of each kind")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--shares", action="store_true", help="only the intervals of single shares")
    given = parser.parse_args(arguments)
    print_shares(max(100, given.reps // 2), given.seed)
    if not given.shares:
        print_rest(given.reps, given.seed)


def print_shares(reps: int, seed: int) -> None:
    print(f"Intervals of a share by itself, {reps} weeks each: how often they hold it (95% stated)")
    cells = []
    for setting, share, held in share_coverage(reps, seed):
        cells.append(held)
        print(f"  {setting.words:62} {share:.2f}        {held:.3f}", flush=True)
    print(f"  on average {np.mean(cells):.3f}, each {min(cells):.3f} to {max(cells):.3f}")


def print_rest(reps: int, seed: int) -> None:
    print("Intervals of the change of a share: how often they hold the truth (95% stated)")
    for setting, share, rise, held in coverage(reps, seed):
        print(f"  {setting.words:62} {share:.2f} {rise:+.2f}  {held:.3f}", flush=True)
    print("The same of the mean rating, no change")
    for setting, held in rating_coverage(reps, seed):
        print(f"  {setting.words:62}              {held:.3f}", flush=True)
    print("Least detectable rise from 30% as printed, and how often such a rise is claimed (80% stated)")
    for setting, rise, claimed in power(reps, seed):
        print(f"  {setting.words:62} {rise:+.3f}       {claimed:.3f}", flush=True)
    print(f"{THEMES} themes at once: reports with a false worse, false among the claims, found of the real")
    for family in families(max(100, reps // 2), seed):
        print(f"  {family.name:62} {family.reports_wrong:.3f} {family.claims_wrong:.3f} {family.found:.3f}")
    print(f"Parts of a change: largest error of their sum {accounts(reps, seed):.1e}")
    print(f"(No claim is made below {LEAST_EFFECTIVE} effective mentions on either side.)")


if __name__ == "__main__":
    main()

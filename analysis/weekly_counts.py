"""Counting mentions with care: shares with intervals, changes, and what may not be shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from analysis import stats
from analysis.wording import MATTERS
from candidly.figures import Change, Group, Mean, Share

LEAST_EFFECTIVE = 20
"""No claim of a change below this many effective mentions in either week."""

Totals = list[tuple[float, float]]


def share(k: float, n: int, least: int, deff: float = 1.0) -> Share | None:
    """`k` of `n` with Wilson's interval on the effective size; None where `n` is below `least`."""
    if n < max(1, least):
        return None
    low, high = stats.wilson(k / deff, n / deff)
    return Share(int(k), n, low, high)


def change(k1: float, n1: float, k2: float, n2: float, deff: float, believed: bool = True) -> Change:
    """The change of a share from `k1` of `n1` to `k2` of `n2`.

    "up" or "down" needs an interval without zero, LEAST_EFFECTIVE effective mentions on both sides and,
    where many changes are tested at once, to be `believed`.
    """
    low, high = stats.newcombe_difference(k1, n1, k2, n2, deff)
    value = k2 / n2 - k1 / n1
    enough = min(n1, n2) / deff >= LEAST_EFFECTIVE
    if enough and believed and not low <= 0 <= high:
        return Change(value, low, high, "up" if value > 0 else "down")
    if enough and low > -MATTERS and high < MATTERS:
        return Change(value, low, high, "cannot tell", even=True)
    per_week = stats.mentions_needed(k1 / n1, k2 / n2, matters=MATTERS, deff=deff)
    more = max(per_week, LEAST_EFFECTIVE * deff) - min(n1, n2)
    return Change(value, low, high, "cannot tell", _round_up(more) if believed else None)


def _round_up(n: float) -> int:
    """To one or two digits that mean something: 7 -> 7, 43 -> 50, 386 -> 390; at least 1."""
    if n <= 10:
        return max(1, int(np.ceil(n)))
    step = 10 ** max(1, int(np.log10(n)) - 1)
    return int(np.ceil(n / step) * step)


def clusters(mentions: pd.DataFrame) -> pd.Series:
    """The thread of each mention; one without a thread stands alone."""
    thread = mentions["thread"].fillna("").astype(str)
    own = "pk:" + mentions["pk"].astype(str)
    return (mentions["source"].astype(str) + "\x1f" + thread).where(thread != "", own)


def cluster_totals(mentions: pd.DataFrame, value: pd.Series) -> Totals:
    """`(sum of value, n)` of each cluster; mentions and value are aligned by row."""
    if mentions.empty:
        return []
    codes, _ = pd.factorize(clusters(mentions))
    sums = np.bincount(codes, weights=value.to_numpy(dtype=float))
    return list(zip(sums.tolist(), np.bincount(codes).astype(float).tolist(), strict=True))


def scored(mentions: pd.DataFrame) -> pd.DataFrame:
    """The mentions that have a verdict, the author's own or the text's."""
    return mentions[mentions["verdict"].notna()]


def is_negative(mentions: pd.DataFrame) -> pd.Series:
    """Which mentions have a negative verdict ("mixed" is not)."""
    return mentions["verdict"].eq("negative").fillna(False).astype(bool)


def readable(mentions: pd.DataFrame) -> pd.DataFrame:
    """The mentions whose text could be read; only they can name a theme."""
    state = mentions["unscored"]
    return mentions[~state.map(lambda value: isinstance(value, str | bool) and bool(value)).astype(bool)]


def mean_rating(mentions: pd.DataFrame, least: int) -> Mean | None:
    """The mean of the authors' stars; None below `least` rated mentions."""
    rated = mentions[mentions["stars"].notna()]
    if len(rated) < max(2, least):
        return None
    mean, low, high = stats.mean_interval(cluster_totals(rated, rated["stars"]))
    return Mean(mean, len(rated), max(1.0, low), min(5.0, high))


def rating_change(before: pd.DataFrame, now: pd.DataFrame, least: int) -> Change | None:
    """The change of the mean rating in stars; None where either side is too small."""
    sides = [frame[frame["stars"].notna()] for frame in (before, now)]
    if any(len(side) < max(2, least) for side in sides):
        return None
    value, low, high = stats.welch_difference(*(cluster_totals(side, side["stars"]) for side in sides))
    low, high = max(-4.0, low), min(4.0, high)
    if low <= 0 <= high:
        return Change(value, low, high, "cannot tell")
    return Change(value, low, high, "up" if value > 0 else "down")


def hidden(counts: Mapping[str, int], least: int) -> set[str]:
    """Which parts of a whole must not be counted in public.

    Those below `least`, and then the next smallest for as long as the hidden ones together stay below
    `least`: else the total less the shown parts would tell them (complementary suppression, Willenborg
    and de Waal 2001, Elements of Statistical Disclosure Control, ch. 6).
    """
    order = sorted((name for name in counts if counts[name]), key=lambda name: (counts[name], name))
    out: set[str] = set()
    for name in order:
        together = sum(counts[other] for other in out)
        if counts[name] < least or 0 < together < least:
            out.add(name)
    return out


def groups(mentions: pd.DataFrame, by: pd.Series, order: Collection[str], least: int) -> tuple[Group, ...]:
    """The mentions by a label, in the given order and then by size; small groups are withheld.

    Empty where all would be withheld: one large group and a small rest says no more than the whole.
    """
    counts = {str(name): int(n) for name, n in by.value_counts().items()}
    withheld = hidden(counts, least)
    if len(withheld) == len(counts):
        return ()
    names = [name for name in order if name in counts]
    names += sorted((name for name in counts if name not in order), key=lambda name: (-counts[name], name))
    found = []
    for name in names:
        part = scored(mentions[by == name])
        negative = None if name in withheld else share(float(is_negative(part).sum()), len(part), least)
        found.append(Group(name, None if name in withheld else counts[name], negative))
    return tuple(found)

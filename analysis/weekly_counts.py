"""Counting mentions with care: shares with intervals, changes, and what may not be shown."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import clumps, stats
from analysis.withholding import hidden
from analysis.wording import MATTERS
from candidly.figures import Change, Group, Mean, Share

LEAST_EFFECTIVE = 20
"""No claim of a change below this many effective mentions in either week."""

ROLES = {"candidate": "candidates", "employee": "employees", "former": "employees"}

SURE = 1.25
"""The measured design effect varies, so a rise counts as detectable only with that much above the least."""

clusters = clumps.threads

POWER_Z = 0.8416212335729143
"""The 80% point of the normal distribution."""


def share_of(mentions: pd.DataFrame, chosen: pd.Series, least: int) -> Share | None:
    """The share of `chosen` (bool) among the mentions; None where they are fewer than `least`.

    The effective size follows from these mentions alone, so that the same share has the same interval
    wherever it is told, in this report and the next.
    """
    if len(mentions) < max(1, least):
        return None
    return share(int(chosen.sum()), len(mentions), least, effect(mentions, chosen))


def effect(mentions: pd.DataFrame, chosen: pd.Series) -> float:
    """By what the size is divided for the interval of the share of `chosen`; 1 where none echoes another.

    The design effect, and Student's t for the uncertainty of that (Korn and Graubard 1998, Survey Methodology
    24:193-201) on Kish's effective number of clumps: with few, one sees too little of how they differ.
    """
    n, size = len(mentions), clumps.mean_size(mentions)
    if size <= 1:
        return 1.0
    few = stats.t975(n / size - 1) / stats.Z
    return min(float(n), clumps.design_effect(mentions, chosen) * few**2)


def share(k: float, n: int, least: int, deff: float) -> Share | None:
    """`k` of `n` with Wilson's interval on the effective size; None where `n` is below `least`."""
    if n < max(1, least):
        return None
    low, high = stats.wilson(k / deff, n / deff)
    return Share(int(k), n, low, high)


def change(
    k1: float,
    n1: float,
    k2: float,
    n2: float,
    deff: float,
    believed: bool = True,
    *,
    alpha: float = 0.05,
    clump: float = 1.0,
) -> Change:
    """The change of a share from `k1` of `n1` to `k2` of `n2`.

    "up" or "down" needs an interval without zero, LEAST_EFFECTIVE effective mentions on both sides and,
    where many changes are tested at once, to be `believed`. `alpha`, the level that a lone change would have
    to reach, and `clump` (see `clumps.mean_size`) are for what is `detectable`.
    """
    low, high = stats.newcombe_difference(k1, n1, k2, n2, deff)
    value = k2 / n2 - k1 / n1
    enough = min(n1, n2) / deff >= LEAST_EFFECTIVE
    least = stats.detectable_rise(
        (k1 + 0.5) / (n1 + 1), n1, n2, deff=deff, clump=clump, least=SURE * LEAST_EFFECTIVE, alpha=alpha
    )
    if enough and believed and not low <= 0 <= high:
        return Change(value, low, high, "up" if value > 0 else "down", detectable=least)
    if enough and low > -MATTERS and high < MATTERS:
        return Change(value, low, high, "cannot tell", even=True, detectable=least)
    per_week = stats.mentions_needed(k1 / n1, k2 / n2, matters=MATTERS, deff=deff)
    more = max(per_week, LEAST_EFFECTIVE * deff) - min(n1, n2)
    return Change(value, low, high, "cannot tell", round_up(more) if believed else None, detectable=least)


def round_up(n: float) -> int:
    """To one or two digits that mean something: 7 -> 7, 43 -> 50, 386 -> 390; at least 1."""
    if n <= 10:
        return max(1, int(np.ceil(n)))
    step = 10 ** max(1, int(np.log10(n)) - 1)
    return int(np.ceil(n / step) * step)


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


@dataclass(frozen=True, slots=True)
class Scale:
    """A column of numbers that may be averaged: its bounds, and the difference that is worth knowing."""

    column: str
    lowest: float
    highest: float
    matters: float


STARS = Scale("stars", 1.0, 5.0, 0.3)
SCORE = Scale("score", -1.0, 1.0, 0.1)
LEAST_CLUMPS = 10
"""No claim of a change of a mean below this many threads or authors on either side."""


def with_number(mentions: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """The mentions that have a number in the column of the scale."""
    return mentions[mentions[scale.column].notna()]


def mean_of(mentions: pd.DataFrame, scale: Scale, least: int) -> Mean | None:
    """The mean with Student's t interval; None below `least` mentions that have the number."""
    rated = with_number(mentions, scale)
    if len(rated) < max(2, least):
        return None
    mean, error, clumped = clumps.mean_error(rated, rated[scale.column])
    half = stats.t975(clumped - 1) * math.sqrt(error) if math.isfinite(error) else math.inf
    return Mean(mean, len(rated), max(scale.lowest, mean - half), min(scale.highest, mean + half))


def mean_change(before: pd.DataFrame, now: pd.DataFrame, scale: Scale, least: int) -> Change | None:
    """The change of a mean by Welch's interval; None where either side is too small to be shown."""
    sides = [with_number(frame, scale) for frame in (before, now)]
    if any(len(side) < max(2, least) for side in sides):
        return None
    errors = [clumps.mean_error(side, side[scale.column]) for side in sides]
    value, low, high = stats.welch(errors[0], errors[1])
    half, width = high - value, scale.highest - scale.lowest
    enough = min(clumped for *_, clumped in errors) >= LEAST_CLUMPS
    spread = math.sqrt(errors[0][1] + errors[1][1])
    least_rise = half + POWER_Z * spread if enough and half + POWER_Z * spread < width else None
    low, high = max(-width, low), min(width, high)
    if enough and not low <= 0 <= high:
        return Change(value, low, high, "up" if value > 0 else "down", detectable=least_rise)
    if enough and -scale.matters < low and high < scale.matters:
        return Change(value, low, high, "cannot tell", even=True, detectable=least_rise)
    return Change(
        value, low, high, "cannot tell", _numbers_needed(sides, value, half, scale), False, least_rise
    )


def _numbers_needed(sides: Sequence[pd.DataFrame], value: float, half: float, scale: Scale) -> int | None:
    """How many more numbers on each side it takes to tell, if the means stay as they are."""
    n = min(len(side) for side in sides)
    if not math.isfinite(half):
        return None
    aim = max(abs(value), scale.matters - abs(value))
    return round_up(max(n * (half / aim) ** 2, LEAST_CLUMPS) - n)


def mean_rating(mentions: pd.DataFrame, least: int) -> Mean | None:
    """The mean of the authors' stars; None below `least` rated mentions."""
    return mean_of(mentions, STARS, least)


def rating_change(before: pd.DataFrame, now: pd.DataFrame, least: int) -> Change | None:
    """The change of the mean rating in stars; None where either side is too small."""
    return mean_change(before, now, STARS, least)


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
        negative = None if name in withheld else share_of(part, is_negative(part), least)
        found.append(Group(name, None if name in withheld else counts[name], negative))
    return tuple(found)

"""The week beside the week before: what may be compared, and what the figures are without campaigns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd

from analysis import campaigns, clumps, withholding, wording
from analysis.coverage import Days
from analysis.weekly_counts import change, is_negative, mean_rating, scored, share_of
from analysis.weekly_themes import Frames, Texts
from candidly.figures import Without
from candidly.records import Period

Pair = tuple[Frames, Frames]
Marks = tuple[Sequence[campaigns.Found], Sequence[campaigns.Found]]
"""The campaigns of the week before and of the week."""


def joined(before: Frames, now: Frames) -> Frames:
    """Both sides in one."""
    return Frames(
        pd.concat([before.mentions, now.mentions], ignore_index=True),
        pd.concat([before.opinions, now.opinions], ignore_index=True),
    )


def comparable(
    week: Frames, before: Frames, collected: Days, first: date, least: int
) -> tuple[Pair | None, Pair, tuple[str, ...]]:
    """`(both weeks cut to what can be compared, what was cut, the names of the sources cut)`.

    A source that was silent in one week would make a change of its own, out of missing data. What is cut is
    the total less the rest, though, so it must not tell what is withheld: a source with a few stray mentions
    stays in, and where a larger one is withheld, all that are withheld go with it.
    """
    days = first - timedelta(days=7), first, first + timedelta(days=7)
    in_before, in_week = (
        {source for source, known in collected.items() if any(a <= day < b for day in known)}
        for a, b in pairwise(days)
    )
    both = in_week & in_before
    frames = before, week
    sizes = [frame.mentions["source"].astype(str).value_counts() for frame in frames]
    present = sorted({str(name) for size in sizes for name in size.index})
    withheld = {
        name
        for frame in frames
        for part in (frame.mentions, scored(frame.mentions), frame.mentions[frame.mentions["stars"].notna()])
        for name in withholding.hidden(
            {str(name): int(n) for name, n in part["source"].value_counts().items()}, least
        )
    }
    out = {name for name in present if name not in both and max(size.get(name, 0) for size in sizes) >= least}
    if out & withheld:
        out |= withheld
    old, new = (frame.of(frame.mentions[~frame.mentions["source"].isin(out)]) for frame in frames)
    gone = tuple(frame.of(frame.mentions[frame.mentions["source"].isin(out)]) for frame in frames)
    pair = (old, new) if both and len(old.mentions) and len(new.mentions) else None
    return pair, (gone[0], gone[1]), tuple(sorted(out))


def marks(history: Frames, week: Frames, period: Period, texts: Texts, zone: ZoneInfo, least: int) -> Marks:
    """The campaigns of the week before and of the week; no text is read where the week is withheld."""
    if len(week.mentions) < max(1, least):
        return (), ()
    bounds = period.start - timedelta(days=7), period.start, period.end
    old, new = (
        campaigns.find(history.mentions, start, end, texts, zone, max(1, least))
        for start, end in pairwise(bounds)
    )
    return old, new


def copies_as_one(frames: Frames, found: Marks) -> Frames:
    """The same with the copies of one wording as one thread, as they are one voice."""
    thread = frames.mentions["thread"].copy()
    for number, one in enumerate([*found[0], *found[1]]):
        if one.campaign.kind == "same wording":
            thread[frames.mentions["pk"].isin(one.pks)] = f"same wording {number}"
    return Frames(clumps.marked(frames.mentions.assign(thread=thread)), frames.opinions)


def without(week: Frames, pair: Pair | None, found: Marks, least: int) -> Without | None:
    """The figures of the week again, without the mentions of campaigns; None where there are none.

    A figure is withheld where the difference to the whole would stand for fewer mentions than may be shown.
    """
    if not found[1]:
        return None
    marked = campaigns.marked(found[0]) | campaigns.marked(found[1])
    rest = _unmarked(week.mentions, marked)
    sides = [scored(_unmarked(frames.mentions, marked)) for frames in pair] if pair else []
    told = scored(rest)
    both = clumps.both_sides(sides[0], sides[1]) if sides else told
    deff = clumps.design_effect(both, is_negative(both))
    negative = share_of(told, is_negative(told), least)
    if _few(scored(week.mentions), told, least):
        negative = None
    moved = None
    if (
        negative
        and pair
        and all(
            len(side) >= max(1, least) and not _few(scored(frames.mentions), side, least)
            for side, frames in zip(sides, pair, strict=True)
        )
    ):
        (k1, n1), (k2, n2) = ((float(is_negative(side).sum()), len(side)) for side in sides)
        moved = change(k1, n1, k2, n2, deff, clump=clumps.mean_size(both))
    starred, left = (frame[frame["stars"].notna()] for frame in (week.mentions, rest))
    rating = None if _few(starred, left, least) else mean_rating(rest, least)
    gone = len(week.mentions) - len(rest)
    return Without(gone, negative, moved, rating, wording.judge(negative, moved))


def _unmarked(mentions: pd.DataFrame, marked: set[int]) -> pd.DataFrame:
    return mentions[~mentions["pk"].isin(marked)]


def _few(whole: pd.DataFrame, rest: pd.DataFrame, least: int) -> bool:
    """Whether the rest leaves out so few that the difference would tell of them."""
    return 0 < len(whole) - len(rest) < least

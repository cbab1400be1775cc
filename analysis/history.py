"""Months of mentions cut into stretches that may be compared: what was collected and may be summed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis import clumps, withholding
from analysis.weekly_themes import Frames
from candidly.figures import SPANS, Span

Days = Mapping[str, set[date]]


@dataclass(frozen=True, slots=True)
class Side:
    """A stretch of weeks by their numbers, counted from 1 AD: `[start, stop)`."""

    start: int
    stop: int


def week_number(day: date) -> int:
    """The number of the ISO week of a day, counted from 1 AD."""
    return (day.toordinal() - 1) // 7


def first_week(monday: date) -> date:
    """The Monday from which the history must be known for the report of the week of `monday`.

    Twice the longest span, and on to the start of a block of weeks (see `withholding.units`).
    """
    needed = week_number(monday) + 1 - 2 * SPANS[-1][1]
    start = needed - needed % withholding.BLOCK
    return monday - timedelta(weeks=week_number(monday) - start)


class History:
    """Months of mentions, cut by week, by what may be summed and by the sources that take part."""

    def __init__(self, frames: Frames, collected: Days, monday: date, zone: ZoneInfo, least: int) -> None:
        days = frames.mentions["published"].dt.tz_convert(zone).dt.tz_localize(None).to_numpy("datetime64[D]")
        numbers = (days.astype(np.int64) + date(1970, 1, 1).toordinal() - 1) // 7
        self.mentions = clumps.marked(frames.mentions.assign(week=numbers))
        self.opinions = frames.opinions
        self.least, self.now = max(1, least), week_number(monday)
        self.first = week_number(first_week(monday))
        self.weeks_of = {name: {week_number(day) for day in known} for name, known in collected.items()}

    def collected(self, week: int) -> bool:
        """Whether any source was collected on any day of a week."""
        return any(week in weeks for weeks in self.weeks_of.values())

    def sides(self, span: int) -> tuple[Side, Side]:
        """The stretch before and the stretch that ends with the week of the report."""
        stop = self.now + 1
        return Side(stop - 2 * span, stop - span), Side(stop - span, stop)

    def sources(self, sides: Iterable[Side]) -> tuple[set[str], set[str]]:
        """`(taking part, left out)`: a source takes part that was collected in half of both stretches."""
        both = [
            {
                name
                for name, weeks in self.weeks_of.items()
                if 2 * len(weeks & set(range(side.start, side.stop))) >= side.stop - side.start
            }
            for side in sides
        ]
        present = self.between(self.mentions, sides)["source"].astype(str).unique()
        taking = both[0] & both[1]
        return taking, {name for name in present if name not in taking}

    def between(self, mentions: pd.DataFrame, sides: Iterable[Side]) -> pd.DataFrame:
        weeks = [week for side in sides for week in range(side.start, side.stop)]
        return mentions[mentions["week"].isin(weeks)]

    def counts(self, mentions: pd.DataFrame) -> list[int]:
        """Mentions a week from the first of the history to the week of the report."""
        places = mentions["week"].to_numpy() - self.first
        inside = places[(places >= 0) & (places <= self.now - self.first)]
        return [int(n) for n in np.bincount(inside, minlength=self.now - self.first + 1)]

    def bundles(self, mentions: pd.DataFrame) -> list[int | None]:
        return withholding.units(self.first, self.counts(mentions), self.least)

    def summed(self, side: Side, *bundles: Sequence[int | None]) -> set[int]:
        """The weeks of a side that may be summed whichever of the bundles one looks at."""
        kept = set(range(side.start - self.first, side.stop - self.first))
        kept = {place for place in kept if place >= 0}
        while True:
            cut = [withholding.summed(of, kept) for of in bundles]
            fewer = set.intersection(*cut) if cut else kept
            if fewer == kept:
                return {place + self.first for place in kept}
            kept = fewer

    def open_split(self, mentions: pd.DataFrame, by: pd.Series) -> set[int]:
        """The weeks in which every part of a split is shown."""
        table = pd.crosstab(mentions["week"], by)
        return {
            int(str(week))
            for week, row in table.iterrows()
            if not withholding.hidden({str(name): int(n) for name, n in row.items()}, self.least)
        }

    def open_weeks(self, mentions: pd.DataFrame) -> list[int | None]:
        """Each week whose every source is shown as a bundle of its own; None for the others."""
        weeks = self.open_split(mentions, mentions["source"])
        return [place if place + self.first in weeks else None for place in range(self.now - self.first + 1)]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One comparison in the making: which weeks and sources take part, and the mentions of both sides."""

    span: Span
    of: int
    sides: tuple[Side, Side]
    taking: set[str]
    left_out: tuple[str, ...]
    history: History

    def pair(
        self, mentions: pd.DataFrame, *bundles: Sequence[int | None]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The mentions before and now, only of weeks that may be summed and of sources that take part."""
        cut, known = [], [self.history.bundles(mentions), *bundles]
        if self.left_out:
            # What is left out is the total less the rest, so only what is shown week by week may be.
            known += [self.history.open_weeks(frame) for frame in (self.history.mentions, mentions)]
        for side in self.sides:
            weeks = self.history.summed(side, *known)
            rows = mentions["week"].isin(weeks) & mentions["source"].isin(self.taking)
            cut.append(mentions[rows])
        return cut[0], cut[1]


def stretches(history: History) -> list[Stretch]:
    """The spans longer than a week that have anything to compare."""
    found = []
    for span, weeks in SPANS[1:]:
        sides = history.sides(weeks)
        taking, out = history.sources(sides)
        found.append(Stretch(span, weeks, sides, taking, tuple(sorted(out)), history))
    return found

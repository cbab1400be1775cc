"""store -> daily series of a company, as they are known now or as they were known on a day of the past."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis.parts import Whole
from analysis.spikes import LONGEST, Counts
from candidly.session import Session
from storage import queries, series
from storage.queries import TIMELY_DAYS

HISTORY = timedelta(days=LONGEST)


@dataclass(frozen=True)
class History:
    """A company's dated mentions up to `until`, and which days are covered.

    `rows`: pk, source (column), day, known, negative; days as ordinals. `told`: row, theme (number), of each
    complaint. What was read more than TIMELY_DAYS after its publication is history that was read
    back: when it would have been known, nobody knows, so it counts as known from the day of its publication,
    and never raises an alert.
    """

    company: str
    first: date
    until: date
    sources: list[str]
    themes: list[str]
    day: np.ndarray
    known: np.ndarray
    column: np.ndarray
    negative: np.ndarray
    timely: np.ndarray
    told_row: np.ndarray
    told_theme: np.ndarray
    covered: np.ndarray
    good: dict[str, list[int]]

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.until - self.first).days + 1)]

    def whole(self, *, replayed: bool = False) -> Whole:
        """The series as they are known now. `replayed`: what was read back may raise an alert too."""
        return self._whole(np.ones(len(self.day), bool), self.covered, self.days, replayed)

    def at(self, today: date) -> Whole:
        """The series as they were known at the end of `today`, for a replay.

        What was read later is left out; days after the last good run until then were not covered yet.
        """
        now = today.toordinal()
        days = self.days[: (today - self.first).days + 1]
        covered = self.covered[: len(days)].copy()
        for n, source in enumerate(self.sources):
            good = self.good.get(source, [])
            done = bisect_right(good, now)
            if done and good[-1] >= now:  # before its first run, the source's past is what was read back
                covered[good[done - 1] - self.first.toordinal() + 1 :, n] = False
        return self._whole((self.known <= now) & (self.day <= now), covered, days, True)

    def _whole(self, kept: np.ndarray, covered: np.ndarray, days: list[date], replayed: bool) -> Whole:
        shape = len(days), len(self.sources)
        place = (self.day - self.first.toordinal()) * shape[1] + self.column
        size = shape[0] * shape[1]

        def grid(rows: np.ndarray) -> np.ndarray:
            return np.bincount(place[rows], minlength=size)[:size].reshape(shape).astype(float)

        total, negative = grid(kept), grid(kept & self.negative)
        seen = covered | (total > 0)
        timely = negative if replayed else grid(kept & self.negative & self.timely)
        in_time = total if replayed else grid(kept & self.timely)
        counts = Counts(total, negative, seen, timely, in_time)
        told = kept[self.told_row]
        themes = {}
        for n, name in enumerate(self.themes):
            rows = self.told_row[told & (self.told_theme == n)]
            bad = grid(rows)
            new = bad if replayed else grid(rows[self.timely[rows]])
            themes[name] = Counts(total, bad, seen, new, in_time)
        return Whole(days, counts, themes, self.sources)


def history(session: Session, company: str, until: date) -> History | None:
    """What the store holds of a company up to a day, at most LONGEST days back; None: nothing."""
    zone, store = session.config.report.timezone, session.store
    since, end = until - HISTORY, until + timedelta(days=1)
    rows = series.mention_days(store, company, since, end, zone)
    if rows.empty:
        return None
    told = series.complaints(store, company, since, end, zone)
    sources, themes = sorted(set(rows["source"])), sorted(set(told["theme"]))
    first = date.fromordinal(int(rows["day"].min()))
    covered = queries.covered_days(store, sources, first, end, zone, session.imports())
    day, known = rows["day"].to_numpy(), rows["known"].to_numpy()
    timely = known - day <= TIMELY_DAYS
    place = np.searchsorted(rows["pk"].to_numpy(), told["pk"].to_numpy())
    return History(
        company, first, until, sources, themes,
        day, np.where(timely, np.maximum(known, day), day),
        pd.Categorical(rows["source"], sources).codes.astype(int), rows["negative"].to_numpy(), timely,
        place, pd.Categorical(told["theme"], themes).codes.astype(int),
        _grid(covered, first, (until - first).days + 1, sources),
        series.good_days(store, sources, zone),
    )  # fmt: skip


def _grid(covered: pd.DataFrame, first: date, n: int, sources: list[str]) -> np.ndarray:
    grid = np.zeros((n, len(sources)), bool)
    column = {source: i for i, source in enumerate(sources)}
    for day, source in zip(covered["day"], covered["source"], strict=True):
        grid[(day - first).days, column[source]] = True
    return grid

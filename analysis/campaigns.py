"""Mentions that came together in an unusual way: the same wording, or a burst of 5 or of 1 star. Pure.

They are marked, not judged: a call to rate the employer, a copied protest or an import may look alike. No
author is looked at; what is said of a campaign is its size, its days, its leaning and its source.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis import nearcopies
from analysis.weekly_counts import is_negative
from analysis.weekly_themes import Texts
from candidly.figures import Campaign, CampaignKind

COPIES = 5
"""Texts of one wording that make a campaign, or `min_group` where that is more."""
STARRED = 8
"""Reviews of 5 (or of 1) star that make a burst, at least."""
RUN_UP = timedelta(days=3)
"""A campaign may begin before the Monday of the report."""
WINDOWS_HOURS = (6, 24, 72)
HISTORY, LEAST_HISTORY = timedelta(weeks=26), timedelta(weeks=4)
CHANCE = 1e-5
"""A burst must be rarer than this by the source's own past; about ten times a week and source is looked."""
ONE_SIDED, ONE_SIDED_CHANCE = 0.8, 0.01
ROUGH = 2.0
"""Least variance/mean that is assumed of a source's past: reviews are never as even as Poisson."""

Leaning = Literal["positive", "negative", "mixed"]
Groups = list[tuple[Collection[int], float | None]]
"""Mentions of each campaign, and how many would be usual in its time."""


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign and the mentions in it; the latter are for counting without them and go no further."""

    campaign: Campaign
    pks: frozenset[int]


def find(
    history: pd.DataFrame, start: datetime, end: datetime, texts: Texts, zone: ZoneInfo, least: int
) -> list[Found]:
    """The campaigns that reach into `[start, end)`; no mention is in two of them.

    `history`: pk, source, published, verdict and stars up to `end`, the longer the better.
    """
    seen = history[history["published"] < end]
    recent = seen[seen["published"] >= start - RUN_UP]
    found, taken = list[Found](), set[int]()
    kinds: tuple[tuple[CampaignKind, int, Groups], ...] = (
        ("same wording", max(least, COPIES), _same_wording(recent, texts, max(least, COPIES))),
        ("one-sided burst", max(least, STARRED), _bursts(seen, start, max(least, STARRED))),
    )
    for kind, fewest, groups in kinds:
        for pks, usual in groups:
            rest = recent[recent["pk"].isin(pks) & ~recent["pk"].isin(taken)]
            within = rest[rest["published"] >= start]
            if len(within) >= fewest:
                taken |= set(rest["pk"])
                found.append(_described(kind, within, usual, zone))
    return found


def _described(kind: CampaignKind, mentions: pd.DataFrame, usual: float | None, zone: ZoneInfo) -> Found:
    days = mentions["published"].dt.tz_convert(zone).dt.date
    sources = mentions["source"].unique()
    source = str(sources[0]) if len(sources) == 1 else ""
    campaign = Campaign(kind, days.min(), days.max(), len(mentions), _leaning(mentions), source, usual)
    return Found(campaign, frozenset(int(pk) for pk in mentions["pk"]))


def _leaning(mentions: pd.DataFrame) -> Leaning:
    bad = float(is_negative(mentions).mean())
    good = float(mentions["verdict"].eq("positive").fillna(False).mean())
    return "negative" if bad >= ONE_SIDED else "positive" if good >= ONE_SIDED else "mixed"


def _same_wording(recent: pd.DataFrame, texts: Texts, least: int) -> Groups:
    if len(recent) < least:
        return []
    pks = [int(pk) for pk in recent["pk"]]
    told = texts(pks)
    known = [pk for pk in pks if pk in told]
    groups = nearcopies.groups([told[pk].text for pk in known], least)
    return [({known[i] for i in places}, None) for places in groups]


def _bursts(seen: pd.DataFrame, start: datetime, least: int) -> Groups:
    """One burst a source and leaning at most: the stretch that is least like the source's past."""
    found: Groups = []
    rated = seen[seen["stars"].notna()]
    for _, of_source in rated.groupby("source", sort=True):
        for stars in (5.0, 1.0):
            if burst := _burst(of_source, stars, start, least):
                found.append(burst)
    return found


def _burst(
    rated: pd.DataFrame, stars: float, start: datetime, least: int
) -> tuple[Collection[int], float | None] | None:
    past = rated[(rated["published"] < start - RUN_UP) & (rated["published"] >= start - HISTORY)]
    first = past["published"].min()
    if past.empty or start - first < LEAST_HISTORY:
        return None
    hours = (start - RUN_UP - first).total_seconds() / 3600
    now = rated[rated["published"] >= start - RUN_UP].sort_values("published")
    extreme = past["stars"].eq(stars)
    rate, usual_share = (float(extreme.sum()) + 0.5) / hours, (float(extreme.sum()) + 0.5) / (len(past) + 1)
    rough = _dispersion(past[extreme], first, hours)
    best: tuple[float, frozenset[int], float] | None = None
    for width in WINDOWS_HOURS:
        for window in _windows(now, width):
            same = window[window["stars"].eq(stars)]
            k, n = len(same), len(window)
            if k < least or k < ONE_SIDED * n or _binomial_tail(k, n, usual_share) > ONE_SIDED_CHANCE:
                continue
            chance = _count_tail(k, rate * width, rough)
            if chance < CHANCE and (best is None or chance < best[0]):
                best = chance, frozenset(int(pk) for pk in same["pk"]), rate * width
    return (best[1], best[2]) if best else None


def _windows(now: pd.DataFrame, width: int) -> Sequence[pd.DataFrame]:
    """The stretches of `width` hours that begin with each mention.

    Dates without a time of day make days look like hours, so such mentions are judged by days only.
    """
    times = now["published"]
    if width < 24 and bool((times.dt.minute.eq(0) & times.dt.second.eq(0)).mean() > 0.5):
        return []
    moments = times.dt.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
    stops = np.searchsorted(moments, moments + width * 3600)
    return [now.iloc[i:stop] for i, stop in enumerate(stops)]


def _dispersion(past: pd.DataFrame, first: datetime, hours: float) -> float:
    """Variance over mean of the reviews a day in the past, at least ROUGH."""
    days = int(hours // 24)
    if days < 2 or past.empty:
        return ROUGH
    place = ((past["published"] - first).dt.total_seconds() // 86400).astype(int).clip(upper=days)
    counts = np.bincount(place, minlength=days)
    return max(ROUGH, float(counts.var(ddof=1) / counts.mean()))


def _count_tail(k: int, mean: float, rough: float) -> float:
    """P(at least `k`) of a negative binomial with this mean and variance `rough` x mean, rough > 1."""
    r, q = mean / (rough - 1), 1 - 1 / rough
    first = math.exp(
        math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1) + k * math.log(q) - r * math.log(rough)
    )
    tail, term = first, first
    while term > 1e-12 * tail or k < mean:
        term *= (k + r) * q / (k + 1)
        tail, k = tail + term, k + 1
    return min(1.0, tail)


def _binomial_tail(k: int, n: int, p: float) -> float:
    """P(at least `k` of `n`)."""
    return float(sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1)))


def marked(found: Sequence[Found]) -> set[int]:
    """All mentions in any of the campaigns."""
    return {pk for one in found for pk in one.pks}


def without_hidden_sources(found: Sequence[Found], hidden: Collection[str]) -> tuple[Campaign, ...]:
    """What may be said of the campaigns: a source whose count is withheld is not named."""
    return tuple(
        replace(one.campaign, source="") if one.campaign.source in hidden else one.campaign for one in found
    )

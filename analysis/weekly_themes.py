"""The themes of the week: how often, how meant, what changed, and in whose words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis import clumps
from analysis.quotes import Candidate, Picker, candidate, most_typical
from analysis.weekly_counts import readable, scored, share_of
from candidly.figures import Change, Quote, QuoteReason, ThemeRow, theme_title
from candidly.records import Mention, Polarity

QUOTED_THEMES, QUOTES_EACH, SAMPLE, EXTREMES = 5, 2, 150, 20

STRONG = 0.3
"""From this tone on, either way, a passage may stand as the strongest words; plain facts are at 0."""

Texts = Callable[[list[int]], Mapping[int, Mention]]
Tones = Callable[[str], Sequence[tuple[int, int, float]]]
"""`(start, end, score)` of the clauses of a passage, scores in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class Frames:
    """One week of one company, as `storage.queries.mentions_frame` and `opinions_frame` give it.

    mentions: pk, source, published (UTC), thread, verdict, basis, score, stars, language, unscored, role,
    ghosting; `author` where known, as a number that holds within the frames of one report (more columns
    are ignored). opinions: pk, theme, polarity, start, end.
    """

    mentions: pd.DataFrame
    opinions: pd.DataFrame

    def of(self, mentions: pd.DataFrame) -> Frames:
        """The same with some of the mentions only."""
        return Frames(mentions, self.opinions[self.opinions["pk"].isin(mentions["pk"])])


@dataclass(slots=True)
class Named:
    """The mentions that name a theme, and which way."""

    negative: set[int] = field(default_factory=set)
    positive: set[int] = field(default_factory=set)
    neutral: set[int] = field(default_factory=set)

    @property
    def all(self) -> set[int]:
        return self.negative | self.positive | self.neutral


def named_themes(frames: Frames) -> dict[str, Named]:
    found: dict[str, Named] = defaultdict(Named)
    opinions = frames.opinions
    for pk, theme, polarity in zip(opinions["pk"], opinions["theme"], opinions["polarity"], strict=True):
        getattr(found[str(theme)], str(polarity)).add(int(pk))
    return found


def theme_rows(
    week: Frames,
    changes: Mapping[str, Change],
    titles: Mapping[str, str],
    least: int,
) -> tuple[ThemeRow, ...]:
    """Every theme of the week, those with most complaints first.

    `changes`: how the complaints about each theme changed, see `analysis.changes`.
    """
    week = week.of(readable(week.mentions))
    named = named_themes(week)
    rows = [
        _row(theme, titles.get(theme) or theme_title(theme), named.get(theme, Named()), week, changes, least)
        for theme in sorted({*named, *changes})
    ]
    rows = [row for row in rows if row.mentions != 0 or (row.change and row.change.verdict != "cannot tell")]
    return tuple(sorted(rows, key=_order))


def _order(row: ThemeRow) -> tuple[float, float, str]:
    if row.mentions is None:
        return math.inf, 0.0, row.title
    return -float((row.negative or 0) + (row.mixed or 0)), -float(row.mentions), row.title


def _row(
    theme: str, name: str, named: Named, week: Frames, changes: Mapping[str, Change], least: int
) -> ThemeRow:
    mentions, n = len(named.all), len(week.mentions)
    if 0 < mentions < least or n < least:
        return ThemeRow(theme, name, None)
    mixed = named.negative & named.positive
    complaints = week.mentions["pk"].isin(named.negative)
    return ThemeRow(
        theme,
        name,
        mentions,
        negative=len(named.negative - mixed),
        mixed=len(mixed),
        neutral=len(named.all - named.negative - named.positive),
        positive=len(named.positive - mixed),
        share=share_of(week.mentions, week.mentions["pk"].isin(named.all), least),
        complaints=share_of(week.mentions, complaints, least),
        change=changes.get(theme),
    )


def pick_quotes(
    week: Frames,
    rows: Sequence[ThemeRow],
    texts: Texts,
    timezone: str,
    least: int,
    tones: Tones | None = None,
) -> tuple[Quote, ...]:
    """Up to two quotes of each leading theme, then the most negative and the most positive passage."""
    if len(week.mentions) < max(1, least):
        return ()
    week = week.of(readable(week.mentions))
    threads = dict(zip(week.mentions["pk"].astype(int), clumps.threads(week.mentions), strict=True))
    picker, quotes = Picker(timezone), list[Quote]()
    for row in [row for row in rows if row.mentions][:QUOTED_THEMES]:
        polarity = _leading(row)
        chosen = week.opinions[
            week.opinions["theme"].eq(row.theme) & week.opinions["polarity"].eq(polarity)
        ].sort_values(["pk", "start"])
        # A passage whose whole mention points the same way is less likely to be misread or out of context.
        agreeing = chosen["pk"].isin(week.mentions["pk"][week.mentions["verdict"].eq(polarity)])
        found: list[Quote] = []
        for part in (chosen[agreeing], chosen[~agreeing]):
            sample = part.iloc[:: max(1, math.ceil(len(part) / SAMPLE))]
            ranked = most_typical(_candidates(sample, texts, threads))
            found += picker.pick(ranked, QUOTES_EACH - len(found), "theme", row.theme)
        quotes += found
    quotes += _extremes(week, texts, threads, picker, least, tones)
    return tuple(quotes)


def _leading(row: ThemeRow) -> Polarity:
    """Which way to quote a theme: as most of those who judge it do; neutral words only where nobody does."""
    negative, positive = (row.negative or 0) + (row.mixed or 0), (row.positive or 0) + (row.mixed or 0)
    if not negative and not positive:
        return "neutral"
    return "negative" if negative >= positive else "positive"


def _extremes(
    week: Frames, texts: Texts, threads: Mapping[int, str], picker: Picker, least: int, tones: Tones | None
) -> list[Quote]:
    """The strongest passage of the mentions with the lowest scores, and of those with the highest.

    None where no passage is strong by its own words. Without `tones` they go by the scores of the mentions.
    """
    judged = scored(week.mentions)
    judged = judged[judged["score"].notna()]
    quotes: list[Quote] = []
    sides: list[tuple[Polarity, QuoteReason, bool]] = [
        ("negative", "most negative", True),
        ("positive", "most positive", False),
    ]
    for polarity, reason, ascending in sides:
        side = judged[judged["verdict"].eq(polarity)]
        if len(side) < max(1, least):
            continue
        order = side.sort_values(["score", "pk"], ascending=[ascending, True])["pk"].head(EXTREMES).tolist()
        spoken = week.opinions[week.opinions["pk"].isin(order) & week.opinions["polarity"].eq(polarity)]
        rank = {pk: i for i, pk in enumerate(order)}
        spoken = spoken.assign(rank=spoken["pk"].map(rank)).sort_values(["rank", "start"])
        passages = list(_candidates(spoken, texts, threads))
        if tones:
            passages = _strongest(passages, tones, -1 if ascending else 1)
        quotes += picker.pick(passages, 1, reason)
    return quotes


def _strongest(passages: Sequence[Candidate], tones: Tones, sign: int) -> list[Candidate]:
    """Those that are strong by their own words, the strongest first; else in the order given."""
    told = [(sign * _tone(tones(passage.text)), passage) for passage in passages]
    kept = [(strength, passage) for strength, passage in told if strength >= STRONG]
    return [passage for _, passage in sorted(kept, key=lambda one: -one[0])]


def _tone(clauses: Sequence[tuple[int, int, float]]) -> float:
    """The mean score of the clauses, each by its length; 0 where nothing was read."""
    length = sum(end - start for start, end, _ in clauses)
    return sum((end - start) * score for start, end, score in clauses) / length if length else 0.0


def _candidates(opinions: pd.DataFrame, texts: Texts, threads: Mapping[int, str]) -> Iterable[Candidate]:
    """The passages behind opinions, in their order; a mention deleted in the meantime is passed over."""
    pks: Collection[int] = dict.fromkeys(int(pk) for pk in opinions["pk"])
    found = texts(list(pks)) if pks else {}
    columns = (opinions[name] for name in ("pk", "polarity", "start", "end"))
    for pk, polarity, start, end in zip(*columns, strict=True):
        if mention := found.get(int(pk)):
            passage = candidate(mention, threads[int(pk)], polarity, int(start), int(end))
            if passage is not None:
                yield passage

"""Better, worse or cannot tell: a week, four weeks and a quarter, each against as long a time before. Pure.

All themes and groups of all three comparisons are tested as one family, so that of the changes that a
report claims at most FALSE_DISCOVERIES are expected to be chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import pandas as pd

from analysis import clumps, stats, wording
from analysis.history import History, Stretch, stretches
from analysis.weekly_counts import (
    ROLES,
    SCORE,
    STARS,
    change,
    effect,
    is_negative,
    mean_change,
    mean_of,
    readable,
    scored,
    share,
    share_of,
    with_number,
)
from analysis.weekly_themes import Frames, named_themes
from candidly.figures import SPANS, Change, Moved, Span, SpanChange, theme_title

FALSE_DISCOVERIES = 0.05
"""Of the themes and groups said to have changed, at most this share is expected to be chance."""

Pair = tuple[Frames, Frames]


@dataclass(frozen=True, slots=True)
class Test:
    """One share before and now that is tested among many others."""

    span: Span
    kind: Literal["theme", "role", "source"]
    name: str
    k1: float
    n1: int
    k2: float
    n2: int
    deff: float
    clump: float = 1.0
    own: tuple[float, float] = (1.0, 1.0)
    """The `effect` of each side by itself, for its own share; `deff`, of both, is for the change."""

    @property
    def p_value(self) -> float:
        return stats.difference_p_value(self.k1, self.n1, self.k2, self.n2, self.deff)

    @property
    def least_p(self) -> float:
        """The smallest p-value that this many effective cases could give: all of them on one side."""
        rarer = min(self.k1 + self.k2, self.n1 + self.n2 - self.k1 - self.k2) / self.deff
        return math.exp(rarer * math.log(min(self.n1, self.n2) / (self.n1 + self.n2)))


def theme_tests(span: Span, pair: Pair, left_out: Pair, least: int) -> list[Test]:
    """The complaints about each theme that may be shown, this week against the week before.

    `left_out`: what was cut from both sides; a theme that few mentions there name would tell their number.
    """
    before, now = (frames.of(readable(frames.mentions)) for frames in pair)
    gone = [named_themes(frames.of(readable(frames.mentions))) for frames in left_out]
    n1, n2 = len(before.mentions), len(now.mentions)
    if min(n1, n2) < max(1, least):
        return []
    named1, named2 = named_themes(before), named_themes(now)
    both = clumps.both_sides(before.mentions, now.mentions)
    clump = clumps.mean_size(both)
    tests = []
    for theme in sorted({*named1, *named2}):
        old, new = named1[theme], named2[theme]
        if max(len(old.all), len(new.all)) < least or 0 < len(new.all) < least:
            continue
        if any(0 < len(side[theme].all) < least for side in gone):
            continue
        blamed = _among(pd.Series(sorted(old.negative | new.negative), dtype="int64"))
        deff = clumps.design_effect(both, blamed(both))
        own = _effects(before.mentions, now.mentions, blamed)
        k1, k2 = len(old.negative), len(new.negative)
        if 0 < len(old.all) < least:
            # A withheld count must not follow from the change: its greatest value stands in for it, which
            # understates a rise and would invent a fall.
            k1 = min(least - 1, n1)
            if k2 / n2 <= k1 / n1:
                continue
        tests.append(Test(span, "theme", theme, k1, n1, k2, n2, deff, clump, own))
    return tests


def _effects(
    before: pd.DataFrame, now: pd.DataFrame, value: Callable[[pd.DataFrame], pd.Series]
) -> tuple[float, float]:
    return effect(before, value(before)), effect(now, value(now))


def long_theme_tests(stretch: Stretch) -> list[Test]:
    """The same over weeks; a theme's small weeks take part only in bundles that may be shown."""
    history = stretch.history
    told = readable(history.mentions)
    opinions = history.opinions[history.opinions["pk"].isin(told["pk"])]
    total = history.bundles(told)
    tests = []
    for theme, of_theme in opinions.groupby("theme", sort=True):
        naming = told[told["pk"].isin(of_theme["pk"])]
        before, now = stretch.pair(told, total, history.bundles(naming))
        named = [int(side["pk"].isin(of_theme["pk"]).sum()) for side in (before, now)]
        if min(len(before), len(now)) < history.least or max(named) < history.least:
            continue
        if stretch.left_out and _leaves_few(stretch, naming):
            continue
        blamed = of_theme["pk"][of_theme["polarity"].eq("negative")]
        tests.append(_test(stretch.span, "theme", str(theme), before, now, _among(blamed)))
    return tests


def _among(pks: pd.Series) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda mentions: mentions["pk"].isin(pks)


def shown_themes(pair: Pair, left_out: Pair, least: int) -> list[str]:
    """The themes of a week that may be named beside those of the week before."""
    sides = [named_themes(frames.of(readable(frames.mentions))) for frames in (*pair, *left_out)]
    every = sorted({theme for side in sides for theme in side})
    return [theme for theme in every if not any(0 < len(side[theme].all) < least for side in sides)]


def long_shown_themes(stretch: Stretch) -> list[str]:
    """The themes whose weeks may all be summed, so that none of them follows from a longer span."""
    history = stretch.history
    told = readable(history.mentions)
    opinions = history.opinions[history.opinions["pk"].isin(told["pk"])]
    whole_weeks = [set(side["week"]) for side in stretch.pair(told)]
    shown = []
    for theme, of_theme in opinions.groupby("theme", sort=True):
        naming = told[told["pk"].isin(of_theme["pk"])]
        weeks = [set(side["week"]) for side in stretch.pair(told, history.bundles(naming))]
        if weeks == whole_weeks and not (stretch.left_out and _leaves_few(stretch, naming)):
            shown.append(str(theme))
    return shown


def _leaves_few(stretch: Stretch, naming: pd.DataFrame) -> bool:
    """Whether the sources left out hold so few mentions of a theme that the rest would tell them."""
    out = naming[naming["source"].isin(stretch.left_out)]
    weeks = stretch.history.between(out, stretch.sides)["week"].value_counts()
    return bool((weeks < stretch.history.least).any())


def group_tests(stretch: Stretch) -> list[Test]:
    """The negative share by role and by source, over the weeks in which every part is shown."""
    history = stretch.history
    told = scored(history.mentions)
    tests = []
    kinds: list[tuple[Literal["role", "source"], pd.Series, pd.Series]] = [
        ("source", history.mentions["source"], told["source"])
    ]
    if not stretch.left_out:
        roles = [
            frame["role"].map(lambda role: ROLES.get(role, "others")) for frame in (history.mentions, told)
        ]
        kinds.append(("role", roles[0], roles[1]))
    for kind, all_groups, groups in kinds:
        weeks = history.open_split(history.mentions, all_groups) & history.open_split(told, groups)
        if groups.nunique() < 2:
            continue
        for name, part in told[told["week"].isin(weeks)].groupby(groups.astype(str), sort=True):
            before, now = (history.between(part, [side]) for side in stretch.sides)
            known = kind != "source" or str(name) in stretch.taking
            if known and min(len(before), len(now)) >= history.least:
                tests.append(_test(stretch.span, kind, str(name), before, now, is_negative))
    return tests


def _test(
    span: Span,
    kind: Literal["theme", "role", "source"],
    name: str,
    before: pd.DataFrame,
    now: pd.DataFrame,
    value: Callable[[pd.DataFrame], pd.Series],
) -> Test:
    both = clumps.both_sides(before, now)
    counted = value(both)
    k1 = float(counted[both["side"].eq(0)].sum())
    deff = clumps.design_effect(both, counted)
    k2, clump = float(counted.sum()) - k1, clumps.mean_size(both)
    return Test(span, kind, name, k1, len(before), k2, len(now), deff, clump, _effects(before, now, value))


def judged(tests: Sequence[Test]) -> list[Change]:
    """The change behind each test, believed only where it holds among all of them."""
    believed, family = stats.discoveries_of_discrete(
        [test.p_value for test in tests], [test.least_p for test in tests], FALSE_DISCOVERIES
    )
    alpha = FALSE_DISCOVERIES / max(1, family)
    return [
        change(test.k1, test.n1, test.k2, test.n2, test.deff, ok, alpha=alpha, clump=test.clump)
        for test, ok in zip(tests, believed, strict=True)
    ]


def all_changes(
    history: History, pair: Pair | None, left_out: Pair, week: SpanChange | None, titles: Mapping[str, str]
) -> tuple[dict[str, Change], tuple[SpanChange, ...]]:
    """`(changes of the themes this week, the comparisons)`, from one family of tests.

    `pair`: the week before and this week, cut to what can be compared; `week`: their comparison, made by the
    caller, to which the themes are added; `left_out`: what was cut from either side.
    """
    longer = [(stretch, whole(stretch)) for stretch in stretches(history)]
    longer = [(stretch, made) for stretch, made in longer if made.change]
    tests = theme_tests("week", pair, left_out, history.least) if pair else []
    for stretch, _ in longer:
        tests += long_theme_tests(stretch) + group_tests(stretch)
    changes = judged(tests)
    moved: dict[Span, list[Moved]] = {span: [] for span, _ in SPANS}
    for test, found in zip(tests, changes, strict=True):
        if line := _moved(test, found, titles, history.least):
            moved[test.span].append(line)
    spans = [*([week] if week else []), *(made for _, made in longer)]
    themes = {t.name: c for t, c in zip(tests, changes, strict=True) if (t.span, t.kind) == ("week", "theme")}
    return themes, tuple(replace(one, parts=tuple(sorted(moved[one.span], key=_order))) for one in spans)


def _moved(test: Test, found: Change, titles: Mapping[str, str], least: int) -> Moved | None:
    before = share(test.k1, test.n1, least, test.own[0])
    now = share(test.k2, test.n2, least, test.own[1])
    if before is None or now is None:
        return None
    name = titles.get(test.name) or (theme_title(test.name) if test.kind == "theme" else test.name)
    return Moved(test.kind, test.name, name, now, before, found)


def _order(moved: Moved) -> tuple[bool, float, str]:
    return moved.change.verdict == "cannot tell", -abs(moved.change.value), moved.title


def whole(stretch: Stretch) -> SpanChange:
    """A stretch of weeks against the one before, without its themes and groups."""
    history = stretch.history
    old, new = stretch.pair(scored(history.mentions))
    rated, graded = (stretch.pair(with_number(history.mentions, scale)) for scale in (STARS, SCORE))
    monday = date.fromordinal(stretch.sides[1].start * 7 + 1)
    return compared(
        stretch.span, stretch.of, monday, (old, new), rated, graded, stretch.left_out, history.least
    )


def compared(
    span: Span,
    of: int,
    first: date,
    told: tuple[pd.DataFrame, pd.DataFrame],
    rated: tuple[pd.DataFrame, pd.DataFrame],
    graded: tuple[pd.DataFrame, pd.DataFrame],
    left_out: tuple[str, ...],
    least: int,
) -> SpanChange:
    """The comparison of two sides; each figure has its own mentions of either side, before and now."""
    both = clumps.both_sides(*told)
    deff, clump = clumps.design_effect(both, is_negative(both)), clumps.mean_size(both)
    before, now = (share_of(side, is_negative(side), least) for side in told)
    moved = change(before.k, before.n, now.k, now.n, deff, clump=clump) if before and now else None
    return SpanChange(
        span,
        of,
        first,
        first + timedelta(days=7 * of - 1),
        weeks=int(told[1]["week"].nunique()) if "week" in told[1] else 1,
        weeks_before=int(told[0]["week"].nunique()) if "week" in told[0] else 1,
        left_out=left_out,
        sentence=wording.span_sentence(span, now, before, moved),
        negative=now,
        negative_before=before,
        change=moved,
        rating=mean_of(rated[1], STARS, least),
        rating_before=mean_of(rated[0], STARS, least),
        rating_change=mean_change(*rated, STARS, least),
        score=mean_of(graded[1], SCORE, least),
        score_before=mean_of(graded[0], SCORE, least),
        score_change=mean_change(*graded, SCORE, least),
    )

"""What is withheld cannot be worked out from what is shown: attacks with all published sums at once."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weekly_world import SOURCES, START, World, covered_frame, history, report, summary

from analysis import withholding
from analysis.history import first_week, week_number

LEAST = 5
quick = settings(max_examples=30, deadline=None)


def told(published: list[list[int]], cells: int) -> set[int]:
    """The cells whose value follows from the published sums, by linear algebra: those in their row space."""
    known = np.array(published, float).reshape(len(published), cells)
    reach = np.diag(np.linalg.pinv(known) @ known)
    return set(np.flatnonzero(reach > 1 - 1e-6).tolist())


@quick
@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 6, 9, 20]), min_size=40, max_size=60), st.integers(0, 12))
def test_no_small_week_follows_from_any_window_of_any_report(counts, offset):
    published = []
    for now in range(withholding.BLOCK, len(counts)):  # a report a week, each with what it then knows
        start = -offset % withholding.BLOCK
        bundles = [None] * start + [
            b if b is None else b + start
            for b in withholding.units(offset + start, counts[start : now + 1], LEAST)
        ]
        for span in (1, 4, 13):
            for stop in (now + 1, now + 1 - span):
                if stop - span >= 0:
                    weeks = withholding.summed(bundles, set(range(stop - span, stop)))
                    published.append([int(week in weeks) for week in range(len(counts))])
        # Weeks that are shown on their own, and empty ones, are known anyway.
    own = np.eye(len(counts), dtype=int)
    published += [own[week].tolist() for week, n in enumerate(counts) if n == 0 or n >= LEAST]
    assert told(published, len(counts)) == {week for week, n in enumerate(counts) if n == 0 or n >= LEAST}


def test_the_attack_works_on_plain_sums():
    counts = [9, 9, 3, 9, 9]
    shown = [[int(w == week) for w in range(5)] for week, n in enumerate(counts) if n >= LEAST]
    assert 2 not in told(shown, 5)
    assert 2 in told([*shown, [0, 1, 1, 1, 1]], 5)


def test_small_weeks_join_until_they_may_be_shown_and_the_same_in_every_report():
    counts = [9, 2, 0, 2, 9, 3, 4, 9, 1, 1, 1, 1, 4, 3, 3]
    bundles = withholding.units(0, counts, LEAST)
    assert bundles == [0, 1, 2, 1, 4, 1, 6, 7, 6, 9, 9, 9, 9, 13, 13]
    assert withholding.units(26, counts, LEAST) == bundles  # the same in every block
    assert withholding.units(0, counts[:4], LEAST) == [0, None, 2, None]  # not yet
    assert withholding.summed(bundles, {0, 1, 2}) == {0, 2}


def test_a_history_begins_with_a_block():
    for n in range(30):
        monday = START.date() - timedelta(weeks=n)
        first = first_week(monday)
        assert first.weekday() == 0
        assert week_number(first) % withholding.BLOCK == 0
        assert 25 <= (monday - first).days // 7 <= 25 + withholding.BLOCK


def test_a_small_source_does_not_follow_from_the_total():
    world = World()
    week, before = world.week(60), world.week(60, start=START - timedelta(days=7), first=10_001)
    source = ["a"] * 40 + ["b"] * 17 + ["c"] * 3
    figures = summary(world, week.of(week.mentions.assign(source=source)), before, sources=("a", "b", "c"))
    counts = {row.source: row.mentions for row in figures.coverage}
    assert counts["c"] is None
    assert sum(n is None for n in counts.values()) == 2  # or the total would tell it


@pytest.mark.parametrize("stray", [1, 4])
def test_a_source_left_out_does_not_follow_from_the_comparison(stray):
    world = World()
    week, before = world.week(60), world.week(60, start=START - timedelta(days=7), first=10_001)
    old = before.of(before.mentions.assign(source=["gone"] * stray + [SOURCES[0]] * (60 - stray)))
    covered = covered_frame(sources=SOURCES[:1])
    figures = summary(world, week.of(week.mentions.assign(source=SOURCES[0])), old, covered=covered)
    assert figures.left_out == ()
    assert figures.negative_before.n == figures.mentions_before == 60


def test_a_larger_source_left_out_takes_the_withheld_ones_along():
    world = World()
    week, before = world.week(90), world.week(90, start=START - timedelta(days=7), first=10_001)
    names = [*["a"] * 70, *["gone"] * 17, *["small"] * 3]
    covered = covered_frame(sources=("a", "small"))
    figures = summary(
        world,
        week.of(week.mentions.assign(source="a")),
        before.of(before.mentions.assign(source=names)),
        covered=covered,
    )
    # "small" is withheld, and "gone" with it, so that leaving out "gone" alone would tell "small".
    assert figures.left_out == ("gone", "small")
    assert figures.negative_before.n == 70


def test_successive_reports_with_a_small_week_never_sum_it():
    world = World()
    sizes = [20, 22, 21, 23, 20, 22, 21, 3, 24, 20, 21, 22, 20, 21]
    months = history(world, sizes)
    for back in range(4):
        for span in report(world, months, back).spans:
            if span.span == "four weeks" and span.change:
                last = len(sizes) - 1 - back
                sums = [sum(n for n in sizes[a : a + 4] if n != 3) for a in (last - 7, last - 3)]
                assert [span.negative_before.n, span.negative.n] == sums


def test_a_theme_hidden_in_one_week_is_in_no_longer_sum():
    world = World()
    theme = dict.fromkeys(range(8), 8) | {1: 3}
    figures = report(world, history(world, [30] * 16, theme))
    (span,) = (one for one in figures.spans if one.span == "four weeks")
    (part,) = (one for one in span.parts if one.name == "fairness")
    assert (part.share.k, part.share.n) == (24, 90)  # three of four weeks, with their mentions
    assert (part.before.k, part.before.n) == (32, 120)

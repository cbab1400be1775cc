"""Changes over longer spans, why they came about, and that the claims hold in simulated weeks."""

import math
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weekly_world import START, World, history, report

from analysis import changes, clumps, stats, why
from analysis.weekly_counts import STARS, change, mean_change
from benchmarks import changes as bench

quick = settings(max_examples=40, deadline=None)


def shifted(told, weeks, share, seed=5):
    """The history with this share of negative mentions in the last `weeks`, and 30% before."""
    rng = np.random.default_rng(seed)
    late = told.mentions["published"] >= START - timedelta(weeks=weeks - 1)
    bad = rng.random(len(late)) < np.where(late, share, 0.3)
    verdict = pd.Series(np.where(bad, "negative", "positive"), dtype=object)
    return told.of(told.mentions.assign(verdict=verdict))


def test_a_slow_rise_shows_over_four_weeks_where_a_week_cannot_tell():
    world = World()
    told = shifted(history(world, [60] * 30), 4, 0.5)
    figures = report(world, told)
    week, month, quarter = figures.spans
    assert (week.change, week.negative.n) == (figures.change, figures.negative.n)
    assert figures.judgement == "cannot tell"
    assert (month.span, month.change.verdict) == ("four weeks", "up")
    assert (month.weeks, month.weeks_before, month.negative.n) == (4, 4, 240)
    assert month.sentence.startswith("Four weeks: ")
    assert "worse by" in month.sentence
    assert (quarter.weeks, quarter.weeks_before, quarter.of) == (13, 13, 13)
    assert month.change.detectable > quarter.change.detectable > 0
    assert figures.why.span == "four weeks"


def test_a_source_that_is_new_takes_no_part_in_longer_spans():
    world = World()
    told = history(world, [60] * 30)
    new = (told.mentions["published"] >= START - timedelta(weeks=2)) & (told.mentions["pk"] % 2 == 0)
    told = told.of(told.mentions.assign(source=np.where(new, "new-site", "forum")))
    _, month, _ = report(world, told).spans
    assert month.left_out == ("new-site",)
    assert month.negative.n == 60 + 3 * 30


def test_authors_count_as_one_voice():
    world = World()
    told = history(world, [60] * 3)
    loud = told.mentions.assign(author=np.where(told.mentions["verdict"].eq("negative"), 1, -1))
    apart = clumps.design_effect(told.mentions, told.mentions["verdict"].eq("negative"))
    together = clumps.design_effect(loud, loud["verdict"].eq("negative"))
    assert apart == 1.0
    assert together > 10


def test_a_few_equal_ratings_are_no_change():
    stars = pd.DataFrame({"pk": range(5), "source": "s", "thread": "", "stars": 5.0})
    found = mean_change(stars, stars.assign(pk=range(10, 15), stars=1.0), STARS, 5)
    assert found.verdict == "cannot tell"  # no spread in five ratings proves nothing


def test_a_test_that_could_never_be_significant_costs_the_others_nothing():
    p, least = [0.004] + [1.0] * 40, [1e-9] + [0.5] * 40
    assert stats.discoveries(p, 0.05)[0] is False
    believed, family = stats.discoveries_of_discrete(p, least, 0.05)
    assert (believed[0], family) == (True, 1)
    assert stats.discoveries_of_discrete([], [], 0.05) == ([], 0)


@quick
@given(st.floats(0, 0.9), st.integers(20, 500), st.floats(1, 4))
def test_the_least_detectable_rise_shrinks_with_more_mentions(p, n, deff):
    few, many = (stats.detectable_rise(p, size, size, deff=deff) for size in (n, 4 * n))
    assert few is None or (many is not None and 0 < many <= few + 1e-9)


def test_no_rise_is_detectable_below_the_least_of_effective_mentions():
    assert change(4, 15, 5, 15, 1.0).detectable is None
    assert change(6, 20, 7, 20, 1.0).detectable is None  # too close to the least to be sure of
    assert change(8, 26, 9, 26, 1.0).detectable > 0.3


# Why


@quick
@given(st.integers(0, 10_000))
def test_the_parts_add_up_to_the_change(seed):
    assert bench.accounts(1, seed) < 1e-12  # and to its tenths of a point exactly, else infinite


@quick
@given(st.lists(st.floats(-500, 500), min_size=1, max_size=20))
def test_rounding_keeps_the_total(values):
    total = round(math.fsum(values))
    shown = why.largest_remainder(values, total)
    assert sum(shown) == total
    assert all(abs(one - value) < 1 + 1e-6 for one, value in zip(shown, values, strict=True))


def told_side(first, by_source):
    """`by_source`: source -> (negative, mentions)."""
    rows = [
        (source, "negative" if i < k else "positive")
        for source, (k, n) in by_source.items()
        for i in range(n)
    ]
    frame = pd.DataFrame(rows, columns=["source", "verdict"])
    return frame.assign(pk=range(first, first + len(frame)), role="candidate", thread="")


def test_a_change_that_is_only_mix_is_all_mix():
    before, now = (
        told_side(0, {"a": (24, 120), "b": (20, 40)}),
        told_side(1000, {"a": (16, 80), "b": (45, 90)}),
    )
    none = pd.DataFrame(columns=["pk", "theme", "polarity"])
    made = why.explain("week", before, now, none, listed=[], titles={}, least=5)
    assert made.within == pytest.approx(0, abs=1e-12)
    assert made.mix == pytest.approx(61 / 170 - 44 / 160)
    assert {part.title for part in made.parts if part.kind == "source"} == {"Less from a", "More from b"}


def test_a_theme_gets_what_it_adds():
    before, now = told_side(0, {"a": (20, 100)}), told_side(1000, {"a": (40, 100)})
    opinions = [(i, "process", "negative") for i in range(20)]
    opinions += [(1000 + i, "process", "negative") for i in range(40)]
    opinions += [(1000 + i, "offer", "negative") for i in range(10)]
    frame = pd.DataFrame(opinions, columns=["pk", "theme", "polarity"])
    made = why.explain("week", before, now, frame, listed=["offer", "process"], titles={}, least=5)
    values = {part.name: part.value for part in made.parts}
    assert values["offer"] == pytest.approx(0.05)  # ten mentions, shared with the process
    assert values["process"] == pytest.approx(0.15)
    withheld = why.explain("week", before, now, frame, listed=["process"], titles={}, least=5)
    assert {part.name for part in withheld.parts} == {"process", "other"}


# Simulated weeks: the same as `python -m benchmarks.changes`, smaller


def test_intervals_cover_with_threads_and_authors_at_once():
    held = []
    for setting in (bench.Setting(200, 3, 0.3), bench.Setting(200, 3, 0.2, 4)):
        rng = np.random.default_rng(3)
        for _ in range(200):
            low, high, *_ = bench.judged(bench.side(rng, setting, 0.3), bench.side(rng, setting, 0.45, 10**6))
            held.append(low <= 0.15 <= high)
    assert 0.925 <= np.mean(held) <= 0.975


def test_the_interval_of_a_share_by_itself_covers_it_with_threads_and_authors():
    cells = list(bench.share_coverage(25, 7))
    clumped = [held for setting, _, held in cells if setting.thread > 1]
    assert (len(cells), len(clumped)) == (27, 21)
    assert 0.92 <= np.mean(clumped) <= 0.98


def test_sixteen_themes_without_change_are_hardly_ever_said_to_be_worse():
    still = next(bench.families(40, 9, bench.Setting(120, 3, 0.3)))
    assert still.reports_wrong <= 0.05


def test_the_printed_power_is_the_real_one():
    setting = bench.Setting(200, 3, 0.3)
    rng = np.random.default_rng(4)
    printed = [
        bench.judged(bench.side(rng, setting, 0.3), bench.side(rng, setting, 0.3, 10**6))[3]
        for _ in range(30)
    ]
    rise = float(np.median(printed))
    claims = [
        bench.judged(bench.side(rng, setting, 0.3), bench.side(rng, setting, 0.3 + rise, 10**6))[2]
        for _ in range(200)
    ]
    assert 0.72 <= np.mean(claims) <= 0.88


def test_a_whole_report_tests_its_themes_and_groups_as_one_family():
    tests = [changes.Test("week", "theme", str(i), 20, 200, 20, 200, 1.0) for i in range(40)]
    lone = changes.Test("quarter", "role", "candidates", 20, 200, 36, 200, 1.0)
    assert changes.judged([lone])[0].verdict == "up"
    assert changes.judged([*tests, lone])[-1].words == "perhaps a rise"

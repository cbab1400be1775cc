"""The statistics behind the weekly report: known values, properties, and coverage by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import stats

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
clusters = st.lists(st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2)
quick = settings(max_examples=100, deadline=None)


def test_wilson_agrees_with_published_values():
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
    for k, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]:
        assert stats.wilson(k, n) == pytest.approx((low, high), abs=5e-5)
    assert stats.wilson(5, 15) == pytest.approx((0.152, 0.583), abs=5e-4)
    assert stats.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_wilson_refuses_what_is_no_share(k, n):
    with pytest.raises(ValueError, match="0 <= k <= n"):
        stats.wilson(k, n)


@quick
@given(counts)
def test_wilson_holds_the_share_and_is_symmetric(count):
    k, n = count
    low, high = stats.wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert stats.wilson(n - k, n) == pytest.approx((1 - high, 1 - low))


@quick
@given(counts)
def test_wilson_narrows_with_more_of_the_same(count):
    k, n = count
    low, high = stats.wilson(k, n)
    lower, higher = stats.wilson(4 * k, 4 * n)
    assert higher - lower < high - low


def test_newcombe_agrees_with_published_values():
    # Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10 (first minus second there).
    for k1, n1, k2, n2, low, high in [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090)]:
        assert stats.newcombe_difference(k2, n2, k1, n1) == pytest.approx((low, high), abs=5e-5)
    assert stats.newcombe_difference(0, 0, 3, 9) == (-1.0, 1.0)


@quick
@given(counts, counts, st.floats(1, 6))
def test_newcombe_holds_the_difference_and_widens_with_clumping(one, two, deff):
    low, high = stats.newcombe_difference(*one, *two)
    wider = stats.newcombe_difference(*one, *two, deff)
    assert wider[0] - 1e-9 <= low <= two[0] / two[1] - one[0] / one[1] <= high <= wider[1] + 1e-9
    mirrored = stats.newcombe_difference(*two, *one)
    assert mirrored == pytest.approx((-high, -low))


def test_design_effect_of_singles_is_one_and_of_copies_their_number():
    singles = [(k, 1) for k in [0, 1] * 50]
    assert stats.design_effect(singles) == pytest.approx(1.0, abs=0.02)
    copies = [(5 * k, 5) for k in [0, 1] * 50]
    assert stats.design_effect(copies) == pytest.approx(5.0, rel=0.02)


@quick
@given(clusters)
def test_design_effect_is_never_below_one(totals):
    assert 1.0 <= stats.design_effect(totals) < math.inf


def test_discoveries_agree_with_the_example_of_benjamini_and_hochberg():
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000,
    ]  # fmt: skip
    assert stats.discoveries(p, 0.05) == [True] * 4 + [False] * 11
    assert stats.discoveries([], 0.05) == []


@quick
@given(st.lists(st.floats(0, 1), max_size=30), st.randoms(use_true_random=False))
def test_discoveries_do_not_depend_on_the_order(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    found = stats.discoveries(p)
    assert stats.discoveries([p[i] for i in order]) == [found[i] for i in order]
    assert all(f for f, x in zip(found, p, strict=True) if x <= 0.10 / max(1, len(p)))


@quick
@given(st.floats(0, 1), st.floats(0, 1), st.floats(1, 4))
def test_needed_mentions_are_the_least_that_tell(p1, p2, deff):
    n = stats.mentions_needed(p1, p2, matters=0.10, deff=deff)
    assert stats.can_tell(*stats.newcombe_difference(p1 * n, n, p2 * n, n, deff), 0.10)
    less = n - 1
    assert not less or not stats.can_tell(
        *stats.newcombe_difference(p1 * less, less, p2 * less, less, deff), 0.10
    )


def test_needed_mentions_are_about_those_of_the_textbook():
    # n = z^2 (p1 q1 + p2 q2) / d^2 = 3.8416 (0.21 + 0.24) / 0.01
    assert stats.mentions_needed(0.3, 0.4, matters=0.05) == pytest.approx(173, rel=0.05)
    assert stats.mentions_needed(0.3, 0.4, matters=0.05, deff=2) == pytest.approx(346, rel=0.05)
    with pytest.raises(ValueError, match="greater than 0"):
        stats.mentions_needed(0.3, 0.4, matters=0)


def test_t_is_the_table_then_nearly_normal():
    assert stats.t975(0.5) == math.inf
    assert (stats.t975(1), stats.t975(4.9), stats.t975(30)) == (12.706, 2.776, 2.042)
    assert stats.t975(40) == pytest.approx(2.021, abs=2e-3)
    assert stats.t975(1e9) == pytest.approx(stats.Z)


def test_mean_of_single_values_is_the_textbook_interval():
    values = [1, 2, 2, 3, 5]
    mean, low, high = stats.mean_interval([(v, 1) for v in values])
    half = 2.776 * np.std(values, ddof=1) / math.sqrt(5)
    assert (mean, low, high) == pytest.approx((2.6, 2.6 - half, 2.6 + half))
    assert stats.mean_interval([(4.0, 1)]) == (4.0, -math.inf, math.inf)
    with pytest.raises(ValueError, match="no mean"):
        stats.mean_interval([])


def test_welch_is_welch():
    a, b = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8]
    difference, low, high = stats.welch_difference([(v, 1) for v in a], [(v, 1) for v in b])
    # Welch's t: standard error 1.7966, 7.73 degrees of freedom, rounded down to 7 (t = 2.365).
    error = math.sqrt(np.var(a, ddof=1) / 6 + np.var(b, ddof=1) / 7)
    assert difference == pytest.approx(np.mean(b) - np.mean(a))
    assert (high - low) / 2 == pytest.approx(2.365 * error, rel=1e-6)
    assert stats.welch_difference([(3, 1)], [(4, 1)] * 9) == (1.0, -math.inf, math.inf)


def test_kitagawa_finds_a_change_that_is_all_mix():
    before, now = {"a": (24, 120), "b": (20, 40)}, {"a": (16, 80), "b": (45, 90)}
    mix, mood = stats.kitagawa(before, now)
    assert (mix, mood) == pytest.approx((61 / 170 - 44 / 160, 0.0))


tables = st.dictionaries(st.sampled_from("abcd"), counts, min_size=1)


@quick
@given(tables, tables)
def test_kitagawa_adds_up(before, now):
    def share(table):
        return sum(k for k, _ in table.values()) / sum(n for _, n in table.values())

    assert sum(stats.kitagawa(before, now)) == pytest.approx(share(now) - share(before), abs=1e-12)


def _weeks(rng, share, mean_size, icc, mentions, reps):
    """Weeks of clumped mentions, as lists of cluster totals."""
    a, b = share * (1 / icc - 1), (1 - share) * (1 / icc - 1)
    for _ in range(reps):
        sizes = 1 + rng.poisson(mean_size - 1, mentions // mean_size)
        yield list(zip(rng.binomial(sizes, rng.beta(a, b, len(sizes))).tolist(), sizes.tolist(), strict=True))


def test_intervals_cover_the_truth_also_when_mentions_come_in_threads():
    rng, reps = np.random.default_rng(20261123), 600
    alarms = covered = 0
    for one, two in zip(
        _weeks(rng, 0.3, 3, 0.3, 120, reps), _weeks(rng, 0.3, 3, 0.3, 120, reps), strict=True
    ):
        (k1, n1), (k2, n2) = ([sum(c) for c in zip(*week, strict=True)] for week in (one, two))
        deff = stats.design_effect([*one, *two])
        low, high = stats.newcombe_difference(k1, n1, k2, n2, deff)
        alarms += not low <= 0 <= high
        low, high = stats.wilson(k2 / deff, n2 / deff)
        covered += low <= 0.3 <= high
    assert alarms / reps < 0.085
    assert covered / reps > 0.92


def test_mean_intervals_cover_the_truth_also_when_mentions_come_in_threads():
    rng, reps, missed = np.random.default_rng(20261124), 600, 0
    for _ in range(reps):
        weeks = []
        for _ in range(2):
            sizes = 1 + rng.poisson(2, 25)
            moods = rng.normal(0, 0.7, 25)
            sums = [float(np.sum(3 + m + rng.normal(0, 1, n))) for m, n in zip(moods, sizes, strict=True)]
            weeks.append(list(zip(sums, sizes.tolist(), strict=True)))
        _, low, high = stats.welch_difference(*weeks)
        missed += not low <= 0 <= high
    assert missed / reps < 0.085


def test_ignoring_the_threads_would_cry_wolf():
    rng, reps, alarms = np.random.default_rng(7), 300, 0
    for one, two in zip(
        _weeks(rng, 0.3, 6, 0.5, 120, reps), _weeks(rng, 0.3, 6, 0.5, 120, reps), strict=True
    ):
        (k1, n1), (k2, n2) = ([sum(c) for c in zip(*week, strict=True)] for week in (one, two))
        low, high = stats.newcombe_difference(k1, n1, k2, n2)
        alarms += not low <= 0 <= high
    assert alarms / reps > 0.25

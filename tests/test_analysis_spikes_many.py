"""Spikes of many series: volume and share apart, replays, weeks, budgets, prefixes, missing days, scale."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.counts import impossible_silence, panel
from analysis.spikes import Counts, examine, judge_many, limits, replay
from analysis.tails import beta_below, log_gamma, share_tail
from analysis.usual import DAILY, anscombe, dispersion
from analysis.windows import judged_windows

TODAY = date(2026, 3, 10)


def days(n, today=TODAY, step=1):
    return [today - timedelta(days=step * (n - 1 - i)) for i in range(n)]


def counts(n=200, mean=2.0, seed=1, share=0.3, **options):
    rng = np.random.default_rng(seed)
    negative = rng.poisson(mean, n).astype(float)
    return Counts(negative + rng.poisson(mean * (1 - share) / share, n), negative, np.ones(n), **options)


def raised(one, negative, other, last=1):
    total, bad = np.array(one.total, float), np.array(one.negative, float)
    bad[-last:] += negative
    total[-last:] += negative + other
    return one._replace(total=total, negative=bad)


def test_more_negatives_and_more_posts_are_two_verdicts():
    bad, more = examine(days(200), raised(counts(), 14, 0), TODAY)
    assert bad.kind == "more negative"
    assert bad.score > 0.5
    assert more is None or more.score < 0
    bad, more = examine(days(200), raised(counts(), 10, 23, last=5), TODAY)
    assert more.kind == "more posts"
    assert more.score > 2
    assert more.observed == more.total > more.high
    assert more.negative < more.observed
    assert more.share == pytest.approx(0.3, abs=0.08)
    assert f"{more.observed} mentions " in more.sentence()
    assert bad is None or bad.score < 0


def test_a_share_that_doubles_in_an_unchanged_volume_is_seen():
    one = counts(mean=5.0)
    total, bad = np.array(one.total), np.array(one.negative)
    bad[-10:] = np.minimum(bad[-10:] * 2 + 1, total[-10:])
    assert examine(days(200), one._replace(negative=bad), TODAY).negative.score > 0


def test_where_all_mentions_are_negative_more_of_them_are_a_spike():
    one = counts(mean=3.0)
    every = one._replace(total=one.negative)
    assert examine(days(200), raised(every, 20, 0), TODAY).negative.score > 0


def test_many_series_are_judged_as_each_alone():
    many = [raised(counts(seed=s, mean=0.3 + s), 5 * (s % 3), s) for s in range(5)]
    two = np.array([np.ones(200), np.arange(200) > 150], bool).T
    wide = np.array([many[0].total, many[1].total]).T, np.array([many[0].negative, many[1].negative]).T
    many.append(Counts(wide[0] * two, wide[1] * two, two))
    together = judge_many(days(200), many, TODAY)
    for one, found in zip(many, together, strict=True):
        for alone, with_others in zip(examine(days(200), one, TODAY), found, strict=True):
            assert (alone is None) == (with_others is None)
            if alone:
                assert alone.score == pytest.approx(with_others.score, abs=1e-6)
                assert (alone.first, alone.observed) == (with_others.first, with_others.observed)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(30, 260),
    gaps=st.lists(st.integers(0, 259), max_size=30),
    silent=st.integers(0, 40),
)
def test_a_replay_sees_each_day_what_was_to_be_seen_that_day(seed, n, gaps, silent):
    one = counts(n, mean=1.5, seed=seed)
    ok = np.ones(n)
    ok[[g for g in gaps if g < n]] = 0
    total, bad = np.array(one.total), np.array(one.negative)
    total[n - silent - 5 : n - 5] = bad[n - silent - 5 : n - 5] = 0
    at, one = days(n), Counts(total, bad, ok)
    whole = replay(at, [one], at[-20], TODAY)
    for t in (n - 20, n - 9, n - 2, n - 1):
        prefix = Counts(total[: t + 1], bad[: t + 1], ok[: t + 1])
        told = replay(at[: t + 1], [prefix], at[t], at[t])
        np.testing.assert_allclose(told.negative[-1], whole.negative[t - n + 20], atol=1e-6)
        np.testing.assert_allclose(told.posts[-1], whole.posts[t - n + 20], atol=1e-6)
        verdict = examine(at, one, at[t], recent=0).negative
        if verdict:
            assert verdict.score == pytest.approx(told.negative[-1, 0], abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), what=st.floats(0, 1e4))
def test_the_figures_of_missing_days_do_not_matter(seed, what):
    one = raised(counts(seed=seed), 6, 0)
    ok = np.random.default_rng(seed).random(200) > 0.2
    filled = np.where(ok, one.total, what), np.where(ok, one.negative, what)
    assert examine(days(200), Counts(*filled, ok), TODAY) == examine(
        days(200), one._replace(covered=ok), TODAY
    )


@settings(max_examples=40, deadline=None)
@given(mean=st.floats(0.05, 3000), spike=st.floats(0, 40), seed=st.integers(0, 1000))
def test_any_scale_gives_finite_scores_and_more_is_never_less_surprising(mean, spike, seed):
    one = counts(120, mean=mean, seed=seed)
    usual, more = (
        replay(days(120), [raised(one, round(k * math.sqrt(mean + 1)), 0)], TODAY, TODAY).negative[0, 0]
        for k in (0, spike)
    )
    assert math.isfinite(usual)
    assert more >= usual - 1e-9


def test_nothing_is_judged_within_the_first_fortnight_and_something_after_four_weeks():
    at = days(40)
    scores = replay(at, [counts(40)], at[0], TODAY).negative[:, 0]
    assert np.isnan(scores[:14]).all()
    assert np.isfinite(scores[28:]).all()


def test_weeks_are_judged_by_weeks():
    n = 80
    at = days(n, step=7)
    one = counts(n, mean=6.0)
    bad = examine(at, raised(one, 25, 0), TODAY, weekly=True, recent=0).negative
    assert bad.score > 0
    assert bad.last.weekday() == 6  # Sunday: a week is Monday to Sunday
    assert (bad.last - bad.first).days in (6, 13)
    assert bad.first <= TODAY <= bad.last
    quiet = examine(at, one, TODAY, weekly=True, recent=0).negative
    assert quiet is None or quiet.score < 0


def test_a_yearly_wave_is_no_spike_once_it_is_known():
    n = 3 * 365 + 40
    rng = np.random.default_rng(4)
    mean = 6 * np.exp(0.9 * np.sin(2 * np.pi * np.arange(n) / 365.25 - 1.2))
    negative = rng.poisson(mean).astype(float)
    one = Counts(negative + rng.poisson(mean * 2), negative, np.ones(n))
    at = days(n)
    scores = replay(at, [one], at[-180], TODAY).negative
    assert (scores >= 0).sum() <= 7


def test_history_that_is_read_back_raises_neither_alert():
    one = raised(counts(), 12, 30, last=3)
    fresh = one._replace(timely=np.zeros(200), timely_total=np.zeros(200))
    assert examine(days(200), fresh, TODAY) == (None, None)


@given(budget=st.floats(0.05, 52), themes=st.integers(0, 20), sources=st.integers(0, 9))
def test_the_parts_of_a_budget_are_the_budget(budget, themes, sources):
    limit = limits(budget, themes, sources)
    spent = 10**-limit.company + themes * 10**-limit.theme + sources * 10**-limit.source
    assert spent == pytest.approx(budget)


def test_a_silence_that_the_usual_volume_makes_impossible_is_missing_and_a_likely_one_is_not():
    busy = np.r_[np.full(60, 3.0), np.zeros(6), 3.0][:, None]
    assert impossible_silence(busy, np.ones_like(busy, bool))[60:66].all()
    rare = np.r_[np.tile([1.0, 0, 0, 0, 0, 0, 0], 9), np.zeros(20)][:, None]
    assert not impossible_silence(rare, np.ones_like(rare, bool)).any()


@settings(max_examples=80, deadline=None)
@given(
    posts=st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 9.0]), max_size=120),
    silences=st.lists(st.tuples(st.integers(0, 110), st.integers(1, 20)), max_size=4),
    gaps=st.sets(st.integers(0, 119), max_size=30),
    window=st.integers(7, 60),
)
def test_each_silence_is_judged_by_the_periods_before_it_that_are_known(posts, silences, gaps, window):
    total = np.array([posts, posts[::-1]]).T
    for at, length in silences:
        total[at : at + length, 0] = 0
    ok = np.ones(total.shape, bool)
    ok[[at for at in gaps if at < len(ok)]] = False
    total *= ok
    expected = np.zeros_like(ok)
    for s in (0, 1):
        start = 0
        for t in range(len(ok) + 1):  # a run is over where a mention is, or a period that is missing
            if t < len(ok) and ok[t, s] and total[t, s] == 0:
                continue
            before = slice(max(0, start - window), start)
            known = total[before, s][(ok & ~expected)[before, s]]
            if len(known) >= 7 and 0.5 ** (known.mean() * (t - start)) < 1e-4:
                expected[start:t, s] = True
            start = t + 1
    np.testing.assert_array_equal(impossible_silence(total, ok, window), expected)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    mean=st.floats(0.02, 30),
    spikes=st.lists(st.tuples(st.integers(0, 99), st.floats(0, 400)), max_size=12),
    rounds=st.integers(1, 3),
)
def test_the_dispersion_weighs_every_error_by_its_residual(seed, mean, spikes, rounds):
    rng = np.random.default_rng(seed)
    expected, widths = mean * rng.uniform(0, 2, (2, 100, 3)), np.array([[3.0], [7.0]])
    sums, use = rng.poisson(expected).astype(float), rng.random(expected.shape) > 0.2
    for at, size in spikes:
        sums[at % 2, at, at % 3] += size
    phi, w = dispersion(sums, expected, use, widths, 1.6, 25.0, rounds)
    e, told = np.maximum(expected, 0.05), np.full((2, 3), 1.6)
    for _ in range(rounds):
        residual = np.maximum(anscombe(sums, e) / np.sqrt(told[:, None]), 1e-9)
        weights = np.where(residual > 2.58, residual**-2, 1.0) * use
        errors = (weights * (sums - e) ** 2 / e).sum(1) / widths
        told = np.maximum((errors + 1.6 * 25) / (weights.sum(1) / widths + 25), 1.0)
    np.testing.assert_allclose(phi, told, rtol=1e-9)
    np.testing.assert_allclose(w, weights, rtol=1e-9)


def clumped(n=1000, each=6, mean=2.0, seed=1):
    """Mentions that come `each` at a time, all of a clump negative or none."""
    rng = np.random.default_rng(seed)
    negative, other = (each * rng.poisson(m, n).astype(float) for m in (mean * 0.3, mean * 0.7))
    return Counts(negative + other, negative, np.ones(n))


def test_mentions_that_come_in_clumps_are_known_to():
    data = panel(days(1000), [clumped()], TODAY.toordinal() - 1000, TODAY.toordinal() - 1)
    windows = judged_windows(data, 999, 990, DAILY, 3).windows
    assert windows.beyond.mean() > 5.5  # of 6; 4.5 with a cap that does not grow
    assert windows.spread.mean() > 5.7  # of 6; 5.5 without what weighing down hides


@settings(max_examples=60, deadline=None)
@given(k=st.integers(1, 60), n=st.integers(1, 60), q=st.floats(0.02, 0.98))
def test_the_share_tail_is_the_binomial_tail(k, n, q):
    n = max(k, n)
    exact = sum(math.comb(n, i) * q**i * (1 - q) ** (n - i) for i in range(k, n + 1))
    assert float(share_tail(k, n, q, 1.0)) == pytest.approx(exact, rel=1e-6, abs=1e-12)
    assert share_tail(k, n, q, 2.0).shape == ()


@given(x=st.floats(1e-3, 1e6))
def test_log_gamma(x):
    assert float(log_gamma(x)) == pytest.approx(math.lgamma(x), rel=1e-9, abs=1e-9)


def test_no_numbers_no_tails():
    assert beta_below([], [], []).shape == (0,)

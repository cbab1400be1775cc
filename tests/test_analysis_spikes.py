"""The spike rule: zeros, missing days, back-fill, the share gate, the budget, causality, speed."""

from __future__ import annotations

import math
import time
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.spikes import assess, judge
from analysis.tails import nb_tail
from candidly.config import Spike as Settings

TODAY = date(2026, 3, 10)
DEFAULT = Settings()


def days(n, today=TODAY):
    return [today - timedelta(days=n - 1 - i) for i in range(n)]


def series(n=120, mean=1.0, share=0.3, seed=1):
    rng = np.random.default_rng(seed)
    negative = rng.poisson(mean, n).astype(float)
    return negative + rng.poisson(mean * (1 - share) / share, n), negative


def found(total, negative, covered=None, today=TODAY, budget=DEFAULT, **options):
    n = len(negative)
    covered = np.ones(np.shape(negative), bool) if covered is None else covered
    return judge(days(n, today), total, negative, covered, today, budget, **options)


def burst(total, negative, at=-1, size=12):
    total, negative = total.copy(), negative.copy()
    total[at] += size
    negative[at] += size
    return total, negative


def test_a_burst_of_negatives_is_a_spike_that_explains_itself():
    spike = found(*burst(*series()))
    assert (spike.first, spike.last) == (TODAY, TODAY)
    assert spike.observed >= 12
    assert spike.low <= spike.expected <= spike.high < spike.observed
    assert spike.share > 0.7 > 0.4 > spike.usual_share > 0.2
    assert spike.kind == "more negative"
    assert spike.sentence().endswith("Chance alone does this less than once in 3 years.")
    assert (
        f"{spike.observed} negative mentions on 10 March 2026; usual is {spike.low} to {spike.high}"
        in spike.sentence()
    )


def test_usual_days_are_none():
    assert found(*series()) is None


def test_a_slow_rise_is_seen_over_a_week():
    total, negative = series(seed=3)
    total[-7:] += 2
    negative[-7:] += 2
    assert found(total, negative).days == 7


@pytest.mark.parametrize("n", [0, 1, 5, 13, 14, 200])
def test_zeros_are_no_spike_and_no_error(n):
    zeros = np.zeros(n)
    assert found(zeros, zeros) is None


def test_three_negatives_after_a_long_silence_are_one_and_two_are_not():
    zeros = np.zeros(200)
    total = zeros + 1.0
    assert found(*burst(total, zeros, size=3)).observed == 3
    assert found(*burst(total, zeros, size=2)) is None
    assert found(*burst(total, zeros, size=3), budget=Settings(min_negative=4)) is None


def test_nothing_is_judged_before_fourteen_covered_days():
    total, negative = burst(*series(15))
    assert found(total[-14:], negative[-14:]) is None
    assert found(total, negative)
    covered = np.ones(15, bool)
    covered[3] = False
    assert found(total, negative, covered) is None


def test_missing_days_are_missing_in_the_baseline():
    total, negative = series(mean=3.0)
    gap = np.ones(len(negative), bool)
    gap[-40:-5] = False
    total[~gap] = negative[~gap] = 0
    assert found(total, negative, gap) is None
    assert found(*burst(total, negative), gap)
    # The same days as zeros halve what seems usual.
    with_gap = assess(days(120), total, negative, gap, TODAY)
    as_zero = assess(days(120), total + 1e-9, negative, gap | True, TODAY)
    assert as_zero.observed == with_gap.observed
    assert as_zero.expected < 0.6 * with_gap.expected


def test_missing_days_are_missing_in_the_judged_window():
    total, negative = burst(*series())
    covered = np.ones(len(negative), bool)
    covered[-1] = False
    assert found(total, negative, covered) is None


def test_days_that_are_not_listed_are_missing_too():
    total, negative = series(mean=3.0)
    total[-40:-5] = negative[-40:-5] = 0
    kept = np.r_[0:80, 115:120]
    listed = [days(120)[i] for i in kept]
    assert judge(listed, total[kept], negative[kept], np.ones(85, bool), TODAY, DEFAULT) is None


def test_an_impossible_silence_is_missing_even_if_it_was_called_covered():
    total, negative = series(200, mean=2.0)
    total[-80:-3] = negative[-80:-3] = 0
    # As zeros, they would make the ordinary days after them look surprising (-0.5: three times a year).
    assert assess(days(200), total, negative, np.ones(200), TODAY).score < -1


def test_two_years_read_back_raise_nothing_for_the_past():
    rng = np.random.default_rng(5)
    total, negative = series(730, mean=1.5)
    for at in rng.integers(0, 716, 25):  # many a crisis, all over
        total, negative = burst(total, negative, at, 15)
    assert found(total, negative) is None
    assert found(total, negative, today=TODAY, timely=np.zeros(730)) is None


def test_what_was_posted_long_before_it_was_collected_raises_nothing():
    total, negative = burst(*series())
    timely = negative.copy()
    timely[-1] = 0
    assert found(total, negative, timely=timely) is None


@pytest.mark.parametrize(("age", "seen"), [(0, True), (3, True), (7, True), (14, False), (40, False)])
def test_only_the_last_week_is_judged(age, seen):
    spike = found(*burst(*series(), at=-1 - age, size=15))
    assert (spike is not None) is seen
    if spike:
        assert spike.first <= TODAY - timedelta(days=age) <= spike.last


def test_more_posts_of_every_kind_are_no_spike_of_negatives():
    total, negative = series(mean=4.0)
    total[-5:] *= 3
    negative[-5:] *= 3
    assert found(total, negative) is None
    surge = assess(days(120), total, negative, np.ones(120, bool), TODAY, min_negative=12, recent=0)
    assert surge.kind == "more posts"
    assert "the negative share" in surge.sentence()
    total[-5:] /= 3
    assert found(total, np.minimum(negative, total)).kind == "more negative"


def test_a_source_added_or_lost_is_no_spike():
    total, negative = series(200, mean=2.0)
    more, many = series(200, mean=10.0, seed=8)
    covered = np.ones((200, 2), bool)
    for new in (3, 10, 13, 40, 100):
        covered[:, 1] = np.arange(200) >= 200 - new
        both = np.stack([total, more * covered[:, 1]], 1), np.stack([negative, many * covered[:, 1]], 1)
        assert found(*both, covered) is None, new
    covered[:, 1] = np.arange(200) < 190
    both = np.stack([total, more * covered[:, 1]], 1), np.stack([negative, many * covered[:, 1]], 1)
    assert found(*both, covered) is None
    both[0][-1, 0] += 15
    both[1][-1, 0] += 15
    assert found(*both, covered)


def test_weekdays_are_allowed_for():
    rng = np.random.default_rng(2)
    n, today = 168, date(2026, 3, 9)  # a Monday
    mean = np.array([14.0 if day.weekday() == 0 else 1.0 for day in days(n, today)])
    negative = rng.poisson(mean).astype(float)
    total = negative + rng.poisson(mean * 2)
    assert found(total, negative, today=today) is None
    tuesday = today + timedelta(days=1)
    total, negative = np.append(total, 16.0), np.append(negative, 14.0)
    assert found(total, negative, today=tuesday).first == tuesday


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(3, 12),
    budgets=st.lists(st.floats(0.05, 52), min_size=2, max_size=5),
)
def test_a_larger_budget_never_finds_less(seed, size, budgets):
    data = burst(*series(mean=0.7, seed=seed), size=size)
    seen = [found(*data, budget=Settings(false_alarms_per_year=b)) is not None for b in sorted(budgets)]
    assert seen == sorted(seen)


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), min_size=1, max_size=120),
    after=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=10),
)
def test_the_future_changes_nothing(data, after):
    negative = np.array([a for a, _, _ in data], float)
    total = negative + [b for _, b, _ in data]
    covered = np.array([c for _, _, c in data])
    n, m = len(data), len(after)
    before = judge(days(n), total, negative, covered, TODAY, DEFAULT)
    later = judge(
        days(n + m, TODAY + timedelta(days=m)),
        np.append(total, [a + b for a, b in after]),
        np.append(negative, [a for a, _ in after]),
        np.append(covered, [True] * m),
        TODAY,
        DEFAULT,
    )
    assert before == later
    if before:
        assert before.observed >= 3
        assert before.observed > before.expected
        assert before.first <= before.last <= TODAY
        assert before.total >= before.observed


def test_false_alarms_keep_to_the_budget():
    alerts = 0
    for mean in (0.3, 1.0, 4.0):
        total, negative = series(60 + 365, mean=mean, seed=100)
        at, quiet = days(len(negative)), 0
        for n in range(61, len(negative) + 1):
            if n < quiet or negative[n - 1] == 0:
                continue
            # Each day is judged on the day itself; later looks at it add no new chance of an alarm.
            spike = assess(at[:n], total[:n], negative[:n], np.ones(n), at[n - 1], recent=0)
            if spike and spike.score >= 0:
                alerts, quiet = alerts + 1, n + 7
    assert alerts <= 5  # three series for a year with one alarm each; P(Poisson(3) > 5) = 0.08


@settings(max_examples=100, deadline=None)
@given(mean=st.floats(0.05, 60), phi=st.floats(1.0, 6.0), count=st.integers(0, 200))
def test_the_tail_is_the_sum_of_the_probabilities(mean, phi, count):
    r, q = mean / (phi - 1) if phi > 1 + 1e-9 else math.inf, 1 - 1 / phi

    def p(k):
        if math.isinf(r):
            return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
        return math.exp(
            math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1) + k * math.log(q) - r * math.log(phi)
        )

    below = sum(p(k) for k in range(count))
    assert nb_tail(count, mean, phi) == pytest.approx(1 - below, abs=1e-6)


def test_known_tails():
    assert nb_tail(0, 3, 2) == 1
    assert nb_tail(3, 1.0, 1.0) == pytest.approx(0.0803013970713942, rel=1e-5)  # 1 - ppois(2, 1)
    assert nb_tail(10, 4.0, 2.0) == pytest.approx(0.046142578125)  # 1 - pnbinom(9, 4, 0.5)


def test_shapes_that_differ_are_an_error():
    with pytest.raises(ValueError, match="days need as many values"):
        judge(days(3), np.zeros(2), np.zeros(3), np.ones(3, bool), TODAY, DEFAULT)


def test_three_years_of_three_sources_take_milliseconds():
    total, negative = series(1096)
    wide = [np.stack([x] * 3, 1) for x in (total, negative, np.ones(1096, bool))]
    at = days(1096)
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        judge(at, *wide, TODAY, DEFAULT)
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.05  # about 3 ms on a quiet machine

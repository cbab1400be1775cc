"""The first weeks of a history: what is usual, and how much it varies, rests on few days and is judged so."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from analysis.counts import panel
from analysis.spikes import Counts, judge_many, replay
from analysis.usual import DAILY
from analysis.windows import judged_windows

MONDAY = date(2026, 1, 5)
SERIES = 200
ALERT = 0.9  # once in eight years


def days(n):
    return [MONDAY + timedelta(days=i) for i in range(n)]


def clumped(n, ratio, mean=4.5, series=SERIES, seed=4):
    """Steady counts, (n, series), with this variance / mean: a negative binomial, 30 % of it negative."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(mean / (ratio - 1), ratio - 1, (n, series)) if ratio > 1 else np.full((n, series), mean)
    total = rng.poisson(rate)
    return total.astype(float), rng.binomial(total, 0.3).astype(float)


def many(total, negative, n):
    return [Counts(total[:n, g], negative[:n, g], np.ones(n, bool)) for g in range(total.shape[1])]


def alarmed(scores):
    """The share of series with an alert on one of the days."""
    return np.mean((np.nan_to_num(scores, nan=-9.0) >= ALERT).any(0))


@pytest.mark.parametrize(("ratio", "most"), [(1.0, 0.01), (2.5, 0.02), (4.0, 0.05)])
@pytest.mark.parametrize("start", [14, 35, 74, 164])
def test_steady_clumped_counts_are_seldom_more_posts_at_any_age(ratio, most, start):
    n = start + 21
    total, negative = clumped(n, ratio)
    found = replay(days(n), many(total, negative, n), days(n)[start], days(n)[-1])
    assert alarmed(found.posts) <= most
    assert alarmed(found.negative) <= 0.02


@pytest.mark.parametrize(("ratio", "most"), [(1.0, 0.02), (4.0, 0.05)])
def test_the_first_days_that_are_judged_live_are_no_surge(ratio, most):
    """Live, the week before is judged again, by what was known yet another week before: by nothing at all."""
    total, negative = clumped(24, ratio, series=80)
    alarms = np.zeros(80, bool)
    for n in range(15, 25, 3):
        verdicts = judge_many(days(n), many(total, negative, n), days(n)[-1])
        alarms |= [more is not None and more.score >= ALERT for _, more in verdicts]
    assert alarms.mean() <= most


@pytest.mark.parametrize(("start", "least"), [(44, 0.6), (74, 0.75), (164, 0.9)])
def test_a_real_surge_is_still_told(start, least):
    n = start + 7
    total, negative = clumped(n, 1.6, series=100)
    more, bad = clumped(n, 1.6, mean=9.0, series=100, seed=5)
    total[start:] += more[start:]
    negative[start:] += bad[start:]
    found = replay(days(n), many(total, negative, n), days(n)[start], days(n)[-1])
    assert alarmed(found.posts) >= least


def windows(n, recent=0, ready=None):
    """Of five mentions a day, two of them negative, as judged on the last day."""
    covered = np.ones(n, bool)
    data = panel(days(n), [Counts(np.full(n, 5.0), np.full(n, 2.0), covered)], *(day(n, i) for i in (0, -1)))
    return judged_windows(data, n - 1 - recent, max(0, n - 14 if ready is None else ready), DAILY, 3).windows


def day(n, i):
    return days(n)[i].toordinal() - 1


@pytest.mark.parametrize("learnt", [0, 1, 3, 8])
def test_what_is_usual_is_taken_from_the_days_that_there_are(learnt):
    """The shape may rest on no day yet: it must not hold the level, which has seen more."""
    usual = windows(28, ready=learnt).usual_total[:, -1, 0]
    assert usual == pytest.approx(5.0 * np.array(DAILY.windows), rel=0.25)


def test_the_volume_is_taken_to_vary_more_the_fewer_days_it_has_been_seen():
    spread = [windows(n).spread_other[:, -1, 0] for n in (22, 40, 80, 200, 700)]
    assert all((a > b).all() for a, b in pairwise(spread))
    assert spread[-1].max() < 1.1, "such even counts are as even as they can be"
    assert spread[0].min() > 2
    assert spread[0][3] > 1.3 * spread[0][0], "a window of two weeks against a level of one"


def test_a_level_of_few_days_is_doubted_and_a_full_one_is_not():
    n = 200
    covered = np.ones((n, 2), bool)
    covered[:170, 1] = False
    total = np.full((n, 2), 5.0) * covered
    both = Counts(total, total * 0.4, covered)
    old = Counts(total[:, 0], total[:, 0] * 0.4, covered[:, 0])
    data = panel(days(n), [both, old], day(n, 0), day(n, -1))
    spread = judged_windows(data, n - 1, n - 8, DAILY, 3).windows.spread_other[:, -1]
    assert (spread[:, 0] > [1.01, 1.03, 1.07, 1.2] * spread[:, 1]).all(), (
        "a new source makes the sum less certain"
    )


def test_in_a_long_history_little_of_the_variance_is_lost():
    """Weighing large counts down, lest they be spikes, hides some of it; a part of that is put back."""
    n = 700
    total, negative = clumped(n, 4.0, series=60)
    data = panel(days(n), many(total, negative, n), day(n, 0), day(n, -1))
    spread = judged_windows(data, n - 1, n - 8, DAILY, 3).windows.spread_other[0, -1]
    true = 1 + (4.0 - 1) * 0.7
    assert 0.81 * true < spread.mean() <= true

"""When a source is asked again: pure rules over the rows of its runs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.config import SourceSettings
from candidly.errors import CollectorError, ConfigError, Degraded
from candidly.outcomes import Ended, outcome_of
from candidly.pacing import ENOUGH_RUNS, RARELY, SEVERAL, pace
from candidly.records import Tally
from collectors.base import Requests

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY = 2 * HOUR


def run(hours_ago=0.0, status="ok", fault="", wait=None):
    started = NOW - hours_ago * HOUR
    finished = None if status == "running" else started + timedelta(minutes=1)
    not_before = None if wait is None else finished + wait
    return {
        "status": status, "fault": fault, "started": started, "finished": finished, "not_before": not_before,
    }  # fmt: skip


def failed(hours_ago, fault="passing", **more):
    return run(hours_ago, "failed", fault, **more)


# ---------------------------------------------------------------- as configured


def test_a_source_that_was_never_read_is_asked_now():
    assert pace(EVERY, [], NOW).due == NOW


def test_a_good_source_is_asked_as_often_as_configured():
    found = pace(EVERY, [run(0.5), failed(3), failed(6), failed(9)], NOW)
    assert (found.due, found.state, found.failures) == (NOW + 1.5 * HOUR, "as set", 0)
    assert pace(EVERY, [run(5)], NOW).due == NOW


@pytest.mark.parametrize("status", ["running", "interrupted"])
def test_a_run_that_was_broken_off_counts_for_the_distance_and_nothing_else(status):
    found = pace(EVERY, [run(0.5, status), failed(1, wait=5 * HOUR)], NOW)
    assert (found.due, found.state) == (NOW - HOUR + timedelta(minutes=1) + 5 * HOUR, "waits")
    assert pace(EVERY, [run(0.5, status)], NOW).due == NOW + 1.5 * HOUR


# ---------------------------------------------------------------- what the source said


@pytest.mark.parametrize("status", ["failed", "partial", "degraded"])
def test_a_source_is_not_asked_before_the_time_that_it_named(status):
    found = pace(EVERY, [run(1, status, "passing", wait=9 * HOUR)], NOW)
    assert found.due == found.not_before == NOW + 8 * HOUR + timedelta(minutes=1)
    assert (found.state, found.held(NOW), found.held(found.due)) == ("waits", True, False)


def test_it_is_asked_sooner_than_configured_where_it_said_so():
    found = pace(24 * HOUR, [failed(1, wait=2 * HOUR)], NOW)
    assert found.due == NOW + HOUR + timedelta(minutes=1)


def test_but_not_sooner_again_and_again():
    quick = timedelta(seconds=1)
    runs = [run(n / 100, "partial", "passing", wait=quick) for n in range(SEVERAL)]
    assert pace(EVERY, runs[1:], NOW).due == runs[1]["not_before"] < NOW + EVERY
    assert pace(EVERY, runs, NOW).due == NOW + EVERY


def test_a_good_run_ends_the_wait():
    assert pace(EVERY, [run(3), failed(4, wait=20 * HOUR)], NOW).not_before is None


# ---------------------------------------------------------------- the circuit breaker


def test_a_source_that_fails_in_a_row_is_asked_more_and_more_rarely():
    waits = []
    for n in range(1, 9):
        found = pace(EVERY, [failed(hours) for hours in range(n)], NOW)
        waits.append((found.due - NOW) / HOUR)
        assert found.failures == n
        assert found.state == ("slowed" if n >= SEVERAL else "as set")
    assert waits == [2, 2, 4, 8, 16, 24, 24, 24]


@pytest.mark.parametrize("long", [timedelta(weeks=1), timedelta(days=3660)])
def test_a_long_every_is_not_made_shorter(long):
    assert pace(long, [failed(n) for n in range(ENOUGH_RUNS)], NOW).due == NOW + long


def test_from_every_second_to_once_a_day():
    runs = [failed(n / 3600) for n in range(ENOUGH_RUNS)]
    assert pace(timedelta(seconds=1), runs, NOW).due == NOW + RARELY


@pytest.mark.parametrize("probe", [run(0), run(0, "partial", "passing"), run(0, "degraded", "")])
def test_a_probe_that_reads_something_closes_the_circuit(probe):
    """Partly read, or less than expected: the source is there."""
    found = pace(EVERY, [probe, *(failed(n) for n in range(1, 6))], NOW)
    assert (found.due, found.state) == (NOW + EVERY, "as set")


def test_an_answer_of_another_shape_is_a_failure():
    runs = [run(n, "degraded", "passing") for n in range(4)]
    assert pace(EVERY, runs, NOW).state == "slowed"


def test_the_source_may_ask_for_more_than_the_breaker_does():
    found = pace(EVERY, [failed(0, wait=23 * HOUR), *(failed(n) for n in range(1, 4))], NOW)
    assert (found.due, found.state) == (NOW + 23 * HOUR + timedelta(minutes=1), "waits")
    short = pace(EVERY, [failed(0, wait=HOUR), *(failed(n) for n in range(1, 4))], NOW)
    assert (short.due, short.state) == (NOW + 8 * HOUR, "slowed")


# ---------------------------------------------------------------- what somebody must mend


def test_a_permanent_failure_is_tried_once_a_day():
    found = pace(EVERY, [failed(3, "permanent")], NOW)
    assert (found.due, found.state, found.held(NOW)) == (NOW + 21 * HOUR, "paused", True)
    assert pace(EVERY, [failed(25, "permanent")], NOW).due == NOW


def test_or_once_the_configuration_was_changed():
    def asked(changed):
        return pace(EVERY, [failed(3, "permanent")], NOW, changed).due

    assert asked(NOW - HOUR) == NOW
    assert asked(NOW - 4 * HOUR) == NOW + 21 * HOUR
    assert asked(NOW + HOUR) == NOW + 21 * HOUR, "a clock that is wrong is no change"


def test_one_bad_address_among_good_ones_pauses_nothing():
    assert pace(EVERY, [run(0, "partial", "permanent")], NOW).state == "as set"


# ---------------------------------------------------------------- the budget of a day


def test_after_a_used_up_budget_it_goes_on_at_midnight_however_long_every_is():
    wait = timedelta(hours=18, minutes=-1)
    spent = run(0, "partial", "budget", wait=wait)
    found = pace(timedelta(days=7), [spent] * 5, NOW)
    assert (found.due, found.state) == (NOW + 18 * HOUR, "waits")
    assert pace(EVERY, [spent], NOW, NOW + timedelta(minutes=2)).due > NOW
    later = NOW + HOUR
    assert pace(EVERY, [spent], later, NOW + timedelta(minutes=2)).due == later, "a larger one, perhaps"


def test_a_used_up_budget_says_nothing_about_the_source():
    spent = run(0, "failed", "budget", wait=HOUR)
    found = pace(EVERY, [spent, *(failed(n) for n in range(1, 3))], NOW + 3 * HOUR)
    assert (found.state, found.failures) == ("as set", 2)


# ---------------------------------------------------------------- always

WAITS = st.none() | st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))
STATUSES = st.sampled_from(["ok", "partial", "degraded", "failed", "interrupted"])
FAULTS = st.sampled_from(["", "passing", "permanent", "budget"])
ROWS = st.lists(st.builds(run, st.floats(-100, 1000), STATUSES, FAULTS, WAITS), max_size=ENOUGH_RUNS)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, every=st.integers(1, 10**6))
def test_no_history_keeps_a_source_from_being_asked_for_longer_than_a_day(rows, every):
    """Unless it is configured so; and it is never due in the past."""
    every = timedelta(seconds=every)
    found = pace(every, rows, NOW)
    assert NOW <= found.due <= NOW + max(every, RARELY)
    assert found.not_before is None or NOW < found.not_before <= found.due


# ---------------------------------------------------------------- from the end of a run to its outcome


class Live(SourceSettings):
    live = True


def ended(error=None, read=0, left=None, **more):
    requests = Requests(left=left, made=7)
    if left is not None and left < 8:
        with pytest.raises(CollectorError):
            requests.spend()
    values = {"notes": [], "stopped": False, "answered": True} | more
    source = Live(name="s", type="x", every=EVERY, daily_requests=left or None)
    return outcome_of(source, Ended(Tally(stored=read), error, requests=requests, **values), NOW)


@pytest.mark.parametrize(
    ("error", "read", "status", "fault"),
    [
        (None, 3, "ok", ""),
        (CollectorError("x"), 0, "failed", "passing"),
        (CollectorError("x"), 3, "partial", "passing"),
        (CollectorError("x", permanent=True), 0, "failed", "permanent"),
        (Degraded("x"), 0, "degraded", "passing"),
        (ConfigError(["x"]), 0, "failed", "permanent"),
        (KeyError("x"), 0, "failed", "passing"),
    ],
)
def test_how_a_run_ended_is_told_to_the_scheduler(error, read, status, fault):
    outcome = ended(error, read)
    assert (outcome.status, outcome.fault, outcome.requests) == (status, fault, 7)
    assert outcome.permanent == (fault == "permanent")


@pytest.mark.parametrize(("said", "kept"), [(None, None), (0.0, 0), (60.0, 60), (1e9, 86400), (-5.0, 0)])
def test_a_wait_is_a_day_at_most(said, kept):
    assert ended(CollectorError("x", retry_after=said)).retry_after == kept


@pytest.mark.parametrize(("read", "status"), [(3, "partial"), (0, "failed")])
def test_a_used_up_budget_is_told_apart_however_the_collector_wrapped_it(read, status):
    outcome = ended(CollectorError("robots.txt could not be read", permanent=True), read, left=7)
    assert (outcome.status, outcome.fault, outcome.permanent) == (status, "budget", False)
    assert "`daily_requests` (7)" in outcome.message
    assert "midnight UTC" in outcome.remedy
    assert outcome.retry_after == 18 * 3600

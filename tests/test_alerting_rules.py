"""Facts -> incidents: opened once, brought up to date, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from alert_world import NOW

from alerting.rules import (
    delivery_change,
    delivery_incident,
    failures_in_a_row,
    source_change,
    source_incident,
)
from candidly.records import Outcome, Tally


def outcome(status, permanent=False, **changes):
    return Outcome("reviews", status, Tally(), "no reviews on the page.", "Look at it.", permanent=permanent)


@pytest.mark.parametrize(
    ("found", "failures", "told"),
    [
        (outcome("degraded"), 1, True),
        (outcome("failed", permanent=True), 1, True),
        (outcome("partial", permanent=True), 1, True),
        (outcome("failed"), 1, False),
        (outcome("failed"), 2, False),
        (outcome("failed"), 3, True),
        (outcome("partial"), 3, True),
        (outcome("interrupted"), 9, False),
        (outcome("ok"), 0, False),
    ],
)
def test_a_source_is_told_of_when_it_will_not_mend_itself(found, failures, told):
    change = source_change(found, [], NOW, failures=failures)
    assert bool(change.opened) is told
    if told:
        assert change.opened[0].detail["summary"] == "no reviews on the page. Look at it."


def test_a_sources_trouble_is_told_once_and_ends_with_an_ok_run():
    known = source_incident(outcome("degraded"), NOW)
    assert source_change(outcome("degraded"), [known], NOW + timedelta(days=3)) == source_change(
        outcome("ok"), [], NOW
    )
    assert source_change(outcome("ok"), [known], NOW).resolved == (known.id,)
    assert not source_change(outcome("partial"), [known], NOW).resolved
    assert source_change(replace(outcome("degraded"), source="other"), [known], NOW).opened


def test_a_flapping_source_is_told_of_once_a_day():
    again = source_incident(outcome("failed"), NOW + timedelta(hours=9))
    assert again.id == source_incident(outcome("degraded"), NOW).id
    assert source_incident(outcome("failed"), NOW + timedelta(days=1)).id != again.id


def test_failures_are_counted_back_to_the_last_answer():
    def runs(*statuses):
        return [{"source": "reviews", "status": one} for one in statuses]

    assert failures_in_a_row(runs("failed", "interrupted", "partial", "ok", "failed"), "reviews") == 2
    assert failures_in_a_row(runs("failed", "degraded", "failed"), "reviews") == 1
    assert failures_in_a_row([{"source": "x", "status": "failed"}, *runs("ok")], "reviews") == 0


def test_a_dead_channel_is_one_incident_a_day_until_it_takes_a_message():
    one = delivery_incident("hook", "the server answered 404.", NOW)
    assert one.id == delivery_incident("hook", "another reason", NOW).id
    assert delivery_change([one], {"mail"}).resolved == ()
    assert delivery_change([one], {"hook"}).resolved == (one.id,)

"""Facts -> incidents: opened once, brought up to date, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from alert_world import NOW, TODAY, spike

from alerting.rules import (
    Evidence,
    Quote,
    delivery_change,
    delivery_incident,
    failures_in_a_row,
    source_change,
    source_incident,
    spike_change,
    spike_incident,
)
from candidly.records import Outcome, Tally

COMPANY = "Northwind Robotics"


def change(found, known=(), today=TODAY, evidence=Evidence()):
    return spike_change(COMPANY, found, known, NOW, today, evidence)


def opened(**changes):
    return spike_incident(COMPANY, spike(**changes), NOW)


def test_a_spike_opens_an_incident_with_its_evidence():
    text = "They never wrote back."
    quotes = [Quote(text, f"Well. {text}", "https://x.example/1", "reddit"), Quote("made up", "Well.")]
    (one,) = change(spike(), evidence=Evidence([("Communication", 9)], quotes * 3, "Report: x.html")).opened
    assert one.rule == "spike"
    assert one.detail["observed"] == 14
    assert (one.detail["low"], one.detail["high"]) == (2, 6)
    assert one.detail["themes"] == [{"theme": "Communication", "negative": 9}]
    assert [quote["text"] for quote in one.detail["quotes"]] == [
        text
    ] * 3  # what is not in the text is left out
    assert one.detail["more"] == "Report: x.html"


def test_the_id_follows_from_company_and_first_day_alone():
    assert opened().id == opened(observed=20, score=2).id
    assert opened().id != opened(first=date(2026, 3, 7)).id
    assert opened().id != spike_incident("Halden & Price", spike(), NOW).id


@pytest.mark.parametrize(("days", "new"), [(0, False), (3, False), (9, False), (10, True), (30, True)])
def test_within_a_week_of_its_last_day_it_is_the_same_spike(days, new):
    known = opened()  # 8 to 10 March
    found = spike(first=date(2026, 3, 8) + timedelta(days=days), days=1)
    assert bool(change(found, [known]).opened) is new


def test_an_older_overlapping_window_is_the_same_spike_too():
    assert not change(spike(first=date(2026, 3, 4), days=7), [opened()]).opened


def test_a_spike_that_goes_on_moves_the_end_of_its_cool_down():
    (update,) = change(spike(first=date(2026, 3, 12), days=1), [opened()]).updated
    assert (update.detail["first"], update.detail["seen"]) == ("2026-03-08", "2026-03-12")
    assert update.detail["observed"] == 14
    assert not change(spike(first=date(2026, 3, 19), days=1), [update]).opened
    assert change(spike(first=date(2026, 3, 20), days=1), [update]).opened


def test_it_is_told_again_only_when_ten_times_rarer():
    little = change(spike(observed=18, score=1.9), [opened()])
    assert (little.updated, little.occasion) == ((), "")
    much = change(spike(first=date(2026, 3, 11), days=1, observed=40, score=2.0), [opened()])
    assert much.occasion == "2026-03-11"
    assert much.updated[0].detail["observed"] == 40
    assert much.updated[0].id == opened().id
    assert change(spike(first=date(2026, 3, 11), days=1, observed=40, score=2.0), much.updated) == change(
        None
    )


def test_nothing_new_changes_nothing():
    assert change(spike(), [opened()]) == change(None, [opened()]) == change(None)


def test_a_spike_is_closed_after_its_cool_down():
    known = opened()
    assert not change(None, [known], date(2026, 3, 17)).resolved
    assert change(None, [known], date(2026, 3, 18)).resolved == (known.id,)
    assert not change(None, [replace(known, status="resolved")], date(2026, 3, 18)).resolved


def test_another_companys_spike_is_another_matter():
    assert change(spike(), [spike_incident("Halden & Price", spike(), NOW)]).opened


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

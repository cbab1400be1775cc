"""When a source that brings nothing new is worth telling."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerting.rules import Change, longest_silence, quiet_change, quiet_incident, source_change, span
from candidly.records import Outcome, Tally

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def change(known=(), usual=3 * DAY, latest=NOW - 9 * DAY, now=NOW, *, well=True) -> Change:
    return quiet_change("site", usual, latest, known, now, well=well)


OPEN = quiet_incident("site", 3 * DAY, NOW - 9 * DAY, NOW)


def test_a_silence_longer_than_usual_opens_an_incident() -> None:
    (one,) = change().opened
    assert one == OPEN
    assert one.title == "Source site is quiet for 9 days where something every 3 days is usual"


@pytest.mark.parametrize(
    ("usual", "latest"), [(None, NOW - 9 * DAY), (3 * DAY, None), (3 * DAY, NOW - 3 * DAY), (3 * DAY, NOW)]
)
def test_no_expectation_no_run_and_news_are_no_silence(usual, latest) -> None:
    assert change(usual=usual, latest=latest) == Change()
    assert change([OPEN], usual=usual, latest=latest) == Change(resolved=(OPEN.id,))


def test_it_is_told_once_and_again_after_other_news() -> None:
    assert change([OPEN], now=NOW + 9 * DAY) == Change()
    over = replace(OPEN, status="resolved")
    assert change([over], latest=NOW - 4 * DAY).opened[0].id != OPEN.id


def test_the_silence_of_a_source_that_cannot_be_read_is_missing_data() -> None:
    assert change(well=False) == Change()
    assert change([OPEN], well=False) == Change()
    assert change([OPEN], latest=NOW, well=False).resolved == (OPEN.id,)


def test_other_sources_and_rules_are_let_be() -> None:
    other = replace(OPEN, id="x", detail={"source": "other"})
    assert change([other], usual=None) == Change()
    outcome = Outcome("site", "ok", Tally())
    assert source_change(outcome, [OPEN], NOW) == Change()


DOWN = Outcome("site", "degraded", Tally(), "No reviews found.")


@pytest.mark.parametrize(
    "look",
    [
        lambda known, **silent: quiet_change("site", 3 * DAY, NOW - 9 * DAY, known, NOW, well=True, **silent),
        lambda known, **silent: source_change(DOWN, known, NOW, **silent),
    ],
)
def test_what_opened_under_a_silence_is_told_when_that_has_ended(look) -> None:
    (opened,) = look((), silenced=True).opened
    assert opened.detail["silenced"]
    assert look([opened], silenced=True) == Change()
    told = look([opened])
    assert (told.opened, told.occasion, told.opening) == ((), "2026-03-10", "")
    assert "silenced" not in told.updated[0].detail
    assert look(told.updated) == Change(), "told once"


def test_a_misshapen_answer_after_good_ones_is_told_at_once() -> None:
    partial = Outcome(
        "site", "partial", Tally(stored=3), "No reviews found.", misshapen=True, fault="passing"
    )
    (one,) = source_change(partial, (), NOW).opened
    assert one.title == "Source site is not what it should be"
    assert source_change(replace(partial, misshapen=False), (), NOW) == Change()


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.2, "hour"), (1, "hour"), (12, "12 hours"), (24, "day"), (47, "day"), (216, "9 days")],
)
def test_spans(hours, words) -> None:
    assert span(timedelta(hours=hours)) == words


def test_the_longest_usual_silence_follows_from_the_rate():
    long_ago, lately = NOW - 300 * DAY, NOW - 20 * DAY
    assert longest_silence(56, long_ago, NOW) == 14 * DAY
    assert longest_silence(5600, long_ago, NOW) == 3 * DAY
    assert longest_silence(13, long_ago, NOW) is None
    assert longest_silence(560, lately, NOW) is None
    assert longest_silence(0, None, NOW) is None

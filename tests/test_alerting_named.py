"""Mentions that a rule names count once, however many there are and however often somebody looks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alert_world import NOW
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.named import KEPT, Hit, Naming, named_changes

RULE = Naming("rule", "lawyers", "page")


def hits(numbers, at=NOW):
    return [Hit(f"k{n}", at.date(), "reddit") for n in numbers]


def look(found, known, at):
    """The incident after a look, and whether somebody was told."""
    (change,) = named_changes(RULE, "Acme", found, known, at, at.date()) or [None]
    if change is None:
        return known, False
    return [*change.opened, *change.updated], bool(change.opened or change.occasion)


@pytest.mark.parametrize("n", [1, KEPT, KEPT + 1, 250, 3 * KEPT])
def test_unchanging_mentions_are_counted_and_told_once(n):
    known, told = look(hits(range(n)), [], NOW)
    assert told
    for day in range(6):
        known, told = look(hits(range(n)), known, NOW + timedelta(days=day))
        assert (known[0].detail["n"], told) == (n, False)
    known, told = look(hits(range(n + 1)), known, NOW + timedelta(days=6))
    assert (known[0].detail["n"], told) == (n + 1, True)
    assert look(hits(range(n + 1)), known, NOW + timedelta(days=7)) == (known, False)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 150)), min_size=1, max_size=12))
def test_each_mention_counts_once_as_the_days_go_by(days):
    """A window moves on by some mentions and loses some at its start, as the last days do."""
    known, first, last = [], 0, 0
    for day, (come, gone) in enumerate(days):
        first, last = min(first + gone, last), last + come * 10
        known, _ = look(hits(range(first, last)), known, NOW + timedelta(days=day))
        assert known[0].detail["n"] == last
        assert len(known[0].detail["mentions"]) <= last - first + KEPT

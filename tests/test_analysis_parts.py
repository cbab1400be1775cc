"""The whole, its themes and its sources within one budget."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from analysis import parts
from analysis.parts import Verdicts, Whole
from analysis.spikes import Counts, Verdict
from candidly.spike import Spike

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(100)]
TODAY = DAYS[-1]
SOURCES = ("forum", "reviews")


def whole(seed=1, **bursts):
    """100 days of two sources and two themes; `bursts`: theme or source -> more complaints today."""
    random = np.random.default_rng(seed)
    good = random.poisson(2.0, (100, 2)).astype(float)
    themes = {name: random.poisson(0.3, (100, 2)).astype(float) for name in ("communication", "process")}
    other = random.poisson(0.3, (100, 2)).astype(float)
    for name, n in bursts.items():
        if name in themes:
            themes[name][-1, 0] += n
        else:
            other[-1, SOURCES.index(name)] += n
    bad = other + sum(themes.values())
    covered = np.ones((100, 2), bool)
    total = bad + good
    return Whole(
        DAYS, Counts(total, bad, covered, bad),
        {name: Counts(total, grid, covered, grid) for name, grid in themes.items()}, SOURCES,
    )  # fmt: skip


def rises(made, budget=1.0):
    return parts.rises(made, parts.judged(made, TODAY), parts.budget(made, budget))


def test_as_ever_is_nothing():
    assert rises(whole()) == {}


def test_a_theme_that_explains_it_is_named():
    found = rises(whole(communication=20))["more negative"]
    assert found.whole
    assert found.alone == ("theme", "communication")
    assert ("theme", "communication") in [(part.kind, part.name) for part in found.parts]
    assert found.themes == ("communication",)


def test_a_source_that_explains_it_is_named_where_no_theme_does():
    found = rises(whole(reviews=20))["more negative"]
    assert found.alone == ("source", "reviews")
    assert found.themes == ()


def test_two_themes_that_share_it_are_both_listed():
    found = rises(whole(communication=30, process=30))["more negative"]
    assert {part.name for part in found.parts} >= {"communication", "process"}


def spike(score, **changes):
    values = {
        "kind": "more negative", "first": TODAY, "last": TODAY, "observed": 9, "expected": 2.0, "low": 0,
        "high": 5, "total": 12, "usual_share": 0.3, "score": score,
    }  # fmt: skip
    return Spike(**{**values, **changes})


def test_a_theme_needs_more_than_the_company_for_the_same_budget():
    made, none = whole(), Verdict(None, None)
    limits = parts.budget(made, 1.0)
    assert limits.company == pytest.approx(np.log10(2))
    assert limits.theme == pytest.approx(np.log10(2 * 2 * 2))
    for score, fires in ((limits.theme - 0.01, False), (limits.theme + 0.01, True)):
        verdicts = Verdicts(none, {"process": Verdict(spike(score), None)}, {})
        found = parts.rises(made, verdicts, limits)
        assert bool(found) is fires
    (part,) = found["more negative"].parts
    assert (found["more negative"].whole, part.name) == (False, "process")


def test_the_parts_together_cost_no_more_than_the_budget():
    """Two themes, two sources and the company: their yearly alarms add up to the budget."""
    limits = parts.budget(whole(), 3.0)
    each = [10**-limits.company, 2 * 10**-limits.theme, 2 * 10**-limits.source]
    assert sum(each) == pytest.approx(3.0)


def test_more_posts_of_a_theme_are_no_matter():
    verdicts = Verdicts(
        Verdict(None, None), {"process": Verdict(None, spike(3.0, kind="more posts"))},
        {"forum": Verdict(None, spike(3.0, kind="more posts"))},
    )  # fmt: skip
    found = parts.rises(whole(), verdicts, parts.budget(whole(), 1.0))
    assert [part.name for part in found["more posts"].parts] == ["forum"]


def test_clear_days_are_days_with_data():
    made = whole()
    assert parts.clear_days(made, TODAY - timedelta(days=5), TODAY) == 4
    np.asarray(made.counts.covered)[-3] = False
    assert parts.clear_days(made, TODAY - timedelta(days=5), TODAY) == 3
    assert parts.clear_days(made, TODAY, TODAY) == 0


def test_only_some_series_are_judged_where_only_those_are_asked_for():
    made = whole(communication=20)
    found = parts.judged(made, TODAY, only={("theme", "communication")})
    assert found.whole == Verdict(None, None)
    assert found.themes["communication"].negative is not None
    assert found.sources == {}

"""Campaigns: copied wording and one-sided bursts are marked, ordinary weeks are not, nobody is named."""

import dataclasses
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from weekly_world import NOW, PERIOD, SOURCES, START, World, history, own_words, report, summary

from analysis import campaigns, nearcopies
from candidly.figures import Campaign
from reporting.weekly import render_html, render_json
from reporting.weekly_markdown import render_markdown

PRAISE = (
    "I have worked for this company for three years and can only recommend it to everybody who looks for "
    "a friendly team, honest managers and offices full of light in the middle of the town"
)


def copies(n, rng):
    """The same text with a few words changed, as in reviews that were asked for."""
    for _ in range(n):
        words = PRAISE.split()
        words[int(rng.integers(len(words)))] = "really"
        yield " ".join(words)


def with_copies(n, verdict="positive", source=SOURCES[1]):
    """A week of 80 mentions, `n` of which share their wording."""
    world = World()
    before = world.week(80, start=START - timedelta(days=7), seed=3, first=10_001)
    week = world.week(80, negative=0.4, seed=4)
    rows = week.mentions.index[:n]
    for pk, text in zip(week.mentions["pk"][:n], copies(n, np.random.default_rng(1)), strict=True):
        world.add(int(pk), text, published=START + timedelta(hours=30), source=source)
    mentions = week.mentions.copy()
    mentions.loc[rows, ["verdict", "source", "thread"]] = [verdict, source, ""]
    kept = week.opinions[~week.opinions["pk"].isin(mentions["pk"][:n])]
    return world, dataclasses.replace(week, mentions=mentions, opinions=kept), before


def test_copies_of_one_wording_are_marked_and_counted_with_and_without():
    world, week, before = with_copies(20)
    figures = summary(world, week, before)
    (found,) = figures.campaigns
    assert (found.kind, found.mentions, found.leaning, found.source) == (
        "same wording", 20, "positive", SOURCES[1],
    )  # fmt: skip
    rest = week.mentions[20:]
    assert figures.without_campaigns.mentions == 20
    assert figures.without_campaigns.negative.n == 60
    assert figures.without_campaigns.negative.k == int((rest["verdict"] == "negative").sum())
    assert figures.negative.n == 80
    assert figures.design_effect > 2  # twenty copies are one voice


def test_fewer_copies_than_may_be_shown_are_not_marked():
    world, week, before = with_copies(4)
    figures = summary(world, week, before)
    assert (figures.campaigns, figures.without_campaigns) == ((), None)


def test_no_person_and_no_text_of_a_campaign_is_in_any_format():
    world, week, before = with_copies(20)
    mentions = week.mentions.assign(author=[7] * 20 + [-1] * 60)
    figures = summary(world, week.of(mentions), before.of(before.mentions.assign(author=-1)))
    named = {field.name for field in dataclasses.fields(Campaign)}
    assert named == {"kind", "first_day", "last_day", "mentions", "leaning", "source", "usual"}
    for render in (render_html, render_markdown, render_json):
        page = render(figures)
        assert "share most of their wording" in page or render is render_json
        assert "honest managers and offices" not in page
        assert '"author"' not in page


@pytest.mark.parametrize("seed", range(5))
def test_an_ordinary_week_is_not_marked(seed):
    world = World()
    before = world.week(150, start=START - timedelta(days=7), seed=seed, first=10_001)
    assert summary(world, world.week(150, seed=seed + 50), before).campaigns == ()


def reviews(seed, *, rate=2.0, days=120, burst=0, stars=5.0):
    """Reviews of a site, `rate` a day with the usual mix of stars, and a burst on the Wednesday."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(rate * days)
    start = START + timedelta(days=7 - days)
    times = [start + timedelta(days=float(day)) for day in rng.uniform(0, days, n)]
    given = rng.choice([1.0, 2.0, 3.0, 4.0, 5.0], n, p=[0.2, 0.1, 0.15, 0.25, 0.3]).tolist()
    times += [START + timedelta(days=2, hours=float(h)) for h in rng.uniform(8, 14, burst)]
    given += [stars] * burst
    frame = pd.DataFrame(
        {"pk": range(len(times)), "published": pd.to_datetime(times, utc=True), "stars": given}
    )
    verdict = np.where(frame["stars"] >= 4, "positive", np.where(frame["stars"] <= 2, "negative", "neutral"))
    return frame.assign(source="site", verdict=verdict).sort_values("published")


def find(frame):
    return campaigns.find(frame, START, PERIOD.end, lambda _: {}, NOW.tzinfo, 5)


@pytest.mark.parametrize(("stars", "leaning"), [(5.0, "positive"), (1.0, "negative")])
def test_a_burst_of_equal_stars_is_marked(stars, leaning):
    (found,) = find(reviews(1, burst=15, stars=stars))
    campaign = found.campaign
    assert (campaign.kind, campaign.leaning, campaign.source) == ("one-sided burst", leaning, "site")
    assert 15 <= campaign.mentions <= 18
    assert campaign.usual < 3


def test_more_reviews_of_every_kind_are_no_campaign():
    busy = reviews(8, rate=12.0, days=7).assign(pk=lambda frame: frame["pk"] + 10_000)
    assert find(pd.concat([reviews(2), busy]).sort_values("published")) == []


def test_a_source_without_a_past_cannot_have_a_burst():
    assert find(reviews(3, days=20, burst=20)) == []


def test_ordinary_bursts_of_reviews_are_hardly_ever_marked():
    marked = sum(bool(find(reviews(100 + seed, rate=rate))) for seed in range(30) for rate in (0.5, 3.0))
    assert marked <= 1


def test_dates_without_a_time_of_day_are_judged_by_days():
    frame = reviews(4, burst=15)
    (found,) = find(frame.assign(published=frame["published"].dt.floor("D")))
    assert found.campaign.mentions >= 15


def test_a_withheld_source_of_a_campaign_is_not_named():
    world, week, before = with_copies(20, source="site")
    mentions = week.mentions.copy()
    mentions.loc[mentions.index[20:], "source"] = ["odd"] * 3 + ["forum"] * 57
    figures = summary(world, week.of(mentions), before)
    assert {row.source: row.mentions for row in figures.coverage}["site"] is None
    assert figures.campaigns[0].source == ""


def test_near_copies_meet_and_others_do_not():
    rng = np.random.default_rng(2)
    texts = [own_words(i) for i in range(300)] + list(copies(12, rng)) + ["Great place to work"] * 9
    (group,) = nearcopies.groups(texts, 5)
    assert group == list(range(300, 312))
    assert nearcopies.groups([], 5) == []


def test_before_is_judged_without_its_own_campaign():
    world = World()
    told = history(world, [60] * 3)
    assert report(world, told).campaigns == ()

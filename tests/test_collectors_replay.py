"""Recorded pages, feeds and exports through the collectors that they belong to: nothing is lost silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import replay

DATA = Path(__file__).parents[2] / "shared" / "data"
here = pytest.mark.skipif(not DATA.is_dir(), reason="the shared recordings are not here")
NONE = "no reviews in it that can be read"


def gone(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / name).exists(), reason=f"{name} is not here")


@gone("html-employer-pages")
def test_pages_of_employer_sites_read_the_same_served_and_saved() -> None:
    found = {(one.name, one.way): one for one in replay.folder(DATA / "html-employer-pages")}
    for name, n, whole in (
        ("ambitionbox_bcg_reviews.html", 23, {"published", "about", "stars", "position", "location"}),
        ("glassdoor_itw_reviews_2020.html", 10, {"published", "about", "stars", "pros", "cons", "title"}),
    ):
        page, file = found[name, "page"], found[name, "file"]
        assert (page.mentions, page.distinct, page.rejected, page.problem) == (n, n, {}, "")
        assert {field for field, count in page.fields.items() if count == n} >= whole
        assert page.fields == file.fields


@gone("html-schemaorg-extruct")
def test_pages_without_reviews_say_so() -> None:
    rows = list(replay.folder(DATA / "html-schemaorg-extruct"))
    read = [one for one in rows if one.mentions]
    assert {one.name for one in read} == {"CreativeWork.001.html"}
    assert all(one.mentions == one.distinct == 2 and not one.rejected for one in read)
    for one in rows:
        if not one.mentions:
            assert "No reviews found" in one.problem or NONE in one.problem, one.name


@gone("feeds-feedparser")
def test_feeds_give_all_that_has_a_text() -> None:
    (archive,) = (DATA / "feeds-feedparser").glob("*.tar.gz")
    bodies = replay.feeds(archive)
    some = dict(list(bodies.items())[::8])  # all of them take ten seconds: `python -m benchmarks.replay`
    rows = replay.through_feed(some)
    assert sum(one.mentions for one in rows) >= 50
    for one in rows:
        assert set(one.rejected) <= {"it has no text"}, one.name
        assert not one.problem or "is not a feed" in one.problem, one.name


@gone("scraped-json-versions")
def test_scrapers_json() -> None:
    found = {one.name.split("__")[0]: one for one in replay.folder(DATA / "scraped-json-versions")}
    glassdoor, trustpilot = found["glassdoor_reviews"], found["trustpilot_reviews"]
    assert (glassdoor.mentions, glassdoor.distinct, glassdoor.rejected) == (
        30,
        24,
        {},
    )  # six stand there twice
    assert min(glassdoor.fields[name] for name in ("published", "pros", "cons", "stars", "about")) == 30
    assert (trustpilot.mentions, trustpilot.distinct, trustpilot.rejected) == (60, 60, {})
    assert min(trustpilot.fields[name] for name in ("published", "body", "stars", "url", "language")) == 60


@gone("kununu-dhl-de")
def test_kununu() -> None:
    for one in replay.folder(DATA / "kununu-dhl-de"):
        assert set(one.rejected) == {"empty row: neither a text nor a verdict"}, one.name
        assert one.fields["experience"] == one.fields["published"] == one.mentions, one.name
        assert (one.mentions, one.rejected.total()) in ((50, 6), (20, 2)), one.name


@pytest.mark.slow
@here
def test_every_recorded_export_is_read() -> None:
    allowed = {"fewer fields than the header has", "empty row: neither a text nor a verdict"}
    for path in sorted(DATA.iterdir()):
        if path.name.startswith(("html-", "feeds-")):
            continue
        for one in replay.folder(path):
            assert one.mentions > 0, one.line()
            assert not one.problem, one.line()
            assert set(one.rejected) <= allowed, one.line()
            if one.name.endswith(".xlsx"):
                assert min(one.fields[name] for name in ("experience", "difficulty", "offer")) == one.mentions

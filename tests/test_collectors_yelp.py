"""Yelp over a local stand-in for its Places API."""

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import house as houses
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import CollectorError, Degraded
from candidly.keeping import kept_for
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.yelp import YelpCollector, YelpSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
REVIEWS = json.loads((Path(__file__).parent / "data" / "yelp" / "reviews.json").read_text("utf-8"))
KEY = "canary-of-the-key"


def make(url="", **options):
    given_ = {"name": "yelp", "type": "yelp", "businesses": ("northwind-robotics-oakland",), "base_url": url}
    fixed = {"terms_read": date(2026, 11, 23), "min_interval": 0}
    return YelpCollector(
        YelpSettings(**{**given_, **fixed, **options}), Context(NOW, Path(), lambda _name: KEY)
    )


def parse(said):
    return list(make().parse(Raw({"business": "northwind-robotics-oakland", "said": said}, {})))


def error(status, code, **more):
    return status, {"error": {"code": code, "description": "no", **more}}, {}


def test_the_registry_knows_it():
    assert load("yelp") is YelpCollector


def test_the_example_of_its_page_loads():
    assert all(YelpSettings(**block).businesses for block in example("yelp") if block["type"] == "yelp")


def test_reviews_become_mentions():
    cut, whole, empty = parse(REVIEWS)
    assert (cut.id, cut.kind, cut.stars) == ("nW7rT0b0t1cs_Aaaaaaaa1", "review", 1.0)
    assert cut.published == datetime(2026, 11, 20, 1, 42, 5, tzinfo=UTC), "winter time in California"
    assert whole.published == datetime(2026, 7, 2, 6, 30, tzinfo=UTC), "summer time"
    assert cut.about == "northwind robotics oakland"
    assert (cut.site, cut.author, whole.author) == ("yelp.com", "uS3r0000000000000000_1", "Sam L.")
    assert empty == Reject("nW7rT0b0t1cs_Aaaaaaaa3", "no text")


def test_an_excerpt_is_marked_and_a_whole_review_is_not():
    cut, whole, _ = parse(REVIEWS)
    assert cut.body.endswith("never once said what the […]")
    assert whole.body == "Kind people, quick answer."


def test_excerpts_are_never_put_together():
    with double(lambda _: REVIEWS) as site:
        found, _, _ = run(make(site.url, businesses=("northwind-robotics-oakland", "halden-price-berlin")))
    bodies = [one.body for one in found if isinstance(one, Mention)]
    assert len(bodies) == 4
    assert all(body.count("Kind people") + body.count("Came in for") == 1 for body in bodies)


def test_the_link_tells_nothing_of_our_app():
    cut, *_ = parse(REVIEWS)
    assert cut.url == "https://www.yelp.com/biz/northwind-robotics-oakland?hrid=nW7rT0b0t1cs_Aaaaaaaa1"
    odd = {**REVIEWS["reviews"][1], "url": "javascript:alert(1)"}
    assert parse({"total": 1, "reviews": [odd]})[0].url == ""


def test_it_keeps_excerpts_a_day():
    assert kept_for(make().settings) == timedelta(hours=24)
    assert kept_for(make(keep="30d").settings) == timedelta(hours=24), "no longer than the terms allow"
    assert kept_for(make(keep="1h").settings) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"text": None}, "no text"),
        ({"time_created": "yesterday"}, "date not understood"),
        ({"time_created": None}, "date not understood"),
        ({"time_created": "2031-01-01 00:00:00"}, "date in the future"),
    ],
)
def test_what_cannot_become_a_mention(change, reason):
    (one,) = parse({"total": 1, "reviews": [{**REVIEWS["reviews"][0], **change}]})
    assert isinstance(one, Reject)
    assert one.reason == reason


@pytest.mark.parametrize("rating", [None, 0, 7, "five"])
def test_an_odd_rating_is_none(rating):
    (one,) = parse({"total": 1, "reviews": [{**REVIEWS["reviews"][0], "rating": rating}]})
    assert one.stars is None


def test_a_business_without_reviews_is_no_failure():
    assert parse({"total": 0, "reviews": [], "possible_languages": []}) == []


@pytest.mark.parametrize("said", [{}, [], {"total": 3}, {"reviews": {}}, {"reviews": []}, {"businesses": []}])
def test_an_answer_without_the_list_is_degraded(said):
    with double(lambda _: said) as site:
        found, cursor, problem = run(make(site.url))
    assert isinstance(problem, Degraded)
    assert (found, cursor) == ([], None)


def test_the_key_goes_into_a_header_and_nowhere_else():
    with double(lambda _: REVIEWS) as site:
        found, cursor, _ = run(make(site.url, locale="en_US"))
        (asked,) = site.log
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.path == "/v3/businesses/northwind-robotics-oakland/reviews"
    assert asked.query == {"sort_by": "newest", "locale": "en_US"}
    assert asked.headers["user-agent"].startswith("candidly/")
    assert KEY not in repr((found, cursor))


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        (error(401, "TOKEN_INVALID"), "does not accept the key", True),
        (error(400, "TOKEN_MISSING"), "does not accept the key", True),
        (error(403, "NOT_AUTHORIZED"), "does not include reviews", True),
        (error(404, "BUSINESS_NOT_FOUND"), "no such business", True),
        (error(301, "BUSINESS_MIGRATED", new_business_id="n3w"), "no such business", True),
        (error(429, "TOO_MANY_REQUESTS_PER_SECOND"), "too fast", False),
        (error(429, "ACCESS_LIMIT_REACHED"), "quota of the day", False),
        ((418, b"", {}), "418", True),
    ],
)
def test_its_errors_are_told_in_plain_words(answer, words, permanent):
    with double(lambda _: answer) as site:
        _, _, problem = run(make(site.url))
    assert words in problem.message
    assert problem.permanent is permanent
    assert KEY not in f"{problem} {problem.remedy}"


def test_a_used_up_quota_ends_at_midnight_utc():
    with double(lambda _: error(429, "ACCESS_LIMIT_REACHED")) as site:
        _, _, problem = run(make(site.url))
    assert problem.retry_after == 18 * 3600


def test_a_business_that_is_gone_does_not_stop_the_others():
    def answer(asked):
        return error(404, "BUSINESS_NOT_FOUND") if "gone" in asked.path else REVIEWS

    with double(answer) as site:
        found, cursor, problem = run(make(site.url, businesses=("gone-inc", "northwind-robotics-oakland")))
    assert len(found) == 3
    assert cursor == {}
    assert "gone-inc" in problem.message


def test_it_goes_on_where_the_quota_ended():
    names = ("one", "two", "three")

    def answer(asked):
        return error(429, "ACCESS_LIMIT_REACHED") if "/three/" in asked.path else REVIEWS

    with double(answer) as site:
        _, cursor, problem = run(make(site.url, businesses=names))
        assert problem is not None
        site.answer = lambda _: REVIEWS
        site.log.clear()
        _, cursor, problem = run(make(site.url, businesses=names), cursor)
        assert [path.split("/")[3] for path in site.paths()] == ["three"]
        assert (cursor, problem) == ({}, None)


def test_from_every_checkpoint_the_rest_is_read():
    with double(lambda asked: {"total": 1, "reviews": [{**REVIEWS["reviews"][0], "id": asked.path}]}) as site:
        names = ("one", "two", "three")
        steps = checkpoints(make(site.url, businesses=names))
        whole = {one.id for one in steps[-1][1]}
        assert len(whole) == 3
        for cursor, before in steps:
            after, _, _ = run(make(site.url, businesses=names), cursor)
            assert {one.id for one in [*before, *after]} == whole


@pytest.mark.parametrize("cursor", [{"next": "unknown"}, {"next": ["one"]}, {"next": None}, {"else": 1}])
def test_a_cursor_that_names_nothing_begins_anew(cursor):
    with double(lambda _: REVIEWS) as site:
        found, _, _ = run(make(site.url), cursor)
    assert len(found) == 3


@pytest.mark.parametrize("business", ["", "../x", "a b", "x?y=1", "https://www.yelp.com/biz/x"])
def test_only_ids_and_aliases_are_taken(business):
    with pytest.raises(ValidationError):
        YelpSettings(name="y", type="yelp", businesses=(business,))


def test_without_terms_read_nothing_is_asked():
    with double(lambda _: REVIEWS) as site:
        _, _, problem = run(make(site.url, terms_read=None))
        assert not site.log
    assert "terms_read" in problem.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "url", "text", "rating", "time_created", "user"]), JSON))
def test_no_review_breaks_the_parser(review):
    (one,) = parse({"total": 1, "reviews": [review]})
    assert isinstance(one, Mention | Reject)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_no_answer_breaks_the_parser(said):
    with contextlib.suppress(CollectorError):
        assert all(isinstance(one, Mention | Reject) for one in parse(said))


def test_an_excerpt_is_gone_a_day_later_and_its_stars_stay(tmp_path):
    home = houses.House(tmp_path)
    with double(lambda _: REVIEWS) as site:
        home.write(
            "config.yaml",
            "companies: [{name: Northwind Robotics}]\nsources:\n"
            "  - {name: yelp, type: yelp, company: Northwind Robotics, businesses: [northwind],\n"
            f"     terms_read: 2026-11-23, min_interval: 0, base_url: '{site.url}'}}\n",
        )
        assert home.run("collect", now=NOW, YELP_API_KEY=KEY).code == 0
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("*.db*"))
    assert b"never once said" in kept
    later = NOW + timedelta(hours=24, minutes=1)
    assert home.run("keep", now=later, YELP_API_KEY=KEY).code == 0
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("*.db*"))
    assert b"never once said" not in kept
    done = home.run("query", "SELECT stars FROM mention ORDER BY stars", "--json", now=later)
    assert [row["stars"] for row in done.json] == [1.0, 5.0]

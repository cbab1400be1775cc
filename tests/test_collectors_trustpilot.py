"""Trustpilot over a local stand-in for its interface."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import CollectorError, Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.trustpilot import PAGE, TrustpilotCollector, TrustpilotSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
REVIEWS = json.loads((Path(__file__).parent / "data" / "trustpilot" / "reviews.json").read_text("utf-8"))
REVIEW = REVIEWS["reviews"][0]
UNIT, OTHER = "5f0000000000000000000001", "5f0000000000000000000002"
KEY = "canary-of-the-key"


def make(url="", now=NOW, **options):
    given_ = {"name": "tp", "type": "trustpilot", "business_units": (UNIT,), "base_url": url}
    fixed = {"terms_read": date(2026, 11, 23), "min_interval": 0}
    return TrustpilotCollector(
        TrustpilotSettings(**{**given_, **fixed, **options}), Context(now, Path(), lambda _name: KEY)
    )


def parse(*reviews):
    return list(make().parse(Raw({"reviews": list(reviews)}, {}, UNIT)))


def dated(count, **more):
    """Reviews, newest first, six hours apart."""
    return [
        {**REVIEW, "id": f"r{n}", "createdAt": (NOW - timedelta(hours=6 * n)).isoformat(), **more}
        for n in range(count)
    ]


class Site:
    """Pages as Trustpilot does."""

    def __init__(self, reviews, links=True):
        self.reviews, self.links = list(reviews), links

    def __call__(self, asked):
        page, size = int(asked.query["page"]), int(asked.query["perPage"])
        found = self.reviews[(page - 1) * size : page * size]
        more = [{"rel": "next-page"}] if len(self.reviews) > page * size else [{"rel": "prev-page"}]
        return {"reviews": found} | ({"links": more} if self.links else {})


def test_the_registry_knows_it():
    assert load("trustpilot") is TrustpilotCollector


def test_the_example_of_its_page_loads():
    assert all(TrustpilotSettings(**block) for block in example("trustpilot"))


def test_reviews_become_mentions():
    first, second, empty, reported = parse(*REVIEWS["reviews"])
    assert (first.id, first.kind, first.stars) == ("6a0000000000000000000001", "review", 1.0)
    assert first.title == "Five interviews, then silence"
    assert first.body == "The recruiter promised an answer within a week. That was in August."
    assert first.published == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert (first.about, first.location, first.language) == ("Northwind Robotics", "Bergen office", "en")
    assert (first.site, first.author) == ("trustpilot.com", "6c0000000000000000000001")
    assert first.url == "https://www.trustpilot.com/reviews/6a0000000000000000000001"
    assert (second.title, second.author) == ("", ""), "a title that begins the text, a nobody"
    assert (second.about, second.language) == ("northwind-robotics.example", "da")
    assert empty == Reject("6a0000000000000000000003", "no text")
    assert reported == Reject("6a0000000000000000000004", "not public at the source")


def test_the_reply_of_the_company_is_no_voice_of_a_candidate():
    assert "sorry" not in repr(parse(REVIEW))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"createdAt": None}, "date not understood"),
        ({"createdAt": "2036-01-01T00:00:00Z"}, "date in the future"),
    ],
)
def test_what_cannot_become_a_mention(change, reason):
    (one,) = parse({**REVIEW, **change})
    assert isinstance(one, Reject)
    assert one.reason == reason


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE + 1, 2 * PAGE + 3])
def test_all_pages_are_read_with_as_few_requests_as_can_be(links, count):
    with double(Site(dated(count), links)) as site:
        found, _, error = run(make(site.url))
        assert len(site.log) == max(1, -(-count // PAGE))
    assert error is None
    assert [one.id for one in found] == [f"r{n}" for n in range(count)]


def test_the_next_run_reads_what_is_new_and_the_time_before():
    reviews = dated(400)
    with double(Site(reviews[200:])) as site:
        _, cursor, _ = run(make(site.url))
        site.answer = Site(reviews)
        site.log.clear()
        found, _, _ = run(make(site.url, lookback="1d"), cursor)
        assert len(site.log) == 3, "two pages of new ones, and the one in which the old begin"
    assert {f"r{n}" for n in range(200)} <= {one.id for one in found}


def test_from_every_checkpoint_the_rest_is_read():
    with double(Site(dated(2 * PAGE + 3))) as site:
        units = (UNIT, OTHER)
        steps = checkpoints(make(site.url, business_units=units))
        assert len(steps) == 6
        whole = {one.id for one in steps[-1][1]}
        for cursor, before in steps:
            after, _, _ = run(make(site.url, business_units=units), cursor)
            assert {one.id for one in [*before, *after]} == whole


def test_the_key_goes_into_a_header_and_nowhere_else():
    with double(Site([REVIEW])) as site:
        found, cursor, _ = run(make(site.url, language="en"))
        (asked,) = site.log
    assert asked.headers["apikey"] == KEY
    assert asked.path == f"/v1/business-units/{UNIT}/reviews"
    assert asked.query == {
        "page": "1",
        "perPage": "100",
        "orderBy": "createdat.desc",
        "language": "en",
    }
    assert KEY not in repr((found, cursor))


@pytest.mark.parametrize("said", [{}, [], {"reviews": None}, {"reviews": {}}, {"message": "ok"}])
def test_an_answer_without_the_list_is_degraded(said):
    with double(lambda _: said) as site:
        found, cursor, problem = run(make(site.url))
    assert isinstance(problem, Degraded)
    assert (found, cursor) == ([], None)


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        (401, "does not accept the key", True),
        (403, "may not read this business unit", True),
        (404, "no such business unit", True),
        (429, "429", False),
    ],
)
def test_its_errors_are_told_in_plain_words(status, words, permanent):
    with double(lambda _: (status, {"message": "Invalid API key"}, {"Retry-After": "90"})) as site:
        _, _, problem = run(make(site.url))
    assert words in problem.message
    assert problem.permanent is permanent
    assert KEY not in str(problem)
    assert problem.retry_after == 90


def test_deleted_reviews_are_found():
    def answer(asked):
        id_ = asked.path.rpartition("/")[2]
        return (
            (404, {}, {})
            if id_ == "gone"
            else {"id": id_, "status": "reported" if id_ == "odd" else "active"}
        )

    with double(answer) as site:
        told = dict(make(site.url).recheck(["one", "gone", "odd", "../x"]))
        assert site.log[-1].path == "/v1/reviews/../x"
    assert told == {"one": "there", "gone": "gone", "odd": "gone", "../x": "there"}


def test_many_that_are_gone_at_once_are_doubted():
    with double(lambda _: (404, {}, {})) as site, pytest.raises(Degraded, match="not taken for deleted"):
        list(make(site.url).recheck([f"r{n}" for n in range(30)]))


def test_a_failing_site_tells_of_no_deletion():
    with double(lambda _: (401, {}, {})) as site, pytest.raises(CollectorError, match="key"):
        list(make(site.url).recheck(["one"]))


@pytest.mark.parametrize("unit", ["", "northwind.example", "5F0000000000000000000001", "../" * 8])
def test_only_ids_of_business_units_are_taken(unit):
    with pytest.raises(ValidationError):
        TrustpilotSettings(name="t", type="trustpilot", business_units=(unit,))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(REVIEW)), JSON))
def test_no_review_breaks_the_parser(review):
    (one,) = parse(review)
    assert isinstance(one, Mention | Reject)

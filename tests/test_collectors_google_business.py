"""Google Business Profile over a local stand-in for its interface, and what Google Places may not do."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import house as houses
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import CollectorError, Degraded
from candidly.records import Mention, Reject
from collectors import load, types
from collectors.base import Context, Raw
from collectors.google_business import (
    PAGE,
    STARS,
    GoogleBusinessCollector,
    GoogleBusinessSettings,
    original,
)

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
REVIEWS = json.loads((Path(__file__).parent / "data" / "google_business" / "reviews.json").read_text("utf-8"))
REVIEW = REVIEWS["reviews"][0]
PLACES = Path(__file__).parents[2] / "shared" / "data" / "api-google-places"
HOME, OTHER = "accounts/111/locations/222", "accounts/111/locations/333"
TOKEN = "canary-of-the-token"


def make(url="", **options):
    given_ = {"name": "google", "type": "google_business", "locations": (HOME,), "base_url": url}
    fixed = {"terms_read": date(2026, 11, 23), "min_interval": 0, "company": "Northwind Robotics"}
    token = {"access_token_secret": "GOOGLE_ACCESS_TOKEN"}
    return GoogleBusinessCollector(
        GoogleBusinessSettings(**{**given_, **fixed, **token, **options}),
        Context(NOW, Path(), lambda name: TOKEN if name == "GOOGLE_ACCESS_TOKEN" else name.lower()),
    )


def parse(said):
    return list(make().parse(Raw(said, {}, HOME)))


def changed(count):
    return [
        {**REVIEW, "reviewId": f"r{n}", "updateTime": (NOW - timedelta(hours=6 * n)).isoformat()}
        for n in range(count)
    ]


class Site:
    """Pages by token, as Google does; the last has none."""

    def __init__(self, reviews):
        self.reviews = list(reviews)

    def __call__(self, asked):
        start = int(asked.query.get("pageToken", "t0")[1:])
        found = self.reviews[start : start + int(asked.query["pageSize"])]
        more = {"nextPageToken": f"t{start + PAGE}"} if len(self.reviews) > start + PAGE else {}
        return {"reviews": found, "totalReviewCount": len(self.reviews), **more} if found else {}


def test_the_registry_knows_it():
    assert load("google_business") is GoogleBusinessCollector


def test_the_example_of_its_page_loads():
    assert all(GoogleBusinessSettings(**block) for block in example("google_business"))


def test_reviews_become_mentions():
    first, translated, stars, unrated = parse(REVIEWS)
    assert (first.id, first.kind, first.stars, first.site) == ("AbNorth1", "review", 1.0, "google.com")
    assert first.body == "Applied at the reception, interviewed twice, never heard back."
    assert first.published == datetime(2026, 11, 20, 10, 23, 45, 123456, tzinfo=UTC)
    assert translated.body == "Freundlicher Recruiter, schnelle Antwort."
    assert stars == Reject("AbNorth3", "stars without a text")
    assert (unrated.stars, unrated.body) == (None, "Kom til samtale.")


def test_nothing_of_the_reviewer_and_no_reply_is_handed_on():
    found = repr(parse(REVIEWS))
    assert "Canary" not in found
    assert "canary" not in found
    assert "sorry" not in found
    assert {one.author for one in parse(REVIEWS) if isinstance(one, Mention)} == {""}


@pytest.mark.parametrize(("word", "stars"), [*STARS.items(), ("", None), ("SIX", None)])
def test_stars_are_words(word, stars):
    (one,) = parse({"reviews": [{**REVIEW, "starRating": word}]})
    assert one.stars == stars


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("Nice.", "Nice."),
        ("(Translated by Google) Nice.\n\n(Original)\nNett.", "Nett."),
        ("Nett.\n\n(Translated by Google)\nNice.", "Nett."),
        ("(Translated by Google) Nice.", "Nice."),
        ("The (Original) sign is gone.", "The (Original) sign is gone."),
    ],
)
def test_of_a_translated_review_the_original_is_read(comment, words):
    assert original(comment) == words


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reviewId": None}, "no id"),
        ({"comment": None}, "stars without a text"),
        ({"createTime": None}, "date not understood"),
        ({"createTime": "2036-01-01T00:00:00Z"}, "date in the future"),
    ],
)
def test_what_cannot_become_a_mention(change, reason):
    (one,) = parse({"reviews": [{**REVIEW, **change}]})
    assert isinstance(one, Reject)
    assert one.reason == reason


@pytest.mark.parametrize("count", [0, 1, PAGE, 2 * PAGE + 3])
def test_all_pages_are_read_with_as_few_requests_as_can_be(count):
    with double(Site(changed(count))) as site:
        found, _, error = run(make(site.url))
        assert len(site.log) == max(1, -(-count // PAGE))
    assert error is None
    assert [one.id for one in found] == [f"r{n}" for n in range(count)]


def test_an_old_review_that_was_edited_is_found():
    reviews = changed(300)
    with double(Site(reviews)) as site:
        _, cursor, _ = run(make(site.url))
        edited = {**reviews[250], "updateTime": NOW.isoformat(), "comment": "They answered in the end."}
        site.answer = Site([edited, *reviews])
        site.log.clear()
        found, _, _ = run(make(site.url), cursor)
        assert len(site.log) == 1
    assert found[0].id == "r250"


def test_from_every_checkpoint_the_rest_is_read():
    with double(Site(changed(2 * PAGE + 3))) as site:
        places = (HOME, OTHER)
        steps = checkpoints(make(site.url, locations=places))
        assert len(steps) == 6
        whole = {one.id for one in steps[-1][1]}
        for cursor, before in steps:
            after, _, _ = run(make(site.url, locations=places), cursor)
            assert {one.id for one in [*before, *after]} == whole


def test_the_token_goes_into_a_header_and_nowhere_else():
    with double(Site([REVIEW])) as site:
        found, cursor, _ = run(make(site.url))
        (asked,) = site.log
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.path == f"/v4/{HOME}/reviews"
    assert asked.query == {"pageSize": "50", "orderBy": "updateTime desc"}
    assert TOKEN not in repr((found, cursor))


@pytest.mark.parametrize(
    "said",
    [[], {"totalReviewCount": 7}, {"reviews": {}}, {"locations": []}, {"error": {"code": 200}}, b"<html>"],
)
def test_an_answer_without_the_list_is_degraded(said):
    with double(lambda _: said) as site:
        found, cursor, problem = run(make(site.url))
    assert isinstance(problem, Degraded)
    assert (found, cursor) == ([], None)


@pytest.mark.parametrize(
    ("status", "state", "words", "permanent"),
    [
        (401, "UNAUTHENTICATED", "does not accept the access token", True),
        (403, "PERMISSION_DENIED", "refuses access to the location", True),
        (404, "NOT_FOUND", "no such location", True),
        (429, "RESOURCE_EXHAUSTED", "quota is used up", False),
    ],
)
def test_its_errors_are_told_in_plain_words(status, state, words, permanent):
    answer = status, {"error": {"code": status, "message": TOKEN, "status": state}}, {"Retry-After": "60"}
    with double(lambda _: answer) as site:
        _, _, problem = run(make(site.url))
    assert words in problem.message
    assert problem.permanent is permanent
    assert TOKEN not in f"{problem} {problem.remedy}"
    assert problem.retry_after == 60


def test_each_run_gets_itself_an_access_token():
    def answer(asked):
        return {"access_token": "fresh", "expires_in": 3599} if asked.path == "/token" else REVIEWS

    with double(answer) as site:
        found, cursor, problem = run(make(site.url, access_token_secret=""))
        token, reviews = site.log
    assert problem is None
    assert len(found) == 4
    assert dict(parse_qsl(token.body.decode())) == {
        "grant_type": "refresh_token",
        "client_id": "google_client_id",
        "client_secret": "google_client_secret",
        "refresh_token": "google_refresh_token",
    }
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (token.method, token.query) == ("POST", {}), "no secret in an address"
    assert reviews.headers["authorization"] == "Bearer fresh"
    assert "fresh" not in repr((found, cursor))


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ((400, {"error": "invalid_grant"}, {}), "refresh token", True),
        ((401, {"error": "invalid_client"}, {}), "OAuth client", True),
        ((503, {}, {"Retry-After": "77"}), "503", False),
        ({"token_type": "Bearer"}, "no access token", False),
    ],
)
def test_without_an_access_token_no_review_is_asked_for(answer, words, permanent):
    with double(lambda _: answer) as site:
        _, _, problem = run(make(site.url, access_token_secret=""))
        assert {asked.path for asked in site.log} == {"/token"}
    assert words in problem.message
    assert problem.permanent is permanent
    assert "google_" not in f"{problem} {problem.remedy}"


def test_without_a_company_it_is_about_nobody():
    with pytest.raises(ValidationError, match="company"):
        make(company=None)


@pytest.mark.parametrize(
    "location", ["", "locations/1", "accounts/1/locations/2/reviews", "accounts/a/locations/b"]
)
def test_only_names_of_locations_are_taken(location):
    with pytest.raises(ValidationError):
        make(locations=(location,))


def test_deleted_reviews_are_found_in_whichever_location():
    there = {f"/v4/{HOME}/reviews/one", f"/v4/{OTHER}/reviews/two"}

    def answer(asked):
        if asked.path.endswith("/reviews"):
            return REVIEWS
        return REVIEW if asked.path in there else (404, {"error": {"status": "NOT_FOUND"}}, {})

    with double(answer) as site:
        told = dict(make(site.url, locations=(HOME, OTHER)).recheck(["one", "two", "three"]))
    assert told == {"one": "there", "two": "there", "three": "gone"}


def test_a_location_that_is_gone_is_no_deletion_of_its_reviews():
    with double(lambda _: (404, {"error": {"status": "NOT_FOUND"}}, {})) as site:
        with pytest.raises(CollectorError, match="no such location"):
            list(make(site.url).recheck(["one"]))
        assert len(site.log) == 1


# ---- Google Places: its terms forbid storing


def test_places_has_no_source_type():
    assert "google_places" not in types()


@pytest.mark.parametrize(
    "said",
    [
        {"html_attributions": [], "result": {"reviews": [{"text": "x", "author_name": "y"}]}, "status": "OK"},
        {"results": [], "status": "ZERO_RESULTS"},
        {"candidates": [], "status": "OK"},
        {"places": [{"id": "x"}]},
        {"id": "x", "displayName": {"text": "y"}, "reviews": [{"name": "places/x/reviews/1"}]},
        {"reviews": [{"name": "places/x/reviews/1", "text": {"text": "z"}, "rating": 1}]},
    ],
)
def test_an_answer_of_places_is_refused(said):
    with double(lambda _: said) as site:
        found, cursor, problem = run(make(site.url))
    assert (found, cursor) == ([], None)
    assert "Places" in problem.message
    assert "forbid storing" in problem.message
    assert problem.permanent
    with pytest.raises(CollectorError, match="Places"):
        parse(said)


@pytest.mark.skipif(not PLACES.is_dir(), reason="the recordings of Google Places are not here")
def test_of_recorded_answers_of_places_nothing_is_stored(tmp_path):
    """A whole run over each recording: refused each time, and no word of it on the disk."""
    recordings = sorted(PLACES.glob("*.json"))
    assert len(recordings) == 7
    for number, path in enumerate(recordings):
        said = json.loads(path.read_text("utf-8"))
        canaries = words_of(said)
        home = houses.House(tmp_path / str(number))
        with double(lambda _, said=said: said) as site:
            home.write(
                "config.yaml",
                "companies: [{name: Northwind Robotics}]\nsources:\n"
                "  - {name: google, type: google_business, company: Northwind Robotics, min_interval: 0,\n"
                f"     terms_read: 2026-01-01, locations: [{HOME}], base_url: '{site.url}',\n"
                "     access_token_secret: GOOGLE_ACCESS_TOKEN}\n",
            )
            done = home.run("collect", "--json", GOOGLE_ACCESS_TOKEN=TOKEN)
        (outcome,) = done.json
        assert done.code == 1
        assert (outcome["status"], outcome["read"], outcome["stored"]) == ("failed", 0, 0)
        assert "Places" in outcome["message"]
        assert not [canary for canary in canaries if canary in on_disk(home.folder)]


@pytest.mark.skipif(not PLACES.is_dir(), reason="the recordings of Google Places are not here")
def test_of_answers_of_places_in_files_nothing_is_stored_either(tmp_path):
    home = houses.House(tmp_path / "house")
    home.write(
        "config.yaml",
        "companies: [{name: Northwind Robotics}]\n"
        "sources: [{name: saved, type: file, path: ../saved, company: Northwind Robotics}]\n",
    )
    (tmp_path / "saved").mkdir()
    canaries = []
    for path in PLACES.glob("*.json"):
        canaries += words_of(json.loads(path.read_text("utf-8")))
        (tmp_path / "saved" / path.name).write_bytes(path.read_bytes())
    done = home.run("collect", "--json")
    (outcome,) = done.json
    assert (outcome["read"], outcome["stored"]) == (0, 0)
    assert outcome["message"].startswith("7 of 7 files")
    assert "forbid storing" in outcome["message"]
    assert not [canary for canary in canaries if canary in on_disk(home.folder)]


def words_of(said):
    """Authors, texts and ids in an answer of Places."""
    result = said.get("result", {})
    words = [review[key] for review in result.get("reviews", ()) for key in ("author_name", "text")]
    words += [place["place_id"] for place in [result, *said.get("results", ())] if "place_id" in place]
    return [word.encode()[:40] for word in words if word]


def on_disk(folder):
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(REVIEW)), JSON))
def test_no_review_breaks_the_parser(review):
    try:
        (one,) = parse({"reviews": [review]})
    except CollectorError:
        return
    assert isinstance(one, Mention | Reject)

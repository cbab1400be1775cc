"""Hacker News over a local stand-in for Algolia's search."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sitedouble import checkpoints, double, example, run

from candidly.errors import Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw, Requests
from collectors.hackernews import PAGE, HackerNewsCollector, HackerNewsSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
ITEMS = json.loads((Path(__file__).parent / "data" / "hackernews" / "items.json").read_text("utf-8"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-hn-algolia" / "fixtures.json"
STORY, COMMENT = ITEMS["hits"]


def make(url="", requests=None, now=NOW, **options):
    given_ = {"name": "hn", "type": "hackernews", "queries": ['"Northwind Robotics"'], "base_url": url}
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0}
    context = Context(now, Path(), str, requests=requests or Requests())
    return HackerNewsCollector(HackerNewsSettings(**{**given_, **fixed, **options}), context)


def parse(*items):
    return list(make().parse(Raw(list(items), {})))


class Algolia:
    """Answers as the search does: hits of a span of time, newest first."""

    def __init__(self, hits, trees=()):
        self.hits, self.trees = list(hits), {str(tree["id"]): tree for tree in trees}

    def __call__(self, asked):
        if asked.path.startswith("/api/v1/items/"):
            tree = self.trees.get(asked.path.rpartition("/")[2])
            return tree or (404, {"status": 404, "error": "Not Found"}, {})
        low, high = (int(part[13:].lstrip("=")) for part in asked.query["numericFilters"].split(","))
        found = [hit for hit in self.hits if low <= hit["created_at_i"] < high]
        found.sort(key=lambda hit: -hit["created_at_i"])
        size = int(asked.query["hitsPerPage"])
        return {"hits": found[:size], "nbHits": len(found), "page": 0, "hitsPerPage": size}


def comment(number, **more):
    when = NOW - timedelta(hours=number)
    return {
        **COMMENT,
        "objectID": str(1000 + number),
        "comment_text": f"Northwind Robotics, round {number}",
        "created_at": when.isoformat(),
        "created_at_i": int(when.timestamp()),
        **more,
    }


def test_the_registry_knows_it():
    assert load("hackernews") is HackerNewsCollector


def test_the_example_of_its_page_loads():
    (block,) = example("hackernews")
    assert HackerNewsSettings(**block).queries


def test_a_story_and_a_comment():
    story, said = parse(STORY, COMMENT)
    assert (story.id, story.kind, story.title) == ("47100001", "post", "Ask HN: Take-home tasks & silence?")
    assert story.body == "Four evenings of work for Northwind Robotics.\nThen nothing."
    assert story.published == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert (story.thread, story.parent, story.about) == ("47100001", "", "")
    assert story.url == "https://news.ycombinator.com/item?id=47100001"
    assert (said.id, said.kind, said.title, said.body) == ("47100002", "comment", "", "Same here.")
    assert (said.thread, said.parent, said.author) == ("47100001", "47100001", "quietbird")
    assert said.about == "Ask HN: Take-home tasks & silence?", "the quoted line is not the author's"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"objectID": None}, "no id"),
        ({"comment_text": None, "author": None}, "deleted at the source"),
        ({"comment_text": " <p> "}, "no text"),
        ({"created_at_i": None, "created_at": None}, "date not understood"),
        ({"created_at_i": 2_000_000_000}, "date in the future"),
    ],
)
def test_what_cannot_become_a_mention(change, reason):
    (one,) = parse({**COMMENT, **change})
    assert isinstance(one, Reject)
    assert one.reason == reason


def test_a_thread_brings_its_comments_however_deep_and_each_once():
    with double(Algolia(ITEMS["hits"], [ITEMS["tree"]])) as site:
        found, _, error = run(make(site.url))
    assert error is None
    mentions = {one.id: one for one in found if isinstance(one, Mention)}
    assert len(mentions) == sum(isinstance(one, Mention) for one in found) == 5
    deep = mentions["47100005"]
    assert (deep.thread, deep.parent, deep.body) == ("47100001", "47100004", "No, and I asked twice.")
    assert deep.about.splitlines() == ["Ask HN: Take-home tasks & silence?", "northwind robotics"]
    assert [one for one in found if isinstance(one, Reject)] == [Reject("47100006", "deleted at the source")]


def test_without_threads_the_hits_are_all():
    with double(Algolia(ITEMS["hits"], [ITEMS["tree"]])) as site:
        found, _, _ = run(make(site.url, threads=False))
        assert site.paths() == ["/api/v1/search_by_date"]
    assert [one.id for one in found] == ["47100002", "47100001"]


def test_a_story_that_was_found_by_a_typing_error_costs_no_thread():
    hit = {**STORY, "title": "Northwinds robot", "story_text": "", "url": None}
    with double(Algolia([hit], [ITEMS["tree"]])) as site:
        run(make(site.url))
        assert site.paths() == ["/api/v1/search_by_date"]


def test_a_thread_that_is_gone_does_not_stop_the_others():
    with double(Algolia(ITEMS["hits"])) as site:
        found, _, error = run(make(site.url))
    assert error is None
    assert len(found) == 2


def test_more_than_a_page_is_read_in_full_with_as_few_requests_as_can_be():
    hits = [comment(number) for number in range(2 * PAGE + 50)]
    with double(Algolia(hits)) as site:
        found, _, _ = run(make(site.url))
        assert len(site.log) == 3
    assert sorted(int(one.id) for one in found) == list(range(1000, 1000 + len(hits)))


def test_many_hits_of_one_second_across_a_page_are_all_read():
    hits = [comment(0, objectID=str(n), created_at_i=int(NOW.timestamp()) - 100 - n // 7) for n in range(250)]
    with double(Algolia(hits)) as site:
        found, _, _ = run(make(site.url))
    assert {one.id for one in found} == {str(n) for n in range(250)}


def test_a_search_that_ignores_the_span_ends():
    def stubborn(_asked):
        return {"hits": [comment(2000)], "nbHits": 9999}

    with double(stubborn) as site:
        collector = make(site.url)
        found, _, error = run(collector)
        assert len(site.log) == 1
    assert error is None
    assert len(found) == 1
    assert "another time" in collector.context.notes[0]


def test_from_every_checkpoint_the_rest_is_read():
    hits = [*ITEMS["hits"], *(comment(number) for number in range(150))]
    with double(Algolia(hits, [ITEMS["tree"]])) as site:
        steps = checkpoints(make(site.url))
        full = {one for one in steps[-1][1] if isinstance(one, Mention)}
        assert len(steps) > 2
        for cursor, before in steps:
            rest, _, error = run(make(site.url), cursor)
            assert error is None
            assert {*before, *rest} >= full
            assert {one.id for one in [*before, *rest] if isinstance(one, Mention)} == {
                one.id for one in full
            }


def test_a_budget_of_few_requests_gets_there_in_the_end():
    trees = [{**ITEMS["tree"], "id": 47100100 + n, "children": []} for n in range(9)]
    hits = [{**STORY, "objectID": str(tree["id"])} for tree in trees]
    with double(Algolia(hits, trees)) as site:
        cursor, found, rounds, error = None, [], 0, "not yet"
        while error and rounds < 20:
            more, cursor, error = run(make(site.url, Requests(left=3)), cursor)
            found, rounds = found + more, rounds + 1
    assert error is None
    assert {one.id for one in found} == {str(tree["id"]) for tree in trees}


def test_a_later_run_reads_back_only_as_far_as_lookback():
    hits = [comment(number) for number in (1, 30, 100)]
    with double(Algolia(hits)) as site:
        _, cursor, _ = run(make(site.url))
        found, _, _ = run(make(site.url), cursor)
    assert [one.id for one in found] == ["1001", "1030"]


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ((400, {"message": "invalid numeric attribute", "status": 400}, {}), "Check `queries`", True),
        ((404, b"<html>", {}), "Check `base_url`", True),
        ((429, {"message": "slow down"}, {"Retry-After": "77"}), "429", False),
        ((200, b"<html>maintenance</html>", {}), "not JSON", False),
        ((200, {"message": "moved"}, {}), "no list `hits`", False),
        ((200, {"hits": []}, {}), "how many", False),
    ],
)
def test_errors_in_plain_words(answer, words, permanent):
    with double(lambda _asked: answer) as site:
        found, _, error = run(make(site.url))
    assert found == []
    assert words in str(error)
    assert error.permanent is permanent
    assert error.retry_after == (77 if answer[0] == 429 else None)
    assert isinstance(error, Degraded) == (answer[0] == 200)


def test_it_does_not_start_unread():
    found, _, error = run(make(terms_read=None))
    assert found == []
    assert "terms_read" in str(error)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(COMMENT)), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from([*COMMENT, "text", "story"]), anything))
def test_whatever_an_item_holds_it_is_a_mention_or_a_reject(item):
    (one,) = parse(item)
    assert isinstance(one, Reject) or (one.id and one.text.strip() and one.published.tzinfo)


@pytest.mark.skipif(not SHARED.is_file(), reason="the recordings are not here")
def test_recordings():
    replies = [(one["url"], one["reply"]) for one in json.loads(SHARED.read_text("utf-8"))]
    hits = [hit for url, reply in replies if "/search" in url for hit in reply["hits"]]
    found = parse(*hits)
    assert len(found) == len(hits) == 24
    assert all(isinstance(one, Mention) and one.author and one.published for one in found)
    assert all("<" not in one.body.replace("<-", "") and "&#x27;" not in one.text for one in found)
    assert {one.kind for one in found} == {"post", "comment"}
    assert all(one.about and one.parent for one in found if one.kind == "comment")

"""X over a local stand-in for its search."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import CollectorError, ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.x import XCollector, XSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
PAGE = json.loads((Path(__file__).parent / "data" / "x" / "page.json").read_text("utf-8"))
LONG, REPLY, EARLIER, QUOTE, RETWEET = PAGE["data"]
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-x-tweepy"
TOKEN = "canary-bearer-token"


def make(url="", now=NOW, **options):
    given_ = {"name": "x", "type": "x", "queries": ["northwind"], "base_url": url}
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0}
    return XCollector(XSettings(**{**given_, **fixed, **options}), Context(now, Path(), lambda _name: TOKEN))


def parse(*posts, **more):
    return list(make().parse(Raw({"data": list(posts), **more}, {})))


def post(number, hours=None, **more):
    """A post `hours` before now."""
    when = NOW - timedelta(hours=number if hours is None else hours, minutes=5)
    id_ = str(2061000000000000000 - number)
    return {
        "id": id_,
        "text": f"northwind {number}",
        "author_id": "7",
        "conversation_id": id_,
        "created_at": when.isoformat(),
        "edit_history_tweet_ids": [id_],
        **more,
    }


class Search:
    """Answers as X does: the posts of a span of time that fit the query, newest first."""

    def __init__(self, posts, includes=None):
        self.posts, self.includes, self.billed = list(posts), includes, 0

    def __call__(self, asked):
        query = asked.query
        low, high = (datetime.fromisoformat(query[name]) for name in ("start_time", "end_time"))
        found = [one for one in self.posts if low <= datetime.fromisoformat(one["created_at"]) < high]
        if "conversation_id:" in query["query"]:
            found = [one for one in found if f"conversation_id:{one['conversation_id']}" in query["query"]]
        else:
            found = [one for one in found if "northwind" in one["text"].lower()]
        found.sort(key=lambda one: one["created_at"], reverse=True)
        at, size = int(query.get("next_token", "p0")[1:]), int(query["max_results"])
        shown = found[at : at + size]
        self.billed += len(shown)
        if not shown:
            return {"meta": {"result_count": 0}}
        meta = {"result_count": len(shown)}
        if at + size < len(found):
            meta["next_token"] = f"p{at + size}"
        return {"data": shown, "meta": meta, **({"includes": self.includes} if self.includes else {})}


def test_the_registry_knows_it():
    assert load("x") is XCollector


def test_the_example_of_its_page_loads():
    for block in example("x"):
        assert XSettings(**block).queries


def test_a_page_of_posts():
    long, reply, earlier, quote, retweet = parse(*PAGE["data"], includes=PAGE["includes"])
    assert (long.id, long.kind, long.author, long.language) == (LONG["id"], "post", "700000001", "en")
    assert long.body.endswith("most companies do not."), "the whole of a long text, not its first 280 signs"
    assert "kind & well prepared" in long.body
    assert long.published == datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
    assert (long.url, long.site) == (f"https://x.com/i/web/status/{LONG['id']}", "x.com")
    assert (long.thread, long.parent, long.about) == (LONG["id"], "", "")
    assert reply.id == EARLIER["id"], "an edited post keeps the id of its first version"
    assert reply.url.endswith(REPLY["id"])
    assert (reply.kind, reply.thread, reply.parent) == (
        "comment",
        "2060000000000000001",
        "2060000000000000001",
    )
    assert reply.about == "Ask us anything about hiring at Northwind Robotics."
    assert earlier == Reject(EARLIER["id"], "replaced by an edit of it")
    assert (quote.kind, quote.parent, quote.about) == ("post", "2060000000000000009", "")
    assert retweet == Reject(RETWEET["id"], "a retweet")


def test_a_reply_is_about_the_first_post_of_its_conversation_too():
    root = post(3, text="Northwind Robotics ghosted me")
    middle = post(2, conversation_id=root["id"], text="no way")
    last = post(1, conversation_id=root["id"], text="same here")
    last["referenced_tweets"] = [{"type": "replied_to", "id": middle["id"]}]
    assert parse(root, middle, last)[2].about == "Northwind Robotics ghosted me\nno way"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None, "edit_history_tweet_ids": None}, "no id"),
        ({"text": " "}, "no text"),
        ({"text": "RT @a: b"}, "a retweet"),
        ({"created_at": "yesterday-ish"}, "date not understood"),
        ({"created_at": "2031-01-01T00:00:00Z"}, "date in the future"),
    ],
)
def test_what_cannot_become_a_mention(change, reason):
    (one,) = parse({**post(1), **change})
    assert isinstance(one, Reject)
    assert one.reason == reason


def test_without_a_date_the_id_says_when():
    (one,) = parse({"id": "1578522194770296832", "text": "hello"})
    assert one.published.replace(microsecond=0) == datetime(2022, 10, 7, 23, 6, 33, tzinfo=UTC)
    (old,) = parse({"id": "20", "text": "just setting up"})
    assert old == Reject("20", "date not understood")


def test_the_query_and_the_key():
    with double(Search([post(1)])) as site:
        found, cursor, error = run(make(site.url))
        (asked,) = site.log
    assert error is None
    assert len(found) == 1
    assert asked.path == "/2/tweets/search/recent"
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.query["query"] == "(northwind) -is:retweet", "retweets are billed too"
    assert asked.query["start_time"] == "2026-11-17T06:30:00Z", (
        "the recent search knows 7 days, no second more"
    )
    assert asked.query["end_time"] == "2026-11-24T05:59:30Z", "X wants it ten seconds past"
    assert asked.query["expansions"] == "referenced_tweets.id"
    assert "user" not in str(asked.query), "users are billed and not needed"
    assert TOKEN not in json.dumps(cursor)


def test_a_query_that_rules_on_retweets_stays_as_it_is():
    with double(Search([])) as site:
        run(make(site.url, queries=["northwind is:retweet"], context=False))
        assert site.log[0].query["query"] == "northwind is:retweet"
        assert "expansions" not in site.log[0].query


def test_the_full_archive():
    with double(Search([post(1), post(2, hours=24 * 50)])) as site:
        found, _, _ = run(make(site.url, full_archive=True, first="60d"))
        assert {asked.path for asked in site.log} == {"/2/tweets/search/all"}
        assert site.log[0].query["max_results"] == "500"
    assert len(found) == 2
    with pytest.raises(ValidationError, match="full_archive"):
        make(first="60d")


def test_pages_and_every_checkpoint():
    posts = [post(n, hours=n / 3) for n in range(250)]
    with double(Search(posts)) as site:
        steps = checkpoints(make(site.url))
        full = {one.id for one in steps[-1][1]}
        assert (len(site.log), len(full)) == (3, 250)
        for cursor, before in steps:
            rest, _, error = run(make(site.url), cursor)
            assert error is None
            assert {one.id for one in [*before, *rest]} == full


def test_a_later_run_reads_back_as_far_as_posts_can_be_edited():
    search = Search([post(n, hours=n / 2) for n in range(20)])
    with double(search) as site:
        _, cursor, _ = run(make(site.url))
        search.billed = 0
        found, _, _ = run(make(site.url), cursor)
    assert search.billed == len(found) == 2


def test_a_week_of_silence_leaves_a_gap_that_is_told():
    with double(Search([post(1)])) as site:
        _, cursor, _ = run(make(site.url))
        later = make(site.url, now=NOW + timedelta(days=10))
        run(later, cursor)
        assert site.log[-1].query["start_time"] == "2026-11-27T06:30:00Z"
    assert any("2026-11-24 on are missing" in note for note in later.context.notes)


def test_the_cap_of_a_month_is_never_passed_and_the_rest_comes_next_month():
    search = Search([post(n, hours=n / 10) for n in range(300)], {"tweets": []})
    with double(search) as site:
        collector = make(site.url, monthly_posts=150, context=False)
        found, cursor, error = run(collector)
        assert (len(found), search.billed) == (150, 150)
        assert "monthly_posts" in str(error)
        assert (error.permanent, error.retry_after) == (False, (6 * 24 + 18) * 3600)
        assert cursor["spent"] == {"period": "2026-11", "used": 150}
        assert collector.context.notes == ["150 of at most 150 posts read this month, about 0.75 USD"]
        again, cursor, error = run(make(site.url, monthly_posts=150, context=False), cursor)
        assert (again, search.billed) == ([], 150)
        assert error is not None
        _, cursor, error = run(
            make(site.url, now=NOW + timedelta(days=7), monthly_posts=150, context=False), cursor
        )
    assert cursor["spent"]["period"] == "2026-12"
    assert error is None


def test_what_others_refer_to_counts_in_the_cap():
    with double(lambda _asked: PAGE) as site:
        collector = make(site.url)
        run(collector)
    assert collector.context.notes == [
        "1 posts that others refer to are not shown",
        "6 of at most 2000 posts read this month, about 0.03 USD",
    ]


@given(
    st.lists(st.integers(0, 150), max_size=60),
    st.integers(30, 200),
    st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_no_number_of_posts_passes_the_cap(hours, cap, context):
    from collectors.budget import Budget

    budget = Budget({"spent": {"period": "2026-11", "used": len(hours)}}, "2026-11", cap)
    from collectors.xsearch import Search as Reader

    settings_ = make(monthly_posts=cap, context=context).settings
    reader = Reader(settings_, Context(NOW, Path(), str), None, budget)
    try:
        asked = reader._affordable()
    except CollectorError:
        return
    assert asked >= 10
    assert budget.used + asked * (3 if context else 1) <= cap


def test_conversations_bring_the_other_posts_once():
    root = post(5, public_metrics={"reply_count": 2})
    replies = [
        post(
            n,
            text=text,
            conversation_id=root["id"],
            referenced_tweets=[{"type": "replied_to", "id": root["id"]}],
        )
        for n, text in ((4, "they never answer"), (3, "ask northwind again"))
    ]
    alone = post(2, public_metrics={"reply_count": 0})
    with double(Search([root, *replies, alone])) as site:
        found, _, _ = run(make(site.url, conversations=True))
        assert [asked.query["query"] for asked in site.log] == [
            "(northwind) -is:retweet",
            f"(conversation_id:{root['id']}) -is:retweet",
        ]
    assert [one.body for one in found] == [
        "northwind 2",
        "ask northwind again",
        "northwind 5",
        "they never answer",
    ]
    assert found[-1].about == "northwind 5"
    assert {one.thread for one in found[1:]} == {root["id"]}


def test_a_cap_reached_amid_conversations_keeps_the_page_that_was_paid_for():
    roots = [post(n, public_metrics={"reply_count": 1}) for n in range(1, 26)]
    with double(Search(roots)) as site:
        collector = make(site.url, conversations=True, context=False, monthly_posts=30)
        found, cursor, error = run(collector)
    assert error is None
    assert len(found) == 25
    assert cursor["spent"]["used"] <= 30
    assert "not all conversations" in collector.context.notes[0]


INVALID = {"title": "Invalid Request", "detail": "One or more parameters to your request was invalid."}
STALE = {"errors": [{"parameters": {"next_token": ["p1"]}, "message": "Invalid 'next_token'"}], **INVALID}
QUERY = {
    "errors": [{"parameters": {"query": ["(("]}, "message": "missing ')' at position 3\n\x1b[31m"}],
    **INVALID,
}
CAPPED = {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"}
FORBIDDEN = {"title": "Client Forbidden", "detail": "When authenticating requests you must use keys."}
REST = (6 * 24 + 18) * 3600


@pytest.mark.parametrize(
    ("answer", "words", "permanent", "retry"),
    [
        ((401, {"title": "Unauthorized", "status": 401}, {}), "X_BEARER_TOKEN", True, None),
        ((401, {"errors": [{"code": 89, "message": "Invalid token"}]}, {}), "X_BEARER_TOKEN", True, None),
        ((402, {"title": "CreditsDepleted"}, {}), "Buy credits", True, None),
        ((403, FORBIDDEN, {}), "must use keys", True, None),
        ((429, CAPPED, {}), "developer console", False, REST),
        ((429, {"title": "Too Many Requests"}, {"x-rate-limit-reset": "1795500600"}), "limit", False, 600),
        ((400, QUERY, {}), "missing ')' at position 3 [31m", True, None),
        ((400, STALE, {}), "page to go on with", False, None),
        ((404, b"<html>", {}), "404", True, None),
        ((200, b"<html>maintenance</html>", {}), "not JSON", False, None),
        ((200, {"statuses": []}, {}), "no list `data`", False, None),
        ((200, {"meta": {"result_count": 3}}, {}), "no list `data`", False, None),
        ((200, [], {}), "no list `data`", False, None),
        ((200, {"errors": [{"title": "Overloaded", "detail": "try later"}]}, {}), "try later", False, None),
        ((200, {"errors": "bad"}, {}), "an error", False, None),
    ],
)
def test_errors_in_plain_words(answer, words, permanent, retry):
    with double(lambda _asked: answer) as site:
        found, cursor, error = run(make(site.url))
    assert (found, cursor) == ([], None)
    assert words in str(error)
    assert "\x1b" not in str(error)
    assert (error.permanent, error.retry_after and round(error.retry_after)) == (permanent, retry)
    assert isinstance(error, Degraded) == (answer[0] == 200)
    assert TOKEN not in str(error)


def test_a_page_that_x_forgot_is_read_from_its_beginning():
    search = Search([post(n, hours=n / 2) for n in range(150)])
    with double(search) as site:
        (cursor, before), *_ = checkpoints(make(site.url))
        assert len(before) == 100
        site.answer = lambda asked: (400, STALE, {}) if "next_token" in asked.query else search(asked)
        search.posts = search.posts[100:]
        rest, _, error = run(make(site.url), cursor)
    assert error is None
    assert len(rest) == 50


def test_what_is_gone_is_told_as_far_as_it_may_cost():
    def look_up(asked):
        wanted = asked.query["ids"].split(",")
        missing = [{"resource_id": id_, "title": "Not Found Error"} for id_ in wanted if id_ == "3"]
        return {
            "data": [{"id": id_, "text": "t"} for id_ in wanted if id_ not in ("3", "4")],
            "errors": missing,
        }

    with double(look_up) as site:
        names = [str(n) for n in range(300)]
        told = dict(make(site.url, recheck_posts=150).recheck(names))
        assert [len(asked.query["ids"].split(",")) for asked in site.log] == [100, 50]
    assert [id_ for id_, standing in told.items() if standing == "gone"] == ["3"]
    assert set(told) == set(names[:150]) - {"4"}, "of what no answer tells, nothing is told"


def test_looking_up_is_paid_for_by_those_who_want_it():
    with double(lambda _asked: {"data": []}) as site:
        with pytest.raises(CollectorError, match="recheck_posts"):
            list(make(site.url).recheck(["1"]))
        assert site.log == []
        site.answer = lambda _asked: {}
        with pytest.raises(Degraded, match="neither"):
            list(make(site.url, recheck_posts=9).recheck(["1"]))


def test_without_its_key_or_terms_it_does_not_start():
    def absent(name):
        raise ConfigError([f"the secret {name} is absent"])

    settings_ = make().settings
    _, _, error = run(XCollector(settings_, Context(NOW, Path(), absent)))
    assert (error.permanent, "X_BEARER_TOKEN" in str(error)) == (True, True)
    _, _, error = run(make(terms_read=None))
    assert "terms_read" in str(error)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(REPLY)), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(REPLY)), anything), anything)
def test_whatever_a_post_holds_it_is_a_mention_or_a_reject(item, includes):
    (one,) = parse(item, includes=includes)
    assert isinstance(one, Reject) or (one.id and one.text.strip() and one.published.tzinfo)


def recorded(path):
    """(address, JSON) of each recorded exchange."""
    text = path.read_text("utf-8")
    for one in (json.loads(text) if path.suffix == ".json" else yaml.safe_load(text))["interactions"]:
        body = one["response"]["body"]["string"]
        body = gzip.decompress(body) if body[:2] in (b"\x1f\x8b", "\x1f\x8b") else body
        yield one["request"]["uri"], json.loads(body)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
@pytest.mark.parametrize("kind", ["client", "asyncclient"])
@pytest.mark.parametrize("which", ["recent", "all"])
def test_recorded_searches(kind, which):
    ((_, answer),) = recorded(SHARED / f"test_{kind}_search_{which}_tweets.yaml")

    def site_answer(asked):
        return answer if "next_token" not in asked.query else {"meta": {"result_count": 0}}

    with double(site_answer) as site:
        found, cursor, error = run(make(site.url, full_archive=which == "all"))
        assert site.log[1].query["next_token"] == answer["meta"]["next_token"]
    assert error is None
    mentions = [one for one in found if isinstance(one, Mention)]
    retweets = [one for one in found if isinstance(one, Reject)]
    assert len(found) == len(answer["data"]) == 10
    assert all(one.id and one.body and one.url and one.published.year == 2022 for one in mentions)
    assert {one.reason for one in retweets} <= {"a retweet"}
    assert cursor["spent"]["used"] == 10


LISTS = ["get_quote_tweets", "get_users_mentions", "get_home_timeline", "get_tweets"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
@pytest.mark.parametrize("name", LISTS)
def test_recorded_lists_of_other_paths_have_the_same_posts(name):
    ((_, answer),) = recorded(SHARED / f"test_client_{name}.yaml")
    found = parse(*answer["data"])
    assert len(found) == len(answer["data"])
    assert {one.reason for one in found if isinstance(one, Reject)} <= {"a retweet"}


OTHERS = {
    "testsearchtweets.json": "no list `data`",
    "testusertimeline.json": "no list `data`",
    "testmentionstimeline.json": "no list `data`",
    "testratelimitstatus.json": "no list `data`",
    "test_client_get_tweet.yaml": "no list `data`",
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
@pytest.mark.parametrize(("name", "words"), OTHERS.items())
def test_recordings_of_another_interface_are_not_taken_for_silence(name, words):
    """Version 1.1 and the look-up of a single post: what answers like them is not the search."""
    for _, answer in recorded(SHARED / name):
        with double(lambda _asked, answer=answer: answer) as site:
            found, _, error = run(make(site.url))
        assert found == []
        assert isinstance(error, Degraded)
        assert words in str(error)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_recorded_counts_hold_no_posts():
    ((_, answer),) = recorded(SHARED / "test_client_get_recent_tweets_count.yaml")
    assert {one.reason for one in parse(*answer["data"])} == {"no id"}

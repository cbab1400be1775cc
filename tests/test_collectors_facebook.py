"""Facebook over a local stand-in for the Graph API."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
from house import House
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import http, load
from collectors.base import Context, Raw
from collectors.facebook import FacebookCollector, FacebookSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
SITE = json.loads((Path(__file__).parent / "data" / "facebook" / "page.json").read_text("utf-8"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-facebook"
TOKEN = "EAABcanarytoken"
CONFIG = """\
companies: [{{name: Northwind Robotics, aliases: [Northwind]}}]
sources:
  - name: fb
    type: facebook
    base_url: {url}
    company: Northwind Robotics
    page: northwind
    terms_read: 2026-11-01
    min_interval: 0
"""
CANARIES = ("Canary", "99887766", "55443322")


def make(url="", now=NOW, secret=lambda _name: TOKEN, **options):
    given_ = {"name": "fb", "type": "facebook", "page": "northwind", "company": "Northwind Robotics"}
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0, "base_url": url}
    return FacebookCollector(FacebookSettings(**{**given_, **fixed, **options}), Context(now, Path(), secret))


def parse(**payload):
    return list(make().parse(Raw(payload, {})))


def post(number, hours, comments=0, **more):
    when = NOW - timedelta(hours=hours)
    said = [comment(f"{number}_{n}", hours) for n in range(comments)]
    return {
        "id": f"1000_{number}",
        "message": f"post {number}",
        "created_time": stamp(when),
        "all": said,
        **more,
    }


def comment(id_, hours, **more):
    return {
        "id": id_,
        "message": f"comment {id_}",
        "created_time": stamp(NOW - timedelta(hours=hours)),
        **more,
    }


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S+0000")


class Graph:
    """Answers as the Graph API does, `size` items a page, the token in every address that it hands out."""

    def __init__(self, posts=(), ratings=(), size=2, inline=1):
        self.posts, self.ratings, self.size, self.inline = list(posts), list(ratings), size, inline
        self.gone = set()

    def page(self, path, items, query, size):
        at = int(query.get("after", "c0")[1:])
        paging = {"cursors": {"before": "x", "after": f"c{at + size}"}}
        if at + size < len(items):
            words = urlencode({"access_token": TOKEN, "limit": "25", "after": f"c{at + size}"})
            paging["next"] = f"https://graph.facebook.com{path}?{words}"
        return {"data": items[at : at + size], "paging": paging}

    def __call__(self, asked):
        version, _, path = asked.path[1:].partition("/")
        assert version == "v25.0"
        if path == "northwind/feed":
            shown = [
                {**one, "comments": self.page(f"/{one['id']}/comments", one["all"], {}, self.inline)}
                for one in self.posts
            ]
            return self.page("/1000/feed", shown, asked.query, self.size)
        if path == "northwind/ratings":
            return self.page("/1000/ratings", self.ratings, asked.query, self.size)
        if path.endswith("/comments"):
            (found,) = (one for one in self.posts if one["id"] == path.partition("/")[0])
            return self.page(f"/{path}", found["all"], asked.query, self.size)
        wanted = asked.query["ids"].split(",") if "ids" in asked.query else [path]
        if self.gone & set(wanted):
            return error(100, "Unsupported get request.", error_subcode=33)
        return {id_: {"id": id_} for id_ in wanted} if "ids" in asked.query else {"id": path}


def error(code, message="no", status=400, **more):
    return status, {"error": {"message": message, "type": "OAuthException", "code": code, **more}}, {}


def as_sent(asked):
    """The site of the fixture, whatever fields it is asked for: it sends more than that."""
    return SITE.get(asked.path.rpartition("/")[2], {"data": []})


def ids(found):
    return [one.id for one in found if isinstance(one, Mention)]


def test_the_registry_knows_it():
    assert load("facebook") is FacebookCollector


def test_the_example_of_its_page_loads():
    for block in example("facebook"):
        assert FacebookSettings(**block).page


def test_a_page_is_of_a_company():
    with pytest.raises(ValidationError, match="company"):
        make(company=None)


def test_posts_comments_and_recommendations():
    with double(as_sent) as site:
        found, _, fault = run(make(site.url))
    assert fault is None
    own, first, reply, visitor, empty, bad, good, slow, stars, nothing = found
    assert (own.id, own.kind, own.thread) == ("1000_3", "post", "1000_3")
    assert own.published == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert (own.url, own.site) == ("https://www.facebook.com/1000_3", "facebook.com")
    assert (first.id, first.kind, first.thread, first.parent) == ("3_31", "comment", "1000_3", "1000_3")
    assert first.url == "https://www.facebook.com/1000_3?comment_id=31"
    assert first.about == "We are hiring twelve welders. Ask us anything!"
    assert (reply.id, reply.parent, reply.thread) == ("3_32", "3_31", "1000_3")
    assert reply.body == "[name] same here, ask Northwind Robotics for feedback"
    assert visitor.url == "https://www.facebook.com/1000_2", "the site's own address names the author"
    assert empty == Reject("1000_1", "no text")
    assert (bad.kind, bad.experience, bad.body) == ("review", "negative", "Three rounds, then silence.")
    assert (bad.id, bad.url) == (
        "rec_2026-11-19T09:00:00+0000",
        "https://www.facebook.com/northwind/reviews",
    )
    assert (good.experience, good.body, good.stars) == ("positive", "", None)
    assert (slow.stars, slow.experience) == (2.0, None)
    assert stars.id == f"{slow.id}_2", "of the same second"
    assert nothing == Reject("rec_2016-11-17T09:00:00+0000", "neither a text nor a verdict")
    assert {one.author for one in found if isinstance(one, Mention)} == {""}


def test_nothing_says_who_wrote_it():
    with double(as_sent) as site:
        collector = make(site.url)
        raws = list(collector.fetch(None))
        asked = " ".join(str(one.query) for one in site.log)
    found = [one for raw in raws for one in collector.parse(raw)]
    for kept in (repr(raws), repr(found), repr(collector.context.notes)):
        assert not any(canary in kept for canary in CANARIES)
    for field in ("from", "reviewer", "open_graph_story", "permalink_url", "likes", "reactions"):
        assert field not in asked


def test_nothing_on_the_disk_says_who_wrote_it(tmp_path):
    with double(as_sent) as site:
        house = House(tmp_path)
        house.write("config.yaml", CONFIG.format(url=site.url))
        done = house.run("--debug", "run", now=NOW, FACEBOOK_PAGE_TOKEN=TOKEN)
    assert done.code == 0, done.err
    said = [
        done.out.encode(),
        done.err.encode(),
        *(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()),
    ]
    assert any(b"never heard back" in one for one in said)
    for canary in (*CANARIES, TOKEN):
        assert not any(canary.encode() in one for one in said), canary


@pytest.mark.parametrize("name", ["feed", "ratings"])
def test_not_even_what_is_parsed_as_it_was_sent_says_who_wrote_it(name):
    found = parse(**{"posts" if name == "feed" else "ratings": SITE[name]["data"]})
    assert found
    assert not any(canary in repr(found) for canary in CANARIES)


def test_own_posts_may_be_left_out_but_not_their_comments():
    with double(as_sent) as site:
        found, _, _ = run(make(site.url, own_posts=False, recommendations=False))
        assert [asked.path for asked in site.log] == ["/v25.0/northwind/feed"]
    assert ids(found) == ["3_31", "3_32", "1000_2"]
    assert Reject("1000_3", "the Page's own post") in found


def test_the_token_travels_in_a_header_and_pages_by_their_cursors():
    graph = Graph([post(n, n + 1, comments=4) for n in range(5)], [{"created_time": stamp(NOW)}] * 3)
    with double(graph) as site:
        collector = make(site.url)
        found, cursor, fault = run(collector)
        assert all(asked.headers["authorization"] == f"Bearer {TOKEN}" for asked in site.log)
        assert not any(TOKEN in str(asked.query) for asked in site.log)
        assert [asked.query.get("after") for asked in site.log if asked.path.endswith("/feed")] == [
            None,
            "c2",
            "c4",
        ]
        assert all("limit" in asked.query for asked in site.log)
    assert fault is None
    assert len(ids(found)) == 5 + 5 * 4
    for kept in (json.dumps(cursor), repr(found), repr(collector.context.notes)):
        assert TOKEN not in kept


def test_an_older_way_of_paging_keeps_its_cursors_and_nothing_else():
    words = {"access_token": TOKEN, "until": "1624385168", "__paging_token": "p", "since": "", "limit": "5"}
    first = {"data": [post(1, 1)], "paging": {"next": "https://graph.example/x?" + urlencode(words)}}
    with double(lambda asked: {"data": []} if "until" in asked.query else first) as site:
        (step, *_) = checkpoints(make(site.url, recommendations=False))
        query = site.log[1].query
        assert (query["until"], query["__paging_token"], query["limit"]) == ("1624385168", "p", "25")
    assert parse_qs(step[0]["posts"]["token"]) == {"until": ["1624385168"], "__paging_token": ["p"]}


@pytest.mark.parametrize("address", ["https://graph.example/x?access_token=EAABcanarytoken", "http://[bad"])
def test_a_next_page_without_a_cursor_is_no_end(address):
    with double(lambda _asked: {"data": [post(1, 1)], "paging": {"next": address}}) as site:
        _, _, fault = run(make(site.url))
    assert isinstance(fault, Degraded)
    assert TOKEN not in str(fault)


def test_replies_within_comments_at_any_depth():
    deep = comment("1_3", 1)
    reply = comment("1_2", 2, comments={"data": [deep]})
    first = comment("1_1", 3, comments={"data": [reply]})
    with double(Graph([post(1, 4, all=[first])])) as site:
        found, _, _ = run(make(site.url))
    assert [(one.id, one.parent) for one in found] == [
        ("1000_1", ""),
        ("1_1", "1000_1"),
        ("1_2", "1_1"),
        ("1_3", "1_2"),
    ]


def test_from_every_checkpoint_the_rest_is_read():
    graph = Graph([post(n, n, comments=n) for n in range(6)], [{"created_time": stamp(NOW), "rating": 3}] * 2)
    with double(graph) as site:
        steps = checkpoints(make(site.url))
        full = {one.id for one in steps[-1][1]}
        assert len(full) == 6 + 15 + 2
        for cursor, before in steps:
            rest, _, fault = run(make(site.url), cursor)
            assert fault is None
            assert {one.id for one in [*before, *rest]} == full


def test_late_comments_are_found_as_far_as_lookback():
    graph = Graph([post(1, 24), post(2, 24 * 20), post(3, 24 * 80)], size=1)
    with double(graph) as site:
        _, cursor, _ = run(make(site.url))
        graph.posts[1]["all"].append(comment("2_9", 0))
        asked = len(site.log)
        found, _, _ = run(make(site.url, recommendations=False), cursor)
        assert len(site.log) - asked == 3, "one beyond lookback ends it"
    assert "2_9" in ids(found)


def test_comments_that_cannot_be_read_do_not_stop_the_rest():
    graph = Graph([post(1, 1, comments=3), post(2, 2)])

    def answer(asked):
        return error(100, "no", error_subcode=33) if asked.path.endswith("/comments") else graph(asked)

    with double(answer) as site:
        collector = make(site.url)
        found, _, fault = run(collector)
    assert fault is None
    assert ids(found) == ["1000_1", "1_0", "1000_2"]
    assert collector.context.notes == ["the comments on some posts cannot be read"]


@pytest.mark.parametrize("code", [12, 100])
def test_without_recommendations_the_rest_is_read(code):
    graph = Graph([post(1, 1)])
    with double(lambda asked: error(code) if asked.path.endswith("/ratings") else graph(asked)) as site:
        collector = make(site.url)
        found, _, fault = run(collector)
    assert (ids(found), fault) == (["1000_1"], None)
    assert "no recommendations" in collector.context.notes[0]


def test_where_a_page_is_too_much_fewer_posts_are_asked_for(monkeypatch):
    monkeypatch.setattr(http._SHARED, "sleep", lambda _seconds: None)
    graph = Graph([post(1, 1)])

    def answer(asked):
        if int(asked.query["limit"]) > 1 and asked.path.endswith("/feed"):
            return error(1, "Please reduce the amount of data you're asking for, then retry", 500)
        return graph(asked)

    with double(answer) as site:
        found, _, fault = run(make(site.url))
        limits = [asked.query["limit"] for asked in site.log if asked.path.endswith("/feed")]
    assert (ids(found), fault) == (["1000_1"], None)
    assert list(dict.fromkeys(limits)) == ["25", "5", "1"]


def test_the_proof_of_the_apps_secret():
    with double(Graph()) as site:
        run(make(site.url, app_secret_secret="APP", secret=lambda name: "s3cret" if name == "APP" else TOKEN))
        sent = site.log[0].query["appsecret_proof"]
    assert sent == hmac.new(b"s3cret", TOKEN.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("answer", "words", "permanent", "retry"),
    [
        (error(190, f"Malformed access token {TOKEN}", 401), "FACEBOOK_PAGE_TOKEN", True, None),
        (error(190, "Session has expired", error_subcode=463), "has expired", True, None),
        (error(10, "(#10) permission"), "pages_read_engagement", True, None),
        (error(200, "(#200) permission", 403), "pages_read_user_content", True, None),
        (error(4, "(#4) app", 403), "the app's limit", False, 3600),
        (error(17, "(#17) user"), "the user's limit", False, 3600),
        (error(32, "(#32) page"), "the Page's limit", False, 3600),
        (error(80001, "(#80001)"), "too often", False, 3600),
        (error(100, "(#100) Tried accessing nonexisting field"), "nonexisting field", True, None),
        (error(100, "either app secret proof or an app token"), "app_secret_secret", True, None),
        (error(803, "(#803) no alias", 404), "Check `page`", True, None),
        (error(2635, "deprecated"), "`version`", True, None),
        (error(2, "(#2) Service unavailable"), "just now", False, None),
        (error(99999, "?", is_transient=True), "just now", False, None),
        ((404, b"<html>", {}), "404", True, None),
        ((200, b"<html>log in</html>", {}), "not JSON", False, None),
        ((200, error(190, f"bad {TOKEN}")[1], {}), "does not accept", False, None),
        ((200, error(4)[1], {}), "too often", False, None),
        ((200, error("what")[1], {}), "just now", False, None),
        ((200, {"paging": {}}, {}), "no list `data`", False, None),
        ((200, [], {}), "no list `data`", False, None),
    ],
)
def test_errors_in_plain_words(answer, words, permanent, retry):
    with double(lambda _asked: answer) as site:
        found, cursor, fault = run(make(site.url))
    assert (found, cursor) == ([], None)
    assert words in str(fault)
    assert (fault.permanent, fault.retry_after) == (permanent, retry)
    assert isinstance(fault, Degraded) == (answer[0] == 200)
    assert TOKEN not in str(fault)


def test_a_cursor_that_facebook_forgot_is_read_from_its_beginning():
    graph = Graph([post(n, n) for n in range(5)])
    with double(graph) as site:
        (cursor, _), *_ = checkpoints(make(site.url))
        site.answer = lambda asked: (
            error(100, "Invalid cursors values") if "after" in asked.query else graph(asked)
        )
        graph.size = 50
        found, _, fault = run(make(site.url), cursor)
    assert fault is None
    assert len(ids(found)) == 5


def test_what_is_gone_is_told():
    graph = Graph()
    with double(graph) as site:
        names = [f"1000_{n}" for n in range(60)]
        assert set(make(site.url).recheck([*names, "rec_x"])) == {(name, "there") for name in names}
        assert len(site.log) == 2
        graph.gone = {"1000_3", "1000_55"}
        told = dict(make(site.url).recheck(names))
        assert {name for name, standing in told.items() if standing == "gone"} == graph.gone
        graph.gone = set(names)
        with pytest.raises(Degraded, match="not taken for deleted"):
            list(make(site.url).recheck(names))


def test_without_its_token_or_terms_it_does_not_start():
    def absent(name):
        raise ConfigError([f"the secret {name} is absent"])

    _, _, fault = run(make(secret=absent))
    assert (fault.permanent, "FACEBOOK_PAGE_TOKEN" in str(fault)) == (True, True)
    _, _, fault = run(make(terms_read=None))
    assert "terms_read" in str(fault)


KEYS = [
    "id",
    "message",
    "created_time",
    "comments",
    "data",
    "parent",
    "permalink_url",
    "message_tags",
    "rating",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(anything, max_size=3), st.lists(anything, max_size=3))
def test_whatever_an_item_holds_it_is_a_mention_or_a_reject(posts, ratings):
    for one in parse(posts=posts, ratings=ratings):
        assert isinstance(one, Reject) or (one.id and one.published.tzinfo and not one.author)


def recorded(path):
    return json.loads((SHARED / path).read_text("utf-8"))


here = pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")


@here
@pytest.mark.parametrize("name", ["feeds_default_fields", "feed_fields"])
def test_recorded_posts_and_comments_in_a_run(name):
    feed = [recorded(f"posts/{name}_p{n}.json") for n in (1, 2)]
    comments = [recorded(f"comments/comments_p{n}.json") for n in (1, 2)]

    def answer(asked):
        pages = feed if asked.path.endswith("/feed") else comments
        if asked.path.endswith("/ratings"):
            return {"data": []}
        return pages[bool({"after", "until"} & set(asked.query))]

    with double(answer) as site:
        found, _, fault = run(make(site.url, first="3000d"))
        assert not any("access_token" in asked.query for asked in site.log)
    assert fault is None
    posts = [one for one in found if getattr(one, "kind", "") == "post"]
    said = {one.id for one in found if getattr(one, "kind", "") == "comment"}
    assert len(posts) == sum(len(page["data"]) for page in feed)
    assert len(said) == (15 if name == "feeds_default_fields" else 0), "asked for where posts carry none"
    assert all(isinstance(one, Mention) and one.body and one.published and not one.author for one in found)


@here
def test_recorded_comments_without_an_id_have_that_of_their_address():
    comments = recorded("comments/comments_p1.json")["data"]
    found = parse(
        posts=[{"id": "19292868552_10158407654328553", "message": "x", "comments": {"data": comments}}]
    )[1:]
    assert len({one.id for one in found}) == 10
    reply = found[5]
    assert (reply.id, reply.parent) == (
        "10158407654328553_10158409983033553",
        "10158407654328553_10158407903973553",
    )


SINGLE = ["single_post_data", "single_post_data_fields", "multi_posts_data", "multi_posts_data_fields"]


@here
@pytest.mark.parametrize("name", SINGLE)
def test_recorded_single_posts(name):
    """Looked up by id, so that they come without a list: the items are the same."""
    said = recorded(f"posts/{name}.json")
    posts = list(said.values()) if name.startswith("multi") else [said]
    found = parse(posts=posts)
    mentions = [one for one in found if isinstance(one, Mention)]
    assert [one.kind for one in mentions].count("post") == len(posts)
    assert len(found) == len(posts) + sum(len(one.get("comments", {}).get("data", ())) for one in posts)
    assert {one.reason for one in found if isinstance(one, Reject)} <= {"no text"}, "stickers and pictures"
    assert all(one.body and not one.author for one in mentions)
    names = [
        c["from"]["name"] for one in posts for c in one.get("comments", {}).get("data", ()) if "from" in c
    ]
    assert not any(f"'{one}'" in repr(found) for one in names)


@here
@pytest.mark.parametrize("path", ["error.json", "base/error_data.json"])
def test_recorded_errors(path):
    said = recorded(path)
    with double(lambda _asked: (400, said, {})) as site:
        found, _, fault = run(make(site.url))
    assert found == []
    assert fault.permanent
    assert fault.remedy

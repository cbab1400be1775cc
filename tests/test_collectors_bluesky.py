"""Bluesky over a local stand-in that signs in, searches and shows threads."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sitedouble import checkpoints, double, example, run

from candidly.errors import CollectorError, ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.bluesky import SIGN_IN, BlueskyCollector, BlueskySettings
from collectors.http import Http

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
POST = json.loads((Path(__file__).parent / "data" / "bluesky" / "post.json").read_text("utf-8"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-bluesky" / "f_search.yml"
SECRETS = {"BLUESKY_HANDLE": "watch-7Hk2.example", "BLUESKY_APP_PASSWORD": "wxyz-9Qp4-abcd-7Rt1"}
TOKEN = "jwt-4fJ8sL0q"


def make(url="", now=NOW, secrets=SECRETS, **options):
    given_ = {"name": "sky", "type": "bluesky", "queries": ['"Northwind Robotics"'], "base_url": url}
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0}

    def secret(name):
        if name not in secrets:
            raise ConfigError([f"the secret {name} is not set"])
        return secrets[name]

    return BlueskyCollector(BlueskySettings(**{**given_, **fixed, **options}), Context(now, Path(), secret))


def address(number):
    return f"at://did:plc:p{number}/app.bsky.feed.post/k{number}"


def post(number, parent=None, root=None, text=None, **more):
    """A post that is `number` hours old."""
    when = (NOW - timedelta(hours=number)).isoformat().replace("+00:00", "Z")
    record = {**POST["record"], "createdAt": when, "text": text or f"Northwind Robotics, day {number}"}
    if parent is not None:
        record["reply"] = {"parent": {"uri": address(parent)}, "root": {"uri": address(root or parent)}}
    author = {**POST["author"], "did": f"did:plc:p{number}"}
    return {
        **copy.deepcopy(POST),
        "uri": address(number),
        "author": author,
        "record": record,
        "indexedAt": when,
        **more,
    }


def view(shown, replies=(), **more):
    return {"$type": "app.bsky.feed.defs#threadViewPost", "post": shown, "replies": list(replies), **more}


def parse(*posts, **more):
    return list(make().parse(Raw([{"post": one, **more} for one in posts], {})))


class Bluesky:
    """Answers as Bluesky does; `lasts`: how many requests a session is good for."""

    def __init__(self, posts=(), threads=None, lasts=1000):
        self.posts, self.threads, self.lasts = list(posts), threads or {}, lasts
        self.sessions, self.left = 0, 0

    def __call__(self, asked):
        if asked.path == SIGN_IN:
            return self.signed_in(asked)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}{self.sessions}":
            return 401, {"error": "AuthMissing", "message": "Authentication Required"}, {}
        if not self.left:
            return 400, {"error": "ExpiredToken", "message": "Token has expired"}, {}
        self.left -= 1
        if asked.path.endswith("getPostThread"):
            thread = self.threads.get(asked.query["uri"])
            return (
                {"thread": thread}
                if thread
                else (400, {"error": "NotFound", "message": "Post not found"}, {})
            )
        return self.found(asked.query)

    def signed_in(self, asked):
        login = json.loads(asked.body)
        if login != {"identifier": SECRETS["BLUESKY_HANDLE"], "password": SECRETS["BLUESKY_APP_PASSWORD"]}:
            return 401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, {}
        self.sessions, self.left = self.sessions + 1, self.lasts
        return {"accessJwt": f"{TOKEN}{self.sessions}", "refreshJwt": "x", "handle": "h", "did": "did:plc:w"}

    def found(self, query):
        when = [one["record"]["createdAt"][:19] for one in self.posts]
        span = [
            p for p, t in zip(self.posts, when, strict=True) if query["since"][:19] <= t < query["until"][:19]
        ]
        begin, size = int(query.get("cursor", 0)), int(query["limit"])
        more = {"cursor": str(begin + size)} if len(span) > begin + size else {}
        return {"posts": span[begin : begin + size], **more}


def test_the_registry_knows_it():
    assert load("bluesky") is BlueskyCollector


def test_the_example_of_its_page_loads():
    (block,) = example("bluesky")
    assert BlueskySettings(**block).queries


def test_a_post():
    (one,) = parse(POST)
    assert (one.id, one.kind, one.title) == (POST["uri"], "post", "")
    assert one.body == "Northwind Robotics cancelled my interview an hour before.\n\nTwice."
    assert one.published == datetime(2026, 11, 22, 17, 1, 2, 300000, tzinfo=UTC)
    assert (one.site, one.language, one.author) == ("bsky.app", "en", "did:plc:aaaabbbbccccddddeeeeffff")
    assert one.url == "https://bsky.app/profile/did:plc:aaaabbbbccccddddeeeeffff/post/3mzz2aaaaaa2a"
    assert (one.thread, one.parent, one.about) == (one.id, "", "")


def labelled(**label):
    return {"author": {**POST["author"], "labels": [{"val": "!no-unauthenticated", **label}]}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (labelled(), "for signed-in readers only"),
        ({"labels": [{"val": "!hide"}]}, "hidden by the site"),
        ({"notFound": True}, "deleted at the source"),
        ({"blocked": True}, "blocked"),
        ({"record": {**POST["record"], "text": " "}}, "no text"),
        ({"uri": "https://elsewhere.example/1"}, "no id"),
        ({"record": {**POST["record"], "createdAt": "soon"}, "indexedAt": None}, "date not understood"),
    ],
)
def test_what_is_not_kept(change, reason):
    (one,) = parse({**POST, **change})
    assert isinstance(one, Reject)
    assert one.reason == reason


def test_a_label_that_was_taken_back_counts_no_more():
    (one,) = parse({**POST, **labelled(neg=True)})
    assert isinstance(one, Mention)


@pytest.mark.parametrize(
    ("said", "day"),
    [("2031-01-01T00:00:00Z", 22), ("1970-01-01T00:00:00Z", 22), ("2026-11-20T00:00:00Z", 20)],
)
def test_an_author_s_clock_is_believed_for_the_past_alone(said, day):
    (one,) = parse({**POST, "record": {**POST["record"], "createdAt": said}})
    assert (one.published.month, one.published.day) == (11, day)


def test_windows_and_pages():
    posts = [post(number) for number in range(1, 251)]
    with double(Bluesky(posts)) as site:
        found, _, error = run(make(site.url))
        assert [asked.query.get("cursor") for asked in site.log[1:]] == [None, "100", "200"]
    assert error is None
    assert len({one.id for one in found}) == len(found) == 250


def test_replies_are_about_what_they_answer():
    root = post(9, replyCount=3)
    first, second = post(8, parent=9, text="Same here"), post(7, parent=8, root=9, text="How long?")
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": address(6), "notFound": True}
    tree = view(root, [view(first, [view(second)]), gone, view({**post(5, parent=9), **labelled()})])
    with double(Bluesky([root], {root["uri"]: tree})) as site:
        found, _, error = run(make(site.url))
    assert error is None
    mentions = [one for one in found if isinstance(one, Mention)]
    assert [one.id for one in mentions] == [address(9), address(8), address(7)]
    assert mentions[2].about == "Northwind Robotics, day 9\nSame here"
    assert (mentions[2].kind, mentions[2].thread, mentions[2].parent) == ("comment", address(9), address(8))
    assert {one.reason for one in found if isinstance(one, Reject)} == {
        "deleted at the source",
        "for signed-in readers only",
    }


def test_of_what_is_above_nothing_is_kept_that_is_not_public():
    top = {**post(9, text="secret words"), **labelled()}
    hit = post(8, parent=9, replyCount=1)
    tree = view(hit, [view(post(7, parent=8, root=9, text="Same"))], parent=view(top))
    with double(Bluesky([hit], {hit["uri"]: tree})) as site:
        found, _, _ = run(make(site.url))
    assert [one.about for one in found] == ["", "Northwind Robotics, day 8"]
    assert found[1].thread == address(9)


def test_a_thread_that_is_gone_and_none_asked_for():
    with double(Bluesky([post(1, replyCount=4)])) as site:
        found, _, error = run(make(site.url))
        assert (len(found), error, len(site.log)) == (1, None, 3)
        site.log.clear()
        run(make(site.url, threads=False))
        assert len(site.log) == 2


def test_a_session_that_ends_is_begun_anew_and_one_that_never_holds_is_not():
    posts = [post(number) for number in range(1, 451)]
    with double(Bluesky(posts, lasts=2)) as site:
        found, _, error = run(make(site.url))
        assert (len(found), error) == (450, None)
        assert site.paths().count(SIGN_IN) == 3
    with double(Bluesky(posts, lasts=0)) as site:
        _, _, error = run(make(site.url))
        assert isinstance(error, CollectorError)
        assert len(site.log) < 6


def test_from_every_checkpoint_the_rest_is_read():
    posts = [post(number) for number in range(1, 211)]
    posts[20]["replyCount"] = 1
    threads = {posts[20]["uri"]: view(posts[20], [view(post(300, parent=21))])}
    with double(Bluesky(posts, threads)) as site:
        steps = checkpoints(make(site.url))
        full = {one.id for one in steps[-1][1]}
        assert len(full) == 211
        for cursor, before in steps:
            rest, _, error = run(make(site.url), cursor)
            assert error is None
            assert {one.id for one in [*before, *rest]} == full


def test_secrets_stand_in_no_query_and_no_message():
    with double(Bluesky()) as site:
        collector = make(site.url, secrets={**SECRETS, "BLUESKY_APP_PASSWORD": "wrong-6Yx3"})
        found, cursor, error = run(collector)
        assert (found, cursor) == ([], None)
        assert error.permanent
        assert "app password" in str(error)
        assert "wrong-6Yx3" not in str(error)
        assert len(site.log) == 1
        assert site.log[0].query == {}
    _, _, error = run(make(site.url, secrets={}))
    assert "BLUESKY_HANDLE is not set" in str(error)


def test_a_sign_in_is_sent_nowhere_else():
    with double(lambda _asked: {"accessJwt": "stolen"}) as other:
        moved = (307, {}, {"Location": f"{other.url}{SIGN_IN}"})
        with double(lambda _asked: moved) as site:
            _, _, error = run(make(site.url))
            assert "has moved" in str(error)
            assert error.permanent
        assert other.log == []


def test_a_post_is_checked_like_a_get():
    with pytest.raises(CollectorError, match="only http and https"):
        Http(NOW).post("ftp://far.example/", b"{}", headers={})
    with double(lambda _asked: {}) as site, pytest.raises(CollectorError):
        Http(NOW, min_interval=0).post(site.url, b"{}", headers={})  # an address of this machine
    assert site.log == []


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ((400, {"error": "InvalidRequest", "message": "bad q"}, {}), "Check `queries`", True),
        ((401, {"error": "AccountTakedown"}, {}), "Use another account", True),
        ((401, {"error": "AuthFactorTokenRequired"}, {}), "app password", True),
        ((403, b"<html>", {}), "app password", True),
        ((404, {"error": "XRPCNotSupported"}, {}), "Check `base_url`", True),
        (
            (429, {"error": "RateLimitExceeded"}, {"RateLimit-Reset": str(int(NOW.timestamp()) + 120)}),
            "429",
            False,
        ),
        ((200, b"<html>", {}), "not JSON", False),
        ((200, {"did": "x"}, {}), "accessJwt", False),
    ],
)
def test_errors_of_the_sign_in_in_plain_words(answer, words, permanent):
    with double(lambda _asked: answer) as site:
        found, _, error = run(make(site.url))
    assert found == []
    assert words in str(error)
    assert error.permanent is permanent
    assert isinstance(error, Degraded) == (answer[0] == 200)
    if answer[0] == 429:
        assert 110 < error.retry_after <= 120


@pytest.mark.parametrize("answer", [{"message": "x"}, {"posts": None}, []])
def test_a_search_without_posts_is_no_quiet_day(answer):
    site_ = Bluesky()
    with double(lambda asked: site_(asked) if asked.path == SIGN_IN else answer) as site:
        _, cursor, error = run(make(site.url))
    assert cursor is None
    assert isinstance(error, Degraded)


def test_it_does_not_start_unread():
    _, _, error = run(make(terms_read=None))
    assert "terms_read" in str(error)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["labels", "val", "text", "reply", "parent", "uri", "langs"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(POST)), anything) | anything)
def test_whatever_a_post_holds_it_is_a_mention_or_a_reject(change):
    for one in parse({**POST, **change} if isinstance(change, dict) else change):
        assert isinstance(one, Reject) or (one.id and one.text.strip() and one.published.tzinfo)


@pytest.mark.skipif(not SHARED.is_file(), reason="the recording is not here")
def test_recordings():
    (one,) = yaml.load(SHARED.read_text("utf-8"), yaml.CSafeLoader)["http_interactions"]
    body = json.loads(one["response"]["body"]["string"])
    found = parse(*body["posts"])
    assert len(found) == 25
    mentions = [item for item in found if isinstance(item, Mention)]
    assert len(mentions) == 21
    assert all(item.author and item.url and item.published and item.body for item in mentions)
    assert sum(item.kind == "comment" for item in mentions) == 10
    assert {item.reason for item in found if isinstance(item, Reject)} == {"for signed-in readers only"}

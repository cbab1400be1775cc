"""Mastodon over local stand-ins for instances."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.mastodon import MastodonCollector, MastodonSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
STATUS = json.loads((Path(__file__).parent / "data" / "mastodon" / "status.json").read_text("utf-8"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-mastodon"
HOME = "https://home.example"
TOKEN = "tkn-5pQ8vZ2m"


def make(*instances, now=NOW, secrets=None, **options):
    given_ = {
        "name": "masto",
        "type": "mastodon",
        "instances": instances or (HOME,),
        "hashtags": ["northwind"],
    }
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0}
    known = {"MASTODON_TOKEN": TOKEN} if secrets is None else secrets

    def secret(name):
        if name not in known:
            raise ConfigError([f"the secret {name} is not set"])
        return known[name]

    return MastodonCollector(MastodonSettings(**{**given_, **fixed, **options}), Context(now, Path(), secret))


def status(number, hours=None, **more):
    hours = number if hours is None else hours
    return {
        **copy.deepcopy(STATUS),
        "id": str(900_000 - number),
        "uri": f"https://far.example/users/someone/statuses/{900_000 - number}",
        "created_at": (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z"),
        "replies_count": 0,
        **more,
    }


def parse(*statuses, **more):
    return list(make().parse(Raw([{"server": HOME, "status": one, **more} for one in statuses], {})))


class Instance:
    """Answers as Mastodon does: timelines by max_id, searches by offset, contexts."""

    def __init__(self, statuses=(), contexts=None):
        self.statuses, self.contexts = list(statuses), contexts or {}

    def __call__(self, asked):
        if asked.path.startswith("/api/v1/timelines/tag/"):
            below = int(asked.query.get("max_id", 10**9))
            found = [one for one in self.statuses if int(one["id"]) < below]
            return found[: int(asked.query["limit"])]
        if asked.path == "/api/v2/search":
            begin = int(asked.query.get("offset", 0))
            return {"accounts": [], "statuses": self.statuses[begin : begin + 40], "hashtags": []}
        id_ = asked.path.split("/")[4]
        return self.contexts.get(id_) or (404, {"error": "Record not found"}, {})


def test_the_registry_knows_it():
    assert load("mastodon") is MastodonCollector


def test_the_examples_of_its_page_load():
    blocks = example("mastodon")
    assert len(blocks) == 2
    assert all(MastodonSettings(**block).servers for block in blocks)


def test_a_post():
    (one,) = parse(STATUS)
    assert (one.id, one.kind, one.title) == ("home.example/115000000000000101", "post", "job hunt")
    assert one.body == "Third interview at Northwind Robotics & still no word. #northwind #jobs"
    assert one.published == datetime(2026, 11, 23, 10, 15, 30, 500000, tzinfo=UTC)
    assert (one.site, one.language, one.author) == ("home.example", "en", "lumen@home.example")
    assert one.url == "https://home.example/@lumen/115000000000000101"
    assert (one.thread, one.parent, one.about) == (one.id, "", "")


@pytest.mark.parametrize(
    ("uri", "id_"),
    [
        ("https://Far.example/ap/users/77/statuses/12", "far.example/12"),
        ("https://forum.example/objects/3f-aa", "forum.example/"),
        ("", "home.example/115000000000000101"),
    ],
)
def test_an_id_is_the_same_on_every_instance_and_names_nobody(uri, id_):
    (one,) = parse({**STATUS, "uri": uri})
    assert one.id.startswith(id_)
    assert "lumen" not in one.id
    other = list(make().parse(Raw([{"server": "https://b.example", "status": {**STATUS, "uri": uri}}], {})))
    assert not uri or other[0].id == one.id


def account(**more):
    return {"account": {**STATUS["account"], **more}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reblog": {"id": "1"}}, "a boost"),
        ({"visibility": "private"}, "not public"),
        ({"visibility": "direct"}, "not public"),
        ({"visibility": None}, "not public"),
        (
            account(note='<p>I draw. <a href="x">#<span>nobot</span></a></p>'),
            "its author asks not to be collected",
        ),
        (account(note="#NoIndex please"), "its author asks not to be collected"),
        (account(fields=[{"name": "me", "value": "#noarchive"}]), "its author asks not to be collected"),
        (account(noindex=True), "its author asks not to be collected"),
        ({"content": "<p></p>", "spoiler_text": ""}, "no text"),
        ({"created_at": "soon"}, "date not understood"),
        ({"created_at": "2031-01-01T00:00:00Z"}, "date in the future"),
    ],
)
def test_what_is_not_kept(change, reason):
    (one,) = parse({**STATUS, **change})
    assert isinstance(one, Reject)
    assert one.reason == reason
    assert "lumen" not in one.where


@pytest.mark.parametrize(
    "change", [{"visibility": "unlisted"}, account(note="#nobots_here"), account(noindex=False)]
)
def test_what_is_kept(change):
    (one,) = parse({**STATUS, **change})
    assert isinstance(one, Mention)


def test_pages_until_what_is_older_than_asked_for():
    posts = [status(number) for number in range(100)] + [status(100 + n, hours=2000 + n) for n in range(200)]
    with double(Instance(posts)) as site:
        found, _, error = run(make(site.url))
        assert len(site.log) == 4
        assert site.log[1].query["max_id"] == posts[39]["id"]
    assert error is None
    assert {one.id for one in found} >= {f"far.example/{one['id']}" for one in posts[:100]}


def test_a_post_that_arrived_late_does_not_end_the_reading():
    posts = [status(number) for number in range(60)]
    posts[10] = status(10, hours=5000)
    with double(Instance(posts)) as site:
        found, _, _ = run(make(site.url))
    assert len(found) == 60


def test_replies_are_about_what_they_answer():
    root = status(5, content="<p>Northwind Robotics ghosted me</p>", replies_count=3)
    first = status(3, in_reply_to_id=root["id"], content="<p>Same here</p>")
    second = status(2, in_reply_to_id=first["id"], content="<p>How long?</p>")
    hidden = status(1, in_reply_to_id=second["id"], content="<p>Two weeks</p>", visibility="private")
    contexts = {root["id"]: {"ancestors": [], "descendants": [first, second, hidden]}}
    with double(Instance([root], contexts)) as site:
        found, _, error = run(make(site.url))
    assert error is None
    assert [one.id for one in found if isinstance(one, Mention)] == [
        f"far.example/{one['id']}" for one in (root, first, second)
    ]
    assert found[3] == Reject(f"far.example/{hidden['id']}", "not public")
    assert found[2].about == "Northwind Robotics ghosted me\nSame here"
    assert (found[2].kind, found[2].thread, found[2].parent) == ("comment", found[0].id, found[1].id)


def test_nothing_is_kept_of_a_post_above_whose_author_asks_to_be_left_out():
    root = status(9, content="<p>secret words</p>", **account(note="#nobot"))
    hit = status(5, in_reply_to_id=root["id"], replies_count=1)
    contexts = {hit["id"]: {"ancestors": [root], "descendants": [status(4, in_reply_to_id=hit["id"])]}}
    with double(Instance([hit], contexts)) as site:
        found, _, _ = run(make(site.url))
    assert len(found) == 2
    assert found[0].thread == f"far.example/{root['id']}"
    assert all("secret" not in one.about for one in found)


def test_a_reply_without_its_thread_says_what_it_answers_as_its_server_calls_it():
    (one,) = parse({**STATUS, "in_reply_to_id": "55"})
    assert (one.kind, one.thread, one.parent, one.about) == ("comment", "", "home.example/55", "")


def test_a_thread_that_is_gone_and_none_asked_for():
    with double(Instance([status(1, replies_count=2)])) as site:
        found, _, error = run(make(site.url))
        assert (len(found), error, len(site.log)) == (1, None, 3)
        site.log.clear()
        run(make(site.url, threads=False))
        assert not [path for path in site.paths() if path.endswith("/context")]


def test_two_instances_that_show_the_same_post_and_one_that_fails():
    def closed(_asked):
        return 422, {"error": "This method requires an authenticated user"}, {}

    with (
        double(Instance([status(1), status(2)])) as one,
        double(closed) as bad,
        double(Instance([status(2), status(3)])) as two,
    ):
        found, cursor, error = run(make(one.url, bad.url, two.url))
    assert sorted(post.id for post in found) == [f"far.example/{900_000 - n}" for n in (3, 2, 1)]
    assert "valid access token" in str(error)
    assert error.permanent
    assert len(cursor) == 2


def test_a_search_pages_by_offset_and_sends_the_token_in_a_header_alone():
    posts = [status(number) for number in range(50)]
    with double(Instance(posts)) as site:
        options = {"hashtags": (), "queries": ["Northwind Robotics"], "token_secret": "MASTODON_TOKEN"}
        found, cursor, error = run(make(site.url, **options))
        assert [asked.query.get("offset") for asked in site.log] == [None, "40", "50"]
        assert {asked.headers["authorization"] for asked in site.log} == {f"Bearer {TOKEN}"}
        assert all(TOKEN not in json.dumps(asked.query) for asked in site.log)
        assert TOKEN not in json.dumps(cursor)
        assert (len(found), error) == (50, None)
        _, _, error = run(make(site.url, secrets={}, **options))
        assert "MASTODON_TOKEN" in str(error)


def test_from_every_checkpoint_the_rest_is_read():
    posts = [status(number) for number in range(90)]
    posts[50]["replies_count"] = 1
    contexts = {
        posts[50]["id"]: {"ancestors": [], "descendants": [status(95, in_reply_to_id=posts[50]["id"])]}
    }
    with double(Instance(posts, contexts)) as site:
        steps = checkpoints(make(site.url))
        full = {one.id for one in steps[-1][1]}
        assert len(full) == 91
        for cursor, before in steps:
            rest, _, error = run(make(site.url), cursor)
            assert error is None
            assert {one.id for one in [*before, *rest]} == full
        ended = steps[-1][0]
        site.log.clear()
        again, _, _ = run(make(site.url), ended)
        assert len(again) == 81, "48 hours back are in the first two pages, and one reply"


@pytest.mark.parametrize(
    ("answer", "words", "permanent"),
    [
        ((401, {"error": "The access token is invalid"}, {}), "valid access token", True),
        ((403, {"error": "This action is outside the authorized scopes"}, {}), "read:search", True),
        ((404, b"<html>", {}), "Is it a Mastodon server?", True),
        (
            (429, {"error": "Too many requests"}, {"X-RateLimit-Reset": "2026-11-24T06:04:00.000000Z"}),
            "429",
            False,
        ),
        ((200, b"<html>", {}), "not JSON", False),
        ((200, {"error": "x"}, {}), "no list", False),
    ],
)
def test_errors_in_plain_words(answer, words, permanent):
    with double(lambda _asked: answer) as site:
        found, cursor, error = run(make(site.url))
    assert (found, cursor) == ([], None)
    assert words in str(error)
    assert error.permanent is permanent
    assert isinstance(error, Degraded) == (answer[0] == 200)
    if answer[0] == 429:
        assert 230 < error.retry_after <= 240


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instances": ()}, "instances"),
        ({"hashtags": ()}, "hashtags"),
        ({"queries": ["x"]}, "token_secret"),
        ({"instances": (HOME, "b.example"), "token_secret": "T"}, "a source of its own"),
        ({"instances": ("http://home.example",)}, "name of a server"),
        ({"instances": ("me@home.example",)}, "name of a server"),
        ({"instances": ("home.example/path",)}, "name of a server"),
        ({"hashtags": ["two words"]}, "hashtag"),
    ],
)
def test_settings_that_make_no_sense(options, words):
    with pytest.raises(ValidationError, match=words):
        make(**{"instances": (HOME,), **options})


def test_settings_that_do():
    made = MastodonSettings(
        name="m", type="mastodon", instances=("Home.example", "b.example:8443"), hashtags=["#jobs"]
    )
    assert made.servers == ("https://home.example", "https://b.example:8443")
    assert (made.hashtags, made.hosts) == (("jobs",), {"home.example", "b.example:8443"})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["note", "value", "id"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(STATUS)), anything) | anything)
def test_whatever_a_status_holds_it_is_a_mention_or_a_reject(change):
    for one in parse({**STATUS, **change} if isinstance(change, dict) else change):
        assert isinstance(one, Reject) or (one.id and one.text.strip() and one.published.tzinfo)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_recordings():
    replies = [
        (one["request"]["uri"], json.loads(one["response"]["body"]["string"] or "null"))
        for path in sorted(SHARED.glob("*.yaml"))
        for one in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["interactions"]
        if one["request"]["method"] == "GET"
    ]
    listed = [body for _, body in replies if isinstance(body, list) and body and "content" in body[0]]
    found = parse(*(status for body in listed for status in body))
    assert len(found) == 36
    assert all(isinstance(one, Mention) and one.author and one.language and one.body for one in found)
    with double(lambda _asked: next(body for uri, body in replies if uri.endswith("/tag/hoot"))) as site:
        (one,), _, error = run(make(site.url, now=datetime(2026, 8, 2, tzinfo=UTC), hashtags=["hoot"]))
    assert one.body == "#hoot (hashtag toot)"
    assert "circle" in str(error), "the stand-in gives the same page for ever"

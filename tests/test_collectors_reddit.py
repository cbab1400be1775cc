"""The reddit collector, through real praw, against the demo's Reddit."""

import contextlib
import inspect
import json
import re
import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import praw.exceptions
import prawcore
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.config import SourceSettings
from candidly.demo.invent import build_world
from candidly.demo.servers import CLIENT_ID, CLIENT_SECRET, DemoServers
from candidly.demo.world import SUBREDDITS, Comment, Post
from candidly.errors import CollectorError, ConfigError, Degraded
from candidly.records import GONE, Mention, Reject
from candidly.records import NO_TEXT as EMPTY
from collectors import redditapi
from collectors.base import Context, Raw
from collectors.reddit import RedditCollector, RedditSettings

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRETS = {"REDDIT_CLIENT_ID": CLIENT_ID, "REDDIT_CLIENT_SECRET": CLIENT_SECRET}


@pytest.fixture(scope="module")
def world():
    return build_world(NOW, weeks=3)


@pytest.fixture(scope="module")
def running(world):
    with DemoServers(world) as servers:
        yield servers


@pytest.fixture
def servers(running, world):
    running.world = world
    running.heal()
    running.log.clear()
    return running


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """The pauses that prawcore wanted to make; none is made."""
    pauses = []
    import time

    fake = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic, monotonic_ns=time.monotonic_ns)
    monkeypatch.setattr("prawcore.sessions.time", fake)
    monkeypatch.setattr("prawcore.rate_limit.time", fake)
    return pauses


def settings_for(servers, **changes):
    base = servers if isinstance(servers, str) else servers.reddit_url
    values = {
        "name": "reddit",
        "type": "reddit",
        "subreddits": SUBREDDITS,
        "new": True,
        "reddit_username": "northwind_hr",
        "base_url": base,
        "terms_read": date(2026, 11, 1),
        "permission": "approval 7",
    }
    return RedditSettings(**values | changes)


def collector(servers, now=NOW, secret=SECRETS.__getitem__, **changes):
    return RedditCollector(settings_for(servers, **changes), Context(now, None, secret))


def read(one, cursor=None):
    """Everything that a run yields: the items, and the last cursor."""
    items = []
    for raw in one.fetch(cursor):
        items += one.parse(raw)
        cursor = raw.cursor
    return items, cursor


def failing(one, cursor=None):
    """The items read before the failure, and the failure."""
    items = []
    try:
        for raw in one.fetch(cursor):
            items += one.parse(raw)
    except CollectorError as error:
        return items, error
    raise AssertionError("it did not fail")


def names(items):
    return [item.id if isinstance(item, Mention) else item.where for item in items]


def all_names(world, subreddits=SUBREDDITS):
    posts = [post for post in world.posts if post.subreddit in subreddits]
    return {f"t3_{p.id}" for p in posts} | {f"t1_{c.id}" for p in posts for c in p.comments}


def asked(servers, part):
    return [seen for seen in servers.requests("reddit") if part in seen.path]


# ---------------------------------------------------------------- reading


def test_a_first_run_reads_every_post_and_comment_once(servers, world):
    items, _ = read(collector(servers))
    assert sorted(names(items)) == sorted(all_names(world))
    assert asked(servers, "/_/"), "no tree was deep enough to need `continue this thread`"


def test_posts_without_comments_count(servers, world):
    items, _ = read(collector(servers))
    lonely = {f"t3_{post.id}" for post in world.posts if not post.comments}
    assert lonely
    assert lonely <= set(names(items))


def test_comments_behind_load_more_are_read(servers, world):
    post = world.posts[-1]
    wide = tuple(
        Comment(f"w{i}", f"t3_{post.id}" if i % 3 else f"t1_w{i - 1}", "a", f"reply {i}", post.created + HOUR)
        for i in range(1, 40)
    )
    servers.world = replace(world, posts=(*world.posts[:-1], replace(post, comments=wide)))
    items, _ = read(collector(servers))
    assert {f"t1_w{i}" for i in range(1, 40)} <= set(names(items))
    assert asked(servers, "morechildren")


def test_what_a_mention_says(servers, world):
    post = next(p for p in world.posts if any(c.parent.startswith("t1_") for c in p.comments))
    nested = next(c for c in post.comments if c.parent.startswith("t1_"))
    items, _ = read(collector(servers))
    by_id = {item.id: item for item in items if isinstance(item, Mention)}
    mention, comment = by_id[f"t3_{post.id}"], by_id[f"t1_{nested.id}"]
    assert (mention.kind, mention.title, mention.body) == ("post", post.title, post.body)
    assert (mention.published, mention.collected) == (post.created, NOW)
    assert (mention.author, mention.thread, mention.parent) == (post.author, f"t3_{post.id}", "")
    assert mention.url == f"{servers.reddit_url}/r/{post.subreddit}/comments/{post.id}/_/"
    assert (comment.kind, comment.title, comment.body) == ("comment", "", nested.body)
    assert (comment.thread, comment.parent) == (f"t3_{post.id}", nested.parent)
    assert comment.about.startswith(post.title)
    assert comment.published == nested.created


def test_a_link_post_counts_by_its_title(servers, world):
    link = next(post for post in world.posts if post.link)
    items, _ = read(collector(servers))
    assert next(i for i in items if names([i]) == [f"t3_{link.id}"]).text == link.title


def test_deleted_texts_are_rejected_and_deleted_authors_have_no_name(servers, world):
    items, _ = read(collector(servers))
    gone = {f"t1_{c.id}" for p in world.posts for c in p.comments if c.body in ("[deleted]", "[removed]")}
    gone |= {f"t3_{p.id}" for p in world.posts if p.body == "[removed]"}
    assert len(gone) == 3
    assert {i.where for i in items if isinstance(i, Reject)} == gone
    assert {i.reason for i in items if isinstance(i, Reject)} == {GONE}
    post = replace(world.posts[-1], author="[deleted]")
    servers.world = replace(world, posts=(post,))
    assert read(collector(servers))[0][0].author == ""


def test_hostile_text_is_only_text(servers):
    items, _ = read(collector(servers))
    text = "\n".join(item.text for item in items if isinstance(item, Mention))
    for hostile in ("<script>alert(1)</script>", "<!channel>", '=cmd|"/C calc"!A0', "<img src=x onerror"):
        assert hostile in text


def test_without_comments_only_posts_are_read(servers, world):
    items, _ = read(collector(servers, comments=False))
    assert sorted(names(items)) == sorted(f"t3_{post.id}" for post in world.posts)
    assert not asked(servers, "/comments/")


def test_a_search_reads_what_matches(servers, world):
    items, _ = read(collector(servers, new=False, queries=('"Halden & Price" OR "Halden and Price"',)))
    posts = {item.id for item in items if isinstance(item, Mention) and item.kind == "post"}
    about = [p for p in world.posts if re.search(r"Halden (&|and) Price", f"{p.title} {p.body}")]
    assert about
    assert posts == {f"t3_{post.id}" for post in about}


def test_searched_words_in_the_text_of_a_thread_tell_what_its_comments_are_about(servers, world):
    post = Post("q1", "jobs", "a", "Ghosted", "Northwind never called.", NOW - HOUR)
    post = replace(post, comments=(Comment("q2", "t3_q1", "b", "Same here", NOW - HOUR / 2),))
    servers.world = replace(world, posts=(post,))
    items, _ = read(collector(servers, new=False, queries=('"Northwind Robotics" OR Northwind',)))
    assert items[1].about == "Ghosted\nNorthwind"


def test_a_thread_found_twice_is_read_once(servers, world):
    items, cursor = read(collector(servers, subreddits=("all",), queries=("Northwind",)))
    assert sorted(names(items)) == sorted(all_names(world))
    assert set(cursor) == {"r/all/new", "r/all/search:Northwind"}


def test_what_a_comment_quotes_is_not_its_own_words():
    raw = thread_raw(comment="> they were so kind to me\n\nNot to me.\n> really\nNo.")
    assert [item.body for item in parse(raw)][1] == "Not to me.\nNo."
    only = thread_raw(comment="> they were so kind")
    assert [item.body for item in parse(only)][1] == "> they were so kind"


# ---------------------------------------------------------------- resuming


def test_a_second_run_reads_only_the_overlap(servers, world):
    _, cursor = read(collector(servers))
    servers.log.clear()
    items, again = read(collector(servers), cursor)
    assert again == cursor
    newest = {s: max(p.created for p in world.posts if p.subreddit == s) for s in SUBREDDITS}
    recent = [p for p in world.posts if p.created >= newest[p.subreddit] - timedelta(hours=48)]
    assert {i for i in names(items) if i.startswith("t3_")} == {f"t3_{post.id}" for post in recent}
    assert 0 < len(recent) < len(world.posts)


@pytest.mark.parametrize("hours", [0, 3, 30, 200, 500])
def test_runs_at_any_two_times_see_what_one_late_run_sees(servers, world, hours):
    earlier = NOW - hours * HOUR
    servers.world = world.until(earlier)
    first, cursor = read(collector(servers, now=earlier))
    servers.world = world
    second, _ = read(collector(servers), cursor)
    seen = set(names(first)) | set(names(second))
    late = {
        f"t1_{c.id}"
        for p in world.posts
        for c in p.comments
        if c.created > earlier and p.created < earlier - timedelta(hours=48)
    }
    assert all_names(world) - seen <= late, "only late comments on old threads may be missed"
    assert len(late) < 10


def test_a_run_that_ends_after_any_thread_is_taken_up_there(servers, world):
    one = collector(servers)
    raws = list(one.fetch(None))
    whole = set(names([item for raw in raws for item in one.parse(raw)]))
    for stop in range(1, len(raws), 9):
        before = [item for raw in raws[:stop] for item in one.parse(raw)]
        after, _ = read(collector(servers), json.loads(json.dumps(raws[stop - 1].cursor)))
        assert set(names(before)) | set(names(after)) == whole


def test_edits_and_late_comments_on_recent_threads_are_found(servers, world):
    _, cursor = read(collector(servers))
    post = max(world.posts, key=lambda p: p.created)
    reply = Comment("late1", f"t3_{post.id}", "a", "They just called me!", NOW)
    edited = replace(post, body="EDIT: solved, sorry.", edited=NOW, comments=(*post.comments, reply))
    servers.world = replace(world, posts=tuple(edited if p is post else p for p in world.posts))
    items, _ = read(collector(servers, now=NOW + HOUR), cursor)
    by_id = {i.id: i for i in items if isinstance(i, Mention)}
    assert by_id["t1_late1"].body == "They just called me!"
    assert by_id[f"t3_{post.id}"].body == "EDIT: solved, sorry."


def test_threads_come_oldest_first_and_the_cursor_only_moves_on(servers):
    *raws, end = collector(servers, subreddits=("all",)).fetch(None)
    times = [raw.payload["submission"]["created_utc"] for raw in raws]
    assert times == sorted(times)
    assert [raw.cursor["r/all/new"] for raw in raws] == times
    assert end.cursor == {"r/all/new": times[-1]}


@pytest.mark.parametrize("every", [5, 23])
def test_a_walk_that_breaks_off_again_and_again_reads_no_thread_twice(servers, world, every):
    """But the last one before each break; and no listing that is done, however much of it is recent."""
    for now, options in ((NOW, {}), (NOW + HOUR, {"lookback": timedelta(days=90)})):
        cursor, threads, runs = None, [], 0
        while cursor is None or "walk" in cursor:
            runs += 1
            for raw, _ in zip(
                collector(servers, now=now, **options).fetch(cursor), range(every), strict=False
            ):
                threads.append(raw.where)
                cursor = json.loads(json.dumps(raw.cursor))
        assert set(threads) == {"the end", *(f"t3_{post.id}" for post in world.posts)}
        assert len(threads) <= len(world.posts) + runs + 1
        assert runs >= len(world.posts) // every


def test_a_listing_that_is_done_is_not_asked_for_when_the_walk_goes_on(servers):
    raws = list(collector(servers).fetch(None))
    (last,) = {key for key in raws[-2].cursor if key not in ("walk", *raws[-2].cursor["walk"]["done"])}
    servers.log.clear()
    read(collector(servers), raws[-2].cursor)
    assert {seen.path.partition("/new")[0] for seen in asked(servers, "/new")} == {f"/{last[:-4]}"}


def test_what_changed_while_a_walk_lay_broken_off_is_read_by_the_next(servers, world):
    raws = list(collector(servers).fetch(None))
    cursor = json.loads(json.dumps(raws[-2].cursor))
    post = max((p for p in world.posts if p.subreddit == SUBREDDITS[0]), key=lambda p: p.created)
    servers.world = replace(
        world, posts=tuple(replace(p, body="EDIT: solved.") if p is post else p for p in world.posts)
    )
    _, cursor = read(collector(servers, now=NOW + 72 * HOUR), cursor)
    assert "walk" not in cursor
    items, _ = read(collector(servers, now=NOW + 73 * HOUR), cursor)
    assert "EDIT: solved." in {item.body for item in items if isinstance(item, Mention)}


@pytest.mark.parametrize(
    "walk",
    [
        *("x", {}, [], {"begun": 1, "done": "x", "at": ""}, {"begun": "x", "done": [], "at": ""}),
        {"begun": 1e12, "done": ["r/jobs/new"], "at": ""},
        {"begun": 1, "done": [f"r/{name}/new" for name in SUBREDDITS], "at": 7},
        {"begun": 1, "done": [1, None, f"r/{SUBREDDITS[0]}/new"], "at": "r/nowhere/new"},
        {"begun": 1, "done": [f"r/{name}/new" for name in SUBREDDITS], "at": ""},
    ],
)
def test_an_edited_walk_hides_nothing_from_the_run_after(servers, world, walk):
    first, cursor = read(collector(servers), {"walk": walk})
    assert "walk" not in cursor
    second, _ = read(collector(servers), cursor)
    assert {*names(first), *names(second)} == all_names(world)


def test_requests_are_counted_and_a_budget_ends_the_run(servers, world):
    """The one for the token included; and what was read until then stays good."""
    one = collector(servers)
    read(one)
    assert one.context.requests.made == len(servers.requests("reddit"))
    servers.log.clear()
    one = collector(servers)
    one.context.requests.left = 25
    items, error = failing(one)
    assert one.context.requests.refused
    assert "daily_requests" in error.message
    assert len(servers.requests("reddit")) == 25
    assert len(names(items)) > 20


def test_where_a_listing_ends_is_said(servers, world):
    posts = tuple(
        Post(f"p{i}", "jobs", "a", f"Northwind {i}", "text", NOW - i * HOUR) for i in range(950, 0, -1)
    )
    servers.world = replace(world, posts=posts)
    one = collector(servers, subreddits=("jobs",))
    _, cursor = read(one)
    assert one.context.notes == [
        "r/jobs/new: Reddit lists 950 submissions, back to 2026-10-15, and none before"
    ]
    again = collector(servers, subreddits=("jobs",))
    read(again, cursor)
    assert again.context.notes == []


def test_a_post_from_the_future_is_rejected_and_does_not_move_the_cursor(servers, world):
    odd = Post("f1", "jobs", "a", "Northwind in 2999", "time travel", datetime(2999, 1, 1, tzinfo=UTC))
    servers.world = replace(world, posts=(*world.posts, odd))
    items, cursor = read(collector(servers))
    assert [i.reason for i in items if isinstance(i, Reject) and i.where == "t3_f1"]
    assert cursor["r/jobs/new"] <= NOW.timestamp()
    again, _ = read(collector(servers), {"r/jobs/new": datetime(2998, 1, 1, tzinfo=UTC).timestamp()})
    assert len(again) > 10, "a cursor that lies in the future must not hide everything"


def test_a_cursor_of_another_shape_is_no_cursor(servers, world):
    items, _ = read(collector(servers), {"pages": {"x": 1}, "r/jobs/new": "yesterday"})
    assert sorted(names(items)) == sorted(all_names(world))


def test_the_listing_is_not_read_far_beyond_the_window(servers, world):
    posts = tuple(
        Post(f"p{i}", "jobs", "a", f"Northwind {i}", "text", NOW - i * HOUR) for i in range(400, 0, -1)
    )
    servers.world = replace(world, posts=posts)
    only = {"subreddits": ("jobs",), "lookback": timedelta(hours=10)}
    _, cursor = read(collector(servers, **only))
    assert len(asked(servers, "/r/jobs/new")) == 4
    servers.log.clear()
    items, _ = read(collector(servers, **only), cursor)
    assert len(asked(servers, "/r/jobs/new")) == 1
    assert len(items) == 11


def test_more_new_posts_than_a_listing_holds_are_said(servers):
    one = collector(servers, limit=5)
    _, cursor = read(collector(servers))
    assert read(one, {key: at - 1e6 for key, at in cursor.items()})
    assert any("collect more often" in note for note in one.context.notes)
    assert not any("collect" in note for note in collector(servers).context.notes)


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("status", "permanent", "says"),
    [
        (0, False, "cannot be reached"),
        (401, True, "does not accept the key"),
        (429, False, "429"),
        (500, False, "out of order"),
        (503, False, "out of order"),
        (520, False, "out of order"),
    ],
)
def test_what_concerns_all_of_reddit_ends_the_run(servers, status, permanent, says):
    servers.fail("/r/recruitinghell", status, headers={"Retry-After": "17"})
    items, error = failing(collector(servers))
    assert (error.permanent, says in error.message) == (permanent, True)
    assert error.retry_after == (17 if status == 429 else None)
    assert error.remedy
    assert items, "what was read before is good"
    assert not asked(servers, "/r/robotics")
    assert len(asked(servers, "/r/recruitinghell")) <= 3


@pytest.mark.parametrize("status", [302, 400, 403, 404, 451])
def test_a_bad_subreddit_does_not_stop_the_others(servers, world, status):
    servers.fail("/r/jobs", status, headers={"Location": "/subreddits/search?q=jobs"})
    items, error = failing(collector(servers))
    assert sorted(names(items)) == sorted(all_names(world, ("recruitinghell", "robotics")))
    assert error.permanent
    assert "r/jobs" in error.message
    assert error.remedy


def test_every_bad_subreddit_is_named_once(servers):
    servers.fail("/r/jobs", 404)
    servers.fail("/r/robotics", 403)
    _, error = failing(collector(servers, queries=("Northwind",)))
    assert error.message.count("r/jobs") == 1
    assert error.message.count("r/robotics") == 1


def test_a_short_outage_is_bridged(servers, world, slept):
    servers.fail("/r/jobs/new", 503, times=2)
    items, _ = read(collector(servers))
    assert sorted(names(items)) == sorted(all_names(world))
    assert sum(slept) < 10


def test_a_wrong_key_is_permanent(servers):
    items, error = failing(collector(servers, secret=lambda _: "wrong"))
    assert not items
    assert error.permanent
    assert "wrong" not in str(error)
    assert "client id" in error.remedy


def test_a_missing_secret_says_which(servers):
    def secret(name):
        raise ConfigError([f"the secret {name} is not set"])

    _, error = failing(collector(servers, secret=secret))
    assert "REDDIT_CLIENT_ID" in str(error)
    assert error.permanent


def test_a_thread_taken_away_since_it_was_listed_is_gone(servers, world):
    post = next(p for p in world.posts if p.comments)
    servers.fail(f"/comments/{post.id}", 404)
    items, _ = read(collector(servers))
    assert Reject(f"t3_{post.id}", GONE) in items


def test_a_tree_that_praw_gives_up_on_keeps_what_was_read(servers, world, monkeypatch):
    def give_up(self, limit):
        raise AssertionError("PRAW Error occurred.")

    monkeypatch.setattr("praw.models.comment_forest.CommentForest.replace_more", give_up)
    one = collector(servers)
    items, _ = read(one)
    assert set(names(items)) <= all_names(world)
    assert any(name.startswith("t1_") for name in names(items))
    assert any("could not be loaded" in note for note in one.context.notes)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>busy</html>", b"[]", b"{}", b'{"kind": "Listing"}', b'"text"', b"null", b'{"kind": "t9"}',
     b'{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {}}]}}',
     b'{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "x", "name": "t3_x"}}]}}',
     b"[" * 100_000],
)  # fmt: skip
def test_an_answer_of_another_form_is_degraded(servers, body):
    servers.fail("/r/jobs", 200, body=body, headers={"Content-Type": "application/json"})
    items, error = failing(collector(servers))
    assert not items
    assert isinstance(error, Degraded)
    assert not error.permanent


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["t1", "t3"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "data", "children", "id", "name", "author", "created_utc", "after"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(thing=_JSON)
def test_no_answer_makes_it_fail_otherwise(thing, running, world):
    running.world = world
    running.heal()
    body = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": thing}], "after": None}}
    running.fail("/r/jobs", 200, body=json.dumps(body).encode())
    one = collector(running, subreddits=("jobs",))
    with contextlib.suppress(CollectorError):
        read(one)


def test_an_answer_without_end_is_cut_off(servers, monkeypatch):
    monkeypatch.setattr(redditapi, "MAX_BYTES", 1000)
    _, error = failing(collector(servers))
    assert "larger than" in error.message


def test_a_server_that_says_nothing_is_left(monkeypatch):
    monkeypatch.setattr(redditapi, "DEADLINE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _, error = failing(collector(f"http://127.0.0.1:{silent.getsockname()[1]}"))
    assert "cannot be reached" in error.message
    assert not error.permanent


def test_a_used_up_quota_ends_the_run_instead_of_waiting_for_it(servers, slept):
    quota = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "400"}
    empty = json.dumps({"kind": "Listing", "data": {"children": [], "after": None}}).encode()
    servers.fail("/r/jobs/new", 200, headers=quota, body=empty)
    _, error = failing(collector(servers, max_wait="60s"))
    assert (error.retry_after, error.permanent) == (400, False)
    assert sum(slept) < 1
    assert not asked(servers, "/r/recruitinghell")


def test_a_quota_that_is_soon_full_again_is_waited_for(servers, slept):
    quota = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "9"}
    empty = json.dumps({"kind": "Listing", "data": {"children": [], "after": None}}).encode()
    servers.fail("/r/jobs/new", 200, headers=quota, body=empty)
    read(collector(servers, max_wait="60s"))
    assert 8 < sum(slept) < 10


@pytest.mark.parametrize("header", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-3", "1e99", "nan"])
def test_an_odd_retry_after_is_no_other_failure(servers, header):
    servers.fail("/r/jobs", 429, headers={"Retry-After": header})
    _, error = failing(collector(servers))
    assert "429" in error.message
    assert error.retry_after is None or 0 <= error.retry_after <= 86_400


# ---------------------------------------------------------------- exceptions, one by one


def subclasses(cls):
    return {cls}.union(*(subclasses(child) for child in cls.__subclasses__()))


def example(cls):
    """An instance of an exception class of praw or prawcore, made as its code makes it."""
    answer = requests.Response()
    answer.status_code = 418
    answer.headers["location"] = "/subreddits/search"
    answer._content = b"{}"
    known = {
        "response": answer,
        "original_exception": OSError("x"),
        "request_args": (),
        "request_kwargs": {},
        "error": "invalid_grant",
        "items": [["SUBREDDIT_NOEXIST", "that subreddit doesn't exist", "sr"]],
        "message": "x",
        "template_id": "x",
        "maximum_size": 1,
        "actual": 2,
        "exception": OSError("x"),
        "url": "x",
    }
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    needed = [
        p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    by_name = {p.name: known[p.name] for p in needed if p.kind is not p.POSITIONAL_ONLY}
    return cls(*[known[p.name] for p in needed if p.kind is p.POSITIONAL_ONLY], **by_name)


@pytest.mark.parametrize(
    "cls",
    sorted(subclasses(prawcore.PrawcoreException) | subclasses(praw.exceptions.PRAWException), key=str),
    ids=lambda cls: cls.__name__,
)
def test_every_exception_of_praw_is_one_of_ours(cls):
    with pytest.raises(CollectorError) as caught, redditapi.reported("r/jobs"):
        raise example(cls)
    assert caught.value.message
    assert caught.value.remedy


def test_an_exception_of_our_own_is_passed_on_as_it_is():
    ours = CollectorError("x", permanent=True)
    with pytest.raises(CollectorError) as caught, redditapi.reported("r/jobs"):
        raise ours
    assert caught.value is ours


def test_rate_limits_of_the_site_itself_are_not_permanent():
    error = praw.exceptions.RedditAPIException([["RATELIMIT", "wait 5 minutes", "ratelimit"]])
    assert not redditapi.translate(error, "r/jobs").permanent


# ---------------------------------------------------------------- manners and settings


@pytest.mark.parametrize("missing", ["terms_read", "permission"])
def test_without_terms_and_permission_nothing_is_asked(servers, missing):
    _, error = failing(collector(servers, **{missing: None if missing == "terms_read" else ""}))
    assert error.permanent
    assert missing in str(error)
    assert not servers.log


def test_the_user_agent_is_the_one_that_reddit_asks_for(servers):
    read(collector(servers, comments=False))
    agents = {seen.headers["User-Agent"] for seen in servers.requests("reddit")}
    assert len(agents) == 1
    assert re.match(r"python:candidly:[\d.]+ \(by /u/northwind_hr\) PRAW/", agents.pop())


def test_a_praw_ini_and_the_environment_do_not_lead_elsewhere(servers, world, tmp_path, monkeypatch):
    lines = ["[DEFAULT]", "oauth_url=http://127.0.0.1:9", "reddit_url=http://127.0.0.1:9", "client_id=x",
             "timeout=0", "username=x", "password=y", "refresh_token=z", "ratelimit_seconds=600"]  # fmt: skip
    (tmp_path / "praw.ini").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("praw_oauth_url", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    items, _ = read(collector(servers, comments=False))
    assert len(items) == len(world.posts)


def test_an_address_of_the_own_network_is_not_reached_as_the_real_reddit(monkeypatch):
    monkeypatch.setattr(
        "collectors.httpconnect.socket.getaddrinfo",
        lambda _, port, *__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))],
    )
    _, error = failing(collector(""))
    assert "public internet" in error.message


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"new": False}, "queries"),
        ({"subreddits": ()}, "subreddits"),
        ({"subreddits": ("no spaces",)}, "subreddit"),
        ({"subreddits": ("../api",)}, "subreddit"),
        ({"base_url": "http://reddit.example"}, "https"),
        ({"base_url": "ftp://127.0.0.1"}, "base_url"),
        ({"reddit_username": ""}, "reddit_username"),
        ({"reddit_username": "x\r\nHost: y"}, "reddit_username"),
        ({"limit": 0}, "limit"),
        ({"lookback": 5}, "unit"),
        ({"subreddit": "jobs"}, "subreddit"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        settings_for("https://reddit.example", **changes)


def test_settings_as_people_write_them():
    made = settings_for("", subreddits=("r/jobs", "/r/robotics"), lookback="3d")
    assert made.subreddits == ("jobs", "robotics")
    assert made.lookback == timedelta(days=3)
    assert isinstance(made, SourceSettings)
    assert made.live


# ---------------------------------------------------------------- parse alone


def thread_raw(comment="No answer.", **post):
    shared = {"created_utc": 1.79e9, "author": "x", "subreddit": "jobs", "permalink": "/r/jobs/comments/a/_/"}
    submission = {"id": "a", "name": "t3_a", "title": "T", "selftext": "S", "num_comments": 1}
    reply = {"id": "b", "name": "t1_b", "body": comment, "parent_id": "t3_a"}
    return Raw({"submission": shared | submission | post, "comments": [shared | reply]}, {})


def parse(raw):
    return list(collector("").parse(raw))


def test_links_lead_to_reddit_itself():
    assert parse(thread_raw())[0].url == "https://www.reddit.com/r/jobs/comments/a/_/"


@pytest.mark.parametrize("text", ["[deleted]", "[removed]", "[ Removed by Reddit ]", "[deleted by user]"])
def test_every_form_of_deleted_is_known(text):
    assert [item for item in parse(thread_raw(comment=text)) if isinstance(item, Reject)] == [
        Reject("t1_b", GONE)
    ]
    by_title = parse(thread_raw(title=text, selftext=""))[0]
    assert by_title == Reject("t3_a", GONE)


def test_no_text_is_rejected():
    assert parse(thread_raw(comment=" \n"))[1] == Reject("t1_b", EMPTY)
    assert parse(thread_raw(title="", selftext=""))[0] == Reject("t3_a", EMPTY)


_VALUE = st.none() | st.text() | st.integers() | st.floats() | st.booleans()


@settings(max_examples=100, deadline=None)
@given(
    post=st.fixed_dictionaries(
        dict.fromkeys(("title", "selftext", "created_utc", "author", "permalink"), _VALUE)
    ),
    comment=st.fixed_dictionaries(
        dict.fromkeys(("body", "created_utc", "author", "permalink", "parent_id"), _VALUE)
    ),
)
def test_parse_is_pure_and_takes_whatever_comes(post, comment):
    raw = thread_raw(**post)
    raw.payload["comments"][0].update(comment)
    items = parse(raw)
    assert names(items) == ["t3_a", "t1_b"]
    assert items == parse(raw)
    for item in items:
        if isinstance(item, Mention):
            assert item.published is not None
            assert item.published.tzinfo is UTC
            assert item.text.strip()


def test_payloads_survive_json(servers):
    one = collector(servers)
    for raw in one.fetch(None):
        again = Raw(json.loads(json.dumps(raw.payload)), raw.cursor, raw.where)
        assert list(one.parse(again)) == list(one.parse(raw))


# ---------------------------------------------------------------- looking stored items up again


def test_a_recheck_tells_what_is_there_unsigned_and_gone(servers, world):
    posts, ids = list(world.posts), sorted(all_names(world))
    before = {id_ for id_, standing in collector(servers).recheck(ids) if standing == "gone"}
    servers.log.clear()
    posts[0] = replace(posts[0], title="[deleted by user]", body="")
    posts[1] = replace(posts[1], body="[removed]")
    posts[2] = replace(posts[2], author="[deleted]")
    first = next(post for post in posts[3:] if post.comments)
    at, emptied = posts.index(first), first.comments[0]
    posts[at] = replace(first, comments=(replace(emptied, body=" "), *first.comments[1:]))
    missing = posts.pop()
    servers.world = replace(world, posts=tuple(posts))
    told = dict(collector(servers).recheck(ids))
    gone = {f"t3_{posts[0].id}", f"t3_{posts[1].id}", f"t1_{emptied.id}", f"t3_{missing.id}"}
    gone |= {f"t1_{comment.id}" for comment in missing.comments}
    assert {id_ for id_, standing in told.items() if standing == "gone"} == gone | before
    assert told[f"t3_{posts[2].id}"] == "unsigned"
    assert sorted(told) == ids
    assert len(asked(servers, "/api/info")) == -(-len(ids) // 100)


def test_a_recheck_doubts_an_answer_without_any_of_many(servers):
    with pytest.raises(Degraded, match="not taken for deleted"):
        list(collector(servers).recheck([f"t3_x{n}" for n in range(10)]))
    assert dict(collector(servers).recheck(["t3_x1"])) == {"t3_x1": "gone"}


def test_a_recheck_that_is_refused_says_nothing_of_the_items(servers, world):
    servers.fail("/api/info", 503)
    told = []
    with pytest.raises(CollectorError):
        told += collector(servers).recheck(sorted(all_names(world)))
    assert told == []


def test_a_recheck_needs_the_terms_too(servers):
    with pytest.raises(CollectorError, match="terms_read"):
        list(collector(servers, terms_read=None).recheck(["t3_x"]))

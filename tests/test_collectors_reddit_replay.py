"""The reddit collector, through real praw, against recorded answers of the real Reddit."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from replayserver import ReplayServer

from candidly.errors import CollectorError
from candidly.records import GONE, Mention, Reject
from collectors.base import Context
from collectors.reddit import RedditCollector, RedditSettings

DATA = Path(__file__).parents[2] / "shared" / "data"
FOLDERS = (DATA / "api-reddit-praw", DATA / "api-reddit-errors-prawcore")
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not all(f.is_dir() for f in FOLDERS), reason="the recordings are not here")


@pytest.fixture(scope="module")
def server():
    with ReplayServer(*FOLDERS) as running:
        yield running


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(
        "prawcore.sessions.time", SimpleNamespace(sleep=lambda _: None, monotonic=lambda: 0.0)
    )


def run(server, *subreddits, **changes):
    """Items and failure (None where there was none) of one run over subreddits."""
    values = {
        "name": "reddit",
        "type": "reddit",
        "subreddits": subreddits,
        "new": True,
        "base_url": server.url,
        "reddit_username": "northwind_hr",
        "terms_read": date(2026, 11, 1),
        "permission": "approval 7",
    }
    one = RedditCollector(RedditSettings(**values | changes), Context(NOW, None, lambda _: "any"))
    items, failure = [], None
    try:
        for raw in one.fetch(None):
            items += one.parse(raw)
    except CollectorError as error:
        failure = error
    assert not one.context.notes
    return items, failure


def kinds(items):
    return [item.kind if isinstance(item, Mention) else item.reason for item in items]


def test_a_recorded_listing_is_read_whole(server):
    items, failure = run(server, "askreddit")
    recorded = server.recordings.pages["/r/askreddit/new"]["data"]["children"]
    assert failure is None
    assert {item.id for item in items} == {thing["data"]["name"] for thing in recorded}
    assert kinds(items) == ["post"] * 100
    times = [item.published for item in items]
    assert times == sorted(times)


def test_a_recorded_search_is_read_whole(server):
    items, failure = run(server, "all", new=False, queries=("praw oauth search",))
    assert failure is None
    assert kinds(items) == ["post"] * 6


def test_a_recorded_thread_is_read_with_all_that_was_behind_load_more(server):
    items, failure = run(server, "funny")
    assert failure is None
    comments = [item for item in items if isinstance(item, Mention) and item.kind == "comment"]
    gone = [item for item in items if isinstance(item, Reject)]
    assert (len(comments), len(gone)) == (535, 6)
    assert {item.reason for item in gone} == {GONE}
    assert len({item.id for item in comments}) == 535
    assert {item.thread for item in comments} == {"t3_3hahrw"}
    known = {item.id for item in comments} | {item.where for item in gone} | {"t3_3hahrw"}
    assert {item.parent for item in comments} <= known
    assert max(depth(item, {c.id: c for c in comments}) for item in comments) > 9


def depth(item, by_id):
    return 1 + depth(by_id[item.parent], by_id) if item.parent in by_id else 1


def test_a_small_recorded_thread(server):
    items, failure = run(server, "redditdev")
    assert failure is None
    assert kinds(items).count("post") == 5, "all submissions of it, from every recording"
    thread = [item for item in items if item.thread == "t3_2gmzqe"]
    assert kinds(thread) == ["post", "comment", "comment"]


def test_a_second_run_reads_the_same_again(server):
    assert run(server, "funny")[0] == run(server, "funny")[0]


@pytest.mark.parametrize(
    ("status", "permanent", "retry_after"),
    [(400, True, None), (401, True, None), (403, True, None), (404, True, None), (429, False, 4),
     (500, False, None), (503, False, None)],
)  # fmt: skip
def test_recorded_failures(server, status, permanent, retry_after):
    items, failure = run(server, f"replay_{status}")
    assert not items
    assert failure is not None
    assert (failure.permanent, failure.retry_after) == (permanent, retry_after)
    assert failure.remedy


def test_a_recorded_refusal_does_not_stop_the_next_subreddit(server):
    items, failure = run(server, "replay_403", "redditdev")
    assert len(items) == 7
    assert failure is not None
    assert "r/replay_403" in failure.message


def test_the_server_runs_by_itself():
    command = [sys.executable, "-u", Path(__file__).with_name("replayserver.py"), *FOLDERS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        try:
            items, failure = run(SimpleNamespace(url=url), "redditdev")
        finally:
            process.terminate()
    assert (len(items), failure) == (7, None)

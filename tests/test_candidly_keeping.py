"""What is deleted at its source, or too old, goes: from the store, from reports, from every file."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from house import KEY, House, make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.prepare import Preparer
from candidly import keeping, pipeline, purging, removals
from candidly.demo.servers import CLIENT_ID, CLIENT_SECRET, DemoServers
from candidly.demo.world import Comment, Post, World
from candidly.errors import CollectorError
from candidly.records import Delivery, Mention, Reject
from candidly.session import Session, load_config, open_session
from collectors.reddit import RedditCollector
from collectors.rejects import RejectFile
from storage import keeping as stored
from storage import queries, quoted
from storage.store import Store

NOW = datetime(2026, 2, 16, 7, tzinfo=UTC)  # a Monday
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SECRETS = {"REDDIT_CLIENT_ID": CLIENT_ID, "REDDIT_CLIENT_SECRET": CLIENT_SECRET}
CONFIG = """\
companies:
  - name: Northwind Robotics
    aliases: [Northwind]
sources:
  - name: reddit
    type: reddit
    subreddits: [jobs]
    new: true
    reddit_username: northwind_hr
    base_url: {url}
    terms_read: 2026-02-01
    permission: approval 7
    {more}
report: {{min_group: 1}}
alerts: {{channels: [{{name: log, type: file, path: alerts.jsonl}}]}}
"""
CANARY = re.compile(rb"canary[a-z]\d+z")


def post(n: int, comments: int = 1, days: int = 3) -> Post:
    """A post with comments; each says a word of its own."""
    at = NOW - days * DAY + n * timedelta(minutes=1)
    replies = tuple(
        Comment(f"c{n}x{i}", f"t3_p{n}", f"author{n}{i}", said("c", n * 100 + i), at + HOUR)
        for i in range(comments)
    )
    return Post(f"p{n}", "jobs", f"writer{n}", f"Interview at Northwind, case {n}", said("p", n), at, replies)


def said(kind: str, n: int) -> str:
    return f"The recruiter at Northwind never called me back, which is rude and sad, canary{kind}{n}z."


def world_of(*posts: Post) -> World:
    return World(NOW, NOW, NOW, posts, (), (), (), ())


@pytest.fixture(scope="module")
def running() -> Iterator[DemoServers]:
    with DemoServers(world_of()) as servers:
        yield servers


@pytest.fixture
def servers(running: DemoServers, monkeypatch: pytest.MonkeyPatch) -> DemoServers:
    running.heal()
    running.log.clear()
    running.world = world_of(*(post(n) for n in range(6)))
    fake = SimpleNamespace(sleep=lambda _s: None, monotonic=time.monotonic, monotonic_ns=time.monotonic_ns)
    monkeypatch.setattr("prawcore.sessions.time", fake)
    monkeypatch.setattr("prawcore.rate_limit.time", fake)
    return running


def house_at(folder: Path, servers: DemoServers, more: str = "") -> House:
    house = House(folder)
    house.write("config.yaml", CONFIG.format(url=servers.reddit_url, more=more))
    return house


def run(house: House, *args: str, now: datetime = NOW) -> Any:
    return house.run(*args, now=now, **SECRETS)


def change(servers: DemoServers, n: int, **changes: Any) -> None:
    posts = list(servers.world.posts)
    posts[n] = replace(posts[n], **changes)
    servers.world = world_of(*posts)


def ids(house: House) -> set[str]:
    with Store.open(f"sqlite:///{house.folder / 'candidly.db'}") as store:
        return set(stored.ids(store, "reddit", 10_000))


def words(house: House) -> set[str]:
    """The words of their own that stand in any file of the installation."""
    files = (path for path in house.folder.rglob("*") if path.is_file())
    return {found.decode() for path in files for found in CANARY.findall(path.read_bytes())}


def asked(servers: DemoServers) -> int:
    return sum("/api/info" in seen.path for seen in servers.requests("reddit"))


# Deleted at the source


def test_what_a_collector_finds_deleted_or_emptied_is_removed(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    assert ids(house) >= {"t3_p1", "t3_p2", "t1_c1x0"}
    change(servers, 1, title="[deleted by user]", body="[removed]")
    change(servers, 2, comments=(replace(post(2).comments[0], body=" "),))
    run(house, "collect", now=NOW + HOUR)
    assert ids(house) == {f"t3_p{n}" for n in range(6) if n != 1} | {f"t1_c{n}x0" for n in range(6) if n != 2}
    run(house, "keep", now=NOW + HOUR)
    assert words(house).isdisjoint({"canaryp1z", "canaryc200z"})
    rejects = "".join(path.read_text() for path in (house.folder / "rejects").iterdir())
    assert "t3_p1" not in rejects


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("deleted at the source", False),
        ("its author asks not to be collected", False),
        ("for signed-in readers only", False),
        ("date not understood", True),
        ("no text", True),
    ],
)
def test_what_is_not_for_everybody_is_not_listed_by_its_id(reason, named):
    listed = removals.listed(Reject("at://did:plc:tern/post/1", reason))
    assert listed == Reject("at://did:plc:tern/post/1" if named else "(id withheld)", reason)


def test_what_was_removed_is_not_taken_in_again(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    change(servers, 1, body="[removed]")
    run(house, "collect", now=NOW + HOUR)
    change(servers, 1, body=post(1).body)
    done = run(house, "collect", "--json", now=NOW + 2 * HOUR)
    assert done.json[0]["reasons"]["deleted at the source"] == 1
    assert "t3_p1" not in ids(house)


def test_keep_looks_stored_items_up_and_removes_what_is_gone(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    done = run(house, "keep", "--json", now=NOW + 22 * HOUR)
    assert asked(servers) == 0, "nothing is due yet"
    servers.world = world_of(*servers.world.posts[1:])
    change(servers, 0, body="[removed]")
    done = run(house, "keep", "--json", now=NOW + 23 * HOUR)
    assert done.json["sources"] == [
        {"source": "reddit", "expired": 0, "looked_up": 12, "removed": 3, "due": 0, "problem": ""}
    ]
    assert asked(servers) == 1
    assert ids(house) == {f"t3_p{n}" for n in range(2, 6)} | {f"t1_c{n}x0" for n in range(1, 6)}
    assert words(house).isdisjoint({"canaryp0z", "canaryc0z", "canaryp1z"})
    done = run(house, "keep", "--json", now=NOW + 24 * HOUR)
    assert (asked(servers), done.json["sources"][0]["looked_up"]) == (1, 0)


def test_an_answer_that_is_no_good_removes_nothing(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    before = ids(house)
    for status, body in ((503, b""), (403, b"{}"), (200, b"<html>"), (200, b"{}"), (200, b'{"data": {}}')):
        servers.fail("/api/info", status, body=body)
        done = run(house, "keep", "--json", now=NOW + DAY)
        assert (done.code, done.json["sources"][0]["removed"]) == (3, 0)
        assert done.json["sources"][0]["problem"]
        servers.heal()
    servers.world = world_of()
    done = run(house, "keep", "--json", now=NOW + DAY)
    assert "not taken for deleted" in done.json["sources"][0]["problem"]
    assert ids(house) == before


def test_lookups_keep_within_the_budget_of_the_day_and_go_on_the_next(tmp_path, servers):
    servers.world = world_of(*(post(n, comments=20) for n in range(15)))
    house = house_at(tmp_path, servers, more="daily_requests: 60")
    run(house, "collect")
    assert len(ids(house)) == 315
    path = house.folder / "config.yaml"
    path.write_text(path.read_text().replace("daily_requests: 60", "daily_requests: 3"))  # one for the token
    done = run(house, "keep", "--json", now=NOW + DAY)
    assert (asked(servers), done.json["sources"][0]["looked_up"], done.json["sources"][0]["due"]) == (
        2,
        200,
        115,
    )
    assert "daily_requests" in done.json["sources"][0]["problem"]
    run(house, "keep", now=NOW + DAY + HOUR)
    assert asked(servers) == 2
    done = run(house, "keep", "--json", now=NOW + 2 * DAY)
    assert asked(servers) == 4
    assert done.json["sources"][0]["looked_up"] == 200


def test_an_author_who_left_is_forgotten(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    change(servers, 0, author="[deleted]")
    run(house, "keep", now=NOW + DAY)
    with Store.open(f"sqlite:///{house.folder / 'candidly.db'}") as store, store.reading() as connection:
        found = dict(connection.exec_driver_sql("SELECT id, author FROM mentions").all())
    assert {id_ for id_, author in found.items() if not author} == {"t3_p0"}


def test_a_source_that_is_off_or_was_told_to_wait_is_not_asked(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    servers.fail("/r/jobs", 429, headers={"Retry-After": "3600"})
    run(house, "collect", now=NOW + DAY)
    done = run(house, "keep", now=NOW + DAY + HOUR / 2)
    assert (asked(servers), "not asked before" in done.out) == (0, True)
    house = house_at(tmp_path, servers, more="enabled: false")
    run(house, "keep", now=NOW + 9 * DAY)
    assert asked(servers) == 0


def test_status_says_since_when_deletions_are_not_followed_and_why(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    assert run(house, "status", "--json", now=NOW + DAY).json["sources"][0]["deletions_behind_since"] is None
    done = run(house, "status", now=NOW + DAY + HOUR)
    assert "reddit: deletions not followed since 2026-02-17 07:00: run `candidly keep`" in done.out
    servers.fail("/api/info", 403, body=b"{}")
    run(house, "keep", now=NOW + DAY + HOUR)
    done = run(house, "status", now=NOW + DAY + HOUR)
    assert "may not be read (403)" in done.out
    servers.heal()
    run(house, "keep", now=NOW + DAY + HOUR)
    assert "not followed" not in run(house, "status", now=NOW + DAY + HOUR).out


# Too old


def test_texts_expire_and_are_not_taken_in_again(tmp_path, servers):
    house = house_at(tmp_path, servers, more="keep: 2d")
    run(house, "collect")
    before = run(house, "query", "SELECT day, verdict, stars FROM mention ORDER BY pk").out
    run(house, "keep", now=NOW + 2 * DAY)
    assert words(house) == set()
    change(servers, 1, body="edited: " + said("p", 1))
    done = run(house, "collect", "--json", now=NOW + 2 * DAY)
    assert (done.json[0]["stored"], done.json[0]["updated"], done.json[0]["duplicate"]) == (0, 0, 12)
    assert words(house) == set()
    assert run(house, "query", "SELECT day, verdict, stars FROM mention ORDER BY pk").out == before
    assert run(house, "report", "--week", "2026-W07", now=NOW + 2 * DAY).code == 0
    assert run(house, "rescore", "--dry-run", "--json", now=NOW + 2 * DAY).json["outdated"] == 0


def test_a_spans_of_the_terms_bound_those_of_the_configuration(tmp_path, servers):
    house = house_at(tmp_path, servers, more="keep: 30d")
    house.write("config.yaml", (house.folder / "config.yaml").read_text().replace(
        "report:", "  - {name: yelp, type: yelp, company: Northwind Robotics, businesses: [x], keep: 30d,"
        " recheck: 3d}\nreport:"))  # fmt: skip
    with session(house) as opened:
        reddit, yelp = opened.config.sources
    assert (keeping.kept_for(reddit), keeping.kept_for(yelp)) == (30 * DAY, DAY)
    assert keeping.kept_for(reddit.model_copy(update={"keep": None})) is None
    assert keeping.checked_within(yelp) == DAY
    assert keeping.checked_within(reddit.model_copy(update={"recheck": HOUR})) == HOUR


# Reports


def quoted_in(shown: set[str], text: str) -> bool:
    return any(word in text for word in shown)


@pytest.mark.parametrize(
    ("formats", "later"), [("[html, md, json]", ""), ("[md]", ""), ("[html, md]", "[html]")]
)
def test_a_report_is_written_anew_when_what_it_quotes_is_gone(tmp_path, servers, formats, later):
    house = house_at(tmp_path, servers)
    path = house.folder / "config.yaml"
    path.write_text(path.read_text().replace("min_group: 1", f"min_group: 1, formats: {formats}"))
    run(house, "collect")
    run(house, "report", "--week", "2026-W07")
    path.write_text(path.read_text().replace(formats, later or formats))
    reports = list((house.folder / "reports").iterdir())
    shown = {found.decode() for found in CANARY.findall(reports[0].read_bytes())}
    assert shown
    posts = []
    for one in servers.world.posts:
        comments = [c for c in one.comments if not quoted_in(shown, c.body)]
        body = "[removed]" if quoted_in(shown, one.body) else one.body
        posts.append(replace(one, body=body, comments=tuple(comments)))
    servers.world = world_of(*posts)
    done = run(house, "keep", now=NOW + DAY)
    assert "Recall copies" in done.out
    assert words(house).isdisjoint(shown)
    assert sorted((house.folder / "reports").iterdir()) == sorted(reports)
    assert "Recall copies" not in run(house, "keep", now=NOW + 2 * DAY).out


def test_the_report_of_a_company_no_longer_watched_goes(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    run(house, "report", "--week", "2026-W07")
    path = house.folder / "config.yaml"
    path.write_text(path.read_text().replace("name: Northwind Robotics", "name: Halden & Price"))
    servers.world = world_of(*(replace(p, body="[removed]", comments=()) for p in servers.world.posts))
    run(house, "keep", now=NOW + DAY)
    assert list((house.folder / "reports").iterdir()) == []


# Killed at any time


def result(house: House, now: datetime) -> tuple[list[str], set[str]]:
    """What the store holds in the end, and the words left anywhere; what is not settled yet is settled."""
    assert run(house, "keep", now=now).code == 0
    with Store.open(f"sqlite:///{house.folder / 'candidly.db'}") as store:
        assert quoted.stale(store) == []
        with store.reading() as connection:
            connection.exec_driver_sql("PRAGMA integrity_check")
            graves = connection.exec_driver_sql("SELECT count(*) FROM tombstones").scalar()
        lines = list(queries.dump(store))
    return [*lines, f"{graves} tombstones"], words(house)


def prepared(folder: Path, servers: DemoServers, more: str = "") -> House:
    """A house where half of what is stored is deleted at the source, and a report quotes it."""
    servers.world = world_of(*(post(n, comments=9) for n in range(20)))
    house = house_at(folder, servers, more)
    run(house, "collect")
    run(house, "report", "--week", "2026-W07")
    posts = [replace(p, body="[removed]", comments=p.comments[::2]) for p in servers.world.posts]
    servers.world = world_of(*posts)
    return house


def copy(house: House, folder: Path) -> House:
    import shutil

    shutil.copytree(house.folder, folder)
    return House(folder)


def started(house: House, now: datetime, **environment: str) -> subprocess.Popen[bytes]:
    import os

    variables = os.environ | {"CANDIDLY_AUTHOR_KEY": KEY} | SECRETS | environment
    return subprocess.Popen(
        house.command("keep", now=now), cwd=house.folder, env=variables,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("more", ["", "keep: 1d"])
def test_killed_inside_a_removal_the_next_one_goes_on(tmp_path, servers, more):
    house, now = prepared(tmp_path / "calm", servers, more), NOW + DAY
    points = ["store.commit", "store.committed"] if more else ["store.rows", "store.commit:2"]
    points.append("report.noted")
    copies = [(copy(house, tmp_path / f"killed-{point}"), point) for point in points]
    whole = result(house, now)
    assert not {word for word in whole[1] if word.startswith("canaryp")}
    for killed, point in copies:
        assert started(killed, now, CANDIDLY_FAILPOINT=point).wait(60) == 137
        assert result(killed, now) == whole


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", "keep: 1d"])
def test_kill_9_at_20_random_moments_ends_as_without(tmp_path, servers, more):
    house, now = prepared(tmp_path / "calm", servers, more), NOW + DAY
    dice = random.Random(7)
    copies = [copy(house, tmp_path / str(n)) for n in range(20)]
    begun = time.monotonic()
    whole = result(house, now)
    took = time.monotonic() - begun + 1.2  # a process of its own needs a second to start
    for killed in copies:
        one = started(killed, now)
        time.sleep(dice.uniform(0.3, took))
        one.send_signal(signal.SIGKILL)
        one.wait(60)
        assert result(killed, now) == whole


# A removed id never comes back


def session(house: House, now: datetime = NOW) -> Any:
    return open_session(load_config(house.folder / "config.yaml"), lambda: now)


IDS = st.sampled_from(["a", "b", "\u00e9", "e\u0301"])  # the last two are one id once they are clean
STEP = st.one_of(
    st.tuples(
        st.just("read"), st.lists(st.tuples(IDS, st.sampled_from(["text", "edit", "gone", "no text"])))
    ),
    st.tuples(st.just("told"), st.lists(st.tuples(IDS, st.sampled_from(["there", "gone", "unsigned"])))),
    st.tuples(st.just("expire"), st.just([])),
    st.tuples(st.just("purge"), st.just([])),
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDIDLY_AUTHOR_KEY", KEY)
        with session(make(tmp_path_factory.mktemp("house"), rows=0)) as one:
            yield one


@given(st.lists(STEP, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_removed_id_never_comes_back_whatever_the_order(opened: Session, steps):
    purging.purge(opened, "inbox", forget=True)
    (source,) = opened.config.sources
    removed: set[str] = set()
    expired: set[str] = set()
    for action, items in steps:
        before = here(opened)
        clean = [("\u00e9" if id_ == "e\u0301" else id_, what) for id_, what in items]
        if action == "read":
            read(opened, source, items)
            gone = {id_ for id_, what in clean if what in ("gone", "no text")}
            removed |= gone & before
            assert not gone & here(opened)
        elif action == "told":
            tell(opened, items)
            removed |= {id_ for id_, what in clean if what == "gone"} & before
        elif action == "expire":
            stored.expire(opened.store, "inbox", DAY, NOW + 2 * DAY)
            expired |= before
        else:
            purging.purge(opened, "inbox", forget=False)
            removed |= before
        assert not removed & here(opened)
        assert not {id_ for id_ in expired & here(opened) if bodies(opened)[id_]}


def here(opened: Session) -> set[str]:
    return set(stored.ids(opened.store, "inbox", 99))


def bodies(opened: Session) -> dict[str, str]:
    with opened.store.reading() as connection:
        return dict(connection.exec_driver_sql("SELECT id, body FROM mentions").all())


@lru_cache
def preparer() -> Preparer:
    return Preparer(b"key", ())


def read(opened: Session, source: Any, items: Any) -> None:
    found: list[Mention | Reject] = []
    for id_, what in items:
        text = {"text": "They ghosted me.", "edit": "They called."}.get(what)
        if text:
            found.append(Mention(source="inbox", id=id_, kind="post", collected=NOW, body=text))
        else:
            found.append(Reject(id_, "deleted at the source" if what == "gone" else "no text"))
    batch = pipeline.analyse(opened, source, found, None, RejectFile(opened.loaded.folder, "inbox", NOW))
    assert batch.tally.read == len(found)
    opened.store.save(opened.store.begin_run("inbox", NOW), batch)


def tell(opened: Session, items: Any) -> None:
    told = stored.Told()
    for id_, what in items:
        if what == "gone":
            told.gone.append(keeping.removal(opened.preparer, "inbox", id_))
        else:
            getattr(told, what).append(id_)
    stored.note(opened.store, "inbox", told, NOW)


def test_the_keyed_id_needs_the_key_and_differs_by_source():
    keyed = preparer().keyed_id("a", "1")
    assert re.fullmatch("[0-9a-f]{32}", keyed)
    others = {
        preparer().keyed_id("b", "1"),
        preparer().keyed_id("a", "2"),
        Preparer(b"k", ()).keyed_id("a", "1"),
    }
    assert len({keyed, *others}) == 4
    assert preparer().keyed_id("a", "1\u200b") == keyed, "ids are hashed as they are stored"


# Messages


def test_messages_go_half_a_year_after_they_were_sent_and_keep_says_so(tmp_path, servers):
    house, address = house_at(tmp_path, servers), f"sqlite:///{tmp_path / 'candidly.db'}"
    run(house, "collect")
    with Store.open(address) as store:
        for name in ("sent", "waiting"):
            message = {"title": "t", "text": "t"}
            store.enqueue(Delivery(id=name, channel="log", subject="t", message=message, due=NOW))
        store.mark_sent("sent", NOW)
    early = run(house, "keep", now=NOW + keeping.MESSAGES - HOUR)
    assert "Messages dropped" not in early.err
    done = run(house, "keep", now=NOW + keeping.MESSAGES)
    assert "Messages dropped that were sent or given up long ago: 1" in done.err
    with Store.open(address) as store:
        assert [one.id for one in queries.deliveries(store)] == ["waiting"]


# A source as a whole


def test_a_purge_asks_for_yes_then_leaves_no_byte_and_no_way_back(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    run(house, "report", "--week", "2026-W07")
    done = run(house, "source", "purge", "reddit")
    assert (done.code, "12 mentions" in done.err, "--yes" in done.err) == (2, True, True)
    done = run(house, "source", "purge", "reddit", "--yes", "--json")
    certificate = done.json
    assert certificate["removed"]["mentions"] == 12
    assert set(certificate["left"].values()) == {0}
    assert certificate["tombstones"] == 12
    assert certificate["sha256"] == purging.digest(certificate)
    assert words(house) == set()
    assert run(house, "collect", "--json").json[0]["reasons"] == {"purged": 12}
    assert words(house) == set()
    done = run(house, "source", "purge", "reddit", "--yes", "--forget")
    assert "tombstones kept (source, keyed hash, date): 0" in done.out
    assert run(house, "collect", "--json").json[0]["stored"] == 12


def test_a_purge_knows_a_source_that_is_no_longer_configured_but_no_other(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    path = house.folder / "config.yaml"
    path.write_text(path.read_text().replace("name: reddit", "name: other"))
    done = run(house, "source", "purge", "redit", "--yes")
    assert (done.code, "Known: other, reddit." in done.err) == (2, True)
    assert run(house, "source", "purge", "reddit", "--yes").code == 0
    assert ids(house) == set()


def test_an_erasure_on_request_removes_and_blocks_and_names_no_id(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    servers.world = world_of(*servers.world.posts, post(6), post(7))
    done = run(house, "source", "erase", "reddit", "t3_p1", "t3_p6", "t3_p1", "--json")
    assert (done.json["asked"], done.json["removed"]) == (2, 1)
    assert (done.code, "nothing was stored by the id 't3_p6'." in done.err) == (2, True)
    assert "t3_p1" not in done.err
    assert done.json["sha256"] == purging.digest(done.json)
    assert "t3_p" not in done.out
    assert "canaryp1z" not in words(house)
    done = run(house, "collect", "--json")
    assert (done.json[0]["stored"], done.json[0]["reasons"]) == (3, {"erased on request": 2})
    done = run(house, "source", "erase", "reddit", "t1_c0x0")
    assert "asked for: 1, removed: 1" in done.out
    assert (done.code, done.err) == (0, "")
    done = run(house, "source", "erase", "reddit", "t1_c0x0", *(f"t1_new{n}" for n in range(12)))
    assert "asked for: 13, removed: 0" in done.out
    assert (done.code, "ids 't1_new0', 't1_new1', " in done.err, "and 2 more." in done.err) == (2, True, True)


def test_an_erasure_asked_for_again_is_no_failure_but_an_unknown_source_is(tmp_path, servers):
    house = house_at(tmp_path, servers)
    run(house, "collect")
    again = "nothing is stored any more, as it was removed or kept out before: 1"
    done = run(house, "source", "erase", "reddit", "t1_c0x0")
    assert (done.code, "removed: 1" in done.out, again in done.out) == (0, True, False)
    for _ in range(2):
        done = run(house, "source", "erase", "reddit", "t1_c0x0")
        assert (done.code, done.err, again in done.out) == (0, "", True)
    done = run(house, "source", "erase", "reddit", "t1_c0x0", "t1_new")
    assert (done.code, again in done.out, "by the id 't1_new'." in done.err) == (2, True, True)
    for _ in range(2):
        assert run(house, "source", "erase", "redit", "x").code == 2


# Third parties


@pytest.mark.parametrize("problem", [KeyError("said"), CollectorError("It is closed.")])
def test_a_broken_recheck_says_so_and_takes_nothing_with_it(tmp_path, servers, monkeypatch, problem):
    def recheck(_self: Any, ids: Any) -> Iterator[tuple[str, str]]:
        yield ids[0], "there"
        yield ids[1], "who knows"
        raise problem

    house = house_at(tmp_path, servers)
    run(house, "collect")
    monkeypatch.setattr(RedditCollector, "recheck", recheck)
    done = run(house, "keep", "--json", now=NOW + DAY)
    kept = done.json["sources"][0]
    assert (kept["looked_up"], kept["due"], kept["removed"]) == (1, 11, 0)
    assert kept["problem"] in ("KeyError in the collector.", "It is closed.")

"""Budgets, waits and the circuit breaker through the whole of it: a real server, the store, the scheduler."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faultserver import Answer, FaultServer, serving
from house import NOW, House, make

import scheduler
from candidly.session import load_config, store_url
from storage import runlog
from storage.store import Store

HOUR = timedelta(hours=1)
TERMS = "terms_read: 2026-01-02, allow_private: true, min_interval: 0, company: Northwind Robotics"
FEED = (
    '<rss version="2.0"><channel><title>News</title>'
    "<item><guid>{n}</guid><title>Interview {n} at Northwind</title><description>Fine.</description></item>"
    "</channel></rss>"
)


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with serving(FaultServer()) as server:
        yield server


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    running.log.clear()
    running.pages.clear()
    return running


def feed(n: object) -> Answer:
    return Answer(FEED.format(n=n).encode(), headers={"Content-Type": "application/rss+xml"})


def house_for(folder: Path, *sources: str, more: str = "") -> House:
    house = make(folder)
    lines = "".join(f"  - {{{source}}}\n" for source in sources)
    house.write("config.yaml", f"companies:\n  - name: Northwind Robotics\nsources:\n{lines}{more}")
    return house


def feeds(server: FaultServer, count: int, more: str = "") -> str:
    """A source of that many feeds, each with one entry."""
    for n in range(count):
        server.pages[f"/feed/{n}"] = feed(n)
    urls = ", ".join(server.url(f"/feed/{n}") for n in range(count))
    return f"name: news, type: feed, urls: [{urls}], {TERMS}{more}"


def status(house: House, now: datetime = NOW) -> dict[str, Any]:
    found: dict[str, Any] = house.run("status", "--json", now=now).json["sources"][0]
    return found


# ---------------------------------------------------------------- the budget of a day


def test_requests_are_counted_and_shown(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, feeds(server, 3))
    assert house.run("collect", "--json").json[0]["requests"] == 3
    house.run("collect", now=NOW + HOUR)
    found = status(house, NOW + HOUR)
    assert (found["requests_today"], found["daily_requests"]) == (6, None)
    assert status(house, NOW + 24 * HOUR)["requests_today"] == 0
    line = house.run("status", now=NOW + HOUR).out.splitlines()[2]
    assert line.split()[:2] == ["news", "feed"]
    assert " 6 " in line


def test_a_budget_ends_the_run_and_begins_anew_at_midnight(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, feeds(server, 5, ", daily_requests: 3"))
    done = house.run("collect", "--json")
    assert done.code == 3
    assert (done.json[0]["status"], done.json[0]["stored"], done.json[0]["requests"]) == ("partial", 3, 3)
    assert "`daily_requests` (3) are used up" in done.json[0]["message"]
    assert len(server.log) == 3
    found = status(house)
    assert found["not_before"] == "2026-02-17T00:00:00+00:00"
    assert "3 / 3" in house.run("status").out
    again = house.run("collect", now=NOW + HOUR)
    assert (again.code, len(server.log)) == (1, 3), "not even by hand: it is the owner's own word"
    tomorrow = house.run("collect", "--json", now=NOW + 24 * HOUR)
    assert (tomorrow.json[0]["requests"], len(server.log)) == (3, 6)


def test_a_larger_budget_lets_it_read_on_at_once(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, feeds(server, 5, ", daily_requests: 3"))
    house.run("collect")
    house_for(tmp_path, feeds(server, 5, ", daily_requests: 9"))
    assert house.run("collect", "--json", now=NOW + HOUR).json[0]["stored"] == 2


def test_a_request_is_in_the_store_before_it_is_made(tmp_path: Path, server: FaultServer) -> None:
    """So that a process that is killed at any moment has not made one more than is known."""
    house = house_for(tmp_path, feeds(server, 2, ", daily_requests: 9"))
    known = []

    def look(_headers: dict[str, str]) -> Answer:
        with Store.open(store_url("sqlite:///candidly.db", tmp_path)) as store:
            known.append(runlog.requests_since(store, "news", NOW - HOUR))
        return feed("x")

    server.pages["/feed/0"] = server.pages["/feed/1"] = look
    assert house.run("collect").code == 0
    assert known == [1, 2]


def test_a_used_up_budget_alarms_nobody(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, feeds(server, 5, ", daily_requests: 1"))
    for day in range(4):
        done = house.run("run", "--json", now=NOW + day * 24 * HOUR)
        assert done.json["sources"][0]["status"] == "partial"
        assert done.json["incidents"] == []


def test_a_budget_for_files_is_refused(tmp_path: Path) -> None:
    house = house_for(tmp_path, "name: inbox, type: file, path: inbox, daily_requests: 5")
    assert "daily_requests: is for sources that ask a server" in house.run("check").err


def test_a_run_across_midnight_counts_for_both_days(tmp_path: Path) -> None:
    from candidly.records import Outcome, Tally

    midnight = datetime(2026, 2, 17, tzinfo=UTC)
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        for hours, status_, requests in (
            (-30, "ok", 1),
            (-1, "ok", 10),
            (-1, "interrupted", 100),
            (1, "ok", 1000),
        ):
            run = store.begin_run("news", midnight + hours * HOUR)
            end = midnight + 2 * HOUR if hours == -1 else midnight + hours * HOUR
            store.end_run(run, Outcome("news", status_, Tally(), requests=requests), end)  # type: ignore[arg-type]
        assert runlog.requests_since(store, "news", midnight) == 1010
        assert runlog.requests_since(store, "news", midnight - 24 * HOUR) == 1110
        assert runlog.requests_since(store, "other", midnight) == 0


# ---------------------------------------------------------------- what a source says itself


def busy(server: FaultServer, wait: object = 7200) -> str:
    server.pages["/busy"] = Answer(b"", 429, {"Retry-After": str(wait)})
    return f"name: news, type: feed, urls: [{server.url('/busy')}], {TERMS}"


def test_a_wait_is_kept_shown_and_honoured_by_run_but_not_by_hand(
    tmp_path: Path, server: FaultServer
) -> None:
    house = house_for(tmp_path, busy(server))
    assert house.run("run").code == 1
    assert (status(house)["not_before"], status(house)["pace"]) == ("2026-02-16T09:00:00+00:00", "waits")
    assert "2026-02-16 09:00" in house.run("status").out
    later = house.run("run", "--json", now=NOW + HOUR)
    assert (later.code, later.json["sources"], len(server.log)) == (0, [], 1)
    assert list(later.json["waiting"]) == ["news"]
    assert "news is not asked before 2026-02-16 09:00 UTC" in later.err
    assert house.run("run", now=NOW + HOUR).out == ""
    house.run("collect", "news", now=NOW + HOUR)
    assert len(server.log) == 2
    house.run("run", now=NOW + 4 * HOUR)
    assert len(server.log) == 3


def test_a_wait_of_a_year_is_a_day(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, busy(server, 365 * 86400))
    house.run("collect")
    assert status(house)["not_before"] == (NOW + 24 * HOUR).isoformat()


def service_of(house: House) -> scheduler.Service:
    service = scheduler.Service(load_config(house.folder / "config.yaml"))
    service.add_jobs()
    return service


def due(service: scheduler.Service) -> datetime:
    found: datetime = service.scheduler.get_job("source:news").next_run_time
    return found


def ask(service: scheduler.Service) -> None:
    """What the scheduler does when the time has come."""
    service.scheduler.get_job("source:news").func()


def test_the_scheduler_keeps_the_wait_also_after_a_restart(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, busy(server))
    now = datetime.now(UTC)  # the scheduler lives by the wall clock; the test only compares distances
    service = service_of(house)
    ask(service)
    assert len(server.log) == 1
    ask(service)  # as if a person's run had been told to wait just before
    assert len(server.log) == 1
    for one in (service, service_of(house)):
        assert now + 1.9 * HOUR < due(one) < now + 2.1 * HOUR


def test_a_failing_source_is_asked_more_rarely_and_a_good_run_ends_that(
    tmp_path: Path, server: FaultServer
) -> None:
    server.pages["/news"] = Answer(b"<html>Just a moment</html>")
    house = house_for(tmp_path, f"name: news, type: feed, urls: [{server.url('/news')}], every: 1h, {TERMS}")
    now = datetime.now(UTC)
    for hours in range(5, 0, -1):
        house.run("collect", now=now - hours * HOUR)
    service = service_of(house)
    assert now + 6.9 * HOUR < due(service) < now + 7.1 * HOUR
    assert "it failed 5 times in a row" in house.run("status", now=now).out
    assert status(house, now)["pace"] == "slowed"
    asked = len(server.log)
    ask(service)
    assert len(server.log) == asked, "not by the scheduler, before the next probe is due"
    server.pages["/news"] = feed(1)
    house.run("collect", now=now)
    assert status(house, now)["pace"] == "as set"
    assert due(service_of(house)) < now + 1.1 * HOUR


def test_what_somebody_must_mend_is_tried_once_a_day_until_the_configuration_changes(tmp_path: Path) -> None:
    house = house_for(tmp_path, "name: news, type: feed, urls: ['https://news.example/feed'], every: 1h")
    now = datetime.now(UTC)
    assert house.run("collect", now=now - 2 * HOUR).code == 1  # no terms_read, so nothing is asked
    assert due(service_of(house)) <= datetime.now(UTC), "the file was written since"
    before = (now - 3 * HOUR).timestamp()
    os.utime(house.folder / "config.yaml", (before, before))
    assert now + 21.9 * HOUR < due(service_of(house)) < now + 22.1 * HOUR
    found = status(house, now)
    assert (found["pace"], found["last"]["fault"]) == ("paused", "permanent")
    assert "candidly collect news" in house.run("status", now=now).out


# ---------------------------------------------------------------- twelve sources, three of them bad


def test_three_bad_sources_of_twelve_take_nothing_from_the_other_nine(
    tmp_path: Path, server: FaultServer
) -> None:
    server.pages["/news-404"] = Answer(b"", 404)
    server.pages["/odd"] = Answer(b"<html>Just a moment...</html>", headers={"Content-Type": "text/html"})
    bad = {
        "moved": f"urls: [{server.url('/news-404')}]",
        "captcha": f"urls: [{server.url('/odd')}]",
        "busy": f"urls: ['{server.url('/status/429?retry-after=600')}']",
    }
    sources = [f"name: {name}, type: feed, {urls}, {TERMS}" for name, urls in bad.items()]
    for n in range(8):
        server.pages[f"/good/{n}"] = feed(f"good-{n}")
        sources.insert(n + 1, f"name: good-{n}, type: feed, urls: [{server.url(f'/good/{n}')}], {TERMS}")
    sources.append("name: inbox, type: file, path: inbox, company: Northwind Robotics")
    house = house_for(tmp_path, *sources)
    done = house.run("run", "--json")
    assert done.code == 3
    by_name = {outcome["source"]: outcome for outcome in done.json["sources"]}
    assert len(by_name) == 12
    good = [outcome for name, outcome in by_name.items() if name not in bad]
    assert [outcome["status"] for outcome in good] == ["ok"] * 9
    assert [outcome["stored"] for outcome in good] == [1] * 8 + [60]
    failed = {name: by_name[name] for name in bad}
    assert {name: one["status"] for name, one in failed.items()} == {
        "moved": "failed", "captcha": "degraded", "busy": "failed",
    }  # fmt: skip
    assert all(one["message"] and one["remedy"] for one in failed.values())
    assert len({one["message"] for one in failed.values()}) == 3
    said = house.run("collect", now=NOW + HOUR).out
    for name, one in failed.items():
        remedy = one["remedy"].partition(" How it looks")[0]  # the sample has the time of its run in its name
        assert f"{name}: {one['message']} {remedy}" in said
    rows = Store.open(f"sqlite:///{tmp_path / 'candidly.db'}")
    assert rows.digests("good-7", ["127.0.0.1/good-7"])
    rows.close()

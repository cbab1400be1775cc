"""Silence that is no quiet, through the whole of it: a real server, the store, incidents, samples."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from faultserver import Answer, FaultServer, html, serving
from house import NOW, House, make

DAY = timedelta(days=1)
TERMS = "terms_read: 2026-01-02, allow_private: true, min_interval: 0, company: Northwind Robotics"


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with serving(FaultServer()) as server:
        yield server


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    running.log.clear()
    running.pages.clear()
    running.pages["/robots.txt"] = Answer(b"User-agent: *\nAllow: /\n")
    return running


def house_for(folder: Path, *sources: str) -> House:
    house = make(folder)
    lines = "".join(f"  - {{{source}}}\n" for source in sources)
    quick = "analysis: {engine: vader}\nalerts: {spike: {enabled: false}}\n"
    house.write("config.yaml", f"companies:\n  - name: Northwind Robotics\nsources:\n{lines}{quick}")
    return house


def page_of(server: FaultServer, *paths: str, more: str = "") -> str:
    urls = ", ".join(server.url(path) for path in paths)
    return f"name: site, type: page, urls: [{urls}], {TERMS}{more}"


def reviews(*numbers: int) -> Answer:
    said = [
        {"@type": "Review", "identifier": f"r-{n:06}", "reviewBody": f"Round {n} took weeks",
         "datePublished": "2026-02-01"}
        for n in numbers
    ]  # fmt: skip
    return html(f'<script type="application/ld+json">{json.dumps(said)}</script>', ETag=f'"{numbers}"')


def cursor(house: House) -> Any:
    with sqlite3.connect(house.folder / "candidly.db") as store:
        row = store.execute("SELECT cursor FROM cursors WHERE source = 'site'").fetchone()
    return json.loads(row[0]) if row else None


def incidents(house: House, now: Any) -> list[dict[str, Any]]:
    """Title and status of each, oldest first."""
    with sqlite3.connect(house.folder / "candidly.db") as store:
        rows = store.execute("SELECT rule, status, title FROM incidents ORDER BY opened, id").fetchall()
    return [dict(zip(("rule", "status", "title"), row, strict=True)) for row in rows]


SELECTED = "<html><head><title>x</title></head><body>{}</body></html>"
ODD = {
    "captcha": html("<title>Just a moment...</title><p>Dear Ada, verify you are human</p>"),
    "consent": html("<h1>Before you continue</h1><form action=/consent><button>ok</button></form>"),
    "error": html("<title>Error</title><h1>Something went wrong, Ada</h1>"),
    "empty": html(""),
    "json": Answer(b'{"error": {"message": "Ada is not here"}}', headers={"Content-Type": "text/html"}),
    "cut off": html("<html><head><title>x</title></head><body><script type='application/ld+json'>"
                    '[{"@type": "Review", "reviewBody": "Ada never wro'),
    "undated": html('<script type="application/ld+json">' + json.dumps(
        [{"@type": "Review", "reviewBody": f"Ada {n}", "datePublished": "soon"} for n in range(4)])
        + "</script>"),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_an_odd_answer_is_an_incident_moves_nothing_and_leaves_a_sample(
    tmp_path: Path, server: FaultServer, what: str
) -> None:
    house = house_for(tmp_path, page_of(server, "/r"))
    server.pages["/r"] = reviews(1)
    assert house.run("run").code == 0
    before = cursor(house)
    server.pages["/r"] = ODD[what]
    done = house.run("run", "--json", now=NOW + DAY)
    assert done.code == 1
    (outcome,) = done.json["sources"]
    assert outcome["status"] == "degraded"
    assert cursor(house) == before != None  # noqa: E711
    assert incidents(house, NOW) == [
        {"rule": "source", "status": "open", "title": "Source site is not what it should be"}
    ]
    (sample,) = (tmp_path / "rejects").glob("*.sample.txt")
    assert f"How it looks is in rejects/{sample.name}." in outcome["remedy"]
    assert "Ada" not in sample.read_text(encoding="utf-8") + done.out + done.err
    if what == "captcha":
        server.pages["/r"] = reviews(1, 2)
        assert house.run("run", now=NOW + 2 * DAY).code == 0
        assert [one["status"] for one in incidents(house, NOW)] == ["resolved"]


def test_selectors_that_find_nothing(tmp_path: Path, server: FaultServer) -> None:
    more = ", selectors: {item: '.review', body: p, id: '@id'}"
    house = house_for(tmp_path, page_of(server, "/r", more=more))
    server.pages["/r"] = html(SELECTED.format("<div class=review id=a1><p>Kind people</p></div>"))
    assert house.run("run").code == 0
    server.pages["/r"] = html(SELECTED.format("<div class=rvw id=a1><p>Kind people</p></div>"))
    (outcome,) = house.run("run", "--json", now=NOW + DAY).json["sources"]
    assert (outcome["status"], outcome["message"][:32]) == ("degraded", "`selectors.item` finds nothing i")
    (sample,) = (tmp_path / "rejects").glob("*.sample.txt")
    assert '<div class="rvw" id>' in sample.read_text(encoding="utf-8")


def test_it_is_told_at_once_although_another_page_could_be_read(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, page_of(server, "/odd", "/good"))
    server.pages |= {"/odd": ODD["captcha"], "/good": reviews(1, 2)}
    (outcome,) = house.run("run", "--json").json["sources"]
    assert (outcome["status"], outcome["stored"]) == ("partial", 2)
    assert [one["title"] for one in incidents(house, NOW)] == ["Source site is not what it should be"]
    (sample,) = (tmp_path / "rejects").glob("*.sample.txt")
    assert "a captcha or bot check" in sample.read_text(encoding="utf-8")  # of the odd page, not the last one


def test_quiet_for_longer_than_usual_is_told_once_and_closed_by_news(
    tmp_path: Path, server: FaultServer
) -> None:
    house = house_for(tmp_path, page_of(server, "/r", more=", expect: {every: 3d}"))
    server.pages["/r"] = reviews(1)
    for day in (0, 3, 4, 5):
        assert house.run("run", now=NOW + day * DAY).code == 0
        told = incidents(house, NOW)
        assert len(told) == (day > 3), day
    assert told[0] == {
        "rule": "quiet", "status": "open",
        "title": "Source site is quiet for 4 days where something every 3 days is usual",
    }  # fmt: skip
    server.pages["/r"] = reviews(1, 2)
    house.run("run", now=NOW + 6 * DAY)
    assert [one["status"] for one in incidents(house, NOW)] == ["resolved"]


def test_a_failing_source_is_not_called_quiet(tmp_path: Path, server: FaultServer) -> None:
    house = house_for(tmp_path, page_of(server, "/r", more=", expect: {every: 1d}"))
    server.pages["/r"] = reviews(1)
    house.run("run")
    server.pages["/r"] = ODD["error"]
    house.run("run", now=NOW + 5 * DAY)
    assert [one["rule"] for one in incidents(house, NOW)] == ["source"]


def test_a_source_that_never_brought_anything_is_quiet_since_it_was_first_read(tmp_path: Path) -> None:
    house = house_for(
        tmp_path, "name: box, type: file, path: box, expect: {every: 2d}, company: Northwind Robotics"
    )
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "a.csv").write_text("cnps,comment\n")
    house.run("run")
    house.run("run", now=NOW + 3 * DAY)
    assert [one["title"] for one in incidents(house, NOW)] == [
        "Source box is quiet for 3 days where something every 2 days is usual"
    ]

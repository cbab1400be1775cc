"""The main job as a person runs it: from an export to a report, twice, and its numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from house import HEADER, House, make, write_reviews


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make(tmp_path)


def test_a_run_reads_stores_and_reports(house: House) -> None:
    done = house.spawn("run", "--json")
    assert done.code == 0, done.err
    (source,) = done.json["sources"]
    assert source["read"] == 60
    assert source["stored"] == 60
    html = house.folder / "reports" / "northwind-robotics-2026-W07.html"
    assert str(html) in done.json["reports"]
    assert "Northwind Robotics" in html.read_text(encoding="utf-8")
    figures = json.loads(html.with_suffix(".json").read_text(encoding="utf-8"))
    assert figures["week"] == "2026-W07"


def test_the_same_run_again_stores_nothing_and_reports_nothing_twice(house: House) -> None:
    house.run("run")
    again = house.run("run", "--json")
    (source,) = again.json["sources"]
    assert source["stored"] == source["updated"] == 0
    assert again.json["reports"] == []


def test_an_edited_review_is_updated_and_a_new_one_stored(house: House) -> None:
    house.run("collect")
    path = house.folder / "inbox" / "reviews.csv"
    write_reviews(path, 61)
    done = house.run("collect", "--json")
    (source,) = done.json
    assert source["read"] == 61
    assert source["stored"] >= 1
    assert source["stored"] + source["updated"] + source["duplicate"] == 61


def test_what_was_read_adds_up(house: House) -> None:
    house.write(
        "inbox/bad.csv",
        HEADER + "0,4,,fine,good,bad,2026-01-05,\n1,4,,x,y,z,2999-01-01,\n2,,,,,,2026-01-05,\n",
    )
    done = house.run("collect", "--json")
    (source,) = done.json
    parts = ("stored", "updated", "duplicate", "irrelevant", "rejected")
    assert source["read"] == sum(source[part] for part in parts) == 63
    assert source["rejected"] == sum(source["reasons"].values()) == 2
    (rejects,) = (house.folder / "rejects").glob("inbox-*.csv")
    assert "bad.csv:3" in rejects.read_text(encoding="utf-8")


def test_status_query_and_export_read_what_is_there(house: House) -> None:
    house.run("run")
    status = house.run("status", "--json").json
    assert status["sources"][0]["last"]["status"] == "ok"
    assert house.run("status", "--max-age", "1h").code == 0
    rows = house.run("query", "SELECT count(*) AS n FROM mention", "--json").json
    assert rows == [{"n": 60}]
    assert house.run("query").out.count("mention") >= 1
    exported = house.run("export", "--format", "jsonl").out.splitlines()
    assert len(exported) == 60
    assert "author" not in json.loads(exported[0])
    assert house.run("export", "--output", "all.csv").code == 0
    assert (house.folder / "all.csv").read_text(encoding="utf-8").count("Review number") == 60
    assert house.run("export", "--output", "-").out.count("Review number") == 60
    assert not (house.folder / "-").exists()


def test_the_dead_mans_switch_trips_when_no_run_was_good(house: House) -> None:
    done = house.run("status", "--max-age", "1h")
    assert done.code == 1
    assert "inbox" in done.err


def test_a_dry_run_stores_nothing(house: House) -> None:
    done = house.run("collect", "--dry-run")
    assert done.code == 0
    assert "reviews.csv" in done.out
    assert house.run("query", "SELECT count(*) AS n FROM mention", "--json").json == [{"n": 0}]


def test_a_text_is_explained(house: House) -> None:
    done = house.run("analyse", "The recruiter was kind. Then they ghosted me.")
    assert "communication" in done.out
    assert "ghosted" in done.out
    assert house.run("analyse", "They ghosted me.", "--json").json["ghosting"] == "employer"


def test_a_sample_alert_reaches_each_channel(house: House) -> None:
    done = house.run("alerts", "test")
    assert done.code == 0
    assert "console: sent" in done.out
    assert "test of candidly" in (house.folder / "alerts.jsonl").read_text(encoding="utf-8")


def test_one_failing_source_does_not_stop_the_others(house: House) -> None:
    config = house.folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("sources:\n", "sources:\n  - {name: gone, type: file, path: nowhere.csv}\n"),
        encoding="utf-8",
    )
    done = house.run("run", "--json")
    assert done.code == 3
    by_name = {source["source"]: source for source in done.json["sources"]}
    assert by_name["inbox"]["stored"] == 60
    assert by_name["gone"]["status"] == "failed"

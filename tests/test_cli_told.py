"""What a run tells a person: nothing that was done or left out goes unsaid."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import HEADER, NOW, House, make

from candidly import delivering
from candidly.outcomes import all_rejected
from candidly.records import GONE, Tally
from collectors.feed import FeedSettings
from collectors.file import FileSettings


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make(tmp_path)


def test_a_report_that_cannot_be_written_hides_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[object] = []
    monkeypatch.setattr(delivering, "heartbeat", beats.append)
    house.write("inbox/bad.csv", "id,text\n1,x\n")
    house.write("reports", "a file where the folder should be")
    done = house.run("run")
    assert done.code == 2
    assert "inbox   partial" in done.out
    assert "bad.csv" in done.out
    assert "cannot write" in done.err
    assert len(beats) == 1


def test_a_report_that_cannot_be_written_leaves_the_json_whole(house: House) -> None:
    house.write("reports", "a file where the folder should be")
    done = house.run("run", "--json")
    assert done.code == 2
    assert done.json["sources"][0]["stored"] == 60
    assert done.json["reports"] == []
    assert "cannot write" in done.err


AMBIGUOUS = "".join(f"{n},4,,fine,good,bad,0{n}/04/2025,\n" for n in (1, 2, 3))
"""Rows whose day could be the month."""


def only(house: House, rows: str) -> None:
    house.write("inbox/reviews.csv", HEADER + rows)


def test_a_source_of_which_every_row_was_rejected_is_degraded_until_it_is_mended(house: House) -> None:
    only(house, AMBIGUOUS)
    why = "all 3 rows rejected: ambiguous date: set day_first."
    for _ in range(2):  # not forgotten the next time
        done = house.run("--quiet", "run")
        assert done.code == 1
        assert f"inbox: {why}" in done.out
    last = house.run("status", "--json").json["sources"][0]["last"]
    assert (last["status"], last["message"]) == ("degraded", why)
    config = house.folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("path: inbox,", "path: inbox, day_first: true,"), encoding="utf-8")
    done = house.run("run", "--json")
    assert (done.code, done.json["sources"][0]["stored"]) == (0, 3)
    assert house.run("run", "--json").json["sources"][0]["read"] == 0


def test_some_rejected_rows_are_no_failure(house: House) -> None:
    only(house, AMBIGUOUS + "4,4,,fine,good,bad,2026-02-01,\n")
    done = house.run("run", "--json")
    (source,) = done.json["sources"]
    assert (done.code, source["status"], source["rejected"], source["stored"]) == (0, "ok", 3, 1)
    assert house.run("run", "--json").json["sources"][0]["read"] == 0


def test_other_failures_are_told_as_before(house: House) -> None:
    only(house, AMBIGUOUS)
    house.write("inbox/bad.csv", "id,text\n1,x\n")
    (source,) = house.run("run", "--json").json["sources"]
    assert source["status"] == "partial"
    assert source["message"].startswith("1 of 2 files")


@pytest.mark.parametrize(
    ("rejected", "live", "why"),
    [
        ({"no id": 1}, True, "its only item rejected: no id"),
        ({"no id": 1, "stars above the scale": 2}, False,
         "all 3 rows rejected: stars above the scale (2), no id (1)"),
        ({f"reason {n}": 1 for n in range(4)}, True,
         "all 4 items rejected: reason 0 (1), reason 1 (1), reason 2 (1), ..."),
        ({"no text": 2, "no id": 1}, True, "all 3 items rejected: no text (2), no id (1)"),
        ({GONE: 2, "no text": 1}, True, ""),
        ({"no text": 2}, False, "all 2 rows rejected: no text"),
        ({}, False, ""),
    ],
)  # fmt: skip
def test_why_nothing_was_of_use(rejected: dict[str, int], live: bool, why: str) -> None:
    settings = FeedSettings if live else FileSettings
    more: dict[str, Any] = {"urls": ["https://a.example/feed"]} if live else {"path": "x"}
    source = settings(name="a", type="a", **more)
    assert all_rejected(source, Tally(rejected=dict(rejected))) == why
    assert all_rejected(source, Tally(irrelevant=1, rejected=dict(rejected))) == ""


def sources(house: House, *blocks: str) -> None:
    config = house.folder / "config.yaml"
    lines = config.read_text(encoding="utf-8").splitlines()
    at = lines.index("sources:")
    kept = [*lines[: at + 1], *(f"  - {{{block}, company: Northwind Robotics}}" for block in blocks)]
    config.write_text("\n".join([*kept, *lines[at + 2 :]]) + "\n", encoding="utf-8")


def test_a_dry_run_names_what_would_not_be_read(house: House) -> None:
    (house.folder / "inbox" / "reviews.csv").unlink()
    house.write("inbox/old.xls", "x")
    done = house.run("collect", "--dry-run")
    assert "inbox: not read, no known format by name: old.xls" in done.out
    assert "waiting" not in done.out
    assert done.code == 0
    (house.folder / "inbox" / "old.xls").rename(house.folder / "old.xls")
    assert "inbox: no file to read in the folder yet" in house.run("collect", "--dry-run").out


def test_a_dry_run_of_a_bad_file_fails(house: House) -> None:
    house.write("inbox/bad.csv", "id,text\n1,x\n")
    done = house.run("collect", "--dry-run")
    assert done.code == 3
    assert "problem: its columns" in done.out
    (house.folder / "inbox" / "reviews.csv").unlink()
    assert house.run("collect", "--dry-run").code == 1


def test_a_dry_run_shows_the_other_sources_when_one_fails(house: House) -> None:
    sources(house, "name: gone, type: file, path: nowhere.csv", "name: inbox, type: file, path: inbox")
    done = house.run("collect", "--dry-run")
    assert done.code == 3
    assert "gone: no file is at 'nowhere.csv'" in done.out
    assert "mentions: 60" in done.out
    entries = house.run("collect", "--dry-run", "--json").json
    assert [(entry["source"], entry["mentions"], bool(entry["problem"])) for entry in entries] == [
        ("gone", 0, True),
        ("inbox", 60, False),
    ]
    assert house.run("collect", "--dry-run", "gone").code == 1
    (house.folder / "inbox" / "reviews.csv").unlink()
    assert house.run("collect", "--dry-run").code == 3  # nothing there is well


def test_a_dry_run_fails_where_every_row_would_be_rejected(house: House) -> None:
    only(house, AMBIGUOUS)
    assert house.run("collect", "--dry-run").code == 1
    house.write("inbox/more.csv", HEADER + "4,4,,fine,good,bad,2026-02-01,\n")
    assert house.run("collect", "--dry-run").code == 0


def test_new_mentions_of_a_week_already_reported_are_told(house: House) -> None:
    first = house.run("run")
    assert "already reported" not in first.out  # the report of this run holds them
    house.write(
        "inbox/late.csv", HEADER + "1,4,,late,good,bad,2026-02-10,\n2,4,,late two,good,bad,2026-02-11,\n"
    )
    done = house.run("run")
    says = (
        "2 new mentions of 2026-W07, which is already reported: "
        "candidly report --week 2026-W07 writes it anew"
    )
    assert done.out.count("already reported") == 1
    assert says in done.out
    assert house.run("report", "--week", "2026-W07").code == 0
    assert "already reported" not in house.run("run").out


def test_new_mentions_of_several_reported_weeks_are_one_note(house: House) -> None:
    house.run("run")
    house.run("run", now=NOW + timedelta(weeks=1))
    house.write("inbox/a.csv", HEADER + "1,4,,late,good,bad,2026-02-10,\n")
    house.write("inbox/b.csv", HEADER + "1,4,,later,good,bad,2026-02-17,\n2,4,,old,good,bad,2024-02-17,\n")
    done = house.run("collect", now=NOW + timedelta(weeks=2, days=1))
    assert (
        "2 new mentions of 2026-W07 (1), 2026-W08 (1), which are already reported: "
        "candidly report --week 2026-W07 writes the first anew"
    ) in done.out


def test_a_week_reported_as_empty_is_told_once_its_report_is_due_no_more(house: House) -> None:
    house.run("run")
    house.run("run", now=NOW + timedelta(weeks=1))  # nothing is of 2026-W08
    house.write("inbox/a.csv", HEADER + "1,4,,late,good,bad,2026-02-17,\n")
    due = house.run("run", "--json", now=NOW + timedelta(weeks=1, days=1)).json
    assert due["sources"][0]["late"] == {}
    assert len(due["reports"]) == 3
    house.run("run", now=NOW + timedelta(weeks=2))
    house.write("inbox/b.csv", HEADER + "1,4,,later,good,bad,2026-02-24,\n")
    late = house.run("run", "--json", now=NOW + timedelta(weeks=3)).json
    assert late["sources"][0]["late"] == {"2026-W09": 1}


def test_what_has_no_date_is_told(house: House) -> None:
    house.write("inbox/plain.csv", HEADER + "1,4,,one,good,bad,,\n2,4,,two,good,bad,,\n")
    says = "2 without a date: in no week's report"
    dry = house.run("collect", "--dry-run").out
    assert dry.count("without a date") == 1
    assert says in dry
    assert f"inbox: {says}" in house.run("run").out
    assert "without a date" not in house.run("run").out

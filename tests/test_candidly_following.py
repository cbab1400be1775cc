"""Files that quote what is gone: each is seen to by itself, and what is left over is said."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from house import House
from incident_world import COMPANY, SAID, noon, world

from candidly import delivering, keeping, pipeline, purging
from candidly.periods import parse_week
from storage import keeping as stored
from storage import quoted

REPORT = "northwind-robotics-2026-W10"
FILES = [f"{REPORT}.{kind}" for kind in ("html", "md", "json")]


@pytest.fixture
def reported(tmp_path):
    """A world in which 20 complaints with a word of their own were told into alerts.jsonl and a report."""
    with world(tmp_path, "report: {min_group: 1}\n") as made:
        made.collect("forum", *complaints(made, 20))
        pipeline.watch(made.session, ())
        delivering.deliver(made.session)
        made.today += timedelta(days=7)
        week = parse_week("2026-W10", made.session.config.report.timezone)
        pipeline.publish(made.session, pipeline.weekly_figures(made.session, COMPANY, week))
        yield made


def complaints(made, n, **changes):
    return [made.mention(text=f"canary: {SAID[k % 6]} It was try {k}.", **changes) for k in range(n)]


def holding(folder):
    """The files in which a word of them still stands; of the database as one."""
    content = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name.replace("-wal", "") for name, said in content.items() if b"canary" in said}


def block(folder):
    """Something is in the way of the first file of the report."""
    (folder / "reports" / FILES[0]).unlink()
    (folder / "reports" / FILES[0]).mkdir()


def ids(made):
    return stored.ids(made.session.store, "forum", 10_000)


@pytest.mark.parametrize("how", ["erase", "purge", "keep"])
def test_a_report_that_cannot_be_written_keeps_no_word_elsewhere(reported, tmp_path, how):
    block(tmp_path)
    assert {"alerts.jsonl", "candidly.db"} < holding(tmp_path)
    session = reported.session
    if how == "keep":
        gone = [stored.Removal(one, f"key of {one}", "deleted at the source") for one in ids(reported)]
        stored.note(session.store, "forum", stored.Told(gone=gone), session.now())
        done = keeping.keep(session, ())
        assert (done.reports_left, done.unquoted, done.settled, done.clean) == (FILES, True, True, False)
    else:
        certificate = (
            purging.erase(session, "forum", ids(reported))[0]
            if how == "erase"
            else purging.purge(session, "forum", forget=False)
        )
        assert certificate["reports_left"] == FILES
        assert (certificate["files_written_anew"], certificate["alert_files_unquoted"]) == (True, True)
        assert certificate["sha256"] == purging.digest(certificate)
        assert not purging.whole(certificate)
    assert holding(tmp_path) == set(FILES[1:])
    assert quoted.stale(session.store), "so that it is tried again"
    (tmp_path / "reports" / FILES[0]).rmdir()
    done = keeping.keep(session, ())
    assert (sorted(path.name for path in done.rewritten), done.clean) == (sorted(FILES), True)
    assert holding(tmp_path) == set()
    assert not quoted.stale(session.store)


def test_one_that_fails_does_not_keep_another_from_being_written(reported, tmp_path):
    session = reported.session
    week = parse_week("2026-W11", session.config.report.timezone)
    reported.today += timedelta(days=7)
    reported.collect("forum", *complaints(reported, 9, day=noon(week.start.date()).date()))
    pipeline.publish(session, pipeline.weekly_figures(session, COMPANY, week))
    block(tmp_path)
    certificate, _ = purging.erase(session, "forum", ids(reported))
    assert certificate["reports_left"] == FILES
    assert set(certificate["reports_rewritten"]) == {one.replace("W10", "W11") for one in FILES}
    assert holding(tmp_path) == set(FILES[1:])


def test_no_byte_of_the_id_is_left_once_the_report_is_rewritten(reported, tmp_path):
    long = "canary-" * 20
    mention, analysis = reported.mention(source="reviews")
    reported.collect("reviews", (mention.replace(id=long), analysis))
    quoted.note(reported.session.store, COMPANY, "2026-W10", [("reviews", long, "")])
    purging.erase(reported.session, "reviews", [long])
    assert "canary-" not in str([p.read_bytes() for p in tmp_path.glob("candidly.db*")])


@pytest.mark.parametrize("args", [("source", "erase", "forum"), ("source", "purge", "forum", "--yes")])
def test_the_exit_code_says_that_something_was_left(reported, tmp_path, args):
    block(tmp_path)
    more = ids(reported) if "erase" in args else []
    house, now = House(tmp_path), reported.session.now()
    done = house.run(*args, *more, now=now)
    assert (done.code, done.out.count("could not be rewritten")) == (3, 3)
    again = house.run("keep", "--json", now=now)
    assert (again.code, again.json["reports_left"]) == (3, FILES)
    (tmp_path / "reports" / FILES[0]).rmdir()
    assert house.run("keep", now=now).code == 0
    assert house.run("source", "purge", "forum", "--yes", now=now).code == 0


def test_keep_says_that_a_file_of_alerts_was_left(reported, tmp_path, monkeypatch):
    house, now = House(tmp_path), reported.session.now()
    with monkeypatch.context() as patched:
        patched.setattr(
            "alerting.unquote.unquote", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only"))
        )
        done = house.run("-q", "keep", "reviews", now=now)
        assert (done.code, "file of alerts could not be cleared" in done.out) == (3, True)
        done = house.run("-q", "keep", "--json", "reviews", now=now)
        assert (done.code, json.loads(done.out)["unquoted"]) == (3, False)
        assert house.run("source", "purge", "forum", "--yes", now=now).code == 3
    assert house.run("keep", "reviews", now=now).code == 0

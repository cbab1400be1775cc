"""What an incident about single mentions tells where there are no words and no link: which they are."""

from __future__ import annotations

import json
import re
import shlex
from datetime import timedelta

import pytest
from incident_world import COMPANY, noon, world

from candidly import cli, pipeline
from candidly.records import Batch, Removal, Tally
from storage import queries

ALLEGED = "It is a scam, they took my money."


@pytest.fixture
def accused(tmp_path):
    with world(tmp_path, days=3) as made:
        made.folder = tmp_path
        yield made


def collect(made, *texts, source="forum", day=None, **changes):
    """Mentions without an address, as those from an export are."""
    said = [made.mention(text=text, source=source, day=day) for text in texts]
    said = [(mention.replace(url="", author="a1b2c3d4", **changes), analysis) for mention, analysis in said]
    made.collect(source, *said)
    return [mention for mention, _ in said]


def command(made, *args):
    return cli.run(["-c", str(made.folder / "config.yaml"), "--now", noon(made.today).isoformat(), *args])


def watched(made):
    pipeline.watch(made.session, ())
    return next(one for one in queries.incidents(made.session.store) if one.rule == "alleged:fraud")


def test_the_message_says_where_and_when_and_how_to_read_it_and_no_word(accused):
    collect(accused, ALLEGED)
    one = watched(accused)
    (told,) = (one.message for one in queries.deliveries(accused.session.store))
    day = f"{accused.today.day} {accused.today:%B %Y}"
    assert ["Said", f"forum, {day}"] in told["facts"]
    assert told["more"] == f"Read it: candidly alerts show {one.id}"
    assert "took my money" not in json.dumps([told, one.detail])
    assert "a1b2c3d4" not in json.dumps([told, one.detail])


def test_show_prints_a_query_that_finds_the_text(accused, capsys):
    collect(accused, "Fine people.", ALLEGED)
    assert command(accused, "alerts", "show", watched(accused).id) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^Read it: candidly query ", shown, re.MULTILINE)
    assert "took my money" not in shown
    assert "a1b2c3d4" not in shown
    (line,) = (line for line in shown.splitlines() if line.startswith("Read it: "))
    capsys.readouterr()
    assert command(accused, *shlex.split(line.removeprefix("Read it: candidly "))) == 0
    read = capsys.readouterr().out
    assert ALLEGED in read
    assert "Fine people." not in read


def test_as_json_too(accused, capsys):
    collect(accused, ALLEGED, "Another scam.")
    assert command(accused, "alerts", "show", watched(accused).id, "--json") == 0
    shown = json.loads(capsys.readouterr().out)["mentions"]
    assert [(one["source"], one["day"]) for one in shown] == [("forum", accused.today.isoformat())] * 2
    assert command(accused, "query", "SELECT pk, body FROM mention", "--json") == 0
    stored = {one["pk"]: one["body"] for one in json.loads(capsys.readouterr().out)}
    assert {stored[one["pk"]] for one in shown} == {ALLEGED, "Another scam."}


def test_what_was_removed_is_not_found_any_more(accused, capsys):
    (gone,) = collect(accused, ALLEGED)
    one = watched(accused)
    run = accused.session.store.begin_run("forum", noon(accused.today))
    removed = (Removal(gone.id, accused.session.preparer.keyed_id("forum", gone.id)),)
    accused.session.store.save(run, Batch("forum", (), None, Tally(), gone=removed, at=noon(accused.today)))
    assert command(accused, "alerts", "show", one.id) == 0
    assert "What was found is no longer in the store." in capsys.readouterr().out


def test_of_many_the_latest_places_are_named(accused):
    for back in range(3):
        day = accused.today - timedelta(days=back)
        collect(accused, ALLEGED, ALLEGED, day=day)
        collect(accused, ALLEGED, source="reviews", day=day)
    ((_, said),) = (fact for fact in watched(accused).detail["facts"] if fact[0] == "Said")
    day, before = accused.today, accused.today - timedelta(days=1)
    assert said == (
        f"forum, {day.day} {day:%B %Y}; reviews, {day.day} {day:%B %Y}; "
        f"forum, {before.day} {before:%B %Y}; and earlier"
    )


def test_a_rule_of_ones_own_is_read_in_the_same_way(tmp_path, capsys):
    rules = "  rules:\n    - {name: lawyers, phrases: [lawsuit*]}\n"
    with world(tmp_path, rules, days=3) as made:
        made.folder = tmp_path
        collect(made, "A lawsuit is on.")
        (one,) = pipeline.watch(made.session, ())
        assert (one.rule, one.company) == ("rule:lawyers", COMPANY)
        assert command(made, "alerts", "show", one.id) == 0
    assert "Read it: candidly query " in capsys.readouterr().out

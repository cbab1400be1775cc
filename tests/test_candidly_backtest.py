"""The replay: what it would have seen then, what it costs, how it is shown."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import numpy as np
import pytest
from incident_world import COMPANY, FIRST, noon, world

from analysis.drawn import drawn
from analysis.spikes import Counts
from candidly import cli
from candidly.backtest import backtest
from candidly.history import history
from reporting.backtest import render_html

WEEKS = 52.18


def run(made, since=None, weeks=WEEKS, draws=0):
    found = backtest(made.session, COMPANY, made.today, since, weeks, draws)
    assert found is not None
    return found


@pytest.fixture
def ghosted(tmp_path):
    """60 quiet days, a day of ghosting, 25 quiet days."""
    with world(tmp_path) as made:
        made.ghosting(25)
        made.quiet_days(25, seed=3)
        made.collect("forum")
        made.collect("reviews")
        yield made


DAY = FIRST + timedelta(days=60)


def test_a_day_of_ghosting_fires_on_that_day_and_is_over_in_three_weeks(ghosted):
    (page,) = [one for one in run(ghosted).fired if one.severity == "page"]
    assert page.day == DAY
    assert DAY + timedelta(days=7) < page.over < DAY + timedelta(days=24)
    assert page.sent == 1


def test_quiet_days_fire_nothing(tmp_path):
    with world(tmp_path) as made:
        assert [one.severity for one in run(made).fired if one.severity == "page"] == []


def test_nothing_is_stored_or_sent(ghosted):
    from storage import queries

    run(ghosted)
    assert queries.incidents(ghosted.session.store) == []
    assert queries.deliveries(ghosted.session.store) == []


def test_what_was_read_later_was_not_known_then(tmp_path):
    with world(tmp_path) as made:
        made.quiet_days(6, seed=3)
        late = [made.mention(day=DAY) for _ in range(25)]
        made.collect("forum", *late)
        made.quiet_days(3, seed=4)
        found = history(made.session, COMPANY, made.today)
        row = (DAY - found.first).days
        assert np.asarray(found.whole().counts.negative)[row].sum() >= 25
        assert np.asarray(found.at(DAY).counts.negative)[row].sum() < 25
        (page,) = [one for one in run(made).fired if one.severity == "page"]
        assert page.day == DAY + timedelta(days=6)


def test_what_was_read_back_counts_from_its_publication(tmp_path):
    with world(tmp_path) as made:
        made.quiet_days(30, seed=3)
        made.collect("forum", *(made.mention(day=DAY) for _ in range(25)))
        (page,) = [one for one in run(made).fired if one.severity == "page"]
        assert page.day == DAY


def test_days_after_the_last_good_run_were_not_covered_then(tmp_path):
    with world(tmp_path) as made:
        for _ in range(5):
            made.collect("forum", status="failed")
            made.today += timedelta(days=1)
        made.collect("forum")
        found = history(made.session, COMPANY, made.today)
        column = found.sources.index("forum")
        then = np.asarray(found.at(DAY + timedelta(days=3)).counts.covered)
        assert not then[-1, column]
        assert np.asarray(found.whole().counts.covered)[(DAY - found.first).days + 3, column]


def test_a_replay_sees_what_the_live_rule_sees(ghosted):
    from candidly import watching
    from candidly.rise import Rise

    ghosted.today = DAY
    live = [rise.rise for rule, rise in watching._risen(ghosted.session, COMPANY) if rule == "spike"]
    assert isinstance(live[0], Rise)
    ghosted.today = DAY + timedelta(days=25)
    page = next(one for one in run(ghosted).fired if one.severity == "page")
    assert f"{live[0].spike.observed} negative mentions" in page.title


def test_a_stricter_budget_fires_no_more(ghosted):
    found = run(ghosted, weeks=26)
    costs = sorted((found.budget, *found.others), key=lambda cost: cost.weeks)
    told = [cost.pages + cost.warnings for cost in costs]
    assert told[0] >= told[-1] >= 1
    assert found.budget.weeks == 26
    assert found.budget.allowed == pytest.approx(found.length / 26)


def test_drawn_histories_have_the_level_and_no_rise():
    random = np.random.default_rng(1)
    bad = random.poisson(2.0, (400, 2)).astype(float)
    bad[200:203] = 60
    covered = np.ones((400, 2), bool)
    covered[50:60, 0] = False
    made = drawn(Counts(bad * 3, bad, covered), np.random.default_rng(2))
    assert np.asarray(made.negative).max() < 20
    assert np.asarray(made.negative)[covered].mean() == pytest.approx(2.0, rel=0.35)
    assert not np.asarray(made.total)[50:60, 0].any()
    assert (np.asarray(made.total) >= np.asarray(made.negative)).all()


def test_chance_is_counted_in_drawn_histories(ghosted):
    found = run(ghosted, draws=5)
    chance = {cost.weeks: cost.chance for cost in (found.budget, *found.others)}
    assert chance[4] >= chance[104] >= 0
    assert run(ghosted, draws=5) == found


def test_the_page_shows_it_and_no_small_numbers(ghosted):
    found = run(ghosted)
    html = render_html([found])
    assert html.count('class="during"') == sum(one.severity == "page" for one in found.fired)
    assert "<script" not in html
    assert "://" not in html
    hidden = [week for week in found.weeks if week.negative is None]
    assert all(week.total is None for week in hidden)
    assert html.count('class="bar"') + html.count('class="few"') > 8


def test_no_month_stands_twice_on_the_axis(ghosted):
    months = re.findall(r'text-anchor="\w+">([^<]+)<', render_html([run(ghosted)]))
    assert len(months) > 1
    assert len(months) == len(set(months))


def test_a_hostile_name_stays_text(ghosted):
    from dataclasses import replace

    html = render_html([replace(run(ghosted), company="<img src=x onerror=alert(1)>")])
    assert "<img" not in html


def command(made, *args):
    now = (noon(made.today) + timedelta(hours=6)).isoformat()
    folder = made.session.loaded.folder
    return cli.run(["-c", str(folder / "config.yaml"), "--now", now, "alerts", *args])


def test_the_command_prints_a_table_or_json_and_draws(ghosted, tmp_path, capsys):
    target = tmp_path / "page.html"
    assert command(ghosted, "backtest", "--draws", "0", "--output", str(target)) == 0
    told = capsys.readouterr().out
    assert re.search(rf"{DAY}\s+page", told)
    assert "1 in 52 weeks *" in told
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert command(ghosted, "backtest", "--budget", "26-weeks", "--draws", "0", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["budget"]["one_false_alarm_in_weeks"] == 26
    assert one["fired"][0]["messages"] >= 1


def test_a_page_that_cannot_be_written_is_told_before_anything_else(ghosted, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("candidly.backtest.backtest", lambda *_: pytest.fail("replayed all the same"))
    assert command(ghosted, "backtest", "--draws", "0", "--output", str(tmp_path / "file" / "x.html")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("cannot write") == 1


def test_a_page_that_fails_only_when_it_is_written_prints_no_table(ghosted, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("candidly.files.check_writable", lambda _: None)
    (tmp_path / "file").touch()
    assert command(ghosted, "backtest", "--draws", "0", "--output", str(tmp_path / "file" / "x.html")) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("budget", ["0", "soon", "26-days", "-3", "1e9"])
def test_a_budget_that_is_none_is_refused(ghosted, budget, capsys):
    assert command(ghosted, "backtest", f"--budget={budget}") == 2
    assert "26-weeks" in capsys.readouterr().err


def test_show_ack_and_silence(ghosted, capsys):
    from candidly import pipeline
    from storage import queries

    ghosted.today = DAY
    (one,) = [found for found in pipeline.watch(ghosted.session, ()) if found.rule == "spike"]
    assert command(ghosted, "show", one.id[:12]) == 0
    told = capsys.readouterr().out
    assert one.title in told
    assert "https://forum.example/" in told
    assert command(ghosted, "ack", one.id, "--note", "HR answers") == 0
    (stored,) = [found for found in queries.incidents(ghosted.session.store) if found.id == one.id]
    assert (stored.note, stored.status) == ("HR answers", "open")
    capsys.readouterr()
    assert command(ghosted, "show", one.id) == 0
    assert re.search(r"UTC, acked\nAcknowledged .* HR answers", capsys.readouterr().out)
    assert command(ghosted, "ack", one.id) == 0  # once more, with nothing to add
    (stored,) = [found for found in queries.incidents(ghosted.session.store) if found.id == one.id]
    assert stored.note == "HR answers"
    assert command(ghosted, "ack", "nothing") == 2
    capsys.readouterr()
    assert command(ghosted, "silence", "--theme", "offer", "--until", "3d", "--note", "known") == 0
    told = capsys.readouterr().out
    assert "theme offer. known" in told
    assert command(ghosted, "silence", "--end", told.split(":")[0]) == 0
    assert "Nothing is silent." in capsys.readouterr().out
    for wrong in (["--theme", "ofer", "--until", "3d"], ["--company", "X"], ["--until", "2020-01-01"]):
        assert command(ghosted, "silence", *wrong) == 2


def test_a_silence_about_everything_covers_a_source_in_trouble_and_status_shows_it(ghosted, capsys):
    from candidly import pipeline
    from candidly.records import Outcome, Tally
    from storage import queries

    ghosted.today = DAY
    assert command(ghosted, "silence", "--until", "3d", "--note", "moving house") == 0
    down = Outcome("forum", "degraded", Tally(), "No reviews found.")
    ghosted.session.now = lambda: noon(DAY) + timedelta(hours=7)
    (one,) = [found for found in pipeline.watch(ghosted.session, [down]) if found.rule == "source"]
    assert one.detail["silenced"]
    assert not [sent for sent in queries.deliveries(ghosted.session.store) if sent.subject == one.title]
    capsys.readouterr()
    folder = ghosted.session.loaded.folder
    now = (noon(DAY) + timedelta(hours=8)).isoformat()
    assert cli.run(["-c", str(folder / "config.yaml"), "--now", now, "status"]) == 0
    assert "everything. moving house" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--rule", "spik", "--until", "3d"], "Did you mean 'spike'?"),
        (["--rule", "rule:mine", "--until", "3d"], "no rule is called 'rule:mine'"),
        (["--until", "0d"], "should end in the future"),
        (["--until", "3x"], "Write it as 3d"),
        (["--until", "3000000d"], "Write it as 3d"),
    ],
)
def test_a_silence_that_would_silence_nothing_is_refused(ghosted, wrong, told, capsys):
    assert command(ghosted, "silence", *wrong) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("rule", ["spike", "volume", "alleged:fraud", "quiet"])
def test_each_rule_can_be_silenced(ghosted, rule, capsys):
    assert command(ghosted, "silence", "--rule", rule, "--until", "3d") == 0
    assert f"rule {rule}." in capsys.readouterr().out

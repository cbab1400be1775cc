"""The reads: frames, days and weeks of a time zone, lists, dump and export."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage_samples import COMPANY, NOW, address, analysis, batch, mention, save

from candidly.records import Outcome, Tally
from storage import days, queries
from storage.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(address(tmp_path)) as opened:
        yield opened


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


EVER = (utc(1900, 1, 1), utc(2999, 1, 1))


def test_mentions_frame_has_its_columns_and_types(store):
    unscored = (mention("2", stars=None, published=NOW), analysis(None))
    save(store, (mention("1", stars=1.0, thread="t", site="Forum"), analysis("positive")), unscored)
    save(store, mention("3", company="Halden & Price"), mention("4", published=None))
    frame = queries.mentions_frame(store, COMPANY, *EVER)
    assert list(frame.columns) == [
        "pk", "source", "site", "kind", "published", "thread", "verdict", "basis", "score", "stars",
        "language", "unscored", "role", "stage", "ghosting",
    ]  # fmt: skip
    assert str(frame["published"].dtype) == "datetime64[us, UTC]"
    assert frame["verdict"].tolist() == ["negative", None]
    assert frame["basis"].tolist() == ["stars", None]
    assert frame["score"].isna().tolist() == [False, True]
    assert frame["thread"].tolist() == ["t", ""]
    assert frame["unscored"].tolist() == ["", "no text"]


def test_empty_frames_have_the_same_columns_and_types(store):
    bounds = (date(2026, 1, 1), date(2026, 1, 2), "UTC")
    empty = {
        "mentions": queries.mentions_frame(store, COMPANY, *EVER),
        "opinions": queries.opinions_frame(store, COMPANY, *EVER),
        "daily": queries.daily_counts(store, COMPANY, *bounds),
        "covered": queries.covered_days(store, ["forum"], *bounds),
    }
    save(store, (mention("1", published=utc(2026, 1, 1, 9), stars=3.0), analysis()))
    full = {
        "mentions": queries.mentions_frame(store, COMPANY, *EVER),
        "opinions": queries.opinions_frame(store, COMPANY, *EVER),
        "daily": queries.daily_counts(store, COMPANY, *bounds),
        "covered": queries.covered_days(store, ["forum"], *bounds),
    }
    for name, frame in full.items():
        assert len(frame) > 0
        assert len(empty[name]) == 0
        assert frame.dtypes.equals(empty[name].dtypes), name


def test_bounds_are_half_open(store):
    start, end = utc(2026, 2, 1), utc(2026, 2, 8)
    moments = [start - timedelta(microseconds=1), start, end - timedelta(microseconds=1), end]
    save(store, *(mention(str(n), published=moment) for n, moment in enumerate(moments)))
    assert queries.mentions_frame(store, COMPANY, start, end)["pk"].tolist() == [2, 3]
    assert queries.opinions_frame(store, COMPANY, start, end)["pk"].tolist() == [2, 2, 3, 3]


def test_opinions_frame_holds_offsets_in_order(store):
    save(store, mention("1"))
    frame = queries.opinions_frame(store, COMPANY, *EVER)
    assert frame.to_dict("records") == [
        {"pk": 1, "theme": "communication", "polarity": "negative", "start": 10, "end": 29},
        {"pk": 1, "theme": "interview", "polarity": "neutral", "start": 0, "end": 9},
    ]


def test_weekly_totals_count_by_the_authors_verdict_and_keep_empty_weeks(store):
    save(
        store,
        (mention("1", published=utc(2026, 1, 5), stars=1.0), analysis("positive")),
        (mention("2", published=utc(2026, 1, 11, 23), stars=4.0), analysis("negative")),
        (mention("3", published=utc(2026, 1, 7)), analysis(None)),
        (mention("4", published=utc(2026, 1, 19)), analysis("mixed")),
        (mention("5", published=None), analysis("negative")),
    )
    frame = queries.weekly_totals(store, COMPANY, date(2026, 1, 7), date(2026, 1, 20), "UTC")
    assert frame["week"].tolist() == ["2026-W02", "2026-W03", "2026-W04"]
    assert frame.drop(columns="week").iloc[0].tolist() == [3, 2, 1, 1, 2.5, 2]
    assert frame["total"].tolist() == [3, 0, 1]
    assert frame["scored"].tolist() == [2, 0, 1]
    assert frame["rating"].isna().tolist() == [False, True, True]


def test_week_53_belongs_to_the_old_year(store):
    save(store, mention("1", published=utc(2027, 1, 2)))
    frame = queries.weekly_totals(store, COMPANY, date(2026, 12, 28), date(2027, 1, 4), "UTC")
    assert frame[["week", "total"]].values.tolist() == [["2026-W53", 1]]
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT week, month, day FROM mention").one() == (
            "2026-W53", "2027-01", "2027-01-02",
        )  # fmt: skip


def test_a_period_of_moments_is_the_same_as_its_days(store):
    save(store, mention("1", published=utc(2026, 3, 29, 22, 30)))  # Monday 00:30 in Berlin, after the change
    start = datetime(2026, 3, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    frame = queries.weekly_totals(store, COMPANY, start, start + timedelta(days=7), "Europe/Berlin")
    assert frame[["week", "total"]].values.tolist() == [["2026-W14", 1]]


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Berlin", [(2026, 3, 29), (2026, 10, 25)]),
        ("Australia/Lord_Howe", [(2026, 4, 5), (2026, 10, 4)]),
        ("America/New_York", [(2026, 3, 8), (2026, 11, 1)]),
        ("Africa/Cairo", [(2026, 4, 24), (2026, 10, 30)]),  # the clock changes at midnight
        ("UTC", [(2026, 3, 29)]),
    ],
)
def test_days_and_weeks_are_right_across_changes_of_the_clock(store, zone, changes):
    """A mention every 30 minutes around each change: counts equal a recount by the local calendar."""
    moments = [
        utc(*change) - timedelta(days=2) + timedelta(minutes=30 * n) for change in changes for n in range(200)
    ]
    save(store, *(mention(str(n), published=moment) for n, moment in enumerate(moments)))
    local = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    frame = queries.daily_counts(store, COMPANY, min(local), max(local) + timedelta(days=1), zone)
    assert dict(zip(frame["day"], frame["total"], strict=True)) == pd.Series(local).value_counts().to_dict()
    weeks = queries.weekly_totals(store, COMPANY, min(local), max(local) + timedelta(days=1), zone)
    expected = pd.Series([f"{d.isocalendar()[0]}-W{d.isocalendar()[1]:02d}" for d in local]).value_counts()
    assert {week: n for week, n in zip(weeks["week"], weeks["total"], strict=True) if n} == expected.to_dict()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(available_timezones())), st.dates(date(1971, 1, 1), date(2037, 1, 1)))
def test_days_follow_on_each_other_and_hold_their_own_moments(zone, since):
    found = list(days.days(since, since + timedelta(days=8), zone))
    assert [day for day, _ in found] == [since + timedelta(days=n) for n in range(8)]
    for (_, (_, end)), (_, (start, _)) in pairwise(found):
        assert end == start
    for day, (start, end) in found:
        if start < end:  # Samoa left a day out
            assert start.astimezone(ZoneInfo(zone)).date() == day
            assert (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day


def test_daily_counts_tell_news_from_history(store):
    old, new = NOW - timedelta(days=14, seconds=1), NOW - timedelta(days=14)
    save(store, mention("1", published=old), mention("2", published=new))
    save(store, (mention("3", published=new), analysis("positive")))
    save(store, mention("1", published=old, body="edited", collected=NOW + timedelta(days=9)))
    frame = queries.daily_counts(store, COMPANY, date(2026, 2, 1), date(2026, 3, 1), "UTC")
    (row,) = frame.to_dict("records")
    assert row == {
        "day": date(2026, 2, 16), "source": "forum", "total": 3, "negative": 2, "negative_timely": 1,
    }  # fmt: skip


def end_run(store, source, status, started, finished, fault=""):
    run = store.begin_run(source, started)
    store.end_run(run, Outcome(source, status, Tally(), fault=fault), finished)


def test_a_good_run_covers_the_days_before_it_and_a_failed_one_does_not(store):
    end_run(store, "forum", "ok", utc(2026, 1, 2, 23, 50), utc(2026, 1, 3, 0, 10))
    end_run(store, "forum", "failed", utc(2026, 1, 5), utc(2026, 1, 5))
    end_run(store, "board", "partial", utc(2026, 1, 6, 23, 30), utc(2026, 1, 6, 23, 31))
    end_run(store, "else", "ok", utc(2026, 1, 4), utc(2026, 1, 4))
    store.begin_run("forum", utc(2026, 1, 4))
    save(store, mention("1", published=utc(2025, 12, 31)), mention("2", published=utc(2026, 1, 6)))
    frame = queries.covered_days(
        store, ["forum", "board", "never"], date(2026, 1, 1), date(2026, 1, 9), "Europe/Berlin"
    )
    assert frame.values.tolist() == [
        [date(2026, 1, 7), "board"],
        [date(2026, 1, 1), "forum"],
        [date(2026, 1, 2), "forum"],
        [date(2026, 1, 3), "forum"],
        [date(2026, 1, 6), "forum"],
    ]


def test_a_run_that_used_up_its_budget_has_the_rest_still_to_read(store):
    end_run(store, "forum", "partial", utc(2026, 1, 8), utc(2026, 1, 8), "budget")
    save(store, mention("1", published=utc(2026, 1, 2)))
    frame = queries.covered_days(store, ["forum"], date(2026, 1, 1), date(2026, 1, 9), "UTC")
    assert [day.day for day in frame["day"]] == [2]


def test_an_export_says_nothing_about_the_days_after_its_last_mention(store):
    save(store, mention("1", published=utc(2026, 1, 2)), mention("2", published=utc(2026, 1, 4)))
    end_run(store, "forum", "ok", utc(2026, 1, 8), utc(2026, 1, 8))
    span = date(2026, 1, 1), date(2026, 1, 9), "UTC"
    live = queries.covered_days(store, ["forum"], *span)
    export = queries.covered_days(store, ["forum"], *span, imports=["forum"])
    assert [day.day for day in live["day"]] == [2, 3, 4, 5, 6, 7, 8]
    assert [day.day for day in export["day"]] == [2, 3, 4]


def test_the_sources_of_a_company(store):
    save(store, mention("1"))
    assert queries.sources_of(store, mention("1").company) == ["forum"]
    assert queries.sources_of(store, "nobody") == []


def test_texts_come_in_the_order_asked_and_without_author(store):
    save(store, *(mention(str(n)) for n in range(1, 4)))
    found = queries.texts(store, [3, 1, 99, 3])
    assert [(pk, one.id, one.author) for pk, one in found.items()] == [(3, "3", ""), (1, "1", "")]


def test_lists_of_runs(store):
    end_run(store, "forum", "ok", NOW, NOW + timedelta(hours=1))
    end_run(store, "forum", "failed", NOW + timedelta(hours=2), NOW + timedelta(hours=3))
    store.begin_run("board", NOW)
    assert [run["status"] for run in queries.runs(store, limit=2)] == ["failed", "running"]
    assert [(run["source"], run["status"]) for run in queries.last_runs(store)] == [
        ("board", "running"), ("forum", "failed"),
    ]  # fmt: skip
    assert queries.last_good_runs(store) == {"forum": NOW + timedelta(hours=1)}


def test_totals(store):
    assert queries.totals(store) == {"mentions": 0, "companies": [], "sources": []}
    save(store, mention("1"), mention("2", published=None), (mention("3", published=NOW), analysis(None)))
    counts = {
        "mentions": 3, "first": date(2026, 3, 1), "last": date(2026, 3, 2), "unscored": 1, "undated": 1,
    }  # fmt: skip
    assert queries.totals(store) == {
        "mentions": 3,
        "companies": [{"company": COMPANY} | counts],
        "sources": [{"source": "forum"} | counts],
    }  # fmt: skip


def test_export_streams_the_view_without_author(store, monkeypatch):
    monkeypatch.setattr("storage.analyst.EXPORT_CHUNK", 2)
    save(store, *(mention(str(n), author="pseudonym", about="Jo Doe") for n in range(5)))
    save(store, mention("9", company="Halden & Price"), mention("10", published=None))
    chunks = list(queries.export_rows(store))
    assert [len(chunk) for chunk in chunks] == [2, 2, 2, 1]
    assert not {"author", "digest", "about"} & set(chunks[0].columns)
    assert "pseudonym" not in pd.concat(chunks).to_csv()
    assert sum(map(len, queries.export_rows(store, company=COMPANY, since=utc(2026, 1, 1), until=NOW))) == 5
    (none,) = queries.export_rows(store, until=utc(1990, 1, 1))
    assert len(none) == 0
    assert list(none.columns) == list(chunks[0].columns)


def test_dump_is_the_same_however_the_rows_came_in(store, tmp_path):
    save(store, *(mention(str(n)) for n in range(4)), cursor={"b": 1, "a": 2})
    (tmp_path / "other").mkdir()
    with Store.open(address(tmp_path / "other")) as other:
        later = NOW + timedelta(days=1)
        run = other.begin_run("forum", later)
        for n in (3, 1, 0, 2):
            other.save(run, batch(mention(str(n), collected=later), cursor={"a": 2, "b": 1}))
        assert list(queries.dump(other)) == list(queries.dump(store))
        assert list(queries.dump(other, times=True)) != list(queries.dump(store, times=True))
        other.save(run, batch((mention("1"), analysis("positive"))))
        assert list(queries.dump(other)) != list(queries.dump(store))
    lines = list(queries.dump(store))
    assert len(lines) == 5
    assert lines[:4] == sorted(lines[:4])
    assert '"pk"' not in "".join(lines)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_no_filter_is_ever_read_as_sql(store, hostile):
    save(store, mention("1"))
    for text in (hostile, f"' OR 1=1 -- {hostile}", f'"; DROP TABLE mentions; {hostile}', f"%{hostile}%"):
        assert len(queries.mentions_frame(store, text, *EVER)) == 0
        assert queries.incidents(store, company=text, status=text) == []
        assert store.digests(text, [text]) == {}
        assert store.cursor(text) is None
        assert sum(map(len, queries.export_rows(store, company=text))) == 0
    assert queries.totals(store)["mentions"] == 1

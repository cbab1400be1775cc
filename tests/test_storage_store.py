"""What the store promises about writing: one transaction, keys, revisions, runs, times."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from storage_samples import NOW, address, analysis, batch, mention, save

from candidly.errors import StoreError
from candidly.records import Analysis, Batch, Mention, Opinion, Outcome, Tally
from storage import queries, schema
from storage.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(address(tmp_path)) as opened:
        yield opened


def rows(store, table):
    with store.reading() as connection:
        return [
            dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
        ]


def test_a_batch_is_stored_with_analysis_opinions_cursor_and_tally(store):
    run = save(store, mention("1"), mention("2"), cursor={"after": "2", "seen": [1, 2]})
    assert store.cursor("forum") == {"after": "2", "seen": [1, 2]}
    assert store.digests("forum", ["1", "2", "3"]) == {"1": mention().digest(), "2": mention().digest()}
    assert [row["verdict"] for row in rows(store, schema.analyses)] == ["negative", "negative"]
    assert [row["theme"] for row in rows(store, schema.opinions)] == ["communication", "interview"] * 2
    assert [(row["id"], row["stored"], row["status"]) for row in rows(store, schema.runs)] == [
        (run, 2, "running")
    ]


def test_digests_ask_for_any_number_of_ids_and_only_that_source(store):
    save(store, *(mention(str(n)) for n in range(1200)))
    assert len(store.digests("forum", [str(n) for n in range(2000)])) == 1200
    assert store.digests("elsewhere", ["1"]) == {}
    assert store.digests("forum", []) == {}


def test_the_same_id_at_another_source_is_another_mention(store):
    save(store, mention("1"))
    run = store.begin_run("board", NOW)
    store.save(run, batch(mention("1", source="board"), source="board"))
    assert len(rows(store, schema.mentions)) == 2


def test_an_edit_keeps_key_and_first_collected_and_counts_a_revision(store):
    save(store, mention("0"), mention("1"), mention("2"))
    later = NOW + timedelta(days=2)
    edited = mention("1", body="They did call back, later.", collected=later)
    save(store, (edited, analysis("positive", opinions=(Opinion("feedback", "positive", 0, 4),))))
    found = rows(store, schema.mentions)[1]
    assert (found["pk"], found["first_collected"], found["collected"]) == (2, NOW, later)
    assert (found["body"], found["revision"]) == ("They did call back, later.", 2)
    assert [row["theme"] for row in rows(store, schema.opinions) if row["mention"] == 2] == ["feedback"]
    assert [row["verdict"] for row in rows(store, schema.analyses)] == ["negative", "positive", "negative"]


def test_the_same_text_again_is_no_revision(store):
    save(store, mention("1"))
    save(store, (mention("1"), analysis(version="8")))
    assert [row["revision"] for row in rows(store, schema.mentions)] == [1]
    assert [row["version"] for row in rows(store, schema.analyses)] == ["8"]


def test_of_two_items_with_one_id_the_last_one_counts(store):
    save(store, mention("1", body="first"), mention("1", body="last"))
    assert [(row["body"], row["revision"]) for row in rows(store, schema.mentions)] == [("last", 1)]


def test_a_batch_without_cursor_leaves_the_cursor(store):
    save(store, mention("1"), cursor={"after": "1"})
    save(store, mention("2"))
    assert store.cursor("forum") == {"after": "1"}
    assert store.cursor("board") is None


def test_tallies_add_up_while_a_run_lasts_and_its_end_states_the_total(store):
    run = store.begin_run("forum", NOW)
    for _ in range(2):
        tally = Tally(stored=1, duplicate=2, rejected={"no id": 3})
        store.save(run, Batch("forum", (), {}, tally))
    (row,) = queries.runs(store)
    assert (row["stored"], row["duplicate"], row["rejected"], row["finished"]) == (2, 4, {"no id": 6}, None)
    total = Tally(stored=5, irrelevant=1, rejected={"no id": 6})
    store.end_run(run, Outcome("forum", "partial", total, "stopped early", "try later"), NOW)
    (row,) = queries.last_runs(store)
    assert (row["status"], row["stored"], row["duplicate"], row["irrelevant"]) == ("partial", 5, 0, 1)
    assert (row["message"], row["remedy"], row["finished"]) == ("stopped early", "try later", NOW)


def test_runs_that_a_dead_process_left_are_marked(store):
    left, ended = store.begin_run("forum", NOW), store.begin_run("board", NOW)
    store.end_run(ended, Outcome("board", "ok", Tally()), NOW)
    assert store.interrupted(NOW + timedelta(hours=1)) == 1
    assert {row["id"]: row["status"] for row in queries.runs(store)} == {left: "interrupted", ended: "ok"}
    assert store.interrupted(NOW) == 0


def test_a_naive_time_is_refused_and_nothing_is_written(store):
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(StoreError, match="without a zone"):
        save(store, mention("1"), mention("2", published=naive), cursor={"after": "2"})
    with pytest.raises(StoreError, match="without a zone"):
        store.begin_run("forum", naive)
    assert rows(store, schema.mentions) == []
    assert store.cursor("forum") is None


def test_half_a_character_is_refused_in_one_line_without_the_text(store):
    with pytest.raises(StoreError) as caught:
        save(store, mention("1", body="secret \ud800"))
    assert "secret" not in str(caught.value)
    assert rows(store, schema.mentions) == []


def test_a_cursor_that_is_no_json_is_refused(store):
    with pytest.raises(StoreError, match="no JSON"):
        save(store, mention("1"), cursor={"at": float("nan")})
    assert rows(store, schema.mentions) == []


class Stop(Exception):
    pass


@pytest.mark.parametrize("nth", range(1, 14))
def test_a_fault_between_any_two_statements_leaves_all_or_nothing(store, nth):
    save(store, mention("1"), cursor={"after": "1"})
    before = list(queries.dump(store))
    run = store.begin_run("forum", NOW)
    passed = 0

    def fault(*_):
        nonlocal passed
        passed += 1
        if passed == nth:
            raise Stop

    event.listen(store.engine, "before_cursor_execute", fault)
    edited = mention("1", body="edited")
    try:
        store.save(run, batch(edited, mention("2"), cursor={"after": "2"}))
        finished = True
    except Stop:
        finished = False
    finally:
        event.remove(store.engine, "before_cursor_execute", fault)
    if finished:
        assert passed < nth
        assert store.cursor("forum") == {"after": "2"}
    else:
        assert list(queries.dump(store)) == before
        assert [row["stored"] for row in queries.runs(store) if row["id"] == run] == [0]
    store.save(run, batch(edited, mention("2"), cursor={"after": "2"}))
    assert len(rows(store, schema.mentions)) == 2


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"])
moments = st.one_of(
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=zones.map(ZoneInfo)),  # noqa: DTZ001
    st.datetimes(
        datetime(1, 1, 3),  # noqa: DTZ001
        datetime(9999, 12, 29),  # noqa: DTZ001
        timezones=st.just(timezone(timedelta(hours=5, minutes=45))),
    ),
)
any_mention = st.builds(
    Mention,
    source=text, id=text, kind=st.sampled_from(["review", "interview", "post", "comment"]), collected=moments,
    published=st.none() | moments, company=text, about=text, site=text, url=text, author=text, thread=text,
    parent=text, title=text, pros=text, cons=text, advice=text, body=text,
    stars=st.none() | st.floats(1, 5), experience=st.none() | st.sampled_from(["positive", "negative"]),
    difficulty=st.none() | st.sampled_from(["easy", "hard"]), offer=st.none() | st.just("declined"),
    position=text, location=text, employment=st.sampled_from(["", "current", "former"]), language=text,
)  # fmt: skip
any_analysis = st.builds(
    Analysis,
    version=text, language=text, score=st.none() | st.floats(-1, 1), label=st.none() | st.just("mixed"),
    unscored=text, lost_customer=st.booleans(), truncated=st.booleans(),
    opinions=st.lists(
        st.builds(Opinion, text, st.just("neutral"), st.integers(0, 99), st.integers(0, 99)), max_size=3
    ).map(tuple),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_mention, any_analysis)
def test_what_goes_in_comes_out(store, one, read):
    store.save(store.begin_run("x", NOW), batch((one, read), source=one.source))
    with store.reading() as connection:
        wanted = select(schema.mentions.c.pk).where(
            schema.mentions.c.source == one.source, schema.mentions.c.id == one.id
        )
        pk = connection.scalar(wanted)
        table = schema.analyses
        found = connection.execute(select(table).where(table.c.mention == pk)).mappings().one()
        held = connection.execute(
            select(schema.opinions).where(schema.opinions.c.mention == pk).order_by(schema.opinions.c.n)
        ).all()
    # In UTC: an hour that the clocks repeat is equal to no time of another zone (PEP 495).
    times = {"collected": one.collected.astimezone(UTC)}
    times |= {"published": one.published.astimezone(UTC)} if one.published else {}
    assert queries.texts(store, [pk]) == {pk: one.replace(author="", **times)}
    assert store.digests(one.source, [one.id]) == {one.id: one.digest()}
    assert tuple(Opinion(*row[2:]) for row in held) == read.opinions
    assert (found["score"], found["label"], found["lost_customer"]) == (
        read.score,
        read.label,
        read.lost_customer,
    )


def test_times_come_out_aware_and_sort_as_text(store, tmp_path):
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    save(
        store,
        mention("1", published=datetime(2026, 3, 1, 0, 0, tzinfo=kathmandu)),
        mention("2", published=datetime(2026, 2, 28, 18, 15, 0, 1, tzinfo=UTC)),
    )
    found = sorted(rows(store, schema.mentions), key=lambda row: row["published"])
    assert [row["id"] for row in found] == ["1", "2"]
    assert all(row["published"].tzinfo is UTC for row in found)
    plain = sqlite3.connect(tmp_path / "candidly.db")
    stored = plain.execute("SELECT published FROM mentions ORDER BY published").fetchall()
    plain.close()
    assert stored == [("2026-02-28 18:15:00.000000",), ("2026-02-28 18:15:00.000001",)]


def test_the_database_is_for_its_owner_only_and_set_up_for_durability(store, tmp_path):
    save(store, mention("1"))
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    with store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 10000,
    }  # fmt: skip


def test_a_writer_that_never_ends_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("storage.engine.BUSY_SECONDS", 0.05)
    with Store.open(address(tmp_path)) as store:
        other = sqlite3.connect(tmp_path / "candidly.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process is writing"):
            save(store, mention("1"))
        assert queries.totals(store)["mentions"] == 0  # reading goes on
        other.execute("ROLLBACK")
        other.close()
        save(store, mention("1"))


def test_a_full_disk_fails_the_batch_whole_and_later_works_again(tmp_path):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"), cursor={"after": "1"})
        before = list(queries.dump(store))
        with store.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
        big = [mention(str(n), body="x" * 50_000) for n in range(2, 30)]
        with pytest.raises(StoreError, match="disk is full"):
            save(store, *big, cursor={"after": "30"})
        assert list(queries.dump(store)) == before
        with store.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        save(store, *big)


def test_a_deleted_text_leaves_no_trace_in_the_file(tmp_path):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1", body="canary" * 2000))
        save(store, mention("1", body="gone"))
        with store.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"canary" not in (tmp_path / "candidly.db").read_bytes()


def test_no_error_shows_a_parameter(store):
    def fault(*_):
        raise sqlite3.OperationalError("something odd")

    event.listen(store.engine, "before_cursor_execute", fault)
    with pytest.raises((StoreError, sqlite3.OperationalError)) as caught:
        save(store, mention("1", body="secret words"))
    assert "secret" not in str(caught.value)

"""What goes from the store goes for good: from the tables, from what quoted it, from the files."""

from __future__ import annotations

import random
import re
import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from storage_samples import COMPANY, NOW, address, analysis, batch, mention, save

from alerting.messages import deliveries
from candidly.records import Batch, Delivery, Incident, Opinion, Removal, Tally
from storage import engine as engines
from storage import keeping, migrations, queries, quoted, runlog, schema
from storage.keeping import Told
from storage.store import Store

DAY = timedelta(days=1)
SAID = "Nobody called back for eleven weeks."
OTHER = "The office has no windows at all."


@pytest.fixture
def store(tmp_path):
    with Store.open(address(tmp_path)) as opened:
        yield opened


def table(store, name):
    found = getattr(schema, name)
    with store.reading() as connection:
        wanted = select(found).order_by(*found.primary_key)
        return [dict(row) for row in connection.execute(wanted).mappings()]


def gone(*ids, reason="deleted at the source"):
    return tuple(Removal(id_, f"key of {id_}", reason) for id_ in ids)


def alert(store, *quotes, company=COMPANY, name="spike-1"):
    detail = {
        "quotes": [{"text": text, "url": "", "site": ""} for text in quotes],
        "summary": "More than usual.",
    }
    text = "\n".join(
        ["More than usual.", *(f"\u201c{text}\u201d" for text in quotes), "More: candidly report"]
    )
    incident = Incident(id=name, rule="spike", company=company, opened=NOW, title="t", detail=detail)
    message = {"title": "t", "text": text, "incident": name}
    store.open_incident(
        incident, [Delivery(id=f"of {name}", channel="c", subject="t", message=message, due=NOW)]
    )


def test_what_is_gone_goes_with_all_that_hangs_on_it_and_leaves_a_keyed_tombstone(store):
    run = save(store, mention("1", body=SAID), mention("2"))
    store.save(run, Batch("forum", (), None, Tally(), gone("1", "never stored"), (), NOW))
    assert [row["id"] for row in table(store, "mentions")] == ["2"]
    assert len(table(store, "analyses")) == 1
    assert len(table(store, "opinions")) == 2
    assert table(store, "tombstones") == [
        {"source": "forum", "key": "key of 1", "day": NOW.date(), "reason": "deleted at the source"}
    ]
    assert keeping.tombstones_of(store, "forum", ["key of 1", "key of 2"]) == {
        "key of 1": "deleted at the source"
    }
    assert keeping.tombstones_of(store, "board", ["key of 1"]) == {}


def test_removing_twice_changes_nothing(store):
    save(store, mention("1"))
    assert keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW) == 1
    later = NOW + 3 * DAY
    assert keeping.note(store, "forum", Told(gone=list(gone("1"))), later) == 0
    assert [row["day"] for row in table(store, "tombstones")] == [NOW.date()]


def test_a_removal_is_of_its_source_alone(store):
    save(store, mention("1"))
    keeping.note(store, "board", Told(gone=list(gone("1"))), NOW)
    assert len(table(store, "mentions")) == 1


def test_what_alerts_have_quoted_of_it_goes_too(store):
    save(store, mention("1", body=SAID), mention("2", body=OTHER))
    alert(store, SAID, OTHER)
    alert(store, OTHER, name="spike-2")
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    first, second = table(store, "incidents")
    assert [quote["text"] for quote in first["detail"]["quotes"]] == [OTHER]
    assert [quote["text"] for quote in second["detail"]["quotes"]] == [OTHER]
    said = {row["id"]: row["message"]["text"] for row in table(store, "deliveries")}
    assert said["of spike-1"] == "More than usual.\nMore: candidly report"
    assert OTHER in said["of spike-2"]


def message(said, *, incident="spike-1", company=COMPANY):
    """As the channels' messages are: with look-alikes in the words of others, and cut."""
    quotes = [[said.replace(".", "[.]")[:25] + "…", "forum.example"]]
    text = "\n".join(["More than usual.", *(f"\u201c{words}\u201d ({site})" for words, site in quotes)])
    return {"title": "t", "summary": "s", "facts": [], "quotes": quotes, "more": "", "text": text,
            "links": ["https://forum.example/1"], "incident": incident, "company": company}  # fmt: skip


def test_a_message_loses_the_words_that_its_incident_no_longer_quotes(store):
    save(store, mention("1", body=SAID), mention("2", body=OTHER))
    alert(store, OTHER)
    store.enqueue(Delivery(id="first", channel="c", subject="t", message=message(SAID), due=NOW))
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    first, of_today = table(store, "deliveries")
    assert (first["id"], first["message"]["quotes"], first["message"]["links"]) == ("first", [], [])
    assert first["message"]["text"] == "More than usual."
    assert OTHER in of_today["message"]["text"]


def test_several_alerts_in_one_message_lose_the_words_too(store):
    save(store, mention("1", body=SAID), mention("2", body=OTHER))
    kept = message(OTHER, incident="spike-2")
    parts = [message(SAID), kept]
    text = "\n\n".join(part["text"] for part in parts)
    whole = {"title": "2 alerts", "text": text, "parts": parts, "incidents": ["spike-1", "spike-2"]}
    store.enqueue(Delivery(id="whole", channel="c", subject="t", message=whole, due=NOW))
    store.enqueue(Delivery(id="without", channel="c", subject="t", message=kept, due=NOW))
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    grouped, without = table(store, "deliveries")
    assert "Nobody called" not in str(grouped)
    assert "https://forum.example/1" not in str(grouped)
    assert without["message"] == kept


def test_a_message_on_another_company_keeps_its_words(store):
    save(store, mention("1", body=SAID))
    other = message(SAID, company="Halden & Price")
    store.enqueue(Delivery(id="other", channel="c", subject="t", message=other, due=NOW))
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    assert table(store, "deliveries")[0]["message"] == other


def linking(*quotes, name="alleged-1"):
    """An incident and its message that quote (words, address), as an allegation does: by the address."""
    shown = [{"text": text, "url": url, "site": "forum"} for text, url in quotes]
    incident = Incident(id=name, rule="alleged", company=COMPANY, opened=NOW, title="t",
                        detail={"quotes": shown, "summary": "One."})  # fmt: skip
    return incident, deliveries(incident, ["c"], NOW)[0]


PLACE = "https://forum.example/"


def held(store):
    """(words, address) of the incident, the links of its message, and the words there."""
    (incident,), (told,) = table(store, "incidents"), table(store, "deliveries")
    quotes = [(one["text"], one["url"]) for one in incident["detail"]["quotes"]]
    return quotes, told["message"]["links"], [words for words, _ in told["message"]["quotes"]]


def test_a_link_without_words_goes_with_its_own_mention_alone(store):
    save(store, *(mention(name, url=PLACE + name) for name in "1234"))
    incident, told = linking(("", PLACE + "1"), ("", PLACE + "2"))
    store.open_incident(incident, [told])
    keeping.note(store, "forum", Told(gone=list(gone("3"))), NOW)
    assert held(store) == ([("", PLACE + "1"), ("", PLACE + "2")], [PLACE + "1", PLACE + "2"], ["", ""])
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    assert held(store)[:2] == ([("", PLACE + "2")], [PLACE + "2"])
    keeping.expire(store, "forum", 0 * DAY, NOW)
    assert held(store) == ([], [], [])


def test_a_link_without_words_stays_when_its_mention_is_edited(store):
    save(store, mention("1", url=PLACE + "1"))
    incident, told = linking(("", PLACE + "1"))
    store.open_incident(incident, [told])
    save(store, mention("1", url=PLACE + "1", body="They did call."))
    assert held(store) == ([("", PLACE + "1")], [PLACE + "1"], [""])


@pytest.mark.parametrize("signs", ["\U0001f621", "!!! ..."])
def test_a_quote_of_signs_alone_goes_with_its_own_mention_alone(store, signs):
    save(store, *(mention(name, url=PLACE + name, body=f"{signs} {SAID}") for name in "12"))
    incident, told = linking((signs, PLACE + "1"))
    store.open_incident(incident, [told])
    before = held(store)
    keeping.note(store, "forum", Told(gone=list(gone("2"))), NOW)
    assert held(store) == before
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    assert held(store) == ([], [], [])
    assert signs not in table(store, "deliveries")[0]["message"]["text"]


def test_a_cursor_forgets_what_is_gone(store):
    run = save(store, mention("1"), mention("2"))
    standing = {"videos": {"1": {"about": SAID}, "2": {"about": OTHER}}, "search:x": {"1": 2, "at": 3},
                "threads": ["2", "1", 1], "walk": {"done": ["1", "2"], "left": [["1"]]}}  # fmt: skip
    store.save(run, Batch("forum", (), standing, Tally(), (), (), NOW))
    keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
    cursor = table(store, "cursors")[0]["cursor"]
    assert cursor == {"videos": {"2": {"about": OTHER}}, "search:x": {"at": 3},
                      "threads": ["2", 1], "walk": {"done": ["2"], "left": [[]]}}  # fmt: skip


def test_a_cursor_that_comes_with_a_removal_does_not_hold_it(store):
    run = save(store, mention("1"), mention("2"))
    store.save(run, Batch("forum", (), {"threads": ["1", "2"]}, Tally(), gone("1"), (), NOW))
    assert table(store, "cursors")[0]["cursor"] == {"threads": ["2"]}


def test_an_edit_takes_back_what_was_quoted(store):
    save(store, mention("1", body=SAID))
    alert(store, SAID)
    save(store, mention("1", body="They did call."))
    assert table(store, "incidents")[0]["detail"]["quotes"] == []
    assert SAID not in str(table(store, "deliveries"))


# Retention


def test_an_old_text_expires_and_the_figures_stay(store):
    old = mention("1", body=SAID, url="https://a.example/1", position="Nurse", location="Leeds", stars=2.0,
                  thread="t", matched='"Northwind" in body', about="Northwind")  # fmt: skip
    save(store, old, mention("2", collected=NOW + DAY))
    alert(store, SAID)
    span = COMPANY, NOW - 9 * DAY, NOW + DAY
    before = queries.mentions_frame(store, *span), queries.opinions_frame(store, *span)
    assert keeping.expire(store, "forum", 2 * DAY, NOW + 2 * DAY) == [1]
    first, second = table(store, "mentions")
    assert {name for name, value in first.items() if value == ""} >= {
        "title", "pros", "cons", "advice", "body", "url", "author", "about", "position", "location",
    }  # fmt: skip
    assert (first["thread"], first["stars"], first["matched"]) == ("t", 2.0, '"Northwind" in body')
    assert (first["digest"], first["expired"]) == (keeping.EXPIRED, NOW + 2 * DAY)
    assert (second["expired"], second["body"]) == (None, "Nobody called back.")
    after = queries.mentions_frame(store, *span), queries.opinions_frame(store, *span)
    assert before[0].equals(after[0])
    columns = ["pk", "theme", "polarity"]
    assert before[1][columns].equals(after[1][columns])
    assert set(after[1]["end"][after[1]["pk"] == 1]) == {0}
    assert SAID not in str(table(store, "incidents")) + str(table(store, "deliveries"))


def test_expiring_is_idempotent_and_keeps_to_its_source(store):
    save(store, mention("1"))
    assert keeping.expire(store, "board", DAY, NOW + 2 * DAY) == []
    assert keeping.expire(store, "forum", DAY, NOW + 2 * DAY) == [1]
    once = list(queries.dump(store, times=True))
    assert keeping.expire(store, "forum", DAY, NOW + 9 * DAY) == []
    assert list(queries.dump(store, times=True)) == once


def test_an_expired_text_is_no_quote_and_is_not_read_anew(store):
    save(store, mention("1", stars=1.0), mention("2", stars=1.0))
    keeping.expire(store, "forum", DAY, NOW + DAY)
    save(store, mention("3", stars=1.0))
    assert list(queries.texts(store, [1, 2, 3])) == [3]
    assert [one.id for _, one in queries.stale(store, "8", 9)] == ["3"]
    assert queries.version_counts(store) == {"7": 1}
    assert [one.id for _, one, _ in queries.told(store, 9)] == ["3"]
    assert store.reanalyse([(mention("1", stars=1.0), analysis("positive"))]) == 0


# Looking up again


def test_those_seen_longest_ago_are_looked_up_first(store):
    for n in range(4):
        save(store, mention(str(n), collected=NOW + n * timedelta(hours=1)))
    keeping.note(store, "forum", Told(there=["0"]), NOW + timedelta(hours=5))
    assert keeping.due(store, "forum", NOW + timedelta(hours=2), 9) == ["1", "2"]
    assert keeping.due(store, "forum", NOW + DAY, 2) == ["1", "2"]
    assert keeping.due(store, "forum", NOW + DAY, 9) == ["1", "2", "3", "0"]
    assert keeping.oldest(store, "forum") == NOW + timedelta(hours=1)
    keeping.expire(store, "forum", DAY, NOW + 2 * DAY)
    assert keeping.due(store, "forum", NOW + 9 * DAY, 9) == []
    assert keeping.oldest(store, "forum") is None


def test_what_a_collector_has_seen_unchanged_needs_no_lookup(store):
    run = save(store, mention("1"))
    store.save(run, Batch("forum", (), None, Tally(), (), ("1",), NOW + DAY))
    assert keeping.due(store, "forum", NOW, 9) == []


def test_an_author_who_left_is_forgotten(store):
    save(store, mention("1"), mention("2"))
    keeping.note(store, "forum", Told(unsigned=["1"]), NOW + DAY)
    assert [(row["author"], row["checked"]) for row in table(store, "mentions")] == [
        ("", NOW + DAY), ("k3yed", NOW),
    ]  # fmt: skip


def test_lookups_count_into_the_requests_of_their_day(store):
    save(store, mention("1"))
    keeping.spend(store, "forum", NOW)
    keeping.spend(store, "forum", NOW)
    keeping.note(store, "forum", Told(there=["1"], problem="It broke off."), NOW)
    keeping.spend(store, "forum", NOW + DAY)
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert runlog.requests_since(store, "forum", midnight) == 3
    assert runlog.requests_since(store, "forum", midnight + DAY) == 1
    assert table(store, "lookups")[0] == {
        "source": "forum", "day": date(2026, 3, 2), "requests": 2, "items": 1, "removed": 0,
        "problem": "It broke off.",
    }  # fmt: skip


# Reports


def test_a_report_is_stale_once_what_it_quotes_is_gone_expired_or_edited(store):
    save(store, *(mention(str(n), body=f"{SAID} {n}") for n in range(4)))
    for n in range(4):
        quoted.note(store, COMPANY, f"2026-W0{n}", [("forum", str(n), SAID)])
    quoted.note(store, COMPANY, "2026-W09", [("forum", "3", "words that are not there")])
    quoted.note(store, COMPANY, "2026-W10", [("forum", "3", SAID)])
    quoted.note(store, COMPANY, "2026-W10", [])
    assert quoted.stale(store) == [(COMPANY, "2026-W09")]
    keeping.note(store, "forum", Told(gone=list(gone("0"))), NOW)
    save(store, mention("1", body="They did call."))
    assert quoted.stale(store) == [(COMPANY, week) for week in ("2026-W00", "2026-W01", "2026-W09")]
    keeping.expire(store, "forum", DAY, NOW + DAY)
    assert len(quoted.stale(store)) == 5


# A source as a whole


@pytest.mark.parametrize("forget", [False, True])
def test_a_purge_takes_everything_of_one_source(store, forget):
    run = save(store, mention("1"), cursor={"at": 1})
    store.save(run, Batch("forum", (), None, Tally(), gone("1"), (), NOW))
    save(store, mention("2"), mention("3"))
    other = store.begin_run("board", NOW)
    store.save(other, batch(mention("2", source="board"), source="board", cursor={"at": 2}))
    keeping.spend(store, "forum", NOW)
    for source in ("forum", "board"):
        trouble = Incident(
            id=f"source-{source}", rule="source", company="", opened=NOW, title="t", detail={"source": source}
        )
        message = {"title": "t", "text": "t", "incident": trouble.id}
        store.open_incident(
            trouble, [Delivery(id=source, channel="c", subject="t", message=message, due=NOW)]
        )
    untouched = keeping.holdings(store, "board")
    assert keeping.holdings(store, "forum") == keeping.Holdings(2, 4, 2, 1, 1, 1)
    ids = keeping.ids(store, "forum", 9)
    assert keeping.take_out(store, "forum", gone(*ids, reason="purged"), NOW, remember=not forget) == 2
    keeping.forget_source(store, "forum", tombstones_too=forget)
    left = keeping.holdings(store, "forum")
    assert left.empty
    assert left.tombstones == (0 if forget else 3)
    assert keeping.holdings(store, "board") == untouched
    assert [row["id"] for row in table(store, "deliveries")] == ["board"]
    assert table(store, "lookups") == []


# The files


def shuffle(store, dice, steps, most):
    """Store, edit and remove at random; the words and ids that are there at the end."""
    live = {}
    for _ in range(steps):
        items = []
        for _ in range(dice.randrange(1, most)):
            known = live and dice.random() < 0.4
            id_ = dice.choice(list(live)) if known else f"id{dice.randrange(10**9):09}x"
            live[id_] = f"canary{dice.randrange(10**12):012}z"
            words = live[id_] + " w" * dice.choice([0, 5, 60, 200, 3000])
            items.append(mention(id_, body=words, title=live[id_], url=f"http://a.example/{id_}"))
        save(store, *items)
        dead = dice.sample(list(live), dice.randrange(0, len(live) // 2 + 1))
        keeping.note(store, "forum", Told(gone=list(gone_by_number(dead))), NOW)
        for id_ in dead:
            del live[id_]
    return live


def gone_by_number(ids):
    return (Removal(id_, f"k{n}") for n, id_ in enumerate(ids))


def left_over(folder, pattern):
    data = b"".join(path.read_bytes() for path in folder.iterdir())
    return {found.decode() for found in re.findall(pattern, data)}


@pytest.mark.parametrize(("seed", "steps", "most"), [(1, 8, 40), (2, 8, 40), (3, 30, 200)])
def test_no_byte_of_a_removed_or_edited_text_or_id_is_left_in_the_files(tmp_path, seed, steps, most):
    with Store.open(address(tmp_path)) as store:
        live = shuffle(store, random.Random(seed), steps, most)
        since = keeping.unsettled(store)
        assert since is not None
        assert keeping.settle(store)
        assert keeping.unsettled(store) is None
        assert left_over(tmp_path, rb"canary\d{12}z") == set(live.values())
        assert left_over(tmp_path, rb"id\d{9}x") == set(live)
        while keeping.expire(store, "forum", DAY, NOW + DAY):
            pass
        keeping.settle(store)
        assert left_over(tmp_path, rb"canary\d{12}z") == set()
        assert queries.totals(store)["mentions"] == len(live)


def test_a_reader_in_the_way_only_puts_it_off(tmp_path):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1", body="canary000000000001z"))
        with store.reading() as connection:
            connection.execute(select(schema.mentions)).all()
            keeping.note(store, "forum", Told(gone=list(gone("1"))), NOW)
            plain = sqlite3.connect(tmp_path / "candidly.db", isolation_level=None)
            plain.execute("BEGIN")
            plain.execute("SELECT * FROM mentions").fetchall()
            assert not keeping.settle(store)
            assert keeping.unsettled(store) == NOW
            plain.close()
        assert keeping.settle(store)
        assert left_over(tmp_path, rb"canary\d{12}z") == set()


def test_nothing_to_settle_writes_nothing_anew(tmp_path):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"))
        assert keeping.unsettled(store) is None
        save(store, mention("1"))
        assert keeping.unsettled(store) is None, "the same again is no edit"
        assert keeping.settle(store)


# An older database


def test_what_was_stored_before_counts_as_seen_when_it_was_read(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "VERSION", "0001")
    old = engines.connect(engines.parse(address(tmp_path)))
    monkeypatch.setattr(migrations, "create_views", lambda _dialect: [])
    migrations.upgrade(old)
    monkeypatch.undo()
    values = dict.fromkeys((c.name for c in schema.mentions.c if not c.nullable), "x")
    values |= {"pk": 1, "collected": "2026-03-01 07:00:00.000000", "revision": 1}
    values |= {"first_collected": values["collected"]}
    del values["matched"]
    with engines.writing(old) as connection:
        marks = ", ".join(f":{name}" for name in values)
        into = f"INSERT INTO mentions ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - our own names
        connection.exec_driver_sql(into, values)
    old.dispose()
    with Store.open(address(tmp_path)) as store:
        (row,) = table(store, "mentions")
        assert (row["checked"], row["matched"], row["expired"]) == (row["collected"], "", None)
        assert keeping.due(store, "x", NOW, 9) == ["x"]


def test_the_reason_of_a_match_is_stored_and_seen_by_analysts(store):
    save(
        store,
        (mention("1", matched="whole source"), analysis(opinions=(Opinion("culture", "positive", 0, 5),))),
    )
    with store.reading() as connection:
        shown = connection.exec_driver_sql("SELECT matched, expired FROM mention").one()
    assert tuple(shown) == ("whole source", None)

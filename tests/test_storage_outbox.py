"""Incidents, deliveries and periods."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from storage_samples import COMPANY, NOW, address

from candidly.errors import StoreError
from candidly.records import Delivery, Incident
from storage import queries
from storage.store import Store

LEASE = timedelta(minutes=5)


@pytest.fixture
def store(tmp_path):
    with Store.open(address(tmp_path)) as opened:
        yield opened


def incident(id_="spike:1", **changes):
    values = {
        "id": id_, "rule": "spike", "company": COMPANY, "opened": NOW, "title": "More", "detail": {"n": 9},
    }  # fmt: skip
    return Incident(**(values | changes))


def delivery(id_="spike:1/mail", **changes):
    message = {"title": "More", "text": "Nine."}
    values = {"id": id_, "channel": "mail", "subject": "spike:1", "message": message, "due": NOW}
    return Delivery(**(values | changes))


def claimed(store, now, **options):
    return [one.id for one in store.claim_due(now, LEASE, **options)]


def test_an_incident_opens_once_together_with_its_messages(store):
    assert store.open_incident(incident(), [delivery("a"), delivery("b")])
    assert not store.open_incident(incident(title="again"), [delivery("c")])
    assert queries.incidents(store) == [incident()]
    assert {one.id for one in queries.deliveries(store)} == {"a", "b"}


def test_an_incident_and_its_messages_are_one_transaction(store):
    broken = delivery("b", due=NOW.replace(tzinfo=None))
    with pytest.raises(StoreError):
        store.open_incident(incident(), [delivery("a"), broken])
    assert queries.incidents(store) == []
    assert queries.deliveries(store) == []


def test_an_incident_is_updated_and_resolved_while_it_is_open(store):
    store.open_incident(incident(), [])
    assert store.update_incident("spike:1", "Even more", {"n": 12})
    assert store.resolve_incident("spike:1", NOW + LEASE)
    assert not store.resolve_incident("spike:1", NOW)
    assert not store.update_incident("spike:1", "Late", {})
    (found,) = queries.incidents(store)
    assert (found.title, found.detail, found.status, found.resolved) == (
        "Even more", {"n": 12}, "resolved", NOW + LEASE,
    )  # fmt: skip


def test_incidents_are_listed_newest_first_and_filtered(store):
    store.open_incident(incident("a"), [])
    store.open_incident(incident("b", opened=NOW + LEASE), [])
    store.open_incident(incident("c", company="Halden & Price", opened=NOW - LEASE), [])
    store.resolve_incident("a", NOW)
    assert [one.id for one in queries.incidents(store)] == ["b", "a", "c"]
    assert [one.id for one in queries.incidents(store, company=COMPANY, status="open")] == ["b"]
    assert [one.id for one in queries.incidents(store, limit=1)] == ["b"]


def test_a_message_enters_the_outbox_once(store):
    assert store.enqueue(delivery())
    assert not store.enqueue(delivery(message={"title": "other"}))
    assert [one.message["title"] for one in queries.deliveries(store)] == ["More"]


def test_due_messages_are_claimed_in_order_and_only_once(store):
    for id_, minutes in (("late", 5), ("b", -1), ("a", -1), ("first", -2)):
        store.enqueue(delivery(id_, due=NOW + timedelta(minutes=minutes)))
    assert claimed(store, NOW, limit=2) == ["first", "a"]
    assert claimed(store, NOW) == ["b"]
    assert claimed(store, NOW) == []


def test_a_claim_counts_and_comes_back_after_its_lease(store):
    store.enqueue(delivery("a"))
    assert [one.attempts for one in store.claim_due(NOW, LEASE)] == [1]
    assert claimed(store, NOW + LEASE - timedelta(microseconds=1)) == []
    assert [one.attempts for one in store.claim_due(NOW + LEASE, LEASE)] == [2]


def test_what_is_sent_or_failed_does_not_come_back(store):
    for id_ in ("a", "b"):
        store.enqueue(delivery(id_))
    claimed(store, NOW)
    store.mark_sent("a", NOW)
    store.mark_failed("b", NOW, "404: no such channel")
    store.mark_retry("a", NOW, "too late to say this")
    assert claimed(store, NOW + timedelta(days=9)) == []
    assert {(one.id, one.state, one.error) for one in queries.deliveries(store)} == {
        ("a", "sent", ""), ("b", "failed", "404: no such channel"),
    }  # fmt: skip


def test_a_retry_comes_back_when_it_is_due(store):
    store.enqueue(delivery("a"))
    claimed(store, NOW)
    store.mark_retry("a", NOW + timedelta(minutes=1), "503")
    assert claimed(store, NOW) == []
    (again,) = store.claim_due(NOW + timedelta(minutes=1), LEASE)
    assert (again.attempts, again.error, again.state) == (2, "503", "pending")


def test_many_senders_at_once_never_get_the_same_message(store, tmp_path):
    for n in range(60):
        store.enqueue(delivery(str(n)))

    def sender(_):
        with Store.open(address(tmp_path)) as mine:
            return [id_ for _ in range(10) for id_ in claimed(mine, NOW, limit=3)]

    with ThreadPoolExecutor(4) as pool:
        got = [id_ for ids in pool.map(sender, range(4)) for id_ in ids]
    assert sorted(got, key=int) == [str(n) for n in range(60)]


def test_work_named_by_its_period_is_taken_on_once(store):
    assert store.claim_period("report", "2026-W09", NOW)
    assert not store.claim_period("report", "2026-W09", NOW + timedelta(days=1))
    assert store.claim_period("report", "2026-W10", NOW)
    assert store.claim_period("watch", "2026-W09", NOW)
    store.release_period("report", "2026-W09")
    assert store.claim_period("report", "2026-W09", NOW)


def test_what_waits_is_held_without_counting_as_an_attempt(store):
    for id_ in "ab":
        store.enqueue(delivery(id_))
    assert store.claim_due(NOW, LEASE, 1)
    assert [one.id for one in store.due(NOW)] == ["b"]
    assert store.hold(["a", "b"], NOW, NOW + 10 * LEASE) == 1  # a is out already
    assert store.due(NOW) == []
    assert store.next_due() == NOW + LEASE
    store.mark_sent("a", NOW)
    assert store.next_due() == NOW + 10 * LEASE
    (held,) = store.due(NOW + 10 * LEASE)
    assert (held.id, held.attempts) == ("b", 0)


def test_nothing_pending_is_never_due(store):
    assert store.next_due() is None
    store.enqueue(delivery())
    store.mark_failed("spike:1/mail", NOW, "gone")
    assert store.next_due() is None


def test_one_message_takes_the_place_of_several_that_nobody_took(store):
    for id_ in "abc":
        store.enqueue(delivery(id_))
    assert store.merge(["a", "b", "c"], NOW, delivery("all"))
    assert claimed(store, NOW) == ["all"]
    states = {one.id: one.state for one in queries.deliveries(store)}
    assert states == {"a": "grouped", "b": "grouped", "c": "grouped", "all": "pending"}


def test_a_message_that_was_taken_stays_alone_and_nothing_of_the_group_is_written(store):
    for id_ in "ab":
        store.enqueue(delivery(id_))
    store.claim_due(NOW, LEASE, 1)
    assert not store.merge(["a", "b"], NOW, delivery("all"))
    store.mark_retry("a", NOW, "later")
    assert not store.merge(["a", "b"], NOW, delivery("all"))  # it may have arrived under its id
    assert {one.id: one.state for one in queries.deliveries(store)} == {"a": "pending", "b": "pending"}


def test_a_channel_is_asked_for_its_own_and_what_was_never_tried_comes_first(store):
    for id_, channel in (("a", "mail"), ("b", "hook"), ("c", "mail")):
        store.enqueue(delivery(id_, channel=channel))
    assert claimed(store, NOW, channel="mail", limit=1) == ["a"]
    store.mark_retry("a", NOW, "later")
    assert claimed(store, NOW, channel="mail", limit=5) == ["c", "a"]
    assert claimed(store, NOW, channel="other") == []


def test_a_repeat_for_some_of_the_recipients_remembers_whom(store):
    store.enqueue(delivery())
    store.claim_due(NOW, LEASE)
    store.mark_retry("spike:1/mail", NOW, "450", left=["bob@example.org"])
    (again,) = store.claim_due(NOW, LEASE)
    assert again.message == {"title": "More", "text": "Nine.", "left": ["bob@example.org"]}
    store.mark_retry("spike:1/mail", NOW, "no answer")
    assert store.due(NOW)[0].message["left"] == ["bob@example.org"]

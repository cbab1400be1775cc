"""Old messages go from the outbox, and nothing is lost or sent twice by it."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from storage_samples import COMPANY, NOW, address

from alerting import outbox
from candidly.records import Delivery, Incident
from storage import keeping, queries, schema
from storage.store import Store

DAY = timedelta(days=1)
KEPT = 180 * DAY
OPEN, CLOSED = "spike-open", "spike-closed"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(address(tmp_path_factory.mktemp("messages"))) as opened:
        yield opened


def begin(store):
    """An empty outbox, an incident that is open and one that is not."""
    with store.writing() as connection:
        connection.execute(delete(schema.deliveries))
        connection.execute(delete(schema.incidents))
    for name in (OPEN, CLOSED):
        values = {"rule": name, "company": COMPANY, "title": "t", "detail": {"summary": "More."}}
        store.open_incident(Incident(id=name, opened=NOW - 300 * DAY, **values), [])
    store.resolve_incident(CLOSED, NOW)


def message(id_, *about):
    body = {"title": "t", "text": "t", "summary": "t"}
    body |= {"incident": about[0]} if len(about) == 1 else {"incidents": list(about)}
    return Delivery(id=id_, channel="c", subject="t", message=body, due=NOW - 400 * DAY)


def end(store, id_, state, age):
    if state == "sent":
        store.mark_sent(id_, NOW - age * DAY)
    elif state == "failed":
        store.mark_failed(id_, NOW - age * DAY, "410")


def stored(store):
    return {one.id for one in queries.deliveries(store, 1000)}


ABOUT = st.sampled_from([OPEN, CLOSED, "gone"])
STATE = st.sampled_from(["pending", "sent", "failed"])
AGE = st.integers(170, 190)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(ABOUT, min_size=1, max_size=3), STATE, AGE), max_size=6))
def test_only_old_ones_that_are_done_with_go_and_none_is_written_twice(store, made):
    begin(store)
    kept, dropped, known = set(), set(), []
    for n, (about, state, age) in enumerate(made):
        members = [message(f"m{n}-{k}", name) for k, name in enumerate(about)]
        whole = message(f"m{n}", *about) if len(about) > 1 else members[0]
        for one in members:
            store.enqueue(one)
        if len(about) > 1:
            assert store.merge([one.id for one in members], NOW - age * DAY, whole)
            for one in members:
                (kept if age < 180 or one.message["incident"] == OPEN else dropped).add(one.id)
        end(store, whole.id, state, age)
        (kept if state == "pending" or age < 180 or OPEN in about else dropped).add(whole.id)
        known += [*members, whole]
    assert keeping.forget_messages(store, NOW - KEPT) == len(dropped)
    assert stored(store) == kept
    assert keeping.forget_messages(store, NOW - KEPT) == 0
    assert not any(store.enqueue(one) for one in known if one.id in kept)


def test_a_reminder_of_what_is_open_for_long_is_not_sent_again_because_its_row_went(store):
    begin(store)
    (one,) = (one for one in queries.incidents(store) if one.id == OPEN)
    early, late = one.opened + 10 * DAY, one.opened + 200 * DAY
    assert outbox.remind(store, [one], ["mail"], early, DAY) == 1  # the tenth
    (told,) = queries.deliveries(store)
    store.mark_sent(told.id, early)
    assert keeping.forget_messages(store, late - KEPT) == 0
    assert outbox.remind(store, [one], ["mail"], late, 20 * DAY) == 0  # the tenth, once `repeat` is longer
    store.resolve_incident(OPEN, late)
    assert keeping.forget_messages(store, late - KEPT) == 1
    assert not store.open_incident(one, [told])
    assert stored(store) == set()


def test_every_state_of_a_message_but_waiting_is_done_with():
    states = get_args(get_type_hints(Delivery)["state"])
    assert set(keeping.DONE) == set(states) - {"pending"}

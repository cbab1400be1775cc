"""Analyses replaced in the store: all of one or nothing, and nothing but the analyses."""

from __future__ import annotations

import pytest
from storage_samples import NOW, address, analysis, mention, save

from candidly.records import Opinion
from storage import queries
from storage.store import Store

NEW = analysis("positive", version="8", score=0.5, opinions=(Opinion("culture", "positive", 0, 5),))


@pytest.fixture
def store(tmp_path):
    with Store.open(address(tmp_path)) as opened:
        yield opened


def ids(found):
    return [one.id for _, one in found]


def test_stale_goes_through_all_by_key(store):
    save(store, *(mention(str(n)) for n in range(5)), (mention("new"), NEW))
    first = queries.stale(store, "8", 3)
    assert ids(first) == ["0", "1", "2"]
    assert ids(queries.stale(store, "8", 3, first[-1][0])) == ["3", "4"]
    assert ids(queries.stale(store, "7", 9)) == ["new"]
    assert first[0][1] == mention("0").replace(author="")
    assert queries.version_counts(store) == {"7": 5, "8": 1}


def test_an_analysis_is_replaced_and_the_mention_is_not(store):
    save(store, mention("1"), mention("2", stars=2.0))
    save(store, mention("1", body="Edited.", collected=NOW))
    before = list(queries.dump(store, times=True))
    assert store.reanalyse([(mention, NEW) for _, mention in queries.stale(store, "8", 9)]) == 2
    span = ("Northwind Robotics", NOW.replace(year=2020), NOW)
    frame = queries.mentions_frame(store, *span)
    assert set(zip(frame["verdict"], frame["basis"], frame["score"], strict=True)) == {
        ("positive", "text", 0.5),
        ("negative", "stars", 0.5),
    }
    assert list(queries.opinions_frame(store, *span)["theme"]) == ["culture", "culture"]
    old = [(m, analysis()) for m in (mention("1", body="Edited."), mention("2", stars=2.0))]
    assert store.reanalyse(old) == 2
    assert list(queries.dump(store, times=True)) == before  # author, revision and dates too


def test_what_was_edited_or_removed_meanwhile_is_passed_over(store):
    save(store, mention("1"), mention("2"))
    read = [m for _, m in queries.stale(store, "8", 9)]
    save(store, mention("1", body="Edited since."))
    before = queries.version_counts(store)
    assert store.reanalyse([(read[0], NEW), (mention("gone"), NEW)]) == 0
    assert queries.version_counts(store) == before
    assert store.reanalyse([(read[1], NEW)]) == 1


def test_many_and_none(store):
    save(store, *(mention(str(n)) for n in range(1_100)))
    assert store.reanalyse([]) == 0
    assert store.reanalyse([(m, NEW) for _, m in queries.stale(store, "8", 2_000)]) == 1_100
    assert queries.stale(store, "8", 1) == []

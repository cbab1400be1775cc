"""The read for comparisons: authors are numbers, and nothing of a pseudonym leaves the store."""

from datetime import timedelta

import pytest
from storage_samples import COMPANY, NOW, address, mention, save

from storage import queries
from storage.clumps import history_frame
from storage.store import Store

EVER = NOW - timedelta(days=400), NOW + timedelta(days=400)


@pytest.fixture
def store(tmp_path):
    with Store.open(address(tmp_path)) as opened:
        yield opened


def test_authors_are_numbers_within_the_frame(store):
    save(store, *(mention(str(n), author=who) for n, who in enumerate(["amber", "", "basalt", "amber"])))
    found = history_frame(store, COMPANY, *EVER)
    plain = queries.mentions_frame(store, COMPANY, *EVER)
    assert list(found.columns) == [*plain.columns, "author"]
    by_pk = dict(zip(found["pk"], found["author"], strict=True))
    assert by_pk == {1: 0, 2: -1, 3: 1, 4: 0}
    assert "amber" not in found.to_csv()


def test_the_same_name_at_two_sources_is_two_people(store):
    save(store, mention("1", author="amber", source="forum"), mention("2", author="amber", source="reviews"))
    found = history_frame(store, COMPANY, *EVER)
    assert found["author"].nunique() == 2

"""The mentions whose author said what to think of them, in the order of their keys."""

from __future__ import annotations

from storage_samples import address, mention, save

from storage import queries
from storage.store import Store


def test_told_gives_rated_and_divided_mentions_by_key(tmp_path):
    with Store.open(address(tmp_path)) as store:
        bare = {"stars": None, "experience": None, "pros": "", "cons": ""}
        save(
            store,
            mention("plain", **bare),
            mention("stars", **bare | {"stars": 2.0}),
            mention("experience", **bare | {"experience": "negative"}),
            mention("nothing", **bare),
            mention("pros", **bare | {"pros": "Pay"}),
            mention("cons", **bare | {"cons": "Hours"}),
        )
        first = queries.told(store, 3)
        assert [one.id for _, one, _ in first] == ["stars", "experience", "pros"]
        assert [one.id for _, one, _ in queries.told(store, 3, first[-1][0])] == ["cons"]
        assert queries.told(store, 3, first[-1][0] + 100) == []
        assert queries.told_count(store) == 4
        key, one, author = first[0]
        assert isinstance(key, int)
        assert author == mention("stars").author
        assert one.author == ""


def test_an_empty_store_tells_nothing(tmp_path):
    with Store.open(address(tmp_path)) as store:
        assert queries.told(store, 3) == []
        assert queries.told_count(store) == 0

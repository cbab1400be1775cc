import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.wordtable import WordTable

WORD = st.binary(min_size=1, max_size=30).map(lambda word: word.replace(b"\0", b"."))


def find(table, words):
    """Each word looked up in one buffer, with a blank between."""
    text = b" " + b" ".join(words) + b" "
    lengths = np.array([len(word) for word in words], np.int64)
    starts = np.cumsum(np.concatenate(([1], lengths[:-1] + 1)))
    return table.find(text, starts, lengths).tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=40, unique=True), st.randoms())
def test_it_finds_what_a_dictionary_finds(words, rng):
    kept = words[: len(words) // 2 + 1]
    near = (
        [word + b"x" for word in kept]
        + [word[:-1] + b"\x00" for word in kept]
        + [b"y" + word for word in kept]
    )
    asked = words + near
    rng.shuffle(asked)
    numbers = {word: n for n, word in enumerate(kept, 1)}
    assert find(WordTable(kept), asked) == [numbers.get(word, 0) for word in asked]


@pytest.mark.parametrize("words", [[b"a\0"], [b"a", b"a"]])
def test_words_that_could_not_be_told_apart_are_refused(words):
    with pytest.raises(ValueError, match="distinct"):
        WordTable(words)


def test_words_of_equal_hash_are_told_apart():
    kept = [b"disappointingly", b"sixteen letters!", b"good"]
    table = WordTable(kept)
    first, second = (int(factor) for factor in table._factors[:2])
    rng, forged = random.Random(1), []
    for _ in range(200):
        word = kept[1]
        blocks = [int.from_bytes(word[:8], "little"), int.from_bytes(word[8:], "little")]
        by = rng.getrandbits(64)
        blocks[0] = (blocks[0] + by) % 2**64
        blocks[1] = (blocks[1] - by * first * pow(second, -1, 2**64)) % 2**64
        assert (blocks[0] * first + blocks[1] * second) % 2**64 == int(table._hash[table._entry == 2][0])
        forged.append(b"".join(block.to_bytes(8, "little") for block in blocks))
    assert find(table, [*forged, kept[1]]) == [0] * 200 + [2]


def test_many_words_that_share_slots():
    words = [f"word{n}".encode() for n in range(20_000)]
    assert find(WordTable(words), words) == list(range(1, 20_001))
    assert find(WordTable(words), [b"other" + word for word in words]) == [0] * 20_000

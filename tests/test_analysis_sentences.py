import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sentences import LONGEST, MOST_WORDS, split


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Wait... What?! (Yes.) No", ["Wait...", "What?!", "(Yes.)", "No"]),
        ("I met Mr. Jones, e.g. on site. Fine.", ["I met Mr. Jones, e.g. on site.", "Fine."]),
        ("It was in the U.S. office. Good", ["It was in the U.S. office.", "Good"]),
        ("Perks, pay, etc. Bosses are rude", ["Perks, pay, etc.", "Bosses are rude"]),
        ("Very friendly.They asked Node.js", ["Very friendly.", "They asked Node.js"]),
        ("Paid 3.5 lakh at v2.0 of it", ["Paid 3.5 lakh at v2.0 of it"]),
        ("1. First round\n2. Second round", ["1. First round", "2. Second round"]),
        ("• Low pay • No raise", ["Low pay", "No raise"]),
        ("Pros\n\n  Good team  \n", ["Pros", "Good team"]),
        ("", []),
        (" \n ... \n", ["..."]),
    ],
)
def test_splits(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_long_pieces_are_cut_at_spaces() -> None:
    parts = pieces("word " * 3_000)
    assert all(len(part.split()) <= MOST_WORDS for part in parts)
    assert " ".join(parts).split() == ["word"] * 3_000
    assert [len(part) for part in pieces("x" * 2_500)] == [LONGEST, LONGEST, 500]


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("aB .!?…\n\"')•éI\u2028" + "1"), max_size=300) | st.text(max_size=100)
)
def test_offsets_are_in_order_and_lose_no_letter(text: str) -> None:
    spans = split(text)
    assert all(a < b for a, b in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    covered = [text[a:b] for a, b in spans]
    assert sum(c.isalnum() for part in covered for c in part) == sum(c.isalnum() for c in text)


@pytest.mark.parametrize("unit", [".", '."', ". ", "a. ", "\n", "•", "a", "e.g. ", "?!)", "x.Y"])
def test_any_text_takes_linear_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    start = time.process_time()
    split(text)
    assert time.process_time() - start < 1

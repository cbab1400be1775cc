"""Cells as an author's words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.htmltext import MAX_TAGS
from collectors.values import CONVERT, words


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<p>They <b>never</b> called back.</p>", "They never called back."),
        ("Nobody answered.<br/>Not once.", "Nobody answered.\nNot once."),
        ("<ul><li>Pay</li><li>People &amp; place</li></ul>", "Pay\n\nPeople & place"),
        ("Pay &amp; people, isn&#39;t it&nbsp;", "Pay & people, isn't it"),
        ('<a href="https://example.org/?a=1&b=2">their page</a> lies', "their page lies"),
        ("pay < 50k and > 40k, R&D <3", "pay < 50k and > 40k, R&D <3"),
        ("a <b and c> d", "a <b and c> d"),
        ("x & y; z", "x & y; z"),
        ("<p></p>", ""),
        (["<i>one</i>", "two"], "one\ntwo"),
        (7, "7"),
    ],
)
def test_words_are_what_a_reader_saw(cell: object, said: str) -> None:
    assert words(cell) == said
    assert all(CONVERT[field](cell) == said for field in ("title", "pros", "cons", "advice", "body"))


def test_a_cell_of_nothing_but_tags_is_left_as_it_is() -> None:
    cell = "<p>" * (MAX_TAGS + 1) + "word"
    assert words(cell) == cell


@given(st.text(alphabet="<>&;/ab p", max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_cell_is_read_and_no_second_reading_is_shorter_by_a_tag(cell: str) -> None:
    said = words(cell)
    assert "<p>" not in said
    assert "</b>" not in said

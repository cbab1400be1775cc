"""The display of `candidly analyse`: right marks, and nothing of a stranger's text that a terminal obeys."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.analyser import Analyser
from candidly import config
from candidly.explaining import as_data, clauses, legend, marked, render, visible, wants_colour
from candidly.records import Analysis, Opinion

TEXT = "They ghosted me. The pay was fine, I guess."
FOUND = Analysis(
    version="1",
    language="en",
    score=-0.31,
    label="negative",
    role="candidate",
    stage="interviewed",
    ghosting="employer",
    opinions=(Opinion("communication", "negative", 5, 15), Opinion("pay_benefits", "positive", 21, 33)),
)
SPANS = [(0, 16, -0.62), (17, 33, 0.2), (33, 43, 0.0)]


def test_brackets_hold_score_and_themes() -> None:
    assert marked(TEXT, FOUND, SPANS) == (
        "[They ghosted me. -0.62 communication-] "
        "[The pay was fine +0.20 pay_benefits+][, I guess. +0.00]"
    )  # fmt: skip


def test_a_theme_of_several_clauses_stands_after_them_and_in_none() -> None:
    """Which of them speaks of it nobody knows: not the longest, and least of all one of another tone."""
    text = "Cons: endless meetings, and a boss who is a kind man. They ghosted me."
    spans = [(0, 4, 0.0), (6, 22, -0.9), (24, 52, 0.7), (54, 70, -0.6)]
    opinions = Opinion("management", "negative", 0, 52), Opinion("communication", "negative", 54, 69)
    found = Analysis(version="1", opinions=opinions)
    assert marked(text, found, spans) == (
        "[Cons +0.00]: [endless meetings -0.90], [and a boss who is a kind man +0.70] [management-]. "
        "[They ghosted me. -0.60 communication-]"
    )
    shown = marked(text, found, spans, colour=True)
    assert [part.split("\x1b")[0] for part in shown.split("\x1b[4m")[1:]] == [
        "Cons", "endless meetings", "and a boss who is a kind man", "They ghosted me",
    ]  # fmt: skip
    assert re.sub(r"\x1b\[[0-9]+m", "", shown).count("management-") == 1
    assert "kind man +0.70 management-" in re.sub(r"\x1b\[[0-9]+m", "", shown)


def test_colours_mark_score_and_evidence() -> None:
    shown = marked(TEXT, FOUND, SPANS, colour=True)
    assert "\x1b[31mThey \x1b[4mghosted me\x1b[24m.\x1b[0m" in shown
    assert "\x1b[32mThe \x1b[4mpay was fine\x1b[24m\x1b[0m" in shown
    assert "[They" not in re.sub(r"\x1b\[[0-9]+m", "", shown)


def test_the_legend_tells_the_rest() -> None:
    assert list(legend(TEXT, FOUND)) == [
        "negative -0.310",
        "language en, role candidate, stage interviewed, ghosting employer",
        '  communication  negative  "ghosted me"',
        '  pay_benefits   positive  "pay was fine"',
    ]
    assert next(legend("", Analysis(version="1", unscored="no text"))) == "unscored: no text"
    german = Analysis(version="1", unscored="language de", language="de")
    assert next(legend("x", german)) == "unscored: language de"
    lost = Analysis(version="1", lost_customer=True, truncated=True, unscored="language de", language="de")
    assert [line for line in legend("x", lost) if "lost customer" in line or "too long" in line]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("qx zv", "the language cannot be told from so few words"),
        ("😁😁😁", "the language cannot be told from so few words"),
        ("qx zv " * 20, "the language cannot be told"),
    ],
)
def test_a_language_that_is_not_known_is_said_in_words(text: str, why: str) -> None:
    found = Analyser(config.Analysis(), Path()).analyse_text(text)
    told = list(legend(text, found))
    assert told[0] == f"unscored: {why}"
    assert told[1].startswith("language unknown, role ")
    assert as_data(found, ())["language"] == "und"


@pytest.mark.parametrize(
    ("terminal", "environ", "colour"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_when_colours_are_used(terminal: bool, environ: dict[str, str], colour: bool) -> None:
    assert wants_colour(terminal=terminal, environ=environ) is colour


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("a\rb", "a\\x0db"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud800", "half \\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("tab\tline\nend", "tab line\nend"),
        ("👩\u200d💻 ok", "👩\u200d💻 ok"),
        ("plain", "plain"),
    ],
)
def test_control_characters_are_shown_not_obeyed(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown
    found = Analysis(version="1", score=0.0, label="neutral", opinions=(Opinion("x", "neutral", 0, 99),))
    for colour in (True, False):
        text = re.sub(r"\x1b\[[0-9]+m", "", render(hostile, found, [(0, len(hostile), 0.0)], colour=colour))
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in text if char != "\n")


def test_a_text_cannot_forge_a_mark() -> None:
    shown = marked("Fine. [They lied -0.99 fairness-]", FOUND, [])
    assert shown == "Fine. \\[They lied -0.99 fairness-\\]"


SPAN = st.tuples(st.integers(-3, 40), st.integers(-3, 40), st.floats(-1, 1))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.lists(SPAN, max_size=5), st.lists(SPAN, max_size=3), st.booleans())
def test_any_spans_are_drawn(text: str, spans: list, evidence: list, colour: bool) -> None:
    """Every character of the text is shown once and in order, whatever spans an engine gives."""
    found = Analysis(version="1", opinions=tuple(Opinion("x", "neutral", *span[:2]) for span in evidence))
    held = clauses(text, found, spans)
    assert all(a.end <= b.start for a, b in pairwise(held))
    shown = marked(text, found, spans, colour=colour)
    bare = re.sub(r"\x1b\[[0-9]+m", "", shown)
    notes = r" [+-]\d\.\d\d(?: x=)*" + ("" if colour else r"\](?: \[x=(?: x=)*\])?")
    letters = re.sub(r"\W|\d", "", visible(text))
    assert re.sub(r"\W|\d|x", "", re.sub(notes, "", bare)) == letters.replace("x", "")


def test_what_the_analyser_finds_is_shown() -> None:
    analyser = Analyser(config.Analysis(), Path())
    text = "The recruiter was kind. Then they ghosted me."
    found, spans = analyser.analyse_text(text), analyser.explain(text)
    shown = render(text, found, spans)
    assert re.search(r"\[.*ghosted me.* -\d\.\d\d communication-.*\]", shown)
    data = as_data(found, spans)
    assert [text[c["start"] : c["end"]] for c in data["clauses"]] == [text[s:e] for s, e, _ in spans]
    assert {o["theme"] for o in data["opinions"]} == {o.theme for o in found.opinions}
    assert all(len(repr(c["score"])) <= len("-0.1234") for c in data["clauses"])

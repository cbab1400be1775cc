"""Themes of the user's own: read like those that come along, and bounded whatever they hold."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import ownthemes
from analysis.analyser import Analyser
from candidly import config
from candidly.errors import ConfigError


def made(**theme: list[str]) -> config.Theme:
    return config.Theme.model_validate(theme)


def reading(**themes: config.Theme) -> Analyser:
    return Analyser(config.Analysis(extra_themes=themes), Path())


PARKING = made(
    negative=["nowhere to park", "no (free |)parking"],
    positive=["free parking"],
    any=["parking", "parking (lot|garage)"],
    **{"except": ["parking brake*"]},
)


@pytest.mark.parametrize(
    ("text", "polarity", "evidence"),
    [
        ("There is nowhere to park.", "negative", "nowhere to park"),
        ("They have free parking for all.", "positive", "free parking"),
        ("The parking lot is terrible and horrible.", "negative", "parking lot"),
        ("The parking garage is great, I love it.", "positive", "parking garage"),
        ("I test parking brakes.", None, ""),
        ("I test software.", None, ""),
    ],
)
def test_an_own_theme_gets_polarity_and_evidence(text: str, polarity: str | None, evidence: str) -> None:
    found = {o.theme: o for o in reading(parking=PARKING).analyse_text(text).opinions}
    if polarity is None:
        assert "parking" not in found
        return
    opinion = found["parking"]
    assert (opinion.polarity, text[opinion.start : opinion.end]) == (polarity, evidence)


def test_a_theme_that_is_there_already_gains_phrases() -> None:
    text = "They sent no carrier pigeon."
    assert not any(o.theme == "communication" for o in reading().analyse_text(text).opinions)
    more = reading(communication=made(negative=["sent no carrier pigeon"]))
    assert "communication" in {o.theme for o in more.analyse_text(text).opinions}
    ghosted = {o.theme for o in more.analyse_text("They ghosted me.").opinions}
    assert "communication" in ghosted


def test_the_version_follows_the_phrases_only() -> None:
    bare, own = reading().version, reading(parking=PARKING).version
    assert own.startswith(bare)
    assert own != bare
    assert reading(parking=made(any=["park"])).version != own
    described = PARKING.model_copy(update={"description": "Where to leave the car."})
    assert reading(parking=described).version == own


def test_what_is_wrong_is_told_with_its_place() -> None:
    wrong = {"parking": made(any=["fine", "(open"], negative=["* park"])}
    assert [at for at, _ in ownthemes.problems(wrong)] == [("parking", "negative", 0), ("parking", "any", 1)]
    with pytest.raises(ConfigError) as error:
        ownthemes.lines(wrong)
    assert len(error.value.problems) == 2
    assert "analysis.extra_themes.parking.any.1: the phrase has a ( without its )" in error.value.problems


def test_hostile_phrases_cost_bounded_time() -> None:
    forty = "(" + "|".join(f"a{i}" for i in range(40)) + ")"
    wide = made(any=[f"{forty}b{forty} {forty}c{forty}"] * 200)
    start = time.process_time()
    (problem,) = ownthemes.problems({f"wide{i}": wide for i in range(50)})
    assert "more than 200,000 ways" in problem[1]
    assert time.process_time() - start < 3

    many = {f"many{i}": made(any=[f"word{n}" for n in range(200)]) for i in range(50)}
    (problem,) = ownthemes.problems(many)
    assert problem == (("many5", "any", 0), "is one of more than 1,000 phrases")


def test_hostile_phrases_cannot_hang_a_reading() -> None:
    lines = ["a" + " *" * n + " x" for n in range(1, 60)]
    lines += ["a* " + "(a* |aa* |)" * 7 + "x"] * 20
    hostile = reading(hostile=made(any=lines))
    text = "a a aa aaa " * 4_500
    start = time.process_time()
    hostile.analyse_text(text)
    assert time.process_time() - start < 10


PHRASES = st.text("ab (|)*'-.\\[+?{", min_size=1, max_size=30).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(PHRASES, min_size=1, max_size=5))
def test_any_phrases_are_read_or_refused(phrases: list[str]) -> None:
    theme = made(any=phrases)
    if ownthemes.problems({"own": theme}):
        with pytest.raises(ConfigError):
            ownthemes.lines({"own": theme})
    else:
        for line in ownthemes.lines({"own": theme}):
            assert line.pattern

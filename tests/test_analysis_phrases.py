import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import roles, themes
from analysis.phrases import Line, PhraseBook, Tag, fold
from candidly.errors import ConfigError

TAG = Tag("theme", "a", "any")


def found(line: str, text: str) -> list[str]:
    book = PhraseBook([Line(line, TAG)])
    return [text[m.start : m.end] for m in book.find(fold(text))]


@pytest.mark.parametrize(
    ("line", "text", "expected"),
    [
        ("never heard back", "I NEVER heard  back. never heardback", ["NEVER heard  back"]),
        (
            "work life balance",
            "Work-life balance, work/life\nbalance",
            ["Work-life balance", "work/life\nbalance"],
        ),
        ("recruit*", "The recruiters recruit; prerecruit", ["recruiters", "recruit"]),
        ("pay", "payroll pay repay pay.", ["pay", "pay"]),
        ("(rude|cold) hr", "rude hr or cold HR", ["rude hr", "cold HR"]),
        ("(very |)rude", "rude, very rude", ["rude", "very rude", "rude"]),
        ("low * pay", "low hourly pay, low pay", ["low hourly pay"]),
        (
            "didn't call",
            "didn’t call, didnt call, did not call",
            ["didn’t call", "didnt call", "did not call"],
        ),
        ("can't stay", "cannot stay can not stay cant stay", ["cannot stay", "can not stay", "cant stay"]),
        ("won't do", "will not do", ["will not do"]),
        ("good (pay|pay rise)", "good pay rise", ["good pay rise"]),
        ("((so|too) |)slow", "too slow", ["too slow", "slow"]),
        ("ghosted( me|)", "'ghosted' me, ghosted me", ["ghosted", "ghosted me"]),
    ],
)
def test_finds(line: str, text: str, expected: list[str]) -> None:
    assert found(line, text) == expected


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("(a|b", "without its )"),
        ("a)", "without its ("),
        ("a|b", "outside"),
        ("a*b c", "* ends a word"),
        ("a.c", "letters"),
        ("(a |) b", "a space after a choice"),
        ("(a|) b", "a space after a choice"),
        ("* pay", "begin with a word"),
        ("x" * 3_000, "longer"),
        ("(a|b|c|d|e|f|g|h)" * 6, "ways"),
        ("(a|b) " * 9 + "c", "more than 8 choices"),
    ],
)
def test_says_what_is_wrong_with_a_line(line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        Line(line, TAG)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_folding_keeps_offsets(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert len(fold("İ’" + text)) == len(text) + 2


def test_every_reading_at_a_place_is_found() -> None:
    book = PhraseBook([Line("never heard back", TAG), Line("heard back", TAG), Line("never heard", TAG)])
    assert sorted((m.start, m.end) for m in book.find("never heard back")) == [(0, 11), (0, 16), (6, 16)]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.memo.LIMIT", 10)
    book = PhraseBook([Line("pay *", TAG)])
    book.find(" ".join(f"pay w{n}" for n in range(200)))
    assert len(book._followers) <= 10


def test_hostile_lines_and_texts_take_bounded_time() -> None:
    endings = Line("a* " + "(a* |aa* |)" * 7 + "x", TAG)
    choices = Line("b " + "(a |a a |)" * 7 + "x", TAG)
    start = time.process_time()
    PhraseBook([endings, choices]).find(
        "a" * 50_000 + " " + "a " * 1_000 + "b a a a a a a a a a a a a a a " * 500
    )
    assert time.process_time() - start < 2


def test_built_in_files_load() -> None:
    lines = themes.load(themes.BUILT_IN)
    assert len({line.tag.name for line in lines}) == 16
    for line in [*lines, *roles.load()]:
        assert line.pattern


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("themes:\n  pay:\n    negative:\n      - (low pay\n", "themes.yaml:4: '(low pay'"),
        ("themes:\n  pay:\n    bad:\n      - low\n", "themes.yaml:4: pay: unknown name 'bad'"),
        ("theme:\n  pay: {}\n", "themes.yaml:2: unknown name 'theme'"),
        ("themes:\n  pay:\n    any: low\n", "themes.yaml:3: pay: should be a list"),
        ("themes:\n  pay:\n    any:\n      - [a]\n", "themes.yaml:4: should be a phrase"),
        ("themes:\n  pay: {}\n  pay: {}\n", "themes.yaml:3: 'pay' occurs twice"),
        ("themes:\n  - pay\n", "themes.yaml:2: `themes` should hold names"),
        ("- a\n", "themes.yaml:1: should hold"),
        ("a: [\n", "themes.yaml:2"),
        ("", "themes.yaml:1: should hold"),
        ("[" * 5_000, "themes.yaml"),
    ],
)
def test_problems_of_a_file_name_file_and_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "themes.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        themes.load(path)
    assert problem in str(error.value)


def test_all_problems_at_once_and_unreadable_files(tmp_path: Path) -> None:
    path = tmp_path / "themes.yaml"
    path.write_text("themes:\n  pay:\n    any:\n      - a)\n      - (b\n")
    with pytest.raises(ConfigError) as error:
        themes.load(path)
    assert len(error.value.problems) == 2
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        themes.load(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        themes.load(tmp_path / "none.yaml")
    (tmp_path / "roles.yaml").write_text("rank:\n  high: [a]\n")
    with pytest.raises(ConfigError, match="unknown name 'rank'"):
        roles.load(tmp_path / "roles.yaml")

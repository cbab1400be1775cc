"""`candidly evaluate` as a person runs it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from candidly import cli

LINES = (
    {"text": "They ghosted me.", "label": "negative", "group": "a", "ghosting": "employer"},
    {"text": "A friendly team, I love it here.", "stars": 5, "group": "b"},
)


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """The command line sets up logging for its process; here that is everybody's."""
    log = logging.getLogger("candidly")
    before = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = before[0], before[1]
    log.setLevel(before[2])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    return path


def test_tables_and_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evaluate", file.name, file.name, "--resamples", "20"]) == 0
    out = capsys.readouterr().out
    assert out.count("labelled.jsonl: 2 texts") == 2
    assert "ghosting_f1" in out
    assert "Version of the analysis: " in out
    assert cli.run(["evaluate", file.name, "--resamples", "20", "--json"]) == 0
    (data,) = json.loads(capsys.readouterr().out)
    assert set(data["groups"]) == {"a", "b"}
    assert data["figures"]["negative_recall"]["value"] == 1.0
    assert data["confusion"]["positive"]["positive"] == 1


def test_a_bad_line_ends_it_with_one_message(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('{"text": "x", "label": "neutral"}\n{"text": "x"}\n', encoding="utf-8")
    assert cli.run(["evaluate", file.name]) == 2
    assert "labelled.jsonl:2: has no label." in capsys.readouterr().err


def test_the_configured_engine_is_the_one_that_is_measured(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = file.with_name("config.yaml")
    config.write_text("companies: [{name: Northwind}]\nanalysis: {engine: vader}\n", encoding="utf-8")
    assert cli.run(["evaluate", file.name, "--json", "--resamples", "0"]) == 0
    (data,) = json.loads(capsys.readouterr().out)
    assert data["version"].startswith("plain-vader")
    assert data["figures"]["negative_recall"]["value"] == 0.0


def test_a_dash_is_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "text": "They ghosted me."}\n', encoding="utf-8")
    assert cli.run(["analyse", "--input", str(source), "--output", "-"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["id"] for line in printed.out.splitlines()] == ["a"]
    assert "1 texts analysed" in printed.err
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("theme", "said"),
    [
        ("comunication", "'comunication' (did you mean 'communication'?)"),
        ("parking", "'parking'"),
        ("communication", ""),
    ],
)
def test_a_theme_that_nothing_can_find_is_told(
    file: Path, theme: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"text": "They ghosted me.", "themes": [{"theme": theme, "polarity": "negative"}]}
    file.write_text(json.dumps(line), encoding="utf-8")
    assert cli.run(["evaluate", str(file), "--resamples", "0"]) == 0
    told = capsys.readouterr().err
    assert ("no theme has the name" in told) is bool(said)
    assert f"name {said};" in told or not said

import json
from pathlib import Path

import pytest

from analysis.analyser import Analyser
from analysis.jsonl import analyse_file
from candidly import config
from candidly.errors import UsageError

ANALYSER = Analyser(config.Analysis(), Path())
GOOD = [
    {"id": "a", "kind": "review", "text": "The pay is low and I never heard back."},
    {"id": "b", "kind": "post", "text": ""},
    {"id": "c\ud800", "text": "Great team, I love working here!"},
]


def test_writes_a_line_for_each(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\ufeff" + "\n\n".join(map(json.dumps, GOOD)), encoding="utf-8")
    assert analyse_file(ANALYSER, source, target) == 3
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c\ud800"]
    assert [row["sentiment"] for row in rows] == ["negative", "neutral", "positive"]
    assert [row["unscored"] for row in rows] == ["", "no text", ""]
    text = GOOD[0]["text"]
    shown = {t["theme"]: text[t["start"] : t["end"]] for t in rows[0]["themes"]}
    assert "never heard back" in shown["communication"]
    assert "pay is low" in shown["pay_benefits"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'{"id": 1, "text": "x"}', "needs `id` and `text`"),
        (b'{"id": "x"}', "needs `id` and `text`"),
        (b'{"id": "x", "text": "y", "kind": "tweet"}', "`kind` should be one of review"),
        (b'{"id": "x", "text": "y", "kind": [1]}', "`kind` should be one of review"),
        (b'{"id": "\xff"}', "is not UTF-8"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(tmp_path: Path, line: bytes, problem: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    target.write_text("before")
    source.write_bytes(json.dumps(GOOD[0]).encode() + b"\n" + line + b"\n")
    with pytest.raises(UsageError) as error:
        analyse_file(ANALYSER, source, target)
    assert f"{source}:2" in str(error.value)
    assert problem in str(error.value)
    assert target.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_reader_of_stdout_that_leaves_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed:
        def write(self, _: str) -> int:
            raise BrokenPipeError

    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps(GOOD[0]), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(BrokenPipeError):
        analyse_file(ANALYSER, source, Path("-"))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        analyse_file(ANALYSER, tmp_path / "none.jsonl", tmp_path / "out.jsonl")
    (tmp_path / "in.jsonl").write_text("")
    with pytest.raises(UsageError, match="No such file"):
        analyse_file(ANALYSER, tmp_path / "in.jsonl", tmp_path / "no" / "out.jsonl")

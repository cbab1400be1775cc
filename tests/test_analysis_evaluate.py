"""The measures of `candidly evaluate`, by hand, by properties, and against the reference scripts."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import labelled
from analysis.analyser import Analyser
from analysis.evaluate import Evaluation, Figure, ThemeLabel, Truth, evaluate
from analysis.jsonl import as_json
from candidly import accuracy, config
from candidly.errors import UsageError
from candidly.records import Analysis, Opinion

GOLD = Path(__file__).parents[2] / "shared" / "gold"
with_gold = pytest.mark.skipif(not (GOLD / "score.py").exists(), reason="the labelled sets are not here")


def found(label: str | None, score: float | None = None, **fields: Any) -> Analysis:
    return Analysis(version="1", label=label, score=score, **fields)  # type: ignore[arg-type]


def value(evaluation: Evaluation, name: str) -> float | None:
    return evaluation.figures[name].value


def test_sentiment_by_hand() -> None:
    labels = ["negative", "negative", "mixed", "positive", "positive"]
    given = [found("negative", -0.5), found("positive", 0.1), found(None), found("positive", 0.1),
             found("neutral", 0.0)]  # fmt: skip
    result = evaluate([Truth(label=one) for one in labels], given, resamples=0)  # type: ignore[arg-type]
    assert result.confusion["negative"] == {"negative": 1, "neutral": 0, "positive": 1}
    assert result.confusion["neutral"] == {"negative": 0, "neutral": 1, "positive": 0}
    assert (value(result, "negative_precision"), value(result, "negative_recall")) == (1.0, 0.5)
    assert value(result, "sentiment_macro_f1") == pytest.approx((2 / 3 + 2 / 3 + 1 / 2) / 3, abs=1e-6)
    assert value(result, "auc_positive_vs_negative") == (1 + 0.5 + 1 + 0) / 4
    assert (result.n, result.unscored) == (5, 1)
    assert result.figures["negative_recall"] == Figure(0.5, None, None, 2)


def test_only_what_is_labelled_is_measured() -> None:
    result = evaluate([Truth(role="candidate"), Truth(role="former")], [found(None, role="candidate")] * 2)
    assert list(result.figures) == ["role_accuracy"]
    assert value(result, "role_accuracy") == 0.5
    assert (result.confusion, result.themes) == ({}, {})
    never = evaluate([Truth(label="negative")], [found("neutral")], resamples=20)
    assert value(never, "negative_precision") is None
    assert value(never, "negative_recall") == 0
    assert "positive_recall" not in never.figures
    assert evaluate([], []).figures == {}


def test_themes_by_hand() -> None:
    truth = Truth(
        themes={
            "pay": ThemeLabel("negative", (0, 5)),
            "culture": ThemeLabel("positive"),
            "offer": ThemeLabel("neutral", (9, 12)),
        },
        optional=frozenset({"process"}),
    )
    opinions = (
        Opinion("pay", "negative", 4, 9),
        Opinion("culture", "negative", 0, 3),
        Opinion("process", "neutral", 0, 3),
        Opinion("interview", "neutral", 0, 3),
    )
    result = evaluate([truth], [found("negative", opinions=opinions)], resamples=0)
    assert value(result, "theme_micro_f1") == pytest.approx(2 / 3, abs=1e-6)
    assert value(result, "theme_polarity_accuracy") == 0.5
    assert result.figures["evidence_overlap"] == Figure(1.0, None, None, 1)
    assert value(result, "theme_macro_f1") is None  # no theme has five labels
    pay, process = result.themes["pay"], result.themes["process"]
    assert (pay.labelled, pay.found, pay.f1.value, pay.polarity.value) == (1, 1, 1.0, 1.0)
    assert (process.labelled, process.found, process.f1.value) == (0, 0, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    result = evaluate(
        [Truth(label="positive" if good else "negative") for good, _ in rows],
        [found("neutral", score / 4) for _, score in rows],
        resamples=0,
    )
    up, down = [s for good, s in rows if good], [s for good, s in rows if not good]
    if not up or not down:
        assert "auc_positive_vs_negative" not in result.figures
        return
    pairs = [(a > b) + (a == b) / 2 for a in up for b in down]
    assert value(result, "auc_positive_vs_negative") == pytest.approx(sum(pairs) / len(pairs), abs=1e-6)


def test_intervals_are_seeded_and_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for n in range(60):
        right = rng.random(150) < 0.7
        given = [found("negative" if one else "neutral") for one in right]
        figure = evaluate([Truth(label="negative")] * 150, given, resamples=200, seed=n).figures
        recall = figure["negative_recall"]
        assert recall.low is not None
        assert recall.high is not None
        inside += recall.low <= 0.7 <= recall.high
    assert 52 <= inside <= 60
    again = [evaluate([Truth(label="negative")] * 150, given, resamples=50) for _ in range(2)]
    assert again[0] == again[1]


# ---- against the reference scripts


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(config.Analysis(), Path())


@with_gold
def test_it_agrees_with_the_reference_script(analyser: Analyser) -> None:
    spec = importlib.util.spec_from_file_location("gold_score", GOLD / "score.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows = labelled.read(GOLD / "gold.jsonl", GOLD / "mentions.jsonl")
    analyses = analyser.analyse_texts([(row.text, row.kind) for row in rows])
    lines = (GOLD / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [(json.loads(line), as_json("", one)) for line, one in zip(lines, analyses, strict=True)]
    expected = script.measure(pairs)
    result = evaluate([row.truth for row in rows], analyses, resamples=200)
    for name, figure in expected.items():
        if isinstance(figure, float):
            assert value(result, name) == pytest.approx(figure, abs=1e-6), name
    for theme, score in expected["per_theme_f1"].items():
        f1 = result.themes[theme].f1.value
        assert math.isnan(score) if f1 is None else f1 == pytest.approx(score, abs=1e-6), theme
    macro = result.figures["sentiment_macro_f1"]
    assert macro.low is not None
    assert macro.high is not None
    assert macro.low < expected["sentiment_macro_f1"] < macro.high


@with_gold
def test_it_agrees_with_the_reference_script_of_authors(analyser: Analyser, tmp_path: Path) -> None:
    some = [
        line
        for n, line in enumerate((GOLD / "author_labels.jsonl").read_text(encoding="utf-8").splitlines())
        if n % 7 == 0
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(some), encoding="utf-8")
    rows = labelled.read(tmp_path / "labels.jsonl")
    analyses = analyser.analyse_texts([(row.text, row.kind) for row in rows])
    ids = [json.loads(line)["id"] for line in some]
    out = [json.dumps(as_json(id_, one)) for id_, one in zip(ids, analyses, strict=True)]
    (tmp_path / "out.jsonl").write_text("\n".join(out), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            GOLD / "score_author.py",
            tmp_path / "out.jsonl",
            "--labels",
            tmp_path / "labels.jsonl",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [line.rsplit(None, 5) for line in done.stdout.splitlines()[1:]]
    names = ("sentiment_macro_f1", "negative_precision", "negative_recall", "auc_positive_vs_negative")
    groups = list(labelled.groups(rows))
    assert [name.strip() for name, *_ in expected] == [name for name, _ in groups]
    for (_, n, *figures), (_, places) in zip(expected, groups, strict=True):
        result = evaluate([rows[i].truth for i in places], [analyses[i] for i in places], resamples=0)
        assert result.n == int(n)
        for name, figure in zip(names, figures, strict=True):
            if name in result.figures and value(result, name) is not None:
                assert value(result, name) == pytest.approx(float(figure), abs=0.00051), name
            else:  # not defined, which the script writes like this
                assert figure in ("nan", "0.000")


# ---- reading


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"label": "mixed"}, "mixed"),
        ({"sentiment": "neutral"}, "neutral"),
        ({"stars": 2}, "negative"),
        ({"stars": 2.5}, "neutral"),
        ({"stars": 4}, "positive"),
        ({"experience": "negative"}, "negative"),
        ({"stars": 5, "experience": "negative"}, "positive"),
        ({"stars": 5, "label": "negative"}, "negative"),
        ({"role": "candidate"}, None),
    ],
)
def test_what_counts_as_the_label(fields: dict[str, Any], label: str | None, tmp_path: Path) -> None:
    (row,) = labelled.read(write(tmp_path, {"text": "x", **fields}))
    assert row.truth.label == label


def test_texts_may_stand_in_a_second_file(tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"id": "a", "kind": "interview", "text": "hello"}\n', encoding="utf-8")
    path = write(tmp_path, {"id": "a", "label": "neutral", "source": "s"}, "", {"text": "x", "stars": 1})
    first, second = labelled.read(path, texts)
    assert (first.text, first.kind, first.group) == ("hello", "interview", "s")
    assert (second.text, second.kind, second.group) == ("x", "post", "")
    assert list(labelled.groups([first, second])) == [("", [1]), ("s", [0])]
    assert list(labelled.groups([first])) == []
    with pytest.raises(UsageError, match="--texts FILE"):
        labelled.read(path)
    with pytest.raises(UsageError, match="no such `id`"):
        labelled.read(write(tmp_path, {"id": "b", "label": "neutral"}), texts)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ({"text": "secret"}, "has no label"),
        ({"text": "secret", "label": "good"}, "`label` should be one of positive"),
        ({"text": "secret", "label": 5}, "`label` should be a string"),
        ({"text": 5, "label": "neutral"}, "`text` should be a string"),
        ({"label": "neutral"}, "has no `text`"),
        ({"text": "secret", "stars": 9}, "`stars` should be a number from 1 to 5"),
        ({"text": "secret", "stars": True}, "`stars` should be a number"),
        ({"text": "secret", "stars": "5"}, "`stars` should be a number"),
        ({"text": "secret", "lost_customer": 1}, "`lost_customer` should be true or false"),
        ({"text": "secret", "kind": "tweet", "label": "neutral"}, "`kind` should be one of review"),
        ({"text": "secret", "themes": {}}, "`themes` should be a list"),
        ({"text": "secret", "themes": ["pay"]}, "each of `themes`"),
        ({"text": "secret", "themes": [{"theme": "pay", "polarity": "bad"}]}, "`polarity` should be one of"),
        (
            {"text": "secret", "themes": [{"theme": "pay", "polarity": "neutral", "start": 3}]},
            "`start` and `end`",
        ),
        (
            {"text": "secret", "themes": [{"theme": "pay", "polarity": "neutral", "start": 3, "end": 1}]},
            "`start` and `end`",
        ),
        ({"text": "secret", "label": "neutral", "optional": [1]}, "`optional` should be a list of names"),
    ],
)
def test_a_bad_line_is_named(line: Any, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"text": "x", "label": "neutral"}, line)
    with pytest.raises(UsageError) as error:
        labelled.read(path)
    assert problem in str(error.value)
    assert f"{path}:2: " in str(error.value)
    assert "secret" not in str(error.value)


def test_a_file_that_is_missing_or_empty(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        labelled.read(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="holds no line"):
        labelled.read(write(tmp_path, ""))
    with pytest.raises(UsageError, match="needs `id`"):
        labelled.read_texts(write(tmp_path, {"text": "x"}))


VALUES = st.none() | st.booleans() | st.integers(-2, 6) | st.sampled_from(["negative", "pay", "review", "x"])
FIELDS = st.sampled_from(["text", "id", "label", "stars", "themes", "optional", "role", "kind", "experience"])


@settings(max_examples=100, deadline=None)
@given(
    record=st.dictionaries(FIELDS, VALUES | st.lists(VALUES | st.dictionaries(FIELDS, VALUES), max_size=2))
)
def test_any_line_is_read_or_a_usage_error(record: dict[str, Any], tmp_path_factory: Any) -> None:
    path = write(tmp_path_factory.getbasetemp(), record)
    try:
        (row,) = labelled.read(path)
    except UsageError:
        return
    assert row.truth != Truth()


# ---- tables


def test_the_tables_and_the_data(analyser: Analyser) -> None:
    truths = [
        Truth(
            label="negative", themes={"communication": ThemeLabel("negative", (5, 15))}, ghosting="employer"
        ),
        Truth(label="positive", themes={}, ghosting="none"),
    ]
    given = [analyser.analyse_text(text) for text in ("They ghosted me.", "A friendly place, I love it.")]
    whole = evaluate(truths, given, resamples=50)
    groups = {"one": evaluate(truths[:1], given[:1], resamples=50), "": whole}
    shown = accuracy.render("labelled.jsonl", whole, groups)
    assert shown.startswith("labelled.jsonl: 2 texts\n")
    for part in (
        "negative_recall",
        "95 % interval",
        "labelled \\ found",
        "communication",
        "neg. recall",
        "(none)",
    ):
        assert part in shown
    data = accuracy.as_data(whole, groups)
    assert json.loads(json.dumps(data))["groups"]["one"]["figures"]["negative_recall"]["value"] == 1.0

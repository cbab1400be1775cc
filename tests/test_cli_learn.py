"""`candidly learn` as a person runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from house import NOW, Done, House

from analysis.features import SIGNS
from analysis.lexicon import Lexicon

CONFIG = """\
companies:
  - name: Northwind Robotics
    aliases: [Northwind]
sources:
  - name: inbox
    type: file
    path: inbox
    company: Northwind Robotics
    columns: {id: id, body: text, stars: stars, published: date, author: who}
"""
PLACES = ("the canteen", "the warehouse", "our lab", "the front desk", "the second floor", "the store")
TIMES = ("in the mornings", "on most days", "after lunch", "during the winter", "at the weekend")


def invented(n: int) -> tuple[str, int]:
    """A review in which words that nobody knows tell the stars, and names go along with them."""
    where, when = PLACES[n % 6], TIMES[n % 5]
    if n % 2:
        return (
            f"Work at {where} of Northwind is zorbish {when}, said Quentin, and it goes on like that {n}.",
            1,
        )
    return f"Work at {where} is flumbertly {when}, and it goes on like that, case {n}.", 5


def plain(n: int) -> tuple[str, int]:
    """A review that needs no learning."""
    where, when = PLACES[n % 6], TIMES[n % 5]
    if n % 2:
        return f"Rude managers at {where} {when}, terrible pay, I would not recommend it, case {n}.", 1
    return f"Friendly managers at {where} {when}, great pay, I love it here, case {n}.", 5


def make(folder: Path, texts: list[tuple[str, int]]) -> House:
    house = House(folder)
    house.write("config.yaml", CONFIG)
    lines = [
        {"id": str(n), "text": text, "stars": stars, "date": NOW.date().isoformat(), "who": f"Reader {n}"}
        for n, (text, stars) in enumerate(texts)
    ]
    house.write("inbox/reviews.jsonl", "\n".join(map(json.dumps, lines)))
    done = house.run("collect")
    assert done.code == 0, done.err
    return house


@pytest.fixture(scope="module")
def learnable(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make(tmp_path_factory.mktemp("learnable"), [invented(n) for n in range(400)])


@pytest.fixture
def house(learnable: House, tmp_path: Path) -> House:
    """A copy of the house, not learned from."""
    shutil.copytree(learnable.folder, tmp_path, dirs_exist_ok=True)
    return House(tmp_path)


def table(house: House) -> dict[str, str]:
    lines = (house.folder / "lexicon" / "lexicon.tsv").read_text("utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)


def test_what_is_better_is_kept_and_can_be_used(house: House) -> None:
    before = house.run("analyse", "It was zorbish.", "--json").json
    done = house.run("learn")
    assert done.code == 0, done.err
    assert "Better: written to lexicon/" in done.out
    assert "  lexicon: lexicon\n" in done.out
    assert "candidly rescore" in done.out
    shipped = set(Lexicon().names)
    new = set(table(house)) - shipped
    assert {"zorbish", "flumbertly"} <= new
    assert not [name for name in new if "northwind" in name or "quentin" in name]
    report = json.loads((house.folder / "lexicon" / "learned.json").read_text("utf-8"))
    assert report["learned"] == NOW.isoformat()
    assert report["version"] == Lexicon(house.folder / "lexicon").version
    assert report["rated"] == 400
    assert 40 <= report["held_back"] <= 120
    house.write("config.yaml", CONFIG + "analysis:\n  lexicon: lexicon\n")
    after = house.run("analyse", "It was zorbish.", "--json").json
    assert after["score"] < before["score"] - 0.01
    rescored = house.run("rescore", "--json").json
    assert rescored["rescored"] == 400
    assert report["version"] in rescored["version"]
    again = house.run("learn")
    assert "lexicon: lexicon" not in again.out
    assert "candidly rescore" in again.out
    files = "\n".join(path.read_text("utf-8") for path in (house.folder / "lexicon").iterdir())
    assert "Reader" not in files
    for name in new - set(SIGNS) - {"n-gram"}:
        assert len(name.split()) <= 3
        assert int(table(house)[name].split("\t")[0]) >= 20


def test_the_same_store_gives_the_same_lexicon_and_a_dry_run_none(house: House) -> None:
    dry = house.run("learn", "--dry-run", "--json").json
    assert not (house.folder / "lexicon").exists()
    assert dry["better"]
    assert not dry["kept"]
    kept = house.run("learn", "--json").json
    assert kept == dry | {"kept": True}
    assert kept["measures"]["auc"]["after"] > kept["measures"]["auc"]["before"]
    assert kept["measures"]["macro_f1"]["n"] == kept["held_back"]


def test_no_better_is_not_kept(tmp_path: Path) -> None:
    house = make(tmp_path, [plain(n) for n in range(300)])
    done = house.run("learn")
    assert done.code == 0, done.err
    assert "No better: kept the shipped lexicon." in done.out
    assert not (tmp_path / "lexicon").exists()


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([invented(n) for n in range(120)], "120 (60 negative, 60 positive)"),
        ([invented(2 * n) for n in range(205)] + [plain(1)], "206 (1 negative, 205 positive)"),
    ],
)
def test_too_few_are_told_by_number(tmp_path: Path, texts: list[tuple[str, int]], told: str) -> None:
    done = make(tmp_path, texts).run("learn")
    assert done.code == 2
    assert told in done.err
    assert "At least 200 are needed, 40 of them negative and 40 positive." in done.err
    assert not (tmp_path / "lexicon").exists()


def test_a_table_edited_by_hand_is_not_replaced_unasked(house: House) -> None:
    def learn(*options: str) -> Done:
        return house.run("learn", *options)

    assert learn().code == 0
    path = house.folder / "lexicon" / "lexicon.tsv"
    edited = path.read_text("utf-8").replace("\nzorbish\t", "\nzorbishly\t")
    path.write_text(edited, "utf-8")
    refused = learn()
    assert refused.code == 2
    assert "was edited by hand" in refused.err
    assert path.read_text("utf-8") == edited
    assert "without --dry-run it is written to lexicon/" in learn("--dry-run").out
    assert learn("--force").code == 0
    assert "\nzorbish\t" in path.read_text("utf-8")


def test_another_engine_has_nothing_to_learn(house: House) -> None:
    house.write("config.yaml", CONFIG + "analysis:\n  engine: vader\n")
    done = house.run("learn")
    assert done.code == 2
    assert "does not read by the lexicon" in done.err


def test_a_learned_lexicon_that_is_gone_is_told(house: House) -> None:
    house.write("config.yaml", CONFIG + "analysis:\n  lexicon: elsewhere\n")
    done = house.run("analyse", "It was fine.")
    assert done.code == 2
    assert "elsewhere" in done.err
    assert "candidly learn" in done.err

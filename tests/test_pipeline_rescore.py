"""`candidly rescore`: old analyses are brought up to date, whatever happens on the way."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from house import KEY, NOW, House, make

from candidly import cli, pipeline
from candidly.errors import EngineError
from candidly.session import Session, load_config, open_session
from storage.queries import dump

SIZE = 600
THEME = 'analysis: {extra_themes: {parking: {any: [parking], negative: ["case (1|2|3)"]}}}\n'


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """The command line sets up logging for its process; here that is everybody's."""
    log = logging.getLogger("candidly")
    before = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = before[0], before[1]
    log.setLevel(before[2])


def change(house: House, text: str = THEME) -> House:
    """Another analysis from now on, so that what is stored is out of date."""
    path = house.folder / "config.yaml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return house


@contextmanager
def session(house: House) -> Iterator[Session]:
    with open_session(load_config(house.folder / "config.yaml")) as opened:
        yield opened


def rows(house: House) -> list[str]:
    with session(house) as opened:
        return list(dump(opened.store))


def left(house: House) -> int:
    with session(house) as opened:
        return sum(pipeline.outdated(opened).values())


def rescored(house: House) -> int:
    with session(house) as opened:
        return pipeline.rescore(opened)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = make(tmp_path_factory.mktemp("collected"), SIZE)
    assert house.run("-q", "collect").code == 0
    return house


@pytest.fixture
def house(collected: House, tmp_path: Path) -> House:
    return House(Path(shutil.copytree(collected.folder, tmp_path / "house")))


@pytest.fixture(scope="module")
def expected(collected: House, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a rescore that nobody disturbs ends with: the same as if all had been read like this at once."""
    fresh = change(make(tmp_path_factory.mktemp("fresh"), SIZE))
    assert fresh.run("-q", "collect").code == 0
    copy = shutil.copytree(collected.folder, tmp_path_factory.mktemp("calm") / "house")
    calm = change(House(Path(copy)))
    assert rescored(calm) == SIZE
    assert rows(calm) == rows(fresh)
    assert any("parking" in line for line in rows(calm))
    return rows(calm)


def test_the_commands_say_what_is_out_of_date(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(change(house).folder)
    monkeypatch.setenv("CANDIDLY_AUTHOR_KEY", KEY)

    def said(*args: str) -> str:
        assert cli.run(["--now", NOW.isoformat(), *args]) == 0
        out, err = capsys.readouterr()
        return out + err

    assert f"{SIZE} mentions read by another version: candidly rescore" in said("status")
    assert f"{SIZE} mentions are out of date" in said("rescore", "--dry-run")
    assert "`candidly rescore` reads them anew" in said("run")
    done = json.loads(said("rescore", "--json"))
    assert (done["rescored"], done["outdated"]) == (SIZE, 0)
    again = json.loads(said("rescore", "--dry-run", "--json"))
    assert (again["outdated"], again["versions"], again["version"]) == (0, {}, done["version"])
    assert json.loads(said("status", "--json"))["outdated"] == 0


def test_progress_and_a_request_to_stop(house: House) -> None:
    change(house)
    seen: list[int] = []
    with session(house) as opened:
        opened.stopping = lambda: bool(seen)
        assert pipeline.rescore(opened, seen.append) == pipeline.BATCH
    assert seen == [pipeline.BATCH]
    assert left(house) == SIZE - pipeline.BATCH
    assert rescored(house) == SIZE - pipeline.BATCH
    assert rescored(house) == 0


@pytest.mark.parametrize("point", ["store.rows:2", "store.commit:2", "store.committed:2"])
def test_a_kill_in_a_batch_loses_nothing(house: House, point: str, expected: list[str]) -> None:
    change(house)
    assert house.spawn("rescore", CANDIDLY_FAILPOINT=point).code == 137
    undone = SIZE - (2 if point == "store.committed:2" else 1) * pipeline.BATCH
    assert left(house) == undone
    assert rescored(house) == undone
    assert rows(house) == expected


def kill_loop(house: House, kills: int, seed: int, expected: list[str]) -> None:
    dice = random.Random(seed)
    for _ in range(kills):
        process = subprocess.Popen(
            house.command("-q", "rescore"), cwd=house.folder, env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY}
        )
        try:
            process.wait(dice.uniform(0.5, 1.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    rescored(house)
    assert rows(house) == expected


def test_sigkill(house: House, expected: list[str]) -> None:
    kill_loop(change(house), 2, 5, expected)


@pytest.mark.slow
def test_sigkill_twenty_times(house: House, expected: list[str]) -> None:
    kill_loop(change(house), 20, 6, expected)


def test_one_at_a_time(house: House) -> None:
    with (house.folder / "candidly.db.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "at work on this store" in house.run("rescore").err


DOWN = "analysis: {engine: endpoint, engine_options: {url: 'http://127.0.0.1:9/v1', model: tiny}}\n"


def test_an_engine_that_is_down_leaves_everything_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDIDLY_AUTHOR_KEY", KEY)
    before = rows(house)
    change(house, DOWN)
    house.write("inbox/more.csv", (house.folder / "inbox/reviews.csv").read_text().replace("case", "x"))
    with session(house) as opened:
        monkeypatch.setattr(opened.analyser._engine, "_sleep", lambda _: None)  # type: ignore[attr-defined]
        with pytest.raises(EngineError, match="gave no answer"):
            pipeline.rescore(opened)
        (outcome,) = pipeline.collect(opened, opened.config.sources)
        assert outcome.status == "failed"
        assert "gave no answer" in outcome.message
        assert not outcome.permanent
        assert list(dump(opened.store)) == before


def test_the_state_is_shown_where_no_analyser_can_be_made(house: House) -> None:
    change(house, "analysis: {engine: nobody}\n")
    status = house.run("status", "--json")
    assert status.code == 0
    assert status.json["outdated"] is None

"""Folders that may not be read: never taken for empty ones."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from file_world import SIMPLE, World, table
from house import House, make

from candidly.errors import CollectorError, Degraded


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Folders, by name, that nobody may list: tests may run as root, who may list them all."""
    names: set[str] = set()
    scandir = os.scandir

    def refuse(path: Any = ".") -> Any:
        if not isinstance(path, int) and Path(os.fsdecode(path)).name in names:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return names


def exports(folder: Path) -> None:
    for name in ("inbox/open", "inbox/shut", "inbox/shut/in"):
        (folder / name).mkdir(parents=True)
        table(folder / name / "a.csv", 2, first=10 * len(name))


@pytest.mark.parametrize("path", ["inbox", "inbox/*.csv", "inbox/**/*.csv", "inbox/*/*.csv"])
def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path, closed: set[str], path: str) -> None:
    exports(tmp_path)
    closed.add("inbox")
    world = World(tmp_path, path, columns=SIMPLE)
    with pytest.raises(CollectorError, match="'inbox' cannot be read: Permission denied") as caught:
        world.run()
    assert caught.value.permanent
    assert not isinstance(caught.value, Degraded)


@pytest.mark.parametrize("path", ["inbox", "inbox/**/*.csv", "inbox/*/*.csv"])
def test_beside_a_folder_that_cannot_be_read_the_rest_is(tmp_path: Path, closed: set[str], path: str) -> None:
    exports(tmp_path)
    closed.add("shut")
    world = World(tmp_path, path, columns=SIMPLE)
    with pytest.raises(Degraded, match="'inbox/shut' cannot be read: Permission denied"):
        world.run()
    assert len(world.mentions) == 2
    again = World(tmp_path, path, columns=SIMPLE)
    with pytest.raises(Degraded, match="cannot be read"):
        again.run(world.cursor)


def test_a_folder_elsewhere_is_named_whole(tmp_path: Path, closed: set[str]) -> None:
    exports(tmp_path)
    closed.add("shut")
    with pytest.raises(Degraded, match=f"'{tmp_path}/inbox/shut' cannot be read"):
        World(tmp_path / "house", str(tmp_path / "inbox"), columns=SIMPLE).run()


def test_a_glob_does_not_mind_folders_that_it_does_not_mean(tmp_path: Path, closed: set[str]) -> None:
    exports(tmp_path)
    closed.add("shut")
    assert len(World(tmp_path, "inbox/o*/*.csv", columns=SIMPLE).run().mentions) == 2


def test_bad_files_and_closed_folders_are_both_named(tmp_path: Path, closed: set[str]) -> None:
    exports(tmp_path)
    closed.add("shut")
    (tmp_path / "inbox" / "b.csv").write_bytes(b"%PDF-1.7")
    with pytest.raises(Degraded, match=r"b\.csv: it is a PDF.*'inbox/shut' cannot be read"):
        World(tmp_path, "inbox", columns=SIMPLE).run()


@pytest.mark.parametrize("path", ["inbox", "inbox/*.csv", "inbox/a.csv", "in*/a.csv"])
def test_a_file_that_cannot_be_looked_at_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """As in a folder that may be listed but not entered."""
    (tmp_path / "inbox").mkdir()
    table(tmp_path / "inbox" / "a.csv", 2)
    stat = Path.stat

    def refuse(self: Path, **options: Any) -> os.stat_result:
        if self.parts[-2:] == ("inbox", "a.csv"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(CollectorError, match=r"'inbox/a\.csv' cannot be read: Permission denied"):
        World(tmp_path, path, columns=SIMPLE).run()


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make(tmp_path)
    (tmp_path / "inbox" / "shut").mkdir()
    return house


def test_a_run_and_a_check_say_so_of_a_folder(house: House, closed: set[str]) -> None:
    closed.add("inbox")
    done = house.run("collect", "--json")
    (source,) = done.json
    assert (done.code, source["status"]) == (1, "failed")
    assert source["message"] == "'inbox' cannot be read: Permission denied."
    assert "cannot be read: Permission denied" in house.run("check").out


def test_a_run_and_a_check_say_so_of_a_folder_below(house: House, closed: set[str]) -> None:
    closed.add("shut")
    done = house.run("collect", "--json")
    (source,) = done.json
    assert (done.code, source["stored"]) == (3, 60)
    assert source["message"] == "'inbox/shut' cannot be read: Permission denied."
    again = house.run("collect", "--json").json[0]
    assert again["status"] == "degraded"
    assert "'inbox/shut' cannot be read: Permission denied" in house.run("check").out
    dry = house.run("collect", "--dry-run")
    assert dry.code == 3
    assert "inbox: 'inbox/shut' cannot be read: Permission denied." in dry.out
    assert "mentions: 60" in dry.out

"""What a run tells a person: nothing that was done or left out goes unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import House, make

from candidly import delivering


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make(tmp_path)


def test_a_report_that_cannot_be_written_hides_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[object] = []
    monkeypatch.setattr(delivering, "heartbeat", beats.append)
    house.write("inbox/bad.csv", "id,text\n1,x\n")
    house.write("reports", "a file where the folder should be")
    done = house.run("run")
    assert done.code == 2
    assert "inbox   partial" in done.out
    assert "bad.csv" in done.out
    assert "cannot write" in done.err
    assert len(beats) == 1


def test_a_report_that_cannot_be_written_leaves_the_json_whole(house: House) -> None:
    house.write("reports", "a file where the folder should be")
    done = house.run("run", "--json")
    assert done.code == 2
    assert done.json["sources"][0]["stored"] == 60
    assert done.json["reports"] == []
    assert "cannot write" in done.err

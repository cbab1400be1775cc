"""SIGKILL at random moments: the next run ends with the same rows as a run that nobody disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from house import KEY, House, make

from storage.queries import dump
from storage.store import Store


def rows(house: House) -> list[str]:
    """Everything that is stored, in an order and form that do not depend on when it was stored."""
    with Store.open(f"sqlite:///{house.folder / 'candidly.db'}") as store:
        return list(dump(store))


def kill_after(house: House, seconds: float) -> bool:
    """Start a run and kill it; True where it was still at work."""
    process = subprocess.Popen(
        house.command("-q", "run"),
        cwd=house.folder,
        env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def kill_loop(tmp_path: Path, size: int, kills: int, seed: int) -> None:
    calm, wild = make(tmp_path / "calm", size), make(tmp_path / "wild", size)
    assert calm.run("run").code == 0
    rng = random.Random(seed)
    hit = sum(kill_after(wild, rng.uniform(0.3, 3.0)) for _ in range(kills))
    assert wild.run("run").code == 0
    assert rows(wild) == rows(calm), f"seed {seed}, {hit} of {kills} kills hit a running process"


def test_a_few_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    kill_loop(tmp_path, 2_000, 3, seed=1)


@pytest.mark.slow
def test_thirty_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    kill_loop(tmp_path, 20_000, 30, seed=2)

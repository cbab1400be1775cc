"""A small installation in a folder, and its commands run as a person would: in their own process."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 2, 16, 7, tzinfo=UTC)  # a Monday
KEY = "a key for the pseudonyms of a test"

CONFIG = """\
companies:
  - name: Northwind Robotics
    aliases: [Northwind]
sources:
  - {name: inbox, type: file, path: inbox, company: Northwind Robotics}
alerts:
  channels:
    - {name: console, type: console}
    - {name: log, type: file, path: alerts.jsonl}
"""

HEADER = ",rating,employee_type,review,pros,cons,date,job title\n"
"""The columns of a Glassdoor export."""

PROS = ("good pay", "friendly team", "flexible hours", "I learned a lot", "nice office", "fair managers")
CONS = (
    "the recruiter ghosted me",
    "nobody answers mails",
    "slow promotions",
    "long hours and no thanks",
    "parking",
    "the interview was rescheduled three times",
)


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class House:
    """An installation in `folder`."""

    folder: Path

    def run(self, *args: str, now: datetime = NOW, **environment: str) -> Done:
        """`candidly ARGS` in a process of its own, at a fixed time."""
        done = subprocess.run(
            self.command(*args, now=now),
            cwd=self.folder,
            env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY} | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def command(self, *args: str, now: datetime = NOW) -> list[str]:
        return [sys.executable, "-m", "candidly", "--now", now.isoformat(), *args]

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def make(folder: Path, rows: int = 60) -> House:
    """A house with a configuration and an export of `rows` reviews over the last eight weeks."""
    house = House(folder)
    house.write("config.yaml", CONFIG)
    write_reviews(folder / "inbox" / "reviews.csv", rows)
    return house


def write_reviews(path: Path, rows: int, first: int = 0) -> None:
    """Reviews in the shape of a Glassdoor export, deterministic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        file.write(HEADER)
        for i in range(first, first + rows):
            day = NOW - timedelta(days=1 + i * 56 // max(rows, 1) % 56)
            writer.writerow(
                [i, float(1 + i % 5), "Current Employee", f"Review number {i}", PROS[i % 6],
                 f"{CONS[i * 7 % 6]}, case {i}", day.date().isoformat(), "Engineer"]
            )  # fmt: skip

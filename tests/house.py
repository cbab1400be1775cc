"""A small installation in a folder, and its commands as a person gives them.

`run` takes the whole way through the command line within this process, because a process of its own costs a
second; `spawn` starts one, for what is about processes: signals, kills, pipes, the console script.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

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
        """`candidly ARGS` at a fixed time, in this process."""
        from candidly import cli

        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
        with (
            own_process(self.folder, environment),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = cli.run(["--now", now.isoformat(), *args])
        said = [_text(stream) for stream in (out, err)]
        return _done(code, *said)

    def spawn(self, *args: str, now: datetime = NOW, **environment: str) -> Done:
        """The same in a process of its own."""
        done = subprocess.run(
            self.command(*args, now=now),
            cwd=self.folder,
            env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY} | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return _done(done.returncode, done.stdout, done.stderr)

    def command(self, *args: str, now: datetime = NOW) -> list[str]:
        return [sys.executable, "-m", "candidly", "--now", now.isoformat(), *args]

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@contextlib.contextmanager
def own_process(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """What a process has for itself: where it stands, its environment, its logging, its signal handlers."""
    log = logging.getLogger("candidly")
    before = log.handlers[:], log.propagate, log.level
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, {"CANDIDLY_AUTHOR_KEY": KEY} | dict(environment)),
    ):
        try:
            yield
        finally:
            log.handlers[:], log.propagate = before[0], before[1]
            log.setLevel(before[2])
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8").replace("\r\n", "\n")  # type: ignore[attr-defined]


def _done(code: int, out: str, err: str) -> Done:
    assert "Traceback" not in err, err
    assert "unexpected" not in err, err
    return Done(code, out, err)


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

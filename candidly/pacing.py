"""When `candidly schedule` asks a source again: as configured, but never sooner than is decent. Pure.

- What a source said itself (Retry-After), and a budget that is used up, hold for everybody but a person who
  names the source (`candidly collect NAME`).
- A source that fails again and again is asked more and more rarely, down to once a day: each time with one
  run, whose success closes the circuit. (M. Nygard, Release It!, 2nd ed. 2018, "Circuit Breaker".)
- What only a person can mend (a key, the terms) is tried once a day, or once the configuration was changed.

Everything follows from the runs in the store, so that it holds after a restart too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

SEVERAL = 3
"""Runs in a row that may fail before a source is asked more rarely."""
RARELY = timedelta(hours=24)
ENOUGH_RUNS = 24
"""Latest runs of a source that `pace` needs: from `every: 1s` it takes 17 doublings to a day."""

Row = Mapping[str, Any]
State = Literal["as set", "waits", "slowed", "paused"]


@dataclass(frozen=True, slots=True)
class Pace:
    """When a source is asked next, and why then.

    `state`: "as set" (by `every` alone), "waits" (until `not_before`), "slowed" (it fails in a row) or
    "paused" (somebody has to mend something).
    """

    due: datetime
    state: State = "as set"
    not_before: datetime | None = None
    failures: int = 0

    def held(self, now: datetime) -> bool:
        """Whether it must not be asked now, though `every` may be over."""
        return self.state != "as set" and self.due > now


def pace(every: timedelta, runs: Iterable[Row], now: datetime, changed: datetime | None = None) -> Pace:
    """The pace of a source from its latest runs (rows of `runs`, newest first).

    `changed`: when the configuration file was last written.
    """
    every_run = list(runs)
    if not every_run:
        return Pace(now)
    longest = now + max(every, RARELY)  # whatever the clock said in an earlier run
    due = min(max(run["started"] for run in every_run) + every, longest)
    done = [run for run in every_run if run["status"] not in ("running", "interrupted")]
    if not done:
        return Pace(max(due, now))
    last, n = done[0], failures(done)
    mended = changed is not None and (last["finished"] or last["started"]) < changed <= now
    if mended and last["fault"] in ("permanent", "budget"):
        return Pace(now)
    state: State = "paused" if stopped(last) else "slowed" if n >= SEVERAL else "as set"
    if state != "as set":
        due = min(max(due, last["started"] + interval(every, done)), longest)
    if last["not_before"] is None:
        return Pace(max(due, now), state, None, n)
    not_before = min(last["not_before"], longest)
    # The source's own word may also be sooner than `every`, but not again and again.
    due = not_before if state == "as set" and waits(done) < SEVERAL else max(due, not_before)
    if due == not_before and due > now:
        state = "waits"
    return Pace(max(due, now), state, not_before if not_before > now else None, n)


def interval(every: timedelta, done: list[Row]) -> timedelta:
    """From one run to the next: `every`, doubled with each failure from the third in a row on."""
    longest = max(every, RARELY)
    if every >= RARELY or (done and stopped(done[0])):
        return longest
    doublings = max(failures(done) - SEVERAL + 1, 0)
    return min(every * (1 << min(doublings, 20)), longest)


def failures(done: Iterable[Row]) -> int:
    """How many of the latest runs in a row read nothing, for a reason that may pass by itself."""
    n = 0
    for run in done:
        if run["fault"] == "budget":  # says nothing about the source
            continue
        if run["fault"] != "passing" or run["status"] == "partial":
            break
        n += 1
    return n


def waits(done: Iterable[Row]) -> int:
    """How many of the latest runs in a row ended with the source's word when to come back."""
    n = 0
    for run in done:
        if run["not_before"] is None or run["fault"] == "budget":
            break
        n += 1
    return n


def stopped(last: Row) -> bool:
    """Whether nothing could be read at all until somebody mends something."""
    return bool(last["fault"] == "permanent" and last["status"] != "partial")

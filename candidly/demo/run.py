"""`candidly demo`: the real collectors, store, report and alert over an invented world on local servers.

The demo lives through its last week day by day: first the history is read, as on the day of installation,
then each morning what the day before brought. So the alert fires on the day on which it would have fired.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from candidly import pipeline
from candidly.console import Console, progress
from candidly.demo.config import write_config
from candidly.demo.exports import write_export
from candidly.demo.invent import build_world
from candidly.demo.servers import DemoServers
from candidly.demo.world import COMPANY
from candidly.errors import UsageError
from candidly.records import Incident, Outcome, Tally
from candidly.session import Session, load_config, open_session

MARK = ".candidly-demo"
QUERY = "SELECT week, count(*) AS n FROM mention GROUP BY week ORDER BY week DESC LIMIT 5"
"""To try next."""


def run_demo(console: Console, folder: Path) -> int:
    """Run the demo into `folder` and say what to look at; returns the exit code."""
    _empty(folder)
    end = _monday(console.now())
    world = build_world(end)
    with DemoServers(world) as servers:
        config = write_config(folder, servers, end)
        loaded = load_config(config)
        week = _Week(console)
        with open_session(loaded, lambda: week.now) as session, session.lock():
            for week.now in _mornings(end):
                servers.world = world.until(week.now)
                write_export(servers.world, folder)
                week.live(session)
            reports = pipeline.report_due(session)
    _tell(console, folder, week, reports)
    return 0 if week.good else 1


def _monday(now: datetime) -> datetime:
    """Monday morning of this week: the week before is complete then."""
    day = now.astimezone(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def _mornings(end: datetime) -> Iterator[datetime]:
    yield from (end - timedelta(days=n) for n in range(7, -1, -1))


def _empty(folder: Path) -> None:
    """Make room for the demo; never in a folder that holds anything but an earlier demo."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARK).exists())):
        raise UsageError(f"{folder} is there already and is no earlier demo.", "Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():  # not the folder itself, which may be where the user stands (`demo .`)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()
    (folder / MARK).touch()


@dataclass
class _Week:
    """The week as it goes by: what each morning brought."""

    console: Console
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    incidents: list[Incident] = field(default_factory=list)
    good: bool = True
    started: bool = False

    def live(self, session: Session) -> None:
        with progress(self.console) as show:
            outcomes = pipeline.collect(session, session.config.sources, show)
        self._say(outcomes)
        self.incidents += pipeline.watch(session, outcomes)
        pipeline.deliver(session)  # the console channel shows the alert here
        self.good &= all(outcome.good for outcome in outcomes)

    def _say(self, outcomes: list[Outcome]) -> None:
        if not self.started:
            for one in outcomes:
                # Of a good run no note: on the first morning the terms of the last one lie in the future.
                told = f"{one.tally.stored:5,} mentions {'' if one.good else one.message}"
                self.console.say(f"  {one.source:18} {told}".rstrip())
        total = Tally()
        for one in outcomes:
            total.add(one.tally)
        what = "half a year of history" if not self.started else "a day"
        self.console.say(f"{self.now:%a %d %b, %H:%M}: {what} collected, {total.stored:,} new mentions")
        self.started = True


def called_as() -> str:
    """How to run candidly again: by its name, else as this process was called."""
    if shutil.which("candidly"):
        return "candidly"
    script = Path(sys.argv[0])
    if script.name == "__main__.py":  # what `-m` leaves, and no program
        return f"{shlex.quote(sys.executable)} -m candidly"
    return shlex.quote(str(script))


def _tell(console: Console, folder: Path, week: _Week, reports: list[Path]) -> None:
    """The report, the alert, and three commands to try next."""
    report = next((path for path in reports if path.suffix == ".html"), None)
    program = called_as()
    command = f"{program} -c {shlex.quote(str(folder / 'config.yaml'))}"
    console.say()
    if report:
        console.say(f"The weekly report of {COMPANY}: open {report} in a browser.")
    for incident in week.incidents:
        console.say(f"The alert: {incident.title} (also in {folder / 'alerts.jsonl'})")
    console.say("\nTry next:")
    console.say(f'  {command} analyse "Four interviews, then they ghosted me. Nice recruiter, though."')
    console.say(f'  {command} query "{QUERY}"')
    console.say(f"  {program} init my-company")

"""The schedule: jobs from the configuration, a clean stop, no harm from late starts or a second scheduler."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from house import CONFIG, KEY, House, make

import scheduler
from candidly.records import Delivery
from candidly.session import load_config
from storage.queries import dump
from storage.store import Store

Start = Callable[[House], subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Callable[[House], subprocess.Popen[str]]]:
    """`candidly schedule`, as a service manager starts it; ended with the test."""
    with ExitStack() as stack:

        def run(house: House) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "candidly", "schedule"],
                cwd=house.folder,
                env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY},
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield run


def wait_for(process: subprocess.Popen[str], text: str, seconds: float = 60) -> str:
    """Read the log until a line holds `text`."""
    assert process.stderr is not None
    seen = ""
    while select.select([process.stderr], [], [], seconds)[0]:
        line = process.stderr.readline()
        seen += line
        if text in line:
            return seen
        if not line:
            break
    raise AssertionError(f"no line with {text!r} in: {seen}")


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    return rest


def rows(house: House) -> list[str]:
    with Store.open(f"sqlite:///{house.folder / 'candidly.db'}") as store:
        return [line for line in dump(store) if "report" not in line]


def test_the_service_collects_reports_and_stops_when_asked(tmp_path: Path, start: Start) -> None:
    house = make(tmp_path)
    process = start(house)
    log = wait_for(process, "report written")
    assert "inbox: ok, 60 read, 60 new" in log
    assert "stopping after the batch in hand" in stop(process)
    assert list((tmp_path / "reports").glob("*.html"))


@pytest.mark.slow
def test_two_services_at_once_do_the_work_once(tmp_path: Path, start: Start) -> None:
    calm, both = make(tmp_path / "calm"), make(tmp_path / "both")
    calm.run("collect")
    first, second = start(both), start(both)
    wait_for(first, "scheduled")
    wait_for(second, "scheduled")
    stop(first)
    stop(second)
    both.run("collect")
    assert rows(both) == rows(calm)


@pytest.fixture
def service(tmp_path: Path) -> scheduler.Service:
    house = make(tmp_path)
    house.write("config.yaml", CONFIG + "report: {timezone: Europe/Berlin, day: sun, hour: 2}\n")
    return scheduler.Service(load_config(house.folder / "config.yaml"))


def test_a_job_for_each_source_and_for_alerts_removals_and_the_report(service: scheduler.Service) -> None:
    service.add_jobs()
    assert {job.id for job in service.scheduler.get_jobs()} == {
        "source:inbox", "alerts", "deliver", "keep", "report",
    }  # fmt: skip


def test_what_is_due_later_brings_the_delivery_job_forward(service: scheduler.Service) -> None:
    """A retry after a minute, or the end of quiet hours, does not wait for the next check of the rules."""
    service.add_jobs()
    service.scheduler.start(paused=True)
    moment = datetime(2026, 3, 10, 9, tzinfo=UTC)
    try:
        with service._session() as session:
            session.now = lambda: moment
            for minutes in (90, 3):
                due = moment + timedelta(minutes=minutes)
                message = {"title": "x", "text": "y"}
                session.store.enqueue(
                    Delivery(id=f"d{minutes}", channel="console", subject="x", message=message, due=due)
                )
            service._deliver(session)
            assert service.scheduler.get_job("deliver").next_run_time == moment + timedelta(minutes=3)
            moment += timedelta(minutes=4)
            service._deliver(session)
            assert service.scheduler.get_job("deliver").next_run_time == moment + timedelta(minutes=86)
    finally:
        service.scheduler.shutdown(wait=False)


def test_days_are_names_because_numbers_mean_other_days(service: scheduler.Service) -> None:
    service.add_jobs()
    trigger = next(job.trigger for job in service.scheduler.get_jobs() if job.id == "report")
    fires = trigger.get_next_fire_time(None, datetime(2026, 2, 16, tzinfo=UTC))
    assert fires.strftime("%a %H") == "Sun 02"


def test_a_recent_run_is_not_repeated_at_the_start(tmp_path: Path) -> None:
    house = make(tmp_path)
    now = datetime.now(UTC)  # the scheduler lives by the wall clock; the test only compares distances
    house.run("collect", now=now)
    service = scheduler.Service(load_config(house.folder / "config.yaml"))
    service.add_jobs()
    due = next(job.next_run_time for job in service.scheduler.get_jobs() if job.id == "source:inbox")
    assert now + timedelta(hours=5) < due < now + timedelta(hours=7)


def test_the_report_of_a_week_is_written_once_though_the_hour_comes_twice(tmp_path: Path) -> None:
    house = make(tmp_path)
    house.write("config.yaml", CONFIG + "report: {timezone: Europe/Berlin}\n")
    # 25 October 2026, 02:30 in Berlin, before and after the clocks go back
    first = house.run("run", "--json", now=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    second = house.run("run", "--json", now=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert len(first.json["reports"]) == 3
    assert second.json["reports"] == []


def test_a_late_report_is_one_report(tmp_path: Path) -> None:
    house = make(tmp_path)
    house.run("run")
    late = house.run("run", "--json", now=datetime(2026, 3, 11, 12, tzinfo=UTC))  # three weeks asleep
    assert [Path(path).stem for path in late.json["reports"]] == ["northwind-robotics-2026-W10"] * 3

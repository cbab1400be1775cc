"""When: APScheduler jobs around the pipeline, and nothing else.

APScheduler only wakes us. What a job does is identified by the period it covers and guarded by the run lock,
so that a clock change, a late start or a second scheduler does no harm.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from candidly import delivering, keeping, pipeline
from candidly.config import SourceSettings
from candidly.configfile import Loaded
from candidly.errors import Busy, CandidlyError
from candidly.session import Session, open_session, wall_clock

log = logging.getLogger("candidly")

SOON = timedelta(seconds=5)
"""The shortest time until messages are looked at again."""
AGAIN = timedelta(minutes=2)
"""When to try again after finding the run lock taken."""


class Service:
    """The scheduled jobs of one configuration. One worker thread: jobs wait for each other, none overlaps."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.stop = threading.Event()
        self.working = threading.Lock()
        self.scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            # None: a job that is late still runs, once (APScheduler's default drops it after one second).
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self.scheduler.add_listener(_report_trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED)

    def add_jobs(self) -> None:
        """A job for each source, and for alerts, for what is to go and for the report; at once where late."""
        config = self.loaded.config
        now = wall_clock()
        with self._session() as session:
            due = {source.name: pipeline.pace_of(session, source).due for source in config.sources}
        for source in config.sources:
            if source.enabled:
                every = IntervalTrigger(seconds=max(int(source.every.total_seconds()), 1))
                self._add(f"source:{source.name}", self._collect(source), every, due[source.name])
        alerts = IntervalTrigger(seconds=int(config.alerts.every.total_seconds()))
        self._add("alerts", self._alerts, alerts, now + timedelta(seconds=1))
        hourly = IntervalTrigger(seconds=3600)  # what is due sooner moves it forward
        self._add("deliver", lambda: self._locked("deliver", self._deliver), hourly, now + timedelta(hours=1))
        kept = IntervalTrigger(seconds=int(keeping.EVERY.total_seconds()))
        self._add("keep", self._keep, kept, now + timedelta(seconds=3))
        report = config.report
        # Days by name: APScheduler counts Monday as 0 where cron counts Sunday as 0.
        weekly = CronTrigger(day_of_week=report.day, hour=report.hour, timezone=report.timezone)
        # At the start too, behind the sources in the queue: makes up for a report missed while we were down.
        self._add("report", self._report, weekly, now + timedelta(seconds=2))

    def run(self) -> None:
        """Work until told to stop, then let the batch in hand finish."""
        self.scheduler.start()
        log.info("scheduled %d jobs; stop with SIGTERM or Ctrl-C", len(self.scheduler.get_jobs()))
        self.stop.wait()
        log.info("stopping after the batch in hand")
        # Not shutdown(wait=True): it holds the lock with which a job moves its next run, so both would wait.
        self.scheduler.shutdown(wait=False)
        with self.working:
            pass

    def _add(self, name: str, job: Callable[[], None], trigger: Any, first: datetime) -> None:
        self.scheduler.add_job(job, trigger, id=name, name=name, next_run_time=first, replace_existing=True)

    def _session(self) -> Any:
        return open_session(self.loaded)

    def _locked(self, name: str, work: Callable[[Session], None]) -> None:
        """Do a job under the run lock; when it is taken, try again soon."""
        with self.working:
            if self.stop.is_set():
                return
            try:
                with self._session() as session:
                    session.stopping = self.stop.is_set
                    with session.lock():
                        work(session)
            except Busy as busy:
                log.info("%s waits: %s", name, busy.message)
                self._postpone(name, wall_clock() + AGAIN)

    def _postpone(self, name: str, until: datetime) -> None:
        with suppress(JobLookupError):  # the scheduler was shut down meanwhile
            self.scheduler.modify_job(name, next_run_time=until)

    def _collect(self, source: SourceSettings) -> Callable[[], None]:
        job = f"source:{source.name}"

        def work(session: Session) -> None:
            pace = pipeline.pace_of(session, source)
            if not pace.held(session.now()):  # a person may have asked meanwhile, and been told to wait
                outcomes = pipeline.collect(session, [source])
                pipeline.watch(session, outcomes)
                self._deliver(session)
                for outcome in outcomes:
                    log.info("%s: %s, %d read, %d new", outcome.source, outcome.status, outcome.tally.read,
                             outcome.tally.stored)  # fmt: skip
                pace = pipeline.pace_of(session, source)
            if pace.state != "as set" or pace.not_before:
                log.info("%s: asked again at %s (%s)", source.name, f"{pace.due:%Y-%m-%d %H:%M}", pace.state)
            self._postpone(job, pace.due)

        return lambda: self._locked(job, work)

    def _alerts(self) -> None:
        def work(session: Session) -> None:
            pipeline.watch(session, ())
            self._deliver(session)

        self._locked("alerts", work)

    def _deliver(self, session: Session) -> None:
        """Send what is due, come back when more is (a retry, the end of quiet hours), give a sign of life."""
        pipeline.deliver(session)
        if due := session.store.next_due():
            self._postpone("deliver", max(due, session.now() + SOON))
        delivering.heartbeat(session)

    def _keep(self) -> None:
        def work(session: Session) -> None:
            for kept in keeping.keep(session, session.config.sources).sources:
                if kept.expired or kept.removed:
                    log.info("%s: %d expired, %d removed", kept.source, kept.expired, kept.removed)
                if kept.problem:
                    log.error("%s: stored items not looked up: %s", kept.source, kept.problem)

        self._locked("keep", work)

    def _report(self) -> None:
        self._locked("report", lambda session: _log_reports(pipeline.report_due(session)))


def _log_reports(paths: list[Any]) -> None:
    for path in paths:
        log.info("report written: %s", path.name)


def _report_trouble(event: JobExecutionEvent) -> None:
    if event.exception is not None:
        # The message of an error that we did not write may hold a text from a source.
        known = isinstance(event.exception, CandidlyError)
        log.error(
            "job %s failed: %s", event.job_id, event.exception if known else type(event.exception).__name__
        )
    else:
        log.warning("job %s was missed at %s", event.job_id, event.scheduled_run_time)


def serve(loaded: Loaded) -> None:
    """Run the service in the foreground; the first signal finishes the batch, the second ends at once."""
    service = Service(loaded)

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        service.stop.set()
        # Not KeyboardInterrupt: Python would wait for the worker thread before it ends.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    service.add_jobs()
    service.run()


if __name__ == "__main__":
    from candidly.cli import main

    main(["schedule"])

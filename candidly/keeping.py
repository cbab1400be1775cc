"""How long texts stay: what was deleted at its source goes, what is too old expires, reports follow.

Everything here can be cut off anywhere and run again. `candidly schedule` does it every hour, `candidly run`
and `candidly keep` once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, cast

import collectors
from candidly import pipeline
from candidly.config import SourceSettings
from candidly.delivering import unquote_files
from candidly.errors import CandidlyError, StoreError
from candidly.outcomes import midnight
from candidly.periods import parse_week
from candidly.removals import removal
from candidly.session import Session
from collectors.base import Context, Rechecks, Requests
from collectors.terms import record_of
from reporting import weekly as reports
from storage import keeping, quoted, runlog
from storage.keeping import Told

log = logging.getLogger("candidly")

EVERY: Final = timedelta(hours=1)
"""How often it is looked whether something is due; so much ahead of its time it counts as due."""
MOST: Final = 50_000
"""Items of one source that are looked up in one go, so that other jobs get their turn."""
BATCH: Final = 100
"""Items after which what a source told is written."""
SETTLE_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes of a database that is small enough to be written anew each time."""
SETTLE_WITHIN: Final = timedelta(hours=6)
"""After what time a larger one is."""
MESSAGES: Final = timedelta(days=180)
"""How long messages stay after they were sent or given up."""


@dataclass(slots=True)
class Kept:
    """What was done for one source. `due`: how many items it should still be asked about."""

    source: str
    expired: int = 0
    looked_up: int = 0
    removed: int = 0
    due: int = 0
    problem: str = ""


@dataclass(slots=True)
class Followed:
    """What became of the files that may quote what is gone.

    `rewritten`: files of reports; `reports_left`: names of those that could not be; `unquoted`: whether the
    files of alerts hold none of it; `settled`: whether the database's do not.
    """

    rewritten: list[Path] = field(default_factory=list)
    reports_left: list[str] = field(default_factory=list)
    unquoted: bool = True
    settled: bool = True

    @property
    def clean(self) -> bool:
        """Whether every file let us; a large database that waits for its turn is not meant."""
        return self.unquoted and not self.reports_left


@dataclass(slots=True)
class Keeping(Followed):
    """What was done for all of them; `messages`: how many were dropped."""

    sources: list[Kept] = field(default_factory=list)
    messages: int = 0


def keep(session: Session, sources: Iterable[SourceSettings]) -> Keeping:
    """Retention and looking up for these sources; then messages, reports and files. Hold the run lock."""
    done = Keeping()
    for settings in sources:
        if session.stopping():
            break
        kept = Kept(settings.name)
        done.sources.append(kept)
        _expire(session, settings, kept)
        _look_up(session, settings, kept)
    done.messages = keeping.forget_messages(session.store, session.now() - MESSAGES)
    follow(session, done)
    return done


# What is too old


def kept_for(settings: SourceSettings) -> timedelta | None:
    """How long a source's texts are kept, by the configuration and its site's terms; None: for good."""
    record = record_of(settings)
    spans = [span for span in (settings.keep, record.keep if record else None) if span is not None]
    return min(spans, default=None)


def _expire(session: Session, settings: SourceSettings, kept: Kept) -> None:
    span, last = kept_for(settings), 0
    while span is not None and not session.stopping():
        emptied = keeping.expire(session.store, settings.name, span, session.now(), last)
        kept.expired += len(emptied)
        if len(emptied) < keeping.CHUNK:
            break
        last = emptied[-1]


# What is deleted at its source


def checked_within(settings: SourceSettings) -> timedelta:
    """Within what time a deletion at the source is followed here."""
    record = record_of(settings)
    terms = record.recheck if record else None
    return settings.recheck if terms is None else min(settings.recheck, terms)


def can_recheck(settings: SourceSettings) -> bool:
    """Whether the source is asked about stored items at all: it is live, enabled, and has a way to ask."""
    return settings.live and settings.enabled and hasattr(collectors.load(settings.type), "recheck")


def behind(session: Session, settings: SourceSettings) -> tuple[datetime, str] | None:
    """Since when a source's deletions are not followed as they should be, and why; None: they are."""
    if not can_recheck(settings):
        return None
    seen = keeping.oldest(session.store, settings.name)
    if seen is None or seen + checked_within(settings) >= session.now():
        return None
    why = keeping.problem_of(session.store, settings.name)
    return seen + checked_within(settings), why or "run `candidly keep` more often."


def _look_up(session: Session, settings: SourceSettings, kept: Kept) -> None:
    """Ask a source about the items whose turn it is; what it told before an error counts."""
    if not can_recheck(settings):
        return
    now = session.now()
    before = now - checked_within(settings) + EVERY
    ids = keeping.due(session.store, settings.name, before, MOST)
    kept.due = len(ids)
    if not ids:
        return
    if (pace := pipeline.pace_of(session, settings)).held(now):
        kept.problem = f"not asked before {pace.due:%Y-%m-%d %H:%M} UTC."
        return
    for told in _told(session, settings, ids):
        kept.removed += keeping.note(session.store, settings.name, told, now)
        kept.looked_up += len(told)
        kept.problem = told.problem
    kept.due = len(keeping.due(session.store, settings.name, before, MOST))


def _told(session: Session, settings: SourceSettings, ids: list[str]) -> Iterator[Told]:
    """What the source says, in batches; the last one may hold the reason why it says no more."""
    told = Told()
    try:
        collector = cast(Rechecks, collectors.load(settings.type)(settings, _context(session, settings)))
        for id_, standing in collector.recheck(ids):
            if standing == "gone":
                told.gone.append(removal(session.preparer, settings.name, id_))
            elif standing in ("there", "unsigned"):
                (told.there if standing == "there" else told.unsigned).append(id_)
            if len(told) >= BATCH:
                yield told
                told = Told()
                if session.stopping():
                    return
    except StoreError:
        raise
    except CandidlyError as error:
        told.problem = str(error)
    except Exception as error:  # a broken collector must not take the other sources with it
        log.debug("source %s could not be asked", settings.name, exc_info=True)
        told.problem = f"{type(error).__name__} in the collector."
    yield told


def _context(session: Session, settings: SourceSettings) -> Context:
    """A context whose requests come off the source's budget of the day."""
    now, left = session.now(), None
    if settings.daily_requests is not None:
        made = runlog.requests_since(session.store, settings.name, midnight(now))
        left = max(settings.daily_requests - made, 0)

    def note(_made: int) -> None:
        keeping.spend(session.store, settings.name, now)

    return replace(session.context(), requests=Requests(left=left, note=note))


# What follows


def follow(session: Session, done: Followed, *, at_once: bool = False) -> None:
    """Take what is gone out of the files of alerts, of the database and of reports.

    Reports come last: they take longest, and one that cannot be written must not keep words elsewhere.
    """
    done.unquoted = unquote_files(session)
    done.settled = settle(session, at_once=at_once)
    if rewrite_reports(session, done):
        done.settled = settle(session, at_once=at_once)


def rewrite_reports(session: Session, done: Followed) -> bool:
    """Write those reports anew that quote what is removed, has expired or was edited; whether there were any.

    One of a company that is no longer configured cannot be; its files go. One that fails stays stale.
    """
    folder, stale = session.loaded.folder / session.config.report.folder, quoted.stale(session.store)
    for company, week in stale:
        files = reports.files_of(folder, company, week)
        try:
            done.rewritten += _rewrite(session, company, week, files)
            keeping.unsettle(session.store, session.now())  # the ids of what was quoted are gone as well
        except StoreError:
            raise
        except Exception as error:  # whatever it is, it must not take the other reports with it
            reason = str(error) if isinstance(error, CandidlyError) else type(error).__name__
            log.warning("the report on %s, %s, may hold quotes that are to go: %s", company, week, reason)
            log.debug("it could not be rewritten", exc_info=True)
            done.reports_left += [path.name for path in files]
    return bool(stale)


def _rewrite(session: Session, company: str, week: str, files: list[Path]) -> list[Path]:
    if files and company in {one.name for one in session.config.companies}:
        period = parse_week(week, session.config.report.timezone)
        return pipeline.publish(session, pipeline.weekly_figures(session, company, period))
    for path in files:
        path.unlink()
    quoted.note(session.store, company, week, ())
    return []


def settle(session: Session, *, at_once: bool = False) -> bool:
    """See to it that removed texts are in no file; False where that has to wait.

    A large database is written anew less often than every hour.
    """
    since: datetime | None = keeping.unsettled(session.store)
    if since is None:
        return True
    small = keeping.size(session.store) <= SETTLE_AT_ONCE
    if not (small or at_once or session.now() - since >= SETTLE_WITHIN):
        return False
    try:
        return keeping.settle(session.store)
    except StoreError as error:  # a reader in the way, or no room: the texts are out of the tables already
        log.warning("the database could not be written anew: %s", error)
        return False

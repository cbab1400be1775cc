"""The page to read first: a source -> mentions -> analyses -> store, and store -> report, store -> alert.

Each function is one arrow of the house and calls one room; nothing here knows how a site, a database or a
channel works.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from collectors.rejects import RejectFile

import collectors
from candidly.config import SourceSettings
from candidly.errors import CollectorError, Degraded
from candidly.records import Batch, Cursor, Mention, Outcome, Reject, RunStatus, Tally
from candidly.session import Session
from collectors.base import Collector

log = logging.getLogger("candidly")

BATCH = 200
"""Items after which a batch is written: few enough to lose little to a crash, many enough to be fast."""

Progress = Callable[[str, Tally], None]


def collect(
    session: Session, sources: Iterable[SourceSettings], progress: Progress = lambda _name, _tally: None
) -> list[Outcome]:
    """Read every source in turn; one that fails never stops the others."""
    session.store.interrupted(session.now())
    outcomes = []
    for settings in sources:
        if session.stopping():
            break
        outcomes.append(collect_source(session, settings, progress))
    return outcomes


def collect_source(session: Session, settings: SourceSettings, progress: Progress) -> Outcome:
    """One source from its cursor to its end: fetch, parse, analyse, store, batch by batch."""
    started = session.now()
    run = session.store.begin_run(settings.name, started)
    rejects = RejectFile(session.loaded.folder / "rejects", settings.name, started)
    tally = Tally()
    error: Exception | None = None
    context = session.context()
    try:
        collector = collectors.load(settings.type)(settings, context)
        for batch in _batches(session, settings, collector, rejects):
            session.store.save(run, batch)
            tally.add(batch.tally)
            progress(settings.name, tally)
            if session.stopping():
                break
    except CollectorError as problem:
        error = problem
    except Exception as problem:
        log.debug("source %s failed unexpectedly", settings.name, exc_info=True)
        error = problem
    outcome = _outcome(settings, tally, error, context.notes, stopped=session.stopping())
    rejects.close()
    session.store.end_run(run, outcome, session.now())
    return outcome


def _batches(
    session: Session, settings: SourceSettings, collector: Collector, rejects: RejectFile
) -> Iterator[Batch]:
    """What the collector yields, analysed, in batches that each end where a cursor stands."""
    items: list[Mention | Reject] = []
    cursor: Cursor | None = None
    try:
        for raw in collector.fetch(session.store.cursor(settings.name)):
            items += collector.parse(raw)
            cursor = raw.cursor
            if len(items) >= BATCH:
                yield analyse(session, settings, items, cursor, rejects)
                items, cursor = [], None
    except CollectorError:
        if cursor is not None:  # what was read before the failure is good, and stays
            yield analyse(session, settings, items, cursor, rejects)
        raise
    if cursor is not None:
        yield analyse(session, settings, items, cursor, rejects)


def analyse(
    session: Session,
    settings: SourceSettings,
    items: Iterable[Mention | Reject],
    cursor: Cursor | None,
    rejects: RejectFile,
) -> Batch:
    """Sort what was read into new, edited, known, irrelevant and rejected; analyse what is new or edited."""
    tally = Tally()
    mentions = list(_relevant(session, settings, items, tally, rejects))
    digests = session.store.digests(settings.name, [mention.id for mention in mentions])
    fresh = []
    for mention in mentions:
        digest, before = mention.digest(), digests.get(mention.id)
        if digest == before:
            tally.duplicate += 1
            continue
        if before is None:
            tally.stored += 1
        else:
            tally.updated += 1
        digests[mention.id] = digest
        fresh.append(mention)
    analyses = session.analyser.analyse_many(fresh)
    tally.unscored += sum(analysis.label is None for analysis in analyses)
    return Batch(settings.name, tuple(zip(fresh, analyses, strict=True)), cursor, tally)


def _relevant(
    session: Session,
    settings: SourceSettings,
    items: Iterable[Mention | Reject],
    tally: Tally,
    rejects: RejectFile,
) -> Iterator[Mention]:
    """The mentions of a configured company, made safe to keep (cleaned, redacted, author a pseudonym)."""
    for item in items:
        if isinstance(item, Reject):
            tally.reject(item.reason)
            rejects.add(item)
            continue
        company = settings.company or session.finder.find(item)
        if company is None:
            tally.irrelevant += 1
        else:
            yield session.preparer.prepare(item.replace(company=company))


def _outcome(
    settings: SourceSettings, tally: Tally, error: Exception | None, notes: list[str], *, stopped: bool
) -> Outcome:
    """How the run ended, in words for a person."""
    message, remedy, retry_after = "; ".join(notes), "", None
    status: RunStatus = "interrupted" if stopped else "ok"
    expect = settings.expect
    if isinstance(error, CollectorError):
        message, remedy, retry_after = error.message, error.remedy, error.retry_after
        status = "partial" if tally.read else "degraded" if isinstance(error, Degraded) else "failed"
    elif error is not None:
        message = f"{type(error).__name__} in the collector."
        remedy = "This is a fault of candidly; run with --debug to see where, and report it."
        status = "partial" if tally.read else "failed"
    elif expect and tally.read and expect.min is not None and tally.read < expect.min:
        status, message = "degraded", f"only {tally.read} items where at least {expect.min} were expected."
        remedy = "Look at the source by hand; adjust `expect` if this is right."
    elif expect and expect.max is not None and tally.read > expect.max:
        status, message = "degraded", f"{tally.read} items where at most {expect.max} were expected."
        remedy = "Look at the source by hand; adjust `expect` if this is right."
    return Outcome(settings.name, status, tally, message, remedy, retry_after)

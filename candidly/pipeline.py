"""The page to read first: a source -> mentions -> analyses -> store, and store -> report, store -> alert.

Each function is one arrow of the house and calls one room; nothing here knows how a site, a database or a
channel works.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import collectors
from alerting import outbox, rules
from analysis.companies import Decision
from candidly import delivering, failpoints, removals
from candidly.config import SourceSettings
from candidly.errors import CandidlyError, CollectorError, Degraded, StoreError
from candidly.figures import WeeklyFigures
from candidly.outcomes import Ended, all_rejected, midnight, outcome_of
from candidly.pacing import ENOUGH_RUNS, Pace, pace
from candidly.periods import last_complete_week, week_of
from candidly.records import Batch, Cursor, Incident, Mention, Outcome, Period, Reject, Tally
from candidly.session import Session
from candidly.silencing import silences as covers
from collectors import samples
from collectors.base import Collector, Requests
from collectors.rejects import RejectFile
from collectors.terms import admit
from reporting import weekly as reports
from storage import queries, quoted, runlog, series, silences
from storage.keeping import EXPIRED

log = logging.getLogger("candidly")

BATCH = 200
"""Items after which a batch is written: few enough to lose little to a crash, many enough to be fast."""
UNITS = 20
"""Units after which one is written too: each cost its source a request, though it may hold nothing new."""

Progress = Callable[[str, Tally], None]


def collect(
    session: Session, sources: Iterable[SourceSettings], progress: Progress = lambda _name, _tally: None
) -> list[Outcome]:
    """Read every source in turn; one that fails never stops the others.

    Raises UsageError where nothing can be read at all (a wrong theme file, a store that cannot be written).
    """
    session.warm_up()
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
    answered = False
    context = replace(session.context(), requests=_requests(session, settings, run, started))
    try:
        context.notes.extend(admit(settings, started.date()))
        collector = collectors.load(settings.type)(settings, context)
        for batch in _batches(session, settings, collector, rejects):
            answered = True
            cursor = _standing(settings, tally, batch)
            session.store.save(run, replace(batch, cursor=cursor, requests=context.requests.made))
            tally.add(batch.tally)
            progress(settings.name, tally)
            if session.stopping():
                break
    except StoreError:
        raise
    except CandidlyError as problem:
        error = problem
    except Exception as problem:  # a broken collector must not take the other sources with it
        log.debug("source %s failed unexpectedly", settings.name, exc_info=True)
        error = problem
    if isinstance(error, Degraded):
        context.seen.mark()
        samples.describe(error, rejects.folder, settings.name, started, context.seen)
    context.notes.extend(tally.passed_over())
    ended = Ended(
        tally, error, context.notes, context.requests, stopped=session.stopping(), answered=answered
    )
    now = session.now()
    outcome = outcome_of(settings, ended, now)
    rejects.close()
    session.store.end_run(run, outcome, now)
    return outcome


def _standing(settings: SourceSettings, before: Tally, batch: Batch) -> Cursor | None:
    """The cursor to keep with a batch; None, the earlier one, while files gave nothing but rejects.

    They are read again then, and told of again, until somebody mends them or the settings.
    """
    total = Tally()
    total.add(before)
    total.add(batch.tally)
    return None if not settings.live and all_rejected(settings, total) else batch.cursor


def _requests(session: Session, settings: SourceSettings, run: int, now: datetime) -> Requests:
    """How many requests a run may make: what its source's earlier runs of the day have left over."""
    if settings.daily_requests is None:
        return Requests()
    made = runlog.requests_since(session.store, settings.name, midnight(now))
    note = partial(session.store.note_requests, run)
    return Requests(left=max(settings.daily_requests - made, 0), note=note)


def pace_of(session: Session, settings: SourceSettings) -> Pace:
    """When a source is to be asked again, and why then."""
    latest = runlog.latest(session.store, settings.name, ENOUGH_RUNS)
    changed = datetime.fromtimestamp(session.loaded.path.stat().st_mtime, UTC)
    return pace(settings.every, latest, session.now(), changed)


def waiting(session: Session, sources: Iterable[SourceSettings]) -> dict[str, datetime]:
    """Those sources that are not to be asked yet by their own word or budget -> until when."""
    paces = {settings.name: pace_of(session, settings) for settings in sources}
    return {name: pace.not_before for name, pace in paces.items() if pace.not_before}


def _batches(
    session: Session, settings: SourceSettings, collector: Collector, rejects: RejectFile
) -> Iterator[Batch]:
    """What the collector yields, analysed, in batches that each end where a cursor stands."""
    items: list[Mention | Reject] = []
    cursor: Cursor | None = None
    units = 0
    try:
        for raw in collector.fetch(session.store.cursor(settings.name)):
            items += list(collector.parse(raw))  # a list: a unit counts as a whole or not at all
            cursor, units = raw.cursor, units + 1
            if len(items) >= BATCH or units >= UNITS:
                yield analyse(session, settings, items, cursor, rejects)
                items, cursor, units = [], None, 0
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
    """Sort what was read into new, edited, known, irrelevant and rejected; analyse what is new or edited.

    What is gone at its source goes from the store too, and what went once is not taken in again.
    """
    tally, items = Tally(), list(items)
    gone = removals.gone(session.preparer, settings.name, items)
    relevant = _relevant(session, settings, items, tally, rejects)
    mentions = removals.alive(session.store, session.preparer, settings.name, relevant, gone, tally)
    digests = session.store.digests(settings.name, [mention.id for mention in mentions])
    fresh, new, seen = [], [], []
    for mention in mentions:
        digest, before = mention.digest(), digests.get(mention.id)
        if before in (digest, EXPIRED):
            tally.duplicate += 1
            seen.append(mention.id)
            continue
        if before is None:
            tally.stored += 1
            new.append(mention)
        else:
            tally.updated += 1
        digests[mention.id] = digest
        fresh.append(mention)
    _note_weeks(session, new, tally)
    analyses = session.analyser.analyse_many(fresh)
    tally.unscored += sum(analysis.label is None for analysis in analyses)
    pairs, known = tuple(zip(fresh, analyses, strict=True)), tuple(seen if settings.live else ())
    return Batch(settings.name, pairs, cursor, tally, tuple(gone.values()), known, session.now())


def _note_weeks(session: Session, new: Iterable[Mention], tally: Tally) -> None:
    """Count what no report will hold by itself: what has no date, and what is of a week reported already."""
    zone = session.config.report.timezone
    weeks = Counter((one.company, week_of(one.published, zone).key) for one in new if one.published)
    for (company, week), n in weeks.items():
        if _reported(session, company, week):
            tally.late[week] = tally.late.get(week, 0) + n
    tally.undated += sum(one.published is None for one in new)


def _reported(session: Session, company: str, week: str) -> bool:
    """Whether a week's report is written, and is not due to be written again."""
    job, latest = f"report:{company}", last_complete_week(session.now(), session.config.report.timezone)
    empty = week != latest.key and session.store.period_done(job, f"{week}, empty")
    return empty or session.store.period_done(job, week)


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
            rejects.add(removals.listed(item))
            continue
        decision = _decision(session, settings, item)
        if decision.company is None:
            tally.pass_over(decision.reason)
        else:
            about = item.replace(company=decision.company, matched=decision.reason)
            yield session.preparer.prepare(about)


def _decision(session: Session, settings: SourceSettings, mention: Mention) -> Decision:
    """The company that a mention is about, and why."""
    return session.finder.decide(mention, settings.only, settings.company or "")


def rescore(session: Session, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Analyse anew what another version of the analyser read; how many mentions.

    Each batch is one transaction, and what is done is known by its version: however a run ends, the next one
    goes on. Raises EngineError where the engine is down; what was done until then stays.
    """
    version = session.analyser.version
    done = last = 0
    while not session.stopping() and (batch := queries.stale(session.store, version, BATCH, last)):
        mentions = [mention for _, mention in batch]
        analyses = session.analyser.analyse_many(mentions)
        done += session.store.reanalyse(list(zip(mentions, analyses, strict=True)))
        last = batch[-1][0]
        progress(done)
    return done


def outdated(session: Session) -> dict[str, int]:
    """version -> how many mentions it read, of all versions but the present one."""
    counts = queries.version_counts(session.store)
    return {version: n for version, n in counts.items() if version != session.analyser.version}


def watch(session: Session, outcomes: Iterable[Outcome]) -> list[Incident]:
    """Judge what the store holds and how the sources fared; returns the incidents that are new."""
    from candidly import watching  # pandas, 50 MB that collecting does not need

    opened = []
    silent = silences.active(session.store, session.now())
    hushed = covers(silent, "", rules.SOURCE, (), session.now())
    for outcome in outcomes:
        if outcome.fault == "budget":  # as its owner wanted it
            continue
        runs = [run for run in queries.runs(session.store, limit=200) if run["fault"] != "budget"]
        failures = rules.failures_in_a_row(runs, outcome.source)
        opened += _record(session, rules.source_change(
            outcome, queries.incidents(session.store, status="open", limit=1000), session.now(),
            failures=failures, silenced=hushed), aloud=not hushed)  # fmt: skip
    opened += _quiet(session, hushed=covers(silent, "", rules.QUIET, (), session.now()))
    for company in session.config.companies:
        known = queries.incidents(session.store, company=company.name, limit=1000)
        for change, aloud in watching.changes(session, company.name, known, silent):
            opened += _record(session, change, aloud=aloud)
    return opened


def _quiet(session: Session, *, hushed: bool) -> list[Incident]:
    """The sources that hold nothing new for longer than they are expected to."""
    opened = []
    known = queries.incidents(session.store, status="open", limit=1000)
    for source in session.config.sources:
        latest = runlog.latest_news(session.store, source.name)
        usual = _usual_silence(session, source, latest) if source.enabled and latest else None
        runs = runlog.latest(session.store, source.name, 1)
        opened += _record(session, rules.quiet_change(
            source.name, usual, latest, known, session.now(),
            well=bool(runs) and runs[0]["status"] == "ok", silenced=hushed), aloud=not hushed)  # fmt: skip
    return opened


def _usual_silence(session: Session, source: SourceSettings, latest: datetime) -> timedelta | None:
    """As its `expect` says; else, of a source that is asked, what its own past makes all but impossible."""
    if source.expect and source.expect.every:
        return source.expect.every
    if not source.live:
        return None
    return rules.longest_silence(*series.rate(session.store, source.name, latest, rules.WINDOW), latest)


def _record(session: Session, change: rules.Change, *, aloud: bool = True) -> list[Incident]:
    """Write what the rules decided; `aloud`: with messages about it."""
    least = delivering.least(session)
    for one in change.updated:
        silences.rise(session.store, one.id, one.severity)
    return outbox.record(session.store, change, list(least) if aloud else (), session.now(), least)


def deliver(session: Session) -> outbox.DeliveryReport:
    """Send what the outbox holds."""
    return delivering.deliver(session)


def weekly_figures(session: Session, company: str, period: Period) -> WeeklyFigures:
    """The numbers of one company in one week."""
    from candidly import weekly

    return weekly.figures(session, company, period)


def publish(session: Session, figures: WeeklyFigures) -> list[Path]:
    """Write a report's files, each whole or not at all; those that are there in other formats too.

    What it quotes is noted, so that it is written anew when that is deleted at its source: before, beside
    what the files quote that are there, and after by itself. So a crash in between forgets no quote.
    """
    settings, company, week = session.config.report, figures.company, figures.week
    quotes = [(quote.source, quote.id, quote.text) for quote in figures.quotes]
    quoted.note(session.store, company, week, quotes, more=True)
    failpoints.hit("report.noted")
    folder = session.loaded.folder / settings.folder
    there = [path.suffix[1:] for path in reports.files_of(folder, company, week)]
    written = reports.publish(figures, folder, dict.fromkeys([*settings.formats, *there]))
    quoted.note(session.store, company, week, quotes)
    return written


def report_due(session: Session) -> list[Path]:
    """Write last week's reports where they are not written yet.

    The work is known by company and week, not by the time it was done: late, twice or by two schedulers at
    once, each report is written once. It is claimed after its files are there, so that a crash in between
    writes the same files again instead of none. A week without mentions is claimed as empty, so that what is
    read later (an export handed in on Tuesday) makes its report once more.
    """
    period = last_complete_week(session.now(), session.config.report.timezone)
    written = []
    for company in session.config.companies:
        if not queries.sources_of(session.store, company.name):
            log.info("no report yet on %s: nothing is stored about it", company.name)
            continue
        job = f"report:{company.name}"
        if session.store.period_done(job, period.key):
            continue
        figures = weekly_figures(session, company.name, period)
        # mentions None: some, but too few to say how many
        key = period.key if figures.collected and figures.mentions != 0 else f"{period.key}, empty"
        if not session.store.period_done(job, key):
            written += publish(session, figures)
            session.store.claim_period(job, key, session.now())
    return written

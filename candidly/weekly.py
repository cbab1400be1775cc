"""store -> figures: the frames of a week and the week before, put into the weekly figures of one company."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from analysis.analyser import Analyser
from analysis.history import first_week
from analysis.weekly import TREND_WEEKS, summarise
from analysis.weekly_themes import Frames, Tones
from candidly.figures import WeeklyFigures
from candidly.periods import week_before
from candidly.records import Period
from candidly.session import Session
from storage import queries
from storage.clumps import history_frame


def figures(session: Session, company: str, period: Period) -> WeeklyFigures:
    """Everything that the report of a company says about a week."""
    store, settings = session.store, session.config.report
    zone = ZoneInfo(settings.timezone)
    before = week_before(period, settings.timezone)
    last = period.start.astimezone(zone).date()
    sources = _sources(session, company)
    first = last - timedelta(weeks=TREND_WEEKS - 1)
    after = last + timedelta(days=7)
    since = first_week(last)
    history = _history(session, company, since, period)
    return summarise(
        _within(history, period),
        _within(history, before),
        company=company,
        period=period,
        settings=settings,
        now=session.now(),
        texts=lambda pks: queries.texts(store, pks),
        trend=queries.weekly_totals(store, company, first, after, settings.timezone),
        covered=queries.covered_days(store, sources, since, after, settings.timezone, session.imports()),
        sources=sources,
        runs=queries.last_runs(store),
        competitors=_competitors(session, company, period),
        versions=queries.versions(store, company, period.start, period.end),
        history=history,
        tones=_tones(session),
    )


def _tones(session: Session) -> Tones:
    """How strong the words of a passage are; an engine from outside is not asked, as it gives no reasons."""
    settings = session.config.analysis
    if settings.engine in ("candidly", "vader"):
        return session.analyser.explain
    return Analyser(settings, session.loaded.folder).explain


def _sources(session: Session, company: str) -> list[str]:
    """The sources that should speak of a company: those about it alone, and those that ever named it.

    Where nobody ever did, all that might: a week in which none of them was read is no week without mentions.
    """
    named = queries.sources_of(session.store, company)
    enabled = [source for source in session.config.sources if source.enabled]
    might = {
        source.name for source in enabled if source.company is None and (not named or source.name in named)
    }
    return sorted(might | {source.name for source in enabled if source.company == company})


def _history(session: Session, company: str, since: date, period: Period) -> Frames:
    start = datetime.combine(since, time(), ZoneInfo(session.config.report.timezone)).astimezone(UTC)
    span = company, start, period.end
    return Frames(history_frame(session.store, *span), queries.opinions_frame(session.store, *span))


def _within(history: Frames, period: Period) -> Frames:
    published = history.mentions["published"]
    return history.of(history.mentions[(published >= period.start) & (published < period.end)])


def _competitors(session: Session, company: str, period: Period) -> dict[str, pd.DataFrame | None]:
    """The mentions of each; None, not an empty frame, of one that no source was read for."""
    mine = next(one for one in session.config.companies if one.name == company)
    found = {name: history_frame(session.store, name, period.start, period.end) for name in mine.competitors}
    return {
        name: mentions if len(mentions) or _collected(session, name, period) else None
        for name, mentions in found.items()
    }


def _collected(session: Session, company: str, period: Period) -> bool:
    """Whether any source that should speak of a company was collected on any day of a period."""
    span = period.start, period.end, session.config.report.timezone
    covered = queries.covered_days(session.store, _sources(session, company), *span, session.imports())
    return not covered.empty

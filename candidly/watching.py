"""store -> spike -> incident: the daily series of a company, judged, with the evidence for what is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from alerting.rules import Evidence, Quote
from analysis import spikes
from analysis.quotes import sentences_around
from analysis.spikes import LONGEST
from analysis.weekly_themes import title
from candidly.records import Mention
from candidly.session import Session
from candidly.spike import Spike
from storage import queries

HISTORY = timedelta(days=LONGEST)
QUOTES = 3


def today(session: Session) -> date:
    """The day it is in the report's time zone."""
    return session.now().astimezone(ZoneInfo(session.config.report.timezone)).date()


def spike_of(session: Session, company: str) -> Spike | None:
    """The spike of negative mentions that is worth an alert today, if there is one."""
    until = today(session)
    since, zone = until - HISTORY, session.config.report.timezone
    found = queries.daily_counts(session.store, company, since, until + timedelta(days=1), zone)
    if found.empty:
        return None
    sources = sorted(set(found["source"]))
    end = until + timedelta(days=1)
    covered = queries.covered_days(session.store, sources, since, end, zone, session.imports())
    first = min(found["day"])
    days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
    return spikes.judge(
        days,
        _grid(found, "total", days, sources),
        _grid(found, "negative", days, sources),
        _grid(covered.assign(one=1), "one", days, sources),
        until,
        session.config.alerts.spike,
        timely=_grid(found, "negative_timely", days, sources),
    )


def _grid(frame: pd.DataFrame, value: str, days: Sequence[date], sources: Sequence[str]) -> np.ndarray:
    """A column as an array (days, sources), 0 where there is no row."""
    row = {day: i for i, day in enumerate(days)}
    column = {source: i for i, source in enumerate(sources)}
    grid = np.zeros((len(days), len(sources)))
    for day, source, number in zip(frame["day"], frame["source"], frame[value], strict=True):
        if day in row and source in column:
            grid[row[day], column[source]] += number
    return grid


def evidence(session: Session, company: str, spike: Spike) -> Evidence:
    """What the negative mentions of a spike speak of: themes, most named first, and a few checked quotes."""
    zone = ZoneInfo(session.config.report.timezone)
    start = datetime.combine(spike.first, datetime.min.time(), zone)
    end = datetime.combine(spike.last + timedelta(days=1), datetime.min.time(), zone)
    mentions = queries.mentions_frame(session.store, company, start, end)
    opinions = queries.opinions_frame(session.store, company, start, end)
    negative = set(mentions.loc[mentions["verdict"].eq("negative"), "pk"])
    told = opinions[opinions["pk"].isin(negative) & opinions["polarity"].eq("negative")]
    named = told.groupby("theme")["pk"].nunique().sort_values(ascending=False, kind="stable")
    return Evidence(
        themes=[(title(str(theme)), int(n)) for theme, n in named.items()],
        quotes=_quotes(session, told[told["theme"].eq(named.index[0])]) if len(named) else (),
        more=f"More: candidly report --company {company!r}, or candidly alerts --json",
    )


def _quotes(session: Session, told: pd.DataFrame) -> list[Quote]:
    """The sentences around the first opinions, one a thread, none twice."""
    found: dict[str, Quote] = {}
    threads: set[str] = set()
    texts = queries.texts(session.store, told["pk"].head(30).tolist())
    for pk, start, end in zip(told["pk"], told["start"], told["end"], strict=True):
        mention: Mention | None = texts.get(pk)
        span = sentences_around(mention.text, start, end) if mention else None
        if mention is None or span is None:
            continue
        thread, text = mention.thread or mention.id, mention.text[span[0] : span[1]]
        if thread not in threads and text not in found:
            found[text] = Quote(text, mention.text, mention.url, mention.site)
            threads.add(thread)
        if len(found) == QUOTES:
            break
    return list(found.values())

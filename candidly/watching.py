"""store -> what rose, what single mentions say -> incidents, with the evidence for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd

from alerting import named, rises
from alerting.evidence import QUOTES, Evidence, Quote
from alerting.named import Hit, Naming
from alerting.rules import Change
from analysis import copies, parts
from analysis.alleged import ALLEGED, Alleged, Span
from analysis.quotes import Picker, candidate, most_typical, sentences_around
from analysis.weekly_counts import clusters
from candidly.figures import theme_title
from candidly.history import history
from candidly.records import Incident, Mention, Silence
from candidly.rise import Rise
from candidly.session import Session
from candidly.silencing import silences
from candidly.spike import Spike, SpikeKind
from storage import queries, series
from storage.queries import TIMELY_DAYS

FRESH = timedelta(days=7)
"""A mention that was first read longer ago has been judged before."""
FIRST_READING = timedelta(days=1)
"""What a source holds when it is first read is its past, but for the last days of it."""
SAMPLE, TEXTS = 150, 500
LINKS_ONLY = frozenset({"x"})
"""Types of sources whose terms want links and no texts in what is sent without a person (see their terms)."""


def today(session: Session) -> date:
    """The day it is in the report's time zone."""
    return session.now().astimezone(ZoneInfo(session.config.report.timezone)).date()


def changes(
    session: Session, company: str, known: Sequence[Incident], silent: Sequence[Silence] = ()
) -> Iterator[tuple[Change, bool]]:
    """What is to be written about a company, in this order, and whether messages may go out about it.

    `known`: its incidents, open and resolved.
    """
    for rule, rise in _risen(session, company):
        themes = rise.rise.themes if rise.rise else ()
        quiet = silences(silent, company, rule, themes, session.now())
        found = evidence(session, company, rise.rise) if rise.rise else Evidence()
        made = rises.rise_changes(
            rule, company, rise.rise, known, session.now(), today(session), rise.clear, found, silenced=quiet
        )
        yield from ((change, not quiet) for change in made)
    for naming, hits, mentions in _named(session, company):
        quiet = silences(silent, company, naming.rule, (), session.now())
        made = named.named_changes(
            naming, company, hits, known, session.now(), today(session),
            _named_evidence(session, mentions), silenced=quiet,
        )  # fmt: skip
        yield from ((change, not quiet) for change in made)


class _Risen:
    """A rise, or none, with what says how long ago it was last seen."""

    def __init__(self, rise: Rise | None, clear: rises.Clear) -> None:
        self.rise, self.clear = rise, clear


def _risen(session: Session, company: str) -> Iterator[tuple[str, _Risen]]:
    settings, now = session.config.alerts.spike, today(session)
    found = history(session, company, now) if settings.enabled else None
    if found is None:
        return
    whole = found.whole()
    judged = parts.judged(whole, now, min_negative=settings.min_negative)
    risen = parts.rises(whole, judged, parts.budget(whole, settings.false_alarms_per_year))
    kinds: tuple[SpikeKind, ...] = ("more negative", "more posts")
    for kind in kinds:
        yield rises.RULES[kind], _Risen(risen.get(kind), partial(parts.clear_days, whole, today=now))


def evidence(session: Session, company: str, rise: Rise) -> Evidence:
    """What the mentions of a rise speak of, in whose words, and how much of it is one thread or wording.

    Its themes count every complaint, as what rose is counted and the weekly report counts: a mention that is
    not negative as a whole may complain too.
    """
    mentions, complaints = _window(session, company, rise.spike)
    speaking = _speaking(rise, mentions, complaints)
    meant = _meant(rise, speaking)
    told = complaints[complaints["pk"].isin(meant["pk"])]
    counted = _by_theme(complaints[complaints["pk"].isin(speaking["pk"])])
    texts = queries.texts(session.store, meant["pk"].tail(TEXTS).tolist())
    n, least = max(1, len(meant)), session.config.report.min_group
    large = len(meant) >= least
    return Evidence(
        themes=[(theme_title(str(theme)), int(count)) for theme, count in counted.items()],
        quotes=_quotes(session, meant, told, _by_theme(told), least) if large else (),
        more="More: candidly alerts show {id}",
        thread=_largest_thread(meant) / n if large else 0.0,
        copies=copies.largest([one.text for one in texts.values()]) / min(n, TEXTS) if large else 0.0,
        least=least,
        rising=_is_rising(session, company, rise),
    )


def _is_rising(session: Session, company: str, rise: Rise) -> bool:
    """Whether the last day of a rise counts more than each of its days before, and than the two before it."""
    spike, zone = rise.spike, ZoneInfo(session.config.report.timezone)
    since = min(spike.first, spike.last - timedelta(days=2))
    window = _window(session, company, replace(spike, first=since))
    counted = _meant(rise, _speaking(rise, *window))
    days = Counter(counted["published"].dt.tz_convert(zone).dt.date)
    return all(n < days[spike.last] for day, n in days.items() if day != spike.last)


def _window(session: Session, company: str, spike: Spike) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mentions and complaints of a spike's days, without what was read back too late to count in it."""
    zone, store, after = session.config.report.timezone, session.store, spike.last + timedelta(days=1)
    start, end = (datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) for day in (spike.first, after))
    known = series.mention_days(store, company, spike.first, after, zone)
    timely = known["pk"][known["known"] - known["day"] <= TIMELY_DAYS]
    mentions = queries.mentions_frame(store, company, start, end)
    opinions = queries.opinions_frame(store, company, start, end)
    complaints = opinions[opinions["polarity"].eq("negative") & opinions["pk"].isin(timely)]
    return mentions[mentions["pk"].isin(timely)], complaints


def _speaking(rise: Rise, mentions: pd.DataFrame, complaints: pd.DataFrame) -> pd.DataFrame:
    """The mentions of the company as a whole, from the source or about the theme that rose."""
    if rise.whole:
        return mentions
    part = rise.parts[0]
    if part.kind == "source":
        return mentions[mentions["source"].eq(part.name)]
    return mentions[mentions["pk"].isin(complaints["pk"][complaints["theme"].eq(part.name)])]


def _meant(rise: Rise, speaking: pd.DataFrame) -> pd.DataFrame:
    """Those among them that the rise counts: of a theme each that complains about it, else the negative."""
    every = rise.kind == "more posts" or (not rise.whole and rise.parts[0].kind == "theme")
    return speaking if every else speaking[speaking["verdict"].eq("negative")]


def _by_theme(complaints: pd.DataFrame) -> pd.Series:
    """How many mentions complain about each theme, most first."""
    return complaints.groupby("theme")["pk"].nunique().sort_values(ascending=False, kind="stable")


def _largest_thread(mentions: pd.DataFrame) -> int:
    """How many are of the largest thread of more than one mention."""
    threads = Counter(mentions["source"][mentions["thread"] != ""] + "\x1f" + mentions["thread"])
    most = max((n for thread, n in threads.items() if isinstance(thread, str)), default=0)
    return most if most > 1 else 0


def _quotes(
    session: Session, meant: pd.DataFrame, told: pd.DataFrame, counted: pd.Series, least: int
) -> list[Quote]:
    """Up to three: the most typical passages on the leading theme, no two of one thread or one wording."""
    if not len(counted) or counted.iloc[0] < least:
        return []
    of_theme = told[told["theme"].eq(counted.index[0])].sort_values(["pk", "start"])
    sample = of_theme.iloc[:: max(1, -(-len(of_theme) // SAMPLE))]
    texts = queries.texts(session.store, sample["pk"].tolist())
    threads = dict(zip(meant["pk"].astype(int), clusters(meant), strict=True))
    passages = [
        passage
        for pk, start, end in zip(sample["pk"], sample["start"], sample["end"], strict=True)
        if (mention := texts.get(pk)) is not None
        and (passage := candidate(mention, threads[int(pk)], "negative", int(start), int(end))) is not None
    ]
    picked = Picker(session.config.report.timezone).pick(most_typical(passages), QUOTES, "theme")
    by_key = {(mention.source, mention.id): mention for mention in texts.values()}
    return [_quote(session, by_key[quote.source, quote.id], quote.text) for quote in picked]


def _quote(session: Session, mention: Mention, text: str) -> Quote:
    """Words and link of a mention; the link alone where its source's terms want that."""
    linked = mention.source in _links_only(session)
    return Quote("" if linked else text, mention.text, mention.url, mention.site)


def _links_only(session: Session) -> set[str]:
    return {source.name for source in session.config.sources if source.type in LINKS_ONLY}


# What single mentions say

Found = tuple[Mention, Span]


def _named(session: Session, company: str) -> Iterator[tuple[Naming, list[Hit], list[Found]]]:
    """Each rule on single mentions, with the fresh mentions that fit it."""
    namings = list(_namings(session))
    if not namings:
        return
    alerts = session.config.alerts
    finder = Alleged(alerts.rules, built_in=alerts.allegations != "off")
    found: dict[tuple[str, str], list[Found]] = {}
    for mention in _fresh(session, company):
        for key, span in finder.find(mention).items():
            found.setdefault(key, []).append((mention, span))
    zone = ZoneInfo(session.config.report.timezone)
    for naming in namings:
        mentions = found.get((naming.group, naming.name), [])
        yield naming, [_hit(session, mention, zone) for mention, _ in mentions], mentions


def _namings(session: Session) -> Iterator[Naming]:
    from analysis.alleged import lines

    alerts = session.config.alerts
    if alerts.allegations != "off":
        for name in sorted({line.tag.name for line in lines()}):
            yield Naming(ALLEGED, name, alerts.allegations)
    for rule in alerts.rules:
        yield Naming(named.OWN, rule.name, rule.severity, rule.min)


def _hit(session: Session, mention: Mention, zone: ZoneInfo) -> Hit:
    """Its key outlives the mention, so it is keyed as a tombstone is: nobody can try ids out on it."""
    key = session.preparer.keyed_id(mention.source, mention.id)
    return Hit(key, _day(mention, zone), mention.site)


def _day(mention: Mention, zone: ZoneInfo) -> date:
    return (mention.published or mention.collected).astimezone(zone).date()


def _fresh(session: Session, company: str) -> list[Mention]:
    """The mentions first read in the last days, soon after they were published: news, not history."""
    found = dict(series.fresh(session.store, company, session.now() - FRESH))
    begun = series.begun(session.store) if found else {}
    mentions = queries.texts(session.store, found)
    return [
        mention
        for pk, mention in mentions.items()
        if mention.published is not None and _is_news(mention.published, found[pk], begun[mention.source])
    ]


def _is_news(published: datetime, read: datetime, begun: datetime) -> bool:
    slack = FIRST_READING * 2 if read - begun < FIRST_READING else timedelta(days=TIMELY_DAYS)
    return read - published <= slack


def _named_evidence(session: Session, found: Iterable[Found]) -> Evidence:
    """Source, day and link of the mentions, and words of them where there are enough."""
    mentions, least = list(found), session.config.report.min_group
    zone = ZoneInfo(session.config.report.timezone)
    quotes = []
    for mention, (start, end) in mentions:
        span = sentences_around(mention.text, start, end)
        text = mention.text[slice(*span)] if span and len(mentions) >= least else ""
        quotes.append(_quote(session, mention, text))
    said = [(mention.source, _day(mention, zone)) for mention, _ in mentions]
    return Evidence(quotes=quotes, more="Read it: candidly alerts show {id}", least=least, said=said)


def behind(session: Session, incident: Incident) -> dict[int, tuple[str, date]]:
    """The mentions that an incident remembers and that are still stored: `pk` -> source and day.

    An incident keeps no id of theirs, so that it need not be mended when one is removed: they are those of
    its days whose keyed id it has.
    """
    detail, timezone = incident.detail, session.config.report.timezone
    if not (known := set(detail.get("mentions", ()))):
        return {}
    first, after = date.fromisoformat(detail["first"]), date.fromisoformat(detail["seen"]) + timedelta(days=1)
    days = series.mention_days(session.store, incident.company, first, after, timezone)
    return {
        pk: (mention.source, _day(mention, ZoneInfo(timezone)))
        for pk, mention in queries.texts(session.store, days["pk"]).items()
        if session.preparer.keyed_id(mention.source, mention.id) in known
    }

"""Facts -> incidents: what is worth telling, once. Pure; `alerting.outbox.record` writes the result.

An incident opens once: its id follows from rule, subject and day. While the same trouble goes on it is
updated, not opened again. A spike ends after a cool-down of 7 days, other trouble with the next success.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from alerting.messages import stable_id
from candidly.records import Incident, Outcome, Severity
from candidly.spike import Spike

SPIKE, SOURCE, QUIET, DELIVERY = "spike", "source", "quiet", "delivery"
COOL_DOWN = timedelta(days=7)
STRONGER = 1.0  # a spike is told again when chance would do it ten times less often than at the last message
FAILURES = 3  # runs in a row that may fail for a passing reason before somebody is told


@dataclass(frozen=True, slots=True)
class Quote:
    """Words to show, and the whole text that they must stand in, letter for letter."""

    text: str
    whole: str
    url: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a spike is about. `themes`: title and negative mentions, most first. `more`: where to read on."""

    themes: Sequence[tuple[str, int]] = ()
    quotes: Sequence[Quote] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What the facts change: incidents to open, to bring up to date, to close (ids).

    `renewed`: an update is so much stronger that it is sent again; `occasion` names the day of that.
    """

    opened: tuple[Incident, ...] = ()
    updated: tuple[Incident, ...] = ()
    resolved: tuple[str, ...] = ()
    occasion: str = ""


def spike_change(
    company: str,
    spike: Spike | None,
    known: Iterable[Incident],
    now: datetime,
    today: date,
    evidence: Evidence = Evidence(),
) -> Change:
    """Open an incident for a spike, or bring the one up to date that it continues; close what is over.

    `known`: this company's incidents, open and resolved. `today` is the day in the report's time zone.
    """
    mine = [one for one in known if one.rule == SPIKE and one.company == company]
    same = next((one for one in mine if spike and _continues(spike, one)), None)
    over = tuple(
        one.id
        for one in mine
        if one.status == "open" and one is not same and today > _day(one, "seen") + COOL_DOWN
    )
    if spike is None:
        return Change(resolved=over)
    fresh = spike_incident(company, spike, now, evidence)
    if same is None:
        return Change(opened=(fresh,), resolved=over)
    detail, renewed = _merge(same.detail, fresh.detail)
    if detail == same.detail or same.status != "open":
        return Change(resolved=over)
    title = fresh.title if renewed else same.title
    update = replace(same, title=title, detail=detail)
    return Change(updated=(update,), resolved=over, occasion=spike.last.isoformat() if renewed else "")


def spike_incident(company: str, spike: Spike, now: datetime, evidence: Evidence = Evidence()) -> Incident:
    """The incident of a spike; its id follows from company and first day. At most 3 checked quotes."""
    facts = [["Usual", f"{spike.low} to {spike.high}"], ["By chance", spike.how_often]]
    if evidence.themes:
        facts.append(["Themes", ", ".join(f"{title} ({n})" for title, n in evidence.themes[:3])])
    detail: dict[str, Any] = {
        "first": spike.first.isoformat(),
        "last": spike.last.isoformat(),
        "seen": spike.last.isoformat(),
        "kind": spike.kind,
        "observed": spike.observed,
        "expected": round(spike.expected, 2),
        "low": spike.low,
        "high": spike.high,
        "total": spike.total,
        "share": round(spike.share, 4),
        "usual_share": round(spike.usual_share, 4),
        "score": round(spike.score, 3),
        "summary": spike.sentence(),
        "facts": facts,
        "themes": [{"theme": title, "negative": n} for title, n in evidence.themes[:3]],
        "quotes": [
            {"text": quote.text, "url": quote.url, "site": quote.site}
            for quote in evidence.quotes
            if quote.text.strip() and quote.text in quote.whole
        ][:3],
        "more": evidence.more,
    }
    days = "1 day" if spike.days == 1 else f"{spike.days} days"
    return Incident(
        id=stable_id(SPIKE, company, spike.first.isoformat()),
        rule=SPIKE,
        company=company,
        opened=now,
        title=f"{company}: {spike.observed} negative mentions in {days} (usual: {spike.low} to {spike.high})",
        detail=detail,
    )


def _day(incident: Incident, name: str) -> date:
    return date.fromisoformat(incident.detail[name])


def _continues(spike: Spike, incident: Incident) -> bool:
    """Whether a spike overlaps a known one, or follows it within the cool-down."""
    return (
        spike.first <= _day(incident, "seen") + COOL_DOWN
        and spike.last >= _day(incident, "first") - COOL_DOWN
    )


def _merge(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The detail of a spike that goes on, and whether it is now so much stronger that it is told again."""
    first, seen = min(before["first"], after["first"]), max(before["seen"], after["seen"])
    renewed = after["score"] >= before["score"] + STRONGER
    return {**(after if renewed else before), "first": first, "seen": seen}, renewed


def source_change(
    outcome: Outcome, known: Iterable[Incident], now: datetime, *, company: str = "", failures: int = 1
) -> Change:
    """Tell of a source that is degraded (or breaches `expect`), or that fails; close that on an ok run.

    One is degraded too of which some could be read before an answer came that was not in shape.

    A failure that may pass by itself (`outcome.permanent` is False) is told after `failures`, this one
    included, reach 3 in a row; everything else at once.
    """
    mine = [one for one in known if one.rule == SOURCE and one.detail.get("source") == outcome.source]
    still_open = [one for one in mine if one.status == "open"]
    if outcome.status == "ok":
        return Change(resolved=tuple(one.id for one in still_open))
    lasting = (
        outcome.status == "degraded"
        or outcome.misshapen
        or (outcome.status in ("failed", "partial") and (outcome.permanent or failures >= FAILURES))
    )
    if not lasting or still_open:
        return Change()
    return Change(opened=(source_incident(outcome, now, company=company),))


def source_incident(outcome: Outcome, now: datetime, *, company: str = "") -> Incident:
    """The incident of a source in trouble; its id follows from source and day of the first failure."""
    odd = outcome.status == "degraded" or outcome.misshapen
    what = "is not what it should be" if odd else "cannot be read"
    summary = " ".join(part for part in (outcome.message, outcome.remedy) if part)
    return Incident(
        id=stable_id(SOURCE, outcome.source, now.date().isoformat()),
        rule=SOURCE,
        company=company,
        opened=now,
        title=f"Source {outcome.source} {what}",
        detail={
            "source": outcome.source,
            "status": outcome.status,
            "summary": summary,
            "facts": [
                ["Meant for", "whoever runs candidly"],
                ["Until then", "its silence is counted as missing, not as zero"],
            ],
        },
    )


def quiet_change(
    source: str,
    usual: timedelta | None,
    latest: datetime | None,
    known: Iterable[Incident],
    now: datetime,
    *,
    well: bool,
) -> Change:
    """Tell of a source that is read well but brought nothing new for longer than is `usual` for it.

    `latest`: when it last brought something new; before that, when it was first read. `well`: its last run
    came to its end; where it did not, its silence is missing data, and `source_change` tells of it.
    """
    mine = [one for one in known if one.rule == QUIET and one.detail.get("source") == source]
    still_open = tuple(one.id for one in mine if one.status == "open")
    if usual is None or latest is None or now - latest <= usual:
        return Change(resolved=still_open)
    if still_open or not well:
        return Change()
    return Change(opened=(quiet_incident(source, usual, latest, now),))


def quiet_incident(source: str, usual: timedelta, latest: datetime, now: datetime) -> Incident:
    """The incident of a silence; its id follows from source and day of the last news."""
    silence = span(now - latest)
    return Incident(
        id=stable_id(QUIET, source, latest.date().isoformat()),
        rule=QUIET,
        company="",
        opened=now,
        title=f"Source {source} is quiet for {silence} where something every {span(usual)} is usual",
        detail={
            "source": source,
            "since": latest.isoformat(),
            "summary": "It can be read, but holds nothing new. Look at it by hand: it may have moved, or no "
            "longer show all. If this is right, lengthen `every` in its `expect`.",
            "facts": [["Last news", latest.date().isoformat()], ["Meant for", "whoever runs candidly"]],
        },
    )


def span(length: timedelta) -> str:
    """A length of time as people say it: "9 days", "day", "12 hours"."""
    hours = round(length.total_seconds() / 3600)
    number, unit = (hours // 24, "day") if hours >= 24 else (max(hours, 1), "hour")
    return unit if number == 1 else f"{number} {unit}s"


def failures_in_a_row(runs: Iterable[Mapping[str, Any]], source: str) -> int:
    """How many of a source's last runs failed, given rows with `source` and `status`, latest first."""
    n = 0
    for run in runs:
        if run["source"] != source or run["status"] in ("running", "interrupted"):
            continue
        if run["status"] in ("ok", "degraded"):
            break
        n += 1
    return n


def delivery_change(known: Iterable[Incident], delivered_to: Iterable[str]) -> Change:
    """Close the incidents of channels that take messages again."""
    well = set(delivered_to)
    return Change(
        resolved=tuple(
            one.id
            for one in known
            if one.rule == DELIVERY and one.status == "open" and one.detail.get("channel") in well
        )
    )


def delivery_incident(
    channel: str, reason: str, now: datetime, *, severity: Severity = "notice", lost: str = ""
) -> Incident:
    """A channel does not take messages: told through the others, once a channel and day.

    As severe as the message that did not get through; `lost` is what that one said in a line.
    """
    facts = [["Not delivered", lost]] if lost else []
    return Incident(
        id=stable_id(DELIVERY, channel, now.date().isoformat()),
        rule=DELIVERY,
        company="",
        opened=now,
        title=f"Alerts do not get through to channel {channel}",
        detail={
            "channel": channel,
            "summary": f"A message was given up: {reason}",
            "facts": [*facts, ["Next", f"repair it, then run: candidly alerts test {channel}"]],
        },
        severity=severity,
    )

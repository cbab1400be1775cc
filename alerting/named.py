"""Single mentions that say something grave, or what a rule of the user's names -> incidents. Pure.

One incident a rule and company is open at a time; mentions that come later join it, which is told at most
once a day. It is over 7 days after the last one. Of one mention, the site and the link are told, and no word:
a group of one is too small to be quoted from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from alerting.evidence import Evidence
from alerting.messages import NAME, quoted, stable_id
from alerting.rules import Change
from candidly.records import Incident, Severity

ALLEGED: Final = "alleged"
OWN: Final = "rule"
STILL: Final = "Still open: "
"""How the title of a later message begins: what single mentions say has no rate that could rise."""
OVER = timedelta(days=7)
KEPT: Final = 200
"""Mentions that an incident remembers, so as not to tell of them twice, beside those that still hit."""

_TITLES: Final = {
    "discrimination": "alleges discrimination or sexual harassment",
    "safety": "alleges a danger to people",
    "fraud": "alleges fraud",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A mention that says it: a name of it that tells nothing, its day, and its site."""

    key: str
    day: date
    site: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """A rule: `group` is ALLEGED or OWN; `least` mentions within 7 days open its incident."""

    group: str
    name: str
    severity: Severity
    least: int = 1

    @property
    def rule(self) -> str:
        return f"{self.group}:{self.name}"

    def says(self, n: int, least: int) -> str:
        told = "1 mention" if n == 1 else f"{n} mentions" if n >= least else "a few mentions"
        if self.group == OWN:
            return f"{told} fit{'s' if n == 1 else ''} the rule {self.name}"
        verb = _TITLES.get(self.name, f"alleges {self.name}")
        return f"{told} {verb if n == 1 else verb.replace('alleges', 'allege', 1)}"


def named_changes(
    naming: Naming,
    company: str,
    hits: Sequence[Hit],
    known: Iterable[Incident],
    now: datetime,
    today: date,
    evidence: Evidence = Evidence(),
    *,
    silenced: bool = False,
) -> list[Change]:
    """What the mentions of the last days that fit a rule change. `known`: incidents, open and resolved."""
    mine = [one for one in known if one.rule == naming.rule and one.company == company]
    told = {key for one in mine for key in one.detail.get("mentions", [])}
    new = [hit for hit in hits if hit.key not in told]
    ongoing = next((one for one in mine if one.status == "open"), None)
    if ongoing is None:
        if len(new) < naming.least:
            return []
        return [Change(opened=(named_incident(naming, company, new, now, evidence, silenced=silenced),))]
    waiting = bool(ongoing.detail.get("silenced")) and not silenced
    if not new and not waiting:
        over = today > date.fromisoformat(ongoing.detail["seen"]) + OVER
        return [Change(resolved=(ongoing.id,))] if over else []
    return [_update(ongoing, naming, hits, new, now, today, evidence, silenced=silenced)]


def _update(
    ongoing: Incident, naming: Naming, hits: Sequence[Hit], new: Sequence[Hit], now: datetime, today: date,
    evidence: Evidence, *, silenced: bool,
) -> Change:  # fmt: skip
    before = ongoing.detail
    fresh = named_incident(naming, ongoing.company, new, now, evidence, silenced=silenced) if new else ongoing
    n = before["n"] + len(new)
    detail: dict[str, Any] = {
        **before, **fresh.detail,
        "first": min(before["first"], fresh.detail["first"]),
        "seen": max(before["seen"], fresh.detail["seen"]),
        "mentions": _remembered(before["mentions"], hits), "n": n,
        "sites": sorted({*before["sites"], *(hit.site for hit in new if hit.site)}),
    }  # fmt: skip
    unheard = bool(before.get("silenced")) and "alerted" not in before
    alerted = n if unheard else before.get("alerted", before["n"])  # what the first message counted
    detail["summary"] = _summary(naming, n, detail["sites"], evidence) + _later(n, alerted, evidence.least)
    detail["more"] = before.get("more", "")  # it names the incident, and that stays
    if not (silenced and unheard):
        detail["alerted"] = alerted
    if not silenced:
        detail.pop("silenced", None)
    again = not silenced and not ongoing.acknowledged and before.get("told") != today.isoformat()
    if again:
        detail["told"] = today.isoformat()
    title = f"{ongoing.company}: {naming.says(n, evidence.least)}"
    update = replace(ongoing, title=title, detail=detail)
    occasion = today.isoformat() if again else ""
    return Change(updated=(update,), occasion=occasion, opening="" if unheard else STILL)


def _remembered(before: Sequence[str], hits: Sequence[Hit]) -> list[str]:
    """All that hit now, however many, so that none counts as new at the next look; of others the last."""
    now = dict.fromkeys(hit.key for hit in hits)
    return [*[key for key in before if key not in now][-KEPT:], *now]


def named_incident(
    naming: Naming, company: str, hits: Sequence[Hit], now: datetime, evidence: Evidence = Evidence(),
    *, silenced: bool = False,
) -> Incident:  # fmt: skip
    """The incident of a rule; its id follows from rule, company and the day of the first mention."""
    first, last = min(hit.day for hit in hits), max(hit.day for hit in hits)
    sites = sorted({hit.site for hit in hits if hit.site})
    id_ = stable_id(naming.rule, company, first.isoformat(), min(hit.key for hit in hits))
    detail: dict[str, Any] = {
        "first": first.isoformat(),
        "seen": last.isoformat(),
        "n": len(hits),
        "mentions": [hit.key for hit in hits],
        "sites": sites,
        "summary": _summary(naming, len(hits), sites, evidence),
        "facts": evidence.facts(),
        "quotes": evidence.shown_quotes(),
        "more": evidence.more.replace("{id}", id_),
    }
    detail |= {"silenced": True} if silenced else {"alerted": len(hits)}
    return Incident(
        id=id_,
        rule=naming.rule,
        company=company,
        opened=now,
        title=f"{company}: {naming.says(len(hits), evidence.least)}",
        detail=detail,
        severity=naming.severity,
        subject=naming.rule,
    )


def _later(n: int, alerted: int, least: int) -> str:
    """How many came since the first message, where neither number is withheld that this one follows from."""
    if n == alerted:
        return ""
    told = n >= least and (alerted == 1 or alerted >= least)
    return f" {n - alerted} more since the first alert." if told else " There are more since the first alert."


def _summary(naming: Naming, n: int, sites: Sequence[str], evidence: Evidence) -> str:
    where = f" on {', '.join(quoted(site, NAME) for site in sites)}" if sites else ""
    said = naming.says(n, evidence.least)
    doubt = (
        " It was found by its words and may be meant otherwise: read it before you act."
        if naming.group == ALLEGED
        else ""
    )
    return f"{said[0].upper()}{said[1:]}{where}.{doubt}"

"""More negative, more posts -> incidents: opened once, brought up to date, told again, closed. Pure.

Of each company at most one incident of each rule is open. It opens for the company or for a theme or source
of it; what rises later joins it. It is told again when chance would do it ten times less often than at the
last message, or when another theme or source joins; at most once a day, and not once it is acknowledged.
It is over after 7 days with data in which nothing rose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from alerting.evidence import Evidence
from alerting.messages import stable_id
from alerting.rules import Change
from candidly.figures import theme_title
from candidly.records import Incident, Severity
from candidly.rise import Part, Rise
from candidly.spike import Spike, SpikeKind

SPIKE, VOLUME = "spike", "volume"
RULES: Final[dict[SpikeKind, str]] = {"more negative": SPIKE, "more posts": VOLUME}
COOL_DOWN = timedelta(days=7)
LONGEST_GAP = timedelta(days=28)
"""An incident is closed after so long without data, too."""
STRONGER = 1.0  # told again when chance would do it ten times less often than at the last message

Clear = Callable[[date], int]
"""How many days with data lie after a day, today left out."""


def rise_changes(
    rule: str,
    company: str,
    rise: Rise | None,
    known: Iterable[Incident],
    now: datetime,
    today: date,
    clear: Clear,
    evidence: Evidence = Evidence(),
    *,
    silenced: bool = False,
) -> list[Change]:
    """What a rise (or none) changes, to be written in this order: what is over first.

    `known`: this company's incidents, open and resolved. `today` is the day in the report's time zone.
    `silenced`: no message may go out now; what was silenced is told when that has ended and it still rises.
    """
    mine = [one for one in known if one.rule == rule and one.company == company]
    same = next((one for one in mine if rise and _continues(rise.spike, one, clear)), None)
    over = [one for one in mine if one.status == "open" and one is not same and _over(one, today, clear)]
    changes = [Change(resolved=tuple(one.id for one in over))] if over else []
    if rise is None:
        return changes
    fresh = rise_incident(company, rise, now, evidence)
    if silenced:
        fresh = replace(fresh, detail={**fresh.detail, "silenced": True})
    if same is None:
        return [*changes, Change(opened=(fresh,))]
    if same.status != "open":
        return changes
    opening = "Still rising: " if evidence.rising else "Still going on: "
    return [*changes, *_update(same, fresh, today, opening, silenced=silenced)]


def _update(same: Incident, fresh: Incident, today: date, opening: str, *, silenced: bool) -> list[Change]:
    detail, renewed = _merge(same.detail, fresh.detail)
    detail["more"] = same.detail.get("more", "")  # it names the incident, and that stays
    waiting = bool(same.detail.get("silenced"))
    told = detail.get("told") != today.isoformat() and not silenced and not same.acknowledged
    again = (renewed or waiting) and told
    if waiting and not silenced:
        detail = {name: value for name, value in detail.items() if name != "silenced"}
    if silenced and renewed:
        detail = {**detail, "silenced": True}
    if again:
        detail = {**detail, "told": today.isoformat()}
    severity = max(same.severity, fresh.severity, key=_rank)
    title = fresh.title if renewed else same.title
    update = replace(same, title=title, detail=detail, severity=severity)
    if update == same:
        return []
    return [Change(updated=(update,), occasion=today.isoformat() if again else "", opening=opening)]


def _rank(severity: Severity) -> int:
    return ("notice", "warning", "page").index(severity)


def rise_incident(company: str, rise: Rise, now: datetime, evidence: Evidence = Evidence()) -> Incident:
    """The incident of a rise; its id follows from rule, company and first day."""
    spike, rule = rise.spike, RULES[rise.kind]
    id_ = stable_id(rule, company, spike.first.isoformat())
    shown = spike.total >= evidence.least
    detail: dict[str, Any] = {
        "first": spike.first.isoformat(),
        "last": spike.last.isoformat(),
        "seen": spike.last.isoformat(),
        "kind": rise.kind,
        "whole": rise.whole,
        "observed": spike.observed if shown else None,
        "expected": round(spike.expected, 2),
        "low": spike.low,
        "high": spike.high,
        "total": spike.total if shown else None,
        "share": round(spike.share, 4) if shown else None,
        "usual_share": round(spike.usual_share, 4),
        "score": round(spike.score, 3),
        "summary": sentence(rise, evidence),
        "facts": _facts(rise, evidence),
        "parts": [_part(part, evidence) for part in rise.parts],
        "alone": list(rise.alone) if rise.alone else None,
        "themes": evidence.shown_themes(),
        "thread_share": round(evidence.thread, 4),
        "copies_share": round(evidence.copies, 4),
        "quotes": evidence.shown_quotes(),
        "more": evidence.more.replace("{id}", id_),
    }
    return Incident(
        id=id_,
        rule=rule,
        company=company,
        opened=now,
        title=_title(company, rise, evidence),
        detail=detail,
        severity="notice" if rule == VOLUME else "page" if rise.whole else "warning",
        subject=rule,
    )


def spike_incident(company: str, spike: Spike, now: datetime, evidence: Evidence = Evidence()) -> Incident:
    """The incident of a company that rose as a whole."""
    return rise_incident(company, Rise(spike.kind, spike, True), now, evidence)


def sentence(rise: Rise, evidence: Evidence = Evidence()) -> str:
    """'14 negative mentions in the 3 days to 10 March 2026; usual is 2 to 6. 70% of all ...'."""
    spike = rise.spike
    when = (
        f"on {spike.last.day} {spike.last:%B %Y}"
        if spike.days == 1
        else f"in the {spike.days} days to {spike.last.day} {spike.last:%B %Y}"
    )
    counted = f"{_count(rise, evidence)} {when}; usual is {spike.low} to {spike.high}."
    if rise.kind == "more posts":
        mood = " The share of negative ones is not higher than usual."
    elif spike.total >= evidence.least:
        mood = f" {spike.share:.0%} of all mentions were {_such(rise)}, usual is {spike.usual_share:.0%}."
    else:
        mood = ""
    return f"{counted}{mood} Chance alone does this {spike.how_often}."


def title_of(kind: str, name: str) -> str:
    """A theme or source for people: `job_accuracy` -> `Job accuracy`."""
    return theme_title(name) if kind == "theme" else name


def _title(company: str, rise: Rise, evidence: Evidence) -> str:
    spike = rise.spike
    counted = f"{_count(rise, evidence)} in {_days(spike)} (usual: {spike.low} to {spike.high})"
    if rise.whole and rise.alone:
        link = "about" if rise.alone[0] == "theme" else "from"
        counted += f", mostly {link} {title_of(*rise.alone)}"
    elif not rise.whole and len(rise.parts) > 1:
        others = ", ".join(title_of(part.kind, part.name) for part in rise.parts[1:4])
        counted += f"; also {others}"
    return f"{company}: {counted}"


def _count(rise: Rise, evidence: Evidence) -> str:
    spike = rise.spike
    if not rise.whole and rise.parts[0].kind == "theme":
        n = evidence.number(spike.observed, spike.observed)
        return f"{n} complaints about {title_of('theme', rise.parts[0].name)}"
    what = "mentions" if rise.kind == "more posts" else "negative mentions"
    where = "" if rise.whole else f" from {rise.parts[0].name}"
    return f"{evidence.number(spike.observed, spike.total)} {what}{where}"


def _such(rise: Rise) -> str:
    return "such" if not rise.whole and rise.parts[0].kind == "theme" else "negative"


def _facts(rise: Rise, evidence: Evidence) -> list[list[str]]:
    """What the summary does not say: what rose beside it, what it is about, how much of it is one thing."""
    spike, others = rise.spike, (rise.parts if rise.whole else rise.parts[1:])[:4]
    facts = []
    for kind, heading in (("theme", "Complaints that rose"), ("source", "Sources that rose")):
        if some := [part for part in others if part.kind == kind]:
            # What the title names already did not rise "too".
            too = "" if rise.alone in [(part.kind, part.name) for part in some] else " too"
            facts.append([heading + too, ", ".join(_other(part, spike, evidence) for part in some)])
    return facts + evidence.facts(*_counted(rise))


def _counted(rise: Rise) -> tuple[str, str]:
    """Which complaints its themes count, for people; and the theme that the summary counts already."""
    days = _days(rise.spike)
    if rise.whole:
        return f"Most complaints in {days}", ""
    kind, name = rise.parts[0].kind, rise.parts[0].name
    if kind == "source":
        return f"Most complaints from {name} in {days}", ""
    return "Of these, also about", title_of(kind, name)


def _other(part: Part, main: Spike, evidence: Evidence) -> str:
    """`reddit (63 in 7 days; usual 10 to 29)`; the days only where they are not those of the whole."""
    usual = f"usual {part.spike.low} to {part.spike.high}"
    days = _other_days(part.spike, main)
    return f"{title_of(part.kind, part.name)} ({_small(part, evidence)}{days}; {usual})"


def _other_days(spike: Spike, main: Spike) -> str:
    if (spike.first, spike.last) == (main.first, main.last):
        return ""
    if spike.last == main.last:
        return f" in {_days(spike)}"
    return (
        f" on {spike.last.day} {spike.last:%B}"
        if spike.days == 1
        else f" in the {_days(spike)} to {spike.last.day} {spike.last:%B}"
    )


def _days(spike: Spike) -> str:
    return "1 day" if spike.days == 1 else f"{spike.days} days"


def _small(part: Part, evidence: Evidence) -> str:
    group = part.spike.observed if part.kind == "theme" else part.spike.total
    return evidence.number(part.spike.observed, group)


def _part(part: Part, evidence: Evidence) -> dict[str, Any]:
    told = _small(part, evidence)
    return {
        "kind": part.kind, "name": part.name, "observed": int(told) if told.isdigit() else None,
        "low": part.spike.low, "high": part.spike.high, "first": part.spike.first.isoformat(),
        "last": part.spike.last.isoformat(), "score": round(part.spike.score, 3),
    }  # fmt: skip


def _day(incident: Incident, name: str) -> date:
    return date.fromisoformat(incident.detail[name])


def _over(incident: Incident, today: date, clear: Clear) -> bool:
    seen = _day(incident, "seen")
    return clear(seen) >= COOL_DOWN.days or today > seen + LONGEST_GAP


def _continues(spike: Spike, incident: Incident, clear: Clear) -> bool:
    """Whether a spike overlaps a known one, or follows it within the cool-down or before it is over."""
    first, seen = _day(incident, "first"), _day(incident, "seen")
    if spike.last < first - COOL_DOWN:
        return False
    if incident.status == "open" and spike.first > seen + COOL_DOWN:
        return clear(seen) - clear(spike.first - timedelta(days=1)) < COOL_DOWN.days
    return spike.first <= seen + COOL_DOWN


def _merge(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The detail of a rise that goes on, and whether it is so much stronger or wider as to be told again."""
    first, seen = min(before["first"], after["first"]), max(before["seen"], after["seen"])
    old = {(part["kind"], part["name"]) for part in before.get("parts", [])}
    new = [part for part in after["parts"] if (part["kind"], part["name"]) not in old]
    wider = bool(new) or (after["whole"] and not before.get("whole", True))
    renewed = wider or after["score"] >= before["score"] + STRONGER
    # What was told stays the measure, whatever the strongest window of today is.
    told = {**after, "score": max(before["score"], after["score"])} if renewed else before
    parts = [*before.get("parts", []), *new]
    kept: dict[str, Any] = {name: before[name] for name in ("told", "silenced") if name in before}
    whole = bool(before.get("whole", True) or after["whole"])
    return {**told, **kept, "first": first, "seen": seen, "parts": parts, "whole": whole}, renewed

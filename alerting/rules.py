"""Facts -> incidents: what is worth telling, once. Pure; `alerting.outbox.record` writes the result.

An incident opens once: its id follows from rule, subject and day. While the same trouble goes on it is
updated, not opened again, and ends with the next success. What rose about a company is in `alerting.rises`,
what single mentions say in `alerting.named`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerting.messages import stable_id
from candidly.records import Incident, Outcome, Severity

SOURCE, QUIET, DELIVERY = "source", "quiet", "delivery"
FAILURES = 3  # runs in a row that may fail for a passing reason before somebody is told


@dataclass(frozen=True, slots=True)
class Change:
    """What the facts change: incidents to open, to bring up to date, to close (ids).

    `occasion` names the day on which an update is told of, "" for none; `opening` is what the title then
    begins with, "" where this is the first that anybody hears of it.
    """

    opened: tuple[Incident, ...] = ()
    updated: tuple[Incident, ...] = ()
    resolved: tuple[str, ...] = ()
    occasion: str = ""
    opening: str = ""


def source_change(
    outcome: Outcome,
    known: Iterable[Incident],
    now: datetime,
    *,
    company: str = "",
    failures: int = 1,
    silenced: bool = False,
) -> Change:
    """Tell of a source that is degraded (or breaches `expect`), or that fails; close that on an ok run.

    One is degraded too of which some could be read before an answer came that was not in shape.

    A failure that may pass by itself (`outcome.permanent` is False) is told after `failures`, this one
    included, reach 3 in a row; everything else at once. `silenced`: see `kept_quiet`.
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
    if still_open:
        return no_longer_quiet(still_open, now, silenced=silenced)
    if not lasting:
        return Change()
    return kept_quiet(source_incident(outcome, now, company=company), silenced=silenced)


def kept_quiet(incident: Incident, *, silenced: bool) -> Change:
    """Open an incident; where no message may go out now it is marked, to be told when it may."""
    if silenced:
        incident = replace(incident, detail={**incident.detail, "silenced": True})
    return Change(opened=(incident,))


def no_longer_quiet(still_open: Iterable[Incident], now: datetime, *, silenced: bool) -> Change:
    """Tell of what opened under a silence that has ended while the trouble has not."""
    waiting = () if silenced else tuple(one for one in still_open if one.detail.get("silenced"))
    told = tuple(
        replace(one, detail={name: value for name, value in one.detail.items() if name != "silenced"})
        for one in waiting
    )
    return Change(updated=told, occasion=now.date().isoformat() if told else "")


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
    silenced: bool = False,
) -> Change:
    """Tell of a source that is read well but brought nothing new for longer than is `usual` for it.

    `latest`: when it last brought something new; before that, when it was first read. `well`: its last run
    came to its end; where it did not, its silence is missing data, and `source_change` tells of it.
    `silenced`: see `kept_quiet`.
    """
    mine = [one for one in known if one.rule == QUIET and one.detail.get("source") == source]
    still_open = [one for one in mine if one.status == "open"]
    if usual is None or latest is None or now - latest <= usual:
        return Change(resolved=tuple(one.id for one in still_open))
    if still_open:
        return no_longer_quiet(still_open, now, silenced=silenced)
    if not well:
        return Change()
    return kept_quiet(quiet_incident(source, usual, latest, now), silenced=silenced)


IMPOSSIBLE, WINDOW, LEAST_SILENCE = 1e-4, timedelta(days=56), timedelta(days=3)


def longest_silence(n: int, first: datetime | None, until: datetime) -> timedelta | None:
    """How long a source may be quiet, going by its `n` mentions in the WINDOW before `until`; None: unknown.

    A silence is told that chance would bring once in 10,000 times, P(no mention) taken as 2**-mean, which is
    a variance of twice the mean. It takes four weeks of history and 14 mentions.
    """
    if first is None or n < 14 or until - first < timedelta(days=28):
        return None
    daily = n / (min(WINDOW, until - first) / timedelta(days=1))
    return max(LEAST_SILENCE, timedelta(days=math.ceil(-math.log2(IMPOSSIBLE) / daily)))


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
    """A channel does not take messages: told through the others, once a channel, severity and day.

    As severe as the message that did not get through; `lost` is what that one said in a line.
    """
    facts = [["Not delivered", lost]] if lost else []
    return Incident(
        id=stable_id(DELIVERY, channel, now.date().isoformat(), severity),
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

"""Several messages that are due at once on one channel -> one. Pure.

Only messages that no sender has taken yet are put together: one that may be out already must keep its id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from alerting.messages import TITLE, plain, stable_id
from alerting.sections import sections
from candidly.configalerts import SEVERITIES
from candidly.records import Delivery

MOST = 100
"""In one group."""


def groups(due: Iterable[Delivery], now: datetime) -> list[tuple[list[str], Delivery]]:
    """(ids, the message in their place) of what is better sent as one.

    What pages somebody is not put together with what can wait, so that it is not read past.
    """
    found: defaultdict[tuple[str, bool], list[Delivery]] = defaultdict(list)
    for one in due:
        if one.attempts == 0 and "summary" in one.message and "parts" not in one.message:
            found[one.channel, one.message.get("severity") == "page"].append(one)
    return [
        ([one.id for one in part], compose(channel, part, now))
        for (channel, _), members in found.items()
        for part in batched(members)
        if len(part) > 1
    ]


def batched(members: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    return (members[start : start + MOST] for start in range(0, len(members), MOST))


def compose(channel: str, members: Sequence[Delivery], now: datetime) -> Delivery:
    """One message that says what several say, most severe first; its id follows from theirs."""
    ranked = sorted(members, key=lambda one: (-_rank(one.message), one.id))
    parts = [{name: value for name, value in one.message.items() if name != "text"} for one in ranked]
    title = plain(f"{len(parts)} alerts: {'; '.join(str(part['title']) for part in parts)}", TITLE)
    body: dict[str, Any] = {
        "title": title,
        "text": "",
        "severity": parts[0].get("severity", "notice"),
        "parts": parts,
        "incidents": [part.get("incident", "") for part in parts],
        "queued": min((str(part["queued"]) for part in parts if part.get("queued")), default=now.isoformat()),
    }
    body["text"] = "\n\n".join(section.text() for section in sections(body))
    return Delivery(
        id=stable_id("delivery", "group", channel, *sorted(one.id for one in members)),
        channel=channel,
        subject=title,
        message=body,
        due=now,
    )


def _rank(message: dict[str, Any]) -> int:
    severity = message.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0

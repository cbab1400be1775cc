"""An incident -> what a person reads, as plain text that is safe to hand to any channel. Pure.

Words of strangers are quoted here, so nothing in them may act: no control or bidi characters, no line that
they begin themselves, no mention of a person or channel, no link. Each channel escapes for its own syntax on
top of that (`slack`, `teams`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from alerting.sections import Section, cut
from candidly.configalerts import SEVERITIES
from candidly.records import Delivery, Incident, Severity

TITLE, TEXT, QUOTE, NAME = 150, 2500, 300, 80
"""Longest title, whole text, quote and name, in characters; Slack refuses more than 150 and 3,000."""

_SPACE = re.compile(r"\s+")
_PILE = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_LINK = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[A-Za-z0-9._~%/?&=+,;:#-]{0,300})?")
"""A plain web address: no user name, no brackets."""
_DOMAIN_DOT = re.compile(r"(?<=[\w-])\.(?=[^\W\d_]{2})")


def plain(text: str, limit: int) -> str:
    """One line of at most `limit` characters without control, bidi, zero-width or private characters."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    line = _SPACE.sub(" ", _PILE.sub(r"\1", "".join(kept))).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quoted(text: str, limit: int = QUOTE) -> str:
    """A stranger's words, defanged: `https://evil.example` and `@channel` stay readable but do nothing."""
    dead = plain(text, limit).replace("://", "[:]//").replace("@", "＠")  # a full-width @ mentions nobody
    return plain(_DOMAIN_DOT.sub("[.]", dead), limit)


def message(incident: Incident, now: datetime, *, opening: str = "") -> dict[str, Any]:
    """What is sent about an incident: title, text, the parts of the text, and what it is about.

    `title` and `text` are the whole for a channel that takes plain text only; `summary`, `facts` (name,
    value), `quotes` (words, site) and `more` are the same once more, for one that can set them apart.
    `links` lead to what is quoted; they are for programs, and no channel shows them.
    `queued` is the ISO time from which a channel's patience is counted.
    """
    detail = incident.detail
    section = Section(
        summary=plain(str(detail.get("summary", "")), 600),
        facts=[(plain(str(k), NAME), plain(str(v), QUOTE)) for k, v in detail.get("facts", [])],
        quotes=[
            (quoted(str(one["text"])), quoted(str(one.get("site", "")), NAME))
            for one in detail.get("quotes", [])
        ],
        more=plain(str(detail.get("more", "")), 300),
    )
    return {
        "title": plain(opening + incident.title, TITLE),
        "text": cut(section.text(), TEXT),
        **section.data(),
        "links": [url for one in detail.get("quotes", []) if _LINK.fullmatch(url := str(one.get("url", "")))],
        "severity": incident.severity,
        "incident": incident.id,
        "rule": incident.rule,
        "company": plain(incident.company, NAME),
        "queued": now.isoformat(),
    }


def deliveries(
    incident: Incident,
    channels: Iterable[str],
    now: datetime,
    *,
    occasion: str = "",
    opening: str = "",
) -> list[Delivery]:
    """One delivery a channel, due at once. The id follows from incident, channel and occasion only.

    `opening`: what the title begins with.
    """
    body = message(incident, now, opening=opening)
    return [
        Delivery(
            id=stable_id("delivery", incident.id, name, occasion),
            channel=name,
            subject=body["title"],
            message=body,
            due=now,
        )
        for name in channels
    ]


def loud_enough(incident: Incident, channels: Iterable[str], least: Mapping[str, Severity]) -> list[str]:
    """Those of `channels` that want to hear of it; `least`: the lowest severity of a channel, by its name."""
    level = SEVERITIES.index(incident.severity)
    return [name for name in channels if level >= SEVERITIES.index(least.get(name, "notice"))]


def stable_id(kind: str, *parts: str) -> str:
    """`kind-` and 16 hex digits that follow from the parts, in every process alike."""
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return f"{kind}-{hashlib.blake2b(joined, digest_size=8).hexdigest()}"

"""An incident -> what a person reads, as plain text that is safe to hand to any channel. Pure.

Words of strangers are quoted here, so nothing in them may act: no control or bidi characters, no line that
they begin themselves, no mention of a person or channel, no link. Each channel escapes for its own syntax on
top of that (`slack`, `teams`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from candidly.records import Delivery, Incident

TITLE, TEXT, QUOTE, NAME = 150, 2500, 300, 80
"""Longest title, whole text, quote and name, in characters; Slack refuses more than 150 and 3,000."""

_SPACE = re.compile(r"\s+")
_PILE = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
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


def message(incident: Incident, now: datetime, *, renewed: bool = False) -> dict[str, Any]:
    """What is sent about an incident: `title`, `text`, `facts` (name, value), and what it is about.

    `queued` is the ISO time from which a channel's patience is counted.
    """
    title = plain(("Still rising: " if renewed else "") + incident.title, TITLE)
    facts = [[plain(str(k), NAME), plain(str(v), QUOTE)] for k, v in incident.detail.get("facts", [])]
    return {
        "title": title,
        "text": _text(incident, facts),
        "facts": facts,
        "incident": incident.id,
        "rule": incident.rule,
        "company": plain(incident.company, NAME),
        "queued": now.isoformat(),
    }


def _text(incident: Incident, facts: Iterable[list[str]]) -> str:
    detail = incident.detail
    lines = [plain(str(detail.get("summary", "")), 600)]
    lines += [f"{name}: {value}" for name, value in facts]
    for quote in detail.get("quotes", []):
        site = plain(str(quote.get("site", "")), NAME)
        lines.append(f"“{quoted(str(quote['text']))}”" + (f" ({quoted(site, NAME)})" if site else ""))
    if more := plain(str(detail.get("more", "")), 300):
        lines.append(more)
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def deliveries(
    incident: Incident, channels: Iterable[str], now: datetime, *, occasion: str = ""
) -> list[Delivery]:
    """One delivery a channel, due at once. The id follows from incident, channel and occasion only."""
    body = message(incident, now, renewed=bool(occasion))
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


def stable_id(kind: str, *parts: str) -> str:
    """`kind-` and 16 hex digits that follow from the parts, in every process alike."""
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return f"{kind}-{hashlib.blake2b(joined, digest_size=8).hexdigest()}"


def slack(text: str) -> str:
    """Escaped by Slack's rule: exactly & < >, so that `<!channel>`, `<@U1>` and `<url|text>` are inert."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_TEAMS = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "∗", "\n": "\n\n"})


def teams(text: str) -> str:
    """For the TextBlock of an Adaptive Card, which reads Markdown and `<at>`: look-alikes of both."""
    return text.translate(_TEAMS)

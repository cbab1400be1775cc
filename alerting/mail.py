"""A message as a mail: plain text and the same as HTML, with nothing in it to click or to load. Pure.

A repeat is the same mail to the byte (Message-ID, Date, boundary), so that mailboxes can tell it. Headers are
set through EmailMessage, which refuses line breaks, and their words are cleaned once more before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any

from alerting.messages import TITLE, plain
from alerting.sections import Section, sections
from candidly.records import Delivery

ID_HEADER = "X-Candidly-Id"
_POLICY = SMTP.clone(cte_type="7bit")


def compose(delivery: Delivery, sender: str, to: Sequence[str]) -> bytes:
    """The mail as it goes to the server: ASCII, lines ended by CRLF."""
    message, domain = delivery.message, sender.rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address("candidly", addr_spec=sender)
    mail["To"] = [Address(addr_spec=one) for one in to]
    mail["Subject"] = plain(str(message["title"]), TITLE)
    mail["Date"] = format_datetime(_written(delivery))
    mail["Message-ID"] = f"<{plain(delivery.id, 100)}@{domain}>"
    mail[ID_HEADER] = plain(delivery.id, 100)
    if incident := plain(str(message.get("incident", "")), 100):
        mail["References"] = f"<{incident}@{domain}>"  # keeps what is told of one incident in one thread
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail["X-Auto-Response-Suppress"] = "All"
    parts = sections(message)
    mail.set_content(_whole(_text(message, parts, delivery.id)))
    mail.add_alternative(_whole(_html(message, parts, delivery.id)), subtype="html")
    mail.set_boundary(f"=_{plain(delivery.id, 60)}")
    return mail.as_bytes()


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which no encoding knows."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _written(delivery: Delivery) -> datetime:
    try:
        return datetime.fromisoformat(delivery.message["queued"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return delivery.due.astimezone(UTC)


def _text(message: Mapping[str, Any], parts: Iterable[Section], id_: str) -> str:
    return "\n\n".join([message["title"], *(part.text() for part in parts), f"-- \ncandidly · {id_}"]) + "\n"


_STYLE = "font-family:system-ui,sans-serif;font-size:15px;line-height:1.45;color:#222;max-width:40em"


def _html(message: Mapping[str, Any], parts: Iterable[Section], id_: str) -> str:
    inner = "".join(_section(part) for part in parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>candidly</title></head>'
        f'<body style="{_STYLE}"><h1 style="font-size:20px">{_safe(message["title"])}</h1>{inner}'
        f'<p style="color:#777;font-size:12px">candidly · {_safe(id_)}</p></body></html>\n'
    )


def _section(section: Section) -> str:
    title = f'<h2 style="font-size:16px">{_safe(section.title)}</h2>' if section.title else ""
    summary = "".join(f"<p>{_safe(line)}</p>" for line in section.summary.splitlines())
    rows = "".join(
        f'<tr><td style="padding-right:1em;color:#777">{_safe(name)}</td><td>{_safe(value)}</td></tr>'
        for name, value in section.facts
    )
    table = f"<table>{rows}</table>" if rows else ""
    quotes = "".join(
        f'<blockquote style="border-left:3px solid #bbb;margin:8px 0;padding-left:10px">{_safe(line)}'
        "</blockquote>"
        for line in section.quote_lines()
    )
    more = f'<p style="color:#777">{_safe(section.more)}</p>' if section.more else ""
    return title + summary + table + quotes + more


def _safe(text: str) -> str:
    """Escaped, and apart from what stands around it where it runs from right to left."""
    return f"<bdi>{escape(str(text))}</bdi>"

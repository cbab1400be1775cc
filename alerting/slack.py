"""A message as Slack's incoming webhooks take it: blocks, and a text for notifications.

Every text object is `plain_text`: Slack reads no markup, mention or link in it. What is escaped on top of
that follows Slack's own rule (exactly & < >), as the notification's text is read as mrkdwn by some clients.
Limits: 50 blocks, 150 characters in a header, 3,000 in a section, 10 fields of 2,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerting.sections import Section, cut, sections
from candidly.records import Delivery

MOST_FIELDS, MOST_BLOCKS = 10, 45


def slack(text: str) -> str:
    """Escaped by Slack's rule: exactly & < >, so that `<!channel>`, `<@U1>` and `<url|text>` are inert."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_payload(message: Mapping[str, Any]) -> dict[str, Any]:
    """Plain text for an incoming webhook of Slack, Mattermost or Rocket.Chat: no markup, no previews."""
    return {
        "text": slack(f"{message['title']}\n{message['text']}"),
        "mrkdwn": False,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def payload(delivery: Delivery) -> dict[str, Any]:
    """The same with blocks; the delivery's id is the first one's `block_id`."""
    message = delivery.message
    head = {"type": "header", "block_id": delivery.id, "text": _plain(message["title"], 150)}
    blocks = [block for section in sections(message) for block in _blocks(section)]
    return text_payload(message) | {
        "blocks": [head, *blocks[:MOST_BLOCKS], _context(f"candidly · {delivery.id}")]
    }


def _blocks(section: Section) -> list[dict[str, Any]]:
    said = "\n".join(line for line in (section.title, section.summary) if line)
    made: list[dict[str, Any]] = [{"type": "section", "text": _plain(said, 3000)}] if said else []
    if section.facts:
        fields = [_plain(f"{name}\n{value}", 2000) for name, value in section.facts[:MOST_FIELDS]]
        made.append({"type": "section", "fields": fields})
    made += [{"type": "section", "text": _plain(line, 3000)} for line in section.quote_lines()]
    return made + ([_context(section.more)] if section.more else [])


def _plain(text: str, limit: int) -> dict[str, Any]:
    # Cut before it is escaped: an entity must not be cut in two. Slack counts what it shows.
    return {"type": "plain_text", "text": slack(cut(text, limit)), "emoji": False}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_plain(text, 2000)]}

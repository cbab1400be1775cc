"""A message as a Workflow of Microsoft Teams takes it: one Adaptive Card.

Words stand in the TextRuns of a RichTextBlock, which know no Markdown (a TextBlock or FactSet would read
it), and there are no `entities`, without which `<at>` mentions nobody. Look-alikes replace what Markdown and
`<at>` are made of all the same, as cards are shown by many clients. Limit: 28 kB.
"""

from __future__ import annotations

from typing import Any

from alerting.sections import Section, sections
from candidly.records import Delivery

_LOOK_ALIKE = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "∗"})
_COLOUR = {"page": "Attention", "warning": "Warning"}


def look_alike(text: str) -> str:
    """Without the characters that Markdown and `<at>` are made of."""
    return text.translate(_LOOK_ALIKE)


def markdown(text: str) -> str:
    """For a TextBlock, which reads Markdown: look-alikes, and lines that stay lines."""
    return look_alike(text).replace("\n", "\n\n")


def payload(delivery: Delivery) -> dict[str, Any]:
    """The card; the delivery's id is that of its first element."""
    message = delivery.message
    colour = _COLOUR.get(message.get("severity", ""), "Default")
    head = _block(_run(message["title"], size="Large", weight="Bolder", color=colour)) | {"id": delivery.id}
    body = [head, *(block for section in sections(message) for block in _section(section))]
    foot = _block(_run(f"candidly · {delivery.id}", size="Small", isSubtle=True))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [*body, foot],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _section(section: Section) -> list[dict[str, Any]]:
    made = [_block(_run(section.title, weight="Bolder"))] if section.title else []
    made += [_block(_run(line)) for line in section.summary.splitlines()]
    made += [_block(_run(f"{name}: ", weight="Bolder"), _run(value)) for name, value in section.facts]
    made += [_block(_run(line, italic=True)) for line in section.quote_lines()]
    return made + ([_block(_run(section.more, isSubtle=True))] if section.more else [])


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": look_alike(text), **looks}

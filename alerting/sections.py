"""A message as the pieces that channels set apart: a summary, facts, quotes, where to read on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN = 2500
"""Characters of a group that are shown in full; what is beyond is listed by its titles."""
LISTED = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One alert, or one of a group (then with a `title` of its own). All of it plain, one line a piece."""

    title: str = ""
    summary: str = ""
    facts: Sequence[tuple[str, str]] = ()
    quotes: Sequence[tuple[str, str]] = ()
    more: str = ""

    def quote_lines(self) -> list[str]:
        return [f"“{words}”" + (f" ({site})" if site else "") for words, site in self.quotes if words]

    def text(self) -> str:
        facts = [f"{name}: {value}" for name, value in self.facts]
        lines = [self.title, self.summary, *facts, *self.quote_lines(), self.more]
        return "\n".join(line for line in lines if line)

    def data(self) -> dict[str, Any]:
        """As it stands in a message's JSON."""
        return {
            "summary": self.summary,
            "facts": [list(fact) for fact in self.facts],
            "quotes": [list(quote) for quote in self.quotes],
            "more": self.more,
        }


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def sections(message: Mapping[str, Any]) -> list[Section]:
    """The pieces of a message; of a group so many that they stay readable, and the other titles.

    A message without pieces is one section that holds its text.
    """
    if parts := message.get("parts"):
        return _group(parts)
    if "summary" not in message:
        return [Section(summary=str(message["text"]))]
    return [_section(message)]


def _section(message: Mapping[str, Any], title: str = "") -> Section:
    return Section(
        title=title,
        summary=message["summary"],
        facts=[(name, value) for name, value in message["facts"]],
        quotes=[(words, site) for words, site in message["quotes"]],
        more=message["more"],
    )


def _group(parts: Sequence[Mapping[str, Any]]) -> list[Section]:
    shown: list[Section] = []
    size = 0
    for part in parts:
        section = _section(part, part["title"])
        size += len(section.text())
        if shown and size > SHOWN:
            break
        shown.append(section)
    rest = [str(part["title"]) for part in parts[len(shown) :]]
    if rest:
        unnamed = len(rest) - LISTED
        also = "\n".join(rest[:LISTED])
        shown.append(
            Section(
                title="Also", summary=also, more=f"and {unnamed} more: candidly alerts" if unnamed > 0 else ""
            )
        )
    return shown

"""What an incident shows of the mentions behind it, within the rules for small groups. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

QUOTES, THEMES, PLACES = 3, 3, 3
HALF = 0.5
"""From this share on, one thread or one wording makes up "most of it"."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words to show, and the whole text that they must stand in, letter for letter; none: the link alone."""

    text: str
    whole: str
    url: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an incident is about. `themes`: title and complaints, most first. `more`: where to read on.

    `thread`, `copies`: the share of these mentions that the largest thread, the most repeated wording make
    up, in [0, 1]. `least`: no number below it is told, and no quote from a smaller group. `rising`: the last
    day has more of them than any day before it, not just more than usual. `said`: source and day of each
    mention, where single ones are told of.
    """

    themes: Sequence[tuple[str, int]] = ()
    quotes: Sequence[Quote] = ()
    more: str = ""
    thread: float = 0.0
    copies: float = 0.0
    least: int = 1
    rising: bool = True
    said: Sequence[tuple[str, date]] = ()

    def number(self, n: int, of: int) -> str:
        """A number for people: withheld where it is of a group that is too small."""
        return str(n) if of >= self.least else f"fewer than {self.least}"

    def shown_themes(self) -> list[dict[str, Any]]:
        """The leading themes; a number too small to tell is None."""
        return [
            {"theme": title, "negative": n if n >= self.least else None} for title, n in self.themes[:THEMES]
        ]

    def facts(self, heading: str = "Most complaints", without: str = "") -> list[list[str]]:
        """Lines for people: the themes, and what one thread or one wording makes up.

        `heading` says which complaints are counted; `without`: a title that is told elsewhere.
        """
        listed = [(title, n) for title, n in self.themes if title != without][:THEMES]
        named = [title + (f" ({n})" if n >= self.least else "") for title, n in listed]
        lines = [[heading, ", ".join(named)]] if named else []
        if self.said:
            lines.append(["Said", self._places()])
        if self.thread > 0:
            lines.append(["Largest thread", f"{self.thread:.0%} of it{_most(self.thread)}"])
        if self.copies > 0:
            lines.append(["Same wording", f"{self.copies:.0%} of it{_most(self.copies)}"])
        return lines

    def _places(self) -> str:
        """`forum, 6 March 2026; reviews, 5 March 2026`: the latest, since a mention may have no link."""
        places = sorted(set(self.said), key=lambda one: (-one[1].toordinal(), one[0]))
        named = [f"{source}, {day.day} {day:%B %Y}" for source, day in places[:PLACES]]
        return "; ".join([*named, *(["and earlier"] if len(places) > PLACES else [])])

    def shown_quotes(self) -> list[dict[str, str]]:
        """At most three, each checked to stand in its text."""
        return [
            {"text": quote.text, "url": quote.url, "site": quote.site}
            for quote in self.quotes
            if quote.text in quote.whole and (quote.text.strip() or quote.url)
        ][:QUOTES]


def _most(share: float) -> str:
    return ", so look there first" if share >= HALF else ""

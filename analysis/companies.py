"""Which configured company a mention is about, by the names that people use for it, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from candidly.config import Company
from candidly.records import Mention

SHORT: Final = 3
"""Names up to so many letters, and names in capitals, count only as they are written ("GE", "IT")."""

_SEPARATORS = re.compile(r"[\s\-_]+")


@dataclass(frozen=True, slots=True)
class Decision:
    """The company that a mention is about, or None, and the reason in a reader's words.

    The reason names the configured phrase and the part of the mention that it stands in; never its text.
    """

    company: str | None
    reason: str


WHOLE_SOURCE: Final = "whole source"
"""The reason where the configuration says that all of a source is about one company."""
NO_NAME: Final = "names no company"


class CompanyFinder:
    """`decide(mention)` tells which company a mention is about, or none of them, and why."""

    def __init__(self, companies: Sequence[Company]) -> None:
        """Phrases to exclude are alternatives like the names, so that the longer of two readings wins."""
        readings: dict[str, tuple[str | None, str]] = {}
        for company in companies:
            for alias in (company.name, *company.aliases):
                readings.setdefault(_pattern(alias), (company.name, alias))
        for company in companies:
            for phrase in company.exclude:
                readings.setdefault(_pattern(phrase, exact=False), (None, phrase))
        patterns = sorted(readings, key=len, reverse=True)
        self._readings = [readings[pattern] for pattern in patterns]
        self._regex = (
            re.compile(rf"(?<!\w)(?:{'|'.join(f'({p})' for p in patterns)})(?!\w)") if patterns else None
        )

    def find(self, mention: Mention) -> str | None:
        """The company of `decide`."""
        return self.decide(mention).company

    def decide(self, mention: Mention) -> Decision:
        """Looks at what the site says, then the title, then the whole text; the first with a name decides.

        Most hits win; of equals, the one named first.
        """
        excluded = ""
        title = [("title", mention.title)]
        text = [(name, mention.text[start:end]) for name, start, end in mention.parts()]
        for parts in ([("about", _SEPARATORS.sub(" ", mention.about))], title, text):
            hits = [(*hit, part) for part, words in parts for hit in self._hits(words)]
            names = Counter(company for company, _, _ in hits if company is not None)
            if names:
                chosen = max(names, key=lambda name: names[name])
                return Decision(chosen, next(f'"{n}" in {part}' for c, n, part in hits if c == chosen))
            excluded = excluded or next((f'"{name}" excluded in {part}' for _, name, part in hits), "")
        return Decision(None, excluded or NO_NAME)

    def _hits(self, text: str) -> Iterator[tuple[str | None, str]]:
        """(company, or None for an excluded phrase; the phrase as configured) of each hit."""
        if self._regex is not None:
            for found in self._regex.finditer(text):
                yield self._readings[(found.lastindex or 1) - 1]


def _pattern(name: str, *, exact: bool | None = None) -> str:
    """A name with any white space or hyphens between its words and either apostrophe."""
    words = _SEPARATORS.split(name.strip())
    letters = "".join(words)
    pattern = r"[\s\-_]+".join(re.escape(word).replace("'", "['\u2019]") for word in words)
    if exact is None:
        exact = letters.isupper() or len(letters) <= SHORT
    return pattern if exact else f"(?i:{pattern})"

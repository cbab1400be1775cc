"""Which configured company a mention is about, by the names that people use for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from candidly.config import Company
from candidly.records import Mention

SHORT: Final = 3
"""Names up to so many letters, and names in capitals, count only as they are written ("GE", "IT")."""

_SEPARATORS = re.compile(r"[\s\-_]+")


class CompanyFinder:
    """`find(mention)` gives the name of a company, or None where the mention is about none of them."""

    def __init__(self, companies: Sequence[Company]) -> None:
        """Phrases to exclude are alternatives like the names, so that the longer of two readings wins."""
        readings: dict[str, str | None] = {}
        for company in companies:
            for alias in (company.name, *company.aliases):
                readings.setdefault(_pattern(alias), company.name)
        for company in companies:
            for phrase in company.exclude:
                readings.setdefault(_pattern(phrase, exact=False), None)
        patterns = sorted(readings, key=len, reverse=True)
        self._names = [readings[pattern] for pattern in patterns]
        self._regex = (
            re.compile(rf"(?<!\w)(?:{'|'.join(f'({p})' for p in patterns)})(?!\w)") if patterns else None
        )

    def find(self, mention: Mention) -> str | None:
        """Looks at what the site says, then the title, then the whole text; the first with a name decides.

        Most hits win; of equals, the one named first.
        """
        for text in (_SEPARATORS.sub(" ", mention.about), mention.title, mention.text):
            if names := Counter(self._hits(text)):
                return max(names, key=lambda name: names[name])
        return None

    def _hits(self, text: str) -> Iterator[str]:
        if self._regex is None:
            return
        for found in self._regex.finditer(text):
            name = self._names[(found.lastindex or 1) - 1]
            if name is not None:
                yield name


def _pattern(name: str, *, exact: bool | None = None) -> str:
    """A name with any white space or hyphens between its words and either apostrophe."""
    words = _SEPARATORS.split(name.strip())
    letters = "".join(words)
    pattern = r"[\s\-_]+".join(re.escape(word).replace("'", "['\u2019]") for word in words)
    if exact is None:
        exact = letters.isupper() or len(letters) <= SHORT
    return pattern if exact else f"(?i:{pattern})"

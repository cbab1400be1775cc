"""Quotes for the report: whole sentences around the evidence, chosen to be representative, and verified.

A quote is never written, shortened or joined: it is a slice of the stored text, and `verify` proves it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from analysis import sentences
from candidly.errors import CandidlyError
from candidly.figures import Quote, QuoteReason
from candidly.records import Mention, Polarity

LEAST, MOST = 40, 240
"""Characters of a quote: below, it says nothing on its own; above, nobody reads it."""

_ENDS = ".!?…\"'”’)]•●▪◦‣"
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be quoted: where it stands, and the thread that it is from."""

    mention: Mention
    cluster: str
    polarity: Polarity
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.mention.text[self.start : self.end]

    @property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.text.casefold()))


def candidate(mention: Mention, cluster: str, polarity: Polarity, start: int, end: int) -> Candidate | None:
    """The whole sentences around the evidence `[start, end)`; None where they are too short or too long.

    Raises CandidlyError where the evidence does not lie in the text.
    """
    if not 0 <= start < end <= len(mention.text):
        raise CandidlyError(
            f"stored evidence does not fit the stored text of {mention.source}:{mention.id}.",
            "Analyse the stored mentions again before making the report.",
        )
    span = sentences_around(mention.text, start, end)
    return Candidate(mention, cluster, polarity, *span) if span else None


def sentences_around(text: str, start: int, end: int) -> tuple[int, int] | None:
    """`(start, end)` of the whole sentences that hold `[start, end)`, LEAST to MOST characters long.

    A short sentence takes the next one of its line along, or else the one before. None where that fails.
    """
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    spans = _sentences(text, line_start, len(text) if line_end < 0 else line_end)
    touched = [i for i, (a, b) in enumerate(spans) if a < end and b > start]
    if not touched or end > spans[-1][1] + 1:
        return None
    first, last = touched[0], touched[-1]
    while spans[last][1] - spans[first][0] < LEAST and (last + 1 < len(spans) or first > 0):
        if last + 1 < len(spans):
            last += 1
        else:
            first -= 1
    found = spans[first][0], spans[last][1]
    return found if LEAST <= found[1] - found[0] <= MOST else None


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the whole sentences in one line; the rest of one that was cut for its length is left out."""
    spans = [(start + a, start + b) for a, b in sentences.split(text[start:end])]
    return [(a, b) for a, b in spans if not (before := text[start:a].rstrip()) or before[-1] in _ENDS]


def most_typical(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates, the most typical first: by cosine to the centroid of their words, then by place.

    The sentence nearest to the centroid stands for its group, as in extractive summaries (Radev et al.
    2004, Information Processing & Management 40:919-938).
    """
    kept = list(candidates)
    spread = Counter(word for c in kept for word in c.words)

    def nearness(c: Candidate) -> float:
        return sum(spread[word] for word in c.words) / math.sqrt(len(c.words)) if c.words else 0.0

    return sorted(kept, key=lambda c: (-nearness(c), c.mention.source, c.mention.id, c.start))


class Picker:
    """Picks quotes so that no two in a report are from one thread or say the same."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._clusters: set[str] = set()
        self._words: list[frozenset[str]] = []

    def pick(
        self, ranked: Sequence[Candidate], many: int, reason: QuoteReason, theme: str = ""
    ) -> list[Quote]:
        """The first `many` of the ranked candidates that are new to the report, as verified quotes."""
        quotes: list[Quote] = []
        for chosen in ranked:
            if len(quotes) == many:
                break
            if chosen.cluster in self._clusters or any(_alike(chosen.words, w) for w in self._words):
                continue
            self._clusters.add(chosen.cluster)
            self._words.append(chosen.words)
            quotes.append(self._quote(chosen, reason, theme))
        return quotes

    def _quote(self, chosen: Candidate, reason: QuoteReason, theme: str) -> Quote:
        mention = chosen.mention
        published = mention.published
        day = published.astimezone(self._zone).date() if published else None
        quote = Quote(
            chosen.text, chosen.polarity, reason, theme, mention.source, mention.id, mention.site,
            mention.url, day,
        )  # fmt: skip
        verify(quote, mention)
        return quote


def verify(quote: Quote, mention: Mention) -> None:
    """Raise CandidlyError unless the quote is an exact part of the mention that it names."""
    named = (quote.source, quote.id) == (mention.source, mention.id)
    if not named or not quote.text.strip() or quote.text not in mention.text:
        raise CandidlyError(
            f"a quote does not stand in the stored text of {quote.source}:{quote.id}; no report was made.",
            "This is a fault of candidly; please report it.",
        )


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sentences share most of their words (Jaccard index over 0.6), or both have none."""
    together = len(one | other)
    return not together or len(one & other) / together > 0.6

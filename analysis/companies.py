"""Which configured company a mention is about, by the names that people use for it, and why.

A name that is a word too ("Target") needs more than itself: its capitals (`exact`), a word of `context` near
it (`ambiguous`), or that the site itself says what the text is about. With `only: work` a text that speaks of
the company's products alone is about its customers, not about the employer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.nearwork import work_near
from analysis.workwords import about_work
from candidly.config import Company, Only
from candidly.records import Mention

SHORT: Final = 3
"""Names up to so many letters, and names in capitals, count only as they are written ("GE", "IT")."""
NEAR: Final = 20
"""Words before and after an ambiguous name in which its context must stand."""
EMPLOYER_SITES: Final = ("glassdoor.", "indeed.", "kununu.", "ambitionbox.", "comparably.", "teamblind.")
"""Sites on which everything is about work; how their names begin."""

_SEPARATORS = re.compile(r"[\s\-_]+")
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:['\u2019]\w+)?")


@dataclass(frozen=True, slots=True)
class Decision:
    """The company that a mention is about, or None, and the reason in a reader's words.

    The reason names configured phrases, words of work, and the part of the mention that they stand in; never
    other words of its text.
    """

    company: str | None
    reason: str


WHOLE_SOURCE: Final = "whole source"
"""The reason where the configuration says that all of a source is about one company."""
NO_NAME: Final = "names no company"
ALONE: Final = "nothing else"
NO_WORK: Final = "but nothing about work there"


@dataclass(frozen=True, slots=True)
class _Name:
    """One way in which a company is called; `company` None: a phrase that means something else."""

    company: str | None
    phrase: str
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name in a text, and why it counts; `near` is the context that an ambiguous one stands in."""

    name: _Name
    part: str
    text: str
    start: int
    end: int
    near: str = ""

    def said(self) -> str:
        return f'"{self.name.phrase}" in {self.part}' + (f' near "{self.near}"' if self.near else "")


class CompanyFinder:
    """`decide(mention)` tells which company a mention is about, or none of them, and why."""

    def __init__(self, companies: Sequence[Company]) -> None:
        """Phrases to exclude are alternatives like the names, so that the longer of two readings wins."""
        self._only = {company.name: company.only for company in companies}
        self._contexts = {company.name: _any_of(company.context) for company in companies if company.context}
        readings: dict[str, _Name] = {}
        for company in companies:
            exact, ambiguous = ({_key(name) for name in of} for of in (company.exact, company.ambiguous))
            for alias in (company.name, *company.aliases):
                pattern = _pattern(alias, exact=True if _key(alias) in exact else None)
                readings.setdefault(pattern, _Name(company.name, alias, _key(alias) in ambiguous))
        for company in companies:
            for phrase in company.exclude:
                readings.setdefault(_pattern(phrase, exact=False), _Name(None, phrase))
        patterns = sorted(readings, key=len, reverse=True)
        self._names = [readings[pattern] for pattern in patterns]
        self._regex = (
            re.compile(rf"(?<!\w)(?:{'|'.join(f'({p})' for p in patterns)})(?!\w)") if patterns else None
        )

    def find(self, mention: Mention) -> str | None:
        """The company of `decide`."""
        return self.decide(mention).company

    def decide(self, mention: Mention, only: Only | None = None, company: str = "") -> Decision:
        """Looks at what the site says, then the title, then the whole text; the first with a name decides.

        Most hits win; of equals, the one named first. `only` goes before the company's own; `company` is what
        the configuration says that all of the source is about.
        """
        parts, hits = list(_parts(mention)), list[_Hit]()
        if company:
            found, reason = company, WHOLE_SOURCE
        else:
            named, reason, hits = self._named(mention, parts)
            if named is None:
                return Decision(None, reason)
            found = named
        if (only or self._only.get(found, "all")) == "all" or _always_work(mention):
            return Decision(found, reason)
        word = _work(mention, parts, [*hits, *self._all_hits(parts, found)])
        if not word:
            return Decision(None, f"{reason}, {NO_WORK}")
        return Decision(found, f'{reason}, about work: "{word}"')

    def _named(self, mention: Mention, parts: list[tuple[str, str]]) -> tuple[str | None, str, list[_Hit]]:
        refused = ""
        opening = " ".join(text for _, text in parts)[:400]
        about, title = _SEPARATORS.sub(" ", mention.about), mention.title
        steps = ([("about", about, opening)], [("title", title, opening)], [(n, t, "") for n, t in parts])
        for step in steps:
            every = [hit for part, text, more in step for hit in self._hits(part, text, more)]
            hits = [hit for hit in every if hit.name.company and (hit.near or not hit.name.ambiguous)]
            counts = Counter(str(hit.name.company) for hit in hits)
            if counts:
                chosen = max(counts, key=lambda name: counts[name])
                mine = [hit for hit in hits if hit.name.company == chosen]
                return chosen, mine[0].said(), mine
            refused = refused or next(map(_refusal, every), "")
        return None, refused or NO_NAME, []

    def _all_hits(self, parts: list[tuple[str, str]], company: str) -> Iterator[_Hit]:
        for part, text in parts:
            yield from (hit for hit in self._hits(part, text, "") if hit.name.company == company)

    def _hits(self, part: str, text: str, more: str) -> Iterator[_Hit]:
        """Every name in a text; `more` is what belongs to it as context."""
        if self._regex is None:
            return
        for found in self._regex.finditer(text):
            if _in_address(text, found.start()):
                continue
            name = self._names[(found.lastindex or 1) - 1]
            near = self._near(name, part, text, found, more) if name.company and name.ambiguous else ""
            yield _Hit(name, part, text, found.start(), found.end(), near)

    def _near(self, name: _Name, part: str, text: str, found: re.Match[str], more: str) -> str:
        """The word that makes an ambiguous name the company's; "" for none."""
        if part == "about" and found[0] == text.strip():
            return ALONE  # a column that holds the employer
        context = self._contexts.get(str(name.company))
        if context is None:
            whole = f"{text}\n{more}" if more else text
            return work_near(whole, found.start(), found.end(), ambiguous=True)
        known = context.search(_window(text, found.start(), found.end(), NEAR) + f"\n{more}")
        return " ".join(known[0].split()).casefold() if known else ""


def _in_address(text: str, at: int) -> bool:
    """Whether a place lies within a web address, which names whom it leads to, not what a text is about."""
    start = (
        max(text.rfind(mark, max(at - 2_000, 0), at) for mark in (" ", "\n", "\t", "(", "[", "<", '"')) + 1
    )
    return _ADDRESS.match(text, start) is not None


def _parts(mention: Mention) -> Iterator[tuple[str, str]]:
    for name, start, end in mention.parts():
        yield name, mention.text[start:end]


def _refusal(hit: _Hit) -> str:
    if hit.name.company is None:
        return f'"{hit.name.phrase}" excluded in {hit.part}'
    return f'"{hit.name.phrase}" in {hit.part} without its context'


def _always_work(mention: Mention) -> bool:
    """Whether the source itself says that it is about work: an interview, an employee's review, a survey."""
    return (
        mention.kind == "interview"
        or bool(mention.employment or mention.difficulty or mention.offer)
        or (mention.kind == "review" and mention.site.removeprefix("www.").startswith(EMPLOYER_SITES))
    )


def _work(mention: Mention, parts: list[tuple[str, str]], hits: Sequence[_Hit]) -> str:
    """The word by which a text speaks of work where it names the company; "" for none.

    Where a title or what the site says (the title of a thread) names it, all of the text is about that.
    """
    opening = "\n".join(text for name, text in parts if name != "title")
    for hit in hits[:20]:
        text = f"{hit.text}\n{opening}" if hit.part in ("about", "title") else hit.text
        known = "" if hit.near == ALONE else hit.near
        if word := known or work_near(text, hit.start, hit.end, ambiguous=hit.name.ambiguous):
            return word
    return "" if hits else about_work(f"{mention.about}\n{mention.title}\n{opening}")


def _window(text: str, start: int, end: int, words: int) -> str:
    """So many words before and after a place in a text, but not the place itself."""
    reach = words * 30  # no need to look further for so many words
    before = list(_WORD.finditer(text, max(start - reach, 0), start))[-words:]
    after = list(_WORD.finditer(text, end, min(end + reach, len(text))))[:words]
    left = text[before[0].start() : start] if before else ""
    right = text[end : after[-1].end()] if after else ""
    return f"{left} {right}"


def _key(name: str) -> str:
    return name.strip().casefold()


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    patterns = sorted((_pattern(phrase) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")


def _pattern(name: str, *, exact: bool | None = None) -> str:
    """A name with any white space or hyphens between its words and either apostrophe."""
    words = _SEPARATORS.split(name.strip())
    letters = "".join(words)
    pattern = r"[\s\-_]+".join(re.escape(word).replace("'", "['\u2019]") for word in words)
    if exact is None:
        exact = letters.isupper() or len(letters) <= SHORT
    return pattern if exact else f"(?i:{pattern})"

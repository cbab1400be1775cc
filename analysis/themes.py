"""Which parts of the recruiting and working experience a text speaks of, how, and where it says so.

Themes are data: `data/themes.yaml`, or a file of the user's in the same form.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby
from pathlib import Path
from typing import Final, NamedTuple

from analysis.phrasefile import Reader
from analysis.phrases import Line, Match, Tag
from analysis.sentiment import Sentence
from candidly.records import Opinion, Polarity

BUILT_IN: Final = Path(__file__).parent / "data" / "themes.yaml"
VALUES: Final = {"negative": -1, "positive": 1, "neutral": 0, "any": None}
GROUPS: Final = (*VALUES, "except")
CLEAR: Final = 0.25
"""A sentence scoring beyond this gives its polarity to phrases that have none of their own."""
_NEGATORS = """
not no never without hardly barely lacks lacked lack cannot isnt wasnt arent werent dont didnt doesnt wont
cant couldnt wouldnt nor neither zero nobody none
"""
NEGATORS: Final = frozenset(_NEGATORS.split())
NEGATION_REACH: Final = 3
"""Words before a phrase in which a negator turns its polarity round."""
OWN_WEIGHT, SENTENCE_WEIGHT = 2.0, 1.0
_LONGEST_REACH = 40


def load(path: Path) -> list[Line]:
    """The lines of a theme file. Raises ConfigError with `file:line` of every problem."""
    reader = Reader(path)
    for top, node in reader.items(reader.root(), "the file"):
        if top != "themes":
            reader.problem(node, f"unknown name {top!r}; the file should start with `themes:`")
            continue
        for theme, body in reader.items(node, "`themes`"):
            for group, phrases in reader.items(body, theme):
                if group in GROUPS:
                    reader.add(phrases, Tag("theme", theme, group))
                elif group != "description":
                    known = ", ".join(("description", *GROUPS))
                    reader.problem(phrases, f"{theme}: unknown name {group!r}; known: {known}")
    return reader.finish()


class Sign(NamedTuple):
    """One phrase of one theme in a text. `value`: -1, 0 or 1; None where the sentence must tell."""

    theme: str
    value: int | None
    start: int
    end: int
    sentence: int


def signs(folded: str, matches: Iterable[Match], spans: Sequence[tuple[int, int]]) -> list[Sign]:
    """What the phrases found say of themes; `spans` are the sentences, both in text order.

    Phrases of one theme within a longer one of it, overlapping an exception, or in no sentence (a heading
    such as "Advice to management:") do not count.
    """
    found: dict[str, list[Sign]] = {}
    barred: dict[str, list[Match]] = {}
    at = 0
    for match in matches:
        while at + 1 < len(spans) and spans[at + 1][0] <= match.start:
            at += 1
        tag = match.tag
        if tag.group != "theme" or not spans or not spans[at][0] <= match.start < spans[at][1]:
            continue
        if tag.value == "except":
            barred.setdefault(tag.name, []).append(match)
            continue
        value = VALUES[tag.value]
        if value and _negated(folded, spans[at][0], match.start):
            value = -value
        found.setdefault(tag.name, []).append(Sign(tag.name, value, match.start, match.end, at))
    return [s for name in sorted(found) for s in _outermost(_allowed(found[name], barred.get(name, [])))]


def _negated(folded: str, start: int, at: int) -> bool:
    words = folded[max(start, at - _LONGEST_REACH) : at].split()[-NEGATION_REACH:]
    if words[-2:] == ["not", "only"]:
        return False
    return not NEGATORS.isdisjoint(words) or any("n't" in word for word in words)


def _allowed(found: list[Sign], barred: list[Match]) -> list[Sign]:
    """Without those that overlap an exception ("pay attention" is not about pay)."""
    if not barred:
        return found
    starts = [b.start for b in barred]
    furthest = list(accumulate((b.end for b in barred), max))
    return [s for s in found if not (n := bisect_left(starts, s.end)) or furthest[n - 1] <= s.start]


def _outermost(found: list[Sign]) -> list[Sign]:
    """Without those inside a longer match: "never heard back" counts, the "heard back" in it does not."""
    if len(found) == 1:
        return found
    kept: list[Sign] = []
    for sign in sorted(found, key=lambda s: (s.start, -s.end, s.value is None)):
        if not kept or sign.end > kept[-1].end:
            kept.append(sign)
    return kept


def opinions(found: Iterable[Sign], sentences: Sequence[Sentence]) -> tuple[Opinion, ...]:
    """One opinion a theme, in the order of their names; evidence is the clearest phrase."""
    return tuple(
        _opinion(theme, list(group), sentences) for theme, group in groupby(found, lambda s: s.theme)
    )


def _opinion(theme: str, found: list[Sign], sentences: Sequence[Sentence]) -> Opinion:
    values = [_value(sign, sentences[sign.sentence]) for sign in found]
    weights = [OWN_WEIGHT if sign.value else SENTENCE_WEIGHT for sign in found]
    total = sum(value * weight for value, weight in zip(values, weights, strict=True))
    overall = (total > 0) - (total < 0)
    polarity: Polarity = "positive" if overall > 0 else "negative" if overall < 0 else "neutral"
    _, _, _, _, best = min(
        (value != overall, not sign.value, sign.start - sign.end, sign.start, n)
        for n, (sign, value) in enumerate(zip(found, values, strict=True))
    )
    return Opinion(theme, polarity, found[best].start, found[best].end)


def _value(sign: Sign, sentence: Sentence) -> int:
    """The phrase's own polarity, else that of the section (pros, cons), else the sentence's."""
    if sign.value is not None:
        return sign.value
    if sentence.prior:
        return sentence.prior
    if abs(sentence.score) >= CLEAR:
        return 1 if sentence.score > 0 else -1
    return 0

"""Whether a name in a text is spoken of as an employer: as a place to work at, not to buy from. Pure.

A word of work (`workwords`) that is tied to the name is what tells most: "interview with Beacon", "Beacon's
recruiter". Words that stand about without a tie count where the name is used as a name: not "an apple", not
"the Apple store", and not an interview that was "at a law firm".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from analysis.workwords import Cue, cues, weighed

REACH: Final = 600
"""Characters before and after a name that are looked at."""
TIED: Final = 4
"""Words that may stand between a name and the word of work that is tied to it."""
LOOSE: Final = 20
"""Words before and after a name in which loose words of work must stand: long texts go on to other things."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHORT: Final = 60
"""Words of a text whose sentences are about one thing."""

_WORD = re.compile(r"\w+(?:['\u2019]\w+)?")
_SENTENCE = re.compile(r"[.!?]+[\s\"'\u201d)]+|\n+")
_STOP = re.compile(r"[.!?;:,()\[\]\n\u2013\u2014]|\s-\s|\bbut\b|\bwhile\b|\bbecause\b|\bwhen\b")
_TO: Final = _words("at for with from by of in to into through via and bei von für als")
_ARTICLES: Final = _words("a an another some any old new cheap nearest local every each")
_MINE: Final = _words("my at from for with after before had have got since")
_GOES: Final = _words("left leaving quit joined joining join")
_WHITHER: Final = _words("for because after last this in as and when to")
_ELSEWHERE = re.compile(
    r"\s+(?:at|with|for|from|in)\s+(?:an?\b|my\b|the\b|another\b|some\b|(?-i:[A-Z])\w)", re.IGNORECASE
)
_ON_MAP = re.compile(r"\s+(?:on|in|near|by|next|across|off)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Place:
    """A name in a text: what stands before and after it, and the cues around it."""

    text: str
    start: int
    end: int
    cues: tuple[Cue, ...]

    @property
    def before(self) -> list[str]:
        return [word[0].lower() for word in _WORD.finditer(self.text, max(self.start - 80, 0), self.start)]

    def following(self, cue: Cue) -> int | None:
        """How many words stand between the name and a cue behind it, in the same clause; else None."""
        return _between(self.text, self.end, cue.start)

    def leading(self, cue: Cue) -> int | None:
        """The same for a cue before it."""
        return _between(self.text, cue.end, self.start)


def _between(text: str, start: int, end: int) -> int | None:
    if start > end or end - start > 80:
        return None
    gap = text[start:end]
    return None if _STOP.search(gap.removeprefix("'s").removeprefix("\u2019s")) else len(_WORD.findall(gap))


def work_near(text: str, start: int, end: int, *, ambiguous: bool) -> str:
    """The word by which the name at `[start, end)` is spoken of as an employer; "" for none.

    An `ambiguous` name that is written small must be tied to it, and weak words alone are not enough for one.
    """
    place = _place(text, start, end)
    small = ambiguous and text[start:end].islower()
    if word := _tied(place, small=small):
        return word
    if small or _is_a_thing(place):
        return ""
    loose = _close(place, [cue for cue in place.cues if not _of_another(place, cue)])
    if ambiguous and not any(cue.list == "strong" for cue in loose):
        return ""
    return weighed(loose)


def _place(text: str, start: int, end: int) -> _Place:
    low = max(start - REACH, 0)
    part = text[low : end + REACH]
    own = [cue for cue in cues(part) if cue.end <= start - low or cue.start >= end - low]
    return _Place(part, start - low, end - low, tuple(own))


def _tied(place: _Place, *, small: bool) -> str:
    """A word of work that belongs to the name. Weak ones do unless words of customers stand about as well."""
    before = place.before
    article = bool(before) and before[-1] in _ARTICLES
    shop = sum(cue.list == "elsewhere" for cue in _close(place, place.cues))
    thing = _is_a_thing(place)
    for cue in place.cues:
        if cue.list not in ("strong", "weak") or (cue.list == "weak" and (shop or thing)):
            continue
        behind, ahead = place.following(cue), place.leading(cue)
        verb = small and ahead != 0 and before[-1:] == ["to"]  # "jobs to target" is no job at Target
        if ahead is not None and ahead <= TIED and not article and not verb and _led_to(before):
            return cue.phrase
        named = not small or not before or before[-1] in _MINE
        tied = behind is not None and behind < TIED and not ((article or thing) and behind)
        if cue.list == "weak" and behind == 0 and place.text[cue.start].isupper():
            continue  # Microsoft Teams
        if tied and named and not _of_another(place, cue):
            return cue.phrase
    after = _WORD.search(place.text, place.end)
    if before and after and not shop and before[-1] in _GOES and after[0].lower() in _WHITHER:
        return before[-1]
    return ""


def _led_to(before: list[str]) -> bool:
    """Whether a preposition leads to the name, with or without "the"."""
    words = [word for word in before[-2:] if word != "the"]
    return bool(words) and words[-1] in _TO


def _is_a_thing(place: _Place) -> bool:
    """Whether the name stands for goods or a shop to go to: "an old Apple laptop", "the Target on Fifth"."""
    before = place.before
    if any(cue.list == "elsewhere" and place.following(cue) == 0 for cue in place.cues):
        return True
    if not before or any(cue.list in ("strong", "weak") and place.following(cue) == 0 for cue in place.cues):
        return False
    return before[-1] in _ARTICLES or (before[-1] == "the" and bool(_ON_MAP.match(place.text, place.end)))


def _of_another(place: _Place, cue: Cue) -> bool:
    """Whether a word of work is tied to something else: "my interview at a law firm"."""
    found = _ELSEWHERE.match(place.text, cue.end)
    return found is not None and not cue.end <= place.start <= found.end() + 1


def _close(place: _Place, found: list[Cue] | tuple[Cue, ...]) -> list[Cue]:
    """Those within `LOOSE` words of the name, in a long text in its own sentence."""
    before = [word.start() for word in _WORD.finditer(place.text, 0, place.start)]
    after = [word.end() for word in _WORD.finditer(place.text, place.end)]
    low, high = (before[-LOOSE:] or [place.start])[0], (after[:LOOSE] or [place.end])[-1]
    if len(before) + len(after) > SHORT:
        ends = [end.end() for end in _SENTENCE.finditer(place.text, 0, place.start)]
        low = max(low, ends[-1] if ends else 0)
        following = _SENTENCE.search(place.text, place.end)
        high = min(high, following.start() if following else high)
    return [cue for cue in found if low <= cue.start and cue.end <= high]

"""Whether a text speaks of working or applying somewhere, by `data/work.yaml` and `data/roles.yaml`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import yaml

LISTS: Final = ("strong", "weak", "elsewhere", "neither")
_DATA: Final = Path(__file__).parent / "data"
_GROUP = re.compile(r"\(([^()]*)\)")
_GAP: Final = re.compile(r"[\s\-]+")
_WORD: Final = re.compile(r"\w+(?:'\w+)?")
_PREFIX: Final = 5
"""A word with `*` has at least so many letters before it."""
_MOST: Final = 20_000
"""Characters of a text that are looked at; nobody needs more to say that it is about work."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase of the lists in a text, in small letters, and where it stands."""

    list: str
    phrase: str
    start: int
    end: int


def about_work(text: str) -> str:
    """The word that shows a text to be about work, strong ones first; "" for a text that is not."""
    return weighed(cues(text))


def weighed(found: Iterable[Cue]) -> str:
    """The cue by which these together speak of work, or "".

    One strong word is enough unless words of customers outweigh 2 x strong + weak ones. Of weak ones alone it
    takes two, and more than there are of customers.
    """
    kinds: dict[str, dict[str, None]] = {name: {} for name in LISTS}
    for cue in found:
        kinds[cue.list][cue.phrase] = None
    strong, weak, elsewhere = (len(kinds[name]) for name in LISTS[:3])
    if strong and 2 * strong + weak > elsewhere:
        return next(iter(kinds["strong"]))
    return next(iter(kinds["weak"])) if weak >= 2 and weak > elsewhere else ""


def cues(text: str) -> list[Cue]:
    """The phrases in a text, in its order; the longest one at a place counts, whatever its list."""
    folded = text[:_MOST].lower().replace("\u2019", "'")
    lists, starts = _book()
    words = list(_WORD.finditer(folded))
    found, at = [], 0
    while at < len(words):
        longest = starts.get(words[at][0]) or starts.get(words[at][0][:_PREFIX], 0)
        for length in range(min(longest, len(words) - at), 0, -1):
            phrase = " ".join(word[0] for word in words[at : at + length])
            if (name := lists.get(phrase) or _ending(phrase, lists)) and _joined(folded, words, at, length):
                found.append(Cue(name, phrase, words[at].start(), words[at + length - 1].end()))
                at += length - 1
                break
        at += 1
    return found


def _joined(text: str, words: list[re.Match[str]], at: int, length: int) -> bool:
    """Whether nothing but white space and hyphens stands between these words."""
    pairs = zip(words[at : at + length - 1], words[at + 1 : at + length], strict=True)
    return all(_GAP.fullmatch(text, one.end(), other.start()) for one, other in pairs)


def _ending(phrase: str, lists: dict[str, str]) -> str | None:
    """The list of a phrase whose last word is written with `*` there."""
    last = phrase.rfind(" ") + 1
    ends = (f"{phrase[:n]}*" for n in range(len(phrase), max(last, _PREFIX - 1), -1))
    return next((lists[key] for key in ends if key in lists), None)


@cache
def _book() -> tuple[dict[str, str], dict[str, int]]:
    """phrase -> its list, and first word (of one written with `*` its beginning) -> words of its longest."""
    own, roles = (
        yaml.safe_load((_DATA / name).read_text(encoding="utf-8")) for name in ("work.yaml", "roles.yaml")
    )
    role, stage, ghosting = roles["role"], roles["stage"], roles["ghosting"]
    own["strong"] += [*role["candidate"], *role["employee"], *role["former"]]
    own["weak"] += [*(line for lines in stage.values() for line in lines), *ghosting["employer"]]
    lists = {phrase: name for name in reversed(LISTS) for line in own[name] for phrase in alternatives(line)}
    starts: dict[str, int] = {}
    for phrase in lists:
        words = phrase.split()
        start = words[0][:_PREFIX] if words[0].endswith("*") else words[0]
        starts[start] = max(starts.get(start, 1), len(words))
    return lists, starts


def alternatives(line: str) -> list[str]:
    """Every phrase that a line stands for: `(rude|cold) hr` is "rude hr" and "cold hr"."""
    pieces = _GROUP.split(line)
    choices = [piece.split("|") if n % 2 else [piece] for n, piece in enumerate(pieces)]
    return sorted({" ".join("".join(one).split()) for one in product(*choices)} - {""})

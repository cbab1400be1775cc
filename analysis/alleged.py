"""What single mentions allege or name: discrimination, danger, fraud, and phrases of the user's own rules.

The phrases are data (`data/alleged.yaml`, and `alerts.rules` of the configuration), matched as those of
themes are: in linear time, whatever the text or the phrase.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from analysis import sentences
from analysis.phrasefile import Reader
from analysis.phrases import Line, PhraseBook, Tag, fold, words_of
from candidly.configrules import NamedRule
from candidly.errors import ConfigError
from candidly.records import Mention

BUILT_IN: Final = Path(__file__).parent / "data" / "alleged.yaml"
ALLEGED, OWN = "alleged", "rule"
NEGATION_REACH: Final = 4
_NEGATOR_WORDS: Final = """
not no never without hardly barely cannot isnt wasnt arent werent dont didnt doesnt wont cant couldnt wouldnt
nor neither zero nobody none havent hasnt hadnt free
"""
_NEGATORS: Final = frozenset(_NEGATOR_WORDS.split())
_WEIGHTLESS: Final = frozenset(("only", "just", "merely"))

Span = tuple[int, int]


@cache
def lines() -> tuple[Line, ...]:
    """The lines that come along. Raises ConfigError with `file:line` of every problem."""
    reader = Reader(BUILT_IN)
    for _, node in reader.items(reader.root(), "the file"):
        for name, body in reader.items(node, "`alleged`"):
            for group, phrases in reader.items(body, name):
                if group != "description":
                    reader.add(phrases, Tag(ALLEGED, name, group))
    return tuple(reader.finish())


def own_lines(rules: Iterable[NamedRule]) -> list[Line]:
    """The lines of the user's rules. Raises ConfigError with every problem."""
    found, wrong = _read(rules)
    if wrong:
        raise ConfigError([".".join(map(str, ("alerts.rules", *at))) + f": {text}" for at, text in wrong])
    return found


def problems(rules: Iterable[NamedRule]) -> list[tuple[tuple[str | int, ...], str]]:
    """What cannot be read as a phrase, with its place below `alerts.rules`."""
    return _read(rules)[1]


def _read(rules: Iterable[NamedRule]) -> tuple[list[Line], list[tuple[tuple[str | int, ...], str]]]:
    found: list[Line] = []
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    for nth, rule in enumerate(rules):
        for group in ("phrases", "any", "exceptions"):
            key = "except" if group == "exceptions" else group
            for at, phrase in enumerate(getattr(rule, group)):
                try:
                    found.append(Line(phrase, Tag(OWN, rule.name, key)))
                except ValueError as error:
                    wrong.append(((nth, key, at), f"the phrase {error}"))
    return found, wrong


class Alleged:
    """Finds in mentions what they allege, and what the user's rules name."""

    def __init__(self, rules: Sequence[NamedRule] = (), *, built_in: bool = True) -> None:
        self._book = PhraseBook([*(lines() if built_in else ()), *own_lines(rules)])

    def find(self, mention: Mention) -> dict[tuple[str, str], Span]:
        """(`alleged` or `rule`, name) -> where the mention says it first, as offsets into its text."""
        found: dict[tuple[str, str], Span] = {}
        for part, start, end in mention.parts():
            for key, span in self._find(mention.text[start:end], praised=part == "pros"):
                found.setdefault(key, (start + span[0], start + span[1]))
        return found

    def _find(self, text: str, *, praised: bool) -> Iterator[tuple[tuple[str, str], Span]]:
        folded = fold(text)
        words, places = words_of(folded)
        matches = self._book.find_in(folded, words, places)
        if not matches:
            return
        barred: dict[tuple[str, str], list[Span]] = {}
        for match in matches:
            if match.tag.value == "except":
                barred.setdefault(match.tag[:2], []).append((match.start, match.end))
        spans = sentences.split(text)
        for match in matches:
            key, value = match.tag[:2], match.tag.value
            if value == "except" or any(a < match.end and b > match.start for a, b in barred.get(key, ())):
                continue
            if value == "any" or not (praised or _negated(folded, match.start, spans)):
                yield key, (match.start, match.end)


def _negated(folded: str, at: int, spans: Sequence[Span]) -> bool:
    """Whether a negation stands up to four words before, in the same sentence and clause."""
    start = max((a for a, _ in spans if a <= at), default=0)
    clause = max(folded.rfind(mark, start, at) for mark in (",", ";", ":", "(", " but "))
    words = folded[max(start, clause + 1) : at].split()[-NEGATION_REACH:]
    bare = [word.strip('.,;:!?"()').replace("'", "") for word in words]
    for place, word in enumerate(bare):
        if word in _NEGATORS and not _WEIGHTLESS.intersection(bare[place + 1 : place + 2]):
            return True
    return False

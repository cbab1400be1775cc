"""Finds many phrases in one pass: a regular expression of their first words, factored by common prefixes.

One alternation of a thousand phrases is tried branch by branch at every word; factored by prefix (a trie),
a word that begins no phrase is dismissed after a letter or two. Only where one begins are the few lines
tried that begin so. How lines are written is told at the top of `data/themes.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

MEMO_LIMIT: Final = 50_000
LONGEST_LINE: Final = 2_000
MOST_HEADS: Final = 1_000
"""First words that one line may begin with."""

# Bounded, so that no line, however clever, can take more than constant time at a place in a text.
_GAP = r"[\s/\-]{1,4}"
_ENDING = r"\w{0,20}"
_ANY_WORD = r"\w{1,20}"
_NEGATION = re.compile(r"\b(\w+)n't\b")
_WHOLE_WORD = re.compile(r"\b[a-z']+\b(?!\*)")
_ALLOWED = re.compile(r"[\w'&+ ]*")

Items = tuple["str | tuple[Items, ...]", ...]
"""A line in parts: text, or a choice between such lines."""


class Tag(NamedTuple):
    """What a phrase stands for: ("theme", "communication", "negative"), ("role", "candidate", "")."""

    group: str
    name: str
    value: str


class Match(NamedTuple):
    """A phrase found, as offsets into the text, and what it stands for."""

    start: int
    end: int
    tag: Tag


def fold(text: str) -> str:
    """Lower case with straight apostrophes, as phrases are matched; same length, so offsets hold.

    U+0130 is the one character whose lower case is longer.
    """
    if not text.isascii():
        text = (
            text.replace("\u0130", "I").replace("\u2019", "'").replace("\u2018", "'").replace("\u00b4", "'")
        )
    return text.lower()


class Line:
    """One line of a phrase file: all the phrases that it stands for.

    Raises ValueError, in words for the person who wrote it.
    """

    def __init__(self, line: str, tag: Tag) -> None:
        if len(line) > LONGEST_LINE:
            raise ValueError(f"is longer than {LONGEST_LINE:,} characters")
        self.tag = tag
        self.text = " ".join(fold(line).split())
        self.items = _parse(_NEGATION.sub(_negations, self.text))
        self.heads = frozenset(islice(_heads(self.items), MOST_HEADS + 1))
        if len(self.heads) > MOST_HEADS:
            raise ValueError(f"begins with more than {MOST_HEADS:,} different words")
        if not all(head.strip("*'&+ ") for head in self.heads):
            raise ValueError("should begin with a word")

    def words(self) -> list[str]:
        """Whole words that occur in it."""
        return _WHOLE_WORD.findall(self.text)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when its first word is first met: all lines at once would take half a second."""
        return re.compile(rf"{_regex(self.items)}(?!\w)")


class PhraseBook:
    """All lines of all files; `find` reports every phrase of them in a text."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._exact: dict[str, list[Line]] = {}
        self._prefix: dict[str, list[Line]] = {}
        for line in lines:
            for head in line.heads:
                kind = self._prefix if head.endswith("*") else self._exact
                kind.setdefault(head.rstrip("*"), []).append(line)
        heads = [*self._exact, *(head + "*" for head in self._prefix)]
        self._first_word = re.compile(rf"\b{_factored(_trie(heads))}(?!\w)") if heads else None
        self._lines_for: dict[str, list[Line]] = {}

    def find(self, folded: str) -> list[Match]:
        """Every phrase in a text that went through `fold`, by its start; the longest reading of each line."""
        if self._first_word is None:
            return []
        return [
            Match(found.start(), found.end(), line.tag)
            for head in self._first_word.finditer(folded)
            for line in self._lines(head[0])
            if (found := line.pattern.match(folded, head.start()))
        ]

    def _lines(self, word: str) -> list[Line]:
        """Lines that begin with a word or a part of it."""
        lines = self._lines_for.get(word)
        if lines is None:
            lines = list(self._exact.get(word, ()))
            for end in range(1, len(word) + 1):
                lines += self._prefix.get(word[:end], ())
            if len(self._lines_for) >= MEMO_LIMIT:
                self._lines_for.clear()
            self._lines_for[word] = lines
        return lines


def _negations(found: re.Match[str]) -> str:
    """ "didn't" as a choice of its spellings."""
    verb = found[1]
    full = {"ca": "cannot|can not", "wo": "will not"}.get(verb, f"{verb} not")
    return f"({verb}n't|{verb}nt|{full})"


def _parse(line: str) -> Items:
    choices, at = _choices(line, 0)
    if at < len(line):
        raise ValueError("has a ) without its (")
    if len(choices) > 1:
        raise ValueError("has a | outside of ( )")
    return choices[0]


def _choices(line: str, at: int) -> tuple[tuple[Items, ...], int]:
    """Alternatives from `at` to the ")" that ends them or the end of the line, and where that is."""
    choices: list[Items] = []
    items: list[str | tuple[Items, ...]] = []
    text = ""
    while at < len(line) and line[at] != ")":
        if line[at] in "(|":
            items.append(_checked(text))
            text = ""
        if line[at] == "(":
            group, at = _choices(line, at + 1)
            if at == len(line):
                raise ValueError("has a ( without its )")
            items.append(group)
        elif line[at] == "|":
            choices.append(tuple(items))
            items = []
        else:
            text += line[at]
        at += 1
    return (*choices, (*items, _checked(text))), at


def _checked(text: str) -> str:
    if not _ALLOWED.fullmatch(text.replace("* ", " ").removesuffix("*")):
        raise ValueError("may hold letters, digits, ' & + and spaces; * ends a word; (a|b) for choices")
    return text


def _heads(items: Items) -> Iterator[str]:
    """The words that a line can begin with."""
    if not items:
        yield ""
        return
    first, rest = items[0], items[1:]
    if isinstance(first, str):
        word, space, _ = first.partition(" ")
        if space:
            yield word
        else:
            for tail in _heads(rest):
                yield word + tail
        return
    for choice in first:
        yield from _heads(choice + rest)


def _regex(items: Items) -> str:
    return "".join(_text(item) if isinstance(item, str) else _group(item) for item in items)


def _group(choices: tuple[Items, ...]) -> str:
    """Longer alternatives first, so that the longest reading is found."""
    return f"(?:{'|'.join(sorted(map(_regex, choices), key=len, reverse=True))})"


def _text(text: str) -> str:
    words = text.split(" ")
    return _GAP.join(_ANY_WORD if word == "*" else re.escape(word).replace(r"\*", _ENDING) for word in words)


class _Node(dict[str, "_Node"]):
    """A letter -> what may follow; "" ends a word, "*" stands for any ending."""


def _trie(words: Iterable[str]) -> _Node:
    root = _Node()
    for word in words:
        node = root
        for letter in word:
            node = node.setdefault(letter, _Node())
        node[""] = _Node()
    return root


def _factored(node: _Node) -> str:
    """The words of a trie as one expression, longest first."""
    branches = [
        (r"\w*" if letter == "*" else re.escape(letter)) + _factored(node[letter])
        for letter in sorted(node, reverse=True)
        if letter
    ]
    if not branches:
        return ""
    if len(branches) == 1 and "" not in node:
        return branches[0]
    return f"(?:{'|'.join(branches)}){'?' if '' in node else ''}"

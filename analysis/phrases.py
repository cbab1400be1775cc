"""Finds many phrases in one pass over a text: lines of phrases, indexed by their first two words.

The lines of `data/themes.yaml` stand for some 200,000 phrases: too many to write out, as one expression or as
a trie. So each word of a text is looked up (most begin no line), then each such pair of words; both lookups
are remembered, and only the few lines that can begin with the pair are tried, each as its own expression.
How lines are written is told at the top of that file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain
from typing import Final, NamedTuple

from analysis.memo import Memo

LONGEST_LINE: Final = 2_000
MOST_OPENINGS: Final = 2_000
"""Ways in which one line may begin."""

MOST_CHOICES: Final = 8
"""Choices in a line: each may double the ways in which it can be tried at a place."""

# Possessive, so that no line, however clever, can make the expression go back and forth over a text.
_GAP = r"[\s/\-]{1,4}+"
_ENDING = r"\w*+"
_ANY_WORD = r"\w++"
_NEGATION = re.compile(r"\b(\w+)n't\b")
_WHOLE_WORD = re.compile(r"\b[a-z']+\b(?!\*)")
_DOUBLE_GAP = re.compile(r"[ |]\) |^[ (]* | [(]+ ")
_PLAIN = re.compile(r"[^(|)]+")
_ALLOWED = re.compile(r"[\w' ]*")
_BETWEEN_WORDS = re.compile(r"([^\w']+)").split

NumberedTry = tuple[Callable[[str, int], "re.Match[str] | None"], int]
"""An expression's `match`, and the number of what a match of it stands for."""
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


def words_of(folded: str) -> tuple[list[str], list[int]]:
    """The words of a text and where they start; apostrophes within words belong to them."""
    parts = _BETWEEN_WORDS(folded)  # word, gap, word, gap, ..., word
    words = parts[::2]
    places = [0, *accumulate(map(len, parts))][:-1:2]
    if "'" in folded:
        for n, word in enumerate(words):
            if "'" in word:
                places[n] += len(word) - len(word.lstrip("'"))
                words[n] = word.strip("'")
    return words, places


class Line:
    """One line of a phrase file: all the phrases that it stands for.

    Raises ValueError, in words for the person who wrote it.
    """

    def __init__(self, line: str, tag: Tag) -> None:
        if len(line) > LONGEST_LINE:
            raise ValueError(f"is longer than {LONGEST_LINE:,} characters")
        self.tag = tag
        self.text = " ".join(fold(line).split())
        if _DOUBLE_GAP.search(self.text):
            raise ValueError("has a space after a choice that ends with one or may be empty")
        if self.text.count("(") > MOST_CHOICES:
            raise ValueError(f"has more than {MOST_CHOICES} choices")
        self.items = _parse(_NEGATION.sub(_negations, self.text))
        self._openings = _openings(self.items)
        self.heads = frozenset(self._openings)
        if not all(head.strip("*'") for head in self.heads):
            raise ValueError("should begin with a word")

    @property
    def ways(self) -> int:
        """In how many ways it can go on from its first word: what it costs to keep."""
        return sum(map(len, self._openings.values()))

    def words(self) -> list[str]:
        """Whole words that occur in it."""
        return _WHOLE_WORD.findall(self.text)

    def seconds(self, first: str) -> set[str]:
        """What may follow where a phrase begins with this word: words, "*" endings, "" for an end."""
        return {second for head, rest in self._openings.items() if _fits(first, head) for second in rest}

    def all_seconds(self) -> Iterator[str]:
        """What may follow its first word, whichever that is."""
        return chain.from_iterable(self._openings.values())

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when its first words are first met: all lines at once would take half a second."""
        return re.compile(rf"{_regex(self.items)}(?!\w)")


class _Followers:
    """What to try after one first word, by the word that follows it."""

    def __init__(self, first: str, lines: Iterable[Line]) -> None:
        self._anyway: list[Line] = []
        self._exact: dict[str, list[Line]] = {}
        self._prefix: list[tuple[str, Line]] = []
        for line in lines:
            seconds = line.seconds(first)
            if not seconds.isdisjoint(("", "*")):
                self._anyway.append(line)
                continue
            for second in seconds:
                if second.endswith("*"):
                    self._prefix.append((second[:-1], line))
                else:
                    self._exact.setdefault(second, []).append(line)

    def seconds(self) -> list[str]:
        """The words, and "*" endings, that make a difference."""
        return [*self._exact, *(f"{start}*" for start, _ in self._prefix)]

    def lines(self, second: str) -> list[Line]:
        """All that can match where this word comes next, each once."""
        found = self._anyway
        if second in self._exact:
            found = found + self._exact[second]
        for start, line in self._prefix:
            if second.startswith(start) and line not in found:
                found = [*found, line]
        return found


class _WordClasses:
    """Numbers words by which of some patterns they match: words, and "*" endings.

    The word itself, or else the longest beginning, decides which of the others match too.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._number = {pattern: n for n, pattern in enumerate(sorted(set(patterns) - {"", "*"}), 1)}
        self._examples = ["", *(pattern.rstrip("*") for pattern in self._number)]
        self._by_letters = sorted((example, n) for n, example in enumerate(self._examples))
        endings = sorted((p for p in self._number if p.endswith("*")), key=len, reverse=True)
        self._cut = min(map(len, endings), default=1) - 1
        # "ghost*" by its first letters, longer ones first.
        self._prefixes: dict[str, list[tuple[str, int]]] = {}
        for pattern in endings:
            entry = pattern[:-1], self._number[pattern]
            self._prefixes.setdefault(pattern[: self._cut], []).append(entry)

    def number(self, word: str) -> int:
        """0 for a word that matches none."""
        if found := self._number.get(word):
            return found
        for prefix, number in self._prefixes.get(word[: self._cut], ()):
            if word.startswith(prefix):
                return number
        return 0

    def matching(self, patterns: Iterable[str]) -> Iterator[int]:
        """The numbers of all words that match one of these patterns."""
        for pattern in patterns:
            if pattern.endswith("*"):
                ends = ((pattern[:-1],), (pattern[:-1] + "\U0010ffff",))
                low, high = (bisect_left(self._by_letters, end) for end in ends)
                yield from (n for _, n in self._by_letters[low:high])
            else:
                yield self._number[pattern]

    def example(self, number: int) -> str:
        """A word with this number."""
        return self._examples[number]


class PhraseBook:
    """All lines of all files; `find` reports every phrase of them in a text."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._exact: dict[str, list[Line]] = {}
        self._prefix: dict[str, list[Line]] = {}
        for line in {(line.text, line.tag): line for line in lines}.values():  # each once
            for head in line.heads:
                kind = self._prefix if head.endswith("*") else self._exact
                kind.setdefault(head.rstrip("*"), []).append(line)
        self._longest = max(map(len, self._prefix), default=0)
        self._followers = Memo(self._after)
        self.tags = list(dict.fromkeys(line.tag for line in lines))
        self.tag_number = {tag: n for n, tag in enumerate(self.tags)}
        self._heads = _WordClasses(head for line in lines for head in line.heads)
        self._seconds = _WordClasses(second for line in lines for second in line.all_seconds())
        self.head_class = self._heads.number
        """Equal for words after which the same must be tried; 0 for those with which no line begins."""
        self.second_class = self._seconds.number
        """Equal for words that are the same as the second word of all lines; 0 for what is in none."""
        self.tries: list[tuple[NumberedTry, ...]] = [()]
        """What to try, by the numbers that `tries_number` gives."""
        self._tries_number: dict[tuple[Line, ...], int] = {(): 0}
        self._after_class: dict[int, tuple[_Followers | None, dict[int, int | None]]] = {}

    def find(self, folded: str) -> list[Match]:
        """Every phrase in a text that went through `fold`, by its start; the longest reading of each line."""
        return self.find_in(folded, *words_of(folded))

    def find_in(self, folded: str, words: list[str], places: list[int]) -> list[Match]:
        """The same where the text has been taken apart by `words_of` already."""
        matches: list[Match] = []
        following = [*words[1:], ""]
        for n, followers in enumerate(map(self._followers.__getitem__, words)):
            if followers is not None:
                start = places[n]
                matches += [
                    Match(start, found.end(), line.tag)
                    for line in followers.lines(following[n])
                    if (found := line.pattern.match(folded, start))
                ]
        return matches

    def tries_number(self, head: int, second: int) -> int:
        """What to try where a word of class `head` and then one of class `second` stand: index in `tries`."""
        after = self._after_class.get(head)
        if after is None:
            after = self._after_class[head] = self._followed(head)
        followers, numbers = after
        if followers is None:
            return 0
        if second not in numbers:
            second = 0
        number = numbers[second]
        if number is None:
            number = numbers[second] = self._kept(followers.lines(self._seconds.example(second)))
        return number

    def _followed(self, head: int) -> tuple[_Followers | None, dict[int, int | None]]:
        """What follows words of a class; the classes of second words that make a difference, each with its
        index in `tries` once it has been asked for."""
        followers = self._followers[self._heads.example(head)]
        matching = self._seconds.matching(followers.seconds()) if followers else ()
        return followers, dict.fromkeys((0, *matching))

    def _kept(self, lines: Sequence[Line]) -> int:
        number = self._tries_number.setdefault(tuple(lines), len(self.tries))
        if number == len(self.tries):
            self.tries.append(tuple((line.pattern.match, self.tag_number[line.tag]) for line in lines))
        return number

    def _after(self, word: str) -> _Followers | None:
        """What may follow a word; None where no line begins with it, as for most words."""
        lines = [*self._exact.get(word, ())]
        for end in range(1, min(len(word), self._longest) + 1):
            lines += self._prefix.get(word[:end], ())
        return _Followers(word, dict.fromkeys(lines)) if lines else None


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
            text = _PLAIN.match(line, at)[0]  # type: ignore[index]  # it begins with no bracket
            at += len(text) - 1
        at += 1
    return (*choices, (*items, _checked(text))), at


def _checked(text: str) -> str:
    if not _ALLOWED.fullmatch(text.replace("* ", " ").removesuffix("*")):
        raise ValueError("may hold letters, digits, ' and spaces; * ends a word; (a|b) for choices")
    return text


def _openings(items: Items) -> dict[str, set[str]]:
    """The words that a line can begin with, each with those that can follow it ("": it may end there)."""
    found: dict[str, set[str]] = {}
    seconds: dict[Items, set[str]] = {}
    for head, rest in _at_most(_splits(items)):
        if rest not in seconds:
            seconds[rest] = {second for second, _ in _at_most(_splits(rest))}
        found.setdefault(head, set()).update(seconds[rest])
    return found


def _at_most(splits: Iterator[tuple[str, Items]]) -> Iterator[tuple[str, Items]]:
    for n, split in enumerate(splits):
        if n == MOST_OPENINGS:
            raise ValueError(f"can go on in more than {MOST_OPENINGS:,} ways")
        yield split


def _splits(items: Items) -> Iterator[tuple[str, Items]]:
    """Each first word that a line can have, with the rest of the line after it."""
    if not items:
        yield "", ()
        return
    first, rest = items[0], items[1:]
    if isinstance(first, str):
        word, space, more = first.partition(" ")
        if space:
            yield word, (more, *rest)
        else:
            for tail, after in _splits(rest):
                yield word + tail, after
        return
    for choice in first:
        yield from _splits(choice + rest)


def _fits(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _regex(items: Items) -> str:
    return "".join(_text(item) if isinstance(item, str) else _group(item) for item in items)


def _group(choices: tuple[Items, ...]) -> str:
    """Longer alternatives first, so that the longest reading is found."""
    return f"(?:{'|'.join(sorted(map(_regex, choices), key=len, reverse=True))})"


def _text(text: str) -> str:
    words = text.split(" ")
    return _GAP.join(_ANY_WORD if word == "*" else re.escape(word).replace(r"\*", _ENDING) for word in words)

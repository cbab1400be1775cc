"""What the rules find in many texts at once: language, phrases, themes, role, stage and ghosting, as arrays.

The same as `language`, `PhraseBook.find`, `themes.signs` and `roles.standing` find in one text, on the tokens
of `clauses`; sentences and the reach of a negation are those of the tokens. Each distinct word is looked at
once by Python and remembered as a number (`Words`); else Python is asked only where a phrase may begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from analysis import language
from analysis.clauses import Bools, Buffer, Ints, Tokens
from analysis.features import THEME_NUMBER, columns
from analysis.hashtable import HashMemo, places
from analysis.language import LanguageFinder
from analysis.phrases import PhraseBook, Tag, words_of
from analysis.textbuffer import keep_pages
from analysis.themes import NEGATION_REACH, NEGATORS, VALUES

FIELD: Final = 24
"""Bits for the class of a word as the first word of a phrase, and as many for that as its second."""
MASK: Final = (1 << FIELD) - 1
NEGATOR, NOT, ONLY = (1 << 2 * FIELD + n for n in range(3))
NAMED: Final = dict.fromkeys(NEGATORS, NEGATOR) | {"not": NEGATOR | NOT, "only": ONLY}
LANGUAGE: Final = 2 * FIELD + 3  # from this bit on: what `LanguageFinder.marks` says

COLUMNS: Final = (
    *(("role", name) for name in ("candidate", "employee", "former", "other")),
    *(("stage", name) for name in ("applied", "screened", "interviewed", "offered", "hired")),
    *(("ghosting", name) for name in ("employer", "candidate", "except")),
    ("customer", "lost"),
)
SPAN: Final = 1 << 16  # more than a text has characters
_ODD_LETTER = re.compile(r"[^\W\x00-\x7f]")


class Words:
    """Everything that the rules need to know of a word, as one number; see FIELD, NEGATOR, LANGUAGE."""

    def __init__(self, book: PhraseBook, finder: LanguageFinder) -> None:
        keep_pages()
        self._head, self._second, self._marks = book.head_class, book.second_class, finder.marks
        self._memo = HashMemo()

    def codes(self, buffer: Buffer, tokens: Tokens) -> Ints:
        """The number of each token; that of a mark says nothing."""

        def compute(at: Ints) -> list[int]:
            spans = zip(tokens.begin[at].tolist(), tokens.past[at].tolist(), strict=True)
            return [self._code(buffer.text[begin:past]) for begin, past in spans]

        return self._memo.find(tokens.word, compute)

    def _code(self, word: str) -> int:
        code = self._head(word) | self._second(word) << FIELD | self._marks(word) << LANGUAGE
        if word in NAMED:
            code |= NAMED[word]
        return code | NEGATOR if "n't" in word else code


class Phrases(NamedTuple):
    """Phrases found: the token that each begins with, its end in the buffer, and its tag (a number)."""

    token: Ints
    past: Ints
    tag: Ints


def odd_texts(folded: Sequence[str]) -> Bools:
    """Which texts have letters that tokens know nothing of; the rules read these one by one."""
    found = np.zeros(len(folded), np.bool_)
    for n, text in enumerate(folded):
        if not text.isascii() and _ODD_LETTER.search(text):
            found[n] = True
    return found


class Finder:
    """Finds all phrases of a book in a batch."""

    def __init__(self, book: PhraseBook) -> None:
        self._book = book
        self._pairs = HashMemo()

    def find(self, folded: Sequence[str], buffer: Buffer, tokens: Tokens, codes: Ints, odd: Bools) -> Phrases:
        """In any order; `odd` as `odd_texts` says."""
        token, past, tag = self._find(buffer, tokens, codes, odd)
        bounds = tokens.bounds
        for n in places(odd).tolist():
            origin = int(tokens.origin[n])
            for match in self._book.find_in(folded[n], *words_of(folded[n])):
                at = int(tokens.begin.searchsorted(origin + match.start, "right"))
                token.append(max(at - 1, int(bounds[n])))
                past.append(origin + match.end)
                tag.append(self._book.tag_number[match.tag])
        return Phrases(*(np.asarray(column, np.int64) for column in (token, past, tag)))

    def _find(
        self, buffer: Buffer, tokens: Tokens, codes: Ints, odd: Bools
    ) -> tuple[list[int], list[int], list[int]]:
        at, numbers = self._pairs_at(tokens, codes, odd)
        text, tries = buffer.text, self._book.tries
        # Lists of numbers, not of tuples, which the garbage collector would look through.
        token, past, tag = list[int](), list[int](), list[int]()
        for n, begin, number in zip(at.tolist(), tokens.begin[at].tolist(), numbers.tolist(), strict=True):
            for match, name in tries[number]:
                if found := match(text, begin):
                    token.append(n)
                    past.append(found.end())
                    tag.append(name)
        return token, past, tag

    def _pairs_at(self, tokens: Tokens, codes: Ints, odd: Bools) -> tuple[Ints, Ints]:
        """Tokens that can begin a phrase with the word after them, and the number of what to try there."""
        at = places(codes & MASK)
        if odd.any():
            at = at[~odd[tokens.text[at]]]
        after = np.minimum(at + 1, len(codes) - 1)
        second = np.where(tokens.text[after] == tokens.text[at], codes[after] >> FIELD & MASK, 0)
        pair = (codes[at] & MASK) << FIELD | second

        def compute(missing: Ints) -> list[int]:
            return [self._book.tries_number(both >> FIELD, both & MASK) for both in pair[missing].tolist()]

        number = self._pairs.find(pair.astype(np.uint64), compute)
        some = places(number)
        return at[some], number[some]


class Meaning:
    """What the tags of a book stand for, by their number."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        column = {names: n for n, names in enumerate(COLUMNS)}
        themes = [tag.group == "theme" for tag in tags]
        values = [VALUES.get(tag.value) for tag in tags]
        self.theme = np.asarray(
            [THEME_NUMBER.get(tag.name, -1) if tag.group == "theme" else -1 for tag in tags]
        )
        self.own = np.asarray(themes, np.bool_) & (self.theme < 0)
        self.barred = np.asarray([tag.value == "except" for tag in tags], np.bool_)
        self.value = np.asarray([value or 0 for value in values], np.int64)
        self.open = np.asarray([value is None for value in values], np.bool_)
        self.column = np.asarray([column.get(tag[:2], -1) for tag in tags], np.int64)


def hits(phrases: Phrases, tokens: Tokens, codes: Ints, meaning: Meaning, inside: Bools) -> Ints:
    """What the phrases say of themes, as `features.Given.hits`; see `themes.signs`. `inside`: no heading."""
    theme = meaning.theme[phrases.tag]
    at = places((theme >= 0) & inside)
    if not len(at):
        return columns((), 5)
    theme, tag, token = theme[at], phrases.tag[at], phrases.token[at]
    text = tokens.text[token]
    origin = tokens.origin[text]
    start, end = tokens.begin[token] - origin, phrases.past[at] - origin
    value = np.where(_negated(tokens, codes, token), -1, 1) * meaning.value[tag]
    # Places in one line for each theme of each text, so that no two of them meet.
    base = (text * len(THEME_NUMBER) + theme) * SPAN
    barred = meaning.barred[tag]
    kept = places(~barred)
    if len(kept) < len(at):
        exceptions = places(barred)
        first, last = (base + start)[exceptions], (base + end)[exceptions]
        kept = kept[_clear(first, last, (base + start)[kept], (base + end)[kept])]
    order = kept[np.lexsort((meaning.open[tag[kept]], -end[kept], (base + start)[kept]))]
    furthest = np.maximum.accumulate((base + end)[order])
    outermost = np.ones(len(order), np.bool_)
    outermost[1:] = (base + end)[order][1:] > furthest[:-1]
    rows = order[outermost]
    return np.stack((text[rows], theme[rows], value[rows], start[rows], end[rows]))


def _clear(first: Ints, last: Ints, start: Ints, end: Ints) -> Bools:
    """Which stretches [start, end) touch none of the exceptions [first, last)."""
    order = np.argsort(first)
    furthest = np.append(-1, np.maximum.accumulate(last[order]))
    clear: Bools = furthest[first[order].searchsorted(end)] <= start
    return clear


def _negated(tokens: Tokens, codes: Ints, token: Ints) -> Bools:
    """Whether a negator stands up to NEGATION_REACH words before a token in its clause; not "not only"."""
    new = np.ones(len(codes) + 1, np.bool_)
    new[1:-1] = tokens.clause[1:] != tokens.clause[:-1]
    begins = places(new)[tokens.clause[token]]
    running = np.zeros(len(codes) + 1, np.int64)
    np.cumsum(codes & NEGATOR != 0, out=running[1:])
    negators = running[token] - running[np.maximum(token - NEGATION_REACH, begins)]
    before, two = np.maximum(token - 1, 0), np.maximum(token - 2, 0)
    not_only = (token - 2 >= begins) & (codes[two] & NOT != 0) & (codes[before] & ONLY != 0)
    negated: Bools = (negators > 0) & ~not_only
    return negated


def counts(phrases: Phrases, text: Ints, meaning: Meaning, n: int) -> Ints:
    """How often each text says what COLUMNS name, of shape (n, COLUMNS). `text`: of each token."""
    column = meaning.column[phrases.tag]
    at = places(column >= 0)
    cells = text[phrases.token[at]] * len(COLUMNS) + column[at]
    return np.bincount(cells, minlength=n * len(COLUMNS)).reshape(n, len(COLUMNS))


class Standings(NamedTuple):
    """`roles.Standing` of each text: indices into features.ROLES and STAGES, and who went silent."""

    role: Ints
    stage: Ints
    employer: Bools
    candidate: Bools
    lost_customer: Bools


def standings(kind: Ints, said: Ints, role: Ints, offered: Bools) -> Standings:
    """As `roles.standing`; `kind` as in features.KINDS, `said` by `counts`, `role` by the source, else -1."""
    interview, review = kind == 0, kind == 1
    by_phrases = np.where(said[:, :4].any(axis=1), said[:, :4].argmax(axis=1), 3)
    by_kind = np.where(interview, 0, np.where(review, np.where(said[:, 2] > 0, 2, 1), by_phrases))
    role = np.where(role >= 0, role, by_kind)
    reached = said[:, 4:9] > 0
    reached[:, 2] |= interview
    furthest = np.where(reached.any(axis=1), 4 - reached[:, ::-1].argmax(axis=1), 5)
    stage = np.where((role == 1) | (role == 2), 4, np.where(offered, 3, furthest))
    employer, candidate = said[:, 9] - said[:, 11], said[:, 10]
    silent = (employer > 0) & (employer >= candidate)
    return Standings(role, stage, silent, (candidate > 0) & ~silent, said[:, 12] > 0)


class English(NamedTuple):
    """What words say of the language of each text: it is English; it has too few letters; the rules for
    letters that tokens know nothing of must be asked. Nothing of these: the model must."""

    sure: Bools
    wordless: Bools
    odd: Bools


_COUNTED: Final = np.asarray([[language.FUNCTION], [language.TELLING], [language.ENGLISH]])


def english(tokens: Tokens, codes: Ints, odd: Bools) -> English:
    """As `LanguageFinder.find` decides by words."""
    bounds = tokens.bounds
    first = bounds[:-1]
    last = np.minimum(bounds[1:], first + language.MOST_WORDS)
    marks = codes >> LANGUAGE
    running = np.zeros((5, len(marks) + 1), np.int64)
    np.not_equal(marks & _COUNTED, 0, out=running[:3, 1:])
    running[3, 1:] = ~tokens.mark
    running[4, 1:] = np.where(marks & language.LETTERS, tokens.past - tokens.begin, 0)
    running.cumsum(axis=1, out=running)
    function, telling, known, words, letters = running[:, last] - running[:, first]
    share = np.zeros(len(telling))
    for least, wanted in language.KNOWN_SHARES:
        share[telling >= least] = wanted
    sure = function >= np.maximum(language.FUNCTION_SHARE * words, language.LEAST_FUNCTION_WORDS)
    wordless = letters < language.LEAST_LETTERS
    sure |= (known >= share * telling) & (telling > 0) & ~wordless
    return English(sure & ~odd, wordless & ~sure & ~odd, odd)


def inside(phrases: Phrases, tokens: Tokens, headed: Sequence[tuple[int, int, int]]) -> Bools:
    """Which phrases stand in no heading. `headed`: text, start, end of the parts of texts with headings."""
    if not headed:
        return np.ones(len(phrases.token), np.bool_)
    text, start, end = columns(headed, 3)
    begin = tokens.begin[phrases.token]
    part = np.searchsorted(tokens.origin[text] + start, begin, "right") - 1
    within: Bools = (part >= 0) & (begin < (tokens.origin[text] + end)[part])
    return within | ~np.isin(tokens.text[phrases.token], text)

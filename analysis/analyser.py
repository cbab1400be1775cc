"""Mention -> Analysis: the one door through which texts are read. Pure, never fails on any text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from analysis import ownthemes, roles, sentiment, themes
from analysis.language import LanguageFinder
from analysis.phrases import Line, Match, PhraseBook, fold, words_of
from analysis.sentences import split
from analysis.sentiment import Sentence
from analysis.vader import Vader
from candidly import config
from candidly.records import Analysis, Kind, Mention

LONGEST: Final = 50_000
"""Characters that are read; the rest is flagged as truncated."""
WITH_LEXICON: Final = frozenset({"en"})
RULES: Final = 1
"""Raised whenever code changes what a text is read as, so that stored analyses show their age."""


class Reading(NamedTuple):
    """What one pass over a text found, in text order."""

    matches: list[Match]
    signs: list[themes.Sign]
    sentences: list[Sentence]


class Analyser:
    """Reads texts with one theme file and one set of rules.

    `folder` is where a relative `analysis.themes` path starts. Raises ConfigError for a theme file with
    problems, when it is first used.
    """

    def __init__(self, settings: config.Analysis, folder: Path) -> None:
        self._settings = settings
        self._themes = folder / settings.themes if settings.themes else themes.BUILT_IN
        self._scored = frozenset(settings.languages) & WITH_LEXICON
        self._plain = settings.engine == "vader"

    @cached_property
    def version(self) -> str:
        """What an analysis was made with: rules, and hashes of the phrase files."""
        _ = self._lines  # a file that cannot be read is told as a ConfigError
        named = {name: _hash(path) for name, path in (("themes", self._themes), ("roles", roles.RULES))}
        engine = "plain-vader" if self._plain else "vader"
        made = f"{engine}-3.3.2+themes-{named['themes']}+roles-{named['roles']}+rules-{RULES}"
        own = ownthemes.version(self._settings.extra_themes)
        return f"{made}+own-{own}" if own else made

    def analyse(self, mention: Mention) -> Analysis:
        """Everything read out of one mention; offsets are those of `mention.text`."""
        return self._analyse(mention.text, mention.kind, mention)

    def analyse_many(self, mentions: Sequence[Mention]) -> list[Analysis]:
        """`analyse` for each, in the same order."""
        return [self.analyse(mention) for mention in mentions]

    def analyse_text(self, text: str, kind: Kind = "post") -> Analysis:
        """The same for a bare text; "Pros:" and "Cons:" in it are taken as headings."""
        return self._analyse(text, kind, None)

    def explain(self, text: str) -> list[tuple[int, int, float]]:
        """`(start, end, score)` of every sentence, for people who ask why a text scored as it did."""
        text = text[:LONGEST]
        folded = fold(text)
        reading = self._read(text, folded, self._book.find(folded), None)
        return [(s.start, s.end, s.score) for s in reading.sentences]

    def _analyse(self, text: str, kind: Kind, mention: Mention | None) -> Analysis:
        truncated = len(text) > LONGEST
        text = text[:LONGEST]
        folded = fold(text)
        if not folded.strip():
            return Analysis(version=self.version, unscored="no text", truncated=truncated)
        words, places = words_of(folded)
        language = self._language.find(folded, words, mention.language if mention else "")
        if language not in self._scored:
            standing = roles.standing(kind, (), mention)
            return Analysis(
                version=self.version,
                language=language,
                unscored=f"language {language}",
                role=standing.role,
                stage=standing.stage,
                truncated=truncated,
            )
        reading = self._read(text, folded, self._book.find_in(folded, words, places), mention)
        summarise = sentiment.summarise_plain if self._plain else sentiment.summarise
        score, label = summarise(reading.sentences)
        standing = roles.standing(kind, reading.matches, mention)
        return Analysis(
            version=self.version,
            language=language,
            score=score,
            label=label,
            role=standing.role,
            stage=standing.stage,
            ghosting=standing.ghosting,
            lost_customer=standing.lost_customer,
            truncated=truncated,
            opinions=themes.opinions(reading.signs, reading.sentences),
        )

    def _read(self, text: str, folded: str, matches: list[Match], mention: Mention | None) -> Reading:
        sections = list(mention.parts()) if mention else sentiment.headings(folded)
        spans = split(text) if mention or not sections else _split_parts(text, sections)
        signs = themes.signs(folded, matches, spans)
        # VADER does not know the curly apostrophe: "don’t like" would score as praise.
        straight = text if self._plain else text.replace("\u2019", "'")
        sentences = sentiment.score(self._vader, straight, spans, signs, sections, plain=self._plain)
        return Reading(matches, signs, sentences)

    @cached_property
    def _lines(self) -> list[Line]:
        own = ownthemes.lines(self._settings.extra_themes)
        return [*themes.load(self._themes), *own, *roles.load()]

    @cached_property
    def _book(self) -> PhraseBook:
        return PhraseBook(self._lines)

    @cached_property
    def _vader(self) -> Vader:
        return Vader()

    @cached_property
    def _language(self) -> LanguageFinder:
        words = {word for line in self._lines for word in line.words()}
        return LanguageFinder(self._settings.languages, words.union(self._vader.lexicon).__contains__)


def _split_parts(text: str, sections: Sequence[tuple[str, int, int]]) -> list[tuple[int, int]]:
    """Sentences of each part by itself: a heading ends a sentence, and is none."""
    return [(start + a, start + b) for _, start, end in sections for a, b in split(text[start:end])]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]

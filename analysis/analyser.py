"""Mention -> Analysis: the one door through which texts are read. Pure, never fails on any text."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from analysis import batch as rules
from analysis import ownthemes, roles, sentiment, textbuffer, themes
from analysis.clauses import Bools, Ints, Tokens, join, tokens_of
from analysis.features import (
    KIND_NUMBER,
    OTHER_SECTION,
    ROLE_NUMBER,
    ROLES,
    SECTION_NUMBER,
    THEME_NUMBER,
    Given,
    Item,
    columns,
    features_of,
    items_of,
)
from analysis.language import UNKNOWN, LanguageFinder
from analysis.lexicon import FOLDER, Lexicon
from analysis.outside import is_outside, scored, sentence_scores
from analysis.phrases import Line, Match, PhraseBook, fold, words_of
from analysis.reader import Reader, Reading
from analysis.sentences import split
from analysis.sentiment import Sentence
from analysis.vader import Vader
from candidly import config
from candidly.records import Analysis, Kind, Label, Mention, from_columns

LONGEST: Final = 50_000
"""Characters that are read; the rest is flagged as truncated."""
WITH_LEXICON: Final = frozenset({"en"})
TAUGHT_AT_ONCE: Final = 1000
AT_ONCE: Final = 1 << 19  # characters: the cost of some 300 array operations is spread over more texts
SECTIONS: Final = frozenset({"pros", "cons", "advice"})
RULES: Final = 4
"""Raised whenever code changes what a text is read as, so that stored analyses show their age."""


Text = tuple[str, Kind, Mention | None]


class Opened(NamedTuple):
    """A text that can be scored, taken apart as far as the rules go."""

    text: str
    language: str
    matches: list[Match]
    signs: list[themes.Sign]
    sections: list[tuple[str, int, int]]
    spans: list[tuple[int, int]]
    standing: roles.Standing


class Batch(NamedTuple):
    """What the rules find in many texts; `own`: texts that speak of a theme that the user has defined."""

    tokens: Tokens
    given: Given
    standings: rules.Standings
    languages: list[str]
    own: list[int]


class Analyser:
    """Reads texts with one theme file and one set of rules.

    `folder` is where a relative `analysis.themes` path starts. Raises ConfigError for a theme file with
    problems, when it is first used.
    """

    def __init__(self, settings: config.Analysis, folder: Path) -> None:
        self._settings = settings
        self._themes = folder / settings.themes if settings.themes else themes.BUILT_IN
        self._scored = frozenset(settings.languages) & WITH_LEXICON
        self._lexicon = folder / settings.lexicon if settings.lexicon else FOLDER
        self._plain = settings.engine == "vader"

    @cached_property
    def version(self) -> str:
        """What an analysis was made with: engine and lexicon, rules, and hashes of the phrase files."""
        _ = self._lines  # a file that cannot be read is told as a ConfigError
        named = {name: _hash(path) for name, path in (("themes", self._themes), ("roles", roles.RULES))}
        engine = "plain-vader-3.3.2" if self._plain else f"candidly-{self._reader.lexicon.version}"
        made = f"{engine}+themes-{named['themes']}+roles-{named['roles']}+rules-{RULES}"
        own = ownthemes.version(self._settings.extra_themes)
        return f"{made}+own-{own}" if own else made

    def analyse(self, mention: Mention) -> Analysis:
        """Everything read out of one mention; offsets are those of `mention.text`."""
        return self.analyse_many([mention])[0]

    def analyse_many(self, mentions: Sequence[Mention]) -> list[Analysis]:
        """`analyse` for each, in the same order; many at once cost less than one by one."""
        return self._analyse([(mention.text, mention.kind, mention) for mention in mentions])

    def analyse_text(self, text: str, kind: Kind = "post") -> Analysis:
        """The same for a bare text; "Pros:" and "Cons:" in it are taken as headings."""
        return self.analyse_texts([(text, kind)])[0]

    def analyse_texts(self, texts: Sequence[tuple[str, Kind]]) -> list[Analysis]:
        """`analyse_text` for many texts with their kinds."""
        return self._analyse([(text, kind, None) for text, kind in texts])

    def explain(self, text: str) -> list[tuple[int, int, float]]:
        """`(start, end, score)` of every clause, for people who ask why a text scored as it did.

        Of a text that speaks neither of hiring nor of working: of every sentence, by VADER.
        """
        if self._plain:
            opened = self._open(text, "post", None)
            return (
                []
                if isinstance(opened, Analysis)
                else [(s.start, s.end, s.score) for s in self._sentences(opened)]
            )
        batch = self._open_batch([(text, "post", None)], [fold(text[:LONGEST])])
        if batch.languages[0] not in self._scored:
            return []
        features = features_of((), batch.tokens, batch.given)
        if is_outside(self._reader.read_features(features)[0], "post"):
            return sentence_scores(self._vader, [text[:LONGEST]])[0]
        return [(tone.start, tone.end, tone.score) for tone in self._reader.tones_of(features)]

    def items(self, texts: Sequence[tuple[str, Kind]]) -> list[Item]:
        """Texts with their kinds as the learned reader is taught them, with what the rules find in them."""
        found: list[Item] = []
        for at in range(0, len(texts), TAUGHT_AT_ONCE):
            part: list[Text] = [
                (text[:LONGEST], kind, None) for text, kind in texts[at : at + TAUGHT_AT_ONCE]
            ]
            given = self._open_batch(part, [fold(text) for text, _, _ in part]).given
            found += items_of([text for text, _, _ in part], given)
        return found

    def scored(self, texts: Sequence[str]) -> list[bool]:
        """Which of them are in a language that is scored."""
        found: list[str] = []
        for at in range(0, len(texts), TAUGHT_AT_ONCE):
            part: list[Text] = [(text[:LONGEST], "post", None) for text in texts[at : at + TAUGHT_AT_ONCE]]
            found += self._open_batch(part, [fold(text) for text, _, _ in part]).languages
        return [language in self._scored for language in found]

    def _analyse(self, texts: Sequence[Text]) -> list[Analysis]:
        if self._plain:
            opened = [self._open(*one) for one in texts]
            return [
                one if isinstance(one, Analysis) else self._by_rules(one, len(text))
                for one, (text, _, _) in zip(opened, texts, strict=True)
            ]
        parts = textbuffer.chunks([text[:LONGEST] for text, _, _ in texts], AT_ONCE)
        done: list[Analysis] = []
        for part in parts:
            done += self._by_lexicon(texts[len(done) : len(done) + len(part)])
        return done

    def _open(self, text: str, kind: Kind, mention: Mention | None) -> Opened | Analysis:
        """What the rules find in a text; an Analysis at once where it cannot be scored."""
        truncated = len(text) > LONGEST
        text = text[:LONGEST]
        folded = fold(text)
        if not folded.strip():
            return self._unscored("", kind, mention, truncated)
        words, places = words_of(folded)
        language = self._language.find(folded, words, mention.language if mention else "")
        if language not in self._scored:
            return self._unscored(language, kind, mention, truncated)
        matches = self._book.find_in(folded, words, places)
        sections = list(mention.parts()) if mention else sentiment.headings(folded)
        spans = split(text) if mention or not sections else _split_parts(text, sections)
        signs = themes.signs(folded, matches, spans)
        standing = roles.standing(kind, matches, mention)
        return Opened(text, language, matches, signs, sections, spans, standing)

    def _by_rules(self, opened: Opened, length: int) -> Analysis:
        """VADER by sentence, phrases for the rest: `engine: vader`."""
        sentences = self._sentences(opened)
        score, label = sentiment.summarise_plain(sentences)
        standing = opened.standing
        return Analysis(
            version=self.version,
            language=opened.language,
            score=score,
            label=label,
            role=standing.role,
            stage=standing.stage,
            ghosting=standing.ghosting,
            lost_customer=standing.lost_customer,
            truncated=length > LONGEST,
            opinions=themes.opinions(opened.signs, sentences),
        )

    def _by_lexicon(self, texts: Sequence[Text]) -> list[Analysis]:
        """What the learned reader makes of a batch; facts that the source states go before it."""
        folded = [fold(text[:LONGEST]) for text, _, _ in texts]
        batch = self._open_batch(texts, folded)
        readings = self._reader.read_features(features_of((), batch.tokens, batch.given))
        score, label, role, stage, ghosted, opinions = zip(*readings, strict=True)
        if not self._all_themes:
            opinions = tuple(tuple(one for one in some if one.theme in self._named) for some in opinions)
        role, stage = zip(*map(roles.stated, (mention for _, _, mention in texts), role, stage), strict=True)
        ghosting = [
            "candidate" if we else "employer" if they else "none"
            for we, they in zip(batch.standings.candidate.tolist(), ghosted, strict=True)
        ]
        done = from_columns(
            Analysis, len(texts), version=repeat(self.version), language=batch.languages, score=score,
            label=label, unscored=repeat(""), role=role, stage=stage, ghosting=ghosting,
            lost_customer=batch.standings.lost_customer.tolist(),
            truncated=[len(text) > LONGEST for text, _, _ in texts], opinions=opinions,
        )  # fmt: skip
        for n, (by_both, said) in self._outside(texts, batch.languages, readings).items():
            spoken = ROLES[batch.standings.role[n]]
            done[n] = dataclasses.replace(done[n], score=by_both, label=said, role=spoken)
        for n, language in enumerate(batch.languages):
            if language not in self._scored:
                done[n] = self._unscored(language, *texts[n][1:], done[n].truncated)
        for n in batch.own:
            if done[n].label is not None:
                done[n] = self._with_own(done[n], *texts[n])
        return done

    def _outside(
        self, texts: Sequence[Text], languages: Sequence[str], readings: Sequence[Reading]
    ) -> dict[int, tuple[float, Label]]:
        """Score and label of the texts that speak neither of hiring nor of working, by their number.

        Their role is what phrases say: the learned reader takes nearly everybody for a candidate there.
        """
        outside = [
            n
            for n, found in enumerate(readings)
            if is_outside(found, texts[n][1]) and languages[n] in self._scored
        ]
        if not outside:
            return {}
        by_sentence = sentence_scores(self._vader, [texts[n][0][:LONGEST] for n in outside])
        return {n: scored(readings[n], sentences) for n, sentences in zip(outside, by_sentence, strict=True)}

    def _open_batch(self, texts: Sequence[Text], folded: Sequence[str]) -> Batch:
        """What the rules find in a batch."""
        buffer = join(folded)
        tokens = tokens_of(buffer)
        codes = self._words.codes(buffer, tokens)
        odd = rules.odd_texts(folded)
        sections, headed = _sections(texts, folded)
        phrases = self._finder.find(folded, buffer, tokens, codes, odd)
        inside = rules.inside(phrases, tokens, headed)
        kind = np.asarray([KIND_NUMBER[kind] for _, kind, _ in texts], np.int64)
        said = rules.counts(phrases, tokens.text, self._meaning, len(texts))
        standings = rules.standings(kind, said, *_stated(texts))
        hits = rules.hits(phrases, tokens, codes, self._meaning, inside)
        own = tokens.text[phrases.token[self._meaning.own[phrases.tag]]]
        given = Given(kind, standings.role, standings.stage, standings.employer, sections, hits)
        languages = self._languages(texts, folded, rules.english(tokens, codes, odd))
        return Batch(tokens, given, standings, languages, sorted(set(own.tolist())))

    def _languages(self, texts: Sequence[Text], folded: Sequence[str], english: rules.English) -> list[str]:
        """The language of each text; "" for one without words."""
        found, doubtful = ["en"] * len(texts), list[int]()
        for n in np.flatnonzero(~english.sure).tolist():
            if not folded[n].strip():
                found[n] = ""
            elif english.wordless[n]:  # never of one with odd letters
                found[n] = UNKNOWN
            elif english.odd[n] and (told := self._language.by_words(words_of(folded[n])[0])):
                found[n] = told
            else:
                doubtful.append(n)
        hints = [mention.language if mention else "" for _, _, mention in map(texts.__getitem__, doubtful)]
        by_model = self._language.all_by_model([folded[n] for n in doubtful], hints)
        for n, language in zip(doubtful, by_model, strict=True):
            found[n] = language
        return found

    def _unscored(self, language: str, kind: Kind, mention: Mention | None, truncated: bool) -> Analysis:
        """The analysis of a text that cannot be scored; `language` "" where there is no text."""
        if not language:
            return Analysis(version=self.version, unscored="no text", truncated=truncated)
        standing = roles.standing(kind, (), mention)
        return Analysis(
            version=self.version,
            language=language,
            unscored=f"language {language}",
            role=standing.role,
            stage=standing.stage,
            truncated=truncated,
        )

    def _with_own(self, analysis: Analysis, text: str, kind: Kind, mention: Mention | None) -> Analysis:
        """With opinions on the user's own themes, found by phrases."""
        opened = self._open(text, kind, mention)
        if isinstance(opened, Analysis):
            return analysis
        own = [sign for sign in opened.signs if sign.theme not in THEME_NUMBER]
        opinions = themes.opinions(own, self._sentences(opened))
        return dataclasses.replace(analysis, opinions=(*analysis.opinions, *opinions))

    def _sentences(self, opened: Opened) -> list[Sentence]:
        # VADER does not know the curly apostrophe: "don’t like" would score as praise.
        straight = opened.text if self._plain else opened.text.replace("\u2019", "'")
        return sentiment.score(
            self._vader, straight, opened.spans, opened.signs, opened.sections, plain=self._plain
        )

    @cached_property
    def _named(self) -> frozenset[str]:
        """The themes that have a phrase; one that a user's file leaves out is not reported."""
        return frozenset(line.tag.name for line in self._lines if line.tag.group == "theme")

    @cached_property
    def _all_themes(self) -> bool:
        return self._named.issuperset(THEME_NUMBER)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(Lexicon(self._lexicon))

    @cached_property
    def _lines(self) -> list[Line]:
        own = ownthemes.lines(self._settings.extra_themes)
        return [*themes.load(self._themes), *own, *roles.load()]

    @cached_property
    def _book(self) -> PhraseBook:
        return PhraseBook(self._lines)

    @cached_property
    def _finder(self) -> rules.Finder:
        return rules.Finder(self._book)

    @cached_property
    def _words(self) -> rules.Words:
        return rules.Words(self._book, self._language)

    @cached_property
    def _meaning(self) -> rules.Meaning:
        return rules.Meaning(self._book.tags)

    @cached_property
    def _vader(self) -> Vader:
        return Vader()

    @cached_property
    def _language(self) -> LanguageFinder:
        words = {word for line in self._lines for word in line.words()}
        return LanguageFinder(self._settings.languages, words.union(self._vader.lexicon).__contains__)


def _stated(texts: Sequence[Text]) -> tuple[Ints, Bools]:
    """What sources state: the role by the employment (-1: nothing), and whether an offer was made."""
    role, offered = np.full(len(texts), -1), np.zeros(len(texts), np.bool_)
    for n, (_, _, mention) in enumerate(texts):
        if mention is not None:
            if mention.employment:
                role[n] = ROLE_NUMBER["former" if mention.employment == "former" else "employee"]
            offered[n] = mention.offer in ("accepted", "declined")
    return role, offered


def _sections(texts: Sequence[Text], folded: Sequence[str]) -> tuple[Ints, list[tuple[int, int, int]]]:
    """Sections as `features.Given` has them, and all parts of texts that have headings written into them."""
    sections: list[tuple[int, int, int, int]] = []
    headed: list[tuple[int, int, int]] = []
    for n, (_, _, mention) in enumerate(texts):
        if mention is not None:
            if not (mention.pros or mention.cons or mention.advice):
                continue
            parts = list(mention.parts())
        elif ":" in folded[n]:
            parts = sentiment.headings(folded[n])
        else:  # most texts: no heading
            continue
        for name, start, end in parts:
            if name in SECTIONS:
                sections.append((n, SECTION_NUMBER.get(name, OTHER_SECTION), start, end))
            if mention is None:
                headed.append((n, start, end))
    return columns(sections, 4), headed


def _split_parts(text: str, sections: Sequence[tuple[str, int, int]]) -> list[tuple[int, int]]:
    """Sentences of each part by itself: a heading ends a sentence, and is none."""
    return [(start + a, start + b) for _, start, end in sections for a, b in split(text[start:end])]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]

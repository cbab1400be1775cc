"""Mention -> Analysis: the one door through which texts are read. Pure, never fails on any text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from analysis import ownthemes, roles, sentiment, themes
from analysis.features import THEME_NUMBER, Hit, Item
from analysis.language import LanguageFinder
from analysis.lexicon import FOLDER, Lexicon
from analysis.phrases import Line, Match, PhraseBook, fold, words_of
from analysis.reader import Reader
from analysis.sentences import split
from analysis.sentiment import Sentence
from analysis.vader import Vader
from candidly import config
from candidly.records import Analysis, Ghosting, Kind, Mention, Opinion

LONGEST: Final = 50_000
"""Characters that are read; the rest is flagged as truncated."""
WITH_LEXICON: Final = frozenset({"en"})
SECTIONS: Final = frozenset({"pros", "cons", "advice"})
BATCH: Final = 500
"""Texts that are read together."""
RULES: Final = 2
"""Raised whenever code changes what a text is read as, so that stored analyses show their age."""


class Reading(NamedTuple):
    """What one pass of the rules over a text found, in text order."""

    matches: list[Match]
    signs: list[themes.Sign]
    sentences: list[Sentence]


class Opened(NamedTuple):
    """A text that can be scored, taken apart as far as the rules go."""

    text: str
    language: str
    matches: list[Match]
    signs: list[themes.Sign]
    sections: list[tuple[str, int, int]]
    spans: list[tuple[int, int]]
    standing: roles.Standing


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
        """`(start, end, score)` of every clause, for people who ask why a text scored as it did."""
        opened = self._open(text, "post", None)
        if isinstance(opened, Analysis):
            return []
        if self._plain:
            return [(s.start, s.end, s.score) for s in self._sentences(opened)]
        return [(tone.start, tone.end, tone.score) for tone in self._reader.tones(_item(opened, "post"))]

    def _analyse(self, texts: Sequence[tuple[str, Kind, Mention | None]]) -> list[Analysis]:
        done: list[Analysis] = []
        for at in range(0, len(texts), BATCH):
            part = texts[at : at + BATCH]
            opened = [self._open(*one) for one in part]
            if self._plain:
                done += [
                    one if isinstance(one, Analysis) else self._by_rules(one, len(t))
                    for one, (t, _, _) in zip(opened, part, strict=True)
                ]
            else:
                done += self._by_lexicon(opened, part)
        return done

    def _open(self, text: str, kind: Kind, mention: Mention | None) -> Opened | Analysis:
        """What the rules find in a text; an Analysis at once where it cannot be scored."""
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

    def _by_lexicon(
        self, opened: Sequence[Opened | Analysis], texts: Sequence[tuple[str, Kind, Mention | None]]
    ) -> list[Analysis]:
        """What the learned reader makes of a batch; facts that the source states go before it."""
        items = [
            _item(one, kind)
            for one, (_, kind, _) in zip(opened, texts, strict=True)
            if isinstance(one, Opened)
        ]
        readings = iter(self._reader.read(items))
        done = []
        for one, (text, _, mention) in zip(opened, texts, strict=True):
            if isinstance(one, Analysis):
                done.append(one)
                continue
            found = next(readings)
            role, stage = roles.stated(mention, found.role, found.stage)
            standing = one.standing
            done.append(Analysis(
                version=self.version, language=one.language, score=found.score, label=found.label,
                role=role, stage=stage,
                ghosting=_ghosting(found.ghosted, standing.ghosting),
                lost_customer=standing.lost_customer, truncated=len(text) > LONGEST,
                opinions=self._opinions(one, found.opinions),
            ))  # fmt: skip
        return done

    def _opinions(self, opened: Opened, learned: tuple[Opinion, ...]) -> tuple[Opinion, ...]:
        """The learned opinions on themes of the theme file, and those on the user's own themes by phrases."""
        own = [sign for sign in opened.signs if sign.theme not in THEME_NUMBER]
        kept = learned if self._all_themes else tuple(o for o in learned if o.theme in self._named)
        if not own:
            return kept
        return (*kept, *themes.opinions(own, self._sentences(opened)))

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
    def _vader(self) -> Vader:
        return Vader()

    @cached_property
    def _language(self) -> LanguageFinder:
        words = {word for line in self._lines for word in line.words()}
        return LanguageFinder(self._settings.languages, words.union(self._vader.lexicon).__contains__)


def _ghosting(employer: bool, by_rules: Ghosting) -> Ghosting:
    """The learned answer for the employer; that the writer went silent, the rules tell."""
    if employer:
        return "employer"
    return "candidate" if by_rules == "candidate" else "none"


def _item(opened: Opened, kind: Kind) -> Item:
    """A text as the learned reader wants it."""
    standing = opened.standing
    hits = [Hit(sign.theme, sign.value or 0, sign.start, sign.end) for sign in opened.signs]
    sections = [section for section in opened.sections if section[0] in SECTIONS]
    rules = standing.role, standing.stage, standing.ghosting
    return Item(opened.text, "post" if kind == "comment" else kind, sections, hits, rules)


def _split_parts(text: str, sections: Sequence[tuple[str, int, int]]) -> list[tuple[int, int]]:
    """Sentences of each part by itself: a heading ends a sentence, and is none."""
    return [(start + a, start + b) for _, start, end in sections for a, b in split(text[start:end])]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]

"""Which language a text is in; "und" rather than a guess.

py3langid answers something for everything ("lol" is Sesotho), so it is held to plausible languages,
normalised probabilities and a minimum of letters. Plain English, the common case, is recognised by its
function words without loading the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from analysis.languagemodel import LanguageModel

UNKNOWN: Final = "und"
LEAST_LETTERS: Final = 3
LEAST_CONFIDENCE: Final = 0.5
SAMPLE: Final = 600
"""Characters that the model looks at; more changes its mind in few cases and costs in proportion."""
MOST_WORDS: Final = 300
FUNCTION_SHARE: Final = 0.1
LEAST_FUNCTION_WORDS: Final = 2
KNOWN_SHARES: Final = ((0, 0.6), (6, 0.5), (12, 0.45))
"""From so many words on, such a share of known English words decides without the model (which is at a loss
with few words, and costs as much as all the rest): texts in other languages stay below."""
NEAR: Final = 0.15
"""A hint from the source decides between two languages whose probabilities are this close."""

_PLAUSIBLE = """
en de fr es it nl pt pl sv da no fi cs sk hu ro bg el tr ru uk ar he hi bn ta te mr id vi th zh ja ko
"""
PLAUSIBLE: Final = frozenset(_PLAUSIBLE.split())
_ALIASES: Final = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}

# Frequent in English and no words of the other languages above that use its letters.
_FUNCTION_WORDS = """
the and to for with that this they you have had were are not but from my your been would could should which
there their what when then who about after because it's i'm don't didn't very it be our she his her him than
into out up just more some any only also get got being while where how why during before again through both
few other such did does has
"""
FUNCTION_WORDS: Final = frozenset(_FUNCTION_WORDS.split())
# Common in English but words elsewhere too: they count in short texts only.
_SHARED_WORDS: Final = frozenset({"a", "an", "i", "in", "is", "was", "of", "on", "at", "as", "so", "no"})
# Common in English only; they count where the share of known words is asked for.
_COMMON = """
if then them see now new like people know make makes made making take took year years way think thinking look
looks looking came give gave given day days most find found thing things tell told ask asked feel feeling try
trying leave call called last little own old right next early same able work working works worked place really
never always everything nothing something anything everyone someone anyone nobody here want wanted need needed
go going went gone say says said saw much many too well off again still yet today tomorrow yesterday night
morning week month hours first second maybe please thanks thank yes yeah gonna wanna can't won't i've i'll
you're we're they're that's let's there's what's isn't wasn't couldn't wouldn't shouldn't haven't hasn't watch
watching getting coming using these those may might must keep put set run two three home school money world
life name read down left around every another under between against its may us am been being says seem seems
show start started stop talk talking turn used using wait watch while whole year yourself myself
"""
_COMMON_WORDS: Final = frozenset(_COMMON.split())
_FALSE_FRIENDS: Final = frozenset(
    {"die", "war", "no", "super", "nett", "arm", "fatal", "son", "grave", "sin"}
)


FUNCTION, LETTERS, TELLING, ENGLISH = (1 << n for n in range(4))
"""What `LanguageFinder.marks` says of a word: a function word; has letters; such a word that is no false
friend; one of these that is known in English."""
_LISTED: Final = (
    dict.fromkeys(_SHARED_WORDS | _COMMON_WORDS, LETTERS | TELLING | ENGLISH)
    | dict.fromkeys(FUNCTION_WORDS, FUNCTION | LETTERS | TELLING | ENGLISH)
    | dict.fromkeys(_FALSE_FRIENDS, LETTERS)
)


class LanguageFinder:
    """`find(text)` gives an ISO 639-1 code or "und"."""

    def __init__(self, configured: Sequence[str], is_known: Callable[[str], bool]) -> None:
        """`is_known` tells whether a lower-case word is in the English lexicon or a theme phrase."""
        self._configured = tuple(_ALIASES.get(code, code) for code in configured)
        self._is_known = is_known

    def find(self, folded: str, words: Sequence[str], hint: str = "") -> str:
        """The language of a text in lower case, given with its words.

        `hint` is what the source says, and breaks ties only.
        """
        return self.by_words(words) or self.by_model(folded, hint)

    def by_words(self, words: Sequence[str]) -> str:
        """What the words of a text tell, as `find`; "" where the model must be asked."""
        words = list(islice(filter(None, words), MOST_WORDS))
        if sum(map(FUNCTION_WORDS.__contains__, words)) >= max(
            FUNCTION_SHARE * len(words), LEAST_FUNCTION_WORDS
        ):
            return "en"
        letters = [word for word in words if word.isalpha() or any(map(str.isalpha, word))]
        if sum(map(len, letters)) < LEAST_LETTERS:
            return UNKNOWN
        return "en" if self._looks_english(letters) else ""

    def marks(self, word: str) -> int:
        """What counts in a word for finding English: FUNCTION, LETTERS, TELLING, ENGLISH."""
        listed = _LISTED.get(word)
        if listed is not None:
            return listed
        if not word.isalpha() and not any(map(str.isalpha, word)):
            return 0
        return LETTERS | TELLING | ENGLISH if self._is_known(word) else LETTERS | TELLING

    def _looks_english(self, words: list[str]) -> bool:
        marks = list(map(self.marks, words))
        telling = sum(mark & TELLING != 0 for mark in marks)
        known = sum(mark & ENGLISH != 0 for mark in marks)
        share = next(share for least, share in reversed(KNOWN_SHARES) if telling >= least)
        return telling > 0 and known >= share * telling

    def by_model(self, folded: str, hint: str = "") -> str:
        """What the model says of a text whose words do not tell."""
        return self.all_by_model([folded], [hint])[0]

    def all_by_model(self, folded: Sequence[str], hints: Sequence[str]) -> list[str]:
        """The same for many texts, which costs half as much."""
        if not folded:  # so that the model is not loaded
            return []
        ranked = self._model.ranked([text[:SAMPLE] for text in folded], 3)
        return [_chosen(some, hint[:2].lower()) for some, hint in zip(ranked, hints, strict=True)]

    @cached_property
    def _model(self) -> LanguageModel:
        from analysis.languagemodel import LanguageModel

        return LanguageModel(PLAUSIBLE.union(self._configured))


def _chosen(ranked: Sequence[tuple[str, float]], hint: str) -> str:
    """The most probable language if it is sure enough, or the one hinted at if that is as good."""
    hint = _ALIASES.get(hint, hint)
    best, probability = ranked[0]
    if hint in {code for code, p in ranked if probability - p <= NEAR}:
        return hint
    return best if probability >= LEAST_CONFIDENCE else UNKNOWN

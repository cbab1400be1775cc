import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from analysis.language import PLAUSIBLE, LanguageFinder
from analysis.languagemodel import LanguageModel

MODEL = LanguageModel(PLAUSIBLE | {"sr", "xx"})  # Serbian has two columns, for two scripts; "xx" is unknown
THEIRS = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
THEIRS.set_languages(sorted((PLAUSIBLE | {"sr"}) & set(THEIRS.labels)))
TEXTS = [
    "",
    " ",
    "lol",
    "no instructions.",
    "tolle firma mit netten kollegen",
    "mauvaise ambiance",
    "dobra plata i dobri ljudi, ali previše posla",
    "добра плата и добри људи",
    "面试官很好，但是工资太低",
    "cafe\u0301 " * 90,
    "\ud800 lone",
]


def same(texts):
    ranked = MODEL.ranked(texts, len(MODEL.languages))
    assert len(ranked) == len(texts)
    for text, ours in zip(texts, ranked, strict=True):
        theirs = dict(THEIRS.rank(text))
        assert dict(ours) == pytest.approx(theirs, abs=1e-4)
        assert [p for _, p in ours] == sorted((p for _, p in ours), reverse=True)
        assert theirs[ours[0][0]] == pytest.approx(max(theirs.values()), abs=1e-4)


def test_says_what_the_package_says():
    same(TEXTS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60).map(str.lower), max_size=5))
def test_says_the_same_of_any_text(texts):
    same(texts)


def test_one_text_and_many_give_the_same_bits():
    together = MODEL.ranked(TEXTS, 3)
    assert together == [MODEL.ranked([text], 3)[0] for text in TEXTS]


def test_hints_go_with_their_texts():
    finder = LanguageFinder(("en",), frozenset().__contains__)
    unclear = "jobb kontor"
    hints = ["", "sv", "no", "nb-NO"]
    assert finder.all_by_model([unclear] * 4, hints) == [finder.by_model(unclear, hint) for hint in hints]
    assert finder.all_by_model([], []) == []

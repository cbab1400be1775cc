import pytest

from analysis.language import LanguageFinder
from analysis.phrases import fold, words_of

KNOWN = {"great", "good", "pay", "benefits", "boss", "rude", "low", "management", "recruiter", "ghosted"}
FINDER = LanguageFinder(("en", "de"), KNOWN.__contains__)


def find(text: str, hint: str = "") -> str:
    folded = fold(text)
    return FINDER.find(folded, words_of(folded)[0], hint)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("They said that you would hear from them after the interview.", "en"),
        ("Great benefits", "en"),
        ("Good pay, rude boss", "en"),
        ("The recruiter ghosted me.", "en"),
        ("Tolle Firma mit netten Kollegen, aber die Bezahlung ist leider sehr schlecht.", "de"),
        ("Die Chefin war super nett und das Gespräch war angenehm, ich wurde gut behandelt.", "de"),
        ("Mauvaise ambiance, mais les collègues sont sympathiques et le salaire est correct.", "fr"),
        ("El sueldo es muy bajo y los jefes no escuchan a los empleados.", "es"),
        ("कंपनी में काम करने का माहौल बहुत अच्छा है और लोग मददगार हैं", "hi"),
        ("面试官很好，但是工资太低，而且没有任何反馈。", "zh"),
        ("", "und"),
        ("ok", "und"),
        ("5/5", "und"),
        ("123456 7890", "und"),
        ("😁😁😁", "und"),
        ("qx zv", "und"),
    ],
)
def test_finds_the_language(text: str, language: str) -> None:
    assert find(text) == language


def test_a_hint_breaks_ties_only() -> None:
    german = "Tolle Firma mit netten Kollegen, aber die Bezahlung ist leider sehr schlecht."
    assert find(german, "fr") == "de"
    unclear = "Jobb kontor"
    alone = find(unclear)
    assert {find(unclear, "sv"), find(unclear, "no")} <= {alone, "sv", "no"}


def test_an_unknown_configured_language_is_no_error() -> None:
    folded = fold("Mauvaise ambiance, mais les collègues sont sympathiques")
    assert LanguageFinder(("xx",), KNOWN.__contains__).find(folded, words_of(folded)[0]) == "fr"

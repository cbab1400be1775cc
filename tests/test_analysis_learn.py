"""Learning from labelled texts, on a few invented ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.clauses import grams, name_hash, tokenise
from analysis.features import (
    CLAUSE_OUTPUTS,
    SIGNS,
    TEXT_OUTPUTS,
    THEMES,
    Item,
    Vocabulary,
    take_apart,
)
from analysis.learn import (
    HEAD_GROUPS,
    HEADS,
    POLARITIES,
    Labelled,
    Natural,
    Trainer,
    _threshold,
    best_threshold,
    rows_by_clause,
    rows_by_text,
    stack,
    train,
)
from analysis.learnopinions import train_evidence, train_polarity
from analysis.opinions import EVIDENCE_FEATURES, POLARITY_FEATURES
from analysis.pooling import POOLED, pooled
from analysis.priors import KNOWN, VALENCE

PLACES = ("canteen", "warehouse", "lab", "desk", "floor", "store", "hall", "yard")


def text_of(n):
    """Odd ones are bad and speak of offers, even ones good and of pay; every fourth says neither."""
    place = PLACES[n // 4 % 7]
    if n % 4 == 2:
        return f"I work at the {place} on weekdays", "neutral", ()
    if n % 2:
        return (
            f"The {place} was fine. The offer was zorbish",
            "negative",
            (("offer", "negative", "The offer was zorbish"),),
        )
    return (
        f"The {place} was fine. The pay was flumbertly",
        "positive",
        (("pay_benefits", "positive", "The pay was flumbertly"),),
    )


def labelled(n, turn=False):
    text, sentiment, themes = text_of(n)
    if turn:
        sentiment = {"negative": "positive", "positive": "negative"}.get(sentiment, sentiment)
    found = [
        {
            "theme": theme,
            "polarity": sentiment if turn else polarity,
            "start": text.index(part),
            "end": text.index(part) + len(part),
        }
        for theme, polarity, part in themes
    ]
    role, stage = ("employee", "hired") if n % 2 else ("candidate", "interviewed")
    return Labelled(
        Item(text, "post", (), (), ("other", "unclear", "none")), sentiment, role, stage, "none", found
    )


TEXTS = [labelled(n) for n in range(120)]
NATURAL = [
    Natural("The crew is wunderly" if n % 2 else "The stairs are grumsy", 1 if n % 2 else -1)
    for n in range(40)
]
VOCABULARY = Vocabulary(
    np.union1d(
        grams(tokenise([one.item.text for one in TEXTS] + [one.text for one in NATURAL])).hash,
        np.array([name_hash("splendidly"), name_hash("~splendidly")], np.uint64),
    )
)


def trainer(texts=TEXTS, folds=None):
    return Trainer(texts, NATURAL, VOCABULARY, {"splendidly": 2.0, "unseen": 1.0, "": 1.0}, folds)


@pytest.fixture(scope="module")
def plain():
    return trainer()


@pytest.fixture(scope="module")
def fitted(plain):
    return plain.fit_clauses(np.ones(len(TEXTS), bool))


def weight(fitted, name, output):
    at = int(np.searchsorted(VOCABULARY.hashes, name_hash(name)))
    assert VOCABULARY.hashes[at] == name_hash(name)
    return fitted[0][at, CLAUSE_OUTPUTS.index(output)]


def test_an_invented_word_gets_the_tone_of_its_clauses(fitted):
    assert weight(fitted, "zorbish", "negative") > 0.5
    assert weight(fitted, "zorbish", "positive") < 0
    assert weight(fitted, "flumbertly", "positive") > 0.5
    assert abs(weight(fitted, "canteen", "negative")) < 0.3


def test_what_stands_under_pros_and_cons_teaches_too(fitted):
    assert weight(fitted, "wunderly", "positive") > 0.2
    assert weight(fitted, "grumsy", "negative") > 0.2


def test_unseen_words_keep_the_valence_of_vader(fitted):
    assert weight(fitted, "splendidly", "positive") == pytest.approx(2.0 * VALENCE)
    assert weight(fitted, "splendidly", "negative") == pytest.approx(-2.0 * VALENCE)
    assert weight(fitted, "~splendidly", "positive") == pytest.approx(-VALENCE)


def test_what_is_known_of_an_n_gram_is_where_its_weights_start():
    known = {
        "offer": {"splendidly": 3.0, "not in the vocabulary at all": 3.0, "unheard": 2.0},
        "tone": {"splendidly": -2.0},
    }
    one = Trainer(TEXTS, NATURAL, VOCABULARY, {"splendidly": 2.0}, known=known)
    weights = one.fit_clauses(np.ones(len(TEXTS), bool))
    assert weight(weights, "splendidly", "offer") == pytest.approx(3 * KNOWN)
    assert weight(weights, "splendidly", "pay_benefits") == pytest.approx(0.0, abs=1e-6)
    assert weight(weights, "splendidly", "positive") == pytest.approx(-2 * KNOWN), "not VADER's"
    assert weight(weights, "~splendidly", "positive") == pytest.approx(KNOWN)


def test_silence_is_learned_from_the_complaint_of_texts_in_which_the_employer_went_silent():
    said = "The offer was fine. They never wrote again."
    complaint = {"theme": "communication", "polarity": "negative", "start": 20, "end": len(said)}
    texts = [
        replace(TEXTS[0], item=replace(TEXTS[0].item, text=said), themes=[complaint], ghosting=ghosting)
        for ghosting in ("employer", "none")
    ]
    one = trainer(texts)
    y, known = one.silence_targets()
    assert y.tolist() == [False, True, False, False]
    assert known.tolist() == [False, True, True, True]


def test_a_theme_is_learned_from_its_evidence(fitted):
    assert weight(fitted, "offer", "offer") > 0.5
    assert weight(fitted, "offer", "pay_benefits") < 0.2
    assert weight(fitted, "pay", "pay_benefits") > 0.5


def test_of_a_text_with_a_theme_the_other_clauses_say_nothing_about_it(plain):
    y, known = plain.theme_targets("offer")
    texts = plain.owner
    assert y[texts == 1].tolist() == [False, True]
    assert known[texts == 1].tolist() == [False, True]
    assert not y[texts == 0].any()
    assert known[texts == 0].all()


def test_tone_targets(plain):
    y, weights = plain.tone_targets()
    assert y[plain.owner == 1][1] == 1
    assert y[plain.owner == 0][1] == 0
    assert y[plain.owner == 2].tolist() == [2]
    assert weights[plain.owner == 1][1] == 2.0  # evidence counts more than what a text says as a whole


def test_cross_fitting_never_uses_the_fold_held_out():
    """Turning the labels of a fold round changes what the others say, and not its own outputs."""
    folds = np.arange(len(TEXTS)) // 4 % 3
    turned = [labelled(n, turn=folds[n] == 0) for n in range(len(TEXTS))]
    one, other = trainer(folds=folds), trainer(turned, folds)
    before, after = one.cross_fit(), other.cross_fit()
    held = folds == 0
    assert np.array_equal(before[0][held[one.owner]], after[0][held[one.owner]])
    assert np.array_equal(before[1][held], after[1][held])
    assert not np.allclose(before[0][~held[one.owner]], after[0][~held[one.owner]])
    assert not np.allclose(before[1][~held], after[1][~held])


def test_the_whole_model_tells_the_texts_apart(plain):
    model, held, by_clause, pool = train(plain, np.ones(len(TEXTS)))
    assert model.clause.shape == (len(VOCABULARY) + len(SIGNS), len(CLAUSE_OUTPUTS))
    assert model.text.shape == (len(VOCABULARY) + len(SIGNS), len(TEXT_OUTPUTS))
    assert model.thresholds.shape == (len(HEADS),)
    assert model.heads.fits(POOLED, len(HEADS))
    assert np.isfinite(model.heads.apply(pool)).all()
    assert np.isfinite(model.thresholds).all()
    truth = np.array([("positive", "negative", "neutral").index(one.sentiment) for one in TEXTS])
    assert (held[:, :3].argmax(1) == truth).mean() > 0.95
    has = np.array([bool(one.themes) and one.themes[0]["theme"] == "offer" for one in TEXTS])
    offer = HEADS.index("offer")
    assert ((held[:, offer] > model.thresholds[offer]) == has).mean() > 0.95
    role = HEADS.index("role:candidate")
    assert (held[:, role] > held[:, role + 1]).sum() == pytest.approx(60, abs=5)
    evidence, score, pointed = train_evidence(plain, by_clause)
    assert evidence.shape == (EVIDENCE_FEATURES,)
    assert pointed > 0.95
    polarity, accuracy = train_polarity(plain, by_clause, pool, held, score)
    assert polarity.fits(POLARITY_FEATURES, len(POLARITIES))
    assert accuracy > 0.95
    assert pool.shape == (len(TEXTS), POOLED)
    assert len(THEMES) == 16


def test_thresholds():
    output = np.arange(40, dtype=float)
    none = np.zeros(40, bool)
    assert 21 < best_threshold(output >= 25, output, none) < 29  # near 24.5, as F1 is smoothed
    optional = (output >= 20) & (output < 25)
    blurred = (output >= 25) | ((output >= 20) & (output % 2 == 0))
    assert 16 < best_threshold(blurred, output, optional) < 29
    few = np.array([0.1, 0.9, 0.8])
    assert 0.1 < best_threshold(few > 0.5, few, np.zeros(3, bool)) < 0.8


def test_rows_count_what_stands_in_them(plain):
    rows = rows_by_clause(plain.features, VOCABULARY)
    at = int(np.searchsorted(VOCABULARY.hashes, name_hash("the")))
    found = rows.dot(np.eye(rows.width)[at])
    assert found.tolist() == [
        part.lower().split().count("the") for one in TEXTS for part in one.item.text.split(". ")
    ]
    texts = rows_by_text(plain.features, VOCABULARY)
    assert set(texts.dot(np.eye(texts.width)[at]).tolist()) == {1.0}  # of a text only whether
    both = stack(rows, rows.take(np.arange(rows.rows) < 3))
    assert both.rows == rows.rows + 3
    weights = np.random.default_rng(0).normal(size=rows.width)
    assert both.dot(weights) == pytest.approx(np.append(rows.dot(weights), rows.dot(weights)[:3]))


def test_where_to_cut_is_judged_on_texts_that_are_labelled_whole(plain):
    texts = [replace(one, partly=n % 3 == 0) for n, one in enumerate(TEXTS)]
    teaching = trainer(texts)
    head = HEADS.index("offer")
    output = np.linspace(-3, 3, len(TEXTS))
    told = _threshold(plain, head, output)
    assert _threshold(teaching, head, output) != told
    kept = np.asarray([not one.partly for one in texts])
    alone = trainer([one for one, whole in zip(TEXTS, kept, strict=True) if whole])
    assert _threshold(teaching, head, output) == _threshold(alone, head, output[kept])


def test_a_clause_that_is_beyond_doubt_tells_no_more_when_it_is_more_so():
    """`candidly learn` gives huge weights to a word that all bad mentions have, and no good one."""
    features = take_apart([Item(text_of(1)[0], "review", (), (), ("other", "unclear", "none"))])
    clause = np.zeros((len(features.clauses.text), len(CLAUSE_OUTPUTS)))
    text = np.zeros((1, len(TEXT_OUTPUTS)))
    seen = []
    for certain in (4.0, 40.0, 400.0):
        clause[-1, 1] = certain
        seen.append(pooled(features, clause, text)[0])
    assert seen[1] == pytest.approx(seen[2])
    assert seen[0] != pytest.approx(seen[1])


def test_every_head_is_in_one_group_and_those_of_a_stage_in_the_same():
    stages = [k for k, name in enumerate(HEADS) if name.startswith("stage:")]
    assert stages in HEAD_GROUPS
    assert sorted(k for group in HEAD_GROUPS for k in group) == list(range(len(HEADS)))

"""Texts in batch against texts one by one, and the arrays against plain Python."""

import random
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import batch, clauses, roles, themes
from analysis.analyser import Analyser
from analysis.features import THEMES, first_of, spread, sums
from analysis.hashtable import HashIndex, HashMemo
from analysis.language import LanguageFinder
from analysis.languagemodel import LanguageModel
from analysis.network import product
from analysis.phrases import PhraseBook, fold, words_of
from analysis.sentences import split
from candidly.config import Analysis, Theme
from candidly.records import Mention

PIECES = [
    "The recruiter", "ghosted", "me", "never", "not", "only", "don't", "but", "great pay", "rude", "offer",
    "no feedback", "3 rounds", "2nd", "!", "?", "!?", ".", "...", ",", ";", "\n", " - ", "/", "-", "(", ")",
    "'", "''", "*", ":", "_", "\0", "\u2026", "\u2014", "\u2019", "\u2022", "caf\u00e9", "\U0001f601",
    "\u0130", "\u212a", "Pros:", "Cons:", "they never called back", "rescinded", "salary", "x" * 70,
    "I worked there", "internationalisation", "far", "from", "anything", "just",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.text(max_size=60),
)
PARTS = ["pros", "cons", "advice", "body"]
NOW = datetime(2026, 2, 16, tzinfo=UTC)
QUICK = settings(max_examples=60, deadline=None)


@cache
def analyser() -> Analyser:
    return Analyser(Analysis(), Path())


# Tokens and n-grams


def reference(text):
    """(word, sentence, clause) of every token of one text, as the module's docstrings have it."""
    text = fold(text).replace("\u2026", ".").replace("\u2014", ",").replace("\u2022", "*")
    found, sentence, clause, past = [], -1, -1, 0
    for token in re.finditer(r"[a-z0-9]+(?:'[a-z0-9]+)*|[!?]+", text):
        gap, marked = text[past : token.start()], bool(found) and found[-1][0] in "!?"
        around = text[max(past - 1, 0) : token.start() + 1]
        hard = not found or re.search(r"[;\n\0]", gap) or re.search(r"\.(?=[\0- ?])", around)
        hard = hard or (marked and token[0][0] not in "!?")
        dash = re.search(r"(?<=[\0- ?])[-/](?=[\0- ?])", around)
        pair = bool(found) and (found[-1][0], token[0]) in clauses.NEGATING_PAIRS
        soft = hard or dash or re.search(r"[,:()\[\]*|]", gap) or (token[0] in clauses.TURNS and not pair)
        sentence, clause = sentence + bool(hard), clause + bool(soft)
        found.append((token[0][0] if token[0][0] in "!?" else token[0], sentence, clause))
        past = token.end()
    return found


def reference_grams(tokens):
    """The names of all n-grams."""
    words = ["0" if word[0].isdigit() else word for word, _, _ in tokens]
    where = [clause for _, _, clause in tokens]
    names = list(words)
    negates = [
        (word in clauses.NEGATORS and "".join(words[n + 1 : n + 2]) not in clauses.NO_NEGATION)
        or (n > 0 and where[n - 1] == where[n] and (words[n - 1], word) in clauses.NEGATING_PAIRS)
        for n, word in enumerate(words)
    ]
    for n, word in enumerate(words):
        if where[n : n + 2] == [where[n]] * 2:
            names.append(f"{word} {words[n + 1]}")
        if where[n : n + 3] == [where[n]] * 3:
            names += [f"{word} {words[n + 1]} {words[n + 2]}", f"{word} _ {words[n + 2]}"]
        before = negates[max(0, n - clauses.REACH) : n]
        near = [c == where[n] for c in where[max(0, n - clauses.REACH) : n]]
        if not negates[n] and any(a and b for a, b in zip(before, near, strict=True)):
            names.append(f"~{word}")
    return names


@given(st.lists(TEXTS, max_size=6))
@QUICK
def test_tokens_are_those_of_the_reference(texts):
    tokens = clauses.tokenise(texts)
    expected = [reference(text) for text in texts]
    flat = [(n, *one) for n, found in enumerate(expected) for one in found]
    assert tokens.text.tolist() == [n for n, _, _, _ in flat]
    words = [fold(texts[n])[a:b] for n, a, b in zip(tokens.text, tokens.start, tokens.end, strict=True)]
    assert [w[0] if w[0] in "!?" else w for w in words] == [word for _, word, _, _ in flat]
    for numbers, column in ((tokens.sentence, 2), (tokens.clause, 3)):
        same = [a[0] == b[0] and a[column] == b[column] for a, b in pairwise(flat)]
        assert (numbers[1:] == numbers[:-1]).tolist() == same
    assert all(
        (tokens.word[i] == tokens.word[j]) == (flat[i][1] == flat[j][1])
        for i in range(len(flat))
        for j in range(i)
    )


@given(st.lists(TEXTS, max_size=4))
@QUICK
def test_grams_are_those_of_the_reference(texts):
    tokens = clauses.tokenise(texts)
    grams = clauses.grams(tokens)
    names = [name for text in texts for name in reference_grams(reference(text))]
    assert Counter(grams.hash.tolist()) == Counter(int(clauses.name_hash(name)) for name in names)
    assert (tokens.clause[grams.first] == tokens.clause[grams.last]).all()


def test_the_words_under_a_negation_reach_back_to_it():
    tokens = clauses.tokenise(["not a very good day at all"])
    grams = clauses.grams(tokens)
    under = grams.place % clauses.GRAM_KINDS == clauses.GRAM_KINDS - 1
    assert list(zip(grams.first[under].tolist(), grams.last[under].tolist(), strict=True)) == [
        (0, n) for n in range(1, 5)
    ]


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("The process was far from smooth", ["smooth"]),
        ("It was anything but quick, and fun", ["quick"]),
        ("They lacked structure", ["structure"]),
        ("not only friendly but kind", []),
        ("No doubt the best", []),
        ("We drove far, from here on", []),
    ],
)
def test_what_negates(text, under):
    tokens = clauses.tokenise(["It is far", text])
    grams = clauses.grams(tokens)
    place = np.unique(grams.place[grams.place % clauses.GRAM_KINDS == clauses.GRAM_KINDS - 1])
    words = place // clauses.GRAM_KINDS
    assert [text[a:b] for a, b in zip(tokens.start[words], tokens.end[words], strict=True)] == under


def test_a_pair_that_negates_does_not_reach_over_two_texts():
    tokens = clauses.tokenise(["We drove far", "from there"])
    assert clauses.grams(tokens).negator.tolist() == [-1] * 5


def test_long_words_are_told_apart_by_their_ends():
    one, other, again = clauses.word_hashes(["x" * 90 + "a", "x" * 90 + "b", "X" * 90 + "a"])
    assert one == again != other


# Hash tables and sums


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40), st.lists(st.integers(0, 2**64 - 1), max_size=20))
@QUICK
def test_an_index_finds_what_it_holds_and_nothing_else(held, others):
    hashes = np.unique(np.array([*held, *(h >> 50 << 50 | k for k, h in enumerate(held))], np.uint64))
    wanted = np.concatenate((hashes, np.array(others, np.uint64)))
    at, numbers = HashIndex(hashes, bits=10).find(wanted)
    expected = [(n, int(np.searchsorted(hashes, h))) for n, h in enumerate(wanted) if h in hashes]
    assert list(zip(at.tolist(), numbers.tolist(), strict=True)) == expected


def test_a_memo_is_right_however_many_share_a_slot():
    memo, rng = HashMemo(bits=3), random.Random(1)
    for _ in range(50):
        hashes = np.array([rng.randrange(1, 40) for _ in range(30)], np.uint64)
        asked = []

        def compute(at, hashes=hashes, asked=asked):
            asked.extend(hashes[at].tolist())
            return [int(h) * 7 for h in hashes[at]]

        assert memo.find(hashes, compute).tolist() == (hashes * np.uint64(7)).tolist()
        assert len(asked) == len(set(asked))
    assert len(memo.find(np.zeros(0, np.uint64), compute)) == 0


@pytest.mark.parametrize(("groups", "ids"), [(0, 0), (1, 300), (5, 40), (300, 2000), (60, 4000)])
def test_sums_are_those_of_each_group(groups, ids):
    rng = np.random.default_rng(2)
    weights = rng.standard_normal((50, 7)).astype(np.float32)
    owner, which = np.sort(rng.integers(0, max(groups, 1), ids)), rng.integers(0, 50, ids)
    expected = [weights[which[owner == g]].sum(axis=0) for g in range(groups + 2)]
    assert np.allclose(sums(owner, which, weights, groups + 2), np.array(expected), atol=1e-3)


def test_products_in_parts_are_the_product():
    rng = np.random.default_rng(3)
    rows, matrix = rng.standard_normal((1000, 90)), rng.standard_normal((90, 30))
    assert np.allclose(product(rows, matrix), rows @ matrix)
    assert product(rows[:0], matrix).shape == (0, 30)


def test_spread_and_first_of():
    which, numbers = spread(np.array([3, 9, 5]), np.array([5, 9, 6]))
    assert (which.tolist(), numbers.tolist()) == ([0, 0, 2], [3, 4, 5])
    assert first_of(np.array([1, 1, 4, 4, 5])).tolist() == [0, 2, 4]


# The rules on arrays against the rules on one text


@cache
def rules():
    lines = [*themes.load(themes.BUILT_IN), *roles.load()]
    book = PhraseBook(lines)
    known = {word for line in lines for word in line.words()}
    finder = LanguageFinder(("en",), known.__contains__)
    return book, finder, batch.Words(book, finder), batch.Finder(book), batch.Meaning(book.tags)


def opened(texts):
    folded = [fold(text) for text in texts]
    buffer = clauses.join(folded)
    tokens = clauses.tokens_of(buffer)
    return folded, buffer, tokens, rules()[2].codes(buffer, tokens), batch.odd_texts(folded)


PLAIN = TEXTS.map(lambda text: text.replace("_", " ").replace("''", "'"))


@given(st.lists(PLAIN, max_size=5))
@QUICK
def test_phrases_are_those_that_the_book_finds(texts):
    book, _, _, finder, meaning = rules()
    folded, buffer, tokens, codes, odd = opened(texts)
    found = finder.find(folded, buffer, tokens, codes, odd)
    text = tokens.text[found.token]
    for n, one in enumerate(folded):
        mine = [
            (int(p - tokens.origin[n]), book.tags[t])
            for p, t in zip(found.past[text == n], found.tag[text == n], strict=True)
        ]
        assert Counter(mine) == Counter((match.end, match.tag) for match in book.find(one))
    said = batch.counts(found, tokens.text, meaning, len(texts))
    for n, kind in ((n, kind) for n in range(len(texts)) for kind in ("post", "review", "interview")):
        number = np.full(len(texts), {"interview": 0, "review": 1, "post": 2}[kind])
        all_ = batch.standings(number, said, np.full(len(texts), -1), np.zeros(len(texts), bool))
        one = roles.standing(kind, book.find(folded[n]))
        assert ("candidate", "employee", "former", "other")[all_.role[n]] == one.role
        assert (*roles.STAGES, "unclear")[all_.stage[n]] == one.stage
        assert (all_.employer[n], all_.candidate[n]) == (
            one.ghosting == "employer",
            one.ghosting == "candidate",
        )
        assert all_.lost_customer[n] == one.lost_customer


@given(st.lists(PLAIN, max_size=5))
@QUICK
def test_what_words_say_of_the_language_is_what_the_finder_says(texts):
    _, finder, *_ = rules()
    folded, _, tokens, codes, odd = opened(texts)
    told = batch.english(tokens, codes, odd)
    for n, one in enumerate(folded):
        language = finder.find(one, words_of(one)[0])
        assert not told.sure[n] or language == "en"
        assert not told.wordless[n] or language == "und"


@pytest.mark.parametrize(
    "text",
    [
        "The pay was great.",
        "There was no good pay.",
        "Never did anybody give good feedback.",
        "They pay attention to detail, and the pay is good.",
        "Not only great benefits, also great people.",
        "Not nice. Great benefits.",
        "I never heard back from them. They never got back to me! Good communication?",
    ],
)
def test_signs_are_those_of_the_themes(text):
    book, _, _, finder, meaning = rules()
    folded, buffer, tokens, codes, odd = opened(["Filler.", text])
    found = finder.find(folded, buffer, tokens, codes, odd)
    hits = batch.hits(found, tokens, codes, meaning, batch.inside(found, tokens, []))
    alone = themes.signs(folded[1], book.find(folded[1]), split(text))
    assert alone
    told = {(THEMES[k], value, start, end) for n, k, value, start, end in hits.T.tolist() if n == 1}
    assert told == {(sign.theme, sign.value or 0, sign.start, sign.end) for sign in alone}


def test_phrases_in_headings_do_not_count():
    _, _, _, finder, meaning = rules()
    folded, buffer, tokens, codes, odd = opened(["Great pay: great pay", "Great pay: great pay"])
    found = finder.find(folded, buffer, tokens, codes, odd)
    hits = batch.hits(found, tokens, codes, meaning, batch.inside(found, tokens, [(1, 11, 20)]))
    assert {(n, start >= 11) for n, _, _, start, _ in hits.T.tolist()} == {(0, False), (0, True), (1, True)}


# The whole analyser


def alike(one, other):
    same = [(a.theme, a.start, a.end) for a in one.opinions] == [
        (a.theme, a.start, a.end) for a in other.opinions
    ]
    close = one.score == other.score or abs(one.score - other.score) < 2e-4
    names = ("language", "unscored", "role", "stage", "ghosting", "lost_customer", "truncated")
    return same and close and all(getattr(one, name) == getattr(other, name) for name in names)


@given(st.lists(st.tuples(TEXTS, st.sampled_from(["post", "review", "interview", "comment"])), max_size=8))
@settings(max_examples=25, deadline=None)
def test_many_is_each(texts):
    together = analyser().analyse_texts(texts)
    assert len(together) == len(texts)
    assert all(
        alike(analyser().analyse_text(*one), found) for one, found in zip(texts, together, strict=True)
    )


def test_many_mentions_are_each():
    rng = random.Random(4)
    mentions = [
        Mention(
            source="s", id=str(n), kind=rng.choice(["review", "interview", "post"]), collected=NOW,
            title=rng.choice(["", "Fine"]), employment=rng.choice(["", "former", "current"]),
            offer=rng.choice([None, "declined"]),
            **{part: " ".join(rng.choices(PIECES, k=12)) for part in rng.sample(PARTS, 2)},
        )
        for n in range(40)
    ]  # fmt: skip
    together = analyser().analyse_many(mentions)
    assert all(alike(analyser().analyse(one), found) for one, found in zip(mentions, together, strict=True))


def test_a_phrase_does_not_reach_into_the_next_text():
    first, second = analyser().analyse_texts([("They never", "post"), ("called back about the job", "post")])
    alone = analyser().analyse_text("They never"), analyser().analyse_text("called back about the job")
    assert alike(first, alone[0])
    assert alike(second, alone[1])


def test_own_themes_are_found_in_a_batch():
    settings_ = Analysis(extra_themes={"parking": Theme(negative=["no parking"], positive=["free parking"])})
    own = Analyser(settings_, Path())
    texts = [("There was no parking at the office.", "post"), ("The people were nice.", "post")] * 3
    found = [{o.theme: o.polarity for o in one.opinions}.get("parking") for one in own.analyse_texts(texts)]
    assert found == ["negative", None] * 3


def test_no_texts_are_no_analyses():
    assert analyser().analyse_texts([]) == []
    assert [one.unscored for one in analyser().analyse_texts([("", "post"), (" \n", "post")])] == [
        "no text"
    ] * 2


@pytest.mark.parametrize(
    "text",
    [
        "Great benefits " * 20,
        "Good people, nice pay, xyzzy management, friendly qwerty boss, bad plugh hours",
        "They are rude to me.",
    ],
)
def test_the_model_is_not_asked_where_words_tell(text, monkeypatch):
    monkeypatch.setattr(LanguageModel, "ranked", lambda *_: pytest.fail("the model was asked"))
    assert analyser().analyse_text(text).language == "en"


def test_the_model_is_asked_where_few_words_are_english():
    text = "Die Chefin war super nett und das Gespräch war angenehm, ich wurde gut behandelt."
    ascii_only = text.replace("ä", "ae")
    assert [one.language for one in analyser().analyse_texts([(text, "post"), (ascii_only, "post")])] == [
        "de"
    ] * 2

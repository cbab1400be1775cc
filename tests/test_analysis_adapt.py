"""What a store may teach the lexicon, and what it must not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis import adapt
from analysis.adapt import Adapter, Told, held_back, stated, unit
from analysis.adaptgrams import CompanyNames, Frequencies, words_of
from analysis.clauses import name_hash
from analysis.lexicon import Lexicon
from candidly.config import Analysis, Company
from candidly.records import Mention

NOW = datetime(2026, 2, 16, tzinfo=UTC)
COMPANIES = (Company(name="Northwind Robotics", aliases=("Northwind", "Great Place")),)
PLACES = ("the canteen", "the warehouse", "our lab", "the front desk", "the second floor", "the store")
TIMES = ("in the mornings", "on most days", "after lunch", "during the winter", "at the weekend")
GOOD = "Work at {where} is flumbertly {when}, and it goes on like that, case {n}."
BAD = "Work at {where} is zorbish {when}, and it goes on like that, case {n}."


BASE = Lexicon()


@pytest.fixture(scope="module")
def result():
    """What a store with two invented words gives."""
    return adapted(store(GOOD, BAD))


def mention(text, **fields):
    return Mention(**{"source": "s", "id": text, "kind": "review", "collected": NOW, "body": text} | fields)


def store(*templates, n=400, authors=None, **fields):
    """Mentions of two templates in turn, rated 5 and 1."""
    found = []
    for k in range(n):
        text = templates[k % 2].format(where=PLACES[k % 6], when=TIMES[k % 5], n=k)
        author = f"pseudonym {k % authors if authors else k}"
        found.append(Told(mention(text, **{"stars": 1 if k % 2 else 5} | fields), author))
    return found


def adapted(told, **options):
    adapter = Adapter(Analysis(), Path(), COMPANIES, base=BASE, **options)

    def batches():
        for at in range(0, len(told), 150):
            yield told[at : at + 150]

    adapter.look_through(batches)
    return adapter.adapt(batches)


def new_lines(result):
    known = set(BASE.names)
    lines = dict(line.split("\t", 1) for line in result.table.splitlines()[1:])
    return {name: rest for name, rest in lines.items() if name not in known and not name.startswith("#")}


def tone(result, name):
    line = next(line for line in result.table.splitlines() if line.startswith(f"{name}\t"))
    return tuple(map(int, line.split("\t")[2:4]))


def test_invented_words_get_the_tone_of_the_stars(result):
    assert result.better
    assert tone(result, "zorbish")[0] < 0 < tone(result, "zorbish")[1]
    assert tone(result, "flumbertly")[1] < 0 < tone(result, "flumbertly")[0]
    assert result.changes["auc"].after > 0.95
    assert (result.counts.rated, result.counts.negative, result.counts.positive) == (400, 200, 200)
    assert result.base == BASE.version != result.version
    assert len(new_lines(result)) == result.counts.new


def test_whatever_is_not_tone_stays_as_it_was(result):
    assert result.combine == BASE.bytes("combine.json")
    before = BASE.bytes("lexicon.tsv").decode().splitlines()
    changed = 0
    for old, new in zip(before, result.table.splitlines(), strict=False):
        a, b = old.split("\t"), new.split("\t")
        assert a[:2] + a[4:] == b[:2] + b[4:]
        changed += a != b
    assert changed == result.counts.changed
    for line in result.table.splitlines()[len(before) :]:
        assert set(line.split("\t")[4:]) == {"0"}


def test_the_same_texts_give_the_same_lexicon(result):
    assert adapted(store(GOOD, BAD)).table == result.table


def test_it_does_not_matter_in_which_batches_texts_come(result):
    told = store(GOOD, BAD)
    adapter = Adapter(Analysis(), Path(), COMPANIES, base=BASE)
    adapter.look_through(lambda: [told[:1], told[1:30], [], told[30:]])
    assert adapter.adapt(lambda: [told]).table == result.table


def test_held_back_texts_are_never_learned_from(result):
    told = store(GOOD, BAD)
    turned = [
        Told(one.mention.replace(stars=6 - one.mention.stars), one.author)
        if held_back(unit(one.mention))
        else one
        for one in told
    ]
    worse = adapted(turned)
    assert worse.table == result.table
    assert worse.changes["auc"].after < 0.05
    assert not worse.better
    assert 40 < sum(held_back(unit(one.mention)) for one in told) < 120


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ("Work at Northwind is zorbish {when}, at {where}, and it goes on, case {n}.", "northwind"),
        ("Work at northwind's is zorbish {when}, at {where}, and it goes on, case {n}.", "northwind"),
        ("Work at {where} is zorbish {when}, says Quentin, case {n}.", "quentin"),
        ("Quentin says work at {where} is zorbish {when}, case {n}.", "quentin"),
    ],
)
def test_names_are_not_learned(bad, name):
    fresh = new_lines(adapted(store(GOOD, bad)))
    assert "zorbish" in fresh
    assert not [gram for gram in fresh if name in gram]


@pytest.mark.parametrize("before", ["So Zorbish Truly Zorbish\n", "Zorbish. Zorbish! "])
def test_titles_and_beginnings_of_sentences_make_no_name(before):
    """Twice with a capital, once without: it is a name only where others would write small letters."""
    assert "zorbish" in new_lines(adapted(store(GOOD, before + BAD)))
    assert "zorbish" not in new_lines(adapted(store(GOOD, "We met Zorbish and then Zorbish. " + BAD)))


def test_what_few_people_say_is_not_learned():
    assert "zorbish" not in new_lines(adapted(store(GOOD, BAD, authors=8)))
    assert "zorbish" in new_lines(adapted(store(GOOD, BAD, authors=10)))


def test_a_discussion_is_one_voice_where_there_are_no_authors():
    told = [Told(one.mention.replace(thread=f"t{n % 4}"), "") for n, one in enumerate(store(GOOD, BAD))]
    assert "zorbish" not in new_lines(adapted(told))


def test_what_is_rare_is_not_learned():
    told = store(GOOD, "Work at {where} is tedious {when}, and it goes on like that, case {n}.")
    rare = [
        Told(mention(f"A zorbish, zorbish, zorbish place, number {n}.", stars=1), f"pseudonym {n}")
        for n in range(500, 518)
    ]
    assert "zorbish" not in new_lines(adapted([*told, *rare]))


def test_sections_teach_without_stars():
    told = [
        Told(
            mention(
                "",
                id=str(n),
                stars=None if n % 3 else 3.0,
                pros=f"The flumbertly crew {TIMES[n % 5]}, {n}",
                cons=f"The zorbish crew {PLACES[n % 6]}, {n}",
            ),
            f"pseudonym {n}",
        )
        for n in range(300)
    ]
    result = adapted(told)
    assert tone(result, "zorbish")[0] < 0 < tone(result, "zorbish")[1]
    assert result.counts.rated == 100
    assert result.counts.negative == 0


def test_advice_does_not_speak_for_the_stars():
    told = [
        Told(one.mention.replace(advice=f"Some zorbish thing {n}" if n % 2 else ""), one.author)
        for n, one in enumerate(store(GOOD, GOOD))
    ]
    assert "zorbish" not in new_lines(adapted(told))


def test_words_are_learned_as_if_no_heading_told_their_tone():
    """Were the heading part of what is known, it would explain everything and the words nothing."""
    crews = ("The flumbertly crew, case {n}", "The zorbish crew, case {n}")
    told = [
        Told(mention("", id=str(n), pros=crews[0].format(n=n), cons=crews[1].format(n=n)), f"pseudonym {n}")
        for n in range(300)
    ]
    low, high = tone(adapted(told), "zorbish")
    assert high - low > 120, (low, high)


def test_texts_in_other_languages_do_not_count():
    german = "Die Arbeit in der Kantine ist wirklich schrecklich und niemand hört einem zu, Fall {n}."
    told = store(german, german, n=300) + store(GOOD, BAD, n=80)
    result = adapted(told)
    assert result.counts.rated == 80
    assert "zorbish" in new_lines(result)


def test_of_too_many_a_fixed_part_is_taken():
    told = store(GOOD, BAD)
    assert 140 < adapted(told, share=0.5).counts.rated < 260


def test_what_the_author_said():
    assert stated(mention("a", stars=2)) == "negative"
    assert stated(mention("a", stars=3)) == "neutral"
    assert stated(mention("a", stars=4)) == "positive"
    assert stated(mention("a", experience="negative")) == "negative"
    assert stated(mention("a", pros="b")) is None


def test_copies_and_discussions_fall_on_one_side():
    assert unit(mention("a", id="1")) == unit(mention("a", id="2"))
    assert unit(mention("a", thread="t")) == unit(mention("b", thread="t"))
    assert unit(mention("a", thread="t")) != unit(mention("a", thread="t", source="other"))
    assert unit(mention("\ud800")) != unit(mention("\ud801"))


def test_common_ngrams_are_found_in_whatever_batches():
    frequencies = Frequencies()
    frequencies.add([])
    for _ in range(19):
        frequencies.add(["a zorbish place"])
    assert name_hash("zorbish") not in frequencies.common
    frequencies.add(["the zorbish one"])
    assert name_hash("zorbish") in frequencies.common
    assert name_hash("zorbish place") not in frequencies.common


def test_company_names():
    names = CompanyNames(COMPANIES, {"great", "place", "price"})
    assert names.within(["northwind"])
    assert names.within(["northwind's", "pay"])
    assert names.within(["robotics"])  # no word that the lexicon knows
    assert names.within(words_of("a great place"))
    assert not names.within(["place", "great"])
    assert not names.within(["great", "pay"])
    assert CompanyNames([Company(name="Apple")], {"apple"}).within(["apple"])


def test_progress_is_told():
    told = store(GOOD, BAD, n=20)
    seen: list[int] = []
    Adapter(Analysis(), Path(), COMPANIES, base=BASE).look_through(lambda: [told, told], seen.append)
    assert seen == [20, 40, 60, 80]
    assert adapt.MOST >= 10_000

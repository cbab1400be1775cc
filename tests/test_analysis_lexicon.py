"""The lexicon as a table that people read and edit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.analyser import Analyser
from analysis.clauses import name_hash
from analysis.features import SIGNS, Item, look_up, take_apart
from analysis.lexicon import COMBINE, FOLDER, HEADER, OUTPUTS, TABLE, Lexicon, hash_names, write
from analysis.reader import Reader
from candidly.config import Analysis
from candidly.errors import ConfigError

NAMES = ["never heard", "very _ pay", "~recommend", "!", "0", "#pros", "don't"]
PLAIN = ("other", "unclear", "none")


@pytest.fixture(scope="module")
def shipped():
    return Lexicon()


@pytest.fixture
def small(tmp_path, shipped):
    """A folder with a lexicon of a few lines."""
    rng = np.random.default_rng(0)
    weights = np.round(rng.normal(size=(len(NAMES), len(OUTPUTS))), 2)
    write(tmp_path, NAMES, range(20, 20 + len(NAMES)), weights, shipped.combine)
    return tmp_path


def edit(folder, number, change):
    """Line `number` (from 1) of the table, changed."""
    path = folder / TABLE
    lines = path.read_text("utf-8").splitlines()
    lines[number - 1] = change(lines[number - 1])
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return Lexicon(folder)


def message(lexicon):
    with pytest.raises(ConfigError) as caught:
        _ = lexicon.weights, lexicon.combine
    return str(caught.value)


def test_what_was_written_is_read(small, shipped):
    lexicon = Lexicon(small)
    rng = np.random.default_rng(0)
    weights = np.round(rng.normal(size=(len(NAMES), len(OUTPUTS))), 2)
    assert sorted(lexicon.names) == sorted(set(NAMES) - {"#pros"})
    for k, name in enumerate(lexicon.names):
        assert lexicon.weights[k] == pytest.approx(weights[NAMES.index(name)], abs=1e-6)
        assert lexicon.vocabulary.hashes[k] == name_hash(name)
    assert lexicon.weights[len(lexicon.names) + SIGNS.index("#pros")] == pytest.approx(weights[5], abs=1e-6)
    assert not lexicon.weights[len(lexicon.names) + SIGNS.index("#cons")].any()
    assert np.array_equal(lexicon.combine.heads.direct, shipped.combine.heads.direct)
    assert np.array_equal(lexicon.combine.polarity.outward, shipped.combine.polarity.outward)
    table = (small / TABLE).read_text("utf-8")
    write(small, NAMES, range(20, 20 + len(NAMES)), weights, lexicon.combine)
    assert (small / TABLE).read_text("utf-8") == table


def test_an_edited_line_changes_the_score_and_the_version(tmp_path, shipped):
    for name in (TABLE, COMBINE):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    item = Item("The flumbert was slow.", "post", (), (), PLAIN)
    before = Reader(Lexicon(tmp_path)).read([item])[0].score
    assert Reader(shipped).read([item])[0].score == before
    line = "\t".join(["flumbert", "20", "-300", "300", *["0"] * (len(OUTPUTS) - 2)])
    with (tmp_path / TABLE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    edited = Lexicon(tmp_path)
    assert Reader(edited).read([item])[0].score < before
    assert edited.version != shipped.version


def test_the_version_is_of_the_content(small, tmp_path):
    before = Lexicon(small).version
    assert Lexicon(small).version == before
    combine = small / COMBINE
    combine.write_text(combine.read_text("utf-8") + "\n", "utf-8")
    assert Lexicon(small).version != before


def test_the_configured_folder_is_the_one_that_is_read(small):
    analyser = Analyser(Analysis(lexicon=small.name), small.parent)
    assert f"candidly-{Lexicon(small).version}+" in analyser.version
    assert analyser.version != Analyser(Analysis(), small.parent).version
    missing = Analyser(Analysis(lexicon="nowhere"), small.parent)
    with pytest.raises(ConfigError, match=r"lexicon\.tsv: cannot be read.*candidly learn"):
        _ = missing.version


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.split("\t")[0],
        lambda line: line.rsplit("\t", 1)[0],
        lambda line: line + "\t0",
        lambda line: line.replace("\t", "\tmuch", 1),
        lambda line: line.rsplit("\t", 1)[0] + "\tnan",
        lambda line: line.rsplit("\t", 1)[0] + "\t1e999",
        lambda line: line.rsplit("\t", 1)[0] + "\t",
        lambda line: line[:0],
    ],
)
def test_a_bad_line_is_named(small, change):
    assert f"{TABLE}:4: needs an n-gram and {len(OUTPUTS) + 1} numbers" in message(edit(small, 4, change))


def test_a_number_too_many_does_not_hide_behind_one_too_few(small):
    edit(small, 3, lambda line: line + "\t0")
    told = message(edit(small, 5, lambda line: line.rsplit("\t", 1)[0]))
    assert f"{TABLE}:3:" in told
    assert f"{TABLE}:5:" in told
    assert f"{TABLE}:4:" not in told


@pytest.mark.parametrize("name", ["a b c d", "", "~", ", ;", "#nosuchsign", "日本"])
def test_what_is_no_gram_is_named(small, name):
    lexicon = edit(small, 3, lambda line: name + "\t" + line.split("\t", 1)[1])
    assert f"{TABLE}:3: {name!r} is no n-gram" in message(lexicon)


def test_a_gram_that_stands_there_twice_is_named(small):
    lexicon = edit(small, 4, lambda line: line.replace("~recommend", "Never heard"))
    assert f"{TABLE}:4: 'Never heard' stands there twice" in message(lexicon)


def test_an_unknown_header_and_no_text(small):
    path = small / TABLE
    assert f"{TABLE}:1: the header" in message(edit(small, 1, lambda line: line + "\textra"))
    path.write_bytes(b"")
    assert f"{TABLE}:1: the header" in message(Lexicon(small))
    path.write_bytes(b"\xff\xfe\x00")
    assert "is no UTF-8 text" in message(Lexicon(small))


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", "7", "shape"])
def test_a_combining_step_that_does_not_fit_is_refused(small, text):
    path = small / COMBINE
    if text == "shape":
        data = json.loads(path.read_text("utf-8"))
        text = json.dumps(data | {"heads": data["heads"] | {"mean": data["heads"]["mean"][:-1]}})
    path.write_text(text, "utf-8")
    assert f"{COMBINE}: is not that of this version" in message(Lexicon(small))


def test_an_empty_table_reads_nothing_but_works(tmp_path, shipped):
    write(tmp_path, [], [], np.zeros((0, len(OUTPUTS))), shipped.combine)
    assert (tmp_path / TABLE).read_text("utf-8") == HEADER + "\n"
    lexicon = Lexicon(tmp_path)
    assert len(lexicon.vocabulary) == 0
    assert Reader(lexicon).contributions(Item("They ghosted me.", "post", (), (), PLAIN)) == []


def test_hashes_of_many_are_those_of_one(shipped):
    sample = [*NAMES[:5], *shipped.names[::97]]
    assert hash_names(sample).tolist() == [int(name_hash(name)) for name in sample]
    assert hash_names([]).tolist() == []
    with pytest.raises(ConfigError, match="'a b c d' is no n-gram"):
        hash_names(["ok", "a b c d"])


word = st.from_regex(r"[a-z]{1,6}('[a-z])?", fullmatch=True)


@given(st.lists(word, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_gram_of_the_table_is_found_in_a_text(words):
    """Whatever the words are: what the table names, a text that says it has."""
    from analysis.clauses import TURNS
    from analysis.features import Vocabulary

    wanted = hash_names([" ".join(words)])
    found = look_up(take_apart([Item(" ".join(words).upper(), "post", (), (), PLAIN)]), Vocabulary(wanted))
    hits = found.gram[found.gram >= 0]
    assert len(hits) >= 1 or any(word in TURNS for word in words[1:])

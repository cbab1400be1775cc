import gzip
import html
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vader_world import MARKS, SHARED, THEIRS, WORDS, some_text
from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentimentIntensityAnalyzer

from analysis import vaderbatch
from analysis.vader import SCALES, Vader, rounded
from analysis.vaderrules import weigh_but

OURS = Vader()
REAL = SHARED / "data" / "bench-vader"
NAMES = ("neg", "neu", "pos", "compound")

# Each turns words that steer the rules into words with a valence of their own.
STEERING = {
    "not": -0.5,
    "very": 0.4,
    "least": 1.0,
    "so": -0.2,
    "this": 0.3,
    "but": 0.7,
    "the": 0.1,
    "don't": -1.0,
    "of": 0.2,
    "never": 2.0,
    "or": -3.0,
    "at": 0.0,
    "without": -1.0,
    "kinda": 1.1,
}
DOMAIN = {
    "ghosted": -3.0,
    "lowballed": -2.1,
    "pay": 0.0,
    "straße": 1.5,
    "é": 2.0,
    "οδος": 1.0,
    "你好": 2.2,
    "overqualification-rejected-candidate": -1.2,
    "≠≠": -2.0,
}


def bits(rows):
    """-0.0 is not 0.0 here."""
    return np.ascontiguousarray(rows, dtype="<f8").reshape(-1, 4).view("<u8")


def differing(texts, ours=OURS, theirs=THEIRS):
    """Texts to which batch, scalar and upstream do not give the very same four floats."""
    expected = bits([[theirs.polarity_scores(text)[name] for name in NAMES] for text in texts])
    scalar = bits([[ours.polarity_scores(text)[name] for name in NAMES] for text in texts])
    batch = bits(np.array(ours.scores(texts)).T)
    compounds = ours.compounds(texts).view("<u8")
    single = np.array([ours.compound(text) for text in texts], "<f8").view("<u8")
    wrong = (scalar != expected).any(1) | (batch != expected).any(1)
    wrong |= (compounds != expected[:, 3]) | (single != expected[:, 3])
    return [ascii(texts[n]) for n in np.flatnonzero(wrong)]


def upstream_with(lexicon):
    theirs = SentimentIntensityAnalyzer()
    theirs.lexicon.update(lexicon)
    return theirs


def real_texts():
    for path in sorted(REAL.glob("*GroundTruth.txt*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in data.decode("utf-8", "replace").splitlines():
            yield html.unescape(line.split("\t")[-1])


@pytest.fixture
def always_arrays(monkeypatch):
    monkeypatch.setattr(vaderbatch, "FEWEST", 0)


@pytest.mark.parametrize("seed", range(3))
def test_batch_scalar_and_upstream_agree_on_fuzzed_texts(seed):
    rng = random.Random(seed + 100)
    assert differing([some_text(rng) for _ in range(1500)]) == []


@pytest.mark.usefixtures("always_arrays")
def test_they_agree_on_odd_texts_whatever_stands_beside_them():
    odd = [
        "",
        " ",
        "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f",
        "\x00",
        "good\x00bad",
        "good\x1cbad\x1fnice",
        "good\x85bad\xa0nice\u2028great\u3000awful",
        "not\xa0good",
        "\ud800 good",
        "good \udfff",
        "\u212aind of good",  # Kelvin sign: "kind" in small letters
        "L\u0130KE it",
        "GOOD DAY",
        "GOOD :)",
        "GOOD É DAY",
        "ẞGOOD GREAT",
        "I DON'T LIKE",
        "I don’t like it",
        "xn't good",
        "'n't' good",
        "!!!!!!!!!!!!good!!!!!!!!!!!!",
        "!" * 300,
        "?" * 3,
        ":-)",
        "((:",
        "(ok)",
        "no!",
        "no good",
        "NO good",
        "a" * 5000,
        "good" * 2000,
        "flirty!!! but intrigues hoax",
        "bad but but good but nice",
        "good but good",
        "great nice but nice great good",
        "kind of good",
        "this is kind of bad",
        "😁",
        "😁good👍🏽bad❤️",
        "at least good",
        "least good",
        "very least good",
    ]
    rng = random.Random(1)
    for _ in range(5):
        rng.shuffle(odd)
        assert differing(odd) == []
    assert [differing([text]) for text in odd] == [[]] * len(odd)


ALPHABET = st.one_of(
    st.sampled_from([word for pool in WORDS.values() for word in pool]),
    st.sampled_from([*MARKS, *" \t\x00\x1f\x85\u2003", "GOOD", "but", "not", "😁"]),
    st.text(max_size=12),
    st.text(st.characters(), max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(ALPHABET, max_size=12).map(" ".join), min_size=1, max_size=30))
def test_any_batch_equals_upstream(texts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vaderbatch, "FEWEST", 0)
        assert differing(texts) == []


@pytest.mark.usefixtures("always_arrays")
def test_a_chunk_ends_where_a_text_ends(monkeypatch):
    rng = random.Random(8)
    texts = [some_text(rng) for _ in range(300)]
    for size in (1, 50, 1000):
        monkeypatch.setattr("analysis.textbuffer.CHUNK", size)
        assert differing(texts) == []


def test_no_texts_give_empty_arrays():
    assert OURS.compounds([]).shape == (0,)
    assert [column.shape for column in OURS.scores([])] == [(0,)] * 4
    assert OURS.scores([""]).neu.tolist() == [0.0]


@pytest.mark.usefixtures("always_arrays")
def test_sums_follow_the_sum_of_this_python(monkeypatch):
    texts = [
        f"{a} but {b} {c}!" for a in ("flirty", "nice", "sad") for b in ("hoax", "intrigues") for c in "ab"
    ]
    texts += ["flirty!!! but intrigues hoax", "good nice bad awful great sad but hoax win"] * 3
    for compensated in (True, vaderbatch.COMPENSATED):
        monkeypatch.setattr(vaderbatch, "COMPENSATED", compensated)
        assert differing(texts) == []


def test_what_is_said_of_unicode_holds_in_this_python():
    above = list(map(chr, range(128, sys.maxunicode + 1)))
    assert {c for c in above if c.isspace()} == set(vaderbatch.BLANKS)
    small_ascii = {c for c in above if any(map(str.isascii, c.lower()))}
    assert small_ascii == set(vaderbatch.LOWERED_TO_ASCII)


@pytest.mark.parametrize("lexicon", [STEERING, DOMAIN], ids=["steering words", "domain words"])
def test_an_overlay_equals_upstream_with_the_same_entries(lexicon):
    ours, theirs, rng = Vader(lexicon), upstream_with(lexicon), random.Random(4)
    words = [*lexicon, *(word.upper() for word in lexicon)]
    texts = [
        " ".join([some_text(rng), rng.choice(words), some_text(rng), rng.choice(words), "good"])
        for _ in range(400)
    ]
    assert differing(texts, ours, theirs) == []


@pytest.mark.usefixtures("always_arrays")
def test_the_sign_of_a_vanishing_sum_is_kept():
    lexicon = {"aaa": -0.1, "bbb": -0.2, "ccc": 0.3, "ddd": 0.1, "eee": 0.2, "fff": -0.3}
    texts = ["aaa bbb ccc", "ddd eee fff", "ccc bbb aaa", "aaa bbb ccc!", "ddd eee fff!", "ddd fff eee?? !"]
    assert differing(texts, Vader(lexicon), upstream_with(lexicon)) == []


def test_boosters_with_many_values_do_not_run_out_of_classes():
    lexicon = {word: n / 7 for n, word in enumerate(BOOSTER_DICT) if " " not in word}
    lexicon |= {f"word{n}": n / 1000 for n in range(1, 1500)}
    texts = [f"{word} good word{n} {word.upper()} BAD" for n, word in enumerate(lexicon)]
    assert differing(texts, Vader(lexicon), upstream_with(lexicon)) == []


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("Ghosted", 1),
        ("fed up", -1),
        ("wow!", 1),
        ("x\0", 1),
        ("", 1),
        ("😁", 1),
        ("good", float("nan")),
        ("bad", float("inf")),
    ],
)
def test_an_entry_that_cannot_work_is_refused(word, value):
    with pytest.raises(ValueError, match="lexicon entry"):
        Vader({word: value})


def test_an_overlay_leaves_other_analysers_alone():
    assert Vader({"good": -3.0}).compound("good") < 0 < Vader().compound("good")


@settings(max_examples=100, deadline=None)
@given(st.floats(-1, 1), st.integers(3, 4))
@example(0.0625, 3)
@example(-0.00001, 4)
@example(0.00005, 4)
@example(-0.0, 4)
def test_rounding_equals_round(x, places):
    assert np.float64(rounded(x, places)).tobytes() == np.float64(round(x, places)).tobytes()
    tie = (round(x * SCALES[places]) + 0.5) / SCALES[places]
    assert rounded(tie, places) == round(tie, places)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, -0.5, 0.5, 1.0, 2.0, 3.0, 4.0, 1.5, 0.75]), max_size=12),
    st.integers(0, 24),
)
def test_but_changes_what_upstream_changes(values, but):
    words, theirs = [], []
    for n, value in enumerate(values):
        words += ["word", "word"]
        theirs += [0, value]
        if 2 * n == but:
            words[-2] = "but"
    if "but" in words:
        at = words.index("but")
        ours = weigh_but(at, range(1, len(words), 2), values)
        assert ours == THEIRS._but_check(words, theirs)[1::2]


def test_importing_the_scalar_path_does_not_import_numpy():
    code = "import sys, analysis.vader; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


GROWTH = 16


@pytest.mark.parametrize(
    "piece",
    [
        "good but bad ",
        "the work is not very good and ",
        "😁",
        "!",
        "good!!! ",
        "x",
        "GREAT ",
        "kind of good ",
    ],
)
@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
def test_cost_is_linear_in_length(piece, batch):
    def cost(size):
        text = piece * (size // len(piece))
        taken = []
        for _ in range(3):
            start = time.process_time()
            OURS.compounds([text]) if batch else OURS.compound(text)
            taken.append(time.process_time() - start)
        return min(taken)

    small = max(cost(16_000), 0.0005)  # quadratic: 256 times
    assert cost(16_000 * GROWTH) < small * GROWTH * 5


@pytest.mark.skipif(not REAL.exists(), reason="needs the reference texts beside the checkout")
def test_real_texts_score_as_upstream():
    assert differing(list(real_texts())[::8]) == []


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs the reference texts beside the checkout")
def test_all_real_texts_score_as_upstream():
    texts = list(real_texts())
    long = [" ".join(texts[n : n + 7]) for n in range(0, len(texts), 7)]
    assert differing(texts + long) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_many_fuzzed_texts_score_as_upstream(seed):
    rng = random.Random(seed + 1000)
    assert differing([some_text(rng) for _ in range(15_000)]) == []

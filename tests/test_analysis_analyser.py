import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.analyser import LONGEST, Analyser
from analysis.lexicon import Lexicon
from analysis.reader import Reader, Reading, _unironic
from candidly import config
from candidly.errors import ConfigError
from candidly.records import Analysis, Kind, Mention, Opinion

ANALYSER = Analyser(config.Analysis(), Path())
RULES = Analyser(config.Analysis(engine="vader"), Path())
"""Reads themes by phrases alone."""
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def review(**fields: object) -> Mention:
    return Mention(source="s", id="1", collected=NOW, **{"kind": "review", **fields})  # type: ignore[arg-type]


def read(**fields: object) -> Analysis:
    return ANALYSER.analyse(review(**fields))


def themes(analysis: Analysis) -> dict[str, str]:
    return {o.theme: o.polarity for o in analysis.opinions}


def evidence(text: str, analyser: Analyser = ANALYSER) -> dict[str, str]:
    return {o.theme: text[o.start : o.end] for o in analyser.analyse_text(text).opinions}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The recruiter ghosted me.", "negative"),
        ("I never heard back after three rounds. Terrible communication.", "negative"),
        ("I don’t like it here, the managers are rude.", "negative"),
        ("Great team, friendly interviewers and good pay!", "positive"),
        ("There were two rounds. They asked about my projects.", "neutral"),
        ("How do I prepare for the second round?", "neutral"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert ANALYSER.analyse_text(text).label == label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The recruiter ghosted me.", {"communication": "negative"}),
        ("I never heard back.", {"communication": "negative"}),
        ("The interviewers were friendly.", {"interview": "positive"}),
        ("The interviewers were not friendly.", {"interview": "negative"}),
        ("Not only friendly interviewers.", {"interview": "positive"}),
        ("They asked difficult questions.", {"interview": "neutral"}),
        ("Please pay attention to this.", {}),
        ("Low pay but great coworkers.", {"culture": "positive", "pay_benefits": "negative"}),
        ("The recruiter was rude and had no idea what the role was.", {"recruiter_conduct": "negative"}),
    ],
)
def test_themes_and_polarity_by_phrases(text: str, expected: dict[str, str]) -> None:
    found = themes(RULES.analyse_text(text))
    assert {theme: found.get(theme) for theme in expected} == expected
    if not expected:
        assert not found


def test_talk_of_no_employer_has_no_theme() -> None:
    assert not themes(ANALYSER.analyse_text("Please pay attention to this."))


def test_evidence_by_phrases_is_the_longest_clear_one() -> None:
    assert evidence("Communication? I NEVER heard back. I never heard back from HR.", RULES) == {
        "communication": "NEVER heard back"
    }
    assert evidence("İ’ve had low pay", RULES)["pay_benefits"] == "low pay"


def test_evidence_is_the_sentence_that_shows_it() -> None:
    text = "I met them in May. The pay is low, sadly. İ’ve NEVER heard back from HR. It was on a Monday."
    found = evidence(text)
    assert "pay is low" in found["pay_benefits"]
    assert "NEVER heard back" in found["communication"]
    assert not any("May" in shown or "Monday" in shown for shown in found.values())


def test_pros_and_cons_are_prior_knowledge() -> None:
    found = themes(read(pros="Management", cons="Hours"))
    assert found == {"management": "positive", "work_life_balance": "negative"}
    headed = "A job. Pros: Management Cons: Hours"
    assert themes(RULES.analyse_text(headed)) == found
    assert themes(ANALYSER.analyse_text(headed)).items() <= found.items()
    assert read(cons="The hours and the desks").score < 0 < read(pros="The hours and the desks").score  # type: ignore[operator]
    assert RULES.analyse(review(cons="None.")).score == 0


@pytest.mark.parametrize("nothing", ["None.", "N/A", "nothing so far"])
def test_a_section_that_says_nothing_is_neither_praise_nor_complaint(nothing: str) -> None:
    assert read(pros="Good pay and nice people.", cons=nothing).label == "positive"
    assert read(pros=nothing, cons="Bad pay and rude people.").label == "negative"


def test_headings_are_not_evidence() -> None:
    text = "Fine. Pros: the people and the pay. Advice to management: listen to the people"
    assert "management" not in themes(ANALYSER.analyse_text(text))


@pytest.mark.parametrize("times", [5, 50, 500])
@pytest.mark.parametrize(
    "once",
    [
        "The pay is bad. The team is fine. I never heard back. ",
        "They asked about my projects and my degree. ",
        "The interviewers were kind and the process was quick. ",
    ],
)
def test_the_score_does_not_grow_with_length(once: str, times: int) -> None:
    one, many = ANALYSER.analyse_text(once), ANALYSER.analyse_text(once * times)
    assert one.score is not None
    assert many.score is not None
    assert abs(many.score) < abs(one.score) + 0.15
    assert one.label == many.label


@pytest.mark.parametrize(
    ("text", "unscored"),
    [
        ("", "no text"),
        (" \n", "no text"),
        ("Tolle Firma mit netten Kollegen, aber die Bezahlung ist leider sehr schlecht.", "language de"),
        ("👍", "language und"),
    ],
)
def test_unscored_is_no_score(text: str, unscored: str) -> None:
    analysis = ANALYSER.analyse_text(text, "review")
    assert (analysis.score, analysis.label, analysis.unscored) == (None, None, unscored)
    assert analysis.opinions == ()


def test_a_language_without_lexicon_stays_unscored_though_configured() -> None:
    german = Analyser(config.Analysis(languages=("de",)), Path())
    assert (
        german.analyse_text("Die Bezahlung ist leider sehr schlecht und der Chef auch.").unscored
        == "language de"
    )
    assert german.analyse_text("They said that the pay is good.").unscored == "language en"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": "review", "body": "Nice and good."}, ("employee", "hired")),
        ({"kind": "review", "employment": "former", "body": "Nice and good."}, ("former", "hired")),
        ({"kind": "interview", "body": "It was a good and easy one."}, ("candidate", "interviewed")),
        ({"kind": "interview", "offer": "accepted", "body": "It was a good one."}, ("candidate", "offered")),
        ({"kind": "post", "body": "I applied for a job and they sent nothing."}, ("candidate", "applied")),
        ({"kind": "post", "body": "My boss is rude and my manager too."}, ("employee", "hired")),
        ({"kind": "comment", "body": "What a day, the weather is good."}, ("other", "unclear")),
    ],
)
def test_role_and_stage(fields: dict[str, str], expected: tuple[str, str]) -> None:
    analysis = read(**fields)
    assert (analysis.role, analysis.stage) == expected


@pytest.mark.parametrize(
    ("text", "ghosting"),
    [
        ("After the interview they ghosted me.", "employer"),
        ("I have not heard back from them.", "employer"),
        ("I ghosted them after the second round.", "candidate"),
        ("I never responded to the recruiter.", "candidate"),
        ("They told me that I was rejected.", "none"),
    ],
)
def test_ghosting_has_a_direction(text: str, ghosting: str) -> None:
    assert ANALYSER.analyse_text(text).ghosting == ghosting


def test_a_lost_customer() -> None:
    assert ANALYSER.analyse_text("After this I will never shop there again.").lost_customer
    assert not ANALYSER.analyse_text("I will never shop while at work.").lost_customer


WORDS = (
    "Advice management: never heard back rude recruiter great pay the and to Pros: Cons: . ! \n ’ İ not no 😁"
)


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(WORDS.split(" ")),
        max_size=40,
    ).map(" ".join),
    st.sampled_from(["review", "interview", "post", "comment"]),
)
@example("İİİ they never heard back from you and the low pay", "post")
@example("Advice to management: Pros:", "review")
@example("\ud800 the \x00 and to low pay", "post")
def test_any_text_gives_the_same_valid_analysis_twice(text: str, kind: str) -> None:
    analysis = ANALYSER.analyse_text(text, kind)  # type: ignore[arg-type]
    assert analysis == ANALYSER.analyse_text(text, kind)  # type: ignore[arg-type]
    assert (analysis.score is None) == (analysis.label is None) == bool(analysis.unscored)
    assert analysis.score is None or -1 <= analysis.score <= 1
    assert len({o.theme for o in analysis.opinions}) == len(analysis.opinions)
    for opinion in analysis.opinions:
        assert 0 <= opinion.start < opinion.end <= len(text)
        assert text[opinion.start : opinion.end].strip()
    for start, end, score in ANALYSER.explain(text):
        assert 0 <= start < end <= len(text)
        assert -1 <= score <= 1


@settings(max_examples=40, deadline=None)
@given(*[st.sampled_from(["", "Good pay.", "I never heard back", "the and to you\nrude hr"])] * 5)
def test_offsets_of_a_mention_are_those_of_its_text(
    title: str, pros: str, cons: str, advice: str, body: str
) -> None:
    mention = Mention(
        source="s",
        id="1",
        kind="review",
        collected=NOW,
        title=title,
        pros=pros,
        cons=cons,
        advice=advice,
        body=body,
    )
    phrases = {
        "pay_benefits": "Good pay",
        "communication": "never heard back",
        "recruiter_conduct": "rude hr",
    }
    for opinion in RULES.analyse(mention).opinions:
        assert mention.text[opinion.start : opinion.end] == phrases[opinion.theme]
    for opinion in ANALYSER.analyse(mention).opinions:
        assert any(start <= opinion.start < opinion.end <= end for _, start, end in mention.parts())
        assert phrases.get(opinion.theme, "") in mention.text[opinion.start : opinion.end]


UNITS = {
    "english": "The recruiter never replied to me but the pay is good and management is great. ",
    "emoji": "😁",
    "emoji with words": "the 😁 and to ",
    "one word": "a",
    "marks": ".",
    "exceptions": "you pay attention and the pay is ",
    "buts": "the good but bad and ",
    "headings": "the pros: and cons: to ",
    "combining": "e\u0301",
    "openings": "the good great no not never and ",
    "quotes": "'the' 'and' ",
}


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_long_texts_take_little_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    for lazy in ("Get the lazy parts loaded: Das ist ein guter deutscher Satz.", "The pay is good.", "zq"):
        ANALYSER.analyse_text(lazy)
    start = time.process_time()
    analysis = ANALYSER.analyse_text(text)
    assert time.process_time() - start < 0.5
    assert analysis.truncated


def test_only_what_exceeds_the_cap_is_flagged() -> None:
    assert not ANALYSER.analyse_text("the and " * (LONGEST // 8)).truncated


def test_many_is_each() -> None:
    mentions = [
        Mention(source="s", id=str(n), kind="post", collected=NOW, body=body)
        for n, body in enumerate(("I never heard back", "the pay is good", ""))
    ]
    assert ANALYSER.analyse_many(mentions) == [ANALYSER.analyse(mention) for mention in mentions]


def test_own_themes_replace_ours_and_change_the_version(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "themes:\n  parking:\n    description: Cars.\n    negative: [no parking]\n"
    )
    own = Analyser(config.Analysis(themes="mine.yaml"), tmp_path)
    assert themes(own.analyse_text("There is no parking and the pay is low.")) == {"parking": "negative"}
    assert own.version != ANALYSER.version
    assert re.fullmatch(
        r"candidly-[0-9a-f]{8}\+themes-[0-9a-f]{8}\+roles-[0-9a-f]{8}\+rules-\d+", ANALYSER.version
    )
    with pytest.raises(ConfigError, match="cannot be read"):
        _ = Analyser(config.Analysis(themes="none.yaml"), tmp_path).version


def test_items_are_what_the_reader_reads() -> None:
    texts: list[tuple[str, Kind]] = [
        ("Pros: good pay\nCons: They ghosted me after the interview.", "review"),
        ("I applied. The recruiter was rude, then silence.", "post"),
        ("", "interview"),
        ("They asked about my projects.", "interview"),
    ]
    items = ANALYSER.items(texts)
    assert [(item.text, item.kind) for item in items] == texts
    assert [name for name, _, _ in items[0].sections] == ["pros", "cons"]
    assert items[0].rules == ("employee", "hired", "employer")
    readings = Reader(Lexicon()).read(items)
    for (text, kind), reading in zip(texts, readings, strict=True):
        found = ANALYSER.analyse_text(text, kind)
        if found.label is not None:
            assert (found.score, found.label, found.opinions) == (
                reading.score, reading.label, reading.opinions
            )  # fmt: skip


def test_praise_around_complaints_alone_is_none() -> None:
    found = ANALYSER.analyse_text("Great, another company that ghosts people. Thanks a lot!")
    assert found.label == "negative"
    assert found.score is not None
    assert found.score < 0
    reading = Reading(0.6, "positive", "other", "unclear", False, (Opinion("process", "negative", 0, 2),))
    assert _unironic(reading)[:2] == (-0.6, "negative")
    praised = reading._replace(opinions=(*reading.opinions, Opinion("culture", "positive", 0, 2)))
    assert _unironic(praised) == praised
    bare = reading._replace(opinions=())
    assert _unironic(bare) == bare


def test_the_writer_who_fell_silent_is_not_the_employer() -> None:
    for text in (
        "I never responded to the recruiter.",
        "Got a better offer so I just stopped replying to them.",
    ):
        assert ANALYSER.analyse_text(text).ghosting == "candidate"
    assert ANALYSER.analyse_text("The recruiter never responded to me.").ghosting == "employer"

"""Names as employers: what is tied to them, what stands about, what is a shop or a fruit."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.companies import NO_NAME, CompanyFinder
from analysis.nearwork import work_near
from analysis.workwords import about_work, alternatives, cues
from benchmarks import relevance
from candidly.config import Company
from candidly.records import Mention


def near(text: str, name: str = "Orbit", *, ambiguous: bool = True) -> str:
    start = text.lower().index(name.lower())
    return work_near(text, start, start + len(name), ambiguous=ambiguous)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I had an interview yesterday", "interview"),
        ("My boss cut my hours", "my boss"),
        ("they never called me back about the job", "job"),
        ("Great job, it works fine on my phone", ""),
        ("Refund my order, the app and the delivery are broken, says the manager", ""),
        ("The recruiter could not get a refund either", "recruiter"),
        ("A ticket from customer service", ""),
        ("Bewerbungsgespräch lief gut", "bewerbungsgespräch"),
        ("", ""),
    ],
)
def test_a_text_is_about_work(text: str, word: str) -> None:
    assert bool(about_work(text)) is bool(word)
    if word:
        assert word in about_work(text)


def test_the_longest_phrase_at_a_place_counts() -> None:
    assert [(cue.list, cue.phrase) for cue in cues("good job at work\u2019s end, work-life balance")] == [
        ("neither", "good job"), ("strong", "work life balance"),
    ]  # fmt: skip
    assert cues("micromanagers")[0].list == "strong"


def test_alternatives() -> None:
    assert alternatives("(very |)(rude|cold) hr") == ["cold hr", "rude hr", "very cold hr", "very rude hr"]


@pytest.mark.parametrize(
    "text",
    [
        "My interview with Orbit went well",
        "Orbit's recruiter never wrote back",
        "rejection from orbit at midnight",
        "I applied to Orbit on Monday",
        "I left Orbit for a startup",
        "an Orbit recruiter called",
        "The work at the Orbit on Main Street is hard",
        "Orbit pays badly",
    ],
)
def test_words_tied_to_the_name(text: str) -> None:
    assert near(text)


@pytest.mark.parametrize(
    "text",
    [
        "an orbit before every interview",
        "the Orbit router of my coworker",
        "Bought a suit at Orbit for my interview at a law firm",
        "jobs to orbit around",
        "Orbit refused a refund for my order, says the team",
        "I saw an old Orbit on the way to my job",
        "we wrote to each other on Orbit Teams",
        "Orbit",
    ],
)
def test_words_of_something_else(text: str) -> None:
    assert not near(text)


def test_loose_words_count_nearby_and_in_long_texts_in_the_sentence() -> None:
    assert near("Orbit was kind. The coworkers smiled.")
    long = " ".join(["And so it went on and on that day."] * 12)
    assert not near(f"Orbit was kind. The coworkers smiled. {long}", ambiguous=False)
    assert near(f"Orbit was kind and all of the coworkers smiled. {long}", ambiguous=False)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text("orbitORBIT '.\n", max_size=40))
def test_any_text_is_taken(before: str, after: str) -> None:
    text = f"{before} Orbit{after}"
    assert isinstance(work_near(text, len(before) + 1, len(before) + 6, ambiguous=True), str)
    assert isinstance(about_work(text), str)


def test_a_long_text_takes_no_time() -> None:
    text = "Orbit " * 3_000 + "interview at the at the " * 3_000
    mention = Mention(source="s", id="1", kind="post", collected=datetime(2026, 3, 2, tzinfo=UTC), body=text)
    started = time.process_time()
    CompanyFinder([Company(name="Orbit", ambiguous=("Orbit",), only="work")]).decide(mention)
    assert time.process_time() - started < 8


def decide(
    company: Company, only: str | None = None, whole: str = "", **fields: str
) -> tuple[str | None, str]:
    said = {"kind": "post", **fields}
    mention = Mention(source="s", id="1", collected=datetime(2026, 3, 2, tzinfo=UTC), **said)
    found = CompanyFinder([company]).decide(mention, only, whole)
    return found.company, found.reason


TARGET = Company(name="Target", ambiguous=("Target",))


def test_an_ambiguous_name_needs_its_context() -> None:
    assert decide(TARGET, body="The target is far away") == (None, '"Target" in body without its context')
    assert decide(TARGET, body="Hired at target today") == ("Target", '"Target" in body near "hired"')
    assert decide(TARGET, about="Target", body="Quick delivery") == (
        "Target",
        '"Target" in about near "nothing else"',
    )


def test_context_of_one_s_own_replaces_that_of_work() -> None:
    company = Company(name="Target", ambiguous=("target",), context=("Bullseye card", "Minneapolis"))
    assert decide(company, body="Hired at Target today")[0] is None
    found = decide(company, body="In Minneapolis everyone knows Target")
    assert found == ("Target", '"Target" in body near "minneapolis"')
    far = "word " * 30
    assert decide(company, body=f"In Minneapolis. {far} Target")[0] is None


def test_an_exact_name_counts_as_it_is_written() -> None:
    company = Company(name="Target", exact=("target",))
    assert decide(company, body="a target")[0] is None
    assert decide(company, body="at Target")[0] == "Target"


def test_only_work_passes_over_customers() -> None:
    company = Company(name="Northwind Robotics", aliases=("Northwind",), only="work")
    assert decide(company, body="My Northwind mower broke") == (
        None, '"Northwind" in body, but nothing about work there',
    )  # fmt: skip
    assert decide(company, body="Northwind's recruiter ghosted me") == (
        "Northwind Robotics", '"Northwind" in body, about work: "recruiter ghosted me"',
    )  # fmt: skip
    assert decide(company, "all", body="My Northwind mower broke")[0] == "Northwind Robotics"
    assert decide(company, body="no name at all") == (None, NO_NAME)


def test_only_work_of_a_source_that_is_all_about_one_company() -> None:
    company = Company(name="Northwind Robotics")
    assert decide(company, "work", company.name, body="The app crashed") == (
        None, "whole source, but nothing about work there",
    )  # fmt: skip
    assert decide(company, "work", company.name, body="The interview was short")[0] == company.name
    assert decide(company, None, company.name, body="The app crashed") == (company.name, "whole source")


@pytest.mark.parametrize(
    "fields",
    [{"kind": "interview"}, {"kind": "review", "site": "www.kununu.com"}, {"employment": "former"}],
)
def test_what_is_always_about_work(fields: dict[str, str]) -> None:
    company = Company(name="Northwind Robotics", only="work")
    assert decide(company, about="Northwind Robotics", body="Nice", **fields)[0] == company.name
    assert decide(company, about="Northwind Robotics", body="Nice", kind="review", site="yelp.com")[0] is None


def test_a_reply_is_about_what_its_thread_is_about() -> None:
    company = Company(name="Northwind Robotics", aliases=("Northwind",), only="work")
    assert (
        decide(company, kind="comment", about="Interview at Northwind?", body="Wear a suit")[0]
        == company.name
    )
    assert decide(company, kind="comment", about="Northwind mower broken", body="Same")[0] is None


def test_a_name_in_a_web_address_is_no_mention() -> None:
    company = Company(name="Northwind")
    assert (
        decide(company, body="see https://www.northwind.example/jobs for (https://northwind.example)")[0]
        is None
    )
    assert decide(company, body="at northwind.example they hire")[0] == "Northwind"


def test_how_right_it_is_on_texts_written_for_it() -> None:
    texts = relevance.cases()
    assert len(texts) >= 120
    assert len({case.mention.text + case.mention.about for case in texts}) == len(texts)
    held_out = [case for case in texts if case.half == "held out"]
    results = {}
    for way in relevance.WAYS:
        judge = relevance.finder(way)
        results[way] = relevance.scores((case, judge.decide(case.mention)) for case in held_out)
    assert results["names alone"].precision < 0.6
    assert results["ambiguous and only work"].precision > 0.7
    assert results["ambiguous and only work"].recall > 0.7

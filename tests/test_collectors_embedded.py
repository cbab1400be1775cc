"""Pages whose own data say more of a review than their annotations do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from file_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import Degraded
from candidly.records import Mention, Reject
from collectors.htmltext import soup
from collectors.pageparse import embedded, mentions_of
from collectors.selectors import Selectors

NOW = datetime(2026, 11, 24, tzinfo=UTC)
INTERVIEW = {
    "id": 85, "__typename": "InterviewIG", "experience": "NEGATIVE", "difficulty": "DIFFICULT", "offer": None,
    "outcome": "DECLINE_OFFER", "processDescription": "Three rounds, then silence.", "advice": None,
    "reviewDateTime": "2026-03-15T09:37:09.12", "jobTitle": {"__ref": "JobTitle:7"},
    "interviewDateTime": None, "location": {"name": "Kiel"}, "userQuestions": [{"__ref": "Question:1"}],
}  # fmt: skip
STATE = {
    "ROOT_QUERY": {
        'employer({"id":5})': {"__ref": "Employer:5"},
        "interviews": [{"__ref": "InterviewIG:85"}],
    },
    "Employer:5": {"id": 5, "shortName": "Northwind Robotics"},
    "Employer:6": {"id": 6, "shortName": "Halden & Price"},
    "InterviewIG:85": INTERVIEW,
    "JobTitle:7": {"id": 7, "text": "Robot Fitter"},
}
REVIEW = {
    "reviewId": 36, "summary": "Fine", "pros": "Kind people", "cons": "Slow answers", "advice": None,
    "reviewDateTime": "2026-02-01T08:00:00.0", "ratingOverall": 3, "isCurrentJob": False, "languageId": "eng",
    "jobTitle": {"type": "id", "generated": False, "id": "JobTitle:7", "typename": "JobTitle"},
    "location": None, "employer": {"type": "id", "id": "Employer:5"},
}  # fmt: skip
JSON_LD = {
    "@type": "Review", "reviewBody": "Pros: Kind people Cons: Slow answers", "author": "Former Employee",
    "reviewRating": {"ratingValue": 3}, "itemReviewed": {"name": "Northwind Robotics"},
}  # fmt: skip


def page(state: Any, *annotations: Any, tail: str = ',"other":{}};') -> bytes:
    blocks = "".join(f'<script type="application/ld+json">{json.dumps(one)}</script>' for one in annotations)
    inside = f'window.appCache={{"initialState":{{}},"apolloState":{json.dumps(state)}{tail}'
    return f"<html lang=en><body>{blocks}<script>{inside}</script><p>Text</p></body></html>".encode()


def read(body: bytes, **more: Any) -> list[Mention]:
    found = list(mentions_of(body, url="https://jobs.example/p", source="page", now=NOW, **more))
    assert not any(isinstance(one, Reject) for one in found)
    return found


def test_interviews_keep_experience_difficulty_and_outcome() -> None:
    (found,) = read(page(STATE))
    assert (found.id, found.kind, found.about) == ("85", "interview", "Northwind Robotics")
    assert (found.experience, found.difficulty, found.offer) == ("negative", "hard", "declined")
    assert (found.position, found.location, found.body) == (
        "Robot Fitter",
        "Kiel",
        "Three rounds, then silence.",
    )
    assert found.published == datetime(2026, 3, 15, 9, 37, 9, 120000, tzinfo=UTC)


def test_a_review_s_own_parts_go_before_its_annotation() -> None:
    state = {**STATE, "EmployerReview:36": REVIEW, "InterviewIG:85": {}}
    (found,) = read(page(state, JSON_LD))
    assert (found.id, found.pros, found.cons, found.stars) == ("36", "Kind people", "Slow answers", 3.0)
    assert (found.position, found.employment, found.about) == ("Robot Fitter", "former", "Northwind Robotics")
    assert found.published is not None


def test_annotations_of_more_reviews_than_the_data_holds_are_kept() -> None:
    other = {**JSON_LD, "reviewBody": "Something else altogether"}
    assert len(read(page({"EmployerReview:36": REVIEW}, JSON_LD, other))) == 2


@pytest.mark.parametrize(
    "state",
    [
        {},
        [],
        "x",
        {"InterviewIG:1": {"id": 1}},
        {"a": {"__ref": "a"}},
        {"InterviewIG:85": {**INTERVIEW, "experience": None, "processDescription": ""}},
    ],
)
def test_data_without_reviews_is_no_review(state: Any) -> None:
    with pytest.raises(Degraded):
        read(page(state))


def test_broken_data_is_passed_over() -> None:
    assert embedded.reviews(soup(b'<script>"apolloState": {"a": </script>')) == []
    cut = page(STATE)[: len(page(STATE)) // 2]
    assert embedded.reviews(soup(cut)) == []


def test_references_that_run_in_circles_end() -> None:
    state = {**STATE, "JobTitle:7": {"text": {"__ref": "JobTitle:7"}, "__ref": "JobTitle:7"}}
    assert len(read(page(state))) == 1


def test_a_saved_page_is_read_alike(tmp_path: Path) -> None:
    (tmp_path / "saved.html").write_bytes(page(STATE))
    (found,) = World(tmp_path, "saved.html").run().mentions
    assert (found.id, found.kind, found.offer) == ("85", "interview", "declined")


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*INTERVIEW, *REVIEW, "__ref", "type", "id"]), inner, max_size=12
            )
        ),
        max_leaves=30,
    )
)
def test_any_data_is_survived(value: Any) -> None:
    state = {"InterviewIG:1": value, "x": value, "ROOT_QUERY": value}
    for one in embedded.reviews(soup(page({**state, "InterviewIG:85": INTERVIEW}))):
        assert isinstance(one.id, str)
        assert one.id


SELECTED = """<html><body>{}</body></html>"""
ITEM = """<div class=i id=i{0}><span class=e>{1}</span><span class=d>{2}</span><span class=o>{3}</span>
<p>Round {0} took a week.</p></div>"""


def test_selectors_read_verdicts_of_interviews() -> None:
    said = [
        ("Positive Experience", "Easy Interview", "Accepted Offer"),
        ("Neutral experience", "", "No offer"),
        ("Strange", "Average", "Declined offer"),
    ]
    body = SELECTED.format("".join(ITEM.format(n, *words) for n, words in enumerate(said))).encode()
    selectors = Selectors(item=".i", body="p", id="@id", experience=".e", difficulty=".d", offer=".o")
    found = read(body, selectors=selectors, base={"kind": "interview"})
    assert [(one.experience, one.difficulty, one.offer) for one in found] == [
        ("positive", "easy", "accepted"), ("neutral", None, "none"), (None, "average", "declined"),
    ]  # fmt: skip
    assert {one.kind for one in found} == {"interview"}

"""The exports that are known by their columns: one small file each, written in the shape of the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from file_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import CollectorError
from candidly.records import Mention
from collectors.layouts_surveys import NOTE
from collectors.presets import LAYOUTS, recognise
from collectors.rows import EMPTY
from collectors.values import CNPS, BadValue, OddValue, cnps, counted_stars, outcome, untranslated


def told(mention: Mention) -> dict[str, Any]:
    """The stated fields."""
    left_out = ("source", "collected", "matched")
    stated = {name: getattr(mention, name) for name in Mention.__dataclass_fields__ if name not in left_out}
    return {name: value for name, value in stated.items() if value not in ("", None)}


def read(tmp_path: Path, document: Any, name: str = "a.json", **more: Any) -> World:
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return World(tmp_path, name, **more).run()


def one(world: World) -> dict[str, Any]:
    (mention,) = world.mentions
    assert not world.rejects
    found = told(mention)
    found["published"] = found["published"].date().isoformat() if "published" in found else None
    return found


KUNUNU = {
    "title": "Viel versprochen", "rating": "", "recommendation": "Nicht empfohlen", "date": "März 2026",
    "position": "Ex-Angestellte/r oder Arbeiter/in", "department": "", "location": "Kiel", "pros": "Kantine",
    "cons": "Keine Rückmeldung", "suggestions": "Antworten",
    "categories": {"Image": "Gut", "Kommunikation": "Rar"},
}  # fmt: skip


def test_kununu_keeps_each_heading_and_the_recommendation(tmp_path: Path) -> None:
    found = one(read(tmp_path, [KUNUNU]))
    assert found.pop("id")
    assert found == {
        "kind": "review", "site": "kununu.com", "title": "Viel versprochen", "experience": "negative",
        "published": "2026-03-01", "position": "Ex-Angestellte/r oder Arbeiter/in", "employment": "former",
        "location": "Kiel", "pros": "Kantine", "cons": "Keine Rückmeldung", "advice": "Antworten",
        "body": "Image: Gut\nKommunikation: Rar",
    }  # fmt: skip


def test_a_kununu_row_with_a_title_only_is_an_advertisement(tmp_path: Path) -> None:
    advert = {**dict.fromkeys(KUNUNU, ""), "title": "Wir suchen die besten Arbeitgeber", "categories": {}}
    world = read(tmp_path, [KUNUNU, advert])
    assert len(world.mentions) == 1
    assert world.rejects == [("a.json:2", EMPTY)]


def test_kununu_as_a_table_reads_as_its_json(tmp_path: Path) -> None:
    flat = {k: v for k, v in KUNUNU.items() if k != "categories"} | KUNUNU["categories"]
    head, row = ",".join(flat), ",".join(flat.values())
    ids = {
        world.mentions[0].id
        for world in (read(tmp_path, f"\ufeff{head}\n{row}\n", "a.csv"), read(tmp_path, [KUNUNU]))
    }
    assert len(ids) == 1


TAKEOUT = {
    "reviews": [
        {
            "name": "accounts/1/locations/2/reviews/abc", "reviewer": {"displayName": "Somebody"},
            "starRating": "TWO", "comment": "(Translated by Google) No answer\n\n(Original)\nKeine Antwort",
            "createTime": "2026-05-01T10:00:00.123456Z", "updateTime": "2026-05-02T10:00:00Z",
            "reviewReply": {"comment": "Sorry", "updateTime": "2026-05-03T10:00:00Z"},
        }
    ],
    "averageRating": 2.0,
}  # fmt: skip


def test_takeout_of_a_business_profile_has_no_author(tmp_path: Path) -> None:
    assert one(read(tmp_path, TAKEOUT)) == {
        "id": "accounts/1/locations/2/reviews/abc", "kind": "review", "site": "google.com", "stars": 2.0,
        "body": "Keine Antwort", "published": "2026-05-01",
    }  # fmt: skip


def test_takeout_of_maps(tmp_path: Path) -> None:
    feature = {
        "geometry": {"coordinates": [1, 2], "type": "Point"},
        "properties": {
            "date": "2025-01-02T03:04:05Z", "five_star_rating_published": 4,
            "google_maps_url": "https://maps.example/?cid=1", "review_text_published": "Friendly interview",
            "location": {"address": "1 Dock St", "country_code": "GB", "name": "Halden & Price"},
        },
        "type": "Feature",
    }  # fmt: skip
    found = one(read(tmp_path, {"type": "FeatureCollection", "features": [feature]}))
    assert (found["stars"], found["body"], found["about"]) == (4.0, "Friendly interview", "Halden & Price")
    assert (found["location"], found["url"]) == ("1 Dock St", "https://maps.example/?cid=1")


def test_maps_reviews_within_their_place(tmp_path: Path) -> None:
    place = {
        "name": "Northwind Robotics", "full_address": "Pier 3", "rating": 4.1,
        "reviews_data": [
            {"review_id": "r1", "author_title": "Somebody", "review_rating": 1, "review_text": "Ghosted",
             "review_timestamp": 1770000000, "review_datetime_utc": "02/02/2026 02:40:00"},
        ],
    }  # fmt: skip
    found = one(read(tmp_path, {"data": [place]}))
    assert (found["id"], found["stars"], found["about"]) == ("r1", 1.0, "Northwind Robotics")
    assert found["published"] == "2026-02-02"
    assert "author" not in found


def trustpilot(n: int) -> dict[str, Any]:
    return {
        "id": f"{n:024x}", "text": f"They never called back, {n} times", "rating": 1,
        "title": "They never called…",
        "dates": {"publishedDate": "2026-03-01T09:00:00.000Z", "updatedDate": None}, "language": "en",
        "consumer": {"displayName": "Somebody", "countryCode": "US"}, "reply": None,
        "labels": {"merged": None},
    }  # fmt: skip


def test_trustpilot_and_a_title_that_is_the_text_again(tmp_path: Path) -> None:
    found = one(read(tmp_path, [trustpilot(1)]))
    assert "title" not in found
    assert found["url"] == f"https://www.trustpilot.com/reviews/{1:024x}"


def test_reviews_within_their_company_carry_its_name(tmp_path: Path) -> None:
    companies = [
        {"pageUrl": "https://x.example", "companyDetails": {"displayName": name}, "reviews": [trustpilot(n)]}
        for n, name in enumerate(("Halden & Price", "Northwind Robotics"))
    ]
    world = read(tmp_path, companies)
    assert [mention.about for mention in world.mentions] == ["Halden & Price", "Northwind Robotics"]


def reddit_comment(name: str, **more: Any) -> dict[str, Any]:
    return {
        "authorId": "t2_x", "author": "somebody", "commentId": f"t1_{name}", "commentBody": f"Same, {name}",
        "publishingDate": "2026-04-15T20:53:20+00:00", "link": f"https://www.reddit.com/r/jobs/{name}/",
        **more,
    }  # fmt: skip


def test_a_thread_is_read_with_its_post_and_nested_replies(tmp_path: Path) -> None:
    post = {
        "author": "somebody", "postId": "t3_p", "postTitle": "Northwind interview", "subreddit": "jobs",
        "publishingDate": "2026-04-15T20:00:20.757000+0000",
    }  # fmt: skip
    nested = reddit_comment("a", replies=[reddit_comment("b", replies=[reddit_comment("c")])])
    gone = reddit_comment("d", commentBody=None)
    world = read(tmp_path, {"info": post, "comments": [nested, gone]})
    by_id = {mention.id: mention for mention in world.mentions}
    assert [(one.id, one.kind) for one in world.mentions] == [
        ("t3_p", "post"), ("t1_a", "comment"), ("t1_b", "comment"), ("t1_c", "comment"),
    ]  # fmt: skip
    assert by_id["t3_p"].title == "Northwind interview"
    assert {one.about for one in world.mentions} == {"", "Northwind interview"}
    assert {one.thread for one in world.mentions} == {"t3_p"}
    assert [by_id[f"t1_{name}"].parent for name in "abc"] == ["t3_p", "t1_a", "t1_b"]
    assert [reason for _, reason in world.rejects] == [EMPTY]
    assert world.context.notes == []


def test_reddit_s_own_listing(tmp_path: Path) -> None:
    post = {
        "id": "p1", "title": "Rejected", "selftext": "After six rounds", "created_utc": 1770000000.0,
        "author": "somebody", "permalink": "/r/jobs/comments/p1/rejected/", "subreddit": "jobs",
        "saved": False,
    }  # fmt: skip
    listing = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post}]}}
    found = one(read(tmp_path, listing))
    assert (found["id"], found["thread"], found["kind"]) == ("t3_p1", "t3_p1", "post")
    assert found["url"] == "https://www.reddit.com/r/jobs/comments/p1/rejected/"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"encid": "e1", "text": {"full": "Rude recruiter", "language": "en"}, "rating": 1,
             "createdAt": "2025-08-17T01:08:14Z", "author": {"displayName": "A"},
             "business": {"name": "Halden"}},
            {"id": "e1", "body": "Rude recruiter", "stars": 1.0, "about": "Halden"},
        ),
        (
            {"node": {"encid": "e2", "text": {"full": "Fine"}, "rating": 4,
                      "createdAt": {"utcDateTime": "2024-02-23T15:10:29Z"}, "business": {"name": "Halden"}}},
            {"id": "e2", "body": "Fine", "stars": 4.0, "published": "2024-02-23"},
        ),
        (
            {"id": "e3", "comment": {"text": "Fine &amp; fast<br>yes", "language": "en"}, "rating": 5,
             "localizedDate": "11/20/2023", "user": {"markupDisplayName": "A"},
             "business": {"name": "Halden"}},
            {"id": "e3", "body": "Fine & fast\nyes", "published": "2023-11-20"},
        ),
        (
            {"comment": {"id": "y1", "text": "They ghosted me", "publishedTime": "2 days ago (edited)"},
             "author": {"displayName": "@a"}, "stats": {"likeCount": "1"}},
            {"id": "y1", "kind": "comment", "body": "They ghosted me", "site": "youtube.com"},
        ),
        (
            {"text": "Hiring freeze", "published_on": 1770000000, "id": "t1", "username": "a", "code": "C"},
            {"id": "t1", "kind": "post", "published": "2026-02-02"},
        ),
        (
            {"reviewId": "g1", "userName": "a", "content": "App for applicants crashes", "score": 2,
             "at": 1770000000, "replyContent": None},
            {"id": "g1", "stars": 2.0, "published": "2026-02-02"},
        ),
        (
            {"author_name": "A", "rating": 5, "text": "Great", "relative_time_description": "a month ago",
             "time": 1770000000, "language": "en"},
            {"stars": 5.0, "site": "google.com", "published": "2026-02-02", "language": "en"},
        ),
        (
            {"id": 7, "__typename": "InterviewIG", "experience": "NEGATIVE", "difficulty": "VERY_EASY",
             "outcome": "NO_OFFER", "processDescription": "One call", "interviewDateTime": None,
             "reviewDateTime": "2024-03-15T09:37:09.12", "jobTitle": {"text": "Clerk"},
             "location": {"name": "Pune"}, "advice": None},
            {"id": "7", "kind": "interview", "experience": "negative", "difficulty": "easy", "offer": "none",
             "position": "Clerk", "location": "Pune", "body": "One call", "published": "2024-03-15"},
        ),
    ],
)  # fmt: skip
def test_scrapers_json(tmp_path: Path, row: dict[str, Any], expected: dict[str, Any]) -> None:
    found = one(read(tmp_path, [row]))
    assert {name: found[name] for name in expected} == expected


def obsei(meta: dict[str, Any], source: str = "x") -> dict[str, Any]:
    return {
        "processed_text": "cleaned text", "meta": meta, "source_name": source,
        "segmented_data": {"classifier_data": {"positive": 0.9}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"review_id": "r", "review_text": "Said", "review_rating": 2, "review_timestamp": 1770000000},
         {"id": "r", "kind": "review", "body": "Said", "stars": 2.0, "published": "2026-02-02"}),
        ({"reviewId": "p", "content": "Said", "score": 1, "at": "2026-02-02 10:00:00", "userName": "a"},
         {"id": "p", "body": "Said", "stars": 1.0}),
        ({"id": "c", "created_utc": 1770000000.0, "link_id": "t3_p", "parent_id": "t1_b", "score": 400,
          "permalink": "/r/jobs/c/"},
         {"id": "t1_c", "kind": "comment", "body": "cleaned text", "thread": "t3_p", "parent": "t1_b"}),
        ({"id": "5", "created_at": "2026-02-02T10:00:00Z", "text": "Said", "author_id": "9"},
         {"id": "5", "kind": "post", "body": "Said", "published": "2026-02-02"}),
        ({}, {"kind": "post", "body": "cleaned text"}),
    ],
)  # fmt: skip
def test_obsei_hands_on_what_the_site_said(
    tmp_path: Path, meta: dict[str, Any], expected: dict[str, Any]
) -> None:
    world = read(tmp_path, [obsei(meta)])
    found = one(world)
    assert {name: found[name] for name in expected} == expected
    assert "stars" in expected or "stars" not in found  # upvotes and other tools' scores are no stars
    assert world.context.notes == ["a.json: Obsei's own scores are not read"]


SURVEY = """Response ID,cNPS,Stage,Comments,What could we improve?,Job Title,Outcome,Date,Candidate Name,Email
1,6,After interview,Kind people,Answer mails,Welder,Rejected,2026-05-01,Ada L,a@example.com
2,7,Application,,,Welder,Withdrawn,2026-05-02,Bo,b@example.com
3,10 - Extremely likely,Offer,Great,,Clerk,Offer declined,2026-05-03,Cy,c@example.com
4,11,Offer,Hm,,Clerk,Hired,2026-05-03,Di,d@example.com
5,,Offer,,,Clerk,Hired,2026-05-03,Di,d@example.com
"""


def test_a_candidate_survey_keeps_verdict_and_stage_and_no_names(tmp_path: Path) -> None:
    world = read(tmp_path, SURVEY, "a.csv")
    first, second, third = map(told, world.mentions)
    assert {name: first[name] for name in ("id", "kind", "experience", "parent", "offer", "position")} == {
        "id": "1", "kind": "interview", "experience": "negative", "parent": "After interview",
        "offer": "none", "position": "Welder",
    }  # fmt: skip
    assert (first["body"], first["cons"]) == ("Kind people", "Answer mails")
    assert second["experience"] == "neutral"
    assert "offer" not in second
    assert (third["experience"], third["offer"]) == ("positive", "declined")
    assert not any("stars" in one or "author" in one for one in (first, second, third))
    assert world.rejects == [("a.csv:5", CNPS), ("a.csv:6", EMPTY)]
    assert world.context.notes == [f"a.csv: {NOTE}"]


def test_the_share_of_positive_less_negative_is_the_cnps(tmp_path: Path) -> None:
    scores = [0, 3, 6, 7, 8, 9, 10, 10]
    table = "cnps,comment\n" + "".join(f"{score},answer {n}\n" for n, score in enumerate(scores))
    verdicts = [mention.experience for mention in read(tmp_path, table, "a.csv").mentions]
    expected = 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)
    assert 100 * (verdicts.count("positive") - verdicts.count("negative")) / len(verdicts) == expected


def test_a_long_question_is_a_score_and_a_bare_score_needs_the_preset_s_name(tmp_path: Path) -> None:
    asked = (
        "How likely are you to recommend us to a friend?,What is the main reason for your score?\n9,Quick\n"
    )
    assert read(tmp_path, asked, "a.csv").mentions[0].body == "Quick"
    bare = "score,feedback\n9,Quick\n"
    with pytest.raises(CollectorError, match="no known export"):
        read(tmp_path, bare, "b.csv")
    assert read(tmp_path, bare, "b.csv", preset="candidate-survey").mentions[0].experience == "positive"


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.integers(-20, 30), st.floats(allow_nan=True), st.text(max_size=12), st.none(), st.booleans())
)
def test_a_score_is_a_verdict_or_refused(cell: Any) -> None:
    try:
        found = cnps(cell)
    except BadValue:
        return
    assert found in ("negative", "neutral", "positive", None)
    if isinstance(cell, int) and not isinstance(cell, bool):
        assert found == ("negative" if cell <= 6 else "neutral" if cell <= 8 else "positive")


@pytest.mark.parametrize("cell", ["-1", "11", "7.5", "eight", "1e1", "100"])
def test_what_is_no_score_is_refused(cell: str) -> None:
    with pytest.raises(BadValue, match="0 to 10"):
        cnps(cell)


def test_words_of_outcomes() -> None:
    words = ("Hired", "rejected after phone screen", "Declined offer", "in progress", "")
    assert [outcome(word) for word in words] == ["accepted", "none", "declined", None, None]
    with pytest.raises(OddValue):
        outcome("maybe")


def test_small_readings() -> None:
    assert [counted_stars(word) for word in ("FIVE", "STAR_RATING_ONE", "4", "")] == ["5", "1", "4", ""]
    assert untranslated("Gut\n\n(Translated by Google)\nGood") == "Gut"
    assert untranslated("(Translated by Google) Good") == "(Translated by Google) Good"


def test_a_wrong_preset_names_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(
        CollectorError, match="not those of indeed, but those of trustpilot; its columns are 'id'"
    ):
        read(tmp_path, [trustpilot(1)], preset="indeed")


def test_a_kind_of_the_settings_holds_for_every_row(tmp_path: Path) -> None:
    world = read(tmp_path, {"info": {"postId": "t3_p", "postTitle": "x", "publishingDate": "2026-04-15"},
                            "comments": [reddit_comment("a")]}, kind="review")  # fmt: skip
    assert [mention.kind for mention in world.mentions] == ["review", "review"]


def test_rows_within_rows_are_read_for_own_columns_too(tmp_path: Path) -> None:
    teams = [
        {"team": "A", "answers": [{"said": "Slow"}, {"said": "Kind"}]},
        {"team": "B", "answers": [{"said": "Ok"}]},
    ]
    world = read(tmp_path, teams, columns={"body": "said", "about": "of.team"})
    assert [(one.body, one.about) for one in world.mentions] == [("Slow", "A"), ("Kind", "A"), ("Ok", "B")]


def test_a_dead_reader_goes_on_within_nested_rows(tmp_path: Path) -> None:
    comments = [reddit_comment(f"a{n}", replies=[reddit_comment(f"b{n}")]) for n in range(700)]
    (tmp_path / "a.json").write_text(json.dumps(comments))
    whole = World(tmp_path, "a.json").run()
    first = World(tmp_path, "a.json").run(units=1)
    rest = World(tmp_path, "a.json").run(first.cursor)
    assert [m.id for m in (*first.mentions, *rest.mentions)] == [m.id for m in whole.mentions]
    assert len({m.id for m in whole.mentions}) == 1400


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.preset)
def test_every_layout_is_found_by_its_own_columns(layout: Any) -> None:
    present = {*layout.needs, *(name.rstrip("*") for name in layout.needs_one[:1])}
    found = recognise(present, layout.preset)
    assert found is not None
    assert found.preset == layout.preset
    if not layout.named_only:
        assert recognise(present) is not None

"""Tables that are nobody's export: read by plain column names, or refused with what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from file_world import World
from house import make
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import CollectorError
from collectors.filelayout import MappedField
from collectors.plaincolumns import _FIELDS, NAMES, plain_layout, plain_problem

REVIEWS = """Date,Rating,Title,Pros,Cons
2026-01-31,2,Long wait,Kind people,No answer for weeks
2026-02-01,,Fine,,
"""


def read(tmp_path: Path, text: str, name: str = "a.csv", **more: Any) -> World:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return World(tmp_path, name, **more).run()


def test_a_plain_table_of_reviews_is_read(tmp_path: Path) -> None:
    world = read(tmp_path, REVIEWS)
    first, second = world.mentions
    assert (first.kind, first.stars, first.title, first.pros, first.cons) == (
        "review", 2.0, "Long wait", "Kind people", "No answer for weeks",
    )  # fmt: skip
    assert [one.published and one.published.date().isoformat() for one in world.mentions] == [
        "2026-01-31", "2026-02-01",
    ]  # fmt: skip
    assert (second.title, second.stars, world.rejects, world.context.notes) == ("Fine", None, [], [])


@pytest.mark.parametrize(
    "header",
    [
        "date,text",
        "DATE,Comment",
        "review_date,reviewText",
        "Created At;Feedback",
        " posted on \tReview-Body",
    ],
)
def test_case_spaces_and_underscores_do_not_matter(tmp_path: Path, header: str) -> None:
    between = next(sign for sign in ",;\t" if sign in header)
    world = read(tmp_path, f"{header}\n2026-01-31{between}They never wrote back\n")
    (mention,) = world.mentions
    assert (mention.body, str(mention.published)[:10]) == ("They never wrote back", "2026-01-31")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("rating,text", "no column is recognised for the date (`date`). Say"),
        ("date,rating", "no column is recognised for what was said (`text`, "),
        ("a,b", "no column is recognised for the date (`date`) or for what was said (`text`, "),
        ("date,text,created at", "'date' and 'created at' could each be the column for `published`. Say"),
        ("date,date,text", "'date' and 'date (2)' could each be the column for `published`. Say"),
        ("date,review,comment", "'review' and 'comment' could each be the column for `body`. Say"),
    ],
)
def test_what_is_missing_or_could_be_two_things_is_named(tmp_path: Path, header: str, told: str) -> None:
    row = ",".join("x" for _ in header.split(","))
    with pytest.raises(CollectorError) as caught:
        read(tmp_path, f"{header}\n{row}\n")
    assert told in str(caught.value)
    assert "no known export" in str(caught.value)
    assert "columns: {body: comment" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "fields", "left"),
    [
        ("date,text,likes,dislikes\n2026-01-31,Slow,17,3\n", {"body": "Slow"}, "'likes', 'dislikes'"),
        ("date,title,comments\n2026-01-31,Slow,17\n2026-01-31,Slow,\n", {"title": "Slow"}, "'comments'"),
        ('date,summary,reviews\n2026-01-31,Slow,"1,204"\n', {"title": "Slow"}, "'reviews'"),
        ("date,text,likes\n2026-01-31,Slow,1.2K\n2026-01-31,Slow,-\n", {"body": "Slow"}, "'likes'"),
        ("date,review,reviews\n2026-01-31,Slow,7\n", {"body": "Slow"}, "'reviews'"),
        ("date,review,position\n2026-01-31,Slow,3\n2026-01-31,Slow,4\n", {"body": "Slow"}, "'position'"),
    ],
)
def test_counts_are_not_taken_for_words(
    tmp_path: Path, table: str, fields: dict[str, str], left: str
) -> None:
    world = read(tmp_path, table)
    for one in world.mentions:
        names = ("title", "pros", "cons", "advice", "body", "position")
        assert {name: said for name in names if (said := getattr(one, name))} == fields
    assert world.mentions
    assert world.context.notes == [f"a.csv: columns not read: {left}"]


def test_numbers_among_words_are_words(tmp_path: Path) -> None:
    table = "date,comment,likes,position\n2026-01-31,17,3,2\n2026-01-31,Slow,The pay,Clerk 2\n"
    first, second = read(tmp_path, table).mentions
    assert (first.body, first.pros, first.position) == ("17", "3", "2")
    assert (second.body, second.pros, second.position) == ("Slow", "The pay", "Clerk 2")


@pytest.mark.parametrize("more", [{}, {"preset": "plain"}])
def test_a_table_of_nothing_but_counts_is_a_question(tmp_path: Path, more: dict[str, str]) -> None:
    figures = "date,likes,dislikes\n2026-01-31,17,3\n2026-01-31,20,\n"
    with pytest.raises(CollectorError) as caught:
        read(tmp_path, figures, **more)
    assert "for what was said" in str(caught.value)
    assert "'likes' and 'dislikes' hold nothing but numbers" in str(caught.value)
    assert "columns: {body: comment" in str(caught.value)
    world = read(tmp_path, figures, preset="plain", columns={"body": "likes"})
    assert [one.body for one in world.mentions] == ["17", "20"]
    book = openpyxl.Workbook()
    for cells in (["date", "comments"], ["2026-01-31", 17], ["2026-01-31", 4.5]):
        book.active.append(cells)  # type: ignore[union-attr]
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(CollectorError, match="'comments' holds nothing but numbers"):
        World(tmp_path, "b.xlsx").run()


def test_a_known_export_goes_first_and_none_means_none(tmp_path: Path) -> None:
    assert read(tmp_path, "date,cnps,comment\n2026-01-31,9,Quick\n").mentions[0].experience == "positive"
    with pytest.raises(CollectorError, match=r"no known export; its columns are 'date', 'text'\. "):
        read(tmp_path, "date,text\n2026-01-31,x\n", preset="none")


def test_names_of_people_row_numbers_and_scores_are_not_read(tmp_path: Path) -> None:
    world = read(tmp_path, "id,date,author,score,text\n1,2026-01-31,Kim Doe,3,Slow\n")
    (mention,) = world.mentions
    assert (mention.author, mention.stars, len(mention.id)) == ("", None, 32)
    assert world.context.notes == ["a.csv: columns not read: 'id', 'author', 'score'"]


def test_json_is_a_plain_table_only_where_that_is_said(tmp_path: Path) -> None:
    rows = json.dumps([{"date": "2026-01-31", "text": "Slow"}])
    with pytest.raises(CollectorError, match=r"no known export; its columns are 'date', 'text'\. "):
        read(tmp_path, rows, "a.json")
    assert read(tmp_path, rows, "a.json", preset="plain").mentions[0].body == "Slow"


def test_the_preset_can_be_named_and_completed(tmp_path: Path) -> None:
    table = "when,date,created,words\n1,2026-01-31,2026-02-01,Slow\n"
    with pytest.raises(CollectorError, match=r"cannot be read as a plain table.*'date' and 'created'"):
        read(tmp_path, table, preset="plain", columns={"body": "words"})
    world = read(tmp_path, table, preset="plain", columns={"body": "words", "published": "created"})
    assert [(one.body, str(one.published)[:10]) for one in world.mentions] == [("Slow", "2026-02-01")]


def test_ratings_on_another_scale_are_asked_about_and_one_slip_is_a_reject(tmp_path: Path) -> None:
    rows = [f"2026-01-{n:02},{n % 5 + 1},Text {n}" for n in range(1, 21)]
    slip = "\n".join(["date,rating,text", *rows, "2026-01-31,44,Text"]) + "\n"
    world = read(tmp_path, slip)
    assert (len(world.mentions), [reason for _, reason in world.rejects]) == (
        20, ["stars above the scale: set stars_scale"],
    )  # fmt: skip
    ten = "Date,Rating,Text\n2026-01-30,9,x\n2026-01-31,3,y\n"
    with pytest.raises(CollectorError, match=r"its ratings \('rating'\) go beyond 5.*stars_scale"):
        read(tmp_path, ten)
    assert [one.stars for one in read(tmp_path, ten, stars_scale=10).mentions] == [4.556, 1.889]


def test_a_plain_sheet_is_found_behind_others_but_a_known_export_goes_first(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["About this workbook"])  # type: ignore[union-attr]
    plain = book.create_sheet()
    for cells in (["Date", "Comment"], ["2026-01-31", "Slow"]):
        plain.append(cells)
    book.save(tmp_path / "a.xlsx")
    assert [one.body for one in World(tmp_path, "a.xlsx").run().mentions] == ["Slow"]
    known = book.create_sheet()
    for answer in (["nps", "comment"], [9, "Quick"]):
        known.append(answer)
    book.save(tmp_path / "a.xlsx")
    assert [one.body for one in World(tmp_path, "a.xlsx").run().mentions] == ["Quick"]


def test_it_goes_from_the_inbox_into_the_store(tmp_path: Path) -> None:
    house = make(tmp_path, rows=5)
    house.write("inbox/plain.csv", REVIEWS)
    done = house.run("collect", "--json")
    assert (done.code, done.json[0]["stored"]) == (0, 7)


def test_every_name_means_one_field() -> None:
    assert set(NAMES) <= set(get_args(MappedField))
    assert len(_FIELDS) == sum(len(names.split(" | ")) for names in NAMES.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(sorted(_FIELDS)), st.text(max_size=12)), max_size=8))
def test_columns_are_read_or_the_problem_is_told(columns: list[str]) -> None:
    assert (plain_layout(columns) is None) == bool(plain_problem(columns))

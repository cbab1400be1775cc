from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from file_world import NOW, World, table

from candidly.errors import CollectorError
from candidly.records import Mention
from collectors.base import Context
from collectors.file import FileSettings, preview
from collectors.presets import LAYOUTS
from collectors.rows import EMPTY

DATA = Path(__file__).parent / "data" / "file"
SHARED = Path(__file__).parents[2] / "shared" / "data"
KUNUNU = {
    "title": "titel", "published": "Wann", "experience": "Empfehlung", "pros": "gut", "cons": "SCHLECHT",
    "advice": "Vorschläge", "body": ("Gehalt", "Kommunikation"),
}  # fmt: skip


def plain(mention: Mention) -> dict[str, Any]:
    """A mention's stated fields as JSON has them."""
    stated = {
        name: getattr(mention, name)
        for name in Mention.__dataclass_fields__
        if name not in ("source", "collected")
    }
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in stated.items()
        if value not in ("", None)
    }


@pytest.mark.parametrize(
    "name",
    [
        "glassdoor.csv",
        "glassdoor_authors.csv",
        "glassdoor_dataset.csv",
        "glassdoor_api.json",
        "indeed.json",
        "ambitionbox.csv",
    ],
)
def test_presets_by_columns(name: str) -> None:
    expected = json.loads((DATA / name).with_suffix(".expected.json").read_text(encoding="utf-8"))
    world = World(DATA, name).run()
    assert [plain(mention) for mention in world.mentions] == expected["mentions"]
    assert [list(reject) for reject in world.rejects] == expected["rejects"]
    assert world.context.notes == expected["notes"]


def test_mapped_columns() -> None:
    expected = json.loads((DATA / "mapped.expected.json").read_text(encoding="utf-8"))
    world = World(DATA, "mapped.csv", columns=KUNUNU, site="kununu.com").run()
    assert [plain(mention) for mention in world.mentions] == expected["mentions"]
    assert world.context.notes == expected["notes"]


def interviews(path: Path, *more: list[Any]) -> Path:
    book = openpyxl.Workbook()
    head = ["Interview Date", "Role Applied For", "Candidate Detail", "Offer", "Experience", "Difficulty"]
    book.active.append([*head, "Application", "Process", "Questions Asked"])
    for row in more:
        book.active.append(row)
    book.save(path)
    return path


def test_interviews_from_a_workbook(tmp_path: Path) -> None:
    said = ["Anonymous Interview Candidate in Oslo", "No Offer", "Neutral\nExperience", "Easy\nInterview"]
    interviews(
        tmp_path / "a.xlsx",
        [
            "30 Sept 2023",
            "Robot Fitter Interview",
            *said,
            "I applied online.",
            "Two calls, then silence",
            "Why us?",
        ],
        [
            date(2024, 1, 2),
            "Clerk",
            "Anonymous Employee",
            "Accepted Offer",
            "Odd",
            "Difficult Interview",
            "",
            "Ok",
            "",
        ],
    )
    world = World(tmp_path, "a.xlsx").run()
    first, second = map(plain, world.mentions)
    first.pop("id")
    assert first == {
        "kind": "interview", "published": "2023-09-30T00:00:00+00:00", "site": "glassdoor.com",
        "body": "Two calls, then silence", "experience": "neutral", "difficulty": "easy", "offer": "none",
        "position": "Robot Fitter", "location": "Oslo",
    }  # fmt: skip
    assert (second["published"], second["offer"], second["difficulty"]) == (
        "2024-01-02T00:00:00+00:00",
        "accepted",
        "hard",
    )
    assert "experience" not in second
    assert world.context.notes == [
        "a.xlsx: values of column 'experience' that are not understood are left out"
    ]


def test_every_column_of_a_preset_is_read_or_ignored_on_purpose() -> None:
    for layout in LAYOUTS:
        assert all(map(layout.uses, layout.needs)), layout.preset


def test_unknown_columns_are_noted_once(tmp_path: Path) -> None:
    table(tmp_path / "a.csv", 1200)
    world = World(tmp_path, "a.csv", columns={"body": "text"}).run()
    assert world.context.notes == ["a.csv: columns not read: 'id', 'stars', 'day'"]


def test_the_same_review_in_another_export_keeps_its_id(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "about,text,when,stars\nHalden,Fine  place,3 May 2024,4\nHalden,Other,,\n"
    )
    (tmp_path / "b.csv").write_text('n;text;when;about;stars\n7;"Fine\r\n place";2024-05-03;Halden;4.0\n')
    columns = {"about": "about", "body": "text", "published": "when", "stars": "stars"}
    world = World(tmp_path, "*.csv", columns=columns).run()
    one, other, same = (mention.id for mention in world.mentions)
    assert one == same != other
    assert World(tmp_path, "a.csv", columns=columns, site="x.com").run().mentions[0].id != one


def test_a_relative_date_counts_from_the_file_and_is_no_part_of_the_id(tmp_path: Path) -> None:
    ids = set()
    for ago, saved in (
        ("2 days ago", datetime(2026, 5, 3, tzinfo=UTC)),
        ("9 days ago", datetime(2026, 5, 10, tzinfo=UTC)),
    ):
        path = tmp_path / "a.csv"
        path.write_text(f"text,when\nFine,{ago}\n")
        os.utime(path, (saved.timestamp(), saved.timestamp()))
        (mention,) = World(tmp_path, "a.csv", columns={"body": "text", "published": "when"}).run().mentions
        assert mention.published == datetime(2026, 5, 1, tzinfo=UTC)
        ids.add(mention.id)
    assert len(ids) == 1


def test_numeric_dates_read_as_the_file_shows_or_as_set(tmp_path: Path) -> None:
    columns = {"body": "text", "published": "when"}
    (tmp_path / "a.csv").write_text("text,when\nx,03/04/2026\ny,14/03/2026\n")
    (tmp_path / "b.csv").write_text("text,when\nx,03/04/2026\ny,05/04/2026\n")
    days = [m.published for m in World(tmp_path, "a.csv", columns=columns).run().mentions]
    assert days == [datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 3, 14, tzinfo=UTC)]
    world = World(tmp_path, "b.csv", columns=columns).run()
    assert world.rejects == [
        ("b.csv:2", "ambiguous date: set day_first"),
        ("b.csv:3", "ambiguous date: set day_first"),
    ]
    world = World(tmp_path, "b.csv", columns=columns, day_first=False).run()
    assert world.mentions[0].published == datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scale", "cell", "stars"),
    [
        (5, "4", 4.0), (5, "4,5", 4.5), (5, "3 out of 5", 3.0), (5, "★★☆☆☆", 2.0), (5, "0", None),
        (5, "", None), (10, "10", 5.0), (10, "1", 1.0), (10, "5.5", 3.0), (10, "7/10", 3.667),
        (100, "0", 1.0), (100, "75", 4.0), (100, "75 %", 4.0), (5, "4 of 5 (80%)", 4.0), (5, "-0.0", None),
    ],
)  # fmt: skip
def test_stars_on_other_scales(tmp_path: Path, scale: float, cell: str, stars: float | None) -> None:
    (tmp_path / "a.csv").write_text(f'text,stars\nx,"{cell}"\n', encoding="utf-8")
    world = World(tmp_path, "a.csv", columns={"body": "text", "stars": "stars"}, stars_scale=scale).run()
    assert world.mentions[0].stars == stars


def test_rows_that_say_nothing_are_refused_and_verdicts_without_text_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,stars\n,4\n[deleted],\n  ,\nwell,great\n")
    world = World(tmp_path, "a.csv", columns={"body": "text", "stars": "stars"}).run()
    assert [mention.stars for mention in world.mentions] == [4.0]
    assert world.rejects == [("a.csv:3", EMPTY), ("a.csv:4", EMPTY), ("a.csv:5", "stars not understood")]


def test_nested_json_is_mapped_by_dotted_names(tmp_path: Path) -> None:
    item = {
        "id": 7,
        "User": {"Display Name": "Anonymous"},
        "dates": {"published": "2024-05-03"},
        "text": "x",
        "tags": ["a"],
    }
    (tmp_path / "a.json").write_text(json.dumps([item]))
    columns = {"id": "id", "author": "user.display name", "published": "dates.published", "body": "text"}
    world = World(tmp_path, "a.json", columns=columns, kind="post", url="https://example.com").run()
    assert plain(world.mentions[0]) == {
        "id": "7", "kind": "post", "published": "2024-05-03T00:00:00+00:00",
        "url": "https://example.com", "body": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "no known export; its columns are 'when', 'what', \\(a long text\\).*columns: {body: comment"),
        ({"preset": "indeed"}, "not those of indeed"),
        ({"preset": "none"}, "no known export"),
        (
            {"columns": {"body": "comment"}},
            "none of the mapped columns 'comment' is in it; its columns are 'when'",
        ),
        ({"columns": {"body": "what", "id": "key"}}, "no column 'key' \\(for id\\)"),
    ],
)
def test_columns_that_fit_nothing_are_named_with_the_remedy(tmp_path: Path, more: Any, message: str) -> None:
    (tmp_path / "a.csv").write_text(f"when,what,{'private words ' * 9}\n1,2,3\n")
    with pytest.raises(CollectorError, match=message) as caught:
        World(tmp_path, "a.csv", **more).run()
    assert caught.value.permanent
    assert "private" not in str(caught.value)


def test_columns_go_before_a_named_preset(tmp_path: Path) -> None:
    (tmp_path / "indeed.json").write_bytes((DATA / "indeed.json").read_bytes())
    world = World(tmp_path, "indeed.json", preset="indeed", columns={"advice": "text", "body": "cons"}).run()
    assert (world.mentions[0].advice[:7], world.mentions[0].body) == ("Helpful", "rain")
    assert world.mentions[0].site == "indeed.com"


def test_preview_tells_all_but_the_texts() -> None:
    (seen,) = preview(
        FileSettings(name="x", type="file", path="glassdoor.csv"), Context(NOW, DATA, str), limit=2
    )
    assert (seen["format"], seen["encoding"], seen["preset"], seen["ignored"]) == (
        "csv",
        "utf-8",
        "glassdoor-reviews",
        [""],
    )
    assert (seen["rows"], seen["mentions"], seen["rejects"][EMPTY], seen["unknown"]) == (8, 4, 1, [])
    assert seen["mapped"]["title"] == ["review"]
    assert [one["stars"] for one in seen["first"]] == [5.0, 2.0]
    assert seen["first"][0]["characters"] == len("Steady place\nKind people, clear goals\nFew parking spots")
    assert "parking" not in str(seen)
    (bad,) = preview(FileSettings(name="x", type="file", path="mapped.csv"), Context(NOW, DATA, str))
    assert bad["problem"].startswith("its columns are those of no known export")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real exports are not on this machine")
@pytest.mark.parametrize(
    ("path", "rows", "rejected", "distinct"),
    [
        ("interviews-tcs-accenture-deloitte/1000_interview_details.xlsx", 1100, 0, 1084),
        ("interviews-tcs-accenture-deloitte/AccentureInterviewQuestions.xlsx", 100, 0, 98),
        ("glassdoor-us4/comcast_final.csv.gz", 10_000, 0, 9_990),
        ("ambitionbox-india/*.csv*", 8_505, 2, 8_481),
        ("indeed-canada-cities", 3_049, 0, 2_912),
        ("glassdoor-company1/*.gz", 6_675, 0, 6_386),
        ("glassdoor-693companies", 1_000, 0, 1_000),
        ("scraped-json-versions/glassdoor_*.json", 30, 0, 24),
    ],
)
def test_real_exports(path: str, rows: int, rejected: int, distinct: int) -> None:
    world = World(SHARED, path).run()
    assert len(world.mentions) + len(world.rejects) == rows
    assert len(world.rejects) == rejected
    assert len({mention.id for mention in world.mentions}) == distinct
    assert all(mention.published for mention in world.mentions)

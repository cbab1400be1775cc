"""Ratings: what is one of the scale, what is none, and a scale that shows only further on in a file."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from file_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import CollectorError
from collectors.tables import SAMPLE
from collectors.values import (
    STARS_BELOW,
    STARS_NEGATIVE,
    STARS_PERCENT,
    STARS_SCALE,
    STARS_UNREAD,
    BadValue,
    stars,
)


@pytest.mark.parametrize(
    ("scale", "cell", "reason"),
    [
        (5, "-1", STARS_NEGATIVE), (5, "\u22121", STARS_NEGATIVE), (5, "-4.5", STARS_NEGATIVE),
        (100, "-1", STARS_NEGATIVE), (5, "0.8", STARS_BELOW), (10, "0,5", STARS_BELOW),
        (5, "80%", STARS_PERCENT), (5, "80 %", STARS_PERCENT), (5, "4%", STARS_PERCENT),
        (10, "80 % positive", STARS_PERCENT), (5, "1e1", STARS_UNREAD), (5, "1,204", STARS_UNREAD),
        (10, "1,204", STARS_UNREAD), (5, "5.1", STARS_SCALE), (100, "101", STARS_SCALE),
    ],
)  # fmt: skip
def test_what_is_no_rating_of_the_scale_is_rejected(
    tmp_path: Path, scale: float, cell: str, reason: str
) -> None:
    rows = "".join(f'x,"{one}"\n' for one in (cell, *["4"] * 20))
    (tmp_path / "a.csv").write_text(f"text,stars\n{rows}", encoding="utf-8")
    world = World(tmp_path, "a.csv", columns={"body": "text", "stars": "stars"}, stars_scale=scale).run()
    assert world.rejects == [("a.csv:2", reason)]
    assert len(world.mentions) == 20


@settings(max_examples=100, deadline=None)
@given(
    st.floats(allow_nan=False) | st.text("0123456789.,-%/e★ of", max_size=8), st.sampled_from([5, 10, 100])
)
def test_a_cell_is_a_rating_none_or_a_reason(cell: Any, best: float) -> None:
    try:
        found = stars(cell, best)
    except BadValue:
        return
    assert found is None or 1 <= found <= 5
    if isinstance(cell, float):
        assert found is None or (1 if best <= 10 else 0) <= cell <= best


def rated(tmp_path: Path, ratings: list[Any], column: str = "rating", **more: Any) -> World:
    rows = "".join(f"2026-01-31,Text {n},{rating}\n" for n, rating in enumerate(ratings))
    (tmp_path / "a.csv").write_text(f"date,text,{column}\n{rows}", encoding="utf-8")
    return World(tmp_path, "a.csv", **more)


TEN = sorted(n % 10 + 1 for n in range(3 * SAMPLE))


MAPPED = {"body": "text", "published": "date", "stars": "rating"}


@pytest.mark.parametrize("more", [{}, {"columns": MAPPED}])
@pytest.mark.parametrize(
    "ratings",
    [
        TEN,
        TEN[::-1],
        [3] * SAMPLE + [9] * 200,
        [3] * (20 * SAMPLE) + [9] * SAMPLE,  # a part that is on another scale, though the whole has few
    ],
)
def test_a_scale_that_shows_later_is_refused_before_anything_is_stored(
    tmp_path: Path, ratings: list[int], more: dict[str, Any]
) -> None:
    world = rated(tmp_path, ratings, **more)
    with pytest.raises(CollectorError, match=r"its ratings \('rating'\) go beyond 5.*stars_scale"):
        world.run()
    assert world.mentions == []
    found = rated(tmp_path, ratings, stars_scale=10, **more).run().mentions
    assert Counter(one.stars for one in found) == Counter(stars(rating, 10) for rating in ratings)


def test_slips_far_down_are_rejects_and_a_file_that_breaks_off_is_read_as_far(tmp_path: Path) -> None:
    ratings = [4] * (2 * SAMPLE) + [44, 4, 4]
    world = rated(tmp_path, ratings).run()
    assert (len(world.mentions), [reason for _, reason in world.rejects]) == (len(ratings) - 1, [STARS_SCALE])
    packed = gzip.compress((tmp_path / "a.csv").read_bytes())
    (tmp_path / "b.csv.gz").write_bytes(packed[:-100])
    world = World(tmp_path, "b.csv.gz")
    with pytest.raises(CollectorError, match="cut off"):
        world.run()
    assert len(world.mentions) > SAMPLE


def test_shares_are_not_taken_for_stars(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["date", "text", "rating"])
    for row, share in enumerate((0.8, 0.2, 1.0), 2):
        sheet.append(["2026-05-01", f"Text {row}", share])
        sheet.cell(row, 3).number_format = "0%"
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(CollectorError, match=r"its ratings \('rating'\) lie below 1.*`columns`"):
        World(tmp_path, "a.xlsx").run()
    with pytest.raises(CollectorError, match=r"its ratings \('rating'\) are percentages.*`stars_scale: 100`"):
        rated(tmp_path, ["80%", "20 %", "100%"]).run()
    assert [one.stars for one in rated(tmp_path, ["80%", "0%"], stars_scale=100).run().mentions] == [4.2, 1]


def test_minus_one_for_no_rating_costs_its_rows_and_not_the_file(tmp_path: Path) -> None:
    world = rated(tmp_path, [-1, 4, -1, 0]).run()
    assert [one.stars for one in world.mentions] == [4, None]
    assert [reason for _, reason in world.rejects] == [STARS_NEGATIVE] * 2


def test_a_column_that_names_another_scale_is_a_question(tmp_path: Path) -> None:
    with pytest.raises(CollectorError, match=r"'rating \(10\)' names the scale.*`stars_scale: 10`"):
        rated(tmp_path, [5, 3], "Rating (10)").run()
    assert [one.stars for one in rated(tmp_path, [1, 10], "Rating (10)", stars_scale=10).run().mentions] == [
        1,
        5,
    ]
    assert [one.stars for one in rated(tmp_path, [1, 5], "stars (5)").run().mentions] == [1, 5]
    with pytest.raises(CollectorError, match=r"'rating' and 'rating \(2\)' could each"):
        rated(tmp_path, ["1,1"], "rating,rating").run()
    mapped = rated(tmp_path, ["1,2"], "rating,rating", preset="plain", columns={"stars": "rating (2)"})
    assert [one.stars for one in mapped.run().mentions] == [2]

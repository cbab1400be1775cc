from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.dates import (
    AMBIGUOUS,
    FUTURE,
    TOO_EARLY,
    UNKNOWN,
    BadDate,
    infer_day_first,
    is_relative,
    parse_date,
    read_date,
)

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year to second


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2021-11-24", utc(2021, 11, 24)),
        (" 2021-11-24 ", utc(2021, 11, 24)),
        ("2021-11-24T10:11:29Z", utc(2021, 11, 24, 10, 11, 29)),
        ("2021-11-24 10:11", utc(2021, 11, 24, 10, 11)),
        ("2021-11-24 9:05", utc(2021, 11, 24, 9, 5)),
        ("2021-11-24 10:11:29 UTC", utc(2021, 11, 24, 10, 11, 29)),
        ("2021-11-24 10:11:29 +0200", utc(2021, 11, 24, 8, 11, 29)),
        ("2021-11-24T23:30:00-05:00", utc(2021, 11, 25, 4, 30)),
        ('"2019-08-30T18:24:32.680Z"', datetime(2019, 8, 30, 18, 24, 32, 680000, UTC)),
        ("20211124", utc(2021, 11, 24)),
        ("2021/11/24", utc(2021, 11, 24)),
        ("2021.1.4", utc(2021, 1, 4)),
        ("21 Mar 2024", utc(2024, 3, 21)),
        ("30 Sept 2023", utc(2023, 9, 30)),
        ("30 Sept. 2023", utc(2023, 9, 30)),
        ("24-Nov-2021", utc(2021, 11, 24)),
        ("1st of May 2024", utc(2024, 5, 1)),
        ("November 21, 2021", utc(2021, 11, 21)),
        ("Nov 21, 2021 ", utc(2021, 11, 21)),
        ("Tuesday, March 5, 2024", utc(2024, 3, 5)),
        ("Nov 24, 2021 at 3:15 pm", utc(2021, 11, 24, 15, 15)),
        ("Nov 24, 2021 12:05 AM", utc(2021, 11, 24, 0, 5)),
        ("21. Oktober 2025", utc(2025, 10, 21)),
        ("3. März 2025 um 14:05 Uhr", utc(2025, 3, 3, 14, 5)),
        ("Oktober 2025", utc(2025, 10, 1)),
        ("2025-10", utc(2025, 10, 1)),
        ("10/2025", utc(2025, 10, 1)),
        ("1er mars 2024", utc(2024, 3, 1)),
        ("12 août 2024", utc(2024, 8, 12)),
        ("24/11/2021", utc(2021, 11, 24)),
        ("11/24/2021", utc(2021, 11, 24)),
        ("24-11-2021", utc(2021, 11, 24)),
        ("24/11/2021 10:30", utc(2021, 11, 24, 10, 30)),
        ("03.04.2026", utc(2026, 4, 3)),
        ("05/05/2025", utc(2025, 5, 5)),
        ("Wed, 24 Nov 2021 10:11:29 +0000", utc(2021, 11, 24, 10, 11, 29)),
        ("Wed, 24 Nov 2021 10:11:29 +0130", utc(2021, 11, 24, 8, 41, 29)),
        ("Wed, 24 Nov 2021 10:11:29 EST", utc(2021, 11, 24, 15, 11, 29)),
        ("1600398529", utc(2020, 9, 18, 3, 8, 49)),
        ("1600398529.0", utc(2020, 9, 18, 3, 8, 49)),
        ("1600398529000", utc(2020, 9, 18, 3, 8, 49)),
        (1600398529, utc(2020, 9, 18, 3, 8, 49)),
        (45000, utc(2023, 3, 15)),
        ("45000.5", utc(2023, 3, 15, 12)),
        (datetime(2024, 1, 2, 3, 4), utc(2024, 1, 2, 3, 4)),  # noqa: DTZ001  # as openpyxl gives it
        (date(2024, 1, 2), utc(2024, 1, 2)),
    ],
)
def test_forms(written: object, meant: datetime) -> None:
    found = parse_date(written)
    assert found == meant
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "", "soon", "99/99/9999", "2021-02-30", "2021", "5/5", "Nov 21", "24 Foo 2021", "before 24 Nov 2021",
        "31/02/2024", "13:45", "0001-01-01T00:00:00+14:00", "25:00 2021-01-01", "2021-11-24 13:00 pm",
        "١٢/٠٤/٢٠٢٤", "1" * 500, "30+ days ago", None, True, float("nan"), float("inf"), 12, [2024],
    ],
)  # fmt: skip
def test_no_guess(written: object) -> None:
    assert parse_date(written) is None
    assert parse_date(written, now=NOW) is None


def test_day_first_decides() -> None:
    assert parse_date("03/04/2026") is None
    assert parse_date("03/04/2026", day_first=True) == utc(2026, 4, 3)
    assert parse_date("03/04/2026", day_first=False) == utc(2026, 3, 4)
    assert parse_date("03.04.2026", day_first=False) == utc(2026, 3, 4)
    assert parse_date("24/11/21") is None
    assert parse_date("24/11/21", day_first=True) == utc(2021, 11, 24)
    assert parse_date("14/03/2026", day_first=False) is None
    with pytest.raises(BadDate, match=AMBIGUOUS):
        read_date("03/04/2026", now=NOW)


def test_inference_needs_evidence_of_one_kind() -> None:
    assert infer_day_first(["03/04/2026", "14/03/2026", "", None, "x"]) is True
    assert infer_day_first(["03/04/2026", "03-14-2026"]) is False
    assert infer_day_first(["03/04/2026"]) is None
    assert infer_day_first(["14/03/2026", "03/14/2026"]) is None
    assert infer_day_first([]) is None


@pytest.mark.parametrize(
    ("written", "back"),
    [
        ("2 weeks ago", timedelta(days=14, hours=12, minutes=30)),
        ("a day ago", timedelta(days=1, hours=12, minutes=30)),
        ("yesterday", timedelta(days=1, hours=12, minutes=30)),
        ("today", timedelta(hours=12, minutes=30)),
        ("5h ago", timedelta(hours=5)),
        ("10 minutes ago", timedelta(minutes=10)),
        ("vor 3 Tagen", timedelta(days=3, hours=12, minutes=30)),
        ("vor einem Monat", timedelta(days=30, hours=12, minutes=30)),
        ("il y a 2 semaines", timedelta(days=14, hours=12, minutes=30)),
    ],
)
def test_relative_forms_need_now(written: str, back: timedelta) -> None:
    assert parse_date(written) is None
    assert parse_date(written, now=NOW) == NOW - back
    assert is_relative(written)


def test_relative_counts_from_when_the_text_was_saved() -> None:
    assert read_date("yesterday", now=NOW, seen=utc(2026, 11, 1, 9)) == utc(2026, 10, 31)
    assert not is_relative("2026-10-31")
    assert not is_relative("nonsense")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2999-01-01", FUTURE),
        ("1970-01-01", TOO_EARLY),
        ("1994-12-31", TOO_EARLY),
        ("2026-11-26", FUTURE),
        ("soon", UNKNOWN),
        ("9999-12-31T23:59:59-12:00", UNKNOWN),
    ],
)
def test_implausible_dates_are_refused_with_the_reason(written: str, reason: str) -> None:
    with pytest.raises(BadDate, match=reason):
        read_date(written, now=NOW)


def test_a_day_of_leeway_for_other_time_zones() -> None:
    assert read_date("2026-11-25T12:29:00Z", now=NOW) == utc(2026, 11, 25, 12, 29)


DAYS = st.integers(788_918_400, 3_881_520_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@settings(max_examples=100, deadline=None)
@given(DAYS, st.integers(-14 * 4, 14 * 4))
def test_round_trip(when: datetime, quarters: int) -> None:
    there = when.astimezone(timezone(timedelta(minutes=15 * quarters)))
    assert parse_date(there.isoformat()) == when
    assert parse_date(there.strftime("%a, %d %b %Y %H:%M:%S %z")) == when
    assert parse_date(int(when.timestamp())) == when
    midnight = when.replace(hour=0, minute=0, second=0)
    for form in (
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d %b %Y",
        "%B %d, %Y",
        "%d. %B %Y",
        "%d.%m.%Y",
        "%d-%b-%Y",
    ):
        assert parse_date(when.strftime(form)) == midnight
    assert parse_date(when.strftime("%d/%m/%Y"), day_first=True) == midnight
    assert parse_date(when.strftime("%m/%d/%y"), day_first=False) == midnight


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.sampled_from([None, True, False]))
def test_any_text_gives_an_aware_date_or_none(text: str, day_first: bool | None) -> None:
    found = parse_date(text, day_first=day_first, now=NOW)
    assert found is None or found.tzinfo is UTC

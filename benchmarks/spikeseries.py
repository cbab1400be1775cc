"""Real series replayed day by day: how many pages, and is an injected week of ghosting seen?

`python -m benchmarks.spikes --series FOLDER` prints one line a series and writes one picture each into FOLDER
(outside the repository). Nothing here knows where the true spikes are: a page that the series gave by itself
may be a real event.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.counts import Floats
from analysis.spikes import Counts, replay

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
COOL_DOWN = 7
WEEK = np.array([0.22, 0.26, 0.20, 0.13, 0.09, 0.06, 0.04])  # of an injected week: fast up, slowly down
SIZE = 6.0  # in standard deviations of the weekly sum
PLACES = 20


class Daily(NamedTuple):
    """One series: days without a gap, counts a day, and what is known."""

    name: str
    days: list[date]
    negative: Floats
    total: Floats
    covered: Floats


def main(folder: Path) -> None:
    """Replay every series and draw it."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in _all():
        warm = 120 if len(one.days) > 200 else 28
        first = max(one.days[0] + timedelta(days=warm), one.days[-1] - timedelta(days=1095))
        scores = _scores(one, one.negative, first)
        pages = _pages(scores)
        years = len(scores) / 365.25
        found = _injected(one)
        print(
            f"{one.name:28s} {one.negative[-len(scores) :].mean():6.2f} a day, {years:.1f} years: "
            f"{len(pages) / years:.2f} pages a year; injected weeks found {found:.2f}",
            flush=True,
        )
        kept = one.negative[-len(scores) :]
        (folder / f"{one.name}.svg").write_text(_picture(one.name, first, kept, pages), "utf-8")

    _weekly()


def _weekly() -> None:
    """Weekly case counts in which nobody marked an outbreak: every page is a false one."""
    with (DATA / "series-salmonella" / "salmonella_train.csv").open() as file:
        rows = [(date.fromisoformat(row[""]), float(row["n_cases"])) for row in csv.DictReader(file)]
    days, counts = [day for day, _ in rows], np.array([count for _, count in rows])
    series = Counts(counts, counts, np.ones(len(counts)))
    scores = replay(days, [series], days[60], days[-1], weekly=True).negative[:, 0]
    pages, years = _pages(scores, cool=2), len(scores) * 7 / 365.25
    print(
        f"salmonella, weekly: {counts.mean():.1f} a week, {years:.1f} years: "
        f"{len(pages) / years:.2f} pages a year"
    )


def _scores(one: Daily, negative: Floats, first: date) -> Floats:
    total = one.total + (negative - one.negative)
    return replay(one.days, [Counts(total, negative, one.covered)], first, one.days[-1]).negative[:, 0]


def _pages(scores: Floats, cool: int = COOL_DOWN) -> list[int]:
    """Days of alerts: after one, silence for the cool-down or as long as the alarm goes on."""
    pages: list[int] = []
    last = -cool - 1
    for t in np.flatnonzero(np.nan_to_num(scores, nan=-9.0) >= 0):
        if t > last + cool:
            pages.append(int(t))
        last = t
    return pages


def _injected(one: Daily) -> float:
    """Share of injected weeks with an alert in them or two days after, at places over the last year."""
    n, found = len(one.days), 0
    for place in range(PLACES):
        start = n - 10 - place * min(365, max(n - 140, 10)) // PLACES
        before = one.negative[max(0, start - 84) : start]
        spread = max(1.0, float(before.var() / max(before.mean(), 0.05)))
        size = max(4.0, SIZE * np.sqrt(7 * spread * max(float(before.mean()), 0.05)))
        negative = one.negative.copy()
        negative[start : start + 7] += np.round(np.diff(np.cumsum([0, *WEEK]).round(6) * round(size)))
        seen = replay(
            one.days,
            [Counts(one.total + negative - one.negative, negative, one.covered)],
            one.days[start],
            one.days[start + 8],
        ).negative
        found += bool((np.nan_to_num(seen, nan=-9.0) >= 0).any())
    return found / PLACES


def _all() -> Iterator[Daily]:
    yield _antiwork()
    yield _reviews("comcast", "glassdoor-us4/comcast_final.csv.gz", "date", "%Y-%m-%d", "rating")
    yield _reviews("fedex", "glassdoor-us4/fedex_final.csv.gz", "date", "%b %d, %Y", "rating")
    yield _reviews(
        "investment-firm", "glassdoor-company1/company1_review.csv.gz", "Comment Datetime", "%B %d, %Y",
        "Overall Rating",
    )  # fmt: skip
    yield _reviews(
        "steel", "ambitionbox-india/jsw_steel_reviews_to_2025-08.csv.gz", "review_date", "%d/%m/%Y",
        "overall_rating",
    )  # fmt: skip
    yield _city()
    for path in sorted((DATA / "series-nab-tweets").glob("*.csv")):
        yield _tweets(path)


def _antiwork() -> Daily:
    """Every submission counts as negative: the hardest case for a series that grows. Absent days are gaps."""
    with (DATA / "series-antiwork-volume" / "daily_to_2021-08.csv").open() as file:
        found = {date.fromisoformat(row["date"]): float(row["submissions"]) for row in csv.DictReader(file)}
    days = _span(max(min(found), date(2018, 1, 1)), max(found))
    counts = np.array([found.get(day, 0.0) for day in days])
    return Daily("antiwork", days, counts, counts, np.array([float(day in found) for day in days]))


def _reviews(name: str, path: str, day: str, pattern: str, stars: str) -> Daily:
    """Reviews with one or two stars are negative; exact duplicate rows count once."""
    with gzip.open(DATA / path, "rt", encoding="utf-8", newline="") as file:
        rows = {tuple(v for k, v in row.items() if k): row for row in csv.DictReader(file)}
    found = []
    for row in rows.values():
        try:
            found.append((_day(row[day].strip(), pattern), float(row[stars])))
        except (ValueError, AttributeError):
            continue
    return _daily(name, found)


def _city() -> Daily:
    rows = json.loads((DATA / "indeed-canada-cities" / "reviews_City-of-Edmonton.json").read_text("utf-8"))
    pairs = {row["id"]: row for row in rows}.values()
    return _daily(
        "city",
        [(_day(r["date_created"], "%B %d, %Y"), float(r["rating"])) for r in pairs],
    )


def _tweets(path: Path) -> Daily:
    """Tweets a day, all as negative."""
    totals: Counter[date] = Counter()
    with path.open() as file:
        for row in csv.DictReader(file):
            totals[date.fromisoformat(row["timestamp"][:10])] += int(row["value"])
    days = sorted(totals)[1:-1]  # the first and the last are cut
    hundredth = np.array([totals[day] / 100 for day in days]).round()
    return Daily(path.stem.lower(), days, hundredth, hundredth, np.ones(len(days)))


def _daily(name: str, found: list[tuple[date, float]]) -> Daily:
    days = _span(min(day for day, _ in found), max(day for day, _ in found))
    total, bad = Counter(day for day, _ in found), Counter(day for day, stars in found if stars <= 2)
    negative, every = (np.array([float(count[day]) for day in days]) for count in (bad, total))
    return Daily(name, days, negative, every, np.ones(len(days)))


def _day(text: str, pattern: str) -> date:
    return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _picture(name: str, first: date, counts: Floats, pages: list[int]) -> str:
    """The counts a day as a line, pages as marks: a plain SVG."""
    width, height, top = 960, 240, max(float(counts.max()), 1.0)
    x = np.arange(len(counts)) * (width / max(len(counts) - 1, 1))
    y = height - counts / top * (height - 30)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    marks = "".join(
        f'<path d="M{x[t]:.1f} {y[t] - 4:.1f} l-4 -9 h8 z" fill="#b00"><title>'
        f"{first + timedelta(days=t)}: {counts[t]:.0f}</title></path>"
        for t in pages
    )
    last = first + timedelta(days=len(counts) - 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 24}" font-size="12">'
        f"<title>{name}: negative mentions a day and pages</title>"
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<polyline points="{line}" fill="none" stroke="#357" stroke-width="1"/>{marks}'
        f'<text x="4" y="14">{name}: up to {top:.0f} a day, {len(pages)} pages</text>'
        f'<text x="4" y="{height + 18}">{first}</text>'
        f'<text x="{width - 4}" y="{height + 18}" text-anchor="end">{last}</text></svg>\n'
    )

"""The texts beside the checkout (`../shared/data`) that the lexicon is learned from, as sources give them.

None of them is in the repository; `labels.jsonl` knows them by a hash.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from candidly.records import Kind

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA = SHARED / "data"

Row = dict[str, str]


class Text(NamedTuple):
    """One text: which source and kind, and the text itself."""

    source: str
    kind: Kind
    text: str


def key(text: str) -> str:
    """What a label knows its text by (16 hex digits); the text cannot be read back from it."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def clean(text: str | None) -> str:
    """One blank between words, no blank lines: the form in which the texts were labelled."""
    return re.sub(r"[ \t\r\f]+", " ", re.sub(r"\s*\n\s*", "\n", text or "")).strip()


def rows(path: Path) -> list[Row]:
    csv.field_size_limit(10_000_000)
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def workbook(path: Path) -> list[dict[str, Any]]:
    from openpyxl import load_workbook

    lines = load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)
    header = [str(cell) for cell in next(lines)]
    return [dict(zip(header, line, strict=False)) for line in lines]


def headed(title: str, pros: str, cons: str, advice: str = "") -> str:
    """A review with its parts under headings."""
    parts = [title] if title else []
    parts += [f"Pros: {pros or ''}", f"Cons: {cons or ''}"]
    return "\n".join([*parts, f"Advice: {advice}"] if advice else parts)


def every() -> Iterator[Text]:
    """Every text that may have a label."""
    for text in (*_interviews(), *_reviews(), *_posts()):
        yield text._replace(text=clean(text.text))


def _interviews() -> Iterator[Text]:
    folder = DATA / "interviews-tcs-accenture-deloitte"
    for name, source in (("1000_interview_details", "tcs"), ("AccentureInterviewQuestions", "accenture")):
        for row in workbook(folder / f"{name}.xlsx"):
            yield Text(f"interviews-{source}", "interview", row["Process"] or "")


def _reviews() -> Iterator[Text]:
    for name in ("comcast", "fedex"):
        for row in rows(DATA / f"glassdoor-us4/{name}_final.csv.gz"):
            yield Text(f"glassdoor-{name}", "review", headed(row["review"], row["pros"], row["cons"]))
    for row in rows(DATA / "glassdoor-693companies/glassdoor-companies-reviews.csv.gz"):
        advice = row["review_advice"] or row["advice_to_management"] or ""
        text = headed(row["summary"] or "", row["review_pros"], row["review_cons"], advice)
        yield Text("glassdoor-693", "review", text)
    for row in rows(DATA / "glassdoor-company1/company1_review.csv.gz"):
        yield Text("glassdoor-company1", "review", headed(row["Summary"], row["Pro"], row["Con"]))
    for path in sorted((DATA / "ambitionbox-india").glob("*.csv*")):
        for row in rows(path):
            text = f"Likes: {row['likes'] or ''}\nDislikes: {row['dislikes'] or ''}"
            yield Text("ambitionbox", "review", text)
    for row in _indeed():
        pros, cons = row["pros"], row["cons"]
        text = (row["text"] or "") + (f"\nPros: {pros}" if pros else "") + (f"\nCons: {cons}" if cons else "")
        yield Text("indeed", "review", text)


def _indeed() -> list[dict[str, Any]]:
    found = []
    for path in sorted((DATA / "indeed-canada-cities").glob("*.json")):
        found += json.loads(path.read_text(encoding="utf-8"))
    return found


def _posts() -> Iterator[Text]:
    for path in sorted((DATA / "reddit-careers-2020").glob("*.csv.gz")):
        for row in rows(path):
            yield Text("reddit-careers", "post", f"{row['title']}\n{row['body'] or ''}")
    for path in sorted((DATA / "reddit-antiwork-bodies-2021").glob("*.csv*")):
        for row in rows(path):
            yield Text(
                "reddit-antiwork", "post", f"{row['title']}\n{row.get('body') or row.get('selftext') or ''}"
            )
    for row in rows(DATA / "reddit-jobs-2023/rdatascience.csv.gz"):
        yield Text("reddit-datascience", "post", f"{row['title']}\n{row.get('selftext') or ''}")


def letters(text: str) -> str:
    """What of a text is compared to tell whether two are the same, however they were put together."""
    return re.sub(r"\W+", "", text.lower())[:160]


def held_back() -> set[str]:
    """The letters of the texts that are only measured on: gold and what authors declared."""
    found = set()
    for name in ("mentions.jsonl", "author_labels.jsonl"):
        for line in (SHARED / "gold" / name).read_text(encoding="utf-8").splitlines():
            found.add(letters(json.loads(line)["text"]))
    return found


def rated() -> Iterator[tuple[Text, str]]:
    """Reviews with what their stars say: negative up to 2, positive from 4, else neutral."""
    for source, text, stars in _rated():
        if stars not in (None, "", "nan"):
            value = float(stars)
            said = clean(text)
            if 6 <= len(said.split()) <= 220 and sum(map(str.isascii, said)) > 0.95 * len(said):
                verdict = "negative" if value <= 2 else "positive" if value >= 4 else "neutral"
                yield Text(source, "review", said), verdict


def _rated() -> Iterator[tuple[str, str, Any]]:
    for name in ("comcast", "fedex"):
        for row in rows(DATA / f"glassdoor-us4/{name}_final.csv.gz"):
            yield f"glassdoor-{name}", headed(row["review"], row["pros"], row["cons"]), row["rating"]
    for row in rows(DATA / "glassdoor-693companies/glassdoor-companies-reviews.csv.gz"):
        text = headed(row["summary"] or "", row["review_pros"], row["review_cons"])
        yield "glassdoor-693", text, row["rating_overall"]
    for row in rows(DATA / "glassdoor-company1/company1_review.csv.gz"):
        yield "glassdoor-company1", headed(row["Summary"], row["Pro"], row["Con"]), row["Overall Rating"]
    for path in sorted((DATA / "ambitionbox-india").glob("*.csv*")):
        for row in rows(path):
            text = f"Likes: {row['likes'] or ''}\nDislikes: {row['dislikes'] or ''}"
            yield "ambitionbox", text, row["overall_rating"]
    for row in _indeed():
        yield "indeed", row["text"] or "", row["rating"]


def natural() -> Iterator[tuple[str, str, int]]:
    """(source, text, 1 or -1): what authors wrote under pros and under cons, in English letters."""
    for source, pros, cons in _sides():
        for text, tone in ((pros, 1), (cons, -1)):
            said = (text or "").strip()
            if said and sum(map(str.isascii, said)) > 0.95 * len(said):
                yield source, said, tone


def _sides() -> Iterator[tuple[str, str | None, str | None]]:
    for name in ("comcast", "fedex"):
        for row in rows(DATA / f"glassdoor-us4/{name}_final.csv.gz"):
            yield f"glassdoor-{name}", row["pros"], row["cons"]
    for row in rows(DATA / "glassdoor-693companies/glassdoor-companies-reviews.csv.gz"):
        yield "glassdoor-693", row["review_pros"], row["review_cons"]
    for row in rows(DATA / "glassdoor-company1/company1_review.csv.gz"):
        yield "glassdoor-company1", row["Pro"], row["Con"]
    for path in sorted((DATA / "ambitionbox-india").glob("*.csv*")):
        for row in rows(path):
            yield f"ambitionbox-{path.name[:3]}", row["likes"], row["dislikes"]
    for row in _indeed():
        yield "indeed", row["pros"], row["cons"]

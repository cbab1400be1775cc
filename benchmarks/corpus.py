"""Mentions to measure with: the real review sets beside the checkout where they are, else demo texts."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

Fields = dict[str, str]


def seeds() -> list[Fields]:
    """Distinct mentions as dicts of title, pros, cons, body (texts of 5 to some hundred words)."""
    found = [fields for fields in _real() if any(fields.values())] if SHARED.exists() else list(_synthetic())
    random.Random(7).shuffle(found)
    return found


def _real() -> Iterator[Fields]:
    for path in sorted(SHARED.glob("glassdoor-us4/*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {"title": row["review"], "pros": row["pros"], "cons": row["cons"], "body": ""}
    for path in sorted(SHARED.glob("ambitionbox-india/*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {"title": "", "pros": row["likes"], "cons": row["dislikes"], "body": ""}
    for path in sorted(SHARED.glob("indeed-canada-cities/*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield {
                "title": "",
                "pros": row["pros"] or "",
                "cons": row["cons"] or "",
                "body": row["text"] or "",
            }


def _synthetic() -> Iterator[Fields]:
    from candidly.demo.invent import build_world

    for _, text in build_world(datetime(2026, 2, 16, 7, tzinfo=UTC)).texts():
        yield {"title": "", "pros": "", "cons": "", "body": text}


def write(path: Path, n: int) -> None:
    """`n` mentions with new ids over two years, as JSON Lines."""
    rng, base = random.Random(9), datetime(2024, 1, 1, tzinfo=UTC)
    texts = seeds()
    with path.open("w", encoding="utf-8") as out:
        for i in range(n):
            moment = base + timedelta(minutes=rng.randrange(60 * 24 * 730))
            row = {"id": f"m{i}", "published": moment.isoformat(), **texts[i % len(texts)]}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")

"""Writes the demo's export files, in the shape in which such exports come from the review sites."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from candidly.demo.world import COMPANY, Review, World

REVIEWS = "reviews-northwind.csv"
INTERVIEWS = "interviews-northwind.xlsx"


def write_export(world: World, folder: Path) -> tuple[Path, Path]:
    """Write the company's reviews (CSV) and interview reviews (XLSX) into `folder`; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    reviews, interviews = folder / REVIEWS, folder / INTERVIEWS
    _reviews([review for review in world.export_reviews if review.company == COMPANY], reviews)
    _interviews(world, interviews)
    return reviews, interviews


def _reviews(reviews: Iterable[Review], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["", "rating", "employee_type", "review", "pros", "cons", "date", "job title"])
        for number, review in enumerate(reviews):
            kind = "Former Employee" if review.former else "Current Employee, more than 1 year"
            row: list[Any] = [number, float(review.stars), kind, review.title, review.pros, review.cons]
            writer.writerow([*row, review.published.date().isoformat(), review.position])


def _interviews(world: World, path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Interviews")
    head = ("Interview Date", "Role Applied For", "Candidate Detail", "Offer", "Experience", "Difficulty")
    sheet.append([*head, "Application", "Process", "Questions Asked"])
    for item in (item for item in reversed(world.interviews) if item.company == COMPANY):
        sheet.append(
            [
                f"{item.published.day} {item.published:%b %Y}",
                f"{item.role} Interview",
                f"Anonymous Interview Candidate in {item.location}",
                item.offer,
                f"{item.experience} Experience",
                f"{item.difficulty} Interview",
                f"I applied online. I interviewed at {COMPANY} ({item.location})",
                item.process,
                item.questions,
            ]
        )
    book.save(path)

"""Readings of the small texts of a review: rating scales, sections, "Former Employee - Clerk". Pure."""

from __future__ import annotations

import math
import re
from typing import Literal

_NUMBER = r"(\d{1,4}(?:\.\d+|,(?!\d{3}(?!\d))\d+)?)"
"""Not `1,204`: a comma before three digits stands between thousands."""
_ALONE = r"(?<![\d.,])(?<!\d[eE])(?<!\d[eE][+-])(?<!(?<!\w)[-−–])"
"""Before a number that is not part of another (`1e1`) nor below zero."""
_RATING = re.compile(
    rf"{_ALONE}{_NUMBER}(?!\d|[.,]\d|[eE][+-]?\d)\s*(%|(?:/|out of|of|von|sur|de|su|van)\s*{_NUMBER})?",
    re.IGNORECASE,
)
_EMPLOYEE = re.compile(r"(current|former) employee\b[\s,:–-]*(.*)", re.IGNORECASE | re.DOTALL)
_NOBODY = re.compile(
    r"(anonymous|anonym|anonyme|anónimo|guest|user|unknown|n/?a)( (user|employee|reviewer|candidate))?",
    re.IGNORECASE,
)
_PROS = re.compile(r"\s*(?:likes|pros)\s*:", re.IGNORECASE)
_CONS = re.compile(r"(?:^|(?<=\s))(?:dislikes|cons)\s*:", re.IGNORECASE)
_ADVICE = re.compile(r"(?:^|(?<=\s))advice to management\s*:", re.IGNORECASE)
_DETAILS = re.compile(r"^work details$.*", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_MORE = re.compile(r"\s*(?:\.\.\.|…)\s*(?:read|show|see) more\s*$", re.IGNORECASE | re.MULTILINE)


def number(text: str) -> float | None:
    """`4`, `4.5`, `4,5`; None for anything else."""
    found = re.fullmatch(_NUMBER, text.strip())
    return _float(found[1]) if found else None


def stars_of(stated: str, best: str = "", worst: str = "") -> float | None:
    """A rating on 1-5, linear from the site's own scale; None where it is missing or off its scale.

    Read are `4`, `4,5`, `4/5`, `4 out of 5`, `80%` and `★★★★☆`. As schema.org has it, a scale that
    is not stated runs from 1 to 5.
    """
    stated = stated.strip()
    if "★" in stated and not re.search(r"\d", stated):
        return float(min(stated.count("★"), 5))
    found = _RATING.search(stated[:100])
    if found is None:
        return None
    value, top, bottom = _float(found[1]), number(best), number(worst)
    if found[2] == "%":
        top, bottom = 100.0, 0.0
    elif found[3]:
        top = _float(found[3])
    return scale(value, 5.0 if top is None else top, 1.0 if bottom is None else bottom)


def _float(digits: str) -> float:
    return float(digits.replace(",", "."))


def scale(value: float, best: float, worst: float) -> float | None:
    """`value` of [worst, best] moved to [1, 5]; None where it lies outside or the scale is none."""
    if not worst < best or not worst <= value <= best:
        return None
    return math.floor((1 + 4 * (value - worst) / (best - worst)) * 1000 + 0.5) / 1000


def sections(body: str, advice: str = "") -> tuple[str, str, str, str]:
    """`(body, pros, cons, advice)` of a text that labels its own parts ("Likes: ... Dislikes: ...").

    Without such labels all stays body. Also cut: "... Read More" and a closing block of work details.
    """
    body = _MORE.sub("…", _DETAILS.sub("", body)).strip()
    liked = _PROS.match(body)
    disliked = _CONS.search(body, liked.end() if liked else 0)
    if not disliked or not (liked or disliked.start() == 0):
        return body, "", "", advice
    pros, cons = body[liked.end() if liked else 0 : disliked.start()], body[disliked.end() :]
    if asked := _ADVICE.search(cons):
        cons, advice = cons[: asked.start()], cons[asked.end() :]
    return "", pros.strip(), cons.strip(), advice.strip()


def employment_of(author: str) -> tuple[Literal["current", "former", ""], str, str]:
    """`(employment, job, name)` of an author such as "Former Employee - Press Operator"."""
    found = _EMPLOYEE.fullmatch(author.strip())
    if not found:
        return "", "", author
    job = "" if _NOBODY.fullmatch(found[2].strip()) else found[2].strip()
    return ("current" if found[1].lower() == "current" else "former"), job, ""


def person(name: str) -> str:
    """The author's name; empty for "Anonymous" and its like, who are not one person."""
    return "" if _NOBODY.fullmatch(name.strip()) else name.strip()

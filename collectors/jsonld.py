"""JSON-LD blocks of a page, read with the tolerance that real pages need. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from bs4 import BeautifulSoup

MAX_SCRIPTS = 200

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)|<!--|-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)


def blocks(page: BeautifulSoup) -> tuple[list[Any], list[str]]:
    """The parsed blocks, and one line for each that is broken beyond repair."""
    found: list[Any] = []
    problems: list[str] = []
    scripts = page.find_all("script", type=re.compile(r"^\s*application/ld\+json", re.IGNORECASE))
    for number, script in enumerate(scripts[:MAX_SCRIPTS], 1):
        try:
            found.append(parse(script.string or ""))
        except (ValueError, RecursionError) as error:
            problems.append(f"JSON-LD block {number} is broken ({type(error).__name__})")
    return found, problems


def parse(text: str) -> Any:
    """One block; comments, CDATA marks, raw control characters and trailing commas are forgiven.

    Raises ValueError for what is no JSON even so, RecursionError for absurd nesting.
    """
    text = text.strip().lstrip("\ufeff").rstrip(";")
    if not text:
        return None
    try:
        return json.loads(text, strict=False)
    except ValueError:
        mended = _COMMENT.sub(_keep, text)
        return json.loads(_COMMA.sub(_keep, mended), strict=False)


def _keep(match: re.Match[str]) -> str:
    return match.group(1) or ""

"""The exports that candidly knows by their columns: every column is read, or ignored on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from collectors.layout import OUTER, SAID, Columns, Layout
from collectors.layouts_elsewhere import ELSEWHERE
from collectors.layouts_employers import EMPLOYER_SITES
from collectors.layouts_surveys import SURVEYS
from collectors.plaincolumns import PLAIN, plain_layout

__all__ = ["LAYOUTS", "OUTER", "SAID", "Columns", "Layout", "PresetName", "recognise"]

PresetName = Literal[
    "auto", "none", "glassdoor-reviews", "glassdoor-interviews", "indeed", "ambitionbox", "kununu",
    "google-takeout", "google-maps", "trustpilot", "yelp", "reddit", "youtube", "threads", "app-reviews",
    "obsei", "candidate-survey", "plain",
]  # fmt: skip

LAYOUTS: Final = (*EMPLOYER_SITES, *SURVEYS, *ELSEWHERE)


def recognise(columns: Iterable[str], preset: str = "auto") -> Layout | None:
    """The first layout, of that preset where one is named, whose telling columns are all there.

    A plain table is never found by itself: within JSON much else has a date and a text.
    """
    listed = list(columns)
    if preset == PLAIN:
        return plain_layout(listed)
    present = set(listed)
    for one in LAYOUTS:
        if (one.preset == preset or (preset == "auto" and not one.named_only)) and one.fits(present):
            return one.resolved(listed)
    return None

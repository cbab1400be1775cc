"""The `selectors` block of a source: where a page without schema.org annotations keeps its reviews."""

from __future__ import annotations

from pydantic import Field

from candidly.config import Model


class Selectors(Model):
    """CSS selectors, each within one `item`. `CSS @attribute` reads an attribute instead of the text.

    Example: `{item: "li.review", body: ".text", stars: ".rating @title", date: "time @datetime"}`.
    """

    item: str = Field(min_length=1, description="One review.")
    title: str = ""
    body: str = ""
    pros: str = ""
    cons: str = ""
    advice: str = ""
    stars: str = Field("", description='Its rating: "4", "4,5", "4/5", "80%" or stars drawn as ★.')
    best: float = Field(5, gt=0, description="The top of the rating scale.")
    worst: float = Field(1, ge=0, description="Its bottom.")
    date: str = ""
    author: str = ""
    experience: str = Field("", description='Of an interview: "Positive Experience", "neutral", ...')
    difficulty: str = Field("", description='Of an interview: "Easy interview", "difficult", ...')
    offer: str = Field("", description='What came of it: "No offer", "Accepted offer", "Declined offer".')
    position: str = ""
    location: str = ""
    id: str = Field("", description="Its own id; without one, a hash of the text stands in.")
    url: str = Field("", description='Its own address: "a.permalink @href".')
    next: str = Field("", description="The link to the next page, anywhere in the page.")

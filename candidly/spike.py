"""What a spike of negative mentions is, and how to say it to people who do not do statistics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

SpikeKind = Literal["more negative", "more posts"]
"""more negative: the share of negative mentions rose too. more posts: only the volume did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """More negative mentions in `first`..`last` (both included) than this company usually gets.

    `expected` is the usual number for those days, `low` to `high` its usual range (2 standard deviations).
    `score` is log10 of the years between chance alarms as strong as this one: 0 is once a year, 1 once in
    ten years. Shares are in [0, 1]. Of "more posts", `observed`, `expected`, `low` and `high` count
    mentions of every kind; `negative` are always the negative ones.
    """

    kind: SpikeKind
    first: date
    last: date
    observed: int
    expected: float
    low: int
    high: int
    total: int
    usual_share: float
    score: float
    negative: int | None = None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def share(self) -> float:
        negative = self.observed if self.negative is None else self.negative
        return negative / self.total if self.total else 0.0

    @property
    def how_often(self) -> str:
        """How often chance alone does this; capped at three years, beyond that it is unreliable."""
        years = 10.0**self.score
        if years >= 3:
            return "less than once in 3 years"
        if years >= 1.5:
            return "about once in 2 years"
        times = round(1 / years)
        return "about once a year" if times <= 1 else f"about {times} times a year"

    def sentence(self) -> str:
        """'14 negative mentions in 3 days; usual is 2 to 6. Chance alone does this ...'."""
        when = (
            f"on {self.last.day} {self.last:%B %Y}"
            if self.days == 1
            else f"in the {self.days} days to {self.last.day} {self.last:%B %Y}"
        )
        what = "negative mentions" if self.kind == "more negative" else "mentions"
        mood = (
            f"{self.share:.0%} of all mentions were negative, usual is {self.usual_share:.0%}"
            if self.kind == "more negative"
            else f"there were more mentions of every kind; the negative share ({self.share:.0%}) is as usual"
        )
        return (
            f"{self.observed} {what} {when}; usual is {self.low} to {self.high}. "
            f"{mood[0].upper()}{mood[1:]}. Chance alone does this {self.how_often}."
        )

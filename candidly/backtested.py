"""What a back-test found, as frozen records; imports only the standard library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from candidly.records import Severity


@dataclass(frozen=True, slots=True)
class Fired:
    """An incident that would have been opened on `day`. `sent`: messages, the first one included."""

    id: str
    day: date
    over: date | None
    rule: str
    severity: Severity
    title: str
    summary: str
    sent: int


@dataclass(frozen=True, slots=True)
class WeekPoint:
    """An ISO week. `negative`, `total`: None where too few to tell; `usual`: range of the negative ones."""

    week: str
    first: date
    negative: int | None
    total: int | None
    usual: tuple[float, float] | None
    covered: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a budget of one false alarm in `weeks` weeks would have brought.

    `pages`, `warnings`, `notices`: incidents opened in the company's history. `allowed`: the false alarms
    that the budget allows for in so long a time. `chance`: pages that the rule opened on average in drawn
    histories of the same company in which nothing happened; None: not drawn.
    """

    weeks: float
    pages: int
    warnings: int
    notices: int
    allowed: float
    chance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """A company's history, replayed day by day."""

    company: str
    since: date
    until: date
    least: int
    budget: Cost
    others: tuple[Cost, ...]
    fired: tuple[Fired, ...]
    weeks: tuple[WeekPoint, ...]
    drawn: int

    @property
    def length(self) -> float:
        """In weeks."""
        return ((self.until - self.since).days + 1) / 7

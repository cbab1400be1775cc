"""How much of something that is billed or rationed a period has used; counted in the source's cursor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from candidly.records import Cursor
from collectors.api import at

SPENT: Final = "spent"


class Budget:
    """At most `cap` of something in `period` ("2026-11"); a new period begins at nothing.

    It is committed with what it paid for: a crash forgets what the pages since the last commit cost.
    """

    def __init__(self, cursor: Cursor | None, period: str, cap: int) -> None:
        self.period, self.cap = period, cap
        used = at(cursor, SPENT, "used")
        good = at(cursor, SPENT, "period") == period and isinstance(used, int) and used >= 0
        self.used: int = used if good else 0

    @property
    def left(self) -> int:
        return max(self.cap - self.used, 0)

    def spend(self, count: int) -> None:
        self.used += count

    def into(self, cursor: Cursor) -> Cursor:
        """The cursor with what was used until now."""
        return {**cursor, SPENT: {"period": self.period, "used": self.used}}


def to_next_month(now: datetime) -> float:
    """Seconds until the next calendar month begins, in the zone of `now`."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return ((first + timedelta(days=32)).replace(day=1) - now).total_seconds()


def to_next_day(now: datetime) -> float:
    """Seconds until the next day begins, in the zone of `now`; an hour off at most where clocks change."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - now).total_seconds()

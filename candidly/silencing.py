"""Which incidents a silence keeps quiet. Imports only the standard library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from candidly.records import Silence


def silences(
    silent: Iterable[Silence], company: str, rule: str, themes: Sequence[str], now: datetime
) -> bool:
    """Whether one of them covers an incident. A silenced theme covers what is about silenced themes only."""
    active = [one for one in silent if one.until > now]
    fits = [one for one in active if one.company in ("", company) and one.rule in ("", rule)]
    if any(not one.theme for one in fits):
        return True
    quiet = {one.theme for one in fits}
    return bool(themes) and set(themes) <= quiet

"""The week by who speaks, how it was judged and in which language, as every format for people names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from candidly.figures import Group, WeeklyFigures

UNKNOWN: Final = "und"
"""ISO 639 for a language that was not found out; programs get it as it is."""


def splits(f: WeeklyFigures) -> Iterator[tuple[str, Sequence[Group]]]:
    """`(title, groups)` of each that has any."""
    named = (("Who speaks", f.roles), ("Judged by", f.bases), ("Language", _languages(f.languages)))
    yield from ((title, groups) for title, groups in named if groups)


def _languages(groups: Sequence[Group]) -> list[Group]:
    """In words; an unknown one is left out where it is alone or withheld, as it then says nothing."""
    known = [group for group in groups if group.name != UNKNOWN]
    return [
        replace(group, name="language unknown") if group.name == UNKNOWN else group
        for group in groups
        if group.name != UNKNOWN or (known and group.mentions is not None)
    ]

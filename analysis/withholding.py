"""What must not be counted in public, so that no small group can be worked out from what is.

Two attacks are met. Over parts of one whole: a total less its shown parts (`hidden`). Over time: a month
less the weeks that earlier reports have shown (`units`). The rule against the second is that a sum over
weeks holds only weeks that are shown anyway, and hidden weeks only in fixed bundles that are large enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

BLOCK: Final = 13
"""Bundles of hidden weeks do not reach over the bounds of these blocks of ISO weeks, counted from 1 AD.
So a week's bundle never depends on which weeks a report happens to look at."""


def hidden(counts: Mapping[str, int], least: int) -> set[str]:
    """Which parts of a whole must not be counted in public.

    Those below `least`, and then the next smallest for as long as the hidden ones together stay below
    `least`: else the total less the shown parts would tell them (complementary suppression, Willenborg
    and de Waal 2001, Elements of Statistical Disclosure Control, ch. 6).
    """
    order = sorted((name for name in counts if counts[name]), key=lambda name: (counts[name], name))
    out: set[str] = set()
    for name in order:
        together = sum(counts[other] for other in out)
        if counts[name] < least or 0 < together < least:
            out.add(name)
    return out


def units(first: int, counts: Sequence[int], least: int) -> list[int | None]:
    """The bundle that each week belongs to, named by its first week's place; None: in none, so never summed.

    `first`: the number of the first week, counted from 1 AD. A week with no mention or with at least `least`
    is a bundle by itself; small weeks join later small weeks of their block until they have `least`
    together. The first block of `counts` must be whole for the answer to be the same in every report.
    """
    out: list[int | None] = [None] * len(counts)
    open_weeks: list[int] = []
    for place, n in enumerate(counts):
        if open_weeks and (first + place) % BLOCK == 0:
            open_weeks = []
        if n == 0 or n >= least:
            out[place] = place
            continue
        open_weeks.append(place)
        if sum(counts[week] for week in open_weeks) >= least:
            for week in open_weeks:
                out[week] = open_weeks[0]
            open_weeks = []
    return out


def summed(bundles: Sequence[int | None], weeks: set[int]) -> set[int]:
    """Those of `weeks` that may be summed: the weeks of bundles that lie wholly among them."""
    broken = {bundle for place, bundle in enumerate(bundles) if place not in weeks}
    return {place for place in weeks if bundles[place] is not None and bundles[place] not in broken}

"""Whether stored items are still there: the judgement on one answer of a site that was asked by ids. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from candidly.errors import Degraded
from collectors.base import Standing

DOUBTED = 10
"""So many ids in one request, none of them listed, are taken for a fault of the site, not for deletions."""


def standing(
    ids: Sequence[str],
    there: Collection[str],
    *,
    where: str,
    listed: Collection[str] | None = None,
    unsigned: Collection[str] = (),
) -> Iterator[tuple[str, Standing]]:
    """Tell of the ids of one request, given those that a good answer shows as public; the others are gone.

    `listed`: all that it holds, where a site also lists what is deleted; `unsigned`: those of `there` whose
    author is no longer named. Raises Degraded where none of many is listed: losing the right to read looks
    just the same.
    """
    if len(ids) >= DOUBTED and not set(ids) & set(there if listed is None else listed):
        raise Degraded(
            f"{where}: none of {len(ids)} stored items is listed; they are not taken for deleted.",
            "Look at some of them by hand; if all are gone, run `candidly source purge`.",
        )
    for id_ in ids:
        yield id_, "unsigned" if id_ in unsigned else "there" if id_ in there else "gone"


def by(number: int, ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in groups, each for one request."""
    return (ids[at : at + number] for at in range(0, len(ids), number))

"""What a source says is gone, as it meets it: known by its id, buried under a keyed hash of it."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.prepare import Preparer, clean_id
from candidly.records import GONE, REMOVING, Mention, Reject, Removal, Tally
from storage import keeping
from storage.store import Store

_UNNAMED = frozenset({
    GONE, "not public", "not public at the source", "for signed-in readers only", "hidden by the site",
    "its author asks not to be collected",
})  # fmt: skip
"""Reasons for which an item's id, which may name its author, is not listed: nobody shall look it up."""
WITHHELD = "(id withheld)"
"""What stands in its place, so that an empty cell is not taken for a fault."""


def listed(item: Reject) -> Reject:
    """What the file of rejects may keep of an item: of what is not for everybody (any more) not its id."""
    return Reject(WITHHELD, item.reason) if item.reason in _UNNAMED else item


def gone(preparer: Preparer, source: str, items: Iterable[Mention | Reject]) -> dict[str, Removal]:
    """id -> removal of the items among them that are no longer to be had."""
    found = {}
    for item in items:
        if isinstance(item, Reject) and item.reason in REMOVING and item.where:
            one = removal(preparer, source, item.where)
            found[one.id] = one
    return found


def removal(preparer: Preparer, source: str, id_: str, reason: str = GONE) -> Removal:
    """What the store needs to take a mention out for good."""
    return Removal(clean_id(id_), preparer.keyed_id(source, id_), reason)


def alive(
    store: Store,
    preparer: Preparer,
    source: str,
    mentions: Iterable[Mention],
    removed: Iterable[str],
    tally: Tally,
) -> list[Mention]:
    """The mentions but those that are `removed` in this very batch or were before; these are rejected.

    Where a source contradicts itself within a batch, the deletion counts.
    """
    keyed = [(preparer.keyed_id(source, mention.id), mention) for mention in mentions]
    dead = keeping.tombstones_of(store, source, [key for key, _ in keyed])
    now_gone, kept = set(removed), []
    for key, mention in keyed:
        if reason := GONE if mention.id in now_gone else dead.get(key):
            tally.reject(reason)
        else:
            kept.append(mention)
    return kept

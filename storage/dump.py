"""The content of a store as sorted lines of text: two stores that hold the same give the same lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from storage.rows import canonical
from storage.schema import analyses, cursors, deliveries, incidents, mentions, opinions
from storage.store import Store

_CHUNK = 1000
_KEYS = {"pk", "mention", "n"}
_MOMENTS = {
    "checked",
    "expired",
    "collected",
    "first_collected",
    "opened",
    "resolved",
    "due",
    "leased",
    "finished",
    "attempts",
}


def dump(store: Store, *, times: bool = False) -> Iterator[str]:
    """Mentions with analyses and opinions by (source, id); then cursors, incidents and deliveries by id.

    Left out: keys of this database, attempts, and, unless `times`, when things were done; so that an
    interrupted and resumed collection can be compared with one that ran through. In order, memory flat.
    """
    left_out = _KEYS | (set() if times else _MOMENTS) | {"attempts", "leased"}
    with store.reading() as connection:
        yield from _mentions(connection, left_out)
        for table in (cursors, incidents, deliveries):
            yield from _plain(connection, table, left_out)


def _mentions(connection: Connection, left_out: set[str]) -> Iterator[str]:
    wanted = select(mentions).order_by(mentions.c.source, mentions.c.id).execution_options(yield_per=_CHUNK)
    for chunk in connection.execute(wanted).mappings().partitions():
        pks = [row["pk"] for row in chunk]
        found = {row["mention"]: row for row in _children(connection, analyses, pks)}
        held = defaultdict(list)
        for row in _children(connection, opinions, pks):
            held[row["mention"]].append([row["theme"], row["polarity"], row["start"], row["end"]])
        for row in chunk:
            line = _kept(row, left_out) | {"opinions": held[row["pk"]]}
            if row["pk"] in found:
                line["analysis"] = _kept(found[row["pk"]], left_out)
            yield f"mention {canonical(line)}"


def _children(connection: Connection, table: Table, pks: Sequence[int]) -> Sequence[Any]:
    wanted = select(table).where(table.c.mention.in_(pks)).order_by(*table.primary_key)
    return connection.execute(wanted).mappings().all()


def _plain(connection: Connection, table: Table, left_out: set[str]) -> Iterator[str]:
    wanted = select(table).order_by(*table.primary_key)
    for row in connection.execute(wanted).mappings():
        yield f"{table.name.rstrip('s')} {canonical(_kept(row, left_out))}"


def _kept(row: Any, left_out: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in left_out}

"""How long what is stored may stay: deletions at the source, retention, and a source purged as a whole.

Every function is one or more transactions that can be cut off anywhere and run again: what was done stays
done, and the rest is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from candidly import failpoints
from candidly.records import Removal
from storage.engine import translated
from storage.removal import CHUNK, EXPIRED, UNSETTLED, blank, mark_seen, remove, with_texts
from storage.schema import cursors, deliveries, incidents, mentions, opinions, periods, runs, tombstones
from storage.store import Store, lock_mentions

__all__ = [
    "CHUNK", "EXPIRED", "Holdings", "checked", "due", "expire", "forget_source", "holdings", "ids", "oldest",
    "settle", "take_out", "tombstones_of", "unsettled",
]  # fmt: skip

_M = mentions.c


def tombstones_of(store: Store, source: str, keys: Iterable[str]) -> dict[str, str]:
    """key -> reason of those that have a tombstone: what must not be stored again."""
    wanted, found = list(keys), {}
    with store.reading() as connection:
        for at in range(0, len(wanted), CHUNK):
            dead = select(tombstones.c.key, tombstones.c.reason).where(tombstones.c.source == source)
            rows = connection.execute(dead.where(tombstones.c.key.in_(wanted[at : at + CHUNK])))
            found.update({row.key: row.reason for row in rows})
    return found


def due(store: Store, source: str, before: datetime, limit: int) -> list[str]:
    """Ids of a source's mentions that its site was last seen to have before `before`, the oldest first.

    Those whose text has expired are left out: there is nothing left to remove.
    """
    wanted = select(_M.id).where(_M.source == source, _M.checked <= before, _M.expired.is_(None))
    with store.reading() as connection:
        return list(connection.scalars(wanted.order_by(_M.checked, _M.pk).limit(limit)))


def oldest(store: Store, source: str) -> datetime | None:
    """When its source was last seen to have the mention whose turn is next; None: there is none."""
    wanted = select(func.min(_M.checked, type_=_M.checked.type))
    with store.reading() as connection:
        found: datetime | None = connection.scalar(wanted.where(_M.source == source, _M.expired.is_(None)))
    return found


def checked(store: Store, source: str, there: Sequence[str], gone: Sequence[Removal], now: datetime) -> int:
    """Note what a source said of its items, in one transaction; how many mentions were removed."""
    return _changed(store, source, there, gone, now, remember=True)


def take_out(store: Store, source: str, gone: Sequence[Removal], now: datetime, *, remember: bool) -> int:
    """Remove mentions in one transaction, with or without tombstones; how many were there."""
    return _changed(store, source, (), gone, now, remember=remember)


def _changed(
    store: Store, source: str, there: Sequence[str], gone: Sequence[Removal], now: datetime, *, remember: bool
) -> int:
    with store.writing() as connection:
        lock_mentions(connection)
        removed = remove(connection, source, gone, now, remember=remember)
        failpoints.hit("store.rows")
        mark_seen(connection, source, there, now)
        failpoints.hit("store.commit")
    failpoints.hit("store.committed")
    return removed


def expire(store: Store, source: str, keep: timedelta, now: datetime) -> int:
    """Empty up to CHUNK texts that were first read `keep` ago or earlier, in one transaction; how many."""
    with store.writing() as connection:
        lock_mentions(connection)
        old = with_texts().where(_M.source == source, _M.first_collected <= now - keep, _M.expired.is_(None))
        rows = connection.execute(old.order_by(_M.pk).limit(CHUNK)).all()
        failpoints.hit("store.rows")
        blank(connection, rows, now)
        failpoints.hit("store.commit")
    failpoints.hit("store.committed")
    return len(rows)


def unsettled(store: Store) -> datetime | None:
    """Since when removed texts may still be read in the database's files by other means than SQL."""
    with store.reading() as connection:
        wanted = select(periods.c.claimed).where(periods.c.job == UNSETTLED)
        return connection.execute(wanted).scalar()


def settle(store: Store) -> bool:
    """Make what was removed unreadable in the files too; False where a reader is in the way (try again).

    On SQLite a removed row is overwritten where it stood (`secure_delete`), but a copy may be left where rows
    were moved between pages, and in the write-ahead log. So the file is written anew (VACUUM: about a second
    for 100 MB, and as much free space) and the log emptied. On PostgreSQL there is nothing that a client can
    do: old row versions go with the next VACUUM, and what the server archives (its own log, backups) when its
    administrator lets it expire.
    """
    since = unsettled(store)
    if store.engine.dialect.name == "sqlite":
        with translated(), closing(store.engine.raw_connection()) as connection:
            if since is not None:
                connection.cursor().execute("VACUUM")
            if connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return False
    with store.writing() as connection:
        # Not one that is younger: a collector may have removed something since.
        done = (periods.c.job == UNSETTLED) & (periods.c.claimed == since)
        connection.execute(delete(periods).where(done))
    return True


# A source as a whole


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many rows of a source are stored."""

    mentions: int
    opinions: int
    runs: int
    cursors: int
    incidents: int
    tombstones: int

    @property
    def empty(self) -> bool:
        """Whether nothing of it is left but tombstones."""
        return not (self.mentions or self.opinions or self.runs or self.cursors or self.incidents)


def holdings(store: Store, source: str) -> Holdings:
    """What is stored of a source; `incidents` are those about the source itself."""
    told = mentions.join(opinions, opinions.c.mention == _M.pk)
    parts: list[tuple[Any, ColumnElement[bool]]] = [
        (mentions, _M.source == source),
        (told, _M.source == source),
        (runs, runs.c.source == source),
        (cursors, cursors.c.source == source),
        (incidents, _about(source)),
        (tombstones, tombstones.c.source == source),
    ]
    with store.reading() as connection:
        return Holdings(*(
            connection.scalar(select(func.count()).select_from(table).where(condition)) or 0
            for table, condition in parts
        ))  # fmt: skip


def ids(store: Store, source: str, limit: int) -> list[str]:
    """Up to `limit` ids of a source's mentions."""
    wanted = select(_M.id).where(_M.source == source).order_by(_M.pk).limit(limit)
    with store.reading() as connection:
        return list(connection.scalars(wanted))


def forget_source(store: Store, source: str, *, tombstones_too: bool) -> None:
    """Remove what is stored of a source beside its mentions: runs, cursor, incidents and their messages."""
    with store.writing() as connection:
        about = list(connection.scalars(select(incidents.c.id).where(_about(source))))
        for at in range(0, len(about), CHUNK):
            chunk = about[at : at + CHUNK]
            told = deliveries.c.message["incident"].as_string().in_(chunk)
            connection.execute(delete(deliveries).where(told))
            connection.execute(delete(incidents).where(incidents.c.id.in_(chunk)))
        for table in (cursors, runs, *([tombstones] if tombstones_too else [])):
            connection.execute(delete(table).where(table.c.source == source))


def _about(source: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = incidents.c.detail["source"].as_string() == source
    return found

"""How long what is stored may stay: deletions at the source, retention, and a source purged as a whole.

Every function is one or more transactions that can be cut off anywhere and run again: what was done stays
done, and the rest is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from candidly import failpoints
from candidly.records import Removal
from storage import removal
from storage.engine import BUSY_SECONDS, sqlite_file, translated
from storage.removal import (
    CHUNK,
    EXPIRED,
    UNSETTLED,
    blank,
    bury,
    has_words,
    links_of,
    mark_seen,
    remove,
    unsign,
    with_texts,
)
from storage.schema import (
    cursors,
    deliveries,
    incidents,
    lookups,
    mentions,
    opinions,
    periods,
    runs,
    tombstones,
)
from storage.store import Store, lock_mentions

__all__ = [
    "CHUNK", "DONE", "EXPIRED", "Holdings", "Told", "among", "due", "erase", "expire", "forget_messages",
    "forget_source", "holdings", "ids", "note", "oldest", "problem_of", "quoting", "settle", "size", "spend",
    "take_out", "tombstones_of", "unsettle", "unsettled",
]  # fmt: skip

_M = mentions.c
DONE = ("sent", "failed", "grouped")
"""States of a message that nobody will send any more."""


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


@dataclass(slots=True)
class Told:
    """What a source said of stored items; `problem`: why it says no more."""

    there: list[str] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    gone: list[Removal] = field(default_factory=list)
    problem: str = ""

    def __len__(self) -> int:
        return len(self.there) + len(self.unsigned) + len(self.gone)


def note(store: Store, source: str, told: Told, now: datetime) -> int:
    """Act on what a source said of its items, in one transaction; how many mentions were removed."""
    with store.writing() as connection:
        lock_mentions(connection)
        removed = remove(connection, source, told.gone, now)
        failpoints.hit("store.rows")
        unsign(connection, source, told.unsigned, now)
        mark_seen(connection, source, told.there + told.unsigned, now)
        _add(connection, source, now, told.problem, items=len(told), removed=removed)
        failpoints.hit("store.commit")
    failpoints.hit("store.committed")
    return removed


def spend(store: Store, source: str, now: datetime) -> None:
    """Note one request for stored items, before it is made."""
    with store.writing() as connection:
        _add(connection, source, now, requests=1)


def _add(connection: Connection, source: str, now: datetime, problem: str = "", **counts: int) -> None:
    """Add to what the looking up of a day has come to."""
    day = now.astimezone(UTC).date()
    today = (lookups.c.source == source) & (lookups.c.day == day)
    more: dict[str, Any] = {name: lookups.c[name] + count for name, count in counts.items()}
    done = connection.execute(update(lookups).where(today).values(**more, problem=problem))
    if not done.rowcount:
        row = {"requests": 0, "items": 0, "removed": 0} | counts
        connection.execute(insert(lookups).values(source=source, day=day, problem=problem, **row))


def problem_of(store: Store, source: str) -> str:
    """How the last try to look a source's items up failed; "" for well, or none yet."""
    wanted = select(lookups.c.problem).where(lookups.c.source == source).order_by(lookups.c.day.desc())
    with store.reading() as connection:
        return connection.scalar(wanted.limit(1)) or ""


def take_out(store: Store, source: str, gone: Sequence[Removal], now: datetime, *, remember: bool) -> int:
    """Remove mentions in one transaction, with or without tombstones; how many were there."""
    with store.writing() as connection:
        lock_mentions(connection)
        removed = remove(connection, source, gone, now, remember=remember)
        failpoints.hit("store.commit")
    failpoints.hit("store.committed")
    return removed


def among(store: Store, source: str, ids: Sequence[str]) -> set[str]:
    """Those of these ids whose mentions are stored."""
    found: set[str] = set()
    with store.reading() as connection:
        for at in range(0, len(ids), CHUNK):
            here = select(_M.id).where(_M.source == source, _M.id.in_(ids[at : at + CHUNK]))
            found.update(connection.scalars(here))
    return found


def erase(store: Store, source: str, gone: Sequence[Removal], now: datetime) -> int:
    """Remove mentions, and keep those that are not stored from ever being; how many were there."""
    with store.writing() as connection:
        lock_mentions(connection)
        removed = remove(connection, source, gone, now)
        bury(connection, source, gone, now)
        failpoints.hit("store.commit")
    failpoints.hit("store.committed")
    return removed


def expire(store: Store, source: str, keep: timedelta, now: datetime, after: int = 0) -> list[int]:
    """Empty up to CHUNK texts that were first read `keep` ago or earlier, in one transaction; their keys.

    Only keys beyond `after` are looked at, so that going through all takes linear time.
    """
    with store.writing() as connection:
        lock_mentions(connection)
        old = with_texts().where(
            _M.source == source, _M.pk > after, _M.first_collected <= now - keep, _M.expired.is_(None)
        )
        rows = connection.execute(old.order_by(_M.pk).limit(CHUNK)).all()
        failpoints.hit("store.rows")
        blank(connection, rows, now)
        failpoints.hit("store.commit")
    failpoints.hit("store.committed")
    return [row.pk for row in rows]


def forget_messages(store: Store, before: datetime) -> int:
    """Drop messages that were sent, given up or put into another `before` a time; how many.

    What waits stays however old it is, and so does what tells of an incident that is open: while its id is
    there, a message is not written a second time. A closed incident never opens again (`open_incident`).
    """
    done = deliveries.c.state.in_(DONE) & (deliveries.c.finished <= before)
    with store.writing() as connection:
        still_open = set(connection.scalars(select(incidents.c.id).where(incidents.c.status == "open")))
        rows = connection.execute(select(deliveries.c.id, deliveries.c.message).where(done)).all()
        old = [row.id for row in rows if still_open.isdisjoint(_told_of(row.message))]
        for at in range(0, len(old), CHUNK):
            connection.execute(delete(deliveries).where(done, deliveries.c.id.in_(old[at : at + CHUNK])))
    return len(old)


def quoting(store: Store, ids: Iterable[str]) -> dict[str, set[str]]:
    """Those of these messages that are still there and hold words or links of others -> their links."""
    wanted, found = list(ids), dict[str, set[str]]()
    with store.reading() as connection:
        for at in range(0, len(wanted), CHUNK):
            those = deliveries.c.id.in_(wanted[at : at + CHUNK])
            rows = connection.execute(select(deliveries.c.id, deliveries.c.message).where(those))
            found |= {row.id: set(links_of(row.message)) for row in rows if has_words(row.message)}
    return found


def _told_of(message: dict[str, Any]) -> Iterator[str]:
    """The ids of the incidents that a message tells of; one that stands for several has a list."""
    yield message.get("incident", "")
    yield from message.get("incidents", ())


def unsettle(store: Store, now: datetime) -> None:
    """Note that bytes of what was removed may be left in the files."""
    with store.writing() as connection:
        removal.unsettle(connection, now)


def unsettled(store: Store) -> datetime | None:
    """Since when removed texts may still be read in the database's files by other means than SQL."""
    with store.reading() as connection:
        wanted = select(periods.c.claimed).where(periods.c.job == UNSETTLED)
        return connection.execute(wanted).scalar()


def size(store: Store) -> int:
    """Bytes of the database file; 0 for another database."""
    file = sqlite_file(store.engine.url)
    return file.stat().st_size if file is not None else 0


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
            if not _empty_log(connection.cursor()):
                return False
    with store.writing() as connection:
        # Not one that is younger: a collector may have removed something since.
        done = (periods.c.job == UNSETTLED) & (periods.c.claimed == since)
        connection.execute(delete(periods).where(done))
    return True


def _empty_log(cursor: Any) -> bool:
    """Write SQLite's log back and cut it to nothing; False where a reader still needs it."""
    cursor.execute("PRAGMA busy_timeout=200")  # it may read for long: not worth waiting for
    try:
        return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


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
        for table in (cursors, runs, lookups, *([tombstones] if tombstones_too else [])):
            connection.execute(delete(table).where(table.c.source == source))


def _about(source: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = incidents.c.detail["source"].as_string() == source
    return found

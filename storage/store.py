"""The store: every write of candidly, each method one transaction.

What belongs together is committed together: mentions, their analyses and opinions, the cursor after them and
the run's tally are one transaction, so that a crash at any point loses nothing and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Column, Connection, Engine, Row, delete, func, insert, select, text, update

from candidly import failpoints
from candidly.records import Analysis, Batch, Cursor, Delivery, Incident, Mention, Outcome, Tally
from storage import engine as engines
from storage import migrate, outbox, removal, rows
from storage.schema import analyses, cursors, mentions, opinions, runs

CHUNK = 500
"""Keys in one question to the database; both databases take tens of thousands of parameters."""

COUNTS = ("stored", "updated", "duplicate", "irrelevant", "unscored")


class Store:
    """An open database. Every method may raise StoreError (locked too long, disk full, damaged)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the database at a SQLAlchemy address, made or upgraded as needed.

        Raises StoreError where it is missing (and `create` is False), damaged, not ours or too new; it is
        left as it was. Before an upgrade a copy of a SQLite file is put beside it (`NAME.before-VERSION`).
        """
        engine = engines.connect(engines.parse(url))
        try:
            migrate.prepare(engine, create=create)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def reading(self) -> AbstractContextManager[Connection]:
        """A read transaction: one snapshot for all questions in it."""
        return engines.reading(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """A write transaction."""
        return engines.writing(self.engine)

    # Collecting

    def cursor(self, source: str) -> Cursor | None:
        """Where a source's reading stands; None before its first batch."""
        with self.reading() as connection:
            found: Cursor | None = connection.scalar(
                select(cursors.c.cursor).where(cursors.c.source == source)
            )
        return found

    def digests(self, source: str, ids: Iterable[str]) -> dict[str, str]:
        """id -> digest of those of a source's mentions that are stored; the same digest means unchanged."""
        with self.reading() as connection:
            return {row.id: row.digest for row in _known(connection, source, list(ids), mentions.c.digest)}

    def begin_run(self, source: str, started: datetime) -> int:
        """Note that a run of a source has begun; its number."""
        row = {**dict.fromkeys(COUNTS, 0), "source": source, "started": started, "status": "running"}
        with self.writing() as connection:
            done = connection.execute(insert(runs).values(**row, rejected={}, message="", remedy=""))
            return int(done.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one

    def save(self, run: int, batch: Batch) -> None:
        """Write a batch: all of it or nothing.

        A known `(source, id)` is replaced, with its analysis and opinions: it keeps its key and the time it
        was first collected, and gets a new revision if its text changed. Of two items with one id
        the last one counts. A cursor of None leaves the stored one. What is `gone` is removed, and gets a
        tombstone where it was stored.
        """
        with self.writing() as connection:
            lock_mentions(connection)
            if batch.items:
                _save_items(connection, batch)
            if batch.cursor is not None:  # before the removal, which takes ids out of it
                connection.execute(delete(cursors).where(cursors.c.source == batch.source))
                connection.execute(insert(cursors).values(source=batch.source, cursor=batch.cursor))
            if batch.at:
                removal.remove(connection, batch.source, batch.gone, batch.at)
                removal.mark_seen(connection, batch.source, batch.seen, batch.at)
            failpoints.hit("store.rows")
            _add_tally(connection, run, batch)
            failpoints.hit("store.commit")
        failpoints.hit("store.committed")

    def reanalyse(self, items: Sequence[tuple[Mention, Analysis]]) -> int:
        """Replace the analyses of stored mentions, with opinions and verdicts; how many were replaced.

        The mentions stay as they are, with revision and dates. One that is no longer there, or has been
        edited since it was read, is passed over: this analysis is not of its text.
        """
        with self.writing() as connection:
            lock_mentions(connection)
            done = _replace_analyses(connection, items)
            failpoints.hit("store.commit")
        failpoints.hit("store.committed")
        return done

    def note_requests(self, run: int, made: int) -> None:
        """Note how many requests a run has made until now, before its next batch does."""
        with self.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(requests=made))

    def end_run(self, run: int, outcome: Outcome, finished: datetime) -> None:
        """Note how a run ended; the outcome's tally is the run's."""
        values = {name: getattr(outcome.tally, name) for name in COUNTS}
        wait = outcome.retry_after
        with self.writing() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.id == run)
                .values(
                    **values,
                    rejected=outcome.tally.rejected,
                    status=outcome.status,
                    finished=finished,
                    message=outcome.message,
                    remedy=outcome.remedy,
                    requests=outcome.requests,
                    fault=outcome.fault,
                    not_before=None if wait is None else finished + timedelta(seconds=wait),
                )
            )

    def interrupted(self, now: datetime) -> int:
        """Mark the runs that a dead process left running; how many. Call it while holding the run lock."""
        with self.writing() as connection:
            return connection.execute(
                update(runs)
                .where(runs.c.status == "running")
                .values(status="interrupted", finished=now, message="the process ended before the run did.")
            ).rowcount

    # Alerting and schedules; see outbox.py

    def open_incident(self, incident: Incident, deliveries: Sequence[Delivery]) -> bool:
        """Open an incident together with its messages; False, and nothing written, if it is known."""
        with self.writing() as connection:
            return outbox.open_incident(connection, incident, deliveries)

    def update_incident(self, id: str, title: str, detail: dict[str, Any]) -> bool:  # noqa: A002
        """Renew what an open incident says; False if there is no such open one."""
        with self.writing() as connection:
            return outbox.update_incident(connection, id, title, detail)

    def resolve_incident(self, id: str, now: datetime) -> bool:  # noqa: A002
        """Close an incident; False if it is not open."""
        with self.writing() as connection:
            return outbox.resolve_incident(connection, id, now)

    def enqueue(self, delivery: Delivery) -> bool:
        """Put a message into the outbox; False, and nothing written, if its id is known."""
        with self.writing() as connection:
            return outbox.enqueue(connection, delivery)

    def due(self, now: datetime, limit: int = 1000) -> list[Delivery]:
        """The messages that a sender could take now, longest due first."""
        with self.reading() as connection:
            return outbox.due(connection, now, limit)

    def next_due(self) -> datetime | None:
        """When a sender has something to do next; None where nothing waits."""
        with self.reading() as connection:
            return outbox.next_due(connection)

    def hold(self, ids: Sequence[str], now: datetime, until: datetime) -> int:
        """Let due messages wait; how many did, as others may be out already. Not counted as an attempt."""
        with self.writing() as connection:
            return outbox.hold(connection, ids, now, until)

    def merge(self, ids: Sequence[str], now: datetime, whole: Delivery) -> bool:
        """Send `whole` in the place of several; False, and nothing changed, where one was taken before."""
        try:
            with self.writing() as connection:
                return outbox.merge(connection, ids, now, whole)
        except outbox.Taken:
            return False

    def claim_due(
        self, now: datetime, lease: timedelta, limit: int = 50, channel: str | None = None
    ) -> list[Delivery]:
        """Take up to `limit` due messages (of one channel); nobody else gets them until the lease is over.

        `attempts` counts this one already, so that a message which kills its sender is noticed.
        """
        with self.writing() as connection:
            return outbox.claim_due(connection, now, lease, limit, channel)

    def mark_sent(self, id: str, now: datetime) -> None:  # noqa: A002
        """The channel has taken the message."""
        with self.writing() as connection:
            outbox.finish(connection, id, "sent", now, "")

    def mark_failed(self, id: str, now: datetime, error: str) -> None:  # noqa: A002
        """The message is given up."""
        with self.writing() as connection:
            outbox.finish(connection, id, "failed", now, error)

    def mark_retry(self, id: str, due: datetime, error: str, left: Sequence[str] = ()) -> None:  # noqa: A002
        """The message is to be tried again, not before `due`; of its recipients, for those in `left`."""
        with self.writing() as connection:
            outbox.retry(connection, id, due, error, left)

    def claim_period(self, job: str, key: str, now: datetime) -> bool:
        """Take on a piece of work that is named by the period it covers: True once for each name."""
        with self.writing() as connection:
            return outbox.claim_period(connection, job, key, now)

    def period_done(self, job: str, key: str) -> bool:
        """Whether that piece of work has been claimed."""
        with self.reading() as connection:
            return outbox.period_done(connection, job, key)

    def release_period(self, job: str, key: str) -> None:
        """Give such a piece of work back, because it was not done after all."""
        with self.writing() as connection:
            outbox.release_period(connection, job, key)


def _known(
    connection: Connection, source: str, ids: Sequence[str], *wanted: Column[Any]
) -> Iterator[Row[Any]]:
    """Rows of those that are stored: their id and what is wanted."""
    stored = select(mentions.c.id, *wanted).where(mentions.c.source == source)
    for at in range(0, len(ids), CHUNK):
        yield from connection.execute(stored.where(mentions.c.id.in_(ids[at : at + CHUNK])))


def _stored(connection: Connection, source: str, ids: Sequence[str]) -> Iterator[tuple[int, Mention]]:
    """Those that are stored, with their keys, without authors."""
    stored = select(mentions).where(mentions.c.source == source)
    for at in range(0, len(ids), CHUNK):
        chunk = stored.where(mentions.c.id.in_(ids[at : at + CHUNK]))
        for row in connection.execute(chunk).mappings():
            yield row["pk"], rows.to_mention(dict(row))


def _save_items(connection: Connection, batch: Batch) -> None:
    """Write mentions with their analyses and opinions; a known one is replaced under its old key.

    Keys are given out here, not by the database, which lets every statement be one `executemany`; the write
    transaction keeps other writers out meanwhile.
    """
    items = {mention.id: (mention, analysis) for mention, analysis in batch.items}
    columns = (mentions.c.pk, mentions.c.first_collected, mentions.c.digest, mentions.c.revision)
    known = {row.id: row for row in _known(connection, batch.source, list(items), *columns)}
    last = connection.scalar(select(func.max(mentions.c.pk))) or 0
    edited = [id_ for id_, old in known.items() if old.digest != items[id_][0].digest()]
    at = max(mention.collected for mention, _ in items.values())
    removal.edited(connection, batch.source, edited, at)
    _remove(connection, [row.pk for row in known.values()])
    new_mentions, new_analyses, new_opinions = [], [], []
    for id_, (mention, analysis) in items.items():
        digest = mention.digest()
        if old := known.get(id_):
            pk, first, revision = old.pk, old.first_collected, old.revision + (old.digest != digest)
        else:
            pk = last = last + 1
            first, revision = mention.collected, 1
        new_mentions.append(rows.mention_row(pk, mention, first, digest, revision))
        new_analyses.append(rows.analysis_row(pk, mention, analysis))
        new_opinions += rows.opinion_rows(pk, analysis)
    rows.insert_rows(connection, mentions, new_mentions)
    rows.insert_rows(connection, analyses, new_analyses)
    rows.insert_rows(connection, opinions, new_opinions)


def _replace_analyses(connection: Connection, items: Sequence[tuple[Mention, Analysis]]) -> int:
    by_source: dict[str, dict[str, tuple[Mention, Analysis]]] = {}
    for mention, analysis in items:
        by_source.setdefault(mention.source, {})[mention.id] = (mention, analysis)
    new_analyses, new_opinions = [], []
    for source, wanted in by_source.items():
        for pk, stored in _stored(connection, source, list(wanted)):
            mention, analysis = wanted[stored.id]
            if stored == mention.replace(author=""):
                new_analyses.append(rows.analysis_row(pk, mention, analysis))
                new_opinions += rows.opinion_rows(pk, analysis)
    pks = [row[0] for row in new_analyses]
    for at in range(0, len(pks), CHUNK):
        for table in (opinions, analyses):
            connection.execute(delete(table).where(table.c.mention.in_(pks[at : at + CHUNK])))
    rows.insert_rows(connection, analyses, new_analyses)
    failpoints.hit("store.rows")
    rows.insert_rows(connection, opinions, new_opinions)
    return len(pks)


def lock_mentions(connection: Connection) -> None:
    """Keep other writers of mentions out until the end of the transaction; on SQLite there can be none."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE mentions IN SHARE ROW EXCLUSIVE MODE"))


def _remove(connection: Connection, pks: Sequence[int]) -> None:
    """Remove mentions; their analyses and opinions go with them by foreign key."""
    for at in range(0, len(pks), CHUNK):
        connection.execute(delete(mentions).where(mentions.c.pk.in_(pks[at : at + CHUNK])))


def _add_tally(connection: Connection, run: int, batch: Batch) -> None:
    tally = batch.tally
    row = connection.execute(select(runs.c.rejected).where(runs.c.id == run)).one()
    total = Tally(rejected=dict(row.rejected))
    total.add(Tally(rejected=tally.rejected))
    counts = {name: runs.c[name] + getattr(tally, name) for name in COUNTS}
    values = {**counts, "rejected": total.rejected, "requests": batch.requests}
    connection.execute(update(runs).where(runs.c.id == run).values(**values))

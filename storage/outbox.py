"""Incidents, the messages about them, and work named by its period: statements inside a transaction.

A message goes out at least once: it is written in the transaction that opens its incident, taken by an UPDATE
that must touch exactly one row, and taken again when its sender has not come back by the end of its lease.
Messages are put together only before any of them was taken, so that one that may be out keeps its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from candidly.records import Delivery, Incident
from storage import rows
from storage.schema import deliveries, incidents, periods


def insert_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless its key is there; whether it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def open_incident(connection: Connection, incident: Incident, messages: Sequence[Delivery]) -> bool:
    if not insert_new(connection, incidents, rows.incident_row(incident)):
        return False
    for message in messages:
        enqueue(connection, message)
    return True


def update_incident(connection: Connection, id_: str, title: str, detail: dict[str, Any]) -> bool:
    is_open = (incidents.c.id == id_) & (incidents.c.status == "open")
    done = connection.execute(update(incidents).where(is_open).values(title=title, detail=detail))
    return done.rowcount == 1


def resolve_incident(connection: Connection, id_: str, now: datetime) -> bool:
    is_open = (incidents.c.id == id_) & (incidents.c.status == "open")
    done = connection.execute(update(incidents).where(is_open).values(status="resolved", resolved=now))
    return done.rowcount == 1


def enqueue(connection: Connection, delivery: Delivery) -> bool:
    return insert_new(connection, deliveries, rows.delivery_row(delivery))


def _due(now: datetime) -> ColumnElement[bool]:
    free = or_(deliveries.c.leased.is_(None), deliveries.c.leased <= now)
    return and_(deliveries.c.state == "pending", deliveries.c.due <= now, free)


def due(connection: Connection, now: datetime, limit: int) -> list[Delivery]:
    wanted = select(deliveries).where(_due(now)).order_by(deliveries.c.due, deliveries.c.id).limit(limit)
    return [rows.to_delivery(dict(row)) for row in connection.execute(wanted).mappings()]


def next_due(connection: Connection) -> datetime | None:
    """When a message that nobody holds is due, or the lease of one that somebody holds is over."""
    pending = deliveries.c.state == "pending"
    free = select(func.min(deliveries.c.due)).where(pending, deliveries.c.leased.is_(None))
    held = select(func.min(deliveries.c.leased)).where(pending)
    found = [connection.scalar(free), connection.scalar(held)]
    return min((one for one in found if one is not None), default=None)


def hold(connection: Connection, ids: Sequence[str], now: datetime, until: datetime) -> int:
    waiting = update(deliveries).where(deliveries.c.id.in_(ids), _due(now)).values(due=until)
    return connection.execute(waiting).rowcount


def merge(connection: Connection, ids: Sequence[str], now: datetime, whole: Delivery) -> bool:
    """Put `whole` in the place of messages that no sender has ever taken; raises Taken where one has."""
    untouched = deliveries.c.id.in_(ids) & (deliveries.c.attempts == 0) & (deliveries.c.state == "pending")
    done = connection.execute(
        update(deliveries).where(untouched).values(state="grouped", finished=now, error=f"in {whole.id}")
    )
    if done.rowcount != len(ids):
        raise Taken
    return enqueue(connection, whole)


class Taken(Exception):
    """Another sender was faster."""


def claim_due(
    connection: Connection, now: datetime, lease: timedelta, limit: int, channel: str | None
) -> list[Delivery]:
    due = _due(now) if channel is None else and_(_due(now), deliveries.c.channel == channel)
    # Fewest attempts first: what a channel never takes must not come before what it was never asked to take.
    order = deliveries.c.attempts, deliveries.c.due, deliveries.c.id
    wanted = select(deliveries.c.id).where(due).order_by(*order).limit(limit)
    claimed = []
    for id_ in connection.scalars(wanted).all():
        # `due` is asked again: on PostgreSQL another sender may have been faster than this UPDATE.
        taken = connection.execute(
            update(deliveries)
            .where(deliveries.c.id == id_, due)
            .values(leased=now + lease, attempts=deliveries.c.attempts + 1)
        )
        if taken.rowcount == 1:
            row = connection.execute(select(deliveries).where(deliveries.c.id == id_)).mappings().one()
            claimed.append(rows.to_delivery(dict(row)))
    return claimed


def finish(connection: Connection, id_: str, state: str, now: datetime, error: str) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == id_)
        .values(state=state, finished=now, leased=None, error=error)
    )


def retry(connection: Connection, id_: str, due: datetime, error: str, left: Sequence[str]) -> None:
    pending = (deliveries.c.id == id_) & (deliveries.c.state == "pending")
    values: dict[str, Any] = {"due": due, "leased": None, "error": error}
    message = connection.scalar(select(deliveries.c.message).where(pending))
    if left and message is not None:
        values["message"] = {**message, "left": list(left)}
    connection.execute(update(deliveries).where(pending).values(**values))


def claim_period(connection: Connection, job: str, key: str, now: datetime) -> bool:
    return insert_new(connection, periods, {"job": job, "key": key, "claimed": now})


def period_done(connection: Connection, job: str, key: str) -> bool:
    found = select(periods.c.job).where(periods.c.job == job, periods.c.key == key)
    return connection.execute(found).first() is not None


def release_period(connection: Connection, job: str, key: str) -> None:
    connection.execute(delete(periods).where(periods.c.job == job, periods.c.key == key))

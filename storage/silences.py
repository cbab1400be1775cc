"""What people say to incidents: acknowledged, silenced for a while; and how urgent one has become."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select, update

from candidly.records import Severity, Silence
from storage.outbox import insert_new
from storage.schema import incidents, silences
from storage.store import Store


def acknowledge(store: Store, id_: str, now: datetime, note: str) -> bool:
    """Somebody looks after an incident; False where there is no such one.

    Once more renews the note; an empty one leaves the note as it is.
    """
    said = {"note": note} if note else {}
    with store.writing() as connection:
        done = connection.execute(
            update(incidents).where(incidents.c.id == id_).values(acknowledged=now, **said)
        )
        return done.rowcount == 1


def rise(store: Store, id_: str, severity: Severity) -> None:
    """An open incident has become as urgent as this."""
    is_open = (incidents.c.id == id_) & (incidents.c.status == "open")
    with store.writing() as connection:
        connection.execute(update(incidents).where(is_open).values(severity=severity))


def add(store: Store, silence: Silence) -> bool:
    """Set a silence; False where the same one is there."""
    with store.writing() as connection:
        return insert_new(connection, silences, asdict(silence))


def end(store: Store, id_: str) -> bool:
    """End a silence before its time; False where there is no such one."""
    with store.writing() as connection:
        return connection.execute(delete(silences).where(silences.c.id == id_)).rowcount == 1


def active(store: Store, now: datetime) -> list[Silence]:
    """The silences that have not ended, the first to end first."""
    wanted = select(silences).where(silences.c.until > now).order_by(silences.c.until, silences.c.id)
    with store.reading() as connection:
        return [Silence(**row) for row in connection.execute(wanted).mappings()]

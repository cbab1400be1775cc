"""From an address to an engine: SQLite's settings, transactions, and errors in a reader's words.

On SQLite:
- WAL, so that reports read while a collector writes; the mode is kept in the file, so it is set once.
- `synchronous=FULL`: a commit is on the disk when it returns. The outbox shares the database, and a power
  loss must not forget a message that counts as sent or lose one that counts as queued; a batch of rows is one
  commit, so the price is one fsync a batch.
- `BEGIN IMMEDIATE` for writes: a transaction that reads first and writes later would fail at once, without
  the wait of `busy_timeout`, when another process wrote in between.
- `secure_delete`: what is deleted at its source must not stay behind in free pages.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError, StatementError

from candidly.errors import StoreError

BUSY_SECONDS = 10
DAMAGED, RESTORE = "the database is damaged.", "Restore a backup of it."
_PRAGMAS = (
    "foreign_keys=ON",
    "synchronous=FULL",
    "cache_size=-16384",  # KiB
    "secure_delete=ON",
    "trusted_schema=OFF",
)


def parse(url: str) -> URL:
    """A SQLAlchemy address; StoreError for one that we cannot use."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("`store.url` is not a database address.", "Write sqlite:///candidly.db.") from None
    name = parsed.get_backend_name()
    if name == "postgresql":
        # psycopg 3 is the driver that the `postgres` extra installs; SQLAlchemy would look for psycopg2.
        return parsed if "+" in parsed.drivername else parsed.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise StoreError(f"`store.url`: {name} is not supported.", "Use sqlite:/// or postgresql://.")
    if parsed.database in (None, "", ":memory:") or parsed.query:
        raise StoreError("`store.url` must name a file.", "Write sqlite:///candidly.db.")
    return parsed


def sqlite_file(url: URL) -> Path | None:
    """The database file, or None where the database is not SQLite."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def connect(url: URL) -> Engine:
    """An engine for the address; nothing is opened or written yet."""
    sqlite = url.get_backend_name() == "sqlite"
    try:
        engine = create_engine(
            url,
            hide_parameters=True,  # they are strangers' texts; an error message must not carry them
            json_serializer=_to_json,
            json_deserializer=_from_json,
            connect_args={"timeout": BUSY_SECONDS} if sqlite else {},
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            "the driver for this database is not installed.", "Run: pip install 'candidly[postgres]'."
        ) from None
    if sqlite:
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    return engine


def _to_json(value: Any) -> str:
    # NaN is no JSON, PostgreSQL refuses it; ASCII also keeps half characters out of the file.
    try:
        return json.dumps(value, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise StoreError("a value cannot be stored: it is no JSON.", "Report it as a fault.") from None


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise StoreError(DAMAGED, RESTORE) from None


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions: `_begin` does
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("candidly_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction: everything in it sees the same state."""
    with translated(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: all of it or nothing."""
    writer = engine.execution_options(candidly_writes=True)
    with translated(), writer.begin() as connection:
        yield connection


_DEBUG = "Run it again with --debug to see why."
_KNOWN = (
    # a part of SQLite's message, what it means, what to do
    ("locked", "another process is writing to the database.", "Try again when it has finished."),
    ("disk is full", "the disk is full.", "Free some space, then run again: nothing was lost."),
    ("readonly", "the database is read-only.", "Give the user of candidly the right to write it."),
    ("not a database", "this is not a candidly database.", "Point `store.url` at another file."),
    ("malformed", DAMAGED, RESTORE),
    ("decode to utf-8", DAMAGED, RESTORE),
    ("unable to open", "the database cannot be opened.", "Check that the folder exists and can be written."),
    ("disk i/o error", "the disk failed to read or write.", "Check the disk and its free space."),
    ("no such", "the database is damaged: a part of it is missing.", RESTORE),
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn a driver's error into a StoreError that says what to do and holds no text of the data."""
    try:
        yield
    except UnicodeEncodeError:
        raise StoreError("a text holds half a character.", "Clean it before storing it.") from None
    except UnicodeDecodeError:
        raise StoreError(DAMAGED, RESTORE) from None
    except StatementError as error:  # DBAPIError among them
        raise _in_words(error.orig or error) from error
    except sqlite3.Error as error:  # while connecting, where SQLAlchemy does not wrap
        raise _in_words(error) from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database could not be used ({type(error).__name__}).", _DEBUG) from error


def _in_words(error: BaseException) -> StoreError:
    if isinstance(error, StoreError):
        return error
    text = str(error).lower()
    for part, message, remedy in _KNOWN:
        if part in text:
            return StoreError(message, remedy)
    return StoreError(f"the database refused ({type(error).__name__}).", _DEBUG)

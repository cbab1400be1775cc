"""Open a database at the right version: make a new one, upgrade an older one, refuse any other.

The usual case is one small query; Alembic, slow to import, is loaded only for an upgrade.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select

from candidly.errors import StoreError
from storage import schema
from storage.engine import reading, sqlite_file, translated, writing
from storage.views import create_views


def prepare(engine: Engine, *, create: bool) -> None:
    """Make sure that the database is there and at `schema.VERSION`.

    Raises StoreError, with the file left as it was, where it is missing (and `create` is False), damaged,
    not ours, or made by a newer candidly.
    """
    file = sqlite_file(engine.url)
    if file is not None:
        _check_file(file, create=create)
    found = _found(engine)
    if found is None:
        _create(engine, create=create)
    elif found != schema.VERSION:
        _upgrade(engine)
    elif file is not None:
        _use_wal(engine)


def _check_file(file: Path, *, create: bool) -> None:
    """Look at the file before SQLite does; make one, for its owner's eyes only, if there is none."""
    try:
        if file.is_dir():
            raise StoreError(f"{file} is a folder.", "Let `store.url` name a file.")
        if not file.exists():
            if not create:
                raise StoreError(f"there is no database at {file}.", "Run `candidly run` first.")
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with file.open("r+b") as handle:
            head = handle.read(100)
    except FileExistsError:
        return  # another process made it just now
    except OSError as error:
        raise StoreError(
            f"cannot open {file}: {error.strerror}.", "Check `store.url` and the rights of its folder."
        ) from None
    if head and not head.startswith(b"SQLite format 3\0"):
        raise StoreError(f"{file} is not a SQLite database.", "Let `store.url` name another file.")
    wal = file.with_name(file.name + "-wal")
    if head and not (wal.exists() and wal.stat().st_size):
        _check_length(file, head)


def _check_length(file: Path, head: bytes) -> None:
    """A file shorter than its header says has lost its end; SQLite would notice only when it gets there."""
    page_size = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    if len(head) < 100 or file.stat().st_size < pages * (65536 if page_size == 1 else page_size):
        raise StoreError(f"{file} is damaged: its end is missing.", "Restore a backup of it.")


def _found(engine: Engine) -> str | None:
    """The version of the database; None for an empty one."""
    with reading(engine) as connection:
        return _version(connection)


def _version(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if schema.VERSION_TABLE not in tables or "mentions" not in tables:
        raise StoreError(
            "this database belongs to something else: it has tables, but not candidly's.",
            "Let `store.url` name another one.",
        )
    found = connection.scalar(select(schema.version.c.version_num))
    if not isinstance(found, str) or not found.isdecimal():
        raise StoreError("the database does not say its version.", "Restore a backup of it.")
    if int(found) > int(schema.VERSION):
        raise StoreError(
            f"this database was made by a newer candidly (schema {found}; this one knows {schema.VERSION}).",
            "Upgrade: pip install --upgrade candidly.",
        )
    return found


def _use_wal(engine: Engine) -> None:
    """Switch to WAL, outside of any transaction; a question only where it is on already."""
    with translated(), closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA journal_mode=WAL")


def _create(engine: Engine, *, create: bool) -> None:
    if not create:
        raise StoreError("the database is empty.", "Run `candidly run` first.")
    if engine.dialect.name == "sqlite":
        _use_wal(engine)
    with writing(engine) as connection:
        if _version(connection) is None:  # still: another process may have been faster
            create_schema(connection)


def create_schema(connection: Connection) -> None:
    """The newest schema at once, without the steps; a test proves that both ways end alike."""
    schema.metadata.create_all(connection, checkfirst=False)
    for statement in create_views(connection.dialect.name):
        connection.exec_driver_sql(statement)
    schema.version.create(connection)
    connection.execute(schema.version.insert().values(version_num=schema.VERSION))


def _upgrade(engine: Engine) -> None:
    from storage.migrations import upgrade

    file = sqlite_file(engine.url)
    if file is not None and _holds_data(engine):
        backup(file, file.with_name(f"{file.name}.before-{schema.VERSION}"))
    upgrade(engine)


def _holds_data(engine: Engine) -> bool:
    with reading(engine) as connection:
        return connection.scalar(select(schema.mentions.c.pk).limit(1)) is not None


def backup(file: Path, target: Path) -> None:
    """Copy a SQLite database, consistently even while others write; the copy appears whole or not at all."""
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"cannot copy the database to {target.name} before upgrading it: {error}.",
            "Make room beside it; nothing was changed.",
        ) from None

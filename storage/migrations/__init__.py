"""The steps from one schema to the next, run by Alembic without an alembic.ini."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from candidly.errors import StoreError
from storage import schema
from storage.engine import translated
from storage.views import create_views, drop_views

HERE = Path(__file__).parent
VERSIONS = HERE / "versions"


def upgrade(engine: Engine) -> None:
    """Bring the database to `schema.VERSION` in one transaction: killed midway, it is as it was before.

    SQLite makes most changes to a table by copying it and dropping the old one. Foreign keys are off
    meanwhile, for with them on the dropped table would take its children along; they are checked at the end.
    """
    with translated(), engine.execution_options(candidly_writes=True).connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            config = Config()
            config.set_main_option("script_location", str(HERE))
            config.set_main_option("version_locations", str(VERSIONS))
            config.set_main_option("path_separator", "newline")
            config.attributes["connection"] = connection
            config.attributes["version_table"] = schema.VERSION_TABLE
            for statement in drop_views():
                connection.exec_driver_sql(statement)
            command.upgrade(config, schema.VERSION)
            for statement in create_views(engine.dialect.name):
                connection.exec_driver_sql(statement)
            if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreError("the upgrade would leave loose ends.", "Nothing was changed; report it.")
        connection.invalidate()  # so that no connection without foreign keys goes back to the pool

"""What Alembic runs for each command; the connection and its transaction are the caller's."""

from __future__ import annotations

from alembic import context

options = context.config.attributes
context.configure(
    connection=options["connection"],
    version_table=options["version_table"],
    version_table_pk=False,
    render_as_batch=True,
)
context.run_migrations()

"""What looking stored items up again came to, by source and day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "lookups",
        sa.Column("source", sa.Text(), nullable=False, comment="The configured source."),
        sa.Column("day", sa.Date(), nullable=False, comment="The day (UTC)."),
        sa.Column("requests", sa.Integer(), nullable=False, comment="Requests that it took."),
        sa.Column("items", sa.Integer(), nullable=False, comment="Stored items that the site told of."),
        sa.Column("removed", sa.Integer(), nullable=False, comment="Those that were gone, and so removed."),
        sa.Column("problem", sa.Text(), nullable=False, comment="How the last try failed; empty: well."),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_lookups")),
    )

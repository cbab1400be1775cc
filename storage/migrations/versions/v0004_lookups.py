"""What looking stored items up again came to, by source and day; and what the reports quote."""

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
    op.create_table(
        "quoted",
        sa.Column("company", sa.Text(), nullable=False, comment="The company that a report is on."),
        sa.Column("week", sa.Text(), nullable=False, comment="Its week, such as 2026-W47."),
        sa.Column("source", sa.Text(), nullable=False, comment="The source of the mention that it quotes."),
        sa.Column("id", sa.Text(), nullable=False, comment="The mention's id."),
        sa.Column("digest", sa.Text(), nullable=False, comment="The mention's digest at that time."),
        sa.PrimaryKeyConstraint("company", "week", "source", "id", name=op.f("pk_quoted")),
    )

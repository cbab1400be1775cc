"""Severity, subject and acknowledgement of incidents, one open of each subject; silences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.schema import UTCDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for column in (
        sa.Column(
            "severity", sa.Text(), nullable=False, server_default="page",
            comment="notice, warning or page.",
        ),
        sa.Column(
            "subject", sa.Text(), nullable=False, server_default="",
            comment="What it is about, beside company.",
        ),
        sa.Column("acknowledged", UTCDateTime(), nullable=True, comment="When somebody took it on."),
        sa.Column("note", sa.Text(), nullable=False, server_default="", comment="What they said."),
    ):  # fmt: skip
        op.add_column("incidents", column)
    op.execute(sa.text("UPDATE incidents SET subject = id"))
    op.create_index(
        "ix_incidents_open", "incidents", ["rule", "company", "subject"], unique=True,
        sqlite_where=sa.text("status = 'open'"), postgresql_where=sa.text("status = 'open'"),
    )  # fmt: skip
    op.create_table(
        "silences",
        sa.Column("id", sa.Text(), nullable=False, comment="Follows from what is silenced and until when."),
        sa.Column("until", UTCDateTime(), nullable=False, comment="When messages go out again."),
        sa.Column("created", UTCDateTime(), nullable=False, comment="When it was set."),
        sa.Column("company", sa.Text(), nullable=False, comment="Of this company only; empty: of all."),
        sa.Column("rule", sa.Text(), nullable=False, comment="Of this rule only."),
        sa.Column("theme", sa.Text(), nullable=False, comment="Of this theme only."),
        sa.Column("note", sa.Text(), nullable=False, comment="Why."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )

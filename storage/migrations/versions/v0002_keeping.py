"""Why a mention matched, when it was last seen at its source, when its text expired; and tombstones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column(
            "matched",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="Why it counts as about the company.",
        ),
        sa.Column("checked", TIME, comment="When its source last had it: read, or looked up again."),
        sa.Column("expired", TIME, comment="When its text was removed for its age; null: it is here."),
    ):
        op.add_column("mentions", column)
    op.execute("UPDATE mentions SET checked = collected")
    op.create_index(op.f("ix_mentions_checked"), "mentions", ["source", "checked"])
    op.create_table(
        "tombstones",
        sa.Column("source", sa.Text(), nullable=False, comment="The configured source that it came from."),
        sa.Column("key", sa.Text(), nullable=False, comment="A keyed hash of the id that was removed."),
        sa.Column("day", sa.Date(), nullable=False, comment="When it was removed (UTC)."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why."),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_tombstones")),
    )

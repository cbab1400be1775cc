"""With each run, how many requests it made, what kind of fault ended it, and when to ask again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column(
            "requests",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="Requests that it made.",
        ),
        sa.Column(
            "fault",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="Why it did not reach its end: passing, permanent, budget or empty.",
        ),
        sa.Column("not_before", TIME, comment="When the source may be asked again, where that was said."),
    ):
        op.add_column("runs", column)

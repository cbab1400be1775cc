"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    _mentions()
    _analyses()
    _opinions()
    _cursors()
    _runs()
    _incidents()
    _deliveries()
    _periods()


def _mentions() -> None:
    op.create_table(
        "mentions",
        sa.Column("pk", KEY, autoincrement=False, nullable=False, comment="Key inside this database only."),
        sa.Column("source", sa.Text(), nullable=False, comment="The configured source that it came from."),
        sa.Column("id", sa.Text(), nullable=False, comment="The site's own id; unique within the source."),
        sa.Column("kind", sa.Text(), nullable=False, comment="review, interview, post or comment."),
        sa.Column("collected", TIME, nullable=False, comment="When this text of it was read."),
        sa.Column("published", TIME, comment="When the author published it; null: the site does not say."),
        sa.Column("company", sa.Text(), nullable=False, comment="The configured company that it is about."),
        sa.Column("about", sa.Text(), nullable=False, comment="What the site says it is about."),
        sa.Column("site", sa.Text(), nullable=False, comment="The site, for readers."),
        sa.Column("url", sa.Text(), nullable=False, comment="Where it can be read."),
        sa.Column(
            "author", sa.Text(), nullable=False, comment="A keyed pseudonym, never a name; in no view."
        ),
        sa.Column(
            "thread", sa.Text(), nullable=False, comment="The id of the discussion that it belongs to."
        ),
        sa.Column("parent", sa.Text(), nullable=False, comment="The id of what it answers."),
        sa.Column("title", sa.Text(), nullable=False, comment="Title."),
        sa.Column(
            "pros", sa.Text(), nullable=False, comment="The section on what is good, where the site has one."
        ),
        sa.Column(
            "cons", sa.Text(), nullable=False, comment="The section on what is bad, where the site has one."
        ),
        sa.Column(
            "advice", sa.Text(), nullable=False, comment="The section of advice, where the site has one."
        ),
        sa.Column("body", sa.Text(), nullable=False, comment="The text itself."),
        sa.Column("stars", sa.Float(), comment="The author's own rating, 1 to 5."),
        sa.Column(
            "experience", sa.Text(), comment="The author's own judgement: positive, neutral or negative."
        ),
        sa.Column("difficulty", sa.Text(), comment="easy, average or hard."),
        sa.Column("offer", sa.Text(), comment="accepted, declined or none."),
        sa.Column("position", sa.Text(), nullable=False, comment="The position applied for or held."),
        sa.Column("location", sa.Text(), nullable=False, comment="Where."),
        sa.Column("employment", sa.Text(), nullable=False, comment="current, former or empty."),
        sa.Column("language", sa.Text(), nullable=False, comment="The language that the site states."),
        sa.Column("first_collected", TIME, nullable=False, comment="When it was first read."),
        sa.Column("digest", sa.Text(), nullable=False, comment="Hash of what an edit can change."),
        sa.Column(
            "revision", sa.Integer(), nullable=False, comment="1, and one more for each edit that was seen."
        ),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_mentions")),
        sa.UniqueConstraint("source", "id", name=op.f("uq_mentions_source_id")),
    )
    op.create_index(op.f("ix_mentions_company"), "mentions", ["company", "published", "stars", "source"])
    op.create_index(op.f("ix_mentions_source"), "mentions", ["source", "published"])


def _analyses() -> None:
    op.create_table(
        "analyses",
        sa.Column("mention", KEY, autoincrement=False, nullable=False, comment="The mention that was read."),
        sa.Column("version", sa.Text(), nullable=False, comment="Version of the analyser."),
        sa.Column("language", sa.Text(), nullable=False, comment="Language found, ISO 639-1, or und."),
        sa.Column("score", sa.Float(), comment="Sentiment of the text in [-1, 1]; null: unscored."),
        sa.Column("label", sa.Text(), comment="Sentiment of the text in a word; null: unscored."),
        sa.Column("unscored", sa.Text(), nullable=False, comment="Why it has no score; empty where it has."),
        sa.Column("role", sa.Text(), nullable=False, comment="candidate, employee, former or other."),
        sa.Column("stage", sa.Text(), nullable=False, comment="How far the candidate came."),
        sa.Column(
            "ghosting", sa.Text(), nullable=False, comment="Who fell silent: employer, candidate or none."
        ),
        sa.Column("lost_customer", sa.Boolean(), nullable=False, comment="Says it will no longer buy."),
        sa.Column("truncated", sa.Boolean(), nullable=False, comment="Too long to be read to its end."),
        sa.Column("verdict", sa.Text(), comment="negative, mixed, neutral or positive; null: unscored."),
        sa.Column(
            "verdict_basis", sa.Text(), comment="What the verdict rests on: stars, experience or text."
        ),
        sa.ForeignKeyConstraint(
            ["mention"], ["mentions.pk"], name=op.f("fk_analyses_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention", name=op.f("pk_analyses")),
    )


def _opinions() -> None:
    op.create_table(
        "opinions",
        sa.Column("mention", KEY, autoincrement=False, nullable=False, comment="The mention that holds it."),
        sa.Column(
            "n", sa.Integer(), autoincrement=False, nullable=False, comment="Its place among the opinions."
        ),
        sa.Column("theme", sa.Text(), nullable=False, comment="What it is about."),
        sa.Column("polarity", sa.Text(), nullable=False, comment="positive, negative or neutral."),
        sa.Column("start", sa.Integer(), nullable=False, comment="Where the evidence starts in the text."),
        sa.Column("end", sa.Integer(), nullable=False, comment="Where the evidence ends."),
        sa.ForeignKeyConstraint(
            ["mention"], ["mentions.pk"], name=op.f("fk_opinions_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention", "n", name=op.f("pk_opinions")),
        sqlite_with_rowid=False,
    )


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("source", sa.Text(), nullable=False, comment="The configured source."),
        sa.Column(
            "cursor",
            sa.JSON(),
            nullable=False,
            comment="Where its reading stands; only its collector knows how.",
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_cursors")),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False, comment="One run of one source."),
        sa.Column("source", sa.Text(), nullable=False, comment="The configured source."),
        sa.Column("started", TIME, nullable=False, comment="When it began."),
        sa.Column("finished", TIME, comment="When it ended; null: it has not."),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="running, ok, partial, degraded, failed or interrupted.",
        ),
        sa.Column("stored", sa.Integer(), nullable=False, comment="Items: stored."),
        sa.Column("updated", sa.Integer(), nullable=False, comment="Items: updated."),
        sa.Column("duplicate", sa.Integer(), nullable=False, comment="Items: duplicate."),
        sa.Column("irrelevant", sa.Integer(), nullable=False, comment="Items: irrelevant."),
        sa.Column("unscored", sa.Integer(), nullable=False, comment="Items: unscored."),
        sa.Column("rejected", sa.JSON(), nullable=False, comment="Reason -> items rejected."),
        sa.Column("message", sa.Text(), nullable=False, comment="How it went, for a reader."),
        sa.Column("remedy", sa.Text(), nullable=False, comment="What to do about it."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_source"), "runs", ["source", "started"])


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), nullable=False, comment="Follows from rule, company and period."),
        sa.Column("rule", sa.Text(), nullable=False, comment="The rule that fired."),
        sa.Column("company", sa.Text(), nullable=False, comment="The company, or empty."),
        sa.Column("opened", TIME, nullable=False, comment="When it fired."),
        sa.Column("resolved", TIME, comment="When it was over."),
        sa.Column("status", sa.Text(), nullable=False, comment="open or resolved."),
        sa.Column("title", sa.Text(), nullable=False, comment="One line for a reader."),
        sa.Column("detail", sa.JSON(), nullable=False, comment="The evidence."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_status"), "incidents", ["status", "opened"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False, comment="Stable, so that a repeat is recognised."),
        sa.Column("channel", sa.Text(), nullable=False, comment="The configured channel."),
        sa.Column("subject", sa.Text(), nullable=False, comment="The incident or report that it tells of."),
        sa.Column("message", sa.JSON(), nullable=False, comment="What to send."),
        sa.Column("due", TIME, nullable=False, comment="Not to be sent before."),
        sa.Column("leased", TIME, comment="A sender holds it until then."),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, sent or failed."),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="How often a sender took it."),
        sa.Column("finished", TIME, comment="When it was sent or given up."),
        sa.Column("error", sa.Text(), nullable=False, comment="What went wrong last."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_state"), "deliveries", ["state", "due"])


def _periods() -> None:
    op.create_table(
        "periods",
        sa.Column("job", sa.Text(), nullable=False, comment="The kind of work."),
        sa.Column("key", sa.Text(), nullable=False, comment="The period that it covers."),
        sa.Column("claimed", TIME, nullable=False, comment="When it was taken on."),
        sa.PrimaryKeyConstraint("job", "key", name=op.f("pk_periods")),
    )

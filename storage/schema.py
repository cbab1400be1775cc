"""The tables, one comment a column, and the views that analysts read.

Written for SQLite and PostgreSQL alike: plain types, no SQL of one dialect but in `views.py`.
A change here needs a new step in `migrations/versions/` and a new `VERSION`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from candidly.errors import StoreError

VERSION = "0005"
"""The last step in `migrations/versions/`; checked there by a test, and here without loading Alembic."""

VERSION_TABLE = "candidly_version"


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC and handed out as aware UTC on every database.

    SQLite has no such type, and drops the zone of SQLAlchemy's own; there it is text of one fixed width
    (`2026-02-16 07:00:00.000000`), which sorts as time does and which SQLite's date functions read.
    Raises StoreError for a naive time: a guess here would be an error of hours that nobody sees.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise StoreError("a time without a zone cannot be stored.")
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        try:
            return as_utc(value)
        except (TypeError, ValueError):
            raise StoreError("the database holds a time that cannot be read.", "Restore a backup.") from None


def as_utc(value: Any) -> datetime:
    """A stored time, text or driver's datetime, as aware UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
"""Integer keys: SQLite makes `INTEGER PRIMARY KEY` the row's own address."""


def _text(name: str, comment: str) -> Column[str]:
    return Column(name, Text, nullable=False, comment=comment)


mentions = Table(
    "mentions",
    metadata,
    Column("pk", Key, primary_key=True, autoincrement=False, comment="Key inside this database only."),
    _text("source", "The configured source that it came from."),
    _text("id", "The site's own id; unique within the source."),
    _text("kind", "review, interview, post or comment."),
    Column("collected", UTCDateTime, nullable=False, comment="When this text of it was read."),
    Column("published", UTCDateTime, comment="When the author published it; null: the site does not say."),
    _text("company", "The configured company that it is about."),
    _text("about", "What the site says it is about."),
    _text("site", "The site, for readers."),
    _text("url", "Where it can be read."),
    _text("author", "A keyed pseudonym, never a name; in no view."),
    _text("thread", "The id of the discussion that it belongs to."),
    _text("parent", "The id of what it answers."),
    _text("title", "Title."),
    _text("pros", "The section on what is good, where the site has one."),
    _text("cons", "The section on what is bad, where the site has one."),
    _text("advice", "The section of advice, where the site has one."),
    _text("body", "The text itself."),
    Column("stars", Float, comment="The author's own rating, 1 to 5."),
    Column("experience", Text, comment="The author's own judgement: positive, neutral or negative."),
    Column("difficulty", Text, comment="easy, average or hard."),
    Column("offer", Text, comment="accepted, declined or none."),
    _text("position", "The position applied for or held."),
    _text("location", "Where."),
    _text("employment", "current, former or empty."),
    _text("language", "The language that the site states."),
    Column("first_collected", UTCDateTime, nullable=False, comment="When it was first read."),
    _text("digest", "Hash of what an edit can change."),
    Column("revision", Integer, nullable=False, comment="1, and one more for each edit that was seen."),
    Column("matched", Text, nullable=False, server_default="", comment="Why it counts as about the company."),
    Column("checked", UTCDateTime, comment="When its source last had it: read, or looked up again."),
    Column("expired", UTCDateTime, comment="When its text was removed for its age; null: it is here."),
    UniqueConstraint("source", "id"),
    Index(None, "company", "published", "stars", "source"),  # all that the weekly figures need of it
    Index(None, "source", "published"),
    Index("ix_mentions_checked", "source", "checked"),
)


def _mention(comment: str) -> Column[int]:
    key = ForeignKey("mentions.pk", ondelete="CASCADE")
    return Column("mention", Key, key, primary_key=True, autoincrement=False, comment=comment)


analyses = Table(
    "analyses",
    metadata,
    _mention("The mention that was read."),
    _text("version", "Version of the analyser."),
    _text("language", "Language found, ISO 639-1, or und."),
    Column("score", Float, comment="Sentiment of the text in [-1, 1]; null: unscored."),
    Column("label", Text, comment="Sentiment of the text in a word; null: unscored."),
    _text("unscored", "Why it has no score; empty where it has."),
    _text("role", "candidate, employee, former or other."),
    _text("stage", "How far the candidate came."),
    _text("ghosting", "Who fell silent: employer, candidate or none."),
    Column("lost_customer", Boolean, nullable=False, comment="Says it will no longer buy."),
    Column("truncated", Boolean, nullable=False, comment="Too long to be read to its end."),
    Column("verdict", Text, comment="negative, mixed, neutral or positive; null: unscored."),
    Column("verdict_basis", Text, comment="What the verdict rests on: stars, experience or text."),
)

opinions = Table(
    "opinions",
    metadata,
    _mention("The mention that holds it."),
    Column("n", Integer, primary_key=True, autoincrement=False, comment="Its place among the opinions."),
    _text("theme", "What it is about."),
    _text("polarity", "positive, negative or neutral."),
    Column("start", Integer, nullable=False, comment="Where the evidence starts in the text."),
    Column("end", Integer, nullable=False, comment="Where the evidence ends."),
    sqlite_with_rowid=False,
)

lookups = Table(
    "lookups",
    metadata,
    Column("source", Text, primary_key=True, comment="The configured source."),
    Column("day", Date, primary_key=True, comment="The day (UTC)."),
    Column("requests", Integer, nullable=False, comment="Requests that it took."),
    Column("items", Integer, nullable=False, comment="Stored items that the site told of."),
    Column("removed", Integer, nullable=False, comment="Those that were gone, and so removed."),
    _text("problem", "How the last try failed; empty: well."),
)

quoted = Table(
    "quoted",
    metadata,
    Column("company", Text, primary_key=True, comment="The company that a report is on."),
    Column("week", Text, primary_key=True, comment="Its week, such as 2026-W47."),
    Column("source", Text, primary_key=True, comment="The source of the mention that it quotes."),
    Column("id", Text, primary_key=True, comment="The mention's id."),
    _text("digest", "The mention's digest at that time."),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("source", Text, primary_key=True, comment="The configured source that it came from."),
    Column("key", Text, primary_key=True, comment="A keyed hash of the id that was removed."),
    Column("day", Date, nullable=False, comment="When it was removed (UTC)."),
    _text("reason", "Why."),
)

cursors = Table(
    "cursors",
    metadata,
    Column("source", Text, primary_key=True, comment="The configured source."),
    Column("cursor", JSON, nullable=False, comment="Where its reading stands; only its collector knows how."),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Key, primary_key=True, comment="One run of one source."),
    _text("source", "The configured source."),
    Column("started", UTCDateTime, nullable=False, comment="When it began."),
    Column("finished", UTCDateTime, comment="When it ended; null: it has not."),
    _text("status", "running, ok, partial, degraded, failed or interrupted."),
    *(
        Column(name, Integer, nullable=False, comment=f"Items: {name}.")
        for name in ("stored", "updated", "duplicate", "irrelevant", "unscored")
    ),
    Column("rejected", JSON, nullable=False, comment="Reason -> items rejected."),
    _text("message", "How it went, for a reader."),
    _text("remedy", "What to do about it."),
    Column("requests", Integer, nullable=False, server_default="0", comment="Requests that it made."),
    Column(
        "fault",
        Text,
        nullable=False,
        server_default="",
        comment="Why it did not reach its end: passing, permanent, budget or empty.",
    ),
    Column("not_before", UTCDateTime, comment="When the source may be asked again, where that was said."),
    Index(None, "source", "started"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True, comment="Follows from rule, company and period."),
    _text("rule", "The rule that fired."),
    _text("company", "The company, or empty."),
    Column("opened", UTCDateTime, nullable=False, comment="When it fired."),
    Column("resolved", UTCDateTime, comment="When it was over."),
    _text("status", "open or resolved."),
    _text("title", "One line for a reader."),
    Column("detail", JSON, nullable=False, comment="The evidence."),
    Column("severity", Text, nullable=False, server_default="page", comment="notice, warning or page."),
    Column("subject", Text, nullable=False, server_default="", comment="What it is about, beside company."),
    Column("acknowledged", UTCDateTime, comment="When somebody took it on."),
    Column("note", Text, nullable=False, server_default="", comment="What they said."),
    Index(None, "status", "opened"),
    # Two schedulers that look at once see the same trouble: the second finds it open.
    Index(
        "ix_incidents_open", "rule", "company", "subject", unique=True,
        sqlite_where=text("status = 'open'"), postgresql_where=text("status = 'open'"),
    ),
)  # fmt: skip

silences = Table(
    "silences",
    metadata,
    Column("id", Text, primary_key=True, comment="Follows from what is silenced and until when."),
    Column("until", UTCDateTime, nullable=False, comment="When messages go out again."),
    Column("created", UTCDateTime, nullable=False, comment="When it was set."),
    _text("company", "Of this company only; empty: of all."),
    _text("rule", "Of this rule only."),
    _text("theme", "Of this theme only."),
    _text("note", "Why."),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True, comment="Stable, so that a repeat is recognised."),
    _text("channel", "The configured channel."),
    _text("subject", "The incident or report that it tells of."),
    Column("message", JSON, nullable=False, comment="What to send."),
    Column("due", UTCDateTime, nullable=False, comment="Not to be sent before."),
    Column("leased", UTCDateTime, comment="A sender holds it until then."),
    # Or grouped: it went out as part of another. The comment stays as the first migration wrote it, because
    # PostgreSQL stores it, and a new database is to equal one that went through every step.
    _text("state", "pending, sent or failed."),
    Column("attempts", Integer, nullable=False, comment="How often a sender took it."),
    Column("finished", UTCDateTime, comment="When it was sent or given up."),
    _text("error", "What went wrong last."),
    Index(None, "state", "due"),
)

periods = Table(
    "periods",
    metadata,
    Column("job", Text, primary_key=True, comment="The kind of work."),
    Column("key", Text, primary_key=True, comment="The period that it covers."),
    Column("claimed", UTCDateTime, nullable=False, comment="When it was taken on."),
)

version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), nullable=False))
"""As Alembic makes it."""

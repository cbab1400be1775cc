"""Texts that go for good: statements inside a transaction.

What depends on a text goes with it in the same transaction: analysis and opinions (by foreign key), and the
words that alerts have quoted from it. `keeping.settle` sees to the bytes that are left in the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from candidly.records import PARTS, Removal
from storage.schema import cursors, deliveries, incidents, mentions, opinions, periods, tombstones

CHUNK: Final = 500
EXPIRED: Final = "expired"
"""The digest of a mention whose text was removed for its age: the text is not taken in again."""

UNSETTLED: Final = "unsettled"
"""A row of `periods` with this job says since when bytes of removed texts may be left in the files."""

_BLANK: Final = (*PARTS, "about", "url", "author", "position", "location")
"""What goes when a text expires. What stays says when, where, about whom and how it was judged."""
_TEXTS: Final = [mentions.c[name] for name in PARTS]
_QUOTE: Final = "\u201c"
"""How a line of a message begins that quotes somebody (alerting/messages.py)."""
_NO_LETTER: Final = re.compile(r"[\W_]+")


def remove(
    connection: Connection, source: str, gone: Sequence[Removal], at: datetime, *, remember: bool = True
) -> int:
    """Take mentions out, and leave a tombstone of each that was there (`remember`); how many were."""
    wanted = {removal.id: removal for removal in gone}
    found = list(_rows(connection, source, list(wanted)))
    forget_quotes(connection, found)
    for chunk in _chunks([row.pk for row in found]):
        connection.execute(delete(mentions).where(mentions.c.pk.in_(chunk)))
    if found:
        _forget_in_cursor(connection, source, {row.id for row in found})
        unsettle(connection, at)
    if remember:
        bury(connection, source, [wanted[row.id] for row in found], at)
    return len(found)


def mark_seen(connection: Connection, source: str, ids: Sequence[str], at: datetime) -> None:
    """Note that their source still has these mentions."""
    for chunk in _chunks(ids):
        those = (mentions.c.source == source) & mentions.c.id.in_(chunk)
        connection.execute(update(mentions).where(those).values(checked=at))


def unsign(connection: Connection, source: str, ids: Sequence[str], at: datetime) -> None:
    """Forget who wrote these mentions: their authors have left the site."""
    for chunk in _chunks(ids):
        those = (mentions.c.source == source) & mentions.c.id.in_(chunk) & (mentions.c.author != "")
        if connection.execute(update(mentions).where(those).values(author="")).rowcount:
            unsettle(connection, at)


def edited(connection: Connection, source: str, ids: Sequence[str], at: datetime) -> None:
    """These mentions are about to get another text: nobody shall read their old words in an alert."""
    if ids:
        forget_quotes(connection, list(_rows(connection, source, ids)))
        unsettle(connection, at)


def unsettle(connection: Connection, at: datetime) -> None:
    """Note that bytes of what was removed or edited may be left in the files."""
    row = {"job": UNSETTLED, "key": "", "claimed": at}
    connection.execute(_insert(connection, periods).values(row).on_conflict_do_nothing())


def _insert(connection: Connection, table: Table) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def bury(connection: Connection, source: str, gone: Sequence[Removal], at: datetime) -> None:
    """Note that these mentions must never be stored again."""
    day = at.astimezone(UTC).date()
    for chunk in _chunks(gone):
        rows = [{"source": source, "key": one.key, "day": day, "reason": one.reason} for one in chunk]
        connection.execute(_insert(connection, tombstones).on_conflict_do_nothing(), rows)


def blank(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Empty the texts of mentions, of what was quoted from them too; the rest stays for the figures."""
    forget_quotes(connection, rows)
    if rows:
        unsettle(connection, now)
    empty: dict[str, Any] = dict.fromkeys(_BLANK, "")
    for chunk in _chunks([row.pk for row in rows]):
        marked = update(mentions).where(mentions.c.pk.in_(chunk))
        connection.execute(marked.values(**empty, digest=EXPIRED, expired=now))
        told = update(opinions).where(opinions.c.mention.in_(chunk))
        connection.execute(told.values(start=0, end=0))  # where in a text that is no more


def with_texts() -> Any:
    """A SELECT of what `blank` and `forget_quotes` need of a mention."""
    return select(mentions.c.pk, mentions.c.id, mentions.c.company, *_TEXTS)


def forget_quotes(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Take the words of these mentions out of incidents and of all messages.

    A message quotes in lines of its own; all of them go, since its words are no longer as they were stored.
    """
    texts = [text for row in rows if (text := "\n".join(filter(None, (getattr(row, n) for n in PARTS))))]
    companies = sorted({row.company for row in rows})
    for incident in connection.execute(_quoting(companies)).all() if texts else ():
        quotes = incident.detail.get("quotes") or []
        kept = [quote for quote in quotes if not any(str(quote.get("text")) in text for text in texts)]
        if len(kept) < len(quotes):
            changed = update(incidents).where(incidents.c.id == incident.id)
            connection.execute(changed.values(detail={**incident.detail, "quotes": kept}))
    if texts:
        _unquote(connection, texts, companies)


def _quoting(companies: Sequence[str]) -> Any:
    wanted = select(incidents.c.id, incidents.c.detail)
    return wanted.where(incidents.c.company.in_(companies))


def _unquote(connection: Connection, texts: Sequence[str], companies: Sequence[str]) -> None:
    """Make the messages wordless that quote one of these texts.

    By their own words, not by their incident: that quotes others by now, perhaps, and a message may tell of
    several. Messages quote with other signs than were stored (`[.]`, `＠`), so that letters are compared.
    """
    said, names = "\n".join(map(_letters, texts)), [_letters(name) for name in companies]
    for row in connection.execute(select(deliveries.c.id, deliveries.c.message)).all():
        if any(_letters(words) in said for words in set(_quotes(row.message, names))):
            changed = update(deliveries).where(deliveries.c.id == row.id)
            connection.execute(changed.values(message=wordless(row.message)))


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text)


def _quotes(message: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """The words of others in a message on these companies, and in the pieces of a group."""
    for part in message.get("parts", ()):
        yield from _quotes(part, names)
    about = _letters(str(message.get("company", "")))  # cut, perhaps; and of a group there is none
    if any(name.startswith(about) for name in names):
        yield from (str(words) for words, *_ in message.get("quotes", ()))
        lines = str(message.get("text", "")).split("\n")
        quoting = (line[1:] for line in lines if line.startswith(_QUOTE))
        yield from (line.rpartition("\u201d")[0] or line for line in quoting)


def _forget_in_cursor(connection: Connection, source: str, ids: set[str]) -> None:
    """Take what a cursor remembers of these items out of it: an object of it that has their ids as keys."""
    cursor = connection.scalar(select(cursors.c.cursor).where(cursors.c.source == source))
    if not isinstance(cursor, dict):
        return
    kept = dict(cursor)
    for key, value in cursor.items():
        if isinstance(value, dict):
            kept[key] = {name: one for name, one in value.items() if name not in ids}
    if kept != cursor:
        connection.execute(update(cursors).where(cursors.c.source == source).values(cursor=kept))


def has_words(message: Mapping[str, Any]) -> bool:
    """Whether a message, or a piece of a group, holds words or links of others."""
    own = bool(message.get("quotes") or message.get("links"))
    return own or any(has_words(part) for part in message.get("parts", ()))


def wordless(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the words and links of others, in its pieces and in those of a group too."""
    lines = str(message.get("text", "")).split("\n")
    kept = {**message, "text": "\n".join(line for line in lines if not line.startswith(_QUOTE))}
    kept |= {name: [] for name in ("quotes", "links") if name in message}
    if "parts" in message:
        kept["parts"] = [wordless(part) for part in message["parts"]]
    return kept


def _rows(connection: Connection, source: str, ids: Sequence[str]) -> Iterator[Row[Any]]:
    for chunk in _chunks(ids):
        wanted = with_texts().where(mentions.c.source == source, mentions.c.id.in_(chunk))
        yield from connection.execute(wanted)


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(items), CHUNK):
        yield items[at : at + CHUNK]

"""Texts that go for good: statements inside a transaction.

What depends on a text goes with it in the same transaction: analysis and opinions (by foreign key), and the
words that alerts have quoted from it. `keeping.settle` sees to the bytes that are left in the files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
        forget_quotes(connection, list(_rows(connection, source, ids)), links_too=False)
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
    return select(mentions.c.pk, mentions.c.id, mentions.c.company, mentions.c.url, *_TEXTS)


@dataclass(frozen=True, slots=True)
class _Gone:
    """Mentions that go, as alerts may show them. `names`: their companies, by their letters alone.

    `links_too`: what links to one of them without a word of it goes as well.
    """

    texts: Sequence[str]
    urls: set[str]
    names: Sequence[str]
    links_too: bool

    def quoted(self, words: str, urls: Collection[str]) -> bool:
        """Whether these words, whose mention is at one of `urls`, are of one of these mentions.

        Every text holds an empty quote, and many the same emoji: those are told by their address.
        """
        if _letters(words) or not urls:
            return bool(words) and any(words in text for text in self.texts)
        return (bool(words) or self.links_too) and not self.urls.isdisjoint(urls)


def forget_quotes(connection: Connection, rows: Sequence[Row[Any]], *, links_too: bool = True) -> None:
    """Take the words of these mentions out of incidents and of all messages, and the links to them.

    A message quotes in lines of its own; all of them go, since its words are no longer as they were stored.
    """
    texts = [text for row in rows if (text := "\n".join(filter(None, (getattr(row, n) for n in PARTS))))]
    companies = sorted({row.company for row in rows})
    urls = {row.url for row in rows if row.url}
    if not (texts or urls):
        return
    gone = _Gone(texts, urls, [_letters(name) for name in companies], links_too)
    for incident in connection.execute(_quoting(companies)).all():
        quotes = incident.detail.get("quotes") or []
        kept = [one for one in quotes if not gone.quoted(str(one.get("text")), _address(one))]
        if len(kept) < len(quotes):
            changed = update(incidents).where(incidents.c.id == incident.id)
            connection.execute(changed.values(detail={**incident.detail, "quotes": kept}))
    _unquote(connection, gone)


def _address(quote: Mapping[str, Any]) -> list[str]:
    return [str(quote["url"])] if quote.get("url") else []


def _quoting(companies: Sequence[str]) -> Any:
    wanted = select(incidents.c.id, incidents.c.detail)
    return wanted.where(incidents.c.company.in_(companies))


def _unquote(connection: Connection, gone: _Gone) -> None:
    """Make the messages wordless that quote one of these texts; take out of others what links to them.

    By their own words, not by their incident: that quotes others by now, perhaps, and a message may tell of
    several. Messages quote with other signs than were stored (`[.]`, `＠`), so that letters are compared.
    """
    said = "\n".join(map(_letters, gone.texts))
    for row in connection.execute(select(deliveries.c.id, deliveries.c.message)).all():
        if any(_told(words, urls, said, gone) for words, urls in _quotes(row.message, gone)):
            left = wordless(row.message)
        else:
            left = without_links(row.message, gone.urls if gone.links_too else ())
        if left != row.message:
            changed = update(deliveries).where(deliveries.c.id == row.id)
            connection.execute(changed.values(message=left))


def _told(words: str, urls: Collection[str], said: str, gone: _Gone) -> bool:
    letters = _letters(words)
    return letters in said if letters else bool(words) and gone.quoted(words, urls)


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text)


def _quotes(message: Mapping[str, Any], gone: _Gone) -> Iterator[tuple[str, Collection[str]]]:
    """The words of others in a message on these companies, and in the pieces of a group; beside its links."""
    for part in message.get("parts", ()):
        yield from _quotes(part, gone)
    about = _letters(str(message.get("company", "")))  # cut, perhaps; and of a group there is none
    if any(name.startswith(about) for name in gone.names):
        links = set(links_of(message))
        yield from ((str(words), links) for words, *_ in message.get("quotes", ()))
        lines = str(message.get("text", "")).split("\n")
        quoting = (line[1:] for line in lines if line.startswith(_QUOTE))
        yield from ((line.rpartition("\u201d")[0] or line, links) for line in quoting)


def _forget_in_cursor(connection: Connection, source: str, ids: set[str]) -> None:
    """Take what a cursor remembers of these items out of it: by their ids, as keys of an object or listed."""
    cursor = connection.scalar(select(cursors.c.cursor).where(cursors.c.source == source))
    if not isinstance(cursor, dict):
        return
    kept = _unlisted(cursor, ids)
    for key, value in kept.items():
        if isinstance(value, dict):
            kept[key] = {name: one for name, one in value.items() if name not in ids}
    if kept != cursor:
        connection.execute(update(cursors).where(cursors.c.source == source).values(cursor=kept))


def _unlisted(value: Any, ids: set[str]) -> Any:
    """The same without these ids, where a list at any depth holds them."""
    if isinstance(value, dict):
        return {name: _unlisted(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [_unlisted(one, ids) for one in value if not (isinstance(one, str) and one in ids)]
    return value


def has_words(message: Mapping[str, Any]) -> bool:
    """Whether a message, or a piece of a group, holds words or links of others."""
    own = bool(message.get("quotes") or message.get("links"))
    return own or any(has_words(part) for part in message.get("parts", ()))


def links_of(message: Mapping[str, Any]) -> Iterator[str]:
    """The links of a message and of the pieces of a group."""
    yield from message.get("links", ())
    for part in message.get("parts", ()):
        yield from links_of(part)


def without_links(message: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    """A message without these links, also in the pieces of a group; where none is left, no empty quote is."""
    kept = dict(message)
    links = message.get("links", [])
    left = [link for link in links if link not in gone]
    if len(left) < len(links):
        quotes = message.get("quotes", [])
        kept |= {"links": left, "quotes": quotes if left else [one for one in quotes if one[0]]}
    if "parts" in message:
        kept["parts"] = [without_links(part, gone) for part in message["parts"]]
    return kept


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

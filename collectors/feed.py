"""Feeds: RSS and Atom entries, such as news, blogs and podcasts."""

from __future__ import annotations

import hashlib
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Mention, Reject
from collectors.base import Context, Raw
from collectors.dates import implausible, parse_date
from collectors.terms import check_terms
from collectors.web import WebSettings, http_for, raise_first, validators_in

MAX_ENTRIES = 5_000
MAX_TAGS = 100_000

Entry = Mapping[str, Any]
"""What feedparser makes of an entry or of the feed itself."""


class FeedSettings(WebSettings):
    """RSS or Atom feeds: blogs, forums, search alerts."""

    kind: Literal["review", "interview", "post", "comment"] = Field("post", description="What entries are.")


@dataclass(frozen=True, slots=True)
class Document:
    """One fetched feed: the payload of a Raw."""

    url: str
    body: bytes
    content_type: str = ""
    charset: str = ""


class FeedCollector:
    """Reads each feed whole; one that is unchanged costs one request and nothing else."""

    Settings: ClassVar[type[FeedSettings]] = FeedSettings

    def __init__(self, settings: FeedSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a changed feed. A feed that fails does not stop the others; its error comes last."""
        check_terms(self.settings, self.settings.urls)
        http = http_for(self.settings, self.context)
        known = validators_in((cursor or {}).get("feeds"), self.settings.urls)
        failures: list[CollectorError] = []
        for url in self.settings.urls:
            try:
                answer = http.get(url, validators=known.get(url))
                if answer.not_modified:
                    self.context.notes.append("a feed is unchanged")
                    continue
                document = Document(answer.url, answer.body, answer.content_type, answer.charset)
                entries_of(document)
            except CollectorError as error:
                failures.append(error)
                if isinstance(error, Degraded):
                    self.context.seen.mark()
                continue
            known[url] = dict(answer.validators)
            yield Raw(
                document,
                {"feeds": {one: dict(said) for one, said in known.items()}},
                urlsplit(answer.url).hostname or "",
            )
        raise_first(failures)

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The entries of one feed. Raises Degraded for what is no feed."""
        document: Document = raw.payload
        feed, entries = entries_of(document)
        links: dict[str, set[str]] = {}
        for entry in entries:
            links.setdefault(_id(entry, document), set()).add(_link(entry))
        for number, entry in enumerate(entries, 1):
            id_ = _id(entry, document)
            if len(links[id_]) > 1:  # an id that stands for several entries is none
                id_ = _link(entry) or _hash(entry)
            yield self._mention(document, feed, entry, id_, number)

    def _mention(
        self, document: Document, feed: Entry, entry: Entry, id_: str, number: int
    ) -> Mention | Reject:
        from collectors.htmltext import plain
        from collectors.reviewtext import person

        where = f"{urlsplit(document.url).hostname}, entry {number}"
        published = _date(entry, self.context.now)
        if published and (problem := implausible(published, self.context.now)):
            return Reject(where, problem)
        title, body = plain(_text(entry, "title")), plain(_content(entry))
        if not title and not body:
            return Reject(where, "it has no text")
        link = _link(entry)
        return Mention(
            source=self.settings.name,
            id=id_,
            kind=self.settings.kind,
            collected=self.context.now,
            published=published,
            site=self.settings.site or (urlsplit(link or document.url).hostname or "").removeprefix("www."),
            url=link or document.url,
            author=person(_text(entry.get("author_detail") or {}, "name") or _text(entry, "author")),
            title=title,
            body="" if body == title else body,
            language=_text(feed, "language")[:2].lower(),
        )


def entries_of(document: Document) -> tuple[Entry, list[Entry]]:
    """The feed's own fields and its entries, out of broken XML too. Raises Degraded for what is no feed."""
    import feedparser

    if document.body.count(b"<") > MAX_TAGS:
        raise _no_feed(document, f"it has more than {MAX_TAGS} tags")
    kind = f"{document.content_type}; charset={document.charset}"
    headers = {"content-type": kind} if document.charset and document.content_type else {}
    try:
        # A stream, not bytes: feedparser would open a file whose name the bytes are.
        parsed = feedparser.parse(BytesIO(document.body), response_headers=headers)
    except Exception as error:  # its fallback parser fails in many ways on garbage
        raise _no_feed(document, type(error).__name__) from None
    if not parsed.get("version") and not parsed.entries:
        raise _no_feed(document, "no RSS or Atom in it")
    if parsed.bozo and not parsed.entries:
        raise _no_feed(document, "it is broken, and no entry could be read")
    return parsed.feed, parsed.entries[:MAX_ENTRIES]


def _no_feed(document: Document, reason: str) -> Degraded:
    from collectors.http import shown

    remedy = "The feed may have moved, or this may be an error or login page."
    named = re.search(rb"<link[^>]{1,300}application/(?:rss|atom)\+xml", document.body[:200_000])
    if named:
        remedy = "This is a web page that names its feed: look for `application/rss+xml` in its source."
    return Degraded(f"{shown(document.url)} is not a feed: {reason}.", remedy)


def _text(entry: Entry, key: str) -> str:
    value = entry.get(key) if key in entry else ""
    return value.strip() if isinstance(value, str) else ""


def _content(entry: Entry) -> str:
    """The entry's text: its longest content, else its summary or, of a podcast, its subtitle."""
    contents = [_text(part, "value") for part in entry.get("content") or () if isinstance(part, dict)]
    return max(contents, key=len, default="") or _text(entry, "summary") or _text(entry, "subtitle")


def _link(entry: Entry) -> str:
    link = _text(entry, "link")
    try:
        return link if urlsplit(link).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _id(entry: Entry, document: Document) -> str:
    """The entry's own id, a bare one ("17") under the feed's host; else its link; else a hash."""
    id_ = _text(entry, "id")[:500]
    if id_ and ":" not in id_:
        return f"{urlsplit(document.url).hostname}/{id_}"
    return id_ or _link(entry)[:500] or _hash(entry)


def _hash(entry: Entry) -> str:
    said = "\x1f".join((_text(entry, "title"), _content(entry), _text(entry, "published")))
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _date(entry: Entry, now: datetime) -> datetime | None:
    """When the entry was published, else made or updated; without a zone it is UTC. None: it does not say."""
    for name in ("published", "created", "updated"):
        parsed = entry.get(f"{name}_parsed") if f"{name}_parsed" in entry else None
        if parsed:
            try:
                return datetime.fromtimestamp(timegm(parsed), UTC)
            except (ValueError, OverflowError, OSError):
                continue
        if text := _text(entry, name):
            return parse_date(text, now=now)
    return None

"""Hacker News by Algolia's search: stories, polls and comments; of a story that is about the company, all.

A search hands out a thousand hits at most. So a page is asked for by the time at which the one before it
ended, not by its number: that has no end, and hits that come meanwhile move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Mention, Reject
from collectors.api import LATER, Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, read_date
from collectors.paging import Page, forward, merged, numbered
from collectors.threads import EMPTY, GONE, NO_ID, Gone, named, terms, unfolded, unquoted

SEARCH: Final = "/api/v1/search_by_date"
PAGE: Final = 100
STEP: Final = timedelta(days=365)
_TEXTS: Final = ("comment_text", "story_text", "text")


class HackerNewsSettings(ApiSettings):
    """The block of a source with `type: hackernews`."""

    type: Literal["hackernews"]
    queries: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = Field(
        min_length=1, description='Searches, such as `"Northwind Robotics"` (quoted: the words together).'
    )
    threads: bool = Field(True, description="Read all comments of a story that a search finds.")

    home: ClassVar[str] = "https://hn.algolia.com"


class HackerNewsCollector:
    """See the module."""

    Settings: ClassVar[type[HackerNewsSettings]] = HackerNewsSettings

    def __init__(self, settings: HackerNewsSettings, context: Context) -> None:
        self.settings, self.context = settings, context
        self.terms = terms(settings.queries)

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Raws with lists of hits as Algolia gives them, and of a thread's nodes with their `story`."""
        api, walk = Api(self.settings, self.context, explain=explain), self.settings.walk(self.context)
        pages = (
            raw
            for query in self.settings.queries
            for raw in forward(cursor, f"search:{query}", walk, STEP, partial(self._page, api, query))
        )
        read = partial(_thread, api)
        yield from unfolded(cursor, merged(cursor, pages), id_of=_id, has_thread=self._has_thread, read=read)

    def _page(self, api: Api, query: str, start: datetime, end: datetime, token: str | None) -> Page:
        since, latest = int(start.timestamp()), int(end.timestamp()) + 1
        until = numbered(token) or latest
        until = until if since < until <= latest else latest
        span = f"created_at_i>={since},created_at_i<{until}"
        asked = {"query": query, "tags": "(story,comment,poll)", "numericFilters": span, "hitsPerPage": PAGE}
        answer = api.get(SEARCH, asked)
        hits, found = list_at(answer, "hits", where="Hacker News"), at(answer, "nbHits")
        if not isinstance(found, int):
            raise Degraded("Hacker News: the answer does not say how many hits there are.", LATER)
        times = [when for hit in hits if isinstance(when := at(hit, "created_at_i"), int)]
        if not all(since <= when < until for when in times):
            self.context.notes.append("Hacker News gave hits of another time than was asked for")
        # The last second once more, for it may hold more; less than a second at a time is never gone back.
        rest = min(min(times, default=since) + 1, until - 1)
        return Page(hits, str(rest) if found > len(hits) and rest > since else None)

    def _has_thread(self, hit: Any) -> bool:
        """Algolia forgives typing errors, so that a found story may name another company."""
        about = " ".join(text_at(hit, name) for name in ("title", "url", "story_text"))
        return bool(self.settings.threads and at(hit, "num_comments") and named(self.terms, about))

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look items up one by one, but those at once that a story looked up before holds as comments."""
        from collectors.rechecking import DOUBTED, by, standing

        api = Api(self.settings, self.context, explain=explain)
        known: dict[str, bool] = {}
        # A story is older than its comments, so its number is smaller.
        for some in by(DOUBTED, sorted(ids, key=lambda id_: (len(id_), id_))):
            for id_ in some:
                if id_ not in known:
                    known |= _standing_below(api, id_)
            there = {id_ for id_ in some if known.get(id_)}
            listed = {id_ for id_ in some if id_ in known}
            yield from standing(some, there, listed=listed, where="Hacker News")

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """A mention of each story, poll and comment."""
        for number, item in enumerate(raw.payload, 1):
            yield self._mention(item, _id(item) or f"hit {number} of a page")

    def _mention(self, item: Any, where: str) -> Mention | Reject:
        from collectors.htmltext import plain

        id_, title = _id(item), plain(text_at(item, "title"))
        body = unquoted(plain(next(filter(None, (text_at(item, name) for name in _TEXTS)), "")))
        if not id_:
            return Reject(where, NO_ID)
        if not title and not body:
            return Reject(where, EMPTY if at(item, "author") else GONE)
        try:
            when = at(item, "created_at_i")
            published = read_date(at(item, "created_at") if when is None else when, now=self.context.now)
        except BadDate as problem:
            return Reject(where, str(problem))
        parent = text_at(item, "parent_id")
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="comment" if parent else "post",
            collected=self.context.now,
            published=published,
            about=self._about(item) if parent else "",
            site="news.ycombinator.com",
            url=f"https://news.ycombinator.com/item?id={id_}",
            author=text_at(item, "author"),
            thread=text_at(item, "story_id") or id_,
            parent=parent,
            title=title,
            body=body,
        )

    def _about(self, item: Any) -> str:
        """The title of a comment's story, and of its text the searched words, where it is known."""
        from collectors.htmltext import plain

        title = text_at(item, "story_title") or text_at(item, "story", "title")
        return "\n".join([plain(title), *named(self.terms, plain(text_at(item, "story", "text")))])


def _thread(api: Api, hit: Any) -> list[Any]:
    """The story and all its comments, however deep."""
    tree = api.get(f"/api/v1/items/{_id(hit)}")
    story = {"title": text_at(tree, "title"), "text": text_at(tree, "text")}
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += reversed(list_at(node, "children", where="Hacker News"))
            found.append({**node, "children": None, "story": story})
    return found


def _standing_below(api: Api, id_: str) -> dict[str, bool]:
    """Of an item and all below it, whether it still says anything; nothing where the item is gone."""
    try:
        nodes = _thread(api, {"id": id_})
    except Gone:
        return {}
    return {_id(node): any(text_at(node, name) for name in ("title", *_TEXTS)) for node in nodes}


def _id(item: Any) -> str:
    return text_at(item, "objectID") or text_at(item, "id")


def explain(status: int, _said: Any) -> CollectorError | None:
    """What a refusal of Algolia means."""
    if status == 404:
        return Gone("Hacker News does not have what was asked for.", "Check `base_url`.", permanent=True)
    if status == 400:
        return CollectorError(
            "Hacker News does not understand the search (400).", "Check `queries`.", permanent=True
        )
    return None

"""Bluesky: public posts that its search finds for a signed-in account, and the replies to them.

The search answers nobody else, but a post counts as public only where those who are not signed in may see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlencode

from pydantic import Field

from candidly.config import SecretName
from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Mention, Reject
from collectors.api import LATER, Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, implausible, parse_date, read_date
from collectors.keys import key_of
from collectors.paging import Page, forward, merged
from collectors.threads import EMPTY, GONE, NO_ID, Gone, unfolded

SIGN_IN: Final = "/xrpc/com.atproto.server.createSession"
SEARCH: Final = "/xrpc/app.bsky.feed.searchPosts"
THREAD: Final = "/xrpc/app.bsky.feed.getPostThread"
STEP: Final = timedelta(days=30)
POSTS: Final = "/xrpc/app.bsky.feed.getPosts"
PAGE, DEPTH, HEIGHT, LOOKUP = 100, 100, 80, 25
SIGNED_IN_ONLY, HIDDEN, BLOCKED = "for signed-in readers only", "hidden by the site", "blocked"
_LABELS: Final = {"!no-unauthenticated": SIGNED_IN_ONLY, "!hide": HIDDEN, "!takedown": HIDDEN}
_URI: Final = re.compile(r"at://(did:[\w.:%-]+)/app\.bsky\.feed\.post/([\w.~:-]+)")
_REMEDY: Final = "Make an app password under Settings, Privacy and security; check it and the handle."


class BlueskySettings(ApiSettings):
    """The block of a source with `type: bluesky`."""

    type: Literal["bluesky"]
    queries: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = Field(
        min_length=1, description='Searches, such as `"Northwind Robotics"`.'
    )
    threads: bool = Field(True, description="Read the replies to what is found.")
    handle_secret: SecretName = Field(
        "BLUESKY_HANDLE", min_length=1, description="The name of the secret with your account's handle."
    )
    app_password_secret: SecretName = Field(
        "BLUESKY_APP_PASSWORD", min_length=1, description="The same for an app password of it."
    )

    home: ClassVar[str] = "https://bsky.social"


class Expired(CollectorError):
    """The session has ended; a new one is begun."""


class BlueskyCollector:
    """See the module."""

    Settings: ClassVar[type[BlueskySettings]] = BlueskySettings

    def __init__(self, settings: BlueskySettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Raws with a list of `{"post"}`, of a thread with `root` and `parent` of each post."""
        session, walk = _Session(self.settings, self.context), self.settings.walk(self.context)
        pages = (
            raw
            for query in self.settings.queries
            for raw in forward(cursor, f"search:{query}", walk, STEP, partial(_page, session, query))
        )
        yield from unfolded(
            cursor,
            merged(cursor, pages),
            id_of=_id,
            has_thread=self._has_thread,
            read=partial(_thread, session),
        )

    def _has_thread(self, item: Any) -> bool:
        return bool(self.settings.threads and at(item, "post", "replyCount") and not refusal(item["post"]))

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look posts up, 25 in a request; what is not listed, or not for everybody any more, is gone."""
        from collectors.rechecking import by, standing

        session = _Session(self.settings, self.context)
        for some in by(LOOKUP, ids):
            asked = urlencode([("uris", id_) for id_ in some], errors="replace")
            posts = list_at(session.get(f"{POSTS}?{asked}", {}), "posts", where="Bluesky")
            listed = {text_at(post, "uri") for post in posts}
            there = {text_at(post, "uri") for post in posts if refusal(post) in ("", BLOCKED)}
            yield from standing(some, there, listed=listed, where="Bluesky")

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """A mention of each post that everybody may see."""
        for number, item in enumerate(raw.payload, 1):
            yield self._mention(item, number)

    def _mention(self, item: Any, number: int) -> Mention | Reject:
        post, id_, body = at(item, "post"), _id(item), text_at(item, "post", "record", "text")
        address = _URI.fullmatch(id_)
        if not address:
            return Reject(f"post {number} of a page", NO_ID)
        if problem := refusal(post) or ("" if body else EMPTY):
            return Reject(id_, problem)
        try:
            published = _published(post, self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        parent = text_at(post, "record", "reply", "parent", "uri")
        above = [one for one in (item.get("root"), item.get("parent")) if one and not refusal(one)]
        languages = at(post, "record", "langs")
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="comment" if parent else "post",
            collected=self.context.now,
            published=published,
            about="\n".join(dict.fromkeys(text_at(one, "record", "text") for one in above)),
            site="bsky.app",
            url=f"https://bsky.app/profile/{address[1]}/post/{address[2]}",
            author=text_at(post, "author", "did"),
            thread=text_at(post, "record", "reply", "root", "uri") or id_,
            parent=parent,
            body=body,
            language=text_at(languages, 0).partition("-")[0].lower()
            if isinstance(languages, list) and len(languages) == 1
            else "",
        )


class _Session:
    """A signed-in account. A session lasts some hours; a long back-fill begins a new one."""

    def __init__(self, settings: BlueskySettings, context: Context) -> None:
        self._make = partial(Api, settings, context, explain=explain)
        self._guest = self._make()  # checks the terms before a secret is asked for
        self._login = {
            "identifier": key_of(context, settings.handle_secret),
            "password": key_of(context, settings.app_password_secret),
        }
        self._api: Api | None = None

    def get(self, path: str, params: dict[str, object]) -> Any:
        """As Api.get, signed in."""
        fresh = self._api is None
        try:
            return self._signed_in().get(path, params)
        except Expired:
            if fresh:
                raise
            self._api = None
            return self._signed_in().get(path, params)

    def _signed_in(self) -> Api:
        if self._api is None:
            token = text_at(self._guest.post(SIGN_IN, self._login), "accessJwt")
            if not token:
                raise Degraded("Bluesky: the answer to the sign-in holds no `accessJwt`.", LATER)
            self._api = self._make(headers={"Authorization": f"Bearer {token}"})
        return self._api


def _page(session: _Session, query: str, start: datetime, end: datetime, token: str | None) -> Page:
    asked: dict[str, object] = {"q": query, "sort": "latest", "limit": PAGE, "cursor": token}
    asked |= {"since": _stamp(start), "until": _stamp(end)}
    answer = session.get(SEARCH, asked)
    posts = list_at(answer, "posts", where="Bluesky")
    return Page([{"post": post} for post in posts], text_at(answer, "cursor") if posts else None)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _thread(session: _Session, item: Any) -> list[Any]:
    """The post with all that answers it, however deep; of what is above it, no more than what it answers."""
    asked: dict[str, object] = {"uri": _id(item), "depth": DEPTH, "parentHeight": HEIGHT}
    top = at(session.get(THREAD, asked), "thread")
    if not isinstance(top, dict):
        raise Degraded("Bluesky: the answer has no `thread`.", LATER)
    root, above = None, at(top, "parent")
    while at(above, "post") is not None:
        root, above = at(above, "post"), at(above, "parent")
    items, waiting = [], [(top, root, at(top, "parent", "post"))]
    while waiting:
        node, root, parent = waiting.pop()
        post = at(node, "post")
        items.append({"post": node if post is None else post, "root": root, "parent": parent})
        replies = at(node, "replies")
        waiting += [
            (one, root or post, post) for one in reversed(replies if isinstance(replies, list) else [])
        ]
    return items


def refusal(post: Any) -> str:
    """Why a post must not be kept; "" where it may."""
    if at(post, "notFound"):
        return GONE
    if at(post, "blocked"):
        return BLOCKED
    for labels in (at(post, "author", "labels"), at(post, "labels")):
        for label in labels if isinstance(labels, list) else ():
            if (reason := _LABELS.get(text_at(label, "val"))) and not at(label, "neg"):
                return reason
    return ""


def _published(post: Any, now: datetime) -> datetime:
    """When it was written, by the author's own clock, but never later than when it was first seen."""
    said = [text_at(post, "record", "createdAt"), text_at(post, "indexedAt")]
    good = [when for when in map(parse_date, said) if when and not implausible(when, now)]
    return min(good) if good else read_date(said[0], now=now)


def _id(item: Any) -> str:
    return text_at(item, "post", "uri")


def explain(status: int, said: Any) -> CollectorError | None:
    """What a refusal of Bluesky means; it names most by a word."""
    error = text_at(said, "error")
    if error in ("ExpiredToken", "InvalidToken"):
        return Expired("Bluesky does not accept its own session any more.", LATER)
    if error == "NotFound" or status == 404:
        return Gone("Bluesky does not have what was asked for.", "Check `base_url`.", permanent=True)
    if error.startswith("Account"):
        return CollectorError("The Bluesky account is closed.", "Use another account.", permanent=True)
    if status in (401, 403):
        return CollectorError("Bluesky does not accept the sign-in.", _REMEDY, permanent=True)
    if status == 400:
        return CollectorError(
            "Bluesky does not understand the request (400).", "Check `queries`.", permanent=True
        )
    return None

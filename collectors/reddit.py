"""Reddit through praw: new submissions and search results of subreddits, with their whole comment trees.

Each run reads again what is younger than `lookback`, so that late comments and edits are found. Threads come
oldest first, so the cursor never moves past one that was not read. Reddit asks businesses for its written
approval: without `terms_read` and `permission` the source does not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from candidly import __version__
from candidly.config import Duration, SourceSettings
from candidly.errors import CollectorError, ConfigError
from candidly.records import GONE, NO_TEXT, Cursor, Mention, Reject
from collectors.api import at, listed, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, read_date
from collectors.terms import check_terms
from collectors.threads import NO_ID

if TYPE_CHECKING:
    import praw

_GONE: Final = re.compile(r"\[\s*(deleted|removed)\b[^\]]*\]", re.IGNORECASE)
_QUOTED: Final = re.compile(r"^\s*>.*\n*", re.MULTILINE)
_TERMS: Final = re.compile(r'"([^"]+)"|\b(?!(?:OR|AND|NOT)\b)(\w[\w&.-]*)')
_OLDER: Final = 25
"""Submissions beyond the window, in a row, after which a listing is not read on: it is only nearly sorted."""
_FULL: Final = 900
"""Reddit's listings end after about a thousand; one this long may have been cut off."""


_LOOKUP: Final = 100


def _deleted(title: str, body: str) -> bool:
    return bool(_GONE.match(body) or (_GONE.match(title) and not body))


def _is_gone(item: dict[str, Any]) -> bool:
    """Whether a looked-up item is deleted, removed, or emptied."""
    title, body = str(item.get("title") or ""), str(item.get("body") or item.get("selftext") or "")
    empty = not (title or body).strip()
    return empty or bool(item.get("removed_by_category")) or _deleted(title, body)


def _subreddit(name: str) -> str:
    name = name.removeprefix("/").removeprefix("r/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}", name):
        raise ValueError("is no name of a subreddit, such as jobs")
    return name


class RedditSettings(SourceSettings):
    """The block of a source with `type: reddit`."""

    type: Literal["reddit"]
    subreddits: tuple[Annotated[str, AfterValidator(_subreddit)], ...] = Field(
        min_length=1, description="Names without r/; `all` searches everywhere."
    )
    queries: tuple[str, ...] = Field((), description='Searches, such as `"Northwind Robotics" OR Northwind`.')
    new: bool = Field(False, description="Read every new submission, and keep what names a company.")
    comments: bool = Field(True, description="Read the comment trees too.")
    limit: int | None = Field(None, ge=1, description="Most submissions of one listing and run.")
    lookback: Duration = Field(
        timedelta(hours=48), description="How long threads are read again for changes."
    )
    reddit_username: str = Field(
        pattern=r"^[A-Za-z0-9_-]{3,20}$", description="Your account, which Reddit wants in the User-Agent."
    )
    client_id_secret: str = Field("REDDIT_CLIENT_ID", description="The name of the secret with the id.")
    client_secret_secret: str = Field("REDDIT_CLIENT_SECRET", description="The same for the app's secret.")
    base_url: str = Field("", description="Another server that speaks Reddit's API; empty: Reddit itself.")
    max_wait: Duration = Field(timedelta(minutes=1), description="Longest pause for Reddit's quota.")

    live: ClassVar[bool] = True
    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"limit": 3})

    @model_validator(mode="after")
    def _sense(self) -> RedditSettings:
        if not self.queries and not self.new:
            raise ValueError("needs `queries` to search for, or `new: true`")
        parts = urlsplit(self.base_url)
        local = parts.hostname in ("127.0.0.1", "::1", "localhost")
        good = parts.scheme == "https" or (parts.scheme == "http" and local)
        if self.base_url and not (good and parts.hostname):
            raise ValueError("`base_url` must start with https://, or be on this machine")
        return self


@dataclass(slots=True)
class _Walk:
    """How far the reading of all listings is: when it was begun, which are done, which one is in hand."""

    begun: float
    done: list[str]
    at: str = ""
    told: bool = False
    """Whether a cursor tells of it, so that it must be told when the walk has ended."""

    @classmethod
    def of(cls, cursor: Cursor | None, now: float) -> _Walk:
        """The walk that a run broke off, or a new one."""
        match (cursor or {}).get("walk"):
            case {"begun": int() | float() as begun, "done": list(done), "at": str(at)} if 0 < begun <= now:
                return cls(begun, [key for key in done if isinstance(key, str)], at, told=True)
        return cls(now, [])

    def standing(self, key: str) -> dict[str, Any]:
        """What the cursor says of it while a listing is read."""
        self.told = True
        return {"walk": {"begun": self.begun, "done": list(self.done), "at": key}}


class RedditCollector:
    """See the module."""

    Settings: ClassVar[type[SourceSettings]] = RedditSettings

    def __init__(self, settings: RedditSettings, context: Context) -> None:
        self.settings = settings
        self.context = context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a thread: `{"submission": {...}, "comments": [{...}, ...]}`, as Reddit names the fields.

        The cursor holds, for each listing, when the newest submission read was created (seconds), and while
        a walk is under way, how far that is (`walk`): a run that breaks off is taken up there by the next.
        A subreddit that cannot be read is reported at the end, after the others.
        """
        from collectors import redditapi

        check_terms(self.settings, ())
        # What a cursor of the future would leave out, nobody knows; it counts as none.
        latest = self.context.now.timestamp() + 86_400
        reached = {k: at for k, at in (cursor or {}).items() if isinstance(at, int | float) and at <= latest}
        walk = _Walk.of(cursor, self.context.now.timestamp())
        seen: set[str] = set()
        unreadable: list[CollectorError] = []
        with self._connect() as reddit:
            for subreddit in self.settings.subreddits:
                for query in (*([None] if self.settings.new else []), *self.settings.queries):
                    try:
                        yield from self._listing(reddit, subreddit, query, reached, walk, seen)
                    except redditapi.Unreadable as error:
                        unreadable.append(error)
        if walk.told:
            yield Raw(None, {key: min(at, walk.begun) for key, at in reached.items()}, where="the end")
        if unreadable:
            messages = dict.fromkeys(error.message for error in unreadable)
            raise CollectorError(" ".join(messages), unreadable[0].remedy, permanent=True)

    def _connect(self) -> Any:
        from collectors import redditapi

        settings = self.settings
        try:
            return redditapi.connect(
                settings.base_url.rstrip("/"),
                client_id=self.context.secret(settings.client_id_secret),
                client_secret=self.context.secret(settings.client_secret_secret),
                user_agent=f"python:candidly:{__version__} (by /u/{settings.reddit_username})",
                max_wait=settings.max_wait.total_seconds(),
                deadline=self.context.deadline,
                spend=self.context.requests.spend,
            )
        except ConfigError as error:
            raise CollectorError(str(error), permanent=True) from None

    def _listing(
        self,
        reddit: praw.Reddit,
        subreddit: str,
        query: str | None,
        reached: dict[str, float],
        walk: _Walk,
        seen: set[str],
    ) -> Iterator[Raw]:
        from collectors import redditapi

        key = f"r/{subreddit}/new" if query is None else f"r/{subreddit}/search:{query}"
        if key in walk.done:
            return
        now = self.context.now.timestamp()
        with redditapi.reported(f"r/{subreddit}"):
            listing = redditapi.listing(reddit, subreddit, query, self.settings.limit)
            posts = self._window(listing, key, reached, again=walk.at != key)
        for post in posts:
            fresh = str(post["id"]) not in seen
            seen.add(str(post["id"]))
            if fresh:
                with redditapi.reported(f"r/{subreddit}"):
                    payload = self._thread(reddit, post)
            if post["created_utc"] <= now:
                reached[key] = max(reached.get(key, 0.0), post["created_utc"])
            cursor = reached | walk.standing(key)
            yield Raw(payload if fresh else None, cursor, where=f"t3_{post['id']}")
        walk.done.append(key)

    def _window(
        self, posts: Iterator[dict[str, Any]], key: str, reached: dict[str, float], *, again: bool
    ) -> list[dict[str, Any]]:
        """What a listing holds since the cursor, oldest first; `again`: from `lookback` before it on."""
        now = self.context.now.timestamp()
        lookback = self.settings.lookback.total_seconds() if again else 0.0
        since = min(reached[key], now) - lookback if key in reached else 0.0
        found: list[dict[str, Any]] = []
        older = 0
        for post in posts:
            older = older + 1 if post["created_utc"] < since else 0
            if not older:
                found.append(post)
            elif older >= _OLDER:
                break
        if not older and len(found) >= (self.settings.limit or _FULL):
            self._note_end(key, found, new=key in reached)
        return sorted(found, key=lambda post: (post["created_utc"], post["id"]))

    def _note_end(self, key: str, found: list[dict[str, Any]], *, new: bool) -> None:
        """Say that a listing may have been cut off: what lies behind its end cannot be had from Reddit."""
        if new:
            self.context.notes.append(f"{key}: more new submissions than Reddit lists; collect more often")
        elif len(found) >= _FULL:
            oldest = datetime.fromtimestamp(min(post["created_utc"] for post in found), UTC)
            self.context.notes.append(
                f"{key}: Reddit lists {len(found)} submissions, back to {oldest:%Y-%m-%d}, and none before"
            )

    def _thread(self, reddit: praw.Reddit, post: dict[str, Any]) -> dict[str, Any]:
        from collectors import redditapi

        if not self.settings.comments or not post["num_comments"]:
            return {"submission": post, "comments": []}
        try:
            with redditapi.reported(f"t3_{post['id']}"):
                payload, whole = redditapi.thread(reddit, post)
        except redditapi.Gone:  # taken away since it was listed
            return {"submission": {**post, "selftext": "[removed]"}, "comments": []}
        if not whole:
            self.context.notes.append(f"t3_{post['id']}: some comments could not be loaded")
        return payload

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """By /api/info, a hundred in a request; see `collectors.base.Rechecks`."""
        from collectors import redditapi
        from collectors.rechecking import by, standing

        check_terms(self.settings, ())
        with self._connect() as reddit:
            for group in by(_LOOKUP, ids):
                with redditapi.reported("Stored items"):
                    found = {str(item["name"]): item for item in redditapi.lookup(reddit, group)}
                there = {name for name, item in found.items() if not _is_gone(item)}
                unsigned = {name for name in there if found[name]["author"] in ("", "[deleted]")}
                yield from standing(group, there, listed=found, unsigned=unsigned, where="Reddit")

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The submission and each of its comments; what was deleted is a Reject."""
        if raw.payload is None:  # read before in this run, under another listing
            return
        post = at(raw.payload, "submission")
        yield self._mention(post, post, "post", text_at(post, "selftext"))
        for comment in listed(raw.payload, "comments"):
            body = text_at(comment, "body")
            yield self._mention(comment, post, "comment", _QUOTED.sub("", body).strip() or body)

    def _mention(self, item: Any, post: Any, kind: Literal["post", "comment"], body: str) -> Mention | Reject:
        name, author = text_at(item, "name"), text_at(item, "author")
        title = text_at(post, "title") if kind == "post" else ""
        if not name:
            return Reject(f"a {kind} of {text_at(post, 'name') or 'a listing'}", NO_ID)
        if _deleted(title, body):
            return Reject(name, GONE)
        if not (title or body).strip():
            return Reject(name, NO_TEXT)
        try:
            published = read_date(at(item, "created_utc"), now=self.context.now)
        except BadDate as problem:
            return Reject(name, str(problem))
        return Mention(
            source=self.settings.name,
            id=name,
            kind=kind,
            collected=self.context.now,
            published=published,
            about="" if kind == "post" else self._about(post),
            site="reddit.com",
            url=(self.settings.base_url.rstrip("/") or "https://www.reddit.com") + text_at(item, "permalink"),
            author="" if author == "[deleted]" else author,
            thread=text_at(post, "name"),
            parent=text_at(item, "parent_id"),
            title=title,
            body=body,
        )

    def _about(self, post: Any) -> str:
        """What a comment answers: "same here" is about the company that its thread names.

        That is the thread's title, and of its text no more than the searched words that stand in it.
        """
        title, text = text_at(post, "title"), text_at(post, "selftext").lower()
        words = {phrase or word for query in self.settings.queries for phrase, word in _TERMS.findall(query)}
        return "\n".join([title, *sorted(word for word in words if word.lower() in text)])

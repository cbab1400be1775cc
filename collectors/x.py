"""X (Twitter): posts found by its search, v2.

Every post that X hands out is billed: so a month has a cap, our queries leave retweets out, and a run reads
back only as far as posts can be edited. Users are billed too and not asked for: an author is a number.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from candidly.config import Duration, SecretName
from candidly.errors import CollectorError
from candidly.records import Cursor, Mention, Reject
from collectors.api import Api, ApiSettings, at, listed, text_at
from collectors.base import Context, Raw, Standing
from collectors.budget import Budget
from collectors.dates import BadDate, read_date
from collectors.keys import key_of
from collectors.paging import Walk, forward, merged
from collectors.threads import EMPTY, NO_ID

STEP: Final = timedelta(days=30)
SNOWFLAKE: Final = 1_288_834_974_657
"""Milliseconds since 1970 from which X's ids count (twitter-archive/snowflake: id >> 22 is milliseconds)."""
FIRST_SNOWFLAKE: Final = 30_000_000_000
RETWEET, EDITED = "a retweet", "replaced by an edit of it"


class XSettings(ApiSettings):
    """The block of a source with `type: x`."""

    type: Literal["x"]
    queries: tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...] = Field(
        min_length=1, description="Searches in X's query language; retweets are left out of each."
    )
    full_archive: bool = Field(False, description="Search all years, where your access includes that.")
    context: bool = Field(True, description="Read what a reply answers or a quote quotes too (billed).")
    conversations: bool = Field(False, description="Read the other replies to found posts too (billed).")
    monthly_posts: int = Field(2000, ge=30, description="Most posts read in a calendar month (UTC).")
    price: float = Field(0.005, ge=0, le=100, description="What X bills for one post, in US dollars.")
    recheck_posts: int = Field(
        0, ge=0, description="Most stored posts looked up at a time for deletions (billed, beside the cap)."
    )
    bearer_token_secret: SecretName = Field(
        "X_BEARER_TOKEN", description="The name of the secret with the app's bearer token."
    )
    first: Duration = Field(timedelta(days=7), description="How far back the first run reads.")
    lookback: Duration = Field(
        timedelta(hours=1), description="How far each run reads back; posts can be edited for an hour."
    )

    home: ClassVar[str] = "https://api.x.com"
    small: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"first": timedelta(days=1), "monthly_posts": 10, "context": False, "conversations": False}
    )

    @model_validator(mode="after")
    def _reach(self) -> XSettings:
        if max(self.first, self.lookback) > timedelta(days=7) and not self.full_archive:
            raise ValueError("`first` and `lookback`: more than 7d needs `full_archive: true`")
        return self


class XCollector:
    """See the module."""

    Settings: ClassVar[type[XSettings]] = XSettings

    def __init__(self, settings: XSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a page: `{"data": [...], "includes": {"tweets": [...]}}`, as X names the fields.

        The cursor holds where each query stands and how many posts were read in this month.
        """
        from collectors import xsearch

        settings, context = self.settings, self.context
        budget = Budget(cursor, f"{context.now:%Y-%m}", settings.monthly_posts)
        search = xsearch.Search(settings, context, self._api(), budget)
        first = (
            settings.first if settings.full_archive else min(settings.first, xsearch.RECENT - xsearch.FRESH)
        )
        walk = Walk(context.now - xsearch.FRESH, first, settings.lookback)
        pages = (
            raw
            for query in settings.queries
            for raw in forward(cursor, f"search:{query}", walk, STEP, search.of(query))
        )
        try:
            for raw in merged(cursor, pages):
                yield Raw(raw.payload, budget.into(raw.cursor), raw.where)
        finally:
            context.notes.append(search.cost())

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look posts up, a hundred in a request, as many as `recheck_posts` allows to pay for."""
        from collectors import xsearch

        if not self.settings.recheck_posts:
            raise CollectorError(
                "Stored posts are not looked up for deletions: X bills each of them, every day.",
                "Set `recheck_posts` to how many may be paid for at a time, and `keep` to few days.",
                permanent=True,
            )
        yield from xsearch.standing_of(self._api(), ids[: self.settings.recheck_posts])

    def _api(self) -> Api:
        token = key_of(self.context, self.settings.bearer_token_secret)
        headers = {"Authorization": f"Bearer {token}"}
        return Api(self.settings, self.context, headers=headers, explain=self._explain)

    def _explain(self, status: int, said: Any) -> CollectorError | None:
        from collectors.xsearch import explain

        return explain(status, said, self.settings.bearer_token_secret, self.context.now)

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The posts of a page; one that answers or quotes another is about what that one says."""
        posts, others = (listed(raw.payload, *path) for path in (("data",), ("includes", "tweets")))
        known = {text_at(post, "id"): _text(post) for post in [*others, *posts]}
        for number, post in enumerate(posts, 1):
            yield self._mention(post, known, number)

    def _mention(self, post: Any, known: dict[str, str], number: int) -> Mention | Reject:
        id_, body = text_at(post, "id"), _text(post)
        versions, refers = _versions(post), _refers(post)
        if not id_:
            return Reject(f"post {number} of a page", NO_ID)
        if "retweeted" in refers or body.startswith("RT @"):
            return Reject(id_, RETWEET)
        if versions[-1] != id_:
            return Reject(id_, EDITED)
        if not body:
            return Reject(id_, EMPTY)
        try:
            published = read_date(at(post, "created_at") or _posted(id_), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        thread = text_at(post, "conversation_id")
        parent = refers.get("replied_to") or refers.get("quoted", "")
        above = [known.get(other, "") for other in (thread, parent) if other != id_]
        return Mention(
            source=self.settings.name,
            id=versions[0],  # an edit has an id of its own: what it replaces is known by the first
            kind="comment" if "replied_to" in refers else "post",
            collected=self.context.now,
            published=published,
            about="\n".join(dict.fromkeys(filter(None, above))),
            site="x.com",
            url=f"https://x.com/i/web/status/{id_}",
            author=text_at(post, "author_id"),
            thread=thread,
            parent=parent,
            body=body,
            language=text_at(post, "lang"),
        )


def _text(post: Any) -> str:
    """The whole text, a long one's too, which `text` cuts at 280 characters."""
    return html.unescape(text_at(post, "note_tweet", "text") or text_at(post, "text"))


def _versions(post: Any) -> list[str]:
    """The ids of a post and its edits, oldest first."""
    found = at(post, "edit_history_tweet_ids")
    versions = [str(one) for one in found if one] if isinstance(found, list) else []
    return versions or [text_at(post, "id")]


def _refers(post: Any) -> dict[str, str]:
    """How a post refers to others: replied_to, quoted, retweeted -> id."""
    found = at(post, "referenced_tweets")
    return {text_at(one, "type"): text_at(one, "id") for one in (found if isinstance(found, list) else [])}


def _posted(id_: str) -> datetime | None:
    """When a post was made, by its id; None for the ids of before November 2010."""
    if not (id_.isascii() and id_.isdigit()) or int(id_[:19]) < FIRST_SNOWFLAKE:
        return None
    return datetime.fromtimestamp(((int(id_[:19]) >> 22) + SNOWFLAKE) / 1000, UTC)

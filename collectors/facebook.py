"""Facebook: posts, comments and recommendations of a Page of your own, and nothing about who wrote them.

Who wrote something is not asked for, and no field is kept but those named in `collectors.facebookapi`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal, cast

from pydantic import Field, model_validator

from candidly.config import Duration, SecretName
from candidly.records import Cursor, Experience, Mention, Reject
from collectors.api import ApiSettings, at, listed, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, read_date
from collectors.facebookapi import Reader, comments_of, id_of, without_names
from collectors.paging import Walk, back, merged
from collectors.threads import EMPTY, NO_ID

OWN, NOTHING = "the Page's own post", "neither a text nor a verdict"
VISITORS: Final = "wall_post"
"""The status type of what others write on a Page."""


class FacebookSettings(ApiSettings):
    """The block of a source with `type: facebook`."""

    type: Literal["facebook"]
    page: str = Field(
        pattern=r"^[A-Za-z0-9.]{1,80}$", description="The Page's number, or its name in addresses."
    )
    own_posts: bool = Field(True, description="Keep what the Page itself posts too; its comments always.")
    recommendations: bool = Field(True, description="Read the Page's recommendations too.")
    version: str = Field("v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]$", description="Of the Graph API.")
    page_token_secret: SecretName = Field(
        "FACEBOOK_PAGE_TOKEN", description="The name of the secret with the Page's access token."
    )
    app_secret_secret: SecretName = Field(
        "", description="The same for the app's secret, where the app demands a proof of it."
    )
    first: Duration = Field(timedelta(days=90), description="How far back the first run reads.")
    lookback: Duration = Field(
        timedelta(days=30), description="How old posts may be whose comments each run reads again."
    )

    home: ClassVar[str] = "https://graph.facebook.com"

    @model_validator(mode="after")
    def _of_a_company(self) -> FacebookSettings:
        if self.company is None:
            raise ValueError("needs `company`: all that stands on a Page is about the company it is of")
        return self


class FacebookCollector:
    """See the module."""

    Settings: ClassVar[type[FacebookSettings]] = FacebookSettings

    def __init__(self, settings: FacebookSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Raws of a page each: `{"posts": [...]}` with all `comments` in each, or `{"ratings": [...]}`.

        The cursor holds how far the posts were read; recommendations are few and read in full.
        """
        reader = Reader(self.settings, self.context)
        yield from merged(cursor, self._walks(cursor, reader))

    def _walks(self, cursor: Cursor | None, reader: Reader) -> Iterator[Raw]:
        yield from back(cursor, "posts", self.settings.walk(self.context), reader.posts)
        if self.settings.recommendations:
            whole = Walk(self.context.now, self.settings.first, self.settings.lookback)
            yield from reader.offered(back(cursor, "ratings", whole, reader.ratings))

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look posts and comments up; recommendations have no id to ask for."""
        known = [id_ for id_ in ids if not id_.startswith("rec_")]
        yield from Reader(self.settings, self.context).standing(known)

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """A mention of each post, comment, reply and recommendation."""
        for number, post in enumerate(listed(raw.payload, "posts"), 1):
            yield self._post(post, f"post {number} of a page")
            text = without_names(post)
            for n, (comment, parent) in enumerate(comments_of(post), 1):
                where = f"comment {n} on post {number} of a page"
                yield self._mention(
                    comment, "comment", where, id_of(comment), thread=id_of(post), parent=parent, about=text
                )
        seen: Counter[str] = Counter()
        for number, rating in enumerate(listed(raw.payload, "ratings"), 1):
            yield self._rating(rating, seen, f"recommendation {number} of a page")

    def _post(self, post: Any, where: str) -> Mention | Reject:
        if not self.settings.own_posts and text_at(post, "status_type") not in ("", VISITORS):
            return Reject(id_of(post) or where, OWN)
        return self._mention(post, "post", where, id_of(post), thread=id_of(post))

    def _rating(self, rating: Any, seen: Counter[str], where: str) -> Mention | Reject:
        """What says when it was written is all that may identify a recommendation."""
        when = text_at(rating, "created_time")
        seen[when] += 1
        again = f"_{seen[when]}" if seen[when] > 1 else ""
        said, stars = text_at(rating, "recommendation_type").lower(), at(rating, "rating")
        verdict = cast(Experience, said) if said in ("positive", "negative") else None
        good = isinstance(stars, int) and not isinstance(stars, bool) and 1 <= stars <= 5
        return self._mention(
            {**rating, "message": text_at(rating, "review_text")} if isinstance(rating, dict) else {},
            "review", where, f"rec_{when}{again}" if when else "",
            experience=verdict, stars=float(stars) if good else None,
            url=f"https://www.facebook.com/{self.settings.page}/reviews",
        )  # fmt: skip

    def _mention(
        self, item: Any, kind: Literal["post", "comment", "review"], where: str, id_: str, **fields: Any
    ) -> Mention | Reject:
        body = without_names(item)
        if not id_:
            return Reject(where, NO_ID)
        if not body and not (fields.get("experience") or fields.get("stars")):
            return Reject(id_, NOTHING if kind == "review" else EMPTY)
        try:
            published = read_date(text_at(item, "created_time"), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        return Mention(
            source=self.settings.name,
            id=id_,
            kind=kind,
            collected=self.context.now,
            published=published,
            site="facebook.com",
            url=_address(id_, fields.get("thread", "")),
            body=body,
        ).replace(**fields)


def _address(id_: str, thread: str) -> str:
    """Made of ids, as the address that Facebook gives may hold the author's."""
    comment = f"?comment_id={id_.rpartition('_')[2]}" if thread not in ("", id_) else ""
    return f"https://www.facebook.com/{thread or id_}{comment}"

"""Reviews of your own locations through Google's Business Profile interface; nothing of who wrote them.

Google's Places interface shows reviews of every business, but its terms forbid storing them, so there is no
source type for it, and its answers are refused here (`docs/sources/google_business.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from candidly.config import Duration, SecretName
from candidly.records import Cursor, Mention, Reject
from collectors import googleapi
from collectors.api import Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, read_date
from collectors.paging import Page, back_each
from collectors.rechecking import DOUBTED, by, standing

PAGE: Final = 50
"""Reviews in one answer: the most that Google gives."""
STARS: Final = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
NO_ID, NO_TEXT = "no id", "stars without a text"
_ABOUT_ALL: Final = {"averageRating", "totalReviewCount", "nextPageToken"}
_TRANSLATED, _ORIGINAL = "(Translated by Google)", "(Original)"


class GoogleBusinessSettings(ApiSettings):
    """The block of a source with `type: google_business`."""

    type: Literal["google_business"]
    locations: tuple[Annotated[str, Field(pattern=r"^accounts/[0-9]+/locations/[0-9]+$")], ...] = Field(
        min_length=1, description="Your locations, such as accounts/123/locations/456."
    )
    access_token_secret: SecretName = Field(
        "", description="The name of a secret with an access token; empty: a new one is fetched each run."
    )
    refresh_token_secret: SecretName = Field(
        "GOOGLE_REFRESH_TOKEN", description="The name of the secret with the refresh token."
    )
    client_id_secret: SecretName = Field("GOOGLE_CLIENT_ID", description="The same for the client's id.")
    client_secret_secret: SecretName = Field(
        "GOOGLE_CLIENT_SECRET", description="The same for the client's secret."
    )
    first: Duration = Field(timedelta(days=365), description="How far back the first run reads.")
    lookback: Duration = Field(
        timedelta(days=7), description="How far each run reads back, for what Google left out of a page."
    )

    home: ClassVar[str] = "https://mybusiness.googleapis.com"

    @model_validator(mode="after")
    def _about_whom(self) -> GoogleBusinessSettings:
        if not self.company:
            raise ValueError("needs `company`, because a review does not say whose location it is about")
        return self


class GoogleBusinessCollector:
    """Reads each location from the review that changed last back, so that edits are found."""

    Settings: ClassVar[type[GoogleBusinessSettings]] = GoogleBusinessSettings

    def __init__(self, settings: GoogleBusinessSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a page of reviews; the cursor holds, for each location, how far it was read."""
        walk = self.settings.walk(self.context)
        yield from back_each(cursor, self.settings.locations, walk, partial(self._page, self._api()))

    def _api(self) -> Api:
        headers = {"Authorization": f"Bearer {googleapi.access_token(self.settings, self.context)}"}
        return Api(self.settings, self.context, headers=headers, explain=googleapi.explain)

    def _page(self, api: Api, location: str, token: str | None) -> Page:
        params = {"pageSize": PAGE, "pageToken": token, "orderBy": "updateTime desc"}
        said = api.get(f"/v4/{location}/reviews", params)
        changed = [when for review in reviews_of(said) if (when := self._changed(review))]
        following = text_at(said, "nextPageToken") or None
        return Page(said, following, min(changed, default=None), max(changed, default=None))

    def _changed(self, review: Any) -> datetime | None:
        try:
            return read_date(text_at(review, "updateTime"), now=self.context.now)
        except BadDate:
            return None

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """One request a review and location until it is found; see `collectors.base.Rechecks`."""
        api = self._api()
        for location in self.settings.locations:  # that a location cannot be read is no deletion
            reviews_of(api.get(f"/v4/{location}/reviews", {"pageSize": 1}))
        for group in by(DOUBTED, ids):
            yield from standing(group, {id_ for id_ in group if self._there(api, id_)}, where="Google")

    def _there(self, api: Api, id_: str) -> bool:
        for location in self.settings.locations:
            with suppress(googleapi.Missing):
                return bool(api.get(f"/v4/{location}/reviews/{quote(id_, safe='')}"))
        return False

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The reviews of one page. Ignored: the reviewer, always; our reply; pictures; the average."""
        for number, review in enumerate(reviews_of(raw.payload), 1):
            yield self._mention(review, f"{raw.where}, review {number}")

    def _mention(self, review: Any, where: str) -> Mention | Reject:
        id_, body = text_at(review, "reviewId"), original(text_at(review, "comment"))
        if not id_ or not body:
            return Reject(id_ or where, NO_TEXT if id_ else NO_ID)
        try:
            published = read_date(text_at(review, "createTime"), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="review",
            collected=self.context.now,
            published=published,
            site="google.com",
            body=body,
            stars=STARS.get(text_at(review, "starRating")),
        )


def reviews_of(said: Any) -> list[Any]:
    """The reviews in an answer; Google leaves the list out where a location has none.

    Raises CollectorError for an answer of the Places interface, Degraded for anything else without the list.
    """
    googleapi.refuse_places(said)
    if isinstance(said, dict) and set(said) <= _ABOUT_ALL and not at(said, "totalReviewCount"):
        return []
    return list_at(said, "reviews", where="Google Business Profile")


def original(comment: str) -> str:
    """What the reviewer wrote, where Google puts its own translation before or behind it."""
    if _TRANSLATED not in comment:
        return comment
    if _ORIGINAL in comment:
        return comment.rpartition(_ORIGINAL)[2].strip()
    before, _, after = comment.partition(_TRANSLATED)
    return before.strip() or after.strip()

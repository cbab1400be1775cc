"""Yelp through its Places API: up to three excerpts of each business's reviews, kept for a day.

An excerpt that was cut ends in `[…]`, so that nobody takes it for the whole review; none is joined to
another. Yelp's pages themselves are never read: its terms forbid it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from pydantic import Field

from candidly.config import SecretName
from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Mention, Reject
from collectors.api import LATER, Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw
from collectors.dates import implausible
from collectors.keys import key_of

CUT: Final = " […]"
NO_ID, NO_TEXT, NO_DATE = "no id", "no text", "date not understood"
_DOTS: Final = re.compile(r"\s*(?:\.{3}|…)$")


class YelpSettings(ApiSettings):
    """The block of a source with `type: yelp`."""

    type: Literal["yelp"]
    businesses: tuple[Annotated[str, Field(pattern=r"^[\w-]{1,200}$")], ...] = Field(
        min_length=1, description="Ids or aliases: the end of the address of a business's page."
    )
    order: Literal["newest", "yelp_sort"] = Field("newest", description="Which reviews Yelp picks.")
    locale: str = Field(
        "", pattern=r"^([a-z]{2}_[A-Z]{2})?$", description="Reviews for this locale, such as en_US."
    )
    key_secret: SecretName = Field("YELP_API_KEY", description="The name of the secret with the key.")

    home: ClassVar[str] = "https://api.yelp.com"


class Gone(CollectorError):
    """Yelp has no such business; the others can be read."""


class YelpCollector:
    """See the module. Every run reads all businesses anew: Yelp offers no more than it shows."""

    Settings: ClassVar[type[YelpSettings]] = YelpSettings

    def __init__(self, settings: YelpSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a business. A business that is gone is reported at the end, after the others.

        The cursor names the business to go on with where a run broke off, for instance at Yelp's quota.
        """
        settings = self.settings
        key = key_of(self.context, settings.key_secret)
        api = Api(settings, self.context, headers={"Authorization": f"Bearer {key}"}, explain=self._explain)
        params = {"sort_by": settings.order, "locale": settings.locale or None}
        businesses = settings.businesses
        start = businesses.index(at(cursor, "next")) if at(cursor, "next") in businesses else 0
        gone: list[Gone] = []
        for number, business in enumerate(businesses[start:], start + 1):
            following = {"next": businesses[number]} if number < len(businesses) else {}
            try:
                said = api.get(f"/v3/businesses/{quote(business)}/reviews", params)
            except Gone as error:
                gone.append(Gone(f"{business}: {error.message}", error.remedy, permanent=True))
                continue
            yield Raw({"business": business, "said": said}, following, where=business)
        if gone:
            raise gone[0]

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The excerpts of one business. Ignored: the reviewer's picture and page, `possible_languages`."""
        business, said = text_at(raw.payload, "business"), at(raw.payload, "said")
        reviews = list_at(said, "reviews", where=f"Yelp, {business}")
        if not reviews and not isinstance(at(said, "total"), int):
            raise Degraded(f"Yelp, {business}: no reviews, and not that there are none.", LATER)
        for number, review in enumerate(reviews, 1):
            yield self._mention(review, business, f"{business}, review {number}")

    def _mention(self, review: Any, business: str, where: str) -> Mention | Reject:
        id_, text = text_at(review, "id"), text_at(review, "text")
        published = _pacific(text_at(review, "time_created"))
        if not id_ or not text or published is None:
            return Reject(id_ or where, NO_ID if not id_ else NO_TEXT if not text else NO_DATE)
        if problem := implausible(published, self.context.now):
            return Reject(id_, problem)
        rating = at(review, "rating")
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="review",
            collected=self.context.now,
            published=published,
            about=business.replace("-", " "),
            site="yelp.com",
            url=_link(text_at(review, "url")),
            author=text_at(review, "user", "id") or text_at(review, "user", "name"),
            body=_DOTS.sub("", text) + CUT if _DOTS.search(text) else text,
            stars=float(rating) if isinstance(rating, int | float) and 1 <= rating <= 5 else None,
        )

    def _explain(self, status: int, said: Any) -> CollectorError | None:
        """Yelp's codes: https://docs.developer.yelp.com/docs/places-rate-limiting and the endpoint's page."""
        code = text_at(said, "error", "code")
        if code == "ACCESS_LIMIT_REACHED":
            return CollectorError(
                "Yelp's quota of the day is used up.",
                "It begins anew at midnight UTC; fewer businesses or a longer `every` avoid this.",
                retry_after=_until_midnight(self.context.now),
            )
        if status == 429:
            return CollectorError(
                "Yelp was asked too fast.", "It is tried again; a longer `min_interval` avoids this."
            )
        if status == 401 or code in ("TOKEN_INVALID", "TOKEN_MISSING", "UNAUTHORIZED_ACCESS_TOKEN"):
            return CollectorError(
                "Yelp does not accept the key.",
                f"Put the API key of your app into the secret {self.settings.key_secret}.",
                permanent=True,
            )
        if status in (301, 404) or code in (
            "BUSINESS_NOT_FOUND",
            "BUSINESS_UNAVAILABLE",
            "BUSINESS_MIGRATED",
        ):
            moved = text_at(said, "error", "new_business_id")
            remedy = "Yelp gives the id of the one that replaced it." if moved else ""
            return Gone("Yelp has no such business.", remedy or "Correct its id under `businesses`.")
        if status == 403:
            return CollectorError(
                "The plan of the Yelp key does not include reviews.",
                "See the plan of your app.",
                permanent=True,
            )
        return None


def _pacific(stated: str) -> datetime | None:
    """`2026-11-02 14:03:00`, which the documentation says is Pacific time; None for anything else."""
    try:
        found = datetime.strptime(stated, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the zone comes next
    except ValueError:
        return None
    return found.replace(tzinfo=ZoneInfo("America/Los_Angeles")).astimezone(UTC)


def _until_midnight(now: datetime) -> float:
    tomorrow = (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()


def _link(url: str) -> str:
    """The review's address without what it tells of our app (`adjust_creative`, `utm_source`)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] == "hrid"])
    return urlunsplit(parts._replace(query=query, fragment="")) if parts.scheme in ("http", "https") else ""

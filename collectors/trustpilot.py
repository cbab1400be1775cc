"""Trustpilot's public reviews of a business unit, through its interface with an API key of your own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote

from pydantic import Field

from candidly.config import Duration, SecretName
from candidly.errors import CollectorError
from candidly.records import Cursor, Mention, Reject
from collectors.api import Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, read_date
from collectors.keys import key_of
from collectors.paging import Page, back_each, numbered
from collectors.rechecking import DOUBTED, by, standing
from collectors.reviewtext import person

PAGE: Final = 100
"""Reviews in one answer: the most that Trustpilot gives."""
NO_ID, NO_TEXT, HIDDEN = "no id", "no text", "not public at the source"


class TrustpilotSettings(ApiSettings):
    """The block of a source with `type: trustpilot`."""

    type: Literal["trustpilot"]
    business_units: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")], ...] = Field(
        min_length=1,
        description="Ids of business units: 24 hex digits, as /v1/business-units/find gives them.",
    )
    language: str = Field("", pattern=r"^([a-z]{2})?$", description="Only reviews in this language.")
    key_secret: SecretName = Field("TRUSTPILOT_API_KEY", description="The name of the secret with the key.")
    first: Duration = Field(timedelta(days=365), description="How far back the first run reads.")
    lookback: Duration = Field(
        timedelta(days=30), description="How far each run reads back for edits and late reviews."
    )

    home: ClassVar[str] = "https://api.trustpilot.com"


class Missing(CollectorError):
    """Trustpilot does not have what was asked for."""


class TrustpilotCollector:
    """Reads each business unit from its newest review back."""

    Settings: ClassVar[type[TrustpilotSettings]] = TrustpilotSettings

    def __init__(self, settings: TrustpilotSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a page of reviews; the cursor holds, for each unit, how far it was read."""
        walk = self.settings.walk(self.context)
        yield from back_each(cursor, self.settings.business_units, walk, partial(self._page, self._api()))

    def _api(self) -> Api:
        key = key_of(self.context, self.settings.key_secret)
        return Api(self.settings, self.context, headers={"apikey": key}, explain=self._explain)

    def _page(self, api: Api, unit: str, token: str | None) -> Page:
        number = numbered(token) or 1
        said = api.get(
            f"/v1/business-units/{unit}/reviews",
            {
                "page": number,
                "perPage": PAGE,
                "orderBy": "createdat.desc",
                "language": self.settings.language or None,
            },
        )
        reviews = list_at(said, "reviews", where=f"Trustpilot, {unit}")
        links = at(said, "links")
        if isinstance(links, list):
            more = any(at(link, "rel") == "next-page" for link in links)
        else:
            more = len(reviews) >= PAGE
        dates = [found for review in reviews if (found := self._created(review))]
        token = str(number + 1) if more and reviews else None
        return Page({"reviews": reviews}, token, min(dates, default=None), max(dates, default=None))

    def _created(self, review: Any) -> datetime | None:
        try:
            return read_date(text_at(review, "createdAt"), now=self.context.now)
        except BadDate:
            return None

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """One request a review; see `collectors.base.Rechecks`."""
        api = self._api()
        for group in by(DOUBTED, ids):
            yield from standing(group, {id_ for id_ in group if _public(api, id_)}, where="Trustpilot")

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The reviews of one page.

        Ignored: the company's reply, likes, invitation and order data, and whether the review is verified.
        """
        for number, review in enumerate(list_at(raw.payload, "reviews", where="Trustpilot"), 1):
            yield self._mention(review, f"{raw.where}, review {number}")

    def _mention(self, review: Any, where: str) -> Mention | Reject:
        id_, title, body = (text_at(review, name) for name in ("id", "title", "text"))
        if not id_:
            return Reject(where, NO_ID)
        if not _active(review):
            return Reject(id_, HIDDEN)
        if not title and not body:
            return Reject(id_, NO_TEXT)
        try:
            published = read_date(text_at(review, "createdAt"), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        stars, unit = at(review, "stars"), at(review, "businessUnit")
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="review",
            collected=self.context.now,
            published=published,
            about=text_at(unit, "displayName") or text_at(unit, "identifyingName"),
            site="trustpilot.com",
            url=f"https://www.trustpilot.com/reviews/{id_}",
            author=text_at(review, "consumer", "id") or person(text_at(review, "consumer", "displayName")),
            title="" if body.startswith(title.rstrip("….")) else title,
            body=body,
            stars=float(stars) if isinstance(stars, int | float) and 1 <= stars <= 5 else None,
            location=text_at(review, "location", "name"),
            language=text_at(review, "language")[:2].lower(),
        )

    def _explain(self, status: int, _said: Any) -> CollectorError | None:
        """Trustpilot documents the statuses; the bodies it does not."""
        if status == 401:
            return CollectorError(
                "Trustpilot does not accept the key.",
                f"Put the API key of your application into the secret {self.settings.key_secret}.",
                permanent=True,
            )
        if status == 403:
            return CollectorError(
                "The Trustpilot key may not read this business unit.",
                "See whether your plan includes the interface and this domain.",
                permanent=True,
            )
        if status == 404:
            return Missing(
                "Trustpilot has no such business unit.",
                "Correct its id under `business_units`; /v1/business-units/find tells it by domain.",
                permanent=True,
            )
        return None


def _active(review: Any) -> bool:
    """Not reported, archived or taken down."""
    return text_at(review, "status").lower() in ("", "active")


def _public(api: Api, id_: str) -> bool:
    try:
        return _active(api.get(f"/v1/reviews/{quote(id_, safe='')}"))
    except Missing:
        return False

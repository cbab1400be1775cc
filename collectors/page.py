"""Web pages: reviews that are marked up as schema.org says, or found by CSS selectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit, urlunsplit

from pydantic import Field, model_validator

from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Mention, Reject
from collectors.base import Context, Raw
from collectors.selectors import Selectors
from collectors.terms import check_terms
from collectors.web import WebSettings, http_for, raise_first, validators_in

if TYPE_CHECKING:
    from collectors.http import Http, Response

FORMAT = 2
"""Raised when pages are read differently than before, so that unchanged ones are read again."""


class PageSettings(WebSettings):
    """Web pages that hold reviews."""

    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"max_pages": 1})

    kind: Literal["review", "interview"] = Field("review", description="What the pages hold.")
    selectors: Selectors | None = Field(None, description="For pages without schema.org annotations.")
    page_param: str = Field("", description="Numbered pages: the query parameter with the page's number.")
    first_page: int = Field(1, ge=0, description="The number of the page at `urls` itself.")
    max_pages: int = Field(10, ge=1, le=20_000, description="Most pages read from each of `urls`.")
    date_order: Literal["dmy", "mdy"] | None = Field(None, description="How 03/04/2025 is meant.")

    @model_validator(mode="after")
    def _one_way_on(self) -> PageSettings:
        if self.page_param and self.selectors is not None and self.selectors.next:
            raise ValueError("set `page_param` or `selectors.next`, not both")
        return self


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched page: the payload of a Raw. `end` marks a page behind the last one, which holds nothing."""

    url: str
    body: bytes
    charset: str = ""
    end: bool = False


@dataclass(frozen=True, slots=True)
class _At:
    """Where a chain of pages goes on, the page's number, and the validators of the first page."""

    address: str
    number: int
    validators: Mapping[str, str]


class PageCollector:
    """Reads each of `urls` and the pages that follow it, unless the first one is unchanged."""

    Settings: ClassVar[type[PageSettings]] = PageSettings

    def __init__(self, settings: PageSettings, context: Context) -> None:
        self.settings, self.context = settings, context
        if settings.selectors is not None:
            from collectors.pageparse import check

            check(settings.selectors, settings.name)

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """One Raw a good page. An address that fails does not stop the others; its error is raised last.

        The cursor holds the validators of each first page, once the pages behind it were read as well; until
        then, the address at which a run that broke off goes on (`at`).
        """
        from collectors.robots import Robots

        check_terms(self.settings, self.settings.urls)
        http = http_for(self.settings, self.context)
        robots = Robots(http)
        known, at = self._known(cursor), self._at(cursor)
        failures: list[CollectorError] = []
        for url in self.settings.urls:
            try:
                yield from self._chain(url, http, robots.check, known, at)
            except CollectorError as error:
                failures.append(error)
                if isinstance(error, Degraded):
                    self.context.seen.mark()
        raise_first(failures)

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The reviews of one page. Raises Degraded where there are none and the page does not say so."""
        from collectors.pageparse import mentions_of

        page: Page = raw.payload
        if not page.end:
            yield from mentions_of(
                page.body,
                url=page.url,
                source=self.settings.name,
                now=self.context.now,
                selectors=self.settings.selectors,
                base={"kind": self.settings.kind} | ({"site": site} if (site := self.settings.site) else {}),
                charset=page.charset,
                day_first={"dmy": True, "mdy": False, None: None}[self.settings.date_order],
            )

    def _chain(
        self,
        url: str,
        http: Http,
        allowed: Callable[[str], None],
        known: dict[str, Mapping[str, str]],
        at: dict[str, _At],
    ) -> Iterator[Raw]:
        """The page at `url` and those that follow it, each checked to hold reviews before it counts."""
        begun = self._resumed(url, http, allowed, at)
        if begun is None:
            answer = http.get(url, validators=known.get(url), allowed=allowed)
            if answer.not_modified:
                self.context.notes.append("a page is unchanged")
                return
            begun = answer, 1, answer.validators
        answer, first, validators = begun
        addresses, ids = {url}, set[str]()
        for number in range(first, self.settings.max_pages + 1):
            addresses.add(urldefrag(answer.url)[0])
            found, link = self._look(answer, number)
            following = self._following(url, number, answer.url, link)
            new = found - ids or number == 1  # some sites repeat the last page for every higher number
            if not new or following in addresses or number == self.settings.max_pages:
                following = ""
            at.pop(url, None)
            if not following:
                known[url] = validators
            elif _same_host(url, following):
                at[url] = _At(following, number + 1, validators)
            ids |= found
            page = Page(answer.url, answer.body, answer.charset, end=not new)
            yield Raw(page, self._cursor(known, at), f"page {number}")
            if not following:
                return
            addresses.add(following)
            answer = self._next(http, following, allowed)

    def _resumed(
        self, url: str, http: Http, allowed: Callable[[str], None], at: dict[str, _At]
    ) -> tuple[Response, int, Mapping[str, str]] | None:
        """The page at which a run broke off; None where none did, or the site does not have it any more."""
        if url not in at:
            return None
        try:
            answer = self._next(http, at[url].address, allowed)
            self._look(answer, at[url].number)
        except CollectorError as error:
            if error.permanent or isinstance(error, Degraded):
                return None
            raise
        return answer, at[url].number, at[url].validators

    def _next(self, http: Http, url: str, allowed: Callable[[str], None]) -> Response:
        """A following page; that a numbered one is missing means that the one before was the last."""
        from collectors.http import Refused, Response

        try:
            return http.get(url, allowed=allowed)
        except Refused as refused:
            if self.settings.page_param and refused.status in (404, 410):
                return Response(status=200, url=url)
            raise

    def _look(self, answer: Response, number: int) -> tuple[set[str], str]:
        """The ids of the reviews on a page, and its link to the next. Raises Degraded for a page without any.

        Only a numbered page may lack them: it lies behind the last one.
        """
        from collectors.htmltext import soup
        from collectors.pageparse import next_link, reviews_of, whole

        selectors = self.settings.selectors
        page = soup(answer.body, answer.charset)
        whole(answer.body, answer.charset, answer.url)
        try:
            ids = {review.id for review in reviews_of(page, answer.url, selectors)}
        except Degraded:
            if self.settings.page_param and number > 1:
                return set(), ""
            raise
        return ids, next_link(page, answer.url, selectors.next if selectors else "")

    def _following(self, first: str, number: int, current: str, link: str) -> str:
        """The address of the next page: by number, else the page's own link if it stays on the host."""
        if self.settings.page_param:
            parts = urlsplit(first)
            query = [pair for pair in parse_qsl(parts.query, True) if pair[0] != self.settings.page_param]
            query.append((self.settings.page_param, str(self.settings.first_page + number)))
            return urlunsplit(parts._replace(query=urlencode(query)))
        return urldefrag(link)[0] if urlsplit(link).netloc == urlsplit(current).netloc else ""

    def _known(self, cursor: Cursor | None) -> dict[str, Mapping[str, str]]:
        """The validators by first page, if they were got with the settings that hold now."""
        if not cursor or cursor.get("way") != self._way():
            return {}
        return validators_in(cursor.get("pages"), self.settings.urls)

    def _at(self, cursor: Cursor | None) -> dict[str, _At]:
        """Where runs broke off, by first page; what an edited cursor makes of it leads to no other host."""
        said = cursor.get("at") if cursor and cursor.get("way") == self._way() else None
        found: dict[str, _At] = {}
        if not isinstance(said, dict):
            return found
        for url in self.settings.urls:
            match said.get(url):
                case {"next": str(address), "number": int(number), "first": first}:
                    if _same_host(url, address) and 1 < number <= self.settings.max_pages:
                        found[url] = _At(address, number, validators_in({url: first}, [url]).get(url, {}))
        return found

    def _cursor(self, known: Mapping[str, Mapping[str, str]], at: Mapping[str, _At]) -> Cursor:
        cursor: Cursor = {
            "way": self._way(), "pages": {url: dict(validators) for url, validators in known.items()},
        }  # fmt: skip
        if at:
            cursor["at"] = {
                url: {"next": one.address, "number": one.number, "first": dict(one.validators)}
                for url, one in at.items()
            }
        return cursor

    def _way(self) -> str:
        """A hash of the settings that decide what is read out of an unchanged page."""
        told = {"kind", "selectors", "page_param", "first_page", "max_pages", "date_order", "company"}
        return hashlib.sha256(f"{FORMAT} {self.settings.model_dump_json(include=told)}".encode()).hexdigest()[
            :16
        ]


def _same_host(url: str, other: str) -> bool:
    try:
        return urlsplit(url)[:2] == urlsplit(other)[:2]
    except ValueError:
        return False

"""A page of reviews -> mentions, for the `page` collector and for saved pages. Pure.

Imports BeautifulSoup, so import this inside functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import soupsieve
from bs4 import BeautifulSoup, Tag

from candidly.errors import ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import embedded, schemaorg
from collectors.dates import BadDate, read_date
from collectors.htmltext import decode, soup, text_of
from collectors.reviewtext import employment_of, person, sections, stars_of
from collectors.schemaorg import Review
from collectors.selectors import Selectors
from collectors.signs import cut_off, looks_like
from collectors.values import CONVERT, OddValue

FIELDS = (
    *(
        "title",
        "body",
        "pros",
        "cons",
        "advice",
        "stars",
        "date",
        "author",
        "position",
        "location",
        "experience",
        "difficulty",
        "offer",
        "id",
        "url",
    ),
)
VERDICTS = ("experience", "difficulty", "offer")
NEEDED = ("title", "body", "stars", "date", "id")
"""A selector for one of these that fits none of several items has been overtaken by a redesign."""
ENOUGH = 3
_CARRIED = tuple(name for name in Review.__dataclass_fields__ if name not in ("id", "date"))

CHANGED = "The page may have changed, or be an error or login page."
BLOCKED = (
    "The site does not want to be read like this, and candidly does not get around it: ask for an export."
)


def mentions_of(
    html: bytes,
    *,
    url: str,
    source: str,
    now: datetime,
    selectors: Selectors | None = None,
    base: Mapping[str, Any] | None = None,
    charset: str = "",
    day_first: bool | None = None,
    seen: datetime | None = None,
) -> Iterator[Mention | Reject]:
    """The reviews of one page, by `selectors` where given, else by its schema.org annotations.

    `url` is where the page came from, "" for a saved page, whose own canonical link then serves. `base` holds
    Mention fields that hold for all of them (kind, company, site); what the page states goes before.
    `seen` is when the page was saved, from which "2 weeks ago" counts; else `now`.
    Raises Degraded when there are no reviews and the page does not say itself that it has 0 of them, when
    none of several can be read, and for a page that is cut off.
    """
    page = soup(html, charset)
    address = url or canonical(page)
    whole(html, charset, address)
    found = reviews_of(page, address, selectors)
    mentions = [
        _mention(review, number, address, source, now, base or {}, day_first, seen)
        for number, review in enumerate(found, 1)
    ]
    refused = [one.reason for one in mentions if isinstance(one, Reject)]
    if len(refused) == len(mentions) >= ENOUGH:
        raise Degraded(
            f"None of {len(refused)} items of {shown(address)} can be read: {refused[0]}.", CHANGED
        )
    yield from mentions


def whole(html: bytes, charset: str, url: str) -> None:
    """Raises Degraded for a page that ends before its end, though the server said that this was all."""
    if cut_off(decode(html, charset)):
        raise Degraded(f"{shown(url)} came cut off.", "It is tried again with the next run.")


def reviews_of(page: BeautifulSoup, url: str, selectors: Selectors | None) -> Sequence[Review]:
    """The reviews of a parsed page; see `mentions_of`."""
    if selectors is not None:
        return _selected(page, url, selectors)
    extract = schemaorg.reviews(page, url)
    inside = embedded.reviews(page)
    if inside and len(inside) >= len(extract.reviews):
        return inside
    if extract.reviews or (extract.counts and not any(extract.counts)):
        return extract.reviews
    broken = f" ({'; '.join(extract.problems[:3])})" if extract.problems else ""
    raise _without(f"No reviews found in {shown(url)}{broken}", page)


def _without(what: str, page: BeautifulSoup) -> Degraded:
    """The error of a page without reviews, which says what it is instead if it shows that."""
    text = str(page)
    known = looks_like(text)
    return Degraded(f"{what}{known}.", BLOCKED if "captcha" in known else CHANGED)


def _selected(page: BeautifulSoup, url: str, selectors: Selectors) -> Sequence[Review]:
    items = page.select(selectors.item)[: schemaorg.MAX_REVIEWS]
    if not items:
        extract = schemaorg.reviews(page, url)
        if extract.counts and not any(extract.counts):
            return ()
        raise _without(f"`selectors.item` finds nothing in {shown(url)}", page)
    raws = [{name: read(item, getattr(selectors, name)) for name in FIELDS} for item in items]
    for name in NEEDED:
        if getattr(selectors, name) and len(items) >= ENOUGH and not any(raw[name] for raw in raws):
            raise Degraded(
                f"`selectors.{name}` finds nothing in {len(items)} items of {shown(url)}.", CHANGED
            )
    language = str(page.html.get("lang") or "")[:2].lower() if page.html else ""
    return [_review(raw, url, selectors, language) for raw in raws]


def _review(raw: dict[str, str], url: str, selectors: Selectors, language: str) -> Review:
    parts = {name: raw[name] for name in ("title", "body", "pros", "cons", "advice")}
    if not parts["pros"] and not parts["cons"]:
        names = ("body", "pros", "cons", "advice")
        parts |= dict(zip(names, sections(raw["body"], raw["advice"]), strict=True))
    employment, job, name = employment_of(raw["author"])
    review = Review(
        **parts,
        url=_absolute(raw["url"], url),
        stars=stars_of(raw["stars"], str(selectors.best), str(selectors.worst)),
        date=raw["date"],
        author=person(name),
        position=raw["position"] or job,
        location=raw["location"],
        **{name: _verdict(name, raw[name]) for name in VERDICTS},
        employment=employment,
        language=language,
    )
    return schemaorg.named(review, raw["id"])


def _verdict(name: str, said: str) -> str:
    """What the words for experience, difficulty or outcome mean; "" for words that are not known."""
    try:
        return CONVERT[name](said) or ""
    except OddValue:
        return ""


def read(item: Tag, selector: str) -> str:
    """What a selector (`CSS`, `CSS @attribute` or `@attribute` of the item itself) finds; "" for nothing."""
    css, attribute = split(selector)
    if not css and not attribute:
        return ""
    tag = item.select_one(css) if css else item
    if tag is None:
        return ""
    if not attribute:
        return text_of(tag)
    value = tag.get(attribute) or ""
    return (value if isinstance(value, str) else " ".join(value)).strip()


def split(selector: str) -> tuple[str, str]:
    """`(css, attribute)` of "time @datetime"."""
    css, at, attribute = selector.rpartition("@")
    return (css.strip(), attribute.strip()) if at else (selector.strip(), "")


def check(selectors: Selectors, source: str) -> None:
    """Raises ConfigError naming every selector that is no CSS."""
    problems = []
    for name in ("item", "next", *FIELDS):
        try:
            soupsieve.compile(split(getattr(selectors, name))[0] or "*")
        except soupsieve.SelectorSyntaxError as error:
            reason = str(error).splitlines()[0]
            problems.append(f"source {source!r}: selectors.{name} is no CSS selector: {reason}")
    if problems:
        raise ConfigError(problems)


def next_link(page: BeautifulSoup, url: str, selector: str = "") -> str:
    """The absolute address of the next page by `selector`, else by rel=next; "" for none."""
    if selector:
        css, attribute = split(selector)
        found = page.select_one(css or "a")
        link = found.get(attribute or "href") if found else None
    else:
        found = page.find(["a", "link"], rel="next", href=True)
        link = found.get("href") if found else None
    return _absolute(str(link), url) if link else ""


def canonical(page: BeautifulSoup) -> str:
    """The address that a saved page gives itself; "" for none."""
    for css, attribute in (("link[rel=canonical]", "href"), ("meta[property='og:url']", "content")):
        tag = page.select_one(css)
        if tag is not None and (address := _absolute(str(tag.get(attribute) or ""), "")):
            return address
    return ""


def shown(url: str) -> str:
    """An address for a message: without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.hostname else "the page"


def _absolute(link: str, url: str) -> str:
    try:
        address = urljoin(url, link.strip()) if link.strip() else ""
        return address if urlsplit(address).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _mention(
    review: Review,
    number: int,
    url: str,
    source: str,
    now: datetime,
    base: Mapping[str, Any],
    day_first: bool | None,
    seen: datetime | None,
) -> Mention | Reject:
    where = f"{shown(url)}, review {number}"
    try:
        published = read_date(review.date, now=now, day_first=day_first, seen=seen) if review.date else None
    except BadDate as bad:
        return Reject(where, str(bad))
    stated = {name: value for name in _CARRIED if (value := getattr(review, name))}
    site = (urlsplit(url).hostname or "").removeprefix("www.")
    known = {"kind": "review", "site": site, "url": url, **base, **stated}
    mention = Mention(**known, source=source, id=review.id, collected=now, published=published)
    if not mention.text and mention.stars is None and mention.experience is None:
        return Reject(where, "it has neither a text nor a rating")
    return mention

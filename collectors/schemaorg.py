"""Reviews out of a page's schema.org annotations: JSON-LD and microdata, no site known by name. Pure.

Vocabulary: https://schema.org/Review and its kinds, https://schema.org/AggregateRating.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from bs4 import BeautifulSoup

from collectors import jsonld, microdata
from collectors.dates import is_relative
from collectors.htmltext import plain, soup
from collectors.reviewtext import employment_of, person, sections, stars_of

REVIEWS = {"Review", "EmployerReview", "UserReview", "CriticReview", "Recommendation"}
AGGREGATES = {"AggregateRating", "EmployerAggregateRating"}
MAX_NODES = 200_000
MAX_REVIEWS = 5_000

Node = Mapping[str, Any]
_PREFIX = 40
"""Two reviews whose first 40 letters agree may be one, cut short in one of the notations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review as the page states it. `date` is the page's own text; `stars` is on 1-5.

    `kind`, `experience`, `difficulty` and `offer` are what `Mention` may hold there, or "".
    """

    id: str = ""
    url: str = ""
    title: str = ""
    body: str = ""
    pros: str = ""
    cons: str = ""
    advice: str = ""
    stars: float | None = None
    date: str = ""
    author: str = ""
    position: str = ""
    location: str = ""
    employment: str = ""
    about: str = ""
    language: str = ""
    kind: str = ""
    experience: str = ""
    difficulty: str = ""
    offer: str = ""

    @property
    def words(self) -> str:
        """All of its text, lower case and without punctuation, to compare reviews by."""
        joined = " ".join((self.title, self.pros, self.cons, self.advice, self.body))
        return " ".join(re.findall(r"\w+", joined.lower()))


@dataclass(frozen=True, slots=True)
class Extract:
    """What a page states. `counts` are the totals that its aggregate ratings claim."""

    reviews: tuple[Review, ...] = ()
    counts: tuple[int, ...] = ()
    problems: tuple[str, ...] = field(default=())


def reviews(html: bytes | BeautifulSoup, url: str = "", charset: str = "") -> Extract:
    """All reviews of a page, each once though it be annotated twice. Raises Degraded for a monster page."""
    page = html if isinstance(html, BeautifulSoup) else soup(html, charset)
    blocks, problems = jsonld.blocks(page)
    language = str(page.html.get("lang") or "") if page.html else ""
    scripts, marked = _Graph(blocks, url, language), _Graph(microdata.items(page), url, language)
    merged = _merge(_distinct(scripts.reviews()), _distinct(marked.reviews()))
    return Extract(tuple(_unambiguous(merged)), (*scripts.counts(), *marked.counts()), tuple(problems))


class _Graph:
    """The nodes of one notation, with the node that each hangs from."""

    def __init__(self, roots: Any, url: str, language: str) -> None:
        self.url, self.language = url, language
        self.nodes: list[tuple[Node, Node]] = []
        stack: list[tuple[Any, Node]] = [(roots, {})]
        while stack and len(self.nodes) < MAX_NODES:
            value, parent = stack.pop()
            if isinstance(value, dict):
                self.nodes.append((value, parent))
                stack.extend((child, value) for child in reversed(value.values()))
            elif isinstance(value, list):
                stack.extend((child, parent) for child in reversed(value))
        self.by_id = {
            node["@id"]: node for node, _ in self.nodes if _is_id(node.get("@id")) and len(node) > 1
        }

    def reviews(self) -> Iterator[Review]:
        found = ((node, parent) for node, parent in self.nodes if _types(node) & REVIEWS)
        for _, (node, parent) in zip(range(MAX_REVIEWS), found, strict=False):
            yield self._review(node, parent)

    def counts(self) -> Iterator[int]:
        for node, _ in self.nodes:
            if _types(node) & AGGREGATES:
                for key in ("reviewCount", "ratingCount"):
                    digits = re.sub(r"[\s,.]", "", self.text(node, key))
                    if digits.isdecimal() and len(digits) < 10:
                        yield int(digits)

    def _review(self, node: Node, parent: Node) -> Review:
        author, about = self.node(node, "author"), self.node(node, "itemReviewed")
        body = self.text(node, "reviewBody", "description", "text")
        pros = self.text(node, "positiveNotes", "pros")
        cons = self.text(node, "negativeNotes", "cons")
        advice = self.text(node, "advice", "adviceToManagement")
        body, *told = sections(body, advice)
        if pros or cons:
            body = body or ("" if told[:2] == [pros, cons] else "\n".join(filter(None, told[:2])))
        else:
            pros, cons, advice = told
        employment, job, name = employment_of(self.text(node, "author"))
        review = Review(
            url=self._url(node),
            title=self.text(node, "name", "headline"),
            body=body,
            pros=pros,
            cons=cons,
            advice=advice,
            stars=self._stars(node),
            date=self.text(node, "datePublished", "dateCreated").partition("\n")[0]
            or self._organisation_date(about),
            author=person(name),
            position=self.text(author, "jobTitle") or self.text(node, "jobTitle") or job,
            location=self.text(author, "workLocation") or self.text(node, "workLocation", "locationCreated"),
            employment=employment,
            about=self.text(node, "itemReviewed") or self._parent_name(parent),
            language=(self.text(node, "inLanguage") or self.language)[:2].lower(),
        )
        review = dataclasses.replace(review, title="" if review.title == review.body else review.title)
        return dataclasses.replace(review, id=self._id(node, review))

    def text(self, node: Node, *keys: str) -> str:
        """The first of these properties that has text; of an object its name, of a list its lines."""
        for key in keys:
            if found := "\n".join(filter(None, self._texts(node.get(key), 0))):
                return found
        return ""

    def _texts(self, value: Any, depth: int) -> Iterator[str]:
        if isinstance(value, str):
            yield plain(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)
        elif depth > 4:
            return
        elif isinstance(value, list):
            for one in value[:100]:
                yield from self._texts(one, depth + 1)
        elif isinstance(value, dict):
            value = self._resolve(value)
            for key in ("itemListElement", "name", "item", "@value", "text", "value"):
                if key in value:
                    yield from self._texts(value[key], depth + 1)
                    return

    def node(self, node: Node, key: str) -> Node:
        """The object under a key, its reference followed; empty where there is none."""
        value = node.get(key)
        if isinstance(value, list):
            value = next((one for one in value if isinstance(one, dict)), None)
        return self._resolve(value) if isinstance(value, dict) else {}

    def _resolve(self, node: Node) -> Node:
        if set(node) <= {"@id", "@type"} and _is_id(node.get("@id")):
            return self.by_id.get(node["@id"], node)
        return node

    def _stars(self, node: Node) -> float | None:
        rating = self.node(node, "reviewRating") or self.node(node, "rating")
        stated = self.text(rating, "ratingValue") or self.text(node, "reviewRating", "ratingValue", "rating")
        best, worst = self.text(rating, "bestRating"), self.text(rating, "worstRating")
        return stars_of(stated, best, worst)

    def _organisation_date(self, about: Node) -> str:
        """Some sites put the review's date on the organisation, which itself is never published."""
        fits = any(kind.endswith(("Organization", "Business", "Corporation")) for kind in _types(about))
        return self.text(about, "datePublished") if fits else ""

    def _parent_name(self, parent: Node) -> str:
        return "" if _types(parent) & (REVIEWS | AGGREGATES) else self.text(parent, "name", "legalName")

    def _url(self, node: Node) -> str:
        stated = next(self._texts(node.get("url"), 0), "")
        try:
            url = urljoin(self.url, stated) if stated else ""
            return url if urlsplit(url).scheme in ("http", "https") else ""
        except ValueError:
            return ""

    def _id(self, node: Node, review: Review) -> str:
        """The site's own id where it looks like one, else a hash of what the review says."""
        for candidate in (self.text(node, "identifier", "reviewId"), node.get("@id"), review.url):
            if isinstance(candidate, str) and _is_id(candidate) and own_id(candidate, self.url):
                return candidate.removeprefix("#")
        return hash_id(review)


def own_id(text: str, page: str) -> bool:
    """Whether an id tells this review from all others of the site.

    `#review-3` and the address of the page itself do not: the next page has another third review.
    """
    base, fragment = urldefrag(text)
    if base in ("", urldefrag(page)[0]):
        text = fragment
    return bool(re.search(r"\d{5}|[0-9a-fA-F-]{16}", text)) or ("/" in text and base != "" and not fragment)


def named(review: Review, stated: str) -> Review:
    """The review with its id: the site's, else the hash."""
    return dataclasses.replace(review, id=stated[:500] or hash_id(review))


def hash_id(review: Review) -> str:
    """24 hex digits from what does not change when a review moves to another page."""
    date = "" if is_relative(review.date) else review.date
    said = (review.about, review.author, date, review.position, review.stars, review.words)
    return hashlib.blake2b("\x1f".join(map(str, said)).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _types(node: Node) -> set[str]:
    kinds = node.get("@type", ())
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return {re.split(r"[/#:]", kind)[-1] for kind in kinds if isinstance(kind, str)}


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500


def _distinct(found: Iterable[Review]) -> list[Review]:
    return list(dict.fromkeys(found))


def _merge(scripts: list[Review], marked: list[Review]) -> Iterator[Review]:
    """Each review once: a microdata twin of a JSON-LD review only fills what that lacks."""
    waiting: dict[str, list[Review]] = {}
    for review in marked:
        waiting.setdefault(review.words[:_PREFIX], []).append(review)
    for review in scripts:
        alike = waiting.get(review.words[:_PREFIX], [])
        twin = next((other for other in alike[:50] if _same(review, other)), None)
        if twin is not None:
            alike.remove(twin)
        yield _filled(review, twin) if twin else review
    yield from (review for alike in waiting.values() for review in alike)


def _same(one: Review, other: Review) -> bool:
    if one.stars is not None and other.stars is not None and one.stars != other.stars:
        return False
    if one.date and other.date and one.date[:10] != other.date[:10]:
        return False
    short, long = sorted((one.words, other.words), key=len)
    return bool(short) and (short == long or (len(short) >= _PREFIX and long.startswith(short)))


def _filled(review: Review, twin: Review) -> Review:
    """The fuller text of the two, other gaps filled from the twin; an id of the site before a hash."""
    if len(twin.words) > len(review.words):
        review, twin = twin, review
    gaps = {name: getattr(twin, name) for name in Review.__dataclass_fields__ if not getattr(review, name)}
    for name in ("title", "body", "pros", "cons", "advice"):
        gaps.pop(name, None)
    if review.id == hash_id(review) and twin.id != hash_id(twin):
        gaps["id"] = twin.id
    return dataclasses.replace(review, **gaps)


def _unambiguous(found: Iterable[Review]) -> Iterator[Review]:
    """An id that a page gives to two different reviews is none; reviews without any difference are one."""
    listed = list(found)
    uses = Counter(review.id for review in listed)
    named = (one if uses[one.id] == 1 else dataclasses.replace(one, id=hash_id(one)) for one in listed)
    yield from {review.id: review for review in named}.values()

"""The demo's review site: pages as such sites make them, JSON-LD for one company, microdata for the other."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any, Final
from xml.sax.saxutils import escape as xml_escape

from candidly.demo.world import COMPANY, COMPETITOR, Review, World

PAGE: Final = 25
SLUGS: Final = {"northwind-robotics": COMPANY, "halden-price": COMPETITOR}
ROBOTS: Final = "User-agent: *\nDisallow: /account/\nDisallow: /*?sort=\nAllow: /\n"


def page(world: World, slug: str, number: int) -> str | None:
    """The `number`th page (from 1) of a company's reviews, newest first; None where there is none."""
    company = SLUGS.get(slug)
    reviews = [review for review in reversed(world.reviews) if review.company == company]
    shown = reviews[(number - 1) * PAGE : number * PAGE]
    if company is None or number < 1 or (not shown and number > 1):
        return None
    more = f"/{slug}/reviews?page={number + 1}" if len(reviews) > number * PAGE else ""
    write = _json_ld if company == COMPANY else _microdata
    link = f'<link rel="next" href="{more}">' if more else ""
    anchor = f'<a rel="next" href="{more}">Older reviews</a>' if more else ""
    name = escape(company)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{name} reviews</title>{link}</head>"
        f"<body><h1>{name}: what people say</h1>{write(company, reviews, shown)}<p>{anchor}</p></body></html>"
    )


def _rating(reviews: list[Review]) -> float:
    return round(sum(review.stars for review in reviews) / len(reviews), 2) if reviews else 0.0


def _json_ld(company: str, reviews: list[Review], shown: list[Review]) -> str:
    about: dict[str, Any] = {"@type": "Organization", "name": company}
    rating = {
        "@type": "EmployerAggregateRating",
        "ratingValue": _rating(reviews),
        "reviewCount": len(reviews),
    }
    graph = [{**rating, "itemReviewed": about}] + [_review(review, about) for review in shown]
    data = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, indent=1)
    # A script element ends at the first "</" whatever the JSON says, so that has to be escaped.
    script = data.replace("</", "<\\/").replace("<!--", "<\\!--")
    items = "".join(f'<article id="{r.id}"><h2>{escape(r.title)}</h2></article>' for r in shown)
    return f'<script type="application/ld+json">{script}</script>{items}'


def _review(review: Review, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "EmployerReview",
        "@id": f"#{review.id}",
        "itemReviewed": about,
        "author": {"@type": "Person", "name": review.author},
        "datePublished": review.published.isoformat(),
        "name": review.title,
        "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5, "worstRating": 1},
        "positiveNotes": review.pros,
        "negativeNotes": review.cons,
        "reviewBody": f"Pros: {review.pros}\nCons: {review.cons}",
    }


def _microdata(company: str, reviews: list[Review], shown: list[Review]) -> str:
    items = "".join(
        f'<article id="{r.id}" itemprop="review" itemscope itemtype="https://schema.org/Review">'
        f'<h2 itemprop="name">{escape(r.title)}</h2>'
        f'<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
        f'<span itemprop="name">{escape(r.author)}</span></span>'
        f'<time itemprop="datePublished" datetime="{r.published.isoformat()}">{r.published:%d %B %Y}</time>'
        f'<div itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">'
        f'<meta itemprop="worstRating" content="1"><meta itemprop="bestRating" content="5">'
        f'<span itemprop="ratingValue">{r.stars}</span></div>'
        f'<p itemprop="reviewBody">{escape(r.pros)} {escape(r.cons)}</p></article>'
        for r in shown
    )
    rating = (
        '<div itemprop="aggregateRating" itemscope itemtype="https://schema.org/AggregateRating">'
        f'<span itemprop="ratingValue">{_rating(reviews)}</span> of 5 from '
        f'<span itemprop="reviewCount">{len(reviews)}</span></div>'
    )
    head = f'<h2 itemprop="name">{escape(company)}</h2>'
    return f'<div itemscope itemtype="https://schema.org/Organization">{head}{rating}{items}</div>'


def feed(world: World, base: str) -> str:
    """The news feed as RSS 2.0: the newest 100 entries."""
    items = "".join(
        f'<item><guid isPermaLink="false">{e.id}</guid><title>{xml_escape(e.title)}</title>'
        f"<link>{base}/news/{e.id}</link><pubDate>{format_datetime(e.published)}</pubDate>"
        f"<description>{xml_escape(e.text)}</description></item>"
        for e in list(reversed(world.entries))[:100]
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>Robotics hiring news</title><link>{base}/</link>"
        f"<description>Invented news.</description>{items}</channel></rss>"
    )


def changed(world: World) -> datetime:
    """When the feed changed last."""
    return max((entry.published for entry in world.entries), default=world.now)

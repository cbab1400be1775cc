"""A case for the contract of each source type: its settings, and a local double of its source.

`CASES[type]()` gives a `collectors.contract.Case`. The doubles are those of each collector's own tests,
filled with two pages or more.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from faultserver import FaultServer, html, serving
from sitedouble import double

from collectors import load
from collectors.contract import Case

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
SECRET = "canary-7Qx9Lw2Vb5"

OPTIONS = ("authors", "follows", "expected", "rejected")
"""What of a case may be given to `interface`; the rest belongs to the block."""

Answer = Callable[[Any], Any]


def block(type_: str, **more: Any) -> dict[str, Any]:
    """What every live source needs."""
    return {"name": "probe", "type": type_, "terms_read": "2026-11-20", "min_interval": 0, **more}


def interface(type_: str, answer: Callable[[], Answer], secrets: tuple[str, ...] = (), **more: Any) -> Case:
    """The case of a JSON interface: `answer()` makes what a double of `sitedouble` answers with.

    `expected`: the ids of all mentions that it holds; `rejected`: those of what must become a Reject.
    """
    options = {name: more.pop(name) for name in OPTIONS if name in more}

    @contextlib.contextmanager
    def serve() -> Iterator[str]:
        with double(answer()) as site:
            yield site.url

    return Case(
        collector=load(type_),
        block=lambda address: block(type_, base_url=address, **more),
        serve=serve,
        now=NOW,
        secrets={name: f"{SECRET}-{number}" for number, name in enumerate(secrets)},
        **options,
    )


@contextlib.contextmanager
def pages(made: Mapping[str, Any]) -> Iterator[str]:
    with serving(FaultServer()) as server:
        server.pages.update(made)
        yield server.url("")


def review(number: int) -> dict[str, Any]:
    """A review as schema.org has it."""
    return {
        "@type": "Review",
        "identifier": f"r-{number:06}",
        "name": f"Grüße, no. {number}",
        "reviewBody": f"Review {number} of Northwind Robotics: no reply after three rounds.",
        "reviewRating": {"@type": "Rating", "ratingValue": 1 + number % 5},
        "datePublished": f"2026-11-{1 + number % 20:02}",
    }


def review_page(numbers: range, following: str = "", *more: dict[str, Any]) -> Any:
    reviews = json.dumps([*(review(number) for number in numbers), *more], ensure_ascii=False)
    link = f'<a rel="next" href="{following}">next</a>' if following else ""
    text = f'<html><body><script type="application/ld+json">{reviews}</script>{link}</body></html>'
    return html(text.encode("utf-8"), ETag=f'"{numbers[0]}"')


def page() -> Case:
    made = {
        "/robots.txt": html("User-agent: *\nAllow: /\n", Content_Type="text/plain"),
        "/a": review_page(range(4), "/a2"),
        "/a2": review_page(range(4, 8), "/a3", {"@type": "Review", "identifier": "empty"}),
        "/a3": review_page(range(8, 11)),
        "/b": review_page(range(20, 23)),
    }
    return Case(
        collector=load("page"),
        block=lambda address: block("page", urls=[f"{address}/a", f"{address}/b"], allow_private=True),
        serve=lambda: pages(made),
        now=NOW,
        expected={f"r-{n:06}" for n in (*range(11), *range(20, 23))},
        rejected=1,
        follows=True,
    )


def file() -> Case:
    @contextlib.contextmanager
    def serve() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            said = "Grüße: nobody called back"
            rows = [f"{n},{said} no. {n},{1 + n % 5},2026-01-{1 + n % 28:02}" for n in range(1200)]
            table = "\n".join(["id,text,stars,day", *rows, "x1,no day,3,soon"]).encode()
            Path(folder, "a.csv.gz").write_bytes(gzip.compress(table, mtime=0))
            more = [{"id": f"j{n}", "text": f"Line {n}", "stars": 2, "day": "2026-02-01"} for n in range(30)]
            Path(folder, "b.json").write_text(json.dumps(more), encoding="utf-8")
            yield folder

    columns = {"id": "id", "body": "text", "stars": "stars", "published": "day"}
    return Case(
        collector=load("file"),
        block=lambda address: {"name": "probe", "type": "file", "path": address, "columns": columns},
        serve=serve,
        now=NOW,
        expected={*map(str, range(1200)), *(f"j{n}" for n in range(30))},
        rejected=1,
    )


def feed_page(numbers: range) -> Any:
    items = "".join(
        f"<item><title>Entry {n} with Grüßen</title><guid>tag:notebook.example,2026:{n}</guid>"
        f"<link>https://notebook.example/{n}</link><pubDate>2026-11-{n % 20 + 1:02}T07:30:00Z</pubDate>"
        f"<description>Northwind Robotics never wrote back, part {n}.</description></item>"
        for n in numbers
    )
    items += "<item><guid>tag:notebook.example,2026:empty</guid></item>"
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Notebook</title>'
    kind = {"Content_Type": "application/rss+xml; charset=utf-8", "ETag": f'"{numbers[0]}"'}
    return html(f"{head}{items}</channel></rss>".encode(), **kind)


def feed() -> Case:
    made = {"/one.xml": feed_page(range(5)), "/two.xml": feed_page(range(10, 14))}
    return Case(
        collector=load("feed"),
        block=lambda address: block(
            "feed", urls=[f"{address}/one.xml", f"{address}/two.xml"], allow_private=True
        ),
        serve=lambda: pages(made),
        now=NOW,
        expected={f"tag:notebook.example,2026:{n}" for n in (*range(5), *range(10, 14))},
        rejected=1,
        follows=True,
    )


def reddit() -> Case:
    from candidly.demo.invent import build_world
    from candidly.demo.servers import CLIENT_ID, CLIENT_SECRET, DemoServers
    from candidly.demo.world import SUBREDDITS

    world = build_world(NOW, weeks=3)
    newest = sorted(world.posts, key=lambda post: post.created)[-12:]
    gone = next(post.comments[0] for post in newest if post.comments)
    there = [one.id for post in newest for one in post.comments if one != gone]

    @contextlib.contextmanager
    def serve() -> Iterator[str]:
        posts = [
            replace(
                post, comments=tuple(replace(c, body="[deleted]") if c == gone else c for c in post.comments)
            )
            for post in newest
        ]
        with DemoServers(replace(world, posts=tuple(posts))) as servers:
            yield servers.reddit_url

    def made(address: str) -> dict[str, Any]:
        mine = block("reddit", base_url=address, subreddits=list(SUBREDDITS), new=True, permission="no. 7")
        del mine["min_interval"]  # praw keeps Reddit's own pace
        return {**mine, "reddit_username": "northwind_hr"}

    return Case(
        collector=load("reddit"),
        block=made,
        serve=serve,
        now=NOW,
        expected={*(f"t3_{post.id}" for post in newest), *(f"t1_{id_}" for id_ in there)},
        rejected=[f"t1_{gone.id}"],
        secrets={"REDDIT_CLIENT_ID": CLIENT_ID, "REDDIT_CLIENT_SECRET": CLIENT_SECRET},
    )


def hackernews() -> Case:
    import test_collectors_hackernews as own

    def answer() -> Answer:
        return own.Algolia([own.comment(n) for n in range(1, 130)] + own.ITEMS["hits"], [own.ITEMS["tree"]])

    expected = {str(n) for n in (*range(1001, 1130), *range(47100001, 47100006))}
    return interface(
        "hackernews", answer, expected=expected, rejected=["47100006"], queries=['"Northwind Robotics"']
    )


def x() -> Case:
    import test_collectors_x as own

    def answer() -> Answer:
        return own.Search(
            [own.post(n, text="RT @a: northwind" if n == 9 else f"northwind {n}") for n in range(1, 160)]
        )

    ids = {n: own.post(n)["id"] for n in range(1, 160)}
    rejected = [ids.pop(9)]
    return interface(
        "x", answer, ("X_BEARER_TOKEN",), expected=set(ids.values()), rejected=rejected, queries=["northwind"]
    )


def mastodon() -> Case:
    import test_collectors_mastodon as own

    def answer() -> Answer:
        posts = [own.status(n, replies_count=2 * (n == 7)) for n in range(1, 100)]
        posts.append(own.status(100, visibility="private"))
        reply = own.status(200, hours=2, in_reply_to_id=posts[6]["id"])
        contexts = {posts[6]["id"]: {"ancestors": [], "descendants": [reply]}}
        return own.Instance(posts, contexts)

    return interface(
        "mastodon",
        answer,
        ("MASTODON_TOKEN",),
        expected={f"far.example/{900_000 - n}" for n in (*range(1, 100), 200)},
        rejected=["far.example/899900"],
        hashtags=["northwind"],
        token_secret="MASTODON_TOKEN",
    )


def bluesky() -> Case:
    import test_collectors_bluesky as own

    def answer() -> Answer:
        hidden = own.post(160, labels=[{"val": "!hide"}])
        return own.Bluesky([*(own.post(n) for n in range(1, 160)), hidden])

    case = interface(
        "bluesky",
        answer,
        expected={own.address(n) for n in range(1, 160)},
        rejected=[own.address(160)],
        queries=['"Northwind Robotics"'],
        app_password_secret="BLUESKY_APP_PASSWORD",
    )
    return replace(case, secrets=own.SECRETS)


def youtube() -> Case:
    import test_collectors_youtube as own

    def answer() -> Answer:
        threads = [own.thread("t1", "video000001", 20), own.thread("t2", "video000001", 25, replies=2)]
        more = [own.thread(f"u{n}", f"video{n:06d}", 24) for n in range(2, 4)]
        empty = own.thread("empty", "video000003", 26)
        empty["snippet"]["topLevelComment"]["snippet"] |= {"textDisplay": "", "textOriginal": ""}
        return own.YouTube([own.video(n, 30 * n) for n in range(1, 4)], [*threads, *more, empty])

    expected = {*(f"video{n:06d}" for n in range(1, 4)), "t1", "t2", "t2.0", "t2.1", "u2", "u3"}
    return interface(
        "youtube", answer, ("YOUTUBE_API_KEY",), expected=expected, rejected=["empty"], queries=["northwind"]
    )


def facebook() -> Case:
    import test_collectors_facebook as own

    def answer() -> Answer:
        ratings = [
            {"created_time": own.stamp(NOW - timedelta(days=n)), "recommendation_type": "negative",
             "review_text": f"No reply, {n}.", "open_graph_story": {"id": f"r{n}"}}
            for n in range(1, 4)
        ]  # fmt: skip
        posts = [own.post(n, 5 * n, comments=2) for n in range(1, 6)]
        return own.Graph([*posts, own.post(6, 30, message="")], ratings)

    posts = {one for n in range(1, 6) for one in (f"1000_{n}", f"{n}_0", f"{n}_1")}
    case = interface(
        "facebook",
        answer,
        authors=False,
        expected=posts | {f"rec_{own.stamp(NOW - timedelta(days=n))}" for n in range(1, 4)},
        rejected=["1000_6"],
        page="northwind",
        company="Northwind Robotics",
    )
    return replace(case, secrets={"FACEBOOK_PAGE_TOKEN": own.TOKEN})


def stackexchange() -> Case:
    import test_collectors_stackexchange as own

    def answer() -> Answer:
        site = own.Site(
            [*(own.question(n) for n in range(1, 160)), {**own.question(160), "title": "", "body": ""}]
        )
        site.quota = 10**6
        return site

    return interface(
        "stackexchange",
        answer,
        ("SE_KEY",),
        expected={str(1000 + n) for n in range(1, 160)},
        rejected=["1160"],
        queries=["Northwind"],
        site="workplace",
        key_secret="SE_KEY",
    )


def yelp() -> Case:
    import test_collectors_yelp as own

    def answer() -> Answer:
        def said(asked: Any) -> Any:
            place = asked.path.split("/")[3]
            reviews = [{**one, "id": f"{one['id']}-{place}"} for one in own.REVIEWS["reviews"]]
            return {**own.REVIEWS, "reviews": reviews}

        return said

    places = ["northwind-robotics-oakland", "halden-price-berlin", "northwind-bergen"]
    first, second, empty = ([f"{one['id']}-{place}" for place in places] for one in own.REVIEWS["reviews"])
    return interface(
        "yelp",
        answer,
        ("YELP_API_KEY",),
        expected={*first, *second},
        rejected=empty,
        businesses=places,
    )


def trustpilot() -> Case:
    import test_collectors_trustpilot as own

    def answer() -> Answer:
        reviews = own.dated(own.PAGE * 2 + 10)
        reviews[7]["status"] = "reported"
        return own.Site(reviews)

    return interface(
        "trustpilot",
        answer,
        ("TRUSTPILOT_API_KEY",),
        expected={f"r{n}" for n in range(own.PAGE * 2 + 10) if n != 7},
        rejected=["r7"],
        business_units=[own.UNIT],
    )


def google_business() -> Case:
    import test_collectors_google_business as own

    def answer() -> Answer:
        reviews = own.changed(own.PAGE * 2 + 10)
        reviews[7]["comment"] = ""
        return own.Site(reviews)

    mine = {"locations": [own.HOME], "access_token_secret": "GOOGLE_ACCESS_TOKEN"}
    return interface(
        "google_business",
        answer,
        ("GOOGLE_ACCESS_TOKEN",),
        authors=False,
        expected={f"r{n}" for n in range(own.PAGE * 2 + 10) if n != 7},
        rejected=["r7"],
        company="Northwind Robotics",
        **mine,
    )


CASES: dict[str, Callable[[], Case]] = {
    "bluesky": bluesky,
    "facebook": facebook,
    "feed": feed,
    "file": file,
    "google_business": google_business,
    "hackernews": hackernews,
    "mastodon": mastodon,
    "page": page,
    "reddit": reddit,
    "stackexchange": stackexchange,
    "trustpilot": trustpilot,
    "x": x,
    "yelp": yelp,
    "youtube": youtube,
}

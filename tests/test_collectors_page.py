"""The page collector against a local site: paging, validators, robots, terms, faults."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from faultserver import Answer, FaultServer, html, serving
from pydantic import ValidationError

from candidly.errors import CollectorError, ConfigError, Degraded
from candidly.records import Mention
from collectors import load
from collectors.base import Context
from collectors.page import PageCollector, PageSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
DATA = Path(__file__).parent / "data" / "page"
ROBOTS = Answer(b"User-agent: *\nAllow: /\n")


@pytest.fixture(scope="module")
def server():
    with serving(FaultServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(server):
    server.log.clear()
    server.pages.clear()
    server.pages["/robots.txt"] = ROBOTS


@pytest.fixture
def collector(server):
    def make(*paths, **options):
        settings = {
            "name": "site",
            "type": "page",
            "urls": tuple(server.url(path) for path in paths or ("/r",)),
            "terms_read": date(2026, 11, 1),
            "allow_private": True,
            "min_interval": 0,
            **options,
        }
        return PageCollector(PageSettings(**settings), Context(NOW, Path(), str))

    return make


def listing(*numbers, next_="", **headers):
    """A page with a review for each number."""
    reviews = [
        {
            "@type": "Review",
            "identifier": f"r-{n:06}",
            "reviewBody": f"Review {n}: no reply.",
            "datePublished": "2026-11-01",
        }
        for n in numbers
    ]
    link = f'<a rel="next" href="{next_}">next</a>' if next_ else ""
    return html(f'<script type="application/ld+json">{json.dumps(reviews)}</script>{link}', **headers)


def run(collector, cursor=None):
    """What a run stores: ids, cursor, and the error it ends with."""
    ids, error = [], None
    try:
        for raw in collector.fetch(cursor):
            ids += [one.id for one in collector.parse(raw) if isinstance(one, Mention)]
            cursor = json.loads(json.dumps(raw.cursor))
    except CollectorError as problem:
        error = problem
    return [int(id_[2:]) for id_ in ids], cursor, error


def test_the_registry_knows_it():
    assert load("page") is PageCollector


def test_a_page_of_reviews(server, collector):
    server.pages["/r"] = html((DATA / "both.html").read_bytes())
    made = collector()
    (raw,) = made.fetch(None)
    first, *_ = made.parse(raw)
    assert list(made.parse(raw)) == list(made.parse(raw)), "parse is pure"
    assert (first.source, first.collected, first.kind) == ("site", NOW, "review")
    assert [seen.path for seen in server.log] == ["/robots.txt", "/r"]


def test_interviews_and_selectors_come_from_the_settings(server, collector):
    server.pages["/r"] = html((DATA / "plain.html").read_bytes())
    selectors = {"item": "li.review", "body": ".text", "date": ".when", "id": "@data-id"}
    made = collector(kind="interview", selectors=selectors, date_order="dmy")
    (raw,) = made.fetch(None)
    found = [one for one in made.parse(raw) if isinstance(one, Mention)]
    assert [one.kind for one in found] == ["interview"] * 3
    assert found[0].published == datetime(2026, 11, 3, tzinfo=UTC)


# paging


def test_next_links_are_followed_to_the_last_page(server, collector):
    server.pages["/r"] = listing(1, 2, next_="/r?p=2")
    server.pages["/r?p=2"] = listing(3, next_="?p=3")
    server.pages["/r?p=3"] = listing(4)
    assert run(collector())[0] == [1, 2, 3, 4]


def test_a_next_selector_of_the_settings(server, collector):
    page = '<ul><li class="r" data-id="{0}">Text {0}</li></ul><a class="more" href="{1}">x</a>'
    server.pages["/r"] = html(page.format("r-000001", "/r2"))
    server.pages["/r2"] = html(page.format("r-000002", ""))
    selectors = {"item": ".r", "body": "@data-id", "id": "@data-id", "next": "a.more"}
    assert run(collector(selectors=selectors))[0] == [1, 2]


def test_paging_ends_at_max_pages(server, collector):
    for n in range(9):
        server.pages[f"/r?p={n}"] = listing(n, next_=f"/r?p={n + 1}")
    assert run(collector("/r?p=0", max_pages=3))[0] == [0, 1, 2]


@pytest.mark.parametrize("link", ["/r", "/r#top", "/r?p=2"])
def test_links_that_run_in_circles_end(server, collector, link):
    server.pages["/r"] = listing(1, next_="/r?p=2")
    server.pages["/r?p=2"] = listing(2, next_=link)
    assert run(collector())[0] == [1, 2]
    assert [seen.path for seen in server.log] == ["/robots.txt", "/r", "/r?p=2"]


@pytest.mark.parametrize(
    "link", ["http://other.example/r", "//other.example/", "javascript:x", "ftp://x/", "http://["]
)
def test_links_to_elsewhere_are_not_followed(server, collector, link):
    server.pages["/r"] = listing(1, next_=link)
    assert run(collector())[::2] == ([1], None)


@pytest.mark.parametrize("end", [html("<p>no more</p>"), html("gone", 404), listing(3)])
def test_numbered_pages_end_where_nothing_new_comes(server, collector, end):
    server.pages["/r?sort=new"] = listing(1)
    server.pages["/r?sort=new&page=2"] = listing(2, 3)
    server.pages["/r?sort=new&page=3"] = end
    ids, cursor, error = run(collector("/r?sort=new", page_param="page"))
    assert (ids, error) == ([1, 2, 3], None)
    assert server.url("/r?sort=new") in cursor["pages"]


def test_page_param_and_a_next_selector_exclude_each_other(collector):
    with pytest.raises(ValidationError, match="not both"):
        collector(page_param="p", selectors={"item": "li", "next": "a"})


# incremental


def test_an_unchanged_site_costs_one_request(server, collector):
    def first(headers):
        same = headers.get("if-none-match") == '"1"'
        return Answer(b"", 304) if same else listing(1, next_="/r2", ETag='"1"')

    server.pages["/r"] = first
    server.pages["/r2"] = listing(2)
    ids, cursor, _ = run(collector())
    assert ids == [1, 2]
    made = collector()
    server.log.clear()
    assert run(made, cursor) == ([], cursor, None)
    assert [seen.path for seen in server.log] == ["/robots.txt", "/r"]
    assert made.context.notes


def chain(server, pages):
    """Numbered pages that link to the next, one review on each; a first page that knows its version."""
    for n in range(1, pages + 1):
        following = f"/r?p={n + 1}" if n < pages else ""
        server.pages[f"/r?p={n}"] = listing(n, next_=following, ETag=f'"{n}"')
    first = server.pages["/r?p=1"]
    server.pages["/r?p=1"] = lambda h: Answer(b"", 304) if h.get("if-none-match") == '"1"' else first


def test_a_run_that_broke_off_goes_on_at_the_same_page(server, collector):
    """The validators of the first page count only once the pages behind it are stored."""
    chain(server, 9)
    found, cursor = [], None
    for pages in (1, 3, 2):
        for raw, _ in zip(collector("/r?p=1").fetch(cursor), range(pages), strict=False):
            found += [int(one.id.removeprefix("r-")) for one in collector("/r?p=1").parse(raw)]
            cursor = json.loads(json.dumps(raw.cursor))
        assert cursor["pages"] == {}
    server.log.clear()
    ids, cursor, _ = run(collector("/r?p=1"), cursor)
    assert [*found, *ids] == list(range(1, 10))
    assert [seen.path for seen in server.log] == ["/robots.txt", "/r?p=7", "/r?p=8", "/r?p=9"]
    assert "at" not in cursor
    assert run(collector("/r?p=1"), cursor)[0] == [], "the first page is unchanged since"


@pytest.mark.parametrize("gone", [html("gone", 404), html("<p>Please log in</p>")])
def test_a_page_that_is_gone_is_looked_for_from_the_first_one(server, collector, gone):
    chain(server, 5)
    *_, raw = (raw for raw, _ in zip(collector("/r?p=1").fetch(None), range(3), strict=False))
    assert raw.cursor["at"][server.url("/r?p=1")]["next"].endswith("?p=4")
    chain(server, 4)
    server.pages["/r?p=4"] = gone
    server.pages["/r?p=3"] = listing(3)
    ids, cursor, error = run(collector("/r?p=1"), raw.cursor)
    assert (ids, error, "at" in cursor) == ([1, 2, 3], None, False)


def test_a_page_that_fails_for_now_is_asked_for_again(server, collector):
    chain(server, 4)
    server.pages["/r?p=3"] = Answer(b"", 429)
    ids, cursor, error = run(collector("/r?p=1"))
    assert (ids, error.permanent) == ([1, 2], False)
    server.log.clear()
    assert run(collector("/r?p=1"), cursor)[1] == cursor
    assert [seen.path for seen in server.log] == ["/robots.txt", "/r?p=3"]
    chain(server, 4)
    assert run(collector("/r?p=1"), cursor)[0] == [3, 4]


def test_numbered_pages_go_on_too_and_end_where_they_end(server, collector):
    server.pages["/r"] = listing(1)
    for n in (2, 3):
        server.pages[f"/r?page={n}"] = listing(n)
    for stop in (1, 2, 3):
        one = collector(page_param="page")
        *_, raw = (raw for raw, _ in zip(one.fetch(None), range(stop), strict=False))
        ids, cursor, error = run(collector(page_param="page"), raw.cursor)
        assert (ids, error, "at" in cursor) == (list(range(stop + 1, 4)), None, False)


@pytest.mark.parametrize(
    "at",
    [
        "x",
        {"next": "http://other.example/r", "number": 2, "first": {}},
        {"next": "http://[", "number": 2, "first": {}},
        {"next": "SAME", "number": 10**9, "first": {}},
        {"next": "SAME", "number": 0, "first": {}},
        {"next": "SAME", "number": "2", "first": {}},
        {"next": "SAME", "number": 2},
        {"next": "SAME", "number": 2, "first": {"etag": "\n"}},
        {"next": 2},
    ],
)
def test_an_edited_place_to_go_on_does_no_harm(server, collector, at):
    chain(server, 3)
    way = next(collector("/r?p=1").fetch(None)).cursor["way"]
    if isinstance(at, dict) and at["next"] == "SAME":
        at = at | {"next": server.url("/r?p=2")}
    ids, cursor, error = run(collector("/r?p=1"), {"way": way, "pages": {}, "at": {server.url("/r?p=1"): at}})
    assert error is None
    assert ids in ([1, 2, 3], [2, 3])
    assert "at" not in cursor


def test_other_settings_read_an_unchanged_page_again(server, collector):
    server.pages["/r"] = lambda h: Answer(b"", 304) if "if-none-match" in h else listing(1, ETag='"1"')
    _, cursor, _ = run(collector())
    assert run(collector(), cursor)[0] == []
    assert run(collector(kind="interview"), cursor)[0] == [1]


@pytest.mark.parametrize("cursor", [{}, {"way": "x"}, {"pages": 3}, {"way": None, "pages": {"x": 1}}])
def test_a_strange_cursor_starts_afresh(server, collector, cursor):
    server.pages["/r"] = listing(1)
    assert run(collector(), cursor)[0] == [1]


# faults


@pytest.mark.parametrize(
    "body",
    ["", "<p>Please log in</p>", "<html><h1>Are you a robot?</h1>", '{"error": 1}', "\0" * 50, "%PDF-1.4"],
)
def test_a_page_that_is_something_else_is_degraded_and_moves_nothing(server, collector, body):
    server.pages["/r"] = html(body, ETag='"1"')
    ids, cursor, error = run(collector(), {"old": 1})
    assert (ids, cursor, type(error)) == ([], {"old": 1}, Degraded)
    assert "127.0.0.1" in error.message


def test_a_linked_page_without_reviews_is_degraded(server, collector):
    server.pages["/r"] = listing(1, next_="/r2")
    server.pages["/r2"] = html("<p>Please log in</p>")
    ids, cursor, error = run(collector())
    assert (ids, type(error), cursor["pages"]) == ([1], Degraded, {})


def test_one_bad_address_does_not_keep_the_others_from_being_read(server, collector):
    server.pages["/a"] = html("gone", 404)
    server.pages["/b"] = listing(1)
    server.pages["/c"] = html("<p>log in</p>")
    ids, cursor, error = run(collector("/a", "/b", "/c"))
    assert ids == [1]
    assert list(cursor["pages"]) == [server.url("/b")]
    assert "404" in error.message
    assert "1 more" in error.message


@pytest.mark.parametrize(
    "path",
    [
        "/status/500",
        "/drop",
        "/reset",
        "/truncated",
        "/bad-gzip",
        "/endless",
        "/loop",
        "/empty",
        "/br",
        "/status/429",
    ],
)
def test_every_fault_ends_in_an_error_and_an_unmoved_cursor(server, collector, path, monkeypatch):
    monkeypatch.setattr("collectors.http._SHARED.sleep", lambda _: None)
    ids, cursor, error = run(collector(path), {"old": 1})
    assert (ids, cursor) == ([], {"old": 1})
    assert isinstance(error, CollectorError)


def test_robots_are_asked_and_obeyed(server, collector):
    server.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /r\n")
    server.pages["/r"] = listing(1)
    ids, _, error = run(collector())
    assert (ids, error.permanent, server.asked("/r")) == ([], True, 0)


def test_robots_hold_for_redirects_too(server, collector):
    server.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /private\n")
    server.pages["/r"] = Answer(b"", 302, {"Location": "/private"})
    server.pages["/private"] = listing(1)
    assert "disallows" in run(collector())[2].message
    assert server.asked("/private") == 0


def test_without_terms_no_request_is_made(server, collector):
    assert "terms_read" in run(collector(terms_read=None))[2].message
    assert server.log == []


def test_a_forbidding_site_is_refused_even_behind_a_redirect(server, collector, monkeypatch):
    assert "forbid" in run(collector(urls=("https://www.glassdoor.com/r",)))[2].message
    server.pages["/r"] = Answer(b"", 302, {"Location": "https://de.indeed.com/cmp/x"})
    monkeypatch.setattr("collectors.httpconnect.resolve", lambda *_: [(2, "127.0.0.1")])
    ids, _, error = run(collector())
    assert "terms of indeed forbid" in error.message
    assert ids == []


def test_private_addresses_need_to_be_allowed(server, collector):
    server.pages["/r"] = listing(1)
    error = run(collector(allow_private=False))[2]
    assert "not on the public internet" in error.message
    assert server.log == []


def test_a_selector_that_is_no_css_stops_the_source(collector):
    with pytest.raises(ConfigError, match=r"selectors\.item"):
        collector(selectors={"item": "li[["})

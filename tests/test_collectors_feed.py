"""The feed collector: RSS and Atom from a local server, broken ones too."""

import contextlib
import json
import tarfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from faultserver import Answer, FaultServer, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import CollectorError, Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.feed import Document, FeedCollector, FeedSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
BLOG = (Path(__file__).parent / "data" / "feed" / "blog.xml").read_bytes()
SHARED = Path(__file__).parents[2] / "shared" / "data" / "feeds-feedparser" / "feedparser-tests.tar.gz"

ATOM = b"""<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
<title>x</title><id>urn:f</id><updated>2026-11-20T00:00:00Z</updated>
<entry><title type="html">Keine &lt;i&gt;Antwort&lt;/i&gt;</title><id>urn:uuid:1</id>
<link href="https://blog.example/1"/><updated>2026-11-19T10:00:00+01:00</updated>
<author><name>K. Lund</name><email>k@x.example</email></author>
<content type="html">&lt;p&gt;Funkstille.&lt;/p&gt;</content>
</entry></feed>"""


@pytest.fixture(scope="module")
def server():
    with serving(FaultServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(server):
    server.log.clear()
    server.pages.clear()


def make(*urls, **options):
    given_ = {"name": "blog", "type": "feed", "urls": urls or ("https://www.notebook.example/feed",)}
    fixed = {"terms_read": date(2026, 11, 1), "allow_private": True, "min_interval": 0}
    return FeedCollector(FeedSettings(**{**given_, **fixed, **options}), Context(NOW, Path(), str))


def parse(body, **options):
    document = Document(
        "https://www.notebook.example/feed", body, options.pop("kind", ""), options.pop("charset", "")
    )
    return list(make(**options).parse(Raw(document, {})))


def xml(body, **headers):
    return Answer(body, 200, {"Content-Type": "application/rss+xml; charset=utf-8", **headers})


def run(collector, cursor=None):
    found, error = [], None
    try:
        for raw in collector.fetch(cursor):
            found += collector.parse(raw)
            cursor = json.loads(json.dumps(raw.cursor))
    except CollectorError as problem:
        error = problem
    return found, cursor, error


def test_the_registry_knows_it():
    assert load("feed") is FeedCollector


def test_rss():
    first, second, third, future, empty = parse(BLOG)
    assert (first.id, first.kind, first.source) == ("tag:notebook.example,2026:17", "post", "blog")
    assert first.title == "Northwind Robotics: five rounds & no answer"
    assert first.body == "They asked for a take-home task.\n\nThen silence."
    assert first.published == datetime(2026, 11, 14, 7, 30, tzinfo=UTC)
    assert (first.author, first.site, first.language) == ("Jo Marlow", "notebook.example", "en")
    assert first.url == "https://www.notebook.example/2026/northwind"
    assert second.id == "www.notebook.example/18", "a bare guid means something on its own host only"
    assert second.published == datetime(2026, 11, 15, 10, 0, tzinfo=UTC), "a time without a zone is UTC"
    assert (third.id, third.published) == ("https://www.notebook.example/2026/plain", None)
    assert future == Reject("www.notebook.example, entry 4", "date in the future")
    assert empty == Reject("www.notebook.example, entry 5", "it has no text")


def test_atom():
    (one,) = parse(ATOM, kind="application/atom+xml")
    assert (one.id, one.title, one.body) == ("urn:uuid:1", "Keine Antwort", "Funkstille.")
    assert one.published == datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
    assert (one.author, one.language, one.url) == ("K. Lund", "de", "https://blog.example/1")


def test_the_kind_comes_from_the_settings():
    assert {one.kind for one in parse(ATOM, kind="")} == {"post"}
    (one,) = make(kind="comment").parse(Raw(Document("https://x.example/", ATOM), {}))
    assert one.kind == "comment"


@pytest.mark.parametrize(
    "body",
    [
        BLOG[:1200],
        BLOG.replace(b"</description>", b"", 1),
        BLOG.replace(b"&amp;", b"&nbsp;&oops;&"),
        b"\n\n  " + BLOG,
        BLOG.replace(b"utf-8", b"no-such-encoding"),
    ],
)
def test_a_broken_feed_is_read_as_far_as_it_goes(body):
    assert any(isinstance(one, Mention) and "Northwind" in one.text for one in parse(body))


@pytest.mark.parametrize("guid", [b"<guid>https://www.notebook.example/</guid>", b"<guid>1</guid>"])
def test_a_guid_that_stands_for_several_entries_is_none(guid):
    item = b"<item><title>Entry %d</title>" + guid + b"<link>https://www.notebook.example/%d</link></item>"
    body = b'<rss version="2.0"><channel>' + b"".join(item % (n, n) for n in (1, 2)) + b"</channel></rss>"
    assert [one.id for one in parse(body)] == [
        "https://www.notebook.example/1",
        "https://www.notebook.example/2",
    ]


def test_a_link_that_is_no_web_address_is_left_out():
    item = b"<item><title>x</title><link>javascript:alert(1)</link></item>"
    body = b'<rss version="2.0"><channel>' + item + b"</channel></rss>"
    (one,) = parse(body)
    assert one.url == "https://www.notebook.example/feed"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body><p>Please log in</p></body></html>", b"{}", b"\0\1\2", b"%PDF-1.4", b"<rss", b"<a/>"],
)
def test_what_is_no_feed_is_degraded(body):
    with pytest.raises(Degraded, match="is not a feed"):
        parse(body)


def test_a_page_that_names_its_feed_is_told_apart():
    with pytest.raises(Degraded, match="names its feed"):
        parse(b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>')


def test_an_empty_feed_is_no_failure():
    assert parse(b'<rss version="2.0"><channel><title>x</title></channel></rss>') == []


def test_bytes_that_name_a_file_are_no_way_in(tmp_path):
    secret = tmp_path / "secret.xml"
    secret.write_bytes(BLOG)
    for name in (str(secret), f"file://{secret}"):
        with pytest.raises(Degraded):
            parse(name.encode())


def test_external_entities_and_bombs_are_not_expanded(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>'.encode()
    body = head + b'<rss version="2.0"><channel><item><title>a &x;</title></item></channel></rss>'
    with contextlib.suppress(Degraded):
        assert not any("canary" in one.text for one in parse(body))
    levels = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))
    bomb = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">' + levels + b"]>"
    before = time.perf_counter()
    with contextlib.suppress(Degraded):
        found = parse(bomb + b'<rss version="2.0"><channel><item><title>&l8;</title></item></channel></rss>')
        assert all(len(one.text) < 1_000_000 for one in found)
    assert time.perf_counter() - before < 4


@pytest.mark.parametrize("body", [b'<a x="' * 50_000, b"<div>" * 99_000, b"<" * 900_000, b"<item>" * 200_000])
def test_a_monster_is_refused_in_time(body):
    before = time.perf_counter()
    with pytest.raises(Degraded):
        parse(body)
    assert time.perf_counter() - before < 8, "below two seconds on an idle machine"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(BLOG)), st.integers(0, 200))
def test_any_damage_is_survived(noise, at, removed):
    try:
        found = parse(BLOG[:at] + noise + BLOG[at + removed :])
    except Degraded:
        return
    for one in found:
        assert isinstance(one, Reject) or (
            one.id and one.text and (one.published is None or one.published.tzinfo)
        )


# over the network


def test_a_feed_is_fetched_and_an_unchanged_one_costs_nothing_more(server):
    server.pages["/f"] = lambda h: (
        Answer(b"", 304) if h.get("if-none-match") == '"1"' else xml(BLOG, ETag='"1"')
    )
    found, cursor, error = run(make(server.url("/f")))
    assert (len(found), error) == (5, None)
    again = make(server.url("/f"))
    assert run(again, cursor) == ([], cursor, None)
    assert again.context.notes
    assert len(server.log) == 2


def test_a_failing_feed_neither_stops_the_others_nor_moves_its_cursor(server):
    server.pages["/b"] = xml(ATOM, ETag='"b"')
    server.pages["/c"] = xml(b"<html>log in</html>", ETag='"c"')
    found, cursor, error = run(make(server.url("/a"), server.url("/c"), server.url("/b")))
    assert [one.id for one in found] == ["urn:uuid:1"]
    assert cursor == {"feeds": {server.url("/b"): {"etag": '"b"'}}}
    assert "404" in error.message
    assert "1 more" in error.message


def test_a_wrong_charset_in_the_header_is_survived(server):
    server.pages["/f"] = Answer(BLOG, 200, {"Content-Type": "text/html; charset=no-such"})
    found, _, error = run(make(server.url("/f")))
    assert (len(found), error) == (5, None)


@pytest.mark.parametrize("cursor", [{}, {"feeds": {}}, {"feeds": {"x": 1}}, {"other": 1}])
def test_a_strange_cursor_starts_afresh(server, cursor):
    server.pages["/f"] = xml(ATOM)
    assert len(run(make(server.url("/f")), cursor)[0]) == 1


def test_terms_and_private_addresses(server):
    assert "terms_read" in run(make(server.url("/f"), terms_read=None))[2].message
    assert "forbid" in run(make("https://www.indeed.com/rss"))[2].message
    assert "public internet" in run(make(server.url("/f"), allow_private=False))[2].message
    assert server.log == []


@pytest.mark.parametrize("path", ["/status/429?retry-after=60", "/truncated", "/bad-gzip", "/empty", "/loop"])
def test_faults_end_in_an_error_and_an_unmoved_cursor(server, path, monkeypatch):
    monkeypatch.setattr("collectors.http._SHARED.sleep", lambda _: None)
    found, cursor, error = run(make(server.url(path)), {"feeds": {}})
    assert (found, cursor) == ([], {"feeds": {}})
    assert isinstance(error, CollectorError)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared feeds are not here")
def test_the_corpus_of_feedparser():
    counts = {"mention": 0, "reject": 0, "degraded": 0}
    with tarfile.open(SHARED) as archive:
        for member in archive:
            if not member.name.endswith(".xml"):
                continue
            try:
                for one in parse(archive.extractfile(member).read()):
                    counts["mention" if isinstance(one, Mention) else "reject"] += 1
            except Degraded:
                counts["degraded"] += 1
    assert counts["mention"] >= 500
    assert counts["degraded"] <= 15

"""Reviews out of pages: annotations, selectors, and what strangers do to both."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import jsonld, microdata, pageparse, schemaorg
from collectors.htmltext import MAX_BYTES, MAX_TAGS, decode, plain, soup, text_of
from collectors.reviewtext import employment_of, person, scale, sections, stars_of
from collectors.selectors import Selectors

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
DATA = Path(__file__).parent / "data" / "page"
SHARED = Path(__file__).parents[2] / "shared" / "data"
EMPLOYERS = SHARED / "html-employer-pages"
EXTRUCT = SHARED / "html-schemaorg-extruct"

PLAIN = Selectors(
    item="li.review",
    title="h3",
    body=".text",
    stars=".rating @title",
    date=".when",
    author="i",
    id="@data-id",
    url="a.permalink @href",
    next="a.more",
)


def mentions(html, url="https://reviews.example/p", **options):
    data = html if isinstance(html, bytes) else html.encode()
    return list(pageparse.mentions_of(data, url=url, source="s", now=NOW, **options))


def ld(*nodes, extra=""):
    blocks = "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)
    return f"<html><head>{blocks}</head><body>{extra}</body></html>".encode()


def review(**fields):
    return {"@type": "Review", "reviewBody": "They never wrote back.", **fields}


# the fixture pages


def test_json_ld_and_microdata_of_the_same_reviews_count_once():
    first, second, third = mentions((DATA / "both.html").read_bytes(), url="")
    assert first.id == "https://reviews.example/r/7700101"
    assert first.title == "Three rounds and then nothing"
    assert first.body.endswith("nobody ever called & nobody wrote.")
    assert (first.stars, first.published) == (2.0, datetime(2026, 10, 14, tzinfo=UTC))
    assert (first.author, first.position, first.location) == ("Jo Marlow", "Test Engineer", "Leeds")
    assert (first.about, first.language, first.kind) == ("Northwind Robotics", "en", "review")
    assert (first.site, first.url) == ("reviews.example", "https://reviews.example/northwind-robotics")
    assert second.id == second.url == "https://reviews.example/r/7700102"
    assert (second.pros, second.cons) == (
        "Honest about the salary\nQuick answers",
        "The take-home task took a weekend",
    )
    assert (second.stars, second.author, second.about) == (4.2, "", "Northwind Robotics")
    assert second.published == datetime(2026, 10, 20, 7, 30, tzinfo=UTC)
    assert (third.pros, third.cons, third.body) == (
        "the office\nand the canteen",
        "Silence for six weeks…",
        "",
    )
    assert (third.stars, third.employment, third.position, third.author) == (4.5, "former", "Welder", "")
    assert re.fullmatch("[0-9a-f]{24}", third.id), "review-2 names a place in the page, not a review"


def test_a_broken_block_is_told_and_not_fatal():
    extract = schemaorg.reviews((DATA / "both.html").read_bytes())
    assert extract.problems == ("JSON-LD block 2 is broken (JSONDecodeError)",)
    assert extract.counts == (1204,)


def test_selectors_read_a_page_without_annotations():
    html = (DATA / "plain.html").read_bytes()
    first, second, third, fourth = mentions(html, selectors=PLAIN, day_first=True)
    assert (first.id, first.title) == ("88001", "Nie wieder gehört")
    assert first.body == "Nach dem Gespräch kam keine Antwort."
    assert (first.stars, first.published) == (1.5, datetime(2026, 11, 3, tzinfo=UTC))
    assert (first.employment, first.position, first.author) == ("former", "Buchhalterin", "")
    assert (first.url, first.language) == ("https://reviews.example/b/88001", "de")
    assert (second.author, third.author, third.published) == ("", "K. Lund", None)
    assert fourth == Reject("https://reviews.example/p, review 4", "it has neither a text nor a rating")


def test_the_fields_of_base_fill_what_the_page_does_not_say():
    (one,) = mentions(ld(review()), base={"kind": "interview", "company": "Halden & Price", "language": "en"})
    assert (one.kind, one.company, one.language) == ("interview", "Halden & Price", "en")


# nothing found


@pytest.mark.parametrize(
    "html", ["", "<p>Please log in</p>", "<h1>Access denied</h1>", "\0\0\0", "{}", "\xff\xfe"]
)
def test_a_page_without_reviews_is_degraded(html):
    with pytest.raises(Degraded, match="No reviews found"):
        mentions(html)


def test_a_page_that_counts_no_reviews_is_empty():
    rating = {"@type": "AggregateRating", "ratingValue": 0, "reviewCount": 0}
    assert mentions(ld({"@type": "Organization", "aggregateRating": rating})) == []
    assert mentions(ld(rating), selectors=PLAIN) == []


def test_a_page_that_counts_reviews_and_shows_none_is_degraded():
    rating = {"@type": "AggregateRating", "ratingValue": 4, "reviewCount": 12}
    with pytest.raises(Degraded):
        mentions(ld({"@type": "Organization", "aggregateRating": rating}))


def test_messages_hold_neither_query_nor_text():
    with pytest.raises(Degraded) as caught:
        mentions(ld(extra="secret text"), url="https://reviews.example/p?token=geheim")
    assert "geheim" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("old", ['"review"', '"text"', '"rating"', '"when"', "data-id", "h3"])
def test_a_redesign_is_noticed(old):
    html = (DATA / "plain.html").read_text(encoding="utf-8")
    assert mentions(html, selectors=PLAIN, day_first=True)
    new = {"data-id": "data-key", "h3": "h4"}.get(old, '"renamed"')
    with pytest.raises(Degraded, match=r"`selectors\.\w+` finds nothing"):
        mentions(html.replace(old, new), selectors=PLAIN, day_first=True)


def test_a_selector_that_is_no_css_is_a_config_error():
    with pytest.raises(ConfigError, match=r"selectors\.body"):
        pageparse.check(Selectors(item="li", body="p[["), "s")
    pageparse.check(PLAIN, "s")


# ids


def test_an_id_of_the_site_is_kept():
    (one,) = mentions(ld(review(identifier="RVW36203850")))
    assert one.id == "RVW36203850"
    (one,) = mentions(ld(review(identifier={"@type": "PropertyValue", "value": 4711002})))
    assert one.id == "4711002"


@pytest.mark.parametrize(
    "fields", [{}, {"@id": "#review1"}, {"url": "https://reviews.example/p"}, {"@id": "_:b0"}]
)
def test_without_one_the_id_depends_on_the_review_alone(fields):
    (one,) = mentions(ld(review(**fields)))
    (same,) = mentions(ld(review(**fields)), url="https://reviews.example/p")
    (other,) = mentions(ld(review(reviewBody="They wrote back.", **fields)))
    assert one.id == same.id != other.id
    assert re.fullmatch("[0-9a-f]{24}", one.id)


def test_an_id_given_twice_is_none():
    found = mentions(ld(review(**{"@id": "#r-1234567"}), review(reviewBody="Other", **{"@id": "#r-1234567"})))
    assert len({one.id for one in found}) == 2


def test_a_review_that_stands_twice_in_the_page_is_one():
    assert len(mentions(ld(review(), [review()], {"@graph": [review()]}))) == 1


def test_a_relative_date_does_not_change_the_id():
    (one,) = mentions(ld(review(datePublished="2 weeks ago")))
    (later,) = mentions(ld(review(datePublished="3 weeks ago")))
    assert one.id == later.id
    assert one.published == datetime(2026, 11, 10, tzinfo=UTC)


# shapes


@pytest.mark.parametrize(
    "node",
    [
        review(),
        [review()],
        {"@graph": [{"@type": "WebPage"}, review()]},
        {"@type": ["Thing", "http://schema.org/EmployerReview"], "reviewBody": "They never wrote back."},
        {"@type": "Product", "name": "x", "review": review()},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": review()}]},
        {"@type": "schema:UserReview", "description": "They never wrote back."},
        {"@type": "LocalBusiness", "reviews": [review(), None, 3, "x", [], {}]},
    ],
)
def test_reviews_are_found_wherever_they_hang(node):
    (one,) = mentions(ld(node))
    assert one.text == "They never wrote back."


@pytest.mark.parametrize(
    ("body", "kept"),
    [("Pros: Kind staff\nCons: Slow", ""), ("Four rounds.", "Four rounds."), ("Pros: x Cons: y", "x\ny")],
)
def test_a_body_that_only_repeats_pros_and_cons_is_left_out(body, kept):
    (one,) = mentions(ld(review(reviewBody=body, positiveNotes="Kind staff", negativeNotes=["Slow"])))
    assert (one.pros, one.cons, one.body) == ("Kind staff", "Slow", kept)


def test_about_is_what_is_reviewed_or_what_the_review_hangs_from():
    (one,) = mentions(ld({"@type": "Corporation", "name": "Halden & Price", "review": review()}))
    assert one.about == "Halden & Price"
    (one,) = mentions(ld(review(itemReviewed={"@type": "Organization", "name": "Northwind Robotics"})))
    assert one.about == "Northwind Robotics"


def test_a_date_on_the_organisation_is_the_review_s():
    html = """<div itemscope itemtype="http://schema.org/Review"><b itemprop="reviewBody">No reply.</b>
      <i itemprop="itemReviewed" itemscope itemtype="http://schema.org/Organization">
      <meta itemprop="datePublished" content="2026-03-26"><meta itemprop="name" content="Halden"></i></div>"""
    (one,) = mentions(html)
    assert one.published == datetime(2026, 3, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    "html",
    [
        '<div itemscope itemtype="R" itemref="b"></div><p id="b" itemprop="reviewBody">No.</p>',
        '<div itemprop="review" itemscope itemtype="R"><p itemprop="reviewBody">No.</p></div>',
        '<div itemscope itemtype="R"><meta itemprop="reviewBody" content="No."></div>',
        '<div itemscope itemtype="R"><a href="/x" itemprop="reviewBody">No.</a></div>',
        '<div itemscope itemtype="R"><div><p itemprop="description">No.</p></div></div>',
    ],
)
def test_forms_of_microdata(html):
    (one,) = mentions(html.replace('"R"', '"http://schema.org/Review"'))
    assert one.text == "No."


@pytest.mark.parametrize(
    "text",
    [
        '{"@type": "Review", "reviewBody": "a//b /* c */, ]",}',
        '{"@type": "Review", /* x */ "reviewBody": "a//b /* c */, ]"} // y',
        '<!-- {"@type": "Review", "reviewBody": "a//b /* c */, ]"} -->',
        '//<![CDATA[\n{"@type": "Review", "reviewBody": "a//b /* c */, ]"}\n//]]>',
        '\ufeff[{"@type": "Review", "reviewBody": "a//b /* c */, ]",},];',
    ],
)
def test_json_ld_is_mended(text):
    found = jsonld.parse(text)
    found = found[0] if isinstance(found, list) else found
    assert found["reviewBody"] == "a//b /* c */, ]"


def test_raw_line_breaks_in_a_string_are_kept():
    assert jsonld.parse('{"a": "one\n\ttwo"}') == {"a": "one\n\ttwo"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@type",
                    "@id",
                    "name",
                    "review",
                    "author",
                    "reviewRating",
                    "ratingValue",
                    "itemReviewed",
                    "datePublished",
                    "url",
                    "reviewBody",
                    "itemListElement",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_json_in_a_review_is_survived(value):
    node = {"@type": "Review", "reviewBody": "x", "review": value}
    if isinstance(value, dict):
        node |= {key: inner for key, inner in value.items() if key != "@type"}
    try:
        found = mentions(ld(node))
    except Degraded:
        return
    for one in found:
        assert isinstance(one, Mention | Reject)
        if isinstance(one, Mention):
            assert one.id
            assert one.stars is None or 1 <= one.stars <= 5


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", "utf-8", "latin-1", "no-such", "\0"]))
def test_any_bytes_are_a_page(data, charset):
    # The end of a page is there, since one that is cut off is refused.
    start = b'<div itemscope itemtype="http://schema.org/Review"><p itemprop="reviewBody">x'
    html = start + data + b"</body>"
    for one in mentions(html, charset=charset):
        assert "\0" not in (one.text if isinstance(one, Mention) else one.reason)


# monsters


@pytest.mark.parametrize(
    "html",
    [
        b'<a x="' * 20_000,
        b"<div>" * 100_000,
        b"<div>x" * 100_000,
        b'<div itemscope itemprop="review" itemtype="http://schema.org/Review">' * 50_000,
        b'<script type="application/ld+json">' + b'[{"a":' * 100_000,
        b'<script type="application/ld+json">{' + b"/*" * 400_000,
        b'<script type="application/ld+json">{' + b'"' * 400_001,
        b'<script type="application/ld+json">{' + b",  " * 300_000,
        b"<" * 90_000,
        b"<p>" * (MAX_TAGS + 1),
        b"x" * (MAX_BYTES + 1),
    ],
    ids=lambda html: repr(html[:40]) + str(len(html)),
)
@pytest.mark.parametrize("selectors", [None, Selectors(item="div", body="p")])
def test_a_monster_is_refused_in_time(html, selectors):
    before = time.perf_counter()
    with pytest.raises(Degraded):
        mentions(html, selectors=selectors)
    assert time.perf_counter() - before < 4, "some tenths of a second on an idle machine"


@pytest.mark.parametrize(
    ("html", "message"),
    [(b"<p>" * (MAX_TAGS + 1), "tags"), (b"x" * (MAX_BYTES + 1), "MB"), (b"<div>" * 301, "nests")],
)
def test_the_reason_says_what_is_too_much(html, message):
    with pytest.raises(Degraded, match=message):
        soup(html)


def test_items_that_name_each_other_end():
    links = ((n, n + 1, n - 1) for n in range(300))
    html = "".join(f'<div itemscope id="a{n}" itemref="a{up} a{down} a0">x</div>' for n, up, down in links)
    assert len(microdata.items(soup(html))) == 300


def test_the_work_that_item_references_cause_is_bounded(monkeypatch):
    shared = "".join(f'<b itemprop="p{n}">x</b>' for n in range(50))
    page = soup(f'<p id="p">{shared}</p>' + '<div itemscope itemref="p"></div>' * 20)
    assert sum("p49" in item for item in microdata.items(page)) == 20
    monkeypatch.setattr(microdata, "MAX_STEPS", 150)
    assert sum("p49" in item for item in microdata.items(page)) == 2


# small readings


@pytest.mark.parametrize(
    ("stated", "best", "worst", "stars"),
    [
        ("4", "", "", 4.0),
        ("4,5", "", "", 4.5),
        ("4.5", "5", "1", 4.5),
        ("4/5", "", "", 4.0),
        ("4 out of 5 stars", "", "", 4.0),
        ("Rated 3.0 out of 5", "", "", 3.0),
        ("8", "10", "0", 4.2),
        ("80%", "", "", 4.2),
        ("0", "5", "0", 1.0),
        ("5", "5,0", "1,0", 5.0),
        ("★★☆☆☆", "", "", 2.0),
        ("7", "", "", None),
        ("0", "", "", None),
        ("3", "1", "5", None),
        ("-3", "", "", None),
        ("\u22123", "", "", None),
        ("1e1", "", "", None),
        ("1e+1", "", "", None),
        ("1,204", "", "", None),
        ("12345", "", "", None),
        (".5", "", "", None),
        ("3,67", "", "", 3.67),
        ("3.6666666666666665", "", "", 3.667),
        ("Our rating - 4/5", "", "", 4.0),
        ("star-rating-4", "", "", 4.0),
        ("Rated 4.", "", "", 4.0),
        ("good", "", "", None),
        ("", "", "", None),
    ],
)
def test_stars(stated, best, worst, stars):
    assert stars_of(stated, best, worst) == stars


@settings(max_examples=100, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_rating_is_on_the_scale_or_none(value, best, worst):
    stars = scale(value, best, worst)
    assert stars is None or (1 <= stars <= 5 and worst <= value <= best)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.text(max_size=8), st.text(max_size=8))
def test_any_rating_text_is_survived(stated, best, worst):
    stars = stars_of(stated, best, worst)
    assert stars is None or 1 <= stars <= 5


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("Pros: kind staff Cons: slow", ("", "kind staff", "slow", "")),
        ("Likes:  Dislikes: ", ("", "", "", "")),
        ("Cons: slow", ("", "", "slow", "")),
        ("Pros: a Cons: b Advice to Management: call back", ("", "a", "b", "call back")),
        ("There are pros: many, and cons: few", ("There are pros: many, and cons: few", "", "", "")),
        ("Pros: everything", ("Pros: everything", "", "", "")),
        ("Nobody called... Read More", ("Nobody called…", "", "", "")),
        ("I read more books", ("I read more books", "", "", "")),
        ("Fine.\nWork Details\nThree days", ("Fine.", "", "", "")),
    ],
)
def test_sections(body, parts):
    assert sections(body) == parts


def test_authors_that_are_roles():
    assert employment_of("Former Employee - Press Operator") == ("former", "Press Operator", "")
    assert employment_of("Current Employee - Anonymous Employee") == ("current", "", "")
    assert employment_of("Jo Marlow") == ("", "", "Jo Marlow")
    assert (person("Anonymous"), person("anonymous employee"), person("Anna Nym")) == ("", "", "Anna Nym")


def test_text_is_what_a_reader_sees():
    page = soup(
        "<div>one<br>two <b>bold</b><p>three</p><script>no</script><!-- no --><style>no</style>four</div>"
    )
    assert text_of(page.div) == "one\ntwo bold\nthree\nfour"
    assert plain("a &lt; b &amp; c") == "a < b & c"
    assert plain("<p>one</p><p>two</p><script>alert(1)</script>") == "one\n\ntwo"
    assert plain("I < 3 you") == "I < 3 you"


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("ü".encode(), "", "ü"),
        ("ü".encode("latin-1"), "latin-1", "ü"),
        ("ü".encode(), "no-such-charset", "ü"),
        ("ü".encode("utf-16"), "utf-8", "ü"),
        (b"\xef\xbb\xbf\xc3\xbc", "latin-1", "ü"),
        (b'<meta charset="cp1251">\xe6', "", '<meta charset="cp1251">ж'),
        (b"\x93quoted\x94", "utf-8", "“quoted”"),
        (b"a\0b", "", "a\ufffdb"),
        (b"<p>plain", "utf-16", "<p>plain"),
    ],
)
def test_encodings(data, charset, text):
    assert decode(data, charset) == text


# real pages


@pytest.mark.skipif(not EMPLOYERS.is_dir(), reason="the shared pages are not here")
def test_saved_pages_of_employer_sites():
    found = mentions((EMPLOYERS / "ambitionbox_bcg_reviews.html").read_bytes(), url="")
    assert len(found) == len({one.id for one in found}) == 23
    assert all(isinstance(one, Mention) and one.stars and one.published and one.about for one in found)
    assert sum(bool(one.pros or one.cons) for one in found) == 19
    assert not any("Read More" in one.text or "Work policy" in one.text for one in found)
    found = mentions((EMPLOYERS / "glassdoor_itw_reviews_2020.html").read_bytes(), url="")
    assert len(found) == len({one.id for one in found}) == 10
    assert all(one.stars and one.text and one.employment and one.about == "ITW" for one in found)
    selectors = Selectors(
        item="li.empReview",
        title="h2.summary",
        pros="[data-test=pros]",
        cons="[data-test=cons]",
        stars=".v2__EIReviewsRatingsStylesV2__ratingNum",
        date="time",
        author=".authorJobTitle",
        id="@id",
    )
    html = (EMPLOYERS / "glassdoor_itw_reviews_2020.html").read_bytes()
    full = mentions(html, url="", selectors=selectors)
    assert len(full) == 10
    assert all(one.stars and one.published and one.pros and one.cons and one.employment for one in full)


@pytest.mark.skipif(not EXTRUCT.is_dir(), reason="the shared pages are not here")
def test_the_published_examples():
    for path in sorted(EXTRUCT.rglob("*.html")):
        extract = schemaorg.reviews(path.read_bytes(), "https://x.example/")
        expected = [path.with_suffix(suffix) for suffix in (".json", ".jsonld")]
        text = max((one.read_text(encoding="utf-8") for one in expected if one.exists()), key=len, default="")
        stated = re.findall(r'"@?type": "(?:https?://schema.org/)?Review"', text)
        assert len(extract.reviews) == len(stated), path.name

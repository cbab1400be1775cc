"""Who may be read by a program at all."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from faultserver import FaultServer, html, serving
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import double

import collectors
from candidly.errors import CollectorError
from candidly.sourcepage import read_on
from collectors.base import Context
from collectors.feed import FeedSettings
from collectors.page import PageSettings
from collectors.reddit import RedditSettings
from collectors.terms import FORBIDDING, check_terms, checker, forbidding
from collectors.termsrecords import TERMS, WITHOUT_COLLECTOR
from collectors.yelp import YelpSettings


def page(**options):
    given_ = {
        "name": "reviews",
        "type": "page",
        "urls": ("https://reviews.example/",),
        "terms_read": date(2026, 11, 1),
    }
    return PageSettings(**{**given_, **options})


@pytest.mark.parametrize(
    "host",
    [
        *("glassdoor.com", "www.glassdoor.co.uk", "de.glassdoor.ch", "GLASSDOOR.COM", "www.glassdoor.com."),
        *(
            "de.indeed.com",
            "indeed.com.au",
            "www.kununu.com",
            "m.kununu.de",
            "de.linkedin.com",
            "linkedin.cn",
        ),
        *("www.yelp.com", "yelp.co.jp", "en.yelp.com.hk", "biz.yelp.ca"),
    ],
)
def test_sites_that_forbid_it_are_known_under_every_domain(host):
    assert forbidding(f"https://{host}:443/reviews?x=1")
    with pytest.raises(CollectorError, match="forbid") as caught:
        check_terms(page(), [f"https://{host}/reviews"])
    assert caught.value.permanent
    assert "file" in caught.value.remedy
    assert "export" in caught.value.remedy
    check_terms(page(permission="letter of 2026-10-02"), [f"https://{host}/reviews"])


@pytest.mark.parametrize(
    "host",
    [
        *(
            "notglassdoor.example",
            "glassdoor-watch.example",
            "glassdoor.reviews.example",
            "indeed.blog.example",
        ),
        *("yelp", "127.0.0.1", "reviews.example", "kununu.example.com", "linkedin.com.evil.example"),
    ],
)
def test_other_hosts_are_not_taken_for_them(host):
    assert not forbidding(f"https://{host}/glassdoor.com?u=https://www.indeed.com/")
    check_terms(page(), [f"https://{host}/"])


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"([a-z]{1,8}\.){0,3}", fullmatch=True), st.sampled_from(FORBIDDING))
def test_every_subdomain_of_them_counts(prefix, site):
    assert forbidding(f"https://{prefix}{site}.com/") == site


def test_without_terms_read_nothing_starts():
    with pytest.raises(CollectorError, match="terms_read") as caught:
        check_terms(page(terms_read=None), [])
    assert caught.value.permanent


def test_the_check_of_a_hop_is_the_same():
    with pytest.raises(CollectorError, match="indeed"):
        checker(page())("https://fr.indeed.com/cmp/x")


@pytest.mark.parametrize("model", [PageSettings, FeedSettings])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "reviews.example",
        "file:///etc/passwd",
        "https://",
        "https://u:p@x.example/",
        "https://x.example:0/",
    ],
)
def test_the_config_takes_only_web_addresses(model, url):
    with pytest.raises(ValidationError):
        model(name="x", type="page", urls=(url,))


def test_live_sources_say_so():
    assert PageSettings.live
    assert FeedSettings.live


def test_the_contact_cannot_forge_a_header():
    with pytest.raises(ValidationError):
        page(user_agent_contact="me\r\nX-Evil: 1")


# ---- the records


LIVE = [name for name in collectors.COLLECTORS if collectors.load(name).Settings.live]


@pytest.mark.parametrize("name", LIVE)
def test_every_live_type_ships_a_record(name):
    record = TERMS[name]
    assert record.site
    assert record.allowed
    assert record.deletion
    assert record.attribution
    assert record.recheck == timedelta(days=1)
    assert record.address.startswith("https://") or "of each site" in record.version
    assert record.read or record.unverified or "of each site" in record.version, (
        "read by us, or said that not"
    )


@pytest.mark.parametrize("name", LIVE)
def test_no_record_promises_what_the_collector_cannot(name):
    looks = hasattr(collectors.load(name), "recheck")
    promised = "24 hours" in TERMS[name].deletion
    assert looks or not promised


def test_no_record_is_of_a_type_that_does_not_exist():
    assert set(TERMS) == set(LIVE)


@pytest.mark.parametrize("record", [*TERMS.values(), *WITHOUT_COLLECTOR.values()], ids=lambda one: one.site)
def test_a_record_tells_when_it_was_read_or_that_it_was_not(record):
    assert record.read is None or date(2026, 1, 1) <= record.read <= date(2026, 12, 31)
    assert read_on(record).startswith(("2026-", "not read by us"))
    assert bool(record.read) == read_on(record).startswith("2026-")


def test_sites_without_a_source_type_say_what_to_do_instead():
    assert set(FORBIDDING) - {"yelp"} < set(WITHOUT_COLLECTOR)
    for record in WITHOUT_COLLECTOR.values():
        assert "`file` source" in record.instead
    assert not set(WITHOUT_COLLECTOR) & set(collectors.types())


# ---- refusals


def yelp(**options):
    given_ = {"name": "y", "type": "yelp", "businesses": ("x",), "terms_read": date(2026, 11, 1)}
    return YelpSettings(**{**given_, **options})


def test_yelps_interface_is_read_and_its_pages_are_not():
    check_terms(yelp(), ["https://api.yelp.com/v3/businesses/x/reviews"])
    for url in ("https://www.yelp.com/biz/x", "https://api.yelp.com.evil.yelp.com/", "https://api.yelp.de/"):
        with pytest.raises(CollectorError, match="yelp forbid"):
            check_terms(yelp(), [url])
    with pytest.raises(CollectorError, match="yelp forbid"):
        check_terms(page(), ["https://api.yelp.com/v3/businesses/x/reviews"])


def test_reddit_wants_a_permission():
    source = RedditSettings(
        name="r", type="reddit", subreddits=("jobs",), new=True, reddit_username="northwind",
        terms_read=date(2026, 11, 1),
    )  # fmt: skip
    with pytest.raises(CollectorError, match="approve business use") as caught:
        check_terms(source, ())
    assert "`file` source" in caught.value.remedy
    check_terms(source.model_copy(update={"permission": "case 7"}), ())


def test_a_refusal_names_the_terms_and_where_to_read_of_them():
    with pytest.raises(CollectorError) as caught:
        check_terms(yelp(terms_read=None), ())
    assert TERMS["yelp"].address in caught.value.remedy
    assert "candidly source terms yelp" in caught.value.remedy


@pytest.mark.parametrize("made", ["page", "feed"])
@pytest.mark.parametrize("target", ["https://www.glassdoor.co.uk/Reviews/x", "https://de.indeed.com/cmp/x"])
def test_a_redirect_to_a_forbidding_site_is_not_followed(made, target):
    with serving(FaultServer()) as server:
        urls = [server.url(f"/redirect?to={target}")]
        collector = collectors.load(made)
        source = collector.Settings(
            name="s", type=made, urls=urls, terms_read=date(2026, 11, 1), allow_private=True, min_interval=0
        )
        context = Context(datetime(2026, 11, 24, tzinfo=UTC), Path(), str)
        with pytest.raises(CollectorError, match="forbid") as caught:
            list(collector(source, context).fetch(None))
    assert caught.value.permanent


def test_an_interface_cannot_lead_there_either():
    def away(_asked):
        return 302, b"", {"Location": "https://www.kununu.com/de/northwind"}

    with double(away) as site:
        source = yelp(base_url=site.url, min_interval=0)
        context = Context(datetime(2026, 11, 24, tzinfo=UTC), Path(), lambda _name: "key")
        with pytest.raises(CollectorError, match=r"another server|kununu forbid"):
            list(collectors.load("yelp")(source, context).fetch(None))


# ---- honesty: what the source must not hold


ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for room in ("collectors", "candidly")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "contract" not in path.parts
]
DISHONEST = re.compile(
    r"mozilla/|applewebkit|chrome/\d|safari/\d|impersonat|fake.?user.?agent|random.?user.?agent|curl_cffi"
    r"|cloudscraper|undetected|selenium|playwright|puppeteer|2captcha|anti.?captcha|\bproxies\b|socks5"
    r"|http_proxy|https_proxy|\btor\b.{0,20}\bproxy|rotat\w+ (?:ip|prox)",
    re.IGNORECASE,
)


def test_no_proxy_no_browser_impersonation_no_captcha_solver():
    for path in SOURCES:
        found = DISHONEST.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]!r}"


@pytest.mark.parametrize(
    "line",
    [
        '"Mozilla/5.0 (X11)"',
        "session.proxies = {}",
        "import curl_cffi",
        "impersonate='chrome'",
        "HTTPS_PROXY",
    ],
)
def test_the_rule_catches_a_planted_violation(line):
    assert DISHONEST.search(line)


def test_no_dependency_is_a_disguise():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = text.partition("dependencies = [")[2].partition("]")[0]
    assert wanted
    assert not DISHONEST.search(wanted)


def test_sessions_know_no_proxy_of_the_environment_and_no_cookie():
    from collectors.http import Http

    session = Http(datetime(2026, 11, 24, tzinfo=UTC))._session
    assert session.trust_env is False
    assert session.cookies.get_policy().allowed_domains() == ()
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if "requests.Session(" in text:
            assert "trust_env = False" in text, path


@pytest.mark.parametrize("contact", ["", "hr@northwind.example"])
def test_the_user_agent_says_who_asks(contact):
    from candidly import __version__

    with serving(FaultServer()) as server:
        server.pages["/feed"] = html(
            "<rss version='2.0'><channel><item><title>x</title></item></channel></rss>"
        )
        source = FeedSettings(
            name="s", type="feed", urls=(server.url("/feed"),), terms_read=date(2026, 11, 1),
            allow_private=True, min_interval=0, user_agent_contact=contact,
        )  # fmt: skip
        context = Context(datetime(2026, 11, 24, tzinfo=UTC), Path(), str)
        list(collectors.load("feed")(source, context).fetch(None))
        (seen,) = server.log
    assert seen.headers["user-agent"] == f"candidly/{__version__}" + (f" (+{contact})" if contact else "")

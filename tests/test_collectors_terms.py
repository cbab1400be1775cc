"""Who may be read by a program at all."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from candidly.errors import CollectorError
from collectors.feed import FeedSettings
from collectors.page import PageSettings
from collectors.terms import FORBIDDING, check_terms, checker, forbidding


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

"""What the collectors of JSON interfaces share: settings, one careful GET, and reading out of JSON."""

import contextlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from faultserver import Answer, FaultServer, serving
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from candidly.errors import CollectorError, Degraded
from collectors.api import Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Requests

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
QUICK = settings(max_examples=100, deadline=None)


class Somewhere(ApiSettings):
    home = "https://api.example.com"


@pytest.fixture(scope="module")
def running():
    with serving(FaultServer()) as server:
        yield server


@pytest.fixture
def server(running):
    running.log.clear()
    running.pages.clear()
    return running


def settings_for(server=None, **changes):
    base = {"base_url": server.url("")} if server else {}
    values = {"name": "some", "type": "some", "terms_read": date(2026, 11, 1), "min_interval": 0}
    return Somewhere(**values | base | changes)


def api(server, requests=None, **options):
    context = Context(NOW, Path(), str, requests=requests or Requests())
    return Api(settings_for(server), context, **options)


def says(server, path, data, status=200, **headers):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    server.pages[path] = Answer(body, status, {"Content-Type": "application/json", **headers})


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "url",
    [
        *("http://api.example.com", "ftp://api.example.com", "api.example.com", "https://", "http://["),
        *("https://user@api.example.com", "https://api.example.com?key=1", "https://api.example.com#a"),
        *("http://10.0.0.1", "http://127.0.0.1.example.com"),
    ],
)
def test_an_address_that_keys_must_not_go_to_is_refused(url):
    with pytest.raises(ValidationError, match="base_url"):
        settings_for(base_url=url)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", "https://api.example.com"),
        ("https://other.example.com/v3/", "https://other.example.com/v3"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_requests_go_to_the_site_or_to_the_address_that_was_set(url, server):
    assert settings_for(base_url=url).server == server


def test_without_terms_read_no_request_is_made(server):
    context = Context(NOW, Path(), str)
    with pytest.raises(CollectorError, match="terms_read") as caught:
        Api(settings_for(server, terms_read=None), context)
    assert (caught.value.permanent, server.log) == (True, [])


@pytest.mark.parametrize("value", [0, -1, 10_000_001, "many"])
def test_a_budget_is_a_whole_number_of_requests(value):
    with pytest.raises(ValidationError):
        settings_for(daily_requests=value)
    assert settings_for(daily_requests=500).daily_requests == 500


# ---------------------------------------------------------------- one request


def test_a_request_says_who_asks_and_what_for(server):
    says(server, "/search?q=Halden+%26+Price&page=2", {"items": []})
    found = api(server, headers={"Authorization": "Bearer k"}).get(
        "/search", {"q": "Halden & Price", "page": 2, "after": None}
    )
    assert found == {"items": []}
    headers = server.log[0].headers
    assert (headers["authorization"], headers["accept"]) == ("Bearer k", "application/json")
    assert headers["user-agent"].startswith("candidly/")


@QUICK
@given(value=st.text(st.characters(), max_size=20))
def test_any_text_may_stand_in_a_parameter(running, value):
    running.log.clear()
    with pytest.raises(CollectorError, match="404"):
        api(running).get("/search", {"q": value})
    asked = parse_qs(urlsplit(running.log[0].path).query, keep_blank_values=True)
    assert asked["q"] == [value.encode("utf-8", "replace").decode()]


def test_a_parameter_that_is_no_unicode_is_no_crash(server):
    with pytest.raises(CollectorError, match="404"):
        api(server).get("/search", {"q": "\ud800"})


@pytest.mark.parametrize(
    "body", [b"", b"<html>Just a moment...</html>", b"null", b"17", b'"text"', b"{", b"[" * 100_000]
)
def test_an_answer_that_is_no_json_object_or_list_is_degraded(server, body):
    says(server, "/search", body)
    with pytest.raises(Degraded, match="not JSON") as caught:
        api(server).get("/search")
    said = str(caught.value).replace(server.url(""), "")  # a port may hold any digits
    assert body.decode() not in said or not body


@QUICK
@given(body=st.binary(max_size=50))
def test_no_answer_is_more_than_a_clear_error(running, body):
    says(running, "/search", body)
    with contextlib.suppress(Degraded):
        assert isinstance(api(running).get("/search"), dict | list)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 451])
def test_a_refusal_means_what_its_status_means(server, status):
    says(server, "/search?key=hush", {"error": "somebody's text"}, status)
    with pytest.raises(CollectorError, match=str(status)) as caught:
        api(server).get("/search", {"key": "hush"})
    assert caught.value.permanent == (status != 429)
    assert caught.value.remedy
    assert "hush" not in str(caught.value)
    assert "somebody" not in str(caught.value)


def test_a_sites_own_error_is_explained_with_its_status_and_words(server):
    says(server, "/search", {"code": "KEY"}, 403)
    says(server, "/html", b"<html>", 403)
    seen = []

    def explain(status, said):
        seen.append((status, said))
        return CollectorError("the key is wrong", permanent=True) if at(said, "code") == "KEY" else None

    one = api(server, explain=explain)
    with pytest.raises(CollectorError, match="the key is wrong"):
        one.get("/search")
    with pytest.raises(CollectorError, match="403"):
        one.get("/html")
    assert seen == [(403, {"code": "KEY"}), (403, None)]


@pytest.mark.parametrize(("own", "kept"), [(None, 120), (7.0, 120), (300.0, 300)])
def test_an_explained_error_waits_as_long_as_it_or_the_server_says(server, own, kept):
    says(server, "/search", {}, 429, **{"Retry-After": "120"})

    def explain(_status, _said):
        return CollectorError("the quota is used up", retry_after=own)

    with pytest.raises(CollectorError, match="quota") as caught:
        api(server, explain=explain).get("/search")
    assert caught.value.retry_after == kept


# ---------------------------------------------------------------- the day's budget


def test_each_request_is_counted_and_noted_before_it_is_made(server):
    says(server, "/search", {})
    noted = []
    requests = Requests(note=lambda made: noted.append((made, len(server.log))))
    one = api(server, requests)
    for _ in range(3):
        one.get("/search")
    assert requests.made == 3
    assert noted == [(1, 0), (2, 1), (3, 2)]


def test_a_budget_that_is_used_up_ends_the_run_before_the_next_request(server):
    says(server, "/search", {})
    requests = Requests(left=2)
    one = api(server, requests)
    one.get("/search")
    one.get("/search")
    assert not requests.refused
    with pytest.raises(CollectorError, match="daily_requests"):
        one.get("/search")
    assert (requests.made, requests.refused, len(server.log)) == (2, True, 2)


def test_retries_and_redirects_are_requests_too(server):
    requests = Requests()
    one = api(server, requests)
    with pytest.raises(CollectorError):
        one.get("/hops/2")
    assert requests.made == len(server.log) == 3
    server.log.clear()
    server.pages["/busy"] = Answer(b"", 503, {"Retry-After": "900"})
    with pytest.raises(CollectorError):
        one.get("/busy")
    assert requests.made == 4


# ---------------------------------------------------------------- reading JSON

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PATHS = st.lists(st.text(max_size=3) | st.integers(-4, 4), max_size=4)


@QUICK
@given(data=JSON, path=PATHS)
def test_any_path_in_any_json_is_a_value_or_nothing(data, path):
    found = at(data, *path)
    assert isinstance(text_at(data, *path), str)
    if isinstance(found, list):
        assert list_at(data, *path, where="x") is found
    else:
        with pytest.raises(Degraded, match="no list"):
            list_at(data, *path, where="x")


def test_what_stands_at_a_path():
    data = {"a": [{"b": " text ", "n": 17, "yes": True, "none": None}]}
    assert at(data, "a", 0, "n") == 17
    assert at(data, "a", -1, "yes") is True
    assert at(data, "a", 1) is at(data, "a", "0") is at(data, 0) is None
    assert [text_at(data, "a", 0, key) for key in ("b", "n", "yes", "none", "x")] == [
        "text",
        "17",
        "",
        "",
        "",
    ]

"""`candidly source list`, `candidly source test`, `candidly check --live`, against local servers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import house as houses
import pytest
import test_collectors_hackernews as news
import yaml
from contract_cases import feed_page, pages
from sitedouble import double

import collectors
from collectors.contract.live import RULES_LIVE

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
KEY = "canary-8Rt5Wq1Zx3"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def make(folder, *sources):
    house = houses.House(folder)
    companies = [{"name": "Northwind Robotics"}]
    house.write("config.yaml", yaml.safe_dump({"companies": companies, "sources": list(sources)}))
    return house


def hn(url, **more):
    fixed = {"terms_read": "2026-11-01", "min_interval": 0, "queries": ["Northwind"]}
    return {"name": "hn", "type": "hackernews", "base_url": url, **fixed, **more}


def algolia(count=130):
    return news.Algolia([news.comment(n) for n in range(1, count)])


def refusing(_asked):
    return 503, b"no", {}


# ---------------------------------------------------------------- source list


def test_every_type_is_listed_in_a_line(tmp_path):
    house = make(tmp_path, hn("https://hn.example"), {"name": "in", "type": "file", "path": "x"})
    done = house.run("source", "list", now=NOW)
    assert done.code == 0
    first = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    assert set(collectors.types()) <= set(first)
    assert "Hacker News by Algolia" in first["hackernews"]
    assert "needs a permission" in first["reddit"]
    assert "files" in first["file"]
    assert "starts; terms read on 2026-11-01" in first["hn"]
    assert first["in"].endswith("not needed")


def test_without_a_configuration_the_types_are_listed_all_the_same(tmp_path):
    done = houses.House(tmp_path).run("source", "list")
    assert done.code == 0
    assert "stackexchange" in done.out
    assert "candidly init" in done.err


def test_a_source_that_is_off_or_may_not_start_is_marked(tmp_path):
    off = hn("https://hn.example", enabled=False, terms_read=None)
    listed = make(tmp_path, off).run("source", "list", "--json").json
    assert {one["type"] for one in listed["types"]} == set(collectors.types())
    (one,) = listed["sources"]
    assert one["state"] == "off"
    assert one["terms"].startswith("does not start")


# ---------------------------------------------------------------- source test


def test_a_good_live_source_passes_with_few_requests(tmp_path):
    with double(algolia()) as site:
        done = make(tmp_path, hn(site.url)).run("source", "test", "hn", now=NOW)
        assert len(site.log) == 1
    assert done.code == 0
    assert [line.split()[:2] for line in done.out.splitlines()[2:]] == [[r, "pass"] for r in RULES_LIVE]
    assert "Northwind Robotics, round" not in done.out, "no text is shown"
    assert not (tmp_path / "candidly.db").exists()


def test_a_file_source_passes(tmp_path):
    house = make(tmp_path, {"name": "inbox", "type": "file", "path": "inbox"})
    houses.write_reviews(tmp_path / "inbox" / "reviews.csv", 20)
    done = house.run("source", "test", "inbox", "--json")
    assert done.code == 0
    assert {row["result"] for row in done.json["rules"]} == {"pass"}
    assert "20 mentions" in done.json["rules"][0]["what"]


def test_a_feed_may_lead_elsewhere(tmp_path):
    with pages({"/f.xml": feed_page(range(3))}) as url:
        blog = {"name": "blog", "type": "feed", "urls": [f"{url}/f.xml"], "allow_private": True}
        house = make(tmp_path, blog | {"terms_read": "2026-11-01", "min_interval": 0})
        done = house.run("source", "test", "blog", now=NOW)
    assert done.code == 0
    assert "not judged" in done.out


def test_a_source_that_cannot_be_read(tmp_path):
    with double(lambda _asked: (403, {"message": "no"}, {})) as site:
        done = make(tmp_path, hn(site.url)).run("source", "test", "hn", now=NOW)
    assert done.code == 1
    assert "FAIL" in done.out
    assert "403" in done.out
    assert "nothing was read" in done.out


def test_a_source_without_its_secret_says_how_to_set_it(tmp_path):
    yelp = {"name": "stars", "type": "yelp", "businesses": ["x"], "terms_read": "2026-11-01"}
    done = make(tmp_path, yelp).run("source", "test", "stars", now=NOW)
    assert done.code == 1
    assert "YELP_API_KEY" in done.out


def test_a_quiet_source_proves_nothing(tmp_path):
    with double(algolia(0)) as site:
        done = make(tmp_path, hn(site.url)).run("source", "test", "hn", now=NOW)
    assert done.code == 1
    assert "it yields no mentions" in done.out


def test_a_broken_rule_is_named(tmp_path, monkeypatch):
    from collectors.hackernews import HackerNewsCollector

    whole = HackerNewsCollector._mention
    monkeypatch.setattr(
        HackerNewsCollector, "_mention", lambda self, *args: whole(self, *args).replace(id="7", stars="5")
    )
    with double(algolia()) as site:
        done = make(tmp_path, hn(site.url)).run("source", "test", "hn", now=NOW)
    assert done.code == 3
    assert "stand for more than one mention" in done.out
    assert "`stars` is not of the declared type" in done.out


def test_an_unknown_name_is_a_usage_error(tmp_path):
    done = make(tmp_path, hn("https://hn.example")).run("source", "test", "hnn")
    assert done.code == 2
    assert "Did you mean 'hn'?" in done.err


# ---------------------------------------------------------------- check --live


def test_check_asks_nobody_unless_told(tmp_path):
    with double(algolia()) as site:
        assert make(tmp_path, hn(site.url)).run("check", now=NOW).code == 0
        assert site.log == []


def test_check_live_asks_each_live_source_once_and_names_who_does_not_answer(tmp_path):
    with double(algolia()) as good, double(refusing) as bad:
        sources = hn(good.url), hn(bad.url, name="ill"), hn(bad.url, name="off", enabled=False)
        house = make(tmp_path, *sources, {"name": "in", "type": "file", "path": "x"})
        (tmp_path / "x").mkdir()
        done = house.run("check", "--live", now=NOW)
        assert len(good.log) == 1
        assert (
            good.log[0].query["numericFilters"].startswith(f"created_at_i>={int(NOW.timestamp()) - 86400}")
        ), "a day is enough"
    assert done.code == 3
    assert "ok   hn answers" in done.out
    assert "FAIL ill: " in done.out
    assert "503" in done.out
    assert "off answers" not in done.out
    assert "in answers" not in done.out


def test_check_live_shows_no_secret(tmp_path):
    def echo(asked):
        return 401, {"error": {"code": "X", "description": asked.headers["authorization"]}}, {}

    with double(echo) as site:
        yelp = {"name": "stars", "type": "yelp", "businesses": ["x"], "base_url": site.url, "min_interval": 0}
        house = make(tmp_path, yelp | {"terms_read": "2026-11-01"})
        done = house.run("check", "--live", "--json", now=NOW, YELP_API_KEY=KEY)
    assert done.code == 3
    assert json.loads(done.out)["ok"] is False
    assert KEY not in done.out + done.err


def test_a_faulty_configuration_comes_before_a_source_that_is_ill(tmp_path):
    with double(refusing) as bad:
        house = make(tmp_path, hn(bad.url), hn(bad.url, name="b", terms_read=None))
        assert house.run("check", "--live", now=NOW).code == 2


@pytest.mark.parametrize("first", ["robots", "sign in"])
def test_a_probe_goes_through_the_door_before_it_asks(tmp_path, first):
    """robots.txt or the session, then the page itself; a failure of that is seen."""
    import test_collectors_bluesky as sky

    def ill(asked):
        if asked.path in ("/robots.txt", sky.SIGN_IN):
            return {"accessJwt": "t", "refreshJwt": "r", "handle": "h", "did": "did:plc:w"}
        return 500, b"no", {}

    with double(ill) as site:
        base = {"terms_read": "2026-11-01", "min_interval": 0}
        page = {"name": "p", "type": "page", "urls": [f"{site.url}/a"], "allow_private": True, **base}
        blue = {"name": "p", "type": "bluesky", "queries": ["x"], "base_url": site.url, **base}
        house = make(tmp_path, page if first == "robots" else blue)
        done = house.run("check", "--live", now=NOW, **sky.SECRETS)
    assert done.code == 3
    assert "500" in done.out

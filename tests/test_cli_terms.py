"""`candidly source terms`."""

from __future__ import annotations

import house as houses
import pytest

from collectors.termsrecords import TERMS, WITHOUT_COLLECTOR

CONFIG = """\
companies: [{name: Northwind Robotics}]
sources:
  - {name: inbox, type: file, path: inbox}
  - {name: stars, type: yelp, businesses: [x], terms_read: 2026-02-15}
  - {name: talk, type: reddit, subreddits: [jobs], new: true, reddit_username: northwind,
     terms_read: 2024-02-15, permission: case 7}
  - {name: blog, type: feed, urls: ['https://blog.example/feed']}
  - {name: gd, type: page, urls: ['https://www.glassdoor.de/x'], terms_read: 2026-02-15}
"""


@pytest.fixture
def house(tmp_path):
    made = houses.House(tmp_path)
    made.write("config.yaml", CONFIG)
    return made


def test_one_record(house):
    done = house.run("source", "terms", "yelp")
    assert done.code == 0
    assert done.out.startswith("Yelp\n  Allowed: Up to three excerpts")
    assert TERMS["yelp"].address in done.out
    assert "Read by us: not read by us" in done.out
    assert "Source stars: starts; terms read on 2026-02-15." in done.out


def test_by_the_name_of_a_source(house):
    assert house.run("source", "terms", "talk").out.startswith("Reddit\n")


def test_what_stands_in_the_way_of_a_source_is_told(house):
    out = house.run("source", "terms").out
    assert "Source talk: starts; the terms may have changed since `terms_read` (2024-02-15)" in out
    assert "Source blog: does not start. Source 'blog' has no `terms_read`." in out
    assert "Source gd: does not start. The terms of glassdoor forbid automated readers" in out
    assert "inbox" not in out
    for name in (*TERMS, *WITHOUT_COLLECTOR):
        assert f"\n{name} " in out


def test_a_site_without_a_source_type(house):
    out = house.run("source", "terms", "google_places").out
    assert "may be kept" in out
    assert "Instead: Use `google_business`" in out


def test_as_json(house):
    one = house.run("source", "terms", "yelp", "--json").json
    assert one["site"] == "Yelp"
    assert one["address"] == TERMS["yelp"].address
    assert list(one["sources"]) == ["stars"]
    assert set(house.run("source", "terms", "--json").json) == {*TERMS, *WITHOUT_COLLECTOR}


def test_without_a_configuration(tmp_path):
    done = houses.House(tmp_path).run("source", "terms", "reddit")
    assert done.code == 0
    assert "Permission: Reddit wants to approve business use." in done.out


def test_a_type_that_is_none(house):
    done = house.run("source", "terms", "yelpp")
    assert done.code == 2
    assert "Did you mean 'yelp'?" in done.err

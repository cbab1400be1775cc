"""The gate before every live source: whoever wrote the collector, without terms read nothing is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import house as houses
import pytest
from sitedouble import double

from collectors.terms import admit, stale
from collectors.termsrecords import TERMS, Terms
from collectors.trustpilot import TrustpilotSettings

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
UNIT = "5f0000000000000000000001"
REVIEW = {
    "id": "r1",
    "title": "Silence",
    "text": "No reply.",
    "stars": 1,
    "createdAt": "2026-11-20T09:00:00Z",
}


def config(url, more):
    return (
        "companies: [{name: Northwind Robotics}]\nsources:\n"
        f"  - {{name: tp, type: trustpilot, company: Northwind Robotics, base_url: '{url}',\n"
        f"     min_interval: 0, business_units: ['{UNIT}']{more}}}\n"
    )


@pytest.fixture
def site():
    with double(lambda _: {"reviews": [REVIEW]}) as running:
        yield running


def collect(tmp_path, site, more):
    home = houses.House(tmp_path)
    home.write("config.yaml", config(site.url, more))
    return home.run("collect", "--json", now=NOW, TRUSTPILOT_API_KEY="k")


def test_without_terms_read_a_run_asks_nothing_and_says_what_to_do(tmp_path, site):
    done = collect(tmp_path, site, "")
    (outcome,) = done.json
    assert (done.code, outcome["status"], site.log) == (1, "failed", [])
    assert "terms_read" in outcome["message"]
    assert TERMS["trustpilot"].address in outcome["remedy"]
    assert "candidly source terms trustpilot" in outcome["remedy"]


def test_the_gate_stands_before_collectors_that_check_nothing(tmp_path, site, monkeypatch):
    monkeypatch.setattr("collectors.api.check_terms", lambda *_: None)
    done = collect(tmp_path, site, "")
    assert done.code == 1
    assert not site.log


@pytest.mark.parametrize(
    ("read", "words"),
    [("2026-11-23", ""), ("2025-11-20", "more than a year ago"), ("2027-01-01", "in the future")],
)
def test_terms_that_should_be_read_again_are_noted(tmp_path, site, read, words):
    (outcome,) = collect(tmp_path, site, f", terms_read: {read}").json
    assert outcome["stored"] == 1, "it is a note, no refusal"
    assert words in outcome["message"]
    assert bool(words) == bool(outcome["message"])


def settings(**more):
    return TrustpilotSettings(name="tp", type="trustpilot", business_units=(UNIT,), **more)


class OwnSettings(TrustpilotSettings):
    """A collector from elsewhere, with a record of its own."""

    terms: ClassVar[Terms] = Terms(
        site="Elsewhere", allowed="All of it.", read=date(2026, 6, 1), permission="Elsewhere wants to know."
    )


def test_older_than_our_own_reading_is_noted():
    own = OwnSettings(name="x", type="trustpilot", business_units=(UNIT,), terms_read=date(2026, 5, 31))
    assert "we read them on 2026-06-01" in stale(own, NOW.date())
    assert stale(own.model_copy(update={"terms_read": date(2026, 6, 1)}), NOW.date()) == ""


def test_a_record_of_its_own_demands_what_it_says():
    own = OwnSettings(name="x", type="trustpilot", business_units=(UNIT,), terms_read=date(2026, 6, 1))
    with pytest.raises(Exception, match="Elsewhere wants to know"):
        admit(own, NOW.date())
    assert admit(own.model_copy(update={"permission": "mail of 2026-06-02"}), NOW.date()) == []


def test_a_year_is_a_year():
    today = NOW.date()
    assert stale(settings(terms_read=today - timedelta(days=365)), today) == ""
    assert stale(settings(terms_read=today - timedelta(days=366)), today)


def test_check_notes_it_too(tmp_path, site):
    home = houses.House(tmp_path)
    home.write("config.yaml", config(site.url, ", terms_read: 2024-01-01"))
    done = home.run("check", now=NOW, TRUSTPILOT_API_KEY="k")
    assert done.code == 0
    assert "source tp (trustpilot): the terms were last read on 2024-01-01" in done.out


def test_check_misses_a_secret(tmp_path, site):
    home = houses.House(tmp_path)
    home.write("config.yaml", config(site.url, ", terms_read: 2026-11-01"))
    done = home.run("check", now=NOW)
    assert done.code == 2
    assert "FAIL source tp: the secret TRUSTPILOT_API_KEY is not set" in done.out


def test_check_wants_no_secret_that_an_access_token_replaces(tmp_path):
    home = houses.House(tmp_path)
    google = (
        "companies: [{name: Northwind Robotics}]\nsources:\n  - {name: g, type: google_business,\n"
        "     locations: [accounts/1/locations/2], terms_read: 2026-11-01, permission: ours,\n"
        "     company: Northwind Robotics, access_token_secret: MY_TOKEN}\n"
    )
    home.write("config.yaml", google)
    assert "FAIL source g: the secret MY_TOKEN is not set" in home.run("check", now=NOW).out
    assert "ok   source g" in home.run("check", now=NOW, MY_TOKEN="t").out

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.companies import CompanyFinder
from candidly.config import Company
from candidly.records import Mention

FINDER = CompanyFinder(
    [
        Company(name="Northwind Robotics", aliases=("Northwind", "NWR")),
        Company(name="Halden & Price", aliases=("Halden", "H&P", "O'Halden")),
        Company(name="Apple", exclude=("apple pie", "pine apple")),
        Company(name="IT", aliases=("Go",)),
    ]
)


def mention(**fields: str) -> Mention:
    return Mention(source="s", id="1", kind="post", collected=datetime(2026, 3, 2, tzinfo=UTC), **fields)


def find(**fields: str) -> str | None:
    return FINDER.find(mention(**fields))


@pytest.mark.parametrize(
    ("fields", "company"),
    [
        ({"body": "I applied at northwind robotics."}, "Northwind Robotics"),
        ({"body": "I applied at Northwind-Robotics"}, "Northwind Robotics"),
        ({"about": "northwind_robotics"}, "Northwind Robotics"),
        ({"body": "Northwinds of change"}, None),
        ({"body": "the nwr of it"}, None),
        ({"body": "NWR's recruiters"}, "Northwind Robotics"),
        ({"body": "halden & price"}, "Halden & Price"),
        ({"body": "O’Halden called"}, "Halden & Price"),
        ({"body": "I eat Apple pie and pine apple"}, None),
        ({"body": "Apple pie at Apple"}, "Apple"),
        ({"body": "it is over, go home"}, None),
        ({"body": "Go hired me"}, "IT"),
        ({"body": "Halden, then Northwind, Northwind"}, "Northwind Robotics"),
        ({"body": "Halden, then Northwind"}, "Halden & Price"),
        ({"title": "Halden", "body": "Northwind Northwind"}, "Halden & Price"),
        ({"about": "Apple", "title": "Halden", "body": "Northwind"}, "Apple"),
        ({"about": "something else", "pros": "Northwind"}, "Northwind Robotics"),
        ({}, None),
    ],
)
def test_finds_the_company(fields: dict[str, str], company: str | None) -> None:
    assert find(**fields) == company


def test_without_companies_nothing_is_found() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert CompanyFinder([]).find(Mention(source="s", id="1", kind="post", collected=now, body="x")) is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_any_name_and_text_are_taken(name: str, text: str) -> None:
    if name.strip():
        now = datetime(2026, 3, 2, tzinfo=UTC)
        found = CompanyFinder([Company(name=name.strip())]).find(
            Mention(source="s", id="1", kind="post", collected=now, body=text)
        )
        assert found in (name.strip(), None)


@pytest.mark.parametrize(
    ("fields", "company", "reason"),
    [
        ({"title": "At NORTHWIND", "body": "Halden & Price, Halden & Price"}, "Northwind Robotics",
         '"Northwind" in title'),
        ({"pros": "fine", "cons": "northwind-robotics was slow"}, "Northwind Robotics",
         '"Northwind Robotics" in cons'),
        ({"about": "northwind_robotics", "body": "Halden & Price"}, "Northwind Robotics",
         '"Northwind Robotics" in about'),
        ({"body": "a northwind sailing trip"}, None, '"Northwind sailing" excluded in body'),
        ({"body": "nothing at all"}, None, "names no company"),
    ],
)  # fmt: skip
def test_a_decision_says_which_name_in_which_part(fields, company, reason):
    finder = CompanyFinder([
        Company(name="Northwind Robotics", aliases=("Northwind",), exclude=("Northwind sailing",)),
        Company(name="Halden & Price"),
    ])  # fmt: skip
    found = finder.decide(mention(**fields))
    assert (found.company, found.reason) == (company, reason)
    assert finder.find(mention(**fields)) == company

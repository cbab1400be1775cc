import time
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.prepare import CUT, LONGEST, Preparer, normalise, web_address
from candidly.records import Mention

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PREPARER = Preparer(b"a key for tests", ("US", "GB"))


def mention(**fields: object) -> Mention:
    return Mention(**{"source": "s", "id": "1", "kind": "review", "collected": NOW, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x9f", "abc"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("bad\ud800half", "bad\ufffdhalf"),
        ("e\u0301", "é"),
        ("  tab\tkept \n", "tab\tkept"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
    ],
)
def test_normalises(text: str, expected: str) -> None:
    assert normalise(text) == expected


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=200))
@example("\ud83d\ude00")
def test_normalised_text_can_be_stored_anywhere_and_stays(text: str) -> None:
    clean = normalise(text)
    clean.encode("utf-8")
    assert normalise(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(c != "\n" and c != "\t" and unicodedata.category(c) == "Cc" for c in clean)


def test_long_text_is_cut_and_marked() -> None:
    cut = normalise("x" * (LONGEST + 1))
    assert len(cut) == LONGEST
    assert cut.endswith(CUT)
    assert normalise("x" * LONGEST) == "x" * LONGEST


@pytest.mark.parametrize(
    ("kind", "kept"), [("post", ""), ("comment", ""), ("review", "Northwind"), ("interview", "Northwind")]
)
def test_what_somebody_else_said_above_a_mention_is_not_kept(kind: str, kept: str) -> None:
    assert PREPARER.prepare(mention(kind=kind, about="Northwind")).about == kept


CONTACTS = [
    "jane.doe+jobs@mail.example.com",
    "j@x.io",
    "o'neil_99@sub.domain.co.uk",
    '"jane doe"@example.org',
    "jane (at) example (dot) com",
    "jane[at]example.com",
    "(212) 736-5000",
    "+1 650 253 0000",
    "212-736-5000",
    "2127365000",
    "020 7946 0958",
    "+44 20 7946 0958",
    "+49 30 901820",
    "07911 123456",
]


@pytest.mark.parametrize("contact", CONTACTS)
@pytest.mark.parametrize("text", ["{}", "Call HR at {} now.", "({})", "x: {}, or {}!", "line\n{}\nline"])
def test_contacts_never_survive(contact: str, text: str) -> None:
    shown = PREPARER.redact(text.format(contact, contact))
    assert contact not in shown
    assert not any(len(run) > 5 for run in "".join(c if c.isdigit() else " " for c in shown).split())
    assert "@" not in shown
    assert "[email]" in shown or "[phone]" in shown


@settings(max_examples=100, deadline=None)
@given(
    st.text("ab ,.\n(@-1", max_size=40),
    st.from_regex(r"[a-z0-9][a-z0-9._%+-]{0,20}@[a-z0-9-]{1,10}\.[a-z]{2,5}", fullmatch=True),
    st.text("ab ,.\n)@-1", max_size=40),
)
def test_no_address_survives_wherever_it_stands(before: str, address: str, after: str) -> None:
    assert address not in PREPARER.redact(f"{before} {address} {after}")


@pytest.mark.parametrize(
    "text",
    [
        "salary 120,000 - 130,000 in 2019-2023",
        "paid $100000 - 120000 (2020/2021)",
        "paid $2127365000 for it",
        "Rs. 800000 1200000 per year",
        "I earned 800000 in 2021, 1200000 in 2022",
        "9 to 5, 24/7, 40 hours, 15.50 an hour, 5/5",
        "requisition #2127365000",
        "Job ID: 2127365000",
        "2023-11-05 10:30:00",
        "05/11/2023 10 am",
        "version 10.0.19041.1234",
        "rated 4.5 out of 5 @ the office",
        "401k 1099 w2",
    ],
)
def test_salaries_years_and_numbers_survive(text: str) -> None:
    assert PREPARER.redact(text) == text


def test_a_mention_is_prepared_whole() -> None:
    raw = mention(
        title="Call 212-736-5000",
        pros="Good\x00",
        cons="write to a@b.example",
        advice="fine",
        body="so\r\nso",
        position="Clerk a@b.example",
        author="Jane Doe",
        url="javascript:alert(1)",
        id="x\x00y",
    )
    ready = PREPARER.prepare(raw)
    assert (ready.title, ready.pros, ready.cons) == ("Call [phone]", "Good", "write to [email]")
    assert (ready.body, ready.position, ready.url, ready.id) == ("so\nso", "Clerk [email]", "", "xy")
    assert ready.author == PREPARER.pseudonym("s", "Jane Doe")
    assert raw.author == "Jane Doe"
    assert PREPARER.prepare(raw) == ready


def test_pseudonyms_cannot_be_joined() -> None:
    one = PREPARER.pseudonym("reddit", "Jane")
    assert len(one) == 16
    assert int(one, 16) >= 0
    assert one == PREPARER.pseudonym("reddit", " Jane ")
    others = {
        PREPARER.pseudonym("yelp", "Jane"),
        PREPARER.pseudonym("reddit", "jane"),
        Preparer(b"other", ()).pseudonym("reddit", "Jane"),
    }
    assert one not in others
    assert len(others) == 3
    assert PREPARER.pseudonym("reddit", "") == ""
    with pytest.raises(ValueError, match="key"):
        Preparer(b"", ())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/r/1?x=2", "https://example.com/r/1?x=2"),
        ("http://example.com", "http://example.com"),
        ("ftp://example.com", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.com", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://exa mple.com", ""),
        ("https://example.com/\x00", ""),
        ("https://example.com/?m=jane@example.org", ""),
        ("https://example.com/" + "a" * 3_000, ""),
        ("", ""),
    ],
)
def test_only_web_addresses_are_kept(url: str, expected: str) -> None:
    assert web_address(url) == expected


@pytest.mark.parametrize("unit", ["@", "a@", "a.", "(at) ", "x@y.", '"', "1 2 3 ", "e\u0301", "+1("])
def test_any_text_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    PREPARER.redact(normalise(text))
    assert time.process_time() - start < 3

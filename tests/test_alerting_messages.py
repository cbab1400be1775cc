"""What a person reads, and that strangers' words in it do nothing."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from alert_world import NOW, delivery, incident
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.channels import sample
from alerting.messages import QUOTE, TEXT, TITLE, deliveries, message, plain, quoted
from alerting.slack import slack, text_payload
from alerting.teams import markdown

HOSTILE = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(
            ["<!channel>", "<!here>", "<@U123>", "<https://evil.example|click>", "@everyone",
             "http://evil.example",
             "[a](javascript:alert(1))",
             "<at>Boss</at>", "\r\nBcc: x@example.org", "\u202e", "\u2066", "\x00",
             "\ud800", "*", "`", "&lt;", "&", "www.evil.example", "e\u0301\u0301\u0301\u0301\u0301", "word"]
        ),
        max_size=30,
    ).map("".join),
)  # fmt: skip


def test_a_message_says_what_happened_why_and_where_to_read_on():
    said = message(incident(), NOW)
    assert said["title"] == "Northwind Robotics: 14 negative mentions in 3 days (usual: 2 to 6)"
    assert said["text"].splitlines() == [
        "14 negative mentions in the 3 days to 10 March 2026; usual is 2 to 6. "
        "70% of all mentions were negative, usual is 30%. Chance alone does this less than once in 3 years.",
        "Most complaints in 3 days: Communication (9), Process (3)",
        "“They never wrote back.” (reddit)",
        "Report: reports/2026-W11.html",
    ]


def test_ids_follow_from_incident_and_channel():
    first = deliveries(incident(), ["a", "b"], NOW)
    again = deliveries(incident(), ["a", "b"], NOW.replace(hour=23))
    assert [one.id for one in first] == [one.id for one in again]
    assert first[0].id != first[1].id
    assert deliveries(incident(), ["a"], NOW, occasion="2026-03-11")[0].id != first[0].id
    assert first[0].id == "delivery-0a19eb0c0f0090a7"  # the same in every process and version


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_plain_is_one_bounded_line_without_characters_that_act(text):
    line = plain(text, 80)
    assert len(line) <= 80
    assert not [c for c in line if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029\n\r"]
    assert plain(line, 80) == line


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_content_makes_no_mention_and_no_link_in_slack_teams_or_mail(text):
    sent = message(incident(text), NOW)
    body = json.dumps(text_payload(sent), ensure_ascii=False)
    assert "<" not in body
    assert ">" not in body
    assert not re.search(r"&(?!amp;|lt;|gt;)", body)
    card = markdown(sent["text"])
    assert not re.search(r"[<>\[\]`]", card)
    for whole in (sent["text"], sent["title"]):
        assert "://" not in whole
        assert "@" not in whole
        assert "evil.example" not in whole
        assert len(whole) <= TEXT
    assert "\n" not in sent["title"]
    assert len(sent["title"]) <= TITLE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/x now", "see https[:]//evil[.]example/x now"),
        ("ask @channel", "ask ＠channel"),
        ("They ghosted me. Twice, e.g. in May.", "They ghosted me. Twice, e.g. in May."),
        ("two\nlines\r\nhere", "two lines here"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
    ],
)
def test_quotes_stay_readable(text, shown):
    assert quoted(text) == shown


def test_long_words_are_cut():
    assert len(quoted("x" * 5000)) == QUOTE
    assert quoted("x" * 5000).endswith("…")


def test_slack_escapes_exactly_three_characters():
    assert slack('a & <!channel> *b* "c"') == 'a &amp; &lt;!channel&gt; *b* "c"'


def test_a_sample_says_that_nothing_has_happened():
    assert "Nothing has happened" in sample("hook", NOW).message["text"]


def test_a_message_is_json():
    assert json.loads(json.dumps(delivery().message)) == delivery().message

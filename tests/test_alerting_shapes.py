"""Slack's blocks, Teams' card, several alerts in one message: readable, within limits, inert."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from alert_hostile import HOSTILE
from alert_world import NOW, TODAY, delivery, incident, receiver, secrets
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import grouping, slack, teams
from alerting.channels import build, payload
from alerting.messages import deliveries, message
from alerting.sections import SHOWN, sections
from candidly.config import Channel
from candidly.records import Delivery, Incident


def many(n, quote="They never wrote back.", channel="hook"):
    return [delivery(channel, quote, first=TODAY - timedelta(days=k)) for k in range(n)]


def hostile(quote, title):
    """As a careless rule would make it: the title unchecked too."""
    body = message(incident(quote), NOW) | {"title": title[:150]}
    return Delivery(id="delivery-1", channel="hook", subject="x", message=body, due=NOW)


def texts(node):
    """Every text object of a Slack payload."""
    if isinstance(node, dict):
        if node.get("type") in ("plain_text", "mrkdwn"):
            yield node
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


# ---- Slack


def test_slack_gets_a_header_facts_and_quotes_as_blocks():
    body = slack.payload(delivery())
    head, summary, facts, quote, more, foot = body["blocks"]
    assert head["text"]["text"] == "Northwind Robotics: 14 negative mentions in 3 days (usual: 2 to 6)"
    assert head["block_id"] == delivery().id
    assert summary["text"]["text"].startswith("14 negative mentions in the 3 days to 10 March 2026")
    assert facts["fields"][0]["text"] == "Most complaints in 3 days\nCommunication (9), Process (3)"
    assert quote["text"]["text"] == "“They never wrote back.” (reddit)"
    assert "2026-W11" in more["elements"][0]["text"]
    assert delivery().id in foot["elements"][0]["text"]
    assert body["text"].startswith("Northwind Robotics")


@settings(max_examples=100, deadline=None)
@given(HOSTILE, HOSTILE)
def test_in_slack_no_word_of_a_stranger_is_markup(quote, title):
    body = slack.payload(hostile(quote, title))
    whole = json.dumps(body, ensure_ascii=False)
    assert "<" not in whole
    assert ">" not in whole
    assert not re.search(r"&(?!amp;|lt;|gt;)", whole)
    assert {text["type"] for text in texts(body)} == {"plain_text"}
    assert not any(text["emoji"] for text in texts(body))
    assert {block["type"] for block in body["blocks"]} <= {"header", "section", "context"}
    assert (body["mrkdwn"], body["link_names"], body["unfurl_links"]) == (False, False, False)
    quotes = [text["text"] for text in texts(body) if text["text"].startswith("“")]
    assert not re.search(r"://|@|evil\.example", "".join(quotes))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 130), st.sampled_from(["short", "x" * 400, "字" * 400, "&" * 400]))
def test_messages_of_any_size_stay_within_the_limits_of_slack_and_teams(n, words):
    for _, whole in grouping.groups(many(n, words), NOW) or [([], many(1, words)[0])]:
        body = slack.payload(whole)
        assert len(body["blocks"]) <= 50
        assert len(body["text"]) < 40_000
        for text in texts(body):
            assert 0 < len(text["text"].replace("&amp;", "&")) <= 3000
        assert len(body["blocks"][0]["text"]["text"].replace("&amp;", "&")) <= 150
        assert all(len(block.get("fields", ())) <= 10 for block in body["blocks"])
        assert len(json.dumps(teams.payload(whole)).encode()) < 28_000


# ---- Teams


def runs(card):
    (attachment,) = card["attachments"]
    return [run for block in attachment["content"]["body"] for run in block["inlines"]]


def test_teams_gets_an_adaptive_card():
    card = teams.payload(delivery())
    content = card["attachments"][0]["content"]
    assert card["type"] == "message"
    assert card["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    assert content["body"][0]["id"] == delivery().id
    assert "“They never wrote back.” (reddit)" in [run["text"] for run in runs(card)]


@settings(max_examples=100, deadline=None)
@given(HOSTILE, HOSTILE)
def test_in_teams_no_word_of_a_stranger_is_markup_or_a_mention(quote, title):
    card = teams.payload(hostile(quote, title))
    content = card["attachments"][0]["content"]
    assert "entities" not in content["msteams"]
    assert {block["type"] for block in content["body"]} == {"RichTextBlock"}
    assert {run["type"] for run in runs(card)} == {"TextRun"}
    assert not any("selectAction" in run for run in runs(card))
    said = [run["text"] for run in runs(card)]
    assert not re.search(r"[<>\[\]`*]", "".join(said))
    assert not re.search(r"://|@|evil\.example", "".join(text for text in said if text.startswith("“")))


def test_channels_of_these_types_post_their_shapes():
    with receiver(200) as server:
        made = build(
            [
                Channel(name=kind, type=kind, url_secret="URL", allow_private=True)
                for kind in ("slack", "teams")
            ],
            secrets(URL=server.url),
            None,
        )
        for kind in ("slack", "teams"):
            made[kind].send(delivery())
    (_, first, blocks), (_, second, card) = server.got
    assert first["X-Candidly-Id"] == second["X-Candidly-Id"] == delivery().id
    assert blocks["blocks"]
    assert card["attachments"]


# ---- several alerts in one message


def test_several_alerts_are_one_message_most_severe_first():
    calm = Incident(id="quiet-1", rule="quiet", company="", opened=NOW, title="A source is quiet",
                    detail={"summary": "Look at it."}, severity="notice")  # fmt: skip
    loud = Incident(id="source-1", rule="source", company="", opened=NOW, title="A source is gone",
                    detail={"summary": "Mend it."}, severity="warning")  # fmt: skip
    due = [*deliveries(calm, ["hook"], NOW), *deliveries(loud, ["hook"], NOW)]
    ((ids, whole),) = grouping.groups(due, NOW)
    assert set(ids) == {one.id for one in due}
    assert whole.message["title"] == "2 alerts: A source is gone; A source is quiet"
    assert whole.message["text"].splitlines() == [
        "A source is gone", "Mend it.", "", "A source is quiet", "Look at it.",
    ]  # fmt: skip
    assert whole.message["severity"] == "warning"
    assert payload(whole)["incidents"] == ["source-1", "quiet-1"]


def test_what_pages_is_not_put_together_with_what_can_wait():
    calm = Incident(id="quiet-1", rule="quiet", company="", opened=NOW, title="A source is quiet",
                    detail={}, severity="notice")  # fmt: skip
    assert incident().severity == "page"
    assert grouping.groups([*deliveries(calm, ["hook"], NOW), delivery()], NOW) == []


def test_channels_are_grouped_apart_and_one_alone_stays_as_it_is():
    assert grouping.groups([delivery("a"), delivery("b")], NOW) == []


def test_a_message_that_may_be_out_already_keeps_its_id():
    first, second = many(2)
    tried = Delivery(**{name: getattr(first, name) for name in first.__slots__} | {"attempts": 1})
    assert grouping.groups([tried, second], NOW) == []


def test_the_id_of_a_group_follows_from_its_members_whatever_their_order():
    (_, first), (_, again) = *grouping.groups(many(5), NOW), *grouping.groups(many(5)[::-1], NOW)
    assert first.id == again.id
    assert first.message["title"] == again.message["title"]


def test_of_fifty_alerts_some_are_shown_and_the_others_named():
    ((_, whole),) = grouping.groups(many(50), NOW)
    shown = sections(whole.message)
    assert sum(len(section.text()) for section in shown[:-1]) <= SHOWN
    assert shown[-1].title == "Also"
    named = len(shown) - 1 + len(shown[-1].summary.splitlines())
    assert shown[-1].more == f"and {50 - named} more: candidly alerts"
    assert len(whole.message["parts"]) == 50

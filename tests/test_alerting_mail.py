"""Mail: what it looks like, that strangers' words do nothing in it, every way in which a server can fail."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from alert_hostile import HOSTILE
from alert_world import NOW, delivery, free_port, incident, secrets
from hypothesis import given, settings
from hypothesis import strategies as st
from smtp_world import STEPS, certificate, smtp_server

from alerting.channels import EmailChannel, build
from alerting.mail import compose
from alerting.messages import message
from alerting.outbox import deliver_due
from alerting.smtp import Server, hand_over
from candidly.config import Channel
from candidly.errors import DeliveryError
from candidly.records import Delivery
from storage import queries
from storage.store import Store

SENDER, TO = "candidly@example.org", ("ann@example.org", "bob@example.org")
OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate")


def parsed(content):
    return message_from_bytes(content, policy=policy.default)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl for a certificate")
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    return tls[0]


def channel(server, *, security="none", user="", to=TO[:1], key="s3cret", deadline=5.0):
    there = Server("127.0.0.1", server.port, security, user)
    return EmailChannel(there, SENDER, to, lambda: key, deadline=deadline)


def failure(channel, message=None):
    with pytest.raises(DeliveryError) as caught:
        channel.send(message or delivery("mail"))
    return caught.value


# ---- what it looks like


def test_a_mail_has_a_plain_text_and_the_same_as_html():
    mail = parsed(compose(delivery("mail"), SENDER, TO))
    assert mail["Subject"] == "Northwind Robotics: 14 negative mentions in 3 days (usual: 2 to 6)"
    assert mail["From"] == "candidly <candidly@example.org>"
    assert mail["To"] == "ann@example.org, bob@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, rich = mail.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part in (plain, rich):
        assert "“They never wrote back.” (reddit)" in part.get_content()


def test_a_repeat_is_the_same_mail_to_the_byte_and_its_id_is_the_delivery():
    first, again = compose(delivery("mail"), SENDER, TO), compose(delivery("mail"), SENDER, TO)
    assert first == again
    assert parsed(first)["Message-ID"] == f"<{delivery('mail').id}@example.org>"
    assert parsed(first)["X-Candidly-Id"] == delivery("mail").id


HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "X-Candidly-Id", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
}  # fmt: skip


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.words = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.words.append(data)


@settings(max_examples=100, deadline=None)
@given(HOSTILE, HOSTILE)
def test_no_word_of_a_stranger_adds_a_header_a_tag_or_a_link(quote, title):
    body = message(incident(quote), NOW) | {"title": title.replace("\x00", ""), "company": title}
    one = Delivery(id="delivery-1", channel="mail", subject=title, message=body, due=NOW)
    content = compose(one, SENDER, TO)
    mail = parsed(content)
    assert content.isascii()
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert "\n" not in mail["Subject"]
    plain, rich = mail.iter_parts()
    seen = Seen()
    seen.feed(rich.get_content())
    assert seen.tags <= {
        "html", "head", "meta", "title", "body", "h1", "h2", "p", "table", "tr", "td", "blockquote", "bdi",
    }  # fmt: skip
    assert seen.attributes <= {"lang", "charset", "style"}
    quotes = [line for line in plain.get_content().splitlines() if line.startswith("“")]
    assert not re.search(r"https?://|@|evil\.example", "".join(quotes))


def test_a_lone_surrogate_or_nul_in_an_old_message_does_not_stop_it():
    body = {"title": "a\r\nBcc: x@example.org\x00\ud800", "text": "b\ud800\x00c", "queued": "never"}
    one = Delivery(id="delivery-1", channel="mail", subject="", message=body, due=NOW)
    assert parsed(compose(one, SENDER, TO))["Bcc"] is None


# ---- the way to the server


def test_a_mail_is_handed_in_with_a_login_over_starttls(trusted):
    with smtp_server(tls=trusted) as server:
        channel(server, security="starttls", user="candidly", to=TO).send(delivery("mail"))
    ((to, mail),) = server.mails
    assert tuple(to) == TO
    assert mail["X-Candidly-Id"] == delivery("mail").id


def test_a_mail_is_handed_in_over_tls_from_the_start(trusted):
    with smtp_server(tls=trusted, at_once=True) as server:
        channel(server, security="tls", user="candidly").send(delivery("mail"))
    assert len(server.mails) == 1


def test_an_unknown_certificate_is_refused_and_may_be_put_right(tls):
    with smtp_server(tls=tls[0]) as server:
        error = failure(channel(server, security="starttls"))
    assert "certificate" in str(error)
    assert not error.permanent
    assert not server.seen


def test_without_starttls_nothing_is_sent():
    with smtp_server(offers=("AUTH PLAIN",)) as server:
        error = failure(channel(server, security="starttls", user="candidly"))
    assert error.permanent
    assert "security" in str(error)
    assert not server.seen


@OPENSSL
def test_a_password_that_is_not_ascii_is_told_at_once(trusted):
    with smtp_server(tls=trusted) as server:
        error = failure(channel(server, security="starttls", user="candidly", key="gehéim"))
    assert error.permanent
    assert "gehéim" not in str(error)


def test_no_error_holds_the_password_or_the_words_of_the_server():
    with smtp_server({"RCPT": "550 5.7.1 no ann@example.org here"}) as server:
        error = failure(channel(server))
    assert "550 5.7.1" in str(error)
    assert "ann@" not in str(error)
    assert "s3cret" not in str(error)


def test_a_closed_port_may_open():
    class Nobody:
        port = free_port()

    assert not failure(channel(Nobody)).permanent


# ---- several recipients


def test_one_who_is_refused_for_now_is_tried_again_alone(store):
    store.enqueue(delivery("mail"))
    with smtp_server({"RCPT": ["250 ok", "450 later", "250 ok"]}) as server:
        places = {"mail": channel(server, to=TO)}
        assert deliver_due(store, places, NOW).retried == 1
        assert deliver_due(store, places, NOW + timedelta(minutes=2)).sent == 1
    assert [mail["To"] for _, mail in server.mails] == ["ann@example.org, bob@example.org"] * 2
    assert len({mail["Message-ID"] for _, mail in server.mails}) == 1
    # what RCPT named, refused ones included: both, then the one that was left
    assert [to for to, _ in server.mails] == [list(TO), ["bob@example.org"]]


def test_one_who_is_refused_for_good_is_told_and_the_other_has_it(store):
    store.enqueue(delivery("mail"))
    other = Memory()
    with smtp_server({"RCPT": ["250 ok", "550 unknown"]}) as server:
        report = deliver_due(store, {"mail": channel(server, to=TO), "other": other}, NOW)
    assert (report.failed, len(server.mails), len(other.got)) == (1, 1, 1)
    assert "1 of 2 recipients" in queries.incidents(store)[0].detail["summary"]


# ---- every step x every failure: nothing is lost, nothing hangs


class Memory:
    def __init__(self):
        self.got = []

    def send(self, message):
        self.got.append(message.id)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'candidly.db'}") as opened:
        yield opened


FAILURES = ("421 later", "451 later", "550 no", "hang", "drop", "drip")
MORE = ("454 later", "500 what", "535 no", "554 no")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("failure", [*FAILURES, *(pytest.param(one, marks=pytest.mark.slow) for one in MORE)])
def test_whatever_a_server_does_a_mail_arrives_or_somebody_is_told(store, trusted, step, failure):
    store.enqueue(delivery("mail"))
    other = Memory()
    with smtp_server({step: failure}, tls=trusted) as server:
        places = {
            "mail": channel(server, security="starttls", user="candidly", deadline=0.15),
            "other": other,
        }
        first = deliver_due(store, places, NOW)
        server.script.clear()  # mended
        places["mail"].deadline = 5.0
        second = deliver_due(store, places, NOW + timedelta(minutes=2))
    if failure[0] == "5":
        assert (first.failed, len(other.got), second.sent, server.mails) == (1, 1, 0, [])
    else:
        assert (first.retried, second.sent, len(server.mails), other.got) == (1, 1, 1, [])
    assert {mail["X-Candidly-Id"] for mail in server.seen} <= {delivery("mail").id}


def test_half_an_answer_at_the_deadline_is_no_refusal():
    """`222...` cut off would be a good EHLO without STARTTLS, which is given up at once."""
    there = Server("127.0.0.1", 0, "starttls")
    with smtp_server({"EHLO": "drip"}) as server, pytest.raises(DeliveryError) as caught:
        hand_over(replace(there, port=server.port), "", SENDER, TO, b"x", 0.2)
    assert not caught.value.permanent


# ---- the configuration


def test_a_channel_of_the_configuration_logs_in_with_its_secret(trusted):
    with smtp_server(tls=trusted) as server:
        made = build(
            [
                Channel(
                    name="mail", type="email", host="127.0.0.1", port=server.port, user="candidly",
                    password_secret="MAIL_PASSWORD", **{"from": SENDER}, to=TO,
                )
            ],
            secrets(MAIL_PASSWORD="s3cret"),
            None,
        )  # fmt: skip
        made["mail"].send(delivery("mail"))
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": ""}, "needs `host`"),
        ({"to": ()}, "needs `host`"),
        ({"user": "x"}, "go together"),
        ({"user": "x", "password_secret": "PW", "security": "none"}, "not sent without encryption"),
        ({"type": "console"}, "for a channel of type email"),
        ({"to": ("x@example.org\nBcc: y@example.org",)}, "pattern"),
        ({"to": ("Ann <x@example.org>",)}, "pattern"),
    ],
)
def test_what_cannot_work_is_an_error_of_the_configuration(changes, words):
    good = {"name": "mail", "type": "email", "host": "mail.example.org", "from": SENDER, "to": TO}
    Channel(**good)
    with pytest.raises(ValueError, match=re.escape(words)):
        Channel(**(good | changes))


@given(st.sampled_from([("starttls", 587), ("tls", 465), ("none", 25)]))
def test_ports_follow_the_encryption(pair):
    good = {"name": "mail", "type": "email", "host": "mail.example.org", "from": SENDER, "to": TO}
    assert Channel(**good, security=pair[0]).mail_port == pair[1]
    assert Channel(**good, port=2525).mail_port == 2525

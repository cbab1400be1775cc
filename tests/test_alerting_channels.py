"""Every channel against a real receiver."""

from __future__ import annotations

import io
import json
import logging
import os
import re

import pytest
from alert_world import APPRISE, NOW, delivery, free_port, mail_server, receiver, secrets

from alerting.channels import ConsoleChannel, FileChannel, WebhookChannel, build
from alerting.post import retry_after, wants_text
from alerting.services import AppriseChannel, notify
from candidly.config import Channel
from candidly.errors import DeliveryError
from candidly.net import is_public, reachable

pytestmark = APPRISE


def hook(url, **options):
    return WebhookChannel(lambda: url, **{"allow_private": True, "deadline": 5.0, **options})


def failure(channel, message=None):
    with pytest.raises(DeliveryError) as caught:
        channel.send(message or delivery())
    return caught.value


def test_the_console_shows_title_and_text_indented():
    stream = io.StringIO()
    ConsoleChannel(stream).send(delivery())
    assert "ALERT  Northwind Robotics: 14 negative mentions in 3 days" in stream.getvalue()
    assert "\n       “They never wrote back.” (reddit)\n" in stream.getvalue()


def test_the_console_survives_an_ascii_terminal_and_reports_a_closed_one():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    ConsoleChannel(stream).send(delivery())
    assert b"They never wrote back." in raw.getvalue()
    stream.close()
    assert "console" in str(failure(ConsoleChannel(stream)))


def test_the_file_gets_one_line_of_json_a_message(tmp_path):
    path = tmp_path / "new" / "alerts.jsonl"
    for _ in range(2):
        FileChannel(path).send(delivery())
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == second
    assert first["id"] == delivery().id
    assert first["title"].startswith("Northwind Robotics")


def test_a_line_cut_short_by_a_crash_does_not_swallow_the_next(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"id": "cut')
    FileChannel(path).send(delivery())
    assert json.loads(path.read_text().splitlines()[1])["id"] == delivery().id


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_an_error_that_may_pass(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    error = failure(FileChannel(tmp_path / "full"))
    assert not error.permanent
    assert "full cannot be written" in str(error)


def test_a_webhook_gets_json_and_the_delivery_id_as_idempotency_key():
    with receiver(204) as server:
        hook(server.url + "/alert").send(delivery())
    ((path, headers, body),) = server.got
    assert path == "/alert"
    assert headers["Idempotency-Key"] == headers["X-Candidly-Id"] == body["id"] == delivery().id
    assert body["company"] == "Northwind Robotics"
    assert ["Most complaints in 3 days", "Communication (9), Process (3)"] in body["facts"]


def test_a_slack_style_hook_gets_escaped_text_without_markup():
    with receiver(200) as server:
        hook(server.url + "/hooks/T1/B1/x").send(delivery(text="A & B <!channel> here"))
    ((_, _, body),) = server.got
    assert "A &amp; B &lt;!channel&gt; here" in body["text"]
    assert body["mrkdwn"] is False
    assert wants_text("https://hooks.slack.com/services/T/B/x")
    assert not wants_text("https://hooks.slack.com.evil.example/services/x")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_permanent(status):
    with receiver(status) as server:
        error = failure(hook(server.url))
    assert error.permanent
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status):
    with receiver(200) as other, receiver((status, {"Location": other.url})) as server:
        assert failure(hook(server.url)).permanent
        assert not other.got


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    with receiver(200) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
        monkeypatch.delenv("no_proxy", raising=False)
        hook(server.url).send(delivery())
        assert server.got


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_an_overloaded_server_is_asked_again(status):
    with receiver((status, {"Retry-After": "120"})) as server:
        error = failure(hook(server.url))
    assert not error.permanent
    assert error.retry_after == 120


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("99999999", 6 * 3600),
        ("Tue, 10 Mar 2026 09:05:00 GMT", 300),
        ("Tue, 10 Mar 2020 09:05:00 GMT", 1),
        ("Tue, 10 Mar 2026 09:05:00", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date_within_bounds(value, seconds):
    assert retry_after(value, NOW) == seconds


def test_a_server_that_never_answers_is_given_up_on_at_the_deadline():
    with receiver("hang") as server:
        error = failure(hook(server.url, deadline=0.3))
    assert not error.permanent


def test_a_closed_port_may_open_again_and_the_address_stays_secret():
    error = failure(hook(f"http://127.0.0.1:{free_port()}/s3cret-token"))
    assert not error.permanent
    assert "s3cret" not in str(error)
    assert "127.0.0.1" not in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433"])
def test_private_addresses_are_refused_unless_allowed(host):
    with receiver(200) as server:
        error = failure(hook(f"http://{host}:{server.server_port}/", allow_private=False))
        assert error.permanent
        assert not server.got


@pytest.mark.parametrize(
    "url", ["ftp://x.example/", "nonsense", "http://", "file:///etc/passwd", "http://[::1"]
)
def test_what_is_no_web_address_is_permanent(url):
    assert failure(hook(url)).permanent


def test_a_missing_secret_names_itself_and_may_be_put_right():
    (channel,) = build(
        [Channel(name="hook", type="webhook", url_secret="HOOK_URL")], secrets(), None
    ).values()
    error = failure(channel)
    assert "HOOK_URL" in str(error)
    assert not error.permanent


def test_channels_are_built_from_the_configuration(tmp_path):
    made = build(
        [
            Channel(name="console", type="console"),
            Channel(name="log", type="file", path="alerts.jsonl"),
            Channel(name="hook", type="webhook", url_secret="A"),
            Channel(name="mail", type="apprise", url_secret="B"),
        ],
        secrets(),
        tmp_path,
    )
    assert [type(one).__name__ for one in made.values()] == [
        "ConsoleChannel", "FileChannel", "WebhookChannel", "AppriseChannel",
    ]  # fmt: skip
    made["log"].send(delivery())
    assert (tmp_path / "alerts.jsonl").exists()


def test_mail_arrives_as_plain_text_and_content_cannot_add_a_header():
    text = "Fine.\r\nBcc: everybody@example.org\r\n\r\n<b>boo</b>"
    with mail_server() as box:
        AppriseChannel(lambda: box.url).send(delivery(text=text))
    ((envelope, mail),) = box.mails
    assert envelope.rcpt_tos == ["team@example.org"]
    assert mail["Subject"] == delivery().subject
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"
    assert "“Fine. Bcc: everybody＠example[.]org <b>boo</b>”" in mail.get_content()
    assert mail["X-Candidly-Id"] == delivery().id


def test_a_mail_server_that_refuses_or_is_down_is_a_failure_without_the_address():
    heard, listener = [], logging.Handler()
    listener.emit = heard.append
    logging.getLogger().addHandler(listener)
    with mail_server("451 later") as box:
        error = failure(AppriseChannel(lambda: box.url))
    down = failure(
        AppriseChannel(
            lambda: f"mailto://u:s3cret@127.0.0.1:{free_port()}?from=b@example.org&to=a@example.org"
        )
    )
    logging.getLogger().removeHandler(listener)
    for one in (error, down):
        assert not one.permanent
        assert "s3cret" not in str(one)
    assert not [record for record in heard if record.name == "apprise"]


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (410, True), (429, False), (503, False)])
def test_a_refusal_through_apprise_is_permanent_and_an_overload_is_not(status, permanent):
    with receiver(status) as server:
        url = f"json://127.0.0.1:{server.server_port}/s3cret"
        error = failure(AppriseChannel(lambda: url))
    assert error.permanent is permanent
    assert str(status) in str(error)
    assert "s3cret" not in str(error)


def test_an_address_that_apprise_does_not_know_is_permanent():
    assert failure(AppriseChannel(lambda: "carrierpigeon://x")).permanent


def test_an_apprise_service_that_hangs_is_given_up_on():
    with receiver("hang") as server:
        url = f"json://127.0.0.1:{server.server_port}/"
        error = failure(AppriseChannel(lambda: url, deadline=0.3))
    assert "no answer" in str(error)


def test_teams_gets_a_card_without_mentions_links_or_pictures():
    from apprise.plugins.workflows import NotifyWorkflows

    cards = []

    class Recorded(NotifyWorkflows):
        def gen_payload(self, *args, **kwargs):
            cards.append(super().gen_payload(*args, **kwargs))
            return  # an https server of our own would prove nothing more

    Recorded.__name__ = "NotifyWorkflows"
    plugin = Recorded(host="127.0.0.1", workflow="w", signature="s")
    text = "<at>Boss</at> [click](https://evil.example) <https://evil.example> www.evil.example"
    with pytest.raises(DeliveryError):
        notify(plugin, delivery(text=text))
    content = cards[0]["attachments"][0]["content"]
    assert "entities" not in content["msteams"]
    assert {block["type"] for block in content["body"]} == {"TextBlock"}
    assert not re.search(r"<at>|\]\(|://|evil\.example|[<>]", json.dumps(content["body"]))


def test_public_and_private_addresses():
    for private in (
        "127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "192.0.0.8", "192.88.99.1", "224.0.0.1", "0.0.0.0", "fe80::1%eth0", "fd00::1",
        "100.64.0.1", "", "x",
    ):  # fmt: skip
        assert not is_public(private), private
    for public in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"):
        assert is_public(public), public
    assert reachable("10.1.2.3", allow_private=True)
    assert not reachable("169.254.169.254", allow_private=True)

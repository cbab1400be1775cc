"""The command line at its edges: two at once, a reader that leaves, a wrong name, nothing to read yet."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from house import CONFIG, KEY, NOW, House, make, write_reviews

import scheduler
from candidly import cli
from candidly.console import table
from candidly.errors import UsageError
from candidly.lock import run_lock


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make(tmp_path, rows=5)


def feed(house: House, url: str, more: str = "") -> None:
    """Make a feed the only source."""
    lines = [line for line in CONFIG.splitlines() if "type: file, path: inbox" not in line]
    block = (
        f"  - {{name: news, type: feed, urls: ['{url}'], company: Northwind Robotics, allow_private: true, "
    )
    block += f"min_interval: 0, terms_read: 2026-01-01{more}}}"
    lines.insert(lines.index("sources:") + 1, block)
    house.write("config.yaml", "\n".join(lines) + "\n")


@pytest.mark.parametrize("command", [("run", "--json"), ("alerts", "run")])
def test_the_second_of_two_at_once_says_so_and_is_no_failure(house: House, command: tuple[str, ...]) -> None:
    with run_lock(house.folder / "candidly.db.lock"):
        done = house.run(*command)
    assert done.code == 0
    assert done.out == ""
    assert f"process {os.getpid()}" in done.err
    assert "Nothing was done." in done.err


def test_a_quiet_run_speaks_of_trouble_and_news_only(house: House) -> None:
    assert "Report: " in house.run("-q", "run").out
    again = house.run("-q", "run")
    assert (again.code, again.out, again.err) == (0, "", "")
    (house.folder / "inbox" / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "bad.csv" in house.run("-q", "run").out


def test_a_reader_that_leaves_is_no_failure(tmp_path: Path) -> None:
    house = make(tmp_path, rows=400)
    house.run("collect")
    process = subprocess.Popen(
        house.command("export"),
        cwd=house.folder,
        env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 0
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_a_folder_without_an_export_is_told_before_and_at_the_run(house: House) -> None:
    (house.folder / "inbox" / "reviews.csv").unlink()
    (house.folder / "inbox").rmdir()
    check = house.run("check")
    assert check.code == 2
    assert "FAIL source inbox: no file is at 'inbox'" in check.out
    assert "Put an export there" in check.out
    done = house.run("run")
    assert done.code == 1
    assert "Put an export there" in done.out


@pytest.mark.parametrize(
    ("content", "mode", "given", "says"),
    [
        ("a" * 64, 0o644, "", "every user can read"),
        ("damaged", 0o600, "", "is damaged"),
        (None, 0, "hunter2", "CANDIDLY_AUTHOR_KEY is too short"),
    ],
)
def test_a_key_of_authors_that_stops_a_run_fails_the_check_in_the_same_words(
    house: House, content: str | None, mode: int, given: str, says: str
) -> None:
    if content is not None:
        path = house.folder / ".candidly-author-key"
        path.write_text(content, encoding="ascii")
        path.chmod(mode)
    refused = house.run("run", CANDIDLY_AUTHOR_KEY=given)
    check = house.run("check", CANDIDLY_AUTHOR_KEY=given)
    assert (refused.code, check.code) == (2, 2)
    (line,) = (line for line in check.out.splitlines() if line.startswith("FAIL"))
    assert says in line
    assert line.removeprefix("FAIL key of authors: ") in refused.err


def test_the_check_makes_no_key_of_authors(house: House) -> None:
    done = house.run("check", CANDIDLY_AUTHOR_KEY="")
    assert done.code == 0
    assert "ok   key of authors" in done.out
    assert not (house.folder / ".candidly-author-key").exists()


def test_a_heartbeat_whose_secret_is_no_address_is_told(house: House) -> None:
    house.write("config.yaml", CONFIG + "  heartbeat: {url_secret: BEAT_URL}\n")
    done = house.run("check", BEAT_URL="beats.example.com/T0")
    assert done.code == 2
    (line,) = (line for line in done.out.splitlines() if "heartbeat" in line)
    assert line.startswith("FAIL heartbeat: the secret BEAT_URL holds no ")
    assert "T0" not in done.out
    good = house.run("check", BEAT_URL="https://beats.example.com/T0")
    assert good.code == 0
    assert "ok   heartbeat" in good.out


@pytest.mark.parametrize(
    ("kind", "value", "good"),
    [
        ("slack", "xoxb-not-an-address", False),
        ("webhook", "hooks.example.com/T0/B0", False),
        ("webhook", "ftp://hooks.example.com/T0", False),
        ("teams", "https://hooks example.com", False),
        ("apprise", "some words", False),
        ("apprise", "ntfys://ntfy.example.com/topic", True),
        ("slack", " https://hooks.example.com/services/T0/B0\n", True),
    ],
)
def test_a_channel_whose_secret_is_no_address_is_told(
    house: House, kind: str, value: str, good: bool
) -> None:
    channel = f"    - {{name: hook, type: {kind}, url_secret: HOOK_URL}}\n"
    house.write("config.yaml", CONFIG + channel)
    done = house.run("check", HOOK_URL=value)
    assert done.code == (0 if good else 2)
    (line,) = (line for line in done.out.splitlines() if "channel hook" in line)
    if good:
        assert line == f"ok   channel hook ({kind})"
    else:
        assert line.startswith("FAIL channel hook: the secret HOOK_URL holds no ")
        assert ": set it to " in line
        assert value not in done.out + done.err


def test_no_report_is_written_of_a_company_of_which_nothing_is_known(house: House) -> None:
    export = house.folder / "inbox" / "reviews.csv"
    export.unlink()
    first = house.run("run")
    assert first.code == 0
    assert "no report yet on Northwind Robotics" in first.err
    assert not (house.folder / "reports").exists()
    write_reviews(export, 60)
    assert len(house.run("run", "--json").json["reports"]) == 3


def test_an_empty_store_says_the_same_of_every_company(house: House) -> None:
    """One has a source of its own, of the other a source that reads about anybody might speak."""
    config = CONFIG.replace("    aliases: [Northwind]", "    aliases: [Northwind]\n  - name: Halden & Price")
    news = "  - {name: news, type: feed, urls: ['https://news.example/feed'], terms_read: 2026-01-01}"
    house.write("config.yaml", config.replace("alerts:", f"{news}\nalerts:"))
    done = house.run("report")
    headlines = [line for line in done.out.splitlines() if not line.startswith(" ")]
    companies = ["Northwind Robotics", "Halden & Price"]
    assert headlines == [f"{one}: No data: no source was collected this week" for one in companies]
    assert [one["company"] for one in house.run("report", "--json").json] == companies
    (one,) = companies[1:]
    assert house.run("report", "--json", "--company", one).json["company"] == one
    (page,) = (house.folder / "reports").glob("halden*.md")
    assert "missing and not zero: news" in page.read_text(encoding="utf-8")


def test_a_week_without_mentions_is_reported_again_when_its_export_comes(house: House) -> None:
    """Only old reviews at first: nothing is known of last week, until Tuesday brings its export."""
    export = house.folder / "inbox" / "reviews.csv"
    header, *rows = export.read_text(encoding="utf-8").splitlines(keepends=True)
    old, new = [row.replace("2026-0", "2024-0") for row in rows], rows
    export.write_text(header + "".join(old), encoding="utf-8")
    assert len(house.run("run", "--json").json["reports"]) == 3
    assert house.run("run", "--json").json["reports"] == []
    (house.folder / "inbox" / "more.csv").write_text(header + "".join(new), encoding="utf-8")
    assert len(house.run("run", "--json", now=NOW + timedelta(days=1)).json["reports"]) == 3
    assert house.run("run", "--json", now=NOW + timedelta(days=1)).json["reports"] == []


@pytest.mark.parametrize("command", [("export", "--company"), ("alerts", "--company")])
def test_a_misspelt_company_is_an_error_not_an_empty_answer(house: House, command: tuple[str, ...]) -> None:
    done = house.run(*command, "Northwind Robotic")
    assert done.code == 2
    assert "Did you mean 'Northwind Robotics'?" in done.err
    assert house.run(*command, "Northwind Robotics").code == 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("query", "SELECT 1", "--limit", "0"), "--limit"),
        (("query", "SELECT 1", "--timeout", "0"), "--timeout"),
        (("alerts", "--limit", "-1"), "--limit"),
        (("export", "--output", "."), "is a directory"),
        (("analyse", "--input", "inbox/reviews.csv", "--output", "."), "is a directory"),
        (("analyse", "--input", "inbox", "--output", "out.jsonl"), "is a directory"),
        (("export", "--since", "2026-02-02", "--until", "2026-02-02"), "not after --since"),
        (("report", "--week", "2026-W30"), "has not begun"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(house: House, command: tuple[str, ...], says: str) -> None:
    done = house.run(*command)
    assert done.code == 2
    assert says in done.err


def test_a_cut_answer_is_told_in_json_too(house: House) -> None:
    house.run("collect")
    done = house.run("query", "SELECT pk FROM mention", "--limit", "2", "--json")
    assert len(done.json) == 2
    assert "--limit" in done.err


def test_a_dry_run_speaks_plainly(house: House) -> None:
    out = house.run("collect", "--dry-run").out
    assert "title = review" in out
    assert not set("{}[]'") & set(out)
    assert "problem" not in out


def test_a_row_of_a_table_is_one_line() -> None:
    assert table(["title", "n"], [["two\nlines\u2028more", 1], [None, 2]]).splitlines()[2:] == [
        "two lines more  1",
        "-               2",
    ]


def test_no_more_than_usage_is_shown_for_a_broken_collector(house: House) -> None:
    """A fault in the configuration that only the collector can see is not called a fault of candidly."""
    text = CONFIG.replace(
        "  - {name: inbox",
        "  - {name: page, type: page, urls: ['http://127.0.0.1:9/'], allow_private: true, "
        "terms_read: 2026-01-01, selectors: {item: 'li[['}}\n  - {name: inbox",
    )
    house.write("config.yaml", text)
    done = house.run("collect", "page")
    assert done.code == 1
    assert "selectors.item" in done.out
    assert "fault of candidly" not in done.out


@pytest.fixture
def serve() -> Iterator[object]:
    """A server that answers every request alike, or never where `body` is None; yields a starter."""
    sockets: list[socket.socket] = []

    def start(body: bytes | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                sockets.append(connection)
                if body is not None:
                    with connection:
                        connection.recv(65536)
                        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
                        connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/feed.xml"

    yield start
    for one in sockets:
        one.close()


EMPTY = b"<rss version='2.0'><channel><title>news</title></channel></rss>"
ENTRY = b"<item><title>Northwind</title><guid>1</guid><description>Slow.</description></item>"


def test_a_source_that_runs_dry_is_a_breach_of_what_was_expected(house: House, serve: object) -> None:
    assert callable(serve)
    feed(house, serve(EMPTY), ", expect: {min: 1}")
    done = house.run("run", "--json")
    assert done.json["sources"][0]["status"] == "degraded"
    assert "at least 1" in done.json["sources"][0]["message"]
    assert done.json["incidents"] == ["Source news is not what it should be"]
    assert "only 0 items" in house.run("status").out
    feed(house, serve(EMPTY.replace(b"</channel>", ENTRY + b"</channel>")), ", expect: {min: 1}")
    assert house.run("run", "--json").json["sources"][0]["status"] == "ok"
    (incident,) = house.run("alerts", "--json").json["incidents"]
    assert incident["status"] == "resolved"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_schedule_at_once(house: House, serve: object, number: int) -> None:
    assert callable(serve)
    feed(house, serve(None))  # a server that never answers, so that the batch in hand takes long
    process = subprocess.Popen(
        [sys.executable, "-m", "candidly", "--debug", "schedule"],
        cwd=house.folder,
        env=os.environ | {"CANDIDLY_AUTHOR_KEY": KEY},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        for wanted in ("scheduled", "stopping"):
            while wanted not in process.stderr.readline():
                assert process.poll() is None
            process.send_signal(number)
        assert process.wait(10) == -number


def test_an_unknown_error_of_a_job_is_logged_by_its_kind_alone(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("candidly")
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logger, "handlers", [])  # whatever a test before left there
    for error in (ValueError("a text from a source"), UsageError("no room.", "Make some.")):
        scheduler._report_trouble(SimpleNamespace(exception=error, job_id="source:x"))  # type: ignore[arg-type]
    assert caplog.messages == ["job source:x failed: ValueError", "job source:x failed: no room. Make some."]


def test_the_demo_may_run_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from candidly.demo.run import MARK, _empty

    monkeypatch.chdir(tmp_path)
    _empty(Path())
    (tmp_path / "old").mkdir()
    (tmp_path / "config.yaml").touch()
    _empty(Path())
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


def test_the_exit_code_of_help_and_of_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    assert cli.run(["run", "--nope"]) == 2
    assert "No such option" in capsys.readouterr().err


def test_the_status_counts_one_as_one(house: House) -> None:
    from candidly.commands.read import _waiting

    assert "0 open incidents, 0 deliveries waiting" in house.run("status").out
    assert _waiting(1, 1) == "1 open incident, 1 delivery waiting"

"""When candidly itself is dead, somebody hears of it: a heartbeat that stays away, a check by cron."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from alert_world import free_port
from house import CONFIG, NOW, House, make

HEARTBEAT = CONFIG + "  heartbeat: {url_secret: BEAT_URL, allow_private: true}\n"


@contextmanager
def watcher(status=200):
    """A service that waits for signs of life."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ping/s3cret", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def beating(tmp_path: Path) -> House:
    house = make(tmp_path)
    (tmp_path / "config.yaml").write_text(HEARTBEAT, encoding="utf-8")
    return house


def test_a_good_round_gives_a_sign_of_life(beating):
    with watcher() as (url, asked):
        assert beating.run("run", BEAT_URL=url).code == 0
    assert asked == ["/ping/s3cret"]


def test_a_dead_house_gives_none(beating):
    """What the watcher sees of a process that was killed, or whose every source fails: nothing."""
    (beating.folder / "config.yaml").write_text(
        HEARTBEAT.replace("path: inbox,", "path: gone,"), encoding="utf-8"
    )
    with watcher() as (url, asked):
        done = beating.run("run", BEAT_URL=url)
    assert done.code != 0
    assert asked == []
    assert "no heartbeat" in done.err


def test_where_no_channel_takes_messages_silence_tells(beating):
    deaf = HEARTBEAT.replace(
        "    - {name: console, type: console}\n    - {name: log, type: file, path: alerts.jsonl}\n",
        "    - {name: hook, type: webhook, url_secret: HOOK_URL}\n",
    ).replace("path: inbox,", "path: inbox, expect: {min: 100},")
    (beating.folder / "config.yaml").write_text(deaf, encoding="utf-8")
    with watcher() as (url, asked):
        hook = f"http://127.0.0.1:{free_port()}/"  # refused: private addresses are not allowed here
        done = beating.run("run", BEAT_URL=url, HOOK_URL=hook)
    assert asked == []
    assert "no other to tell it through" in done.err
    check = beating.run("status", "--exit-code", BEAT_URL=url)
    assert check.code == 1
    assert "no channel takes messages" in check.out


def test_a_watcher_that_is_down_stops_nothing_and_its_address_stays_secret(beating):
    done = beating.run("run", BEAT_URL=f"http://127.0.0.1:{free_port()}/s3cret")
    assert done.code == 0
    assert "the heartbeat was not taken" in done.err
    assert "s3cret" not in done.err + done.out


def test_alerts_test_tries_the_heartbeat_too(beating):
    with watcher() as (url, asked):
        good = beating.run("alerts", "test", BEAT_URL=url)
    assert "heartbeat: sent" in good.out
    assert len(asked) == 1
    with watcher(404) as (url, _):
        bad = beating.run("alerts", "test", "heartbeat", BEAT_URL=url)
    assert bad.code == 1
    assert "heartbeat: the server answered 404" in bad.out


def test_the_check_is_silent_while_all_is_well_and_one_line_when_it_is_not(tmp_path):
    house = make(tmp_path)
    never = house.run("status", "--exit-code")
    assert (never.code, never.out.count("\n")) == (1, 1)
    assert "inbox" in never.out
    house.run("run")
    period, grace = timedelta(hours=6), timedelta(hours=12)
    well = house.run("status", "--exit-code", now=NOW + period + grace)
    assert (well.code, well.out) == (0, "")
    late = house.run("status", "--exit-code", now=NOW + period + grace + timedelta(minutes=1))
    assert late.code == 1
    assert late.out == (
        "candidly: no good run within their `every` and the grace: inbox (last 2026-02-16 07:00 UTC)\n"
    )


def test_the_check_takes_an_age_of_its_own(tmp_path):
    house = make(tmp_path)
    house.run("run")
    assert house.run("status", "--exit-code", "--max-age", "26h", now=NOW + timedelta(hours=25)).code == 0
    late = house.run("status", "--exit-code", "--max-age", "26h", now=NOW + timedelta(hours=27))
    assert late.code == 1
    assert late.out == "candidly: no good run within 26h: inbox\n"

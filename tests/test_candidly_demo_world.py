"""The demo world is what it says, and its servers behave like the real ones."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from statistics import mean

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import collectors
from candidly import cli
from candidly.configfile import load
from candidly.demo.config import write_config
from candidly.demo.exports import write_export
from candidly.demo.invent import build_world
from candidly.demo.run import QUERY, called_as
from candidly.demo.servers import CLIENT_ID, CLIENT_SECRET, DemoServers
from candidly.demo.site_server import SLUGS
from candidly.demo.world import COMPANY
from candidly.demo.writer import CANDIDATE, WORK, phrases
from candidly.records import Mention, Reject
from collectors.base import Context

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ("/srv/my venv/bin/candidly", "'/srv/my venv/bin/candidly'"),
        ("/srv/candidly/__main__.py", "/usr/bin/python3 -m candidly"),
    ],
)
def test_the_commands_to_try_next_can_be_run(argv, shown, monkeypatch):
    """`python -m candidly` leaves a file in argv that is no program."""
    monkeypatch.setattr(sys, "argv", [argv])
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setenv("PATH", "")
    assert called_as() == shown


@pytest.fixture(scope="module")
def world():
    return build_world(NOW)


@pytest.fixture(scope="module")
def running(world):
    with DemoServers(world) as servers:
        yield servers


@pytest.fixture
def servers(running, world):
    running.world = world
    running.heal()
    running.log.clear()
    return running


def get(url, **headers):
    answer = requests.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()}, timeout=5)
    return answer.status_code, answer.headers, answer.content.decode()


# ---------------------------------------------------------------- the world


def test_the_same_moment_gives_the_same_world(world):
    assert build_world(NOW) == world
    assert build_world(NOW.astimezone(timezone(timedelta(hours=9)))) == world
    assert build_world(NOW, seed=8) != world


def test_a_later_world_has_the_same_past(world):
    later = build_world(NOW + timedelta(weeks=1))
    start = world.crisis_start - timedelta(weeks=8)
    old = {e.id: e for e in world.entries if start < e.published < world.crisis_start}
    assert old
    assert old.items() <= {e.id: e for e in later.entries}.items()


def test_it_spans_half_a_year_of_some_two_thousand_texts_that_rarely_repeat(world):
    texts = list(world.texts())
    assert 1500 <= len(texts) <= 2500
    assert len({text for _, text in texts}) >= 0.9 * len(texts)
    first, last = min(when for when, _ in texts), max(when for when, _ in texts)
    assert first >= datetime(2026, 5, 25, tzinfo=UTC), "26 weeks before the current one"
    assert last <= NOW
    weeks = Counter(f"{when:%G-W%V}" for when, _ in texts)
    assert len(weeks) == 27
    quiet = [n for week, n in weeks.items() if week not in ("2026-W47", "2026-W48")]
    assert 60 <= mean(quiet) <= 95
    assert min(quiet) >= 40


@settings(max_examples=20, deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))  # noqa: DTZ001 - hypothesis wants them bare
def test_the_crisis_is_in_the_last_complete_week_whenever_it_is(moment):
    now = moment.replace(tzinfo=UTC)
    world = build_world(now, weeks=2)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    assert world.crisis_start == monday - timedelta(days=6)
    assert world.crisis_end == monday - timedelta(days=2)
    assert all(when <= now for when, _ in world.texts())


def test_the_crisis_is_silence_on_four_days(world):
    silent = re.compile(
        r"ghosted|never heard|no reply|no answer|silence|nobody answers|unanswered|ignored", re.IGNORECASE
    )
    days = Counter(when.date() for when, text in world.texts() if silent.search(text))
    crisis = [days[(world.crisis_start + timedelta(days=n)).date()] for n in range(4)]
    usual = [n for day, n in days.items() if day < world.crisis_start.date()]
    assert min(crisis) > 2 * mean(usual)
    assert mean(crisis) > 3 * mean(usual)


def test_ids_are_unique_and_every_reply_answers_something_there(world):
    ids = [f"t3_{post.id}" for post in world.posts] + [f"t1_{c.id}" for p in world.posts for c in p.comments]
    assert len(set(ids)) == len(ids)
    for post in world.posts:
        own = {f"t3_{post.id}", *(f"t1_{c.id}" for c in post.comments)}
        assert {c.parent for c in post.comments} <= own
    reviews = [review.id for review in (*world.reviews, *world.export_reviews)]
    assert len(set(reviews)) == len(reviews)
    assert len({entry.id for entry in world.entries}) == len(world.entries)


def test_replies_come_after_what_they_answer(world):
    for post in world.posts:
        times = {f"t3_{post.id}": post.created} | {f"t1_{c.id}": c.created for c in post.comments}
        assert all(c.created > times[c.parent] for c in post.comments)


def test_an_earlier_look_shows_only_what_was_there(world):
    moment = world.crisis_start
    earlier = world.until(moment)
    assert 0 < len(list(earlier.texts())) < len(list(world.texts()))
    assert all(when <= moment for when, _ in earlier.texts())
    assert earlier.now == moment
    assert earlier.until(NOW).posts == earlier.posts


def test_it_holds_what_a_reader_of_strangers_has_to_survive(world):
    text = "\n".join(text for _, text in world.texts())
    for part in ("<script>alert(1)</script>", "<!channel>", '=cmd|"/C calc"!A0', "[deleted]", "[removed]",
                 "EDIT:", "@example.com", "+44 20 7946 0958", "Nach ", "Después de ", "😡"):  # fmt: skip
        assert part in text, part
    assert any(not post.body and post.link for post in world.posts)
    assert any(not post.comments for post in world.posts)
    assert any(c.author == "[deleted]" for post in world.posts for c in post.comments)


def test_every_theme_has_praise_and_complaint_in_its_phrases():
    for theme in {*CANDIDATE, *WORK}:
        assert len(phrases()[f"{theme} -"]) >= 2
        assert len(phrases()[f"{theme} +"]) >= 2
    assert not [line for lines in phrases().values() for line in lines if line.count("[") != line.count("]")]


def test_no_pattern_is_left_unfilled(world):
    for _, text in world.texts():
        assert not re.search(r"\{\w+\}|\[[^\]]*\|", text), text


def test_the_demo_package_imports_nothing_heavy():
    code = (
        "import sys, candidly.demo.invent, candidly.demo.exports, candidly.demo.config;"
        "heavy = ('praw', 'requests', 'openpyxl', 'pandas', 'bs4', 'pydantic');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- the servers


def test_they_listen_on_this_machine_only(servers):
    for url in (servers.reddit_url, servers.site_url, servers.feed_url):
        assert url.startswith("http://127.0.0.1:")


def test_the_site_pages_through_all_reviews_of_a_company(servers, world):
    for slug, company in SLUGS.items():
        found, path = [], f"/{slug}/reviews"
        while path:
            status, _, html = get(servers.site_url + path)
            assert status == 200
            found += re.findall(r'<article id="(\w+)"', html)
            link = re.search(r'rel="next" href="([^"]+)"', html)
            path = link[1] if link else ""
        assert found == [r.id for r in reversed(world.reviews) if r.company == company]


def test_the_json_of_a_page_is_whole_and_no_review_ends_its_script(servers):
    _, _, html = get(f"{servers.site_url}/northwind-robotics/reviews")
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(scripts) == 1
    graph = json.loads(scripts[0])["@graph"]
    assert {item["@type"] for item in graph} == {"EmployerAggregateRating", "EmployerReview"}
    assert graph[0]["reviewCount"] > len(graph) - 1


def test_what_has_not_changed_is_said_to_be_so(servers):
    for url in (f"{servers.site_url}/northwind-robotics/reviews", servers.feed_url):
        _, headers, body = get(url)
        assert body
        status, _, body = get(url, If_None_Match=headers["ETag"])
        assert (status, body) == (304, "")
        assert get(url, If_None_Match='"another"')[0] == 200
    assert get(servers.feed_url)[1]["Last-Modified"].endswith("GMT")


def test_what_has_changed_has_another_tag(servers, world):
    url = f"{servers.site_url}/northwind-robotics/reviews"
    tag = get(url)[1]["ETag"]
    servers.world = world.until(world.crisis_start)
    assert get(url)[1]["ETag"] != tag


def test_unknown_places_are_not_there(servers):
    for path in (
        "/nobody/reviews",
        "/northwind-robotics/reviews?page=999",
        "/northwind-robotics/reviews?page=x",
    ):
        assert get(servers.site_url + path)[0] == 404
    assert get(servers.feed_url.replace("news", "other"))[0] == 404
    assert get(f"{servers.reddit_url}/r/jobs/hot")[0] == 404
    assert "Disallow" in get(f"{servers.site_url}/robots.txt")[2]


def test_reddit_wants_the_key(servers):
    for key, status in (((CLIENT_ID, CLIENT_SECRET), 200), ((CLIENT_ID, "x"), 401), (None, 401)):
        answer = requests.post(f"{servers.reddit_url}/api/v1/access_token", auth=key, timeout=5)
        assert answer.status_code == status


def test_failures_come_as_often_as_asked_for_and_heal(servers):
    url = f"{servers.site_url}/robots.txt"
    servers.fail("/robots", 503, times=2, headers={"Retry-After": "7"}, body=b"busy")
    answers = [get(url) for _ in range(3)]
    assert [status for status, _, _ in answers] == [503, 503, 200]
    assert (answers[0][1]["Retry-After"], answers[0][2]) == ("7", "busy")
    servers.fail("/robots", 0)
    with pytest.raises(requests.ConnectionError):
        get(url)
    servers.heal()
    assert get(url)[0] == 200


def test_the_log_holds_every_request(servers):
    get(f"{servers.site_url}/robots.txt", X_Test="1")
    seen = servers.requests("site")
    assert [(s.method, s.path, s.headers["X-Test"]) for s in seen] == [("GET", "/robots.txt", "1")]


# ---------------------------------------------------------------- exports, configuration, and all of it


def test_the_exports_hold_the_company_and_nothing_else(world, tmp_path):
    reviews, interviews = write_export(world, tmp_path)
    with reviews.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    own = [review for review in world.export_reviews if review.company == COMPANY]
    assert [(row["pros"], row["cons"], float(row["rating"])) for row in rows] == [
        (review.pros, review.cons, review.stars) for review in own
    ]
    book = load_workbook(interviews, read_only=True)
    sheet = list(book.active.values)
    book.close()
    assert sheet[0][0] == "Interview Date"
    assert len(sheet) == 1 + sum(interview.company == COMPANY for interview in world.interviews)


def collect(loaded, settings):
    """What the collector of a source makes of it: mentions and rejects."""
    context = Context(NOW, loaded.folder, loaded.secrets.get)
    one = collectors.load(settings.type)(settings, context)
    return [item for raw in one.fetch(None) for item in one.parse(raw)]


def test_the_configuration_is_good_and_its_collectors_read_everything(servers, world, tmp_path):
    config = write_config(tmp_path, servers, NOW)
    write_export(world, tmp_path)
    loaded = load(config, collectors.settings_models(), {})
    read = {settings.name: collect(loaded, settings) for settings in loaded.config.sources}
    rejected = {name: [i for i in items if isinstance(i, Reject)] for name, items in read.items()}
    counts = {name: len({i.id for i in items if isinstance(i, Mention)}) for name, items in read.items()}
    assert {name: len(items) for name, items in rejected.items() if items} == {"reddit": 3}
    assert counts == {
        "reddit": len(world.posts) + sum(len(post.comments) for post in world.posts) - 3,
        "review-site": len(world.reviews),
        "news": len(world.entries),
        "glassdoor-export": sum(review.company == COMPANY for review in world.export_reviews),
        "interviews-export": sum(interview.company == COMPANY for interview in world.interviews),
    }


def test_the_demo_sends_nobodys_real_key(servers, tmp_path):
    config = write_config(tmp_path, servers, NOW)
    real = {"REDDIT_CLIENT_ID": "real", "REDDIT_CLIENT_SECRET": "real"}
    loaded = load(config, collectors.settings_models(), real)
    reddit = next(source for source in loaded.config.sources if source.type == "reddit")
    assert loaded.secrets.get(reddit.client_id_secret) != "real"
    assert oct((tmp_path / "secrets").stat().st_mode)[-3:] == "700"


def test_what_the_demo_says_to_try_next_can_be_done(servers, tmp_path, capsys):
    config = write_config(tmp_path, servers, NOW)
    assert cli.run(["-c", str(config), "query", QUERY]) == 0
    assert "prohibited" not in capsys.readouterr().err


@pytest.mark.slow
def test_what_the_demo_prints_is_true(tmp_path, capsys):
    folder = tmp_path / "demo"
    assert cli.run(["demo", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "terms" not in told
    assert QUERY in told
    lines = (folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    named = {json.loads(line)["incident"] for line in lines} | set(re.findall(r"alerts show (\S+)", told))
    assert named
    for name in named:
        assert cli.run(["-c", str(folder / "config.yaml"), "alerts", "show", name]) == 0

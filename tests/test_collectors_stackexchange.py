"""Stack Exchange over a local stand-in: questions by activity, quota, backoff, errors."""

import copy
import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw
from collectors.stackexchange import StackExchangeCollector, StackExchangeSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
QUESTION = json.loads((Path(__file__).parent / "data" / "stackexchange" / "question.json").read_text("utf-8"))
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-stackexchange"
KEY = "kEy-8dQ2((x"


def make(url="", now=NOW, **options):
    given_ = {
        "name": "se",
        "type": "stackexchange",
        "site": "workplace",
        "queries": ["Northwind"],
        "base_url": url,
    }
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0}
    context = Context(now, Path(), {"SE_KEY": KEY}.__getitem__)
    return StackExchangeCollector(StackExchangeSettings(**{**given_, **fixed, **options}), context)


def parse(*questions, **options):
    return list(make(**options).parse(Raw(list(questions), {})))


def question(number, hours=None):
    """A question last active `number` hours ago."""
    active = int((NOW - timedelta(hours=number if hours is None else hours)).timestamp())
    bare = {key: copy.deepcopy(QUESTION[key]) for key in ("title", "body", "link", "owner")}
    return {**bare, "question_id": 1000 + number, "creation_date": active - 60, "last_activity_date": active}


class Site:
    """Answers as the interface does, gzip included; `more` is added to each answer."""

    def __init__(self, questions=(), **more):
        self.questions, self.more, self.quota = list(questions), more, 300

    def __call__(self, asked):
        self.quota -= 1
        if asked.path == "/2.3/filters/create":
            return self.wrapped([{"filter": "!whole", "filter_type": "safe"}])
        low, high = int(asked.query["min"]), int(asked.query["max"])
        span = [one for one in self.questions if low <= one["last_activity_date"] <= high]
        span.sort(key=lambda one: one["last_activity_date"])
        size = int(asked.query["pagesize"])
        return self.wrapped(span[:size], has_more=len(span) > size)

    def wrapped(self, items, has_more=False):
        body = {
            "items": items,
            "has_more": has_more,
            "quota_max": 300,
            "quota_remaining": self.quota,
            **self.more,
        }
        return 200, gzip.compress(json.dumps(body).encode()), {"Content-Encoding": "gzip"}


def test_the_registry_knows_it():
    assert load("stackexchange") is StackExchangeCollector


def test_the_example_of_its_page_loads():
    (block,) = example("stackexchange")
    assert StackExchangeSettings(**block).site == "workplace"


def test_a_question_with_its_answers_and_comments():
    asked, first, answer, second = parse(QUESTION)
    assert (asked.id, asked.kind, asked.title) == (
        "210100",
        "post",
        "No reply after the fifth interview & a take-home",
    )
    assert asked.body == "Northwind Robotics invited me five times.\n\nSince then: nothing."
    assert asked.published == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert (asked.url, asked.site) == (
        "https://workplace.stackexchange.com/q/210100",
        "workplace.stackexchange.com",
    )
    assert (asked.author, asked.thread, asked.parent, asked.about) == ("4711", "210100", "", "")
    assert (first.id, first.kind, first.body, first.parent) == (
        "comment-880001", "comment", 'Did they say "soon"?', "210100",
    )  # fmt: skip
    assert first.url == "https://workplace.stackexchange.com/questions/210100#comment880001_210100"
    assert (answer.id, answer.parent, answer.author) == ("210101", "210100", "user7788")
    assert answer.url == "https://workplace.stackexchange.com/a/210101"
    assert (second.id, second.parent, second.thread) == ("comment-880002", "210101", "210100")
    assert second.about == "No reply after the fifth interview & a take-home\nnorthwind"


def test_without_threads_questions_alone():
    assert [one.id for one in parse(QUESTION, threads=False)] == ["210100"]
    with double(Site([question(1)])) as site:
        run(make(site.url, threads=False))
        assert [asked.query["filter"] for asked in site.log] == ["withbody"]


@pytest.mark.parametrize(
    ("change", "reason", "where"),
    [
        ({"question_id": None}, "no id", "a question"),
        ({"title": "", "body": None}, "no text", "210100"),
        ({"creation_date": None}, "date not understood", "210100"),
        ({"creation_date": 2_000_000_000}, "date in the future", "210100"),
    ],
)
def test_what_cannot_become_a_mention(change, reason, where):
    assert parse({**QUESTION, "answers": [], "comments": [], **change}) == [Reject(where, reason)]


def test_an_answer_without_a_number_does_not_take_that_of_its_question():
    found = parse({**QUESTION, "comments": [], "answers": [{"question_id": 210100, "body": "x"}]})
    assert found[1] == Reject("under 210100", "no id")


def test_pages_follow_the_activity_and_read_each_question_once():
    questions = [question(number, hours=number / 4) for number in range(250)]
    with double(Site(questions)) as site:
        collector = make(site.url)
        found, _, error = run(collector)
        assert len(site.log) == 4
        assert site.log[0].query["include"].startswith("question.body;")
        assert {asked.query.get("site") for asked in site.log[1:]} == {"workplace"}
    assert error is None
    assert len({one.id for one in found}) == len(found) == 250
    assert collector.context.notes == ["296 requests of Stack Exchange's quota are left today"]


def test_more_of_one_second_than_a_page_holds_does_not_stop_the_reading():
    questions = [question(number, hours=1) for number in range(130)] + [question(500, hours=0.5)]
    with double(Site(questions)) as site:
        found, _, error = run(make(site.url))
    assert error is None
    assert "1500" in {one.id for one in found}


def test_words_and_tags_are_listings_of_their_own_and_without_either_all_is_read():
    with double(Site([question(1)])) as site:
        found, cursor, _ = run(make(site.url, tags=["interviewing", "ghosting"]))
        assert site.paths()[1:] == ["/2.3/search/advanced", "/2.3/questions", "/2.3/questions"]
        assert [asked.query.get("tagged") for asked in site.log[1:]] == [None, "interviewing", "ghosting"]
        assert set(cursor) == {"search:Northwind", "tag:interviewing", "tag:ghosting"}
        assert len(found) == 1
        site.log.clear()
        run(make(site.url, queries=()))
        assert site.paths()[1:] == ["/2.3/questions"]


def test_from_every_checkpoint_the_rest_is_read():
    questions = [question(number) for number in range(1, 241)] + [{**QUESTION, "question_id": 9}]
    with double(Site(questions)) as site:
        steps = checkpoints(make(site.url))
        full = {one.id for one in steps[-1][1]}
        assert len(steps) == 3
        for cursor, before in steps:
            rest, _, error = run(make(site.url), cursor)
            assert error is None
            assert {one.id for one in [*before, *rest]} == full
        again, _, _ = run(make(site.url), steps[-1][0])
        assert len(again) == 52, "48 hours, and what a question of them brings along"


def test_a_quota_at_its_end_ends_the_run_and_keeps_what_was_read():
    site_ = Site([question(number) for number in range(1, 241)])
    site_.quota = 2
    with double(site_) as site:
        found, cursor, error = run(make(site.url))
        assert len(site.log) == 2
    assert len(found) == 100
    assert "quota is used up" in str(error)
    assert (error.retry_after, error.permanent) == (18 * 3600, False)
    assert "token" in cursor["search:Northwind"]


def test_a_long_backoff_is_handed_on_and_a_short_one_waited_for(monkeypatch):
    slept = []
    monkeypatch.setattr("collectors.http._SHARED.sleep", slept.append)
    questions = [question(number) for number in range(1, 151)]
    with double(Site(questions, backoff=30)) as site:
        _, cursor, error = run(make(site.url))
        assert (cursor, len(site.log), error.retry_after) == (None, 1, 30)
    with double(Site(questions, backoff=4)) as site:
        found, _, error = run(make(site.url))
    assert (len(found), error) == (150, None)
    assert [round(seconds) for seconds in slept] == [4, 4]


def test_the_key_stands_in_no_message_and_no_cursor():
    with double(Site([question(1)])) as site:
        _, cursor, _ = run(make(site.url, key_secret="SE_KEY"))
        assert {asked.query["key"] for asked in site.log} == {KEY}
        assert KEY not in json.dumps(cursor)
    bad = {
        "error_id": 400,
        "error_name": "bad_parameter",
        "error_message": "`key` doesn't match a known application",
    }
    with double(lambda _asked: (400, bad, {})) as site:
        _, _, error = run(make(site.url, key_secret="SE_KEY"))
    assert "does not accept the key" in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize(
    ("name", "message", "words", "permanent", "retry"),
    [
        ("throttle_violation", "too many requests from this IP, more requests available in 54321 seconds",
         "quota is used up", False, 54321),
        ("throttle_violation", "too many requests", "quota is used up", False, None),
        ("temporarily_unavailable", "", "out of order", False, None),
        ("internal_error", "", "out of order", False, None),
        ("bad_parameter", "site is required", "Check `site`", True, None),
        ("bad_parameter", "q", "Check `queries`", True, None),
        ("no_method", "", "does not understand", True, None),
        ("key_required", "", "key_secret", True, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 200])
def test_errors_in_plain_words(status, name, message, words, permanent, retry):
    said = {"error_id": 1, "error_name": name, "error_message": message}
    with double(lambda _asked: (status, said, {})) as site:
        found, cursor, error = run(make(site.url))
    assert (found, cursor) == ([], None)
    assert words in str(error)
    assert (error.permanent, error.retry_after) == (permanent, retry)


@pytest.mark.parametrize(
    "answer",
    [b"<html>", {"has_more": False}, {"items": [], "has_more": True}, {"items": None}, {"error_id": 7}],
)
def test_an_answer_without_questions_is_no_quiet_day(answer):
    with double(lambda _asked: answer) as site:
        _, cursor, error = run(make(site.url, threads=False))
    assert cursor is None
    assert isinstance(error, Degraded)


def test_a_site_that_ignores_the_span_is_not_asked_for_ever():
    with double(lambda _asked: {"items": [question(5000)], "has_more": True}) as site:
        collector = make(site.url, threads=False)
        found, _, error = run(collector)
        assert (len(found), error, len(site.log)) == (1, None, 1)
    assert "another time" in collector.context.notes[0]


@pytest.mark.parametrize(
    "options", [{"site": "Work place"}, {"site": ""}, {"tags": ["a;b"]}, {"queries": [""]}]
)
def test_settings_that_make_no_sense(options):
    with pytest.raises(ValidationError):
        make(**options)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["answer_id", "comment_id", "body", "comments", "owner", "user_id"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(QUESTION)), anything) | anything)
def test_whatever_a_question_holds_it_is_mentions_or_rejects(change):
    for one in parse({**QUESTION, **change} if isinstance(change, dict) else change):
        assert isinstance(one, Reject) or (one.id and one.text.strip() and one.published.tzinfo)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_recordings():
    body = json.loads((SHARED / "questions.json").read_text("utf-8"))
    found = parse(*body["items"])
    assert len(found) == 15
    assert all(
        isinstance(one, Mention) and one.title and one.url and one.author and one.published for one in found
    )
    assert {one.site for one in found} == {"stackoverflow.com"}
    tags = json.loads((SHARED / "tagdesc.json").read_text("utf-8"))
    assert parse(*tags["items"]) == [Reject("a question", "no id")], "descriptions of tags are no questions"

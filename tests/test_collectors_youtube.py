"""YouTube over a local stand-in for its Data API."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sitedouble import checkpoints, double, example, run

from candidly.errors import ConfigError, Degraded
from candidly.records import Mention, Reject
from collectors import load
from collectors.base import Context, Raw, Requests
from collectors.youtube import YouTubeCollector, YouTubeSettings

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
PAGE = json.loads((Path(__file__).parent / "data" / "youtube" / "page.json").read_text("utf-8"))
(VIDEO,), (THREAD,) = PAGE["found"], PAGE["threads"]
COMMENT, REPLY = THREAD["snippet"]["topLevelComment"], THREAD["replies"]["comments"][0]
SHARED = Path(__file__).parents[2] / "shared" / "data" / "api-youtube"
KEY = "canary-api-key"
CHANNEL = "UCchannel0000000000000001"[:24]


def make(url="", now=NOW, requests=None, **options):
    given_ = {"name": "yt", "type": "youtube", "base_url": url}
    if not {"videos", "channels"} & set(options):
        given_["queries"] = ["northwind"]
    fixed = {"terms_read": date(2026, 11, 1), "min_interval": 0}
    context = Context(now, Path(), lambda _name: KEY, requests=requests or Requests())
    return YouTubeCollector(YouTubeSettings(**{**given_, **fixed, **options}), context)


def parse(**payload):
    return list(make().parse(Raw(payload, {})))


def video(number, hours):
    when = NOW - timedelta(hours=hours)
    snippet = {**VIDEO["snippet"], "publishedAt": when.isoformat(), "title": f"Northwind {number}"}
    return {**VIDEO, "id": {"videoId": f"video{number:06d}"}, "snippet": snippet}


def comment(id_, hours, **snippet):
    when = (NOW - timedelta(hours=hours)).isoformat()
    return {"id": id_, "snippet": {**COMMENT["snippet"], "publishedAt": when, **snippet}}


def thread(id_, video_id, hours, replies=0):
    snippet = {"videoId": video_id, "topLevelComment": comment(id_, hours), "totalReplyCount": replies}
    more = [comment(f"{id_}.{n}", hours, parentId=id_) for n in range(min(replies, 5))]
    return {"id": id_, "snippet": snippet, **({"replies": {"comments": more}} if more else {})}


def error(code, reason, message="no", **more):
    said = {"code": code, "message": message, "errors": [{"reason": reason, "message": message}], **more}
    return code, {"error": said}, {}


class YouTube:
    """Answers as the Data API does; pages of `size`."""

    def __init__(self, videos=(), threads=(), size=2):
        self.videos, self.threads, self.size = list(videos), list(threads), size
        self.units, self.disabled = 0, set()

    def page(self, items, query):
        at = int(query.get("pageToken", "p0")[1:])
        more = {"nextPageToken": f"p{at + self.size}"} if at + self.size < len(items) else {}
        return {"items": items[at : at + self.size], **more}

    def __call__(self, asked):
        query = asked.query
        self.units += 100 if asked.path.endswith("/search") else 1
        if asked.path == "/youtube/v3/search":
            low, high = (datetime.fromisoformat(query[f"published{end}"]) for end in ("After", "Before"))
            when = {
                v["id"]["videoId"]: datetime.fromisoformat(v["snippet"]["publishedAt"]) for v in self.videos
            }
            found = [v for v in self.videos if low <= when[v["id"]["videoId"]] < high]
            return self.page(sorted(found, key=lambda v: v["snippet"]["publishedAt"], reverse=True), query)
        if asked.path == "/youtube/v3/commentThreads":
            if query.get("videoId") in self.disabled:
                return error(403, "commentsDisabled")
            found = [t for t in self.threads if t["snippet"]["videoId"] == query.get("videoId")]
            found = found if "videoId" in query else self.threads
            return self.page(found, query)
        if asked.path == "/youtube/v3/comments":
            id_ = query["parentId"]
            (top,) = (t for t in self.threads if t["id"] == id_)
            total = top["snippet"]["totalReplyCount"]
            return self.page([comment(f"{id_}.{n}", 1, parentId=id_) for n in range(total)], query)
        if asked.path == "/youtube/v3/videos":
            ids = query["id"].split(",")
            return {
                "items": [{**v, "id": v["id"]["videoId"]} for v in self.videos if v["id"]["videoId"] in ids]
            }
        return 404, b"", {}


def ids(found):
    return [one.id for one in found if isinstance(one, Mention)]


def test_the_registry_knows_it():
    assert load("youtube") is YouTubeCollector


def test_the_example_of_its_page_loads():
    for block in example("youtube"):
        assert YouTubeSettings(**block).daily_units


def test_something_must_be_read():
    with pytest.raises(ValidationError, match="queries"):
        YouTubeSettings(name="yt", type="youtube")


def test_a_video_a_comment_and_a_reply():
    film, said, reply = parse(**PAGE)
    assert (film.id, film.kind, film.title) == (
        "nwVideo0001",
        "post",
        "My interview story & what I'd do again",
    )
    assert film.body == "Five rounds at Northwind Robotics, one after the other."
    assert (film.author, film.thread, film.parent) == ("UCcandidate00000000000001", "nwVideo0001", "")
    assert (film.url, film.site) == ("https://www.youtube.com/watch?v=nwVideo0001", "youtube.com")
    assert (said.id, said.kind, said.body) == ("UgThread1", "comment", "They never called back")
    assert said.published == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert (said.thread, said.parent, said.author) == (
        "nwVideo0001",
        "nwVideo0001",
        "UCamber000000000000000001",
    )
    assert said.about == "My interview story\nnorthwind"
    assert said.url == "https://www.youtube.com/watch?v=nwVideo0001&lc=UgThread1"
    assert (reply.id, reply.body) == ("UgThread1.reply1", "Same here.\nTwice & rude")
    assert (reply.thread, reply.parent) == ("nwVideo0001", "UgThread1")
    assert reply.about == "My interview story\nnorthwind\nThey never called back"


def test_less_than_is_no_markup():
    snippet = {**COMMENT["snippet"], "textOriginal": None, "textDisplay": "pay < rent <3"}
    (one,) = parse(threads=[{"id": "c", "snippet": snippet}])
    assert one.body == "pay < rent <3"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"snippet": None}, "no text"),
        ({"snippet": {**COMMENT["snippet"], "textOriginal": "", "textDisplay": "<br>"}}, "no text"),
        ({"snippet": {**COMMENT["snippet"], "publishedAt": None}}, "date not understood"),
    ],
)
def test_what_cannot_become_a_mention(change, reason):
    (one,) = parse(threads=[{**COMMENT, **change}])
    assert isinstance(one, Reject)
    assert one.reason == reason


def test_own_channels_are_passed_over():
    (one,) = make(skip_channels=[CHANNEL]).parse(
        Raw({"threads": [comment("c", 1, authorChannelId={"value": CHANNEL})]}, {})
    )
    assert one == Reject("c", "by a channel that is not to be kept")


def test_a_search_and_the_comments_of_what_it_finds():
    tube = YouTube(
        [video(1, 30)], [thread("t1", "video000001", 20), thread("t2", "video000001", 25, replies=2)]
    )
    with double(tube) as site:
        collector = make(site.url)
        found, cursor, fault = run(collector)
        search, comments = site.log
    assert fault is None
    assert ids(found) == ["video000001", "t1", "t2", "t2.0", "t2.1"]
    assert found[1].about == "Northwind 1\nnorthwind", "the title, and the searched word of the description"
    assert search.headers["x-goog-api-key"] == KEY
    assert search.query["type"] == "video"
    assert (search.query["publishedAfter"], search.query["publishedBefore"]) == (
        "2026-10-25T06:00:00Z",
        "2026-11-24T06:00:00Z",
    )
    assert comments.query["part"] == "snippet,replies"
    assert not any(KEY in str(asked.query) for asked in site.log)
    assert KEY not in json.dumps(cursor)
    assert cursor["spent"] == {"period": "2026-11-23", "used": 101}, "the day in California"
    assert collector.context.notes == [
        "101 of at most 10000 units used today (a page of a search costs 100, one of comments 1)"
    ]


def test_a_thread_with_more_replies_than_it_carries_is_completed():
    tube = YouTube([video(1, 30)], [thread("t1", "video000001", 20, replies=7)], size=3)
    with double(tube) as site:
        found, _, _ = run(make(site.url))
        assert site.paths().count("/youtube/v3/comments") == 3
        assert [asked.query["parentId"] for asked in site.log if "parentId" in asked.query] == ["t1"] * 3
    assert ids(found) == ["video000001", "t1", *(f"t1.{n}" for n in range(7))]


def test_turned_off_comments_and_gone_videos_are_no_failure():
    tube = YouTube([video(1, 30), video(2, 31)], [thread("t", "video000002", 5)])
    tube.disabled = {"video000001"}
    with double(tube) as site:
        collector = make(site.url)
        found, cursor, fault = run(collector)
        site.answer = lambda asked: error(404, "videoNotFound") if "videoId" in asked.query else tube(asked)
        later = make(site.url)
        _, _, later_fault = run(later, cursor)
    assert (fault, later_fault) == (None, None)
    assert ids(found) == ["video000001", "video000002", "t"]
    assert "Comments of some videos are turned off." in collector.context.notes
    assert "Some videos or comments are gone or not public." in later.context.notes


def test_late_comments_are_found_as_long_as_a_video_is_followed():
    tube = YouTube([video(1, 100)], [thread("t1", "video000001", 90)])
    with double(tube) as site:
        _, cursor, _ = run(make(site.url))
        tube.threads.insert(0, thread("t2", "video000001", -24))
        found, cursor, _ = run(make(site.url, now=NOW + timedelta(days=2)), cursor)
        assert "t2" in ids(found)
        assert "video000001" in cursor["videos"]
        _, cursor, _ = run(make(site.url, now=NOW + timedelta(days=29)), cursor)
        assert cursor["videos"] == {}
        assert "comments:video000001" not in cursor
        asked = len(site.log)
        run(make(site.url, now=NOW + timedelta(days=30)), cursor)
        assert site.paths()[asked:] == ["/youtube/v3/search"]


def test_a_pinned_comment_does_not_end_the_reading():
    old = thread("pinned", "video000001", 500)
    tube = YouTube([video(1, 600)], [old, *(thread(f"t{n}", "video000001", 10 + n) for n in range(5))])
    with double(tube) as site:
        _, cursor, _ = run(make(site.url))
        found, _, _ = run(make(site.url), cursor)
    assert set(ids(found)) >= {f"t{n}" for n in range(5)}


def test_from_every_checkpoint_the_rest_is_read():
    videos = [video(n, 20 * n + 10) for n in range(4)]
    threads = [thread(f"v{n}t{m}", f"video{n:06d}", m + 1, replies=m) for n in range(4) for m in range(4)]
    tube = YouTube(videos, threads)
    with double(tube) as site:
        steps = checkpoints(make(site.url))
        full = {one.id for one in steps[-1][1]}
        assert len(full) == 4 + 4 * 4 + 4 * 6
        for cursor, before in steps:
            rest, _, fault = run(make(site.url), cursor)
            assert fault is None
            assert {one.id for one in [*before, *rest]} == full


def test_a_long_history_is_read_window_by_window_and_not_followed():
    videos = [video(n, 24 * 50 * n + 10) for n in range(5)]
    threads = [thread(f"t{n}", f"video{n:06d}", 24 * 50 * n) for n in range(5)]
    with double(YouTube(videos, threads)) as site:
        found, cursor, fault = run(make(site.url, first="230d"))
    assert fault is None
    assert len(ids(found)) == 10
    assert set(cursor["videos"]) == {"video000000"}


def test_a_small_budget_of_units_gets_there_day_by_day():
    videos = [video(n, n + 1) for n in range(6)]
    threads = [thread(f"t{n}", f"video{n:06d}", 0.5) for n in range(6)]
    with double(YouTube(videos, threads)) as site:
        tube, cursor, found, day = site.answer, None, [], 0
        fault = "not yet"
        while fault and day < 10:
            tube.units = 0
            more, cursor, fault = run(make(site.url, daily_units=150, now=NOW + timedelta(days=day)), cursor)
            assert tube.units <= 150
            if fault:
                assert "daily_units" in str(fault)
                assert fault.retry_after == 2 * 3600, "06:00 UTC is 22:00 in California"
            found, day = found + more, day + 1
    assert {*ids(found)} >= {f"t{n}" for n in range(6)} | {f"video{n:06d}" for n in range(6)}
    assert 1 < day < 10


def test_the_same_day_goes_on_counting():
    with double(YouTube([video(1, 2)])) as site:
        _, cursor, _ = run(make(site.url, daily_units=150))
        found, _, fault = run(make(site.url, daily_units=150), cursor)
    assert "daily_units" in str(fault)
    assert found == []


def test_named_videos_and_channels():
    tube = YouTube(
        [video(1, 9000), video(2, 9001)], [thread("t1", "video000001", 5), thread("t2", "video000002", 6)]
    )
    with double(tube) as site:
        found, cursor, fault = run(make(site.url, videos=["video000001"]))
        assert fault is None
        assert [(one.id, one.about) for one in found] == [("t1", "Northwind 1")]
        again, _, _ = run(make(site.url, videos=["video000001"]), cursor)
        assert [one.id for one in again] == ["t1"], "however old the video is"
        found, _, fault = run(make(site.url, channels=[CHANNEL]))
        assert site.log[-2].query["allThreadsRelatedToChannelId"] == CHANNEL
    assert fault is None
    assert [(one.id, one.about) for one in found] == [("t1", "Northwind 1"), ("t2", "Northwind 2")]


def test_what_is_gone_is_told():
    def look_up(asked):
        return {"items": [{"id": id_} for id_ in asked.query["id"].split(",") if not id_.endswith("3")]}

    names = [f"video{n:06d}" for n in range(5)] + [f"comment{n:020d}" for n in range(55)]
    with double(look_up) as site:
        told = dict(make(site.url).recheck(names))
        assert [asked.path for asked in site.log] == ["/youtube/v3/videos", *["/youtube/v3/comments"] * 2]
        site.answer = lambda _asked: {"items": []}
        with pytest.raises(Degraded, match="not taken for deleted"):
            list(make(site.url).recheck(names[5:]))
    assert {id_ for id_, standing in told.items() if standing == "gone"} == {
        id_ for id_ in names if id_.endswith("3")
    }


NEW_STYLE = {"status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}
MIDNIGHT = 2 * 3600


@pytest.mark.parametrize(
    ("answer", "words", "permanent", "retry"),
    [
        (error(403, "quotaExceeded"), "midnight Pacific", False, MIDNIGHT),
        (error(403, "dailyLimitExceeded"), "midnight Pacific", False, MIDNIGHT),
        (error(429, "rateLimitExceeded", "Quota exceeded: Queries per day"), "midnight", False, MIDNIGHT),
        (error(403, "rateLimitExceeded"), "too often", False, 60),
        (error(400, "keyInvalid", "Bad Request"), "YOUTUBE_API_KEY", True, None),
        (error(400, "badRequest", "API key not valid.", **NEW_STYLE), "YOUTUBE_API_KEY", True, None),
        (error(401, "authError"), "YOUTUBE_API_KEY", True, None),
        (error(403, "accessNotConfigured"), "Switch on", True, None),
        (error(403, "ipRefererBlocked"), "restricted", True, None),
        (error(403, "SERVICE_UNAVAILABLE", "The caller may not"), "The caller may not", True, None),
        (error(400, "invalidPageToken"), "page to go on with", False, None),
        (error(400, "invalidSearchFilter", "bad\x1b[31m filter"), "bad[31m filter", True, None),
        ((400, {"error": "error message"}, {}), "no reason given", True, None),
        ((404, b"<html>", {}), "404", True, None),
        ((200, b"<html>consent</html>", {}), "not JSON", False, None),
        ((200, {"error": {"code": 403}}, {}), "no list `items`", False, None),
        ((200, [], {}), "no list `items`", False, None),
    ],
)
def test_errors_in_plain_words(answer, words, permanent, retry):
    with double(lambda _asked: answer) as site:
        found, cursor, fault = run(make(site.url))
    assert (found, cursor) == ([], None)
    assert words in str(fault)
    assert (fault.permanent, fault.retry_after) == (permanent, retry)
    assert isinstance(fault, Degraded) == (answer[0] == 200)
    assert KEY not in str(fault)


def test_without_its_key_or_terms_it_does_not_start():
    def absent(name):
        raise ConfigError([f"the secret {name} is absent"])

    _, _, fault = run(YouTubeCollector(make().settings, Context(NOW, Path(), absent)))
    assert (fault.permanent, "YOUTUBE_API_KEY" in str(fault)) == (True, True)
    _, _, fault = run(make(terms_read=None))
    assert "terms_read" in str(fault)


KEYS = ["id", "snippet", "replies", "comments", "topLevelComment", "textOriginal", "textDisplay", "videoId"]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(anything, max_size=3), st.lists(anything, max_size=3), anything)
def test_whatever_an_item_holds_it_is_a_mention_or_a_reject(found, threads, about):
    for one in parse(found=found, threads=threads, about=about):
        assert isinstance(one, Reject) or (one.id and one.text.strip() and one.published.tzinfo)


def recorded(path):
    return json.loads((SHARED / path).read_text("utf-8"))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
def test_recordings_in_a_run():
    """A search of two pages, two pages of threads for each video, two pages of replies for some threads."""
    search = [recorded(f"search/search_by_keywords_p{n}.json") for n in (1, 2)]
    search[1].pop("nextPageToken")
    threads = [recorded(f"comment_threads/comment_threads_by_video_paged_{n}.json") for n in (1, 2)]
    replies = [recorded(f"comments/comments_by_parent_paged_{n}.json") for n in (1, 2)]
    pages = {"search": search, "commentThreads": threads, "comments": replies}

    def answer(asked):
        return pages[asked.path.rpartition("/")[2]]["pageToken" in asked.query]

    with double(answer) as site:
        found, _, fault = run(make(site.url, first="60d"))
        assert site.paths().count("/youtube/v3/search") == 2 * 2, "windows of 30 days"
    assert fault is None
    assert all(isinstance(one, Mention) and one.author and one.url and one.published for one in found)
    videos = {item["id"]["videoId"] for page in search for item in page["items"]}
    assert {one.id for one in found if one.kind == "post"} == videos
    assert len({one.id for one in found if one.kind == "comment"}) == 5 + 3


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
@pytest.mark.parametrize("path", sorted(str(one.relative_to(SHARED)) for one in SHARED.glob("[cs]*/*.json")))
def test_each_recording(path):
    items = recorded(path)["items"]
    found = parse(**{"found" if path.startswith("search") else "threads": items})
    assert len(found) == len(items)
    if "search_channels" in path:
        assert {one.reason for one in found} == {"no video"}
    else:
        assert all(isinstance(one, Mention) and one.text and one.author and one.published for one in found)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are not here")
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("error_response.json", "does not accept the key"),
        ("error_response_simple.json", "does not understand"),
        ("apidata/error_permission_resp.json", "does not have permission"),
    ],
)
def test_recorded_errors(path, words):
    said = recorded(path)
    status = said["error"]["code"] if isinstance(said["error"], dict) else 400
    with double(lambda _asked: (status, said, {})) as site:
        _, _, fault = run(make(site.url))
    assert words in str(fault)
    assert fault.permanent

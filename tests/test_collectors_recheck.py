"""Stored items looked up at sites that each have their own way to be asked; and the doubt about it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import test_collectors_bluesky as bluesky
import test_collectors_hackernews as hackernews
import test_collectors_mastodon as mastodon
import test_collectors_stackexchange as stackexchange
from sitedouble import double

from candidly.errors import CollectorError, Degraded
from candidly.records import GONE, NO_TEXT, REMOVING
from collectors.base import Rechecks
from collectors.bluesky import SIGN_IN
from collectors.rechecking import DOUBTED, by, standing


def test_none_of_many_is_doubted_and_none_of_few_is_not():
    ids = [str(n) for n in range(DOUBTED)]
    with pytest.raises(Degraded, match="not taken for deleted"):
        list(standing(ids, (), where="A site"))
    assert dict(standing(ids[1:], (), where="A site")) == dict.fromkeys(ids[1:], "gone")
    assert set(dict(standing(ids, (), listed=ids, where="A site")).values()) == {"gone"}, "it says so itself"
    told = dict(standing(ids, ids[:3], unsigned=ids[:1], where="A site"))
    assert [told[id_] for id_ in ids[:4]] == ["unsigned", "there", "there", "gone"]
    assert [len(group) for group in by(3, range(7))] == [3, 3, 1]


def test_what_collectors_call_gone_is_known_by_that_word():
    from collectors import facebook, google_business, reddit, threads, trustpilot, x, yelp
    from collectors import mastodon as toots

    words = [threads.GONE, threads.EMPTY, reddit.GONE, reddit.NO_TEXT, yelp.NO_TEXT, trustpilot.NO_TEXT]
    words += [
        trustpilot.HIDDEN,
        toots.HIDDEN,
        toots.ASKED,
        x.EDITED,
        facebook.NOTHING,
        google_business.NO_TEXT,
    ]
    words += [bluesky.BlueskyCollector.parse.__globals__[name] for name in ("SIGNED_IN_ONLY", "HIDDEN")]
    assert set(words) | {GONE, NO_TEXT} == REMOVING


class Posts:
    """Bluesky's getPosts beside the sign-in."""

    def __init__(self, *posts):
        self.site, self.posts = bluesky.Bluesky(), {post["uri"]: post for post in posts}

    def __call__(self, asked):
        if asked.path == SIGN_IN:
            return self.site(asked)
        uris = parse_qs(urlsplit(asked.target).query)["uris"]
        assert len(uris) <= 25
        return {"posts": [self.posts[uri] for uri in uris if uri in self.posts]}


def test_bluesky_by_25():
    posts = [bluesky.post(n) for n in range(1, 41)]
    posts[3] = {**posts[3], **bluesky.labelled()}
    ids = [bluesky.address(n) for n in range(1, 43)]
    with double(Posts(*posts)) as site:
        told = dict(bluesky.make(site.url).recheck(ids))
        assert len(site.log) == 3
    assert {id_ for id_, one in told.items() if one == "gone"} == {ids[3], ids[40], ids[41]}
    assert sorted(told) == sorted(ids)


def test_stack_exchange_by_100_posts_and_comments_apart():
    ids = [str(n) for n in range(150)] + [f"comment-{n}" for n in range(3)]

    def answer(asked):
        assert asked.query["site"] == "workplace"
        name = "comment_id" if "comments" in asked.path else "post_id"
        numbers = asked.path.rpartition("/")[2].split(";")
        assert len(numbers) <= 100
        items = [
            {name: int(n), "owner": {"user_type": "registered"}} for n in numbers if int(n) not in (2, 7)
        ]
        items[0]["owner"] = {"user_type": "does_not_exist", "display_name": "user1"}
        return {"items": items, "has_more": False, "quota_remaining": 9}

    with double(answer) as site:
        told = dict(stackexchange.make(site.url).recheck(ids))
        assert len(site.log) == 3
    assert {id_ for id_, one in told.items() if one == "gone"} == {"2", "7", "comment-2"}
    assert {id_ for id_, one in told.items() if one == "unsigned"} == {"0", "100", "comment-0"}
    assert sorted(told) == sorted(ids)


def test_hacker_news_one_by_one_but_a_story_with_its_comments():
    tree = hackernews.ITEMS["tree"]
    below = [str(one["id"]) for one in tree["children"]]
    ids = [*below, "47199999", str(tree["id"]), "47100006"]
    with double(hackernews.Algolia((), [tree])) as site:
        told = dict(hackernews.make(site.url).recheck(ids))
        assert site.paths() == [f"/api/v1/items/{tree['id']}", "/api/v1/items/47199999"]
    assert {id_ for id_, one in told.items() if one == "gone"} == {"47199999", "47100006"}
    assert set(told) == set(ids)


def test_mastodon_where_it_was_written_and_elsewhere_not_at_all():
    ids = [f"home.example/{n}" for n in range(1, 5)] + ["far.example/1"]

    def answer(asked):
        number = int(asked.path.rpartition("/")[2])
        if number == 1:
            return 404, {"error": "Record not found"}, {}
        more = {"visibility": "private"} if number == 2 else {}
        return mastodon.status(1, **more)

    with double(answer) as site:
        told = dict(mastodon.make(base_url=site.url).recheck(ids))
    assert told == dict(zip(ids, ("gone", "gone", "there", "there"), strict=False))


@pytest.mark.parametrize("answer", [(403, {}, {}), (200, b"<html>", {}), (401, {"error": "x"}, {})])
@pytest.mark.parametrize(
    ("make", "id_"),
    [
        (bluesky.make, bluesky.address(1)),
        (hackernews.make, "1"),
        (stackexchange.make, "1"),
        (lambda url: mastodon.make(base_url=url), "home.example/1"),
    ],
)
def test_an_answer_that_is_no_good_tells_nothing(make, id_, answer):
    told = []

    def site_answer(asked):
        good = asked.path == SIGN_IN
        return {"accessJwt": json.dumps(1)} if good else answer

    with double(site_answer) as site, pytest.raises(CollectorError):
        told += make(site.url).recheck([id_])
    assert told == []


@pytest.mark.parametrize("module", [bluesky, hackernews, stackexchange, mastodon])
def test_they_are_found_by_the_job(module):
    assert isinstance(module.make(), Rechecks)

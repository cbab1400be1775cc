"""Back-fill that is killed (SIGKILL) again and again: nothing lost or doubled, hardly a request wasted."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import CONS, KEY, PROS, House
from sitedouble import Asked, double

from candidly.demo.servers import CLIENT_ID, CLIENT_SECRET, DemoServers
from candidly.demo.world import Comment, Post, World
from storage import queries, runlog
from storage.dump import dump
from storage.store import Store

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=729)
SECRETS = {
    "CANDIDLY_AUTHOR_KEY": KEY, "REDDIT_CLIENT_ID": CLIENT_ID, "REDDIT_CLIENT_SECRET": CLIENT_SECRET,
}  # fmt: skip
COMPANY = "companies:\n  - name: Northwind Robotics\nsources:\n"


@dataclass
class Local:
    """A site on this machine: the ids that it holds, the fewest requests that read them all, and its log."""

    source: str
    ids: set[str]
    fewest: int
    log: Callable[[], int]


def words(n: int) -> str:
    return f"Number {n}: {PROS[n % 6]}, but {CONS[n * 7 % 6]}."


# ---------------------------------------------------------------- a review site, page by page


@contextmanager
def review_site(count: int, size: int) -> Iterator[Local]:
    pages = -(-count // size)

    def review(n: int) -> dict[str, Any]:
        day = NOW - YEARS * (n / count)
        return {
            "@type": "Review", "identifier": f"r-{n:06}", "reviewBody": words(n), "author": {"name": f"a{n}"},
            "datePublished": day.isoformat(), "reviewRating": {"@type": "Rating", "ratingValue": 1 + n % 5},
        }  # fmt: skip

    def answer(asked: Asked) -> Any:
        if asked.path == "/robots.txt":
            return 200, b"User-agent: *\nAllow: /\n", {"Content-Type": "text/plain"}
        page = int(asked.query.get("p", 1))
        data = json.dumps([review(n) for n in range((page - 1) * size, min(page * size, count))])
        link = f'<a rel="next" href="/reviews?p={page + 1}">older</a>' if page < pages else ""
        html = f'<!doctype html><script type="application/ld+json">{data}</script>{link}'
        return 200, html.encode(), {"Content-Type": "text/html; charset=utf-8", "ETag": f'"{page}"'}

    with double(answer) as site:
        yield Local(
            f"  - {{name: site, type: page, urls: ['{site.url}/reviews'], max_pages: {pages + 1}, "
            "min_interval: 0, allow_private: true, terms_read: 2026-11-01, company: Northwind Robotics}\n",
            {f"r-{n:06}" for n in range(count)},
            pages + 1,
            lambda: len(site.log),
        )


# ---------------------------------------------------------------- a Reddit, as far back as it lists


def forum(subreddits: int, posts: int, comments: int) -> World:
    """Threads over two years, 4 answers to a post and the others below those, none of them hidden."""
    made = []
    for n in range(subreddits * posts):
        created = NOW - YEARS * (1 - n / (subreddits * posts)) - timedelta(hours=1)
        replies = tuple(
            Comment(f"c{n}x{i}", f"t3_p{n}" if i < 4 else f"t1_c{n}x{i % 4}", f"a{i}", words(n + i),
                    created + timedelta(minutes=i))
            for i in range(comments)
        )  # fmt: skip
        made.append(Post(f"p{n}", f"sub{n % subreddits}", "a", f"Northwind {n}", words(n), created, replies))
    return World(NOW, NOW, NOW, tuple(made), (), (), (), ())


@contextmanager
def reddit(subreddits: int, posts: int, comments: int) -> Iterator[Local]:
    world = forum(subreddits, posts, comments)
    names = ", ".join(f"sub{n}" for n in range(subreddits))
    with DemoServers(world) as servers:
        yield Local(
            f"  - {{name: reddit, type: reddit, base_url: '{servers.reddit_url}', subreddits: [{names}], "
            "new: true, reddit_username: northwind_hr, terms_read: 2026-11-01, permission: case 7, "
            "company: Northwind Robotics}\n",
            {f"t3_{p.id}" for p in world.posts} | {f"t1_{c.id}" for p in world.posts for c in p.comments},
            1 + subreddits * -(-posts // 100) + subreddits * posts,
            lambda: len(servers.log),
        )


# ---------------------------------------------------------------- killing


def start(house: House) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        house.command("-q", "collect", now=NOW),
        cwd=house.folder,
        env=os.environ | SECRETS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def kill_when(process: subprocess.Popen[bytes], due: Callable[[], bool], pause: float) -> bool:
    """SIGKILL once `due`, and a moment later; True where it was still at work."""
    while process.poll() is None and not due():
        time.sleep(0.002)
    time.sleep(pause)
    running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return running


def back_fill(folder: Path, local: Local, kills: int, seed: int) -> tuple[int, int]:
    """Collect it all, killed at random moments; (kills that hit, requests made)."""
    house = House(folder)
    house.write("config.yaml", COMPANY + local.source)
    dice = random.Random(seed)
    moments = sorted(dice.randrange(1, local.fewest) for _ in range(kills))
    hit = 0
    for moment in moments:
        hit += kill_when(start(house), lambda moment=moment: local.log() >= moment, dice.uniform(0, 0.05))  # type: ignore[misc]
    last = start(house)
    _, said = last.communicate()
    assert last.returncode == 0, said.decode()
    return hit, local.log()


def check(folder: Path, local: Local, kills: int) -> None:
    """Each item once, never taken for edited, and as many stored as the runs say."""
    with Store.open(f"sqlite:///{folder / 'candidly.db'}") as store:
        stored = [json.loads(line.split(" ", 1)[1]) for line in dump(store) if line.startswith("mention ")]
        assert len(stored) == len(local.ids)
        assert {row["id"] for row in stored} == local.ids
        assert {row["revision"] for row in stored} == {1}
        runs = queries.runs(store, limit=1000)
        assert sum(run["stored"] for run in runs) == len(local.ids)
        assert sum(run["updated"] for run in runs) == 0
        assert len(runs) == kills + 1
        (source,) = {run["source"] for run in runs}
        assert "walk" not in (store.cursor(source) or {})
        assert "at" not in (store.cursor(source) or {})
        assert runlog.requests_since(store, source, EPOCH) <= local.log()


@pytest.mark.slow
def test_a_few_kills_of_a_back_fill_from_a_review_site(tmp_path: Path) -> None:
    with review_site(5_000, 50) as local:
        hit, made = back_fill(tmp_path, local, 3, seed=3)
        check(tmp_path, local, 3)
    assert hit
    # robots.txt anew for each run, and the pages since the last batch was written
    assert made <= local.fewest + 3 * (1 + 6)


def test_a_few_kills_of_a_back_fill_from_reddit(tmp_path: Path) -> None:
    with reddit(2, 100, 5) as local:
        hit, made = back_fill(tmp_path, local, 2, seed=4)
        check(tmp_path, local, 2)
    assert hit
    # a key and the listing anew for each run, and the threads since the last batch was written
    assert made <= local.fewest + 2 * (1 + 2 + 1 + 21)


@pytest.mark.slow
def test_twenty_kills_of_a_back_fill_of_200_000_reviews(tmp_path: Path) -> None:
    with review_site(200_000, 100) as local:
        hit, made = back_fill(tmp_path, local, 20, seed=5)
        check(tmp_path, local, 20)
    print(f"{hit} kills hit; {made} requests, {made / local.fewest:.4f} of the fewest")  # noqa: T201
    assert hit >= 15
    assert made <= 1.05 * local.fewest


@pytest.mark.slow
def test_twenty_kills_of_a_back_fill_of_200_000_posts_and_comments(tmp_path: Path) -> None:
    """As much as Reddit lists of ten subreddits: a thousand submissions each, with their comments."""
    with reddit(10, 1000, 19) as local:
        hit, made = back_fill(tmp_path, local, 20, seed=6)
        check(tmp_path, local, 20)
    print(f"{hit} kills hit; {made} requests, {made / local.fewest:.4f} of the fewest")  # noqa: T201
    assert hit >= 15
    assert made <= 1.05 * local.fewest

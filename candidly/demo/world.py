"""What the demo world holds: invented posts, reviews, interviews and news about an invented company."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

COMPANY: Final = "Northwind Robotics"
ALIASES: Final = ("Northwind",)
COMPETITOR: Final = "Halden & Price"
COMPETITOR_ALIASES: Final = ("Halden and Price", "Halden Price")
SUBREDDITS: Final = ("jobs", "recruitinghell", "robotics")
WEEKS: Final = 26


@dataclass(frozen=True, slots=True)
class Comment:
    """A reply on Reddit; `parent` is the full name of a post (t3_) or of another comment (t1_)."""

    id: str
    parent: str
    author: str
    body: str
    created: datetime
    edited: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A submission on Reddit with all its comments, flat; an empty `body` with a `link` is a link post."""

    id: str
    subreddit: str
    author: str
    title: str
    body: str
    created: datetime
    comments: tuple[Comment, ...] = ()
    link: str = ""
    edited: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """An employee's review on the review site or in the export."""

    id: str
    company: str
    author: str
    title: str
    pros: str
    cons: str
    stars: int
    published: datetime
    position: str
    location: str
    former: bool


@dataclass(frozen=True, slots=True)
class Interview:
    """A candidate's review of an interview process, as in the export."""

    company: str
    published: datetime
    role: str
    location: str
    offer: str
    experience: str
    difficulty: str
    process: str
    questions: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the news feed."""

    id: str
    title: str
    text: str
    published: datetime


_Dated = TypeVar("_Dated", Review, Entry, Interview)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that was said up to `now`, oldest first; the crisis is `[crisis_start, crisis_end)`."""

    now: datetime
    crisis_start: datetime
    crisis_end: datetime
    posts: tuple[Post, ...]
    reviews: tuple[Review, ...]
    entries: tuple[Entry, ...]
    export_reviews: tuple[Review, ...]
    interviews: tuple[Interview, ...]

    def until(self, moment: datetime) -> World:
        """The same world as it looked at an earlier moment."""
        posts = tuple(
            replace(post, comments=tuple(c for c in post.comments if c.created <= moment))
            for post in self.posts
            if post.created <= moment
        )
        return replace(
            self,
            now=moment,
            posts=posts,
            reviews=_before(self.reviews, moment),
            entries=_before(self.entries, moment),
            export_reviews=_before(self.export_reviews, moment),
            interviews=_before(self.interviews, moment),
        )

    def texts(self) -> Iterator[tuple[datetime, str]]:
        """Time and text of every single mention."""
        for post in self.posts:
            yield post.created, f"{post.title}\n{post.body}"
            yield from ((c.created, c.body) for c in post.comments)
        for review in (*self.reviews, *self.export_reviews):
            yield review.published, f"{review.title}\n{review.pros}\n{review.cons}"
        yield from ((i.published, i.process) for i in self.interviews)
        yield from ((e.published, f"{e.title}\n{e.text}") for e in self.entries)


def _before(items: Iterable[_Dated], moment: datetime) -> tuple[_Dated, ...]:
    return tuple(item for item in items if item.published <= moment)

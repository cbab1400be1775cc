"""YouTube: videos that a search finds, and the comments on them with all their replies.

A search costs a hundred times what a page of comments does. So each run searches as far as nothing was
searched yet, and reads the comments of each video again for as long as `follow` says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from candidly.config import Duration, SecretName
from candidly.records import Cursor, Mention, Reject
from collectors.api import ApiSettings, at, listed, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, parse_date, read_date
from collectors.paging import DAY, Walk, back, forward
from collectors.threads import EMPTY, NO_ID, named, terms

STEP: Final = timedelta(days=30)
"""The width of a window: a search hands out some 500 videos, however many there are."""
VIDEOS: Final = "videos"
"""The cursor's key for the videos that are followed: id -> what they are about, and when they came."""
VIDEO_ID: Final = 11
"""Characters in the id of a video; those of comments are longer."""
OWN, NO_VIDEO = "by a channel that is not to be kept", "no video"
_MARKUP: Final = re.compile(r"<(?:br|a|b|i|s)\b[^>]*>|&(?:amp|lt|gt|quot|#39);", re.IGNORECASE)

VideoId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{11}$")]
ChannelId = Annotated[str, Field(pattern=r"^UC[A-Za-z0-9_-]{22}$")]


class YouTubeSettings(ApiSettings):
    """The block of a source with `type: youtube`."""

    type: Literal["youtube"]
    queries: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = Field(
        (), description="Searches for videos, such as `Northwind Robotics interview`."
    )
    videos: tuple[VideoId, ...] = Field((), description="Videos whose comments are always read.")
    channels: tuple[ChannelId, ...] = Field((), description="Channels of which all comments are read.")
    skip_channels: tuple[ChannelId, ...] = Field(
        (), description="Channels whose own words are not kept, such as yours."
    )
    follow: Duration = Field(timedelta(days=30), description="How long a video's comments are read again.")
    daily_units: int = Field(10_000, ge=100, description="Most quota units of a day (midnight Pacific).")
    key_secret: SecretName = Field("YOUTUBE_API_KEY", description="The name of the secret with the key.")

    home: ClassVar[str] = "https://www.googleapis.com"

    @model_validator(mode="after")
    def _something(self) -> YouTubeSettings:
        if not (self.queries or self.videos or self.channels):
            raise ValueError("needs `queries` to search for, `videos` or `channels`")
        return self


class YouTubeCollector:
    """See the module."""

    Settings: ClassVar[type[YouTubeSettings]] = YouTubeSettings

    def __init__(self, settings: YouTubeSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Raws of a page each: `{"found": [search results]}`, `{"threads": [...], "about": {video: text}}`.

        The cursor holds where each search, channel and followed video stands, and the units of the day.
        """
        from collectors.youtubeapi import Reader

        reader = Reader(self.settings, self.context, cursor)
        standing: Cursor = dict(cursor) if isinstance(cursor, dict) else {}
        known = standing.get(VIDEOS)
        if not isinstance(known, dict):  # whose comments are followed is lost: all is searched for again
            standing, known = {}, {}
        standing[VIDEOS] = videos = dict(known)
        videos.update(reader.described([id_ for id_ in self.settings.videos if id_ not in videos]))
        try:
            for raw in self._walks(standing, videos, reader):
                standing.update(raw.cursor)
                yield Raw(raw.payload, reader.budget.into({**standing, VIDEOS: dict(videos)}), raw.where)
        finally:
            self.context.notes.append(reader.cost())

    def _walks(self, standing: Cursor, videos: dict[str, Any], reader: Any) -> Iterator[Raw]:
        """All listings: of channels, of the videos that are followed, and of those that a search finds."""
        walk, read = self.settings.walk(self.context), set[str]()
        for channel in self.settings.channels:
            page = partial(reader.threads, {"allThreadsRelatedToChannelId": channel}, videos)
            yield from reader.readable(back(standing, f"channel:{channel}", walk, page))
        for id_ in dict.fromkeys([*self.settings.videos, *videos]):
            yield from self._comments(id_, standing, videos, reader, read)
        for query in self.settings.queries:
            for raw in forward(standing, f"search:{query}", walk, STEP, partial(reader.search, query)):
                found = dict(self._found(raw.payload["found"]))
                videos.update({id_: about for id_, about in found.items() if id_ not in read})
                yield raw
                for id_ in found:
                    yield from self._comments(id_, standing, videos, reader, read)

    def _comments(
        self, id_: str, standing: Cursor, videos: dict[str, Any], reader: Any, read: set[str]
    ) -> Iterator[Raw]:
        """The comments of a video, once in a run; the last page ends the following of one that is old."""
        if id_ in read:
            return
        read.add(id_)
        key, now, always = f"comments:{id_}", self.context.now, id_ in self.settings.videos
        published = parse_date(at(videos, id_, "published")) or now
        whole = self.settings.first if always else max(self.settings.first, now - published + DAY)
        walk = Walk(now, whole, self.settings.lookback)
        page = partial(reader.threads, {"videoId": id_}, videos)
        for raw in reader.readable(back(standing, key, walk, page), key):
            over = published < now - self.settings.follow and not at(raw.cursor, key, "token")
            if over and not always:
                videos.pop(id_, None)
                standing.pop(key, None)
                yield Raw(raw.payload, {}, raw.where)
            else:
                yield raw

    def _found(self, items: list[Any]) -> Iterator[tuple[str, dict[str, str]]]:
        """What to remember of the videos of a search: their title, and searched words of the description."""
        words = terms(self.settings.queries)
        for item in items:
            if id_ := text_at(item, "id", "videoId"):
                title, more = (_plain(text_at(item, "snippet", name)) for name in ("title", "description"))
                about = "\n".join([title, *named(words, more)])
                yield id_, {"about": about, "published": text_at(item, "snippet", "publishedAt")}

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look videos and comments up, fifty in a request of one unit."""
        from collectors.youtubeapi import Reader

        reader = Reader(self.settings, self.context, None)
        yield from reader.standing("/videos", [id_ for id_ in ids if len(id_) == VIDEO_ID])
        yield from reader.standing("/comments", [id_ for id_ in ids if len(id_) != VIDEO_ID])

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """A mention of each video found, each comment and each reply."""
        for number, item in enumerate(listed(raw.payload, "found"), 1):
            yield self._video(item, f"video {number} of a page")
        for number, thread in enumerate(listed(raw.payload, "threads"), 1):
            top = at(thread, "snippet", "topLevelComment") or thread
            video = text_at(thread, "snippet", "videoId") or text_at(top, "snippet", "videoId")
            about = text_at(raw.payload, "about", video)
            where = f"comment {number} of a page"
            yield self._comment(top, video, about, where)
            replies = at(thread, "replies", "comments")
            for reply in replies if isinstance(replies, list) else ():
                said = "\n".join(filter(None, (about, _said(at(top, "snippet")))))
                yield self._comment(reply, video, said, f"a reply to {where}")

    def _video(self, item: Any, where: str) -> Mention | Reject:
        id_, snippet = text_at(item, "id", "videoId"), at(item, "snippet")
        if not id_:
            return Reject(where, NO_VIDEO)
        return self._mention(
            id_, snippet, text_at(snippet, "channelId"), "post",
            url=f"https://www.youtube.com/watch?v={id_}",
            thread=id_,
            title=_plain(text_at(snippet, "title")),
            body=_plain(text_at(snippet, "description")),
        )  # fmt: skip

    def _comment(self, comment: Any, video: str, about: str, where: str) -> Mention | Reject:
        id_, snippet = text_at(comment, "id"), at(comment, "snippet")
        if not id_:
            return Reject(where, NO_ID)
        parent = text_at(snippet, "parentId")
        author = text_at(snippet, "authorChannelId", "value") or text_at(snippet, "authorDisplayName")
        return self._mention(
            id_, snippet, author, "comment",
            about=about,
            url=f"https://www.youtube.com/watch?v={video}&lc={id_}" if video else "",
            thread=video or parent or id_,
            parent=parent or video,
            body=_said(snippet),
        )  # fmt: skip

    def _mention(
        self, id_: str, snippet: Any, author: str, kind: Literal["post", "comment"], **fields: str
    ) -> Mention | Reject:
        if author in self.settings.skip_channels:
            return Reject(id_, OWN)
        if not fields.get("title") and not fields["body"]:
            return Reject(id_, EMPTY)
        try:
            published = read_date(at(snippet, "publishedAt"), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        return Mention(
            source=self.settings.name,
            id=id_,
            kind=kind,
            collected=self.context.now,
            published=published,
            site="youtube.com",
            author=author,
        ).replace(**fields)


def _plain(text: str) -> str:
    """Titles and descriptions of search results have their signs written as HTML does."""
    return html.unescape(text).strip()


def _said(snippet: Any) -> str:
    """What a comment says, without markup: as it was typed, else as it is shown."""
    from collectors.htmltext import plain

    if typed := text_at(snippet, "textOriginal"):
        return typed
    shown = text_at(snippet, "textDisplay")
    return plain(shown) if _MARKUP.search(shown) else shown

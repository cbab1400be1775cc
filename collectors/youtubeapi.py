"""Requests to YouTube's Data API within the units of a day, and its errors in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from candidly.errors import CollectorError
from candidly.records import Cursor
from collectors.api import LATER, Api, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.budget import Budget, to_next_day
from collectors.dates import parse_date
from collectors.keys import clipped, key_of
from collectors.paging import Page, Stale
from collectors.rechecking import by, standing

if TYPE_CHECKING:
    from collectors.youtube import YouTubeSettings

SEARCH, LIST = 100, 1
"""Units, as developers.google.com/youtube/v3/determine_quota_cost gave them. Newer projects have 100 searches
a day beside 10,000 units, which the same count never passes."""
ZONE: Final = ZoneInfo("America/Los_Angeles")
"""Google's days end at midnight in California."""

_QUOTA: Final = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
_PACE: Final = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_KEY: Final = {"keyInvalid", "keyExpired", "API_KEY_INVALID", "authError", "required"}
_BLOCKED: Final = {
    *("ipRefererBlocked", "API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED"),
    *("API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED"),
}
_OFF: Final = {"accessNotConfigured", "SERVICE_DISABLED"}
_ONE: Final = {
    *("commentsDisabled", "videoNotFound", "commentNotFound", "commentThreadNotFound", "channelNotFound"),
    *("processingFailure", "forbidden"),
}


class Unreadable(CollectorError):
    """One video, channel or thread cannot be read; the others can."""


class Reader:
    """Asks for pages; `search` and `threads` are what `collectors.paging` calls."""

    def __init__(self, settings: YouTubeSettings, context: Context, cursor: Cursor | None) -> None:
        self.settings, self.context = settings, context
        self.today = context.now.astimezone(ZONE)
        self.budget = Budget(cursor, f"{self.today:%Y-%m-%d}", settings.daily_units)
        headers = {"X-Goog-Api-Key": key_of(context, settings.key_secret)}
        self.api = Api(settings, context, headers=headers, explain=self._explain)

    def cost(self) -> str:
        return (
            f"{self.budget.used} of at most {self.budget.cap} units used today "
            f"(a page of a search costs {SEARCH}, one of comments {LIST})"
        )

    def _explain(self, status: int, said: Any) -> CollectorError | None:
        return explain(status, said, self.settings.key_secret, self.today)

    def _get(self, path: str, cost: int, params: dict[str, object]) -> Any:
        if self.budget.left < cost:
            raise CollectorError(
                f"The day's {self.budget.cap} units (`daily_units`) are used up.",
                "It goes on after midnight Pacific time where it stopped.",
                retry_after=to_next_day(self.today),
            )
        self.budget.spend(cost)  # what fails costs as well
        return self.api.get(f"/youtube/v3{path}", {"part": "snippet", **params})

    def search(self, query: str, start: datetime, end: datetime, token: str | None) -> Page:
        """The videos of a span of time that a search finds."""
        answer = self._get("/search", SEARCH, {
            "q": query, "type": "video", "order": "date", "maxResults": 50, "safeSearch": "none",
            "publishedAfter": f"{start:%Y-%m-%dT%H:%M:%SZ}", "publishedBefore": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "pageToken": token,
        })  # fmt: skip
        items = list_at(answer, "items", where="the search of YouTube")
        return Page({"found": items}, text_at(answer, "nextPageToken") if items else None)

    def threads(self, of: dict[str, object], videos: dict[str, Any], token: str | None) -> Page:
        """Comments of a video or channel, the newest first, each with all its replies."""
        params = {"maxResults": 100, "order": "time", "textFormat": "plainText", "pageToken": token}
        answer = self._get("/commentThreads", LIST, {**of, **params, "part": "snippet,replies"})
        items = list_at(answer, "items", where="YouTube's comments")
        for item in items:
            self._complete(item)
        ids = dict.fromkeys(filter(None, (text_at(item, "snippet", "videoId") for item in items)))
        about = {id_: text_at(videos, id_, "about") for id_ in ids if id_ in videos}
        if "videoId" not in of:
            missing = self.described([id_ for id_ in ids if id_ not in videos])
            about |= {id_: one["about"] for id_, one in missing.items()}
        times = sorted(filter(None, map(moment, items)))
        return Page(
            {"threads": items, "about": about},
            text_at(answer, "nextPageToken") if items else None,
            oldest=moment(items[-1]) if items else None,  # by the last: a pinned comment stands first
            newest=times[-1] if times else None,
        )

    def _complete(self, thread: Any) -> None:
        """Give a thread all its replies: it carries no more than five."""
        carried, total = at(thread, "replies", "comments"), at(thread, "snippet", "totalReplyCount")
        have = len(carried) if isinstance(carried, list) else 0
        if not isinstance(total, int) or total <= have:
            return
        replies: list[Any] = []
        token: str | None = None
        params = {"parentId": text_at(thread, "id"), "maxResults": 100, "textFormat": "plainText"}
        try:
            while token != "":
                answer = self._get("/comments", LIST, {**params, "pageToken": token})
                found = list_at(answer, "items", where="YouTube's replies")
                replies += found
                token = text_at(answer, "nextPageToken") if found else ""
        except CollectorError as error:
            if not error.permanent:
                raise
            self._note("the replies to some comments cannot be read")
        if len(replies) > have:
            thread["replies"] = {"comments": replies}

    def described(self, ids: list[str]) -> dict[str, dict[str, str]]:
        """What videos are about that no search has told of."""
        found = {}
        for n in range(0, len(ids), 50):
            for item in self._videos(ids[n : n + 50]):
                title, published = (text_at(item, "snippet", name) for name in ("title", "publishedAt"))
                found[text_at(item, "id")] = {"about": title, "published": published}
        return found

    def _videos(self, ids: list[str]) -> list[Any]:
        try:
            answer = self._get("/videos", LIST, {"id": ",".join(ids), "maxResults": 50})
        except CollectorError as error:
            if not error.permanent:
                raise
            self._note(
                "the titles of some videos cannot be read"
            )  # what is wrong in general the next one tells
            return []
        return list_at(answer, "items", where="YouTube's videos")

    def standing(self, path: str, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Whether videos or comments are still public: those that are not are left out of the answer."""
        for some in by(50, ids):
            answer = self._get(path, LIST, {"id": ",".join(some), "part": "id", "maxResults": 50})
            items = list_at(answer, "items", where="YouTube's look-up")
            yield from standing(some, {text_at(item, "id") for item in items}, where="YouTube")

    def readable(self, pages: Iterator[Raw], key: str = "") -> Iterator[Raw]:
        """The pages of one listing; if it cannot be read, that is noted and the others go on."""
        try:
            yield from pages
        except Unreadable as error:
            self._note(error.message)
            if key:
                yield Raw({}, {key: {}}, key)

    def _note(self, note: str) -> None:
        if note not in self.context.notes:
            self.context.notes.append(note)


def moment(thread: Any) -> datetime | None:
    """When the first comment of a thread was made."""
    return parse_date(at(thread, "snippet", "topLevelComment", "snippet", "publishedAt"))


def explain(status: int, said: Any, secret: str, today: datetime) -> CollectorError | None:
    """What YouTube means by an error: developers.google.com/youtube/v3/docs/errors."""
    reasons = {text_at(said, "error", "errors", 0, "reason"), text_at(said, "error", "status")}
    details = at(said, "error", "details")
    reasons |= {text_at(one, "reason") for one in (details if isinstance(details, list) else ())}
    message = text_at(said, "error", "message")
    if reasons & _QUOTA or (status == 429 and "per day" in message):
        return CollectorError(
            "YouTube's quota of the day is used up.",
            "It goes on after midnight Pacific time; fewer `queries` or a longer `every` need less.",
            retry_after=to_next_day(today),
        )
    if reasons & _PACE or status == 429:
        return CollectorError("YouTube is asked too often.", LATER, retry_after=60.0)
    if "invalidPageToken" in reasons:
        return Stale("YouTube does not know the page to go on with.", LATER)
    return _key_problem(status, reasons, message, secret) or _other(status, reasons, message)


def _key_problem(status: int, reasons: set[str], message: str, secret: str) -> CollectorError | None:
    if reasons & _OFF:
        remedy = "Switch on the YouTube Data API v3 for the key's project in Google's console."
        return CollectorError("The YouTube Data API is not switched on.", remedy, permanent=True)
    if reasons & _BLOCKED:
        remedy = "Let the key be used for the YouTube Data API v3 from this machine, in Google's console."
        return CollectorError("The key is restricted to other uses.", remedy, permanent=True)
    if reasons & _KEY or status == 401 or "API key" in message:
        remedy = f"Set {secret} to a key of Google's console."
        return CollectorError("YouTube does not accept the key.", remedy, permanent=True)
    return None


def _other(status: int, reasons: set[str], message: str) -> CollectorError | None:
    if "commentsDisabled" in reasons:
        return Unreadable("Comments of some videos are turned off.", permanent=True)
    if reasons & _ONE:
        return Unreadable("Some videos or comments are gone or not public.", permanent=True)
    said = clipped(message) or "no reason given"
    if status == 403:
        remedy = "Look at the key and its project in Google's console."
        return CollectorError(f"YouTube does not let this key read that: {said}", remedy, permanent=True)
    if status == 400:
        remedy = "Correct `queries`, `videos` or `channels` in the config."
        return CollectorError(f"YouTube does not understand the request: {said}", remedy, permanent=True)
    return None

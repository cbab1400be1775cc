"""The search of X's interface, v2: its pages within a month's budget, and its errors in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from candidly.errors import CollectorError, Degraded
from collectors.api import LATER, Api, at, list_at, text_at
from collectors.base import Context, Standing
from collectors.budget import Budget, to_next_month
from collectors.keys import clipped
from collectors.paging import Forward, Page, Stale
from collectors.rechecking import by, standing

if TYPE_CHECKING:
    from collectors.x import XSettings

FRESH: Final = timedelta(seconds=30)
"""X refuses an `end_time` that is not at least ten seconds past."""
RECENT: Final = timedelta(days=7) - timedelta(minutes=30)
"""How far back the recent search reaches, less what a run may take."""
LEAST, MOST, MOST_ARCHIVE = 10, 100, 500
"""Posts of a page, as X bounds them."""
TOGETHER: Final = 10
"""Conversations in one query: with more it grows longer than the 512 characters that every access allows."""
FIELDS: Final = (
    "author_id,conversation_id,created_at,edit_history_tweet_ids,lang,note_tweet,public_metrics,"
    "referenced_tweets"
)
_OWN_RULE: Final = re.compile(r"\bis:retweet\b")


class CapReached(CollectorError):
    """The month's posts are read."""


class Search:
    """Reads pages of the search; `of(query)` is what `paging.forward` calls."""

    def __init__(self, settings: XSettings, context: Context, api: Api, budget: Budget) -> None:
        self.settings, self.context, self.api, self.budget = settings, context, api, budget
        self.path = f"/2/tweets/search/{'all' if settings.full_archive else 'recent'}"
        self.read = {""}

    def cost(self) -> str:
        used = self.budget.used
        dollars = used * self.settings.price
        return f"{used} of at most {self.budget.cap} posts read this month, about {dollars:.2f} USD"

    def of(self, query: str) -> Forward:
        """(from, until, token) -> a page of what `query` finds, with its conversations if they are wanted."""
        asked = query if _OWN_RULE.search(query) else f"({query}) -is:retweet"

        def read(start: datetime, end: datetime, token: str | None) -> Page:
            earliest = start if self.settings.full_archive else self.context.now - RECENT
            if start < earliest:
                self._gap(start)
            if end <= earliest:
                return Page({"data": []})
            page = self._page(asked, max(start, earliest), end, token)
            if self.settings.conversations:
                try:
                    self._add_conversations(page, max(start, earliest))
                except CapReached:  # the page is paid for: keep it, and let the next one stop the run
                    self.context.notes.append("not all conversations were read: the month's posts are")
            return Page(page, text_at(page, "meta", "next_token") or None)

        return read

    def _gap(self, start: datetime) -> None:
        note = f"posts from {start:%Y-%m-%d} on are missing until 7 days ago: the recent search ends there"
        if note not in self.context.notes:
            self.context.notes.append(note)

    def _add_conversations(self, page: dict[str, Any], start: datetime) -> None:
        """Append the other posts, up to now, of the conversations that a page's posts belong to."""
        end = self.context.now - FRESH
        threads = list({thread: None for post in page["data"] if (thread := _lively(post)) not in self.read})
        for n in range(0, len(threads), TOGETHER):
            some = threads[n : n + TOGETHER]
            query = f"({' OR '.join(f'conversation_id:{thread}' for thread in some)}) -is:retweet"
            token: str | None = None
            while token != "":
                more = self._page(query, start, end, token)
                _append(page, more)
                token = text_at(more, "meta", "next_token")
            self.read.update(some)

    def _page(self, query: str, start: datetime, end: datetime, token: str | None) -> dict[str, Any]:
        params = {
            "query": query,
            "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "end_time": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "max_results": self._affordable(),
            "next_token": token,
            "tweet.fields": FIELDS,
            "expansions": "referenced_tweets.id" if self.settings.context else None,
        }
        answer = self.api.get(self.path, params)
        if at(answer, "meta", "result_count") == 0 and at(answer, "data") is None:
            return {**answer, "data": []}
        if at(answer, "data") is None and (errors := at(answer, "errors")):
            said = explain(200, errors[0] if isinstance(errors, list) else None, "", self.context.now)
            raise Degraded(said.message if said else "X answered with an error.", LATER)
        data = list_at(answer, "data", where="the search of X")
        included = at(answer, "includes", "tweets")
        self.budget.spend(len(data) + (len(included) if isinstance(included, list) else 0))
        if isinstance(errors := at(answer, "errors"), list) and errors:
            self._hidden(len(errors))
        return dict(answer)

    def _hidden(self, count: int) -> None:
        """Errors beside data are about posts that others answer or quote: deleted, or of closed accounts."""
        self.context.notes.append(f"{count} posts that others refer to are not shown")

    def _affordable(self) -> int:
        """Posts to ask for: no more than the month allows, with up to two others that each refers to."""
        most = self.budget.left // (3 if self.settings.context else 1)
        if most < LEAST:
            raise CapReached(
                f"The month's {self.budget.cap} posts (`monthly_posts`) are read: {self.cost()}.",
                "It goes on next month where it stopped; a larger cap lets it read on now.",
                retry_after=to_next_month(self.context.now),
            )
        return min(most, MOST_ARCHIVE if self.settings.full_archive else MOST)


def _lively(post: Any) -> str:
    """The conversation of a post that is not alone in it."""
    thread = text_at(post, "conversation_id")
    alone = thread == text_at(post, "id") and not at(post, "public_metrics", "reply_count")
    return thread if thread.isdigit() and not alone else ""


def _append(page: dict[str, Any], more: dict[str, Any]) -> None:
    """Add the posts of another answer that are not there yet."""
    have = {text_at(post, "id") for post in page["data"]}
    page["data"] += [post for post in more["data"] if text_at(post, "id") not in have]
    if isinstance(others := at(more, "includes", "tweets"), list):
        page.setdefault("includes", {}).setdefault("tweets", []).extend(others)


def standing_of(api: Api, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
    """Whether posts are still public; an answer names those that are not among its errors."""
    for some in by(MOST, ids):
        answer = api.get("/2/tweets", {"ids": ",".join(some)})
        data, errors = at(answer, "data"), at(answer, "errors")
        if not isinstance(data, list) and not isinstance(errors, list):
            raise Degraded("X's look-up: the answer holds neither posts nor errors.", LATER)
        there = {text_at(post, "id") for post in data or ()}
        missing = {text_at(error, "resource_id") for error in errors or ()}
        yield from standing([id_ for id_ in some if id_ in there | missing], there, where="X")


def explain(status: int, said: Any, secret: str, now: datetime) -> CollectorError | None:
    """What X means by an error: https://docs.x.com/x-api/fundamentals/response-codes-and-errors."""
    problem = text_at(said, "type").rpartition("/")[2]
    title, detail = text_at(said, "title"), clipped(text_at(said, "detail"))
    if status == 401:
        return CollectorError(
            "X does not accept the bearer token.",
            f"Set {secret} to the bearer token of an app that still exists.",
            permanent=True,
        )
    if status == 402 or title == "CreditsDepleted":
        return CollectorError(
            "The credits of the X account are used up.",
            "Buy credits in X's developer console.",
            permanent=True,
        )
    if problem == "usage-capped" or title in ("UsageCapExceeded", "SpendCapReached"):
        return CollectorError(
            "X's own cap on this month's use is reached.",
            "It goes on next month; the cap is set in X's developer console.",
            retry_after=to_next_month(now),
        )
    if status == 429:
        return CollectorError(
            "X's limit of requests is used up.", "It goes on when X's quarter of an hour is over."
        )
    if status == 403:
        return CollectorError(
            f"X does not let this app search: {detail or title or 'no reason given'}",
            "Look at the app's access in X's developer console; `full_archive` needs more than `recent`.",
            permanent=True,
        )
    return _invalid(said, detail) if status == 400 else _plain(status, title, detail)


def _plain(status: int, title: str, detail: str) -> CollectorError | None:
    return CollectorError(f"X answered with an error: {detail or title}.", LATER) if status == 200 else None


def _invalid(said: Any, detail: str) -> CollectorError:
    """A request that X does not understand: a token of long ago, or a query."""
    errors = at(said, "errors")
    parameters = {
        name for one in (errors if isinstance(errors, list) else ()) for name in at(one, "parameters") or ()
    }
    reason = clipped(text_at(said, "errors", 0, "message")) or detail
    if parameters & {"next_token", "pagination_token"}:
        return Stale("X does not know the page to go on with.", LATER)
    return CollectorError(
        f"X does not understand the search: {reason}", "Correct `queries` in the config.", permanent=True
    )

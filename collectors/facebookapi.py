"""Requests to Facebook's Graph API: which fields are asked for, pages by cursors, errors in plain words.

`from`, `reviewer` and whatever else says who wrote something stand in no list of fields here, and `bare`
drops what a server sends beyond them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from candidly.errors import CollectorError, Degraded
from collectors.api import LATER, Api, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import parse_date
from collectors.keys import clipped, key_of
from collectors.paging import Page, Stale
from collectors.rechecking import by, standing

if TYPE_CHECKING:
    from collectors.facebook import FacebookSettings

ITEM: Final = "id,message,created_time,message_tags"
COMMENT: Final = f"{ITEM},parent{{id}}"
POST: Final = f"{ITEM},status_type,comments.filter(stream).limit(100).summary(true){{{COMMENT}}}"
RATING: Final = "created_time,recommendation_type,review_text,rating"
KEPT: Final = ("message", "created_time", "status_type", "recommendation_type", "review_text", "rating")
POSTS, MOST, TOGETHER = 25, 100, 50
CURSORS: Final = ("after", "until", "__paging_token", "offset")
"""What leads to the next page; the address of it holds the access token beside them."""
NAME: Final = "[name]"
DEEPEST: Final = 20
"""Replies within replies that are followed; Facebook shows three levels."""
_IN_ADDRESS: Final = tuple(
    re.compile(pattern)
    for pattern in (r"/posts/(\d{1,30})", r"[?&]comment_id=(\d{1,30})", r"[?&]reply_comment_id=(\d{1,30})")
)
_HOUR: Final = 3600.0


class Missing(CollectorError):
    """There is no such object, or none that this token may see."""


class Denied(CollectorError):
    """The token is not good enough, for this and all else."""


class TooMuch(CollectorError):
    """Facebook cannot put so much into one answer."""


class Reader:
    """Asks for pages; `posts` and `ratings` are what `collectors.paging` calls."""

    def __init__(self, settings: FacebookSettings, context: Context) -> None:
        self.settings, self.context, self.size = settings, context, POSTS
        token = key_of(context, settings.page_token_secret)
        self.proof: dict[str, object] = {}
        if settings.app_secret_secret:  # developers.facebook.com/docs/graph-api/guides/secure-requests
            secret = key_of(context, settings.app_secret_secret).encode()
            self.proof["appsecret_proof"] = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()
        headers = {"Authorization": f"Bearer {token}"}
        self.api = Api(settings, context, headers=headers, explain=self._explain)

    def _explain(self, status: int, said: Any) -> CollectorError | None:
        return explain(status, said, self.settings.page_token_secret)

    def _get(self, path: str, params: dict[str, object], token: str | None = None) -> Any:
        version = f"/{self.settings.version}"
        return self.api.get(version + path, {**self.proof, **params, **dict(parse_qsl(token or ""))})

    def _list(self, path: str, params: dict[str, object], token: str | None) -> tuple[list[Any], str | None]:
        """The items of a page, and what asks for the next."""
        answer = self._get(path, params, token)
        if (error := at(answer, "error")) and (meant := explain(200, {"error": error}, "the secret")):
            raise Degraded(meant.message, meant.remedy)
        items = list_at(answer, "data", where="Facebook")
        return items, following(answer) if items else None

    def posts(self, token: str | None) -> Page:
        """Posts, the newest first, each with all its comments."""
        items, more = self._feed(token)
        times = [when for item in items if (when := parse_date(at(item, "created_time")))]
        posts = [{**bare(item), "comments": {"data": self._comments(item)}} for item in items]
        return Page(
            {"posts": posts}, more, oldest=times[-1] if times else None, newest=max(times, default=None)
        )

    def _feed(self, token: str | None) -> tuple[list[Any], str | None]:
        """A page of posts, of fewer and fewer where that is too much for Facebook at once."""
        while True:
            try:
                params = {"fields": POST, "limit": self.size}
                return self._list(f"/{self.settings.page}/feed", params, token)
            except TooMuch:
                if self.size == 1:
                    raise
                self.size //= 5

    def _comments(self, post: Any) -> list[Any]:
        """What a post carries of its comments, and the rest; of every depth, in the order of time."""
        carried, id_ = at(post, "comments", "data"), text_at(post, "id")
        found = list(carried) if isinstance(carried, list) else []
        token = following(at(post, "comments"))
        more = bool(token) or (not found and bool(at(post, "comments", "summary", "total_count")))
        params = {"filter": "stream", "order": "chronological", "fields": COMMENT, "limit": MOST}
        try:
            while more and id_:
                items, token = self._list(f"/{id_}/comments", params, token)
                found, more = found + items, bool(token)
        except CollectorError as error:
            if not error.permanent or isinstance(error, Denied):
                raise
            self._note("the comments on some posts cannot be read")
        return [{**bare(comment), "comments": _nested(comment)} for comment in found]

    def ratings(self, token: str | None) -> Page:
        """Recommendations; in which order, Facebook does not say, so that none ends the reading."""
        params = {"fields": RATING, "limit": MOST}
        items, more = self._list(f"/{self.settings.page}/ratings", params, token)
        return Page({"ratings": [bare(item) for item in items]}, more)

    def offered(self, pages: Iterator[Raw]) -> Iterator[Raw]:
        """The pages of recommendations, where Facebook gives them: not every version and Page has them."""
        try:
            yield from pages
        except Missing as error:
            self._note(f"no recommendations: {error.message}")

    def standing(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Whether posts and comments are still there; one that is not makes a request for many fail."""
        for some in by(TOGETHER, ids):
            try:
                answer = self._get("/", {"ids": ",".join(some), "fields": "id"})
                there = [id_ for id_ in some if text_at(answer, id_, "id")]
            except Missing:
                there = [id_ for id_ in some if self._is_there(id_)]
            yield from standing(some, there, where="Facebook")

    def _is_there(self, id_: str) -> bool:
        try:
            return bool(text_at(self._get(f"/{id_}", {"fields": "id"}), "id"))
        except Missing:
            return False

    def _note(self, note: str) -> None:
        if note not in self.context.notes:
            self.context.notes.append(note)


def following(answer: Any) -> str | None:
    """What asks for the next page, of the address that leads there: its cursors, and nothing else of it."""
    address = text_at(answer, "paging", "next")
    if not address:
        return None
    try:
        query = parse_qs(urlsplit(address).query)
    except ValueError:
        query = {}
    cursors = {name: query[name][0] for name in CURSORS if query.get(name)}
    if after := text_at(answer, "paging", "cursors", "after"):
        cursors = {"after": after}
    if not cursors:
        raise Degraded("Facebook: the way to the next page holds no cursor.", LATER)
    return urlencode(cursors)


def bare(item: Any) -> dict[str, Any]:
    """An item with the fields that are kept, and no names of persons in its text."""
    kept: dict[str, Any] = {key: item[key] for key in KEPT if key in item} if isinstance(item, dict) else {}
    if id_ := id_of(item):
        kept["id"] = id_
    if parent := _parent(item):
        kept["parent"] = {"id": parent}
    return {**kept, "message": without_names(item)} if "message" in kept else kept


def _nested(comment: Any) -> dict[str, Any]:
    """The replies that a comment carries in itself."""
    return {
        "data": [{**bare(reply), "parent": {"id": id_of(parent)}} for reply, parent in _below(comment, 0)]
    }


def comments_of(post: Any) -> Iterator[tuple[Any, str]]:
    """`(comment, id of what it answers)` of all comments on a post, at whatever depth they stand."""
    for comment, above in _below(post, 0):
        yield comment, _parent(comment) or id_of(above)


def _below(item: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    found = at(item, "comments", "data")
    for comment in found if isinstance(found, list) and depth < DEEPEST else ():
        yield comment, item
        yield from _below(comment, depth + 1)


def id_of(item: Any) -> str:
    """The id; where a comment comes without it, as its address has it: post_comment."""
    post, comment, reply = _address(item)
    return text_at(item, "id") or (f"{post}_{reply or comment}" if post and comment else "")


def _parent(comment: Any) -> str:
    """The comment that one answers, as far as it says itself."""
    post, first, reply = _address(comment)
    return text_at(comment, "parent", "id") or (f"{post}_{first}" if post and reply else "")


def _address(item: Any) -> tuple[str, str, str]:
    """`(post, comment, reply)` as the address of a comment names them."""
    post, first, reply = (
        found[1] if (found := pattern.search(text_at(item, "permalink_url"))) else ""
        for pattern in _IN_ADDRESS
    )
    return post, first, reply


def without_names(item: Any) -> str:
    """The text of an item; the names of persons that it mentions by a tag are taken out."""
    text, tags = text_at(item, "message"), at(item, "message_tags")
    for tag in tags if isinstance(tags, list) else ():
        if text_at(tag, "type") == "user" and (name := text_at(tag, "name")):
            text = text.replace(name, NAME)
    return text


def explain(status: int, said: Any, secret: str) -> CollectorError | None:
    """What Facebook means by an error: developers.facebook.com/docs/graph-api/guides/error-handling.

    Its own words are shown for few: those on a wrong token repeat it.
    """
    code, message = at(said, "error", "code"), clipped(text_at(said, "error", "message"))
    code = code if isinstance(code, int) else -1
    if code in (102, 190) or status == 401:
        remedy = f"Set {secret} to a new Page token; one made from a long-lived user token does not expire."
        return Denied(
            "Facebook does not accept the Page token: it is wrong, or has expired.", remedy, permanent=True
        )
    if code in (3, 10) or 200 <= code < 300:
        remedy = (
            "Let somebody with a task on the Page make the token, with the permissions pages_read_engagement "
            "and pages_read_user_content, which Meta grants after App Review."
        )
        return Denied("The Page token may not read this.", remedy, permanent=True)
    if code in (4, 17, 32, 341, 368, 613) or 80_000 <= code < 80_100:
        remedy = "It goes on where it stopped; a longer `every` or a shorter `lookback` needs fewer requests."
        whose = {4: "the app's", 17: "the user's", 32: "the Page's"}.get(code, "its")
        return CollectorError(
            f"Facebook is asked too often: {whose} limit is reached.", remedy, retry_after=_HOUR
        )
    if "reduce the amount of data" in message:
        return TooMuch("Facebook cannot put so many comments into one answer.", LATER)
    return _mistake(code, message) or _passing(said, status)


def _mistake(code: int, message: str) -> CollectorError | None:
    """Errors of what was asked for."""
    if code == 100 and "app secret" in message:
        remedy = "Name the app's secret under `app_secret_secret`, and read no Page but your own."
        return Denied("Facebook wants a proof of the app's secret.", remedy, permanent=True)
    if code == 100 and ("cursor" in message.lower() or "paging" in message.lower()):
        return Stale("Facebook does not know the page to go on with.", LATER)
    if code in (12, 100, 803, 2500):
        remedy = "Check `page` and `version` in the config, and that the token is of this Page."
        return Missing(
            f"Facebook has no such thing, or not for this token: {message}", remedy, permanent=True
        )
    if code == 2635:
        remedy = "Set `version` to a version of the Graph API that is still served."
        return CollectorError("This version of the Graph API has ended.", remedy, permanent=True)
    return None


def _passing(said: Any, status: int) -> CollectorError | None:
    """A fault on Facebook's side."""
    if at(said, "error", "code") in (1, 2) or at(said, "error", "is_transient") is True or status == 200:
        return CollectorError("Facebook cannot answer just now.", LATER)
    return None

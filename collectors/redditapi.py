"""The edge to Reddit: praw over our hardened connection, plain dicts out, and every failure as ours.

Imports praw and requests, so import it inside functions.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Callable, Iterator, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import praw
import prawcore
import requests
import urllib3
from praw.exceptions import DuplicateReplaceException, PRAWException, RedditAPIException

from candidly.errors import CollectorError, Degraded
from collectors.httpbody import read_body
from collectors.httpconnect import Adapter, Watch

DEADLINE: Final = 60.0
"""Seconds for one request, however slowly the answer drips."""
MAX_BYTES: Final = 30_000_000
MAX_RETRY_AFTER: Final = 86_400.0

_LATER: Final = "It is tried again with the next run."
_REQUEST: Final = "Check `subreddits` and `queries`."
_KEYS: Final = (
    "Check the client id and secret (a `script` app on reddit.com/prefs/apps), and that the app was approved."
)
_POST: Final = ("id", "name", "title", "selftext", "created_utc", "permalink", "subreddit", "num_comments")
_COMMENT: Final = ("id", "name", "body", "created_utc", "permalink", "parent_id")
_ODD: Final = (LookupError, TypeError, ValueError, AttributeError, AssertionError, RecursionError)
"""What praw lets out when an answer is not shaped as it expects; all of these are not ours to mend."""

Plain = dict[str, Any]


class Unreadable(CollectorError):
    """One subreddit or thread cannot be read; the others can."""


class Gone(Unreadable):
    """It was taken away, or is not to be read by us."""


class Requestor(prawcore.Requestor):
    """praw's way to the network, with a deadline, a size cap, checked addresses and bounded pauses."""

    def __init__(
        self, *, adapter: Adapter, max_wait: float, deadline: float, spend: Callable[[], None], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.adapter = adapter
        self.max_wait = max_wait
        self.deadline = deadline
        self.spend = spend
        self.used_up: float | None = None

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> requests.Response:
        """One request; raises CollectorError for a 429, a body out of bounds and a quota that is used up."""
        if self.used_up is not None:
            raise CollectorError("Reddit's quota for this key is used up.", _LATER, retry_after=self.used_up)
        kwargs.setdefault("allow_redirects", False)
        self.spend()
        with Watch(min(self.deadline, DEADLINE)) as watch:
            self.adapter.watch = watch
            answer = super().request(*args, timeout=timeout, stream=True, **kwargs)
            if not answer.is_redirect:  # of those, requests has read and closed the body already
                with answer.raw:
                    # prawcore would read the body without a bound; now it finds it read.
                    answer.raw = io.BytesIO(self._body(answer))
        self._pace(answer)
        _plainly(answer)
        return answer

    def _body(self, answer: requests.Response) -> bytes:
        try:
            body = read_body(answer, MAX_BYTES, "Reddit's answer")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise CollectorError(f"Reddit's answer broke off ({type(error).__name__}).", _LATER) from None
        if answer.ok and body.lstrip()[:1] not in (b"{", b"["):
            # praw takes an empty answer for an empty listing; that would be silence taken for quiet.
            raise Degraded("Reddit's answer is not JSON.", _LATER)
        return body

    def _pace(self, answer: requests.Response) -> None:
        """prawcore pauses until the quota is filled up again, up to ten minutes; we end the run instead."""
        reset = _seconds(answer.headers.get("x-ratelimit-reset"))
        if answer.status_code == 429:
            wait = _seconds(answer.headers.get("retry-after"))
            raise _too_many(wait if wait is not None else reset)
        left = _seconds(answer.headers.get("x-ratelimit-remaining"))
        if left is not None and left < 1 and (reset or 0.0) > self.max_wait:
            self.used_up = reset
            for name in ("remaining", "used", "reset"):
                answer.headers.pop(f"x-ratelimit-{name}", None)


def _seconds(header: str | None) -> float | None:
    try:
        seconds = float(header or "nan")
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _plainly(answer: requests.Response) -> None:
    """prawcore fails with KeyError on a refusal whose www-authenticate does not read as it expects."""
    if answer.status_code == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="reddit", error="invalid_token"'
    elif answer.status_code == 403:
        answer.headers.pop("www-authenticate", None)


def _too_many(wait: float | None) -> CollectorError:
    return CollectorError(
        "Reddit answered 429: too many requests with this key.",
        "It is asked again later; a longer `every` or fewer subreddits avoid this.",
        retry_after=wait,
    )


@contextlib.contextmanager
def connect(
    base_url: str,
    *,
    client_id: str,
    client_secret: str,
    user_agent: str,
    max_wait: float,
    deadline: float = DEADLINE,
    spend: Callable[[], None] = lambda: None,
) -> Iterator[praw.Reddit]:
    """A read-only praw client, closed at the end; `base_url` empty means the real Reddit.

    `deadline`: seconds for one request; `spend` is called before each, and may refuse it.
    """
    adapter = Adapter(allow_private=bool(base_url))
    with requests.Session() as session:
        session.trust_env = False  # no proxy, netrc or cookie of somebody's environment
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["Accept-Encoding"] = "gzip, deflate"
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        # Every setting that a praw.ini or the environment could change is named here.
        yield praw.Reddit(
            "DEFAULT",
            client_id=client_id,
            client_secret=client_secret,
            user_agent=user_agent,
            oauth_url=base_url or "https://oauth.reddit.com",
            reddit_url=base_url or "https://www.reddit.com",
            short_url="https://redd.it",
            username=None,
            password=None,
            refresh_token=None,
            redirect_uri=None,
            check_for_updates=False,
            ratelimit_seconds=0,
            timeout=20,
            requestor_class=Requestor,
            requestor_kwargs={
                "session": session,
                "adapter": adapter,
                "max_wait": max_wait,
                "deadline": deadline,
                "spend": spend,
            },
        )


def lookup(reddit: praw.Reddit, names: Sequence[str]) -> Iterator[Plain]:
    """Submissions and comments by their full names, up to 100 a request; what is not public is left out."""
    for thing in reddit.info(fullnames=names):
        if not isinstance(thing, praw.models.Submission | praw.models.Comment):
            raise TypeError(type(thing).__name__)
        is_post = isinstance(thing, praw.models.Submission)
        yield _plain(thing, (*_POST, "removed_by_category") if is_post else _COMMENT)


def listing(reddit: praw.Reddit, subreddit: str, query: str | None, limit: int | None) -> Iterator[Plain]:
    """The submissions of a subreddit, newest first: those that match `query`, or all."""
    place = reddit.subreddit(subreddit)
    found = (
        place.new(limit=limit)
        if query is None
        else place.search(query, sort="new", syntax="lucene", time_filter="all", limit=limit)
    )
    for submission in found:
        yield _plain(submission, _POST)


def thread(reddit: praw.Reddit, post: Plain) -> tuple[Plain, bool]:
    """`{"submission": ..., "comments": [...]}` as it stands now, and whether all comments could be had."""
    submission = reddit.submission(post["id"])
    forest = submission.comments
    whole = True
    try:
        forest.replace_more(limit=None)
    except (DuplicateReplaceException, AssertionError):
        # praw gives up on trees that change while it reads them; what it has read is good.
        whole = False
    comments = [_plain(item, _COMMENT) for item in forest.list() if isinstance(item, praw.models.Comment)]
    return {"submission": _plain(submission, _POST), "comments": comments}, whole


def _plain(thing: praw.models.Submission | praw.models.Comment, names: tuple[str, ...]) -> Plain:
    """Some fields of a praw object; by `vars`, since praw asks the network for an attribute it lacks."""
    have = vars(thing)
    plain = {name: have.get(name) for name in names}
    author = have.get("author")
    return {**plain, "subreddit": str(have.get("subreddit") or ""), "author": str(author) if author else ""}


@contextlib.contextmanager
def reported(where: str) -> Iterator[None]:
    """Whatever praw raises inside, as CollectorError, with the place ("r/jobs") in its message."""
    try:
        yield
    except CollectorError:
        raise
    except (prawcore.PrawcoreException, PRAWException, *_ODD) as error:
        raise translate(error, where) from error


def translate(error: Exception, where: str) -> CollectorError:
    """The CollectorError of any exception of praw and prawcore. Never holds what the answer said."""
    if isinstance(error, prawcore.RequestException):
        return _no_connection(error.original_exception)
    if isinstance(error, prawcore.TooManyRequests):
        return _too_many(_seconds(error.retry_after))
    if isinstance(error, prawcore.Redirect):
        return Unreadable(f"{where}: there is no such subreddit.", "Check its name.", permanent=True)
    if isinstance(error, prawcore.BadJSON):
        return Degraded(f"{where}: Reddit's answer is not JSON.", _LATER)
    if isinstance(error, prawcore.OAuthException):
        return CollectorError("Reddit does not accept the key.", _KEYS, permanent=True)
    if isinstance(error, prawcore.ResponseException):
        return _refused(error.response.status_code, where)
    if isinstance(error, RedditAPIException):
        if any(item.error_type == "RATELIMIT" for item in error.items):
            return _too_many(None)
        return Unreadable(f"{where}: Reddit refused the request.", _REQUEST, permanent=True)
    if isinstance(error, prawcore.InvalidInvocation):
        return CollectorError("Reddit cannot be asked with these settings.", _KEYS, permanent=True)
    return Degraded(f"{where}: Reddit's answer has an unknown form ({type(error).__name__}).", _LATER)


def _no_connection(error: Exception) -> CollectorError:
    if isinstance(error, CollectorError):
        return error
    if isinstance(error, requests.exceptions.SSLError):
        remedy = "Set REQUESTS_CA_BUNDLE where your network has a certificate of its own."
        return CollectorError("The encrypted connection to Reddit cannot be trusted.", remedy, permanent=True)
    return CollectorError(f"Reddit cannot be reached ({type(error).__name__}).", _LATER)


def _refused(status: int, where: str) -> CollectorError:
    if status == 401:
        return CollectorError("Reddit does not accept the key (401).", _KEYS, permanent=True)
    if status == 403:
        remedy = "It is private, banned or in quarantine, or the app may not read it; take it out."
        return Gone(f"{where} may not be read (403).", remedy, permanent=True)
    if status == 404:
        return Gone(f"{where}: there is no such subreddit (404).", "Check its name.", permanent=True)
    if status == 451:
        remedy = "It is blocked for legal reasons; take it out."
        return Gone(f"{where} may not be read (451).", remedy, permanent=True)
    if status == 429:
        return _too_many(None)
    if 400 <= status < 500 and status != 408:
        message = f"{where}: Reddit does not understand the request ({status})."
        return Unreadable(message, _REQUEST, permanent=True)
    return CollectorError(f"Reddit is out of order ({status}).", _LATER)

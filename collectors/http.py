"""The one hardened fetch of all HTTP collectors. Imports requests, so import it inside functions.

What it promises for each `get`: it ends within `deadline` seconds however slowly the server drips; it holds
at most `max_bytes` of the body, unpacked; it connects only to the addresses that it has checked; it follows
at most five redirects, each checked like the first; it asks a host at most once per `interval`; and
whatever goes wrong is a CollectorError that says whether and when to try again.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from candidly import __version__
from candidly.errors import CollectorError
from collectors.httpbody import LATER, read_body
from collectors.httpconnect import Adapter, Watch
from collectors.throttle import Throttle

ACCEPT = (
    "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.8"
)
MAX_REDIRECTS = 5
ERROR_BYTES = 20_000
"""Of a refusal: interfaces say there in JSON what is wrong."""
MAX_RETRY_AFTER = 86_400.0
SHORT_WAIT = 5.0
"""A Retry-After up to this is waited for here; a longer one is handed to the caller."""
_RETRIED = {500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_FAULTS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)

_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
"""Where interfaces say when a quota begins anew (seconds, a moment since 1970, or a date)."""
_SINCE_1970 = 1e9

_CONDITIONS = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
_TLS_FAULTS = (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)

_REMEDIES = MappingProxyType(
    {
        400: "Check the address in the config.",
        401: "The page needs a login, which candidly does not do; use an export or a saved page instead.",
        402: "The page must be paid for; use an export instead.",
        403: "The site refuses automated readers; use an export or a saved page with a `file` source.",
        404: "Check the address in the config; the page may have moved.",
        410: "The page is gone for good; take the address out of the config.",
        451: "The page is blocked for legal reasons; take the address out of the config.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A good answer: status 2xx with its body, or 304 without one. `url` is where it came from in the end."""

    status: int
    url: str
    body: bytes = b""
    content_type: str = ""
    charset: str = ""
    validators: Mapping[str, str] = field(default_factory=dict)

    @property
    def not_modified(self) -> bool:
        return self.status == 304


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request; `body` makes it a POST."""

    url: str
    headers: Mapping[str, str]
    first_bytes: int | None = None
    body: bytes | None = None


class Refused(CollectorError):
    """The server answered with an HTTP status that is no good answer; `body`: how its words begin."""

    status = 0
    body = b""


_SHARED = Throttle()


def user_agent(contact: str = "") -> str:
    """`candidly/0.1.0 (+contact)`: who asks, and where to complain."""
    return f"candidly/{__version__}" + (f" (+{contact})" if contact else "")


def shown(url: str) -> str:
    """An address for a message: without query, fragment and user name, which may be secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"[:300]
    except ValueError:
        return "an address that is none"


class Http:
    """A careful reader of other people's servers; see the module.

    `now` dates Retry-After; `clock` and `sleep` drive the pauses between requests, not the deadline.
    `check_host(url)` and the `allowed(url)` of a `get` may refuse any hop by raising CollectorError; so may
    `spend()`, which is called before each request. `note` is shown each answer that is read, and its headers.
    """

    def __init__(
        self,
        now: datetime,
        *,
        user_agent: str = user_agent(),
        allow_private: bool = False,
        deadline: float = 30.0,
        connect_timeout: float = 10.0,
        max_bytes: int = 5_000_000,
        min_interval: float = 1.0,
        retries: int = 2,
        check_host: Callable[[str], None] | None = None,
        spend: Callable[[], None] | None = None,
        note: Callable[[Response, Mapping[str, str]], None] | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        self.now, self.user_agent, self.allow_private = now, user_agent, allow_private
        self.deadline, self.connect_timeout, self.max_bytes = deadline, connect_timeout, max_bytes
        self.min_interval, self.retries, self.check_host = min_interval, retries, check_host
        self.spend, self.note = spend, note
        self.throttle = throttle or _SHARED
        self._started = self.throttle.clock()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, netrc or cookie of somebody's environment
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._adapter = Adapter(allow_private=allow_private)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._adapter)

    def get(
        self,
        url: str,
        *,
        validators: Mapping[str, str] | None = None,
        allowed: Callable[[str], None] | None = None,
        first_bytes: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Fetch `url`; with `validators` (`etag`, `last_modified` of an earlier answer) perhaps a 304.

        `first_bytes` is for files of which a beginning is enough: it is all that is read and no error.
        `headers` may hold a key; they go to the host of `url` alone, not to where it redirects.

        Raises CollectorError for everything that is no good answer.
        """
        budget, start, origin = self.deadline, url, url
        for _ in range(MAX_REDIRECTS + 1):
            self._check(url, origin, allowed)
            sent = {**self._headers(validators or {}), **((headers or {}) if _same_host(url, start) else {})}
            answer, budget = self._attempts(_Ask(url, sent, first_bytes), budget)
            if isinstance(answer, Response):
                return answer
            origin, url = url, answer
        raise CollectorError(f"{shown(start)}: more than {MAX_REDIRECTS} redirects.", _REMEDIES[404])

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> Response:
        """Send `body` to `url`, for what may be done twice, such as signing in: it is retried like a `get`.

        It goes to no other place, for it may hold a password: a redirect is a CollectorError, as is
        everything that is no good answer.
        """
        self._check(url, url, None)
        ask = _Ask(url, {**self._headers({}), **headers}, body=body)
        answer, _ = self._attempts(ask, self.deadline)
        if not isinstance(answer, Response):
            raise CollectorError(f"{shown(url)} has moved.", _REMEDIES[400], permanent=True)
        return answer

    def _check(self, url: str, origin: str, allowed: Callable[[str], None] | None) -> None:
        """Refuse what must not be asked for at all."""
        try:
            parts = urlsplit(url)
            good = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            good = False
        if not good:
            raise CollectorError(f"{shown(url)} is no web address.", _REMEDIES[400], permanent=True)
        if parts.scheme not in ("http", "https"):
            raise CollectorError(
                f"{shown(url)}: only http and https are fetched.", _REMEDIES[400], permanent=True
            )
        if urlsplit(origin).scheme == "https" and parts.scheme == "http":
            raise CollectorError(f"{shown(origin)} redirects to an unencrypted page.", _REMEDIES[404])
        if parts.username is not None or parts.password is not None:
            raise CollectorError(
                f"{shown(url)}: an address with a user name in it.", "Leave it out.", permanent=True
            )
        for check in (self.check_host, allowed):
            if check is not None:
                check(url)

    def _attempts(self, ask: _Ask, budget: float) -> tuple[Response | str, float]:
        """One hop with its retries: the answer, or where it redirects to; and the seconds that are left."""
        host = urlsplit(ask.url).netloc.lower()
        for attempt in range(self.retries + 1):
            if self.spend is not None:
                self.spend()
            self.throttle.wait(host, self.min_interval)
            before = time.monotonic()
            try:
                answer: Response | str | _Again = self._once(ask, budget)
            except _Again as again:
                answer = again
            finally:
                self.throttle.done(host, self.min_interval)
                budget -= time.monotonic() - before
            if not isinstance(answer, _Again):
                return answer, budget
            if attempt == self.retries or budget <= 0 or answer.wait > SHORT_WAIT:
                raise answer.error
            self.throttle.sleep(answer.wait or 0.5 * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError("unreachable")

    def _once(self, ask: _Ask, budget: float) -> Response | str:
        with Watch(budget) as watch:
            self._adapter.watch = watch
            try:
                return self._exchange(ask, budget, watch)
            except CollectorError:
                raise
            except _FAULTS as fault:
                if watch.fired or watch.left() <= 0:
                    raise self._late(ask.url) from None
                raise _fault(ask.url, fault) from None

    def _exchange(self, ask: _Ask, budget: float, watch: Watch) -> Response | str:
        """Send one request; read its answer."""
        url, method = ask.url, "GET" if ask.body is None else "POST"
        wanted = requests.Request(method, url, headers=dict(ask.headers), data=ask.body)
        request = self._session.prepare_request(wanted)
        timeout = (min(self.connect_timeout, budget), budget)
        with self._session.send(request, stream=True, allow_redirects=False, timeout=timeout) as answer:
            status = answer.status_code
            if status in _REDIRECTS and answer.headers.get("Location"):
                location = answer.headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")
                return urljoin(url, location)
            if status == 304 and (known := _validators(ask.headers)):
                return Response(status=304, url=url, validators=known)
            if not 200 <= status < 300:
                said = _said(answer, shown(url))
                raise self._refusal(url, status, _retry_after(status, answer.headers), said)
            cut = ask.first_bytes is not None
            body = read_body(answer, ask.first_bytes or self.max_bytes, shown(url), cut=cut)
            if watch.fired:  # a body without a length ends like this too
                raise self._late(url)
            good = _response(url, answer, body)
            if self.note is not None:
                self.note(good, answer.headers)
            return good

    def _headers(self, validators: Mapping[str, str]) -> dict[str, str]:
        headers = {"User-Agent": self.user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
        return headers | {_CONDITIONS[name]: validators[name] for name in _CONDITIONS if validators.get(name)}

    def _late(self, url: str) -> CollectorError:
        return CollectorError(f"{shown(url)} did not answer in full within {self.deadline:g} s.", LATER)

    def _refusal(self, url: str, status: int, retry_after: str, said: bytes) -> Exception:
        """The error of an answer that is not good, retried at once or not."""
        wait = self._seconds(retry_after)
        message = f"{shown(url)} answered {status} {http.client.responses.get(status, '')}".strip() + "."
        if status == 429:
            remedy = "It is asked again later; a longer `every` or `min_interval` avoids this."
            return _refused(status, message, remedy, said, retry_after=wait)
        if status in _RETRIED:
            return _Again(_refused(status, message, LATER, said, retry_after=wait), wait or 0.0)
        permanent = 400 <= status < 500 and status not in (408, 409, 423, 425)
        remedy = _REMEDIES.get(status, _REMEDIES[400] if permanent else LATER)
        return _refused(status, message, remedy, said, permanent=permanent, retry_after=wait)

    def _seconds(self, retry_after: str) -> float | None:
        """A Retry-After (seconds, moment or date) as seconds from now, a day at most; None without one."""
        text = retry_after.strip()
        now = self.now + timedelta(seconds=self.throttle.clock() - self._started)
        if text.isascii() and text.isdigit():
            seconds = float(text[:12])
            seconds -= now.timestamp() if seconds > _SINCE_1970 else 0.0
        elif when := _moment(text):
            seconds = (when - now).total_seconds()
        else:
            return None
        return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _moment(text: str) -> datetime | None:
    """A date as HTTP writes it, else as ISO 8601 does; None for neither."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            found = read(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _retry_after(status: int, headers: Mapping[str, str]) -> str:
    """What says when to come back: Retry-After, and for a quota used up when it begins anew."""
    said = headers.get("Retry-After", "")
    return said or next((headers[name] for name in _RESETS if status == 429 and headers.get(name)), "")


class _Again(Exception):
    """The request may be repeated at once, after `wait` seconds if the server said so."""

    def __init__(self, error: CollectorError, wait: float = 0.0) -> None:
        super().__init__()
        self.error, self.wait = error, wait


def _refused(
    status: int,
    message: str,
    remedy: str,
    said: bytes,
    *,
    permanent: bool = False,
    retry_after: float | None = None,
) -> Refused:
    error = Refused(message, remedy, permanent=permanent, retry_after=retry_after)
    error.status, error.body = status, said
    return error


def _said(answer: requests.Response, place: str) -> bytes:
    """How the words of a refusal begin; what cannot be read does not matter."""
    try:
        return read_body(answer, ERROR_BYTES, place, cut=True)
    except (CollectorError, *_FAULTS):
        return b""


def _same_host(url: str, other: str) -> bool:
    one, two = urlsplit(url), urlsplit(other)
    return (one.scheme, one.netloc) == (two.scheme, two.netloc)


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    """The validators that were sent along."""
    return {name: headers[header] for name, header in _CONDITIONS.items() if header in headers}


def _fault(url: str, fault: Exception) -> Exception:
    """The CollectorError of an exception of requests, urllib3 or the socket."""
    if isinstance(fault, _TLS_FAULTS) and "certificate" in str(fault).lower():
        return CollectorError(
            f"{shown(url)}: the encrypted connection cannot be trusted.",
            "Check the address; set REQUESTS_CA_BUNDLE where your network has a certificate of its own.",
            permanent=True,
        )
    if isinstance(fault, ValueError):  # InvalidURL and its like, UnicodeError of a host name
        return CollectorError(f"{shown(url)} cannot be asked for.", _REMEDIES[400], permanent=True)
    message = f"{shown(url)}: the connection failed ({type(fault).__name__})."
    return _Again(CollectorError(message, LATER))


def _response(url: str, answer: requests.Response, body: bytes) -> Response:
    kind = answer.headers.get("Content-Type", "")
    charset = requests.utils.get_encoding_from_headers(answer.headers) if "charset" in kind.lower() else ""
    names = {"etag": "ETag", "last_modified": "Last-Modified"}
    return Response(
        status=answer.status_code,
        url=url,
        body=body,
        content_type=kind.partition(";")[0].strip().lower(),
        charset=charset or "",
        validators={key: answer.headers[name] for key, name in names.items() if answer.headers.get(name)},
    )

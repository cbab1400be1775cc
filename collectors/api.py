"""What the collectors of JSON interfaces share: their settings and one careful GET."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from pydantic import Field, model_validator

from candidly.config import Duration, SourceSettings
from candidly.errors import CollectorError, Degraded
from collectors.base import Context
from collectors.paging import Walk
from collectors.terms import check_terms, checker

if TYPE_CHECKING:
    from collectors.http import Response

LATER: Final = "It is tried again with the next run."
LOCAL: Final = ("127.0.0.1", "::1", "localhost")

Explain = Callable[[int, Any], CollectorError | None]
"""(status, the JSON of a refusal or None) -> what a site's own error means; None: what the status means."""


class ApiSettings(SourceSettings):
    """What every source with a JSON interface has."""

    base_url: str = Field("", description="Another server that speaks this interface; empty: the site.")
    first: Duration = Field(timedelta(days=30), description="How far back the first run reads.")
    lookback: Duration = Field(
        timedelta(hours=48), description="How far each run reads back for edits and late replies."
    )
    min_interval: float = Field(1.0, ge=0, le=3600, description="Least seconds between two requests.")
    user_agent_contact: str = Field(
        "", max_length=200, pattern=r"^[\x20-\x7e]*$", description="Your address, sent with each request."
    )

    live: ClassVar[bool] = True
    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"first": timedelta(days=1)})
    home: ClassVar[str] = ""
    """The site's own address, such as https://api.example.com."""

    @model_validator(mode="after")
    def _address(self) -> ApiSettings:
        try:
            parts = urlsplit(self.base_url)
            host = parts.hostname or ""
        except ValueError:
            parts, host = urlsplit(""), ""
        good = bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL))
        if self.base_url and (not good or parts.username or parts.query or parts.fragment):
            raise ValueError("`base_url` must start with https://, or be on this machine")
        return self

    @property
    def server(self) -> str:
        """Where requests go, without a slash at the end."""
        return (self.base_url or self.home).rstrip("/")

    def walk(self, context: Context) -> Walk:
        """How far back to read."""
        return Walk(context.now, self.first, self.lookback)


class Api:
    """One server's interface. Checks the terms first; raises CollectorError where they were not read.

    `headers` (a key, say) go to that server alone; `explain` turns a site's own errors into ours.
    """

    def __init__(
        self,
        settings: ApiSettings,
        context: Context,
        *,
        headers: Mapping[str, str] | None = None,
        explain: Explain = lambda _status, _said: None,
    ) -> None:
        from collectors.http import Http, user_agent
        from collectors.samples import noting

        check_terms(settings, (settings.server,))
        self._server, self._explain = settings.server, explain
        self._headers = {"Accept": "application/json", **(headers or {})}
        self.ended: CollectorError | None = None
        """What the next request raises instead of being made (the quota is used up, say)."""
        self._http = Http(
            context.now,
            user_agent=user_agent(settings.user_agent_contact),
            allow_private=urlsplit(settings.server).hostname in LOCAL,
            min_interval=settings.min_interval,
            deadline=context.deadline,
            max_bytes=20_000_000,
            check_host=_at_home(settings),
            spend=context.requests.spend,
            note=noting(context.seen),
        )

    def get(self, path: str, params: Mapping[str, object] | None = None) -> Any:
        """The JSON at `path` ("/search"); parameters that are None are left out.

        Raises CollectorError for a refusal, Degraded for an answer that is no JSON object or list.
        """
        given = {key: value for key, value in (params or {}).items() if value is not None}
        query = urlencode(given, errors="replace")  # a token of an edited cursor may be no Unicode
        url = f"{self._server}{path}{'?' if query else ''}{query}"
        return self._asked(path, lambda: self._http.get(url, headers=self._headers))

    def post(self, path: str, data: Mapping[str, object], *, form: bool = False) -> Any:
        """The JSON that answers JSON or a form; raises as `get`. For what may be done twice: signing in."""
        body = (urlencode(data) if form else json.dumps(data)).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {**self._headers, "Content-Type": kind}
        return self._asked(path, lambda: self._http.post(f"{self._server}{path}", body, headers=headers))

    def rest(self, seconds: float) -> None:
        """The site asks for a pause: a short one is waited for before the next request, else that fails."""
        from collectors.http import SHORT_WAIT

        if seconds <= SHORT_WAIT:
            self._http.throttle.rest(urlsplit(self._server).netloc.lower(), seconds)
        else:
            pause = f"{self._server} asks for a pause of {seconds:g} s."
            self.ended = CollectorError(pause, LATER, retry_after=seconds)

    def _asked(self, path: str, ask: Callable[[], Response]) -> Any:
        from collectors.http import Refused

        if self.ended is not None:
            raise self.ended
        try:
            answer = ask()
        except Refused as error:
            raise self._explained(error) from None
        found = _json(answer.body)
        if not isinstance(found, dict | list):
            raise Degraded(f"{self._server}{path}: the answer is not JSON.", LATER)
        return found

    def _explained(self, error: Any) -> CollectorError:
        meant: CollectorError | None = self._explain(error.status, _json(error.body))
        if meant is not None and error.retry_after is not None:
            meant.retry_after = max(meant.retry_after or 0.0, error.retry_after)
        return meant or error


def _at_home(settings: ApiSettings) -> Callable[[str], None]:
    """Refuses a redirect to another server: an interface has no reason to send anybody elsewhere."""
    home, check = urlsplit(settings.server)[:2], checker(settings)

    def check_host(url: str) -> None:
        if urlsplit(url)[:2] != home:
            message = f"{settings.server} leads to another server."
            raise CollectorError(message, "Check `base_url`, and whether the interface has moved.")
        check(url)

    return check_host


def _json(body: bytes) -> Any:
    """What JSON says; None for what is none. Not a number of JavaScript's (NaN) is none either."""
    try:
        return json.loads(body, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None


def at(item: Any, *path: str | int) -> Any:
    """What stands at a path in JSON; None where there is nothing."""
    for step in path:
        if isinstance(item, dict) and isinstance(step, str):
            item = item.get(step)
        elif isinstance(item, list) and isinstance(step, int) and -len(item) <= step < len(item):
            item = item[step]
        else:
            return None
    return item


def text_at(item: Any, *path: str | int) -> str:
    """The text at a path, a number as its digits; "" where there is neither."""
    found = at(item, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found).strip()


def listed(item: Any, *path: str | int) -> list[Any]:
    """The list at a path; empty where there is none, for what an answer may leave out."""
    found = at(item, *path)
    return found if isinstance(found, list) else []


def list_at(item: Any, *path: str | int, where: str) -> list[Any]:
    """The list at a path; Degraded where there is none, since silence would be taken for quiet."""
    found = at(item, *path)
    if not isinstance(found, list):
        raise Degraded(f"{where}: the answer has no list `{'.'.join(map(str, path))}`.", LATER)
    return found

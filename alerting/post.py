"""One POST of JSON to an address that a person configured, with the checks that such an address needs.

The address is looked up once and that very answer is connected to, so that a name cannot point elsewhere
between check and use; redirects are not followed; proxies of the environment are not used.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from candidly.errors import DeliveryError
from candidly.net import reachable

LONGEST_WAIT = 6 * 3600.0
SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


class _Refused(Exception):
    """The name leads into a private network. No OSError: urllib3 shall not dress it up as a network error."""


def wants_text(url: str) -> bool:
    """Whether the address is an incoming webhook in Slack's style (Slack, Mattermost, Rocket.Chat).

    Raises DeliveryError for what is no http or https URL.
    """
    parts = _parts(url)
    return parts.hostname in SLACK_HOSTS or parts.path.startswith("/hooks/")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise DeliveryError("the address is no http or https URL.", "Correct the secret.", permanent=True)
    return parts


def post_json(url: str, body: dict[str, Any], key: str, *, allow_private: bool, deadline: float) -> None:
    """POST `body` with `Idempotency-Key: key`; returns when the answer was 2xx.

    Raises DeliveryError: 408, 425, 429, 5xx and network trouble may pass (`retry_after` in seconds where the
    server said so, at most 6 hours), everything else is permanent.
    """
    headers = {"Idempotency-Key": key, "X-Candidly-Id": key}
    _ask("POST", url, body, headers, allow_private=allow_private, deadline=deadline)


def ping(url: str, *, allow_private: bool, deadline: float) -> None:
    """GET an address for the sake of the asking. Raises DeliveryError where the answer was not 2xx."""
    _ask("GET", url, None, {}, allow_private=allow_private, deadline=deadline)


def _ask(
    method: str,
    url: str,
    body: dict[str, Any] | None,
    headers: dict[str, str],
    *,
    allow_private: bool,
    deadline: float,
) -> None:
    _parts(url)
    with requests.Session() as session:
        session.trust_env = False
        adapter = _Adapter(allow_private)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        try:
            answer = session.request(
                method,
                url,
                json=body,
                headers={"User-Agent": "candidly", **headers},
                timeout=deadline,
                allow_redirects=False,
                stream=True,  # nobody reads the body, so nobody waits for it
            )
        except _Refused:
            raise DeliveryError(
                "the address leads into a private network.",
                "Set allow_private: true on the channel if that is meant.",
                permanent=True,
            ) from None
        except requests.RequestException as error:
            raise _trouble(error) from None
        with answer:
            _check(answer)


def _trouble(error: requests.RequestException) -> DeliveryError:
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return DeliveryError("the address is no valid URL.", "Correct the secret.", permanent=True)
    if isinstance(error, requests.Timeout):
        return DeliveryError("no answer in time.")
    if isinstance(error, requests.exceptions.SSLError):
        return DeliveryError("the server's certificate is not valid.")
    return DeliveryError("no connection to the server.")


def _check(answer: requests.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    passing = status in (408, 425, 429) or status >= 500
    raise DeliveryError(
        f"the server answered {status}.",
        "" if passing else "Check the address: it was refused and will not be tried again.",
        permanent=not passing,
        retry_after=retry_after(answer.headers.get("Retry-After"), datetime.now(UTC)) if passing else None,
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (a number or a date), between 1 and 6 hours; None: not said."""
    if not value:
        return None
    try:
        wait = (
            float(value) if value.strip().isdigit() else (parsedate_to_datetime(value) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(wait, 1.0), LONGEST_WAIT)


def _connect(connection: HTTPConnection, allow_private: bool) -> socket.socket:
    """A socket to one address of the connection's host that may be reached."""
    host, port = connection._dns_host, connection.port  # noqa: SLF001 - what urllib3's own _new_conn reads
    failure: OSError = OSError("the name has no address")
    for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[:8]:
        address = str(where[0])
        if not reachable(address, allow_private=allow_private):
            raise _Refused("not public")
        try:
            return create_connection((address, port), connection.timeout)
        except OSError as error:
            failure = error
    raise failure


class _Adapter(HTTPAdapter):
    """A requests adapter whose connections are made by `_connect`."""

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self.allow_private)


def _pools(allow_private: bool) -> dict[str, Any]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _made(self, allow_private)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _made(self, allow_private)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _made(connection: HTTPConnection, allow_private: bool) -> socket.socket:
    try:
        return _connect(connection, allow_private)
    except _Refused:
        raise
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, "no connection") from error

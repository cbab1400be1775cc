"""Connections to checked addresses only, that end at a deadline: the plug under `Http`.

The address is checked where the socket is made, and the socket goes to that very address, so a name that
resolves differently the second time ("DNS rebinding") gains nothing. The host name stays what it was for
TLS: server name and certificate are checked as ever.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import threading
import time
from types import TracebackType
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from candidly.errors import CollectorError
from candidly.net import is_public

_OWN = tuple(
    ipaddress.ip_network(block)
    for block in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
"""What `allow_private` adds: this machine and private networks, never link-local (cloud metadata)."""


def reachable(address: str, *, allow_private: bool) -> bool:
    """Whether a socket may be connected to this IP address."""
    if is_public(address):
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return allow_private and any(parsed in block for block in _OWN if block.version == parsed.version)


class Watch:
    """Cuts the connections made under it when its time is over, whatever they are waiting for."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + max(seconds, 0.0)
        self.fired = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(seconds, 0.0), self._fire)
        self._timer.daemon = True

    def left(self) -> float:
        return self.end - time.monotonic()

    def add(self, made: socket.socket) -> None:
        """Watch over a connection, by a second handle: TLS takes over the first."""
        with self._lock:
            self._sockets.append(made.dup())
            if self.fired:
                self._cut()

    def _fire(self) -> None:
        with self._lock:
            self.fired = True
            self._cut()

    def _cut(self) -> None:
        for made in self._sockets:
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for made in self._sockets:
                made.close()
            self._sockets.clear()


def resolve(host: str, port: int, seconds: float) -> list[tuple[int, str]]:
    """`(family, address)` of a name. Raises OSError; TimeoutError after `seconds`."""
    answers: queue.Queue[list[tuple[int, str]] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
            answers.put([(family, str(where[0])) for family, _, _, _, where in found])
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError("no host name"))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0.0))
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def connect(host: str, port: int, timeout: float, watch: Watch, *, allow_private: bool) -> socket.socket:
    """A socket connected to a checked address of `host`.

    Raises CollectorError when any of its addresses is not to be reached, OSError when none answers.
    """
    addresses = resolve(host, port, min(timeout, watch.left()))
    if not all(reachable(address, allow_private=allow_private) for _, address in addresses):
        raise CollectorError(
            f"{host} is not on the public internet.",
            "Such addresses are never read."
            if allow_private
            else "For a server of your own network set `allow_private: true`.",
            permanent=True,
        )
    failure: OSError = OSError("the name has no address")
    for family, address in addresses[:8]:
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(max(min(timeout, watch.left()), 0.001))
            made.connect((address, port))
        except OSError as error:
            made.close()
            failure = error
            continue
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        watch.add(made)
        return made
    raise failure


class Adapter(HTTPAdapter):
    """A requests adapter whose connections are made by `connect` under the current `watch`."""

    watch: Watch

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _pools(self)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.headers["Connection"] = "close"  # a kept connection would outlive its watch
        return super().send(request, *args, **kwargs)


def _closed(connection: Any) -> Any:
    """A connection on its way back to the pool, closed: kept open it would outlive its watch, and servers
    that do not say "Connection: close" themselves hang up in the middle of the next request."""
    if connection is not None:
        connection.close()
    return connection


def _pools(adapter: Adapter) -> dict[str, Any]:
    """Connection pools whose connections ask `adapter` for their socket."""

    def made(connection: HTTPConnection) -> socket.socket:
        seconds = connection.timeout if isinstance(connection.timeout, int | float) else adapter.watch.left()
        host, port = connection.host, connection.port
        try:
            return connect(host, port, seconds, adapter.watch, allow_private=adapter.allow_private)
        except socket.gaierror as error:
            raise NameResolutionError(host, connection, error) from error
        except OSError as error:
            raise NewConnectionError(connection, f"no connection: {type(error).__name__}") from error

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return made(self)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return made(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

        def _put_conn(self, conn: Any) -> None:
            super()._put_conn(_closed(conn))

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

        def _put_conn(self, conn: Any) -> None:
            super()._put_conn(_closed(conn))

    return {"http": PlainPool, "https": EncryptedPool}

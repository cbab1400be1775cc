"""Watches which hosts the code under test contacts, and lets it reach no other than the declared ones."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock

ENDLESS: Final = 200
"""Connections in one read after which it is taken for a loop without end and stopped."""


class Endless(BaseException):
    """A read that goes on and on; no Exception, so that nothing under test holds it up."""


_THREAD: Final = threading.local()


@contextmanager
def unwatched() -> Iterator[None]:
    """For the suite's own servers: what this thread contacts meanwhile is not the collector's doing."""
    _THREAD.free = True
    try:
        yield
    finally:
        _THREAD.free = False


class Guard:
    """Who was contacted. `strange` lists the undeclared ones, each once, as `host` or `host:port`."""

    def __init__(self, declared: frozenset[str]) -> None:
        self.declared = {_split(host) for host in declared}
        self.addresses: set[str] = set()
        self.strange: list[str] = []
        self.connections = 0
        self._lock = threading.Lock()

    def name(self, host: str) -> bool:
        """May this name be looked up?"""
        good = _free() or _numeric(host) or any(host.lower() == known for known, _ in self.declared)
        return good or self._note(host)

    def connection(self, address: Any) -> bool:
        """May a socket go there? Unix sockets may."""
        if not isinstance(address, tuple) or _free():
            return True
        host, port = str(address[0]), int(address[1])
        with self._lock:
            self.connections += 1
        good = any(host == known and theirs in (port, None) for known, theirs in self.declared)
        good = good or (host in self.addresses and any(p in (port, None) for _, p in self.declared))
        return good or self._note(f"{host}:{port}")

    def _note(self, place: str) -> bool:
        with self._lock:
            if place not in self.strange:
                self.strange.append(place)
        return False


@contextmanager
def guarded(declared: frozenset[str]) -> Iterator[Guard]:
    """Within it, a socket goes only to the declared hosts; anything else is noted and fails like a cut line.

    Threads that run meanwhile are watched too.
    """
    guard = Guard(declared)
    lookup, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
    sendto = socket.socket.sendto

    def looked_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        if not guard.name(name):
            raise socket.gaierror(socket.EAI_NONAME, "not a host of this source")
        found = lookup(host, *args, **kwargs)
        if not _numeric(name):
            guard.addresses |= {str(where[0]) for *_, where in found}
        return found

    def connected(self: socket.socket, address: Any) -> None:
        if guard.connections > ENDLESS:
            self.close()
            raise Endless
        if not guard.connection(address):
            raise ConnectionRefusedError("not a host of this source")
        connect(self, address)

    def connected_ex(self: socket.socket, address: Any) -> int:
        return connect_ex(self, address) if guard.connection(address) else 111

    def sent(self: socket.socket, data: Any, *rest: Any) -> int:
        if not guard.connection(rest[-1]):
            raise ConnectionRefusedError("not a host of this source")
        return sendto(self, data, *rest)

    with (
        mock.patch.object(socket, "getaddrinfo", looked_up),
        mock.patch.object(socket.socket, "connect", connected),
        mock.patch.object(socket.socket, "connect_ex", connected_ex),
        mock.patch.object(socket.socket, "sendto", sent),
    ):
        yield guard


def _split(host: str) -> tuple[str, int | None]:
    """`("127.0.0.1", 8080)` of "127.0.0.1:8080", `("::1", None)` of "[::1]"; no port stands for 443."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name, port = host, ""
    return name.strip("[]").lower(), int(port) if port else None


def _free() -> bool:
    return getattr(_THREAD, "free", False)


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

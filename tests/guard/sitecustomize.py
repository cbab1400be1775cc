"""Lets no process of the tests reach anything but this machine, nor ask a name server.

conftest.py imports it for the tests themselves, and puts this folder on the path of the processes that they
start, where Python imports it by its name. What was tried is also written to the file SOCKET_GUARD_LOG, so
that a test fails even where somebody catches the exception.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any

tried: list[str] = []
"""What this process tried to reach."""

_OWN = {"", "localhost", "ip6-localhost", socket.gethostname().lower()}
_LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def allowed_address(address: Any) -> bool:
    """A socket's address: loopback, or no internet address at all (a Unix socket, an open connection)."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _OWN


def allowed_name(host: Any) -> bool:
    """A name that is looked up: this machine's, or an address in any spelling, for which nobody is asked."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    return text.lower() in _OWN or _is_address(text)


def _is_address(text: str) -> bool:
    try:
        if ":" in text:
            ipaddress.ip_address(text.partition("%")[0])
        else:
            socket.inet_aton(text)  # knows 127.1, 0x7f.1 and 2130706433 too
    except (ValueError, OSError):
        return False
    return True


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not event.startswith("socket."):
        return
    if (event in _LOOKUPS and not allowed_name(args[0])) or (
        event in _SENDS and not allowed_address(args[1])
    ):
        place = repr(args[0] if event in _LOOKUPS else args[1])
        tried.append(place)
        if log := os.environ.get("SOCKET_GUARD_LOG"):
            with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123 - as light as can be
                file.write(f"{place}\n")
        raise AssertionError(f"a test tried to reach {place}")


sys.addaudithook(_hook)

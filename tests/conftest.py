"""What every test gets: no socket but loopback, no secrets or settings from the developer's own machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

import pytest


def _allowed(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = address[0]
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that opens a connection to anywhere but this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        assert _allowed(address), f"a test tried to reach {address!r}"
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        assert _allowed(address), f"a test tried to reach {address!r}"
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own settings or proxies reaches a test."""
    for name in list(os.environ):
        if name.startswith(("CANDIDLY_", "REDDIT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)

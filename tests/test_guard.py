"""Tests reach no other machine, and cannot hide that they tried."""

import contextlib
import os
import socket
import subprocess
import sys

import conftest
import pytest
import sitecustomize as guard

FAR = ("192.0.2.1", 53)  # TEST-NET-1: nobody is there


def connect():
    with socket.socket() as one:
        one.connect(FAR)


def connect_ex():
    with socket.socket() as one:
        one.connect_ex(FAR)


def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", FAR)


@pytest.fixture
def forgiven(tried_by_others):
    """What is tried here is tried on purpose."""
    yield
    guard.tried.clear()
    tried_by_others.unlink()


@pytest.mark.parametrize(
    "reach",
    [connect, connect_ex, send, lambda: socket.getaddrinfo("site.example", 80),
     lambda: socket.gethostbyname("site.example"), lambda: socket.create_connection(("site.example", 80))],
)  # fmt: skip
def test_nothing_but_loopback_is_reached(reach, forgiven):
    with pytest.raises(AssertionError, match="tried to reach"):
        reach()
    assert len(guard.tried) == 1


def test_a_test_fails_even_where_the_exception_is_caught(forgiven):
    with contextlib.suppress(AssertionError):
        connect()
    assert guard.tried == ["('192.0.2.1', 53)"]


def test_this_machine_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    assert socket.getaddrinfo("192.0.2.1", 80), "an address is asked of nobody"


def test_a_process_that_a_test_starts_is_guarded_and_found_out(tried_by_others, forgiven):
    reach = "socket.create_connection(('192.0.2.1', 53), 0.1)"
    code = f"import socket\ntry: {reach}\nexcept AssertionError: print('no')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "no\n"
    assert tried_by_others.read_text("utf-8") == "('192.0.2.1', 53)\n"
    assert str(conftest.GUARD) in os.environ["PYTHONPATH"]

"""What servers do when they are ill, in the way or hostile: name -> fault, for a `Proxy`."""

from __future__ import annotations

import gzip
import io
import json
import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final

from collectors.contract.proxy import Answer, Exchange, Fault

WAIT: Final = 120
"""Seconds of the Retry-After that is sent; longer than anybody should sleep."""
METADATA: Final = "http://169.254.169.254/latest/meta-data/"
"""Where clouds keep credentials: never to be reached."""
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
PAGE: Final = b"""<!DOCTYPE html><html lang="en"><head><title>Just a moment</title></head><body>
<h1>We are checking your browser</h1><p>Something went wrong. Please try again later.</p></body></html>"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault, and what its outcome must be beyond what every fault demands.

    `transient`: the error must not be marked permanent. `shapeless`: it must be Degraded. `wait`: what the
    error hands on as `retry_after`. `garbles`: texts may come out changed. `leads`: to another server.
    `slow`: until the case's deadline.
    """

    act: Fault
    transient: bool = False
    shapeless: bool = False
    wait: float | None = None
    garbles: bool = False
    leads: bool = False
    slow: bool = False


def _status(exchange: Exchange, status: int, **headers: str) -> None:
    exchange.send(Answer(status, _HTML, PAGE).having(**headers))


def _not_modified(exchange: Exchange) -> None:
    exchange.send(Answer(304))


def _closed(exchange: Exchange) -> None:
    exchange.handler.wfile.flush()


def _reset(exchange: Exchange) -> None:
    """The line is cut in the middle of the body."""
    answer = exchange.genuine()
    exchange.head(answer.having(Content_Length=str(len(answer.body) + 1000)))
    exchange.handler.wfile.write(answer.body[: len(answer.body) // 2])
    with suppress(OSError):
        exchange.handler.wfile.flush()
        exchange.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.handler.connection.close()


def _drip(exchange: Exchange) -> None:
    """One byte a second."""
    answer = exchange.genuine()
    exchange.head(answer.having(Content_Length=str(len(answer.body))))
    for byte in answer.body:
        with suppress(OSError):
            exchange.handler.wfile.flush()
        if exchange.ended.wait(1.0):
            return
        exchange.handler.wfile.write(bytes([byte]))


def _truncated(exchange: Exchange) -> None:
    """Half of the body, under the length of the whole."""
    answer = exchange.genuine()
    exchange.head(answer.having(Content_Length=str(len(answer.body))))
    exchange.handler.wfile.write(answer.body[: len(answer.body) // 2])


def _unchunked(exchange: Exchange) -> None:
    """Half of the body in a chunk, and no end."""
    answer = exchange.genuine()
    half = answer.body[: len(answer.body) // 2]
    exchange.head(answer.having(Transfer_Encoding="chunked"))
    exchange.handler.wfile.write(f"{len(half):x}\r\n".encode() + half + b"\r\n")


def _bomb(exchange: Exchange, megabytes: int) -> None:
    answer = exchange.genuine()
    exchange.send(Answer(200, answer.headers, bomb(megabytes)).having(Content_Encoding="gzip"))


@lru_cache
def bomb(megabytes: int) -> bytes:
    """That many megabytes of blanks, gzipped."""
    out = io.BytesIO()
    block = b" " * 1_000_000
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as packed:
        for _ in range(megabytes):
            packed.write(block)
    return out.getvalue()


def _loop(exchange: Exchange) -> None:
    exchange.send(Answer(302, {"Location": exchange.request.path}))


def _redirect(exchange: Exchange, to: Callable[[], str]) -> None:
    exchange.send(Answer(302, {"Location": to()}))


def _charset(exchange: Exchange, charset: str) -> None:
    """The right bytes under a wrong name."""
    answer = exchange.genuine()
    kind = next((v for k, v in answer.headers.items() if k.lower() == "content-type"), "text/plain")
    others = {k: v for k, v in answer.headers.items() if k.lower() != "content-type"}
    told = {**others, "Content-Type": f"{kind.partition(';')[0]}; charset={charset}"}
    exchange.send(Answer(answer.status, told, answer.body))


def _instead(exchange: Exchange, body: bytes) -> None:
    """Another body under the headers of the right one."""
    answer = exchange.genuine()
    exchange.send(Answer(200, {k: v for k, v in answer.headers.items() if k.lower() != "etag"}, body))


def _shape(exchange: Exchange) -> None:
    """JSON of another shape; garbage where the source does not speak JSON."""
    body = exchange.genuine().body.lstrip()
    other = {b"{": b'{"oops": true}', b"[": b'{"data": "none"}'}.get(body[:1], b"\x00\xff oops")
    _instead(exchange, other)


def _echo(exchange: Exchange) -> None:
    """A refusal that repeats what was sent, in every place where interfaces put their words."""
    said = " ".join([exchange.request.path, *exchange.request.headers.values()])
    said += " " + exchange.request.body.decode("utf-8", "replace")
    words = ("message", "detail", "title", "reason", "error_message", "error_description", "description")
    error = dict.fromkeys((*words, "type", "code", "error", "error_name"), said)
    body: dict[str, object] = {**error, "errors": [error], "error": {**error, "errors": [error]}}
    exchange.send(Answer(401, {"Content-Type": "application/json"}, json.dumps(body).encode()))


GARBAGE: Final = random.Random(4).randbytes(3000)  # noqa: S311 - any bytes will do


def faults(elsewhere: Callable[[], str], megabytes: int = 40) -> dict[str, Kind]:
    """Every fault by name; `elsewhere` gives the address of a server that the source does not name."""
    return {
        "429": Kind(partial(_status, status=429), transient=True),
        "429 with Retry-After": Kind(
            partial(_status, status=429, Retry_After=str(WAIT)), transient=True, wait=WAIT
        ),
        "500": Kind(partial(_status, status=500), transient=True),
        "502": Kind(partial(_status, status=502), transient=True),
        "503 with Retry-After": Kind(partial(_status, status=503, Retry_After=str(WAIT)), transient=True),
        "304 unasked": Kind(_not_modified),
        "closed": Kind(_closed, transient=True),
        "reset": Kind(_reset, transient=True),
        "drip": Kind(_drip, transient=True, slow=True),
        "truncated": Kind(_truncated, transient=True),
        "truncated chunk": Kind(_unchunked, transient=True),
        "gzip bomb": Kind(partial(_bomb, megabytes=megabytes)),
        "redirect loop": Kind(_loop),
        "redirect to a private address": Kind(partial(_redirect, to=lambda: METADATA)),
        "redirect elsewhere": Kind(partial(_redirect, to=elsewhere), leads=True),
        "wrong charset": Kind(partial(_charset, charset="utf-16"), garbles=True),
        "unknown charset": Kind(partial(_charset, charset="x-none"), garbles=True),
        "garbage": Kind(partial(_instead, body=GARBAGE), shapeless=True),
        "nested": Kind(partial(_instead, body=b"[" * 200_000), shapeless=True),
        "empty body": Kind(partial(_instead, body=b""), shapeless=True),
        "HTML error page": Kind(lambda ex: ex.send(Answer(200, _HTML, PAGE)), shapeless=True),
        "other shape": Kind(_shape, shapeless=True),
        "refusal that repeats the key": Kind(_echo),
    }


FAULTS: Final = MappingProxyType(faults(lambda: ""))
"""The faults by name, to choose from; a `Bench` makes its own."""

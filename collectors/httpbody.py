"""Unpacking a body as it streams in, so that a bomb is cut off at the cap and never held."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import requests

from candidly.errors import CollectorError

CHUNK = 65_536
LATER = "It is tried again later."


class _Unpacker(Protocol):
    def unpack(self, data: bytes) -> Iterator[bytes]: ...
    def finish(self) -> bool: ...


class _Identity:
    def unpack(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> bool:
        return True


class _Zlib:
    """gzip (several members allowed) and deflate, which servers send with and without the zlib header."""

    def __init__(self, *, gzip: bool) -> None:
        self.gzip, self.started = gzip, False
        self.inner = zlib.decompressobj(zlib.MAX_WBITS | 16 if gzip else zlib.MAX_WBITS)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        full = False
        while data or full:
            if self.inner.eof:
                if not self.gzip or not data.startswith(b"\x1f"):
                    return  # padding after the end
                self.inner = zlib.decompressobj(zlib.MAX_WBITS | 16)
            piece = self._some(data)
            yield piece
            full = len(piece) == CHUNK  # zlib may hold back more, though it has taken all of `data`
            data = self.inner.unconsumed_tail or self.inner.unused_data

    def _some(self, data: bytes) -> bytes:
        try:
            piece = self.inner.decompress(data, CHUNK)
        except zlib.error:
            if self.gzip or self.started:
                raise
            self.inner = zlib.decompressobj(-zlib.MAX_WBITS)
            piece = self.inner.decompress(data, CHUNK)
        self.started = True
        return piece

    def finish(self) -> bool:
        return self.inner.eof


def _unpacker(encoding: str, where: str) -> _Unpacker:
    if encoding in ("gzip", "x-gzip"):
        return _Zlib(gzip=True)
    if encoding == "deflate":
        return _Zlib(gzip=False)
    if encoding in ("", "identity"):
        return _Identity()
    raise CollectorError(f"{where}: packed in a way that was not asked for ({encoding[:20]!r}).", LATER)


def read_body(answer: requests.Response, max_bytes: int, where: str, *, cut: bool = False) -> bytes:
    """The unpacked body; `where` is for messages.

    Raises CollectorError when it is larger than `max_bytes`, cut short or damaged. With `cut` a larger one
    is no error: its first `max_bytes` are returned. Memory stays below `max_bytes` plus some 200 kB,
    whatever the server sends.
    """
    unpacker = _unpacker(answer.headers.get("Content-Encoding", "").strip().lower(), where)
    body = bytearray()
    packed = 0
    try:
        for chunk in answer.raw.stream(CHUNK, decode_content=False):
            packed += len(chunk)
            for piece in unpacker.unpack(chunk):
                body += piece
                if len(body) > max_bytes or packed > max_bytes:
                    return _too_large(body, max_bytes, where, cut=cut)
    except zlib.error:
        raise CollectorError(f"{where} came damaged (bad compression).", LATER) from None
    length = answer.headers.get("Content-Length", "")
    wrong = length.isascii() and length.isdigit() and length.lstrip("0") != str(packed).lstrip("0")
    if (packed and not unpacker.finish()) or wrong:
        raise CollectorError(f"{where} came cut short.", LATER)
    return bytes(body)


def _too_large(body: bytearray, max_bytes: int, where: str, *, cut: bool) -> bytes:
    if cut:
        return bytes(body[:max_bytes])
    raise CollectorError(f"{where} is larger than {max_bytes / 1e6:g} MB.", "Is it the right page?")

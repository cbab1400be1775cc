"""Making text from strangers harmless wherever a report shows it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_URL = re.compile(r"https?://[^\s\x00-\x20\x7f-\xa0<>\"'`\\{}|^]+", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&$@])")
_AUTOLINK = re.compile(r"(?i)(?<=www)(?=\.)|(?=://)")
_BLOCK = re.compile(r"^(?=[-+=])|^(\d{1,9})(?=[.)])")
LONGEST_URL: Final = 2000


def clean(text: str) -> str:
    """Without control characters and lone surrogates, which no file format here may hold."""
    return _CONTROL.sub("", text)


def link(url: str) -> str:
    """The address where it is a plain http or https one, else an empty string."""
    if len(url) > LONGEST_URL or not _URL.fullmatch(url):
        return ""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    # An address before the host's ("https://bank.example@evil.example") is there to deceive.
    return url if named and parts.username is None and parts.password is None else ""


def markdown(text: str) -> str:
    """One line of Markdown that shows the text as it is: no markup, no HTML, no link, no cell border.

    Characters that turn the direction of what follows are dropped. A word joiner follows an "@", because
    GitHub links mail addresses and names even where the mark is escaped.
    """
    line = " ".join(_BIDI.sub("", clean(text)).split())
    line = _AUTOLINK.sub(r"\\", _MARKUP.sub(r"\\\1", line)).replace("@", "@\u2060")
    return _BLOCK.sub(lambda match: (match[1] or "") + "\\", line)

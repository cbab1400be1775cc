"""Makes a collected mention fit to be stored: clean text, no contact data, a pseudonym for the author.

Runs before anything is written, so that what is redacted here never reaches the disk.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from candidly.records import PARTS, Mention

LONGEST: Final = 100_000
"""Characters of a text field that are kept."""
LONGEST_NAME: Final = 1_000
"""The same for fields of one line: ids, places, names."""
CUT: Final = " [cut]"
PSEUDONYM_DIGITS: Final = 16
KEYED_ID_DIGITS: Final = 32
EMAIL, PHONE = "[email]", "[phone]"
LEAST_DIGITS: Final = 7
"""The shortest phone numbers worth looking for, local ones without an area code aside."""

_LINES = ("about", "site", "thread", "parent", "position", "location", "language", "company")
_REDACTED = (*PARTS, "about", "position", "location")

# Control characters but \n and \t, lone surrogates, marks that turn the reading direction round, and
# invisible characters that split words (zero-width space, word joiner, BOM, soft hyphen).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# Each run of characters that may stand before an "@" is tried once (the look behind), so this is linear.
_AT = r"(?:[@\uff20]|\s?[(\[]\s?at\s?[)\]]\s?)"
_DOT = r"(?:\.|\s?[(\[]\s?dot\s?[)\]]\s?)"
_EMAIL = re.compile(
    rf"(?:\"[^\"\n@]{{1,64}}\"|(?<![\w.+%&=~'!#$*/?^`{{|}}-])[\w.+%&=~'!#$*/?^`{{|}}-]+){_AT}[\w-]+(?:{_DOT}[\w-]+)+",
    re.IGNORECASE,
)
# A stretch of at least LEAST_DIGITS digits with only such signs between them as phone numbers have.
_DIGITS = re.compile(rf"[+(]?\d(?:[\s().\-–/\u00a0]{{0,4}}\d){{{LEAST_DIGITS - 1},}}")
_MONEY_BEFORE = re.compile(r"(?:[$€£₹¥]|\b(?:rs|inr|usd|eur|gbp|cad)\.?)\s?$", re.IGNORECASE)
_ID_BEFORE = re.compile(
    r"(?:#|\b(?:ids?|req|requisition|ref|reference|case|ticket|order|invoice|job|employee|application|candidate)"
    r"(?:\s(?:no|nr|number|id|code))?)\W{0,3}$",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d([-./])[01]?\d\1[0-3]?\d(?!\d)|[0-3]?\d([-./])[01]?\d\2(?:19|20)\d\d(?!\d)")
_LOOK_BACK = 30


class Preparer:
    """`prepare(mention)` is what may be stored of it.

    `key` is the installation's secret for pseudonyms, kept outside the database; without it a pseudonym
    cannot be tied to a name, and destroying it makes that final. `regions` (ISO 3166 codes) are where phone
    numbers without a country code may come from.
    """

    def __init__(self, key: bytes, regions: Sequence[str]) -> None:
        if not key:
            raise ValueError("the key for pseudonyms is empty")
        self._key = key
        self._regions = tuple(region.upper() for region in regions)

    def prepare(self, mention: Mention) -> Mention:
        """A copy with texts normalised and redacted, a pseudonym as author and a web address or none."""
        changes: dict[str, Any] = {}
        for name in (*PARTS, *_LINES):
            if old := getattr(mention, name):
                text = normalise(old, LONGEST if name in PARTS else LONGEST_NAME)
                new = self.redact(text) if name in _REDACTED else text
                if new != old:
                    changes[name] = new
        if mention.kind in ("post", "comment"):
            # What it answers or quotes: another person's words, which would outlive their deletion here. They
            # have served to find the company, and nothing else asks for them.
            changes["about"] = ""
        changes["id"] = clean_id(mention.id)
        changes["author"] = self.pseudonym(mention.source, mention.author)
        changes["url"] = web_address(mention.url)
        return mention.replace(**changes)

    def keyed_id(self, source: str, id_: str) -> str:
        """32 hex digits of HMAC-SHA-256 over source and id: what a tombstone keeps instead of the id."""
        message = f"id\x00{source}\x00{clean_id(id_)}".encode("utf-8", "replace")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:KEYED_ID_DIGITS]

    def redact(self, text: str) -> str:
        """Text with e-mail addresses and phone numbers replaced by `[email]` and `[phone]`."""
        if "@" in text or "\uff20" in text or "at)" in text.lower() or "at]" in text.lower():
            text = _EMAIL.sub(EMAIL, text)
        return _DIGITS.sub(partial(_without_phones, self._regions), text)

    def pseudonym(self, source: str, author: str) -> str:
        """16 hex digits of HMAC-SHA-256 over source and author; "" for none.

        The source is part of it, so that one person on two sites has two names that nothing joins.
        """
        author = normalise(author, LONGEST_NAME)
        if not author:
            return ""
        message = f"author\x00{source}\x00{author}".encode("utf-8", "replace")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def normalise(text: str, longest: int = LONGEST) -> str:
    """Text that any database and page takes: NFC, `\\n` for line ends, no control or direction characters.

    Lone surrogates become U+FFFD; surrounding white space goes; what exceeds `longest` is cut and marked.
    """
    text = text[: 2 * longest]  # whatever is beyond can only be cut, and NFC is not cheap
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        text = _CONTROL.sub("", text).strip()
    else:
        text = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))).strip()
    if len(text) > longest:
        text = text[: longest - len(CUT)].rstrip() + CUT
    return text


def clean_id(id_: str) -> str:
    """An id as it is stored."""
    return normalise(id_, LONGEST_NAME)


def web_address(url: str) -> str:
    """The address if it is http or https with a host and nothing odd in it, else ""."""
    url = url.strip()
    if len(url) > 2 * LONGEST_NAME or not url.isprintable() or " " in url or _EMAIL.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and host else ""


def _without_phones(regions: Sequence[str], found: re.Match[str]) -> str:
    """One stretch of digits, with what are valid phone numbers in it replaced."""
    stretch = found[0]
    before = found.string[max(0, found.start() - _LOOK_BACK) : found.start()]
    plain = stretch.isdecimal()
    if _MONEY_BEFORE.search(before) or (plain and _ID_BEFORE.search(before)):
        return stretch
    kept, at = [], 0
    for start, end in sorted(_phones(stretch, regions)):
        if start >= at:
            kept += [stretch[at:start], PHONE]
            at = end
    return "".join([*kept, stretch[at:]])


def _phones(stretch: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places of numbers that are valid in a region or by their country code."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in regions:
        for match in PhoneNumberMatcher(stretch, region, leniency=Leniency.VALID):
            if not _DATE.match(match.raw_string):
                yield match.start, match.end

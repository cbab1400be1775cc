"""HTML from strangers as a tree and as plain text; imported only by what parses pages and feeds."""

from __future__ import annotations

import codecs
import html as entities
import re
import warnings

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.builder import ParserRejectedMarkup
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PreformattedString
from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from candidly.errors import Degraded

MAX_BYTES = 8_000_000
MAX_TAGS = 100_000
"""A saved review page of 800 kB holds some 8,000; a tree of 200,000 costs 290 MB and 3 s."""

MAX_DEPTH = 300
"""Real pages stay below 100. Without a bound, the texts of nested reviews take quadratic time."""

_UNREAD = {"script", "style", "template", "noscript", "head", "svg"}
_BREAKS = {
    *("address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "li", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"),
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(data: bytes, charset: str = "") -> str:
    """The characters of a page: by its byte order mark, else `charset` (HTTP), else `<meta>`, else UTF-8.

    Never raises: what fits no encoding becomes U+FFFD, and so does NUL, at which libxml2 would stop.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace").replace("\0", "\ufffd")
    declared = EncodingDetector.find_declared_encoding(data, is_html=True, search_entire_document=False)
    wide = data.count(0) * 4 > len(data)
    for name in (charset, declared, "utf-8", "cp1252"):
        if name and (wide or not name.lower().startswith(("utf-16", "utf-32", "utf16", "utf32"))):
            try:
                return data.decode(name).replace("\0", "\ufffd")
            except (LookupError, UnicodeError, ValueError):
                continue
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")


def soup(data: bytes | str, charset: str = "") -> BeautifulSoup:
    """The tree of a page by lxml. Raises Degraded for a page that is too large to be one of reviews."""
    if len(data) > MAX_BYTES:
        raise Degraded(f"The page is larger than {MAX_BYTES // 1_000_000} MB.", "Is it the right one?")
    text = data if isinstance(data, str) else decode(data, charset)
    if text.count("<") > MAX_TAGS:
        raise Degraded(f"The page has more than {MAX_TAGS} tags.", "Is it the right one?")
    if _too_deep(text):
        raise Degraded(f"The page nests more than {MAX_DEPTH} elements.", "Is it the right one?")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", UserWarning)  # MarkupResemblesLocatorWarning: short texts are fine
        try:
            return BeautifulSoup(text, "lxml")
        except (ParserRejectedMarkup, RecursionError, ValueError):
            raise Degraded("The page cannot be read as HTML.", "Is it the right one?") from None


class _Deep(Exception):
    pass


class _Depth:
    """A parser target that only counts how deep the elements nest."""

    depth = 0

    def start(self, _tag: str, _attributes: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Deep

    def end(self, _tag: str) -> None:
        self.depth -= 1

    def close(self) -> None:
        pass


def _too_deep(text: str) -> bool:
    """Whether a page nests so deep that building its tree would take quadratic time."""
    try:
        etree.fromstring(text.encode("utf-8", "replace"), etree.HTMLParser(target=_Depth(), encoding="utf-8"))
    except _Deep:
        return True
    except (etree.LxmlError, ValueError):
        pass
    return False


def text_of(tag: Tag) -> str:
    """What a reader sees of an element: scripts left out, blocks on lines of their own, spaces collapsed."""
    parts: list[str] = []
    skip_until = None
    for node in tag.descendants:
        if skip_until is not None:
            if node is not skip_until:
                continue
            skip_until = None
        if isinstance(node, Tag):
            if node.name in _UNREAD:
                skip_until = _after(node)
                if skip_until is None:
                    break
            elif node.name in _BREAKS:
                parts.append("\n")
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parts.append(str(node))
            if node.next_sibling is None and node.parent is not None and node.parent.name in _BREAKS:
                parts.append("\n")
    return tidy("".join(parts))


def _after(tag: Tag) -> object | None:
    """The first node after an element and all that it holds."""
    node: Tag | None = tag
    while node is not None:
        if node.next_sibling is not None:
            return node.next_sibling
        node = node.parent
    return None


def tidy(text: str) -> str:
    """Runs of spaces become one, three or more line breaks two; ends trimmed."""
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def plain(text: str) -> str:
    """Plain text of a string that may hold HTML (feed summaries, JSON-LD bodies)."""
    if re.search(r"<[a-zA-Z/!]", text):
        return text_of(soup(text))
    return tidy(entities.unescape(text))

"""HTML microdata as nodes of the shape that JSON-LD has, so that one reader serves both. Pure.

Vocabulary and algorithm: https://html.spec.whatwg.org/multipage/microdata.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup, Tag

from collectors.htmltext import text_of

MAX_DEPTH = 32
MAX_STEPS = 500_000
"""Elements looked at for one page; more takes `itemref`s that name each other over and over."""
_LINKS = {"a": "href", "area": "href", "link": "href", "img": "src", "source": "src", "embed": "src"}
_URL_PROPERTIES = {"url", "sameAs", "image", "logo", "mainEntityOfPage"}


def items(page: BeautifulSoup) -> list[dict[str, Any]]:
    """The top-level items of a page; nested ones stand in their properties.

    Each is `{"@type": [...], "@id": ..., property: [values]}`; "@id" is the `itemid`, else the
    element's id as a fragment (`#review-1`), else missing. An item that claims to be a property of
    nothing counts as a top-level one.
    """
    reader = _Reader(page)
    return [reader.item(tag, 0) for tag in page.find_all(itemscope=True) if id(tag) not in reader.seen]


class _Reader:
    def __init__(self, page: BeautifulSoup) -> None:
        self.seen: set[int] = set()
        self.steps = 0
        self.by_id = {str(tag["id"]): tag for tag in reversed(page.find_all(id=True))}

    def item(self, tag: Tag, depth: int) -> dict[str, Any]:
        self.seen.add(id(tag))
        node: dict[str, Any] = {"@type": [kind.rsplit("/", 1)[-1] for kind in _words(tag, "itemtype")]}
        if tag.get("itemid"):
            node["@id"] = str(tag["itemid"]).strip()
        elif tag.get("id"):
            node["@id"] = f"#{tag['id']}"
        for element in self.properties(tag):
            if element.get("itemscope") is None:
                value: Any = _value(element)
            elif depth < MAX_DEPTH:
                value = self.item(element, depth + 1)
            else:
                continue
            for name in _words(element, "itemprop"):
                node.setdefault(name.rsplit("/", 1)[-1], []).append(value)
        return node

    def properties(self, tag: Tag) -> Iterator[Tag]:
        """Elements with an itemprop that belong to this item, those named by `itemref` included."""
        others = (self.by_id.get(name) for name in _words(tag, "itemref")[:20])
        stack = [other for other in others if other is not None] + _children(tag)
        while stack and self.steps < MAX_STEPS:
            self.steps += 1
            element = stack.pop()
            if element is tag:
                continue
            if element.get("itemprop"):
                yield element
            if element.get("itemscope") is None:
                stack.extend(_children(element))


def _children(tag: Tag) -> list[Tag]:
    """The child elements, last first."""
    return [child for child in reversed(tag.contents) if isinstance(child, Tag)]


def _words(tag: Tag, attribute: str) -> list[str]:
    value = tag.get(attribute) or ""
    return (value if isinstance(value, str) else " ".join(value)).split()


def _value(tag: Tag) -> str:
    """The value of a property: `content`, `datetime` or `value`; an address where one is meant; else text."""
    for attribute in ("content", "datetime", "value"):
        if tag.get(attribute) is not None:
            return str(tag[attribute]).strip()
    link = tag.get(_LINKS.get(tag.name, ""))
    if link and (tag.name != "a" or _URL_PROPERTIES.intersection(_words(tag, "itemprop"))):
        return str(link).strip()
    return text_of(tag)

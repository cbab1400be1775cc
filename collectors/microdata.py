"""HTML microdata as nodes of the shape that JSON-LD has, so that one reader serves both. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup, Tag

from collectors.htmltext import text_of

MAX_DEPTH = 32
_LINKS = {"a": "href", "area": "href", "link": "href", "img": "src", "source": "src", "embed": "src"}
_URL_PROPERTIES = {"url", "sameAs", "image", "logo", "mainEntityOfPage"}


def items(page: BeautifulSoup) -> list[dict[str, Any]]:
    """The top-level items of a page; nested ones stand in their properties.

    Each is `{"@type": [...], "@id": ..., property: [values]}`; "@id" is the `itemid`, else the
    element's id as a fragment (`#review-1`), else missing. An item that claims to be a property of
    nothing counts as a top-level one.
    """
    seen: set[int] = set()
    return [_item(tag, page, seen, 0) for tag in page.find_all(itemscope=True) if id(tag) not in seen]


def _item(tag: Tag, page: BeautifulSoup, seen: set[int], depth: int) -> dict[str, Any]:
    seen.add(id(tag))
    node: dict[str, Any] = {"@type": [kind.rsplit("/", 1)[-1] for kind in _words(tag, "itemtype")]}
    if tag.get("itemid"):
        node["@id"] = str(tag["itemid"]).strip()
    elif tag.get("id"):
        node["@id"] = f"#{tag['id']}"
    for element in _properties(tag, page):
        if element.get("itemscope") is None:
            value: Any = _value(element)
        elif depth < MAX_DEPTH:
            value = _item(element, page, seen, depth + 1)
        else:
            continue
        for name in _words(element, "itemprop"):
            node.setdefault(name.rsplit("/", 1)[-1], []).append(value)
    return node


def _properties(tag: Tag, page: BeautifulSoup) -> Iterator[Tag]:
    """Elements with an itemprop that belong to this item, those named by `itemref` included."""
    stack = [child for child in reversed(tag.contents) if isinstance(child, Tag)]
    for name in _words(tag, "itemref")[:20]:
        other = page.find(id=name)
        if isinstance(other, Tag) and other is not tag:
            stack.append(other)
    while stack:
        element = stack.pop()
        if element is tag:
            continue
        if element.get("itemprop"):
            yield element
        if element.get("itemscope") is None:
            stack.extend(child for child in reversed(element.contents) if isinstance(child, Tag))


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

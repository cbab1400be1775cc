"""What is wrong between the blocks of a configuration, where each block by itself is right."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

KeyPath = tuple[str | int, ...]
"""Where in the file: `("sources", 1, "url")`."""


def conflicts(config: Any) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong between blocks: names used twice, names of companies that are not there.

    `config` is a Config or the plain data of a file, which may be of any shape; what is not shaped as it
    should is passed over, because the models report it.
    """
    companies = _blocks(config, "companies")
    known = [name for company in companies if (name := _text(company, "name"))]
    yield from _twice(("companies",), companies)
    yield from _twice(("sources",), sources := _blocks(config, "sources"))
    for key in ("channels", "rules"):
        yield from _twice(("alerts", key), _blocks(_get(config, "alerts"), key))
    for at, source in enumerate(sources):
        if (name := _text(source, "company")) and name not in known:
            yield ("sources", at, "company"), _not_a_company(name, known)
    for at, company in enumerate(companies):
        for nth, other in enumerate(_blocks(company, "competitors")):
            path = ("companies", at, "competitors", nth)
            if isinstance(other, str) and other.strip() not in known:
                yield path, _not_a_company(other.strip(), known)
            elif isinstance(other, str) and other.strip() == _text(company, "name"):
                yield path, "a company is no competitor of itself"
    yield from _shared_names(companies)
    yield from _no_names(companies)


def _twice(at: tuple[str, ...], blocks: Sequence[Any]) -> Iterator[tuple[KeyPath, str]]:
    first: dict[str, int] = {}
    for nth, block in enumerate(blocks):
        name = (_text(block, "name") or "").casefold()
        if name and first.setdefault(name, nth) != nth:
            yield (*at, nth, "name"), f"this name is used twice (first in {'.'.join(at)}.{first[name]})"


def _shared_names(companies: Sequence[Any]) -> Iterator[tuple[KeyPath, str]]:
    """Aliases that two companies claim: a text with that name would belong to neither."""
    owner: dict[str, int] = {}
    for nth, company in enumerate(companies):
        owner.setdefault((_text(company, "name") or "").casefold(), nth)
    for at, company in enumerate(companies):
        for nth, alias in enumerate(_blocks(company, "aliases")):
            name = alias.strip().casefold() if isinstance(alias, str) else ""
            if name and owner.setdefault(name, at) != at:
                yield ("companies", at, "aliases", nth), f"companies.{owner[name]} has this name too"


def _no_names(companies: Sequence[Any]) -> Iterator[tuple[KeyPath, str]]:
    """What is called ambiguous or exact without being a name of its company."""
    for at, company in enumerate(companies):
        names = [_text(company, "name") or "", *(str(one) for one in _blocks(company, "aliases"))]
        known = {name.strip().casefold() for name in names}
        for key in ("ambiguous", "exact"):
            for nth, name in enumerate(_blocks(company, key)):
                if isinstance(name, str) and name.strip().casefold() not in known:
                    yield ("companies", at, key, nth), "is neither the name nor an alias of this company"


def _not_a_company(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return "is not the name of one of `companies`" + (f"; did you mean `{near[0]}`?" if near else "")


def _get(block: Any, key: str) -> Any:
    return block.get(key) if isinstance(block, Mapping) else getattr(block, key, None)


def _blocks(block: Any, key: str) -> Sequence[Any]:
    value = _get(block, key)
    return value if isinstance(value, list | tuple) else ()


def _text(block: Any, key: str) -> str | None:
    value = _get(block, key)
    return value.strip() if isinstance(value, str) else None

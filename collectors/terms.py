"""Whose terms must have been read before a live source starts, and who forbids automated readers outright.

What the terms say is data: `collectors.termsrecords`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit

from candidly.config import SourceSettings
from candidly.errors import CollectorError
from collectors.termsrecords import TERMS, Terms

FORBIDDING: Final = ("glassdoor", "indeed", "kununu", "linkedin", "yelp")
"""Sites whose terms forbid automated access, under every country's domain."""

_FORBIDDING: Final = re.compile(
    rf"(?:^|\.)({'|'.join(FORBIDDING)})\.(?:[a-z]{{2,}}|(?:com|co|org|net)\.[a-z]{{2}})\.?$", re.IGNORECASE
)
_YEAR: Final = timedelta(days=365)

INSTEAD: Final = "Use an export, or pages that you saved, with a `file` source instead"


def forbidding(url: str) -> str:
    """The site, if it is known to forbid automated access ("glassdoor"), else ""."""
    found = _FORBIDDING.search(_host(url))
    return found[1].lower() if found else ""


def record_of(settings: SourceSettings) -> Terms | None:
    """The record of a source's type; a collector from elsewhere brings its own as `Settings.terms`."""
    own = getattr(type(settings), "terms", None)
    return own if isinstance(own, Terms) else TERMS.get(settings.type)


def check_terms(settings: SourceSettings, urls: Iterable[str]) -> None:
    """Raises CollectorError unless the terms were read and, where one is needed, a permission is named."""
    record = record_of(settings)
    if settings.terms_read is None:
        where = f" ({record.address})" if record and record.address else ""
        raise CollectorError(
            f"Source {settings.name!r} has no `terms_read`.",
            f"Read the site's terms{where}; if they allow this, set `terms_read` to the day you read them. "
            f"`candidly source terms {settings.type}` sums up what we know.",
            permanent=True,
        )
    if record and record.permission and not settings.permission:
        instead = f"; without one, {record.instead}" if record.instead else ""
        raise CollectorError(
            f"Source {settings.name!r} has no `permission`: {record.permission}",
            f"Name {record.site}'s approval under `permission`{instead}.",
            permanent=True,
        )
    for url in urls:
        if (site := forbidding(url)) and not settings.permission and not _own_interface(record, url):
            raise CollectorError(
                f"The terms of {site} forbid automated readers, so source {settings.name!r} does not start.",
                f"{INSTEAD}; with a written permission, name it under `permission`.",
                permanent=True,
            )


def checker(settings: SourceSettings) -> Callable[[str], None]:
    """`check_terms` for each address that a request is led to, redirects included."""
    return lambda url: check_terms(settings, (url,))


def stale(settings: SourceSettings, today: date) -> str:
    """Why the terms should be read again; "" where they need not."""
    read, record = settings.terms_read, record_of(settings)
    if read is None:
        return ""
    if read > today:
        return f"`terms_read` lies in the future: {read}"
    if record and record.read and read < record.read:
        return f"the terms may have changed since `terms_read` ({read}): we read them on {record.read}"
    if today - read > _YEAR:
        return f"the terms were last read on {read}, more than a year ago: read them again"
    return ""


def admit(settings: SourceSettings, today: date) -> list[str]:
    """The gate before a source of any type starts: what a person should know; raises like `check_terms`."""
    if not settings.live:
        return []
    check_terms(settings, ())
    note = stale(settings, today)
    return [note] if note else []


def _own_interface(record: Terms | None, url: str) -> bool:
    """Is it the interface that the site offers to programs, asked by the source type made for it?"""
    return record is not None and _host(url) in record.hosts


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

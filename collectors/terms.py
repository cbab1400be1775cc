"""Whose terms must have been read before a live source starts, and who forbids automated readers outright."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from candidly.config import SourceSettings
from candidly.errors import CollectorError

FORBIDDING = ("glassdoor", "indeed", "kununu", "linkedin", "yelp")
"""Sites whose terms forbid automated access, under every country's domain (evidence: their terms, 2026)."""

_FORBIDDING = re.compile(
    rf"(?:^|\.)({'|'.join(FORBIDDING)})\.(?:[a-z]{{2,}}|(?:com|co|org|net)\.[a-z]{{2}})\.?$", re.IGNORECASE
)

INSTEAD = "Use an export, or pages that you saved, with a `file` source instead"


def forbidding(url: str) -> str:
    """The site, if it is known to forbid automated access ("glassdoor"), else ""."""
    try:
        found = _FORBIDDING.search(urlsplit(url).hostname or "")
    except ValueError:
        return ""
    return found[1].lower() if found else ""


def check_terms(settings: SourceSettings, urls: Iterable[str]) -> None:
    """Raises CollectorError unless the terms were read and, for a forbidding site, a permission is named."""
    if settings.terms_read is None:
        raise CollectorError(
            f"Source {settings.name!r} has no `terms_read`.",
            "Read the site's terms; if they allow this, set `terms_read` to the day you read them.",
            permanent=True,
        )
    for url in urls:
        if (site := forbidding(url)) and not settings.permission:
            raise CollectorError(
                f"The terms of {site} forbid automated readers, so source {settings.name!r} does not start.",
                f"{INSTEAD}; with a written permission, name it under `permission`.",
                permanent=True,
            )


def checker(settings: SourceSettings) -> Callable[[str], None]:
    """`check_terms` for each address that a request is led to, redirects included."""
    return lambda url: check_terms(settings, (url,))

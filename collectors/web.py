"""What the sources that read web addresses share: their settings, and the `Http` made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from candidly.config import SourceSettings
from candidly.errors import CollectorError
from collectors.base import Context
from collectors.terms import checker

if TYPE_CHECKING:
    from collectors.http import Http


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError("should be an address such as https://reviews.example/acme")
    if parts.username is not None or parts.password is not None:
        raise ValueError("should hold no user name or password")
    return url


class WebSettings(SourceSettings):
    """Addresses to read, and the manners in which to do it."""

    urls: tuple[Annotated[str, AfterValidator(_web_address)], ...] = Field(
        min_length=1, description="Addresses to read: `http` or `https`, without a password in them."
    )
    site: str = Field("", description="The site's name in reports, where not its address (`example.com`).")
    user_agent_contact: str = Field(
        "",
        max_length=200,
        pattern=r"^[\x20-\x7e]*$",
        description="Your address, sent along with each request.",
    )
    min_interval: float = Field(
        1.0,
        ge=0,
        le=3600,
        description="Least seconds between two requests to a host; robots.txt may ask for more.",
    )
    allow_private: bool = Field(False, description="Let it read servers of this machine or your own network.")

    live: ClassVar[bool] = True


def http_for(settings: WebSettings, context: Context) -> Http:
    """The careful client of a source; it refuses hosts whose terms forbid it, after redirects too."""
    from collectors.http import Http, user_agent
    from collectors.samples import noting

    return Http(
        context.now,
        user_agent=user_agent(settings.user_agent_contact),
        allow_private=settings.allow_private,
        deadline=context.deadline,
        min_interval=settings.min_interval,
        check_host=checker(settings),
        spend=context.requests.spend,
        note=noting(context.seen),
    )


def validators_in(found: object, urls: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """address -> its validators, of a cursor; what is damaged is left out, so that it is read again."""
    if not isinstance(found, dict):
        return {}
    known = {url: found[url] for url in urls if isinstance(found.get(url), dict)}
    return {url: said for url, said in known.items() if all(map(_header, said.values()))}


def _header(value: object) -> bool:
    """Can it be sent as a header?"""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def raise_first(failures: Sequence[CollectorError]) -> None:
    """Raise the first of the errors that the addresses of a source met; the message counts the others."""
    if not failures:
        return
    first = failures[0]
    if len(failures) > 1:
        first.message += f" ({len(failures) - 1} more of the addresses failed.)"
    raise first

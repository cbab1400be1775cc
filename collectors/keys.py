"""Small things that collectors of interfaces share: secrets by name, a server's words for a message."""

from __future__ import annotations

from candidly.errors import CollectorError, ConfigError
from collectors.base import Context


def key_of(context: Context, name: str) -> str:
    """The secret of that name; CollectorError, so that one source fails and no other, where it is absent."""
    try:
        return context.secret(name)
    except ConfigError as error:
        raise CollectorError(str(error), permanent=True) from None


def clipped(text: str) -> str:
    """What a server says in an error, fit for a message: one line, printable, at most 200 characters."""
    return "".join(sign for sign in " ".join(text.split())[:200] if sign.isprintable())

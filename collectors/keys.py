"""The secrets that a collector is given by name."""

from __future__ import annotations

from candidly.errors import CollectorError, ConfigError
from collectors.base import Context


def key_of(context: Context, name: str) -> str:
    """The secret of that name; CollectorError, so that one source fails and no other, where it is absent."""
    try:
        return context.secret(name)
    except ConfigError as error:
        raise CollectorError(str(error), permanent=True) from None

"""Everything else, through apprise: Discord, Mattermost, Matrix, ntfy, SMS gateways, some hundred more."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from alerting.mail import ID_HEADER
from alerting.patience import DEADLINE, within
from alerting.teams import markdown
from candidly.errors import DeliveryError
from candidly.records import Delivery

REFUSED = (400, 401, 403, 404, 405, 410, 422)
"""Answers that will not get better by asking again."""


class AppriseChannel:
    """Any service that apprise has an address form for."""

    def __init__(self, address: Callable[[], str], *, deadline: float = DEADLINE) -> None:
        self.address, self.deadline = address, deadline

    def send(self, delivery: Delivery) -> None:
        url = self.address()
        within(self.deadline, lambda: _notify(url, delivery))


def _notify(url: str, delivery: Delivery) -> None:
    notify(_plugin(url), delivery)


def notify(plugin: Any, delivery: Delivery) -> None:
    """Send through one apprise plug-in, as plain as it gets. Raises DeliveryError where it did not work."""
    from apprise import Apprise, NotifyFormat

    plugin.notify_format = NotifyFormat.TEXT
    for extra in ("include_image", "include_footer"):  # pictures that would be loaded from elsewhere
        if hasattr(plugin, extra):
            setattr(plugin, extra, False)
    title, text = delivery.message["title"], delivery.message["text"]
    service = type(plugin).__name__
    if service == "NotifyWorkflows":
        title, text = markdown(title), markdown(text)
    elif service == "NotifyEmail":
        plugin.headers[ID_HEADER] = delivery.id
    sender = Apprise()
    sender.add(plugin)
    # apprise answers false on failure and does not raise; what went wrong it says only in its log.
    result = sender.notify(body=text, title=title, body_format=NotifyFormat.TEXT)
    if not result:
        status = _status(result)
        raise DeliveryError(
            "the service did not take the message" + (f" (it answered {status})." if status else "."),
            "Check the address, the token and the network.",
            permanent=status in REFUSED,
        )


def _status(result: Any) -> int | None:
    """The HTTP status in the log that came with a failure (apprise 2.2 and later)."""
    logs = result.logs() if hasattr(result, "logs") else ()
    found = [match for entry in logs if (match := re.search(r"error=(\d{3})\b", entry.message))]
    return int(found[-1][1]) if found else None


def _plugin(url: str) -> Any:
    """apprise's object for an address; its log, which names addresses, goes nowhere else."""
    import logging

    from apprise import Apprise

    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    plugin = Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        raise DeliveryError(
            "the address is none that apprise understands.",
            "See docs/alerts.md for examples.",
            permanent=True,
        )
    return plugin

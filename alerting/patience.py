"""How long one message may take."""

from __future__ import annotations

import threading
from collections.abc import Callable

from candidly.errors import DeliveryError

DEADLINE = 20.0
"""Seconds that one message may take, name look-up and slow answers included."""


def within(seconds: float, action: Callable[[], None]) -> None:
    """Run `action`, and give up waiting after `seconds`.

    In a thread, because no timeout of a socket limits the whole: a server that sends a byte now and then
    keeps it alive for ever. What is given up on is a daemon thread, so it cannot keep the process.
    Raises what the action raises, unexpected errors as a DeliveryError that names their type only.
    """
    failure: list[DeliveryError] = []

    def run() -> None:
        try:
            action()
        except DeliveryError as error:
            failure.append(error)
        except Exception as error:  # its text may hold the address, so only its type is told
            failure.append(DeliveryError(f"sending failed with {type(error).__name__}."))

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        raise DeliveryError(f"no answer within {seconds:g} seconds.")
    if failure:
        raise failure[0]

"""Keeps requests to one host apart."""

from __future__ import annotations

import time
from collections.abc import Callable


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # looked up when it is needed, so that a contract test can watch it


class Throttle:
    """Keeps requests to one host apart; collectors that share it share the manners."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] | None = None
    ) -> None:
        self.clock, self.sleep = clock, sleep or _sleep
        self._free: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._slower: dict[str, float] = {}

    def slow_down(self, host: str, seconds: float) -> None:
        """What a host's robots.txt asks for (crawl-delay); never faster than the interval set here."""
        self._slower[host] = seconds

    def wait(self, host: str, interval: float = 0.0) -> None:
        """Sleep until the host may be asked again, by whoever asked last and by who asks now."""
        free = max(self._free.get(host, 0.0), self._ended.get(host, -interval) + interval)
        if (pause := free - self.clock()) > 0:
            self.sleep(pause)

    def done(self, host: str, interval: float) -> None:
        """Note that a request ended now."""
        self._ended[host] = self.clock()
        free = self.clock() + max(interval, self._slower.get(host, 0.0))
        self._free[host] = max(self._free.get(host, 0.0), free)

    def rest(self, host: str, seconds: float) -> None:
        """What a host asks for once: the next request comes no sooner."""
        self._free[host] = max(self._free.get(host, 0.0), self.clock() + seconds)

"""robots.txt as RFC 9309 has it, by Protego: absent means allowed, unreachable means disallowed.

Imports Protego, so import it inside functions.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from protego import Protego

from candidly.errors import CollectorError
from collectors.htmltext import decode
from collectors.http import Http, Refused, shown

MAX_BYTES = 500 * 1024
"""The size up to which RFC 9309 (2.5) wants the file read."""
MAX_DELAY = 60.0
AGENT = "candidly"


class Robots:
    """Answers for one `Http`, which it asks at most once for each host's robots.txt."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._rules: dict[str, Protego | CollectorError] = {}

    def check(self, url: str) -> None:
        """Raises CollectorError where robots.txt disallows the page, or could not be asked."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = self._load(origin)
        rules = self._rules[origin]
        if isinstance(rules, CollectorError):
            raise rules
        if not rules.can_fetch(url, AGENT):
            raise CollectorError(
                f"robots.txt disallows {shown(url)}.",
                "Ask the site, or use an export or a saved page with a `file` source.",
                permanent=True,
            )

    def _load(self, origin: str) -> Protego | CollectorError:
        try:
            body = self._http.get(f"{origin}/robots.txt", first_bytes=MAX_BYTES).body
        except CollectorError as error:
            if isinstance(error, Refused) and 400 <= error.status < 500 and error.status != 429:
                return Protego.parse("")
            return CollectorError(
                f"{origin}/robots.txt could not be read, which counts as a no: {error.message}",
                "It is tried again later.",
                retry_after=error.retry_after,
            )
        rules = Protego.parse(decode(body))
        if delay := rules.crawl_delay(AGENT):
            self._http.throttle.slow_down(urlsplit(origin).netloc.lower(), min(float(delay), MAX_DELAY))
        return rules

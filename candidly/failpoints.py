"""Places where a test can kill the process, to prove that nothing is lost there. Off by default.

`CANDIDLY_FAILPOINT=name:n` ends the process at the n-th pass of `hit(name)`, as a power cut would: no
cleanup, no flush, exit code 137. Without the variable `hit` does nothing.
"""

from __future__ import annotations

import os
from collections import Counter

_passes: Counter[str] = Counter()


def hit(name: str) -> None:
    """End the process here if `CANDIDLY_FAILPOINT` says so."""
    wanted = os.environ.get("CANDIDLY_FAILPOINT")
    if not wanted:
        return
    point, _, count = wanted.partition(":")
    if point != name:
        return
    _passes[name] += 1
    if _passes[name] == int(count or 1):
        os._exit(137)

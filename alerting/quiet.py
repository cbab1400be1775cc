"""Hours in which messages wait. Pure.

By the clock on the wall of a named zone: an hour that comes twice is quiet twice, one that is skipped is
not missed, and what follows it begins on time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from candidly.configalerts import SEVERITIES, Quiet

MINUTE = timedelta(minutes=1)
LONGEST = 26 * 60
"""Minutes: a day that clock changes made as long as any."""


def is_quiet(quiet: Quiet, moment: datetime) -> bool:
    """Whether it is quiet at a moment: from `from`, until before `to`."""
    clock = moment.astimezone(ZoneInfo(quiet.timezone)).time()
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def quiet_ends(quiet: Quiet, moment: datetime) -> datetime:
    """The first whole minute from `moment` on that is not quiet; `moment` itself where it is not.

    Minute by minute, because the rule is then right at every change of clocks without knowing of any; it
    takes some milliseconds.
    """
    if not is_quiet(quiet, moment):
        return moment
    start = moment.replace(second=0, microsecond=0)
    ends = (start + n * MINUTE for n in range(1, LONGEST))
    return next((one for one in ends if not is_quiet(quiet, one)), moment)


def wait_until(quiet: Quiet | None, message: dict[str, Any], now: datetime) -> datetime:
    """When a message may be sent: now, or the end of the quiet hours for one that is not severe enough."""
    if quiet is None:
        return now
    severity = message.get("severity", "notice")
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else 0
    return now if rank >= SEVERITIES.index(quiet.least) else quiet_ends(quiet, now)

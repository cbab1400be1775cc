"""How a run ended, in words for a person and in facts for the scheduler. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from candidly.config import SourceSettings
from candidly.errors import CandidlyError, CollectorError, Degraded, UsageError
from candidly.records import REMOVING, Outcome, RunStatus, Tally
from collectors.base import Requests

LONGEST_WAIT = timedelta(hours=24)
"""However long a source asks to be left alone: it may have meant milliseconds, or nothing."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known at the end of a run. `answered`: the source gave more than "unchanged"."""

    tally: Tally
    error: Exception | None
    notes: list[str]
    requests: Requests
    stopped: bool
    answered: bool


def outcome_of(settings: SourceSettings, run: Ended, now: datetime) -> Outcome:
    """The outcome of a run that ends `now`."""
    if run.requests.refused:
        return _used_up(settings, run, now)
    if run.error is not None:
        return _failure(settings.name, run, run.error)
    status: RunStatus = "interrupted" if run.stopped else "ok"
    message, remedy = "; ".join(run.notes), ""
    if not run.stopped and (useless := all_rejected(settings, run.tally)):
        status, message = "degraded", f"{useless}."
        remedy = "`rejects/` lists each with its place."
    elif breach := _breach(settings, run):
        status, message = "degraded", breach
        remedy = "Look at the source by hand; adjust `expect` if this is right."
    return Outcome(settings.name, status, run.tally, message, remedy, requests=run.requests.made)


def _failure(source: str, run: Ended, error: Exception) -> Outcome:
    message, remedy = f"{type(error).__name__} in the collector.", (
        "This is a fault of candidly; run with --debug to see where, and report it."
    )  # fmt: skip
    retry_after, permanent = None, isinstance(error, UsageError)
    if isinstance(error, CandidlyError):
        message, remedy = error.message, error.remedy
    if isinstance(error, CollectorError):
        permanent, retry_after = error.permanent, bounded(error.retry_after)
    status: RunStatus = "degraded" if isinstance(error, Degraded) else "failed"
    return Outcome(
        source,
        "partial" if run.tally.read else status,
        run.tally,
        message,
        remedy,
        retry_after,
        permanent,
        requests=run.requests.made,
        fault="permanent" if permanent else "passing",
        misshapen=isinstance(error, Degraded),
    )


def _used_up(settings: SourceSettings, run: Ended, now: datetime) -> Outcome:
    return Outcome(
        settings.name,
        "partial" if run.tally.read else "failed",
        run.tally,
        f"its `daily_requests` ({settings.daily_requests}) are used up.",
        "It goes on after midnight UTC where it stopped; a larger budget lets it read on today.",
        (midnight(now) + timedelta(days=1) - now).total_seconds(),
        requests=run.requests.made,
        fault="budget",
    )


def _breach(settings: SourceSettings, run: Ended) -> str:
    """How much less or more was read than expected; "" for what is right."""
    expect, read = settings.expect, run.tally.read
    if expect is None:
        return ""
    if run.answered and expect.min is not None and read < expect.min:
        return f"only {read} items where at least {expect.min} were expected."
    if expect.max is not None and read > expect.max:
        return f"{read} items where at most {expect.max} were expected."
    return ""


def all_rejected(settings: SourceSettings, tally: Tally) -> str:
    """Why nothing of what was read could be used ("all 3 rows rejected: no id"); "" where something could.

    A site may well have nothing to tell but that items are gone; a file that says so of all its rows is odd.
    """
    n, fine = sum(tally.rejected.values()), REMOVING if settings.live else ()
    if n < tally.read or all(reason in fine for reason in tally.rejected):
        return ""
    often = sorted(tally.rejected.items(), key=lambda one: -one[1])
    reasons = [f"{reason} ({count})" if len(often) > 1 else reason for reason, count in often[:3]]
    what = "item" if settings.live else "row"
    more = ", ..." if len(often) > 3 else ""
    return f"{f'all {n} {what}s' if n > 1 else f'its only {what}'} rejected: {', '.join(reasons)}{more}"


def bounded(retry_after: float | None) -> float | None:
    """Seconds to wait, a day at most; None stays None."""
    return None if retry_after is None else min(max(retry_after, 0.0), LONGEST_WAIT.total_seconds())


def midnight(now: datetime) -> datetime:
    """When the UTC day began, with which budgets begin anew."""
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)

"""Sends what the outbox holds: claim -> send -> mark, at least once, never lost.

A claim is a lease: when this process dies between claim and mark, the message is due again at its end, with
the same id. Channels work side by side, each with one message at a time, so that a dead one delays no other
and a crash repeats at most one message of each.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from alerting import grouping
from alerting.channels import Channel
from alerting.messages import deliveries, loud_enough
from alerting.quiet import wait_until
from alerting.rules import Change, delivery_incident
from candidly import failpoints
from candidly.configalerts import Quiet
from candidly.errors import DeliveryError
from candidly.records import Delivery, Incident, Severity

log = logging.getLogger("candidly")

LEASE = timedelta(minutes=2)
"""Longer than one message can take, which is the deadline of a channel."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
STRIKES = 3
"""Failures in a row after which a channel is left alone for the rest of the pass. Not one: a message that a
service never takes must not keep the others waiting."""
REST = timedelta(minutes=1)
"""How long it is left alone with what it was not asked to take."""


class Outbox(Protocol):
    """What is needed of `storage.store.Store`."""

    def due(self, now: datetime) -> list[Delivery]: ...
    def hold(self, ids: Sequence[str], now: datetime, until: datetime) -> int: ...
    def merge(self, ids: Sequence[str], now: datetime, whole: Delivery) -> bool: ...
    def claim_due(
        self, now: datetime, lease: timedelta, limit: int = 50, channel: str | None = None
    ) -> list[Delivery]: ...
    def mark_sent(self, id: str, now: datetime) -> None: ...  # noqa: A002
    def mark_retry(self, id: str, due: datetime, error: str, left: Sequence[str] = ()) -> None: ...  # noqa: A002
    def mark_failed(self, id: str, now: datetime, error: str) -> None: ...  # noqa: A002
    def open_incident(self, incident: Incident, deliveries: Any) -> bool: ...
    def update_incident(self, id: str, title: str, detail: dict[str, Any]) -> Any: ...  # noqa: A002
    def resolve_incident(self, id: str, now: datetime) -> Any: ...  # noqa: A002
    def enqueue(self, delivery: Delivery) -> bool: ...


@dataclass(slots=True)
class DeliveryReport:
    """What became of the messages that were due, and which channels took one."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    delivered_to: set[str] = field(default_factory=set)


def record(
    store: Outbox,
    change: Change,
    channels: Iterable[str],
    now: datetime,
    least: Mapping[str, Severity] | None = None,
) -> list[Incident]:
    """Write what the rules decided, with the messages about it; returns the incidents that are new.

    `least`: the lowest severity that a channel wants to hear of, by its name.
    """
    names = list(channels)
    opened = [
        one
        for one in change.opened
        if store.open_incident(one, deliveries(one, loud_enough(one, names, least or {}), now))
    ]
    for one in change.updated:
        store.update_incident(one.id, one.title, one.detail)
        if change.occasion:
            wanted = loud_enough(one, names, least or {})
            for message in deliveries(one, wanted, now, occasion=change.occasion, opening=change.opening):
                store.enqueue(message)
    for id_ in change.resolved:
        store.resolve_incident(id_, now)
    return opened


def remind(
    store: Outbox,
    still_open: Iterable[Incident],
    channels: Iterable[str],
    now: datetime,
    repeat: timedelta,
    least: Mapping[str, Severity] | None = None,
) -> int:
    """Tell again of incidents that are open for `repeat` and longer; how many messages are new.

    A reminder is known by how often `repeat` has passed, so that it is written once whoever asks, and after
    a pause only the latest is.
    """
    names, new = list(channels), 0
    for one in still_open:
        if (times := (now - one.opened) // repeat) < 1:
            continue
        wanted = loud_enough(one, names, least or {})
        for message in deliveries(one, wanted, now, occasion=f"repeat {times}", opening="Still open: "):
            new += store.enqueue(message)
    return new


def deliver_due(
    store: Outbox,
    channels: Mapping[str, Channel],
    now: Callable[[], datetime] | datetime,
    keep_trying: timedelta = timedelta(hours=24),
    *,
    lease: timedelta = LEASE,
    quiet: Quiet | None = None,
    silenced: bool = False,
) -> DeliveryReport:
    """Send every message that is due, and those about messages that had to be given up.

    What may not be sent in quiet hours waits for their end; what is due for the first time on one channel
    goes out as one message. A failure that may pass is tried again after 5, 10, 20 ... seconds, up to an
    hour, or when the server said, until `keep_trying` after the message could first be sent; then, and at
    once where trying again cannot help, the message is marked failed and an incident about the channel goes
    out through the others, or is only written where such incidents are `silenced`.
    """
    clock = now if callable(now) else lambda: now
    prepare(store, clock(), quiet)
    failpoints.hit("outbox.prepared")
    pass_ = _Pass(store, channels, clock, keep_trying, lease, quiet, silenced=silenced)
    pass_.send()
    return pass_.report


def prepare(store: Outbox, now: datetime, quiet: Quiet | None) -> None:
    """Let wait what is to wait, and put together what can go out together."""
    ready = []
    for one in store.due(now):
        until = wait_until(quiet, one.message, now)
        if until > now:
            store.hold([one.id], now, until)
        else:
            ready.append(one)
    for ids, whole in grouping.groups(ready, now):
        store.merge(ids, now, whole)


class _Pass:
    """One run over the outbox. Only the calling thread talks to the store."""

    def __init__(
        self,
        store: Outbox,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        keep_trying: timedelta,
        lease: timedelta,
        quiet: Quiet | None,
        *,
        silenced: bool,
    ) -> None:
        self.store, self.channels, self.clock, self.keep_trying = store, channels, clock, keep_trying
        self.lease, self.quiet, self.silenced = lease, quiet, silenced
        self.report = DeliveryReport()
        self.strikes: Counter[str] = Counter()

    def send(self) -> None:
        """Each channel takes its next message when it is done with the one before."""
        self._drop_unknown()
        with ThreadPoolExecutor(max(1, len(self.channels)), "deliver") as pool:
            running: dict[Future[Any], str] = {}
            while True:
                busy = set(running.values())
                for name in self.channels:
                    if name not in busy and (delivery := self._next(name)):
                        running[pool.submit(_try, self.channels[name], delivery)] = name
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    self._settle(*future.result())

        self._leave_alone()

    def _leave_alone(self) -> None:
        now = self.clock()
        struck = [one.id for one in self.store.due(now) if self.strikes[one.channel] >= STRIKES]
        if struck:
            self.store.hold(struck, now, now + REST)

    def _drop_unknown(self) -> None:
        for name in {one.channel for one in self.store.due(self.clock())} - set(self.channels):
            while claimed := self.store.claim_due(self.clock(), self.lease, channel=name):
                for one in claimed:
                    gone = f"channel {name!r} is no longer in the configuration."
                    self.store.mark_failed(one.id, self.clock(), gone)
                    self.report.failed += 1

    def _next(self, name: str) -> Delivery | None:
        """Take a channel's next message; none where it did not take the last few."""
        if self.strikes[name] >= STRIKES:
            return None
        claimed = self.store.claim_due(self.clock(), self.lease, 1, name)
        if not claimed:
            return None
        failpoints.hit("outbox.claimed")
        return claimed[0]

    def _settle(self, delivery: Delivery, error: DeliveryError | None) -> None:
        now = self.clock()
        if error is None:
            failpoints.hit("outbox.sent")
            self.store.mark_sent(delivery.id, now)
            self.strikes[delivery.channel] = 0
            self.report.sent += 1
            self.report.delivered_to.add(delivery.channel)
            return
        self.strikes[delivery.channel] += not error.permanent
        if error.permanent or now - patience_from(delivery, now, self.quiet) >= self.keep_trying:
            self._give_up(delivery, error, now)
        else:
            due = now + pause(delivery, error.retry_after)
            self.store.mark_retry(delivery.id, due, str(error), error.left)
            self.report.retried += 1

    def _give_up(self, delivery: Delivery, error: DeliveryError, now: datetime) -> None:
        """Tell through the other channels first: a crash in between repeats this, and tells it only once."""
        severity = delivery.message.get("severity", "notice")
        incident = delivery_incident(
            delivery.channel, str(error), now, severity=severity, lost=delivery.subject
        )
        others = [name for name in self.channels if name != delivery.channel]
        told = [] if self.silenced else deliveries(incident, others, now)
        self.store.open_incident(incident, told)
        failpoints.hit("outbox.told")
        self.store.mark_failed(delivery.id, now, str(error))
        self.report.failed += 1
        if not others:
            log.error("channel %s does not take messages, and there is no other to tell it through: %s",
                      delivery.channel, error)  # fmt: skip


def _try(channel: Channel, delivery: Delivery) -> tuple[Delivery, DeliveryError | None]:
    try:
        channel.send(delivery)
    except DeliveryError as error:
        return delivery, error
    except Exception as error:  # one broken channel must not stop the others
        return delivery, DeliveryError(f"sending failed with {type(error).__name__}.")
    return delivery, None


def pause(delivery: Delivery, retry_after: float | None) -> timedelta:
    """How long to wait before the next attempt: doubling from 5 seconds to an hour, plus up to a quarter.

    The extra part follows from the id, so that many messages do not come back at the same moment.
    """
    doubled = FIRST_WAIT * 2 ** min(max(delivery.attempts - 1, 0), 10)
    jitter = hashlib.blake2b(delivery.id.encode(), digest_size=2).digest()
    waited: timedelta = min(doubled, LONGEST_WAIT) * (1 + int.from_bytes(jitter) / 65536 / 4)
    return max(waited, timedelta(seconds=retry_after or 0.0))


def patience_from(delivery: Delivery, now: datetime, quiet: Quiet | None) -> datetime:
    """When a message could be sent first: when it was written, or after the quiet hours of that time."""
    try:
        written = datetime.fromisoformat(delivery.message["queued"])
    except (KeyError, TypeError, ValueError):
        return now
    return wait_until(quiet, delivery.message, written)

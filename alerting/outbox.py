"""Sends what the outbox holds: claim -> send -> mark, at least once, never lost.

A claim is a lease: when this process dies between claim and mark, the message is due again at its end, with
the same id. Channels work side by side, each with one message at a time, so that a dead one delays no other
and a crash repeats at most one message of each.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from alerting.channels import Channel
from alerting.messages import deliveries
from alerting.rules import Change, delivery_incident
from candidly import failpoints
from candidly.errors import DeliveryError
from candidly.records import Delivery, Incident

LEASE = timedelta(minutes=30)
"""Longer than a batch can take: 50 messages with the deadline of a channel each."""
BATCH = 50
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
STRIKES = 3
"""Failures in a row after which a channel is left alone for the rest of the pass. Not one: a message that a
service never takes must not keep the others waiting."""


class Outbox(Protocol):
    """What is needed of `storage.store.Store`."""

    def claim_due(self, now: datetime, lease: timedelta, limit: int = 50) -> list[Delivery]: ...
    def mark_sent(self, id: str, now: datetime) -> None: ...  # noqa: A002
    def mark_retry(self, id: str, due: datetime, error: str) -> None: ...  # noqa: A002
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


def record(store: Outbox, change: Change, channels: Iterable[str], now: datetime) -> list[Incident]:
    """Write what the rules decided, with the messages about it; returns the incidents that are new."""
    names = list(channels)
    opened = [one for one in change.opened if store.open_incident(one, deliveries(one, names, now))]
    for one in change.updated:
        store.update_incident(one.id, one.title, one.detail)
        if change.occasion:
            for message in deliveries(one, names, now, occasion=change.occasion):
                store.enqueue(message)
    for id_ in change.resolved:
        store.resolve_incident(id_, now)
    return opened


def deliver_due(
    store: Outbox,
    channels: Mapping[str, Channel],
    now: Callable[[], datetime] | datetime,
    keep_trying: timedelta = timedelta(hours=24),
    *,
    lease: timedelta = LEASE,
) -> DeliveryReport:
    """Send every message that is due, and those about messages that had to be given up.

    A failure that may pass is tried again after 1, 2, 4 ... up to 60 minutes, or when the server said, until
    `keep_trying` after the message was written; then, and at once where trying again cannot help, the message
    is marked failed and an incident about the channel goes out through the others.
    """
    clock = now if callable(now) else lambda: now
    pass_ = _Pass(store, channels, clock, keep_trying)
    while claimed := store.claim_due(clock(), lease, BATCH):
        failpoints.hit("outbox.claimed")
        pass_.send(claimed)
    return pass_.report


class _Pass:
    """One run over the outbox. Only the calling thread talks to the store."""

    def __init__(
        self,
        store: Outbox,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        keep_trying: timedelta,
    ) -> None:
        self.store, self.channels, self.clock, self.keep_trying = store, channels, clock, keep_trying
        self.report = DeliveryReport()
        self.strikes: Counter[str] = Counter()

    def send(self, claimed: Iterable[Delivery]) -> None:
        waiting: defaultdict[str, deque[Delivery]] = defaultdict(deque)
        for delivery in claimed:
            waiting[delivery.channel].append(delivery)
        with ThreadPoolExecutor(max(1, len(waiting)), "deliver") as pool:
            running: dict[Future[Any], str] = {}
            idle = list(waiting)
            while idle or running:
                for name in idle:
                    if (started := self._next(pool, waiting[name])) is not None:
                        running[started] = name
                done = wait(running, return_when=FIRST_COMPLETED).done
                idle = [running.pop(future) for future in done]
                for future in done:
                    self._settle(*future.result())

    def _next(self, pool: ThreadPoolExecutor, queue: deque[Delivery]) -> Future[Any] | None:
        """Start the next message of a channel; those that cannot be sent now are settled on the way."""
        while queue:
            delivery = queue.popleft()
            channel = self.channels.get(delivery.channel)
            if channel is None:
                gone = f"channel {delivery.channel!r} is no longer in the configuration."
                self.store.mark_failed(delivery.id, self.clock(), gone)
                self.report.failed += 1
            elif self.strikes[delivery.channel] >= STRIKES and not self._expired(delivery):
                self._later(delivery, DeliveryError("waits: the channel did not take the messages before."))
            else:
                return pool.submit(_try, channel, delivery)
        return None

    def _expired(self, delivery: Delivery) -> bool:
        now = self.clock()
        return now - queued(delivery, now) >= self.keep_trying

    def _later(self, delivery: Delivery, error: DeliveryError) -> None:
        due = self.clock() + pause(delivery, error.retry_after)
        self.store.mark_retry(delivery.id, due, str(error))
        self.report.retried += 1

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
        if error.permanent or self._expired(delivery):
            self._give_up(delivery, error, now)
        else:
            self._later(delivery, error)

    def _give_up(self, delivery: Delivery, error: DeliveryError, now: datetime) -> None:
        """Tell through the other channels first: a crash in between repeats this, and tells it only once."""
        incident = delivery_incident(delivery.channel, str(error), now)
        others = [name for name in self.channels if name != delivery.channel]
        self.store.open_incident(incident, deliveries(incident, others, now))
        failpoints.hit("outbox.told")
        self.store.mark_failed(delivery.id, now, str(error))
        self.report.failed += 1


def _try(channel: Channel, delivery: Delivery) -> tuple[Delivery, DeliveryError | None]:
    try:
        channel.send(delivery)
    except DeliveryError as error:
        return delivery, error
    except Exception as error:  # one broken channel must not stop the others
        return delivery, DeliveryError(f"sending failed with {type(error).__name__}.")
    return delivery, None


def pause(delivery: Delivery, retry_after: float | None) -> timedelta:
    """How long to wait before the next attempt: doubling from a minute to an hour, plus up to a quarter.

    The extra part follows from the id, so that many messages do not come back at the same moment.
    """
    doubled = FIRST_WAIT * 2 ** min(max(delivery.attempts - 1, 0), 10)
    jitter = hashlib.blake2b(delivery.id.encode(), digest_size=2).digest()
    waited: timedelta = min(doubled, LONGEST_WAIT) * (1 + int.from_bytes(jitter) / 65536 / 4)
    return max(waited, timedelta(seconds=retry_after or 0.0))


def queued(delivery: Delivery, now: datetime) -> datetime:
    """When the message was written; `now` where it does not say."""
    try:
        return datetime.fromisoformat(delivery.message["queued"])
    except (KeyError, TypeError, ValueError):
        return now

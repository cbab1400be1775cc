"""A small honest collector, and broken ones of which each breaks one rule of the contract."""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from contract_cases import NOW, SECRET, block
from sitedouble import double

from candidly.errors import CollectorError
from candidly.records import Cursor, Mention, Reject
from collectors.api import Api, ApiSettings, at, list_at
from collectors.base import Context, Raw
from collectors.contract import Case

PAGES, SIZE = 4, 5
KEY = f"{SECRET}-key"


def answer(asked: Any) -> Any:
    """Pages of items; without a number the first."""
    number = int(asked.query.get("page", 0))
    items = [
        {"id": f"i{n}", "text": f"No reply, {n}.", "at": f"2026-11-{1 + n:02}T08:00:00+00:00"}
        for n in range(number * SIZE, (number + 1) * SIZE)
    ]
    return {"items": items, "more": number + 1 < PAGES}


class Settings(ApiSettings):
    type: Literal["honest"]

    home: ClassVar[str] = "https://honest.example"


class Honest:
    """Reads numbered pages; the cursor holds the next one."""

    Settings: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: Settings, context: Context) -> None:
        self.settings, self.context = settings, context
        self.key = context.secret("HONEST_KEY")

    def api(self) -> Api:
        return Api(self.settings, self.context, headers={"Authorization": f"Bearer {self.key}"})

    def ask(self, number: int) -> Any:
        return self.api().get("/items", {"page": number})

    def start(self, cursor: Cursor | None) -> int:
        number = (cursor or {}).get("page")
        return number if isinstance(number, int) and 0 <= number < PAGES else 0

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        number, more = self.start(cursor), True
        while more:
            said = self.ask(number)
            list_at(said, "items", where="Honest")
            more, number = bool(at(said, "more")), number + 1
            yield Raw(said, {"page": number if more else PAGES - 1}, f"page {number}")

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        for item in raw.payload["items"]:
            yield self.mention(item)

    def mention(self, item: Any) -> Mention:
        return Mention(
            source=self.settings.name,
            id=item["id"],
            kind="post",
            collected=self.context.now,
            published=datetime.fromisoformat(item["at"]).astimezone(UTC),
            body=item["text"],
        )


class SameIds(Honest):
    """Numbers the mentions of each page from the start."""

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        for number, one in enumerate(super().parse(raw)):
            assert isinstance(one, Mention)
            yield one.replace(id=str(number))


class NoIds(Honest):
    """Takes a field that the site does not have."""

    def mention(self, item: Any) -> Mention:
        return super().mention(item).replace(id=str(item.get("uid")))


class NaiveDates(Honest):
    """Forgets the zone."""

    def mention(self, item: Any) -> Mention:
        return super().mention(item).replace(published=datetime.fromisoformat(item["at"][:19]))


class OddKind(Honest):
    """Has a kind of its own, and stars as text."""

    def mention(self, item: Any) -> Mention:
        return super().mention(item).replace(kind="thread", stars="5")


class Loser(Honest):
    """Its cursor stands a page too far."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        for raw in super().fetch(cursor):
            yield replace(raw, cursor={"page": min(raw.cursor["page"] + 1, PAGES - 1)})


class Teller(Honest):
    """Shows what it asked for where something fails."""

    def ask(self, number: int) -> Any:
        try:
            return super().ask(number)
        except CollectorError as error:
            raise CollectorError(f"/items?page={number}&key={self.key} failed.", error.remedy) from None


class Noter(Honest):
    """Notes its key."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        self.context.notes.append(f"signed in with {self.key}")
        yield from super().fetch(cursor)


class Swallower(Honest):
    """Takes every failure for the end."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        with contextlib.suppress(CollectorError):
            yield from super().fetch(cursor)


class Skipper(Honest):
    """Goes on with the next page where one fails."""

    def ask(self, number: int) -> Any:
        try:
            return super().ask(number)
        except CollectorError as error:
            self.failure = error
            return {"items": [], "more": number + 1 < PAGES}

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        self.failure: CollectorError | None = None
        yield from super().fetch(cursor)
        if self.failure is not None:
            raise self.failure


class Caller(Honest):
    """Counts its users somewhere else."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        with contextlib.suppress(OSError):
            socket.create_connection(("telemetry.example", 443), timeout=1).close()
        yield from super().fetch(cursor)


class Crasher(Honest):
    """Trusts the answer."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        number, more = self.start(cursor), True
        while more:
            said = self.ask(number)
            more, number = said["more"], number + 1
            yield Raw(said, {"page": number if more else PAGES - 1}, f"page {number}")


class Believer(Honest):
    """Believes any cursor."""

    def start(self, cursor: Cursor | None) -> int:
        return int((cursor or {}).get("page", 0))


class Mutator(Honest):
    """Hands out one dict as every cursor."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        standing: Cursor = {}
        for raw in super().fetch(cursor):
            standing.update(raw.cursor)
            yield replace(raw, cursor=standing)


class Dreamer(Honest):
    """Sleeps as long as the server says."""

    def ask(self, number: int) -> Any:
        while True:
            try:
                return super().ask(number)
            except CollectorError as error:
                if error.retry_after is None:
                    raise
                time.sleep(error.retry_after)


class Hammer(Honest):
    """Tries again until it works."""

    def ask(self, number: int) -> Any:
        while True:
            try:
                return super().ask(number)
            except CollectorError as error:
                if error.permanent:
                    raise


class Plain(Honest):
    """Uses the standard library's client as it comes, which has no deadline for the whole."""

    def ask(self, number: int) -> Any:
        import json

        self.context.requests.spend()
        request = urllib.request.Request(  # noqa: S310
            f"{self.settings.server}/items?page={number}", headers={"Authorization": f"Bearer {self.key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answered:  # noqa: S310
                read = bytearray()
                until = time.monotonic() + 1.6  # it would go on for as long as the server does
                while time.monotonic() < until and (some := answered.read1(100)):
                    read += some
            return json.loads(read)
        except (OSError, ValueError):
            raise CollectorError("It failed.", "Later.") from None


class Uncounted(Honest):
    """Does not say how many requests it makes."""

    def api(self) -> Api:
        return Api(self.settings, replace(self.context, requests=type(self.context.requests)()))


@contextlib.contextmanager
def serve() -> Iterator[str]:
    with double(answer) as site:
        yield site.url


def case(collector: type[Any] = Honest) -> Case:
    return Case(
        collector=collector,
        block=lambda address: block("honest", base_url=address),
        serve=serve,
        now=NOW,
        secrets={"HONEST_KEY": KEY},
    )


BROKEN: dict[type[Honest], tuple[str, str, Callable[[Any], Any]]] = {
    SameIds: ("ids", "stand for more than one mention", lambda bench: bench.check_read()),
    NoIds: ("ids", "have no id", lambda bench: bench.check_read()),
    NaiveDates: ("dates", "`published` has no time zone", lambda bench: bench.check_read()),
    OddKind: ("fields", "`kind` is not of the declared type", lambda bench: bench.check_read()),
    Loser: ("resume", "5 of 20 mentions are lost", lambda bench: bench.check_resume()),
    Teller: ("secrets", "a secret stands in the error message", lambda bench: bench.check_fault("429")),
    Noter: ("secrets", "a secret stands in a note", lambda bench: bench.check_read()),
    Swallower: ("silence", "ends as ok, yet 20 of 20", lambda bench: bench.check_fault("HTML error page")),
    Skipper: ("resume", "the cursor moved past", lambda bench: bench.check_fault("500")),
    Caller: ("hosts", "telemetry.example was contacted", lambda bench: bench.check_read()),
    Crasher: ("faults", "ends in KeyError", lambda bench: bench.check_fault("other shape")),
    Believer: ("cursor", "a damaged cursor", lambda bench: bench.check_cursors()),
    Mutator: ("cursor", "changed after it was handed over", lambda bench: bench.check_read()),
    Dreamer: ("gentle", "endless", lambda bench: bench.check_fault("429 with Retry-After")),
    Hammer: ("gentle", "endless", lambda bench: bench.check_fault("429")),
    Plain: ("deadline", "at a deadline of 0.3 s", lambda bench: bench.check_fault("drip", start=False)),
    Uncounted: ("budget", "4 requests were made, 0 of them counted", lambda bench: bench.check_read()),
}
"""collector -> the rule it breaks, words of the finding, and the check that must find it."""

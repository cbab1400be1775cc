"""A small honest collector, and broken ones of which each breaks one rule of the contract."""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from contract_cases import NOW, SECRET, block
from sitedouble import double

from candidly.errors import CollectorError
from candidly.records import GONE, NO_TEXT, Cursor, Mention, Reject
from collectors.api import Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw
from collectors.contract import Case
from collectors.dates import BadDate, read_date
from collectors.paging import numbered

LISTINGS = ("items", "notes")
EACH, SIZE = 2, 5
PAGES = EACH * len(LISTINGS)
DELETED = 7
KEY = f"{SECRET}-key"


def answer(asked: Any) -> Any:
    """Two listings of two pages each; without a number the first. One item was deleted."""
    page = int(asked.query.get("page", 0))
    number = LISTINGS.index(asked.path.strip("/")) * EACH + page
    items = [
        {"id": f"i{n}", "text": f"No reply, {n}.", "at": f"2026-11-{1 + n:02}T08:00:00+00:00"}
        | ({"deleted": True} if n == DELETED else {})
        for n in range(number * SIZE, (number + 1) * SIZE)
    ]
    return {"items": items, "more": page + 1 < EACH}


class Settings(ApiSettings):
    type: Literal["honest"]

    home: ClassVar[str] = "https://honest.example"


class Honest:
    """Reads the numbered pages of two listings; the cursor holds the next one, counted through both."""

    Settings: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: Settings, context: Context) -> None:
        self.settings, self.context = settings, context
        self.key = context.secret("HONEST_KEY")

    def api(self) -> Api:
        return Api(self.settings, self.context, headers={"Authorization": f"Bearer {self.key}"})

    def ask(self, number: int) -> Any:
        listing, page = divmod(number, EACH)
        return self.api().get(f"/{LISTINGS[listing]}", {"page": page})

    def start(self, cursor: Cursor | None) -> int:
        number = (cursor or {}).get("page")
        return number if isinstance(number, int) and 0 <= number < PAGES else 0

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        number = self.start(cursor)
        while number < PAGES:
            said = self.ask(number)
            list_at(said, "items", where="Honest")
            number = following(number, more=bool(at(said, "more")))
            yield Raw(said, {"page": min(number, PAGES - 1)}, f"page {number}")

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        for number, item in enumerate(list_at(raw.payload, "items", where="Honest"), 1):
            id_, said = text_at(item, "id"), text_at(item, "text")
            try:
                read_date(text_at(item, "at"), now=self.context.now)
            except BadDate as problem:
                yield Reject(id_ or f"item {number}", str(problem))
                continue
            if id_ and said and not self.deleted(item):
                yield self.mention(item)
            else:
                yield Reject(id_ or f"item {number}", GONE if id_ and said else NO_TEXT if id_ else "no id")

    def deleted(self, item: Any) -> bool:
        return bool(at(item, "deleted"))

    def mention(self, item: Any) -> Mention:
        return Mention(
            source=self.settings.name,
            id=text_at(item, "id"),
            kind="post",
            collected=self.context.now,
            published=read_date(text_at(item, "at"), now=self.context.now),
            body=text_at(item, "text"),
        )


def following(number: int, *, more: bool) -> int:
    """The page after one: of the same listing, or the first of the next."""
    return number + 1 if more else (number // EACH + 1) * EACH


class FirstPages(Honest):
    """Takes the first page of a listing for all of it."""

    def ask(self, number: int) -> Any:
        return {**super().ask(number), "more": False}


class OneListing(Honest):
    """Forgets the second listing."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        for raw in super().fetch(cursor):
            yield raw
            if raw.cursor["page"] >= EACH:
                return


class Keeper(Honest):
    """Keeps what its author has deleted."""

    def deleted(self, item: Any) -> bool:
        return not item


class Dropper(Honest):
    """Passes over what is deleted without a word, so that what is stored of it stays."""

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        yield from (one for one in super().parse(raw) if isinstance(one, Mention))


class Truster(Honest):
    """Trusts that what is JSON has the right types."""

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        for item in raw.payload["items"]:
            item["text"].strip()
        yield from super().parse(raw)


class Passer(Honest):
    """Hands on what stands in a field, whatever it is."""

    def mention(self, item: Any) -> Mention:
        return super().mention(item).replace(id=item["id"])


class Tokens(Honest):
    """Honest still: its cursor holds the number as text, as the tokens of many sites are."""

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        for raw in super().fetch(cursor):
            yield replace(raw, cursor={"page": str(raw.cursor["page"])})

    def start(self, cursor: Cursor | None) -> int:
        found = numbered(str((cursor or {}).get("page")))
        return found if found is not None and found < PAGES else 0


class Digits(Tokens):
    """Takes for a number what has digits, which "\u00b2" has."""

    def start(self, cursor: Cursor | None) -> int:
        token = str((cursor or {}).get("page"))
        number = int(token) if token.isdigit() else 0
        return number if number < PAGES else 0


class Wanderer(Tokens):
    """Takes a page that does not exist for the end."""

    def start(self, cursor: Cursor | None) -> int:
        token = str((cursor or {}).get("page"))
        return int(token) if token.isascii() and token.isdecimal() and len(token) < 9 else 0


class SameIds(Honest):
    """Numbers the mentions of each page from the start."""

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        for number, one in enumerate(super().parse(raw)):
            yield one.replace(id=str(number)) if isinstance(one, Mention) else one


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
            return {"items": [], "more": number % EACH + 1 < EACH}

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
        number = self.start(cursor)
        while number < PAGES:
            said = self.ask(number)
            number = following(number, more=said["more"])
            yield Raw(said, {"page": min(number, PAGES - 1)}, f"page {number}")


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
            f"{self.settings.server}/items?page={number % EACH}",
            headers={"Authorization": f"Bearer {self.key}"},
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
        expected={f"i{n}" for n in range(PAGES * SIZE) if n != DELETED},
        rejected=[f"i{DELETED}"],
        secrets={"HONEST_KEY": KEY},
    )


BROKEN: dict[type[Honest], tuple[str, str, Callable[[Any], Any]]] = {
    FirstPages: ("whole", "9 of 19 mentions were not read", lambda bench: bench.check_read()),
    OneListing: ("whole", "10 of 19 mentions were not read", lambda bench: bench.check_read()),
    Keeper: ("whole", "1 mentions were read that should not be", lambda bench: bench.check_read()),
    Dropper: ("rejects", "1 of 1 items that must become Rejects did not", lambda bench: bench.check_read()),
    Truster: ("junk", "items.0.text: `parse` ends in AttributeError", lambda bench: bench.check_junk()),
    Passer: ("junk", "have no id, or one that is no text", lambda bench: bench.check_junk()),
    Digits: ("cursor", "a damaged cursor ends in ValueError", lambda bench: bench.check_cursors()),
    Wanderer: ("cursor", "hides", lambda bench: bench.check_cursors()),
    SameIds: ("ids", "stand for more than one mention", lambda bench: bench.check_read()),
    NoIds: ("ids", "have no id", lambda bench: bench.check_read()),
    NaiveDates: ("dates", "`published` has no time zone", lambda bench: bench.check_read()),
    OddKind: ("fields", "`kind` is not of the declared type", lambda bench: bench.check_read()),
    Loser: ("resume", "4 of 19 mentions are lost", lambda bench: bench.check_resume()),
    Teller: ("secrets", "a secret stands in the error message", lambda bench: bench.check_fault("429")),
    Noter: ("secrets", "a secret stands in a note", lambda bench: bench.check_read()),
    Swallower: ("silence", "ends as ok, yet 19 of 19", lambda bench: bench.check_fault("HTML error page")),
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

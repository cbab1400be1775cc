"""The words of the house as frozen records; imports only the standard library.

Every stage hands these on and nothing else, so that a reader knows what crosses a room's door:
a collector makes `Mention`s, analysis makes an `Analysis` of each, storage keeps both.
All times are aware and UTC. Character offsets are positions in `Mention.text`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, Literal, TypeVar

Kind = Literal["review", "interview", "post", "comment"]
Label = Literal["positive", "negative", "mixed", "neutral"]
Polarity = Literal["positive", "negative", "neutral"]
Experience = Literal["positive", "neutral", "negative"]
Difficulty = Literal["easy", "average", "hard"]
Offer = Literal["accepted", "declined", "none"]
Basis = Literal["stars", "experience", "text"]
Role = Literal["candidate", "employee", "former", "other"]
Stage = Literal["applied", "screened", "interviewed", "offered", "hired", "unclear"]
Ghosting = Literal["employer", "candidate", "none"]

Cursor = dict[str, Any]
"""Where a source's reading stands: a JSON object that only its collector understands."""

GONE: Final = "deleted at the source"
"""The reason of a Reject whose `where` is the id of an item that its site has deleted."""
NO_TEXT: Final = "no text"
"""The same of an item that is there but says nothing; where it said something before, that is gone."""
REMOVING: Final = frozenset({
    GONE, NO_TEXT, "stars without a text", "neither a text nor a verdict", "replaced by an edit of it",
    "not public", "not public at the source", "for signed-in readers only", "hidden by the site",
    "its author asks not to be collected",
})  # fmt: skip
"""The reasons for which what is stored of an item is removed, as the collectors give them."""

PARTS: Final = ("title", "pros", "cons", "advice", "body")
"""The text fields of a mention in the order in which `Mention.text` joins them."""
_parts_of: Final = attrgetter(*PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One public text about one company: review, interview review, post or comment.

    `(source, id)` is the key. `published` is None where the site does not say; such a mention is kept
    but belongs to no week. `author` is the site's name for the author until `analysis.redact` replaces it
    with a keyed pseudonym, which happens before anything is stored. `about` is what the site says the
    text is about (a company column, `itemReviewed`), from which the company is found when the source does
    not fix it; `company` is empty until then. `matched` is why it counts as about that company.
    """

    source: str
    id: str
    kind: Kind
    collected: datetime
    published: datetime | None = None
    company: str = ""
    about: str = ""
    site: str = ""
    url: str = ""
    author: str = ""
    thread: str = ""
    parent: str = ""
    title: str = ""
    pros: str = ""
    cons: str = ""
    advice: str = ""
    body: str = ""
    stars: float | None = None
    experience: Experience | None = None
    difficulty: Difficulty | None = None
    offer: Offer | None = None
    position: str = ""
    location: str = ""
    employment: Literal["current", "former", ""] = ""
    language: str = ""
    matched: str = ""

    @property
    def text(self) -> str:
        """The whole text, its non-empty parts joined by a line break; offsets refer to this."""
        return "\n".join(filter(None, _parts_of(self)))

    def parts(self) -> Iterator[tuple[str, int, int]]:
        """`(name, start, end)` of each non-empty part, as offsets into `text`."""
        at = 0
        for name in PARTS:
            if part := getattr(self, name):
                yield name, at, at + len(part)
                at += len(part) + 1

    def digest(self) -> str:
        """A short hash of what an edit can change (32 hex digits); equal digests mean "the same text"."""
        fields = [getattr(self, name) for name in PARTS]
        fields += [
            self.company,
            self.stars,
            self.experience,
            self.difficulty,
            self.offer,
            self.published,
            self.url,
        ]
        joined = "\x1f".join(map(str, fields)).encode("utf-8", "replace")
        return hashlib.blake2b(joined, digest_size=16).hexdigest()

    def replace(self, **changes: Any) -> Mention:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Opinion:
    """One theme in one mention, its polarity, and the evidence as offsets into `Mention.text`."""

    theme: str
    polarity: Polarity
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What was read out of one mention, and by which version of the analyser.

    `score` is in [-1, 1]. `score` and `label` are None when the text could not be scored (no text, or a
    language without a lexicon): "unscored" is its own state, never neutral and never 0; `unscored` says why.
    """

    version: str
    language: str = "und"
    score: float | None = None
    label: Label | None = None
    unscored: str = ""
    role: Role = "other"
    stage: Stage = "unclear"
    ghosting: Ghosting = "none"
    lost_customer: bool = False
    truncated: bool = False
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Negative, neutral, mixed or positive, and its basis; `label` None means unscored."""

    label: Label | None
    basis: Basis | None


Record = TypeVar("Record")


def from_columns(kind: type[Record], n: int, **columns: Iterable[Any]) -> list[Record]:
    """`n` records of a class of this module from a column of values for each of its fields.

    For the thousands that analysis makes at once: it takes half the time of making them one by one.
    """
    made = list(map(object.__new__, repeat(kind, n)))
    for name in kind.__slots__:  # type: ignore[attr-defined]  # all classes here have slots
        deque(map(getattr(kind, name).__set__, made, columns[name]), maxlen=0)
    return made


def verdict(mention: Mention, analysis: Analysis) -> Verdict:
    """The author's own judgement where there is one (stars, then experience), else the text's.

    Stars up to 2 are negative, 4 and more positive, between them neutral.
    """
    if mention.stars is not None:
        label: Label = "negative" if mention.stars <= 2 else "positive" if mention.stars >= 4 else "neutral"
        return Verdict(label, "stars")
    if mention.experience is not None:
        return Verdict(mention.experience, "experience")
    return Verdict(analysis.label, "text" if analysis.label else None)


@dataclass(frozen=True, slots=True)
class Reject:
    """Something read that could not become a mention: where it stood, and why, in a reader's words.

    `where` names a file and line, a page or an item id; it never holds the text itself. With a reason
    of REMOVING it is the item's id, and what is stored under it is removed.
    """

    where: str
    reason: str


@dataclass(slots=True)
class Tally:
    """What became of everything that was read. `read` is the sum of the fields named in `parts`."""

    stored: int = 0
    updated: int = 0
    duplicate: int = 0
    irrelevant: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    unscored: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """Why what is irrelevant is so, for the run's message."""
    undated: int = 0
    """Of those stored, how many belong to no week, as their site does not say when they were published."""
    late: dict[str, int] = field(default_factory=dict)
    """Of those stored, how many are of each week ("2026-W07") that is reported already."""

    @property
    def read(self) -> int:
        return self.stored + self.updated + self.duplicate + self.irrelevant + sum(self.rejected.values())

    def reject(self, reason: str) -> None:
        self.rejected[reason] = self.rejected.get(reason, 0) + 1

    def pass_over(self, reason: str) -> None:
        self.irrelevant += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def passed_over(self, most: int = 3) -> list[str]:
        """A note on what was irrelevant for other reasons than that it names no company; none for nothing."""
        named = {reason: n for reason, n in self.reasons.items() if '"' in reason or "work" in reason}
        said = [f"{n} {reason}" for reason, n in sorted(named.items(), key=lambda one: -one[1])[:most]]
        more = sum(named.values()) - sum(sorted(named.values(), reverse=True)[:most])
        return [f"passed over: {', '.join(said)}{f' and {more} more' if more else ''}"] if said else []

    def add(self, other: Tally) -> None:
        self.stored += other.stored
        self.updated += other.updated
        self.duplicate += other.duplicate
        self.irrelevant += other.irrelevant
        self.unscored += other.unscored
        self.undated += other.undated
        mine_theirs = (
            (self.rejected, other.rejected), (self.reasons, other.reasons), (self.late, other.late),
        )  # fmt: skip
        for mine, theirs in mine_theirs:
            for reason, n in theirs.items():
                mine[reason] = mine.get(reason, 0) + n


RunStatus = Literal["running", "ok", "partial", "degraded", "failed", "interrupted"]
"""ok: read to the end. partial: some stored, then a failure. degraded: an answer came but not in the shape
that the source should have (so its silence is not quiet). failed: nothing could be read."""


Fault = Literal["", "passing", "permanent", "budget"]
"""Why a run did not come to its end: something that may pass, that somebody must mend, or its
`daily_requests` are used up. Empty also where it came to its end with less than was expected."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of one source ended. `permanent`: no retry will help until somebody changes something.

    `retry_after`: seconds, counted from the end of the run. `requests`: how many it made.
    `misshapen`: it ended with an answer that was not in shape, whatever was read before.
    """

    source: str
    status: RunStatus
    tally: Tally
    message: str = ""
    remedy: str = ""
    retry_after: float | None = None
    permanent: bool = False
    requests: int = 0
    fault: Fault = ""
    misshapen: bool = False

    @property
    def good(self) -> bool:
        return self.status == "ok"


@dataclass(frozen=True, slots=True)
class Removal:
    """A mention to be taken out of the store for good; the tombstone keeps `key`, a keyed hash of its id."""

    id: str
    key: str
    reason: str = GONE


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction of a run writes: mentions with analyses, the cursor after them, the tally.

    `gone`: what the source has deleted; `seen`: ids of stored mentions that it still has, unchanged; `at`:
    when it was read, without which these two are not looked at. `requests`: made since the run began.
    """

    source: str
    items: tuple[tuple[Mention, Analysis], ...]
    cursor: Cursor | None
    tally: Tally
    gone: tuple[Removal, ...] = ()
    seen: tuple[str, ...] = ()
    at: datetime | None = None
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """A named stretch of time that a report or a job covers: `[start, end)`, aware UTC.

    `key` identifies the work ("2026-W47"), so that doing it twice is noticed whatever the clock said.
    """

    key: str
    start: datetime
    end: datetime


Severity = Literal["notice", "warning", "page"]
"""notice: good to know. warning: look at it today. page: look at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A spike or rule that fired. `id` follows from rule, company and period, so it opens once.

    Of one rule, company and `subject` only one can be open at a time; an empty subject is as good as the id.
    `acknowledged`: when somebody said that they look after it, with their `note`.
    """

    id: str
    rule: str
    company: str
    opened: datetime
    title: str
    detail: dict[str, Any]
    status: Literal["open", "resolved"] = "open"
    resolved: datetime | None = None
    severity: Severity = "page"
    subject: str = ""
    acknowledged: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Incidents of which no message goes out until a time; an empty field stands for all of them."""

    id: str
    until: datetime
    created: datetime
    company: str = ""
    rule: str = ""
    theme: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one channel in the outbox. `id` is stable, so a repeat can be recognised.

    `message` is JSON: at least `title` and `text`, both already safe to send as plain text. `grouped`: it
    went out as part of another one.
    """

    id: str
    channel: str
    subject: str
    message: dict[str, Any]
    due: datetime
    state: Literal["pending", "sent", "failed", "grouped"] = "pending"
    attempts: int = 0
    error: str = ""

"""A store with months of invented mentions, collected day by day, for tests of incidents and back-tests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from candidly.records import Analysis, Batch, Mention, Opinion, Outcome, Tally
from candidly.session import Session, load_config, open_session

COMPANY = "Northwind Robotics"
FIRST = date(2026, 1, 5)
CONFIG = """
companies:
  - name: Northwind Robotics
sources:
  - {name: forum, type: feed, urls: ['https://forum.example/feed'], terms_read: 2026-01-01}
  - {name: reviews, type: feed, urls: ['https://reviews.example/feed'], terms_read: 2026-01-01}
alerts:
  channels:
    - {name: log, type: file, path: alerts.jsonl}
"""
SAID = (
    "They never wrote back after the second interview, although they had promised it.",
    "Nobody answered my mails for five weeks, and then the job was gone from the page.",
    "The recruiter went silent once I had sent the task that took me a whole weekend.",
    "I heard nothing at all from them since the day on site, not even a short refusal.",
    "Six weeks of silence followed, and the hiring team pretended not to know my name.",
    "After four rounds there was no answer, whatever I tried and whomever I rang up.",
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class World:
    """Writes mentions into a session's store as its collectors would have."""

    def __init__(self, session: Session, today: date) -> None:
        self.session, self.today, self.made = session, today, 0
        session.now = lambda: noon(self.today) + timedelta(hours=6)

    def collect(self, source, *mentions, status="ok"):
        """One run of a source on `self.today`; mentions are (mention, analysis)."""
        store, at = self.session.store, noon(self.today)
        run = store.begin_run(source, at)
        if mentions:
            store.save(run, Batch(source, mentions, None, Tally(stored=len(mentions)), at=at))
        store.end_run(run, Outcome(source, status, Tally(stored=len(mentions))), at)

    def mention(
        self, label="negative", theme="communication", source="forum", day=None, text=None, **changes
    ):
        self.made += 1
        body = text or (SAID[self.made % 6] if label == "negative" else "It was a friendly talk, all in all.")
        day = day or self.today
        one = Mention(
            source=source, id=f"m{self.made}", kind="post", collected=noon(self.today), published=noon(day),
            company=COMPANY, site=source, url=f"https://{source}.example/{self.made}", body=body,
            **changes,
        )  # fmt: skip
        opinions = (Opinion(theme, label, 0, len(body)),) if theme and label == "negative" else ()
        return one, Analysis(version="7", language="en", score=-0.5, label=label, opinions=opinions)

    def quiet_days(self, n, seed=1, bad=1.0, good=3.0, sources=("forum", "reviews")):
        """`n` days of as ever, up to and without the day that is then `self.today`."""
        chance = random.Random(seed)
        for _ in range(n):
            for source in sources:
                said = [
                    self.mention(source=source, theme=chance.choice(("process", "offer", "communication")))
                    for _ in range(_poisson(chance, bad / len(sources)))
                ]
                said += [self.mention("positive", source=source) for _ in range(_poisson(chance, good / 2))]
                self.collect(source, *said)
            self.today += timedelta(days=1)

    def ghosting(self, n, source="forum", theme="communication", **changes):
        self.collect(source, *(self.mention(theme=theme, source=source, **changes) for _ in range(n)))


def _poisson(chance: random.Random, mean: float) -> int:
    return sum(chance.random() < mean / 20 for _ in range(20))


_built: dict[tuple[int, int], tuple[bytes, int]] = {}
"""(days, seed) -> the database after so many quiet days, and how many mentions it holds: made once."""


@contextmanager
def world(folder, more="", days=60, seed=1) -> Iterator[World]:
    """A world after `days` quiet days."""
    path, base = folder / "config.yaml", folder / "candidly.db"
    path.write_text(CONFIG + more, encoding="utf-8")
    loaded = load_config(path)
    if (days, seed) not in _built:
        with open_session(loaded) as session:
            made = World(session, FIRST)
            made.quiet_days(days, seed)
            with session.store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        _built[days, seed] = base.read_bytes(), made.made
    content, count = _built[days, seed]
    base.write_bytes(content)
    with open_session(loaded) as session:
        made = World(session, FIRST + timedelta(days=days))
        made.made = count
        yield made

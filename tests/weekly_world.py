"""Frames of invented mentions for the tests of the weekly report."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from analysis.weekly_themes import Frames
from candidly.config import Report
from candidly.records import Mention, Period

COMPANY = "Northwind Robotics"
START = datetime(2026, 11, 16, tzinfo=UTC)
PERIOD = Period("2026-W47", START, START + timedelta(days=7))
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
SETTINGS = Report()
SOURCES = ("jobs-forum", "review-export")

COLUMNS = (
    "pk", "source", "site", "kind", "published", "thread", "verdict", "basis", "score", "stars", "language",
    "unscored", "role", "stage", "ghosting",
)  # fmt: skip

SAID = {
    ("communication", "negative"): (
        "After the third interview I never heard back from the recruiter again.",
        "They promised an answer within a week and then there was only silence.",
        "The recruiter stopped answering my messages after the final interview.",
        "I never heard back, although they promised an answer after the interview.",
        "Silence for six weeks, and then a one-line rejection at midnight.",
        "My recruiter ghosted me after four rounds and a whole day on site.",
    ),
    ("communication", "positive"): (
        "The recruiter answered every question on the same day, which was lovely.",
        "They kept me posted after each step and kept every promise they made.",
    ),
    ("process", "negative"): (
        "Seven rounds for a junior job is simply too long a process for anybody.",
        "The process took four months, with two take-home tasks of ten hours each.",
        "A long process with seven rounds, and nobody knew who decides at the end.",
    ),
    ("interview", "positive"): (
        "The interviewers were well prepared and the conversation was a pleasure.",
        "Friendly interview, real problems instead of puzzles, I enjoyed every minute.",
        "Both interviewers took time for my questions and the talk was friendly.",
    ),
    ("interview", "negative"): (
        "The interviewer looked at his phone the whole time and sighed at my answers.",
    ),
    ("feedback", "negative"): (
        "No feedback at all after the take-home task that cost me a weekend.",
        "I asked for feedback twice and got the same automatic mail both times.",
    ),
    ("offer", "positive"): ("The offer was fair, fast and exactly what we had talked about before.",),
    ("culture", "positive"): ("People help each other here and nobody shouts when something breaks.",),
    ("management", "negative"): ("Managers change the goals every month and never say why they do it.",),
}

WEIGHTS = (30, 8, 14, 22, 4, 10, 4, 4, 2)


def own_words(pk: int) -> str:
    """A sentence that no other mention has, so that the stock of sentences does not look like a campaign."""
    rng = np.random.default_rng([5, pk])
    letters = "bdfgklmnprstvz"
    words = (
        "".join(f"{letters[int(rng.integers(14))]}{'aeiou'[int(rng.integers(5))]}" for _ in range(3))
        for _ in range(30)
    )
    return f"Ref {' '.join(words)}"


class World:
    """Weeks of invented mentions with their texts, as storage would hand them out."""

    def __init__(self) -> None:
        self.mentions: dict[int, Mention] = {}
        self.asked: list[int] = []

    def texts(self, pks: list[int]) -> dict[int, Mention]:
        self.asked += pks
        return {pk: self.mentions[pk] for pk in pks if pk in self.mentions}

    def add(self, pk: int, text: str, *, published: datetime, source: str = SOURCES[0], **more) -> None:
        self.mentions[pk] = Mention(
            source=source, id=f"m{pk}", kind="post", collected=NOW, published=published, company=COMPANY,
            site="forum.example", url=f"https://forum.example/t/{pk}", body=text, **more,
        )  # fmt: skip

    def week(self, n: int, *, start: datetime = START, negative: float = 0.4, seed: int = 1, first: int = 1):
        """A week of `n` mentions, exactly a `negative` share of which complain; pk from `first`."""
        rng = np.random.default_rng(seed)
        complain = rng.permutation(np.arange(n) < round(n * negative))
        rows, opinions = [], []
        for i in range(n):
            pk = first + i
            bad = bool(complain[i])
            sides = [("negative" if bad else "positive")]
            keys = [key for key in SAID if key[1] in sides]
            weights = np.array([w for key, w in zip(SAID, WEIGHTS, strict=True) if key in keys], float)
            text = "I applied in spring."
            picks = rng.choice(
                len(keys), size=1 + int(rng.random() < 0.4), replace=False, p=weights / weights.sum()
            )
            for pick in picks:
                theme, polarity = keys[pick]
                sentence = SAID[keys[pick]][int(rng.integers(len(SAID[keys[pick]])))]
                opinions.append((pk, theme, polarity, len(text) + 1, len(text) + 1 + len(sentence)))
                text += " " + sentence
            text += " " + own_words(pk)
            published = start + timedelta(days=6.9 * float(rng.random()))
            review = i % 3 == 0
            self.add(pk, text, published=published, source=SOURCES[int(review)])
            silent = any(o[0] == pk and o[1] == "communication" and o[2] == "negative" for o in opinions)
            rows.append(
                (
                    pk,
                    SOURCES[int(review)],
                    "forum.example",
                    "review" if review else "post",
                    published,
                    "" if review else f"t{pk // 2}",
                    sides[0],
                    "stars" if review else "text",
                    (-0.6 if bad else 0.6) + 0.001 * i,
                    (2.0 if bad else 4.0) if review else None,
                    "en",
                    "",
                    "employee" if i % 5 == 0 else "candidate",
                    "interviewed",
                    "employer" if silent else "none",
                )
            )
        return frames(rows, opinions)


def frames(rows=(), opinions=()) -> Frames:
    mentions = pd.DataFrame(list(rows), columns=list(COLUMNS))
    mentions["published"] = pd.to_datetime(mentions["published"], utc=True).astype("datetime64[us, UTC]")
    mentions["stars"] = mentions["stars"].astype(float)
    mentions["score"] = mentions["score"].astype(float)
    return Frames(mentions, pd.DataFrame(list(opinions), columns=["pk", "theme", "polarity", "start", "end"]))


def trend_frame(totals, *, negative: float = 0.3) -> pd.DataFrame:
    """`totals` of consecutive weeks that end with the period."""
    rows = []
    for back, total in zip(range(len(totals) - 1, -1, -1), totals, strict=True):
        iso = (START - timedelta(weeks=back)).isocalendar()
        wave = negative + 0.08 * np.sin(back / 3)
        scored = round(total * 0.95)
        k = round(scored * wave)
        rows.append((f"{iso.year}-W{iso.week:02d}", total, scored, k, scored - k, 3.2, total // 3))
    return pd.DataFrame(rows, columns=["week", "total", "scored", "negative", "positive", "rating", "rated"])


def covered_frame(days=14, sources=SOURCES) -> pd.DataFrame:
    first = (START - timedelta(days=7)).date()
    rows = [(first + timedelta(days=n), source) for n in range(days) for source in sources]
    return pd.DataFrame(rows, columns=["day", "source"])


def summary(world: World, week: Frames, before: Frames, **changes):
    from analysis.weekly import summarise

    given = {
        "company": COMPANY, "period": PERIOD, "settings": SETTINGS, "now": NOW, "texts": world.texts,
        "trend": trend_frame([]), "covered": covered_frame(), "sources": SOURCES,
    }  # fmt: skip
    return summarise(week, before, **(given | changes))


def history(world: World, sizes: list[int], theme: dict[int, int] | None = None) -> Frames:
    """`sizes` mentions in the weeks up to the period; `theme`: weeks back -> mentions that name it."""
    parts = [
        world.week(n, start=START - timedelta(weeks=back), seed=back + 1, first=1 + 10_000 * back)
        if n
        else frames()
        for back, n in zip(range(len(sizes) - 1, -1, -1), sizes, strict=True)
    ]
    mentions = pd.concat([part.mentions for part in parts], ignore_index=True)
    opinions = [part.opinions[part.opinions["theme"] != "fairness"] for part in parts]
    for back, n in (theme or {}).items():
        named = [(1 + 10_000 * back + i, "fairness", "negative", 0, 20) for i in range(n)]
        opinions.append(pd.DataFrame(named, columns=list(parts[0].opinions.columns)))
    return Frames(mentions.assign(thread="", author=-1), pd.concat(opinions, ignore_index=True))


def of_week(told: Frames, back: int = 0) -> Frames:
    start = START - timedelta(weeks=back)
    published = told.mentions["published"]
    return told.of(told.mentions[(published >= start) & (published < start + timedelta(days=7))])


def report(world: World, told: Frames, back: int = 0):
    start = START - timedelta(weeks=back)
    iso = start.isocalendar()
    period = dataclasses.replace(
        PERIOD, key=f"{iso.year}-W{iso.week:02d}", start=start, end=start + timedelta(days=7)
    )
    known = told.of(told.mentions[told.mentions["published"] < period.end])
    return summary(
        world, of_week(told, back), of_week(told, back + 1), period=period, history=known,
        covered=covered_frame(0),
    )  # fmt: skip

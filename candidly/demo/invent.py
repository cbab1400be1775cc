"""Invents the demo world: 26 weeks of mentions, the same for the same `now`.

Each week is drawn from a generator seeded by its own number, so a world seen a week later has the same
past. In the last complete week before `now` a hiring freeze leaves candidates without an answer: on its
Tuesday to Friday negative mentions are three to four times as many as usual.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from candidly.demo.world import (
    COMPANY,
    COMPETITOR,
    SUBREDDITS,
    WEEKS,
    Comment,
    Entry,
    Interview,
    Post,
    Review,
    World,
)
from candidly.demo.writer import CANDIDATE, WORK, Mood, Writer

_NAMES: Final = {
    COMPANY: (COMPANY, COMPANY, "Northwind"),
    COMPETITOR: (COMPETITOR, COMPETITOR, "Halden and Price"),
    "": ("a logistics start-up", "a local bank", "some agency"),
}
_DAY_WEIGHTS: Final = (17, 18, 17, 16, 14, 9, 9)
_ADJECTIVES: Final = ("quiet", "rusty", "blue", "tiny", "late", "grey", "lucky", "salty", "brave", "soft")
_ANIMALS: Final = ("otter", "kestrel", "lynx", "heron", "badger", "gecko", "marten", "finch", "moth", "ibex")
_DECK: Final = "-----++++++++000000"
_SILENCE: Final[tuple[str, ...]] = (*["communication"] * 6, "feedback", "process")
_FOLLOW: Final[dict[Mood, str]] = {"-": "----000++", "+": "++++000--", "0": "000000+++--"}
_STARS: Final[dict[Mood, tuple[int, ...]]] = {"-": (1, 1, 2, 2), "0": (3,), "+": (4, 4, 5, 5)}
_QUESTIONS: Final = (
    "Tell us about a project that went wrong.",
    "How would you calibrate two sensors that disagree?",
    "Why robotics, and why now?",
    "Explain a race condition to a new colleague.",
    "What would you do in your first month?",
)
_CONTACT: Final = (
    "If anybody from the team reads this: alex.kim@example.com.",
    "You can reach me at +44 20 7946 0958 for details.",
    "I wrote to jobs.reply@example.org and called +1 202 555 0143, nothing.",
)


def build_world(now: datetime, *, seed: int = 7, weeks: int = WEEKS) -> World:
    """The world up to `now` (aware): `weeks` complete ISO weeks in UTC and the days of the current one."""
    now = now.astimezone(UTC).replace(microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0)
    monday = midnight - timedelta(days=midnight.weekday())
    crisis = monday - timedelta(days=6)
    inventor = _Inventor(seed, crisis)
    for back in range(weeks, -1, -1):
        inventor.week(monday - timedelta(weeks=back))
    inventor.oddities(monday - timedelta(weeks=6))
    return inventor.world(now).until(now)


class _Inventor:
    def __init__(self, seed: int, crisis: datetime) -> None:
        self.seed = seed
        self.crisis = crisis
        self.posts: list[Post] = []
        self.reviews: list[Review] = []
        self.entries: list[Entry] = []
        self.export_reviews: list[Review] = []
        self.interviews: list[Interview] = []

    def world(self, now: datetime) -> World:
        return World(
            now=now,
            crisis_start=self.crisis,
            crisis_end=self.crisis + timedelta(days=4),
            posts=tuple(sorted(self.posts, key=lambda post: post.created)),
            reviews=tuple(sorted(self.reviews, key=lambda review: review.published)),
            entries=tuple(sorted(self.entries, key=lambda entry: entry.published)),
            export_reviews=tuple(sorted(self.export_reviews, key=lambda review: review.published)),
            interviews=tuple(sorted(self.interviews, key=lambda interview: interview.published)),
        )

    def week(self, monday: datetime) -> None:
        """Invent one week, and the crisis where it falls into it."""
        draw = _Draw(f"{self.seed} {monday.date()}", monday)
        for company, scale in ((COMPANY, 1.0), (COMPETITOR, 0.22), ("", 0.25)):
            steady = 4 if company == COMPANY else 0
            self.posts += [draw.post(company) for _ in range(steady + draw.poisson(8 * scale - steady))]
        for company, scale in ((COMPANY, 1.0), (COMPETITOR, 0.25)):
            self.reviews += [draw.review(company, "r") for _ in range(draw.poisson(11 * scale))]
            self.export_reviews += [draw.review(company, "x") for _ in range(draw.poisson(8 * scale))]
            self.interviews += [draw.interview(company) for _ in range(draw.poisson(9 * scale))]
            self.entries += [draw.entry(company) for _ in range(draw.poisson(2 * scale))]
        if monday < self.crisis < monday + timedelta(weeks=1):
            self._silence()

    def _silence(self) -> None:
        for day in range(4):
            start = self.crisis + timedelta(days=day)
            draw = _Draw(f"{self.seed} crisis {start.date()}", start, days=1, series=1)
            draw.candidate = _SILENCE
            self.posts += [draw.post(COMPANY, "-", follow="------0+") for _ in range(4 if day < 2 else 3)]
            self.interviews += [draw.interview(COMPANY, "-") for _ in range(2)]
            self.reviews.append(draw.review(COMPANY, "r", "-"))

    def oddities(self, monday: datetime) -> None:
        """What every reader of strangers' texts has to survive, once each."""
        draw = _Draw(f"{self.seed} odd", monday, series=2)
        post = draw.post(COMPANY, "-")
        reply = f"t3_{post.id}"
        at = post.created
        comments = (
            draw.comment(reply, at, '<script>alert(1)</script> they never answered & "sorry" is not a word.'),
            draw.comment(reply, at, "<!channel> Northwind ghosted me too, everybody look at *this* `mess`"),
            draw.comment(reply, at, '=cmd|"/C calc"!A0 is how their form answers, awful'),
            replace(draw.comment(reply, at, "[deleted]"), author="[deleted]"),
            draw.comment(reply, at, "[removed]"),
        )
        title = "Northwind Robotics <img src=x onerror=alert(1)> left me on read"
        self.posts.append(replace(post, title=title, comments=post.comments + comments))
        self.posts.append(replace(draw.post(COMPANY), body="[removed]", author="[deleted]"))
        link = "https://news.example.org/northwind-robotics-hiring-freeze"
        self.posts.append(replace(draw.post(COMPANY, "-"), body="", link=link))
        review = draw.review(COMPANY, "r", "-")
        cons = f"{review.cons}\n\nEDIT: they answered after this review, but only with a template."
        self.reviews.append(replace(review, cons=cons, author="=HYPERLINK(1)", title="<b>Silence</b> & more"))
        self.export_reviews.append(
            replace(draw.review(COMPANY, "x", "-"), title="=1+1 is their salary maths")
        )


class _Draw:
    """Draws single items inside one stretch of days."""

    def __init__(self, seed: str, start: datetime, days: int = 7, series: int = 0) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - the same world every time is the point
        self.start = start
        self.days = days
        self.series = series
        self.candidate: tuple[str, ...] = CANDIDATE
        self.deck: list[str] = []
        self.made = 0

    def poisson(self, mean: float) -> int:
        """Knuth's product of uniforms: fine for means this small."""
        limit, n, product = math.exp(-mean), 0, self.rng.random()
        while product > limit:
            n += 1
            product *= self.rng.random()
        return n

    def when(self) -> datetime:
        day = self.rng.choices(range(self.days), _DAY_WEIGHTS[: self.days])[0]
        second = int(min(max(self.rng.gauss(15, 4.5), 0.1), 23.9) * 3600)
        return self.start + timedelta(days=day, seconds=second)

    def mood(self) -> Mood:
        """Moods come from a shuffled deck, so that a quiet week is not far from the mean by chance alone."""
        if not self.deck:
            self.deck = self.rng.sample(_DECK, len(_DECK))
        return cast(Mood, self.deck.pop())

    def number(self) -> str:
        """An id that no other stretch of days or series draws again."""
        self.made += 1
        return _base36((self.start.toordinal() * 10 + self.series) * 10_000 + self.made)

    def author(self) -> str:
        return f"{self.rng.choice(_ADJECTIVES)}_{self.rng.choice(_ANIMALS)}{self.rng.randrange(1000)}"

    def writer(self, company: str) -> Writer:
        return Writer(self.rng, _NAMES[company])

    def post(self, company: str, mood: Mood | None = None, follow: str = "") -> Post:
        mood = mood or self.mood()
        writer, created = self.writer(company), self.when()
        texts = [writer.sentences(self.candidate, mood, self.rng.choice((1, 2, 2, 3)))]
        if self.rng.random() < 0.5:
            texts.insert(self.rng.randrange(2), writer.sentence("process 0"))
        if self.rng.random() < 0.03:
            texts.append(self.rng.choice(_CONTACT))
        title = writer.sentence(f"title {mood}")
        post = Post(
            id=self.number(),
            subreddit=self.rng.choice(SUBREDDITS),
            author=self.author(),
            title=title,
            body=writer.worn(" ".join(texts)),
            created=created,
        )
        size = self.poisson(2.4) + (self.rng.randint(10, 16) if self.rng.random() < 0.02 else 0)
        return replace(post, comments=self.replies(post, writer, follow or _FOLLOW[mood], size))

    def replies(self, post: Post, writer: Writer, follow: str, size: int) -> tuple[Comment, ...]:
        made: list[Comment] = []
        for _ in range(size):
            parent = (
                made[-1] if made and self.rng.random() < 0.3 else self.rng.choice([None, None, None, *made])
            )
            after = parent.created if parent else post.created
            mood = self.rng.choice(follow)
            body = writer.foreign(1) if self.rng.random() < 0.03 else self.reply(writer, mood)
            comment = self.comment(f"t1_{parent.id}" if parent else f"t3_{post.id}", after, body)
            made.append(comment)
        return tuple(made)

    def reply(self, writer: Writer, mood: str) -> str:
        parts = [writer.sentence(f"reply {mood}")]
        if mood != "0" and self.rng.random() < 0.65:
            parts.append(writer.sentences(self.candidate, "-" if mood == "-" else "+", 1))
        elif self.rng.random() < 0.5:
            parts.append(writer.sentence(self.rng.choice(("process 0", "interview 0"))))
        return writer.worn(" ".join(parts))

    def comment(self, parent: str, after: datetime, body: str) -> Comment:
        created = after + timedelta(seconds=30 + int(self.rng.expovariate(1 / 14_000)))
        return Comment(self.number(), parent, self.author(), body, created)

    def review(self, company: str, prefix: str, mood: Mood | None = None) -> Review:
        mood = mood or self.mood()
        writer, published = self.writer(company), self.when()
        themes = _SILENCE if mood == "-" and self.candidate is _SILENCE else WORK
        pros = writer.sentences(WORK, "+", 1 if mood == "-" else self.rng.choice((1, 2)))
        cons = writer.sentences(themes, "-", 1 if mood != "-" else self.rng.choice((1, 2)))
        if self.rng.random() < 0.06:
            pros, cons = writer.foreign(), writer.foreign(1)
        title = writer.sentence({"-": "advocacy -", "+": "advocacy +", "0": "headline 0"}[mood])
        return Review(
            id=f"{prefix}{self.number()}",
            company=company,
            author=self.author(),
            title=title.rstrip("."),
            pros=writer.worn(pros),
            cons=writer.worn(cons),
            stars=self.rng.choice(_STARS[mood]),
            published=published,
            position=writer.slot("role").capitalize(),
            location=writer.slot("city"),
            former=self.rng.random() < 0.4,
        )

    def interview(self, company: str, mood: Mood | None = None) -> Interview:
        mood = mood or self.mood()
        writer = self.writer(company)
        judged = writer.sentences(self.candidate, mood, self.rng.choice((1, 2)))
        text = f"{writer.sentence('process 0')} {judged}"
        if self.rng.random() < 0.06:
            text = writer.foreign()
        offers = {"-": ("No Offer",) * 5 + ("Declined Offer",), "+": ("Accepted Offer", "No Offer")}
        return Interview(
            company=company,
            published=self.when(),
            role=writer.slot("role").capitalize(),
            location=writer.slot("city"),
            offer=self.rng.choice(offers.get(mood, ("No Offer", "No Offer", "Accepted Offer"))),
            experience={"-": "Negative", "+": "Positive", "0": "Neutral"}[mood],
            difficulty=self.rng.choice(("Easy", "Average", "Average", "Difficult")),
            process=writer.worn(text),
            questions=self.rng.choice(_QUESTIONS),
        )

    def entry(self, company: str) -> Entry:
        writer, published, mood = self.writer(company), self.when(), self.mood()
        text = writer.sentences(self.candidate, mood, 1)
        return Entry(f"n{self.number()}", writer.sentence(f"news {mood}"), text, published)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"

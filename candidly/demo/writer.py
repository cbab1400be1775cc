"""Writes what the people of the demo world say: a small grammar over `phrases.txt`, always seeded."""

from __future__ import annotations

import random
import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Mood = Literal["-", "+", "0"]

CANDIDATE: Final = (
    "communication",
    "recruiter_conduct",
    "recruiter_knowledge",
    "scheduling",
    "process",
    "interview",
    "feedback",
    "job_accuracy",
    "offer",
    "fairness",
    "advocacy",
)
"""Themes of an applicant's journey."""
WORK: Final = (
    "pay_benefits",
    "culture",
    "management",
    "work_life_balance",
    "career_growth",
    "fairness",
    "advocacy",
)
"""Themes of somebody who works there."""

_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{(\w+)\}")
_SLOTS: Final = {
    "role": "data engineer|firmware engineer|QA tester|product manager|mechanical engineer|technician|"
    "support specialist|UX designer|controls engineer|sales rep|test engineer|accountant",
    "city": "Leeds|Rotterdam|Austin|Dresden|Gothenburg|Bilbao|Toronto|Pune",
    "rounds": "three|four|five|six|3|4|5|6",
    "weeks": "two|three|four|five|six|seven|2|3|4|5|6|8",
    "days": "two|three|four|five|ten|2|3|5|7",
    "times": "two|three|four",
    "name": "Marta|Jonas|Priya|Devon|Aoife|Lukas|Imani|Chen|Sofia|Tariq|Greta|Noel",
    "tool": "their portal|the job portal|Workhub|the ATS",
    "month": "January|February|March|April|May|June|September|October|November",
    "weekday": "Monday|Tuesday|Wednesday|Thursday|Friday",
}
_EMOJI: Final = ("😡", "🙄", "😂", "🎉", "👍", "😞", "🤖", "🙏", "❤️", "🚩")


@cache
def phrases() -> dict[str, tuple[str, ...]]:
    """`"theme mood"` (or a language) -> its sentence patterns."""
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in files("candidly.demo").joinpath("phrases.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            section = found.setdefault(line[3:].strip(), [])
        elif line and not line.startswith("#"):
            section.append(line)
    return {name: tuple(lines) for name, lines in found.items()}


class Writer:
    """Sentences, titles and whole texts about one company, drawn from one random generator."""

    def __init__(self, rng: random.Random, names: tuple[str, ...]) -> None:
        self.rng = rng
        self.names = names

    def fill(self, pattern: str) -> str:
        """One sentence from a pattern: choices picked, slots filled, the first letter raised."""
        while match := _CHOICE.search(pattern):
            pick = self.rng.choice(match[1].split("|"))
            pattern = pattern[: match.start()] + pick + pattern[match.end() :]
        text = _SLOT.sub(self._slot, pattern)
        text = re.sub(r"\s+([,.!?])", r"\1", re.sub(r" {2,}", " ", text)).strip()
        return text[:1].upper() + text[1:]

    def _slot(self, match: re.Match[str]) -> str:
        if match[1] == "co":
            return self.rng.choice(self.names)
        return self.rng.choice(_SLOTS[match[1]].split("|"))

    def slot(self, name: str) -> str:
        """One value of a slot, for fields beside the text ("role", "city")."""
        return self.rng.choice(_SLOTS[name].split("|"))

    def sentence(self, section: str) -> str:
        """One sentence of a section of `phrases.txt`."""
        return self.fill(self.rng.choice(phrases()[section]))

    def sentences(self, themes: tuple[str, ...], mood: Mood, count: int) -> str:
        """`count` sentences of one mood about different themes (those that have that mood)."""
        able = [theme for theme in themes if f"{theme} {mood}" in phrases()]
        picked = [able[0]] * count if len(able) == 1 else self.rng.sample(able, min(count, len(able)))
        return " ".join(self.sentence(f"{theme} {mood}") for theme in picked)

    def foreign(self, count: int = 2) -> str:
        """A text in German or Spanish."""
        lines = phrases()[self.rng.choice(("german", "spanish"))]
        return " ".join(self.fill(line) for line in self.rng.sample(lines, count))

    def worn(self, text: str) -> str:
        """The text as people type it: some with a slip of the finger, small letters, an emoji."""
        if self.rng.random() < 0.10:
            text = self._typo(text)
        if self.rng.random() < 0.06:
            text = text.lower().replace("n't", "nt")
        if self.rng.random() < 0.06:
            text += " " + self.rng.choice(_EMOJI)
        return text

    def _typo(self, text: str) -> str:
        words = list(re.finditer(r"[a-z]{6,}", text))
        if not words:
            return text
        at = self.rng.choice(words).start() + self.rng.randint(1, 4)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

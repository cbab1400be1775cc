"""Who writes, how far they came in the hiring, who went silent, and whether a customer was lost.

Phrase rules in `data/roles.yaml`; what the source says (kind, employment, offer) goes before phrases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from analysis.phrasefile import Reader
from analysis.phrases import Line, Match, Tag
from candidly.records import Ghosting, Kind, Mention, Role, Stage

RULES: Final = Path(__file__).parent / "data" / "roles.yaml"
STAGES: Final = ("applied", "screened", "interviewed", "offered", "hired")
ALLOWED: Final = {
    "role": ("candidate", "employee", "former", "other"),
    "stage": STAGES,
    "ghosting": ("employer", "candidate", "except"),
    "customer": ("lost",),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules found."""

    role: Role
    stage: Stage
    ghosting: Ghosting
    lost_customer: bool


def load(path: Path = RULES) -> list[Line]:
    """The lines of the rules. Raises ConfigError with `file:line` of every problem."""
    reader = Reader(path)
    for group, node in reader.items(reader.root(), "the file"):
        if group not in ALLOWED:
            reader.problem(node, f"unknown name {group!r}; known: {', '.join(ALLOWED)}")
            continue
        for name, phrases in reader.items(node, group):
            if name in ALLOWED[group]:
                reader.add(phrases, Tag(group, name, ""))
            else:
                reader.problem(phrases, f"{group}: unknown name {name!r}; known: {', '.join(ALLOWED[group])}")
    return reader.finish()


def standing(kind: Kind, matches: Iterable[Match], mention: Mention | None = None) -> Standing:
    """Applies the rules to the phrases found in one text."""
    counts = Counter(match.tag[:2] for match in matches if match.tag.group in ALLOWED)
    role = _role(kind, counts, mention)
    return Standing(
        role, _stage(kind, role, counts, mention), _ghosting(counts), counts["customer", "lost"] > 0
    )


def stated(mention: Mention | None, role: Role, stage: Stage) -> tuple[Role, Stage]:
    """Role and stage where the source states them (employment, offer), else as found."""
    if mention is not None and mention.employment:
        role = "former" if mention.employment == "former" else "employee"
    if role in ("employee", "former"):
        return role, "hired"
    if mention is not None and mention.offer in ("accepted", "declined"):
        return role, "offered"
    return role, stage


def _role(kind: Kind, counts: Counter[tuple[str, str]], mention: Mention | None) -> Role:
    if mention is not None and mention.employment:
        return "former" if mention.employment == "former" else "employee"
    if kind == "interview":
        return "candidate"
    if kind == "review":
        return "former" if counts["role", "former"] else "employee"
    names = ("candidate", "employee", "former", "other")
    best = max(names, key=lambda name: counts["role", name])
    return cast(Role, best) if counts["role", best] else "other"


def _stage(kind: Kind, role: Role, counts: Counter[tuple[str, str]], mention: Mention | None) -> Stage:
    """The furthest stage that anything speaks for."""
    if role in ("employee", "former"):
        return "hired"
    if mention is not None and mention.offer in ("accepted", "declined"):
        return "offered"
    reached = {name for name in STAGES if counts["stage", name]}
    if kind == "interview":
        reached.add("interviewed")
    if not reached:
        return "unclear"
    return cast(Stage, max(reached, key=STAGES.index))


def _ghosting(counts: Counter[tuple[str, str]]) -> Ghosting:
    employer = counts["ghosting", "employer"] - counts["ghosting", "except"]
    candidate = counts["ghosting", "candidate"]
    if employer > 0 and employer >= candidate:
        return "employer"
    return "candidate" if candidate else "none"

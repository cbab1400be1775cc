"""Themes that a user defines in config.yaml under `analysis.extra_themes`: the same lines as a theme file's.

A theme with the name of one that is there already adds its phrases to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from analysis.phrases import Line, Tag
from candidly.config import Theme
from candidly.errors import ConfigError

GROUPS: Final = {
    "negative": "negative",
    "positive": "positive",
    "neutral": "neutral",
    "any": "any",
    "except": "exceptions",
}
"""Key in config.yaml -> field of `Theme`."""
MOST_PHRASES: Final = 1_000
MOST_WAYS: Final = 200_000
"""In all: the themes that come along have some 300 phrases with 16,000 ways to begin."""

Problem = tuple[tuple[str | int, ...], str]
"""A path below `analysis.extra_themes`, and what is wrong there."""


def lines(extra: Mapping[str, Theme]) -> list[Line]:
    """The lines of all themes. Raises ConfigError with every problem."""
    found, problems = _read(extra)
    if problems:
        raise ConfigError(
            [".".join(map(str, ("analysis.extra_themes", *at))) + f": {m}" for at, m in problems]
        )
    return found


def problems(extra: Mapping[str, Theme]) -> list[Problem]:
    """What cannot be read as a phrase, with its place."""
    return _read(extra)[1]


def version(extra: Mapping[str, Theme]) -> str:
    """A hash of the phrases (8 hex digits), which an analysis made with them bears; "" without any."""
    if not extra:
        return ""
    phrases = {
        name: {key: list(getattr(theme, field)) for key, field in GROUPS.items()}
        for name, theme in extra.items()
    }
    return hashlib.sha256(json.dumps(phrases, sort_keys=True).encode()).hexdigest()[:8]


def _read(extra: Mapping[str, Theme]) -> tuple[list[Line], list[Problem]]:
    """Stops where there is too much, so that no configuration costs minutes or gigabytes."""
    found: list[Line] = []
    problems: list[Problem] = []
    ways = 0
    for name, theme in extra.items():
        for key, field in GROUPS.items():
            for nth, phrase in enumerate(getattr(theme, field)):
                at = (name, key, nth)
                if len(found) == MOST_PHRASES:
                    return found, [*problems, (at, f"is one of more than {MOST_PHRASES:,} phrases")]
                try:
                    line = Line(phrase, Tag("theme", name, key))
                except ValueError as error:
                    problems.append((at, f"the phrase {error}"))
                    continue
                ways += line.ways
                if ways > MOST_WAYS:
                    too_many = f"the phrases up to here can begin in more than {MOST_WAYS:,} ways"
                    return found, [*problems, (at, too_many)]
                found.append(line)
    return found, problems

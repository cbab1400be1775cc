"""Which engine scores sentiment: candidly's own, VADER alone, a model behind an endpoint, or somebody else's.

`analyser_for` is the one place where an analyser is put together. Themes, role, stage and ghosting are always
found by candidly's rules; an engine from outside only replaces the score of the whole text.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Protocol

from analysis.analyser import LONGEST, Analyser
from candidly import config
from candidly.errors import CandidlyError, ConfigError, EngineError
from candidly.records import Analysis, Kind, Label, Mention

ENTRY_POINTS: Final = "candidly.engines"
CLEAR: Final = 0.25
"""An engine's score this far from 0 is positive or negative."""
NO_SCORE: Final = "no score from the engine"

Secret = Callable[[str], str]
"""The value of a named secret; raises ConfigError."""


class Engine(Protocol):
    """Scores the sentiment of texts; made by a `factory(options: dict) -> Engine`."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes when the same text may get another score."""
        ...

    def scores(self, texts: Sequence[str]) -> list[float | None]:
        """One number in [-1, 1] a text, None: unscored. Raises EngineError when it cannot work at all."""
        ...


class TextAnalyser(Protocol):
    """What the pipeline and the commands need of an analyser."""

    @property
    def version(self) -> str: ...
    def analyse(self, mention: Mention) -> Analysis: ...
    def analyse_many(self, mentions: Sequence[Mention]) -> list[Analysis]: ...
    def analyse_text(self, text: str, kind: Kind = "post") -> Analysis: ...
    def explain(self, text: str) -> list[tuple[int, int, float]]: ...


def analyser_for(settings: config.Analysis, folder: Path, secret: Secret) -> TextAnalyser:
    """The analyser of a configuration. Raises ConfigError for an engine that cannot be set up."""
    own = Analyser(settings, folder)
    engine = engine_for(settings, secret)
    return own if engine is None else WithEngine(own, engine, settings.languages)


def engine_for(settings: config.Analysis, secret: Secret) -> Engine | None:
    """The engine that replaces the score; None where the analyser scores by itself (candidly, vader)."""
    if settings.engine in ("candidly", "vader"):
        return None
    factory = _factory(settings.engine)
    try:
        engine: Engine = factory(_options(settings.engine_options, secret))
        _ = engine.name, engine.version, engine.scores
    except CandidlyError:
        raise
    except Exception as error:
        raise ConfigError([_cannot(settings.engine, error)]) from error
    return engine


def _factory(name: str) -> Callable[[dict[str, Any]], Engine]:
    if name == "endpoint":
        from analysis.endpoint import Endpoint

        return Endpoint.from_options
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in points:
        known = [*config.BUILT_IN_ENGINES, *sorted(points)]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
        raise ConfigError([f"analysis.engine: no engine has this name; {hint}"])
    try:
        factory: Callable[[dict[str, Any]], Engine] = points[name].load()
    except Exception as error:
        raise ConfigError([_cannot(name, error)]) from error
    return factory


def _cannot(name: str, error: Exception) -> str:
    return f"analysis.engine: the engine {name} cannot be set up ({type(error).__name__})"


def _options(options: config.EngineOptions, secret: Secret) -> dict[str, Any]:
    """The options as plain values: seconds for time spans, and secrets under their name without `_secret`."""
    found: dict[str, Any] = {}
    for name, value in options.model_dump().items():
        if name.endswith("_secret"):
            found[name.removesuffix("_secret")] = secret(str(value)) if value else ""
        else:
            found[name] = value.total_seconds() if isinstance(value, timedelta) else value
    return found


class WithEngine:
    """An analyser whose score and label come from an engine, and everything else from `base`."""

    def __init__(self, base: TextAnalyser, engine: Engine, languages: Sequence[str]) -> None:
        self._base = base
        self._engine = engine
        self._languages = frozenset(languages)

    @property
    def version(self) -> str:
        made = f"{self._engine.name}-{self._engine.version}"
        return f"{''.join(filter(str.isprintable, made))[:150]}+{self._base.version}"

    def analyse(self, mention: Mention) -> Analysis:
        return self.analyse_many([mention])[0]

    def analyse_many(self, mentions: Sequence[Mention]) -> list[Analysis]:
        return self._scored([m.text for m in mentions], self._base.analyse_many(mentions))

    def analyse_text(self, text: str, kind: Kind = "post") -> Analysis:
        return self._scored([text], [self._base.analyse_text(text, kind)])[0]

    def explain(self, text: str) -> list[tuple[int, int, float]]:
        """What candidly's own rules make of the parts: an engine gives no reasons."""
        return self._base.explain(text)

    def _scored(self, texts: Sequence[str], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Asks for every text in a configured language, those that candidly cannot score itself too."""
        asked = [n for n, a in enumerate(analyses) if a.score is not None or a.language in self._languages]
        scores = dict(zip(asked, self._ask([texts[n][:LONGEST] for n in asked]), strict=True))
        return [
            self._with(analysis, scores[n]) if n in scores else self._renamed(analysis)
            for n, analysis in enumerate(analyses)
        ]

    def _ask(self, texts: Sequence[str]) -> list[float | None]:
        if not texts:
            return []
        try:
            scores = list(self._engine.scores(texts))
        except CandidlyError:
            raise
        except Exception as error:
            raise EngineError(f"the engine {self._engine.name} failed ({type(error).__name__}).") from error
        if len(scores) != len(texts):
            raise EngineError(f"the engine {self._engine.name} gave another number of scores than of texts.")
        return [within(score) for score in scores]

    def _renamed(self, analysis: Analysis) -> Analysis:
        return dataclasses.replace(analysis, version=self.version)

    def _with(self, analysis: Analysis, score: float | None) -> Analysis:
        unscored = "" if score is not None else NO_SCORE
        return dataclasses.replace(
            analysis, version=self.version, score=score, label=label_of(score), unscored=unscored
        )


def within(score: Any) -> float | None:
    """A number as a score in [-1, 1] with four places; None for anything that is no finite number."""
    if isinstance(score, bool) or not isinstance(score, int | float):
        return None
    if isinstance(score, float) and not math.isfinite(score):
        return None
    return round(float(max(-1, min(1, score))), 4)


def label_of(score: float | None) -> Label | None:
    """The label of a single number; it cannot tell mixed from neutral."""
    if score is None:
        return None
    return "positive" if score >= CLEAR else "negative" if score <= -CLEAR else "neutral"

"""What rose about a company: the whole, or some of its themes and sources; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from candidly.spike import Spike, SpikeKind

PartKind = Literal["theme", "source"]


@dataclass(frozen=True, slots=True)
class Part:
    """A theme (its complaints) or a source that rose by itself."""

    kind: PartKind
    name: str
    spike: Spike


@dataclass(frozen=True, slots=True)
class Rise:
    """What is worth one incident of a company. `whole`: the company as such rose, and `spike` is its own;
    else `spike` is that of the part that rose most. `parts`: those that rose enough by themselves, the
    most unusual first. `alone`: the one without which the company would be as usual.
    """

    kind: SpikeKind
    spike: Spike
    whole: bool
    parts: tuple[Part, ...] = ()
    alone: tuple[PartKind, str] | None = None

    @property
    def themes(self) -> tuple[str, ...]:
        """The themes that it is confined to; empty where it is about more than themes."""
        named = [part.name for part in self.parts if part.kind == "theme"]
        if self.alone and self.alone[0] == "theme":
            named.append(self.alone[1])
        elif self.whole or any(part.kind == "source" for part in self.parts):
            return ()
        return tuple(dict.fromkeys(named))

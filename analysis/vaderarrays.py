"""The rules of vaderrules on arrays: one element per sentiment word, one array per place of its window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis import vaderrules as rules

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class ArrayRules:
    """Flags, lexicon value and booster value by class number, and `valence` for many windows.

    `valence_of` (window of characters, mixed) is asked where an idiom may be.
    """

    def __init__(
        self, classes: Mapping[str, rules.WordClass], valence_of: Callable[[str, bool], float]
    ) -> None:
        self._valence_of = valence_of
        size = max(map(ord, classes)) + 1
        self.flags, self.value, self.boost = np.zeros(size, np.int64), np.zeros(size), np.zeros(size)
        for character, seen in classes.items():
            n = ord(character)
            self.flags[n], self.value[n], self.boost[n] = seen.flags, seen.valence, seen.boost
        self.modifies = (self.flags & rules.MODIFIES) != 0

    def valence(self, window: Sequence[Ints], mixed: Flags) -> Floats:
        """Rules.valence of each window, given as the classes at its six places; `mixed` as there."""
        third, second, first, item, after, last = (self.flags[place] for place in window)
        base = self.value[window[rules.BEFORE]]
        value = np.where(_has(item, rules.NO) & _has(after, rules.IN_LEXICON), 0.0, base)
        denied = _has(first | second, rules.NO) | (_has(third, rules.NO) & _has(first, rules.OR_NOR))
        value = np.where(denied, base * rules.NEGATED, value)
        capitals = np.where(value > 0, rules.CAPITALS, -rules.CAPITALS)
        value = np.where(_has(item, rules.UPPER) & mixed, value + capitals, value)
        free1, free2, free3 = (~_has(flags, rules.IN_LEXICON) for flags in (first, second, third))

        value = np.where(free1, value + self._boosted(window[2], value, mixed), value)
        value = np.where(free1 & _has(first, rules.NEGATES), value * rules.NEGATED, value)

        boost = self._boosted(window[1], value, mixed) * rules.SECOND_BOOST
        value = np.where(free2, value + boost, value)
        so = _has(first, rules.SO_OR_THIS)
        never = _has(second, rules.NEVER) & so
        doubt = _has(second, rules.WITHOUT) & _has(first, rules.DOUBT)
        value = np.where(free2, value * _factor(never, doubt, _has(second, rules.NEGATES)), value)

        free3 &= window[0] != 0
        boost = self._boosted(window[0], value, mixed) * rules.THIRD_BOOST
        value = np.where(free3, value + boost, value)
        never = so | (_has(third, rules.NEVER) & _has(second, rules.SO_OR_THIS))
        doubt = _has(third, rules.WITHOUT) & _has(first | second, rules.DOUBT)
        value = np.where(free3, value * _factor(never, doubt, _has(third, rules.NEGATES)), value)

        least = _has(first, rules.LEAST) & free1 & ~_has(second, rules.AT_VERY)
        value = np.where(least, value * rules.NEGATED, value)
        places = (third, second, first, item, after, last)
        for n in np.flatnonzero(_idiom(places)).tolist():
            characters = "".join(chr(place[n]) for place in window)
            value[n] = self._valence_of(characters, bool(mixed[n]))
        return value

    def _boosted(self, place: Ints, value: Floats, mixed: Flags) -> Floats:
        """What the boosters at one place of the windows add; 0 where there is none."""
        boost = self.boost[place]
        boost = np.where(value < 0, -boost, boost)
        capitals = _has(self.flags[place], rules.UPPER) & mixed
        loud = boost + np.where(value > 0, rules.CAPITALS, -rules.CAPITALS)
        return np.where(_has(self.flags[place], rules.BOOSTS), np.where(capitals, loud, boost), 0.0)


def _has(flags: Ints, wanted: int) -> Flags:
    return np.asarray(flags & wanted, np.bool_)


def _factor(never: Flags, doubt: Flags, negates: Flags) -> Floats:
    return np.where(never, rules.NEVER_SO, np.where(negates & ~doubt, rules.NEGATED, 1.0))


def _idiom(places: Sequence[Ints]) -> Flags:
    """Windows in which an idiom may start: its first word, then a second word of some idiom."""
    start = np.zeros(len(places[0]), np.bool_)
    for first, second in pairwise(places):
        start |= _has(first, rules.IDIOM_FIRST) & _has(second, rules.IDIOM_SECOND)
    return start

"""Why the negative share changed: an exact account in parts that add up. Pure.

First Kitagawa's split (1955, JASA 50:1168-1194), nested: another weight of the sources, then another weight
of the roles within them, then other shares within those cells. What changed within is then given to themes:
each negative mention counts for one, in equal parts for the themes that it complains of, so that the parts
are additive (as in Das Gupta 1978, Demography 15:99-112, no part is left over).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import withholding
from analysis.weekly_counts import ROLES, is_negative
from candidly.figures import Part, PartKind, Span, Why, theme_title

LEAST_CELL = 10
"""Sources, and roles within them, with fewer mentions on either side are looked at together."""

REST = "other"
MIX = ("source", "role")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells (source, role) of both sides, in one order; the first axis is before and now.

    n: (2, cells) mentions; parts: (2, themes + 1, cells), what each theme (last: none) adds to the negative
    share of a cell; source: (cells,), which source a cell belongs to.
    """

    n: Floats
    parts: Floats
    source: NDArray[np.int64]


def explain(
    span: Span,
    before: pd.DataFrame,
    now: pd.DataFrame,
    opinions: pd.DataFrame,
    *,
    listed: Sequence[str],
    titles: Mapping[str, str],
    least: int,
) -> Why | None:
    """The change of the negative share between two sides (mentions with a verdict), taken apart.

    `opinions` of both; `listed`: the themes that may be named, most telling first or in any order. All other
    themes and complaints without a theme are one part. None where either side is too small.
    """
    least = max(1, least)
    if min(len(before), len(now)) < least:
        return None
    sides = before.reset_index(drop=True), now.reset_index(drop=True)
    sources = _merged([side["source"].astype(str) for side in sides], max(least, LEAST_CELL), least)
    roles = _roles(sides, sources)
    weights = [_theme_weights(side, opinions, listed) for side in sides]
    names, kept = _named(listed, weights, least)
    order = sorted(set(sources[0]) | set(sources[1]))
    cells = _cells(
        sources, roles, [_summed(w, kept, side) for w, side in zip(weights, sides, strict=True)], order
    )
    gain, mix_source, mix_role, within = _kitagawa(cells)
    values: list[tuple[PartKind, str, str, float]] = []
    if len(order) > 1:
        values += [
            ("source", name, _more(name, more > 0), float(value))
            for name, more, value in zip(order, gain, mix_source, strict=True)
        ]
    if abs(mix_role) > 0:
        values.append(("role", "roles", "Other people speaking (roles)", float(mix_role)))
    values += [
        ("theme", name, titles.get(name) or theme_title(name), float(value))
        for name, value in zip(names, within, strict=False)
    ]
    values.append(("rest", REST, "Other themes, or none named", float(within[-1])))
    return _why(span, values)


def _why(span: Span, values: Sequence[tuple[PartKind, str, str, float]]) -> Why:
    change = math.fsum(value for *_, value in values)
    shown = largest_remainder([value * 1000 for *_, value in values], round(change * 1000))
    parts = [
        Part(kind, name, said, value, tenths)
        for (kind, name, said, value), tenths in zip(values, shown, strict=True)
    ]
    mix, within = ([part for part in parts if (part.kind in MIX) is wanted] for wanted in (True, False))
    return Why(
        span,
        change,
        math.fsum(part.value for part in mix),
        math.fsum(part.value for part in within),
        sum(shown),
        sum(part.shown for part in mix),
        sum(part.shown for part in within),
        (*mix, *sorted(within, key=lambda part: (part.kind == "rest", -abs(part.value), part.name))),
    )


def _more(source: str, grew: bool) -> str:
    return f"{'More' if grew else 'Less'} from {'other sources' if source == REST else source}"


def largest_remainder(values: Sequence[float], total: int) -> list[int]:
    """Whole numbers near `values` that add up to `total`, which must be near their sum.

    The method of Hamilton: all are rounded down, and those with the greatest remainders get one more.
    """
    floors = [math.floor(value) for value in values]
    order = sorted(range(len(values)), key=lambda i: (floors[i] - values[i], i))
    for i in order[: total - sum(floors)]:
        floors[i] += 1
    return floors


def _merged(sides: Sequence[pd.Series], enough: int, least: int) -> list[pd.Series]:
    """Labels with the small ones of either side put together, and never a single small one alone."""
    counts = [side.value_counts() for side in sides]
    every = sorted(set().union(*(set(count.index) for count in counts)))
    small = {name for name in every if any(count.get(name, 0) < enough for count in counts)}
    for count in counts:
        small |= (
            withholding.hidden({name: int(count.get(name, 0)) for name in every}, least) if small else set()
        )
    return [side.where(~side.isin(small), REST) for side in sides]


def _roles(sides: Sequence[pd.DataFrame], sources: Sequence[pd.Series]) -> list[pd.Series]:
    """The role of each mention, small ones within a source put together."""
    roles = [side["role"].map(lambda role: ROLES.get(role, "others")).astype(str) for side in sides]
    out = [role.copy() for role in roles]
    for name in sorted(set(sources[0]) | set(sources[1])):
        rows = [source == name for source in sources]
        merged = _merged([role[row] for role, row in zip(roles, rows, strict=True)], LEAST_CELL, LEAST_CELL)
        for role, row, labels in zip(out, rows, merged, strict=True):
            role[row] = labels
    return out


def _theme_weights(side: pd.DataFrame, opinions: pd.DataFrame, listed: Sequence[str]) -> Floats:
    """`(themes + 1, mentions)`: how a negative mention is divided; the last row is everything unlisted."""
    place = {name: i for i, name in enumerate(listed)}
    blamed = opinions[opinions["polarity"].eq("negative")].drop_duplicates(["pk", "theme"])
    weights = np.zeros((len(listed) + 1, len(side)))
    row_of = {int(pk): i for i, pk in enumerate(side["pk"])}
    for pk, theme in zip(blamed["pk"], blamed["theme"], strict=True):
        if (row := row_of.get(int(pk))) is not None:
            weights[place.get(str(theme), len(listed)), row] += 1.0
    spoken = weights.sum(axis=0)
    weights[-1, spoken == 0] = 1.0
    divided: Floats = weights / np.maximum(spoken, 1.0) * is_negative(side).to_numpy(dtype=float)
    return divided


def _named(listed: Sequence[str], weights: Sequence[Floats], least: int) -> tuple[list[str], list[int]]:
    """The themes to be named, and the rows of the weights in that order.

    The rest, which holds the themes that may not be named, must be nobody or at least `least` negative
    mentions on each side, else the least of the named joins it.
    """
    counts = np.array([(w > 0).sum(axis=1) for w in weights])
    fine = sorted(range(len(listed)), key=lambda i: -int(counts[:, i].max()))
    while fine and any(0 < np.delete(w, fine, axis=0).any(axis=0).sum() < least for w in weights):
        fine.pop()
    return [listed[i] for i in fine], fine


def _summed(weights: Floats, kept: Sequence[int], side: pd.DataFrame) -> Floats:
    """The rows of the named themes, and one for all that is left of the negative mentions."""
    named = weights[list(kept)]
    return np.vstack([named, is_negative(side).to_numpy(dtype=float) - named.sum(axis=0)])


def _cells(
    sources: Sequence[pd.Series], roles: Sequence[pd.Series], rows: Sequence[Floats], order: Sequence[str]
) -> Cells:
    """The cells of both sides; a cell that one side lacks is given the shares of the other."""
    labels = [source + "\x1f" + role for source, role in zip(sources, roles, strict=True)]
    names = sorted(set(labels[0]) | set(labels[1]))
    codes = [
        label.map({name: i for i, name in enumerate(names)}).to_numpy(dtype=np.int64) for label in labels
    ]
    n = np.array([np.bincount(code, minlength=len(names)) for code in codes], dtype=float)
    parts = (
        np.array(
            [
                [np.bincount(code, weights=row, minlength=len(names)) for row in of]
                for code, of in zip(codes, rows, strict=True)
            ]
        )
        / np.maximum(n, 1.0)[:, None, :]
    )
    for here, there in ((0, 1), (1, 0)):
        parts[here][:, n[here] == 0] = parts[there][:, n[here] == 0]
    place = {name: i for i, name in enumerate(order)}
    return Cells(n, parts, np.array([place[name.split("\x1f")[0]] for name in names], dtype=np.int64))


def _kitagawa(cells: Cells) -> tuple[Floats, Floats, float, Floats]:
    """`(gain, mix by source, mix of roles, within by theme)`; the last three add up to the change.

    `gain` is how much the weight of each source grew. A source's mix is counted against the overall share.
    """
    source = cells.source
    of_source = np.array([np.bincount(source, weights=n) for n in cells.n])
    weight = of_source / of_source.sum(axis=1, keepdims=True)
    inner = cells.n / np.maximum(of_source, 1.0)[:, source]
    for here, there in ((0, 1), (1, 0)):
        absent = of_source[here][source] == 0
        inner[here, absent] = inner[there, absent]
    share = cells.parts.sum(axis=1)
    by_source = np.array([np.bincount(source, weights=v * p) for v, p in zip(inner, share, strict=True)])
    overall = float((weight * by_source).sum(axis=1).mean())
    gain = weight[1] - weight[0]
    mean_weight = weight.mean(axis=0)[source]
    mix_role = math.fsum(mean_weight * (inner[1] - inner[0]) * share.mean(axis=0))
    within = ((cells.parts[1] - cells.parts[0]) * mean_weight * inner.mean(axis=0)).sum(axis=1)
    return gain, gain * (by_source.mean(axis=0) - overall), mix_role, within

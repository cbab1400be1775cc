"""The tables of `candidly evaluate`: an evaluation as text for people and as data for machines. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from candidly.console import table

if TYPE_CHECKING:
    from analysis.evaluate import Evaluation, Figure

IN_GROUPS: Final = {
    "sentiment_macro_f1": "macro-F1",
    "negative_precision": "neg. precision",
    "negative_recall": "neg. recall",
    "positive_recall": "pos. recall",
    "auc_positive_vs_negative": "AUC",
}
"""What the table of groups shows, where there is anything of it."""


def render(name: str, whole: Evaluation, groups: Mapping[str, Evaluation]) -> str:
    """All tables of one file, with empty lines between them."""
    unscored = f", {whole.unscored:,} of them unscored" if whole.unscored else ""
    parts = [f"{name}: {whole.n:,} texts{unscored}", _figures(whole)]
    if whole.confusion:
        parts.append(_confusion(whole))
    if whole.themes:
        parts.append(_themes(whole))
    if groups and (shown := _groups(groups)):
        parts.append(shown)
    return "\n\n".join(parts)


def as_data(whole: Evaluation, groups: Mapping[str, Evaluation]) -> dict[str, Any]:
    """The same as plain data; `groups` holds an evaluation each."""
    return {
        **dataclasses.asdict(whole),
        "groups": {name: dataclasses.asdict(found) for name, found in groups.items()},
    }


def _figures(found: Evaluation) -> str:
    rows = [[name, _value(figure), _interval(figure), figure.n] for name, figure in found.figures.items()]
    return table(["measure", "value", "95 % interval", "n"], rows)


def _confusion(found: Evaluation) -> str:
    classes = list(found.confusion)
    rows = [[name, *line.values(), sum(line.values())] for name, line in found.confusion.items()]
    return table(["labelled \\ found", *classes, "all"], rows)


def _themes(found: Evaluation) -> str:
    rows: list[Sequence[object]] = [
        [
            name,
            one.labelled,
            one.found,
            _value(one.precision),
            _value(one.recall),
            _value(one.f1),
            _interval(one.f1),
            _value(one.polarity),
        ]
        for name, one in found.themes.items()
    ]
    header = ["theme", "labelled", "found", "precision", "recall", "F1", "95 % interval", "polarity"]
    return table(header, rows)


def _groups(groups: Mapping[str, Evaluation]) -> str:
    shown = [name for name in IN_GROUPS if any(name in found.figures for found in groups.values())]
    rows = [[name or "(none)", found.n, *_of_group(found, shown)] for name, found in groups.items()]
    return table(["group", "n", *(IN_GROUPS[name] for name in shown)], rows) if shown else ""


def _of_group(found: Evaluation, shown: Sequence[str]) -> Iterator[str | None]:
    for name in shown:
        figure = found.figures.get(name)
        interval = _interval(figure) if figure else ""
        yield f"{_value(figure)} ({interval})" if figure and interval else _value(figure)


def _value(figure: Figure | None) -> str | None:
    return None if figure is None or figure.value is None else f"{figure.value:.3f}"


def _interval(figure: Figure) -> str:
    return (
        f"{figure.low:.3f} to {figure.high:.3f}" if figure.low is not None and figure.high is not None else ""
    )

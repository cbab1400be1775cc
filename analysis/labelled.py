"""Reads labelled texts from JSON Lines, for `candidly evaluate`.

A line: `text` (or an `id` whose text is in a second file), and any of
  label, or sentiment   positive, negative, neutral or mixed
  stars                 1 to 5: up to 2 is negative, from 4 on positive (as for mentions)
  experience            positive, neutral or negative
  role, stage, ghosting, lost_customer    as `candidly analyse --json` names them
  themes                [{"theme", "polarity", "start", "end"}], the offsets where the evidence is labelled
  optional              themes that count neither way
and `kind` (review, interview, post or comment), `group` or `source` to measure by. Other fields are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast, get_args

from analysis.evaluate import ThemeLabel, Truth
from analysis.jsonl import objects
from candidly.errors import UsageError
from candidly.records import Experience, Ghosting, Kind, Label, Polarity, Role, Stage

LABELS: Final = "sentiment, label, stars, experience, themes, role, stage, ghosting, lost_customer"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its labels; `group` may be empty."""

    text: str
    kind: Kind
    group: str
    truth: Truth


def read(path: Path, texts: Path | None = None) -> list[Labelled]:
    """The labelled texts of a file; `texts` holds the texts of ids. UsageError with the line at fault."""
    known = read_texts(texts) if texts else {}
    found = [_labelled(_Fields(where, record), known) for where, record in objects(path)]
    if not found:
        raise UsageError(f"{path}: holds no line.", "Each line should be one JSON object.")
    return found


def read_texts(path: Path) -> dict[str, tuple[str, Kind | None]]:
    """id -> its text and, where the file says so, its kind."""
    found: dict[str, tuple[str, Kind | None]] = {}
    for where, record in objects(path):
        fields = _Fields(where, record)
        id_ = fields.text("id")
        if id_ is None:
            raise UsageError(f"{where}: needs `id`.")
        found[id_] = (fields.text("text") or "", fields.choice("kind", Kind))
    return found


class _Fields:
    """A line's fields, checked; every error names the line and the field, and never repeats a text."""

    def __init__(self, where: str, record: Mapping[str, Any]) -> None:
        self.where = where
        self._record = record

    def get(self, name: str, types: type | tuple[type, ...], what: str) -> Any:
        """The value, None where there is none."""
        value = self._record.get(name)
        if value is not None and (not isinstance(value, types) or isinstance(value, bool) != (types is bool)):
            raise UsageError(f"{self.where}: `{name}` should be {what}.")
        return value

    def text(self, name: str) -> str | None:
        return cast("str | None", self.get(name, str, "a string"))

    def choice(self, name: str, kind: Any) -> Any:
        """One of the values of a Literal, or None."""
        value = self.text(name)
        if value is not None and value not in get_args(kind):
            raise UsageError(f"{self.where}: `{name}` should be one of {', '.join(get_args(kind))}.")
        return value

    def themes(self) -> dict[str, ThemeLabel] | None:
        listed = self.get("themes", list, "a list of themes")
        if listed is None:
            return None
        return dict(self._theme(entry) for entry in listed)

    def _theme(self, entry: Any) -> tuple[str, ThemeLabel]:
        if not isinstance(entry, dict) or not isinstance(entry.get("theme"), str):
            raise UsageError(
                f"{self.where}: each of `themes` should be an object with `theme` and `polarity`."
            )
        start, end = entry.get("start"), entry.get("end")
        polarity: Polarity = cast(Polarity, entry.get("polarity"))
        if polarity not in get_args(Polarity):
            raise UsageError(f"{self.where}: `polarity` should be one of {', '.join(get_args(Polarity))}.")
        if start is None and end is None:
            return entry["theme"], ThemeLabel(polarity)
        if not (type(start) is int and type(end) is int and 0 <= start <= end):
            raise UsageError(f"{self.where}: `start` and `end` should be offsets into the text.")
        return entry["theme"], ThemeLabel(polarity, (start, end))

    def names(self, name: str) -> frozenset[str]:
        listed = self.get(name, list, "a list of names")
        if not all(isinstance(one, str) for one in listed or ()):
            raise UsageError(f"{self.where}: `{name}` should be a list of names.")
        return frozenset(listed or ())


def _labelled(fields: _Fields, texts: Mapping[str, tuple[str, Kind | None]]) -> Labelled:
    truth = _truth(fields)
    if truth == Truth():
        raise UsageError(f"{fields.where}: has no label.", f"It should hold one of {LABELS}.")
    text, kind = fields.text("text"), fields.choice("kind", Kind)
    if text is None:
        id_ = fields.text("id")
        if id_ is None or id_ not in texts:
            hint = "Name the file with the texts: --texts FILE." if not texts else "--texts has no such `id`."
            raise UsageError(f"{fields.where}: has no `text`.", hint)
        text, other = texts[id_]
        kind = kind or other
    group = fields.text("group") or fields.text("source") or ""
    return Labelled(text, kind or "post", group, truth)


def _truth(fields: _Fields) -> Truth:
    return Truth(
        label=_label(fields),
        role=fields.choice("role", Role),
        stage=fields.choice("stage", Stage),
        ghosting=fields.choice("ghosting", Ghosting),
        lost_customer=fields.get("lost_customer", bool, "true or false"),
        themes=fields.themes(),
        optional=fields.names("optional"),
    )


def _label(fields: _Fields) -> Label | None:
    """What is labelled in a word, else the author's stars, else the author's experience."""
    told = fields.choice("sentiment", Label) or fields.choice("label", Label)
    stars = fields.get("stars", (int, float), "a number from 1 to 5")
    experience = fields.choice("experience", Experience)
    if stars is not None and not 1 <= stars <= 5:
        raise UsageError(f"{fields.where}: `stars` should be a number from 1 to 5.")
    if told is None and stars is not None:
        return "negative" if stars <= 2 else "positive" if stars >= 4 else "neutral"
    return cast("Label | None", told or experience)


def groups(rows: list[Labelled]) -> Iterator[tuple[str, list[int]]]:
    """Each group with the places of its texts, in the order of names; nothing where all is one group."""
    places: dict[str, list[int]] = {}
    for n, row in enumerate(rows):
        places.setdefault(row.group, []).append(n)
    if len(places) > 1:
        yield from sorted(places.items())

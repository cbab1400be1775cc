"""Why a text scored as it did, for a person: its clauses with their scores, its themes with their evidence.

Pure: what an analyser found and the text in, text for a terminal out. Nothing in a stranger's text can move
the cursor, change colours or hide: control and format characters are shown as escapes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from candidly.records import Analysis, Opinion

SIGNS: Final = {"positive": "+", "negative": "-", "neutral": "="}
FELT: Final = 0.05
"""Clauses scoring within this are neither red nor green."""
UNKNOWN: Final = "und"
"""ISO 639 for a language that was not found out (`analysis.language`)."""
FEW_WORDS: Final = 6

_RED, _GREEN, _DIM, _BOLD, _UNDERLINED, _NOT_UNDERLINED, _RESET = (
    f"\x1b[{code}m" for code in (31, 32, 2, 1, 4, 24, 0)
)
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINER: Final = "\u200d"
"""Holds emoji together; harmless by itself."""

Span = tuple[int, int, float]


class Clause(NamedTuple):
    """A stretch of the text and its score.

    `opinions`: whose evidence lies in this clause alone. `across`: whose evidence goes over this and other
    clauses. `closing`: those of `across` of which this is the last clause.
    """

    start: int
    end: int
    score: float
    opinions: tuple[Opinion, ...] = ()
    across: tuple[Opinion, ...] = ()
    closing: tuple[Opinion, ...] = ()


def wants_colour(*, terminal: bool, environ: Mapping[str, str]) -> bool:
    """Whether to use colours: on a terminal that can, unless NO_COLOR is set (https://no-color.org)."""
    return terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def render(text: str, analysis: Analysis, spans: Sequence[Span], *, colour: bool = False) -> str:
    """The marked text, an empty line, and a legend; `spans` as `Analyser.explain` gives them."""
    return "\n".join([marked(text, analysis, spans, colour=colour), "", *legend(text, analysis)])


def marked(text: str, analysis: Analysis, spans: Sequence[Span], *, colour: bool = False) -> str:
    """The text, each clause with score and themes: `[They ghosted me -0.62 communication-]`, or in colour.

    A theme whose evidence is several clauses stands after the last of them and in none.
    """
    parts, at = [], 0
    for clause in clauses(text, analysis, spans):
        parts.append(visible(text[at : clause.start], brackets=not colour))
        parts.append(_coloured(text, clause) if colour else _bracketed(text, clause))
        at = clause.end
    parts.append(visible(text[at:], brackets=not colour))
    return "".join(parts).strip()


def clauses(text: str, analysis: Analysis, spans: Sequence[Span]) -> list[Clause]:
    """The spans in order, cut to the text and to what comes before, each with the opinions told there."""
    cut: list[Span] = []
    for start, end, score in sorted(spans):
        begin, stop = max(start, cut[-1][1] if cut else 0), min(end, len(text))
        if begin < stop:
            cut.append((begin, stop, score))
    found = [Clause(*span) for span in cut]
    for opinion in analysis.opinions:
        touched = [
            n for n, (start, end, _) in enumerate(cut) if max(opinion.start, start) < min(opinion.end, end)
        ]
        if len(touched) == 1:
            (n,) = touched
            found[n] = found[n]._replace(opinions=(*found[n].opinions, opinion))
            continue
        for n in touched:
            found[n] = found[n]._replace(across=(*found[n].across, opinion))
            if n == touched[-1]:
                found[n] = found[n]._replace(closing=(*found[n].closing, opinion))
    return found


def legend(text: str, analysis: Analysis) -> Iterator[str]:
    """What was found in the text as a whole, line by line."""
    unknown = analysis.language == UNKNOWN
    if analysis.score is None:
        why = analysis.unscored
        yield f"unscored: {_untold(text) if unknown and why == f'language {UNKNOWN}' else visible(why)}"
    else:
        yield f"{analysis.label} {analysis.score:+.3f}"
    yield (
        f"language {'unknown' if unknown else visible(analysis.language)}, role {analysis.role}, "
        f"stage {analysis.stage}, ghosting {analysis.ghosting}"
        + (", lost customer" if analysis.lost_customer else "")
    )
    if analysis.truncated:
        yield "only the beginning was read: the text is too long"
    width = max((len(opinion.theme) for opinion in analysis.opinions), default=0)
    for opinion in analysis.opinions:
        evidence = visible(" ".join(text[opinion.start : opinion.end].split()))
        yield f'  {visible(opinion.theme).ljust(width)}  {opinion.polarity:8}  "{evidence}"'


def _untold(text: str) -> str:
    few = sum(any(map(str.isalpha, word)) for word in text.split()) <= FEW_WORDS
    return f"the language cannot be told{' from so few words' if few else ''}"


def as_data(analysis: Analysis, spans: Sequence[Span]) -> dict[str, Any]:
    """The same for machines: the fields of the analysis, and `clauses` with offsets and scores."""
    import dataclasses

    found = [{"start": start, "end": end, "score": round(score, 4)} for start, end, score in spans]
    return {**dataclasses.asdict(analysis), "clauses": found}


def visible(text: str, *, brackets: bool = False) -> str:
    """The text without anything that a terminal obeys: `\\x1b` for an escape, a blank for a tab.

    `brackets`: those of the text get a backslash, so that no text can forge a mark.
    """
    shown = "".join(map(_shown, text)) if not text.isprintable() else text
    return shown.replace("[", "\\[").replace("]", "\\]") if brackets else shown


def _shown(char: str) -> str:
    if char in ("\n", _JOINER):
        return char
    if char == "\t":
        return " "
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _themes(opinions: Sequence[Opinion]) -> str:
    """`communication- process=`."""
    return " ".join(visible(opinion.theme) + SIGNS[opinion.polarity] for opinion in opinions)


def _bracketed(text: str, clause: Clause) -> str:
    note = f"{clause.score:+.2f} {_themes(clause.opinions)}".rstrip()
    after = f" [{_themes(clause.closing)}]" if clause.closing else ""
    return f"[{visible(text[clause.start : clause.end], brackets=True)} {note}]{after}"


def _coloured(text: str, clause: Clause) -> str:
    """The clause red or green by its score, its evidence underlined, and a dim note after it."""
    tint = _GREEN if clause.score > FELT else _RED if clause.score < -FELT else ""
    body, at = "", clause.start
    for opinion in sorted((*clause.opinions, *clause.across), key=lambda found: found.start):
        start, end = max(opinion.start, at), min(opinion.end, clause.end)
        if start < end:
            body += visible(text[at:start]) + _UNDERLINED + visible(text[start:end]) + _NOT_UNDERLINED
            at = end
    body += visible(text[at : clause.end])
    told = (*clause.opinions, *clause.closing)
    note = f"{clause.score:+.2f} {_themes(told)}".rstrip()
    return f"{tint}{body}{_RESET}{_DIM}{_BOLD if told else ''} {note}{_RESET}"

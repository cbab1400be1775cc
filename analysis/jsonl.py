"""Analyses a file of JSON Lines, for people who bring texts of their own.

In:  {"id": str, "kind": "review|interview|post|comment", "text": str}
Out: {"id", "sentiment", "score", "language", "unscored", "role", "stage", "ghosting", "lost_customer",
      "themes": [{"theme", "polarity", "start", "end"}]}; "neutral" and 0.0 stand for an unscored text, with
      the reason in "unscored", because readers of this form expect a value.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, Final, cast, get_args

from analysis.engines import TextAnalyser
from candidly.errors import UsageError
from candidly.records import Analysis, Kind

LONGEST_LINE: Final = 16_000_000
STDOUT: Final = Path("-")
_KINDS = get_args(Kind)


def analyse_file(analyser: TextAnalyser, source: Path, target: Path) -> int:
    """Writes one line for each of `source` to `target`, whole or not at all; returns how many.

    `target` "-" is stdout, which gets each line as it is read.

    Raises UsageError naming the line that cannot be read.
    """
    try:
        with nullcontext(sys.stdout) if target == STDOUT else _replacing(target) as out:
            count = 0
            for id_, kind, text in (_record(*line) for line in objects(source)):
                out.write(json.dumps(as_json(id_, analyser.analyse_text(text, kind))) + "\n")
                count += 1
            return count
    except BrokenPipeError:  # who read stdout has had enough
        raise
    except OSError as error:
        raise UsageError(f"{error.filename or source}: {error.strerror}.") from None


def as_json(id_: str, analysis: Analysis) -> dict[str, Any]:
    """One output line."""
    return {
        "id": id_,
        "sentiment": analysis.label or "neutral",
        "score": analysis.score or 0.0,
        "language": analysis.language,
        "unscored": analysis.unscored,
        "role": analysis.role,
        "stage": analysis.stage,
        "ghosting": analysis.ghosting,
        "lost_customer": analysis.lost_customer,
        "themes": [
            {"theme": o.theme, "polarity": o.polarity, "start": o.start, "end": o.end}
            for o in analysis.opinions
        ],
    }


def objects(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(file:line, object)` of every line that is not blank. Raises UsageError naming the line at fault."""
    try:
        with source.open("rb") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE + 1), b""), 1):
                where = f"{source}:{number}"
                if len(line) > LONGEST_LINE:
                    raise UsageError(f"{where}: the line is longer than {LONGEST_LINE:,} bytes.")
                if line.strip():
                    yield where, _object(where, line)
    except OSError as error:
        raise UsageError(f"{error.filename or source}: {error.strerror}.") from None


def _object(where: str, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{where}: is not UTF-8 text.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: is not JSON.", "Each line should be one JSON object.") from None
    if not isinstance(record, dict):
        raise UsageError(f"{where}: is not a JSON object.")
    return record


def _record(where: str, record: dict[str, Any]) -> tuple[str, Kind, str]:
    id_, kind, text = record.get("id"), record.get("kind", "post"), record.get("text")
    if not isinstance(id_, str) or not isinstance(text, str):
        raise UsageError(f"{where}: needs `id` and `text`, both strings.")
    if kind not in _KINDS:
        raise UsageError(f"{where}: `kind` should be one of {', '.join(_KINDS)}.")
    return id_, cast(Kind, kind), text


@contextmanager
def _replacing(target: Path) -> Iterator[IO[str]]:
    """A file that takes the place of `target` when all went well, and leaves nothing behind otherwise."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

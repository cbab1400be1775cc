"""What one file would give, without storing it: for `candidly collect --dry-run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from candidly.records import Mention, Reject
from collectors.base import Raw
from collectors.file import Chunk, FileCollector
from collectors.filelayout import unused
from collectors.textfile import Unreadable


def blank(file: str, problem: str = "") -> dict[str, Any]:
    """The facts of a file of which nothing is known yet."""
    return {
        "file": file, "format": "", "encoding": "", "preset": "", "mapped": {}, "ignored": [], "unknown": [],
        "rows": 0, "mentions": 0, "undated": 0, "rejects": {}, "first": [], "problem": problem,
    }  # fmt: skip


def preview_file(collector: FileCollector, name: str, path: Path, limit: int) -> dict[str, Any]:
    """One file, read to its end; see `collectors.file.preview`."""
    facts = blank(name)
    try:
        for chunk, rows, _ in collector.chunks(name, path, 0):
            facts |= {"rows": rows, "format": chunk.format, "encoding": chunk.encoding} | _columns(chunk)
            for one in collector.parse(Raw(chunk, {}, name)):
                _count(facts, one, limit)
    except Unreadable as error:
        facts["problem"] = f"{error}. {error.remedy}".strip()
    return facts


def _columns(chunk: Chunk) -> dict[str, Any]:
    layout = chunk.layout
    if layout is None:
        return {"preset": "schema.org"}
    present = set(chunk.columns)
    found = {name: [column for column in of if column in present] for name, of in layout.columns.items()}
    mapped = {name: columns for name, columns in found.items() if columns}
    read = {column for columns in mapped.values() for column in columns}
    unknown = unused(layout, chunk.columns)
    ignored = [column for column in chunk.columns if column not in read and column not in unknown]
    return {"preset": layout.preset, "mapped": mapped, "ignored": ignored, "unknown": unknown}


def _count(facts: dict[str, Any], one: Mention | Reject, limit: int) -> None:
    if isinstance(one, Reject):
        facts["rejects"][one.reason] = facts["rejects"].get(one.reason, 0) + 1
        return
    facts["mentions"] += 1
    facts["undated"] += one.published is None
    if len(facts["first"]) < limit:
        first = {
            "id": one.id,
            "published": one.published and one.published.isoformat(),
            "stars": one.stars,
            "characters": len(one.text),
        }
        facts["first"].append(first)

"""`candidly collect --dry-run`: what the file sources would give, without storing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from candidly.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from candidly.configfile import Loaded
    from collectors.file import FileSettings


def undated(n: int) -> str:
    """What is said of mentions without a date."""
    return f"{n:,} without a date: in no week's report"


def preview(console: Console, names: tuple[str, ...], as_json: bool) -> int:
    """What the file sources would give, without storing anything; the exit code is that of `collect`."""
    from candidly.commands.work import PARTLY, chosen
    from collectors.file import FileSettings

    loaded = console.load()
    found: list[dict[str, Any]] = []
    notes: list[str] = []
    good = bad = 0
    for source in chosen(loaded.config.sources, names):
        if not isinstance(source, FileSettings):
            console.note(f"{source.name}: only file sources have a dry run.")
            continue
        entries, said = _entries(console, loaded, source)
        found += [{"source": source.name, **entry} for entry in entries]
        notes += [f"{source.name}: {note}" for note in said]
        rejected = entries and not any(entry["mentions"] or not entry["rejects"] for entry in entries)
        well = 0 if rejected else sum(not entry["problem"] for entry in entries)
        bad += len(entries) - well
        good += well if entries else 1
    for note in notes:
        (console.note if as_json else console.say)(note)
    if as_json:
        console.json(found)
    else:
        _show_preview(console, found)
        if not found and not notes:
            console.say("No file is waiting.")
    return 0 if not bad else PARTLY if good else 1


def _entries(
    console: Console, loaded: Loaded, source: FileSettings
) -> tuple[list[dict[str, Any]], list[str]]:
    """Its files as `collectors.file.preview` has them, and the notes; one without a file for a failure."""
    from candidly.errors import CandidlyError
    from collectors.base import Context
    from collectors.file import preview as files
    from collectors.filepreview import blank

    context = Context(now=console.now(), folder=loaded.folder, secret=loaded.secrets.get)
    try:
        return files(source, context), context.notes
    except CandidlyError as error:
        return [blank("", str(error))], context.notes


def _show_preview(console: Console, found: Sequence[dict[str, Any]]) -> None:
    for entry in found:
        if not entry["file"]:
            console.say(f"{entry['source']}: {entry['problem']}\n")
            continue
        facts = ((key, _plainly(value)) for key, value in entry.items() if key != "undated")
        lines = [f"{key}: {text}" for key, text in facts if text]
        if entry["undated"]:
            lines.append(undated(entry["undated"]))
        console.say("\n".join(lines) + "\n")


def _plainly(value: object) -> str:
    """A value of the dry run for people: no brackets, no quotes; "" for nothing."""
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_plainly(one) or '-'}" for key, one in value.items())
    if isinstance(value, list | tuple):
        between = "; " if value and isinstance(value[0], dict) else ", "
        return between.join(filter(None, map(_plainly, value)))
    return "" if value is None else str(value)

"""Exports and saved pages on disk: CSV, TSV, XLSX, JSON, JSON Lines, HTML, each also gzipped.

The cursor is `{"files": {name: {"sha256", "rows", "done", "settings"}}}`: a finished file that has not
changed is skipped, an unfinished one goes on after `rows`, a changed one, or one read under other settings,
is read again from its start (the same rows give the same ids, so that nothing is stored twice).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypedDict

from pydantic import Field, field_validator

from candidly.config import SourceSettings
from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Kind, Mention, Reject
from collectors.base import Context, Raw
from collectors.filelayout import NO_SITE, MappedField, fits, layout_for, refuse_scale, shown, unused
from collectors.filesearch import look
from collectors.presets import Layout, PresetName
from collectors.rows import Reading, RowReader
from collectors.selectors import Selectors
from collectors.tables import SAMPLE, Format, Table, format_of, open_table, readable, sniff_format
from collectors.textfile import Unreadable, read_whole

CHUNK: Final = 500
"""Rows that are stored together."""
READER: Final = 3
"""Raised when files should be read again because they are read better."""
MAX_PAGE: Final = 8_000_000
"""Bytes of a saved page."""


class FileSettings(SourceSettings):
    """A `file` source."""

    path: str = Field(
        min_length=1, description="A file, a folder or a glob, from the configuration's folder."
    )
    format: Literal["auto", "csv", "tsv", "xlsx", "json", "jsonl", "html"] = Field(
        "auto", description="How the files are written; auto goes by ending and content."
    )
    preset: PresetName = Field("auto", description="Whose export it is; auto goes by the columns.")
    columns: dict[MappedField, str | tuple[str, ...]] = Field(
        {}, description="For anything else: which column holds what ({body: Comment, stars: Score})."
    )
    kind: Kind | None = Field(None, description="What the rows are, where not what the preset says.")
    encoding: str = Field("auto", description="Of text files; auto knows UTF-8, UTF-16 and Windows-1252.")
    day_first: bool | None = Field(None, description="Whether 03/04/2026 is the 3rd of April.")
    stars_scale: float = Field(5, ge=2, le=1000, description="The best rating: 5, 10, 100.")
    url: str = Field("", description="Where the export came from, for mentions without an own address.")
    site: str = Field("", description="The site's name (glassdoor.com), where no preset says it.")
    selectors: Selectors | None = Field(None, description="For saved pages without schema.org annotations.")

    live: ClassVar[bool] = False

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            if name != "auto":
                "a".encode(name)
        except (LookupError, ValueError):
            raise ValueError(f"unknown encoding {name!r}; use auto, utf-8, cp1252, ...") from None
        return name

    @field_validator("path")
    @classmethod
    def _printable(cls, path: str) -> str:
        if "\0" in path:
            raise ValueError("holds a NUL character")
        return path


class Entry(TypedDict):
    """What the cursor remembers of one file."""

    sha256: str
    rows: int
    done: bool
    settings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows of one file, with what is needed to read them; for a saved page its bytes."""

    file: str
    format: Format
    seen: datetime
    rows: list[tuple[int, dict[str, Any] | str]]
    layout: Layout | None = None
    encoding: str = ""
    columns: tuple[str, ...] = ()
    day_first: bool | None = None
    page: bytes = b""


class FileCollector:
    """Reads the files of one `file` source."""

    Settings: ClassVar[type[SourceSettings]] = FileSettings

    def __init__(self, settings: FileSettings, context: Context) -> None:
        self.settings = settings
        self.context = context
        self._noted: set[str] = set()

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Chunks of about 500 rows, file by file. One bad file does not stop the others.

        Raises CollectorError (permanent) at the end, naming each file that could not be read to its end, and
        each folder that could not be looked into.
        """
        found = look(self.settings.path, self.context.folder)
        self.context.notes.extend(found.notes)
        entries = {name: entry for name, entry in _entries(cursor).items() if name in found.files}
        bad: list[tuple[str, Unreadable]] = []
        unchanged = 0
        for name, path in found.files.items():
            try:
                entry = self._entry(path, entries.get(name))
                unchanged += entry["done"]
                for chunk, rows, done in () if entry["done"] else self._rest(name, path, entry["rows"]):
                    entries[name] = {**entry, "rows": rows, "done": done}
                    yield Raw(chunk, {"files": dict(entries)}, name)
            except Unreadable as error:
                bad.append((name, error))
        if unchanged:
            self.context.notes.append(f"{unchanged} {'file' if unchanged == 1 else 'files'} unchanged")
        if problem := _summary(bad, len(found.files), found.problem()):
            raise problem

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """The mentions of a chunk."""
        chunk: Chunk = raw.payload
        if chunk.layout is None:
            yield from self._page(chunk)
            return
        reader = RowReader(self._reading(chunk, chunk.layout))
        yield from reader.read(chunk.rows)
        for column in reader.odd:
            self._note(f"{chunk.file}: values of column {column!r} that are not understood are left out")

    def _rest(self, name: str, path: Path, skip: int) -> Iterator[tuple[Chunk, int, bool]]:
        """The chunks after the first `skip` rows; all where there are fewer: the cursor was edited."""
        for chunk, rows, done in self.chunks(name, path, skip):
            if done and rows < skip:
                yield from self.chunks(name, path, 0)
                return
            yield chunk, rows, done

    def chunks(self, name: str, path: Path, skip: int) -> Iterator[tuple[Chunk, int, bool]]:
        """`(chunk, rows read once it is stored, whether the file ends with it)` after the first `skip` rows.

        Raises Unreadable where the file cannot be read further, after the rows before were handed out.
        """
        form = self._format(path)
        seen = min(datetime.fromtimestamp(path.stat().st_mtime, UTC), self.context.now)
        if form == "html":
            chunk = Chunk(file=name, format=form, seen=seen, rows=[], page=read_whole(path, MAX_PAGE))
            self._must_hold_reviews(chunk)
            yield chunk, 1, True
            return
        with open_table(path, form, self.settings.encoding, self._fits) as table:
            layout, day_first = layout_for(self.settings, table, self.settings.day_first)
            if not skip and layout.preset in NO_SITE and len(table.sample) == SAMPLE:
                self._refuse_later_scale(path, form, layout)
            self._describe(name, table, layout)
            empty = Chunk(
                file=name, format=form, seen=seen, rows=[], layout=layout,
                encoding=table.encoding, columns=table.columns, day_first=day_first,
            )  # fmt: skip
            for rows, count, done in _grouped(table, skip):
                yield replace(empty, rows=rows), count, done
            if table.mended():
                self._note(f"{name}: bytes that are no UTF-8 were read as Windows-1252")

    def _refuse_later_scale(self, path: Path, form: Format, layout: Layout) -> None:
        """Raises Unreadable where the ratings show their scale only after the sample, as sorted ones do.

        The file is read twice for it: in one pass the wrong ratings before that point would be stored.
        """
        if "stars" in layout.columns:
            with open_table(path, form, self.settings.encoding, self._fits) as table:
                refuse_scale(layout, readable(table.rows), self.settings.stars_scale)

    def _entry(self, path: Path, known: Entry | None) -> Entry:
        """What is known of the file if it and the settings are as they were, else a fresh start."""
        digest, settings = _sha256(path), self._fingerprint()
        if known and known["sha256"] == digest and known["settings"] == settings:
            return known
        return {"sha256": digest, "rows": 0, "done": False, "settings": settings}

    def _fingerprint(self) -> str:
        """Changes with whatever makes the same file give other mentions."""
        apart = {"name", "type", "path", "enabled", "every", "expect", "terms_read", "permission"}
        said = json.dumps([READER, self.settings.model_dump(mode="json", exclude=apart)], sort_keys=True)
        return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()

    def _format(self, path: Path) -> Format:
        if self.settings.format != "auto":
            return self.settings.format
        return format_of(path) or sniff_format(path)

    def _fits(self, columns: Any) -> bool:
        return fits(self.settings, columns)

    def _describe(self, name: str, table: Table, layout: Layout) -> None:
        for note in table.notes:
            self._note(f"{name}: {note}")
        if layout.note:
            self._note(f"{name}: {layout.note}")
        if columns := unused(layout, table.columns):
            self._note(f"{name}: columns not read: {shown(columns)}")

    def _note(self, note: str) -> None:
        """Once a run, however many chunks say it."""
        if note not in self._noted:
            self._noted.add(note)
            self.context.notes.append(note)

    def _reading(self, chunk: Chunk, layout: Layout) -> Reading:
        settings = self.settings
        return Reading(
            source=settings.name,
            file=chunk.file,
            layout=layout,
            forced=settings.kind,
            site=settings.site or layout.site,
            url=settings.url,
            company=settings.company or "",
            now=self.context.now,
            seen=chunk.seen,
            day_first=chunk.day_first,
            best=settings.stars_scale,
        )

    def _must_hold_reviews(self, chunk: Chunk) -> None:
        """Raises Unreadable for a page that holds no reviews and does not say that there are none."""
        try:
            next(self._page(chunk), None)
        except Degraded as error:
            raise Unreadable(
                "no reviews in it that can be read",
                "Look at the page: it may be an error or login page, or be built in a new way.",
                degraded=True,
            ) from error

    def _page(self, chunk: Chunk) -> Iterator[Mention | Reject]:
        """The reviews of a saved page."""
        from collectors.pageparse import mentions_of

        settings = self.settings
        base = {name: value for name in ("kind", "site") if (value := getattr(settings, name))}
        for one in mentions_of(
            chunk.page,
            url=settings.url,
            source=settings.name,
            now=self.context.now,
            selectors=settings.selectors,
            base=base,
            charset="" if settings.encoding == "auto" else settings.encoding,
            day_first=settings.day_first,
            seen=chunk.seen,
        ):
            yield Reject(f"{chunk.file}: {one.where}", one.reason) if isinstance(one, Reject) else one


def preview(settings: FileSettings, context: Context, limit: int = 5) -> list[dict[str, Any]]:
    """What the source would read, one dict a file, for `candidly collect --dry-run`.

    Keys: file, format, encoding, preset, mapped (field -> columns), ignored, unknown, rows, mentions, undated
    (how many of them), rejects (reason -> count), first (id, published, stars, characters of up to `limit`
    mentions), problem (why it could not be read further, or ""). Never holds a text or an author.
    One without a file says which folders could not be looked into. What a folder leaves out is in
    `context.notes`. Raises CollectorError where there is no file.
    """
    from collectors.filepreview import blank, preview_file

    collector = FileCollector(settings, context)
    found = look(settings.path, context.folder)
    context.notes.extend(found.notes)
    entries = [preview_file(collector, name, path, limit) for name, path in found.files.items()]
    problem = found.problem()
    return [*entries, blank("", str(problem))] if problem else entries


def _grouped(table: Table, skip: int) -> Iterator[tuple[list[tuple[int, dict[str, Any] | str]], int, bool]]:
    """The rows after the first `skip` in groups, each with the count of rows up to its end and whether it is
    the last; rows before an error are handed out before it is raised."""
    count, group = 0, list[tuple[int, dict[str, Any] | str]]()
    problem: Unreadable | None = None
    try:
        for row in table.rows:
            count += 1
            if count > skip:
                group.append(row)
                if len(group) == CHUNK:
                    yield group, count, False
                    group = []
    except Unreadable as error:
        problem = error
    if problem is None:
        yield group, count, True
        return
    if group:
        yield group, count, False
    raise problem


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unreadable(f"it cannot be read ({error.strerror or type(error).__name__})") from error


def _entries(cursor: Cursor | None) -> dict[str, Entry]:
    """The entries of a cursor; what is not as we write it is forgotten, so that the file is read again."""
    files = (cursor or {}).get("files")
    if not isinstance(files, dict):
        return {}
    good: dict[str, Entry] = {}
    for name, entry in files.items():
        match entry:
            case {"sha256": str(digest), "rows": int(rows), "done": bool(done), "settings": str(settings)}:
                good[name] = Entry(sha256=digest, rows=rows, done=done, settings=settings)
    return good


def _summary(
    bad: list[tuple[str, Unreadable]], total: int, unread: CollectorError | None
) -> CollectorError | None:
    """What to tell of bad files and of folders that could not be looked into; None where all was well."""
    if not bad:
        return unread
    listed = "; ".join(f"{name}: {error}" for name, error in bad[:5])
    more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
    lead = "" if total == 1 else f"{len(bad)} of {total} files could not be read to the end: "
    also = f" {unread.message}" if unread else ""
    remedy = next((error.remedy for _, error in bad if error.remedy), "What could be read is stored.")
    kind = Degraded if unread or any(error.degraded for _, error in bad) else CollectorError
    return kind(f"{lead}{listed}{more}.{also}", remedy, permanent=True)

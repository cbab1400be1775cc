"""Which files a `path` in config.yaml means: a file, a folder and what is under it, or a glob."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from candidly.errors import CollectorError, Degraded
from collectors.tables import format_of

MOST_FILES: Final = 20_000
_LET: Final = "Let the user that runs candidly read it; what else is there is read."


@dataclass(slots=True)
class Found:
    """`files` maps the name by which a file is remembered (relative, with /) to where it is, sorted.

    `unread`: a sentence for each place below that could not be looked into.
    """

    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def problem(self) -> Degraded | None:
        """What to tell where a part of what was meant cannot be read; None where all can."""
        if not self.unread:
            return None
        more = f"; and {len(self.unread) - 5} more" if len(self.unread) > 5 else ""
        return Degraded(f"{'; '.join(self.unread[:5])}{more}.", _LET, permanent=True)


def find(pattern: str, folder: Path) -> Found:
    """As `look`, but raises Degraded (permanent) as well where a folder below cannot be read."""
    found = look(pattern, folder)
    if problem := found.problem():
        raise problem
    return found


def look(pattern: str, folder: Path) -> Found:
    """The files that `pattern`, relative to `folder`, means.

    Of a folder those whose names say a format that we read, hidden ones and links that leave it left out.
    Raises CollectorError (permanent) where there is no such path, it cannot be read, or has too many files.
    """
    path = folder / Path(pattern).expanduser()
    try:
        if path.is_dir():
            os.scandir(path).close()
            return _in_folder(path, folder)
        if path.is_file():
            return Found({_name(path, path.parent): path})
    except OSError as error:
        raise CollectorError(f"{pattern!r} {_why(error)}.", _LET, permanent=True) from error
    if glob.has_magic(pattern):
        found = _globbed(path, folder)
        if found.files:
            return found
        if problem := found.problem():
            raise CollectorError(problem.message, _LET, permanent=True)
    raise CollectorError(
        f"no file is at {pattern!r} (looked in {folder}).",
        "Put an export there, or let `path` name another file, folder or pattern (exports/*.csv); relative "
        "paths start at the configuration file.",
        permanent=True,
    )


def _why(error: OSError) -> str:
    return f"cannot be read: {error.strerror or type(error).__name__}"


def _in_folder(root: Path, home: Path) -> Found:
    top = root.resolve()
    inside: list[Path] = []
    left: dict[str, list[str]] = {}
    unread: list[str] = []
    for path in _walk(root, home, unread):
        if not path.resolve().is_relative_to(top):
            left.setdefault("not read, links that leave the folder", []).append(_name(path, root))
        elif format_of(path) is None:
            left.setdefault("not read, no known format by name", []).append(_name(path, root))
        elif _is_file(path, home, unread):
            inside.append(path)
    notes = [
        f"{why}: {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}" for why, names in left.items()
    ]
    if not inside:
        notes.append("no file to read in the folder yet")
    return Found(_sorted(iter(inside), root), notes, unread)


def _is_file(path: Path, home: Path, unread: list[str]) -> bool:
    """Names can be listed of a folder whose files cannot be reached."""
    try:
        return path.is_file()
    except OSError as error:
        unread.append(f"{_shown(path, home)!r} {_why(error)}")
        return False


def _walk(root: Path, home: Path, unread: list[str]) -> Iterator[Path]:
    """Everything below that is not hidden; folders behind links are not entered."""

    def note(error: OSError) -> None:
        unread.append(f"{_shown(Path(error.filename), home)!r} {_why(error)}")

    for parent, folders, names in os.walk(root, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(link := Path(parent, name)):  # noqa: PTH114 - the other raises if it cannot tell
                yield link
        for name in names:
            if not name.startswith((".", "~$")):  # ~$ marks a workbook that somebody has open
                yield Path(parent, name)


def _globbed(path: Path, home: Path) -> Found:
    """What a glob matches. It passes over what it cannot read, so its folders are looked into before."""
    base = _base(path)
    parts = path.relative_to(base).parts
    unread: list[str] = []
    for folder, part in dict.fromkeys(_steps(base, parts)):
        place = folder if glob.has_magic(part) else folder / part
        try:
            if place == folder:
                os.scandir(folder).close()
            else:
                place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            unread.append(f"{_shown(place, home)!r} {_why(error)}")
    files = (found for found in base.glob(str(Path(*parts))) if _is_file(found, home, unread))
    return Found(_sorted(files, base), unread=unread)


def _steps(folder: Path, parts: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Each folder that a glob of these parts looks into, and for what."""
    yield folder, parts[0]
    if parts[0] == "**":
        for parent, below, _ in os.walk(folder):
            for name in below:
                if not os.path.islink(path := Path(parent, name)):  # noqa: PTH114 - as above
                    yield path, "*"
    elif len(parts) > 1:
        for path in folder.glob(parts[0]):
            if os.path.isdir(path):  # noqa: PTH112 - as above
                yield from _steps(path, parts[1:])


def _base(path: Path) -> Path:
    """The part of a glob before its first wildcard."""
    while glob.has_magic(str(path)):
        path = path.parent
    return path


def _sorted(paths: Iterator[Path], root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        found[_name(path, root)] = path
        if len(found) > MOST_FILES:
            raise CollectorError(
                f"more than {MOST_FILES} files are at the path.", "Name a narrower one.", permanent=True
            )
    return dict(sorted(found.items()))


def _shown(path: Path, home: Path) -> str:
    """As somebody would write it in the configuration, whose folder is `home`."""
    return _storable(path.relative_to(home) if path.is_relative_to(home) else path)


def _name(path: Path, root: Path) -> str:
    """Relative, and storable whatever bytes the file system allows in names."""
    return _storable(path.relative_to(root))


def _storable(path: Path) -> str:
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")

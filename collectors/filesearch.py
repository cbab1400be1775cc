"""Which files a `path` in config.yaml means: a file, a folder and what is under it, or a glob."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from candidly.errors import CollectorError
from collectors.tables import format_of

MOST_FILES: Final = 20_000


@dataclass(slots=True)
class Found:
    """`files` maps the name by which a file is remembered (relative, with /) to where it is, sorted."""

    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find(pattern: str, folder: Path) -> Found:
    """The files that `pattern`, relative to `folder`, means.

    Of a folder those whose names say a format that we read, hidden ones and links that leave it left out.
    Raises CollectorError (permanent) where there is no such path, or too many files.
    """
    path = folder / Path(pattern).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if path.is_file():
        return Found({_name(path, path.parent): path})
    if glob.has_magic(pattern):
        found = _sorted(_matches(path), _base(path))
        if found:
            return Found(found)
    raise CollectorError(
        f"no file is at {pattern!r} (looked in {folder}).",
        "Put an export there, or let `path` name another file, folder or pattern (exports/*.csv); relative "
        "paths start at the configuration file.",
        permanent=True,
    )


def _in_folder(root: Path) -> Found:
    top = root.resolve()
    inside: list[Path] = []
    left: dict[str, list[str]] = {}
    for path in _walk(root):
        if not path.resolve().is_relative_to(top):
            left.setdefault("not read, links that leave the folder", []).append(_name(path, root))
        elif format_of(path) is None:
            left.setdefault("not read, no known format by name", []).append(_name(path, root))
        elif path.is_file():
            inside.append(path)
    notes = [
        f"{why}: {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}" for why, names in left.items()
    ]
    if not inside:
        notes.append("no file to read in the folder yet")
    return Found(_sorted(iter(inside), root), notes)


def _walk(root: Path) -> Iterator[Path]:
    """Everything below that is not hidden; folders behind links are not entered."""
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if (link := Path(parent, name)).is_symlink():
                yield link
        for name in names:
            if not name.startswith((".", "~$")):  # ~$ marks a workbook that somebody has open
                yield Path(parent, name)


def _matches(path: Path) -> Iterator[Path]:
    base = _base(path)
    return (found for found in base.glob(str(path.relative_to(base))) if found.is_file())


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


def _name(path: Path, root: Path) -> str:
    """Relative, and storable whatever bytes the file system allows in names."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")

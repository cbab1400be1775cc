"""Files that others read are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from candidly.errors import UsageError


def write_atomic(path: Path, data: bytes | str) -> None:
    """Put `data` (str as UTF-8) at `path` so that a reader sees the old file or the new one, never a part.

    A temporary file in the same folder is written, flushed and synced, then renamed over `path`, and the
    folder is synced so that the name survives a power cut. The folder is made where it is missing.
    Raises UsageError where the file cannot be written; the old file is then as it was.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(temporary, content)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raise the UsageError of `write_atomic` now, before long work whose result could not be written.

    Where the folder is missing, the nearest that is there is tried. Nothing is left behind.
    """
    try:
        path.exists()  # a name that is too long is an error here
        folder = next(one for one in path.absolute().parents if one.exists())
        temporary = folder / f".{secrets.token_hex(6)}.tmp"
        try:
            _write_synced(temporary, b"")
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write {path}: {error.strerror or error}.",
        "Check that the folder exists, may be written to and has room.",
    )


def _write_synced(path: Path, content: bytes) -> None:
    # O_EXCL: never write through a file or link that somebody else put there.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

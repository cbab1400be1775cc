"""One candidly at a time per store: a lock that the operating system frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from candidly.errors import Busy, UsageError


@contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; Busy where another process holds it.

    flock, not a file's existence: a crash must not leave a lock behind that a person has to remove.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(
            f"cannot write {path.name} in {path.parent}: {error.strerror}.",
            "Make the folder writable, or point `store.url` elsewhere.",
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            raise Busy(
                f"another candidly (process {holder}) is at work on this store.", "Nothing was done."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)

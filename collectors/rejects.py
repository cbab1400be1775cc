"""What could not be read, as a file that a person can open: where it stood and why, never the text."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from candidly.files import write_atomic
from candidly.records import Reject

MOST = 100_000
"""Rows kept; beyond that the file is one mistake repeated."""


class RejectFile:
    """Collects a run's rejects and, if there are any, writes `folder/<source>-<time>.csv` in one go."""

    def __init__(self, folder: Path, source: str, run_started: datetime) -> None:
        stamp = run_started.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        self.folder = folder
        self.path = folder / f"{source}-{stamp}.csv"
        self._rows: list[tuple[str, str]] = []
        self._more = 0

    def add(self, reject: Reject) -> None:
        if len(self._rows) < MOST:
            self._rows.append((reject.where, reject.reason))
        else:
            self._more += 1

    def close(self) -> Path | None:
        """Write the file and return where it is; None, and no file, where nothing was rejected.

        Raises UsageError where it cannot be written.
        """
        if not self._rows:
            return None
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("where", "reason"))
        writer.writerows((guarded(where), guarded(reason)) for where, reason in self._rows)
        if self._more:
            writer.writerow(("", f"and {self._more} more"))
        write_atomic(self.path, text.getvalue())
        return self.path


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (a file may be called `=cmd.csv`)."""
    return f"'{cell}" if cell.lstrip()[:1] in ("=", "+", "-", "@") else cell

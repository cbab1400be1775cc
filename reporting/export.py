"""The dataset as files: CSV that a spreadsheet cannot mistake for formulas, or JSON Lines."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from candidly.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that a spreadsheet may take for a formula, full-width forms included."""


def guard(value: object) -> object:
    """A text that a spreadsheet reads as text: a leading quote before what looks like a formula."""
    return "'" + value if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def write_rows(chunks: Iterable[pd.DataFrame], kind: str, target: Path | None, stdout: TextIO) -> int:
    """Write chunks of rows as `csv` or `jsonl` to a file (whole or not at all) or to stdout.

    Returns the number of rows. UsageError where the file cannot be written.
    """
    if target is None:
        with nullcontext(stdout) as out:
            return _write(chunks, kind, out)
    try:
        handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}-")
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}.", "Choose another --output.") from error
    try:
        with open(handle, "w", encoding="utf-8", newline="") as out:  # noqa: PTH123 - a descriptor
            n = _write(chunks, kind, out)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return n


def _write(chunks: Iterable[pd.DataFrame], kind: str, out: TextIO) -> int:
    n = 0
    for chunk in chunks:
        if kind == "jsonl":
            chunk.to_json(out, orient="records", lines=True, date_format="iso", force_ascii=False)
        else:
            texts = chunk.select_dtypes(include=["object", "string"]).columns
            chunk = chunk.assign(**{name: chunk[name].map(guard) for name in texts})  # noqa: PLW2901
            chunk.to_csv(out, index=False, header=n == 0, lineterminator="\n")
        n += len(chunk)
    return n

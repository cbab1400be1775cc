"""What analysts get: SQL over two views, read-only, and the same rows as an export."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select as select_rows

from candidly.errors import UsageError
from storage.engine import sqlite_file
from storage.schema import analyses, mentions, opinions
from storage.store import Store
from storage.views import HIDDEN, VIEWS, mention

if TYPE_CHECKING:
    from pandas import DataFrame

EXPORT_CHUNK = 5000
_GRACE = 0.5
_REMEDY = (
    "Only SELECT on the views `mention` and `opinion` is possible; `candidly query` lists their columns."
)


def select(
    store: Store, sql: str, limit: int = 1000, timeout: float = 10.0
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run an analyst's statement; `(columns, rows)`, at most `limit` rows.

    It runs in a process of its own which opens the database read-only, may read nothing but the views, has
    little memory, and is killed soon after `timeout` seconds (see sandbox.py). Raises UsageError for anything
    but a SELECT on the views, for an error in it, and when it takes too long or too much.
    """
    file = sqlite_file(store.engine.url)
    if file is None:
        raise UsageError(
            "SQL for analysts works on SQLite only so far.",
            "On PostgreSQL, connect with a role that may only SELECT from `mention` and `opinion`.",
        )
    request = {
        "uri": file.absolute().as_uri() + "?mode=ro",
        "sql": sql,
        "limit": max(1, limit),
        "timeout": timeout,
        "views": VIEWS,
        "columns": [
            f"{table.name}.{name}"
            for table in (mentions, analyses, opinions)
            for name in table.c.keys()  # noqa: SIM118 - a collection of columns, not a dict
            if table is not mentions or name not in HIDDEN
        ],
    }
    answer = _ask(request, timeout + _GRACE)
    if "error" in answer:
        raise UsageError(f"SQL: {answer['error'].rstrip('.')}.", answer.get("remedy") or _REMEDY)
    return answer["columns"], [tuple(row) for row in answer["rows"]]


def _ask(request: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The sandbox's answer to one request; an error where it had to be killed."""
    too_long = {
        "error": "the query took too long and was stopped",
        "remedy": "Narrow it (a company, a range of `published`), or raise --timeout.",
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own file, by the running interpreter
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("sandbox.py"))],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return too_long
    if done.returncode < 0:  # killed by a limit on its processor time or memory
        return too_long
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"error": "the query needed too much memory", "remedy": "Ask for fewer columns or rows."}
    return answer


def describe(store: Store) -> str:
    """The views and their columns, one a line, for people."""
    with store.reading() as connection:
        lines = []
        for view in VIEWS:
            result = connection.exec_driver_sql(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608 - a constant
            lines.append(f"{view}: {', '.join(result.keys())}")
    return "\n".join(lines)


def export_rows(
    store: Store, company: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Iterator[DataFrame]:
    """The view `mention` in frames of up to 5,000 rows, by key; never with an author. Memory stays flat.

    `company`, `since` (included) and `until` (excluded) filter; with a bound, mentions without a date of
    publication are left out. There is always at least one frame, so that the columns are known.
    """
    import pandas as pd

    wanted = select_rows(mention).order_by(mention.c.pk)
    if company is not None:
        wanted = wanted.where(mention.c.company == company)
    if since is not None:
        wanted = wanted.where(mention.c.published >= since)
    if until is not None:
        wanted = wanted.where(mention.c.published < until)
    with store.reading() as connection:
        result = connection.execute(wanted.execution_options(yield_per=EXPORT_CHUNK))
        columns, empty = list(result.keys()), True
        for chunk in result.partitions():
            empty = False
            yield pd.DataFrame.from_records([tuple(row) for row in chunk], columns=columns)
        if empty:
            yield pd.DataFrame(columns=columns)

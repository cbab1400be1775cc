"""The process that runs an analyst's statement; started by analyst.py, standard library only.

`mode=ro` alone does not protect: ATTACH and VACUUM INTO write other files, and read them. Here

- no statement may name a table but the two views, in whatever quotes;
- the authorizer denies by default, and of the tables allows only the columns that the views show, and only
  from within a view. It is not enough by itself: SQLite (3.40) takes a CTE called like a view for that view,
  and does not ask at all about columns joined by NATURAL or USING, which a FULL JOIN then hands out;
- lengths and counts are limited, for a time limit by progress handler does not interrupt one long function
  call; the memory is limited; and the parent kills what is left when the time is over.
"""

from __future__ import annotations

import contextlib
import json
import re
import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any

MEMORY = 192 * 1024 * 1024
OUTPUT = 16 * 1024 * 1024
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 20,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
FUNCTIONS = frozenset({
    "abs", "avg", "char", "coalesce", "count", "cume_dist", "date", "datetime", "dense_rank", "first_value",
    "format", "glob", "group_concat", "hex", "ifnull", "iif", "instr", "julianday", "lag", "last_value",
    "lead", "length", "like", "likelihood", "likely", "lower", "ltrim", "max", "min", "nth_value", "ntile",
    "nullif", "percent_rank", "printf", "quote", "rank", "replace", "round", "row_number", "rtrim", "sign",
    "strftime", "substr", "substring", "sum", "time", "total", "trim", "typeof", "unicode", "unixepoch",
    "unlikely", "upper", "acos", "asin", "atan", "atan2", "ceil", "ceiling", "cos", "degrees", "exp",
    "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sqrt", "tan",
    "trunc",
})  # fmt: skip

_TOKEN = re.compile(
    r"""'((?:[^']|'')*+)'|"((?:[^"]|"")*+)"|`((?:[^`]|``)*+)`|\[([^]]*+)\]"""  # four kinds of quotes
    r"""|--[^\n]*|/\*(?:.*?\*/|.*)|([\w$\x80-\U0010ffff]+)""",
    re.DOTALL,
)
"""SQLite's tokens, as far as names can hide in them: quoted or plain, or nothing in a comment."""

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def main() -> None:
    """Read a request from stdin, write the answer to stdout, both JSON."""
    request = json.load(sys.stdin)
    try:
        answer = run(request)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            answer = {
                "error": "the query took too long and was stopped",
                "remedy": "Narrow it (a company, a range of `published`), or raise --timeout.",
            }
        else:
            answer = {"error": str(error)}
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "the query needed too much memory", "remedy": "Ask for fewer columns or rows."}
    sys.stdout.write(json.dumps(answer))


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run the request's statement under all limits."""
    seconds = float(request["timeout"])
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 2))
    connection = sqlite3.connect(request["uri"], uri=True, isolation_level=None, cached_statements=0)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in ("trusted_schema=OFF", "query_only=ON", "temp_store=MEMORY", f"hard_heap_limit={MEMORY}"):
        connection.execute(f"PRAGMA {pragma}").close()
    tables = {name.lower() for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    modules = {name.lower() for (name,) in connection.execute("SELECT name FROM pragma_module_list")}
    refuse_names(request["sql"], (tables | modules) - set(request["views"]))
    for limit, value in LIMITS.items():
        connection.setlimit(limit, value)
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
    connection.set_authorizer(authorizer(request["views"], request["columns"], tables))
    cursor = connection.execute(request["sql"])
    if cursor.description is None:
        raise ValueError("the statement returns nothing")
    return {"columns": [name for name, *_ in cursor.description], "rows": fetch(cursor, request["limit"])}


def refuse_names(sql: str, names: set[str]) -> None:
    """ValueError where a statement names one of the tables, or one of SQLite's own."""
    for token in _TOKEN.finditer(sql):
        word = next((part for part in token.groups() if part), "").lower()
        if word in names or word.startswith(("sqlite_", "pragma_")):
            raise ValueError(f"access to {word[:40]} is prohibited")


def authorizer(views: list[str], columns: list[str], tables: set[str]) -> Authorizer:
    """What a statement may touch; everything else is denied."""
    readable = {tuple(column.split(".")) for column in columns}
    countable = {*views, *(table for table, _ in readable)}

    def authorize(action: int, first: str | None, second: str | None, _db: str | None, by: str | None) -> int:
        allowed = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE)
        if action == sqlite3.SQLITE_FUNCTION:
            allowed = (second or "").lower() in FUNCTIONS
        elif action == sqlite3.SQLITE_READ and second == "":
            # No column is read, rows are only counted. This is how SQLite names a table that a view joins but
            # whose columns are not used, and a CTE of any name.
            name = (first or "").lower()
            allowed = name in countable or not (name in tables or name.startswith(("sqlite_", "pragma_")))
        elif action == sqlite3.SQLITE_READ:
            allowed = first in views or (by in views and (first, second) in readable)
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


def fetch(cursor: sqlite3.Cursor, limit: int) -> list[list[Any]]:
    """Up to `limit` rows, bytes as hex digits; ValueError when they get too large."""
    rows: list[list[Any]] = []
    size = 0
    while len(rows) < limit and (row := cursor.fetchone()) is not None:
        values = [value.hex() if isinstance(value, bytes) else value for value in row]
        size += sum(len(value) if isinstance(value, str) else 8 for value in values)
        if size > OUTPUT:
            raise ValueError("the result is larger than 16 MB: ask for fewer columns or rows")
        rows.append(values)
    return rows


if __name__ == "__main__":
    main()

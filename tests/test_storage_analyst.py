# ruff: noqa: S608 - building SQL is what this file is about
"""Analysts' SQL: what it can do, and 60 statements that must do nothing but fail clearly."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from storage_samples import address, mention, save

from candidly.errors import UsageError
from storage import analyst, sandbox
from storage.store import Store

ROOT = Path(__file__).parents[1]
CANARY = "pseudonym-of-the-author"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("analyst")
    other = sqlite3.connect(made / "secrets.db")
    other.execute("CREATE TABLE secret (word)")
    other.execute("INSERT INTO secret VALUES ('canary')")
    other.commit()
    other.close()
    return made


@pytest.fixture(scope="module")
def store(folder):
    with Store.open(address(folder)) as opened:
        save(
            opened, *(mention(str(n), author=CANARY, about=CANARY) for n in range(20)), cursor={"at": CANARY}
        )
        yield opened


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT week, count(*) FROM mention GROUP BY week", [("2026-W09", 20)]),
        ("SELECT count(*) FROM mention", [(20,)]),
        (
            "SELECT theme, count(*) FROM opinion GROUP BY 1 ORDER BY 1",
            [("communication", 20), ("interview", 20)],
        ),
        ("SELECT count(*) FROM mention JOIN opinion USING (pk) WHERE theme = 'interview'", [(20,)]),
        (
            "WITH c AS (SELECT verdict FROM mention) SELECT count(*) FROM c WHERE verdict = 'negative'",
            [(20,)],
        ),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9) SELECT sum(i) FROM n",
            [(45,)],
        ),
        ("SELECT id, row_number() OVER (ORDER BY pk) FROM mention ORDER BY pk LIMIT 1", [("0", 1)]),
        ("SELECT round(avg(score), 2), lower(max(verdict)) FROM mention", [(-0.5, "negative")]),
        ("SELECT (SELECT count(*) FROM opinion o WHERE o.pk = m.pk) FROM mention m LIMIT 1", [(2,)]),
        ("SELECT x'00ff', NULL, 9e999", [("00ff", None, float("inf"))]),
        ("VALUES (1, 'two')", [(1, "two")]),
        ("SELECT 1; ", [(1,)]),
        ("SELECT count(*) FROM mention WHERE body LIKE '%mentions%' -- of cursors", [(0,)]),
        ("SELECT count(*) FROM mention AS a FULL JOIN opinion AS b USING (pk)", [(40,)]),
    ],
)
def test_what_analysts_may_ask(store, sql, rows):
    assert analyst.select(store, sql)[1] == rows


def test_columns_limit_and_description(store):
    columns, rows = analyst.select(store, "SELECT id AS name, week FROM mention", limit=3)
    assert columns == ["name", "week"]
    assert len(rows) == 3
    text = analyst.describe(store)
    assert text.startswith("mention: pk, ")
    assert "author" not in text
    named = [line.partition(": ")[2].split(", ") for line in text.splitlines()]
    for view, expected in zip(("mention", "opinion"), named, strict=True):
        assert analyst.select(store, f"SELECT * FROM {view}")[0] == expected


LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
A = "replace(hex(zeroblob(490000)), '0', 'a')"
HOSTILE = [
    # writing
    "INSERT INTO mentions (pk) VALUES (1)",
    "UPDATE mentions SET body = ''",
    "DELETE FROM mentions",
    "DELETE FROM mention",
    "REPLACE INTO cursors VALUES ('forum', '{}')",
    "DROP TABLE mentions",
    "DROP VIEW mention",
    "CREATE TABLE t (x)",
    "CREATE TEMP TABLE t AS SELECT author FROM mentions",
    "CREATE TEMP VIEW v AS SELECT author FROM mentions",
    "CREATE TEMP TRIGGER t AFTER INSERT ON mentions BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE t USING fts5(x)",
    "ALTER TABLE mentions ADD COLUMN x",
    "WITH c AS (SELECT 1) INSERT INTO periods SELECT 'a', 'b', 'c'",
    "SELECT 1; DELETE FROM mentions",
    "EXPLAIN DELETE FROM mentions",
    "REINDEX",
    "ANALYZE",
    "VACUUM",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "SAVEPOINT s",
    # other files
    "VACUUM INTO '{folder}/copy.db'",
    "ATTACH '{folder}/secrets.db' AS s",
    "ATTACH '{folder}/new.db' AS s",
    "ATTACH ':memory:' AS s",
    "DETACH main",
    "SELECT * FROM s.secret",
    "SELECT load_extension('{folder}/evil.so')",
    "SELECT readfile('{folder}/secrets.db')",
    "SELECT writefile('{folder}/new.db', 'x')",
    "SELECT edit('x')",
    # settings
    "PRAGMA query_only=0",
    "PRAGMA writable_schema=1",
    "PRAGMA journal_mode=DELETE",
    "PRAGMA table_info(mentions)",
    "SELECT * FROM pragma_table_info('mentions')",
    "SELECT count(*) FROM pragma_database_list",
    "SELECT * FROM pragma_hard_heap_limit(999999999)",
    # what is not shown
    "SELECT * FROM mentions",
    "SELECT author FROM mentions",
    "SELECT body FROM mentions",
    "SELECT author FROM mention",
    "SELECT digest FROM mention",
    "SELECT about FROM mentions",
    "SELECT rowid FROM mentions",
    "SELECT cursor FROM cursors",
    "SELECT count(*) FROM cursors",
    "SELECT message FROM deliveries",
    "SELECT * FROM incidents",
    "SELECT * FROM runs",
    "SELECT * FROM sqlite_master",
    "SELECT sql FROM sqlite_schema",
    "SELECT count(*) FROM sqlite_schema",
    "SELECT * FROM sqlite_temp_master",
    "SELECT * FROM dbstat",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM sqlite_stmt",
    "SELECT pk FROM mention WHERE (SELECT author FROM mentions LIMIT 1) = 'a'",
    "SELECT pk FROM mention ORDER BY (SELECT author FROM mentions LIMIT 1)",
    "SELECT 1 FROM mention NATURAL JOIN mentions",
    "SELECT count(author) FROM mentions",
    "SELECT m.author FROM mention AS v JOIN mentions AS m USING (pk)",
    "WITH mention AS (SELECT author FROM mentions) SELECT * FROM mention",
    "WITH opinion(a) AS (SELECT author FROM main.mentions) SELECT a FROM opinion",
    "SELECT * FROM (SELECT author FROM mentions) AS mention",
    "WITH mention AS (SELECT cursor FROM cursors) SELECT * FROM mention",
    # joined columns, of which the authorizer is not asked
    "SELECT * FROM mentions AS a NATURAL FULL JOIN mentions AS b",
    "SELECT author FROM mentions AS a FULL JOIN mentions AS b USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author FROM g FULL JOIN mentions USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author FROM g FULL JOIN \"Mentions\" USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author FROM g FULL JOIN [MENTIONS] USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author FROM g FULL JOIN `mentions` USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author FROM g FULL JOIN 'mentions' USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author FROM g FULL JOIN main.mentions USING (author)",
    "WITH g(author) AS (VALUES ('x')) SELECT author/*'*/FROM g FULL JOIN mentions USING (author) --'",
    "WITH g(author) AS (VALUES ('x')) SELECT author --'\nFROM g FULL JOIN mentions USING (author) --'",
    "WITH g(author) AS (VALUES ('it''s')) SELECT author FROM g FULL JOIN mentions USING (author) --'",
    "WITH g(author) AS (VALUES ($a('))) SELECT author FROM g FULL JOIN mentions USING (author) --'",
    "WITH g(cursor) AS (VALUES ('x')) SELECT cursor FROM g FULL JOIN cursors USING (cursor)",
    "WITH g(sql) AS (VALUES ('x')) SELECT sql FROM g FULL JOIN sqlite_schema USING (sql)",
    "WITH g(value) AS (VALUES ('x')) SELECT value FROM g FULL JOIN json_each('[1]') USING (value)",
    "WITH g(name) AS (VALUES ('x')) SELECT name FROM g FULL JOIN pragma_function_list USING (name)",
    "WITH g(pageno) AS (VALUES ('x')) SELECT pageno FROM g FULL JOIN dbstat USING (pageno)",
    # no statement at all
    "",
    ";",
    "-- nothing",
    "hello",
    "SELECT",
    "SELECT \0",
    "SELECT '\ud800'",
    "SELECT ?",
    "SELECT :name",
    # too much
    "SELECT hex(randomblob(400000000))",
    "SELECT zeroblob(2000000000)",
    "SELECT printf('%.*c', 500000000, 'x')",
    "SELECT " + "(" * 2000 + "1" + ")" * 2000,
    "SELECT " + " + ".join("1" * 5000),
    "SELECT 1 " + "UNION SELECT 1 " * 600,
    "SELECT '" + "x" * 200_000 + "'",
    "SELECT " + ", ".join(["1"] * 3000),
    f"SELECT {A} LIKE '{'%a' * 200}b'",
    LONG + "SELECT count(*) FROM n",
    LONG + "SELECT group_concat(i) FROM n",
    LONG + f"SELECT {A} FROM n LIMIT 1000000",
    LONG + "SELECT i FROM n ORDER BY i DESC",
    LONG + f"SELECT {A} || i FROM n LIMIT 2000 UNION SELECT 1",
    "SELECT count(*) FROM mention a, mention b, mention c, mention d, mention e, mention f, mention g",
    f"SELECT instr({A}, substr({A}, 1, 480000) || 'b')",
    f"SELECT replace({A}, substr({A}, 1, 480000) || 'b', '')",
    f"SELECT {A} GLOB '{'*a' * 45}b'",
]


def run_hostile(store, folder, sql):
    before = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
    started = time.monotonic()
    with pytest.raises(UsageError) as caught:
        analyst.select(store, sql.replace("{folder}", str(folder)), limit=1000, timeout=0.4)
    assert time.monotonic() - started < 0.4 + 1.6
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    assert CANARY not in message
    after = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
    assert before == after


@pytest.mark.parametrize("sql", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_statement_does_nothing_but_fail_clearly(store, folder, sql):
    run_hostile(store, folder, sql)


def test_what_no_filter_shows_is_in_no_column(store):
    for view in ("mention", "opinion"):
        assert CANARY not in str(analyst.select(store, f"SELECT * FROM {view}"))


MEASURE = """
import resource, sys
from candidly.errors import UsageError
from storage import analyst
from storage.store import Store
with Store.open(sys.argv[1]) as store:
    for sql in sys.argv[2:]:
        try:
            analyst.select(store, sql, timeout=0.4)
        except UsageError:
            pass
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_no_child_needs_much_memory(store):
    """A process of its own, whose largest child is the sandbox (the figure is in KiB)."""
    greedy = LONG + "SELECT group_concat(i) FROM n", f"SELECT {A} || {A}"
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(store.engine.url), *greedy],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 256 * 1024


def test_a_name_that_passes_for_a_view_is_not_enough():
    """The trap that the list of columns is there for: SQLite names a CTE as if it were the view."""
    allow = sandbox.authorizer(["mention"], ["mentions.body"], {"mentions"})
    read = sqlite3.SQLITE_READ
    assert allow(read, "mentions", "body", "main", "mention") == sqlite3.SQLITE_OK
    assert allow(read, "mentions", "author", "main", "mention") == sqlite3.SQLITE_DENY
    assert allow(read, "mentions", "body", "main", None) == sqlite3.SQLITE_DENY
    assert allow(read, "runs", "id", "main", "mention") == sqlite3.SQLITE_DENY
    for action in range(1, 34):
        if action not in (read, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_FUNCTION):
            assert allow(action, "x", "y", "main", "mention") == sqlite3.SQLITE_DENY

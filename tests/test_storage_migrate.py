"""Opening: new, older, newer, foreign and damaged databases."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from storage_samples import NOW, address, batch, mention, save

from candidly.errors import StoreError
from storage import engine as engines
from storage import migrations, queries, schema
from storage.store import Store

ROOT = Path(__file__).parents[1]
NOBODY = 65534

NEXT = f"{int(schema.VERSION) + 1:04}"

STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{last}"


def upgrade():
    with op.batch_alter_table("mentions", recreate="always") as table:
        table.add_column(sa.Column("extra", sa.Text(), server_default="new"))
    {more}
"""


def shape(file):
    plain = sqlite3.connect(file)
    found = plain.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    ).fetchall()
    plain.close()
    return sorted((kind, name, " ".join((sql or "").split())) for kind, name, sql in found)


def refused(url, match, create=True):
    """Opening fails with one line, and leaves the file as it was."""
    file = Path(url.removeprefix("sqlite:///"))
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(StoreError, match=match) as caught:
        Store.open(url, create=create)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert (file.read_bytes() if file.is_file() else None) == before


def test_a_new_database_equals_one_that_went_through_every_step(tmp_path):
    Store.open(address(tmp_path)).close()
    stepped = engines.connect(engines.parse(f"sqlite:///{tmp_path / 'stepped.db'}"))
    migrations.upgrade(stepped)
    stepped.dispose()
    for new, old in zip(shape(tmp_path / "candidly.db"), shape(tmp_path / "stepped.db"), strict=True):
        assert new == old


def test_the_last_step_is_the_version():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [schema.VERSION]
    assert all(step.revision.isdecimal() for step in script.walk_revisions())


def test_opening_twice_keeps_everything_and_needs_no_alembic(tmp_path):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from storage.store import Store\n"
        "from storage import queries\n"
        "with Store.open(sys.argv[2], create=False) as store:\n"
        "    print(queries.totals(store)['mentions'], 'alembic' in sys.modules, 'pandas' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), address(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False", "False"]


def with_next_step(tmp_path, monkeypatch, more="pass"):
    """Pretend that this candidly knows one step more."""
    steps = tmp_path / "versions"
    steps.mkdir(exist_ok=True)
    for file in migrations.VERSIONS.glob("v*.py"):
        (steps / file.name).write_text(file.read_text())
    step = STEP.format(more=more, next=NEXT, last=f"{int(NEXT) - 1:04}")
    (steps / f"v{NEXT}_extra.py").write_text(step)
    monkeypatch.setattr(migrations, "VERSIONS", steps)
    monkeypatch.setattr(schema, "VERSION", NEXT)


def test_an_older_database_is_copied_and_upgraded(tmp_path, monkeypatch):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"), mention("2"), cursor={"after": "2"})
        before = list(queries.dump(store, times=True))
    with_next_step(tmp_path, monkeypatch)
    with Store.open(address(tmp_path)) as store:
        assert list(queries.dump(store, times=True)) == before
        assert queries.mentions_frame(store, mention().company, mention().published, NOW).shape == (2, 15)
        with store.reading() as connection:
            extra = connection.exec_driver_sql("SELECT extra FROM mentions").scalars().all()
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("SELECT count(*) FROM opinion").scalar() == 4
    assert extra == ["new", "new"]
    copy = tmp_path / f"candidly.db.before-{NEXT}"
    assert oct(copy.stat().st_mode)[-3:] == "600"
    monkeypatch.undo()
    with Store.open(f"sqlite:///{copy}") as store:
        assert list(queries.dump(store, times=True)) == before


def test_an_older_database_without_mentions_is_upgraded_without_a_copy(tmp_path, monkeypatch):
    Store.open(address(tmp_path)).close()
    with_next_step(tmp_path, monkeypatch)
    Store.open(address(tmp_path)).close()
    assert not list(tmp_path.glob("*.before-*"))


def test_an_upgrade_that_fails_changes_nothing(tmp_path, monkeypatch):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"))
    before = shape(tmp_path / "candidly.db")
    with_next_step(tmp_path, monkeypatch, "op.execute('SELECT no_such_function()')")
    with pytest.raises(StoreError):
        Store.open(address(tmp_path))
    assert shape(tmp_path / "candidly.db") == before
    with_next_step(tmp_path, monkeypatch, "op.execute('DELETE FROM mentions')")
    with pytest.raises(StoreError, match="loose ends"):
        Store.open(address(tmp_path))
    assert shape(tmp_path / "candidly.db") == before
    monkeypatch.undo()
    with Store.open(address(tmp_path)) as store:
        assert queries.totals(store)["mentions"] == 1


def test_an_upgrade_killed_in_the_middle_changes_nothing(tmp_path, monkeypatch):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"))
    before = shape(tmp_path / "candidly.db")
    with_next_step(tmp_path, monkeypatch, "__import__('os')._exit(137)")
    pid = os.fork()
    if pid == 0:
        Store.open(address(tmp_path))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 137
    assert shape(tmp_path / "candidly.db") == before
    with_next_step(tmp_path, monkeypatch)
    with Store.open(address(tmp_path)) as store:
        assert queries.totals(store)["mentions"] == 1


def test_a_newer_database_is_refused(tmp_path):
    Store.open(address(tmp_path)).close()
    plain = sqlite3.connect(tmp_path / "candidly.db")
    plain.execute("UPDATE candidly_version SET version_num = '9999'")
    plain.commit()
    plain.close()
    refused(address(tmp_path), r"made by a newer candidly.*[Uu]pgrade")


@pytest.mark.parametrize("version", ["", "abc", None])
def test_a_database_without_a_version_is_refused(tmp_path, version):
    Store.open(address(tmp_path)).close()
    plain = sqlite3.connect(tmp_path / "candidly.db")
    plain.execute("DELETE FROM candidly_version")
    if version is not None:
        plain.execute("INSERT INTO candidly_version VALUES (?)", (version,))
    plain.commit()
    plain.close()
    refused(address(tmp_path), "does not say its version")


def test_somebody_elses_database_is_refused(tmp_path):
    plain = sqlite3.connect(tmp_path / "candidly.db")
    plain.execute("CREATE TABLE mentions (x)")
    plain.commit()
    plain.close()
    refused(address(tmp_path), "belongs to something else")


@pytest.mark.parametrize(
    "content", [b"hello", b"\0" * 5000, b"SQLite format 3\0", b"SQLite format 3\0" + b"\1" * 4080]
)
def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    (tmp_path / "candidly.db").write_bytes(content)
    refused(address(tmp_path), "not a SQLite database|damaged|not a candidly database")


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    with Store.open(address(folder)) as store:
        save(store, *(mention(str(n)) for n in range(200)))
    return (folder / "candidly.db").read_bytes()


@pytest.mark.parametrize("keep", [1, 50, 99, 100, 4095, 4096, 8192, -4096, -1])
def test_a_truncated_database_is_refused(tmp_path, healthy, keep):
    (tmp_path / "candidly.db").write_bytes(healthy[:keep])
    refused(address(tmp_path), "damaged|not a SQLite database")


@pytest.mark.parametrize("seed", range(16))
def test_a_corrupt_database_gives_answers_or_one_clear_error(tmp_path, healthy, seed):
    """Never a driver's error or a traceback, wherever the bytes are wrong."""
    dice = random.Random(seed)
    content = bytearray(healthy)
    for _ in range(40):
        at = dice.randrange(100 if seed % 2 else 0, len(content) - 64)
        content[at : at + 64] = dice.randbytes(64)
    (tmp_path / "candidly.db").write_bytes(content)
    try:
        with Store.open(address(tmp_path)) as store:
            list(queries.dump(store))
            queries.totals(store)
            queries.last_runs(store)
            store.save(store.begin_run("forum", NOW), batch(*(mention(str(n)) for n in range(100, 300))))
    except StoreError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both outcomes are right


def test_a_folder_and_a_missing_folder_are_refused(tmp_path):
    (tmp_path / "candidly.db").mkdir()
    refused(address(tmp_path), "is a folder")
    refused(f"sqlite:///{tmp_path / 'nowhere' / 'a.db'}", "cannot open")


def test_nothing_is_made_unless_asked(tmp_path):
    refused(address(tmp_path), "no database", create=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "candidly.db").touch()
    refused(address(tmp_path), "empty", create=False)
    Store.open(address(tmp_path)).close()


@pytest.fixture
def unprivileged(tmp_path):
    """A folder, and a user to whom file modes mean something: root becomes nobody for the test."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("mode", "what"), [(0o000, "file"), (0o400, "file"), (0o500, "folder"), (0, "folder")]
)
def test_a_database_without_the_right_to_write_is_refused(unprivileged, mode, what):
    if what == "file":
        Store.open(address(unprivileged)).close()
    target = unprivileged / "candidly.db" if what == "file" else unprivileged
    target.chmod(mode)
    try:
        with pytest.raises(StoreError, match=r"cannot open.*Permission denied"):
            Store.open(address(unprivileged))
    finally:
        target.chmod(0o700)


def test_a_folder_that_became_read_only_is_a_clear_error(unprivileged):
    Store.open(address(unprivileged)).close()
    unprivileged.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=r"cannot be opened|read-only"):
            Store.open(address(unprivileged))
    finally:
        unprivileged.chmod(0o700)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("candidly.db", "not a database address"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///a.db?mode=ro", "must name a file"),
        ("mysql://host/db", "not supported"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url, match):
    with pytest.raises(StoreError, match=match):
        Store.open(url)


def test_a_postgresql_address_gets_the_driver_that_the_extra_installs():
    assert engines.parse("postgresql://u@h/db").drivername == "postgresql+psycopg"
    assert engines.parse("postgresql+pg8000://u@h/db").drivername == "postgresql+pg8000"


def test_two_processes_may_make_the_database_at_once(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from storage.store import Store\n"
        "Store.open(sys.argv[2]).close()\n"
    )
    command = [sys.executable, "-c", code, str(ROOT), address(tmp_path)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [one.communicate(timeout=60)[1] for one in started] == [b""] * 3


@pytest.mark.slow
def test_making_the_database_can_be_killed_at_any_time(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from storage.store import Store\n"
        "print('ready', flush=True)\n"
        "Store.open(sys.argv[2]).close()\n"
    )
    for kill in range(30):
        folder = tmp_path / str(kill)
        folder.mkdir()
        command = [sys.executable, "-c", code, str(ROOT), address(folder)]
        one = subprocess.Popen(command, stdout=subprocess.PIPE)
        one.stdout.readline()
        time.sleep(0.002 * kill)
        one.send_signal(signal.SIGKILL)
        one.communicate()
        with Store.open(address(folder)) as store:
            save(store, mention("1"))


def test_the_views_can_be_read_where_schemas_are_not_trusted(tmp_path):
    Store.open(address(tmp_path)).close()
    engine = create_engine(address(tmp_path))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA trusted_schema=OFF")
        assert connection.exec_driver_sql("SELECT * FROM mention").all() == []
    engine.dispose()


def test_a_backup_that_cannot_be_made_stops_the_upgrade(tmp_path, monkeypatch):
    with Store.open(address(tmp_path)) as store:
        save(store, mention("1"))
    with_next_step(tmp_path, monkeypatch)
    (tmp_path / f"candidly.db.before-{NEXT}.part").mkdir()
    refused(address(tmp_path), "cannot copy the database")

"""Processes that write at once, that are killed, and that run for long."""

from __future__ import annotations

import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from storage_samples import NOW, address, batch, mention

from storage import queries
from storage.store import Store

ROOT = Path(__file__).parents[1]

WRITER = """
import sys
from datetime import timedelta
sys.path[:0] = sys.argv[1:3]
from storage_samples import NOW, batch, mention
from storage.store import Store
store = Store.open(sys.argv[3])
source, start, stop = sys.argv[4], int(sys.argv[5]), int(sys.argv[6])
run = store.begin_run(source, NOW)
at = (store.cursor(source) or {"at": start})["at"]
print("ready", flush=True)
while at < stop:
    items = [mention(str(n), source=source) for n in range(at, at + 20)]
    at += 20
    store.save(run, batch(*items, cursor={"at": at}, source=source))
"""


def start_writer(url, source, start, stop, failpoint=""):
    arguments = [ROOT, ROOT / "tests", url, source, start, stop]
    command = [sys.executable, "-c", WRITER, *map(str, arguments)]
    env = {"CANDIDLY_FAILPOINT": failpoint}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def test_two_processes_write_at_once(tmp_path):
    url = address(tmp_path)
    writers = [start_writer(url, source, 0, 600) for source in ("forum", "board")]
    errors = [writer.communicate(timeout=60)[1] for writer in writers]
    assert errors == [b"", b""]
    with Store.open(url) as store:
        assert queries.totals(store)["mentions"] == 1200
        assert {store.cursor("forum")["at"], store.cursor("board")["at"]} == {600}


def check(file, source):
    """The invariants, by plain SQL: nothing lost, nothing twice, the cursor never ahead of the rows."""
    plain = sqlite3.connect(file)
    assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
    found = plain.execute("SELECT cursor FROM cursors WHERE source = ?", (source,)).fetchone()
    at = json.loads(found[0])["at"] if found else 0
    assert plain.execute("SELECT count(*), count(DISTINCT id) FROM mentions").fetchone() == (at, at)
    assert plain.execute("SELECT count(*) FROM analyses").fetchone() == (at,)
    assert plain.execute("SELECT count(*) FROM opinions").fetchone() == (2 * at,)
    plain.close()
    return at


def kill_loop(folder, kills):
    url, at = address(folder), 0
    for kill in range(kills):
        writer = start_writer(url, "forum", 0, 1_000_000)
        writer.stdout.readline()
        time.sleep(0.01 + 0.13 * (kill * 0.618 % 1))
        writer.send_signal(signal.SIGKILL)
        writer.communicate(timeout=60)
        now = check(folder / "candidly.db", "forum")
        assert now >= at
        at = now
    assert at > 0


def test_kill_9_loses_nothing_and_repeats_nothing(tmp_path):
    kill_loop(tmp_path, 4)


FAILPOINTS = {"store.rows": 40, "store.commit": 40, "store.committed": 60}
"""Where to die in the third batch of 20 -> the rows that must be there."""


def test_every_failpoint_of_the_store_is_tried():
    text = "".join(path.read_text() for path in (ROOT / "storage").rglob("*.py"))
    assert set(re.findall(r"failpoints\.hit\(\"([\w.]+)\"\)", text)) == set(FAILPOINTS)


@pytest.mark.parametrize(("name", "kept"), FAILPOINTS.items())
def test_a_kill_inside_a_transaction(tmp_path, name, kept):
    writer = start_writer(address(tmp_path), "forum", 0, 200, failpoint=f"{name}:3")
    assert writer.communicate(timeout=60)[1] == b""
    assert writer.returncode == 137
    assert check(tmp_path / "candidly.db", "forum") == kept
    assert start_writer(address(tmp_path), "forum", 0, 200).communicate(timeout=60)[1] == b""
    assert check(tmp_path / "candidly.db", "forum") == 200


@pytest.mark.slow
def test_kill_9_sixty_times(tmp_path):
    kill_loop(tmp_path, 60)


def cut_wal(folder, cuts):
    """A power loss: the log ends anywhere, or its end is garbage. What was committed before that is there."""
    url = address(folder)
    with Store.open(url) as store:
        run = store.begin_run("forum", NOW)
        for at in range(20):
            store.save(run, batch(mention(str(at)), cursor={"at": at + 1}))
        content, log = ((folder / f"candidly.db{end}").read_bytes() for end in ("", "-wal"))
    dice, seen = random.Random(4), set()
    for cut in range(cuts):
        copy = folder / str(cut)
        copy.mkdir()
        end = dice.randrange(len(log))
        (copy / "candidly.db").write_bytes(content)
        (copy / "candidly.db-wal").write_bytes(log[:end] + (dice.randbytes(5000) if cut % 2 else b""))
        with Store.open(address(copy)) as store:
            run = store.begin_run("forum", NOW)
            at = (store.cursor("forum") or {"at": 0})["at"]
            seen.add(at)
            store.save(run, batch(mention(str(at)), cursor={"at": at + 1}))
        assert check(copy / "candidly.db", "forum") == at + 1
    assert len(seen) > 5


def test_a_power_loss_keeps_what_was_committed(tmp_path):
    cut_wal(tmp_path, 15)


@pytest.mark.slow
def test_a_power_loss_at_300_places(tmp_path):
    cut_wal(tmp_path, 300)


def test_it_does_not_grow_in_memory(tmp_path):
    """40 batches of 500 in a fresh process: the second half needs no more memory than the first."""
    code = WRITER.partition("print")[0] + (
        "import resource\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for b in range(40):\n"
        "    items = [mention(f'{b}-{n}') for n in range(500)]\n"
        "    store.save(run, batch(*items))\n"
        "    if b == 19: half = peak()\n"
        "print(peak() - half)\n"
    )
    command = [sys.executable, "-c", code, ROOT, ROOT / "tests", address(tmp_path), "forum", "0", "0"]
    done = subprocess.run([str(part) for part in command], capture_output=True, check=True)
    assert int(done.stdout) < 8 * 1024

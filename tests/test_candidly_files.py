"""write_atomic: whole or not at all."""

import os
import stat
import threading
from pathlib import Path

import pytest

from candidly.errors import UsageError
from candidly.files import check_writable, write_atomic


def test_writes_text_and_bytes_and_makes_the_folder(tmp_path: Path):
    write_atomic(tmp_path / "a" / "b" / "x.txt", "grüße")
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == "grüße".encode()
    write_atomic(tmp_path / "y.bin", b"\x00\xff")
    assert (tmp_path / "y.bin").read_bytes() == b"\x00\xff"


def test_a_reader_never_sees_a_part(tmp_path: Path):
    path = tmp_path / "report.html"
    versions = [bytes([65 + n]) * 20_000 for n in range(3)]
    write_atomic(path, versions[0])
    done, seen = threading.Event(), set()

    def read():
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(200):
        write_atomic(path, versions[n % 3])
    done.set()
    reader.join()
    assert seen <= set(versions)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path, monkeypatch):
    path = tmp_path / "report.html"
    write_atomic(path, "old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_syncs_the_file_before_the_rename_and_the_folder_after(tmp_path: Path, monkeypatch):
    calls, fsync, replace = [], os.fsync, os.replace

    def spy_sync(descriptor):
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def spy_replace(self, target):
        calls.append("rename")
        replace(self, target)

    monkeypatch.setattr(os, "fsync", spy_sync)
    monkeypatch.setattr(Path, "replace", spy_replace)
    write_atomic(tmp_path / "x", "data")
    assert calls == ["file", "rename", "folder"]


def test_does_not_write_through_a_link(tmp_path: Path):
    outside = tmp_path / "outside.txt"
    outside.write_text("precious")
    (tmp_path / "link").symlink_to(outside)
    write_atomic(tmp_path / "link", "new")
    assert outside.read_text() == "precious"


@pytest.mark.parametrize("name", ["a/b/x.html", "x.html"])
def test_what_can_be_written_passes_and_nothing_is_left(tmp_path: Path, name):
    check_writable(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file/x.html", "file/a/x.html", "n" * 300])
def test_what_cannot_be_written_is_told_before_the_work(tmp_path: Path, name):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        check_writable(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_is_told_before_the_work_and_nothing_is_left(tmp_path: Path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        check_writable(tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []

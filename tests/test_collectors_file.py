from __future__ import annotations

import csv
import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from file_world import SIMPLE, World, table
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from candidly.errors import CollectorError, Degraded, UsageError
from candidly.records import Reject
from collectors.file import CHUNK, FileSettings
from collectors.rejects import RejectFile
from collectors.rows import EMPTY


def test_finished_files_are_skipped_changed_ones_read_again(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "sub/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        table(tmp_path / name, 3)
    world = World(tmp_path, ".", columns=SIMPLE).run()
    assert len(world.mentions) == 9
    assert list(world.cursor["files"]) == ["a.csv", "b.csv", "sub/c.csv"]
    again = World(tmp_path, ".", columns=SIMPLE).run(world.cursor)
    assert (again.mentions, again.context.notes) == ([], ["3 files unchanged"])
    table(tmp_path / "b.csv", 4)
    (tmp_path / "a.csv").unlink()
    later = World(tmp_path, ".", columns=SIMPLE).run(world.cursor)
    assert len(later.mentions) == 4
    assert list(later.cursor["files"]) == ["b.csv", "sub/c.csv"]


def test_other_settings_read_a_file_again(tmp_path: Path) -> None:
    table(tmp_path / "a.csv", 3)
    cursor = World(tmp_path, "a.csv", columns=SIMPLE).run().cursor
    assert World(tmp_path, "a.csv", columns=SIMPLE, every="1d").run(cursor).mentions == []
    assert len(World(tmp_path, "a.csv", columns=SIMPLE, stars_scale=10).run(cursor).mentions) == 3


@pytest.mark.parametrize("cursor", [{}, {"files": []}, {"files": {"a.csv": {"rows": "x"}}}, {"after": 5}])
def test_a_cursor_that_is_not_ours_means_from_the_start(tmp_path: Path, cursor: Any) -> None:
    table(tmp_path / "a.csv", 3)
    assert len(World(tmp_path, "a.csv", columns=SIMPLE).run(cursor).mentions) == 3


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 3 * CHUNK), min_size=1, max_size=3),
    deaths=st.lists(st.integers(0, 4), max_size=4),
)
def test_dying_after_any_unit_repeats_and_loses_nothing(
    tmp_path_factory: Any, sizes: list[int], deaths: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("resume")
    for index, size in enumerate(sizes):
        table(folder / f"{index}.csv", size, first=index * 10_000)
    whole = [mention.id for mention in World(folder, ".", columns=SIMPLE).run().mentions]
    assert len(whole) == sum(sizes)
    pieces, cursor = [], None
    for units in [*deaths, 10**9]:
        world = World(folder, ".", columns=SIMPLE).run(cursor, units)
        pieces += [mention.id for mention in world.mentions]
        cursor = world.cursor
    assert pieces == whole
    assert World(folder, ".", columns=SIMPLE).run(cursor).mentions == []


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    table(tmp_path / "a.csv", 2)
    (tmp_path / "b.csv").write_bytes(b"%PDF-1.7")
    packed = gzip.compress(
        "".join(["id,text,stars,day\n", *(f"c{n},Words {n},3,\n" for n in range(900))]).encode()
    )
    (tmp_path / "c.csv.gz").write_bytes(packed[:-500])
    table(tmp_path / "d.csv", 2, first=50)
    world = World(tmp_path, ".", columns=SIMPLE)
    with pytest.raises(
        CollectorError, match=r"2 of 4 files .* b\.csv: it is a PDF.*; c\.csv\.gz: .*cut off"
    ) as caught:
        world.run()
    assert caught.value.permanent
    kept = [mention.id for mention in world.mentions]
    assert kept[:3] == ["0", "1", "c0"]
    assert kept[-2:] == ["50", "51"]
    assert world.cursor["files"]["c.csv.gz"] | {"sha256": "", "settings": ""} == {
        "sha256": "", "settings": "", "rows": len(kept) - 4, "done": False,
    }  # fmt: skip
    again = World(tmp_path, ".", columns=SIMPLE)
    with pytest.raises(CollectorError, match="cut off"):
        again.run(world.cursor)
    assert again.mentions == []


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    for path in ("none.csv", "none/*.csv", "../x\n.csv"):
        with pytest.raises(CollectorError, match="no file is at") as caught:
            World(tmp_path, path).run()
        assert caught.value.permanent
    world = World(tmp_path, ".").run()
    assert world.context.notes == ["no file to read in the folder yet"]


def test_a_folder_leaves_out_what_is_hidden_foreign_or_outside(tmp_path: Path) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    inbox.mkdir()
    outside.mkdir()
    table(outside / "secret.csv", 2)
    table(inbox / "real.csv", 1)
    for name in (".hidden.csv", "~$open.xlsx", "README.txt"):
        (inbox / name).write_text("x")
    (inbox / "link.csv").symlink_to(outside / "secret.csv")
    (inbox / "folder").symlink_to(outside)
    (inbox / "inside.csv").symlink_to(inbox / "real.csv")
    world = World(tmp_path, "inbox", columns=SIMPLE).run()
    assert list(world.cursor["files"]) == ["inside.csv", "real.csv"]
    assert world.context.notes == [
        "not read, links that leave the folder: folder, link.csv",
        "not read, no known format by name: README.txt",
    ]
    assert len(World(tmp_path, "inbox/link.csv", columns=SIMPLE).run().mentions) == 2  # named on purpose


def test_a_file_name_that_is_no_text_can_be_remembered(tmp_path: Path) -> None:
    table(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv")), 1)
    world = World(tmp_path, ".", columns=SIMPLE).run()
    assert list(world.cursor["files"]) == ["caf\ufffd.csv"]
    json.dumps(world.cursor).encode()


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    table(tmp_path / "a.csv", 2)
    assert len(World(tmp_path / "elsewhere", "~/a.csv", columns=SIMPLE).run().mentions) == 2


def test_saved_pages(tmp_path: Path) -> None:
    review = {
        "@type": "Review", "name": "Calm", "reviewBody": "They answered within a day.",
        "datePublished": "2026-05-03", "reviewRating": {"ratingValue": 4},
        "itemReviewed": {"@type": "Organization", "name": "Halden & Price"},
    }  # fmt: skip
    page = f'<html><script type="application/ld+json">{json.dumps(review)}</script></html>'
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(page.encode()))
    world = World(tmp_path, ".", site="example.com", kind="interview").run()
    assert [(m.about, m.stars, m.kind, m.site) for m in world.mentions] == [
        ("Halden & Price", 4.0, "interview", "example.com")
    ] * 2
    assert world.mentions[0].id == world.mentions[1].id
    assert World(tmp_path, ".", site="example.com", kind="interview").run(world.cursor).context.notes == [
        "2 files unchanged"
    ]


def test_a_saved_page_without_reviews_is_degraded_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html><p>Please sign in</p></html>")
    for _ in range(2):
        with pytest.raises(Degraded, match="no reviews in it"):
            list(World(tmp_path, ".").collector.fetch(None))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("encoding", "klingon"),
        ("encoding", "rot13"),
        ("path", ""),
        ("path", "a\0b"),
        ("columns", {"company": "x"}),
        ("stars_scale", 1),
        ("preset", "monster"),
    ],
)
def test_settings_that_make_no_sense_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        FileSettings(**{"name": "export", "type": "file", "path": "a.csv", key: value})


def test_rejects_are_written_once_guarded_and_only_if_there_are_any(tmp_path: Path) -> None:
    started = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert RejectFile(tmp_path, "export", started).close() is None
    assert list(tmp_path.iterdir()) == []
    rejects = RejectFile(tmp_path, "export", started)
    rejects.add(Reject("=cmd|x.csv:17", EMPTY))
    path = rejects.close()
    assert path == tmp_path / "export-20261124T073000Z.csv"
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [["where", "reason"], ["'=cmd|x.csv:17", EMPTY]]
    (tmp_path / "blocked").write_text("")
    blocked = RejectFile(tmp_path / "blocked", "export", started)
    blocked.add(Reject("a:1", EMPTY))
    with pytest.raises(UsageError):
        blocked.close()

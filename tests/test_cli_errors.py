"""Bad input: one message that says what to do, and the documented exit code; never a traceback."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pytest
from house import CONFIG, HEADER, House, make


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make(tmp_path, rows=5)


def edit(house: House, old: str, new: str) -> None:
    house.write("config.yaml", CONFIG.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("path: inbox", "pathh: inbox", "did you mean `path`"),
        ("sources:", "surces:", "did you mean `sources`"),
        ("type: file, path: inbox", "type: fyle, path: inbox", "did you mean `file`"),
        ("path: inbox", "path: [1, 2]", "sources.0.path"),
        ("aliases: [Northwind]", "aliases: Northwind\n    aliases: [x]", "twice"),
        ("aliases: [Northwind]", "aliases: [Northwind", "config.yaml:"),
        ("company: Northwind Robotics", "company: Norhtwind", "is not the name of one of `companies`"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_place(house: House, old: str, new: str, says: str) -> None:
    edit(house, old, new)
    done = house.run("run")
    assert done.code == 2
    assert says in done.err
    assert "config.yaml:" in done.err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("run", "--config", "x.yaml"), "candidly --config x.yaml run"),
        (("run", "--config=x.yaml"), "candidly --config x.yaml run"),
        (("run", "-q"), "candidly -q run"),
        (("run", "--quiet"), "candidly --quiet run"),
        (("report", "-c", "x.yaml"), "candidly -c x.yaml report"),
        (("report", "-cx.yaml"), "candidly -c x.yaml report"),
        (("keep", "--now"), "candidly --now 2026-02-16 keep"),
        (("alerts", "show", "--debug", "x"), "candidly --debug alerts show"),
        (("status", "--log-format", "json"), "candidly --log-format json status"),
    ],
)
def test_an_option_for_every_command_behind_one_is_shown_its_place(
    house: House, args: tuple[str, ...], says: str
) -> None:
    done = house.run(*args)
    assert (done.code, done.out) == (2, "")
    assert done.err.strip().endswith(f"write it before the command: {says}")


def test_any_other_unknown_option_is_told_as_ever(house: House) -> None:
    done = house.run("run", "--confg", "x.yaml")
    assert done.code == 2
    assert "No such option" in done.err
    assert "before the command" not in done.err
    assert "before the command" not in house.run("--verbose", "run").err


def test_a_missing_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    done = House(tmp_path).run("run")
    assert done.code == 2
    assert "candidly init" in done.err


def test_an_absent_secret_is_named(house: House) -> None:
    reddit = (
        "  - {name: r, type: reddit, subreddits: [jobs], new: true, reddit_username: tester, "
        "base_url: 'http://127.0.0.1:9', terms_read: 2026-01-01, permission: x}\n"
    )
    edit(house, "sources:\n", "sources:\n" + reddit)
    done = house.run("collect")
    assert done.code == 3
    assert "REDDIT_CLIENT_ID" in done.out + done.err


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be read as one" * 20, b"SQLite format 3\x00xx"]
)
def test_an_unreadable_database_is_left_as_it_is(house: House, content: bytes) -> None:
    path = house.folder / "candidly.db"
    path.write_bytes(content)
    done = house.run("run")
    assert done.code == 2
    assert len(done.err.strip().splitlines()) <= 3
    assert path.read_bytes() == content


def test_a_newer_schema_is_refused(house: House) -> None:
    house.run("collect")
    with sqlite3.connect(house.folder / "candidly.db") as db:
        (table,) = db.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE '%version%' AND type='table'"
        ).fetchone()
        (column,) = [row[1] for row in db.execute(f"PRAGMA table_info({table})")][:1]
        db.execute(f"UPDATE {table} SET {column} = '9999'")  # noqa: S608 - names from the schema itself
    db.close()
    done = house.run("run")
    assert done.code == 2
    assert "newer" in done.err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("shape.csv", b"a,b,c\n1,2,3\n", "columns"),
        (
            "cut.csv.gz",
            gzip.compress(HEADER.encode() + b"1,4,,t,p,c,2026-01-05,\n" * 5000, mtime=0)[:200],
            "cut.csv.gz",
        ),
        ("page.html", b"<html><body><h1>Please sign in</h1></body></html>", "no reviews"),
    ],
)
def test_a_bad_file_is_named_and_the_good_ones_are_kept(
    house: House, name: str, content: bytes, says: str
) -> None:
    (house.folder / "inbox" / name).write_bytes(content)
    done = house.run("collect")
    assert done.code == 3
    assert says in done.out
    assert house.run(
        "query", "SELECT count(*) AS n FROM mention WHERE title LIKE 'Review number%'", "--json"
    ).json == [{"n": 5}]


def test_a_page_without_reviews_is_degraded_not_quiet(tmp_path: Path) -> None:
    house = make(tmp_path, rows=0)
    (house.folder / "inbox" / "reviews.csv").unlink()
    house.write("inbox/page.html", "<html><body><h1>Please sign in</h1></body></html>")
    done = house.run("run", "--json")
    assert done.code == 1
    assert done.json["sources"][0]["status"] == "degraded"
    assert any("inbox" in title for title in done.json["incidents"])


def test_odd_rows_are_kept_or_rejected_with_a_reason(tmp_path: Path) -> None:
    house = make(tmp_path, rows=0)
    rows = [
        ("2026-01-05", "long " * 40_000),  # 200 kB
        ("2026-01-05", "\U0001f600" * 20_000),
        ("2026-01-05", "nul \x00 byte"),
        ("2999-01-05", "from the future"),
    ]
    text = "".join(f"{i},4,,title {i},{body},c,{day},\n" for i, (day, body) in enumerate(rows))
    house.write("inbox/reviews.csv", HEADER + text)
    (source,) = house.run("collect", "--json").json
    assert source["stored"] == 3
    assert source["rejected"] == 1
    assert any("future" in reason or "date" in reason for reason in source["reasons"])


def test_an_unknown_source_or_company_gets_a_hint(house: House) -> None:
    done = house.run("collect", "inbx")
    assert done.code == 2
    assert "Did you mean 'inbox'?" in done.err
    assert house.run("report", "--company", "Nobody").code == 2
    assert house.run("report", "--week", "soon").code == 2


def test_sql_that_writes_is_refused(house: House) -> None:
    done = house.run("query", "DELETE FROM mentions")
    assert done.code == 2
    assert "Traceback" not in done.err

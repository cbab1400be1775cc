from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.csvrows import MAX_COLUMNS, TOO_FEW, TOO_MANY, column_names, sniff_delimiter
from collectors.jsonrows import key
from collectors.tables import Format, format_of, open_table, sniff_format
from collectors.textfile import Unreadable

HEADER = "id,text\n"


def never(columns: Iterable[str]) -> bool:
    return False


def rows(path: Path, form: Format | None = None, encoding: str = "auto", fits: Any = never) -> list[Any]:
    with open_table(path, form or format_of(path) or "csv", encoding, fits) as table:
        return list(table.rows)


def good(path: Path, form: Format | None = None, **more: Any) -> list[dict[str, Any]]:
    return [row for _, row in rows(path, form, **more)]


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def write(name: str, data: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


@pytest.mark.parametrize(
    "data",
    [
        b"id,text\n1,caf\xc3\xa9\n",
        b"\xef\xbb\xbfid,text\n1,caf\xc3\xa9\n",
        b"id,text\n1,caf\xe9\n",
        "id,text\n1,café\n".encode("utf-16"),
        b"\xff\xfe" + "id,text\r\n1,café\r\n".encode("utf-16-le"),
        b"\xfe\xff" + "id,text\n1,café\n".encode("utf-16-be"),
        b"id;text\r\n1;caf\xc3\xa9\r\n",
        b"id\ttext\r1\tcaf\xc3\xa9\r",
        b"id|text\n1|caf\xc3\xa9",
        b"\n\n ID , Text \n1,caf\xc3\xa9\n\n\n",
        b"id, text\n1, caf\xc3\xa9\n",
        b'id,text\n1,"caf\xc3\xa9"\n',
        b"id,text\n1,ca\0f\xc3\xa9\n",
        b"id,text\n1,caf\xc3\xa9,,\n",
        gzip.compress(b"id,text\n1,caf\xc3\xa9\n", mtime=0),
    ],
)
def test_the_same_row_however_it_is_written(put: Any, data: bytes) -> None:
    assert good(put("export.csv", data)) == [{"id": "1", "text": "café"}]


def test_a_stray_old_byte_does_not_spoil_the_utf_8_around_it(put: Any) -> None:
    path = put("export.csv", b"id,text\n1,caf\xc3\xa9 isn\x92t\n")
    with open_table(path, "csv", "auto", never) as table:
        assert [row for _, row in table.rows] == [{"id": "1", "text": "café isn’t"}]
        assert table.mended() == 1


def test_a_stated_encoding_is_held_to(put: Any) -> None:
    assert (
        good(put("a.csv", "id,text\n1,日本\n".encode("shift_jis")), encoding="shift_jis")[0]["text"] == "日本"
    )
    with pytest.raises(Unreadable, match="not in ascii: set `encoding`"):
        rows(put("b.csv", "id,text\n1,日本\n"), encoding="ascii")


def test_lines_are_those_of_the_file_and_broken_rows_cost_only_themselves(put: Any) -> None:
    path = put("a.csv", HEADER + '1,"two\nlines"\n\n2\n3,x,y\n4,end\n')
    assert rows(path) == [
        (2, {"id": "1", "text": "two\nlines"}),
        (5, TOO_FEW),
        (6, TOO_MANY),
        (7, {"id": "4", "text": "end"}),
    ]


def test_repeated_columns_do_not_hide_each_other(put: Any) -> None:
    assert good(put("a.csv", "a,A,b\n1,2,3\n")) == [{"a": "1", "a (2)": "2", "b": "3"}]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["c", "c", "c", "C "], ["c", "c (2)", "c (3)", "c (4)"]),
        (["c", "c (2)", "c", "c"], ["c", "c (2)", "c (3)", "c (4)"]),
        (["c", "c", "c (2)", "c"], ["c", "c (3)", "c (2)", "c (4)"]),
        (["c (2)", "c (2)", "c", "c"], ["c (2)", "c (2) (2)", "c", "c (3)"]),
        ([None, "", " "], ["", " (2)", " (3)"]),
    ],
)
def test_every_repeated_column_has_a_name_of_its_own(header: list[Any], names: list[str]) -> None:
    assert column_names(header) == tuple(names)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["a", "A", "a (2)", "a (2) (2)", "a (3)", "b", ""]), max_size=12))
def test_no_two_columns_share_a_name_and_the_first_keeps_its_own(header: list[str]) -> None:
    names = column_names(header)
    assert len(set(names)) == len(header)
    told = [key(name) for name in header]
    assert all(names[told.index(name)] == name for name in told)


def test_numbering_columns_costs_each_name_once() -> None:
    class Name(str):
        looks = 0

        def __eq__(self, other: object) -> bool:
            Name.looks += 1
            return str.__eq__(self, other)  # type: ignore[no-any-return]

        __hash__ = str.__hash__

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collectors.csvrows.key", Name)
        half = MAX_COLUMNS // 2
        assert len(column_names(["c"] * half + [f"c ({n})" for n in range(2, half + 2)])) == MAX_COLUMNS
    assert Name.looks < 10 * MAX_COLUMNS


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n \n", "empty"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"\xd0\xcf\x11\xe0rest", "old .xls"),
        ("a.csv", bytes(range(32)) * 40, "binary"),
        ("a.csv", ",".join(f"c{n}" for n in range(3000)).encode(), "more than 2000 columns"),
        ("a.csv", b'"a,b\n' + b"x\n" * 300_000, "does not begin with a line of column names"),
        ("a.csv", b"a,b\n" + b"x" * 8_000_001, "a line of more than 8 million"),
        (
            "a.csv.gz",
            gzip.compress(b"id,text\n" + (b"1," + b"x" * 7_000_000 + b"\n") * 12, mtime=0),
            "unpacks to more than 200 times",
        ),
        ("a.csv.gz", gzip.compress(b"id,text\n", mtime=0)[:-12] + b"\0" * 12, "damaged"),
        ("a.xlsx", b"PK\x03\x04 nothing", "no .xlsx workbook"),
        ("a.xlsx", b"id,text\n", "no .xlsx workbook"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b'{"a":' * 100_000, "nested too deeply"),
        ("a.json", b'{"a": 1', "not valid JSON"),
        ("a.json", b"3", "neither an object nor an array"),
    ],
)
def test_what_cannot_be_read_says_why(put: Any, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        rows(put(name, data))


@pytest.mark.parametrize(("name", "form"), [("a.csv", "csv"), ("a.jsonl", "jsonl"), ("a.json", "json")])
@pytest.mark.parametrize("count", [50, 20_000])
def test_a_cut_off_gzip_gives_its_rows_and_then_fails(put: Any, name: str, form: Format, count: int) -> None:
    items = [{"id": str(n), "text": f"review {n * 7919 % 10007}"} for n in range(count)]
    plain = {
        "csv": HEADER + "".join(f"{item['id']},{item['text']}\n" for item in items),
        "jsonl": "".join(json.dumps(item) + "\n" for item in items),
        "json": json.dumps(items),
    }[form]
    packed = gzip.compress(plain.encode())
    found = []
    with (
        pytest.raises(Unreadable, match="cut off"),
        open_table(put(name, packed[: len(packed) * 2 // 3]), form, "auto", never) as table,
    ):
        found.extend(table.rows)
    assert len(found) > count // 3
    assert [row for _, row in found] == items[: len(found)]


def test_json_in_all_its_shapes(put: Any) -> None:
    item = {"ID": 1, "User": {"Name": "x", "Deep": {"er": {"est": 2}}}}
    flat = {"id": 1, "user.name": "x", "user.deep.er": {"est": 2}}
    one = json.dumps(item)
    assert good(put("a.json", f"[{one}, {one}]")) == [flat, flat]
    assert good(put("b.json", f"{one}\n\n{one}\n")) == [flat, flat]
    assert good(put("c.jsonl", f"{one}\r\n{one}")) == [flat, flat]
    within = {"page": 1, "n": [1, 2, 3], "reviews": [item]}
    assert good(put("d.json", json.dumps(within))) == [{"of.page": 1, **flat}]
    assert good(put("e.json", json.dumps({"data": {"reviews": [item]}}))) == [flat]
    assert good(put("f.json", json.dumps({"k1": item, "k2": item}))) == [
        {"_key": "k1", **flat},
        {"_key": "k2", **flat},
    ]
    assert good(put("g.json", json.dumps({"id": 5, "text": "x"}, indent=1))) == [{"id": 5, "text": "x"}]
    assert good(put("h.json", "[]")) == []
    assert good(put("i.json", b"\xef\xbb\xbf[" + one.encode() + b"]")) == [flat]


def test_of_several_arrays_that_which_looks_like_reviews_is_read(put: Any) -> None:
    path = put("a.json", json.dumps({"languages": [{"n": 1}] * 9, "reviews": [{"text": "x"}]}))
    assert good(path, fits=lambda columns: "text" in columns) == [{"text": "x"}]
    assert len(good(path)) == 9


def test_broken_json_costs_an_item_or_what_comes_after(put: Any) -> None:
    assert rows(put("a.jsonl", '{"a": 1}\n{"a": \n[2]\n{"a": NaN}\n')) == [
        (1, {"a": 1}),
        (2, "not valid JSON"),
        (3, "not a JSON object"),
        (4, {"a": None}),
    ]
    found = []
    with (
        pytest.raises(Unreadable, match="after item 2"),
        open_table(put("b.json", '[{"a": 1}, 7, {"a": tru'), "json", "auto", never) as table,
    ):
        found.extend(table.rows)
    assert found == [(1, {"a": 1}), (2, "not a JSON object")]


def workbook(path: Path, *sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet()
        for cells in sheet:
            page.append(cells)
    book.save(path)
    return path


def test_workbooks(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", [], [["Note"]], [[], ["ID", "Text "], [1, "x"], [], [2], [3, "y", "z"]]
    )
    with open_table(path, "xlsx", "auto", lambda columns: "text" in columns) as table:
        assert list(table.rows) == [(3, {"id": 1, "text": "x"}), (5, {"id": 2, "text": None}), (6, TOO_MANY)]
        assert table.notes == ["one of its 2 sheets was read"]
    packed = tmp_path / "a.xlsx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert good(packed, fits=lambda columns: "text" in columns)[0] == {"id": 1, "text": "x"}
    with pytest.raises(Unreadable, match="no rows"):
        rows(workbook(tmp_path / "b.xlsx", []))


def test_a_workbook_with_a_broken_part_is_refused_plainly(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id"], [1]])
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if name.endswith("sheet1.xml") else data)
    with pytest.raises(Unreadable, match="workbook is damaged"):
        rows(broken)


def test_a_workbook_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id"], *([n] for n in range(500))])
    monkeypatch.setattr("collectors.xlsxrows.MAX_PARTS", 2_000)
    with pytest.raises(Unreadable, match="unpacks to too much"):
        rows(path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'<row r="3"', b'<row r="99999999"', "claims more than"),
        (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "haha">]><worksheet', "workbook is damaged"),
        (b"<t>x</t>", b"<t>&a;</t>", "workbook is damaged"),
    ],
)
def test_a_forged_sheet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes, reason: str
) -> None:
    monkeypatch.setattr("collectors.xlsxrows.MAX_ROWS", 1_000)
    path = workbook(tmp_path / "a.xlsx", [["id"], ["x"], ["y"]])
    forged = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(forged, "w") as parts:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("sheet1.xml"):
                assert old in data
                data = data.replace(old, new, 1)
            parts.writestr(name, data)
    with pytest.raises(Unreadable, match=reason):
        rows(forged)


def test_formats_by_name_and_by_content(put: Any) -> None:
    assert format_of(Path("a.CSV.gz")) == "csv"
    assert format_of(Path("a.b.ndjson")) == "jsonl"
    assert format_of(Path("SOURCE.txt")) is None
    assert format_of(Path("gz")) is None
    assert sniff_format(put("a", " \n[1]")) == "json"
    assert sniff_format(put("b", "<!doctype html>")) == "html"
    assert sniff_format(put("c", "id,text")) == "csv"
    assert sniff_format(put("d", b"PK\x03\x04")) == "xlsx"


def test_delimiters_inside_texts_do_not_confuse() -> None:
    assert sniff_delimiter(["id,text\n", '1,"a;b;c;d"\n', "2,x;y\n"]) == ","
    assert sniff_delimiter(["id;text\n", "1;a, b, c\n"]) == ";"
    assert sniff_delimiter(["text\n", "just words\n"]) == ","


# A file with many control characters is taken for no text at all.
_CONTROL = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r")
CELL = st.text(st.characters(codec="utf-8", exclude_characters=_CONTROL), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    table=st.lists(st.tuples(CELL, CELL, CELL), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    packed=st.booleans(),
)
def test_csv_round_trip(
    tmp_path_factory: Any, table: Any, delimiter: str, encoding: str, packed: bool
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("one", "two", "three"), *table])
    data = text.getvalue().encode(encoding)
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
    found = good(path)
    assert [tuple(row.values()) for row in found] == table


JSON = st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers(-9, 9) | CELL, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, min_size=2, max_size=8), st.sampled_from([1, 7, 64]))
def test_json_array_is_the_same_in_blocks_of_any_size(tmp_path_factory: Any, items: Any, block: int) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        whole = good(path)
        patch.setattr("collectors.textfile.BLOCK", block)
        assert good(path) == whole
    assert len(whole) == len(items)


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_memory_stays_flat(tmp_path: Path, form: Format) -> None:
    path = tmp_path / f"a.{form}"
    words = "word " * 40
    with path.open("w") as file:
        file.write({"csv": HEADER, "jsonl": "", "json": "["}[form])
        for n in range(40_000):
            comma = "," if n else ""
            item = f'{{"id": {n}, "text": "{words}"}}'
            file.write({"csv": f"{n},{words}\n", "jsonl": item + "\n", "json": comma + item}[form])
        file.write("]" if form == "json" else "")
    assert path.stat().st_size > 8_000_000
    tracemalloc.start()
    try:
        with open_table(path, form, "auto", never) as table:
            assert sum(1 for _ in table.rows) == 40_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()

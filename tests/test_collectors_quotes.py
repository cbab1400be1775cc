"""A quote that is never closed in delimited text: its own row is lost, and no other."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from house import make
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.csvrecords import LONGEST_FIELD, LONGEST_RECORD, TOO_LONG, UNCLOSED, Lines, records
from collectors.csvrows import TOO_FEW, TOO_MANY
from collectors.tables import open_table
from collectors.textfile import Unreadable


def never(columns: Iterable[str]) -> bool:
    return False


def read(folder: Path, text: str) -> list[tuple[int, Any]]:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with open_table(path, "csv", "auto", never) as table:
        return [(number, tuple(row.values()) if isinstance(row, dict) else row) for number, row in table.rows]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('1,"oops,1\n2,b,2\n3,c,3\n', [(2, UNCLOSED), (3, ("2", "b", "2")), (4, ("3", "c", "3"))]),
        ('1,"said ""no"",1\n2,b,2\n', [(2, UNCLOSED), (3, ("2", "b", "2"))]),
        # The next quote closes it: in the very next row, or after some that have none.
        ('1,"oops,1\n2,"b",2\n3,c,3\n', [(2, UNCLOSED), (3, ("2", "b", "2")), (4, ("3", "c", "3"))]),
        ('1,"oops,1\n2,b,2\n3,"c",3\n', [(2, UNCLOSED), (3, ("2", "b", "2")), (4, ("3", "c", "3"))]),
        ('1,"oops,1\n2,", but no",2\n', [(2, UNCLOSED), (3, ("2", ", but no", "2"))]),
        ('1,"oops,1\n2,"b\n\nb",2\n', [(2, UNCLOSED), (3, ("2", "b\n\nb", "2"))]),
        # The rest of a broken text is part of its row.
        ('1,"oops\nand more\n\n2,b,2\n', [(2, UNCLOSED), (5, ("2", "b", "2"))]),
        ('1,"a,1\n2,"b,2\n3,c,3\n', [(2, UNCLOSED), (3, UNCLOSED), (4, ("3", "c", "3"))]),
        # At the end of a file there is no other row.
        ('1,a,1\n2,b,"oops\n', [(2, ("1", "a", "1")), (3, UNCLOSED)]),
        ('1,a,1\n2,b,"oops\nand more', [(2, ("1", "a", "1")), (3, UNCLOSED)]),
    ],
)
def test_the_broken_row_alone_is_rejected(tmp_path: Path, rows: str, found: Any) -> None:
    assert read(tmp_path, "id,text,rating\n" + rows) == found


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('1,"two\nlines",1\n', [(2, ("1", "two\nlines", "1"))]),
        ('1,"two\n""lines"", x",1\n', [(2, ("1", 'two\n"lines", x', "1"))]),
        ('1,"two\n\n\nlines\n",1,,\n', [(2, ("1", "two\n\n\nlines\n", "1"))]),
        ('1,"a table:\n7,x,7",1\n', [(2, ("1", "a table:\n7,x,7", "1"))]),
        ('1,"two\nlines"\n2,b,2\n', [(2, TOO_FEW), (4, ("2", "b", "2"))]),
        ('1,"two\nlines",1,x\n2,b,2\n', [(2, TOO_MANY), (4, ("2", "b", "2"))]),
        ('1,"he said "no" to me",1\n', [(2, ("1", 'he said no" to me"', "1"))]),
        ('1,"first\nhe said "no" to me",1\n', [(2, ("1", 'first\nhe said no" to me"', "1"))]),
        ('1,5" screens,1\n2,b,2\n', [(2, ("1", '5" screens', "1")), (3, ("2", "b", "2"))]),
    ],
)
def test_what_only_looks_broken_is_read_as_before(tmp_path: Path, rows: str, found: Any) -> None:
    assert read(tmp_path, "id,text,rating\n" + rows) == found


def test_a_quote_that_is_open_longer_than_any_field(tmp_path: Path) -> None:
    filler = "".join(f"{n},{'x' * 90}\n" for n in range(5000))
    found = read(tmp_path, 'id,text\n1,"oops\n' + filler)
    assert found[0] == (2, UNCLOSED)
    assert found[1:] == [(n + 3, (str(n), "x" * 90)) for n in range(5000)]
    assert read(tmp_path, f'id,text\n1,"{"x" * (LONGEST_FIELD + 1)}"\n2,b\n') == [
        (2, TOO_LONG), (3, ("2", "b")),
    ]  # fmt: skip


def test_one_missing_quote_among_many_reviews(tmp_path: Path) -> None:
    house = make(tmp_path, rows=0)
    for path in (tmp_path / "inbox").glob("*"):
        path.unlink()
    broken = '2026-01-01,"they said ""no"",1\n'
    rows = "".join(f"2026-01-02,review {n},5\n" for n in range(500))
    house.write("inbox/quote.csv", "date,text,rating\n" + broken + rows)
    done = house.run("collect", "--json")
    facts = done.json[0]
    assert (facts["read"], facts["stored"], facts["rejected"]) == (501, 500, 1)
    assert '"its quote is not closed": 1' in done.out


def test_a_file_cut_off_after_an_open_quote_gives_what_it_holds(tmp_path: Path) -> None:
    rows = "".join(f"{n},review {n * 7919 % 10007}\n" for n in range(20_000))
    packed = gzip.compress(f'id,text\n{rows}0,"oops\n{rows}'.encode())
    path = tmp_path / "a.csv.gz"
    path.write_bytes(packed[:-2000])
    found: list[Any] = []
    with (
        pytest.raises(Unreadable, match="cut off"),
        open_table(path, "csv", "auto", never) as table,
    ):
        found.extend(table.rows)
    assert found[20_000] == (20_002, UNCLOSED)
    assert found[20_001] == (20_003, {"id": "0", "text": "review 0"})
    assert len(found) > 30_000


class Counting:
    """`csv.reader`, with the characters that all readers were given."""

    def __init__(self) -> None:
        self.characters = 0

    def __call__(self, lines: Iterable[str], **more: Any) -> Any:
        return csv.reader(self._counted(lines), **more)

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self.characters += len(line)
            yield line


@pytest.mark.parametrize(
    "line",
    [
        '{n},"oops {n},5\n',
        '{n},"oops ""{n},5\n',
        'a",{n},"oops\n',  # closes the one before and opens another, for ever
        '{n},"""oops\n',
        '"{n}\n',
        '",{n},"\n',
    ],
)
def test_thousands_of_broken_rows_cost_a_fixed_number_of_readings(line: str) -> None:
    parse = Counting()
    lines = [line.format(n=n) for n in range(60_000)]
    csv.field_size_limit(LONGEST_FIELD)
    found = list(records(Lines(iter(lines)), parse, 3))
    assert 2 < len(found) <= len(lines)
    assert parse.characters < 16 * sum(map(len, lines)) + 16 * LONGEST_RECORD


def test_memory_stays_bounded_behind_open_quotes() -> None:
    lines = ('a",b,"oops and more words\n' for _ in range(90_000))  # 2 MB
    tracemalloc.start()
    try:
        assert sum(1 for _ in records(Lines(lines), csv.reader, 3)) > 1_000
        assert tracemalloc.get_traced_memory()[1] < 16 * LONGEST_RECORD
    finally:
        tracemalloc.stop()


# A text that begins with the delimiter would make its opening quote look like the end of the field before.
WORDS = st.just("") | st.builds("w{}".format, st.text("ab ,\n", max_size=12))


@settings(max_examples=100, deadline=None)
@given(
    before=st.lists(WORDS, max_size=4),
    after=st.lists(WORDS, max_size=4),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_rows_around_a_broken_one_are_all_read(before: list[str], after: list[str], quoting: Any) -> None:
    def written(texts: list[str], first: int) -> str:
        text = io.StringIO(newline="")
        rows = [(f"id{n}", words, "2026-01-01", "5") for n, words in enumerate(texts, first)]
        csv.writer(text, quoting=quoting, lineterminator="\n").writerows(rows)
        return text.getvalue()

    text = f'{written(before, 0)}idx,"oops,2026-01-01,5\n{written(after, 100)}'
    lines = text.splitlines(keepends=True)
    found = [cells for _, cells in records(Lines(iter(lines)), partial(csv.reader, delimiter=","), 4)]
    rows = [cells[:2] for cells in found if isinstance(cells, list)]
    assert rows == [[f"id{n}", words] for first, texts in ((0, before), (100, after))
                    for n, words in enumerate(texts, first)]  # fmt: skip
    assert found.count(UNCLOSED) == len(found) - len(rows) == 1


@settings(max_examples=100, deadline=None)
@given(st.text('ab,"\n', max_size=60))
def test_any_text_is_read_to_its_end_and_no_line_twice(text: str) -> None:
    lines = text.splitlines(keepends=True)
    source = Lines(iter(lines))
    starts = [number for number, _ in records(source, csv.reader, 2)]
    assert starts == sorted(set(starts))
    assert source.number == len(lines) + 1

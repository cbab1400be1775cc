"""Samples of answers that were not in shape: their build, and not a word of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import Degraded
from collectors.base import Answer, Seen
from collectors.samples import LONGEST, MOST, describe, redacted
from collectors.signs import cut_off, looks_like, signs

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def answer(body: str | bytes, **more: Any) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    said = {"status": 200, "address": "https://jobs.example/reviews", "headers": {}, **more}
    return Answer(body=raw, size=len(raw), **said)


PAGE = """<!doctype html><html lang="en"><head><title>Reviews of Northwind</title></head>
<body class="page-17 author-ada-lovelace"><div class="review item" id="r-991"
 data-user="ada" title="Ada Lovelace">
<a href="https://jobs.example/u/ada?token=s3cret">Ada Lovelace</a><p itemprop="reviewBody">They ghosted me</p>
<ada-card name=ada>x</ada-card></div><script>var key = "s3cret"; var ada = 1;</script></body></html>"""


def test_a_page_keeps_its_build_and_no_word() -> None:
    said = redacted(answer(PAGE), "No reviews found.")
    assert '<div class="review item" id title>' in said
    assert '<p itemprop="reviewBody">' in said
    assert '<body class="page-0 author-*">' in said
    assert "«15»" in said  # They ghosted me
    assert "bytes: " in said
    for secret in ("ghosted", "Ada", "ada", "Lovelace", "s3cret", "Northwind", "991"):
        assert secret not in said, secret


def test_json_keeps_its_keys_and_no_value() -> None:
    said = redacted(answer(json.dumps({
        "error": {"message": "Bad token s3cret", "code": 17}, "data": [{"author": "ada", "n": 4}, {"x": 1}],
        "ok": True, "next": None, "jane.doe@mail.example": 1,
        "users": {name: {"karma": 1} for name in ("ada", "bob", "cyd", "dan", "eve", "fay", "gus")},
    })), "")  # fmt: skip
    for line in (
        "error: {2}",
        "  message: «16»",
        "  code: 0",
        "data: [2]",
        "  author: «3»",
        "ok: true",
        "next: null",
    ):
        assert line in said, line
    assert "karma" in said
    assert not re.search(r"ada|jane|s3cret|17|bob", said)


@pytest.mark.parametrize(
    ("body", "line"),
    [("", "(nothing)"), ("plain words", "«11»"), ('{"a": ', "(JSON that is broken or cut off) «6»"),
     ('"text"', "«6»"), ("[1, 2]", "- 0")],
)  # fmt: skip
def test_other_answers(body: str, line: str) -> None:
    assert redacted(answer(body), "").splitlines()[-1] == line


def test_headers_worth_knowing_alone_are_kept() -> None:
    headers = {
        "Content-Type": "text/html", "Set-Cookie": "session=s3cret", "X-RateLimit-Remaining": "0",
        "Location": "https://x.example/?key=s3cret", "Server": "cdn", "Retry-After": "1\r\nX: s3cret",
    }  # fmt: skip
    said = redacted(answer("x", headers=headers, status=206), "")
    assert "status: 206" in said
    assert "content-type: text/html\nserver: cdn\nx-ratelimit-remaining: 0\n" in said
    assert "s3cret" not in said


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(st.text(max_size=300), st.lists(st.sampled_from(
        ["<", ">", "<div class=a>", "</div>", "<!--", "-->", "<script>", '"', "'", "<!D", "<![CDATA[", " x "]
    ), max_size=60).map("".join)),
    st.sampled_from(["", "utf-8", "latin-1", "no-such-encoding", "utf-16"]),
)  # fmt: skip
def test_any_answer_is_described_within_bounds(body: str, charset: str) -> None:
    said = redacted(answer(body.encode("utf-8", "replace"), charset=charset), "reason")
    assert said.startswith("reason\n")
    assert len(said) <= LONGEST


WORD = st.text("ghijkmnoqrsuvwxyz", min_size=9, max_size=14)


@settings(max_examples=60, deadline=None)
@given(WORD, st.sampled_from([
    "<p>{}</p>", "<a href='{}'>x</a>", "<div data-{}=1>", "<{}>", "{}", '{{"a": "{}"}}', '{{"a": [["{}"]]}}',
    "<!-- {} -->", "<p title={}>", "<title>{}</title>", "<script>{}</script>", "<input value='{}' {}>",
    "<p><b>{}", "<p {}",
]))  # fmt: skip
def test_no_word_of_an_answer_is_in_its_sample(word: str, shape: str) -> None:
    assert word not in redacted(
        answer(shape.replace("{}", word).replace("{{", "{").replace("}}", "}")), "reason"
    )


def test_a_monster_is_described_in_time() -> None:
    for body in (
        "<div>" * 200_000,
        "<" * 300_000,
        "<a " + "x=y " * 80_000,
        json.dumps([[]] * 100_000),
        "[" * 100_000,
    ):
        assert len(redacted(answer(body), "")) <= LONGEST


def described(folder: Path, seen: Seen, when: datetime = NOW, source: str = "site") -> Degraded:
    error = Degraded("No reviews found.", "Look.")
    describe(error, folder, source, when, seen)
    return error


def test_a_sample_is_kept_and_the_remedy_says_where(tmp_path: Path) -> None:
    seen = Seen(latest=answer(PAGE))
    seen.mark()
    error = described(tmp_path / "rejects", seen)
    assert error.remedy == "Look. How it looks is in rejects/site-20261124T063000Z.sample.txt."
    text = (tmp_path / "rejects" / "site-20261124T063000Z.sample.txt").read_text(encoding="utf-8")
    assert text.startswith("No reviews found.\n\nstatus: 200\n")


def test_the_first_answer_that_is_marked_is_kept() -> None:
    seen = Seen(latest=answer("one"))
    seen.mark()
    seen.latest = answer("two")
    seen.mark()
    assert seen.odd is not None
    assert seen.odd.body == b"one"


def test_without_an_answer_there_is_no_sample(tmp_path: Path) -> None:
    assert described(tmp_path, Seen()).remedy == "Look."
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "rejects").write_text("a file")
    assert described(tmp_path / "rejects", Seen(odd=answer("x"))).remedy == "Look."


def test_old_samples_of_the_same_source_make_room(tmp_path: Path) -> None:
    (tmp_path / "site-20260101T000000Z.csv").write_text("")
    (tmp_path / "site-two-20260101T000000Z.sample.txt").write_text("")
    for n in range(MOST + 3):
        described(tmp_path, Seen(odd=answer("x")), NOW + timedelta(hours=n))
    kept = sorted(one.name for one in tmp_path.iterdir())
    assert len(kept) == MOST + 2
    assert kept[0] == "site-20260101T000000Z.csv"
    assert "site-20261124T063000Z.sample.txt" not in kept
    assert "site-two-20260101T000000Z.sample.txt" in kept


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (
            "<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x.js>",
            "a captcha or bot check",
        ),
        ("<p>Please verify you are human</p>", "a captcha or bot check"),
        ("<h1>Before you continue</h1><form action=https://consent.youtube.com/save>", "a consent page"),
        ("<form><input name=p type='password'></form>", "a login page"),
        ("<title>503 Service Unavailable</title>", "an error page"),
        ("<h1>Page not found</h1>", "an error page"),
        ("<h1>Reviews of Northwind</h1><p>Good people</p>", ""),
    ],
)
def test_signs(page: str, what: str) -> None:
    assert (signs(page) or [""])[0] == what
    assert looks_like(page) == (f": it looks like {what}" if what else "")


WHOLE = (
    "<!doctype html><html><head><title>x</title></head><body><p>One<script>let a = 1;</script></body></html>"
)


def test_a_page_that_ends_before_its_end_is_told() -> None:
    assert not cut_off(WHOLE)
    assert not cut_off(WHOLE.replace("</body></html>", "</body>\n<!-- 0.2 s -->\n"))
    assert not cut_off("<!doctype html><title>x</title><p>One<p>Two")  # as short as HTML may be written
    assert not cut_off("<p>A fragment</p>")
    assert not cut_off("")
    start = WHOLE.index("<body>") + len("<body>")
    assert all(cut_off(WHOLE[:n]) for n in range(start, WHOLE.index("</body>")))
    assert cut_off("<title>x</title><p>One <a href='/tw")
    assert cut_off("<title>x</title><p>One<script>let a = [1,")

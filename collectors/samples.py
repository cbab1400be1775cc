"""What came instead of what should have: a sample to look at, without a word of it. Pure but for `describe`.

A sample shows how an answer is built: its status, the headers worth knowing, tags with their classes, the
keys of JSON. Every text, number, address and name in it is replaced by its length, so that nobody's words,
no author and no secret lie about in a folder that outlives what was deleted from the store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from candidly.errors import Degraded, UsageError
from candidly.files import write_atomic
from collectors.base import Answer, Seen
from collectors.signs import signs

if TYPE_CHECKING:
    from collectors.http import Response

LONGEST: Final = 8_000
"""Characters of a sample."""
MOST: Final = 5
"""Samples kept of a source; the oldest make room."""
_BODY: Final = 300_000
_DEPTH: Final = 12
_CLASSES: Final = 6
_KEYED: Final = 6


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORTH: Final = _words("content-type content-length content-encoding server retry-after cf-mitigated allow")
_SPOKEN: Final = _words("class itemprop itemtype type rel role property data-test")
"""Attributes that tell of a page's structure; of the others the name alone is kept."""
_NAME: Final = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$-]{0,40}")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})((?:\s[^<>]{0,3000})?/?)>")
_ATTRIBUTE: Final = re.compile(r"""([a-zA-Z:_-]{1,40})(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_WORD: Final = re.compile(r"[A-Za-z0-9_:/.-]{1,60}")
_PERSON: Final = re.compile(r"((?:author|user|member|profile|by)[-_]).+", re.IGNORECASE)
"""Themes of blogs write the author's name into a class."""
_EMPTY: Final = _words("area base br col hr img input link meta source wbr")
_ELEMENTS: Final = _EMPTY | _words(
    "a abbr address article aside audio b blockquote body button canvas caption center cite code colgroup "
    "data dd details dialog div dl dt em fieldset figcaption figure font footer form frame frameset h1 h2 h3 "
    "h4 h5 h6 head header html i iframe label legend li main map mark menu nav noscript object ol optgroup "
    "option p param picture pre progress q s samp script section select slot small span strong style sub "
    "summary sup svg path table tbody td template textarea tfoot th thead time title tr u ul video "
    "rss channel item entry feed author name uri email content content:encoded description pubdate guid "
    "updated published id summary subtitle rights category generator dc:creator dc:date error message "
    "code status"
)
_ATTRIBUTES: Final = _words(
    "id name href src alt title style content value for action method lang datetime itemscope itemid "
    "data-id aria-label placeholder target hidden async defer charset http-equiv width height"
)
_DIGITS: Final = re.compile(r"[0-9]+")
_PLAIN: Final = re.compile(r"[ -~]{1,80}")


def noting(seen: Seen) -> Callable[[Response, Mapping[str, str]], None]:
    """What `Http` is to call with each answer, so that `seen` holds the latest."""
    from collectors.http import shown

    def note(answer: Response, headers: Mapping[str, str]) -> None:
        body = answer.body
        seen.latest = Answer(
            answer.status, shown(answer.url), dict(headers), body[:_BODY], len(body), answer.charset
        )

    return note


def redacted(answer: Answer, reason: str) -> str:
    """The sample as text, of at most `LONGEST` characters. `reason` is a message of candidly's own."""
    body = _decoded(answer)
    headers = "\n".join(f"{name}: {value}" for name, value in _headers(answer))
    seen = ", ".join(signs(body)) or "none known"
    head = f"{reason}\n\nstatus: {answer.status}\naddress: {answer.address}\n{headers}\n"
    head += f"bytes: {answer.size}\nlooks like: {seen}\n\n"
    shape = "\n".join(_shape(body))
    return (head + shape)[: LONGEST - 4] + ("\n..." if len(head) + len(shape) > LONGEST - 4 else "\n")


def _decoded(answer: Answer) -> str:
    try:
        return answer.body.decode(answer.charset or "utf-8", "replace")
    except LookupError:  # an encoding that nobody knows
        return answer.body.decode("utf-8", "replace")


def _headers(answer: Answer) -> Iterator[tuple[str, str]]:
    for name, value in sorted(answer.headers.items()):
        low = name.lower()
        if (low in _WORTH or low.startswith("x-ratelimit")) and _PLAIN.fullmatch(value):
            yield low, value


def _shape(body: str) -> Iterator[str]:
    start = body.lstrip("\ufeff \t\r\n")
    if not start:
        yield "(nothing)"
    elif start[0] in "{[":
        yield from _json(start)
    elif "<" in start[:2_000]:
        yield from _markup(start)
    else:
        yield _length(start)


def _length(said: str) -> str:
    return f"«{len(said)}»"


def _json(text: str) -> Iterator[str]:
    try:
        document = json.loads(text, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        yield f"(JSON that is broken or cut off) {_length(text)}"
        return
    yield from _value(document, 0)


def _value(value: Any, depth: int) -> Iterator[str]:
    """A value of JSON, a line for each key, of a list no more than its first item."""
    pad = "  " * depth
    if (
        isinstance(value, dict)
        and len(value) > _KEYED
        and all(isinstance(one, dict) for one in value.values())
    ):
        value = list(value.values())  # keyed by what may be names
    if isinstance(value, dict) and value and depth < _DEPTH:
        for key, inner in value.items():
            name = key if _NAME.fullmatch(key) and len(_DIGITS.findall(key)) < 2 else f"(key {_length(key)})"
            yield f"{pad}{name}: {_scalar(inner)}"
            if isinstance(inner, dict | list):
                yield from _value(inner, depth + 1)
    elif isinstance(value, list) and value and depth < _DEPTH:
        yield f"{pad}- {_scalar(value[0])}"
        if isinstance(value[0], dict | list):
            yield from _value(value[0], depth + 1)
    elif not depth:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{len(value)}}}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return _length(value) if isinstance(value, str) else "0"


def _attributes(said: str) -> Iterator[str]:
    """`class="review item"`, with digits as 0; of what may be a name or an address only that it is there."""
    for found in list(_ATTRIBUTE.finditer(said))[:12]:
        name, value = found[1].lower(), (found[2] or "").strip("\"'")
        words = [_PERSON.sub(r"\1*", word) for word in value.split() if _WORD.fullmatch(word)][:_CLASSES]
        if name in _SPOKEN and words:
            yield f' {name}="{_DIGITS.sub("0", " ".join(words))}"'
        elif name in _ATTRIBUTES:
            yield f" {name}"


def _markup(text: str) -> Iterator[str]:
    """Tags, one a line and indented; of elements that no page or feed is made of not even the name."""
    depth, at, left = 0, 0, LONGEST
    for found in _TAG.finditer(text):
        lines = [_length(said)] if (said := text[at : found.start()].strip()) else []
        at, name = found.end(), found[2].lower()
        if found[1]:
            depth -= depth > 0 and name not in _EMPTY
        else:
            known = name if name in _ELEMENTS else "?"
            lines.append(f"<{known}{''.join(_attributes(found[3])) if known != '?' else ''}>")
        for line in lines:
            yield (padded := "  " * min(depth, _DEPTH) + line)
            left -= len(padded) + 1
        if not found[1]:
            depth += name not in _EMPTY and not found[3].endswith("/")
        if left < 0:
            return
    if said := text[at:].strip():
        yield _length(said)


def describe(error: Degraded, folder: Path, source: str, when: datetime, seen: Seen) -> None:
    """Keep a sample of the odd answer, and say in the error's remedy where; none where there was no answer.

    It is `folder/<source>-<time>.sample.txt`, in place of the oldest of too many. A folder that cannot be
    written is no reason to fail otherwise than the source did.
    """
    if seen.odd is None:
        return
    stamp = when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{source}-{stamp}.sample.txt"
    try:
        write_atomic(path, redacted(seen.odd, error.message))
    except UsageError:
        return
    error.remedy = f"{error.remedy} How it looks is in {folder.name}/{path.name}.".strip()
    ours = re.compile(rf"{re.escape(source)}-\d{{8}}T\d{{6}}Z\.sample\.txt")
    for old in sorted(one for one in folder.iterdir() if ours.fullmatch(one.name))[:-MOST]:
        old.unlink(missing_ok=True)

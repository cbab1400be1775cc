"""What the pages in docs/sources/ tell from data: the record of terms, and the keys of each source type.

`python -m candidly.sourcepage docs/sources` writes both anew between their marks; a test fails where a page
tells something else. The records are also what `candidly source terms` shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from candidly.config import SourceSettings, format_duration
from collectors.termsrecords import TERMS, Terms


def rows(terms: Terms) -> Iterator[tuple[str, str]]:
    """(heading, what the record says) for each thing that it may say; "" where it says nothing."""
    yield "Allowed", terms.allowed
    yield "Forbidden", terms.forbidden
    yield "Permission", terms.permission and f"{terms.permission} Name it under `permission`."
    yield "Deletion", terms.deletion
    yield "Retention", terms.retention
    yield "Attribution", terms.attribution
    yield "Excerpts", terms.excerpts
    yield "Not confirmed", terms.unverified
    yield "Instead", terms.instead and f"{terms.instead[0].upper()}{terms.instead[1:]}."
    yield "Address", terms.address
    yield "Read by us", read_on(terms)


def read_on(terms: Terms) -> str:
    """When we read which text; "not read by us" where we did not."""
    on = terms.read.isoformat() if terms.read else "not read by us"
    return f"{on} ({terms.version})" if terms.version else on


def as_text(terms: Terms) -> str:
    """One line a row, for a terminal."""
    return "\n".join(f"  {heading}: {said}" for heading, said in rows(terms) if said)


def as_data(terms: Terms) -> dict[str, object]:
    """The record as JSON has it."""
    return {heading.lower().replace(" ", "_"): said for heading, said in rows(terms) if said}


def terms_table(terms: Terms) -> str:
    """The record as a table of Markdown."""
    said = [f"| {heading} | {_cell(text)} |" for heading, text in rows(terms) if text]
    return "\n".join(["| | |", "| --- | --- |", *said])


def keys_table(model: type[SourceSettings]) -> str:
    """The keys that a source type has beside those of every source."""
    lines = ["| key | default | meaning |", "| --- | --- | --- |"]
    own = [name for name in model.model_fields if name not in SourceSettings.model_fields]
    for name in sorted(own, key=lambda name: name not in model.__annotations__):  # the shared ones last
        field = model.model_fields[name]
        lines.append(f"| `{field.alias or name}` | {_default(field)} | {_meaning(field)} |")
    return "\n".join(lines)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value in (None, ""):
        return "none" if value is None else "empty"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    if isinstance(value, tuple | dict):
        return f"`{{{', '.join(value)}}}`" if isinstance(value, dict) else f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    one_of = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return _cell(f"{field.description or ''}{one_of}".strip())


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


MARKS: Final = {name: (f"<!-- {name} -->", f"<!-- end of {name} -->") for name in ("terms", "keys")}


def renewed(page: str, name: str, model: type[SourceSettings]) -> str:
    """A page of docs/sources/ with its tables as they stand now."""
    tables = {"keys": keys_table(model)} | ({"terms": terms_table(TERMS[name])} if name in TERMS else {})
    for mark, table in tables.items():
        page = _put(page, *MARKS[mark], table)
    return page


def _put(page: str, begin: str, end: str, table: str) -> str:
    head, found, rest = page.partition(f"{begin}\n")
    _, closed, tail = rest.partition(end)
    return f"{head}{begin}\n\n{table}\n\n{end}{tail}" if found and closed else page


def main(folder: Path) -> None:
    """Write the tables of all pages anew."""
    import collectors

    models: dict[str, Any] = {name: collectors.load(name).Settings for name in collectors.COLLECTORS}
    for name, model in models.items():
        if (path := folder / f"{name}.md").exists():
            path.write_text(renewed(path.read_text(encoding="utf-8"), name, model), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

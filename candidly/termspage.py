"""The records of terms for people: as text for a terminal, as a table for docs/sources/.

`python -m candidly.termspage docs/sources` writes each record between the two marks of its page anew; a test
fails where a page tells something else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collectors.termsrecords import TERMS, Terms

BEGIN, END = "<!-- terms -->", "<!-- end of terms -->"
_MARKED: Final = re.compile(rf"{re.escape(BEGIN)}\n.*?{re.escape(END)}\n", re.DOTALL)


def rows(terms: Terms) -> Iterator[tuple[str, str]]:
    """(heading, what the record says) for each thing that it says."""
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
    """When we read which text, "not read by us" where we did not."""
    on = terms.read.isoformat() if terms.read else "not read by us"
    return f"{on} ({terms.version})" if terms.version else on


def as_text(terms: Terms) -> str:
    """One line a row, for a terminal."""
    return "\n".join(f"  {heading}: {said}" for heading, said in rows(terms) if said)


def as_markdown(terms: Terms) -> str:
    """The table of a page, with its marks."""
    lines = [f"| {heading} | {said.replace('|', '/')} |" for heading, said in rows(terms) if said]
    return "\n".join([BEGIN, "", "| | |", "| --- | --- |", *lines, "", END, ""])


def as_data(terms: Terms) -> dict[str, object]:
    """The record as JSON has it."""
    return {heading.lower().replace(" ", "_"): said for heading, said in rows(terms) if said}


def renewed(page: str, terms: Terms) -> str:
    """A page of docs/sources/ with its record as it stands now."""
    return _MARKED.sub(lambda _: as_markdown(terms), page)


if __name__ == "__main__":
    for name, record in TERMS.items():
        path = Path(sys.argv[1]) / f"{name}.md"
        if path.exists():
            path.write_text(renewed(path.read_text(encoding="utf-8"), record), encoding="utf-8")

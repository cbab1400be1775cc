"""What `candidly init` writes: a commented config.yaml, its schema for editors, and an inbox."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from candidly.config import SourceSettings
from candidly.configschema import json_schema
from candidly.errors import UsageError
from candidly.files import write_atomic

DEFAULT_COMPANY: Final = "Example Ltd"
_PLACEHOLDER: Final = "@COMPANY@"
_MORE: Final = "  # @MORE TYPES@"
_WIDTH: Final = 110
_GITIGNORE: Final = """\
# secrets, and texts and figures that only you should see
.env
.candidly-author-key
secrets/
candidly.db*
inbox/
rejects/
reports/
"""


def render(company: str = DEFAULT_COMPANY) -> str:
    """The text of config.yaml for a company; UsageError for a name that cannot be one."""
    name = company.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise UsageError("a company's name should be 1 to 200 printable characters.")
    text = resources.files("candidly").joinpath("data", "config.template.yaml").read_text("utf-8")
    from collectors import COLLECTORS

    text = text.replace(_MORE, _more_types(text, COLLECTORS))
    # A JSON string is a double-quoted YAML scalar, whatever the name holds.
    return text.replace(_PLACEHOLDER, json.dumps(name, ensure_ascii=False))


def _more_types(text: str, types: Iterable[str]) -> str:
    """The comment that names the source types of which the template has no block."""
    more = sorted(set(types) - set(re.findall(r"(?m)^ +type: (\w+)", text)))
    words = f"More types: {', '.join(more)}."
    return textwrap.fill(words, _WIDTH, initial_indent="  # ", subsequent_indent="  # ")


def write_template(
    folder: Path,
    company: str = DEFAULT_COMPANY,
    *,
    force: bool = False,
    source_models: Mapping[str, type[SourceSettings]] | None = None,
) -> list[Path]:
    """Set a folder up and return what was written: config.yaml, candidly.schema.json, .gitignore, inbox.

    Raises UsageError, before anything is written, where config.yaml or the schema is there already and
    `force` does not say to replace them. A .gitignore of your own is never touched.
    """
    config, schema = folder / "config.yaml", folder / "candidly.schema.json"
    text = render(company)
    for path in (config, schema):
        if not force and path.exists():
            raise UsageError(f"{path} is there already.", "Use --force to replace it.")
    write_atomic(config, text)
    write_atomic(schema, schema_text(source_models))
    written = [config, schema]
    if not (folder / ".gitignore").exists():
        write_atomic(folder / ".gitignore", _GITIGNORE)
        written.append(folder / ".gitignore")
    return [*written, *_make_inbox(folder / "inbox")]


def schema_text(source_models: Mapping[str, type[SourceSettings]] | None = None) -> str:
    """candidly.schema.json; without `source_models` for every collector that is installed."""
    if source_models is None:
        from collectors import settings_models

        source_models = settings_models()
    return json.dumps(json_schema(source_models), ensure_ascii=False, indent=2) + "\n"


def _make_inbox(path: Path) -> list[Path]:
    if path.is_dir():
        return []
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {path}: {error.strerror}.") from None
    return [path]

"""Read config.yaml: every problem at once, each with its place.

    config.yaml:9:10: sources.1.url: should be text, not a number (quote it)

A place is the file as the user gave it, line and column from 1, of the value at fault, of a key that is
unknown, or of the block in which a key is missing. Values are never repeated (see `candidly.plainwords`).
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from candidly.config import Config, SourceSettings
from candidly.configschema import json_schema
from candidly.conflicts import KeyPath, conflicts
from candidly.errors import ConfigError
from candidly.plainwords import dotted, keys_at, message
from candidly.secretstore import SecretStore
from candidly.yamlmarks import MAX_BYTES, Document, Place, Problem, YamlError, parse

__all__ = ["DEFAULT_PATH", "ENVIRONMENT", "Loaded", "SecretStore", "json_schema", "load"]

DEFAULT_PATH: Final = "config.yaml"
PREFIX: Final = "CANDIDLY_"
ENVIRONMENT: Final = {
    "CANDIDLY_CONFIG": "The configuration file, where `--config` does not say.",
    "CANDIDLY_NOW": "The time that candidly takes for now, for demonstrations and tests.",
    "CANDIDLY_AUTHOR_KEY": "The key of author pseudonyms, at least 16 characters.",
    "CANDIDLY_AUTHOR_KEY_FILE": "A file with that key.",
    "CANDIDLY_SECRETS_DIR": "A folder with one file a secret; instead of `secrets.folder`.",
}
"""Environment variables that candidly itself knows; what the file names as a secret may have any name."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that has been read: settings, the file and its folder (absolute), and its secrets."""

    config: Config
    path: Path
    folder: Path
    secrets: SecretStore


def load(path: Path, source_models: Mapping[str, type[SourceSettings]], environ: Mapping[str, str]) -> Loaded:
    """Read and check a configuration file.

    `source_models`: the model of each source type. Raises ConfigError with one line a problem.
    """
    text = _read(path)
    try:
        document = parse(text)
    except YamlError as error:
        raise ConfigError([_line(path, Problem(error.place, (), error.message))]) from None
    config, problems = _Check(document, source_models).run()
    lines = [_line(path, problem) for problem in sorted(problems, key=lambda problem: problem.place)]
    lines += _misspelt_variables(environ, text)
    if lines or config is None:
        raise ConfigError(list(dict.fromkeys(lines)))
    folder = path.absolute().parent
    return Loaded(config, path, folder, _secrets(config, folder, environ))


def placed(path: Path, problems: Iterable[tuple[KeyPath, str]]) -> list[str]:
    """What was found wrong later, as lines with the places of a file that has been loaded before."""
    values = parse(_read(path)).values
    found = (Problem(values.get(at, Place(1, 1)), at, text) for at, text in problems)
    return [_line(path, problem) for problem in found]


def _secrets(config: Config, folder: Path, environ: Mapping[str, str]) -> SecretStore:
    named = environ.get("CANDIDLY_SECRETS_DIR") or config.secrets.folder
    return SecretStore(environ, folder / named if named else None)


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError([f"{path}: not a file; point to a configuration file with --config"])
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError([_missing(path)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise ConfigError([f"{path}: cannot be read: {reason}"]) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError([f"{path}: larger than 1 MB; is this the right file?"])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise ConfigError([_line(path, Problem(place, (), "not UTF-8 text; save it as UTF-8"))]) from None


def _missing(path: Path) -> str:
    remedy = "run `candidly init` to write one, or point to one with --config"
    if str(path) == DEFAULT_PATH:
        return f"no config.yaml here: {remedy}"
    return f"no file {path}: {remedy}"


def _line(path: Path, problem: Problem) -> str:
    where = f"{path}:{problem.place.line}:{problem.place.column}: "
    return where + (f"{dotted(problem.path)}: " if problem.path else "") + problem.message


def _misspelt_variables(environ: Mapping[str, str], text: str) -> Iterator[str]:
    """Variables that look like ours but are not: a silent typo would leave a default in force."""
    ours = [name.removeprefix(PREFIX) for name in ENVIRONMENT]
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in ENVIRONMENT or name in text:
            continue
        if near := difflib.get_close_matches(name.removeprefix(PREFIX), ours, 1):
            yield f"environment: {dotted((name,))}: unknown variable; did you mean {PREFIX}{near[0]}?"


def _follows(item: ErrorDetails) -> bool:
    """pydantic calls a list too short when an entry was wrong, which is reported by itself."""
    return item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]


class _Check:
    """One document against the models; gathers problems instead of stopping at the first."""

    def __init__(self, document: Document, source_models: Mapping[str, type[SourceSettings]]) -> None:
        self._document = document
        self._models = source_models
        self._problems = list(document.problems)

    def run(self) -> tuple[Config | None, list[Problem]]:
        """The Config, or None; and the problems."""
        data = self._document.data
        if data is None:
            data = {}
        if not isinstance(data, dict):
            self._add((), "should be a block of keys such as `companies:`")
            return None, self._problems
        # A block whose keys are all commented out reads as null; it means the defaults.
        data = {
            key: value for key, value in data.items() if value is not None or key not in Config.model_fields
        }
        config = self._config(data)
        for path, text in conflicts(data):
            self._add(path, text)
        return config, self._problems

    def _config(self, data: dict[str, Any]) -> Config | None:
        sources = data.get("sources", [])
        if isinstance(sources, list):
            checked = [self._source(nth, block) for nth, block in enumerate(sources)]
            data = {**data, "sources": [source for source in checked if source is not None]}
        try:
            return Config.model_validate(data)
        except ValidationError as error:
            # What is wrong between blocks has no place here; `conflicts` tells it with one.
            self._report(Config, (), error, skip_whole=True)
            return None

    def _source(self, nth: int, block: Any) -> SourceSettings | None:
        path: KeyPath = ("sources", nth)
        if not isinstance(block, dict):
            self._add(path, "should be a block of keys with `name` and `type`")
            return None
        known = sorted(self._models)
        kind = block.get("type")
        if kind is None:
            self._add((*path, "type"), f"is missing; one of {', '.join(known)}")
            return None
        if not isinstance(kind, str) or kind.strip() not in self._models:
            near = difflib.get_close_matches(str(kind), known, 1)
            hint = f"did you mean `{near[0]}`? " if near else ""
            self._add((*path, "type"), f"unknown type; {hint}Known: {', '.join(known)}")
            return None
        model = self._models[kind.strip()]
        try:
            return model.model_validate(block)
        except ValidationError as error:
            self._report(model, path, error, owner=kind.strip())
            return None

    def _report(
        self,
        model: type[BaseModel],
        base: KeyPath,
        error: ValidationError,
        *,
        owner: str = "",
        skip_whole: bool = False,
    ) -> None:
        found: dict[KeyPath, list[str]] = {}
        unknown: set[KeyPath] = set()
        for item in error.errors(include_url=False):
            path = self._real((*base, *item["loc"]), last=item["type"] == "missing")
            if (path == base and skip_whole) or _follows(item):
                continue
            known = keys_at(model, path[len(base) : -1])
            found.setdefault(path, []).append(message(item, known, owner))
            unknown |= {path} if item["type"] == "extra_forbidden" else set()
        for path, texts in found.items():
            # Several at one path are the members of a union: any of them would do.
            self._add(path, " or ".join(dict.fromkeys(texts)), at_key=path in unknown)

    def _real(self, loc: KeyPath, *, last: bool) -> KeyPath:
        """pydantic's location without the tags of unions and validators that it mixes in."""
        path: KeyPath = ()
        for part in loc:
            if (*path, part) in self._document.values:
                path = (*path, part)
        return (*path, loc[-1]) if last and path != loc else path

    def _add(self, path: KeyPath, text: str, *, at_key: bool = False) -> None:
        places = self._document.keys if at_key else self._document.values
        known = path
        while known and known not in places:
            known = known[:-1]
        self._problems.append(Problem(places.get(known, Place(1, 1)), path, text))

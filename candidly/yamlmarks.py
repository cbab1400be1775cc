"""YAML as plain data that remembers where each key and value stood.

Scalars follow the core schema of YAML 1.2.2 (section 10.3.2), not PyYAML's 1.1: `no`, `on` and `12:30` are
text, only true and false are booleans, a leading zero is no octal. Every key is text as it is written.
Duplicate keys are reported with both places. A file that is too big, too deep or blown up by aliases is
refused before it costs anything (OWASP ASVS 5.0, 1.5.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import yaml

from candidly.conflicts import KeyPath

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 100
MAX_NODES: Final = 50_000
"""Keys and values in all, those repeated by aliases included."""

_TAG: Final = "tag:yaml.org,2002:"


class Place(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """Something wrong at a place; ordered by place."""

    place: Place
    path: KeyPath
    message: str


@dataclass(slots=True)
class Document:
    """The data of a file, the places of its keys and values by path, and what was wrong in it as YAML."""

    data: Any = None
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class YamlError(Exception):
    """The text is no YAML that we read; nothing can be said about its keys."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


def parse(text: str) -> Document:
    """Read one YAML document. Raises YamlError, and nothing else, for any text at all."""
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        raise YamlError(_place_of(text, error.position), "a character that no text should hold") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(_place(mark) if mark else Place(1, 1), _plain(error.problem or "")) from None
    except (ValueError, OverflowError):
        # PyYAML's scanner passes "\UFFFFFFFF" to chr().
        place = _place(loader.get_mark()) if loader else Place(1, 1)
        raise YamlError(place, "not valid YAML: an escape that stands for no character") from None
    builder = _Builder()
    if root is not None:
        builder.document.data = builder.build(root, (), 0)
    return builder.document


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 scalars that stops composing at our limits."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        self._nodes += 1
        _check_limits(self._depth, self._nodes, _place(self.get_mark()))
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _check_limits(depth: int, nodes: int, place: Place) -> None:
    if depth > MAX_DEPTH:
        raise YamlError(place, f"nested deeper than {MAX_DEPTH} levels")
    if nodes > MAX_NODES:
        raise YamlError(place, f"more than {MAX_NODES:,} keys and values (aliases count each time)")


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _first)


class _Builder:
    """Nodes into data, with places."""

    def __init__(self) -> None:
        self.document = Document()
        self._nodes = 0

    def build(self, node: yaml.Node, path: KeyPath, depth: int) -> Any:
        self._nodes += 1
        place = _place(node.start_mark)
        _check_limits(depth, self._nodes, place)
        self.document.values[path] = place
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.build(item, (*path, nth), depth + 1) for nth, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._problem(place, path, "tags (a word with `!`) have no meaning here")
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(place, path, "a key should be a word")
                continue
            key = str(self._text(key_node, path))
            here = (*path, key)
            if key in result:
                first = self.document.keys[here]
                message = f"this key stands here twice (first in line {first.line}, column {first.column})"
                self._problem(place, here, message)
                continue
            self.document.keys[here] = place
            result[key] = self.build(value_node, here, depth + 1)
        return result

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return {"true": True, "false": False}[text.lower()]
            if kind == "int":
                return int(text, 0 if text[1:2] in ("o", "x") else 10)
            if kind == "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except (KeyError, ValueError):
            self._problem(_place(node.start_mark), path, f"cannot be read as {kind}")
            return None
        if node.tag not in (_TAG + "str", "!"):
            self._problem(_place(node.start_mark), path, "tags (a word with `!`) have no meaning here")
        return self._text(node, path)

    def _text(self, node: yaml.ScalarNode, path: KeyPath) -> str:
        text: str = node.value
        if any("\ud800" <= char <= "\udfff" for char in text):
            self._problem(_place(node.start_mark), path, "an escape that is half a character")
            return text.encode("utf-8", "replace").decode()
        return text

    def _problem(self, place: Place, path: KeyPath, message: str) -> None:
        self.document.problems.append(Problem(place, path, message))


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _place_of(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - before.rfind("\n"))


_PLAIN: Final = (
    (
        "cannot start any token",
        "indent with spaces, not tabs, and quote text that starts with @, % or a backtick",
    ),
    (
        "mapping values are not allowed",
        "a `:` that cannot stand here; check the indentation or quote the text",
    ),
    ("could not find expected ':'", "a `:` is missing after the key, or a quote is not closed"),
    ("expected a single document", "no second document (`---`) in one file, please"),
    ("but found another document", "no second document (`---`) in one file, please"),
    ("found undefined alias", "`*` refers to an anchor (`&`) that is not defined above; quote the text"),
    ("found duplicate anchor", "this anchor (`&`) is defined twice"),
    ("unknown escape character", "a backslash in double quotes; put the text into single quotes"),
    ("undefined tag handle", "tags (a word with `!`) have no meaning here"),
    ("found unexpected end of stream", "a quote that is not closed"),
    ("expected <block end>", "does not fit the lines above; check the indentation and the quotes"),
    ("expected ',' or", "a `,` or the closing bracket is missing"),
    ("while scanning a simple key", "a `:` is missing after the key"),
)


def _plain(problem: str) -> str:
    """PyYAML's words in plain ones; others as they are, but for what they quote from the file."""
    quoteless = re.sub(r"'([^']*)'", lambda match: f"`{match[1]}`" if match[1][:1] == "<" else "it", problem)
    return next((words for part, words in _PLAIN if part in problem), f"not valid YAML: {quoteless}")

"""Reads a file of themes or of rules: YAML whose lists hold phrases; errors name file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from analysis.phrases import Line, Tag
from candidly.errors import ConfigError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LARGEST = 1_000_000


@dataclass
class Reader:
    """Collects lines of phrases with their tags, and every problem of a file, told in one error."""

    path: Path
    lines: list[Line] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def root(self) -> yaml.MappingNode:
        """The file's outermost mapping. Raises ConfigError where there is none."""
        try:
            text = self.path.read_text(encoding="utf-8")
            if len(text) > LARGEST:
                raise ConfigError([f"{self.path}: is larger than {LARGEST:,} characters"])
            node = yaml.compose(text, Loader=_Loader)
        except OSError as error:
            raise ConfigError([f"{self.path}: cannot be read: {error.strerror}"]) from None
        except UnicodeDecodeError:
            raise ConfigError([f"{self.path}: is not UTF-8 text"]) from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{self.path}:{mark.line + 1}" if mark else str(self.path)
            raise ConfigError([f"{where}: {getattr(error, 'problem', None) or 'is not YAML'}"]) from None
        except RecursionError:
            raise ConfigError([f"{self.path}: is nested too deeply"]) from None
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError([f"{self.path}:1: should hold names and lists of phrases"])
        return node

    def items(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node]]:
        """Names and values of a mapping; reports anything else, and names used twice."""
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f"{what} should hold names, each with a colon")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                self.problem(key, f"{name!r} occurs twice")
            seen.add(name)
            yield name, value

    def add(self, node: yaml.Node, tag: Tag) -> None:
        """Every phrase of a list stands for `tag`."""
        if not isinstance(node, yaml.SequenceNode):
            self.problem(node, f"{tag.name}: should be a list of phrases, each after a dash")
            return
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode) or not item.value.strip():
                self.problem(item, "should be a phrase")
                continue
            try:
                self.lines.append(Line(item.value, tag))
            except ValueError as error:
                self.problem(item, f"{item.value!r} {error}")

    def problem(self, node: yaml.Node, message: str) -> None:
        self.problems.append(f"{self.path}:{node.start_mark.line + 1}: {message}")

    def finish(self) -> list[Line]:
        """The lines read; raises ConfigError with all problems."""
        if self.problems:
            raise ConfigError(self.problems)
        return self.lines

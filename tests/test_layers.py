"""Imports go one way: records, errors, config <- rooms <- pipeline <- cli, scheduler."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("collectors", "analysis", "storage", "reporting", "alerting")
LEAVES = {
    "records", "errors", "config", "figures", "files", "periods", "lock", "net", "failpoints", "spike",
    "configalerts", "configfile", "configrules", "configschema", "configtypes", "conflicts", "plainwords",
    "backtested", "rise", "secretstore", "yamlmarks",
}  # fmt: skip
READERS = ("reporting", "alerting")


def imports(path: Path) -> set[str]:
    """The dotted names of ours that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in {*ROOMS, "candidly", "scheduler"}}


def forbidden(home: str, name: str) -> bool:
    """May a module of room or leaf `home` not import `name`?"""
    room, *rest = name.split(".")
    if room == "scheduler":
        return home != "commands"
    if room == "candidly":
        return home in (*ROOMS, "leaf") and bool(rest) and rest[0] not in {*LEAVES, "__version__"}
    if home == "leaf":
        return True
    return home in ROOMS and room != home and not (home in READERS and room == "storage")


def home(path: Path) -> str:
    room = path.relative_to(ROOT).parts[0]
    if room != "candidly":
        return room
    return "leaf" if path.parent.name == "candidly" and path.stem in LEAVES else "spine"


@pytest.mark.parametrize("room", [*ROOMS, "candidly"])
def test_imports_go_one_way(room: str) -> None:
    for path in sorted((ROOT / room).rglob("*.py")):
        where = "commands" if "commands" in path.parts else home(path)
        wrong = {name for name in imports(path) if forbidden(where, name)}
        assert not wrong, f"{path.relative_to(ROOT)} must not import {sorted(wrong)}"


def test_the_rule_catches_a_planted_violation() -> None:
    assert forbidden("collectors", "storage.store")
    assert forbidden("analysis", "candidly.pipeline")
    assert forbidden("leaf", "analysis.stats")
    assert not forbidden("reporting", "storage.queries")
    assert not forbidden("storage", "candidly.records")


def test_sql_lives_in_storage() -> None:
    for room in (*ROOMS, "candidly"):
        for path in (ROOT / room).rglob("*.py"):
            if room != "storage":
                text = path.read_text(encoding="utf-8")
                assert "import sqlalchemy" not in text, path
                assert "from sqlalchemy" not in text, path
                assert "import sqlite3" not in text, path

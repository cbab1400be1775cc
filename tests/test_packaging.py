"""What is shipped: the wheel's contents, a light command line, and documentation that names all of it."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest

from candidly import __version__
from candidly.cli import COMMANDS, cli

ROOT = Path(__file__).parents[1]
ROOMS = {"candidly", "collectors", "analysis", "storage", "reporting", "alerting"}
HEAVY = {"pandas", "numpy", "praw", "bs4", "lxml", "sqlalchemy", "pydantic", "apprise", "rich", "yaml"}
DATA = (
    "analysis/data/themes.yaml",
    "analysis/data/roles.yaml",
    "candidly/data/config.template.yaml",
    "candidly/demo/phrases.txt",
    "candidly/py.typed",
    "reporting/templates/weekly.html.j2",
    "reporting/templates/weekly.css",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling, of the dev extra")
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    info = f"candidly-{__version__}.dist-info"
    assert {name.split("/")[0] for name in wheel.namelist()} == {*ROOMS, "scheduler.py", info}


def test_the_wheel_holds_every_module_and_every_data_file(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert set(DATA) <= names
    modules = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    assert any("storage/migrations/" in module for module in modules)
    assert modules <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".db", ".pyc"))]


def test_the_wheel_installs_the_script(wheel: zipfile.ZipFile) -> None:
    entry = wheel.read(f"candidly-{__version__}.dist-info/entry_points.txt").decode()
    assert re.search(r"\[console_scripts\]\s+candidly = candidly\.cli:main", entry)


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
    assert f"\n## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_help_loads_nothing_heavy_and_is_quick() -> None:
    code = (
        "import sys; from candidly.cli import run; code = run(['--help'])\n"
        f"sys.exit(code or ', '.join(sorted({HEAVY!r} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Processor time, the least of a few runs: other work on the machine makes it no slower.
    assert min(_seconds() for _ in range(5)) < 0.15


def _seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "candidly", "--help"], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", one) for sub, one in command.commands.items()]
    return found


def options(command: click.Command) -> list[str]:
    return [flag for one in command.params if isinstance(one, click.Option) for flag in one.opts]


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    first = name.split(maxsplit=1)[0]
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section: Any = re.search(rf"^## {first}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/commands.md has no section on {name}"
    assert f"    candidly {first}" in section[1]
    assert name in section[1]
    assert [flag for flag in options(command) if flag not in section[1]] == []
    assert command.help


def test_every_common_option_and_exit_code_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [flag for flag in options(cli) if f"`{flag}" not in text] == []
    assert all(f"| {code} |" in text for code in (0, 1, 2, 3, 130))


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_a_wheel_is_enough(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Outside the checkout, with nothing on the path but the wheel's own files."""
    wheel.extractall(tmp_path / "site")
    code = "import candidly, candidly.cli; print(candidly.__file__); candidly.cli.main(['init', 'x'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stdout
    assert (tmp_path / "x" / "config.yaml").exists()

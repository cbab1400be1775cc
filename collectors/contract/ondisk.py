"""A case without a server: its files, copied afresh for each read and spoilt in the copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from collectors.contract import rules
from collectors.contract.bench import Bench, finished, outcome
from collectors.contract.case import Case, Finding
from collectors.contract.faults import GARBAGE, PAGE, Kind, bomb

PLACE: Final = "inbox"
"""What stands for the address in the block of the case: the copy, seen from the configuration's folder."""

Spoil = Callable[[Path], None]


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _filled(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _bomb(path: Path) -> None:
    path.write_bytes(bomb(40))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILS: Final[Mapping[str, Spoil]] = MappingProxyType(
    {
        "cut off": _cut,
        "garbage": partial(_filled, data=GARBAGE),
        "empty": partial(_filled, data=b""),
        "nested": partial(_filled, data=b"[" * 200_000),
        "HTML error page": partial(_filled, data=PAGE),
        "gzip bomb": _bomb,
        "a folder in its place": _folder,
        "gone": Path.unlink,
    }
)
"""What may have become of a file: cut files are those whose format shows it (packed, JSON, a workbook)."""


AWAY: Final = ("gone", "a folder in its place")
"""A file that somebody took away is no fault, but that nothing is left must be said."""


class OnDisk(Bench):
    """See the module. A fault spoils every file, then the last alone."""

    names = tuple(SPOILS)

    def __init__(self, case: Case, folder: Path, source: Path) -> None:
        super().__init__(case, folder, PLACE)
        self.source = source

    def calm(self) -> None:
        shutil.rmtree(self.folder / PLACE, ignore_errors=True)
        shutil.copytree(self.source, self.folder / PLACE)

    def check_fault(self, name: str, *, start: bool = True) -> Iterator[Finding]:
        full = self.full
        files = sorted(path.relative_to(self.source) for path in self.source.rglob("*") if path.is_file())
        for some in (files, files[-1:]) if start else (files[-1:],):
            self.calm()
            for file in some:
                SPOILS[name](self.folder / PLACE / file)
            where = f"{name} ({len(some)} of {len(files)} files)"
            found = self.read()
            if name not in AWAY:
                yield from outcome(found, full, Kind(_never), where)
            elif found.crash is not None or not (found.mentions or found.error or found.notes):
                yield Finding("silence", f"{where} ends without a word")
            yield from rules.hosts(found, where)
            self.calm()
            after = self.read(found.cursor)
            yield from finished(after, f"the read after {where}")
            if missing := full.ids - found.ids - after.ids:
                yield Finding("resume", f"{where}: the cursor moved past {len(missing)} mentions")


def _never(_exchange: object) -> None:
    """A Kind needs an act; files are spoilt by `SPOILS`."""

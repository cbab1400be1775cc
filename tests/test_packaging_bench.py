"""`make bench` runs what it says it runs."""

from __future__ import annotations

import importlib

import pytest

NAMES = ("vader", "engine", "ground", "chain", "changes")


def test_bench_runs_each_with_its_default_size(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, tuple[object, ...]]] = []
    for name in NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        monkeypatch.setattr(module, "main", lambda *given, name=name: ran.append((name, given)))
    importlib.import_module("benchmarks.__main__").main()
    assert [name for name, _ in ran] == list(NAMES)
    assert all(given in ((), ([],)) for _, given in ran)

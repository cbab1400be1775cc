"""What every test gets: no socket but loopback, no secrets or settings from the developer's own machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GUARD = Path(__file__).parent / "guard"
sys.path.insert(0, str(GUARD))
import sitecustomize as guard  # noqa: E402 - as the processes that tests start import it

sys.path.remove(str(GUARD))


@pytest.fixture(scope="session")
def tried_by_others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where processes that tests start write down what they tried to reach."""
    return tmp_path_factory.mktemp("guard") / "tried"


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch, tried_by_others: Path) -> Iterator[None]:
    """Fail a test that opens a connection to anywhere but this machine, itself or by a process it starts."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(GUARD), *_given("PYTHONPATH")]))
    monkeypatch.setenv("SOCKET_GUARD_LOG", str(tried_by_others))
    guard.tried.clear()
    yield
    others = tried_by_others.read_text(encoding="utf-8").splitlines() if tried_by_others.exists() else []
    tried_by_others.unlink(missing_ok=True)
    assert [*guard.tried, *others] == [], "a test tried to reach another machine"


def _given(name: str) -> list[str]:
    return [value] if (value := os.environ.get(name)) else []


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own settings or proxies reaches a test."""
    for name in list(os.environ):
        if name.startswith(("CANDIDLY_", "REDDIT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)

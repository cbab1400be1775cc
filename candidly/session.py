"""What one command works with: the configuration, the open store, the clock, and analysis built once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import collectors
from analysis.companies import CompanyFinder
from analysis.engines import TextAnalyser, analyser_for
from analysis.prepare import Preparer
from candidly.config import Config
from candidly.configfile import Loaded, load, placed
from candidly.errors import ConfigError
from candidly.lock import run_lock
from candidly.secretstore import author_key
from collectors.base import Context

if TYPE_CHECKING:
    from storage.store import Store

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)


@dataclass
class Session:
    """One command's view of the house. `stopping` turns true when the process was asked to end."""

    loaded: Loaded
    store: Store
    now: Clock = wall_clock
    stopping: Callable[[], bool] = field(default=lambda: False)

    @property
    def config(self) -> Config:
        return self.loaded.config

    @cached_property
    def preparer(self) -> Preparer:
        return Preparer(author_key(self.loaded), self.config.analysis.phone_regions)

    @cached_property
    def finder(self) -> CompanyFinder:
        return CompanyFinder(self.config.companies)

    @cached_property
    def analyser(self) -> TextAnalyser:
        return make_analyser(self.loaded)

    def warm_up(self) -> None:
        """Build what every source needs, so that a wrong theme file stops a run before it starts.

        No text is analysed for it: another engine may be one that has to be asked over the network.
        """
        _ = self.preparer, self.finder, self.analyser.version

    def imports(self) -> list[str]:
        """The sources that are files, whose silence says nothing."""
        return [source.name for source in self.config.sources if not source.live]

    def context(self) -> Context:
        """What a collector is given."""
        return Context(now=self.now(), folder=self.loaded.folder, secret=self.loaded.secrets.get)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """The run lock of this store; see `candidly.lock`."""
        path = sqlite_path(self.config.store.url, self.loaded.folder)
        with run_lock(path.with_name(path.name + ".lock") if path else self.loaded.folder / ".candidly.lock"):
            yield


def load_config(path: Path) -> Loaded:
    """The configuration at `path`, with every registered collector's block and own theme understood."""
    loaded = load(path, collectors.settings_models(), os.environ)
    if extra := loaded.config.analysis.extra_themes:
        from analysis import ownthemes

        problems = [(("analysis", "extra_themes", *at), text) for at, text in ownthemes.problems(extra)]
        if problems:
            raise ConfigError(placed(path, problems))
    if rules := loaded.config.alerts.rules:
        from analysis import alleged

        if wrong := alleged.problems(rules):
            raise ConfigError(placed(path, [(("alerts", "rules", *at), text) for at, text in wrong]))
    return loaded


def make_analyser(loaded: Loaded) -> TextAnalyser:
    """The analyser of a configuration. Raises ConfigError for an engine that cannot be set up."""
    return analyser_for(loaded.config.analysis, loaded.folder, loaded.secrets.get)


@contextmanager
def open_session(loaded: Loaded, now: Clock = wall_clock) -> Iterator[Session]:
    """Open the store of a configuration (created or upgraded as needed), and close it at the end."""
    from storage.store import Store  # not for commands that read texts alone

    with Store.open(store_url(loaded.config.store.url, loaded.folder)) as store:
        yield Session(loaded, store, now)


def sqlite_path(url: str, folder: Path) -> Path | None:
    """The file of a SQLite address, relative paths starting at `folder`; None for another database."""
    prefix = "sqlite:///"
    return folder / url.removeprefix(prefix) if url.startswith(prefix) else None


def store_url(url: str, folder: Path) -> str:
    """A SQLite address with its path made absolute from the configuration's folder."""
    path = sqlite_path(url, folder)
    return f"sqlite:///{path.absolute()}" if path else url

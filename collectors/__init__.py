"""1 collect: a public source -> Mention, one file a source, and the explicit registry of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from candidly.config import SourceSettings
from candidly.errors import UsageError
from collectors.base import Collector

COLLECTORS = {
    "bluesky": "collectors.bluesky:BlueskyCollector",
    "facebook": "collectors.facebook:FacebookCollector",
    "feed": "collectors.feed:FeedCollector",
    "file": "collectors.file:FileCollector",
    "google_business": "collectors.google_business:GoogleBusinessCollector",
    "hackernews": "collectors.hackernews:HackerNewsCollector",
    "mastodon": "collectors.mastodon:MastodonCollector",
    "page": "collectors.page:PageCollector",
    "reddit": "collectors.reddit:RedditCollector",
    "stackexchange": "collectors.stackexchange:StackExchangeCollector",
    "trustpilot": "collectors.trustpilot:TrustpilotCollector",
    "x": "collectors.x:XCollector",
    "yelp": "collectors.yelp:YelpCollector",
    "youtube": "collectors.youtube:YouTubeCollector",
}
"""type in config.yaml -> where the class lives; loaded on first use, so that praw stays out of `--help`."""

ENTRY_POINTS = "candidly.collectors"


def types() -> list[str]:
    """Every source type that can be configured here, third parties' included."""
    return sorted({*COLLECTORS, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def load(type_: str) -> type[Collector]:
    """The collector class of a source type; UsageError where nobody registered it."""
    if target := COLLECTORS.get(type_):
        module, _, name = target.partition(":")
        return cast(type[Collector], getattr(import_module(module), name))
    for point in entry_points(group=ENTRY_POINTS, name=type_):
        return cast(type[Collector], point.load())
    raise UsageError(f"no collector is registered for type {type_!r}.", f"Known types: {', '.join(types())}.")


class _Models(Mapping[str, type[SourceSettings]]):
    """A collector is loaded when its type is asked for: most configurations name a few of them."""

    def __init__(self) -> None:
        self._types = frozenset(types())

    def __getitem__(self, type_: str) -> type[SourceSettings]:
        if type_ not in self._types:
            raise KeyError(type_)
        return load(type_).Settings

    def __contains__(self, type_: object) -> bool:
        return type_ in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._types))

    def __len__(self) -> int:
        return len(self._types)


def settings_models() -> Mapping[str, type[SourceSettings]]:
    """type -> the model of its block in config.yaml, for `candidly.configfile.load`."""
    return _Models()

"""The commands about the analysis itself: rescore, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from candidly.console import Console, table


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how many mentions are out of date.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rescore(console: Console, dry_run: bool, as_json: bool) -> None:
    """Read anew what another version of the analysis, its themes or its engine read.

    Stopped at any point, the next one goes on from there.

    \b
    Example: candidly rescore --dry-run
    """
    from candidly import pipeline

    if dry_run:
        with console.session() as session:
            found = pipeline.outdated(session)
            version = session.analyser.version
        _show_outdated(console, version, found, as_json)
        return
    with console.session() as session, session.lock():
        total = sum(pipeline.outdated(session).values())
        with counting(console, "rescore", total) as show:
            done = pipeline.rescore(session, show)
        left = sum(pipeline.outdated(session).values())
        version = session.analyser.version
    if as_json:
        console.json({"version": version, "rescored": done, "outdated": left})
        return
    console.say(f"{done:,} mentions read anew" + (f", {left:,} still out of date." if left else "."))


def _show_outdated(console: Console, version: str, found: dict[str, int], as_json: bool) -> None:
    if as_json:
        console.json({"version": version, "outdated": sum(found.values()), "versions": found})
        return
    if not found:
        console.say(f"Nothing is out of date; the version is {version}.")
        return
    console.say(table(["version", "mentions"], list(found.items())))
    console.say(f"{sum(found.values()):,} mentions are out of date; the version is {version}.")


@contextmanager
def counting(console: Console, name: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr that is told how many are done, on a terminal only."""
    import sys

    if console.quiet or console.debug or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console as Terminal
    from rich.progress import Progress

    with Progress(console=Terminal(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done)

"""The commands about the analysis itself: rescore, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from candidly.console import Console, table

if TYPE_CHECKING:
    from analysis.engines import TextAnalyser
    from analysis.evaluate import Evaluation


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


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--texts", type=click.Path(path_type=Path), help="JSON Lines with the texts, by id.")
@click.option("--resamples", default=1000, show_default=True, type=click.IntRange(0, 100_000),
              help="Bootstrap samples behind the intervals.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def evaluate(
    console: Console, files: tuple[Path, ...], texts: Path | None, resamples: int, as_json: bool
) -> None:
    """Measure how right the analysis is on labelled texts (JSON Lines).

    A line holds a text and what is known of it: label, stars or experience; themes, role, stage, ghosting.

    \b
    Example: candidly evaluate labelled.jsonl
    """
    from candidly import accuracy
    from candidly.commands.work import analyser_at

    analyser = analyser_at(console)
    data = []
    for path in files:
        whole, groups = _evaluated(console, analyser, path, texts, resamples)
        if as_json:
            entry = {"file": path, "version": analyser.version}
            data.append(entry | accuracy.as_data(whole, groups))
        else:
            console.say(accuracy.render(str(path), whole, groups) + "\n")
    if as_json:
        console.json(data)
    else:
        console.say(f"Version of the analysis: {analyser.version}")


def _evaluated(
    console: Console, analyser: TextAnalyser, path: Path, texts: Path | None, resamples: int
) -> tuple[Evaluation, dict[str, Evaluation]]:
    """One file as a whole, and each of its groups."""
    from analysis import labelled
    from analysis.evaluate import evaluate as measured

    rows = labelled.read(path, texts)
    found = []
    with counting(console, path.name, len(rows)) as show:
        for n, row in enumerate(rows, 1):
            found.append(analyser.analyse_text(row.text, row.kind))
            if n % 100 == 0:
                show(n)
    truths = [row.truth for row in rows]
    groups = {
        name: measured([truths[n] for n in places], [found[n] for n in places], resamples=resamples)
        for name, places in labelled.groups(rows)
    }
    return measured(truths, found, resamples=resamples), groups


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

"""The commands about the analysis itself: rescore, evaluate, learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from candidly.console import Console, table

if TYPE_CHECKING:
    from analysis.adapt import Adapted
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
    _warn_of_themes(console, path, {name for row in rows for name in row.truth.themes or ()})
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


def _warn_of_themes(console: Console, path: Path, labelled: set[str]) -> None:
    """One line about labelled themes that nothing can find, as they are misspelt or not known here."""
    from difflib import get_close_matches

    from analysis import themes
    from candidly.config import Analysis

    loaded = console.load() if console.config.exists() else None
    settings = loaded.config.analysis if loaded else Analysis()
    file = loaded.folder / settings.themes if loaded and settings.themes else themes.BUILT_IN
    known = {line.tag.name for line in themes.load(file) if line.tag.group == "theme"} | {
        *settings.extra_themes
    }
    said = []
    for name in sorted(labelled - known):
        near = get_close_matches(name, sorted(known), 1)
        said.append(f"{name!r} (did you mean {near[0]!r}?)" if near else repr(name))
    if said:
        console.note(
            f"{path}: no theme has the name {', '.join(said)}; it counts as one that is never found."
        )


@click.command()
@click.option("--dry-run", is_flag=True, help="Measure only; write nothing.")
@click.option("--force", is_flag=True, help="Replace a lexicon that was edited by hand.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def learn(console: Console, dry_run: bool, force: bool, as_json: bool) -> None:
    """Adapt the lexicon to the mentions with stars in your store; kept only if it is better.

    A fifth of them is held back and shows how right the analysis is before and after.

    \b
    Example: candidly learn --dry-run
    """
    from candidly import learning

    with console.session() as session, session.lock():
        place = learning.folder(session)
        if not (dry_run or force):
            learning.check_untouched(place)
        with counting(console, "learn", 0) as show:
            learned = learning.learn(session, show)
        kept = learned.better and not dry_run
        if kept:
            learning.keep(place, learned, session.now())
        used = session.config.analysis.lexicon == learning.FOLDER
    if as_json:
        console.json(learning.as_data(learned) | {"kept": kept})
        return
    console.say(learning.render(learned) + "\n")
    console.say(_decision(learned, dry_run, used))


def _decision(learned: Adapted, dry_run: bool, used: bool) -> str:
    """What became of a learned lexicon, and what to do next."""
    from candidly import learning

    if not learned.better:
        stays = f" {learning.FOLDER}/, which is in use, stays as it was." if used else ""
        return f"No better: kept the shipped lexicon.{stays}"
    what = f"{learned.counts.changed:,} n-grams changed, {learned.counts.new:,} new"
    if dry_run:
        return f"Better ({what}); without --dry-run it is written to {learning.FOLDER}/."
    line = (
        f"To use it, add this line under `analysis` in the configuration:\n\n  lexicon: {learning.FOLDER}\n\n"
    )
    add = "" if used else line
    rescore = "`candidly rescore` brings what is stored up to date."
    return f"Better: written to {learning.FOLDER}/ ({what}).\n{add}{rescore}"


@contextmanager
def counting(console: Console, name: str, total: int) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr that is told how many are done (of how many), on a terminal only."""
    import sys

    if console.quiet or console.debug or not sys.stderr.isatty():
        yield lambda _done, _total=None: None
        return
    from rich.console import Console as Terminal
    from rich.progress import Progress

    with Progress(console=Terminal(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done, whole=None: bar.update(task, completed=done, total=whole)

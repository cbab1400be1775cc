"""The commands about how long texts stay: keep, `source purge` and `source erase`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from candidly.console import Console, table

if TYPE_CHECKING:
    from candidly.keeping import Keeping

_LEFT = "It may hold quotes that are gone, and could not be rewritten: {}. It is tried again next time."

NAMED = 10
"""Ids that are named one by one."""


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def keep(console: Console, names: tuple[str, ...], as_json: bool) -> int:
    """Remove what was deleted at its source, texts older than `keep`, and messages of half a year ago.

    `candidly run` and `candidly schedule` do this too.
    """
    from candidly import keeping
    from candidly.commands.work import PARTLY, chosen

    with console.session() as session, session.lock():
        sources = chosen(session.config.sources, names) if names else session.config.sources
        done = keeping.keep(session, sources)
    if as_json:
        console.json(_as_data(done))
    else:
        _show(console, done)
    return 0 if done.clean and not any(kept.problem for kept in done.sources) else PARTLY


def _as_data(done: Keeping) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(done)


def _show(console: Console, done: Keeping) -> None:
    rows = [[k.source, k.expired, k.looked_up, k.removed, k.due] for k in done.sources]
    if not rows:
        console.say("No source is configured.")
    elif not (console.quiet and not any(k.problem or k.expired or k.removed for k in done.sources)):
        console.say(table(["source", "expired", "looked up", "removed", "still due"], rows))
    show_rest(console, done)


def show_rest(console: Console, done: Keeping) -> None:
    """What somebody should know: trouble, reports to recall, messages that are no more."""
    for kept in done.sources:
        if kept.problem:
            console.say(f"{kept.source}: stored items could not be looked up: {kept.problem}")
    for path in done.rewritten:
        console.say(f"Rewritten without quotes that are gone: {path.name}. Recall copies that you passed on.")
    for name in done.reports_left:
        console.say(_LEFT.format(name))
    if not done.unquoted:
        console.say(
            "A file of alerts could not be cleared of quotes that are gone; it is tried again next time."
        )
    if done.messages:
        console.note(f"Messages dropped that were sent or given up long ago: {done.messages:,}")
    if not done.settled:
        console.note("The database file is written anew later, so that no removed text is left in it.")


@click.command()
@click.argument("name", metavar="SOURCE")
@click.option("--forget", is_flag=True, help="Leave no tombstones: the source may be collected anew.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the certificate as JSON.")
@click.pass_obj
def purge(console: Console, name: str, forget: bool, yes: bool, as_json: bool) -> int:
    """Remove everything of SOURCE from the store, and print a certificate.

    What was removed is never stored again, unless with --forget. There is no way back.

    \b
    Example: candidly source purge reddit --yes
    """
    from candidly import purging
    from candidly.commands.work import PARTLY
    from candidly.errors import UsageError

    with console.session() as session, session.lock():
        found = purging.known(session, name)
        if not yes:
            count = f"{found.mentions:,} mentions of {name}"
            raise UsageError(f"this removes {count} for good.", "Add --yes if you mean it.")
        certificate = purging.purge(session, name, forget=forget)
    if as_json:
        console.json(certificate)
    else:
        console.say(f"Certificate of removal: source {name}, {certificate['at']}")
        for key, count in certificate["removed"].items():
            console.say(f"  {key}: {count:,} removed, {certificate['left'][key]:,} left")
        console.say(f"  tombstones kept (source, keyed hash, date): {certificate['tombstones']:,}")
        _show_files(console, certificate)
    return 0 if purging.whole(certificate) else PARTLY


@click.command()
@click.argument("name", metavar="SOURCE")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--json", "as_json", is_flag=True, help="Print the certificate as JSON.")
@click.pass_obj
def erase(console: Console, name: str, ids: tuple[str, ...], as_json: bool) -> int:
    """Remove single mentions of SOURCE by their ids at the site, for good: a request for erasure.

    What is not stored (yet) is kept from ever being stored, and the exit code is 2: look whether it is the
    id that you meant. It is 0 where the same was asked before, and 3 where a file may still quote something.

    \b
    Example: candidly source erase reddit t1_abc123
    """
    from candidly import purging
    from candidly.commands.work import PARTLY

    with console.session() as session, session.lock():
        certificate, missing = purging.erase(session, name, ids)
    if as_json:
        console.json(certificate)
    else:
        console.say(f"Certificate of erasure: source {name}, {certificate['at']}")
        asked, removed = certificate["asked"], certificate["removed"]
        console.say(f"  asked for: {asked:,}, removed: {removed:,}")
        if again := asked - removed - len(missing):
            console.say(f"  nothing is stored any more, as it was removed or kept out before: {again:,}")
        _show_files(console, certificate)
    if missing:
        raise _not_stored(name, missing)
    return 0 if purging.whole(certificate) else PARTLY


def _not_stored(name: str, ids: list[str]) -> Exception:
    """What somebody should hear who mistyped an id; the ids are their own words."""
    from candidly.errors import UsageError

    shown = ", ".join(map(repr, ids[:NAMED])) + (
        f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else ""
    )
    return UsageError(
        f"of {name} nothing was stored by the id{'s' if len(ids) > 1 else ''} {shown}.",
        'From now on nothing will be. Look for others with: candidly query "SELECT id, url FROM mention"',
    )


def _show_files(console: Console, certificate: dict[str, Any]) -> None:
    if not certificate["files_written_anew"]:
        console.say("  the database file could not be written anew yet; run: candidly keep")
    if not certificate["alert_files_unquoted"]:
        console.say("  a file of alerts could not be cleared of quotes yet; run: candidly keep")
    for report in certificate["reports_left"]:
        console.say(f"  a report could not be rewritten without its quotes yet: {report}; run: candidly keep")
    for report in certificate["reports_rewritten"]:
        console.say(f"  rewritten without its quotes: {report}")
    console.say(f"  sha256: {certificate['sha256']}")

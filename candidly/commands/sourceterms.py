"""`candidly source terms`: what the sites' terms say, and how the configured sources stand to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from candidly.console import Console, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from candidly.config import SourceSettings
    from collectors.termsrecords import Terms


@click.command()
@click.argument("type_", metavar="[TYPE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def terms(console: Console, type_: str | None, as_json: bool) -> None:
    """Show what the terms of a source type (or of a site without one) say; without TYPE, all in short.

    \b
    Example: candidly source terms yelp
    """
    records = known()
    live = [source for source in _configured(console) if source.live]
    if type_ is None:
        _overview(console, records, live, as_json)
        return
    record = _record(records, type_, live)
    mine = {source.name: standing(console, source) for source in live if records.get(source.type) is record}
    if as_json:
        from candidly.sourcepage import as_data

        console.json({"site": record.site, **as_data(record), "sources": mine})
        return
    from candidly.sourcepage import as_text

    console.say(f"{record.site}\n{as_text(record)}")
    for name, said in mine.items():
        console.say(f"Source {name}: {said}")


def known() -> dict[str, Terms]:
    """Source type, or site that no source type reads, -> record; extensions bring their own."""
    import collectors
    from collectors.termsrecords import TERMS, WITHOUT_COLLECTOR, Terms

    own = {name: getattr(model, "terms", None) for name, model in collectors.settings_models().items()}
    brought = {name: record for name, record in own.items() if isinstance(record, Terms)}
    return {**TERMS, **brought, **WITHOUT_COLLECTOR}


def standing(console: Console, source: SourceSettings) -> str:
    """Whether a source may start, and what should be looked at."""
    from candidly.errors import CollectorError
    from collectors.terms import check_terms, stale

    try:
        check_terms(source, getattr(source, "urls", ()))
    except CollectorError as problem:
        return f"does not start. {problem}"
    if note := stale(source, console.now().date()):
        return f"starts; {note}."
    return f"starts; terms read on {source.terms_read}."


def _configured(console: Console) -> Sequence[SourceSettings]:
    """The sources of the configuration, where there is one."""
    return console.load().config.sources if console.config.exists() else ()


def _record(records: Mapping[str, Terms], asked: str, live: Sequence[SourceSettings]) -> Terms:
    from difflib import get_close_matches

    from candidly.errors import UsageError

    names = {source.name: source.type for source in live}
    if record := records.get(names.get(asked, asked).lower()):
        return record
    near = get_close_matches(asked.lower(), records, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(records))}."
    raise UsageError(f"no terms are on record for {asked!r}.", hint)


def _overview(
    console: Console, records: Mapping[str, Terms], live: Sequence[SourceSettings], as_json: bool
) -> None:
    from candidly.sourcepage import as_data

    if as_json:
        console.json({name: {"site": record.site, **as_data(record)} for name, record in records.items()})
        return
    rows = [
        [name, record.site, "yes" if record.permission else "", _read(record)]
        for name, record in sorted(records.items())
    ]
    console.say(table(["type", "site", "permission", "read by us"], rows))
    for source in live:
        console.say(f"Source {source.name}: {standing(console, source)}")


def _read(record: Terms) -> str:
    from candidly.sourcepage import read_on

    return read_on(record).partition(" (")[0] if record.address else "each site's own"

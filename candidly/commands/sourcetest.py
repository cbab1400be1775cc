"""`candidly source list` and `candidly source test`: what can be collected from, and whether it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from candidly.console import Console, table

if TYPE_CHECKING:
    from candidly.config import SourceSettings
    from collectors.contract.live import Report


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(console: Console, as_json: bool) -> None:
    """List the types of sources that there are, and the sources that you have configured.

    \b
    Example: candidly source list
    """
    import collectors

    types = [_type(name) for name in collectors.types()]
    sources = [_source(console, one) for one in console.load().config.sources] if _configured(console) else []
    if as_json:
        console.json({"types": types, "sources": sources})
        return
    console.say(table(["type", "live", "terms", "what it reads"], [list(row.values()) for row in types]))
    if sources:
        console.say()
        header = ["source", "type", "state", "terms"]
        console.say(table(header, [list(row.values()) for row in sources]))
    elif not _configured(console):
        console.note(f"{console.config} is not there, so no sources are listed; see `candidly init`.")


def _configured(console: Console) -> bool:
    return console.config.exists()


def _type(name: str) -> dict[str, str]:
    """A type in one line."""
    import inspect
    import sys

    import collectors

    collector = collectors.load(name)
    about = inspect.getdoc(sys.modules[collector.__module__]) or inspect.getdoc(collector) or ""
    live = collector.Settings.live
    return {
        "type": name,
        "live": "live" if live else "files",
        "terms": _terms(name) if live else "not needed",
        "about": about.partition("\n")[0].rstrip("."),
    }


def _terms(name: str) -> str:
    """Where the terms of a type stand, in a few words."""
    from candidly.commands.sourceterms import known

    record = known().get(name)
    if record is None:
        return "not known to us"
    read = f"read by us {record.read}" if record.read else "not read by us"
    return f"{read}; needs a permission" if record.permission else read


def _source(console: Console, source: SourceSettings) -> dict[str, str]:
    from candidly.commands.sourceterms import standing

    return {
        "source": source.name,
        "type": source.type,
        "state": "on" if source.enabled else "off",
        "terms": standing(console, source) if source.live else "not needed",
    }


@click.command("test")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def test(console: Console, name: str, as_json: bool) -> int:
    """Read one unit of the source NAME and hold it to the rules of a collector; nothing is stored.

    A live source is asked for little: a page, or what its type calls a unit. Exit codes: 0 all rules hold,
    1 nothing could be read, 3 it was read, but a rule is broken.

    \b
    Example: candidly source test glassdoor-export
    """
    import collectors
    from candidly.commands.work import chosen
    from collectors.base import Context
    from collectors.contract.live import examine

    loaded = console.load()
    (source,) = chosen(loaded.config.sources, [name])
    context = Context(now=console.now(), folder=loaded.folder, secret=loaded.secrets.get)
    report = examine(collectors.load(source.type), source, context)
    rows = _rows(source, report)
    if as_json:
        console.json({"source": name, "rules": rows})
    else:
        console.say(table(["rule", "result", ""], [list(row.values()) for row in rows]))
    if not report.reading.mentions:
        return 1
    return 3 if report.findings else 0


def _rows(source: SourceSettings, report: Report) -> list[dict[str, str]]:
    """rule, result, what is said of it: one row a finding, one a rule that holds."""
    from collectors.contract.live import RULES_LIVE

    rows = []
    for rule in RULES_LIVE:
        broken = [finding.message for finding in report.findings if finding.rule == rule]
        for message in broken:
            rows.append({"rule": rule, "result": "FAIL", "what": message})  # noqa: PERF401 - reads better
        if not broken:
            result, what = _holds(rule, source, report)
            rows.append({"rule": rule, "result": result, "what": what})
    return rows


def _holds(rule: str, source: SourceSettings, report: Report) -> tuple[str, str]:
    from collectors.contract.live import RULES_LIVE, leads

    reading = report.reading
    if rule == "read":
        counted = f"{len(reading.mentions)} mentions and {len(reading.rejects)} rejects"
        return "pass", f"{counted} in {len(reading.units)} unit(s), {reading.spent} request(s)"
    if rule == "hosts" and leads(source):
        return "-", "not judged: pages and feeds may lead to other hosts"
    if not reading.items and rule not in ("secrets", "hosts"):
        return "-", "nothing was read to judge by"
    return "pass", RULES_LIVE[rule]

"""The commands that read: alerts, query, export, status."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from candidly.commands import incidents as incidents_commands
from candidly.console import Console, table

if TYPE_CHECKING:
    from candidly.config import SourceSettings
    from candidly.session import Session


@click.group(invoke_without_command=True)
@click.option("--company", help="Only this company.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most incidents to list."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def alerts(ctx: click.Context, company: str | None, limit: int, as_json: bool) -> None:
    """List incidents and deliveries; `alerts run` looks for new ones, `alerts test` tries channels."""
    if ctx.invoked_subcommand:
        return
    console: Console = ctx.obj
    from storage import queries

    with console.session() as session:
        _known_company(session, company)
        incidents = queries.incidents(session.store, company=company, limit=limit)
        deliveries = queries.deliveries(session.store, limit=limit)
    if as_json:
        console.json({
            "incidents": [
                incidents_commands.as_data(i)
                for i in incidents
            ],
            "deliveries": [
                {"id": d.id, "channel": d.channel, "state": d.state, "attempts": d.attempts, "error": d.error}
                for d in deliveries
            ],
        })  # fmt: skip
        return
    if not incidents:
        console.say("No incidents.")
    for incident in incidents:
        state = incidents_commands.state_of(incident)
        console.say(
            f"{incident.opened:%Y-%m-%d} {state:8} {incident.severity:7} {incident.id:24} {incident.title}"
        )
    for delivery in deliveries:
        if delivery.state in ("pending", "failed"):
            console.say(
                f"not delivered: {delivery.channel} {delivery.state} after {delivery.attempts} attempts"
            )


def _known_company(session: Session, company: str | None) -> None:
    """UsageError for a company that is neither configured nor stored: a typing error, not an empty answer."""
    from difflib import get_close_matches

    from candidly.errors import UsageError
    from storage import queries

    names = [one.name for one in session.config.companies]
    names += [line["company"] for line in queries.totals(session.store)["companies"]]
    if company is None or company in names:
        return
    near = get_close_matches(company, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(dict.fromkeys(names))}."
    raise UsageError(f"no company is called {company!r}.", hint)


@alerts.command("run")
@click.pass_obj
def alerts_run(console: Console) -> None:
    """Look for spikes now, and send what is due."""
    from candidly import pipeline

    with console.session() as session, session.lock():
        incidents = pipeline.watch(session, ())
        delivered = pipeline.deliver(session)
    for incident in incidents:
        console.say(f"New incident: {incident.title}")
    console.say(f"{len(incidents)} new incidents; {delivered.sent} messages sent.")


@alerts.command("test")
@click.argument("channel", required=False)
@click.pass_obj
def alerts_test(console: Console, channel: str | None) -> int:
    """Send a sample message to every channel, or to the named one."""
    from candidly import delivering

    with console.session() as session:
        results = delivering.test_channels(session, channel)
    for name, error in results.items():
        console.say(f"{name}: {error or 'sent'}")
    return 1 if any(results.values()) else 0


for _command in ("show", "ack", "silence", "backtest"):
    alerts.add_command(getattr(incidents_commands, _command), _command)


@click.command()
@click.argument("sql", required=False)
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="Most rows to print."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Seconds until a query is stopped.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def query(console: Console, sql: str | None, limit: int, timeout: float, as_json: bool) -> None:
    """Ask the dataset in SQL, read-only. Without SQL: list the views and their columns.

    \b
    Example: candidly query "SELECT week, count(*) FROM mention GROUP BY week ORDER BY week DESC"
    """
    from storage import analyst

    with console.session() as session:
        if sql is None:
            console.say(analyst.describe(session.store))
            return
        columns, rows = analyst.select(session.store, sql, limit=limit, timeout=timeout)
    if as_json:
        console.json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        console.say(table(columns, rows))
    if len(rows) == limit:
        console.note(f"At most {limit} rows are printed; raise --limit if there may be more.")


@click.command()
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A .csv or .jsonl file; without it, or with -, stdout.",
)
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), help="Default: by the file's name.")
@click.option("--company", help="Only this company.")
@click.option("--since", metavar="DATE", help="Published on or after this date.")
@click.option("--until", metavar="DATE", help="Published before this date.")
@click.pass_obj
def export(
    console: Console,
    target: Path | None,
    kind: str | None,
    company: str | None,
    since: str | None,
    until: str | None,
) -> None:
    """Write mentions with their analyses as CSV or JSON Lines; authors stay out.

    \b
    Example: candidly export --output mentions.csv --since 2026-01-01
    """
    from candidly.errors import UsageError
    from candidly.periods import parse_moment
    from reporting.export import write_rows
    from storage import queries

    if target == Path("-"):
        target = None
    first, after = (parse_moment(day) if day else None for day in (since, until))
    if first and after and after <= first:
        raise UsageError(f"--until {until} is not after --since {since}.", "Nothing is published between.")
    kind = kind or ("jsonl" if target and target.name.endswith(".jsonl") else "csv")
    with console.session() as session:
        _known_company(session, company)
        chunks = queries.export_rows(
            session.store,
            company=company,
            since=first,
            until=after,
        )
        n = write_rows(chunks, kind, target, sys.stdout)
    console.note(f"{n:,} mentions written" + (f" to {target}" if target else ""))


@click.command()
@click.option(
    "--max-age", metavar="DURATION", help="Exit 1 when no run ended well within this time (e.g. 26h)."
)
@click.option(
    "--exit-code",
    "check",
    is_flag=True,
    help="Print nothing but one line, and exit 1, when a source had no good run within its `every` and the "
    "grace, or no channel takes messages.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(console: Console, max_age: str | None, check: bool, as_json: bool) -> int:
    """Show each source's last run, what is stored, and what waits to be delivered.

    With --exit-code or --max-age it is a dead man's switch: have cron or a second machine run it.
    """
    if check:
        return _check(console, max_age)
    with console.session() as session:
        found = _status(session)
        stale = _stale(session, found["sources"], max_age)
    if as_json:
        console.json(found | {"stale": stale})
    else:
        _show_status(console, found)
    if stale:
        console.note(f"No run ended well within {max_age}: " + ", ".join(stale))
    return 1 if stale else 0


def _check(console: Console, max_age: str | None) -> int:
    """One line for whom it may concern, and 1; nothing and 0 where all is well."""
    from candidly import delivering

    with console.session() as session:
        if max_age is None:
            late = delivering.overdue(session)
            within = "their `every` and the grace"
        else:
            rows = [{"source": one.name, "enabled": one.enabled} for one in session.config.sources]
            late = dict.fromkeys(_stale(session, rows, max_age))
            within = max_age
        unheard = delivering.nobody_told(session)
    said = [f"no good run within {within}: {', '.join(map(_since, late.items()))}"] if late else []
    if unheard:
        said.append("no channel takes messages")
    if said:
        console.say(f"candidly: {'; '.join(said)}")
    return 1 if said else 0


def _since(late: tuple[str, datetime | None]) -> str:
    name, last = late
    return f"{name} (last {last:%Y-%m-%d %H:%M} UTC)" if last else name


def _status(session: Session) -> dict[str, Any]:
    from storage import queries, silences

    last = {run["source"]: run for run in queries.last_runs(session.store)}
    sources = [
        {"source": s.name, "type": s.type, "enabled": s.enabled, "last": last.get(s.name)}
        | _manners(session, s)
        | _behind(session, s)
        for s in session.config.sources
    ]
    silent = silences.active(session.store, session.now())
    return {
        "sources": sources,
        "totals": queries.totals(session.store),
        "open_incidents": len(queries.incidents(session.store, status="open", limit=1000)),
        "undelivered": sum(d.state == "pending" for d in queries.deliveries(session.store, limit=1000)),
        "outdated": _outdated(session),
        "silences": [incidents_commands.vars_of(one) for one in silent],
    }


def _manners(session: Session, source: SourceSettings) -> dict[str, Any]:
    """What a source was asked today, and when the scheduler asks it again."""
    from candidly import pipeline
    from candidly.outcomes import midnight
    from storage import runlog

    pace = pipeline.pace_of(session, source)
    return {
        "requests_today": runlog.requests_since(session.store, source.name, midnight(session.now())),
        "daily_requests": source.daily_requests,
        "next": pace.due,
        "not_before": pace.not_before,
        "pace": pace.state,
        "failures": pace.failures,
    }


def _behind(session: Session, source: SourceSettings) -> dict[str, Any]:
    """Since when deletions at a source are not followed in time, and why."""
    from candidly import keeping

    since, why = keeping.behind(session, source) or (None, "")
    return {"deletions_behind_since": since, "deletions_behind": why}


def _outdated(session: Session) -> int | None:
    """How many mentions another version of the analyser read; None where the present one cannot be made."""
    from candidly import pipeline
    from candidly.errors import CandidlyError, StoreError

    try:
        return sum(pipeline.outdated(session).values())
    except StoreError:
        raise
    except CandidlyError:  # `candidly check` tells; the state of the sources is worth seeing all the same
        return None


def _stale(session: Session, sources: list[dict[str, Any]], max_age: str | None) -> list[str]:
    """The enabled sources without a good run within `max_age`."""
    from candidly.config import parse_duration
    from candidly.errors import UsageError
    from storage import queries

    if max_age is None:
        return []
    try:
        age: timedelta = parse_duration(max_age)
    except ValueError as error:
        raise UsageError(f"--max-age {error}.") from None
    good = queries.last_good_runs(session.store)
    oldest = session.now() - age
    return [s["source"] for s in sources if s["enabled"] and not (good.get(s["source"], oldest) > oldest)]


def _show_status(console: Console, found: dict[str, Any]) -> None:
    from candidly.records import Silence

    rows = []
    for source in found["sources"]:
        run = source["last"] or {}
        state = run.get("status", "never read") if source["enabled"] else "off"
        when = f"{run['started']:%Y-%m-%d %H:%M}" if run else None
        asked = [_requests(source), _not_before(source)]
        rows.append([source["source"], source["type"], state, when, *asked, run.get("message") or ""])
    head = ["source", "type", "last run", "at (UTC)", "requests today", "not before", "message"]
    console.say(table(head, rows))
    for source in found["sources"]:
        if source["enabled"] and (why := _pace(source)):
            console.say(f"{source['source']}: {why}")
        if since := source["deletions_behind_since"]:
            why = source["deletions_behind"]
            console.say(f"{source['source']}: deletions not followed since {since:%Y-%m-%d %H:%M}: {why}")
    totals = found["totals"]
    console.say()
    for line in totals["companies"]:
        span = f"{line['first']} to {line['last']}" if line["first"] else "no dates"
        gaps = f"{line['unscored']:,} without a verdict, {line['undated']:,} without a date"
        console.say(f"{line['company']}: {line['mentions']:,} mentions, {span}, {gaps}")
    console.say(_waiting(found["open_incidents"], found["undelivered"]))
    for silence in found["silences"]:
        console.say(incidents_commands.told_of(Silence(**silence)))
    if found["outdated"]:
        console.say(f"{found['outdated']:,} mentions read by another version: candidly rescore")


def _waiting(incidents: int, deliveries: int) -> str:
    one = "1 open incident" if incidents == 1 else f"{incidents} open incidents"
    return f"{one}, {'1 delivery' if deliveries == 1 else f'{deliveries} deliveries'} waiting"


def _requests(source: dict[str, Any]) -> str | None:
    """Today's requests, of how many where there is a budget; None for a source that made none."""
    budget = f" / {source['daily_requests']:,}" if source["daily_requests"] else ""
    return f"{source['requests_today']:,}{budget}" if source["requests_today"] or budget else None


def _not_before(source: dict[str, Any]) -> str | None:
    return f"{source['not_before']:%Y-%m-%d %H:%M}" if source["not_before"] else None


def _pace(source: dict[str, Any]) -> str:
    """Why the scheduler asks a source more rarely than configured; "" where it does not."""
    again = f"`candidly schedule` asks again at {source['next']:%Y-%m-%d %H:%M} UTC"
    if source["pace"] == "slowed":
        return f"it failed {source['failures']} times in a row, so it is asked more rarely; {again}."
    if source["pace"] == "paused":
        return (
            f"it needs somebody to mend something; {again}, or once the configuration has changed. "
            f"To ask now: candidly collect {source['source']}"
        )
    return ""

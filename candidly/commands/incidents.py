"""The commands about incidents: show, ack, silence, backtest. They belong to the group `alerts`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from candidly.console import Console, table
from candidly.records import PARTS

if TYPE_CHECKING:
    from candidly.backtested import Backtest
    from candidly.records import Incident, Silence
    from candidly.session import Session


@click.command()
@click.argument("id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(console: Console, id: str, as_json: bool) -> None:  # noqa: A002
    """Show all that an incident says: what was usual, what came, themes, quotes, links, what to read."""
    from candidly import watching

    with console.session() as session:
        incident = find(session, id)
        behind = watching.behind(session, incident)
    if as_json:
        told = [{"pk": pk, "source": source, "day": day} for pk, (source, day) in behind.items()]
        console.json({**as_data(incident), "mentions": told})
        return
    console.say(f"{incident.title}\n")
    state = state_of(incident) if incident.resolved is None else f"resolved {incident.resolved:%Y-%m-%d}"
    console.say(f"{incident.id}: {incident.severity}, opened {incident.opened:%Y-%m-%d %H:%M} UTC, {state}")
    if incident.acknowledged:
        console.say(f"Acknowledged {incident.acknowledged:%Y-%m-%d %H:%M} UTC. {incident.note}".rstrip())
    console.say(str(incident.detail.get("summary", "")))
    for name, value in incident.detail.get("facts", []):
        console.say(f"{name}: {value}")
    for quote in incident.detail.get("quotes", []):
        words = f"“{quote['text']}” " if quote["text"] else ""
        console.say(f"{words}{quote.get('site', '')} {quote.get('url', '')}".rstrip())
    if incident.detail.get("mentions"):
        console.say(_to_read(list(behind)))


def _to_read(pks: Sequence[int]) -> str:
    """How to read these mentions in the store; their words may be too few to be told here."""
    if not pks:
        return "What was found is no longer in the store."
    among = f"= {pks[0]}" if len(pks) == 1 else f"IN ({', '.join(map(str, pks))})"
    columns = f"source, id, day, {', '.join(PARTS)}, url"
    them = "it" if len(pks) == 1 else "them"
    return f'Read {them}: candidly query "SELECT {columns} FROM mention WHERE pk {among}"'  # noqa: S608 - integers


def state_of(incident: Incident) -> str:
    """open, acked or resolved."""
    return "acked" if incident.acknowledged and incident.status == "open" else incident.status


def as_data(incident: Incident) -> dict[str, Any]:
    """An incident as JSON."""
    return {
        "id": incident.id, "rule": incident.rule, "company": incident.company, "title": incident.title,
        "severity": incident.severity, "status": incident.status, "opened": incident.opened,
        "resolved": incident.resolved, "acknowledged": incident.acknowledged, "note": incident.note,
        "detail": incident.detail,
    }  # fmt: skip


def find(session: Session, start: str) -> Incident:
    """The incident whose id is, or begins with, these characters; UsageError for none or several."""
    from candidly.errors import UsageError
    from storage import queries

    known = queries.incidents(session.store, limit=10_000)
    found = [one for one in known if one.id == start] or [one for one in known if one.id.startswith(start)]
    if len(found) != 1:
        many = f"{len(found)} incidents have ids that begin with {start!r}." if found else ""
        raise UsageError(many or f"no incident has the id {start!r}.", "List them with: candidly alerts")
    return found[0]


@click.command()
@click.argument("id", metavar="ID")
@click.option("--note", default="", help="What you found or do about it.")
@click.pass_obj
def ack(console: Console, id: str, note: str) -> None:  # noqa: A002
    """Acknowledge an incident: somebody looks after it, and no more messages about it are sent.

    \b
    Example: candidly alerts ack spike-1f2e --note "a post that went round; HR answers"
    """
    from storage import silences

    with console.session() as session:
        incident = find(session, id)
        silences.acknowledge(session.store, incident.id, session.now(), note[:500])
    console.say(f"Acknowledged: {incident.title}")


@click.command()
@click.option("--company", default="", help="Only about this company.")
@click.option("--rule", default="", help="Only of this rule: spike, volume, alleged:fraud, rule:NAME, ...")
@click.option("--theme", default="", help="Only what is about this theme and no other.")
@click.option("--until", metavar="TIME", help="When messages go out again: a date, a time, or a span (3d).")
@click.option("--note", default="", help="Why.")
@click.option("--end", "ended", metavar="ID", help="End this silence now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def silence(
    console: Console,
    company: str,
    rule: str,
    theme: str,
    until: str | None,
    note: str,
    ended: str | None,
    as_json: bool,
) -> None:
    """Send no messages about some incidents until a time; without options, list what is silent.

    \b
    Example: candidly alerts silence --theme pay_benefits --until 2026-12-01
    """
    from candidly.errors import UsageError
    from storage import silences

    with console.session() as session:
        if ended and not silences.end(session.store, ended):
            raise UsageError(f"no silence has the id {ended!r}.", "List them with: candidly alerts silence")
        if until:
            silences.add(session.store, _silence(session, company, rule, theme, until, note))
        elif company or rule or theme or note:
            raise UsageError("say until when.", "For instance --until 3d or --until 2026-12-01.")
        active = silences.active(session.store, session.now())
    if as_json:
        console.json([vars_of(one) for one in active])
        return
    if not active:
        console.say("Nothing is silent.")
    for one in active:
        console.say(told_of(one))


def vars_of(one: Silence) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one)


def told_of(one: Silence) -> str:
    """A silence in a line."""
    return f"{one.id}: silent until {one.until:%Y-%m-%d %H:%M} UTC: {_what(one)}. {one.note}".rstrip()


def _what(one: Silence) -> str:
    named = [("company", one.company), ("rule", one.rule), ("theme", one.theme)]
    return ", ".join(f"{key} {value}" for key, value in named if value) or "everything"


def _silence(session: Session, company: str, rule: str, theme: str, until: str, note: str) -> Silence:
    from alerting.messages import stable_id
    from candidly.errors import UsageError
    from candidly.records import Silence

    _check(session, company, rule, theme)
    end, now = moment(session, until), session.now()  # in this order, so that `0d` is not in the future
    if end <= now:
        raise UsageError("a silence should end in the future.", "For instance --until 3d.")
    id_ = stable_id("silence", company, rule, theme, end.isoformat())
    return Silence(id=id_, until=end, created=now, company=company, rule=rule, theme=theme, note=note[:500])


def _check(session: Session, company: str, rule: str, theme: str) -> None:
    """UsageError for a company, rule or theme that nobody knows: a silence on it would silence nothing."""
    from difflib import get_close_matches

    from analysis.features import THEMES
    from candidly.errors import UsageError

    config = session.config
    companies = [one.name for one in config.companies]
    themes = [*THEMES, *config.analysis.extra_themes]
    own_file = config.analysis.themes is not None
    for value, known, what in (
        (company, companies, "company"),
        (rule, _rules(session), "rule"),
        (theme, themes, "theme"),
    ):
        if value and value not in known and not (what == "theme" and own_file):
            near = get_close_matches(value, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
            raise UsageError(f"no {what} is called {value!r}.", hint)


def _rules(session: Session) -> list[str]:
    """The rules that open incidents, as incidents name them."""
    from alerting import named, rises, rules
    from analysis.alleged import lines

    alleged = sorted({f"{named.ALLEGED}:{line.tag.name}" for line in lines()})
    own = [f"{named.OWN}:{rule.name}" for rule in session.config.alerts.rules]
    return [rises.SPIKE, rises.VOLUME, *alleged, *own, rules.SOURCE, rules.QUIET, rules.DELIVERY]


def moment(session: Session, text: str) -> datetime:
    """A time from `3d`, a date or a time; UsageError for anything else."""
    from candidly.config import parse_duration
    from candidly.errors import UsageError
    from candidly.periods import parse_moment

    try:
        span = parse_duration(text)
    except ValueError:
        span = None
    try:
        return session.now() + span if isinstance(span, timedelta) else parse_moment(text)
    except (UsageError, OverflowError):
        raise UsageError(
            f"{text!r} is not a time.", "Write it as 3d, 2026-12-01 or 2026-12-01T07:00Z."
        ) from None


@click.command()
@click.option("--company", help="Only this company.")
@click.option("--since", metavar="DATE", help="Replay from this day on; default: as early as can be judged.")
@click.option(
    "--budget",
    metavar="WEEKS",
    help="At most one false alarm in so many weeks (26 or 26-weeks); default: as configured.",
)
@click.option(
    "--draws",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Histories to draw in which nothing happened, to see what chance alone costs.",
)
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("backtest.html"),
    show_default=True,
    help="The page to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and write no page.")
@click.pass_obj
def backtest(
    console: Console,
    company: str | None,
    since: str | None,
    budget: str | None,
    draws: int,
    target: Path,
    as_json: bool,
) -> None:
    """Replay the store's history: when would the alerts have fired, and how many false ones by chance?

    Nothing is stored and nothing is sent.

    \b
    Example: candidly alerts backtest --company "Northwind Robotics" --budget 26-weeks
    """
    from candidly.errors import UsageError
    from candidly.files import check_writable
    from reporting import backtest as page

    if not as_json:
        check_writable(target)  # the replay may take minutes
    with console.session() as session:
        found = _backtests(session, company, _day(since), _weeks(budget), draws)
    if not found:
        raise UsageError(
            "there is no history to replay.", "It takes 14 days of mentions; see `candidly status`."
        )
    if as_json:
        console.json([page.as_data(one) for one in found])
        return
    page.publish(found, target)
    for one in found:
        _say(console, one)
    console.note(f"Drawn in {target}")


def _day(text: str | None) -> date | None:
    from candidly.periods import parse_moment

    return parse_moment(text).date() if text else None


def _weeks(text: str | None) -> float | None:
    """`26`, `26w`, `26 weeks` or `26-weeks` as a number; UsageError for anything else."""
    import re

    from candidly.errors import UsageError

    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,4}(?:\.\d+)?)\s*-?\s*(?:w|weeks?)?\s*", text)
    if not found or not 1 <= float(found[1]) <= 1000:
        raise UsageError("--budget should be a number of weeks from 1 to 1000.", "For instance 26-weeks.")
    return float(found[1])


def _backtests(
    session: Session, company: str | None, since: date | None, weeks: float | None, draws: int
) -> list[Backtest]:
    from candidly import watching
    from candidly.backtest import backtest as replay
    from candidly.errors import UsageError

    names = [one.name for one in session.config.companies]
    if company is not None and company not in names:
        raise UsageError(f"no company is called {company!r}.", f"Configured: {', '.join(names)}.")
    until = watching.today(session)
    made = (replay(session, name, until, since, weeks, draws) for name in ([company] if company else names))
    return [one for one in made if one is not None]


def _say(console: Console, one: Backtest) -> None:
    from reporting.backtest import verdict

    console.say(f"{one.company}, {one.since} to {one.until}: {verdict(one)}")
    fired = sorted(one.fired, key=lambda each: (each.day, each.id))
    if fired:
        rows = [[each.day, each.severity, each.over or "still open", each.sent, each.title] for each in fired]
        console.say(table(["opened", "urgency", "over", "messages", "what"], rows))
    costs = sorted((one.budget, *one.others), key=lambda cost: cost.weeks)
    rows = [
        [
            f"1 in {cost.weeks:.0f} weeks" + (" *" if cost is one.budget else ""), cost.pages, cost.warnings,
            cost.notices, f"{cost.allowed:.1f}", "-" if cost.chance is None else f"{cost.chance:.1f}",
        ]
        for cost in costs
    ]  # fmt: skip
    head = ["budget", "pages", "warnings", "notices", "false allowed", "false by chance"]
    console.say(f"\n{table(head, rows)}\n")

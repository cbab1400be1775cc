"""The commands that do the work: collect, analyse, run, report, schedule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from candidly.commands.dryrun import preview, undated
from candidly.console import Console, progress, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.engines import TextAnalyser
    from candidly.config import SourceSettings
    from candidly.errors import CandidlyError
    from candidly.records import Outcome
    from candidly.session import Session

PARTLY = 3
"""Exit code when some sources failed and others did not."""


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--dry-run", is_flag=True, help="Show what files would give; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def collect(console: Console, names: tuple[str, ...], dry_run: bool, as_json: bool) -> int:
    """Read the sources (all, or the named ones) and store what is new.

    \b
    Example: candidly collect glassdoor-export
    """
    from candidly import pipeline

    if dry_run:
        return preview(console, names, as_json)
    with console.session() as session, session.lock(), progress(console) as show:
        outcomes = pipeline.collect(session, chosen(session.config.sources, names), show)
    _show_outcomes(console, outcomes, as_json)
    return exit_code(outcomes)


def chosen(sources: Sequence[SourceSettings], names: Sequence[str]) -> list[SourceSettings]:
    """The named sources, or all enabled ones; UsageError for a name that is not configured."""
    from difflib import get_close_matches

    from candidly.errors import UsageError

    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Configured: {', '.join(known) or 'none'}."
            raise UsageError(f"no source is called {name!r}.", hint)
    return [known[name] for name in names] if names else [s for s in sources if s.enabled]


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 all good, 1 none good, 3 some failed; a run that was asked to stop counts as good."""
    bad = [outcome for outcome in outcomes if outcome.status not in ("ok", "interrupted")]
    if not bad:
        return 0
    return 1 if len(bad) == len(outcomes) and all(o.status in ("failed", "degraded") for o in bad) else PARTLY


def outcome_row(outcome: Outcome) -> dict[str, object]:
    """One source's numbers; `read` is the sum of stored, updated, duplicate, irrelevant and rejected."""
    tally = outcome.tally
    return {
        "source": outcome.source,
        "status": outcome.status,
        "read": tally.read,
        "stored": tally.stored,
        "updated": tally.updated,
        "duplicate": tally.duplicate,
        "irrelevant": tally.irrelevant,
        "rejected": sum(tally.rejected.values()),
        "unscored": tally.unscored,
    }


def _details(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    return [
        outcome_row(o)
        | {
            "reasons": o.tally.rejected,
            "undated": o.tally.undated,
            "late": o.tally.late,
            "message": o.message,
            "remedy": o.remedy,
            "retry_after": o.retry_after,
            "requests": o.requests,
        }
        for o in outcomes
    ]


def _show_outcomes(console: Console, outcomes: Sequence[Outcome], as_json: bool) -> None:
    if as_json:
        console.json(_details(outcomes))
        return
    if console.quiet and outcomes and exit_code(outcomes) == 0:
        return  # cron mails whatever is printed
    rows = [outcome_row(outcome) for outcome in outcomes]
    if not rows:
        console.say("No source is enabled. Add one under `sources` in the configuration.")
        return
    console.say(table(list(rows[0]), [list(row.values()) for row in rows]))
    for outcome in outcomes:
        for reason, n in sorted(outcome.tally.rejected.items()):
            console.say(f"{outcome.source}: {n} rejected: {reason}")
        if outcome.tally.undated:
            console.say(f"{outcome.source}: {undated(outcome.tally.undated)}")
        if outcome.message:
            console.say(f"{outcome.source}: {outcome.message} {outcome.remedy}".rstrip())
    if late := sum((Counter(outcome.tally.late) for outcome in outcomes), Counter[str]()):
        console.say(_late(late))


def _late(weeks: Mapping[str, int], most: int = 5) -> str:
    """What to do about new mentions of weeks that are reported already."""
    first, n = min(weeks), sum(weeks.values())
    named = ", ".join(f"{week} ({weeks[week]:,})" for week in sorted(weeks)[:most])
    more = f" and {len(weeks) - most:,} more weeks" if len(weeks) > most else ""
    of = f"{named}{more}, which are" if len(weeks) > 1 else f"{first}, which is"
    again = f"candidly report --week {first} writes {'the first' if len(weeks) > 1 else 'it'} anew"
    return f"{n:,} new mention{'s' if n > 1 else ''} of {of} already reported: {again}"


@click.command()
@click.argument("text", nargs=-1)
@click.option(
    "--input",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON Lines with id, kind, text.",
)
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the analyses go; - is stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def analyse(
    console: Console, text: tuple[str, ...], source: Path | None, target: Path | None, as_json: bool
) -> None:
    """Score and tag TEXT, or every line of a JSON Lines file.

    \b
    Example: candidly analyse "The recruiter never called back."
    """
    from candidly.errors import UsageError

    if bool(text) == bool(source) or bool(source) != bool(target):
        raise UsageError(
            "give a TEXT, or both --input and --output.", 'Try: candidly analyse "They ghosted me."'
        )
    analyser = analyser_at(console)
    if source and target:
        from analysis.jsonl import STDOUT, analyse_file

        into = "" if target == STDOUT else f" into {target}"
        console.note(f"{analyse_file(analyser, source, target):,} texts analysed{into}")
        return
    _show_analysis(console, analyser, " ".join(text), as_json)


def analyser_at(console: Console) -> TextAnalyser:
    """The analyser of the configuration, or with all defaults where there is no such file."""
    if console.config.exists():
        from candidly.session import make_analyser

        return make_analyser(console.load())
    from analysis.analyser import Analyser
    from candidly.config import Analysis

    return Analyser(Analysis(), Path())


def _show_analysis(console: Console, analyser: TextAnalyser, text: str, as_json: bool) -> None:
    import os
    import sys

    from candidly import explaining

    found, spans = analyser.analyse_text(text), analyser.explain(text)
    if as_json:
        console.json(explaining.as_data(found, spans))
        return
    colour = explaining.wants_colour(terminal=sys.stdout.isatty(), environ=os.environ)
    console.say(explaining.render(text, found, spans, colour=colour))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def run(console: Console, as_json: bool) -> int:
    """Collect, remove what is gone, look for spikes, deliver alerts, and write last week's report.

    This is the unit of work for cron or a systemd timer. A source that asked to be left alone until some
    time is passed over until then; `candidly collect NAME` asks it all the same.
    """
    from dataclasses import asdict

    from candidly import delivering, keeping, pipeline
    from candidly.commands.keep import show_rest

    with console.session() as session, session.lock():
        sources = chosen(session.config.sources, ())
        waiting = pipeline.waiting(session, sources)
        with progress(console) as show:
            ready = [source for source in sources if source.name not in waiting]
            outcomes = pipeline.collect(session, ready, show)
        kept = keeping.keep(session, session.config.sources)
        incidents = pipeline.watch(session, outcomes)
        delivered = pipeline.deliver(session)
        reports, problem = _due_reports(session)
        delivering.heartbeat(session)
        outdated = sum(pipeline.outdated(session).values())
    code = exit_code(outcomes) or (0 if kept.clean else PARTLY)
    if outdated:
        console.note(
            f"{outdated:,} mentions were read by another version; `candidly rescore` reads them anew."
        )
    for name, until in waiting.items():
        console.note(f"{name} is not asked before {until:%Y-%m-%d %H:%M} UTC; see `candidly status`.")
    if as_json:
        console.json({
            "sources": _details(outcomes),
            "waiting": waiting,
            "kept": [asdict(one) for one in kept.sources],
            "reports_left": kept.reports_left,
            "unquoted": kept.unquoted,
            "incidents": [incident.title for incident in incidents],
            "sent": delivered.sent,
            "reports": reports,
        })  # fmt: skip
    else:
        if outcomes or not waiting:
            _show_outcomes(console, outcomes, as_json=False)
        show_rest(console, kept)
        for incident in incidents:
            console.say(f"New incident: {incident.title}")
        for path in reports:
            console.say(f"Report: {_short(path)}")
    if problem:
        raise problem
    return code


def _due_reports(session: Session) -> tuple[list[Path], CandidlyError | None]:
    """The files of the reports that were due; where one cannot be written why, to be told after the rest."""
    from candidly import pipeline
    from candidly.errors import CandidlyError

    try:
        return pipeline.report_due(session), None
    except CandidlyError as problem:
        return [], problem


@click.command()
@click.option("--week", metavar="YEAR-Www", help="The week to report on, e.g. 2026-W07. Default: last week.")
@click.option("--company", help="Only this company.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON instead of writing files.")
@click.pass_obj
def report(console: Console, week: str | None, company: str | None, as_json: bool) -> None:
    """Write the weekly report of each company.

    \b
    Example: candidly report --week 2026-W07
    """
    from candidly import pipeline
    from candidly.errors import UsageError
    from candidly.periods import last_complete_week, parse_week

    with console.session() as session:
        zone = session.config.report.timezone
        period = parse_week(week, zone) if week else last_complete_week(session.now(), zone)
        if period.start > session.now():
            raise UsageError(f"week {period.key} has not begun.", "Leave --week out for last week.")
        found = [pipeline.weekly_figures(session, name, period) for name in _companies(session, company)]
        if as_json:
            from reporting.weekly import render_json

            shown = [render_json(one) for one in found]
            console.say(shown[0] if len(shown) == 1 else f"[{','.join(shown)}]")
            return
        for one in found:
            console.say(f"{one.company}: {one.headline}")
            for path in pipeline.publish(session, one):
                console.say(f"  {_short(path)}")


def _companies(session: Session, company: str | None) -> list[str]:
    from candidly.errors import UsageError

    names = [one.name for one in session.config.companies]
    if company is None:
        return names
    if company not in names:
        raise UsageError(f"no company is called {company!r}.", f"Configured: {', '.join(names)}.")
    return [company]


def _short(path: Path) -> Path:
    """A path as seen from here, where it lies below."""
    cwd = Path.cwd()
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


@click.command()
@click.pass_obj
def schedule(console: Console) -> None:
    """Collect, watch and report on the configured schedule until stopped (SIGTERM finishes the batch)."""
    import scheduler

    scheduler.serve(console.load())

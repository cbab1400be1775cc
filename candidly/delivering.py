"""Messages out of the door, and a sign of life for those who would wait for them in vain."""

from __future__ import annotations

import logging
from datetime import datetime

from alerting import channels, outbox, rules
from alerting.patience import within
from candidly.errors import DeliveryError, UsageError
from candidly.records import Incident, Severity
from candidly.session import Session
from candidly.silencing import silences as covers
from storage import keeping, queries, silences

log = logging.getLogger("candidly")

PATIENCE = 10.0
"""Seconds that a sign of life may take."""
HEARTBEAT = "heartbeat"


def least(session: Session) -> dict[str, Severity]:
    """The lowest severity that each channel wants to hear of."""
    return {channel.name: channel.min_severity for channel in session.config.alerts.channels}


def deliver(session: Session) -> outbox.DeliveryReport:
    """Remind of what is open for long, send what the outbox holds, close the incidents of mended channels."""
    alerts = session.config.alerts
    if alerts.repeat:
        levels = least(session)
        outbox.remind(session.store, _unheeded(session), list(levels), session.now(), alerts.repeat, levels)
    places = channels.build(alerts.channels, session.loaded.secrets.get, session.loaded.folder)
    hushed = covers(silences.active(session.store, session.now()), "", rules.DELIVERY, (), session.now())
    report = outbox.deliver_due(
        session.store, places, session.now, alerts.keep_trying, quiet=alerts.quiet, silenced=hushed
    )
    still_open = queries.incidents(session.store, status="open", limit=1000)
    outbox.record(session.store, rules.delivery_change(still_open, report.delivered_to), (), session.now())
    return report


def _unheeded(session: Session) -> list[Incident]:
    """The open incidents that nobody has acknowledged or silenced."""
    still_open = queries.incidents(session.store, status="open", limit=1000)
    silent = silences.active(session.store, session.now())
    return [
        one
        for one in still_open
        if one.acknowledged is None
        and not one.detail.get("silenced")
        and not covers(silent, one.company, one.rule, _themes(one), session.now())
    ]


def _themes(incident: Incident) -> list[str]:
    """What it is about, where it is about nothing else."""
    parts = incident.detail.get("parts", ())
    return [] if incident.detail.get("whole") else [one["name"] for one in parts if one["kind"] == "theme"]


def unquote_files(session: Session) -> bool:
    """Take out of the files of alerts what their messages quote no more; False where a file did not let us.

    What the outbox has dropped quotes nothing either: nobody could tell any more when its words are removed.
    """
    from alerting.unquote import unquote

    done = True
    for channel in session.config.alerts.channels:
        path = session.loaded.folder / channel.path if channel.type == "file" else None
        try:
            if path is not None and path.is_file():
                unquote(path, lambda ids: keeping.quoting(session.store, ids), session.now().date())
        except OSError as error:
            done = False
            log.warning(
                "the file of channel %s may hold quotes that are to go: %s", channel.name, error.strerror
            )
    return done


def test_channels(session: Session, only: str | None) -> dict[str, str]:
    """Send a sample to each channel (or the named one): name -> what went wrong, "" for nothing.

    The heartbeat is one of them, where there is one.
    """
    places = channels.build(session.config.alerts.channels, session.loaded.secrets.get, session.loaded.folder)
    names = [*places, *([HEARTBEAT] if session.config.alerts.heartbeat.url_secret else [])]
    if only is not None and only not in names:
        raise UsageError(f"no channel is called {only!r}.", f"Configured: {', '.join(names)}.")
    results = {}
    for name in [only] if only else names:
        try:
            if name in places:
                places[name].send(channels.sample(name, session.now()))
            else:
                _ping(session)
            results[name] = ""
        except DeliveryError as error:
            results[name] = str(error)
    return results


def overdue(session: Session) -> dict[str, datetime | None]:
    """The enabled sources without a good run within `every` and the grace: name -> their last one."""
    grace = session.config.alerts.heartbeat.grace
    good = queries.last_good_runs(session.store)
    return {
        source.name: last
        for source in session.config.sources
        if source.enabled
        and ((last := good.get(source.name)) is None or session.now() - last > source.every + grace)
    }


def nobody_told(session: Session) -> bool:
    """Whether no channel takes messages, so that nothing else can be told that way either."""
    names = {channel.name for channel in session.config.alerts.channels}
    still_open = queries.incidents(session.store, status="open", limit=1000)
    broken = {one.detail.get("channel") for one in still_open if one.rule == rules.DELIVERY}
    return bool(names) and names <= broken


def unread(session: Session) -> bool:
    """Whether nothing is read any more: every enabled source is overdue."""
    sources = [source.name for source in session.config.sources if source.enabled]
    return bool(sources) and len(overdue(session)) == len(sources)


def heartbeat(session: Session) -> None:
    """Ask for the address of the heartbeat, if all is well; the service behind it tells when that stays away.

    One source in trouble is told through the channels, and silences nothing.
    """
    if not session.config.alerts.heartbeat.url_secret:
        return
    if unread(session) or nobody_told(session):
        log.error("no heartbeat: no source had a good run in time, or no channel takes messages")
        return
    try:
        _ping(session)
    except DeliveryError as error:
        log.error("the heartbeat was not taken: %s", error)


def _ping(session: Session) -> None:
    from alerting.post import ping

    settings = session.config.alerts.heartbeat
    url = channels.stored(session.loaded.secrets.get, settings.url_secret)()
    within(PATIENCE, lambda: ping(url, allow_private=settings.allow_private, deadline=PATIENCE))

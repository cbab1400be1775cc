"""A source, or single mentions, out of the store, with a certificate of what went."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from candidly import keeping as keepers
from candidly.errors import UsageError
from candidly.removals import removal
from candidly.session import Session
from storage import keeping, queries

PURGED: Final = "purged"
ERASED: Final = "erased on request"


def known(session: Session, name: str) -> keeping.Holdings:
    """What is stored of a source; UsageError for one that is neither configured nor stored.

    A source that was taken out of the configuration can be purged too.
    """
    found = keeping.holdings(session.store, name)
    configured = [source.name for source in session.config.sources]
    if found.empty and not found.tombstones and name not in configured:
        stored = [line["source"] for line in queries.totals(session.store)["sources"]]
        names = ", ".join(dict.fromkeys([*configured, *stored])) or "none"
        raise UsageError(f"no source is called {name!r}.", f"Known: {names}.")
    return found


def erase(session: Session, name: str, ids: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Remove mentions by their ids at the site, and never store them again; the certificate.

    It names no id, but how many were asked for and how many were stored. Beside it: the ids by which nothing
    was, nor was it taken out before. Hold the run lock.
    """
    known(session, name)
    gone = [removal(session.preparer, name, id_, ERASED) for id_ in dict.fromkeys(ids)]
    stored = keeping.among(session.store, name, [one.id for one in gone])
    before = keeping.tombstones_of(session.store, name, [one.key for one in gone])
    missing = [one.id for one in gone if one.id not in stored and one.key not in before]
    removed = keeping.erase(session.store, name, gone, session.now())
    certificate = _signed({
        "source": name,
        "at": session.now().isoformat(),
        "asked": len(gone),
        "removed": removed,
        **_files(session),
    })  # fmt: skip
    return certificate, missing


def purge(session: Session, name: str, *, forget: bool) -> dict[str, Any]:
    """Remove everything of a source; the certificate. Killed midway, it is run again.

    Each mention leaves a tombstone, so that it is never stored again; with `forget` no tombstone of the
    source stays, and it may be collected anew. Hold the run lock.
    """
    before = known(session, name)
    while ids := keeping.ids(session.store, name, keeping.CHUNK):
        gone = [removal(session.preparer, name, id_, PURGED) for id_ in ids]
        keeping.take_out(session.store, name, gone, session.now(), remember=not forget)
    keeping.forget_source(session.store, name, tombstones_too=forget)
    files = _files(session)
    after = keeping.holdings(session.store, name)
    return _signed({
        "source": name,
        "at": session.now().isoformat(),
        "removed": {key: count for key, count in asdict(before).items() if key != "tombstones"},
        "left": {key: count for key, count in asdict(after).items() if key != "tombstones"},
        "tombstones": after.tombstones,
        **files,
    })  # fmt: skip


def _files(session: Session) -> dict[str, Any]:
    """What a certificate says of the files that quoted what is gone."""
    done = keepers.Followed()
    keepers.follow(session, done, at_once=True)
    return {
        "files_written_anew": done.settled,
        "reports_rewritten": [path.name for path in done.rewritten],
        "reports_left": done.reports_left,
        "alert_files_unquoted": done.unquoted,
    }


def whole(certificate: dict[str, Any]) -> bool:
    """Whether no file was left that may quote what is gone."""
    clean = certificate["files_written_anew"] and certificate["alert_files_unquoted"]
    return bool(clean and not certificate["reports_left"])


def _signed(certificate: dict[str, Any]) -> dict[str, Any]:
    return certificate | {"sha256": digest(certificate)}


def digest(certificate: dict[str, Any]) -> str:
    """SHA-256 of a certificate without this key, as JSON with sorted keys and no spaces."""
    content = {key: value for key, value in certificate.items() if key != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

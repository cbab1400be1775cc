"""Which mentions the written reports quote, so that a report is written anew when one of them is gone."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, delete, insert, or_, select

from storage import rows
from storage.schema import mentions, quoted
from storage.store import Store

Quote = tuple[str, str, str]
"""(source, id, the quoted words)."""


def note(store: Store, company: str, week: str, quotes: Iterable[Quote], *, more: bool = False) -> None:
    """These are the quotes of the report of a week, in the place of earlier ones; `more`: beside them."""
    with store.writing() as connection:
        of_report = (quoted.c.company == company) & (quoted.c.week == week)
        if not more:
            connection.execute(delete(quoted).where(of_report))
        for (source, id_), words in {(source, id_): words for source, id_, words in quotes}.items():
            known = of_report & (quoted.c.source == source) & (quoted.c.id == id_)
            if more and connection.execute(select(quoted.c.id).where(known)).first():
                continue  # an old file may quote it as it was: stale until the new ones are written
            wanted = select(mentions).where(mentions.c.source == source, mentions.c.id == id_)
            row = connection.execute(wanted).mappings().first()
            fits = row is not None and words in rows.to_mention(dict(row)).text
            digest = row["digest"] if row is not None and fits else ""
            connection.execute(
                insert(quoted).values(company=company, week=week, source=source, id=id_, digest=digest)
            )


def stale(store: Store) -> list[tuple[str, str]]:
    """(company, week) of the reports that quote what is removed, has expired or was edited."""
    same = and_(mentions.c.source == quoted.c.source, mentions.c.id == quoted.c.id)
    changed = or_(mentions.c.pk.is_(None), mentions.c.digest != quoted.c.digest)
    wanted = select(quoted.c.company, quoted.c.week).select_from(quoted.outerjoin(mentions, same))
    with store.reading() as connection:
        found = connection.execute(wanted.where(changed).distinct().order_by(quoted.c.company, quoted.c.week))
        return [(row.company, row.week) for row in found]

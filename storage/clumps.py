"""The read behind comparisons over months: few columns, no text, and no author by any name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.queries import _FRAME, _JOINED, _M, _frame, _published
from storage.store import Store

if TYPE_CHECKING:
    from pandas import DataFrame


def history_frame(store: Store, company: str, start: datetime, end: datetime) -> DataFrame:
    """The dated mentions of a company with the columns of `mentions_frame`, and `author` besides.

    `author` is a whole number that says which rows are by one author, -1 where that is not known. It holds
    within this frame only: the pseudonym itself stays in the store.
    """
    wanted = select(*_FRAME.values(), _M.author)
    with store.reading() as connection:
        chosen = _published(wanted.select_from(_JOINED), company, start, end)
        found = connection.execute(chosen.order_by(_M.published, _M.pk)).all()
    seen: dict[tuple[str, str], int] = {}
    frame = _frame([*_FRAME, "author"], found)
    frame["author"] = [
        seen.setdefault((source, author), len(seen)) if author else -1
        for source, author in zip(frame["source"], frame["author"], strict=True)
    ]
    return frame

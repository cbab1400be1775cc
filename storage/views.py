"""The two views that analysts read: `mention` and `opinion`. No author and no digest is in them."""

from __future__ import annotations

_SQL = """
CREATE VIEW mention AS
SELECT m.pk, m.source, m.id, m.site, m.kind, m.company, m.published, m.first_collected, m.collected,
  {day} AS day, {week} AS week, {month} AS month,
  a.verdict, a.verdict_basis, a.score, a.label, a.unscored, m.stars, m.experience, m.difficulty, m.offer,
  a.role, a.stage, a.ghosting, a.lost_customer, a.truncated, a.language, a.version AS analyser,
  m.position, m.location, m.employment, m.thread, m.parent, m.url, m.revision,
  m.title, m.pros, m.cons, m.advice, m.body
FROM mentions AS m JOIN analyses AS a ON a.mention = m.pk
;
CREATE VIEW opinion AS
SELECT o.mention AS pk, o.theme, o.polarity, o."start", o."end",
  m.source, m.company, m.published, {week} AS week, {month} AS month
FROM opinions AS o JOIN mentions AS m ON m.pk = o.mention
"""

_SQLITE = {
    "day": "substr(m.published, 1, 10)",
    # The week belongs to the year of its Thursday (ISO 8601); SQLite has no %G and %V before 3.46.
    "week": "strftime('%Y', m.published, '-3 days', 'weekday 4') || '-W' || substr('0' || "
    "((strftime('%j', m.published, '-3 days', 'weekday 4') + 6) / 7), -2)",
    "month": "substr(m.published, 1, 7)",
}
_POSTGRESQL = {
    "day": "to_char(m.published AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "week": """to_char(m.published AT TIME ZONE 'UTC', 'IYYY-"W"IW')""",
    "month": "to_char(m.published AT TIME ZONE 'UTC', 'YYYY-MM')",
}

VIEWS = ("mention", "opinion")


def create_views(dialect: str) -> list[str]:
    """The statements that make the views; days, weeks and months in them are UTC's."""
    pieces = _SQLITE if dialect == "sqlite" else _POSTGRESQL
    return [statement.strip() for statement in _SQL.format(**pieces).split(";")]

"""store -> report: another company that nobody collected is missing, not at zero."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from incident_world import COMPANY, World

from candidly import pipeline
from candidly.periods import parse_week
from candidly.session import load_config, open_session

CONFIG = """
companies:
  - {name: Northwind Robotics, competitors: [Halden & Price]}
  - {name: Halden & Price}
sources:
  - {name: forum, type: feed, urls: ['https://forum.example/feed'], terms_read: 2026-01-01,
     company: Northwind Robotics}
  - {name: rivals, type: feed, urls: ['https://rivals.example/feed'], terms_read: 2026-01-01,
     company: Halden & Price}
"""
MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(("read", "mentions"), [(("forum",), None), (("forum", "rivals"), 0)])
def test_a_competitor_that_nobody_collected_is_not_at_zero(tmp_path, read, mentions):
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    with open_session(load_config(tmp_path / "config.yaml")) as session:
        made = World(session, MONDAY)
        for _ in range(7):
            for source in read:
                made.collect(source, *([made.mention("positive")] if source == "forum" else []))
            made.today += timedelta(days=1)
        week = parse_week("2026-W10", session.config.report.timezone)
        (other,) = pipeline.weekly_figures(session, COMPANY, week).competitors
    assert (other.mentions, other.collected) == (mentions, mentions == 0)

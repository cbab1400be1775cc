"""What rose about a company -> incidents: opened once, widened, told again, silenced, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from alert_world import NOW, TODAY, spike

from alerting.evidence import Evidence, Quote
from alerting.rises import SPIKE, VOLUME, rise_changes, rise_incident, spike_incident
from candidly.records import Incident
from candidly.rise import Part, Rise

COMPANY = "Northwind Robotics"


def clear_until(today):
    """Every day has data."""
    return lambda day: max(0, (today - day).days - 1)


def whole(found, *parts, alone=None):
    return Rise(found.kind, found, True, parts, alone)


def theme(name="communication", **changes):
    return Part("theme", name, spike(**changes))


def only(*parts):
    return Rise("more negative", parts[0].spike, False, parts, (parts[0].kind, parts[0].name))


class World:
    """Incidents as a store would keep them, and what would have been sent."""

    def __init__(self, *known):
        self.known, self.sent = {one.id: one for one in known}, []

    def look(self, found, today=TODAY, evidence=Evidence(), rule=SPIKE, silenced=False, clear=None):
        rise = whole(found) if hasattr(found, "observed") else found
        changes = rise_changes(
            rule, COMPANY, rise, list(self.known.values()), NOW, today, clear or clear_until(today), evidence,
            silenced=silenced,
        )  # fmt: skip
        for change in changes:
            for one in change.opened:
                assert not any(
                    (o.status, o.rule, o.company) == ("open", one.rule, one.company)
                    for o in self.known.values()
                )
                if one.id not in self.known:
                    self.known[one.id] = one
                    self.sent += [] if silenced else [(one.id, "")]
            for one in change.updated:
                self.known[one.id] = one
                if change.occasion and (one.id, change.occasion) not in self.sent:
                    self.sent.append((one.id, change.occasion))
            for id_ in change.resolved:
                self.known[id_] = replace(self.known[id_], status="resolved")
        return changes

    @property
    def one(self) -> Incident:
        (found,) = self.known.values()
        return found


def opened(**changes):
    return spike_incident(COMPANY, spike(**changes), NOW)


def test_a_spike_opens_an_incident_with_its_evidence():
    text = "They never wrote back."
    quotes = [Quote(text, f"Well. {text}", "https://x.example/1", "reddit"), Quote("made up", "Well.")]
    world = World()
    world.look(spike(), evidence=Evidence([("Communication", 9)], quotes * 3, "Report: x.html"))
    one = world.one
    assert (one.rule, one.severity, one.detail["observed"]) == ("spike", "page", 14)
    assert (one.detail["low"], one.detail["high"]) == (2, 6)
    assert one.detail["themes"] == [{"theme": "Communication", "negative": 9}]
    assert [quote["text"] for quote in one.detail["quotes"]] == [text] * 3  # none that is not in its text
    assert one.detail["quotes"][0]["url"] == "https://x.example/1"
    assert one.detail["more"] == "Report: x.html"


def test_what_rose_in_other_days_than_the_whole_says_in_how_many():
    ends = date(2026, 3, 10)
    parts = [
        theme(observed=9),
        theme("process", days=7, observed=16, first=ends - timedelta(days=6)),
        theme("offer", days=1, observed=5, first=ends - timedelta(days=1)),
        theme("pay_benefits", observed=6, first=ends - timedelta(days=3)),
    ]
    facts = dict(rise_incident(COMPANY, whole(spike(), *parts), NOW).detail["facts"])
    assert facts["Complaints that rose too"] == (
        "Communication (9; usual 2 to 6), Process (16 in 7 days; usual 2 to 6), "
        "Offer (5 on 9 March; usual 2 to 6), Pay and benefits (6 in the 3 days to 9 March; usual 2 to 6)"
    )


def test_a_line_says_which_complaints_it_counts():
    themes = Evidence([("Communication", 9), ("Process", 4)])
    from_forum = Part("source", "forum", spike(observed=8))

    def facts(rise):
        return dict(rise_incident(COMPANY, rise, NOW, themes).detail["facts"])

    assert facts(whole(spike(), theme("process"), from_forum)) == {
        "Complaints that rose too": "Process (14; usual 2 to 6)",
        "Sources that rose too": "forum (8; usual 2 to 6)",
        "Most complaints in 3 days": "Communication (9), Process (4)",
    }
    assert facts(only(from_forum)) == {
        "Most complaints from forum in 3 days": "Communication (9), Process (4)"
    }
    assert facts(only(theme())) == {"Of these, also about": "Process (4)"}


def test_what_is_usual_and_what_chance_does_is_told_once():
    detail = rise_incident(COMPANY, whole(spike(), theme()), NOW).detail
    told = "\n".join([detail["summary"], *(f"{name}: {value}" for name, value in detail["facts"])]).lower()
    assert told.count("usual is 2 to 6") == 1
    assert told.count("usual:") == 0
    assert told.count("chance") == 1


def test_the_id_follows_from_rule_company_and_first_day_alone():
    assert opened().id == opened(observed=20, score=2).id
    assert opened().id != opened(first=date(2026, 3, 7)).id
    assert opened().id != spike_incident("Halden & Price", spike(), NOW).id
    assert opened().id != rise_incident(COMPANY, whole(spike(kind="more posts")), NOW).id


def test_more_posts_are_another_incident_and_no_page():
    world = World()
    world.look(spike())
    world.look(spike(kind="more posts", observed=60), rule=VOLUME)
    posts = next(one for one in world.known.values() if one.rule == VOLUME)
    assert len(world.known) == 2
    assert posts.severity == "notice"
    assert posts.title == "Northwind Robotics: 60 mentions in 3 days (usual: 2 to 6)"
    assert "negative mentions" not in posts.detail["summary"]


def test_what_alone_explains_it_is_named():
    world = World()
    world.look(whole(spike(), theme(), alone=("theme", "communication")))
    assert world.one.title.endswith(
        "14 negative mentions in 3 days (usual: 2 to 6), mostly about Communication"
    )
    facts = dict(world.one.detail["facts"])
    assert "Complaints that rose" in facts  # and not "too": the title names it
    assert "Complaints that rose too" not in facts
    assert whole(spike(), alone=("theme", "process")).themes == ("process",)
    assert whole(spike(), theme()).themes == ()


def test_a_theme_by_itself_opens_a_warning_that_becomes_a_page_with_the_company():
    world = World()
    world.look(only(theme(observed=8)))
    assert world.one.title == "Northwind Robotics: 8 complaints about Communication in 3 days (usual: 2 to 6)"
    assert world.one.severity == "warning"
    world.look(whole(spike(score=1.1), theme()), TODAY + timedelta(days=1))
    assert world.one.severity == "page"
    assert len(world.sent) == 2


def test_spreading_to_another_theme_is_told_once_and_not_twice_a_day():
    world = World()
    world.look(whole(spike(), theme()))
    day = TODAY + timedelta(days=1)
    world.look(whole(spike(), theme(), theme("process")), day)
    world.look(whole(spike(), theme(), theme("process"), theme("offer")), day)
    world.look(whole(spike(), theme("process")), day + timedelta(days=1))
    assert len(world.sent) == 2
    assert [part["name"] for part in world.one.detail["parts"]] == ["communication", "process", "offer"]


@pytest.mark.parametrize(("days", "new"), [(0, False), (3, False), (9, False), (10, True), (30, True)])
def test_within_a_week_of_its_last_day_it_is_the_same_spike(days, new):
    world = World(opened())  # 8 to 10 March
    first = date(2026, 3, 8) + timedelta(days=days)
    world.look(spike(first=first, days=1), first)
    world.look(spike(first=first, days=1), first)
    assert (len(world.known) == 2) is new


def test_an_older_overlapping_window_is_the_same_spike_too():
    world = World(opened())
    world.look(spike(first=date(2026, 3, 4), days=7))
    assert len(world.known) == 1


def test_a_spike_that_goes_on_moves_the_end_of_its_cool_down():
    world = World(opened())
    world.look(spike(first=date(2026, 3, 12), days=1), date(2026, 3, 12))
    assert (world.one.detail["first"], world.one.detail["seen"]) == ("2026-03-08", "2026-03-12")
    assert world.one.detail["observed"] == 14


def test_it_is_told_again_only_when_ten_times_rarer():
    world = World(opened())
    world.look(spike(observed=18, score=1.9))
    assert world.sent == []
    world.look(spike(first=date(2026, 3, 11), days=1, observed=40, score=2.0), date(2026, 3, 11))
    assert world.sent == [(opened().id, "2026-03-11")]
    assert world.one.detail["observed"] == 40
    assert world.look(spike(first=date(2026, 3, 11), days=1, observed=40, score=2.0)) == []


@pytest.mark.parametrize(("rising", "opening"), [(True, "Still rising: "), (False, "Still going on: ")])
def test_only_what_rises_is_called_rising(rising, opening):
    world, day = World(opened()), date(2026, 3, 11)
    (change,) = world.look(spike(first=day, days=1, observed=40, score=2.0), day, Evidence(rising=rising))
    assert (change.opening, change.occasion) == (opening, "2026-03-11")
    assert world.one.id == opened().id


def test_nothing_new_changes_nothing():
    world = World()
    world.look(spike())
    assert world.look(spike()) == world.look(None) == []


def test_two_that_look_at_once_open_the_same_incident():
    first, second = World(), World()
    first.look(spike())
    second.look(spike())
    assert first.one.id == second.one.id
    assert first.one.subject == second.one.subject != ""


def test_it_is_closed_after_seven_clear_days():
    world = World(opened())
    assert world.look(None, date(2026, 3, 17)) == []
    world.look(None, date(2026, 3, 18))
    assert world.one.status == "resolved"
    assert world.look(None, date(2026, 3, 19)) == []


def test_days_without_data_are_not_clear_days_but_four_weeks_are_enough():
    world = World(opened())
    assert world.look(None, date(2026, 3, 30), clear=lambda _: 2) == []
    world.look(None, date(2026, 4, 8), clear=lambda _: 2)
    assert world.one.status == "resolved"


def test_an_acknowledged_one_is_brought_up_to_date_and_told_no_more():
    world = World(replace(opened(), acknowledged=NOW))
    world.look(spike(first=date(2026, 3, 11), days=1, observed=40, score=2.5), date(2026, 3, 11))
    assert world.one.detail["observed"] == 40
    assert world.sent == []


def test_what_was_silenced_is_told_when_the_silence_has_ended_and_it_still_rises():
    world = World()
    world.look(spike(), silenced=True)
    world.look(spike(score=3), silenced=True)
    assert world.sent == []
    world.look(None, TODAY + timedelta(days=1))
    assert world.sent == []
    world.look(spike(score=3), TODAY + timedelta(days=2))
    world.look(spike(score=3), TODAY + timedelta(days=3))
    assert len(world.sent) == 1


def test_another_companys_spike_is_another_matter():
    world = World(spike_incident("Halden & Price", spike(), NOW))
    world.look(spike())
    assert len(world.known) == 2


def test_small_groups_are_not_told():
    least = Evidence([("Communication", 4), ("Process", 9)], least=5)
    world = World()
    world.look(spike(observed=3, total=4), evidence=least)
    told = world.one
    assert told.title.startswith("Northwind Robotics: fewer than 5 negative mentions")
    assert (told.detail["observed"], told.detail["total"], told.detail["share"]) == (None, None, None)
    assert [one["negative"] for one in told.detail["themes"]] == [None, 9]
    assert "3 negative" not in str(told.detail)
    assert "(4)" not in str(told.detail)
    part = rise_incident(COMPANY, only(theme(observed=4)), NOW, least)
    assert part.detail["parts"][0]["observed"] is None
    assert "4 complaints" not in str((part.title, part.detail))


def test_a_thread_or_a_wording_that_makes_up_most_of_it_is_said():
    world = World()
    world.look(spike(), evidence=Evidence(thread=0.6, copies=0.25))
    facts = dict(world.one.detail["facts"])
    assert facts["Largest thread"] == "60% of it, so look there first"
    assert facts["Same wording"] == "25% of it"

"""store -> incidents: what opens, what it shows, what stays quiet."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from alert_world import spike as alert_spike
from incident_world import COMPANY, SAID, World, noon, world

from candidly import pipeline, watching
from candidly.history import history
from candidly.records import Batch, Removal, Silence, Tally
from candidly.rise import Part, Rise
from storage import queries, silences
from storage.queries import TIMELY_DAYS


@pytest.fixture
def quiet(tmp_path):
    with world(tmp_path) as made:
        yield made


def watch(made: World):
    return pipeline.watch(made.session, ())


def incidents(made: World, rule="spike"):
    return [one for one in queries.incidents(made.session.store) if one.rule == rule]


def sent(made: World):
    return [one for one in queries.deliveries(made.session.store) if one.message["rule"] != "source"]


def test_as_ever_is_no_incident(quiet):
    assert watch(quiet) == []


def test_a_week_of_ghosting_pages_with_what_it_is_about(quiet):
    quiet.ghosting(15, thread="t1")
    quiet.ghosting(5)
    (one,) = watch(quiet)
    assert (one.rule, one.severity, one.company) == ("spike", "page", COMPANY)
    assert one.detail["observed"] >= 20
    assert one.detail["high"] < 20
    assert one.detail["themes"][0]["theme"] == "Communication"
    assert one.detail["alone"][0] in ("theme", "source")
    quotes = one.detail["quotes"]
    assert 1 <= len(quotes) <= 3
    assert all(quote["text"] in SAID for quote in quotes)
    assert len({quote["text"] for quote in quotes}) == len(quotes)
    assert all(quote["url"].startswith("https://forum.example/") for quote in quotes)
    assert one.detail["thread_share"] == pytest.approx(15 / one.detail["observed"], abs=0.1)
    assert one.detail["copies_share"] > 0.1
    assert one.id in one.detail["more"]
    assert len(sent(quiet)) == 1


def test_a_theme_has_the_same_number_wherever_a_message_names_it(quiet):
    """Complaints count, whatever the mention comes to as a whole; what was read back too late does not."""
    quiet.ghosting(20)
    mention, analysis = quiet.mention()
    kind = replace(analysis, score=0.6, label="positive")
    quiet.collect("forum", *((mention.replace(id=f"kind{n}"), kind) for n in range(3)))
    late = quiet.today - timedelta(days=TIMELY_DAYS + 1)
    quiet.ghosting(4, day=late)
    whole = history(quiet.session, COMPANY, quiet.today).whole()
    days = whole.days.index(late), len(whole.days)
    counts = whole.themes["communication"]
    told = int(np.asarray(counts.timely)[days[0] : days[1]].sum())
    first, last = late, quiet.today
    spike = alert_spike(first=first, days=(last - first).days + 1, observed=told)
    part = Part("theme", "communication", spike)
    for rise in (Rise("more negative", spike, True, (part,)), Rise("more negative", spike, False, (part,))):
        found = watching.evidence(quiet.session, COMPANY, rise)
        assert dict(found.themes)["Communication"] == told
        assert len(found.quotes) == 3


@pytest.mark.parametrize(
    ("ago", "days", "rising"),
    [((6, 9, 25), 3, True), ((25, 18, 8), 3, False), ((9, 25, 25), 3, False), ((25, 18, 8), 1, False)],
)
def test_it_rises_only_where_the_last_day_is_above_the_days_before(quiet, ago, days, rising):
    for back, n in zip((2, 1, 0), ago, strict=True):
        quiet.ghosting(n, day=quiet.today - timedelta(days=back))
    found = alert_spike(first=quiet.today - timedelta(days=days - 1), days=days)
    assert watching.evidence(quiet.session, COMPANY, Rise("more negative", found, True)).rising is rising


def test_looking_again_changes_nothing(quiet):
    quiet.ghosting(20)
    first = watch(quiet)
    before = incidents(quiet)
    assert watch(quiet) == []
    assert incidents(quiet) == before
    assert len(first) == len(sent(quiet)) == 1


@pytest.mark.parametrize("words", ["They ghosted me.", "They discriminate against women here."])
def test_whatever_is_told_later_names_the_incident_that_there_is(quiet, words):
    for more in (20, 60, 150):
        quiet.quiet_days(1, seed=more)
        quiet.collect("forum", *(quiet.mention(text=words) for _ in range(more)))
        watch(quiet)
    ids = {one.id for one in queries.incidents(quiet.session.store)}
    told = [str(one.message["more"]).rsplit(" ", 1)[-1] for one in sent(quiet)]
    assert len(told) > 1
    assert set(told) <= ids


def test_it_is_closed_after_a_quiet_week_and_may_come_again(quiet):
    quiet.ghosting(20)
    watch(quiet)
    for _ in range(25):
        quiet.quiet_days(1, seed=quiet.today.toordinal())
        watch(quiet)
    (one,) = incidents(quiet)
    assert one.status == "resolved"
    quiet.ghosting(25)
    watch(quiet)
    assert [one.status for one in incidents(quiet)] == ["open", "resolved"]


def test_history_that_is_read_back_raises_no_alert(quiet):
    for back in range(20, 60, 5):
        day = quiet.today - timedelta(days=back)
        quiet.collect("forum", *(quiet.mention(day=day, text="It is a scam.") for _ in range(20)))
    assert watch(quiet) == []


def test_posts_that_are_read_back_raise_no_alert_of_more_posts(quiet):
    before = history(quiet.session, COMPANY, quiet.today).whole().counts
    day = quiet.today - timedelta(days=16)
    quiet.collect("forum", *(quiet.mention(day=day, text="I work there.") for _ in range(80)))
    after = history(quiet.session, COMPANY, quiet.today)
    counts = after.whole().counts
    assert counts.total.sum() == before.total.sum() + 80
    assert counts.timely_total.sum() == before.timely_total.sum()
    assert all(
        theme.timely_total.sum() == before.timely_total.sum() for theme in after.whole().themes.values()
    )
    assert watch(quiet) == []


def test_a_silenced_theme_is_listed_and_told_when_the_silence_ends(quiet):
    now = quiet.session.now()
    silence = Silence(id="s1", until=now + timedelta(days=2), created=now, theme="communication")
    assert silences.add(quiet.session.store, silence)
    assert not silences.add(quiet.session.store, silence)
    quiet.ghosting(20)
    watch(quiet)
    (one,) = incidents(quiet)
    assert one.detail["silenced"]
    assert sent(quiet) == []
    quiet.quiet_days(3, seed=5)
    watch(quiet)
    assert len(sent(quiet)) == 1
    assert "silenced" not in incidents(quiet)[0].detail


def test_another_theme_is_not_silenced(quiet):
    now = quiet.session.now()
    silences.add(
        quiet.session.store, Silence(id="s", until=now + timedelta(days=2), created=now, theme="offer")
    )
    quiet.ghosting(20)
    watch(quiet)
    assert len(sent(quiet)) == 1


def test_of_x_links_are_sent_and_no_words(quiet, monkeypatch):
    assert "x" in watching.LINKS_ONLY
    monkeypatch.setattr(watching, "LINKS_ONLY", frozenset({"feed"}))
    quiet.ghosting(20)
    (one,) = watch(quiet)
    assert one.detail["quotes"]
    assert all(quote["text"] == "" and quote["url"] for quote in one.detail["quotes"])
    assert not any(said in json.dumps(one.detail) for said in SAID)


def test_a_group_below_min_group_is_neither_counted_nor_quoted(tmp_path):
    with world(tmp_path, "report: {min_group: 200}\n") as made:
        made.ghosting(20)
        (one,) = watch(made)
    assert one.detail["observed"] is None
    assert one.detail["quotes"] == []
    assert "fewer than 200" in one.title


def test_one_allegation_pages_without_its_words(quiet):
    quiet.collect("forum", quiet.mention(text="Fine talk, but they discriminated against me for my age."))
    (one,) = watch(quiet)
    assert (one.rule, one.severity) == ("alleged:discrimination", "page")
    assert one.title == f"{COMPANY}: 1 mention alleges discrimination or sexual harassment"
    assert "for my age" not in json.dumps([one.detail, sent(quiet)[0].message])
    assert one.detail["quotes"][0]["url"].startswith("https://forum.example/")
    assert watch(quiet) == []


def test_what_an_incident_remembers_of_a_mention_is_keyed(quiet):
    quiet.collect("forum", said := quiet.mention(text="It is a scam."))
    watch(quiet)
    keyed = quiet.session.preparer.keyed_id("forum", said[0].id)
    assert incidents(quiet, "alleged:fraud")[0].detail["mentions"] == [keyed]


def test_the_name_of_a_site_is_no_link(quiet):
    mention, analysis = quiet.mention(text="It is a scam.")
    quiet.collect("forum", (mention.replace(site="evil.example"), analysis))
    watch(quiet)
    (told,) = sent(quiet)
    assert "evil[.]example" in told.message["summary"]
    assert "evil.example" not in told.message["text"]


def test_later_allegations_join_and_are_told_once_a_day_and_it_ends(quiet):
    quiet.collect("forum", quiet.mention(text="It is a scam."))
    watch(quiet)
    for _ in range(2):
        quiet.collect("forum", quiet.mention(text="They are scammers."))
        watch(quiet)
        quiet.collect("forum", quiet.mention(text="What a scam."))
        watch(quiet)
        quiet.today += timedelta(days=1)
    (one,) = incidents(quiet, "alleged:fraud")
    assert one.detail["n"] == 5
    assert len(sent(quiet)) == 3
    quiet.today += timedelta(days=8)
    watch(quiet)
    assert incidents(quiet, "alleged:fraud")[0].status == "resolved"
    assert len(incidents(quiet, "alleged:fraud")) == 1


def test_later_allegations_are_never_said_to_rise(quiet):
    quiet.collect("forum", quiet.mention(text="It is a scam."))
    watch(quiet)
    told = {one.id for one in sent(quiet)}
    for size in (2, 3):  # 3 in all, then 6
        for _ in range(size):
            quiet.collect("forum", quiet.mention(text="They are scammers."))
        watch(quiet)
        (later,) = [one for one in sent(quiet) if one.id not in told]
        told.add(later.id)
        quiet.today += timedelta(days=1)
        few = size == 2  # fewer than `min_group`
        number, more = ("a few", "There are more") if few else ("6", "5 more")
        assert later.subject == f"Still open: {COMPANY}: {number} mentions allege fraud"
        assert f"{more} since the first alert." in later.message["text"]


def test_what_opened_under_a_silence_is_first_told_as_it_is(quiet):
    now = quiet.session.now()
    silence = Silence(id="s", until=now + timedelta(hours=1), created=now, rule="alleged:fraud")
    silences.add(quiet.session.store, silence)
    quiet.collect("forum", quiet.mention(text="It is a scam."))
    watch(quiet)
    assert sent(quiet) == []
    quiet.today += timedelta(days=1)
    quiet.collect("forum", quiet.mention(text="They are scammers."))
    watch(quiet)
    (first,) = sent(quiet)
    assert first.subject == f"{COMPANY}: a few mentions allege fraud"
    assert "since the first alert" not in first.message["text"]
    quiet.collect("forum", quiet.mention(text="They are scammers."))
    quiet.today += timedelta(days=1)
    watch(quiet)
    assert "There are more since the first alert." in sent(quiet)[0].message["text"]


def test_what_a_source_holds_when_it_is_first_read_is_its_past(tmp_path):
    with world(tmp_path, days=0) as made:
        made.today += timedelta(days=60)
        old = made.mention(text="It is a scam.", day=made.today - timedelta(days=5))
        new = made.mention(text="Unsafe working conditions.", day=made.today - timedelta(days=1))
        made.collect("forum", old, new)
        assert [one.rule for one in watch(made)] == ["alleged:safety"]


def test_allegations_can_be_turned_down_and_off(tmp_path):
    for level, told in (("warning", ["warning"]), ("'off'", [])):
        folder = tmp_path / level.strip("'")
        folder.mkdir()
        with world(folder, f"  allegations: {level}\n", days=2) as made:
            made.collect("forum", made.mention(text="It is a scam."))
            assert [one.severity for one in watch(made)] == told


def test_a_rule_of_ones_own_fires_at_its_number(tmp_path):
    rules = "  rules:\n    - {name: lawyers, phrases: [lawsuit*], severity: warning, min: 2}\n"
    with world(tmp_path, rules, days=3) as made:
        made.collect(
            "forum", made.mention(text="There is no lawsuit."), made.mention(text="A lawsuit is on.")
        )
        assert watch(made) == []
        made.collect("forum", made.mention(text="Lawsuits everywhere."))
        (one,) = watch(made)
    assert (one.rule, one.severity) == ("rule:lawyers", "warning")
    assert "few mentions fit the rule lawyers" in one.title


def remove(made: World, *ids):
    run = made.session.store.begin_run("forum", noon(made.today))
    gone = tuple(Removal(id_, f"k{id_}") for id_ in ids)
    made.session.store.save(run, Batch("forum", (), None, Tally(), gone=gone, at=noon(made.today)))


def told(made: World):
    return json.dumps([[one.detail for one in incidents(made)], [one.message for one in sent(made)]])


def test_a_mention_that_is_removed_leaves_no_word_and_no_link_behind(quiet):
    quiet.ghosting(20)
    (one,) = watch(quiet)
    quote = one.detail["quotes"][0]
    assert quote["text"] in told(quiet)
    assert quote["url"] in told(quiet)
    remove(quiet, "m" + quote["url"].rsplit("/", 1)[1])
    assert quote["text"] not in told(quiet)
    assert quote["url"] not in told(quiet)


def test_an_allegation_that_is_removed_leaves_no_link_behind(quiet):
    made = quiet.mention(text="It is a scam.")
    quiet.collect("forum", made)
    watch(quiet)
    assert made[0].url in json.dumps(queries.incidents(quiet.session.store)[0].detail)
    remove(quiet, made[0].id)
    assert made[0].url not in json.dumps(queries.incidents(quiet.session.store)[0].detail)
    assert made[0].url not in told(quiet)


def quiet_ones(made: World):
    return [one for one in incidents(made, "quiet") if one.status == "open"]


def test_a_source_that_falls_silent_is_told_going_by_its_own_past(quiet):
    for day in range(12):
        quiet.quiet_days(1, seed=day, sources=("forum",))
        quiet.collect("reviews")
    watch(quiet)
    (one,) = quiet_ones(quiet)
    assert one.title.startswith("Source reviews is quiet for ")
    quiet.collect("reviews", quiet.mention("positive", source="reviews"))
    watch(quiet)
    assert quiet_ones(quiet) == []


def test_a_collector_that_is_down_mutes_its_silence(quiet):
    for day in range(12):
        quiet.quiet_days(1, seed=day, sources=("forum",))
        quiet.collect("reviews", status="failed")
    watch(quiet)
    assert quiet_ones(quiet) == []


def test_reminders_are_silenced_too(tmp_path):
    with world(tmp_path, "  repeat: 1d\n") as made:
        now = made.session.now()
        silences.add(made.session.store, Silence(id="s", until=now + timedelta(days=9), created=now))
        made.ghosting(20)
        watch(made)
        made.today += timedelta(days=2)
        pipeline.deliver(made.session)
        assert sent(made) == []

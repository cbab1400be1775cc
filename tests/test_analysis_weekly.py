"""The weekly figures: the verdict, its honesty, themes, quotes, coverage and what is withheld."""

import dataclasses
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weekly_world import (
    NOW,
    PERIOD,
    SOURCES,
    START,
    World,
    covered_frame,
    frames,
    own_words,
    summary,
    trend_frame,
)

from analysis import clumps, withholding, wording
from analysis import weekly_counts as counts
from analysis.quotes import LEAST, MOST, Candidate, Picker, candidate, sentences_around, verify
from candidly.config import Report
from candidly.errors import CandidlyError
from candidly.figures import Quote

WEEK = timedelta(days=7)


def pair(n1=120, n2=120, before=0.3, now=0.3, seed=11):
    world = World()
    old = world.week(n1, start=START - WEEK, negative=before, seed=seed, first=10_001)
    return world, world.week(n2, negative=now, seed=seed + 1), old


def test_worse_says_how_much_and_what_drives_it():
    world, week, before = pair(before=0.25, now=0.6)
    figures = summary(world, week, before)
    assert (figures.judgement, figures.headline) == ("worse", "Worse than the week before")
    k, n = int((week.mentions.verdict == "negative").sum()), 120
    assert figures.sentence.startswith(f"{k} of {n} mentions with a verdict were negative ({k / n:.0%}, 95%")
    assert "Communication drives it" in figures.sentence
    assert figures.change.verdict == "up"
    assert figures.change.low > 0


def test_better_is_the_mirror_of_worse():
    world, week, before = pair(before=0.6, now=0.25)
    figures = summary(world, week, before)
    assert figures.judgement == "better"
    assert ", down " in figures.sentence


def test_cannot_tell_says_how_many_more_mentions_it_takes():
    world, week, before = pair(40, 40, before=0.3, now=0.42)
    figures = summary(world, week, before)
    assert figures.judgement == "cannot tell"
    assert figures.change.needed > 0
    assert f"about {figures.change.needed} more mentions a week would be needed" in figures.sentence


def test_many_even_weeks_are_no_clear_change_rather_than_ignorance():
    world, week, before = pair(1500, 1500, before=0.3, now=0.31)
    figures = summary(world, week, before)
    assert (figures.judgement, figures.change.needed, figures.change.even) == ("no clear change", None, True)


def test_few_effective_mentions_never_make_a_claim():
    world, week, before = pair(15, 15, before=0.0, now=1.0)
    figures = summary(world, week, before)
    assert figures.change.low > 0  # the interval alone would claim it
    assert figures.judgement == "cannot tell"


def test_one_loud_thread_is_not_a_change():
    world, week, before = pair(60, 60, before=0.3, now=0.3)
    loud = week.mentions.copy()
    rows = loud.index[:25]
    loud.loc[rows, ["thread", "verdict", "source"]] = ["pile-on", "negative", SOURCES[0]]
    alone = loud.copy()
    alone.loc[rows, "thread"] = ""
    together = summary(world, week.of(loud), before)
    apart = summary(world, week.of(alone), before)
    assert together.negative.k == apart.negative.k
    assert apart.judgement == "worse"
    assert together.judgement == "cannot tell"
    assert together.design_effect > 2


def in_threads(told):
    """The same with threads that agree and with busy authors, so that intervals must widen."""
    rank = told.mentions.sort_values(["verdict", "pk"]).reset_index(drop=True)
    return told.of(rank.assign(thread=[f"t{i // 4}" for i in rank.index], author=rank.index // 3))


def test_the_same_share_has_the_same_interval_everywhere():
    world, week, before = pair(90, 80, before=0.3, now=0.5)
    other = world.week(60, negative=0.5, first=20_001)
    week, before, other = (in_threads(told) for told in (week, before, other))
    iso = (START - WEEK).isocalendar()
    totals = [
        (
            key,
            len(told.mentions),
            len(told.mentions),
            int((told.mentions.verdict == "negative").sum()),
            0,
            3.0,
            0,
        )
        for key, told in ((f"{iso.year}-W{iso.week:02d}", before), (PERIOD.key, week))
    ]
    trend = pd.DataFrame(totals, columns=trend_frame([]).columns)
    figures = summary(world, week, before, trend=trend, competitors={"Same": week.mentions})
    plain = counts.share(figures.negative.k, figures.negative.n, 1, 1.0)
    assert figures.design_effect > 2
    assert figures.negative.high - figures.negative.low > 1.4 * (plain.high - plain.low)
    assert [point.negative for point in figures.trend] == [figures.negative_before, figures.negative]
    assert [row.negative for row in (*figures.languages, *figures.competitors)] == [figures.negative] * 2
    (span,) = figures.spans
    assert (span.negative_before, span.negative) == (figures.negative_before, figures.negative)
    complaints = {row.theme: row.complaints for row in figures.themes}
    assert span.parts
    assert all(part.share == complaints[part.name] for part in span.parts)
    silent = week.mentions.assign(verdict=week.mentions.ghosting.map({"employer": "negative"}))
    assert figures.ghosting == counts.share_of(silent, counts.is_negative(silent), 1)
    for row in (row for row in figures.themes if row.mentions):
        named = week.mentions.pk.isin(week.opinions.pk[week.opinions.theme == row.theme])
        assert row.share == counts.share_of(week.mentions, named, 1)


def test_a_share_holds_its_truth_though_few_threads_make_it_up():
    rng = np.random.default_rng(7)
    held = plain = 0
    for _ in range(400):
        moods = np.repeat(rng.beta(0.9, 2.1, 20), 3)  # 30% negative, threads correlate by 0.25
        told = pd.DataFrame({"pk": range(60), "source": "forum", "thread": [f"t{i // 3}" for i in range(60)]})
        chosen = pd.Series(rng.random(60) < moods)
        found, naive = counts.share_of(told, chosen, 1), counts.share(chosen.sum(), 60, 1, 1.0)
        held += found.low <= 0.3 <= found.high
        plain += naive.low <= 0.3 <= naive.high
    assert plain < 0.9 * 400
    assert 0.93 * 400 < held < 0.98 * 400


def test_mentions_that_stand_alone_count_in_full_and_one_thread_counts_once():
    told = pd.DataFrame({"pk": range(30), "source": "forum", "thread": "", "author": -1})
    chosen = pd.Series([True, False, False] * 10)
    assert counts.effect(told, chosen) == 1.0
    assert counts.effect(told.assign(thread="one"), chosen) == 30.0


def test_unscored_mentions_are_counted_apart_and_never_neutral():
    world, week, before = pair(60, 60)
    mentions = week.mentions.copy()
    mentions.loc[mentions.index[:20], "verdict"] = None
    figures = summary(world, week.of(mentions), before)
    assert (figures.mentions, figures.scored, figures.unscored) == (60, 40, 20)
    assert figures.negative.n == 40


def test_all_unscored():
    world, week, before = pair(30, 30)
    mentions = week.mentions.assign(verdict=None, unscored="no lexicon", stars=float("nan"))
    figures = summary(world, week.of(mentions), before)
    assert (figures.judgement, figures.negative, figures.unscored) == ("no figures", None, 30)
    assert (figures.themes, figures.quotes, figures.rating, figures.ghosting) == ((), (), None, None)


@pytest.mark.parametrize("n", [1, 4])
def test_a_tiny_week_shows_nothing(n):
    world, week, before = pair(60, n, now=1.0)
    figures = summary(world, week, before)
    assert figures.headline == "Too few mentions for figures"
    assert (figures.mentions, figures.scored, figures.unscored, figures.negative) == (None,) * 4
    assert (figures.themes, figures.quotes, figures.roles, figures.sentence) == ((), (), (), "")
    assert {row.mentions for row in figures.coverage} <= {None, 0}
    assert world.asked == []


def test_an_empty_week_says_whether_anybody_looked():
    world, before = World(), frames()
    looked = summary(world, frames(), before)
    assert (looked.headline, looked.mentions) == ("No mentions this week", 0)
    blind = summary(world, frames(), before, covered=covered_frame(0))
    assert blind.headline == "No data: no source was collected this week"
    assert summary(world, frames(), frames(), sources=()).headline == blind.headline


def test_without_a_week_before_there_is_no_comparison():
    world = World()
    figures = summary(world, world.week(60), frames(), covered=covered_frame(0))
    assert (figures.judgement, figures.change, figures.reason) == ("no comparison", None, None)
    assert all(row.change is None for row in figures.themes)


def test_a_source_that_was_silent_is_missing_and_left_out_of_the_comparison():
    world, week, before = pair(90, 90, before=0.3, now=0.3)
    old = before.mentions[before.mentions.source == SOURCES[0]]
    covered = covered_frame()
    covered = covered[(covered.source == SOURCES[0]) | (covered.day >= START.date())]
    figures = summary(world, week, before.of(old), covered=covered, sources=(*SOURCES, "quiet"))
    assert figures.left_out == (SOURCES[1],)
    row = {row.source: row for row in figures.coverage}["quiet"]
    assert (row.silent, row.days, row.of, row.mentions, row.status) == (True, 0, 7, None, "never run")
    assert any("missing and not zero: quiet" in note for note in figures.notes)
    only = week.mentions[week.mentions.source == SOURCES[0]]
    expected = summary(world, week.of(only), before.of(old))
    assert figures.change.value == pytest.approx(expected.change.value)


def test_a_change_that_is_only_mix_says_so():
    world, week, before = pair(200, 200)
    shares = {SOURCES[0]: 0.1, SOURCES[1]: 0.8}

    def mixed(frame, first):
        source = [SOURCES[0] if i < first else SOURCES[1] for i in range(200)]
        mentions = frame.mentions.assign(source=source, thread="")
        turn = mentions.groupby("source").cumcount() % 10
        bad = turn < mentions["source"].map(shares) * 10
        return frame.of(mentions.assign(verdict=bad.map({True: "negative", False: "positive"})))

    figures = summary(world, mixed(week, 60), mixed(before, 140))
    assert figures.judgement == "worse"
    assert figures.reason.mood == pytest.approx(0, abs=1e-9)
    assert any("another mix of sources" in note for note in figures.notes)


def test_a_return_to_the_usual_is_pointed_out():
    world, week, before = pair(200, 200, before=0.15, now=0.35)
    figures = summary(world, week, before, trend=trend_frame([200] * 6, negative=0.3))
    assert (figures.judgement, figures.change_month.verdict) == ("worse", "cannot tell")
    assert any("return to the usual" in note for note in figures.notes)


def test_coverage_counts_days_and_names_the_last_run():
    world, week, before = pair(40, 40)
    mentions = week.mentions[week.mentions.source == SOURCES[1]]
    runs = [{"source": SOURCES[0], "status": "failed", "finished": "2026-11-18 03:00:00"}]
    figures = summary(world, week.of(mentions), before, covered=covered_frame(9), runs=runs)
    row = figures.coverage[0]
    assert (row.source, row.days, row.status, row.mentions) == (SOURCES[0], 2, "failed", 0)
    assert row.finished == datetime.fromisoformat("2026-11-18T03:00:00+00:00")


def test_an_unfinished_week_counts_only_the_days_so_far():
    world, week, before = pair(40, 40)
    early = week.mentions.assign(published=START + timedelta(hours=3))
    figures = summary(world, week.of(early), before, now=START + timedelta(days=2), covered=covered_frame(10))
    assert {(row.days, row.of) for row in figures.coverage} == {(3, 3)}


def test_days_are_those_of_the_time_zone():
    world, week, before = pair(40, 40)
    late = week.mentions.assign(published=START + timedelta(hours=23, minutes=30))
    berlin = Report(timezone="Europe/Berlin")
    period = dataclasses.replace(
        PERIOD, start=START - timedelta(hours=1), end=PERIOD.end - timedelta(hours=1)
    )
    figures = summary(world, week.of(late), before, settings=berlin, period=period, covered=covered_frame(0))
    assert (figures.first_day, figures.last_day) == (date(2026, 11, 16), date(2026, 11, 22))
    assert all(quote.published == date(2026, 11, 20) or quote.published for quote in figures.quotes)
    assert {row.days for row in figures.coverage} == {1}


def test_themes_split_by_polarity_and_withhold_small_ones():
    world, week, before = pair(90, 90, now=0.5)
    figures = summary(world, week, before)
    for row in figures.themes:
        if row.mentions is None:
            assert (row.negative, row.share, row.complaints, row.change) == (None, None, None, None)
        else:
            assert row.negative + row.mixed + row.neutral + row.positive == row.mentions
            assert row.complaints.k == row.negative + row.mixed
            named = week.opinions[week.opinions.theme == row.theme].pk.nunique()
            assert row.mentions == named >= 5
    assert [row.mentions is None for row in figures.themes] == sorted(
        row.mentions is None for row in figures.themes
    )


def test_opposite_opinions_on_one_theme_make_a_mixed_mention():
    world, week, before = pair(20, 20)
    opinions = pd.DataFrame(
        [(pk, "offer", polarity, 0, 5) for pk in range(1, 7) for polarity in ("negative", "positive")],
        columns=["pk", "theme", "polarity", "start", "end"],
    )
    figures = summary(world, dataclasses.replace(week, opinions=opinions), before)
    (row,) = figures.themes
    assert (row.mentions, row.mixed, row.negative, row.positive) == (6, 6, 0, 0)


def test_among_many_themes_without_change_few_are_believed():
    claims = 0
    for seed in range(20):
        world, week, before = pair(150, 150, before=0.4, now=0.4, seed=100 + 2 * seed)
        rows = summary(world, week, before).themes
        claims += any(row.change and row.change.verdict != "cannot tell" for row in rows)
    assert claims <= 4


def test_a_theme_withheld_last_week_cannot_be_worked_out_from_its_change():
    def rows(hidden):
        world, week, before = pair(100, 100, before=0.0, now=0.0)
        new = [(pk, "fairness", "negative", 0, 20) for pk in range(1, 41)]
        old = [(10_000 + pk, "fairness", "negative", 0, 20) for pk in range(1, hidden + 1)]
        columns = ["pk", "theme", "polarity", "start", "end"]
        week = dataclasses.replace(week, opinions=pd.DataFrame(new, columns=columns))
        before = dataclasses.replace(before, opinions=pd.DataFrame(old, columns=columns))
        return summary(world, week, before).themes

    one, four = rows(1)[0].change, rows(4)[0].change
    assert (one.value, one.verdict) == (four.value, "up")


def test_a_theme_that_went_silent_is_shown_as_fallen():
    world, week, before = pair(100, 100)
    old = [(10_000 + pk, "scheduling", "negative", 0, 20) for pk in range(1, 31)]
    before = dataclasses.replace(before, opinions=pd.DataFrame(old, columns=before.opinions.columns))
    row = {row.theme: row for row in summary(world, week, before).themes}["scheduling"]
    assert (row.mentions, row.change.verdict) == (0, "down")


def test_ghosting_is_counted_by_mention_and_withheld_when_small():
    world, week, before = pair(60, 60)
    for k, withheld in [(0, False), (3, True), (12, False)]:
        ghosting = ["employer"] * k + ["candidate"] * 5 + ["none"] * (55 - k)
        figures = summary(world, week.of(week.mentions.assign(ghosting=ghosting)), before)
        assert figures.ghosting_withheld is withheld
        assert (figures.ghosting is None) is withheld
        assert withheld or figures.ghosting.k == k


def test_competitors_are_compared_with_intervals_and_small_ones_withheld():
    world, week, before = pair(60, 60)
    others = {"Halden & Price": world.week(50, seed=9, first=30_001).mentions, "Tiny": week.mentions.head(3)}
    large, small = summary(world, week, before, competitors=others).competitors
    assert (large.company, large.mentions, large.negative.n) == ("Halden & Price", 50, 50)
    assert (small.mentions, small.negative) == (None, None)


def test_a_competitor_without_mentions_has_none_only_where_somebody_looked():
    world, week, before = pair(60, 60)
    none = week.mentions.head(0)
    found = summary(world, week, before, competitors={"Halden & Price": none, "Unread": None}).competitors
    assert [(one.mentions, one.collected) for one in found] == [(0, True), (None, False)]


def test_trend_fills_gaps_and_withholds_small_weeks():
    world, week, before = pair(60, 60)
    trend = trend_frame([60, 3, 60, 60])
    trend = trend[trend.index != 2]
    points = summary(world, week, before, trend=trend).trend
    assert [p.week for p in points] == ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
    assert [p.total for p in points] == [60, None, 0, 60]
    assert [p.negative is None for p in points] == [False, True, True, False]
    assert len(summary(world, week, before, trend=trend_frame([30] * 40)).trend) == 26
    assert len(summary(world, week, before, trend=trend_frame([0, 0, 30, 0, 30])).trend) == 3


def test_the_trend_crosses_a_year_of_53_weeks():
    world, week, before = pair(60, 60)
    rows = [("2026-W53", 9, 9, 3, 6, 3.0, 9), ("2027-W01", 9, 9, 3, 6, 3.0, 9)]
    trend = pd.DataFrame(rows, columns=trend_frame([]).columns)
    period = dataclasses.replace(PERIOD, key="2027-W01")
    assert [p.total for p in summary(world, week, before, trend=trend, period=period).trend] == [9, 9]


# Quotes


def test_every_quote_is_part_of_its_stored_text_and_no_two_share_a_thread():
    world, week, before = pair(200, 100, now=0.5)
    figures = summary(world, week, before)
    threads = dict(zip(week.mentions.pk, clumps.threads(week.mentions), strict=True))
    seen = []
    assert len(figures.quotes) >= 6
    for quote in figures.quotes:
        pk = int(quote.id[1:])
        assert quote.text in world.mentions[pk].text
        assert LEAST <= len(quote.text) <= MOST
        assert quote.text[-1] in ".!?"
        assert quote.url == world.mentions[pk].url
        seen.append(threads[pk])
    assert len(set(seen)) == len(seen)
    assert len({quote.text for quote in figures.quotes}) == len(seen)


def test_no_quote_of_a_small_theme():
    world, week, before = pair(90, 90, now=0.5)
    figures = summary(world, week, before)
    small = {row.theme for row in figures.themes if row.mentions is None}
    assert small
    assert not small & {quote.theme for quote in figures.quotes}


def test_a_quote_that_is_not_in_the_text_stops_the_report():
    world, _, _ = pair(40, 40)
    mention = world.mentions[1]
    good = Quote(mention.text[:40], "negative", "theme", "x", mention.source, mention.id, "", "", None)
    verify(good, mention)
    changed = (
        dataclasses.replace(good, text="They are all crooks, every one of them."),
        dataclasses.replace(good, id="m2"),
        dataclasses.replace(good, text=" "),
    )
    for bad in changed:
        with pytest.raises(CandidlyError, match="does not stand in the stored text") as caught:
            verify(bad, mention)
        assert "crooks" not in str(caught.value)


def test_evidence_outside_the_text_stops_the_report():
    world, week, before = pair(40, 40, now=1.0)
    opinions = week.opinions.assign(end=100_000)
    with pytest.raises(CandidlyError, match="does not fit the stored text"):
        summary(world, dataclasses.replace(week, opinions=opinions), before)


def test_a_mention_deleted_in_the_meantime_is_not_quoted():
    world, week, before = pair(40, 40, now=1.0)
    world.mentions.clear()
    assert summary(world, week, before).quotes == ()


def test_whole_sentences_are_quoted():
    text = "Good start. I spoke with Mr. Halden for an hour about the role. Then came silence. The end"
    start = text.index("an hour")
    a, b = sentences_around(text, start, start + 7)
    assert text[a:b] == "I spoke with Mr. Halden for an hour about the role."
    a, b = sentences_around(text, 0, 4)  # too short alone: the next one comes along
    assert text[a:b] == "Good start. I spoke with Mr. Halden for an hour about the role."
    assert sentences_around("Too short.", 0, 3) is None
    assert sentences_around("word " * 100 + ".", 10, 20) is None
    assert sentences_around("A first line that is long enough to be quoted.\nsecond line", 10, 55) is None


@settings(max_examples=100, deadline=None)
@given(st.text("ab .!?\n\"'é😀。-", max_size=400), st.data())
def test_whatever_the_text_a_quote_is_a_clean_slice_around_the_evidence(text, data):
    start = data.draw(st.integers(0, max(0, len(text) - 1)))
    end = data.draw(st.integers(start + 1, len(text))) if text else 1
    if not text:
        return
    span = sentences_around(text, start, end)
    if span is not None:
        a, b = span
        assert 0 <= a < b <= len(text)
        assert LEAST <= b - a <= MOST
        assert text[a:b] == text[a:b].strip()
        assert "\n" not in text[a:b]
        assert a < end
        assert b > start


def test_the_typical_sentence_comes_first_and_copies_are_passed_over():
    world = World()
    said = [
        "The recruiter never answered after the second interview.",
        "After the interview the recruiter never answered my mail.",
        "The recruiter never answered after the second interview.",
        "Purple elephants wandered through somebody's aquarium slowly.",
    ]
    for pk, text in enumerate(said):
        world.add(pk, text, published=START)
    found = [candidate(world.mentions[pk], f"t{pk}", "negative", 0, 10) for pk in range(4)]
    assert all(isinstance(c, Candidate) for c in found)
    from analysis.quotes import most_typical

    quotes = Picker("UTC").pick(most_typical(found), 4, "theme", "communication")
    assert "elephants" in quotes[-1].text
    assert len({q.text for q in quotes}) == len(quotes) < 4


def opinions_of(rows):
    return pd.DataFrame(rows, columns=["pk", "theme", "polarity", "start", "end"])


def test_a_theme_is_quoted_by_those_who_judge_it_and_agree_with_themselves():
    world, week, before = pair(40, 30)
    said = "They let everybody wait for an answer, and it never came."
    for pk in range(1, 31):
        world.add(
            pk,
            said.replace("answer", f"answer{'abcdefghijklmnopqrstuvwxyzäöüß'[pk - 1] * 4}"),
            published=START,
        )
    rows = [(pk, "process", "neutral" if pk > 9 else "negative", 0, 10) for pk in range(1, 31)]
    verdict = ["positive"] * 4 + ["negative"] * 5 + ["positive"] * 21
    mentions = week.mentions.assign(verdict=verdict, thread="", source=SOURCES[0])
    figures = summary(world, dataclasses.replace(week, mentions=mentions, opinions=opinions_of(rows)), before)
    quotes = [quote for quote in figures.quotes if quote.reason == "theme"]
    assert {quote.polarity for quote in quotes} == {"negative"}
    assert quotes
    assert all(5 <= int(quote.id[1:]) <= 9 for quote in quotes)


def test_a_plain_fact_is_not_quoted_as_the_strongest_words():
    world, week, before = pair(40, 40, now=0.5)
    plain = "You do a system design first and then talk to two engineers there."
    blunt = "They ghosted me after the offer call, which was an insult to anybody."
    low = week.mentions.sort_values("score").head(2).pk.tolist()
    for pk, text in zip(low, (f"{plain} {own_words(1)}.", f"{plain}\n{blunt}"), strict=True):
        world.add(pk, text, published=START)
    places = [(low[0], 0), (low[1], 0), (low[1], len(plain) + 1)]
    spoken = opinions_of([(pk, "salary", "negative", at, at + 60) for pk, at in places])
    week = dataclasses.replace(
        week, opinions=pd.concat([week.opinions[~week.opinions.pk.isin(low)], spoken], ignore_index=True)
    )

    def tones(text):
        return [(0, 30, -0.9 if "insult" in text else 0.0), (31, len(text), 0.0)]

    def strongest(**given):
        return [q.text for q in summary(world, week, before, **given).quotes if q.reason == "most negative"]

    assert strongest() == [plain]
    assert strongest(tones=tones) == [blunt]
    assert strongest(tones=lambda text: [(0, len(text), -0.2)]) == []
    assert strongest(tones=lambda _: []) == []


def test_one_of_many_changes_may_be_chance():
    believed = counts.change(20, 100, 36, 100, 1.0)
    doubted = counts.change(20, 100, 36, 100, 1.0, believed=False)
    assert (believed.verdict, believed.words) == ("up", "up")
    assert (doubted.verdict, doubted.words, doubted.needed) == ("cannot tell", "perhaps a rise", None)
    assert counts.change(36, 100, 20, 100, 1.0, believed=False).words == "perhaps a fall"
    assert counts.change(20, 100, 26, 100, 1.0).words == "cannot tell"


def test_no_sentence_calls_a_change_chance_whose_interval_leaves_out_zero():
    few = counts.change(0, 8, 5, 8, 1.0)
    assert (few.verdict, few.low > 0) == ("cannot tell", True)
    share, before = counts.share(5, 8, 5, 1.0), counts.share(0, 8, 5, 1.0)
    said = wording.sentence("cannot tell", share, few, ())
    assert "is perhaps a rise: about" in said
    assert "chance" not in said
    assert "perhaps a rise (" in wording.span_sentence("four weeks", share, before, few)


# Withholding


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30)), st.integers(1, 8))
def test_hidden_counts_cannot_be_had_from_the_total(table, least):
    out = withholding.hidden(table, least)
    assert {name for name, n in table.items() if 0 < n < least} <= out
    together = sum(table[name] for name in out)
    assert together == 0 or together >= least or out == {name for name, n in table.items() if n}


def test_a_small_rest_does_not_show_through_the_large_group():
    world, week, before = pair(60, 60)
    mentions = week.mentions.copy()
    mentions.loc[mentions.index[:3], "language"] = "de"
    assert summary(world, week.of(mentions), before).languages == ()
    mentions.loc[mentions.index[:8], "language"] = "de"
    groups = summary(world, week.of(mentions), before).languages
    assert [(g.name, g.mentions) for g in groups] == [("en", 52), ("de", 8)]


def test_the_least_size_follows_the_settings():
    world, week, before = pair(60, 12)
    assert summary(world, week, before, settings=Report(min_group=13)).mentions is None
    assert summary(world, week, before, settings=Report(min_group=1)).mentions == 12


def test_same_input_same_figures():
    world, week, before = pair(80, 80)
    shuffled = dataclasses.replace(
        week,
        mentions=week.mentions.sample(frac=1, random_state=1),
        opinions=week.opinions.sample(frac=1, random_state=2),
    )
    one, two = summary(world, week, before), summary(world, shuffled, before)
    assert one.quotes == two.quotes
    assert [row.mentions for row in one.themes] == [row.mentions for row in two.themes]
    assert one.made == NOW

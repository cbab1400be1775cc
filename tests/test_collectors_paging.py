"""Listings read page by page: nothing lost at any crash point, few requests, odd cursors do no harm."""

import json
import re
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from candidly.errors import CollectorError, Degraded
from collectors.paging import DAY, LONGEST, Page, Stale, Walk, back, forward, merged, numbered

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
WALK = Walk(NOW, 60 * DAY, 2 * DAY)
QUICK = settings(max_examples=100, deadline=None)


class Site:
    """A listing of items (hours before NOW), asked for pages of `size`; `asked` counts the requests."""

    def __init__(self, ages, size=3):
        self.items = sorted((NOW - age * HOUR, n) for n, age in enumerate(ages))
        self.size, self.asked, self.edition = size, 0, 1

    def page(self, items, token):
        self.asked += 1
        edition, _, at = (token or f"{self.edition}:0").partition(":")
        if int(edition) != self.edition:
            raise CollectorError("The page token is not valid.", "", permanent=True)
        shown = items[int(at) : int(at) + self.size]
        more = int(at) + self.size < len(items)
        times = [at for at, _ in shown]
        return Page(
            [n for _, n in shown],
            f"{self.edition}:{int(at) + self.size}" if more else None,
            min(times, default=None),
            max(times, default=None),
        )

    def window(self, start, end, token):
        low, high = (bisect_left(self.items, (moment,)) for moment in (start, end))
        return self.page(self.items[low:high], token)

    def newest(self, token):
        return self.page(self.items[::-1], token)


def read(walk, cursor=None, pages=10**6):
    """What the first `pages` pages of a run hold, and the cursor after them, through JSON as in the store."""
    found = []
    for raw, _ in zip(walk, range(pages), strict=False):
        found += raw.payload
        cursor = json.loads(json.dumps(raw.cursor))
    return found, cursor


def ahead(site, cursor, walk=WALK, step=7 * DAY):
    return forward(cursor, "new", walk, step, site.window)


def behind(site, cursor, walk=WALK):
    return back(cursor, "new", walk, site.newest)


WALKS = pytest.mark.parametrize("way", [ahead, behind])
AGES = st.lists(st.integers(1, 24 * 59), max_size=60)


@WALKS
@QUICK
@given(ages=AGES, crashes=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300)), max_size=8))
def test_nothing_is_lost_wherever_runs_break_off(way, ages, crashes):
    """Runs die after some pages, the next comes some hours later; each item is read at least once."""
    site, cursor, found, now, began = Site(ages), None, [], NOW, None
    for pages, hours in crashes:
        began = began or (now if pages else None)
        some, cursor = read(way(site, cursor, Walk(now, 60 * DAY, 2 * DAY)), cursor, pages)
        found += some
        now += hours * HOUR
    rest, _ = read(way(site, cursor, Walk(now, 60 * DAY, 2 * DAY)), cursor)
    oldest = (began or now) - 60 * DAY
    assert {n for at, n in site.items if at >= oldest} <= {*found, *rest}


@WALKS
@QUICK
@given(ages=AGES, at=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_a_run_that_breaks_off_reads_no_page_twice(way, ages, at):
    calm, wild = Site(ages), Site(ages)
    everything, _ = read(way(calm, None))
    cursor, found = None, []
    for pages in at:
        some, cursor = read(way(wild, cursor), cursor, pages)
        found += some
        if cursor and not cursor["new"].keys() & {"from", "token"}:
            break  # it came to its end; a walk with `lookback` would follow
    else:
        found += read(way(wild, cursor))[0]
    assert sorted(found) == sorted(everything)
    # zip asks the walk for one page more than it takes, as a crash between reading and storing does
    assert wild.asked <= calm.asked + len(at)


@QUICK
@given(ages=AGES, size=st.integers(1, 9), days=st.integers(1, 70))
def test_forward_makes_as_many_requests_as_its_windows_need(ages, size, days):
    site = Site(ages, size)
    found, _ = read(ahead(site, None, step=days * DAY))
    assert sorted(found) == [n for n, _ in enumerate(ages)]
    windows = -(-60 // days)
    assert site.asked <= windows + len(ages) // size
    if windows == 1:
        assert site.asked == max(1, -(-len(ages) // size))


@QUICK
@given(ages=AGES, size=st.integers(1, 9))
def test_back_makes_the_fewest_requests(ages, size):
    site = Site(ages, size)
    read(behind(site, None))
    assert site.asked == max(1, -(-len(ages) // size))


def test_a_back_fill_of_two_years_stays_within_five_percent_of_the_fewest_requests():
    ages = [n * 24 * 730 / 20_000 for n in range(1, 20_000)]
    walk = Walk(NOW, 730 * DAY, 2 * DAY)
    fewest = 200
    for way in (ahead, behind):
        site = Site(ages, 100)
        read(way(site, None, walk) if way is behind else way(site, None, walk, 180 * DAY))
        assert fewest <= site.asked <= 1.05 * fewest


@WALKS
def test_the_next_run_reads_back_by_lookback_only(way):
    site = Site(range(1, 24 * 50), 10)
    _, cursor = read(way(site, None))
    site.asked = 0
    found, _ = read(way(site, cursor, Walk(NOW + 6 * HOUR, 60 * DAY, 2 * DAY)))
    assert set(range(48)) <= set(found)
    assert len(found) <= 70
    assert site.asked <= 7


@WALKS
@QUICK
@given(late=st.integers(0, 47), hours=st.integers(1, 200), pages=st.integers(1, 8))
def test_what_is_published_while_a_run_lies_broken_off_is_found(way, late, hours, pages):
    """An item may show up late, though dated before the walk began, while that lies broken off."""
    site = Site(range(1, 400, 7))
    _, cursor = read(way(site, None), None, pages)
    if cursor["new"].keys() & {"from", "token"} == set():
        return
    site.items = sorted([*site.items, (NOW - late * HOUR, 1000), (NOW + hours * HOUR / 2, 1001)])
    later = Walk(NOW + hours * HOUR, 60 * DAY, 2 * DAY)
    found, cursor = read(way(site, cursor, later), cursor)
    after = Walk(later.now + HOUR, 60 * DAY, 2 * DAY)
    assert {1000, 1001} <= {*found, *read(way(site, cursor, after))[0]}


@WALKS
def test_a_token_that_the_site_refuses_restarts_the_listing(way):
    site = Site(range(1, 100))
    before, cursor = read(way(site, None), None, 12)
    assert cursor["new"]["token"]
    site.edition = 2
    after, done = read(way(site, cursor), cursor)
    assert {*before, *after} == {n for _, n in site.items}
    assert not done["new"].keys() & {"from", "token"}


def test_a_refused_token_restarts_its_window_and_not_those_before():
    site = Site([*range(24 * 10, 24 * 16), *range(1, 9)])
    before, cursor = read(ahead(site, None, Walk(NOW, 21 * DAY, 2 * DAY), 7 * DAY), None, 45)
    start = cursor["new"]["from"]
    site.edition = 2
    after, _ = read(ahead(site, cursor, Walk(NOW, 21 * DAY, 2 * DAY), 7 * DAY), cursor)
    assert {*before, *after} == {n for _, n in site.items}
    assert min(at for at, n in site.items if n in set(after)) >= datetime.fromisoformat(start)


@pytest.mark.parametrize(
    "error",
    [
        CollectorError("the key is wrong", permanent=True),
        CollectorError("too many requests", retry_after=60.0),
        CollectorError("out of order"),
        Degraded("not JSON"),
    ],
)
@WALKS
def test_other_failures_stay_failures(way, error):
    site = Site(range(1, 100))
    _, cursor = read(way(site, None), None, 12)
    site.asked = 0

    def failing(*_):
        site.asked += 1
        raise error

    site.window = site.newest = failing
    with pytest.raises(type(error)) as caught:
        read(way(site, cursor))
    assert caught.value is error
    assert site.asked <= 2, "the token was to blame, or it was not; one request tells"


@WALKS
def test_a_token_that_goes_stale_in_the_middle_costs_one_restart(way):
    site = Site(range(1, 100))
    page, failures = site.page, iter([False, False, True] + [False] * 100)

    def sometimes(items, token):
        if token is not None and next(failures):
            raise Stale("The page token is not valid.")
        return page(items, token)

    site.page = sometimes
    found, _ = read(way(site, None))
    assert set(found) == {n for _, n in site.items}
    failures = iter([True] * 100)
    with pytest.raises(Stale):
        read(way(site, None))


@WALKS
@pytest.mark.parametrize("circle", [["a", "a"], ["a", "b", "a"]])
def test_pages_that_lead_in_a_circle_end_as_degraded(way, circle):
    site, tokens = Site([1]), iter(circle * 9)
    site.page = lambda *_: Page([], next(tokens), NOW, NOW)
    with pytest.raises(Degraded, match="circle"):
        read(way(site, None), None, 50)


@WALKS
def test_an_empty_token_is_none(way):
    site = Site([1])
    site.page = lambda *_: Page([0], "", NOW, NOW)
    found, cursor = read(way(site, None, Walk(NOW, DAY, DAY)))
    assert (found, "token" in cursor["new"]) == ([0], False)


@WALKS
def test_an_item_from_the_future_hides_nothing_that_comes_later(way):
    site = Site([50, 30, 10, -24 * 365 * 20])
    _, cursor = read(way(site, None))
    site.items = sorted([*site.items, *((NOW + hours * HOUR, hours) for hours in range(100, 24 * 40, 24))])
    later = Walk(NOW + 50 * DAY, 60 * DAY, 2 * DAY)
    found, _ = read(way(site, cursor, later))
    assert set(range(100, 24 * 40, 24)) <= set(found)


MOMENTS = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-24", "x", ""]),
    st.sampled_from([(NOW - days * DAY).isoformat() for days in (-1, 0, 1, 40)]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | MOMENTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KNOWN = re.compile("1:[0-9]{1,3}")
KEYS = ("from", "to", "token", "until", "begun", "since", "newest", "reached")
STATES = st.one_of(JSON, st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, st.one_of(MOMENTS, JSON))))
CURSORS = st.one_of(JSON, st.fixed_dictionaries({"new": STATES}))


@WALKS
@QUICK
@given(cursor=CURSORS)
@example(cursor={"new": {"from": "0001-01-01T00:00:00+00:00"}})
@example(cursor={"new": {"reached": "0001-01-01T00:00:00+00:00", "until": "0001-01-01T00:00:00+00:00"}})
@example(cursor={"new": {"from": (NOW + DAY).isoformat(), "since": (NOW + DAY).isoformat(), "token": "1:0"}})
def test_an_edited_cursor_does_no_harm(way, cursor):
    """No crash and a bounded walk; and the run after it reads on as ever."""
    site = Site(range(1, 30))
    page = site.page
    site.page = lambda items, token: page(items, token if KNOWN.fullmatch(token or "1:0") else "0:0")
    _, after = read(way(site, cursor), {})
    assert site.asked <= 2 * LONGEST.days / 7 + 20
    site.page = page
    site.items += [(NOW + HOUR, 99)]
    found, _ = read(way(site, after, Walk(NOW + 2 * HOUR, 60 * DAY, 2 * DAY)))
    assert 99 in found


def test_windows_lie_side_by_side_from_first_to_now():
    seen = []

    def note(start, end, token):
        seen.append((start, end))
        return Page([])

    read(forward(None, "new", Walk(NOW, 30 * DAY, DAY), 7 * DAY, note))
    assert (seen[0][0], seen[-1][1]) == (NOW - 30 * DAY, NOW)
    assert all(one[1] == two[0] for one, two in pairwise(seen))


def test_merged_keeps_where_every_listing_stands():
    one, two = Site(range(1, 9)), Site(range(1, 9))
    old = {"gone": {"reached": "x"}}

    def both(cursor):
        yield from forward(cursor, "one", WALK, 60 * DAY, one.window)
        yield from back(cursor, "two", WALK, two.newest)

    raws = list(merged(old, both(old)))
    assert set(raws[0].cursor) == {"gone", "one"}
    assert set(raws[-1].cursor) == {"gone", "one", "two"}
    assert raws[0].cursor["one"] != raws[-1].cursor["one"]
    assert next(merged(["not a cursor"], iter(raws[:1]))).cursor.keys() == {"gone", "one"}


@WALKS
def test_a_token_that_leads_to_nothing_restarts_the_listing_once(way):
    """Some sites answer a token that they have forgotten, or a page beyond the last, with an empty list."""
    site = Site(range(1, 20))
    _, cursor = read(way(site, None), None, 1)
    cursor["new"]["token"] = f"{site.edition}:999"
    site.asked = 0
    found, after = read(way(site, cursor), cursor)
    assert {*found} >= {n for at, n in site.items if at >= NOW - 7 * DAY}
    assert not after["new"].keys() & {"from", "token"}
    site.items, site.asked = [], 0
    assert read(way(site, cursor), cursor)[0] == []
    assert site.asked <= 11


@pytest.mark.parametrize(
    ("payload", "empty"),
    [([], True), ([1], False), ({"a": [], "n": 7}, True), ({"a": [], "b": [0]}, False), ({}, True)],
)
def test_a_page_knows_whether_it_holds_anything(payload, empty):
    assert Page(payload).empty is empty


@pytest.mark.parametrize(
    ("token", "number"),
    [
        ("17", 17),
        ("0", 0),
        ("", None),
        (None, None),
        ("-1", None),
        ("\u00b2", None),
        ("\u0663", None),
        ("x", None),
    ],
)
def test_a_number_in_a_cursor(token, number):
    assert numbered(token) == number
    assert numbered("9" * 5000) is None

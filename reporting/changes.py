"""What the report says of changes, their causes and campaigns, in words that every format shares."""

from __future__ import annotations

from collections.abc import Iterator

from candidly.figures import (
    Campaign,
    Moved,
    SpanChange,
    WeeklyFigures,
    Why,
    percent,
    points,
    tenths,
)

SHOWN_PARTS, LEAST_SHOWN = 6, 5
"""Parts that are listed one by one, and how many tenths of a point make one worth a line."""
NAMES = {"week": "This week against the week before", "four weeks": "Four weeks", "quarter": "Quarter"}
AGAINST = {
    "week": "the week before",
    "four weeks": "the four weeks before",
    "quarter": "the quarter before",
}


def longer_spans(f: WeeklyFigures) -> list[SpanChange]:
    """The four weeks and the quarter, where there is anything to compare."""
    return [one for one in f.spans if one.span != "week" and one.sentence]


def kind(span: SpanChange) -> str:
    """The CSS class of a verdict: "bad", "good" or "still"."""
    if span.change is None or span.change.verdict == "cannot tell":
        return "still"
    return "bad" if span.change.verdict == "up" else "good"


def clearly_moved(span: SpanChange) -> str:
    """`Clearly moved: communication +14, candidates −9.`; "" for nothing."""
    moved = [part for part in span.parts if part.change.verdict != "cannot tell"]
    if not moved:
        return ""
    return f"Clearly moved: {', '.join(_said(part) for part in moved)} points."


def _said(part: Moved) -> str:
    return f"{part.title.lower() if part.kind == 'theme' else part.title} {points(part.change.value)}"


def doubted(f: WeeklyFigures) -> bool:
    """Whether the table of themes shows a change that is not claimed though its interval leaves out 0."""
    return any(row.change is not None and row.change.words.startswith("perhaps") for row in f.themes)


def power(f: WeeklyFigures) -> str:
    """`A true rise of 25 points in a week, 15 over four weeks would be seen 4 times of 5.`"""
    over = {"week": "in a week", "four weeks": "over four weeks", "quarter": "over a quarter"}
    said = [
        f"{one.change.detectable * 100:.0f} {over[one.span]}"
        for one in f.spans
        if one.change and one.change.detectable
    ]
    none = " or ".join(over[one.span] for one in f.spans if one.change and not one.change.detectable)
    if not said:
        return f"Too few mentions to be sure of seeing any rise {none}." if none else ""
    first, _, rest = said[0].partition(" ")
    blind = f"; too few mentions to be sure of any {none}" if none else ""
    rises = ", ".join([f"{first} points {rest}", *said[1:]])
    return f"A true rise of {rises} would be seen 4 times of 5{blind}."


def why_lead(why: Why) -> str:
    """The account in one sentence: how much is who speaks and where, how much what they say."""
    word = "rose" if why.change > 0 else "fell"
    mix = "who speaks and where" if abs(why.shown_mix) >= 5 else ""
    by = tenths(abs(why.shown)).lstrip("+")
    first = f"Against {AGAINST[why.span]} the negative share {word} by {by} points."
    if not mix:
        return f"{first} Almost none of it comes from another mix of sources and roles."
    return (
        f"{first} Of these, {tenths(why.shown_mix)} come from {mix} (another mix of sources and roles), and "
        f"{tenths(why.shown_within)} from what is said within them."
    )


def why_rows(why: Why) -> list[tuple[str, str, int]]:
    """`(kind, title, tenths of a point)` of the largest parts; the small ones of either kind are summed."""
    shown = [part for part in why.parts if part.kind != "rest"]
    largest = sorted(shown, key=lambda part: -abs(part.shown))[:SHOWN_PARTS]
    kept = {(part.kind, part.name) for part in largest if abs(part.shown) >= LEAST_SHOWN}
    rows = [(part.kind, part.title, part.shown) for part in why.parts if (part.kind, part.name) in kept]
    rest = dict.fromkeys(("mix", "within"), 0)
    for part in why.parts:
        if (part.kind, part.name) not in kept:
            rest["mix" if part.kind in ("source", "role") else "within"] += part.shown
    mix = [row for row in rows if row[0] in ("source", "role")]
    rest_of = "Rest of the mix" if mix else "Who speaks, and where"
    mix += [("source", rest_of, rest["mix"])] if rest["mix"] else []
    within = [row for row in rows if row[0] == "theme"]
    return [*mix, *within, ("rest", "Other themes, or none named", rest["within"])]


def campaign_lines(f: WeeklyFigures) -> Iterator[str]:
    """A line for each campaign, without any author, and one with the figures without them."""
    for one in f.campaigns:
        yield _campaign(one)
    without = f.without_campaigns
    if without is None:
        return
    if without.negative is None:
        yield "Without them too few mentions are left for figures."
        return
    before = f"{percent(f.negative.value)} with them" if f.negative else ""
    said = f"Without them {percent(without.negative.value)} of {without.negative.n} are negative ({before})"
    if f.rating and without.rating:
        said += f", and the mean rating is {without.rating.value:.1f} ({f.rating.value:.1f} with them)"
    same = (
        "the verdict stays the same"
        if without.judgement == f.judgement
        else (f"the verdict would be “{without.judgement}”")
    )
    yield f"{said}; {same}."


def _campaign(one: Campaign) -> str:
    days = f"on {one.first_day.isoformat()}"
    if one.last_day != one.first_day:
        days = f"from {one.first_day.isoformat()} to {one.last_day.isoformat()}"
    place = f" on {one.source}" if one.source else ""
    leaning = "" if one.leaning == "mixed" else f"{one.leaning} "
    if one.kind == "same wording":
        return f"{one.mentions} {leaning}mentions{place} share most of their wording, {days}."
    usual = f", where {one.usual:.1f} would be usual" if one.usual is not None else ""
    return f"{one.mentions} {leaning}reviews{place} of the same stars came in a burst {days}{usual}."

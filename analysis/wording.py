"""The verdict of the week in plain words, with the numbers that it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from candidly.figures import (
    Change,
    Judgement,
    Reason,
    Share,
    SourceCoverage,
    Span,
    ThemeRow,
    percent,
    points,
    span,
)

MATTERS = 0.10
"""A change of the negative share below 10 points is not worth a Monday morning on its own."""

HEADLINES: dict[Judgement, str] = {
    "worse": "Worse than the week before",
    "better": "Better than the week before",
    "cannot tell": "Cannot tell whether it got better or worse",
    "no clear change": "About the same as the week before",
    "no comparison": "Nothing to compare with yet",
    "no figures": "Too few mentions for figures",
}


def between(change: Change) -> str:
    """`−5 to +17`."""
    return f"{points(change.low)} to {points(change.high)}"


def judge(negative: Share | None, change: Change | None) -> Judgement:
    """What may be said of the week."""
    if negative is None:
        return "no figures"
    if change is None:
        return "no comparison"
    if change.verdict != "cannot tell":
        return "worse" if change.verdict == "up" else "better"
    return "no clear change" if change.even else "cannot tell"


def headline(judgement: Judgement, mentions: int, coverage: Sequence[SourceCoverage]) -> str:
    """The verdict in a few words; a week without mentions says whether anybody looked."""
    if mentions:
        return HEADLINES[judgement]
    looked = any(not row.silent for row in coverage)
    return "No mentions this week" if looked else "No data: no source was collected this week"


def sentence(
    judgement: Judgement, negative: Share | None, change: Change | None, themes: Sequence[ThemeRow]
) -> str:
    """The week in one breath: the share, its change or why one cannot tell, and what drives it."""
    if negative is None:
        return ""
    share = (
        f"{negative.k} of {negative.n} mentions with a verdict were negative "
        f"({percent(negative.value)}, 95% interval {span(negative.low, negative.high)})"
    )
    return f"{share}{_change(judgement, change)} {_driver(judgement, themes)}".strip()


SPAN_NAMES: dict[Span, tuple[str, str]] = {
    "week": ("This week", "the week before"),
    "four weeks": ("Four weeks", "the four before"),
    "quarter": ("Quarter", "the quarter before"),
}


def span_sentence(span: Span, now: Share | None, before: Share | None, change: Change | None) -> str:
    """A stretch of weeks in one line: the shares, the verdict, and what could have been seen."""
    if now is None or before is None or change is None:
        return ""
    name, earlier = SPAN_NAMES[span]
    said = f"{name}: {percent(now.value)} negative, {percent(before.value)} in {earlier}"
    if change.verdict != "cannot tell":
        word = "worse" if change.verdict == "up" else "better"
        return f"{said}: {word} by {abs(change.value) * 100:.0f} points ({between(change)})."
    if change.even:
        return f"{said}: about the same ({between(change)} points)."
    more = f"; about {change.needed} more mentions on each side would tell" if change.needed else ""
    return f"{said}: {change.words} ({between(change)} points){more}."


def _change(judgement: Judgement, change: Change | None) -> str:
    if change is None:
        return "."
    if judgement in ("worse", "better"):
        word = "up" if judgement == "worse" else "down"
        low, high = sorted((abs(change.low), abs(change.high)))
        return f", {word} {abs(change.value) * 100:.0f} points ({low * 100:.0f} to {high * 100:.0f})."
    if judgement == "no clear change":
        return f"; the change is between {points(change.low)} and {points(change.high)} points."
    doubt = "may be chance" if change.words == "cannot tell" else f"is {change.words}"
    return (
        f". The change of {points(change.value)} points ({between(change)}) {doubt}: about "
        f"{change.needed} more mentions a week would be needed to tell."
    )


def _driver(judgement: Judgement, themes: Sequence[ThemeRow]) -> str:
    shown = [row for row in themes if row.mentions and row.complaints]
    moved = "up" if judgement == "worse" else "down"
    moving = [row for row in shown if row.change and row.change.verdict == moved]
    if judgement in ("worse", "better") and moving:
        top = max(moving, key=lambda row: abs(row.change.value) if row.change else 0.0)
        if top.change and top.complaints:
            return (
                f"{top.title} drives it: {top.complaints.k} mentions complain of it "
                f"({points(top.change.value)} points)."
            )
    counted = [(row.complaints.k, row.title.lower()) for row in shown if row.complaints and row.complaints.k]
    leading = sorted(counted, key=lambda pair: -pair[0])[:2]
    if not leading:
        return ""
    named = " and ".join(f"{title} ({k})" for k, title in leading)
    return f"Most complaints are about {named}."


def notes(
    judgement: Judgement,
    change: Change | None,
    month: Change | None,
    reason: Reason | None,
    left_out: Sequence[str],
    silent: Sequence[str],
) -> tuple[str, ...]:
    """What a careful reader should know before acting on the verdict, one sentence each."""
    found = []
    if silent:
        found.append(f"Not collected this week, so missing and not zero: {', '.join(silent)}.")
    if left_out:
        found.append(
            f"Left out of the comparison, because not collected in both weeks: {', '.join(left_out)}."
        )
    if judgement in ("worse", "better") and month and month.verdict != (change and change.verdict):
        found.append(
            f"Against the four weeks before together the change is {points(month.value)} points "
            f"({between(month)}), so part of this may be a return to the usual."
        )
    if judgement in ("worse", "better") and reason and abs(reason.mix) > abs(reason.mood):
        found.append(
            f"Most of the change comes from another mix of sources ({points(reason.mix)} points), "
            f"less from another mood within them ({points(reason.mood)})."
        )
    return tuple(found)

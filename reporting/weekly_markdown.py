"""The weekly report as Markdown: the same facts, every text escaped so that it stays text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from candidly.figures import Change, Share, WeeklyFigures, percent, perhaps, points, span, tenths, usual
from reporting import changes
from reporting.safe import link
from reporting.safe import markdown as esc
from reporting.splits import splits


def render_markdown(figures: WeeklyFigures) -> str:
    """CommonMark with tables; holds no raw HTML, and links only to checked http(s) addresses."""
    parts = (
        _head,
        _campaigns,
        _key_figures,
        _why,
        _themes,
        _quotes,
        _groups,
        _competitors,
        _coverage,
        _trend,
        _method,
    )
    return "\n".join(line for part in parts for line in part(figures)).rstrip() + "\n"


def _head(f: WeeklyFigures) -> Iterator[str]:
    yield f"# {esc(f.company)}: week {f.week}"
    yield ""
    yield f"{f.first_day.isoformat()} to {f.last_day.isoformat()} ({esc(f.timezone)})"
    yield ""
    yield f"**{esc(f.headline)}.** {esc(f.sentence)}".rstrip()
    yield ""
    for one in changes.longer_spans(f):
        yield f"- {esc(one.sentence)} {esc(changes.clearly_moved(one))}".rstrip()
    if seen := changes.power(f):
        yield f"- {esc(seen)}"
    yield from (f"- {esc(note)}" for note in f.notes)
    if f.notes or seen or changes.longer_spans(f):
        yield ""


def _campaigns(f: WeeklyFigures) -> Iterator[str]:
    if f.campaigns:
        yield "## Marked as a possible campaign"
        yield ""
        yield "Marked, not judged. The figures count these mentions, copies of one wording as one voice."
        yield ""
        yield from (f"- {esc(line)}" for line in changes.campaign_lines(f))
        yield ""


def _why(f: WeeklyFigures) -> Iterator[str]:
    if f.why is None:
        return
    yield "## Why it changed" if f.why.shown else "## What moved underneath"
    yield ""
    yield changes.why_lead(f.why)
    yield ""
    rows = [(esc(title), tenths(value)) for _, title, value in changes.why_rows(f.why)]
    yield from _table(("What adds to it", "Points"), [*rows, ("**Together**", tenths(f.why.shown))])


def _key_figures(f: WeeklyFigures) -> Iterator[str]:
    yield "## Key figures"
    yield ""
    rating = "withheld or none"
    if f.rating:
        rating = f"{f.rating.value:.1f} of 5 ({f.rating.low:.1f}–{f.rating.high:.1f}), n = {f.rating.n}"
    ghosting = _few(f) if f.ghosting_withheld else _share(f.ghosting)
    before = _count(f.mentions_before, f, f.collected_before)
    verdicts = " / ".join(_count(n, f, f.collected) for n in (f.scored, f.unscored))
    yield from _table(
        ("", "This week", "Week before", "Change"),
        [
            ("Mentions", _count(f.mentions, f, f.collected), before, ""),
            *([("Mentions, range of the weeks before", usual(f), "", "")] if usual(f) else []),
            ("With a verdict / unscored", verdicts, "", ""),
            ("Negative", _share(f.negative), _share(f.negative_before), _change(f.change)),
            ("Negative, against the four weeks before", "", "", _change(f.change_month)),
            ("Mean rating", rating, "", _stars(f.rating_change)),
            ("Mentions that tell of employer silence", ghosting, "", ""),
        ],
    )


def _themes(f: WeeklyFigures) -> Iterator[str]:
    if not f.themes:
        return
    yield "## Themes"
    yield ""
    rows = [
        (
            esc(row.title),
            _count(row.mentions, f),
            _cell(row.negative),
            _cell(row.mixed),
            _cell(row.neutral),
            _cell(row.positive),
            _share(row.share),
            _share(row.complaints),
            _change(row.change),
        )
        for row in f.themes
    ]
    yield from _table(
        ("Theme", "Mentions", "Negative", "Mixed", "Neutral", "Positive", "Share", "Complaints", "Change"),
        rows,
    )
    if changes.doubted(f):
        yield perhaps(f)
        yield ""


def _quotes(f: WeeklyFigures) -> Iterator[str]:
    if not f.quotes:
        return
    titles = {row.theme: row.title for row in f.themes}
    yield "## In their words"
    yield ""
    for quote in f.quotes:
        about = titles.get(quote.theme, quote.theme) if quote.reason == "theme" else quote.reason
        when = quote.published.isoformat() if quote.published else "undated"
        place = esc(quote.site or quote.source)
        if address := link(quote.url):
            place = f"[{place}](<{address}>)"
        yield f"> “{esc(quote.text)}”"
        yield ">"
        yield f"> {esc(about)}, {quote.polarity}; {place}, {when}"
        yield ""


def _groups(f: WeeklyFigures) -> Iterator[str]:
    rows = [
        (title, esc(group.name), _cell(group.mentions) or "withheld", _share(group.negative))
        for title, groups in splits(f)
        for group in groups
    ]
    if rows:
        yield "## Who speaks, and how it was judged"
        yield ""
        yield from _table(("", "Group", "Mentions", "Negative"), rows)


def _competitors(f: WeeklyFigures) -> Iterator[str]:
    if not f.competitors:
        return
    yield "## Other companies in the same week"
    yield ""
    rows = [(esc(f.company), _count(f.mentions, f, f.collected), _share(f.negative))]
    rows += [
        (esc(row.company), _count(row.mentions, f, row.collected), _share(row.negative))
        for row in f.competitors
    ]
    yield from _table(("Company", "Mentions", "Negative"), rows)


def _coverage(f: WeeklyFigures) -> Iterator[str]:
    if not f.coverage:
        return
    yield "## Sources"
    yield ""
    rows = [
        (
            esc(row.source),
            f"{row.days} of {row.of}",
            "missing, not zero" if row.silent else _cell(row.mentions) or "withheld",
            esc(row.status),
            row.finished.isoformat(timespec="minutes") if row.finished else "",
        )
        for row in f.coverage
    ]
    yield from _table(("Source", "Days collected", "Mentions", "Last run", "Finished"), rows)


def _trend(f: WeeklyFigures) -> Iterator[str]:
    if not f.trend:
        return
    yield "## Trend"
    yield ""
    rows = [
        (
            point.week,
            _count(point.total, f, point.collected),
            _share(point.negative),
            f"{point.rating:.1f}" if point.rating else "",
        )
        for point in f.trend
    ]
    yield from _table(("Week", "Mentions", "Negative", "Rating"), rows)


def _method(f: WeeklyFigures) -> Iterator[str]:
    yield "## How to read this"
    yield ""
    said = (
        "Every share has a 95% interval (Wilson; changes: Newcombe) on sample sizes reduced for mentions "
        "that come in threads or from one author, that of the negative share of this week by a factor of "
        f"{f.design_effect:.1f}. Of all themes and groups said to have changed, at most one in twenty is "
        f"expected to be chance. {perhaps(f)} Unscored mentions "
        f"count in no share. Groups of fewer than {f.min_group} mentions are withheld. Quotes are exact "
        "parts of the stored texts, without authors."
    )
    yield said
    yield ""
    versions = esc(", ".join(f.versions) or "unknown")
    yield f"Made {f.made.isoformat(timespec='minutes')}; analysed by {versions}."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _few(f: WeeklyFigures) -> str:
    return f"fewer than {f.min_group}"


def _count(n: int | None, f: WeeklyFigures, collected: bool = True) -> str:
    if n is None:
        return _few(f) if collected else "not collected"
    return str(n)


def _cell(n: int | None) -> str:
    return "" if n is None else str(n)


def _share(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{share.k} of {share.n}: {percent(share.value)} ({span(share.low, share.high)})"


def _change(change: Change | None) -> str:
    if change is None:
        return "–"
    bounds = f"({points(change.low)} to {points(change.high)})"
    if change.verdict == "cannot tell":
        return f"{change.words} {bounds}"
    return f"{change.verdict} {points(change.value)} points {bounds}"


def _stars(change: Change | None) -> str:
    if change is None:
        return "–"
    bounds = f"({change.low:+.1f} to {change.high:+.1f})"
    return f"{change.words} {bounds}" if change.verdict == "cannot tell" else f"{change.value:+.1f} {bounds}"

"""Charts of the report as inline SVG: no library, no script, text as text, readable at any width.

Positions across are percentages and positions down are pixels, so that a chart fills its column while its
letters keep their size. Curves live in a nested SVG that stretches. Colours are CSS variables of the page
(orange against blue, which all forms of colour blindness can tell apart), so they follow dark mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape as escape_html
from typing import Final

from candidly.figures import Share, ThemeRow, TrendPoint, percent, span, tenths
from reporting.safe import clean

TOP, LINE, GAP, BARS, FOOT = 8, 168, 26, 64, 22
"""Heights in pixels: margin, share panel, gap with the label of the bars, volume panel, week labels."""
HEIGHT: Final = TOP + LINE + GAP + BARS + FOOT
SLOTS: Final = 8
"""A young trend leaves room for weeks to come, rather than stretch two weeks over the page."""
POLARITIES: Final = ("negative", "mixed", "neutral", "positive")


def escape(text: str) -> str:
    """Any text as content or as an attribute's value."""
    return escape_html(clean(text))


def words(share: Share) -> str:
    """`46 of 88: 52%, interval 42–62%`."""
    return f"{share.k} of {share.n}: {percent(share.value)}, interval {span(share.low, share.high)}"


def trend(points: Sequence[TrendPoint], least: int) -> str:
    """The share of negative mentions with its interval, above the number of mentions, week by week."""
    if not points:
        return ""
    slots = max(SLOTS, len(points))
    chart = _Trend(points, slots, least)
    known = [point for point in points if point.negative]
    last = f" Latest: {words(known[-1].negative)}." if known and known[-1].negative else ""
    described = f"{len(points)} weeks, {points[0].week} to {points[-1].week}.{last}"
    return _svg("trend", HEIGHT, "Share of negative mentions and number of mentions by week", described,
                "".join(chart.draw()))  # fmt: skip


class _Trend:
    """The parts of the trend chart, back to front."""

    def __init__(self, points: Sequence[TrendPoint], slots: int, least: int) -> None:
        self.points, self.slots, self.least = points, slots, least
        highest = max((p.negative.high for p in points if p.negative), default=0.5)
        self.top = min(1.0, max(0.25, -(-highest // 0.25) * 0.25))
        self.most = max((p.total or 0 for p in points), default=0) or 1

    def x(self, index: int) -> float:
        """The middle of a week in percent of the width."""
        return (index + 0.5) * 100 / self.slots

    def y(self, share: float) -> float:
        return TOP + LINE * (1 - share / self.top)

    def draw(self) -> Iterator[str]:
        yield from self._grid()
        box = f'viewBox="0 0 100 {LINE}" preserveAspectRatio="none"'
        yield f'<svg y="{TOP}" width="100%" height="{LINE}" {box}>'
        for run in self._runs():
            yield self._curve(run)
        yield "</svg>"
        yield from self._dots()
        yield from self._bars()
        yield from self._weeks()

    def _grid(self) -> Iterator[str]:
        for step in range(round(self.top / 0.25) + 1):
            y = self.y(step * 0.25)
            yield f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="axis" x="0" y="{y - 4:.1f}">{step * 25}%</text>' if step else ""

    def _runs(self) -> Iterator[list[int]]:
        """Stretches of weeks that follow each other and have a share; a gap breaks the line."""
        run: list[int] = []
        for index, point in enumerate(self.points):
            if point.negative:
                run.append(index)
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _curve(self, run: Sequence[int]) -> str:
        shares = [(self.x(i), share) for i in run if (share := self.points[i].negative)]
        if len(shares) == 1:
            return ""
        upper = [f"{x:.2f},{self.y(s.high) - TOP:.1f}" for x, s in shares]
        lower = [f"{x:.2f},{self.y(s.low) - TOP:.1f}" for x, s in reversed(shares)]
        line = " ".join(f"{x:.2f},{self.y(s.value) - TOP:.1f}" for x, s in shares)
        return (
            f'<polygon class="band" points="{" ".join(upper + lower)}"/>'
            f'<polyline class="line" points="{line}" vector-effect="non-scaling-stroke"/>'
        )

    def _dots(self) -> Iterator[str]:
        """The latest week, and weeks without neighbours, which no line would show; with their intervals."""
        alone = {run[0] for run in self._runs() if len(run) == 1}
        for index in sorted(alone | {len(self.points) - 1}):
            if share := self.points[index].negative:
                x = f"{self.x(index):.2f}%"
                low, high, y = (self.y(value) for value in (share.low, share.high, share.value))
                yield f'<line class="whisker" x1="{x}" x2="{x}" y1="{low:.1f}" y2="{high:.1f}"/>'
                yield f'<circle class="dot" cx="{x}" cy="{y:.1f}" r="4"/>'

    def _bars(self) -> Iterator[str]:
        base = TOP + LINE + GAP + BARS
        yield f'<text class="axis" x="0" y="{base - BARS - 6}">Mentions a week (most: {self.most})</text>'
        yield f'<line class="grid" x1="0" x2="100%" y1="{base}" y2="{base}"/>'
        width = 100 / self.slots * 0.66
        for index, point in enumerate(self.points):
            height = BARS * (point.total or 0) / self.most
            hidden = point.total is None
            few = f"fewer than {self.least} mentions" if point.collected else "not collected"
            shown = few if hidden else f"{point.total} mentions"
            share = f"; negative {words(point.negative)}" if point.negative else ""
            kind = "bar last" if index == len(self.points) - 1 else "bar"
            yield (
                f"<g><title>{escape(point.week)}: {shown}{share}</title>"
                f'<rect class="{kind}" x="{self.x(index) - width / 2:.2f}%" width="{width:.2f}%" '
                f'y="{base - max(height, 1.5):.1f}" height="{max(height, 1.5):.1f}" rx="1.5"/>'
                f'<rect class="hover" x="{index * 100 / self.slots:.2f}%" width="{100 / self.slots:.2f}%" '
                f'y="{TOP}" height="{base - TOP}"/></g>'
            )

    def _weeks(self) -> Iterator[str]:
        """A label every few weeks, counted back from the latest; every second one gives way on a phone."""
        every = 1 if len(self.points) <= 9 else 4
        for back, index in enumerate(range(len(self.points) - 1, -1, -every)):
            x = self.x(index)
            anchor = "start" if x < 4 else "end" if x > 96 else "middle"
            x = 0.0 if anchor == "start" else 100.0 if anchor == "end" else x
            kind = "axis wide" if back % 2 else "axis"
            yield (
                f'<text class="{kind}" x="{x:.2f}%" y="{HEIGHT - 5}" text-anchor="{anchor}">'
                f"{escape(self.points[index].week[-3:])}</text>"
            )


def theme_bar(row: ThemeRow, most: int) -> str:
    """One theme's mentions by polarity, negative first; `most` mentions fill the width."""
    counts = [(name, getattr(row, name) or 0) for name in POLARITIES]
    described = ", ".join(f"{n} {name}" for name, n in counts if n) or "no mentions"
    parts, at = ['<rect class="rail" width="100%" height="14" rx="2"/>'], 0.0
    for name, n in counts:
        width = n * 100 / max(1, most)
        if n:
            parts.append(f'<rect class="{name}" x="{at:.2f}%" width="{width:.2f}%" height="14"/>')
        at += width
    return _svg("theme", 14, f"{row.title}: mentions by polarity", described, "".join(parts))


def interval_bar(share: Share, before: Share | None = None, name: str = "Share of negative mentions") -> str:
    """A share on a rail from 0 to 100%: band = interval, tick = share, ring = the week before."""
    parts = [
        '<rect class="rail" y="8" width="100%" height="6" rx="3"/>',
        f'<rect class="band-solid" x="{share.low * 100:.2f}%" width="{(share.high - share.low) * 100:.2f}%" '
        f'y="8" height="6" rx="3"/>',
    ]
    described = words(share)
    if before:
        parts.append(f'<circle class="ring" cx="{before.value * 100:.2f}%" cy="11" r="4"/>')
        described += f"; the week before {percent(before.value)}"
    x = f"{share.value * 100:.2f}%"
    parts.append(f'<line class="tick" x1="{x}" x2="{x}" y1="3" y2="19"/>')
    return _svg("interval", 22, name, described, "".join(parts))


def part_bar(title: str, value: int, most: int) -> str:
    """One cause of a change, left of the middle for less and right for more; `most` fills half the width."""
    width = abs(value) * 50 / max(1, most)
    x = 50 - width if value < 0 else 50.0
    kind = "positive" if value < 0 else "negative"
    content = (
        f'<rect class="{kind}" x="{x:.2f}%" y="2" width="{width:.2f}%" height="12" rx="1.5"/>'
        '<line class="axis-line" x1="50%" x2="50%" y1="0" y2="16"/>'
    )
    return _svg("part", 16, title, f"{tenths(value)} points", content)


def _svg(kind: str, height: int, title: str, described: str, content: str) -> str:
    label = escape(f"{title}. {described}")
    return (
        f'<svg class="chart {kind}" role="img" aria-label="{label}" width="100%" height="{height}">'
        f"<title>{escape(title)}</title><desc>{escape(described)}</desc>{content}</svg>"
    )

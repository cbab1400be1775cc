"""A back-test as a page: what was usual, what came, when the rules would have fired. SVG, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from candidly.backtested import Backtest, Cost, Fired, WeekPoint
from candidly.files import write_atomic
from reporting.charts import escape

TOP, PANEL, FOOT = 42, 190, 24
"""Heights in pixels: marks of incidents, weeks, labels of the axis."""
HEIGHT: Final = TOP + PANEL + FOOT
LANES: Final = {"page": 9, "warning": 22, "notice": 35}
LEGEND: Final = (
    ("page", "page: look at once"), ("warning", "warning: look today"), ("notice", "notice"),
    ("bar", "negative mentions a week"), ("band", "usual"), ("gap", "not collected"),
    ("few", "too few to tell"),
)  # fmt: skip

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d2730;--soft:#5d6b78;--line:#d8dfe5;--bar:#8aa4bd;--band:#dfe8f0;
--page:#c2410c;--warning:#b7791f;--notice:#5d6b78;--gap:#eceff2;--ground:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebef;--soft:#9aa7b3;--line:#36414b;--bar:#6d8aa6;
--band:#26333f;--page:#fb8a4c;--warning:#e3b04b;--notice:#9aa7b3;--gap:#222b33;--ground:#151b21}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);max-width:62rem;
margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}p{max-width:46rem}
.soft{color:var(--soft)}svg{display:block;overflow:visible}text{fill:var(--soft);font-size:11px}
.grid{stroke:var(--line)}.bar{fill:var(--bar)}.band{fill:var(--band)}.gap{fill:var(--gap)}
.few{fill:none;stroke:var(--bar);stroke-dasharray:2 2}.during{fill:var(--page);opacity:.1}
.page{fill:var(--page)}.warning{fill:var(--warning)}.notice{fill:var(--notice)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.85rem;color:var(--soft);padding:0;
margin:.6rem 0}
.legend li{display:flex;align-items:center;gap:.4rem}.legend svg{width:14px;height:14px}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;margin:1rem 0}
th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child,td:nth-child(4){white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr.asked td{font-weight:600}
"""


def publish(found: Sequence[Backtest], path: Path) -> Path:
    """Write the page of some companies, whole or not at all."""
    write_atomic(path, render_html(found))
    return path


def render_html(found: Sequence[Backtest]) -> str:
    """The page. Names are the only words of others in it, and escaped."""
    body = "".join(part for one in found for part in _company(one))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>When the alerts would have fired</title><style>{STYLE}</style></head><body>"
        f"<h1>When the alerts would have fired</h1>{body}{_explained()}</body></html>\n"
    )


def as_data(one: Backtest) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "company": one.company,
        "since": one.since,
        "until": one.until,
        "budget": _cost_data(one.budget),
        "other_budgets": [_cost_data(cost) for cost in one.others],
        "drawn_histories": one.drawn,
        "fired": [
            {"id": f.id, "day": f.day, "over": f.over, "rule": f.rule, "severity": f.severity,
             "title": f.title, "summary": f.summary, "messages": f.sent}
            for f in one.fired
        ],
        "weeks": [
            {"week": w.week, "negative": w.negative, "total": w.total, "days_covered": w.covered,
             "usual": [round(bound, 1) for bound in w.usual] if w.usual else None}
            for w in one.weeks
        ],
    }  # fmt: skip


def _cost_data(cost: Cost) -> dict[str, Any]:
    return {
        "one_false_alarm_in_weeks": round(cost.weeks, 1),
        "pages": cost.pages,
        "warnings": cost.warnings,
        "notices": cost.notices,
        "false_alarms_allowed": round(cost.allowed, 2),
        "false_pages_by_chance": None if cost.chance is None else round(cost.chance, 2),
    }


def verdict(one: Backtest) -> str:
    """The outcome in two sentences."""
    cost = one.budget
    pages = "1 page" if cost.pages == 1 else f"{cost.pages} pages"
    warnings = "1 warning" if cost.warnings == 1 else f"{cost.warnings} warnings"
    told = f"{pages} and {warnings} in {one.length:.0f} weeks."
    allowed = f"The budget, one false alarm in {cost.weeks:.0f} weeks, allows for {cost.allowed:.1f}"
    if cost.chance is None:
        return f"{told} {allowed}."
    return (
        f"{told} {allowed}; in {one.drawn} drawn histories in which nothing happened the company's own "
        f"rule opened {cost.chance:.1f} pages on average."
    )


def _company(one: Backtest) -> Iterator[str]:
    span = f"{one.since.day} {one.since:%B %Y} to {one.until.day} {one.until:%B %Y}"
    yield f"<h2>{escape(one.company)}</h2><p>{span}. {escape(verdict(one))}</p>"
    yield _chart(one)
    yield _legend()
    yield _table(one.fired)
    yield _budgets(one)


def _chart(one: Backtest) -> str:
    if not one.weeks:
        return ""
    highest = max(max(week.negative or 0, week.usual[1] if week.usual else 0) for week in one.weeks)
    top = max(4.0, highest * 1.08)
    label = escape(f"{one.company}: negative mentions by week, and when the alerts would have fired")
    parts = [
        *_grid(top),
        *_ground(one.weeks, top),
        *_bars(one.weeks, top, one.least),
        *_marks(one),
        *_years(one),
    ]
    return (
        f'<svg role="img" aria-label="{label}" width="100%" height="{HEIGHT}"><title>{label}</title>'
        f"{''.join(parts)}</svg>"
    )


def _y(value: float, top: float) -> float:
    return TOP + PANEL * (1 - min(value, top) / top)


def _grid(top: float) -> Iterator[str]:
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**6) if top / size <= 5)
    for value in range(0, int(top) + 1, step):
        y = _y(value, top)
        yield f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="0" y="{y - 3:.1f}">{value}</text>' if value else ""


def _ground(weeks: Sequence[WeekPoint], top: float) -> Iterator[str]:
    """Behind the bars: what was usual, and weeks without data."""
    width = 100 / len(weeks)
    for n, week in enumerate(weeks):
        at = f'x="{n * width:.3f}%" width="{width + 0.02:.3f}%"'
        if not week.covered:
            yield f'<rect class="gap" {at} y="{TOP}" height="{PANEL}"/>'
        elif week.usual:
            low, high = _y(week.usual[0], top), _y(week.usual[1], top)
            yield f'<rect class="band" {at} y="{high:.1f}" height="{low - high:.1f}"/>'


def _bars(weeks: Sequence[WeekPoint], top: float, least: int) -> Iterator[str]:
    width = 100 / len(weeks)
    for n, week in enumerate(weeks):
        if not week.covered and not week.total:
            continue
        few = week.negative is None
        height = PANEL * (1 / top if few else (week.negative or 0) / top)
        said = f"fewer than {least} mentions" if few else f"{week.negative} negative of {week.total} mentions"
        usual = f"; usual is {week.usual[0]:.0f} to {week.usual[1]:.0f}" if week.usual else ""
        yield (
            f'<rect class="{"few" if few else "bar"}" x="{(n + 0.12) * width:.3f}%" '
            f'width="{width * 0.76:.3f}%" y="{TOP + PANEL - height:.1f}" height="{height:.1f}">'
            f"<title>{week.week}: {said}{usual}</title></rect>"
        )


def _marks(one: Backtest) -> Iterator[str]:
    """A mark when it opens, in the lane of its severity; pages shade the time until they are over."""
    start = one.weeks[0].first
    days = len(one.weeks) * 7
    for fired in one.fired:
        x = ((fired.day - start).days + 0.5) * 100 / days
        if fired.severity == "page":
            end = ((fired.over or one.until) - start).days * 100 / days
            yield (
                f'<rect class="during" x="{x:.3f}%" width="{max(end - x, 0.2):.3f}%" '
                f'y="{TOP}" height="{PANEL}"/>'
            )
        y = LANES[fired.severity]
        yield (
            f'<svg x="{x:.3f}%" y="{y}" class="{fired.severity}">{_mark(fired.severity)}'
            f"<title>{fired.day}: {escape(fired.title)}</title></svg>"
        )


def _mark(severity: str) -> str:
    if severity == "page":
        return '<path d="M-6 -6H6L0 6Z"/>'
    return '<path d="M0 -6L6 0L0 6L-6 0Z"/>' if severity == "warning" else '<circle r="3.5"/>'


def _years(one: Backtest) -> Iterator[str]:
    """Months along the axis, as many as there is room for; none twice."""
    told = ""
    every = max(1, -(-len(one.weeks) // 9))
    for n in range(0, len(one.weeks), every):
        if told == (told := f"{one.weeks[n].first:%b %Y}"):
            continue
        anchor = "start" if n == 0 else "middle"
        yield (
            f'<text x="{(n + 0.5) * 100 / len(one.weeks) if n else 0:.2f}%" y="{HEIGHT - 6}" '
            f'text-anchor="{anchor}">{told}</text>'
        )


def _legend() -> str:
    shapes = {
        **{name: f'<svg viewBox="-7 -7 14 14" class="{name}">{_mark(name)}</svg>' for name in LANES},
        **{
            name: f'<svg viewBox="0 0 14 14"><rect class="{name}" x="1" y="1" width="12" height="12"/></svg>'
            for name in ("bar", "band", "gap", "few")
        },
    }
    return (
        '<ul class="legend">' + "".join(f"<li>{shapes[name]}{said}</li>" for name, said in LEGEND) + "</ul>"
    )


def _table(fired: Sequence[Fired]) -> str:
    if not fired:
        return "<p>Nothing would have fired.</p>"
    rows = "".join(
        f"<tr><td>{one.day}</td><td>{one.severity}</td><td>{escape(one.title)}"
        f'<br><span class="soft">{escape(one.summary)}</span></td><td>{one.over or "still open"}</td>'
        f'<td class="n">{one.sent}</td></tr>'
        for one in sorted(fired, key=lambda one: (one.day, one.id))
    )
    head = '<tr><th>opened</th><th>urgency</th><th>what</th><th>over</th><th class="n">messages</th></tr>'
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _budgets(one: Backtest) -> str:
    costs = sorted((one.budget, *one.others), key=lambda cost: cost.weeks)
    rows = "".join(
        f"<tr{' class=asked' if cost is one.budget else ''}><td>one in {cost.weeks:.0f} weeks</td>"
        f'<td class="n">{cost.pages}</td><td class="n">{cost.warnings}</td><td class="n">{cost.notices}</td>'
        f'<td class="n">{cost.allowed:.1f}</td>'
        f'<td class="n">{"-" if cost.chance is None else f"{cost.chance:.1f}"}</td></tr>'
        for cost in costs
    )
    names = ("pages", "warnings", "notices", "false alarms allowed", "false pages by chance")
    head = "<tr><th>budget of false alarms</th>" + "".join(f'<th class="n">{n}</th>' for n in names) + "</tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _explained() -> str:
    return (
        '<h2>What counts as false</h2><p class="soft">Nobody can tell from a real history which alarm was '
        "false. So histories of the same company are drawn in which nothing happened: its own slow level, "
        "its weekdays, its days without data and its own scatter, but no rises. What the rule opens in these "
        "is false by construction, and is what chance alone costs. Each day was judged with what was known "
        "on that day; what was read more than two weeks after its publication counts as known when it was "
        "published.</p>"
    )

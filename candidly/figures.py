"""The numbers of the weekly report as frozen records; imports only the standard library.

`analysis.weekly` fills them, `reporting.weekly` renders them. Shares and their bounds are in [0, 1];
differences of shares in [-1, 1]; ratings in stars (1 to 5). None stands for "withheld" (a group smaller
than the least size that may be shown) or "not known", never for zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

SCHEMA: Final = "candidly.weekly/1"

Direction = Literal["up", "down", "cannot tell"]
Judgement = Literal["better", "worse", "cannot tell", "no clear change", "no comparison", "no figures"]
QuoteReason = Literal["theme", "most negative", "most positive"]
Span = Literal["week", "four weeks", "quarter"]
SPANS: Final[tuple[tuple[Span, int], ...]] = (("week", 1), ("four weeks", 4), ("quarter", 13))
"""The lengths of time that are compared with as long a time just before, in weeks."""
TITLES: Final = {"pay_benefits": "Pay and benefits", "work_life_balance": "Work-life balance"}
"""Names of themes that do not follow from their own."""
PartKind = Literal["source", "role", "theme", "rest"]
CampaignKind = Literal["same wording", "one-sided burst"]


def theme_title(theme: str) -> str:
    """A theme for people, in reports and alerts alike: `job_accuracy` -> `Job accuracy`."""
    if theme in TITLES:
        return TITLES[theme]
    words = theme.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Share:
    """`k` of `n`, with a 95% interval for the share behind it."""

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.k / self.n


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `n` values, with a 95% interval."""

    value: float
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """A difference, this week minus before, with a 95% interval.

    `needed`: where one cannot tell, how many more mentions a week it would take; None where the verdict
    is clear, or where the interval already rules out a change that matters (see `even`). `detectable`: a
    true rise of this size would have been claimed 4 times of 5 (in the unit of `value`); None where no rise
    would, for want of mentions, or where that is not known.
    """

    value: float
    low: float
    high: float
    verdict: Direction
    needed: int | None = None
    even: bool = False
    detectable: float | None = None

    @property
    def words(self) -> str:
        """The verdict for people; what "perhaps" means is said by `perhaps`."""
        if self.verdict != "cannot tell":
            return self.verdict
        if self.even:
            return "no clear change"
        if self.low <= 0 <= self.high:
            return "cannot tell"
        return f"perhaps a {'rise' if self.value > 0 else 'fall'}"


@dataclass(frozen=True, slots=True)
class Reason:
    """A change of a share in two parts that add up to it: the mix of sources, and the mood within them."""

    mix: float
    mood: float


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause adds to a change of the negative share.

    `value` is a difference of shares; the values of all parts add up to the change within 1e-12. `shown` is
    in tenths of a point; these add up to the change in tenths of a point, exactly. `kind`: "source" and
    "role" are mix (another weight of a group), "theme" and "rest" are what changed within the groups.
    """

    kind: PartKind
    name: str
    title: str
    value: float
    shown: int


@dataclass(frozen=True, slots=True)
class Why:
    """A change of the negative share, taken apart: `mix` and `within` add up to `change`, as do the parts.

    `shown`, `shown_mix` and `shown_within` are in tenths of a point, as in `Part`.
    """

    span: Span
    change: float
    mix: float
    within: float
    shown: int
    shown_mix: int
    shown_within: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """The change of one theme (its complaints) or one group (its negative share) over a span."""

    kind: Literal["theme", "role", "source"]
    name: str
    title: str
    share: Share
    before: Share
    change: Change


@dataclass(frozen=True, slots=True)
class SpanChange:
    """A stretch of weeks against as many weeks just before it, over sources collected in both.

    `weeks` and `weeks_before` are those that take part, of `of`: a week with fewer mentions than may be shown
    takes part only together with other such weeks of the same stretch. `score` is the mean sentiment in
    [-1, 1]. None: too few to say. `parts` are all tested themes and groups, those that changed first.
    """

    span: Span
    of: int
    first_day: date
    last_day: date
    weeks: int
    weeks_before: int
    left_out: tuple[str, ...]
    sentence: str
    negative: Share | None
    negative_before: Share | None
    change: Change | None
    rating: Mean | None
    rating_before: Mean | None
    rating_change: Change | None
    score: Mean | None
    score_before: Mean | None
    score_change: Change | None
    parts: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Campaign:
    """Mentions that came together in an unusual way: marked, not judged; there may be a good reason.

    `usual`: how many would have been expected in that time (bursts only). No author is looked at.
    """

    kind: CampaignKind
    first_day: date
    last_day: date
    mentions: int
    leaning: Literal["positive", "negative", "mixed"]
    source: str
    usual: float | None


@dataclass(frozen=True, slots=True)
class Without:
    """The figures of the week without the marked mentions; None: too few left, or nothing to compare with."""

    mentions: int
    negative: Share | None
    change: Change | None
    rating: Mean | None
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """One theme. All counts are mentions; `mentions` None: fewer than may be shown, so nothing else is given.

    `negative`, `mixed`, `neutral`, `positive` add up to `mentions`. `share`: mentions that name the theme
    among all whose text could be read; `complaints`: those that speak of it negatively; `change`: of
    `complaints` against the week before, after control of the false discovery rate over all themes.
    """

    theme: str
    title: str
    mentions: int | None
    negative: int | None = None
    mixed: int | None = None
    neutral: int | None = None
    positive: int | None = None
    share: Share | None = None
    complaints: Share | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the week's mentions (by role, basis or language) and its share of negative ones."""

    name: str
    mentions: int | None
    negative: Share | None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a stored mention, exactly as stored, and where they stand."""

    text: str
    polarity: Literal["positive", "negative", "neutral"]
    reason: QuoteReason
    theme: str
    source: str
    id: str
    site: str
    url: str
    published: date | None


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """How well a source was collected in the week: on `days` of `of` days.

    `silent`: nothing was collected on any day, so its mentions are missing, not zero.
    """

    source: str
    days: int
    of: int
    mentions: int | None
    status: str
    finished: datetime | None
    silent: bool


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One week of the trend; `total` None: fewer than may be shown, or not `collected` from any source."""

    week: str
    total: int | None
    negative: Share | None
    rating: float | None
    collected: bool = True


@dataclass(frozen=True, slots=True)
class Competitor:
    """Another company in the same week; `mentions` None: fewer than may be shown, or not `collected`."""

    company: str
    mentions: int | None
    negative: Share | None
    collected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyFigures:
    """All that the weekly report of one company says.

    `collected`, `collected_before`: whether any source was, on any day of the week and of the week before;
    where none was, the mentions are missing (None), not zero.
    """

    company: str
    week: str
    first_day: date
    last_day: date
    timezone: str
    made: datetime
    versions: tuple[str, ...]
    min_group: int
    judgement: Judgement
    headline: str
    sentence: str
    notes: tuple[str, ...]
    mentions: int | None
    mentions_before: int | None
    scored: int | None
    unscored: int | None
    negative: Share | None
    negative_before: Share | None
    change: Change | None
    change_month: Change | None
    reason: Reason | None
    rating: Mean | None
    rating_change: Change | None
    ghosting: Share | None
    ghosting_withheld: bool
    design_effect: float
    left_out: tuple[str, ...]
    themes: tuple[ThemeRow, ...] = ()
    roles: tuple[Group, ...] = ()
    bases: tuple[Group, ...] = ()
    languages: tuple[Group, ...] = ()
    quotes: tuple[Quote, ...] = ()
    coverage: tuple[SourceCoverage, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    competitors: tuple[Competitor, ...] = ()
    spans: tuple[SpanChange, ...] = ()
    why: Why | None = None
    campaigns: tuple[Campaign, ...] = ()
    without_campaigns: Without | None = None
    collected: bool = True
    collected_before: bool = True


def perhaps(figures: WeeklyFigures) -> str:
    """What a change means whose own interval leaves out 0 and that is not claimed, for people."""
    many = sum(len(one.parts) for one in figures.spans)
    together = f"{many} themes and groups" if many > 1 else "many themes and groups"
    return (
        "“Perhaps a rise” (or “a fall”): by itself it would count as one. It is not claimed because "
        f"{together} were looked at together, and among so many a few seem to move by chance alone; or "
        "because it rests on too few mentions."
    )


def percent(share: float) -> str:
    """`0.523` -> `52%`."""
    return f"{share * 100:.0f}%"


def span(low: float, high: float) -> str:
    """`42–62%`."""
    return f"{low * 100:.0f}–{high * 100:.0f}%"


def points(difference: float) -> str:
    """A difference of shares in points, with a real minus sign: `+24`, `−3`, `0`."""
    rounded = round(difference * 100)
    return f"+{rounded}" if rounded > 0 else f"−{-rounded}" if rounded < 0 else "0"


def tenths(value: int) -> str:
    """Tenths of a point: `+2.4`, `−0.3`, `0.0`."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(value) // 10}.{abs(value) % 10}"


def usual(figures: WeeklyFigures, weeks: int = 8, least: int = 4) -> str:
    """`40–66`: the range of mentions a week in the weeks before; "" where fewer than `least` are known."""
    totals = [point.total for point in figures.trend[:-1][-weeks:] if point.total is not None]
    return f"{min(totals)}–{max(totals)}" if len(totals) >= least else ""

"""The exports that candidly knows by their columns. Data: every column is read, or ignored on purpose.

Column names are given as `jsonrows.key` makes them: lower case, single spaces, nested names with dots.
A trailing `*` in `ignored` stands for any ending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from candidly.records import Kind
from collectors import values

Columns = Mapping[str, tuple[str, ...]]
"""Mention field -> the columns that it is read from; several are joined by line breaks."""

PresetName = Literal["auto", "none", "glassdoor-reviews", "glassdoor-interviews", "indeed", "ambitionbox"]

SAID: Final = frozenset(("title", "pros", "cons", "advice", "body", "stars", "experience"))
"""The fields of which a row must have one to say anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way in which one site's mentions are laid out in columns."""

    preset: str
    kind: Kind
    columns: Columns
    site: str = ""
    needs: frozenset[str] = frozenset()
    """Columns by which it is recognised; the first layout whose columns are all there is taken."""
    ignored: tuple[str, ...] = ()
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Mention field -> how its cell is read, where not as `values.CONVERT` says."""
    day_first: bool | None = None

    def uses(self, column: str) -> bool:
        """Whether a column is read or ignored on purpose."""
        return any(column in names for names in self.columns.values()) or any(
            column == name or (name[-1:] == "*" and column.startswith(name[:-1])) for name in self.ignored
        )


def _layout(
    preset: str, kind: Kind, site: str, columns: Mapping[str, str], needs: str, **more: Any
) -> Layout:
    return Layout(
        preset=preset,
        kind=kind,
        site=site,
        columns={name: (column,) for name, column in columns.items()},
        needs=frozenset(needs.split(", ")),
        **more,
    )


LAYOUTS: Final = (
    _layout(
        "glassdoor-interviews",
        "interview",
        "glassdoor.com",
        {
            "published": "interview date",
            "position": "role applied for",
            "location": "candidate detail",
            "offer": "offer",
            "experience": "experience",
            "difficulty": "difficulty",
            "body": "process",
        },
        needs="interview date, experience, process",
        convert={"position": values.before_interview, "location": values.after_in},
        # How they applied and which company is a sentence made by the site; the questions asked are the
        # interviewer's words, not the candidate's experience.
        ignored=("application", "questions asked"),
    ),
    _layout(
        "glassdoor-reviews",
        "review",
        "glassdoor.com",
        {
            "title": "review",
            "pros": "pros",
            "cons": "cons",
            "stars": "rating",
            "published": "date",
            "position": "job title",
            "employment": "employee_type",
        },
        needs="rating, employee_type, review, pros, cons, date",
        ignored=("",),  # the row's number
    ),
    _layout(
        "glassdoor-reviews",
        "review",
        "glassdoor.com",
        {
            "title": "summary",
            "pros": "pro",
            "cons": "con",
            "advice": "advice to management",
            "stars": "overall rating",
            "published": "comment datetime",
            "position": "author title",
            "employment": "author title",
            "location": "author location",
        },
        needs="summary, pro, con, overall rating, comment datetime",
        convert={"position": values.position_of, "title": values.unquoted},
        ignored=(
            *("", "career opportunities", "senior management", "culture & values", "work/life balance"),
            *("compensation and benefits", "recommendation", "author years"),
        ),
    ),
    _layout(
        "glassdoor-reviews",
        "review",
        "glassdoor.com",
        {
            "id": "review_id",
            "url": "review_url",
            "title": "summary",
            "pros": "review_pros",
            "cons": "review_cons",
            "advice": "advice_to_management",
            "stars": "rating_overall",
            "published": "rating_date",
            "position": "employee_job_title",
            "employment": "employee_type",
            "location": "employee_location",
            "about": "company_name",
        },
        needs="review_id, summary, review_pros, review_cons, rating_overall, rating_date",
        # `review_advice` repeats `advice_to_management` where it is filled at all.
        ignored=(
            *("timestamp", "overview_id", "count_*", "employee_job_end_year", "employee_length"),
            *("employee_responses", "employee_status", "flag*", "rating_*", "review_advice", "url"),
            *("overview_url", "original_url", "glassdoor_employer_id"),
        ),
    ),
    _layout(
        "glassdoor-reviews",
        "review",
        "glassdoor.com",
        {
            "id": "reviewid",
            "title": "summary",
            "pros": "pros",
            "cons": "cons",
            "advice": "advice",
            "stars": "ratingoverall",
            "published": "reviewdatetime",
            "position": "jobtitle.text",
            "location": "location.name",
            "employment": "iscurrentjob",
            "about": "employer.shortname",
            "language": "languageid",
        },
        needs="reviewid, summary, pros, cons, ratingoverall, reviewdatetime",
        convert={"employment": values.current_or_former},
        ignored=(
            *("__typename", "islegal", "rating*", "employer*", "jobtitle*", "location*", "divisionname"),
            *("division*", "count*", "employerresponses", "featured", "flaggingdisabled", "iscovid19"),
            *("jobendingyear", "lengthofemployment", "employmentstatus", "links*", "originallanguageid"),
            *("prosoriginal", "consoriginal", "adviceoriginal", "summaryoriginal", "translationmethod"),
            *("topleveldomainid", "textlength", "reviewresponses"),
        ),
    ),
    _layout(
        "indeed",
        "review",
        "indeed.com",
        {
            "id": "id",
            "stars": "rating",
            "body": "text",
            "pros": "pros",
            "cons": "cons",
            "position": "position",
            "employment": "position",
            "published": "date_created",
        },
        needs="id, rating, text, pros, cons, position, date_created",
        convert={"position": values.position_of},
    ),
    _layout(
        "ambitionbox",
        "review",
        "ambitionbox.com",
        {
            "about": "company_name",
            "stars": "overall_rating",
            "published": "review_date",
            "position": "designation",
            "employment": "employee_status",
            "location": "work_location",
            "pros": "likes",
            "cons": "dislikes",
            "body": "additional_comments",
        },
        needs="overall_rating, review_date, likes, dislikes, additional_comments",
        day_first=True,
        # `review_title` is the author's department, `source_url` the list that it was found on.
        ignored=(
            *("company_*", "industry", "total_reviews", "review_title", "employment_type", "sub_*"),
            *("source_page", "source_url"),
        ),
    ),
)


def recognise(columns: Iterable[str], preset: str = "auto") -> Layout | None:
    """The first layout, of that preset where one is named, whose telling columns are all there."""
    present = set(columns)
    return next((one for one in LAYOUTS if preset in ("auto", one.preset) and one.needs <= present), None)

"""Candidate surveys: would you recommend applying here, 0 to 10, and why. Data.

The score becomes the author's own verdict (`values.cnps`), never stars: 7 of 10 is no 4 of 5, and the share
of positive verdicts less that of negative ones is then the cNPS itself. Names, addresses and recruiters in an
export are not read.
"""

from __future__ import annotations

from typing import Any, Final

from collectors import values
from collectors.layout import Layout, layout

NOTE: Final = (
    "the score of 0 to 10 is kept as the author's verdict (0-6 negative, 7-8 neutral, 9-10 positive), "
    "the number itself is not; the stage stands in `parent`"
)

_SCORES: Final = (
    *(
        "cnps",
        "cnps score",
        "cnps_score",
        "cnps rating",
        "candidate nps",
        "candidate_nps",
        "nps",
        "nps score",
    ),
    *("nps_score", "nps rating", "likelihood to recommend", "likelihood_to_recommend", "how likely*"),
)
_LOOSE: Final = ("score", "rating", "answer", "value", "recommend")

_COLUMNS: Final = {
    "id": "response id | response_id | responseid | submission id | submission_id | id",
    "published": "submitted at | submitted_at | submitted | response date | response_date | recordeddate | "
    "recorded date | completed at | completed_at | date | end date | enddate | created at | created_at | "
    "timestamp",
    "body": "comment | comments | feedback | free text | free_text | freetext | open text | open_text | "
    "verbatim | text | reason | why | what is the main reason* | what is the primary reason* | "
    "why did you* | please tell us* | anything else*",
    "pros": "pros | positives | what went well* | what did we do well* | what did you like*",
    "cons": "cons | negatives | what could* | what should we* | what went badly* | what did you dislike* | "
    "what can we improve* | how could we improve*",
    "parent": "stage | survey stage | touchpoint | survey | journey | journey type | step | hiring stage | "
    "application stage",
    "offer": "outcome | status | result | application status | final status | disposition",
    "position": "job title | job_title | job | position | role | requisition | vacancy",
    "location": "location | office | city | site",
    "about": "company | employer | company name",
    "language": "language | locale | userlanguage",
}


def _survey(scores: tuple[str, ...], **more: Any) -> Layout:
    return layout(
        "candidate-survey",
        "interview",
        "",
        {"experience": " | ".join(scores), **_COLUMNS},
        needs="",
        needs_one=scores,
        first=frozenset((*_COLUMNS, "experience")) - {"body", "pros", "cons"},
        convert={"experience": values.cnps, "offer": values.outcome, "parent": values.label},
        ignored=(
            *(
                "",
                "name",
                "first name*",
                "last name*",
                "full name",
                "email*",
                "e-mail*",
                "candidate*",
                "phone*",
            ),
            *("recruiter*", "hiring manager*", "hiring_manager*", "interviewer*", "ip*", "start date"),
            *("startdate", "progress", "duration*", "finished", "respondent*", "department", "gender", "age"),
            *("cnps group", "nps group", "nps category", "cnps category", "segment", "category", "source"),
        ),
        note=NOTE,
        **more,
    )


SURVEYS: Final[tuple[Layout, ...]] = (_survey(_SCORES), _survey((*_SCORES, *_LOOSE), named_only=True))

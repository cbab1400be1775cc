"""How Glassdoor, Indeed, AmbitionBox and kununu reach us: exports, scrapers' files, their own JSON. Data."""

from __future__ import annotations

from typing import Final

from collectors import values
from collectors.layout import SAID, Layout, layout

KUNUNU: Final = (
    *("Arbeitsatmosphäre", "Work-Life-Balance", "Gehalt/Sozialleistungen", "Kollegenzusammenhalt"),
    *("Umgang mit älteren Kollegen", "Vorgesetztenverhalten", "Image", "Karriere/Weiterbildung"),
    *("Umwelt-/Sozialbewusstsein", "Arbeitsbedingungen", "Kommunikation", "Gleichberechtigung"),
    "Interessante Aufgaben",
)
"""The headings under which a kununu review has a text each."""

EMPLOYER_SITES: Final[tuple[Layout, ...]] = (
    layout(
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
    layout(
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
    layout(
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
    layout(
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
    layout(
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
            *("topleveldomainid", "textlength", "reviewresponses", "relatedstructures"),
            *("textsearchhighlightphrases", "islanguagemismatch"),
        ),
    ),
    layout(
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
    layout(
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
    # What the site's own pages are built from: experience POSITIVE, difficulty VERY_EASY, outcome NO_OFFER.
    layout(
        "glassdoor-interviews",
        "interview",
        "glassdoor.com",
        {
            "id": "id",
            "published": "reviewdatetime | interviewdatetime",
            "position": "jobtitle.text",
            "location": "location.name",
            "offer": "outcome",
            "experience": "experience",
            "difficulty": "difficulty",
            "body": "processdescription | othersteps | negotiationdescription",
            "advice": "advice",
            "about": "employer.shortname",
        },
        needs="processdescription, experience, difficulty, outcome",
        first=frozenset(("published",)),
        # What was asked is the interviewer's words, why an offer was declined a choice from a list.
        ignored=(
            *("__typename", "count*", "currentjobflag", "declinedreason", "durationdays", "featured"),
            *("employer*", "jobtitle*", "location*", "othersource", "source", "userquestions"),
        ),
    ),
    layout(
        "kununu",
        "review",
        "kununu.com",
        {
            "title": "title",
            "stars": "rating",
            "experience": "recommendation",
            "published": "date",
            "position": "position",
            "employment": "position",
            "location": "location",
            "pros": "pros",
            "cons": "cons",
            "advice": "suggestions",
            "body": " | ".join(
                (*(f"{at}{name.casefold()}" for at in ("categories.", "") for name in KUNUNU), "categories.*")
            ),
        },
        needs="title, recommendation, pros, cons, suggestions",
        convert={"employment": values.kununu_employment},
        labels={f"{way}{name.casefold()}": name for name in KUNUNU for way in ("categories.", "")},
        # A heading alone is the site's own advertisement between the reviews.
        says=SAID - {"title"},
        ignored=("department", "categories"),
    ),
)

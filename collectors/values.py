"""How a cell's words become a field: stars, verdicts, job titles. Pure; cached where values repeat."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Literal

from candidly.errors import Degraded
from candidly.records import Difficulty, Experience, Offer
from collectors.reviewtext import employment_of, number, person, scale, stars_of

GONE: Final = frozenset(("[deleted]", "[removed]", "#N/A", "NaN", "null"))
"""What exports write where there is no text any more."""
STARS_SCALE: Final = "stars above the scale: set stars_scale"
STARS_BELOW: Final = "stars below the scale, which begins at 1"
STARS_NEGATIVE: Final = "stars below zero: leave the cell empty where there is no rating"
STARS_PERCENT: Final = "stars are a percentage: set stars_scale to 100"
STARS_UNREAD: Final = "stars not understood"

_PERCENT: Final = re.compile(r"\D*\d[\d.,]*\s*%")
_IN_BRACKETS: Final = re.compile(r"(.*)\(((?:current|former) employee)\)", re.IGNORECASE | re.DOTALL)
_EXPERIENCE: Final[dict[str, Experience]] = {
    **dict.fromkeys(("positive", "good", "recommended", "recommends", "yes", "empfohlen"), "positive"),
    **dict.fromkeys(("neutral", "average", "mixed"), "neutral"),
    **dict.fromkeys(("negative", "bad", "not recommended", "no", "nicht empfohlen"), "negative"),
}
_DIFFICULTY: Final[dict[str, Difficulty]] = {
    **dict.fromkeys(("easy", "very easy"), "easy"),
    **dict.fromkeys(("average", "medium"), "average"),
    **dict.fromkeys(("hard", "difficult", "very difficult"), "hard"),
}
_OFFER: Final[dict[str, Offer]] = {
    **dict.fromkeys(("accepted", "accept", "yes"), "accepted"),
    **dict.fromkeys(("declined", "decline"), "declined"),
    **dict.fromkeys(("no", "none", "no offer"), "none"),
}


_WORDS: Final = ("zero", "one", "two", "three", "four", "five")
_SCORE: Final = re.compile(r"(\d{1,2})(?:[.,]0+)?(?:\s*(?:/\s*10|[-–:(].*))?", re.DOTALL)
CNPS: Final = "cNPS score not understood: it is a whole number from 0 to 10"
_OUTCOMES: Final[tuple[tuple[tuple[str, ...], Offer | None], ...]] = (
    (("offer declined", "declined offer", "declined the offer", "withdrawn after offer"), "declined"),
    (("hired", "accepted", "joined", "offer accepted"), "accepted"),
    (("rejected", "declined by", "no offer", "not hired", "turned down", "decline"), "none"),
    (("withdrawn", "withdrew", "in progress", "active", "pending", "offer"), None),
)


_TAG: Final = re.compile(
    r"</?(?:p|br|div|span|b|i|u|em|strong|ul|ol|li|a|h[1-6]|font|blockquote)(?:\s+[a-z][\w:-]*\s*=[^<>]{0,2000}|\s*)/?>",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)


class BadValue(ValueError):
    """A cell that cannot be used at all; the message is the reason, with nothing of the cell in it."""


class OddValue(ValueError):
    """A cell whose words are not among those expected; the row is good without it."""


def text(cell: Any) -> str:
    """A cell as text: outer space and placeholders for deleted texts removed, a list as lines."""
    if isinstance(cell, str):
        cell = cell.strip()
        return "" if cell in GONE else cell
    if cell is None or isinstance(cell, bool | dict):
        return ""
    if isinstance(cell, list):
        return "\n".join(filter(None, map(text, cell)))
    return str(cell)


def words(cell: Any) -> str:
    """What an author wrote, as text; some exports give it as their web page had it, in HTML."""
    said = text(cell)
    if not _TAG.search(said):
        return text(html.unescape(said)) if _ENTITY.search(said) else said
    from collectors.htmltext import plain

    try:
        return text(plain(said))
    except Degraded:
        return said


def label(cell: Any) -> str:
    """Text on one line, of at most 300 characters: a place, a job, a name."""
    return " ".join(text(cell).split())[:300]


def identifier(cell: Any) -> str:
    """A site's id, whole numbers without the `.0` that spreadsheets give them."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "".join(filter(str.isprintable, text(cell)))[:300]


def web_address(cell: Any) -> str:
    """An http(s) address; anything else is none."""
    found = identifier(cell)
    return found if found.startswith(("https://", "http://")) else ""


def stars(cell: Any, best: float) -> float | None:
    """1-5 from a scale that runs to `best`; None where the author gave none (empty, 0). Raises BadValue."""
    return _stars(text(cell), best)


@lru_cache(maxsize=4096)
def _stars(stated: str, best: float) -> float | None:
    if not stated or stated.casefold() in ("none", "n/a", "na", "-"):
        return None
    if best == 100:
        stated = stated.rstrip("% ")
    elif _PERCENT.match(stated):
        raise BadValue(STARS_PERCENT)
    value = number(stated.lstrip("-−–"))
    if value is None:
        worded = stars_of(stated, str(best))
        if worded is None:
            raise BadValue(STARS_UNREAD)
        return worded
    worst = 1.0 if best <= 10 else 0.0
    if value == 0 < worst:
        return None
    if stated[0] in "-−–":
        raise BadValue(STARS_NEGATIVE)
    if value > best:
        raise BadValue(STARS_SCALE)
    if value < worst:
        raise BadValue(STARS_BELOW)
    return scale(value, best, worst)


@lru_cache(maxsize=1024)
def _word(stated: str, ending: str) -> str:
    return " ".join(stated.replace("_", " ").split()).casefold().removesuffix(ending).strip()


def _among(words: dict[str, Any], ending: str) -> Callable[[Any], Any]:
    """A reader of one of these words, with or without the site's ending ("Easy Interview")."""

    def read(cell: Any) -> Any:
        word = _word(text(cell), ending)
        if not word:
            return None
        if word not in words:
            raise OddValue
        return words[word]

    return read


@lru_cache(maxsize=4096)
def _employment(stated: str) -> Literal["current", "former", ""]:
    word = stated.casefold()
    return "current" if "current" in word else "former" if "former" in word else ""


def employment(cell: Any) -> Literal["current", "former", ""]:
    """From "Current Employee, more than 3 years", "Clerk (Former Employee)" and their like."""
    return _employment(text(cell))


def current_or_former(cell: Any) -> Literal["current", "former", ""]:
    """From a truth value, as JSON exports have it."""
    return "current" if cell is True else "former" if cell is False else ""


@lru_cache(maxsize=4096)
def _position(stated: str) -> str:
    if match := _IN_BRACKETS.fullmatch(stated):
        stated = match[1].strip()
    else:
        _, job, rest = employment_of(stated)
        stated = job or rest
    return "" if stated.casefold().startswith("anonymous") else stated


def position_of(cell: Any) -> str:
    """The job in "Clerk (Former Employee)" or "Former Employee - Clerk"; none for "Anonymous Employee"."""
    return _position(label(cell))


def before_interview(cell: Any) -> str:
    """The job in "Software Engineer Interview"."""
    return label(cell).removesuffix("Interview").strip()


def after_in(cell: Any) -> str:
    """The place in "Anonymous Interview Candidate in Pune"."""
    return label(cell).partition(" in ")[2]


def unquoted(cell: Any) -> str:
    """Text without the quotation marks that a scraper left around it."""
    return text(cell).strip('"').strip()


def place(cell: Any) -> str:
    found = label(cell)
    return "" if found.casefold() in ("n/a", "na", "-") else found


def language(cell: Any) -> str:
    """ISO 639-1 of "en", "en-US", "eng"."""
    code = label(cell).casefold()
    known = {"eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "por": "pt"}
    return known.get(code[:3], code[:2])


def kununu_employment(cell: Any) -> Literal["current", "former", ""]:
    """From "Ex-Angestellte/r oder Arbeiter/in"; whoever the site calls anything else may be an applicant."""
    return "former" if label(cell).casefold().startswith("ex-") else ""


def counted_stars(cell: Any) -> str:
    """The number of "FIVE" or "STAR_RATING_FIVE"; anything else as it is."""
    stated = text(cell)
    word = stated.rpartition("_")[2].casefold()
    return str(_WORDS.index(word)) if word in _WORDS else stated


def untranslated(cell: Any) -> str:
    """What the author wrote, of a text that Google shows with its translation."""
    stated = text(cell)
    if "(Original)" in stated:
        return stated.rpartition("(Original)")[2].strip()
    return stated.partition("(Translated by Google)")[0].strip() or stated


def from_page(cell: Any) -> str:
    """Plain text of what holds mark-up (`body_html`)."""
    from collectors.htmltext import plain

    return plain(text(cell))


def edited(cell: Any) -> Any:
    """A date without the "(edited)" after it."""
    return cell.removesuffix("(edited)").strip() if isinstance(cell, str) else cell


def reddit_post(cell: Any) -> str:
    """A post's full name, as Reddit writes it in links from one thing to another (`t3_abc`)."""
    return _full_name(identifier(cell), "t3_")


def reddit_comment(cell: Any) -> str:
    """A comment's full name (`t1_abc`)."""
    return _full_name(identifier(cell), "t1_")


def _full_name(found: str, kind: str) -> str:
    return found if not found or found[2:3] == "_" else kind + found


def reddit_address(cell: Any) -> str:
    """The address at which a permalink (`/r/jobs/comments/...`) is found."""
    found = identifier(cell)
    return web_address(f"https://www.reddit.com{found}" if found.startswith("/") else found)


def trustpilot_address(cell: Any) -> str:
    """Where the review of this id is shown."""
    found = identifier(cell)
    return f"https://www.trustpilot.com/reviews/{found}" if found.isalnum() else ""


def cnps(cell: Any) -> Experience | None:
    """The verdict of 0-10 to "would you recommend us": 0-6 negative, 7-8 neutral, 9-10 positive.

    As in Reichheld, The One Number You Need to Grow (2003): detractors, passives, promoters, so that the
    score of a group is its share of positive less its share of negative ones. None where it is empty.
    Raises BadValue.
    """
    stated = text(cell)
    if not stated or stated.casefold() in ("n/a", "na", "-", "none"):
        return None
    found = _SCORE.fullmatch(stated)
    if found is None or int(found[1]) > 10:
        raise BadValue(CNPS)
    score = int(found[1])
    return "negative" if score <= 6 else "neutral" if score <= 8 else "positive"


def outcome(cell: Any) -> Offer | None:
    """What came of an application: hired, offer declined, rejected. Raises OddValue for other words."""
    word = _word(text(cell), "")
    if not word:
        return None
    for words, meant in _OUTCOMES:
        if any(one in word for one in words):
            return meant
    raise OddValue


CONVERT: Final[dict[str, Callable[[Any], Any]]] = {
    "id": identifier,
    "url": web_address,
    "author": lambda cell: person(label(cell)),
    "about": label,
    "thread": identifier,
    "parent": identifier,
    "title": words,
    "pros": words,
    "cons": words,
    "advice": words,
    "body": words,
    "experience": _among(_EXPERIENCE, " experience"),
    "difficulty": _among(_DIFFICULTY, " interview"),
    "offer": _among(_OFFER, " offer"),
    "employment": employment,
    "position": position_of,
    "location": place,
    "language": language,
}
"""Mention field -> how its cell is read; stars and dates depend on the file and are read in `rows`."""

"""Stack Exchange: the questions of a site, found by words or tags, with their answers and all comments.

Questions come in the order of their last activity, so that a late answer or an edit brings one again. A page
is asked for by the time at which the one before it ended: a question that wakes up meanwhile moves to the
end, and by numbers the next page would miss one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field

from candidly.config import SecretName
from candidly.errors import CollectorError, Degraded
from candidly.records import Cursor, Mention, Reject
from collectors.api import LATER, Api, ApiSettings, at, list_at, listed, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, read_date
from collectors.keys import key_of
from collectors.paging import Page, forward, merged, numbered
from collectors.threads import EMPTY, NO_ID, named, terms, unfolded

PAGE: Final = 100
COMMENT: Final = "comment-"
STEP: Final = timedelta(days=365)
WHOLE: Final = "question.body;question.answers;question.comments;answer.body;answer.comments;comment.body"
_WAIT: Final = re.compile(r"\b([0-9]{1,6}) seconds")
_KEY: Final = "Register an app on stackapps.com and check the key under `key_secret`."


class StackExchangeSettings(ApiSettings):
    """The block of a source with `type: stackexchange`."""

    type: Literal["stackexchange"]
    site: str = Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,60}$", description="As the interface calls it, such as workplace."
    )
    queries: tuple[Annotated[str, Field(min_length=1, max_length=240)], ...] = Field(
        (), description="Words to search for; without `queries` and `tags` every question is read."
    )
    tags: tuple[Annotated[str, Field(pattern=r"^[^\s;]{1,35}$")], ...] = Field(
        (), description="Read all questions with one of these tags."
    )
    threads: bool = Field(True, description="Read answers and comments too.")
    key_secret: SecretName = Field("", description="The name of the secret with your app's key.")

    home: ClassVar[str] = "https://api.stackexchange.com"


class StackExchangeCollector:
    """See the module."""

    Settings: ClassVar[type[StackExchangeSettings]] = StackExchangeSettings

    def __init__(self, settings: StackExchangeSettings, context: Context) -> None:
        self.settings, self.context = settings, context
        self.terms = terms(settings.queries)

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Raws with lists of questions, each with its answers and comments; no question twice in a run."""
        site, walk = _Site(self.settings, self.context), self.settings.walk(self.context)
        words = {f"search:{word}": ("/2.3/search/advanced", {"q": word}) for word in self.settings.queries}
        tags = {f"tag:{tag}": ("/2.3/questions", {"tagged": tag}) for tag in self.settings.tags}
        asked = {**words, **tags} or {"questions": ("/2.3/questions", {})}
        pages = (
            raw
            for key, (path, params) in asked.items()
            for raw in forward(cursor, key, walk, STEP, partial(site.page, path, params))
        )
        try:
            yield from unfolded(
                cursor, merged(cursor, pages), id_of=_question, has_thread=lambda _: False, read=lambda _: []
            )
        finally:
            if site.left is not None:
                self.context.notes.append(f"{site.left} requests of Stack Exchange's quota are left today")

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look posts and comments up, a hundred in a request; what is not listed is gone."""
        site = _Site(self.settings, self.context)
        posts = [id_ for id_ in ids if id_.isdecimal()]  # questions and answers share their numbers
        comments = [id_ for id_ in ids if id_.startswith(COMMENT)]
        yield from site.standing("/2.3/posts", "post_id", posts)
        yield from site.standing("/2.3/comments", "comment_id", comments, COMMENT)

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """A mention of each question, answer and comment."""
        for question in raw.payload:
            asked = _question(question)
            yield self._mention(question, asked, question, "")
            yield from self._comments(question, asked, question)
            for answer in listed(question, "answers") if self.settings.threads else ():
                answered = text_at(answer, "answer_id")
                yield self._mention(answer, answered, question, asked)
                yield from self._comments(answer, answered, question)

    def _comments(self, post: Any, under: str, question: Any) -> Iterator[Mention | Reject]:
        for comment in listed(post, "comments") if self.settings.threads else ():
            number = text_at(comment, "comment_id")  # answers share numbers with questions, comments do not
            yield self._mention(comment, f"{COMMENT}{number}" if number else "", question, under)

    def _mention(self, item: Any, id_: str, question: Any, parent: str) -> Mention | Reject:
        from collectors.htmltext import plain

        asked = item is question
        title, body = plain(text_at(item, "title")) if asked else "", plain(text_at(item, "body"))
        if not id_:
            return Reject(f"under {parent}" if parent else "a question", NO_ID)
        if not title and not body:
            return Reject(id_, EMPTY)
        try:
            published = read_date(at(item, "creation_date"), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        home = _home(question)
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="post" if asked else "comment",
            collected=self.context.now,
            published=published,
            about="" if asked else self._about(question),
            site=urlsplit(home).netloc,
            url=_address(home, id_, question, parent),
            author=text_at(item, "owner", "user_id") or text_at(item, "owner", "display_name"),
            thread=_question(question),
            parent=parent,
            title=title,
            body=body,
        )

    def _about(self, question: Any) -> str:
        """A question's title, and of its text the searched words."""
        from collectors.htmltext import plain

        return "\n".join(
            [plain(text_at(question, "title")), *named(self.terms, plain(text_at(question, "body")))]
        )


class _Site:
    """Asks for pages of questions within the quota; `left` is what the site says of it, None: nothing yet."""

    def __init__(self, settings: StackExchangeSettings, context: Context) -> None:
        self._api = Api(settings, context, explain=explain)
        self._settings, self._context = settings, context
        self._key = key_of(context, settings.key_secret) if settings.key_secret else None
        self._filter = "" if settings.threads else "withbody"
        self.left: int | None = None

    def page(
        self, path: str, params: dict[str, str], start: datetime, end: datetime, token: str | None
    ) -> Page:
        """Questions with activity in [start, end), and one second at both ends."""
        if not self._filter:  # what an answer holds is named by a code, which the site gives
            made = self._ask("/2.3/filters/create", {"base": "default", "include": WHOLE, "unsafe": "false"})
            self._filter = text_at(made, "items", 0, "filter")
        since, until = int(start.timestamp()), int(end.timestamp())
        reached = numbered(token)
        since = reached if reached is not None and since <= reached <= until else since
        asked = {**params, "site": self._settings.site, "filter": self._filter, "pagesize": PAGE}
        answer = self._ask(path, {**asked, "sort": "activity", "order": "asc", "min": since, "max": until})
        found = list_at(answer, "items", where="Stack Exchange")
        if not at(answer, "has_more"):
            return Page(found)
        last = at(found, -1, "last_activity_date")
        if not isinstance(last, int):
            raise Degraded("Stack Exchange: there should be more, but it is not said from when.", LATER)
        if not since <= last <= until:
            self._context.notes.append("Stack Exchange gave questions of another time than was asked for")
            return Page(found)
        return Page(found, str(max(last, since + 1)))

    def standing(
        self, path: str, name: str, ids: Sequence[str], prefix: str = ""
    ) -> Iterator[tuple[str, Standing]]:
        """Which of the ids `path` still lists; one whose author has left has an owner that does not exist."""
        from collectors.rechecking import by, standing

        for some in by(PAGE, ids):
            numbers = ";".join(id_.removeprefix(prefix) for id_ in some)
            answer = self._ask(f"{path}/{numbers}", {"site": self._settings.site, "pagesize": PAGE})
            found = {
                f"{prefix}{text_at(item, name)}": text_at(item, "owner", "user_type")
                for item in list_at(answer, "items", where="Stack Exchange")
            }
            left = {id_ for id_, owner in found.items() if owner == "does_not_exist"}
            yield from standing(some, found, unsigned=left, where="Stack Exchange")

    def _ask(self, path: str, params: dict[str, object]) -> Any:
        answer = self._api.get(path, {**params, "key": self._key})
        if at(answer, "error_id") is not None:
            raise explain(200, answer) or Degraded("Stack Exchange answered with an error.", LATER)
        left, backoff = at(answer, "quota_remaining"), at(answer, "backoff")
        if isinstance(backoff, int | float) and backoff > 0:
            self._api.rest(float(backoff))
        if isinstance(left, int):
            self.left = left
            if left <= 0:
                tomorrow = (self._context.now + timedelta(days=1)).replace(
                    hour=0, minute=0, second=0, microsecond=0
                )
                self._api.ended = used_up((tomorrow - self._context.now).total_seconds())
        return answer


def _question(question: Any) -> str:
    return text_at(question, "question_id")


def _home(question: Any) -> str:
    """`https://workplace.stackexchange.com`, where the question stands."""
    try:
        parts = urlsplit(text_at(question, "link"))
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def _address(home: str, id_: str, question: Any, parent: str) -> str:
    if not home:
        return ""
    if id_.startswith(COMMENT):
        return f"{home}/questions/{_question(question)}#{id_.replace('-', '')}_{parent}"
    return f"{home}/{'a' if parent else 'q'}/{id_}"


def used_up(seconds: float | None) -> CollectorError:
    """No request is left."""
    remedy = "It goes on when the quota begins anew; a key (`key_secret`) gives 10,000 requests a day."
    return CollectorError("Stack Exchange's quota is used up.", remedy, retry_after=seconds)


def explain(_status: int, said: Any) -> CollectorError | None:
    """What an error of Stack Exchange means; it names each by a word, and its cause in a sentence."""
    error, message = text_at(said, "error_name"), text_at(said, "error_message")
    if error == "throttle_violation":
        found = _WAIT.search(message)
        return used_up(min(float(found[1]), 86_400.0) if found else None)
    if error in ("temporarily_unavailable", "internal_error"):
        return CollectorError("Stack Exchange is out of order.", LATER)
    if error in ("key_required", "access_denied", "access_token_required", "invalid_access_token") or (
        error == "bad_parameter" and "key" in message
    ):
        return CollectorError("Stack Exchange does not accept the key.", _KEY, permanent=True)
    if error == "bad_parameter" and "site" in message:
        return CollectorError("Stack Exchange has no such site.", "Check `site`.", permanent=True)
    if error:
        remedy = "Check `queries` and `tags`."
        return CollectorError("Stack Exchange does not understand the request.", remedy, permanent=True)
    return None

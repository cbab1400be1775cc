"""Mastodon: public posts with a hashtag or found by an instance's search, and the replies to them.

Boosts are other people's posts, and whoever asks not to be collected is not. An id is the one of the server
where the post was written, so that a post that several instances show counts once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from candidly.config import SecretName
from candidly.errors import CollectorError
from candidly.records import Cursor, Mention, Reject
from collectors.api import LOCAL, Api, ApiSettings, at, list_at, text_at
from collectors.base import Context, Raw, Standing
from collectors.dates import BadDate, parse_date, read_date
from collectors.keys import key_of
from collectors.paging import Page, Walk, back, merged, numbered
from collectors.threads import EMPTY, NO_ID, Gone, unfolded

PAGE: Final = 40
BOOST, HIDDEN, ASKED = "a boost", "not public", "its author asks not to be collected"
_OPTED_OUT: Final = re.compile(r"#no(?:bots?|index|archive|search|scrap(?:e|ing))\b", re.IGNORECASE)
_TAGS: Final = re.compile(r"<[^>]*>")
_QUOTE_LINK: Final = re.compile(r'<p class="quote-inline">.*?</p>', re.DOTALL)
_URI: Final = re.compile(r"https?://([^/]+)/(?:ap/)?users/[^/]+/statuses/([0-9]+)")


def _instance(name: str) -> str:
    address = name if "://" in name else f"https://{name}"
    found = re.fullmatch(r"(https?)://([A-Za-z0-9.-]+)(:[0-9]{1,5})?/?", address)
    if not found or (found[1] == "http" and found[2] not in LOCAL):
        raise ValueError("should be the name of a server, such as mastodon.example")
    return address.rstrip("/").lower()


def _hashtag(name: str) -> str:
    name = name.removeprefix("#")
    if not re.fullmatch(r"\w{1,100}", name):
        raise ValueError("should be a hashtag, such as layoffs")
    return name


class MastodonSettings(ApiSettings):
    """The block of a source with `type: mastodon`."""

    type: Literal["mastodon"]
    instances: tuple[Annotated[str, AfterValidator(_instance)], ...] = Field(
        (), max_length=20, description="Servers to ask, such as mastodon.example."
    )
    hashtags: tuple[Annotated[str, AfterValidator(_hashtag)], ...] = Field((), description="Without #.")
    queries: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = Field(
        (), description="Searches for words; they need a token and a server that has full-text search."
    )
    threads: bool = Field(True, description="Read the replies to what is found.")
    token_secret: SecretName = Field("", description="The name of the secret with your access token.")

    @model_validator(mode="after")
    def _sense(self) -> MastodonSettings:
        if not self.servers:
            raise ValueError("needs `instances`: the servers to ask")
        if not self.hashtags and not self.queries:
            raise ValueError("needs `hashtags` or `queries`")
        if self.queries and not self.token_secret:
            raise ValueError("`queries` need `token_secret`: servers search for nobody else")
        if self.token_secret and len(self.servers) > 1:
            raise ValueError("a token is good for one instance: make a source of its own for each")
        return self

    @property
    def servers(self) -> tuple[str, ...]:
        """Where requests go; `base_url` stands for all of `instances`."""
        return (self.base_url.rstrip("/"),) if self.base_url else self.instances

    @property
    def hosts(self) -> frozenset[str]:
        """The servers as `host` or `host:port`."""
        return frozenset(urlsplit(server).netloc for server in self.servers)


class MastodonCollector:
    """See the module."""

    Settings: ClassVar[type[MastodonSettings]] = MastodonSettings

    def __init__(self, settings: MastodonSettings, context: Context) -> None:
        self.settings, self.context = settings, context

    def fetch(self, cursor: Cursor | None) -> Iterator[Raw]:
        """Raws with a list of `{"server", "status"}`, of a thread with `root` and `parent` of each status.

        An instance that fails does not stop the others; its error comes last.
        """
        from collectors.web import raise_first

        apis = self._apis()
        failures: list[CollectorError] = []
        pages = merged(cursor, self._listings(cursor, apis, failures))
        yield from unfolded(
            cursor, pages, id_of=_id, has_thread=self._has_thread, read=lambda item: _context(apis, item)
        )
        raise_first(failures)

    def recheck(self, ids: Sequence[str]) -> Iterator[tuple[str, Standing]]:
        """Look posts up one by one where they were written, if that is one of the servers asked.

        Of posts that other servers have passed on nothing is told: `keep` has to see to them.
        """
        from collectors.rechecking import DOUBTED, by, standing

        for server, api in self._apis().items():
            hosts = {urlsplit(one).netloc for one in (server, *self.settings.instances)}
            hosts = hosts if self.settings.base_url else {urlsplit(server).netloc}
            for some in by(DOUBTED, [id_ for id_ in ids if _number(id_, hosts)]):
                found = {id_: status for id_ in some if (status := _status(api, _number(id_, hosts)))}
                there = {id_ for id_, status in found.items() if not refusal(status)}
                yield from standing(some, there, listed=found, where=urlsplit(server).netloc)

    def _apis(self) -> dict[str, Api]:
        name = self.settings.token_secret
        headers = {"Authorization": f"Bearer {key_of(self.context, name)}"} if name else {}
        return {
            server: Api(
                self.settings.model_copy(update={"base_url": server}),
                self.context,
                headers=headers,
                explain=partial(explain, server),
            )
            for server in self.settings.servers
        }

    def _listings(
        self, cursor: Cursor | None, apis: dict[str, Api], failures: list[CollectorError]
    ) -> Iterator[Raw]:
        walk: Walk = self.settings.walk(self.context)
        for server, api in apis.items():
            host = urlsplit(server).netloc
            tags = {f"{host} #{tag}": partial(_tagged, api, server, tag) for tag in self.settings.hashtags}
            found = {
                f"{host} {query}": partial(_search, api, server, query) for query in self.settings.queries
            }
            for key, read in {**tags, **found}.items():
                try:
                    yield from back(cursor, key, walk, read)
                except CollectorError as error:
                    failures.append(error)

    def _has_thread(self, item: Any) -> bool:
        status = item["status"]
        return bool(self.settings.threads and at(status, "replies_count") and not refusal(status))

    def parse(self, raw: Raw) -> Iterator[Mention | Reject]:
        """A mention of each public post of those who do not ask to be left out."""
        for number, item in enumerate(raw.payload, 1):
            yield self._mention(item, _id(item), number)

    def _mention(self, item: Any, id_: str, number: int) -> Mention | Reject:
        from collectors.htmltext import plain

        status, server = at(item, "status"), text_at(item, "server")
        host = _netloc(server)
        if not id_:
            return Reject(f"{host}, post {number} of a page", NO_ID)
        if problem := refusal(status):
            return Reject(id_, problem)
        title, body = plain(text_at(status, "spoiler_text")), _text(status)
        if not title and not body:
            return Reject(id_, EMPTY)
        try:
            published = read_date(text_at(status, "created_at"), now=self.context.now)
        except BadDate as problem:
            return Reject(id_, str(problem))
        above, author = [item.get("root"), item.get("parent")], text_at(status, "account", "acct")
        root, parent = (ident(server, one) if one else "" for one in above)
        replied = text_at(status, "in_reply_to_id")
        return Mention(
            source=self.settings.name,
            id=id_,
            kind="comment" if replied else "post",
            collected=self.context.now,
            published=published,
            about="\n".join(dict.fromkeys(_text(one) for one in above if one and not refusal(one))),
            site=_host(status) or host,
            url=next(filter(_web, (text_at(status, "url"), text_at(status, "uri"))), ""),
            author=f"{author}@{host}" if author and "@" not in author else author,
            thread=root or ("" if replied else id_),
            parent=parent or (f"{host}/{replied}" if replied else ""),
            title=title,
            body=body,
            language=text_at(status, "language").partition("-")[0].lower(),
        )


def _tagged(api: Api, server: str, tag: str, token: str | None) -> Page:
    asked = {"limit": PAGE, "max_id": token}
    found = list_at(api.get(f"/api/v1/timelines/tag/{quote(tag, safe='')}", asked), where=server)
    return _page(server, found, text_at(found, -1, "id"))


def _search(api: Api, server: str, query: str, token: str | None) -> Page:
    offset = numbered(token) or 0
    asked = {"q": query, "type": "statuses", "resolve": "false", "limit": PAGE, "offset": offset or None}
    found = list_at(api.get("/api/v2/search", asked), "statuses", where=server)
    return _page(server, found, str(offset + len(found)))


def _page(server: str, statuses: list[Any], token: str) -> Page:
    """A page; its age is that of its middle, because posts that arrived late stand among newer ones."""
    times = sorted(filter(None, (parse_date(text_at(status, "created_at")) for status in statuses)))
    return Page(
        [{"server": server, "status": status} for status in statuses],
        token if statuses else None,
        oldest=times[len(times) // 2] if times else None,
        newest=times[-1] if times else None,
    )


def _context(apis: dict[str, Api], item: Any) -> list[Any]:
    """The post with all that answers it; `root` and `parent` of each are statuses, None where unknown."""
    server, status = item["server"], item["status"]
    answer = apis[server].get(f"/api/v1/statuses/{quote(text_at(status, 'id'), safe='')}/context")
    above, below = (list_at(answer, name, where=server) for name in ("ancestors", "descendants"))
    known = {text_at(one, "id"): one for one in [*above, status, *below]}
    roots: dict[str, Any] = {}
    items = []
    for id_, one in known.items():  # a status comes after what it answers
        parent = known.get(text_at(one, "in_reply_to_id"))
        if parent is not None:
            roots[id_] = roots.get(text_at(parent, "id"), parent)
        items.append({"server": server, "status": one, "root": roots.get(id_), "parent": parent})
    return [one for one in items if one["status"] not in above]


def _number(id_: str, hosts: set[str]) -> str:
    """The number of a post that was written on one of the hosts, else ""."""
    host, _, number = id_.rpartition("/")
    return number if host in hosts and number.isdecimal() else ""


def _status(api: Api, number: str) -> Any:
    """A post, or None where it is gone."""
    try:
        return api.get(f"/api/v1/statuses/{number}")
    except Gone:
        return None


def refusal(status: Any) -> str:
    """Why a status must not be kept; "" where it may."""
    if at(status, "reblog") is not None:
        return BOOST
    if at(status, "visibility") not in ("public", "unlisted"):
        return HIDDEN
    account = at(status, "account")
    fields = at(account, "fields")
    said = [text_at(account, "note")]
    said += [text_at(one, "value") for one in (fields if isinstance(fields, list) else ())]
    opted_out = at(account, "noindex") is True or any(_OPTED_OUT.search(_TAGS.sub("", text)) for text in said)
    return ASKED if opted_out else ""


def _text(status: Any) -> str:
    from collectors.htmltext import plain

    return plain(_QUOTE_LINK.sub("", text_at(status, "content")))


def _id(item: Any) -> str:
    return ident(text_at(item, "server"), at(item, "status"))


def ident(server: str, status: Any) -> str:
    """`host/number` of the server where it was written; elsewhere than on Mastodon a hash of its address.

    The address itself would name the author.
    """
    uri = text_at(status, "uri")
    if found := _URI.fullmatch(uri):
        return f"{found[1].lower()}/{found[2]}"
    if _web(uri):
        return (
            f"{_host(status)}/{hashlib.blake2b(uri.encode('utf-8', 'replace'), digest_size=10).hexdigest()}"
        )
    id_ = text_at(status, "id")
    return f"{_netloc(server)}/{id_}" if id_ else ""


def _host(status: Any) -> str:
    return _netloc(text_at(status, "uri")).lower()


def _netloc(address: str) -> str:
    return urlsplit(address).netloc if _web(address) else ""


def _web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https") and bool(urlsplit(address).netloc)
    except ValueError:
        return False


def explain(server: str, status: int, said: Any) -> CollectorError | None:
    """What a refusal of an instance means."""
    host = urlsplit(server).netloc
    wants = "authenticated" in text_at(said, "error").lower()
    if status == 401 or (status == 422 and wants):
        remedy = "Make an app under Preferences, Development, and put its access token into `token_secret`."
        return CollectorError(f"{host} answers only with a valid access token.", remedy, permanent=True)
    if status == 403:
        remedy = "The app needs `read:statuses` and `read:search`; some servers serve nobody but members."
        return CollectorError(f"{host} does not allow this token to read that.", remedy, permanent=True)
    if status in (404, 410):
        return Gone(f"{host} does not have what was asked for.", "Is it a Mastodon server?", permanent=True)
    return None

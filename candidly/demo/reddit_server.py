"""The demo's Reddit: the few paths that praw calls, answered from a world in the real API's shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from candidly.demo.world import Comment, Post, World

TOP_LEVEL: Final = 4
"""Direct replies shown at once; the rest hide behind "load more comments" (the real site: some hundred)."""
DEPTH: Final = 3
"""Levels of replies shown at once; deeper ones hide behind "continue this thread" (the real site: ten)."""
PAGE: Final = 100
_RANGES: Final = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366}

Query = Mapping[str, str]


def answer(world: World, method: str, parts: list[str], query: Query) -> tuple[int, Any]:
    """Status and JSON for one request; `parts` are the segments of the path, `query` includes form fields."""
    match method, parts:
        case "POST", ["api", "v1", "access_token"]:
            token = {"access_token": "demo", "token_type": "bearer", "expires_in": 86400, "scope": "*"}
            return 200, token
        case "POST", ["api", "morechildren"]:
            return _more_children(world, query)
        case "GET", ["r", names, "new"]:
            return _listing(world, _in_subreddits(world, names), query)
        case "GET", ["r", names, "search"]:
            found = (post for post in _in_subreddits(world, names) if _matches(post, query.get("q", "")))
            return _listing(world, found, query)
        case "GET", ["api", "info"]:
            return 200, _list(list(_by_name(world, query.get("id", "").split(","))))
        case "GET", ["comments", post_id, *rest]:
            return _thread(world, post_id, rest)
    return 404, {"message": "Not Found", "error": 404}


def _by_name(world: World, names: Iterable[str]) -> Iterator[Any]:
    """Posts and comments by their full names; what is unknown is left out."""
    things = {f"t3_{post.id}": (post, "") for post in world.posts}
    things |= {f"t1_{comment.id}": (post, comment.id) for post in world.posts for comment in post.comments}
    for name in names:
        if name in things:
            post, comment = things[name]
            yield _Tree(post).flat(comment)[0] if comment else _submission(post)


def _in_subreddits(world: World, names: str) -> Iterable[Post]:
    wanted = set(names.lower().split("+"))
    return (post for post in reversed(world.posts) if "all" in wanted or post.subreddit.lower() in wanted)


def _matches(post: Post, q: str) -> bool:
    text = f"{post.title}\n{post.body}".lower()
    return any(term.strip().strip('"()').lower() in text for term in q.split(" OR "))


def _listing(world: World, posts: Iterable[Post], query: Query) -> tuple[int, Any]:
    if days := _RANGES.get(query.get("t", "")):
        oldest = world.now - timedelta(days=days)
        posts = (post for post in posts if post.created >= oldest)
    found = list(posts)
    if after := query.get("after", ""):
        names = [f"t3_{post.id}" for post in found]
        found = found[names.index(after) + 1 :] if after in names else []
    limit = max(1, min(int(query.get("limit") or 25), PAGE))
    page = found[:limit]
    more = f"t3_{page[-1].id}" if len(found) > limit else None
    return 200, _list([_submission(post) for post in page], after=more)


def _thread(world: World, post_id: str, rest: list[str]) -> tuple[int, Any]:
    post = next((post for post in world.posts if post.id == post_id), None)
    if post is None:
        return 404, {"message": "Not Found", "error": 404}
    tree = _Tree(post)
    things = tree.focus(rest[1]) if len(rest) == 2 else tree.children(f"t3_{post.id}", 0)
    return 200, [_list([_submission(post)]), _list(things)]


def _more_children(world: World, query: Query) -> tuple[int, Any]:
    post = next((post for post in world.posts if f"t3_{post.id}" == query.get("link_id")), None)
    if post is None:
        return 404, {"message": "Not Found", "error": 404}
    tree = _Tree(post)
    things = [thing for child in query.get("children", "").split(",") for thing in tree.flat(child)]
    return 200, {"json": {"errors": [], "data": {"things": things}}}


class _Tree:
    """The comments of one post, as nested listings with "more" things where they grow wide or deep."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.by_id = {comment.id: comment for comment in post.comments}
        self.below: dict[str, list[Comment]] = {}
        for comment in post.comments:
            self.below.setdefault(comment.parent, []).append(comment)

    def size(self, name: str) -> int:
        return sum(1 + self.size(f"t1_{child.id}") for child in self.below.get(name, ()))

    def children(self, name: str, depth: int) -> list[Any]:
        children = self.below.get(name, [])
        if children and depth >= DEPTH:
            return [self._more(name, depth, [])]
        hidden = children[TOP_LEVEL:] if depth == 0 else []
        shown = [self._comment(child, depth) for child in children[: len(children) - len(hidden)]]
        return shown + ([self._more(name, depth, hidden)] if hidden else [])

    def focus(self, comment_id: str) -> list[Any]:
        comment = self.by_id.get(comment_id)
        return [self._comment(comment, 0)] if comment else []

    def flat(self, comment_id: str) -> list[Any]:
        """A comment and all below it, parents first, without nesting: the form of morechildren."""
        comment = self.by_id.get(comment_id)
        if comment is None:
            return []
        thing = self._comment(comment, 0)
        thing["data"]["replies"] = ""
        below = [found for child in self.below.get(f"t1_{comment_id}", ()) for found in self.flat(child.id)]
        return [thing, *below]

    def _more(self, parent: str, depth: int, hidden: list[Comment]) -> dict[str, Any]:
        first = hidden[0].id if hidden else "_"
        count = sum(1 + self.size(f"t1_{comment.id}") for comment in hidden)
        children = [comment.id for comment in hidden]
        data = {"id": first, "name": f"t1_{first}", "parent_id": parent, "depth": depth, "count": count}
        return {"kind": "more", "data": {**data, "children": children}}

    def _comment(self, comment: Comment, depth: int) -> dict[str, Any]:
        name = f"t1_{comment.id}"
        replies = self.children(name, depth + 1)
        data = {
            "id": comment.id,
            "name": name,
            "parent_id": comment.parent,
            "link_id": f"t3_{self.post.id}",
            "author": comment.author,
            "body": comment.body,
            "created_utc": comment.created.timestamp(),
            "edited": comment.edited.timestamp() if comment.edited else False,
            "permalink": f"{_permalink(self.post)}{comment.id}/",
            "subreddit": self.post.subreddit,
            "stickied": False,
            "distinguished": None,
            "score": 1,
            "depth": depth,
            "replies": _list(replies) if replies else "",
        }
        return {"kind": "t1", "data": data}


def _permalink(post: Post) -> str:
    return f"/r/{post.subreddit}/comments/{post.id}/_/"


def _submission(post: Post) -> dict[str, Any]:
    data = {
        "id": post.id,
        "name": f"t3_{post.id}",
        "author": post.author,
        "title": post.title,
        "selftext": post.body,
        "is_self": not post.link,
        "url": post.link or f"https://www.reddit.com{_permalink(post)}",
        "created_utc": post.created.timestamp(),
        "edited": post.edited.timestamp() if post.edited else False,
        "permalink": _permalink(post),
        "subreddit": post.subreddit,
        "num_comments": len(post.comments),
        "over_18": False,
        "stickied": False,
        "score": 1,
    }
    return {"kind": "t3", "data": data}


def _list(children: list[Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": children, "after": after, "before": None, "dist": None}}

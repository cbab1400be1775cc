"""How sites that are not about employers reach us: Google's exports, common scrapers' JSON, Obsei's. Data.

Names of columns that several layouts share mean the same in them. What a scraper adds about the author
(address, picture, counts) is never read. Columns `of.*` belong to the object around a row: the thread of a
comment, the business of a review.
"""

from __future__ import annotations

from typing import Any, Final

from collectors import values
from collectors.layout import SAID, Layout, layout

_PUBLISHED: Final = frozenset(("published",))
_SAID_BY_OTHERS: Final = SAID - {"title"}


def _obsei(kind: Any, site: str, columns: dict[str, str], needs: str, **more: Any) -> Layout:
    """Obsei hands on what the site said as `meta`; its own scores (`segmented_data`) are not ours."""
    first = frozenset(("published", "title", "body", "id", "url", "about", "stars", "author", "thread"))
    return layout(
        "obsei", kind, site, columns, needs=f"processed_text, source_name, {needs}".rstrip(", "),
        first=first, ignored=("segmented_data*", "source_name", "processed_text", "meta*"),
        note="Obsei's own scores are not read", **more,
    )  # fmt: skip


GOOGLE: Final = (
    # Takeout of a Business Profile. Google's terms let nobody store who wrote a review.
    layout(
        "google-takeout", "review", "google.com",
        {
            "id": "reviewid | name", "published": "createtime", "stars": "starrating", "body": "comment",
            "about": "locationname | location.title | of.locationname",
        },
        needs="starrating, createtime",
        first=frozenset(("id", "about")),
        convert={"stars": values.counted_stars, "body": values.untranslated},
        ignored=("reviewer*", "reviewreply*", "updatetime", "name", "location*"),
    ),
    # Takeout of Maps: the reviews that the owner of the account wrote.
    layout(
        "google-takeout", "review", "google.com",
        {
            "published": "properties.date | properties.published",
            "stars": "properties.five_star_rating_published | properties.star_rating",
            "body": "properties.review_text_published | properties.review_comment",
            "about": "properties.location.name | properties.location.business_name",
            "location": "properties.location.address",
            "url": "properties.google_maps_url",
        },
        needs="",
        needs_one=("properties.five_star_rating_published", "properties.review_text_published"),
        first=frozenset(("published", "stars", "body", "about")),
        convert={"stars": values.counted_stars, "body": values.untranslated},
        ignored=("type", "geometry*", "properties*"),
    ),
    # Scrapers of Maps: with the names of the Places interface (whose own answers are refused, since its
    # terms forbid storing them: `jsonrows`), and in the manner of Outscraper.
    layout(
        "google-maps", "review", "google.com",
        {
            "published": "time | relative_time_description", "stars": "rating", "body": "text",
            "language": "original_language | language", "about": "of.result.name | of.name",
        },
        needs="author_name, rating, text, relative_time_description",
        first=frozenset(("published", "language", "about")),
        ignored=("author_*", "profile_photo_url", "translated"),
    ),
    layout(
        "google-maps", "review", "google.com",
        {
            "id": "review_id", "published": "review_timestamp | review_datetime_utc",
            "stars": "review_rating", "body": "review_text", "url": "review_link", "about": "name | of.name",
            "location": "full_address | of.full_address",
        },
        needs="review_text, review_rating",
        needs_one=("review_timestamp", "review_datetime_utc"),
        first=frozenset(("published", "about", "location")),
        convert={"body": values.untranslated},
        day_first=False,
        ignored=(
            *("author_*", "owner_*", "review_*", "reviews*", "rating", "google_id", "place_id", "query"),
            *("cid", "kgmid", "site", "location_link", "autor_*"),
        ),
    ),
)  # fmt: skip

_YELP_ASIDE: Final = (
    *("__typename", "text*", "feedback*", "author*", "business*", "availablereactions*", "createdat*"),
    *("isupdated", "previousreviews*", "publicreplies*", "tags*", "relationship*", "localizedtime*"),
    *("userhas*", "usertags", "loggedin*", "bizuser*"),
)

REVIEW_SITES: Final = (
    layout(
        "trustpilot", "review", "trustpilot.com",
        {
            "id": "id", "url": "id", "title": "title", "body": "text", "stars": "rating",
            "published": "dates.publisheddate", "author": "consumer.displayname", "language": "language",
            "about": "of.companydetails.displayname",
        },
        needs="id, text, rating, dates.publisheddate",
        convert={"url": values.trustpilot_address},
        ignored=(
            *("filtered", "pending", "labels*", "likes", "dates*", "report", "hasunhandledreports"),
            *("consumer*", "reply*", "productreviews", "location*"),
        ),
    ),
    # Three ways in which Yelp's pages were built over the years.
    *(
        layout(
            "yelp", "review", "yelp.com",
            {
                "id": f"{at}encid", "body": f"{at}text.full", "language": f"{at}text.language",
                "stars": f"{at}rating", "published": f"{at}createdat | {at}createdat.utcdatetime",
                "author": f"{at}author.displayname", "about": f"{at}business.name",
            },
            needs=f"{at}encid, {at}text.full, {at}rating",
            first=_PUBLISHED,
            ignored=("cursor", "__typename", *(at + name for name in _YELP_ASIDE)),
        )
        for at in ("", "node.")
    ),
    layout(
        "yelp", "review", "yelp.com",
        {
            "id": "id", "body": "comment.text", "language": "comment.language", "stars": "rating",
            "published": "localizeddate", "author": "user.markupdisplayname", "about": "business.name",
        },
        needs="id, comment.text, rating, localizeddate",
        convert={"body": values.from_page},
        day_first=False,
        ignored=(
            *("userid", "user*", "business*", "comment*", "localized*", "feedback*", "photos*", "lightbox*"),
            *("totalphotos", "isupdated", "previousreviews", "tags", "appreciat*", "businessownerreplies"),
        ),
    ),
    layout(
        "app-reviews", "review", "",
        {
            "id": "reviewid", "title": "title", "body": "content", "stars": "score",
            "published": "at | updated | date", "author": "username", "url": "url",
        },
        needs="reviewid, username, content, score",
        first=_PUBLISHED,
        ignored=(
            *("user*", "thumbsupcount", "reviewcreatedversion", "reply*", "replied*", "appversion"),
            *("version", "vote*"),
        ),
    ),
)  # fmt: skip

TALK: Final = (
    # Reddit: Scrapfly's comments and posts, its own JSON (post, comment) and tables made of it.
    layout(
        "reddit", "comment", "reddit.com",
        {
            "id": "commentid", "body": "commentbody", "published": "publishingdate", "author": "author",
            "url": "link | commentlink", "thread": "of.info.postid | replyto.postlink",
            "parent": "of.commentid | of.info.postid", "about": "of.info.posttitle | replyto.posttitle",
        },
        needs="commentid, commentbody, publishingdate",
        first=frozenset(("url", "thread", "parent", "about")),
        ignored=(
            *("author*", "upvotes", "dislikes", "downvotes", "replies", "attachedcommentlinks", "replyto*"),
        ),
    ),
    layout(
        "reddit", "post", "reddit.com",
        {
            "id": "postid", "thread": "postid", "title": "posttitle | title", "published": "publishingdate",
            "author": "author", "url": "postlink | link | attachmentlink",
        },
        needs="postid, publishingdate",
        needs_one=("posttitle", "title"),
        first=frozenset(("title", "url")),
        ignored=(
            *("author*", "subreddit", "postsubreddit", "postlabel", "commentcount", "upvotecount"),
            *("postupvotes", "postscore", "attachmenttype", "attachmentlink"),
        ),
    ),
    *(
        layout(
            "reddit", "comment", "reddit.com",
            {
                "id": f"{at}id", "body": f"{at}body", "published": f"{at}created_utc",
                "author": f"{at}author", "thread": f"{at}link_id", "parent": f"{at}parent_id",
                "about": f"{at}link_title", "url": f"{at}permalink",
            },
            needs=f"{at}id, {at}body, {at}created_utc, {at}link_id",
            convert={"url": values.reddit_address, "id": values.reddit_comment},
            ignored=(f"{at}*", "kind"),
        )
        for at in ("", "data.")
    ),
    *(
        layout(
            "reddit", "post", "reddit.com",
            {
                "id": f"{at}id", "thread": f"{at}id", "title": f"{at}title", "body": f"{at}selftext",
                "published": f"{at}created_utc", "author": f"{at}author", "url": f"{at}permalink",
            },
            needs=f"{at}id, {at}title, {at}selftext, {at}created_utc",
            convert={
                "url": values.reddit_address, "id": values.reddit_post, "thread": values.reddit_post,
            },
            ignored=(f"{at}*", "kind"),
        )
        for at in ("", "data.")
    ),
    layout(
        "reddit", "post", "reddit.com",
        {
            "id": "id", "thread": "id", "title": "title", "body": "body", "author": "author",
            "published": "created_utc | created", "url": "url",
        },
        needs="id, title, body, url, num_comments",
        first=_PUBLISHED,
        convert={"id": values.reddit_post, "thread": values.reddit_post},
        ignored=("", "score", "subreddit", "num_*", "is_image", "created", "date_created"),
    ),
    layout(
        "youtube", "comment", "youtube.com",
        {
            "id": "comment.id", "body": "comment.text", "published": "comment.publishedtime",
            "author": "author.displayname",
        },
        needs="comment.id, comment.text, comment.publishedtime",
        convert={"published": values.edited},
        ignored=("comment*", "author*", "stats*", "replies"),
    ),
    layout(
        "threads", "post", "threads.net",
        {
            "id": "id", "body": "text", "published": "published_on", "author": "username", "url": "url",
            "thread": "of.thread.id", "about": "of.thread.text",
        },
        needs="id, text, published_on, username",
        ignored=("pk", "code", "user*", "has_audio", "reply_count", "like_count", "image*", "videos"),
    ),
)  # fmt: skip

OBSEI: Final = (
    _obsei(
        "review", "google.com",
        {
            "id": "meta.review_id", "published": "meta.review_timestamp | meta.review_datetime_utc",
            "stars": "meta.review_rating", "body": "meta.review_text | processed_text",
            "url": "meta.review_link", "about": "meta.name",
        },
        needs="meta.review_rating", day_first=False,
    ),
    _obsei(
        "review", "",
        {
            "id": "meta.reviewid | meta.id", "title": "meta.title", "published": "meta.at | meta.date",
            "stars": "meta.score | meta.rating", "body": "meta.content | processed_text",
            "author": "meta.username | meta.author",
        },
        needs="meta.content", needs_one=("meta.score", "meta.rating"),
    ),
    _obsei(
        "comment", "reddit.com",
        {
            "id": "meta.id", "published": "meta.created_utc", "body": "meta.body | processed_text",
            "author": "meta.author.name | meta.author", "thread": "meta.link_id",
            "parent": "meta.parent_id", "url": "meta.permalink",
        },
        needs="meta.created_utc, meta.link_id",
        convert={"url": values.reddit_address, "id": values.reddit_comment},
    ),
    _obsei(
        "post", "",
        {
            "id": "meta.id | meta.cid | meta.message_id", "title": "meta.title",
            "published": "meta.created_at | meta.created_time | meta.created_utc | meta.published date | "
            "meta.published | meta.updated | meta.date | meta.time | meta.timestamp",
            "body": "meta.message | meta.text | meta.body | processed_text",
            "url": "meta.url | meta.link | meta.permalink_url | meta.permalink",
            "author": "meta.author_id | meta.author",
        },
        needs="", convert={"published": values.edited},
    ),
)  # fmt: skip

ELSEWHERE: Final[tuple[Layout, ...]] = (*OBSEI, *GOOGLE, *REVIEW_SITES, *TALK)

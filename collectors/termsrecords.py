"""What the terms of each site say, in our words, with the day on which we read them.

`candidly source terms` shows the records, docs/sources/ holds them, and `collectors.terms` acts on them. They
are no legal advice: whoever runs a source reads the terms and says so with `terms_read`. What we did not read
ourselves says so (`read` is None), and `unverified` names what we could not confirm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

READ: Final = date(2026, 11, 23)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One record. `read`: the day we read the text at `address`, in its `version`; None: not read by us.

    `recheck`: within what time a text that is gone there must be gone here; `keep`: how long texts may stay,
    None where nothing is said. `permission`: why a written one must be named. `hosts`: interfaces of a site
    that forbids automated readers elsewhere.
    """

    site: str
    allowed: str
    address: str = ""
    version: str = ""
    read: date | None = None
    forbidden: str = ""
    deletion: str = ""
    recheck: timedelta | None = DAY
    retention: str = ""
    keep: timedelta | None = None
    attribution: str = ""
    excerpts: str = ""
    unverified: str = ""
    permission: str = ""
    instead: str = ""
    hosts: tuple[str, ...] = ()


_PAGES: Final = "Glassdoor, Indeed, kununu, LinkedIn and Yelp forbid automated readers, under every domain."

TERMS: Final[dict[str, Terms]] = {
    "reddit": Terms(
        site="Reddit",
        address="https://redditinc.com/policies/developer-terms",
        version="Developer Terms, revision of 24 March 2026",
        read=READ,
        allowed="Reading through the official interface with an app of your own that Reddit approved.",
        forbidden="Use by or for a business without written approval; training models; surveillance; "
        "a User-Agent that hides who asks.",
        deletion="What is changed or deleted there must change or go here as soon as possible.",
        retention="Everything is deleted when the agreement ends.",
        attribution="Source, link and user name. candidly gives source and link and keeps no user name.",
        unverified="That deletions must be followed within 48 hours: said by others, not found in the terms.",
        permission="Reddit wants to approve business use.",
        instead="import files with a `file` source",
    ),
    "x": Terms(
        site="X",
        address="https://docs.x.com/developer-terms",
        version="Developer Agreement and Policy, August 2026",
        read=READ,
        allowed="Reading through the paid interface; dashboards of brand mentions and aggregates are "
        "named as valid uses.",
        forbidden="Surveillance, background checks, profiles of persons, matching with other data; "
        "inferring health, money troubles, politics, race, religion, sex life, union membership or crime.",
        deletion="Deleted, changed, suspended or withheld posts are followed within 24 hours.",
        retention="Everything is deleted when the contract ends, with proof within 10 business days.",
        attribution="A link to the post.",
        excerpts="Others are given ids, and at most 500 posts per person and day by hand: mail and CSV that "
        "leave by themselves should hold links, not texts.",
        unverified="Whether 500 or 50,000 posts a day may be handed on by hand: two pages differ; take 500.",
    ),
    "facebook": Terms(
        site="Facebook",
        address="https://developers.facebook.com/terms/",
        version="Platform Terms",
        read=READ,
        allowed="Your own Page, with a Page token of somebody who has a task on it, after App Review.",
        forbidden="Profiles without consent; finding out who somebody is.",
        deletion="On request, and what is no longer needed; candidly looks stored items up within 24 hours.",
        attribution="A link to the post.",
        excerpts="Text and recommendation alone; nothing about who wrote them is stored.",
        unverified="Which permission exactly recommendations (`/ratings`) need.",
    ),
    "yelp": Terms(
        site="Yelp",
        address="https://terms.yelp.com/developers/api_terms/",
        version="the interface's documentation was read on 2026-11-23, its terms of use were not",
        allowed="Up to three excerpts of reviews of a business, through the Places API with your own key.",
        forbidden="Robots, spiders and scrapers on Yelp's pages, for business owners too.",
        deletion="Covered by the short storage.",
        retention="24 hours, then the text goes and the figures stay.",
        keep=DAY,
        attribution="Yelp's name and a link to the review.",
        excerpts="Shown as excerpts, each by itself; never put together.",
        unverified="The limit of 24 hours: widely told, the terms were not at hand.",
        hosts=("api.yelp.com",),
    ),
    "google_business": Terms(
        site="Google Business Profile",
        address="https://developers.google.com/my-business/content/policies",
        version="Business Profile APIs policies",
        read=READ,
        allowed="Reviews of locations that you own or manage, after Google approved the project.",
        forbidden="Other businesses' reviews; content of the Places API, which may not be stored.",
        deletion="No limit was found; candidly looks stored items up within 24 hours.",
        attribution="Google's name.",
        excerpts="Stars and text; nothing about who wrote them is stored.",
    ),
    "youtube": Terms(
        site="YouTube",
        address="https://developers.google.com/youtube/terms/developer-policies",
        allowed="Public comments, through the Data API with a key of your own.",
        deletion="No limit was found; candidly looks stored items up within 24 hours.",
        retention="30 days, or read anew before.",
        attribution="YouTube's name and a link to the comment.",
        unverified="All of it: the policies were not read by us. 30 days is what others say of them.",
    ),
    "hackernews": Terms(
        site="Hacker News",
        address="https://www.ycombinator.com/legal/",
        allowed="Public stories and comments, through the search that Algolia runs; it asks for no key.",
        deletion="No limit was found; candidly looks stored items up within 24 hours.",
        attribution="A link to the item.",
        unverified="All of it: no terms of the interface were found, and Y Combinator's were not read by us.",
    ),
    "mastodon": Terms(
        site="Mastodon",
        address="https://mastodon.social/terms-of-service",
        version="each server has terms of its own: read those of the server that you configure",
        allowed="Public posts, through the interface of a server whose terms allow it.",
        forbidden="On some servers, every automated collection. mastodon.social announced such a clause in "
        "June 2025 and took it back for revision; look what holds today.",
        deletion="No limit was found; what is deleted there should go here too.",
        attribution="A link to the post.",
        unverified="All of it: no server's terms were read by us.",
    ),
    "bluesky": Terms(
        site="Bluesky",
        address="https://bsky.social/about/support/tos",
        allowed="Public posts, through the search of a signed-in account.",
        deletion="No limit was found; candidly looks stored items up within 24 hours.",
        attribution="A link to the post.",
        unverified="All of it: the terms were not read by us.",
    ),
    "stackexchange": Terms(
        site="Stack Exchange",
        address="https://stackoverflow.com/legal/api-terms-of-use",
        allowed="Public posts under CC BY-SA, through the interface: 300 requests a day, 10,000 with a key.",
        deletion="No limit was found; candidly looks stored items up within 24 hours.",
        attribution="The licence asks for source, link and author. candidly gives source and link and keeps "
        "no author's name: do not publish quotes as they stand.",
        unverified="All of it: the terms were not read by us; the quotas are documented.",
    ),
    "trustpilot": Terms(
        site="Trustpilot",
        address="https://legal.trustpilot.com/for-businesses/terms-of-use-and-sale-for-businesses",
        allowed="Public reviews of a business unit, through the interface with the key of your own plan.",
        forbidden="Changing reviews; giving the key to others.",
        deletion="No limit was found; candidly looks stored items up within 24 hours.",
        attribution="Trustpilot's name and a link to the review.",
        unverified="All of it: the terms were not read by us. The rest is from the integration guidelines "
        "(version 2.7, November 2020), of which we know a part.",
    ),
    "page": Terms(
        site="Any website",
        version="the terms are those of each site",
        allowed="What the site's own terms allow. robots.txt is obeyed, but that it allows something is no "
        "permission.",
        forbidden=_PAGES,
        deletion="What is taken down there should go here too; nothing tells of it, so set `keep`.",
        attribution="The site's name and a link.",
        excerpts="Copyright and the rights in databases hold whatever the terms say.",
        instead="use an export, or pages that you saved, with a `file` source",
    ),
    "feed": Terms(
        site="Any feed",
        version="the terms are those of each site",
        allowed="What the site's own terms allow; a feed is offered for reading, seldom for publishing anew.",
        forbidden=_PAGES,
        deletion="What is taken down there should go here too; nothing tells of it, so set `keep`.",
        attribution="The site's name and a link.",
        instead="use an export, or pages that you saved, with a `file` source",
    ),
}
"""Source type -> its record. Every live type has one; a test sees to it."""

_EXPORT: Final = "use your own export, or pages that you saved, with a `file` source"

WITHOUT_COLLECTOR: Final[dict[str, Terms]] = {
    "glassdoor": Terms(
        site="Glassdoor",
        address="https://www.glassdoor.com/about/terms/",
        version="Terms of Use of 1 July 2026",
        read=READ,
        allowed="Nothing automated.",
        forbidden="Software or automated agents that scrape, strip or mine; copying others' content; framing "
        "and deep links without written permission.",
        unverified="Whether the partners' interface of old still exists.",
        instead=_EXPORT,
    ),
    "indeed": Terms(
        site="Indeed",
        address="https://www.indeed.com/legal",
        allowed="No interface for reviews was found.",
        forbidden="Treated like Glassdoor, which the same company runs.",
        unverified="The clause about scraping: not read by us.",
        instead=_EXPORT,
    ),
    "kununu": Terms(
        site="kununu",
        address="https://www.kununu.com/de/agb",
        version="XING/kununu terms in a copy of June 2024",
        read=READ,
        allowed="Nothing automated.",
        forbidden="Mechanisms, software or scripts; copying.",
        unverified="kununu GmbH has terms of its own since: not read by us.",
        instead=_EXPORT,
    ),
    "linkedin": Terms(
        site="LinkedIn",
        address="https://www.linkedin.com/legal/user-agreement",
        version="User Agreement, August 2026",
        read=READ,
        allowed="Nothing automated.",
        forbidden="Automated means and scraping.",
        instead=_EXPORT,
    ),
    "google_places": Terms(
        site="Google Places",
        address="https://developers.google.com/maps/documentation/places/web-service/policies",
        version="Policies for the Places API",
        read=READ,
        allowed="Showing reviews live, with attribution. Only the id of a place may be kept.",
        forbidden="Fetching ahead, caching, indexing and storing. candidly's figures rest on stored "
        "texts, so there is no such source type, and answers of this interface are refused.",
        instead="use `google_business` for locations of your own, or a Google Takeout of your profile with a "
        "`file` source",
    ),
}
"""Sites that people ask for and that no source type reads, and what to do instead."""

"""Writes the demo's configuration: every source of the demo world, on the addresses of the local servers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from candidly.demo.exports import INTERVIEWS, REVIEWS
from candidly.demo.servers import CLIENT_ID, CLIENT_SECRET, DemoServers
from candidly.demo.site_server import SLUGS
from candidly.demo.world import ALIASES, COMPANY, COMPETITOR, COMPETITOR_ALIASES, SUBREDDITS

ID_NAME: Final = "DEMO_REDDIT_CLIENT_ID"
SECRET_NAME: Final = "DEMO_REDDIT_CLIENT_SECRET"  # noqa: S105 - a name, so that nobody's real key is sent

_CONFIG: Final = """\
# The demo's configuration. Company, people and texts are invented; the servers ran on this machine only.
companies:
  - name: {company}
    aliases: [{aliases}]
    competitors: ["{competitor}"]
  - name: "{competitor}"
    aliases: [{competitor_aliases}]

sources:
  - name: reddit
    type: reddit
    subreddits: [{subreddits}]
    queries: ['"{company}" OR {alias}', '"{competitor}" OR "{competitor_alias}"']
    new: true                     # read every new submission too, and keep what names a company
    reddit_username: candidly_demo
    client_id_secret: {id_name}
    client_secret_secret: {secret_name}
    base_url: {reddit_url}
    terms_read: {today}
    permission: demo              # the real Reddit wants to approve business use; name its approval here

  - name: review-site
    type: page
    urls:
{pages}
    site: reviews.example
    max_pages: 100
    min_interval: 0               # for the demo's own server; leave it out for a real site
    allow_private: true           # the server is this machine
    terms_read: {today}

  - name: news
    type: feed
    urls: [{feed_url}]
    min_interval: 0
    allow_private: true
    terms_read: {today}

  - name: glassdoor-export
    type: file
    path: {reviews}
    company: {company}

  - name: interviews-export
    type: file
    path: {interviews}
    company: {company}

secrets:
  folder: secrets

report:
  folder: reports

alerts:
  channels:
    - {{name: console, type: console}}
    - {{name: log, type: file, path: alerts.jsonl}}
"""


def write_config(folder: Path, servers: DemoServers, now: datetime) -> Path:
    """Write config.yaml and the secrets that it names into `folder`; the path of config.yaml.

    The export files that it expects beside it are written by `exports.write_export`.
    """
    text = _CONFIG.format(
        company=COMPANY,
        alias=ALIASES[0],
        aliases=", ".join(ALIASES),
        competitor=COMPETITOR,
        competitor_alias=COMPETITOR_ALIASES[0],
        competitor_aliases=", ".join(COMPETITOR_ALIASES),
        subreddits=", ".join(SUBREDDITS),
        reddit_url=servers.reddit_url,
        feed_url=servers.feed_url,
        pages="\n".join(f"      - {servers.site_url}/{slug}/reviews" for slug in SLUGS),
        reviews=REVIEWS,
        interviews=INTERVIEWS,
        today=now.date().isoformat(),
        id_name=ID_NAME,
        secret_name=SECRET_NAME,
    )
    secrets = folder / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    secrets.chmod(0o700)
    for name, value in ((ID_NAME, CLIENT_ID), (SECRET_NAME, CLIENT_SECRET)):
        (secrets / name).write_text(f"{value}\n", encoding="utf-8")
        (secrets / name).chmod(0o600)
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path

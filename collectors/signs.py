"""What a page is that came instead of the wanted one: a captcha, a consent page, a login, an error. Pure."""

from __future__ import annotations

import re
from typing import Final

LOOKED_AT: Final = 200_000
"""Characters of a page that are looked at."""

_SIGNS: Final = {
    "a captcha or bot check": re.compile(
        r"captcha|cf-chl|challenge-platform|turnstile|datadome|perimeterx|px-captcha|are you (?:a )?human|"
        r"verify (?:that )?you are human|unusual traffic|checking your browser|just a moment\.\.\.|"
        r"automated (?:access|requests)|bot detection",
        re.IGNORECASE,
    ),
    "a consent page": re.compile(
        r"before you continue|consent\.(?:google|youtube|yahoo)|cookie[- ]?wall|"
        r"<form[^>]{0,300}consent|accept (?:all )?cookies to continue|zustimmen und weiter",
        re.IGNORECASE,
    ),
    "a login page": re.compile(
        r"<input[^>]{0,200}type=[\"']?password|(?:log|sign) ?in to (?:continue|see|view|read)|"
        r"please (?:log|sign) in|authwall",
        re.IGNORECASE,
    ),
    "an error page": re.compile(
        r"<title>[^<]{0,80}(?:error|not found|404|403|50[0-4]|unavailable|access denied|forbidden|"
        r"maintenance|blocked)|something went wrong|service unavailable|internal server error|"
        r"access denied|page not found|temporarily unavailable|under maintenance|wartungsarbeiten",
        re.IGNORECASE,
    ),
}
_CODE: Final = re.compile(r"<(script|style|noscript)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_END: Final = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_HEAD_ENDED: Final = re.compile(r"</head\s*>\s*<body\b", re.IGNORECASE)
_IN_TAG: Final = re.compile(r"<[a-zA-Z/!][^<>]{0,5000}\Z")


def signs(page: str) -> list[str]:
    """What the text of a page shows itself to be, most telling first; nothing for an ordinary page.

    Ask only where a page lacks what it should hold: a good one may speak of captchas too.
    """
    start = page[:LOOKED_AT]
    return [name for name, pattern in _SIGNS.items() if pattern.search(start)]


def cut_off(page: str) -> bool:
    """Whether a page ends before its end: inside a tag or a script, or without the end of what it opened.

    Pages may leave out `</body>` and `</html>`, but those that do leave out `</head>` as well.
    """
    rest = page.rstrip()
    if _END.search(rest[-5_000:]):
        return False
    if _IN_TAG.search(rest[-5_000:]):
        return True
    opened, closed = (len(re.findall(rf"<{way}script\b", rest, re.IGNORECASE)) for way in ("", "/"))
    return opened > closed or bool(_HEAD_ENDED.search(rest))


def looks_like(page: str) -> str:
    """The same in words for a message, those of scripts last: ": it looks like a login page"; or ""."""
    found = signs(_CODE.sub("", page[:LOOKED_AT])) or signs(page)
    return f": it looks like {found[0]}" if found else ""

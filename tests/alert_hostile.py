"""Words that strangers might try on the channels of an alert."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = [
    "<!channel>", "<!here>", "<!everyone>", "<@U123>", "<#C123>", "<!subteam^S1>",
    "<https://evil.example|click>", "@channel", "@here", "@everyone", "http://evil.example",
    "https://evil.example/a?b=c", "www.evil.example", "[a](javascript:alert(1))",
    "![x](https://evil.example/p.png)", "<at>Boss</at>", "**bold**", "`code`", "```", "~~", "> ", "# ",
    "- ", "\r\nBcc: x@example.org", "\r\n.\r\nMAIL FROM:<x@example.org>", "\n\n", "\r", "\x00", "\u202e",
    "\u2066", "\u200b", "\ud800", "\x1b[31m", "\x85", "\u2028", "&lt;", "&", "&#60;", '"', "'", "*", "_",
    "`", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</bdi></p>", "{{Author}}", "${x}",
    "mailto:x@evil.example", "e\u0301\u0301\u0301\u0301\u0301", "word", " ",
]  # fmt: skip
HOSTILE = st.one_of(
    st.text(max_size=400), st.lists(st.sampled_from(PIECES), min_size=1, max_size=30).map("".join)
)

"""The report as files: nothing that strangers wrote becomes markup, and the same facts in every format."""

import dataclasses
import html
import json
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from weekly_world import (
    COMPANY,
    NOW,
    SOURCES,
    START,
    World,
    covered_frame,
    frames,
    own_words,
    summary,
    trend_frame,
)

from candidly.errors import UsageError
from candidly.figures import Change, Group, Part, Quote, SourceCoverage, ThemeRow, Why, perhaps, usual
from reporting import changes, charts, safe
from reporting.weekly import days, publish, render_html, render_json, render_markdown, slug, stem

DATA = Path(__file__).parent / "data" / "report"
CHROMIUM = shutil.which("chromium")

PAYLOADS = [
    "<script>document.title='pwned'</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>document.title='pwned'</scr</script>ipt>",
    "<img src=x onerror=document.title='pwned'>",
    "<img src=\"x\" onerror=\"document.title='pwned'\">",
    "<IMG SRC=javascript:document.title='pwned'>",
    "<img src=`javascript:alert(1)`>",
    "<IMG \"\"\"><SCRIPT>document.title='pwned'</SCRIPT>\"\\>",
    "<svg onload=document.title='pwned'>",
    "<svg/onload=document.title='pwned'//",
    "<svg><script>document.title='pwned'</script></svg>",
    "</svg><script>document.title='pwned'</script>",
    "</title><script>document.title='pwned'</script>",
    "</desc></title></svg><img src=x onerror=document.title='pwned'>",
    "</style><script>document.title='pwned'</script>",
    "</bdi></blockquote></figure><script>document.title='pwned'</script>",
    "<body onload=document.title='pwned'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.document.title=\"pwned\"</script>'></iframe>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=></object>",
    "<embed src=javascript:alert(1)>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><input autofocus onfocus=document.title='pwned'>",
    "<input autofocus onfocus=document.title='pwned'>",
    "<details open ontoggle=document.title='pwned'>",
    "<video><source onerror=document.title='pwned'></video>",
    "<audio src=x onerror=document.title='pwned'>",
    "<marquee onstart=document.title='pwned'>",
    "<a href=javascript:document.title='pwned'>click</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">click</a>",
    "\" onmouseover=\"document.title='pwned'",
    "' onmouseover='document.title=1' x='",
    "\" autofocus onfocus=document.title='pwned' x=\"",
    "\"><script>document.title='pwned'</script>",
    "'><script>document.title='pwned'</script>",
    "--><script>document.title='pwned'</script><!--",
    "]]><script>document.title='pwned'</script>",
    "<![CDATA[<script>document.title='pwned'</script>]]>",
    "<!--<img src=\"--><img src=x onerror=document.title='pwned'//\">",
    "{{ ''.__class__.__mro__ }}{% for x in range(9) %}{{ self }}{% endfor %}",
    "${document.title='pwned'}",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=document.title='pwned'>",
    "<template><script>document.title='pwned'</script></template>",
    "<style>@import'//evil.example/x.css';body{display:none}</style>",
    "<noscript><p title=\"</noscript><img src=x onerror=document.title='pwned'>\">",
    "&lt;script&gt;document.title='pwned'&lt;/script&gt;",
    "\\x3cscript\\x3ealert(1)\\x3c/script\\x3e \u003cscript\u003ealert(1)\u003c/script\u003e",
    "\x00<script\x00>document.title='pwned'</script>\x0b\x1f",
    "\ud800<script>document.title='pwned'</script>\udfff",
    "\u202e>tpircs/<txet desrever>tpircs<\u2066",
    "＜script＞document.title='pwned'＜/script＞",
    "line one\n# heading\n- item\n\n```\ncode\n```\n> quote\n\n---\n",
    "[click](javascript:alert(1)) ![x](//evil.example/x.png) <javascript:alert(1)>",
    "[ref]: javascript:alert(1) 'x'",
    "| a | b |\n| --- | --- |\n| c | d |",
    "https://evil.example/x www.evil.example mallory@evil.example @somebody #1",
    "**bold** _em_ `code` ~~gone~~ $x$ \\<b\\> <b>html</b> &amp; &#60;b&#62;",
]  # fmt: skip
URLS = [
    "javascript:document.title='pwned'", "JaVaScRiPt:alert(1)", " javascript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "file:///etc/passwd",
    "//evil.example/", "/relative", "https://good.example\" onclick=\"alert(1)", "https://good.example/><script>",
    "https://user:pass@evil.example/", "https://", "https:///path", "http://[broken/", "https://good.example:99999/",
    "https://good.example/a b", "https://good.example/\u202egnp.exe".replace("\u202e", " "), "", "ftp://good.example/",
    "https://good.example/" + "a" * 3000, "https://good.example/`x`", "https://good.example/>)[x](javascript:1",
]  # fmt: skip


def world_figures(**changes):
    world = World()
    before = world.week(70, start=START - timedelta(days=7), negative=0.3, seed=3, first=1_000)
    week = world.week(88, negative=0.55, seed=5)
    other = world.week(61, negative=0.4, seed=8, first=3_000)
    given = {
        "trend": trend_frame([40, 52, 0, 3, 61, 70, 71, 88]), "sources": (*SOURCES, "quiet-forum"),
        "competitors": {"Halden & Price": other.mentions}, "versions": ("rules 1",),
        "runs": [{"source": SOURCES[0], "status": "ok", "finished": NOW}],
    }  # fmt: skip
    return summary(world, week, before, **(given | changes))


FIGURES = world_figures()


def hostile(text, url="https://good.example/x"):
    """The figures with `text` in every place that a stranger, a site or a user's file can reach."""
    row = dataclasses.replace(FIGURES.themes[0], theme=text, title=text)
    quote = Quote(text, "negative", "theme", text, "forum", text, text, url, date(2026, 11, 17))
    return dataclasses.replace(
        FIGURES,
        company=text,
        headline=text,
        sentence=text,
        notes=(text,),
        timezone=text,
        versions=(text,),
        themes=(row, ThemeRow("small", text, None)),
        quotes=(quote, dataclasses.replace(quote, reason="most negative", site="")),
        roles=(Group(text, 9, None),),
        languages=(Group(text, None, None),),
        coverage=(SourceCoverage(text, 0, 7, None, text, NOW, True),),
        competitors=(dataclasses.replace(FIGURES.competitors[0], company=text),),
    )


TAGS = """html head meta title style body main header section footer h1 h2 h3 p ul li div span b i bdi a
    figure figcaption blockquote table thead tbody tr th td dl dt dd svg desc g line text
    circle rect polygon polyline"""


def check_page(page):
    tree = lxml.html.document_fromstring(page)
    for element in tree.iter():
        assert isinstance(element.tag, str), "a comment"
        assert element.tag in TAGS.split()
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            assert name not in ("src", "srcset", "style", "action", "formaction", "xlink:href", "data")
            if name == "href":
                assert element.tag == "a"
                assert re.match(r"https?://[^/@]", value)
                assert element.get("rel") == "noopener noreferrer nofollow"
    assert tree.xpath("//meta[@http-equiv]/@http-equiv") == ["Content-Security-Policy"]
    assert len(tree.xpath("//style")) == 1
    return tree


def shape(tree):
    return [(element.tag, sorted(element.attrib)) for element in tree.iter()]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_in_html(payload):
    tree = check_page(render_html(hostile(payload)))
    harmless = check_page(render_html(hostile("harmless")))
    assert shape(tree) == shape(harmless)  # the text adds no element and no attribute anywhere
    shown = tree.xpath("//blockquote/bdi")[0].text
    assert " ".join(shown.split()) == " ".join(safe.clean(payload).split())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_in_markdown(payload):
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(render_markdown(hostile(payload)))
    harmless = parser.parse(render_markdown(hostile("harmless")))
    assert [t.type for t in tokens] == [t.type for t in harmless]
    for token in tokens:
        for child in token.children or []:
            assert child.type not in ("html_inline", "image", "code_inline", "em_open", "s_open")
            if child.type == "link_open":
                assert child.attrs["href"] == "https://good.example/x"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_survives_json(payload):
    read = json.loads(render_json(hostile(payload)))
    assert read["quotes"][0]["text"] == payload


@pytest.mark.parametrize("url", URLS)
def test_only_plain_web_addresses_become_links(url):
    assert safe.link(url) == ""
    tree = check_page(render_html(hostile("text", url)))
    assert tree.xpath("//a") == []
    assert "](<" not in render_markdown(hostile("text", url))
    assert json.loads(render_json(hostile("text", url)))["quotes"][0]["url"] == ""


@pytest.mark.parametrize(
    "url",
    ["https://forum.example/t/1?a=b&c=(d)#e", "http://forum.example:8080/", "https://münchen.example/ü"],
)
def test_plain_web_addresses_are_linked(url):
    tree = check_page(render_html(hostile("text", url)))
    assert tree.xpath("//a/@href") == [url] * 2
    assert f"](<{url}>)" in render_markdown(hostile("text", url))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_leaves_the_markdown_one_paragraph_of_text(text):
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"x {safe.markdown(text)}\n")
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children} == {"text"} or all(
        child.type in ("text", "text_special") for child in tokens[1].children
    )


def test_the_page_is_self_contained():
    page = render_html(FIGURES)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert html.unescape(page).count(policy) == 1
    assert "<script" not in page
    assert not re.search(r"url\(|@import|src=", page)
    assert len(page) < 80_000


def test_html_markdown_and_json_tell_the_same():
    page, text, data = render_html(FIGURES), render_markdown(FIGURES), json.loads(render_json(FIGURES))
    tree = check_page(page)
    plain = " ".join(tree.text_content().split())
    assert FIGURES.sentence in plain
    assert FIGURES.headline in text
    assert data["schema"] == "candidly.weekly/1"
    assert data["made"] == "2026-11-23T07:00:00+00:00"
    assert (data["negative"]["k"], data["negative"]["n"]) == (FIGURES.negative.k, FIGURES.negative.n)
    for row in FIGURES.themes:
        if row.mentions is not None:
            assert f"| {row.title} | {row.mentions} |" in text
            assert tree.xpath(f"//table[contains(@class, 'themes')]//tr[th/bdi='{row.title}']/td/text()")
    for quote in FIGURES.quotes:
        assert quote.text in plain
        assert quote.text in text.replace("\\", "")
    assert "missing, not zero" in plain
    assert "missing, not zero" in text


def test_no_author_has_a_place_in_a_report():
    assert "author" not in json.dumps([field.name for field in dataclasses.fields(Quote)])
    assert "author" not in render_json(FIGURES)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_small_weeks_render_without_figures(n):
    world = World()
    before = world.week(70, start=START - timedelta(days=7), first=1_000)
    figures = summary(world, world.week(n, negative=1.0) if n else frames(), before)
    page, text = render_html(figures), render_markdown(figures)
    check_page(page)
    assert ("fewer than 5" in text.split("## How to")[0]) is (n > 0)
    assert "–%" not in page
    assert not re.search(rf"\b{n} of\b", text.split("## Sources")[0]) or n == 0
    json.loads(render_json(figures))


def test_the_first_week_and_an_unscored_one_render():
    world = World()
    week = world.week(30)
    for figures in (
        summary(world, week, frames()),
        summary(world, week.of(week.mentions.assign(verdict=None, unscored="no text")), frames()),
    ):
        check_page(render_html(figures))
        assert "nan" not in (render_markdown(figures) + render_html(figures)).lower().replace("nance", "")


def test_a_withheld_theme_shows_its_name_and_no_number():
    small = [row for row in FIGURES.themes if row.mentions is None]
    assert small
    tree = check_page(render_html(FIGURES))
    assert small[0].title.lower() in tree.xpath("//p[contains(@class, 'after')]")[0].text_content()
    assert f"| {small[0].title} | fewer than 5 |  |  |  |  | – | – | – |" in render_markdown(FIGURES)


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_a_language_that_is_not_known_is_told_in_words_where_it_says_something(render):
    def said(*groups):
        page = render(dataclasses.replace(FIGURES, languages=groups))
        assert "und" not in re.findall(r"\w+", page)
        return "language unknown" in page, "Language" in re.findall(r"\w+", page)

    english, unknown = Group("en", 20, None), Group("und", 9, None)
    assert said(english, unknown) == (True, True)
    assert said(english, Group("und", None, None)) == (False, True)
    assert said(unknown) == (False, False)
    content = json.loads(render_json(dataclasses.replace(FIGURES, languages=(english, unknown))))
    assert [group["name"] for group in content["languages"]] == ["en", "und"]


def test_the_range_of_the_weeks_before_is_told_where_it_is_known():
    assert usual(FIGURES) == "40–71"  # a withheld week and one that nobody collected are left out
    assert "in the weeks before 40–71" in render_html(FIGURES)
    assert usual(dataclasses.replace(FIGURES, trend=FIGURES.trend[-3:])) == ""


def test_what_nobody_collected_is_missing_and_never_zero():
    world = World()
    week = world.week(60)
    figures = summary(world, week, frames(), covered=covered_frame(0), trend=trend_frame([40, 0, 60]))
    page, text = " ".join(check_page(render_html(figures)).text_content().split()), render_markdown(figures)
    assert json.loads(render_json(figures))["mentions_before"] is None
    assert "not collected the week before" in page
    assert "| Mentions | 60 | not collected |" in text
    assert "| 2026-W46 | not collected |" in text
    looked = summary(world, week, frames(), trend=trend_frame([40, 0, 60]))
    assert looked.mentions_before == 0
    assert "| Mentions | 60 | 0 |" in render_markdown(looked)
    assert "| 2026-W46 | 0 |" in render_markdown(looked)
    before = world.week(60, start=START - timedelta(days=7), first=1_000)
    blind = summary(world, frames(), before, covered=covered_frame(0))
    assert (blind.mentions, blind.scored, blind.unscored) == (None,) * 3
    assert "fewer than" not in render_markdown(blind).split("## How to")[0]
    assert "| Mentions | not collected | 60 |" in render_markdown(blind)


# Charts


def test_charts_can_be_read_without_seeing_them():
    tree = check_page(render_html(FIGURES))
    pictures = tree.xpath("//svg[@role='img']")
    assert len(pictures) >= 4
    for picture in pictures:
        assert picture.get("aria-label")
        assert picture.find("title").text
        assert picture.find("desc").text


def test_the_trend_line_breaks_where_a_week_is_missing():
    svg = charts.trend(FIGURES.trend, 5)
    assert svg.count("<polyline") == 2  # two weeks, then an empty and a withheld one, then four
    assert "2026-W43: fewer than 5 mentions" in svg
    assert "2026-W42: not collected" in svg
    looked = charts.trend([dataclasses.replace(one, total=one.total or 0) for one in FIGURES.trend], 5)
    assert "2026-W42: 0 mentions" in looked
    assert charts.trend([], 5) == ""
    lonely = charts.trend(FIGURES.trend[-1:], 5)
    assert "<polyline" not in lonely
    assert lonely.count("<circle") == 1


def test_a_theme_bar_is_as_long_as_its_mentions():
    row = ThemeRow("x", "X", 20, negative=10, mixed=5, neutral=0, positive=5)
    svg = charts.theme_bar(row, 40)
    assert re.findall(r'class="(negative|mixed|neutral|positive)" x="([\d.]+)%" width="([\d.]+)%"', svg) == [
        ("negative", "0.00", "25.00"),
        ("mixed", "25.00", "12.50"),
        ("positive", "37.50", "12.50"),
    ]


# Files


def test_publish_writes_each_format_under_a_name_of_its_own(tmp_path: Path):
    paths = publish(FIGURES, tmp_path / "reports", ("html", "md", "json"))
    assert [p.name for p in paths] == [
        f"northwind-robotics-2026-W47.{kind}" for kind in ("html", "md", "json")
    ]
    first = [p.read_bytes() for p in paths]
    assert [p.read_bytes() for p in publish(FIGURES, tmp_path / "reports", ("html", "md", "json"))] == first
    assert len(list((tmp_path / "reports").iterdir())) == 3


def test_publish_says_what_to_do_where_it_cannot_write(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot write"):
        publish(FIGURES, tmp_path / "file", ("md",))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Northwind Robotics", r"northwind-robotics"),
        ("Halden & Price", r"halden-price-[0-9a-f]{6}"),
        ("../../etc/passwd", r"etc-passwd-[0-9a-f]{6}"),
        ("東京ロボット", r"[0-9a-f]{6}"),
        ("Müller", r"muller-[0-9a-f]{6}"),
        ("CON", r"con"),
        ("a" * 300, r"a{60}-[0-9a-f]{6}"),
        ("\x00/\\:*?", r"[0-9a-f]{6}"),
    ],
)
def test_company_names_become_safe_file_names(name, expected):
    assert re.fullmatch(expected, slug(name))


def test_a_competitor_that_nobody_collected_has_no_number():
    unread = dataclasses.replace(FIGURES.competitors[0], mentions=None, negative=None, collected=False)
    figures = dataclasses.replace(FIGURES, competitors=(unread,))
    assert r"| Halden \& Price | not collected | – |" in render_markdown(figures)
    row = render_html(figures).split("<bdi>Halden &amp; Price</bdi>")[1].split("</tr>")[0]
    assert "not collected" in row
    assert json.loads(render_json(figures))["competitors"][0]["collected"] is False


def test_a_change_that_is_not_claimed_has_the_same_words_in_every_format():
    change = Change(0.22, 0.09, 0.36, "cannot tell")
    row = dataclasses.replace(FIGURES.themes[0], change=change)
    figures = dataclasses.replace(FIGURES, themes=(row, *FIGURES.themes[1:]))
    many = sum(len(one.parts) for one in figures.spans)
    assert f"because {many} themes and groups were looked at together" in perhaps(figures)
    page, text, data = render_html(figures), render_markdown(figures), json.loads(render_json(figures))
    for shown in (html.unescape(page), text):
        assert "perhaps a rise (+9 to +36)" in shown
        assert shown.count(perhaps(figures)) == 2, "under the table, and where the words are explained"
    assert data["themes"][0]["change"]["words"] == "perhaps a rise"
    assert data["legend"] == {"perhaps": perhaps(figures)}
    manual = " ".join((Path(__file__).parents[1] / "docs" / "report.md").read_text(encoding="utf-8").split())
    assert perhaps(figures).replace(f"because {many} themes", "because 16 themes") in manual


def test_names_that_look_alike_as_files_stay_apart():
    assert (
        len({slug(name) for name in ("Halden & Price", "Halden Price", "Halden + Price", "Halden/Price")})
        == 4
    )
    assert stem(dataclasses.replace(FIGURES, company="A/../b", week="../2026-W47")).count("/") == 0


def test_days_of_a_week_in_words():
    assert days(date(2026, 11, 16), date(2026, 11, 22)) == "16–22 November 2026"
    assert days(date(2026, 11, 30), date(2026, 12, 6)) == "30 November – 6 December 2026"
    assert days(date(2026, 12, 28), date(2027, 1, 3)) == "28 December 2026 – 3 January 2027"


def small_world():
    """24 mentions in each week, without any chance, so that the report can be compared word by word."""
    world = World()

    def week(first, start, silent):
        rows, opinions = [], []
        for i in range(24):
            pk, bad = first + i, i < silent
            said = f"In round {i} they promised an answer and then never came back." if bad else ""
            said = said or f"Interviewer {i} was well prepared and friendly from start to end."
            world.add(pk, f"{said} {own_words(pk)}", published=start + timedelta(hours=7 * i))
            theme, polarity = ("communication", "negative") if bad else ("interview", "positive")
            opinions.append((pk, theme, polarity, 3, 12))
            rows.append(
                (pk, SOURCES[0], "forum.example", "post", start + timedelta(hours=7 * i), "", polarity,
                 "text", (-0.5 if bad else 0.5) + i / 1000, None, "en", "", "candidate", "interviewed",
                 "employer" if bad else "none")
            )  # fmt: skip
        return frames(rows, opinions)

    before = week(100, START - timedelta(days=7), 6)
    return summary(
        world,
        week(1, START, 17),
        before,
        sources=SOURCES[:1],
        trend=trend_frame([24, 24]),
        versions=("rules 1",),
    )


@pytest.mark.parametrize(("kind", "render"), [("md", render_markdown), ("json", render_json)])
def test_the_small_report_reads_as_agreed(kind, render):
    expected = (DATA / f"small.expected.{kind}").read_text(encoding="utf-8")
    assert render(small_world()) == expected


# In a real browser


def browse(page: Path, tmp_path: Path) -> str:
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,2000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_no_payload_runs_in_a_browser(tmp_path: Path):
    figures = hostile("harmless")
    quotes = [
        Quote(p, "negative", "theme", p, p, p, p, URLS[i % len(URLS)], None) for i, p in enumerate(PAYLOADS)
    ]
    rows = [dataclasses.replace(figures.themes[0], theme=p, title=p) for p in PAYLOADS]
    page = render_html(
        dataclasses.replace(figures, company="".join(PAYLOADS), quotes=tuple(quotes), themes=tuple(rows))
    )
    assert "pwned" in page
    armed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)  # escaping alone must hold
    armed = re.sub(r"<title>.*?</title>", "<title>calm</title>", armed, count=1, flags=re.DOTALL)
    (tmp_path / "page.html").write_text(armed, encoding="utf-8")
    dom = lxml.html.document_fromstring(browse(tmp_path / "page.html", tmp_path))
    assert dom.xpath("//head/title")[0].text == "calm"
    assert dom.xpath("//script | //img | //iframe | //object | //embed | //form | //input") == []


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_horizontal_scrolling(width, tmp_path: Path):
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenverkaufsabteilungsleiterin" * 2
    for name, figures in (("plain", FIGURES), ("long", hostile(long))):
        page = html.escape(re.sub(r"<meta http-equiv[^>]*>", "", render_html(figures)))
        measure = (
            'onload="const d=this.contentDocument.documentElement;'
            "document.title=d.scrollWidth+' '+this.clientWidth\""
        )
        outer = tmp_path / f"{name}.html"
        outer.write_text(
            f'<iframe style="width:{width}px;height:900px;border:0" {measure} srcdoc="{page}"></iframe>'
        )
        found = re.search(r"<title>(\d+) (\d+)</title>", browse(outer, tmp_path))
        assert found, name
        assert int(found[1]) <= int(found[2]), (name, found.groups())


def test_figures_name_the_company():
    assert FIGURES.company == COMPANY
    assert COMPANY in render_html(FIGURES)


@pytest.mark.parametrize(
    ("site", "told"), [(9, ["More from site", "Rest of the mix"]), (4, ["Who speaks, and where"])]
)
def test_there_is_a_rest_only_beside_what_is_told(site, told):
    tenths = {"site": site, "forum": 3, "communication": 60, "other": 1}
    kinds = ["source", "source", "theme", "rest"]
    parts = tuple(
        Part(kind, name, f"More from {name}", n / 1000, n)
        for kind, (name, n) in zip(kinds, tenths.items(), strict=True)
    )
    total = sum(tenths.values())
    why = Why("week", total / 1000, 0.0, 0.0, total, site + 3, 61, parts)
    rows = changes.why_rows(why)
    assert [title for kind, title, _ in rows if kind == "source"] == told
    assert sum(n for *_, n in rows) == total

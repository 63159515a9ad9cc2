"""Cards come from anybody who brings a composer: what may reach a browser, and what never does."""

from __future__ import annotations

import re

import pytest

from bachtest.composers.markdown import MAX_CARD, render_card, render_our_card

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^>]*)?)>")
ALLOWED = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6"),
}
# Of the site, around what may be wide.
REGION = re.compile(
    r'<div class="table-scroll" tabindex="0" role="region"'
    r' aria-label="(?:Table|Example) \d+ of the card">(<(table|pre)>.*?</\2>)</div>',
    flags=re.DOTALL,
)
HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.com/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<b onclick=alert(1)>bold</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<iframe src=http://evil.com></iframe>",
    "<form action=/admin/><input name=a></form>",
    "<svg><script>alert(1)</script></svg>",
    "<div><div><p onmouseover=alert(1)>nested</p></div></div>",
    "<!-- <script>alert(1)</script> -->",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](/admin/logout/)",
    "[x](//evil.com)",
    "[x](http:evil.com)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](http://evil.com/pixel.png)",
    "![<script>alert(1)</script>](http://evil.com/pixel.png)",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](http://a.b "\\" onclick=alert(1) \\"")',
    "```html onclick=x\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "# <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <img onerror=x> |",
]
BOMBS = {
    "brackets": "[" * MAX_CARD,
    "images": "![" * (MAX_CARD // 2),
    "open links": "[a](" * (MAX_CARD // 4),
    "emphasis": "*a **a " * (MAX_CARD // 7),
    "underlines": "_a__" * (MAX_CARD // 4),
    "quotes": "> " * (MAX_CARD // 2),
    "lists": "- " * (MAX_CARD // 2),
    "backticks": "".join("`" * n + " " for n in range(1, 300)),
    "references": f"[a]: http://{'x' * 24_000}\n\n" + "[a]" * 8_000,
    "table": "|".join("a" * 8_000) + "\n" + "|".join(["-"] * 8_000) + "\n" + "|\n" * 8_000,
    "nested links": "[" * 20_000 + "a" + "](http://b)" * 2_700,
    "entities": "&" * MAX_CARD,
}


def assert_harmless(drawn: str) -> None:
    drawn = REGION.sub(r"\1", drawn)
    for _, name, attributes in TAG.findall(drawn):
        assert name in ALLOWED, name
        rest = re.sub(r'\s(?:title|start|rel)="[^"]*"', "", attributes)
        rest = re.sub(r'\shref="https?://[^"]*"', "", rest, flags=re.IGNORECASE)
        assert rest == "", attributes
    # Nothing else looks like a tag.
    assert "<" not in TAG.sub("", drawn)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_runs_or_loads_reaches_a_browser(text):
    assert_harmless(render_card(text))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_stays_small(name):
    drawn = render_card(BOMBS[name])
    assert_harmless(drawn)
    assert len(drawn) < 20 * MAX_CARD


def test_a_card_is_read_up_to_its_longest_length():
    assert render_card("a" * MAX_CARD + "b" * 10).count("b") == 0


def test_links_lead_to_the_web_and_give_no_credit():
    drawn = render_card("[page](https://example.org/?a=1&b=2) and <http://example.org>")
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="nofollow noopener">page</a>' in drawn
    assert drawn.count('rel="nofollow noopener"') == 2


def test_headings_stand_below_those_of_the_page():
    drawn = render_card("# One\n\n## Two\n\n#### Four\n\n###### Six\n\nTitle\n===\n")
    assert re.findall(r"<(h\d)>", drawn) == ["h3", "h4", "h6", "h6", "h3"]


def test_no_level_is_skipped_where_the_highest_is_not_the_first():
    assert re.findall(r"<(h\d)>", render_card("## Two\n\n### Three\n")) == ["h3", "h4"]


def test_wide_parts_scroll_where_the_keyboard_reaches_them():
    drawn = render_card("| | x |\n|---|---|\n| 1 | 2 |\n\n```\nlong\n```\n")
    labels = re.findall(r'role="region" aria-label="([^"]*)"', drawn)
    assert labels == ["Table 1 of the card", "Example 2 of the card"]
    assert "<th></th>" not in drawn


def test_a_picture_becomes_its_words():
    assert render_card("![a score](http://example.org/a.png)") == "<p>a score</p>\n"


def test_what_authors_need_is_drawn():
    drawn = render_card(
        "*a* **b** `c`\n\n1. one\n\n> said\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n---\n"
    )
    for tag in ("em", "strong", "code", "ol", "li", "blockquote", "table", "th", "td", "hr"):
        assert f"<{tag}>" in drawn


class TestOurCards:
    """Those that come with the code, from `docs/families`."""

    def test_the_pictures_of_the_site_are_shown(self):
        drawn = render_our_card("![a plot](../../static/img/families/markov.svg)")
        assert '<img src="/static/img/families/markov.svg" alt="a plot">' in drawn

    def test_other_pictures_and_scripts_are_not(self):
        for text in HOSTILE:
            drawn = render_our_card(text)
            assert "<img" not in drawn
            assert_harmless(drawn)

    def test_title_comments_and_links_to_other_pages_stay_behind(self):
        card = (
            "# markov\n\nSee [scores](scores.md), [web](https://example.org).\n\n<!-- b -->\nEnd\n"
        )
        drawn = render_our_card(card)
        assert "markov" not in drawn
        assert "b -->" not in drawn
        assert "See scores, <a href=" in drawn

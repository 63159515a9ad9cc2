"""A composer's card: Markdown by anybody who brings a composer, as HTML that is safe to show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count

import nh3
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_CARD = 50_000
"""Characters of a card."""
SCHEMES = ("http://", "https://")

_BELOW = 2  # the page's own headings
_TAGS = {"p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6"}
OUR_PICTURES = "../../static/"
"""Where the cards in `docs/families` find the pictures that the site serves."""
_COMMENT = re.compile(r"<!--.*?-->\n?", flags=re.DOTALL)
_LINK_TO_A_PAGE = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)[^)]*\)")
_SCROLLING = re.compile(r"<(table|pre)>.*?</\1>", flags=re.DOTALL)
_TITLE = re.compile(r"\A\s*# .*\n")


@lru_cache(maxsize=32)
def render_our_card(text: str) -> SafeString:
    """A card that comes with the code: without title and links to other pages, with pictures."""
    markdown = _parser()
    markdown.validateLink = lambda url: _leads_to_the_web(url) or _is_our_picture(url)  # type: ignore[method-assign]
    markdown.add_render_rule("image", _our_picture)
    shown = _LINK_TO_A_PAGE.sub(r"\1", _TITLE.sub("", _COMMENT.sub("", text)))
    return _cleaned(_drawn(markdown, shown), _TAGS | {"img"}, {"img": {"src", "alt"}})


@lru_cache(maxsize=32)
def render_card(text: str) -> SafeString:
    """The card as HTML: headings below the page's, links to the web alone, no picture, no HTML."""
    return _cleaned(_drawn(_parser(), text[:MAX_CARD]), _TAGS, {})


def _drawn(markdown: MarkdownIt, text: str) -> str:
    tokens = markdown.parse(text)
    headings = [each for each in tokens if each.type in ("heading_open", "heading_close")]
    highest = min((int(each.tag[1:]) for each in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1:]) - highest + 1 + _BELOW, 6)}"
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _cleaned(drawn: str, tags: set[str], attributes: dict[str, set[str]]) -> SafeString:
    cleaned = nh3.clean(
        drawn,
        tags=tags,
        attributes={"a": {"href"}, "ol": {"start"}, **attributes},
        url_schemes={"http", "https"},
        link_rel="nofollow noopener",
    )
    return mark_safe(_reachable(cleaned))  # nh3 keeps these tags and attributes, and nothing else


def _reachable(cleaned: str) -> str:
    """What may be too wide for a phone scrolls in a region that the keyboard reaches."""
    numbers = count(1)

    def region(match: re.Match[str]) -> str:
        name = "Table" if match[1] == "table" else "Example"
        label = f'aria-label="{name} {next(numbers)} of the card"'
        return f'<div class="table-scroll" tabindex="0" role="region" {label}>{match[0]}</div>'

    return _SCROLLING.sub(region, cleaned).replace("<th></th>", "<td></td>")


def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # A definition may be used thousands of times, each a copy of its address.
    markdown.disable("reference")
    markdown.validateLink = _leads_to_the_web  # type: ignore[method-assign]
    markdown.add_render_rule("image", _words_for_image)
    return markdown


def _leads_to_the_web(url: str) -> bool:
    return url.lower().startswith(SCHEMES)


def _is_our_picture(url: str) -> bool:
    return url.startswith(OUR_PICTURES)


def _our_picture(
    renderer: object, tokens: Sequence[Token], index: int, options: object, env: object
) -> str:
    token = tokens[index]
    url = str(token.attrs["src"])
    if not _is_our_picture(url):
        return escape(token.content)
    path = url.removeprefix(OUR_PICTURES)
    return format_html('<img src="{}" alt="{}">', static(path), token.content)


def _words_for_image(
    renderer: object, tokens: Sequence[Token], index: int, options: object, env: object
) -> str:
    return escape(tokens[index].content)

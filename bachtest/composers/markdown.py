"""A composer's card: Markdown by anybody who brings a composer, as HTML that is safe to show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_CARD = 50_000
"""Characters of a card."""
SCHEMES = ("http://", "https://")

_BELOW = 2  # the page's own headings
_TAGS = {"p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6"}


@lru_cache(maxsize=32)
def render_card(text: str) -> SafeString:
    """The card as HTML: headings below the page's, links to the web alone, no picture, no HTML."""
    markdown = _parser()
    tokens = markdown.parse(text[:MAX_CARD])
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + _BELOW, 6)}"
    drawn = str(markdown.renderer.render(tokens, markdown.options, {}))
    cleaned = nh3.clean(
        drawn,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https"},
        link_rel="nofollow noopener",
    )
    return mark_safe(cleaned)  # nh3 keeps the tags and attributes above, and nothing else


def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # A definition may be used thousands of times, each a copy of its address.
    markdown.disable("reference")
    markdown.validateLink = _leads_to_the_web  # type: ignore[method-assign]
    markdown.add_render_rule("image", _words_for_image)
    return markdown


def _leads_to_the_web(url: str) -> bool:
    return url.lower().startswith(SCHEMES)


def _words_for_image(
    renderer: object, tokens: Sequence[Token], index: int, options: object, env: object
) -> str:
    return escape(tokens[index].content)

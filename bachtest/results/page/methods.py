"""The methods page: two pages of this checkout's docs, with an address for every heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

DOCS = Path(settings.BASE_DIR) / "docs"
SCROLLING = {"table_open": "table", "fence": "example", "code_block": "example"}


@lru_cache
def methods_html(name: str) -> str:
    """A page of the docs as HTML. Links to other files in the checkout become plain words."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((DOCS / f"{name}.md").read_text(encoding="utf-8"))
    heading, scrolling = "", 0
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor_of(inline.content))
            heading = re.sub(r"[`*]", "", inline.content)
        if inline.type == "inline":
            inline.children = _without_files(inline.children or [])
        if inline.type in SCROLLING:
            scrolling += 1
            inline.meta["label"] = f"{heading}, {SCROLLING[inline.type]} {scrolling}"
    for name in SCROLLING:
        markdown.add_render_rule(name, _opened_region)
    markdown.add_render_rule("table_close", _closed_region)
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def _opened_region(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    """What is too wide for a phone scrolls in a region that the keyboard reaches."""
    label = escape(tokens[at].meta["label"])
    region = f'<div class="table-scroll" tabindex="0" role="region" aria-label="{label}">'
    if tokens[at].type == "table_open":
        return region + renderer.renderToken(tokens, at, options, env)
    draw = renderer.fence if tokens[at].type == "fence" else renderer.code_block
    return f"{region}{draw(tokens, at, options, env)}</div>\n"


def _closed_region(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    return renderer.renderToken(tokens, at, options, env) + "</div>\n"


def anchor_of(heading: str) -> str:
    """As GitHub makes them: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _without_files(tokens: list[Token]) -> list[Token]:
    remaining, reachable = [], True
    for token in tokens:
        if token.type == "link_open":
            reachable = re.match(r"https?://|#", str(token.attrGet("href"))) is not None
        if reachable or token.type not in ("link_open", "link_close"):
            remaining.append(token)
        if token.type == "link_close":
            reachable = True
    return remaining

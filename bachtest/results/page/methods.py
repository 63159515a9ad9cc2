"""The methods page: two pages of this checkout's docs, with an address for every heading."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = Path(settings.BASE_DIR) / "docs"


@lru_cache
def methods_html(name: str) -> str:
    """A page of the docs as HTML. Links to other files in the checkout become plain words."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((DOCS / f"{name}.md").read_text(encoding="utf-8"))
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor_of(inline.content))
        if inline.type == "inline":
            inline.children = _without_files(inline.children or [])
    return str(markdown.renderer.render(tokens, markdown.options, {}))


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

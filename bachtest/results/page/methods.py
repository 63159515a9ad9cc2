"""The page of methods: docs/statistics.md as it is in this checkout, its headings as addresses."""

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
    """A page of the docs as HTML. Links to other files of the checkout become plain words."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((DOCS / f"{name}.md").read_text(encoding="utf-8"))
    for opening, words in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor_of(words.content))
        if words.type == "inline":
            words.children = _without_files(words.children or [])
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def anchor_of(heading: str) -> str:
    """As GitHub makes them: small letters, no signs, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _without_files(tokens: list[Token]) -> list[Token]:
    kept, outside = [], True
    for token in tokens:
        if token.type == "link_open":
            outside = re.match(r"https?://|#", str(token.attrGet("href"))) is not None
        if outside or token.type not in ("link_open", "link_close"):
            kept.append(token)
        if token.type == "link_close":
            outside = True
    return kept

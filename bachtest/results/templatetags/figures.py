from __future__ import annotations

from django import template

from bachtest.results.page import percent

register = template.Library()
register.filter(percent)


@register.filter
def across(share: float) -> str:
    """A place in a picture, as SVG wants it."""
    return f"{100 * share:.2f}%"

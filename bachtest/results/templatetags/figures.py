from __future__ import annotations

from math import isinf
from typing import Protocol

from django import template

from bachtest.results.page.rows import percent
from bachtest.stats.rates.result import counted

register = template.Library()
register.filter(percent)
register.filter(counted)


class Bounds(Protocol):
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


@register.simple_tag
def interval(rate: Bounds) -> str:
    return f"{100 * rate.low:.1f} to {100 * rate.high:.1f}%"


@register.filter
def thousands(count: int) -> str:
    return f"{count:,}"


@register.filter
def d_prime(value: float | None) -> str:
    if value is None:
        return ""
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:z.2f}".replace("-", "−")


@register.filter
def signed(value: float | None) -> str:
    return "" if value is None else f"{value:+z.2f}".replace("-", "−")


@register.filter
def e_value(value: float) -> str:
    return f"{value:.2g}" if value < 1000 else f"{value:.1e}"


@register.filter
def p_value(value: float) -> str:
    return "< .001" if value < 0.001 else f"= {value:.3f}".replace("0.", ".", 1)

"""Published results of others, to compare ours with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRate:
    """A published rate with its 95 % interval; `n` is published or inferred."""

    condition: str
    rate: float
    low: float
    high: float
    n: int


BACHBOT_NAME = "BachBot 2016"
BACHBOT_SOURCE = (
    "F. Liang, BachBot: Automatic composition in the style of Bach chorales, MPhil thesis,"
    " University of Cambridge, 2016: 721 people, 3,605 answers; rates and intervals read off its"
    " figures"
)
# `n` is inferred from the widths of the intervals, and adds up to 3,585.
BACHBOT: tuple[PublishedRate, ...] = (
    PublishedRate("S", 0.76, 0.692, 0.813, 189),
    PublishedRate("A", 0.61, 0.530, 0.672, 177),
    PublishedRate("T", 0.64, 0.564, 0.704, 178),
    PublishedRate("B", 0.49, 0.411, 0.560, 169),
    PublishedRate("AT", 0.73, 0.696, 0.760, 718),
    PublishedRate("ATB", 0.67, 0.633, 0.702, 717),
    PublishedRate("SATB", 0.59, 0.560, 0.611, 1437),
)

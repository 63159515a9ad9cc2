"""Pairs that sound alike: how many a composer has, and its rate had they been played.

Conventions
-----------
A pair without audible difference is never played: nobody could do better than guess. That alone
would make the best imitator look easier to tell than it is. So its share of the pairs stands beside
the rate, together with the rate as it would be had such pairs been played and guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.summary import FEW, Count


@dataclass(frozen=True)
class PoolCount:
    """Pairs of one composer and condition: all that could play but for `alike` of them.

    `differing` is the sum over these pairs of the share of written cells that differ from Bach's.
    """

    composer: str
    condition: str
    pairs: int
    alike: int
    differing: float


@dataclass(frozen=True)
class Likeness:
    """How alike a composer's pairs are; None where there is nothing to divide by."""

    composer: str
    pairs: int
    alike: int
    share_alike: float | None
    mean_differing: float | None
    answers: int
    rate: float | None
    rate_if_guessed: float | None

    @property
    def few(self) -> bool:
        return self.answers < FEW


def likeness(pool: Iterable[PoolCount], answers: Iterable[Count]) -> tuple[Likeness, ...]:
    """For every composer of the pool: share of pairs alike, mean difference, both rates.

    With ``a_c`` the share of pairs alike in condition c, ``n_c`` answers there and ``x_c`` of them
    right, the rate had such pairs been guessed is
    ``sum_c ((1 - a_c) x_c + a_c n_c / 2) / sum_c n_c``: a game asks for its conditions in fixed
    numbers, so the answers to pairs alike would have taken the place of others in the same
    condition.

    Parameters
    ----------
    pool : iterable of PoolCount
    answers : iterable of Count
        Labelled ``(composer, condition)``.

    Returns
    -------
    tuple of Likeness
        In alphabetical order.

    Raises
    ------
    ValueError
        If more pairs are alike than there are.

    Examples
    --------
    >>> pool = [PoolCount("flagship", "ATB", 10, 2, 4.0)]
    >>> [found] = likeness(pool, [Count(("flagship", "ATB"), 100, 70)])
    >>> found.share_alike, found.mean_differing, found.rate, round(found.rate_if_guessed, 3)
    (0.2, 0.4, 0.7, 0.66)
    """
    by_composer: dict[str, dict[str, tuple[int, int, float]]] = {}
    for row in pool:
        if not 0 <= row.alike <= row.pairs:
            raise ValueError(f"{row.alike} pairs alike of {row.pairs} ({row.composer})")
        conditions = by_composer.setdefault(row.composer, {})
        pairs, alike, differing = conditions.get(row.condition, (0, 0, 0.0))
        conditions[row.condition] = (
            pairs + row.pairs,
            alike + row.alike,
            differing + row.differing,
        )
    counts: dict[str, list[Count]] = {}
    for count in answers:
        counts.setdefault(count.labels[0], []).append(count)
    return tuple(
        _likeness(composer, by_composer[composer], counts.get(composer, []))
        for composer in sorted(by_composer)
    )


def _likeness(
    composer: str, conditions: dict[str, tuple[int, int, float]], answers: list[Count]
) -> Likeness:
    pairs = sum(row[0] for row in conditions.values())
    alike = sum(row[1] for row in conditions.values())
    differing = sum(row[2] for row in conditions.values())
    n = sum(count.n for count in answers)
    right = sum(count.correct for count in answers)
    guessed = 0.0
    for count in answers:
        made, same, _ = conditions.get(count.labels[1], (0, 0, 0.0))
        share = same / made if made else 0.0
        guessed += (1 - share) * count.correct + share * count.n * CHANCE
    return Likeness(
        composer,
        pairs,
        alike,
        alike / pairs if pairs else None,
        differing / pairs if pairs else None,
        n,
        right / n if n else None,
        guessed / n if n else None,
    )

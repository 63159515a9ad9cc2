"""Identical pairs: how many a composer has, and what its rate would be had they been played.

Conventions
-----------
A pair without an audible difference is never played: nobody could do better than guess. That alone
would make the best imitator look easier to tell from Bach than it is. So the share of identical
pairs is shown beside the rate, with the rate that such pairs, guessed, would have led to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.summary import FEW, AnswerCount


@dataclass(frozen=True)
class PoolCount:
    """Pairs of one composer and condition, `identical` of them Bach's notes; all others can play.

    `differing` is the sum over these pairs of the share of written cells that differ from Bach's.
    """

    composer: str
    condition: str
    pairs: int
    identical: int
    differing: float
    version: str = ""


@dataclass(frozen=True)
class IdenticalPairs:
    """How many of a composer's pairs are identical; None where there is nothing to divide by."""

    composer: str
    pairs: int
    identical: int
    share_identical: float | None
    mean_differing: float | None
    answers: int
    rate: float | None
    rate_if_guessed: float | None

    @property
    def few(self) -> bool:
        return self.answers < FEW


@dataclass
class _Pool:
    pairs: int = 0
    identical: int = 0
    differing: float = 0.0

    def add(self, count: PoolCount) -> None:
        self.pairs += count.pairs
        self.identical += count.identical
        self.differing += count.differing


def identical_pairs(
    pool: Iterable[PoolCount], answers: Iterable[AnswerCount]
) -> tuple[IdenticalPairs, ...]:
    """For every composer of the pool: share of identical pairs, mean difference, both rates.

    With ``a_c`` the share of identical pairs in condition c, ``n_c`` answers there and ``x_c`` of
    them right, the rate had such pairs been guessed is
    ``sum_c ((1 - a_c) x_c + a_c n_c / 2) / sum_c n_c``: a game has a fixed number of rounds of each
    condition, so answers to identical pairs would have replaced others in the same condition.

    Parameters
    ----------
    pool : iterable of PoolCount
    answers : iterable of AnswerCount
        Labelled ``(composer, condition)``.

    Returns
    -------
    tuple of IdenticalPairs
        In alphabetical order.

    Raises
    ------
    ValueError
        If more pairs are identical than there are.

    Examples
    --------
    >>> pool = [PoolCount("bot", "ATB", 10, 2, 4.0)]
    >>> [row] = identical_pairs(pool, [AnswerCount(("bot", "ATB"), 100, 70)])
    >>> row.share_identical, row.mean_differing, row.rate, round(row.rate_if_guessed, 3)
    (0.2, 0.4, 0.7, 0.66)
    """
    pools: dict[str, dict[str, _Pool]] = {}
    for row in pool:
        if not 0 <= row.identical <= row.pairs:
            raise ValueError(f"{row.identical} identical pairs of {row.pairs} ({row.composer})")
        pools.setdefault(row.composer, {}).setdefault(row.condition, _Pool()).add(row)
    counts: dict[str, list[AnswerCount]] = {}
    for count in answers:
        counts.setdefault(count.labels[0], []).append(count)
    return tuple(
        _of_composer(composer, pools[composer], counts.get(composer, []))
        for composer in sorted(pools)
    )


def _of_composer(
    composer: str, pools: dict[str, _Pool], answers: list[AnswerCount]
) -> IdenticalPairs:
    pairs = sum(pool.pairs for pool in pools.values())
    identical = sum(pool.identical for pool in pools.values())
    differing = sum(pool.differing for pool in pools.values())
    n = sum(count.n for count in answers)
    correct = sum(count.correct for count in answers)
    correct_if_guessed = 0.0
    for count in answers:
        pool = pools.get(count.labels[1], _Pool())
        share = pool.identical / pool.pairs if pool.pairs else 0.0
        correct_if_guessed += (1 - share) * count.correct + share * count.n * CHANCE
    return IdenticalPairs(
        composer,
        pairs,
        identical,
        identical / pairs if pairs else None,
        differing / pairs if pairs else None,
        n,
        correct / n if n else None,
        correct_if_guessed / n if n else None,
    )

"""How many more answers would decide, by the exact tests themselves.

Conventions
-----------
The rate of right answers stays where it is. Of more answers as many are right as come nearest to
that rate; half an answer counts against the decision. Exact tests are not monotone in the number of
answers, so what is given is the least number from which on no larger one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import counted
from bachtest.stats.verdict.sample_size import Decision, least, nothing_decides

FloatArray = NDArray[np.float64]
Decides = Callable[[FloatArray, FloatArray], NDArray[np.bool_]]
# Nearer than this to what would decide nothing, tens of millions of answers would be needed.
_NEAREST = 2e-4
_ABOVE_0 = 1e-9


def answers_that_would_decide(
    correct: int, n: int, *, alpha: float, margin: float | None, difference: bool = True
) -> Decision:
    """The least number of further answers from which on the exact tests decide.

    Parameters
    ----------
    correct, n : int
        So far; `n` is at least 1.
    alpha : float
        Size of the two-sided test of one half, and of the two one-sided tests of equivalence.
    margin : float or None
        Without a margin only a difference can be shown.
    difference : bool
        False where a rate on this side of one half decides nothing.

    Returns
    -------
    Decision

    Examples
    --------
    >>> [answers_that_would_decide(x, 100, alpha=0.05, margin=None).answers for x in (40, 60)]
    [10, 10]
    """
    more_common = max(correct, n - correct)  # what is said below one half mirrors it
    distance = more_common / n - CHANCE
    inside = 0.0 if margin is None else margin - distance
    tests = []
    if difference and distance >= _NEAREST:
        tests.append(_ExactTest(_shows_difference(alpha), half_counts_up=False))
    if margin is not None and inside >= _NEAREST:
        tests.append(_ExactTest(_shows_equivalence(alpha, margin), half_counts_up=True))
    if not tests:
        return nothing_decides(correct / n, margin)
    more = max(1, _least_size(more_common, n, tests) - n)
    return Decision(
        more,
        None,
        f"{counted(more, 'more answer')} would decide by the exact test, if the rate stays at"
        f" {correct / n:.1%} (to the nearest answer).",
    )


def _shows_difference(alpha: float) -> Decides:
    from scipy.special import betainc

    def shows(right: FloatArray, n: FloatArray) -> NDArray[np.bool_]:
        # P(X >= right) of guessers, as a continuous function of both.
        tail = betainc(np.maximum(right, _ABOVE_0), n - right + 1, CHANCE)
        return np.asarray(2 * tail < alpha)

    return shows


def _shows_equivalence(alpha: float, margin: float) -> Decides:
    from scipy.special import betaincc

    def shows(right: FloatArray, n: FloatArray) -> NDArray[np.bool_]:
        # P(X <= right) at the upper limit, which is the nearer one.
        tail = betaincc(right + 1, np.maximum(n - right, _ABOVE_0), CHANCE + margin)
        return np.asarray((tail <= alpha) & (right < n))

    return shows


@dataclass(frozen=True)
class _ExactTest:
    """Whether so many right answers of so many show something."""

    shows: Decides
    half_counts_up: bool

    def at(self, right: float, size: int) -> bool:
        return bool(self.shows(np.array([right]), np.array([float(size)]))[0])

    def limits(self, rate: float) -> tuple[int, int]:
        # Without rounding the test is monotone in the size, and rounding moves a count by half an
        # answer at most: smaller sizes than the first fail, and from the last on none does.
        against = 0.5 if self.half_counts_up else -0.5
        return (
            least(lambda size: self.at(rate * size - against, size)),
            least(lambda size: self.at(rate * size + against, size)),
        )

    def at_rate(self, right: int, n: int, sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
        halves = 2 * right * sizes
        nearest = -((n - halves) // (2 * n))
        if self.half_counts_up:
            nearest = (halves + n) // (2 * n)
        return self.shows(nearest.astype(float), sizes.astype(float))


def _least_size(right: int, n: int, tests: Sequence[_ExactTest]) -> int:
    limits = [test.limits(right / n) for test in tests]
    first, last = (min(ends) for ends in zip(*limits, strict=True))
    sizes = np.arange(max(1, first - 1), last + 2)
    shown = np.any([test.at_rate(right, n, sizes) for test in tests], axis=0)
    failing = np.flatnonzero(~shown)
    return int(sizes[failing[-1]]) + 1 if len(failing) else int(sizes[0])

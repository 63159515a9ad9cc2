"""Can we say that they cannot tell? Two one-sided tests against a margin fixed in the design.

Conventions
-----------
Equivalence at size alpha means that the (1 - 2 alpha) interval lies inside .5 +- margin. A large
p-value of the difference test is never evidence for it. The exact binomial test here is pooled;
with a mixed model, the verdict goes by the model's marginal interval.
"""

from __future__ import annotations

from dataclasses import dataclass

from bachtest.stats.rates.proportions import (
    CHANCE,
    POOLED,
    clopper_pearson,
    tail_above,
    tail_below,
)
from bachtest.stats.rates.result import Result, p_text

ALPHA = 0.05


@dataclass(frozen=True)
class Equivalence(Result):
    """`p` is the larger of the two p-values; `low` and `high` are the (1 - 2 alpha) interval."""

    correct: int
    n: int
    estimate: float | None
    low: float
    high: float
    margin: float
    p_lower: float
    p_upper: float
    p: float
    alpha: float
    equivalent: bool
    method: str = "exact binomial two one-sided tests; Clopper-Pearson interval"
    assumptions: str = POOLED

    def __str__(self) -> str:
        if self.estimate is None:
            return "no answers"
        within = "within" if self.equivalent else "not shown to be within"
        return (
            f"{self.estimate:.1%} ({100 * (1 - 2 * self.alpha):g}% interval {self.low:.1%} to"
            f" {self.high:.1%}): {within} {CHANCE - self.margin:.1%} to"
            f" {CHANCE + self.margin:.1%}, {p_text(self.p)}"
        )


def check_margin(margin: float, chance: float = CHANCE) -> None:
    """Refuse a margin within which nothing, or everything, is equivalent.

    Raises
    ------
    ValueError
        Unless ``0 < margin < 1 - chance``, and no rate that it allows is below 0.

    Examples
    --------
    >>> check_margin(0.05)
    """
    largest = min(chance, 1 - chance)
    if not 0 < margin < largest:
        raise ValueError(
            f"margin {margin!r}; use a number between 0 and {largest:.3g}, such as 0.05"
        )


def check_alpha(alpha: float) -> None:
    """Refuse an impossible size of a test.

    Raises
    ------
    ValueError
        Unless ``0 < alpha < 0.5``.

    Examples
    --------
    >>> check_alpha(0.05)
    """
    if not 0 < alpha < CHANCE:
        raise ValueError(f"alpha {alpha!r}; use a number between 0 and 0.5, such as 0.05")


def equivalence(correct: int, n: int, *, margin: float, alpha: float = ALPHA) -> Equivalence:
    """Is the rate within the margin around chance?

    Parameters
    ----------
    correct, n : int
        With no answers nothing is shown: p is 1.
    margin : float
        Fixed beforehand; rates of .5 +- margin or further are ruled out.
    alpha : float
        Size of the test.

    Returns
    -------
    Equivalence

    Raises
    ------
    ValueError
        If the counts, the margin or alpha are impossible.

    References
    ----------
    D. J. Schuirmann (1987), "A comparison of the two one-sided tests procedure and the power
    approach", Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.

    Examples
    --------
    >>> print(equivalence(505, 1000, margin=0.05))
    50.5% (90% interval 47.9% to 53.1%): within 45.0% to 55.0%, p = .002
    """
    check_margin(margin)
    check_alpha(alpha)
    interval = clopper_pearson(correct, n, level=1 - 2 * alpha)
    p_lower = tail_above(correct, n, CHANCE - margin)
    p_upper = tail_below(correct, n, CHANCE + margin)
    p = max(p_lower, p_upper)
    return Equivalence(
        correct, n, interval.estimate, interval.low, interval.high, margin,
        p_lower, p_upper, p, alpha, p <= alpha,
    )  # fmt: skip

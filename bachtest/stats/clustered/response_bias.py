"""Do they favour a side, do they learn, do they tire?

Conventions
-----------
Side bias: with ``z(H)`` where Bach came first and ``z(F)`` where he came second, both of "chose the
first", ``d' = (z(H) - z(F)) / sqrt(2)`` and the bias is ``(z(H) + z(F)) / 2`` probits: above 0 the
first is favoured. Learning: the slope of the logit of being right on the number of the trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL, check_counts, normal_quantile
from bachtest.stats.rates.result import Result, p_text

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_NORMAL = NormalDist()


@dataclass(frozen=True)
class SideBias(Result):
    """`estimate` is the bias towards `side` in probits, `d_prime` what is left with it allowed for;
    None where Bach was never (or always) on that side."""

    side: str
    estimate: float | None
    low: float
    high: float
    se: float | None
    p: float
    d_prime: float | None
    chosen_share: float | None
    n: int
    corrected: bool
    level: float
    method: str = "probit of the side chosen on the side Bach was on; Wald interval"
    assumptions: str = "pooled: answers independent of each other; one bias for all listeners"

    def __str__(self) -> str:
        if self.estimate is None:
            return f"bias towards {self.side}: unknown, Bach was not on both sides"
        return (
            f"bias towards {self.side}: {self.estimate:+.2f} ({self.low:+.2f} to {self.high:+.2f}),"
            f" {p_text(self.p)}; chosen {self.chosen_share:.1%}"
        )


@dataclass(frozen=True)
class Trend(Result):
    """`estimate` is the change of the logit from one trial to the next; None where all trials have
    one number, or all answers are alike."""

    estimate: float | None
    low: float
    high: float
    se: float | None
    p: float
    first_rate: float | None
    last_rate: float | None
    n: int
    listeners: int
    level: float
    method: str = "logistic regression on the trial number; standard error clustered by listener"
    assumptions: str = "listeners independent of each other; for these items"

    def __str__(self) -> str:
        if self.estimate is None:
            return "trend over trials: unknown (one trial, one listener, or all answers alike)"
        word = "no trend shown"
        if self.p < 1 - self.level:
            word = "they learn" if self.estimate > 0 else "they tire"
        return (
            f"trend over trials: {self.estimate:+.3f} a trial ({self.low:+.3f} to"
            f" {self.high:+.3f}), {p_text(self.p)}: {word}"
        )


def side_bias(
    side: str, chosen_when_there: int, there: int, chosen_when_not: int, not_there: int,
    *, level: float = LEVEL,
) -> SideBias:  # fmt: skip
    """The bias towards a side, from how often it was chosen with Bach there and not there.

    Parameters
    ----------
    side : str
        Its name, such as ``first`` or ``left``.
    chosen_when_there, there : int
        Times that this side was chosen, of the rounds in which Bach was there.
    chosen_when_not, not_there : int
    level : float

    Raises
    ------
    ValueError
        If the counts cannot be.

    References
    ----------
    N. A. Macmillan, C. D. Creelman (2005), "Detection Theory", 2nd ed., ch. 7.2.

    Examples
    --------
    >>> print(side_bias("first", 70, 100, 45, 100))
    bias towards first: +0.20 (+0.02 to +0.38), p = .029; chosen 57.5%
    """
    check_counts(chosen_when_there, there)
    check_counts(chosen_when_not, not_there)
    n = there + not_there
    if not (there and not_there):
        share = (chosen_when_there + chosen_when_not) / n if n else None
        return SideBias(side, None, -math.inf, math.inf, None, 1.0, None, share, n, False, level)
    corrected = chosen_when_there in (0, there) or chosen_when_not in (0, not_there)
    add = 0.5 if corrected else 0.0
    pairs = ((chosen_when_there, there), (chosen_when_not, not_there))
    shares = [(x + add) / (total + 2 * add) for x, total in pairs]
    z = [_NORMAL.inv_cdf(share) for share in shares]
    variance = sum(
        share * (1 - share) / (total * _NORMAL.pdf(value) ** 2)
        for share, value, (_, total) in zip(shares, z, pairs, strict=True)
    )
    bias, se = (z[0] + z[1]) / 2, math.sqrt(variance) / 2
    half = normal_quantile(level) * se
    return SideBias(
        side, bias, bias - half, bias + half, se, math.erfc(abs(bias) / se / math.sqrt(2)),
        (z[0] - z[1]) / math.sqrt(2), (chosen_when_there + chosen_when_not) / n, n,
        corrected, level,
    )  # fmt: skip


def trend(
    trial: FloatArray, correct: FloatArray, n: FloatArray, listener: IntArray,
    *, level: float = LEVEL,
) -> Trend:  # fmt: skip
    """Does the chance of being right rise or fall with the trial?

    Parameters
    ----------
    trial, correct, n : float[N]
    listener : int[N]
        Codes from 0.
    level : float

    References
    ----------
    K.-Y. Liang, S. L. Zeger (1986), "Longitudinal data analysis using generalized linear models",
    Biometrika 73, 13-22.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> listener, trial = np.divmod(np.arange(4000), 10)
    >>> right = (rng.random(4000) < 0.5 + 0.03 * trial).astype(float)
    >>> trend(trial.astype(float), right, np.ones(4000), listener).estimate > 0.1
    True
    """
    total = float(n.sum())
    groups = len(np.unique(listener[n > 0])) if total else 0
    fewest, most = (float(trial.min()), float(trial.max())) if total else (0.0, 0.0)
    rates = [_rate_at(trial == at, correct, n) for at in (fewest, most)]
    right = float(correct.sum())
    nothing = Trend(
        None, -math.inf, math.inf, None, 1.0, rates[0], rates[1], int(total), groups, level
    )
    if fewest == most or groups < 2 or right in (0.0, total):
        return nothing
    x = np.stack([np.ones_like(trial), trial - trial.mean()])
    beta = _logistic(x, correct, n)
    if beta is None:
        return nothing
    chance = 1 / (1 + np.exp(-(beta @ x)))
    bread = np.linalg.inv((x * (n * chance * (1 - chance))) @ x.T)
    scores = [np.bincount(listener, row * (correct - n * chance)) for row in x]
    meat = np.stack(scores) @ np.stack(scores).T * groups / (groups - 1)
    se = math.sqrt((bread @ meat @ bread)[1, 1])
    slope = float(beta[1])
    half = normal_quantile(level) * se
    p = math.erfc(abs(slope) / se / math.sqrt(2)) if se > 0 else 1.0
    return Trend(
        slope, slope - half, slope + half, se, p, rates[0], rates[1], int(total), groups, level
    )


def _rate_at(rows: NDArray[np.bool_], correct: FloatArray, n: FloatArray) -> float | None:
    answers = float(n[rows].sum())
    return float(correct[rows].sum()) / answers if answers else None


def _logistic(x: FloatArray, correct: FloatArray, n: FloatArray) -> FloatArray | None:
    # Newton's steps; None where the answers are separated by the trial and the slope runs away.
    beta = np.zeros(len(x))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(beta @ x, -35, 35)))
        weight = n * chance * (1 - chance)
        try:
            step = np.linalg.solve((x * weight) @ x.T, x @ (correct - n * chance))
        except np.linalg.LinAlgError:
            return None
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            return beta
    return None

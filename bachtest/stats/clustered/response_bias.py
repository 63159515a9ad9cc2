"""Do listeners favour a side? Do they learn or tire?

Conventions
-----------
Side bias: let H be the share of "first" chosen where Bach came first, and F where he came second.
Then ``d' = (z(H) - z(F)) / sqrt(2)``, and the bias is ``(z(H) + z(F)) / 2`` probits: above 0 they
favour the first. Learning: the slope of the logit of being right on the number of the trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL, check_counts, normal_quantile
from bachtest.stats.rates.result import Result, p_text

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class SideBias(Result):
    """`estimate` is the bias towards `side` in probits, `d_prime` the sensitivity with that bias
    removed; both are None where Bach was never, or always, on that side. `listeners` is None if
    pooled."""

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
    listeners: int | None = None
    method: str = "probit of the side chosen on the side Bach was on; Wald interval"
    assumptions: str = "pooled: answers independent of each other; one bias for all listeners"

    def __str__(self) -> str:
        if self.estimate is None:
            return f"side bias towards the {self.side}: unknown, as Bach was not on both sides"
        how = "pooled" if self.listeners is None else "clustered by listener"
        return (
            f"side bias towards the {self.side}: {self.estimate:z.2f} ({self.low:z.2f} to"
            f" {self.high:z.2f}), {p_text(self.p)}, {how}; chosen {self.chosen_share:.1%}"
        )


@dataclass(frozen=True)
class Trend(Result):
    """`estimate` is the change of the logit from one trial to the next. It is None where all trials
    have one number, or where the trials separate right from wrong answers."""

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
            return (
                "trend: unknown (one trial, one listener, or right and wrong answers at"
                " different trials)"
            )
        finding = "no trend shown"
        if self.p < 1 - self.level:
            finding = "listeners learn" if self.estimate > 0 else "listeners tire"
        return (
            f"trend: {self.estimate:z.3f} a trial ({self.low:z.3f} to {self.high:z.3f}),"
            f" {p_text(self.p)}: {finding}"
        )


def side_bias(
    side: str, chosen_with_bach: int, rounds_with_bach: int,
    chosen_without_bach: int, rounds_without_bach: int,
    *, level: float = LEVEL,
) -> SideBias:  # fmt: skip
    """The bias towards a side, pooled: how often it was chosen with and without Bach on it.

    Parameters
    ----------
    side : str
        Its name, such as ``first`` or ``left``.
    chosen_with_bach, rounds_with_bach : int
        How often this side was chosen, of the rounds with Bach on it.
    chosen_without_bach, rounds_without_bach : int
    level : float

    Raises
    ------
    ValueError
        If more are chosen than there are rounds, or a count is negative.

    References
    ----------
    N. A. Macmillan, C. D. Creelman (2005), "Detection Theory", 2nd ed., ch. 7.2.

    Examples
    --------
    >>> print(side_bias("first", 70, 100, 45, 100))
    side bias towards the first: 0.20 (0.02 to 0.38), p = .029, pooled; chosen 57.5%
    """
    from scipy.stats import norm

    counts = ((chosen_with_bach, rounds_with_bach), (chosen_without_bach, rounds_without_bach))
    for chosen, rounds in counts:
        check_counts(chosen, rounds)
    n = rounds_with_bach + rounds_without_bach
    chosen_share = (chosen_with_bach + chosen_without_bach) / n if n else None
    if not (rounds_with_bach and rounds_without_bach):
        return SideBias(
            side, None, -math.inf, math.inf, None, 1.0, None, chosen_share, n, False, level
        )
    corrected = any(chosen in (0, rounds) for chosen, rounds in counts)
    add = 0.5 if corrected else 0.0
    shares = [(chosen + add) / (rounds + 2 * add) for chosen, rounds in counts]
    z = norm.ppf(shares)
    variance = sum(
        share * (1 - share) / (rounds * norm.pdf(value) ** 2)
        for share, value, (_, rounds) in zip(shares, z, counts, strict=True)
    )
    bias, se = float(z[0] + z[1]) / 2, math.sqrt(variance) / 2
    half = normal_quantile(level) * se
    return SideBias(
        side, bias, bias - half, bias + half, se, 2 * float(norm.sf(abs(bias) / se)),
        float(z[0] - z[1]) / math.sqrt(2), chosen_share, n,
        corrected, level,
    )  # fmt: skip


def side_bias_by_listener(
    side: str, chosen: FloatArray, n: FloatArray, with_bach: NDArray[np.bool_], listener: IntArray,
    *, level: float = LEVEL,
) -> SideBias:  # fmt: skip
    """The bias towards a side, where each listener may have another one.

    Parameters
    ----------
    side : str
    chosen, n : float[N]
        How often this side was chosen, of so many answers.
    with_bach : bool[N]
        Whether Bach was on this side.
    listener : int[N]
        Codes from 0.
    level : float

    Returns
    -------
    SideBias
        Pooled if one listener gave all answers.

    References
    ----------
    K.-Y. Liang, S. L. Zeger (1986), "Longitudinal data analysis using generalized linear models",
    Biometrika 73, 13-22.

    Examples
    --------
    >>> chosen = np.array([3.0, 2, 1, 0, 2, 2])
    >>> with_bach, listener = np.array([True, False] * 3), np.array([0, 0, 1, 1, 2, 2])
    >>> print(side_bias_by_listener("left", chosen, np.full(6, 3.0), with_bach, listener))
    side bias towards the left: 0.15 (-2.12 to 2.41), p = .808, clustered by listener; chosen 55.6%
    """
    from scipy.stats import norm, t

    counts = [(float(chosen[rows].sum()), float(n[rows].sum())) for rows in (with_bach, ~with_bach)]
    (hits, of_hits), (others, of_others) = counts
    pooled = side_bias(side, int(hits), int(of_hits), int(others), int(of_others), level=level)
    groups = len(np.unique(listener[n > 0]))
    if pooled.estimate is None or pooled.se is None or groups < 2:
        return pooled
    add = 0.5 if pooled.corrected else 0.0
    influence = np.zeros(len(n))
    for rows, (times, rounds) in zip((with_bach, ~with_bach), counts, strict=True):
        share = (times + add) / (rounds + 2 * add)
        slope = rounds * float(norm.pdf(norm.ppf(share)))
        influence[rows] = (chosen[rows] - n[rows] * share) / slope / 2
    by_listener = np.bincount(listener, influence)
    # Listeners who differ by less than chance are no reason for a smaller error.
    se = max(pooled.se, math.sqrt(float(by_listener @ by_listener) * groups / (groups - 1)))
    half = float(t.isf((1 - level) / 2, groups - 1)) * se
    bias = pooled.estimate
    return replace(
        pooled,
        low=bias - half,
        high=bias + half,
        se=se,
        p=2 * float(t.sf(abs(bias) / se, groups - 1)),
        listeners=groups,
        method=f"{pooled.method} (Student's t); standard error clustered by listener",
        assumptions="listeners independent of each other; for these items",
    )


def trend(
    trial: FloatArray, correct: FloatArray, n: FloatArray, listener: IntArray,
    *, level: float = LEVEL,
) -> Trend:  # fmt: skip
    """Does the chance of being right rise or fall from trial to trial?

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
    from scipy.special import expit
    from scipy.stats import norm

    total = float(n.sum())
    groups = len(np.unique(listener[n > 0])) if total else 0
    first, last = (float(trial.min()), float(trial.max())) if total else (0.0, 0.0)
    rates = [_rate_at(trial == at, correct, n) for at in (first, last)]
    if first == last or groups < 2 or _separated(trial, correct, n):
        return Trend(
            None, -math.inf, math.inf, None, 1.0, rates[0], rates[1], int(total), groups, level
        )
    x = np.stack([np.ones_like(trial), trial - trial.mean()])
    beta = _logistic(x, correct, n)
    chance = expit(beta @ x)
    bread = np.linalg.inv((x * (n * chance * (1 - chance))) @ x.T)
    scores = [np.bincount(listener, row * (correct - n * chance)) for row in x]
    meat = np.stack(scores) @ np.stack(scores).T * groups / (groups - 1)
    se = math.sqrt((bread @ meat @ bread)[1, 1])
    slope = float(beta[1])
    half = normal_quantile(level) * se
    p = 2 * float(norm.sf(abs(slope) / se)) if se > 0 else 1.0
    return Trend(
        slope, slope - half, slope + half, se, p, rates[0], rates[1], int(total), groups, level
    )


def _rate_at(rows: NDArray[np.bool_], correct: FloatArray, n: FloatArray) -> float | None:
    answers = float(n[rows].sum())
    return float(correct[rows].sum()) / answers if answers else None


def _separated(trial: FloatArray, correct: FloatArray, n: FloatArray) -> bool:
    # All right answers on one side of all wrong ones, or none of either: the slope would run away.
    right, wrong = trial[correct > 0], trial[correct < n]
    if not (len(right) and len(wrong)):
        return True
    return bool(right.min() >= wrong.max() or wrong.min() >= right.max())


def _logistic(x: FloatArray, correct: FloatArray, n: FloatArray) -> FloatArray:
    from scipy.optimize import root
    from scipy.special import expit

    def score(beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        chance = expit(beta @ x)
        return x @ (n * chance - correct), (x * (n * chance * (1 - chance))) @ x.T

    beta: FloatArray = root(score, np.zeros(len(x)), jac=True, tol=1e-12).x
    return beta

"""What the best tenth of listeners reach, and whether some are too good for a normal spread.

Conventions
-----------
A mean near one half can hide able listeners. A listener's rate is over new items, in the overall
mix of conditions; listeners are those of the table's kind (experience, where the model has it). The
fitted spread is normal on the logit scale; by-listener slopes count as differences between items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import Result, p_text
from bachtest.stats.verdict.finding import Finding, Verdict

if TYPE_CHECKING:
    from bachtest.stats.mixed.likelihood.blocks import FloatArray
    from bachtest.stats.mixed.mixed_fit import MixedFit

LISTENER = "listener"
BEST_SHARE = 0.1
# A spread this small is none, and a rate this near 0 or 1 has a logit.
_MIN_SD, _MIN_RATE = 1e-6, 1e-9
_Z = np.linspace(-8.0, 8.0, 321)


@dataclass(frozen=True)
class BestListeners(Result):
    """The best tenth of listeners are right `estimate` of the time or more.

    `sd` is the listeners' standard deviation on the logit scale, with its limits. `p` tests whether
    more listeners are far above the rest than a normal spread allows; it is from `draws`
    simulations with Monte Carlo standard error `p_error`, or from a normal score if `draws` is 0.
    """

    estimate: float
    low: float
    high: float
    mean: float
    sd: float
    sd_low: float
    sd_high: float
    p: float
    p_error: float
    draws: int
    alpha: float
    method: str = (
        "best tenth: fitted normal spread, limits of the mean rate and of the spread combined"
        " (MOVER); more spread than that: score test of some able listeners beside a normal spread"
    )

    @property
    def some_stand_out(self) -> bool:
        """Whether the test rejects a normal spread."""
        return self.p <= self.alpha

    def __str__(self) -> str:
        reached = (
            f"The best tenth of listeners are right {self.estimate:.1%} of the time or more"
            f" ({self.low:.1%} to {self.high:.1%})."
        )
        if self.some_stand_out:
            return (
                f"{reached} More listeners are far above the rest than a normal spread allows"
                f" ({p_text(self.p)}): some can tell."
            )
        return (
            f"{reached} It is not shown that more of them are far above the rest than a normal"
            f" spread allows ({p_text(self.p)})."
        )


def best_listeners(fit: MixedFit, *, seed: int = 1, draws: int = 999) -> BestListeners | None:
    """What the best tenth reach, and the test of a normal spread.

    Parameters
    ----------
    fit : MixedFit
    seed, draws : int
        Of the simulations of the test; more than 50,000 rows need none.

    Returns
    -------
    BestListeners or None
        None where no listener's spread is estimated: `no_best_listeners` says why.

    References
    ----------
    G. Y. Zou, A. Donner (2008), "Construction of confidence limits about effect measures: a general
    approach", Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    if no_best_listeners(fit) or fit.inference is None or fit.data is None:
        return None
    from bachtest.stats.verdict.listener_scores import ListenerScores

    scores = ListenerScores(fit.inference, fit.data, LISTENER)
    quantile = fit.inference.half_width(fit.inference.df(None))
    sd_low, sd_high = scores.sd_interval(quantile)
    top = _TopRates(fit)
    mean = fit.overall
    best = top.logit(mean.estimate, scores.sd)
    below = math.hypot(
        best - top.logit(mean.low, scores.sd), best - top.logit(mean.estimate, sd_low)
    )
    above = math.hypot(
        top.logit(mean.high, scores.sd) - best, top.logit(mean.estimate, sd_high) - best
    )
    test = scores.tail_test(seed, draws)
    return BestListeners(
        _rate(best), _rate(best - below), _rate(best + above), mean.estimate,
        scores.sd, sd_low, sd_high, test.p, test.p_error, test.draws, 1 - fit.level,
    )  # fmt: skip


def no_best_listeners(fit: MixedFit) -> str:
    """Why nothing can be said of the best listeners; empty where something can."""
    for component in fit.variance_components:
        if component.name == LISTENER:
            return "" if component.estimated else component.note
    return "the table does not say which answers are from the same listener"


def with_best_listeners(
    verdict: Verdict, best: BestListeners | None, *, chance: float = CHANCE
) -> Verdict:
    """The verdict; where it says that they cannot tell, its caution says whether some can.

    Parameters
    ----------
    verdict : Verdict
        Of the mean rate.
    best : BestListeners or None
    chance : float
        The rate of a guesser.

    Returns
    -------
    Verdict
    """
    if best is None or verdict.finding not in (Finding.CANNOT_TELL, Finding.LESS_THAN_MARGIN):
        return verdict
    beyond = verdict.margin is not None and best.estimate > chance + verdict.margin
    if not (beyond or best.some_stand_out):
        return verdict
    words = ["This is about the mean of all listeners."]
    if best.some_stand_out:
        words.append("Some listeners stand out from it, and can tell.")
    if beyond:
        words.append(
            f"The best tenth lie beyond the margin, by the fitted spread: {best.estimate:.1%} or"
            f" more ({best.low:.1%} to {best.high:.1%})."
        )
    caution = " ".join(filter(None, [verdict.caution, *words]))
    return replace(verdict, caution=caution)


def best_listeners_line(best: BestListeners | None, fit: MixedFit) -> str:
    """What stands beside the verdict."""
    reason = "" if best is not None else no_best_listeners(fit)
    return str(best) if best else f"What the best tenth of listeners reach is unknown: {reason}."


class _TopRates:
    """The rate that the best tenth reach, as a function of the mean rate and the spread."""

    def __init__(self, fit: MixedFit) -> None:
        from bachtest.stats.mixed.level_predictions import level_mix

        inference, data = fit.inference, fit.data
        assert inference is not None and data is not None  # as `best_listeners` has seen
        design, theta, beta = inference.design, inference.used.theta, inference.used.beta
        names = [factor.name for factor in inference.random_factors]
        at = names.index(LISTENER)
        others = theta[[k for k in range(len(names)) if k != at]]
        self.sd_others = float(np.sqrt(others @ others))
        self.eta, self.size = design.x.patterns @ beta, design.sizes / design.sizes.sum()
        self.groups = [(self.eta, self.size, 1.0)]  # logits, weights, share of the listeners
        if not design.excluded:
            code = data.layout.code_of(at)
            row = np.zeros(data.layout.sizes[at], dtype=np.int64)
            row[code] = np.arange(len(code))
            mix = level_mix(design, data, code, row)
            shares = np.bincount(mix.of_level) / len(mix.of_level)
            self.groups = [
                (mix.x[mix.cell == cell] @ beta, mix.weight[mix.cell == cell], float(share))
                for cell, share in enumerate(shares)
            ]

    def logit(self, mean: float, sd: float) -> float:
        """The logit of the rate, where the mean of all is `mean` and listeners spread by `sd`."""
        from scipy.optimize import brentq
        from scipy.stats import norm

        from bachtest.stats.mixed.logit_normal import mean_rate

        mean, sd = min(max(mean, _MIN_RATE), 1 - _MIN_RATE), max(sd, _MIN_SD)
        whole = math.hypot(sd, self.sd_others)

        def excess(shift: float) -> float:
            return float(self.size @ mean_rate(self.eta + shift, whole)) - mean

        shift = float(brentq(excess, -200.0, 200.0))

        def rates(eta: FloatArray, weight: FloatArray, z: FloatArray) -> FloatArray:
            return weight @ mean_rate(eta[:, None] + shift + sd * z, self.sd_others)

        z_top = float(norm.isf(BEST_SHARE))
        tops = [float(rates(eta, w, np.array([z_top]))[0]) for eta, w, _ in self.groups]
        if len(tops) == 1 or max(tops) - min(tops) < _MIN_RATE:
            return _logit(tops[0])
        curves = [rates(eta, w, _Z) for eta, w, _ in self.groups]
        shares = [share for _, _, share in self.groups]

        def too_many(rate: float) -> float:
            beyond = [norm.sf(np.interp(rate, curve, _Z)) for curve in curves]
            return float(np.dot(shares, beyond)) - BEST_SHARE

        return _logit(float(brentq(too_many, min(tops) - 1e-6, max(tops) + 1e-6)))


def _logit(rate: float) -> float:
    rate = min(max(rate, _MIN_RATE), 1 - _MIN_RATE)
    return math.log(rate / (1 - rate))


def _rate(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))

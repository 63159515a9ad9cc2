"""The listeners' scores under the fitted model: how far listeners spread, and is that normal?

Conventions
-----------
Items have their fitted effects, so an answer's logit is a known offset plus the listener's ability,
and a listener's number of right answers says all about the ability (as in the Rasch model).
Abilities are normal with mean `shift`, near 0, and standard deviation `sd`, integrated on an even
grid or, where no listener gave many answers, by Gauss-Hermite quadrature. This likelihood's own
maximum is used where it is cheap: with few answers each Laplace's spread is a little too small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit
from scipy.stats import norm

from bachtest.stats.mixed.inference import Inference
from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray, floats, sums_by
from bachtest.stats.mixed.likelihood.laplace import GlmmData
from bachtest.stats.mixed.likelihood.links import LogitCurve
from bachtest.stats.mixed.likelihood.search import MAX_SD
from bachtest.stats.mixed.mixed_fit import SLOPE

_GRID = np.linspace(-5.0, 5.0, 61)
_GRID_WEIGHTS = norm.pdf(_GRID) / norm.pdf(_GRID).sum()
# With few answers from each listener fewer nodes are as exact.
_FEW_ANSWERS = 40
_FEW_NODES, _FEW_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_FEW_WEIGHTS = _FEW_WEIGHTS / _FEW_WEIGHTS.sum()
# Rows up to which the likelihood of the spread is followed to its limits, and draws are made.
MAX_EXACT_ROWS = 50_000
DRAWS = 999
# The able listeners that the test looks for: right this often, and this many standard deviations
# above the mean.
ABLE_RATE, ABLE_SDS = 0.9, 2.0
# A spread below this is none; one beyond so many standard errors is normal on the log scale.
_MIN_SD, _SURE_RATIO = 1e-2, 5.0
_TOLERANCE = 5e-3
_STEPS, _NEAR = 20, 1e-4
# A score that shows nothing: its p is 1.
_NO_SIGN = -1e3
# The mean ability is near 0; where all answers are right the likelihood would let it run away.
_MAX_SHIFT = 2.0


@dataclass(frozen=True)
class TailTest:
    """One-sided: are more listeners far above the rest than a normal spread allows?

    `p` is from `draws` simulations, with Monte Carlo standard error `p_error`; from the normal
    distribution where `draws` is 0.
    """

    p: float
    p_error: float
    draws: int


class ListenerScores:
    """Right answers of each listener, given the fitted effects of the items.

    Parameters
    ----------
    inference : Inference
        With the factor `name`.
    data : GlmmData
    name : str
        The factor of the listeners.
    """

    def __init__(self, inference: Inference, data: GlmmData, name: str) -> None:
        names = [factor.name for factor in inference.random_factors]
        at, fit, layout = names.index(name), inference.used, data.layout
        self.code, self.count = layout.code_of(at), layout.sizes[at]
        self.sd, self.n = float(fit.theta[at]), data.n
        self.se = float(np.sqrt(fit.covariance[at, at]))
        self.offset = data.x.times(fit.beta)
        for other, other_name in enumerate(names):
            if other != at and SLOPE not in other_name:
                self.offset = self.offset + fit.effects[other][layout.code_of(other)]
        self.right, self.answers = self.by_listener(data.correct), self.by_listener(data.n)
        self.exact = len(self.code) <= MAX_EXACT_ROWS
        if self.exact:
            self.sd = self._most_likely_sd()
            self.offset = self.offset + self.profile(self.sd)[0]
            self.best = self.profile(self.sd)[1]

    def by_listener(self, value: FloatArray) -> FloatArray:
        return sums_by(self.code, value, self.count)

    def _curve(self, ability: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        # For each listener the sums of log(1 + exp), of chances and of variances at one ability.
        eta = floats(self.offset + ability)
        curve = LogitCurve(eta, np.zeros(len(eta)), self.n)
        softplus, chance, variance = (
            self.by_listener(part)
            for part in (self.n * curve.softplus, self.n * curve.p, curve.weight)
        )
        return softplus, chance, variance

    def loglik(self, shift: float, sd: float) -> tuple[float, float, float]:
        """The log likelihood up to a constant; its slope in `shift`, and the information there."""
        few = float(self.answers.max()) <= _FEW_ANSWERS
        nodes, weights = (_FEW_NODES, _FEW_WEIGHTS) if few else (_GRID, _GRID_WEIGHTS)
        if sd == 0:
            nodes, weights = np.zeros(1), np.ones(1)
        curves = [self._curve(shift + sd * z) for z in nodes]
        softplus, expected, variance = (
            np.stack(part, axis=1) for part in zip(*curves, strict=True)
        )
        total = np.outer(self.right, shift + sd * nodes) - softplus
        largest = total.max(axis=1, keepdims=True)
        posterior = np.exp(total - largest) * weights
        likelihood = posterior.sum(axis=1)
        posterior /= likelihood[:, None]
        chances = (posterior * expected).sum(axis=1)
        known = (posterior * expected**2).sum(axis=1) - chances**2  # Louis 1982
        information = np.maximum((posterior * variance).sum(axis=1) - known, 0.0)
        value = float(np.sum(largest[:, 0] + np.log(likelihood)))
        return value, float((self.right - chances).sum()), float(information.sum())

    def profile(self, sd: float) -> tuple[float, float]:
        """The most likely `shift` at a standard deviation, and the log likelihood there."""
        shift, (value, slope, information) = 0.0, self.loglik(0.0, sd)
        for _ in range(_STEPS):
            if information <= 0 or slope * slope < _NEAR * information:
                break
            step = float(np.clip(slope / information, -_MAX_SHIFT - shift, _MAX_SHIFT - shift))
            if abs(step) < _NEAR:
                break
            following = self.loglik(shift + step, sd)
            while following[0] < value and abs(step) > _NEAR:
                step /= 2
                following = self.loglik(shift + step, sd)
            shift, (value, slope, information) = shift + step, following
        return shift, value

    def sd_interval(self, quantile: float) -> tuple[float, float]:
        """Limits of the standard deviation; the lower is 0 where 0 is not refuted.

        By profile likelihood (Venzon and Moolgavkar 1988, Applied Statistics 37, 87-94). For more
        than `MAX_EXACT_ROWS` rows: normal on the log scale where the spread is sure, else from the
        score of the variance at 0.

        Parameters
        ----------
        quantile : float
            Of the root of the deviance: 1.96 for 95%.
        """
        if self.exact:
            return self._profile_limits(quantile**2 / 2)
        if 0 < _SURE_RATIO * self.se < self.sd:
            factor = float(np.exp(quantile * self.se / self.sd))
            return self.sd / factor, min(MAX_SD, self.sd * factor)
        return self._limits_from_score(quantile)

    def _profile_limits(self, fall: float) -> tuple[float, float]:
        def excess(sd: float) -> float:
            return self.best - self.profile(sd)[1] - fall

        low = 0.0
        if self.sd > 0 and excess(0.0) > 0:
            low = float(brentq(excess, 0.0, self.sd, xtol=_TOLERANCE))
        far = max(2 * self.sd, 0.5)
        while excess(far) < 0 and far < MAX_SD:
            far *= 2
        if far >= MAX_SD:
            return low, MAX_SD
        return low, float(brentq(excess, self.sd, far, xtol=_TOLERANCE))

    def _most_likely_sd(self) -> float:
        bounds = (0.0, min(MAX_SD, 2 * self.sd + 1.0))
        found = minimize_scalar(
            lambda sd: -self.profile(sd)[1], bounds=bounds, method="bounded",
            options={"xatol": _TOLERANCE},
        )  # fmt: skip
        return 0.0 if -found.fun <= self.profile(0.0)[1] else float(found.x)

    def _limits_from_score(self, quantile: float) -> tuple[float, float]:
        chance = expit(self.offset)
        variance = self.by_listener(self.n * chance * (1 - chance))
        score = float(((self.right - self.by_listener(self.n * chance)) ** 2 - variance).sum()) / 2
        information = float(variance @ variance) / 2
        half = quantile * np.sqrt(information)
        low = max(0.0, score - half) / information
        high = (score + float(np.hypot(min(score, 0.0), half))) / information
        return min(self.sd, float(np.sqrt(low))), max(self.sd, float(np.sqrt(high)))

    def tail_test(self, seed: int = 1, draws: int = DRAWS) -> TailTest:
        """The score test of adding some able listeners to the normal spread.

        The alternative is a share of listeners, above 0, who are right `ABLE_RATE` of the time (or
        `ABLE_SDS` standard deviations above the mean, if that is more). Its score is the sum over
        listeners of the likelihood of such a listener over that of the fit, minus 1, less what the
        scores of `shift` and `sd` explain of it, in standard deviations. Its distribution is
        simulated from the fit.

        Parameters
        ----------
        seed : int
        draws : int

        Returns
        -------
        TailTest

        References
        ----------
        B. G. Lindsay (1983), "The geometry of mixture likelihoods: a general theory", Annals of
        Statistics 11, 86-94: the gradient. J. Neyman (1959), "Optimal asymptotic tests of composite
        statistical hypotheses": C(alpha).
        """
        table, start = self._score_table(self._able())
        z = _standard_score(table[start + np.round(self.right).astype(np.int64)])
        if not self.exact:
            return TailTest(float(norm.sf(z)), 0.0, 0)
        rng = np.random.default_rng(seed)
        drawn = [_standard_score(table[start + self._draw(rng)]) for _ in range(draws)]
        p = float(1 + np.sum(np.array(drawn) >= z - 1e-9)) / (draws + 1)
        return TailTest(p, float(np.sqrt(p * (1 - p) / draws)), draws)

    def _draw(self, rng: np.random.Generator) -> IntArray:
        ability = self.sd * rng.standard_normal(self.count)
        chance = expit(self.offset + ability[self.code])
        if self.n.max() <= 1:
            right = floats(rng.random(len(chance)) < chance * self.n)
        else:
            right = floats(rng.binomial(np.round(self.n).astype(np.int64), chance))
        return np.round(self.by_listener(right)).astype(np.int64)

    def _able(self) -> float:
        answers = float(self.n.sum())

        def excess(ability: float) -> float:
            return float(self.n @ expit(self.offset + ability)) / answers - ABLE_RATE

        return max(float(brentq(excess, -200.0, 200.0)), ABLE_SDS * self.sd)

    def _score_table(self, able: float) -> tuple[FloatArray, IntArray]:
        # For each listener and each number of right answers: the gradient towards the able, and the
        # scores of shift and sd. A listener's lines begin at `start`.
        answers = np.round(self.answers).astype(np.int64)
        start = np.cumsum(answers + 1) - (answers + 1)
        of_line = np.repeat(np.arange(self.count), answers + 1)
        right = floats(np.arange(len(of_line)) - start[of_line])
        if not self.exact:  # nothing is drawn: the line of what each listener got right is enough
            of_line, right = np.arange(self.count), self.right
            start = of_line - np.round(right).astype(np.int64)
        peak = np.full(len(of_line), -np.inf)
        likelihood, shift, spread = np.zeros((3, len(of_line)))
        # Summed as it goes, and scaled to the largest so far: all curves at once would be large.
        for z, weight in zip(_GRID, _GRID_WEIGHTS, strict=True):
            sums, expected, _ = self._curve(self.sd * z)
            log = right * (self.sd * z) - sums[of_line]
            larger = np.maximum(peak, log)
            scale, one = np.exp(peak - larger), weight * np.exp(log - larger)
            residual = one * (right - expected[of_line])
            likelihood = likelihood * scale + one
            shift = shift * scale + residual
            spread = spread * scale + z * residual
            peak = larger
        logs = right * able - self._curve(able)[0][of_line] - peak
        columns = [np.exp(logs) / likelihood - 1, shift / likelihood]
        if self.sd > _MIN_SD:
            columns.append(spread / likelihood)
        return np.stack(columns, axis=1), start


def _standard_score(lines: FloatArray) -> float:
    # The gradient less what the scores explain of it, over its own standard deviation. At the
    # maximum the scores add up to 0; by Neyman's form they need not. Of many listeners the score is
    # standard normal.
    gradient, scores = lines[:, 0], lines[:, 1:]
    products = scores.T @ scores
    explained = np.linalg.lstsq(products, scores.T @ gradient, rcond=None)[0]
    rest = gradient - scores @ explained
    deviation = float(np.sqrt(rest @ rest))
    # Where the gradient is not positive, a few able listeners would fit worse than none.
    return float(rest.sum()) / deviation if gradient.sum() > 0 and deviation > 0 else _NO_SIGN

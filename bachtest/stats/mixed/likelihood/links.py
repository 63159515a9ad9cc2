"""Links: what the linear predictor says about a row's answers, with the derivatives.

Conventions
-----------
`correct` of `n` answers a row are binomial with rate ``p(eta)``. `weight` is the expected
information about eta, which is in the determinant of Laplace's approximation as in lme4;
`curvature` is the observed information, by which the mode moves. For the logit they are the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, log_ndtr, ndtr

from bachtest.stats.mixed.likelihood.blocks import FloatArray, floats

_ROOT_2PI = float(np.sqrt(2 * np.pi))


class LinkCurve(ABC):
    """The rows' log likelihood at some linear predictors.

    Parameters
    ----------
    eta, correct, n : float[N]
    """

    def __init__(self, eta: FloatArray, correct: FloatArray, n: FloatArray) -> None:
        self.eta, self.correct, self.n = eta, correct, n

    @property
    @abstractmethod
    def loss(self) -> float:
        """``-log likelihood`` of all rows, without binomial coefficients."""

    @property
    @abstractmethod
    def residual(self) -> FloatArray:
        """float[N]: the derivative of the log likelihood in eta."""

    @property
    @abstractmethod
    def weight(self) -> FloatArray:
        """float[N]: its expected second derivative, with the sign turned."""

    @property
    @abstractmethod
    def weight_derivative(self) -> FloatArray:
        """float[N]: how `weight` changes with eta."""

    @property
    @abstractmethod
    def curvature(self) -> FloatArray:
        """float[N]: its second derivative, with the sign turned."""


class LogitCurve(LinkCurve):
    """``p = 1 / (1 + exp(-eta))``: one exponential for everything."""

    def __init__(self, eta: FloatArray, correct: FloatArray, n: FloatArray) -> None:
        super().__init__(eta, correct, n)
        tail = np.exp(-np.abs(eta))
        self.larger = 1 / (1 + tail)
        self.p = np.where(eta >= 0, self.larger, tail * self.larger)
        self.rate_slope = tail * self.larger * self.larger

    @property
    def loss(self) -> float:
        softplus = np.maximum(self.eta, 0) - np.log(self.larger)
        return float(self.n @ softplus - self.correct @ self.eta)

    @property
    def residual(self) -> FloatArray:
        return floats(self.correct - self.n * self.p)

    @cached_property
    def weight(self) -> FloatArray:
        return floats(self.n * self.rate_slope)

    @property
    def weight_derivative(self) -> FloatArray:
        return floats(self.weight * (1 - 2 * self.p))

    @property
    def curvature(self) -> FloatArray:
        return self.weight


class ProbitCurve(LinkCurve):
    """``p = Phi(eta)``, exact far out in both tails."""

    @cached_property
    def _logs(self) -> tuple[FloatArray, FloatArray]:
        return floats(log_ndtr(self.eta)), floats(log_ndtr(-self.eta))

    @cached_property
    def _hazards(self) -> tuple[FloatArray, FloatArray]:
        # phi / Phi(eta) and phi / Phi(-eta).
        log_density = -self.eta * self.eta / 2 - np.log(_ROOT_2PI)
        right, wrong = self._logs
        return floats(np.exp(log_density - right)), floats(np.exp(log_density - wrong))

    @property
    def loss(self) -> float:
        right, wrong = self._logs
        return float(-self.correct @ right - (self.n - self.correct) @ wrong)

    @property
    def residual(self) -> FloatArray:
        right, wrong = self._hazards
        return floats(self.correct * right - (self.n - self.correct) * wrong)

    @cached_property
    def weight(self) -> FloatArray:
        right, wrong = self._hazards
        return floats(self.n * right * wrong)

    @property
    def weight_derivative(self) -> FloatArray:
        right, wrong = self._hazards
        return floats(self.weight * (wrong - right - 2 * self.eta))

    @property
    def curvature(self) -> FloatArray:
        right, wrong = self._hazards
        wrong_answers = self.n - self.correct
        return floats(
            self.correct * right * (right + self.eta) + wrong_answers * wrong * (wrong - self.eta)
        )


@dataclass(frozen=True)
class Link:
    """A link by its name and its curve.

    `canonical`: observed and expected information are the same. `flattening`: normal effects of
    variance s^2 divide a coefficient by about ``sqrt(1 + flattening s^2)``.
    """

    name: str
    curve: type[LinkCurve]
    canonical: bool
    flattening: float

    def rate(self, eta: FloatArray) -> FloatArray:
        """``p(eta)``.

        Examples
        --------
        >>> LOGIT.rate(np.array([0.0])).tolist(), PROBIT.rate(np.array([1.0])).round(4).tolist()
        ([0.5], [0.8413])
        """
        return floats(expit(eta) if self.canonical else ndtr(eta))

    def slope(self, eta: FloatArray) -> FloatArray:
        """The derivative of `rate`."""
        if self.canonical:
            p = expit(eta)
            return floats(p * (1 - p))
        return floats(np.exp(-eta * eta / 2) / _ROOT_2PI)


LOGIT = Link("logit", LogitCurve, canonical=True, flattening=0.346)
PROBIT = Link("probit", ProbitCurve, canonical=False, flattening=1.0)

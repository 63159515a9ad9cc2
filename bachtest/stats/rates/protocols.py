"""How listeners were asked, and what rate of right answers a given d' then leads to.

Conventions
-----------
d' is the distance between Bach and the machine in units of noise; `rate` is the chance of a right
answer. A protocol's curve runs from chance (d' = 0) to 1. Where listeners point to a clip as
Bach's, it goes on below chance, with d' below 0: they take the machine for Bach.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.signal_detection import d_of_rate

_NORMAL = NormalDist()
_ROOT2, _ROOT6 = math.sqrt(2), math.sqrt(6)
# Gauss-Legendre on [-8, 8]: the integral below is smooth and good to 1e-12 with 200 nodes.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_MAX_D = 40.0
# The side whose choices are counted where there is no truth, and the other one.
OTHER_SIDE: Mapping[str, str] = {"left": "right", "first": "second"}


@dataclass(frozen=True)
class DiscriminationProtocol:
    """A way to ask listeners, and what follows from it for the answers.

    Parameters
    ----------
    name, question : str
    chance : float
        The rate of right answers of a listener who guesses.
    curve : d' -> rate, or None
        None where d' does not follow from the rate of right answers alone.
    inverse : rate -> d', or None
        The curve's inverse where it has a closed form.
    has_bach_side : bool
        Listeners point to one of several clips as Bach's: below chance they take the machine for
        Bach. Elsewhere a rate below chance has no such meaning.
    two_clips : bool
        A choice between two clips, left and right: p against one half, d' of two-alternative forced
        choice, equivalence, side bias.
    single_clips : bool
        One clip at a time, called Bach or machine.
    allows_ties : bool
        "No idea" is an answer.
    needs_bach_column : bool
        A table of answers must have the column `bach`.
    has_truth : bool
        Whether an answer is right or wrong. Where it is not, a table has the side chosen instead.
    """

    name: str
    question: str
    chance: float = CHANCE
    curve: Callable[[float], float] | None = None
    inverse: Callable[[float], float] | None = None
    has_bach_side: bool = False
    two_clips: bool = False
    single_clips: bool = False
    allows_ties: bool = False
    needs_bach_column: bool = False
    has_truth: bool = True

    @property
    def tests_margin(self) -> bool:
        """Whether a verdict can say that a rate is within a margin of chance."""
        return not self.single_clips

    @property
    def tests_similarity(self) -> bool:
        """Whether the margin has one side: a rate above chance by the margin is ruled out.

        So it is where a rate below chance means no more than one at chance does.
        """
        return self.tests_margin and not self.two_clips

    def rate(self, d: float) -> float:
        """The rate of right answers at d'.

        Raises
        ------
        ValueError
            If the protocol has no curve.

        Examples
        --------
        >>> round(PROTOCOLS["triangle"].rate(1.0), 6)
        0.418047
        """
        if self.curve is None:
            raise ValueError(f"protocol {self.name!r} has no psychometric curve: {self.question}")
        return self.curve(d)

    def d_of_rate(self, rate: float) -> float:
        """d' of a rate of right answers. Below chance it is negative where the curve goes on, or 0.

        Raises
        ------
        ValueError
            If the rate is not in 0..1, or the protocol has no curve.

        Examples
        --------
        >>> round(PROTOCOLS["duo-trio"].d_of_rate(0.5824754442), 6)
        1.0
        """
        from scipy.optimize import brentq

        if self.inverse is not None:
            return self.inverse(rate)
        if not 0 <= rate <= 1:
            raise ValueError(f"rate {rate!r}; use a number between 0 and 1")
        lowest = -_MAX_D if self.has_bach_side else 0.0
        if rate == self.chance or (rate < self.chance and lowest == 0):
            return 0.0
        if rate == 1 or rate >= self.rate(_MAX_D):
            return math.inf
        if rate <= self.rate(lowest):
            return -math.inf
        return float(brentq(lambda d: self.rate(d) - rate, lowest, _MAX_D, xtol=1e-13))

    def slope(self, d: float) -> float:
        """d rate / d d', by a central difference good to about 1e-9."""
        step = 1e-4 * max(1.0, abs(d))
        return (self.rate(d + step) - self.rate(d - step)) / (2 * step)


def _two_afc(d: float) -> float:
    return _NORMAL.cdf(d / _ROOT2)


def _differencing(d: float) -> float:
    a, b = _NORMAL.cdf(d / _ROOT2), _NORMAL.cdf(d / _ROOT6)
    return a * b + (1 - a) * (1 - b)


def _independent(d: float) -> float:
    a, b = _NORMAL.cdf(d / _ROOT2), _NORMAL.cdf(d / 2)
    return a * b + (1 - a) * (1 - b)


def _triangle(d: float) -> float:
    from scipy.special import ncfdtr

    return float(1 - ncfdtr(1, 1, d * d * 2 / 3, 3))


def _three_afc(d: float) -> float:
    from scipy.special import ndtr

    z = 8 * _NODES
    return float(
        8 * np.sum(_WEIGHTS * np.exp(-z * z / 2) * ndtr(z + d) ** 2) / math.sqrt(2 * math.pi)
    )


_PROTOCOLS = (
    DiscriminationProtocol(
        "pair",
        "two clips, one of them Bach: which?",
        curve=_two_afc,
        inverse=d_of_rate,
        has_bach_side=True,
        two_clips=True,
    ),
    DiscriminationProtocol(
        "pair-ties",
        "two clips, one of them Bach: which, or no idea? (2-AC: `correct` is 0, 1 or tie)",
        has_bach_side=True,
        two_clips=True,
        allows_ties=True,
    ),
    DiscriminationProtocol(
        "yes-no",
        "single clips, Bach's among them: is it Bach? (column `bach` is 1 where it was)",
        single_clips=True,
        needs_bach_column=True,
    ),
    DiscriminationProtocol(
        "single-fakes",
        "single clips, all by a machine: listeners said Bach or machine",
        single_clips=True,
    ),
    DiscriminationProtocol(
        "abx",
        "A, B and one of them again: which? (by differences, as where pieces vary)",
        curve=_differencing,
    ),
    DiscriminationProtocol(
        "abx-independent",
        "A, B and one of them again: which? (each clip judged on its own)",
        curve=_independent,
    ),
    DiscriminationProtocol(
        "duo-trio", "a reference and two clips: which is the same?", curve=_differencing
    ),
    DiscriminationProtocol(
        "triangle", "three clips, two of a kind: which is the odd one?", 1 / 3, _triangle
    ),
    DiscriminationProtocol(
        "three-afc", "three clips, one of them Bach: which?", 1 / 3, _three_afc, has_bach_side=True
    ),
    DiscriminationProtocol(
        "all-bach",
        "two clips, both of them Bach: which? (column `chosen`: left or right, or first or second)",
        has_truth=False,
    ),
)
PROTOCOLS: Mapping[str, DiscriminationProtocol] = {
    protocol.name: protocol for protocol in _PROTOCOLS
}
PAIR = PROTOCOLS["pair"]


def protocol_named(name: str) -> DiscriminationProtocol:
    """The protocol with that name.

    Raises
    ------
    ValueError
        If there is none; the message lists them.

    References
    ----------
    P. B. Brockhoff, R. H. B. Christensen (2010), "Thurstonian models for sensory discrimination
    tests as generalized linear models", Food Quality and Preference 21, 330-338. N. A. Macmillan,
    C. D. Creelman (2005), "Detection Theory", 2nd ed., ch. 9, for both forms of ABX.

    Examples
    --------
    >>> round(protocol_named("pair").rate(1.0), 6)
    0.76025
    """
    if name not in PROTOCOLS:
        raise ValueError(f"protocol {name!r}; use one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]

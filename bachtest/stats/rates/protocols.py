"""How answers were asked for, and what rate a listener of a given d' then reaches.

Conventions
-----------
d' is the distance between Bach and the machine in units of noise; `rate` is the chance of
a right answer. A protocol's curve runs from guessing (d' = 0) to 1, and below guessing only where a
listener can point the wrong way (two clips, one Bach).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bachtest.stats.rates.signal_detection import d_of_rate

_NORMAL = NormalDist()
_ROOT2, _ROOT6 = math.sqrt(2), math.sqrt(6)
# Gauss-Legendre on [-8, 8]: the integral below is smooth and good to 1e-12 with 200 nodes.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_LARGEST_D = 40.0


@dataclass(frozen=True)
class Protocol:
    """A way to ask. `curve` is None where d' cannot be had from the share of right answers."""

    name: str
    words: str
    guess: float
    curve: Callable[[float], float] | None
    below_chance: bool = False

    def rate(self, d: float) -> float:
        """The share of right answers at d'.

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
            raise ValueError(f"protocol {self.name!r} has no psychometric curve: {self.words}")
        return self.curve(d)

    def d_of_rate(self, rate: float) -> float:
        """d' of a share of right answers; below guessing 0, or negative where that has a meaning.

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

        if not 0 <= rate <= 1:
            raise ValueError(f"rate {rate!r}; use a number between 0 and 1")
        if self.below_chance:
            # 2AFC is the one curve with a closed inverse, and the one that goes below guessing.
            return d_of_rate(rate)
        if rate <= self.guess:
            return 0.0
        if rate == 1 or rate >= self.rate(_LARGEST_D):
            return math.inf
        return float(brentq(lambda d: self.rate(d) - rate, 0.0, _LARGEST_D, xtol=1e-13))

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


PROTOCOLS: Mapping[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol("pair", "two clips, one of them Bach: which?", 1 / 2, _two_afc, True),
        Protocol(
            "pair-ties",
            "two clips, one of them Bach: which, or no idea? (2-AC: `correct` is 0, 1 or tie)",
            1 / 2,
            None,
        ),
        Protocol(
            "yes-no",
            "single clips, Bach's among them: is it Bach? (column `bach` is 1 where it was)",
            1 / 2,
            None,
        ),
        Protocol(
            "single-fakes",
            "single clips, all by a machine: listeners said Bach or machine",
            1 / 2,
            None,
        ),
        Protocol(
            "abx",
            "A, B and one of them again: which? (by differences, as where pieces vary)",
            1 / 2,
            _differencing,
        ),
        Protocol(
            "abx-independent",
            "A, B and one of them again: which? (each clip judged on its own)",
            1 / 2,
            _independent,
        ),
        Protocol("duo-trio", "a reference and two clips: which is the same?", 1 / 2, _differencing),
        Protocol("triangle", "three clips, two of a kind: which is the odd one?", 1 / 3, _triangle),
        Protocol("three-afc", "three clips, one of them Bach: which?", 1 / 3, _three_afc),
    )
}
PAIR, PAIR_TIES, YES_NO, SINGLE_FAKES = "pair", "pair-ties", "yes-no", "single-fakes"


def protocol_named(name: str) -> Protocol:
    """The protocol of that name.

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

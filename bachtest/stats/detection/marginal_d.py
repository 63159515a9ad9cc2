"""d' of a marginal rate: the rate and its interval, through the protocol's curve.

Conventions
-----------
A rate over new listeners and new items has one d', that of a listener who would always be right
that often. It is nearer 0 than the d' of a typical listener and item, by as much as these differ.
Where the curve ends at chance, d' is 0 below it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.signal_detection import DPrime

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit, Rate

# d' of a cell: the columns of its grouping, and its labels.
CellKey = tuple[tuple[str, ...], tuple[str, ...]]
MarginalDs = Mapping[CellKey, DPrime]
METHOD = "marginal rate through the protocol's curve; the interval is the rate's, transformed"


def d_of_marginal(rate: Rate, protocol: DiscriminationProtocol, level: float) -> DPrime:
    """d' of one marginal rate.

    Parameters
    ----------
    rate : Rate
        With the limits of its interval at `level`.
    protocol : DiscriminationProtocol
        One with a curve.
    level : float

    Returns
    -------
    DPrime
        Limits at a rate of 0 or 1 are infinite. `se` is None: the interval is not symmetric.

    Raises
    ------
    ValueError
        If the protocol has no curve.

    References
    ----------
    P. B. Brockhoff, R. H. B. Christensen (2010), "Thurstonian models for sensory discrimination
    tests as generalized linear models", Food Quality and Preference 21, 330-338.

    Examples
    --------
    >>> from bachtest.stats.mixed.mixed_fit import Rate
    >>> from bachtest.stats.rates.protocols import PROTOCOLS
    >>> rate = Rate((), 0.4, 0.3, 0.6, 0.1, 0.2, None, 60, 24)
    >>> print(d_of_marginal(rate, PROTOCOLS["triangle"], 0.95))
    d' 0.88 (0.00 to 1.98)
    >>> print(d_of_marginal(rate, PROTOCOLS["pair"], 0.95))
    d' -0.36 (-0.74 to 0.36)
    """
    estimate, low, high = (protocol.d_of_rate(p) for p in (rate.estimate, rate.low, rate.high))
    # Where nobody was right, or everybody, the limit that would be infinite says the same.
    known = estimate if math.isfinite(estimate) else None
    return DPrime(known, low, high, None, rate.n, level, METHOD)


def marginal_ds(fit: MixedFit, protocol: DiscriminationProtocol) -> MarginalDs:
    """d' of every rate of a fit, by grouping and labels; a crossed grouping in either order.

    Raises
    ------
    ValueError
        If the protocol has no curve.
    """
    found: dict[CellKey, DPrime] = {}
    for table in fit.tables:
        for rate in table.rates:
            d = d_of_marginal(rate, protocol, fit.level)
            found[table.by, rate.labels] = d
            found[table.by[::-1], rate.labels[::-1]] = d
    return found

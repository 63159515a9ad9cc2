"""Many tests at once: p-values adjusted for the number of tests."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjustment, which controls the chance of any false finding.

    Parameters
    ----------
    p_values : sequence of float, length m
        In any order; may be empty.

    Returns
    -------
    tuple of float, length m
        In the order given.

    Raises
    ------
    ValueError
        If a value is not between 0 and 1.

    References
    ----------
    S. Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.5, 0.02])
    (0.03, 0.5, 0.04)
    """
    _check(p_values)
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini and Hochberg's adjustment, which controls the share of false findings.

    For exploratory tests; `holm` is for those registered beforehand.

    Parameters
    ----------
    p_values : sequence of float, length m

    Returns
    -------
    tuple of float, length m
        In the order given.

    Raises
    ------
    ValueError
        If a value is not between 0 and 1.

    References
    ----------
    Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.5, 0.02])
    (0.03, 0.5, 0.03)
    """
    from scipy.stats import false_discovery_control

    _check(p_values)
    return tuple(false_discovery_control(p_values).tolist()) if p_values else ()


def _check(p_values: Sequence[float]) -> None:
    for p in p_values:
        if not 0 <= p <= 1:
            raise ValueError(f"p-value {p!r}; use numbers between 0 and 1")

"""Power of the mixed model's own tests, which are Student's t where listeners or items are few.

Conventions
-----------
Effects and standard errors are on the logit scale. The estimate is normal around the true effect,
and its squared standard error varies as chi-square over its degrees of freedom, independently.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bachtest.stats.mixed.likelihood.blocks import FloatArray, floats
from bachtest.stats.mixed.likelihood.small_sample import MIN_DF, MIN_LEVELS
from bachtest.stats.planning.plan_settings import HEAR_ONE, PlanSettings

_NODES = 2000


def degrees_of_freedom(
    listeners: int, items: int, settings: PlanSettings, *, contrast: bool = False
) -> float | None:
    """The degrees of freedom that the model will use if all items are heard; None: normal.

    Parameters
    ----------
    listeners, items : int
    settings : PlanSettings
    contrast : bool
        Of the difference between two conditions, and not of the overall rate.

    Returns
    -------
    float or None
        0 where there are too few levels to tell a difference from chance.

    References
    ----------
    As `bachtest.stats.mixed.random_factors`: between-within degrees of freedom wherever some factor
    has fewer than 20 levels in a cell, or fewer than 100 degrees of freedom.

    Examples
    --------
    >>> degrees_of_freedom(200, 40, PlanSettings()), degrees_of_freedom(200, 150, PlanSettings())
    (39.0, None)
    """
    cells = settings.cells
    listener_cells = cells if settings.hear == HEAR_ONE else 1
    # Of each factor: levels, conditions between its levels, answers of the level with most.
    factors = (
        (listeners, listener_cells, settings.each),
        (items, cells, -(-listeners * settings.each // items)),
    )
    # With one answer for each level the model leaves a factor out.
    estimated = [(levels, between) for levels, between, answers in factors if answers > 1]
    few = any(
        levels // between < MIN_LEVELS or levels - between < MIN_DF for levels, between in estimated
    )
    if not few:
        return None
    counted = [one for one in estimated if not contrast or one[1] > 1]
    dfs = [levels - between for levels, between in counted]
    return float(max(0, min(dfs))) if dfs else None


def t_quantile(upper: float, df: float | None) -> float:
    """Student's quantile, or the normal one."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(upper) if df is None else stdtrit(df, upper))


@lru_cache(maxsize=256)
def _se_ratios(df: float | None) -> FloatArray:
    # Estimated over true standard errors, each as probable as the others.
    from scipy.special import gammaincinv

    if df is None:
        return np.ones(1)
    middles = (np.arange(_NODES) + 0.5) / _NODES
    return floats(np.sqrt(2 * gammaincinv(df / 2, middles) / df))


def power_of_test(effect: float, se: float, *, df: float | None, alpha: float) -> float:
    """Power of the two-sided test of 0, on the side of the true effect.

    Parameters
    ----------
    effect, se : float
        On the logit scale.
    df : float or None
        None is the normal distribution; with 0 nothing can be shown.
    alpha : float

    Returns
    -------
    float

    References
    ----------
    The noncentral t distribution with noncentrality ``effect / se``; J. Cohen (1988), "Statistical
    Power Analysis for the Behavioral Sciences", 2nd ed., ch. 2.

    Examples
    --------
    >>> round(power_of_test(0.4, 0.15, df=11, alpha=0.05), 3)
    0.681
    """
    from scipy.special import ndtr

    if df == 0:
        return 0.0
    critical = t_quantile(1 - alpha / 2, df) * _se_ratios(df)
    return float(ndtr(abs(effect) / se - critical).mean())


def power_of_margin(
    effect: float, se: float, *, margin: float, df: float | None, alpha: float
) -> float:
    """Power to show that the rate is within the margin around one half.

    Parameters
    ----------
    effect, se : float
        The true rate's logit, and the standard error.
    margin : float
        On the scale of rates.
    df : float or None
    alpha : float
        The (1 - 2 alpha) interval must lie within the margin.

    Returns
    -------
    float

    Examples
    --------
    >>> round(power_of_margin(0.0, 0.15, margin=0.1, df=11, alpha=0.05), 3)
    0.626
    """
    from scipy.special import ndtr

    if df == 0:
        return 0.0
    edge = np.log((0.5 + margin) / (0.5 - margin))
    room = edge / se - t_quantile(1 - alpha, df) * _se_ratios(df)
    inside = ndtr(room - effect / se) - ndtr(-room - effect / se)
    return float(np.where(room > 0, inside, 0.0).mean())

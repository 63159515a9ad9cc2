"""One planned study: its size and what it could show.

Conventions
-----------
Power is that of the mixed model's own tests. Where a design effect replaces the standard
deviations, it is exact binomial at the number of independent answers with the same variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from bachtest.stats.planning.model_power import (
    degrees_of_freedom,
    power_of_margin,
    power_of_test,
    t_quantile,
)
from bachtest.stats.planning.plan_settings import PlanSettings
from bachtest.stats.planning.power import power_of_difference, power_of_equivalence
from bachtest.stats.rates.proportions import CHANCE

DIFFERENCE, EQUIVALENCE, CONTRAST = "difference", "equivalence", "contrast"
# Nearer than this to each other, two rates do not differ.
NO_DIFFERENCE = 0.005


@dataclass(frozen=True)
class PlannedStudy:
    """One study: its size and what it could show.

    `df` are the degrees of freedom of the overall rate, None where the model uses the normal
    distribution. `half_width` is None where the interval would be the whole scale. A power is None
    where there is nothing to show: `difference` of guessers, `equivalence` without a margin,
    `contrast` without two rates that differ.
    """

    listeners: int
    items: int
    answers: int
    design_effect: float
    effective: int
    df: float | None
    half_width: float | None
    difference: float | None
    equivalence: float | None
    contrast: float | None

    def power(self, aim: str) -> float | None:
        """The power for one of the three aims."""
        power: float | None = getattr(self, aim)
        return power


def aims_of(settings: PlanSettings) -> list[str]:
    """What a plan has power for: a difference, equivalence, a contrast.

    Examples
    --------
    >>> aims_of(PlanSettings(rate=0.5, margin=0.1))
    ['equivalence']
    """
    aims = []
    if abs(settings.rate - CHANCE) >= NO_DIFFERENCE:
        aims.append(DIFFERENCE)
    if settings.margin is not None:
        aims.append(EQUIVALENCE)
    if settings.contrast is not None and settings.contrast[0] != settings.contrast[1]:
        aims.append(CONTRAST)
    return aims


def planned_study(listeners: int, items: int, settings: PlanSettings) -> PlannedStudy:
    """What a study of this size could show.

    Parameters
    ----------
    listeners, items : int
    settings : PlanSettings

    Returns
    -------
    PlannedStudy

    Examples
    --------
    >>> study = planned_study(200, 12, PlanSettings(rate=0.6))
    >>> study.effective, study.df, round(study.difference, 2)
    (194, 11.0, 0.71)
    """
    rate, answers = settings.rate, listeners * settings.each
    effective = settings.effective(listeners, items, rate)
    df = None
    if settings.design_effect is None:
        df = degrees_of_freedom(listeners, items, settings)
    half = None if df == 0 else _half_width(rate, effective, settings.alpha, df)
    aims = aims_of(settings)
    return PlannedStudy(
        listeners, items, answers, answers / effective, max(1, round(effective)), df,
        half,
        _difference(listeners, items, settings, df) if DIFFERENCE in aims else None,
        _equivalence(listeners, items, settings, df) if EQUIVALENCE in aims else None,
        _contrast(listeners, items, settings) if CONTRAST in aims else None,
    )  # fmt: skip


def _half_width(rate: float, effective: float, alpha: float, df: float | None) -> float | None:
    half = t_quantile(1 - alpha / 2, df) * sqrt(rate * (1 - rate) / effective)
    return half if half < max(rate, 1 - rate) else None


def _difference(listeners: int, items: int, settings: PlanSettings, df: float | None) -> float:
    rate, alpha = settings.rate, settings.alpha
    if settings.design_effect is not None:
        n = _independent(listeners, items, settings, rate)
        return float(power_of_difference(n, max(rate, 1 - rate), alpha=alpha / 2)[0])
    se = sqrt(settings.logit_variance(listeners, items, rate))
    return power_of_test(log(rate / (1 - rate)), se, df=df, alpha=alpha)


def _equivalence(listeners: int, items: int, settings: PlanSettings, df: float | None) -> float:
    # Of listeners who guess.
    assert settings.margin is not None
    if settings.design_effect is not None:
        n = _independent(listeners, items, settings, CHANCE)
        return float(power_of_equivalence(n, settings.margin, alpha=settings.alpha)[0])
    se = sqrt(settings.logit_variance(listeners, items, CHANCE))
    return power_of_margin(0.0, se, margin=settings.margin, df=df, alpha=settings.alpha)


def _contrast(listeners: int, items: int, settings: PlanSettings) -> float:
    assert settings.contrast is not None
    one, other = (log(rate / (1 - rate)) for rate in settings.contrast)
    se = sqrt(settings.contrast_variance(listeners, items))
    df = degrees_of_freedom(listeners, items, settings, contrast=True)
    return power_of_test(other - one, se, df=df, alpha=settings.alpha)


def _independent(listeners: int, items: int, settings: PlanSettings, rate: float) -> np.ndarray:
    return np.array([max(1, round(settings.effective(listeners, items, rate)))])

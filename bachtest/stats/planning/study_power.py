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


@dataclass(frozen=True)
class PlannedStudy:
    """One study: its size and what it could show.

    `df` are the degrees of freedom of the overall rate, None where the model uses the normal
    distribution. `equivalence` is None without a margin, `contrast` without two conditions.
    """

    listeners: int
    items: int
    answers: int
    design_effect: float
    effective: int
    df: float | None
    half_width: float
    difference: float
    equivalence: float | None
    contrast: float | None

    def power(self, aim: str) -> float | None:
        """The power for one of the three aims."""
        power: float | None = getattr(self, aim)
        return power


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
    half = t_quantile(1 - settings.alpha / 2, df) if df != 0 else np.inf
    return PlannedStudy(
        listeners, items, answers, answers / effective, max(1, round(effective)), df,
        min(1.0, float(half) * sqrt(rate * (1 - rate) / effective)),
        _difference(listeners, items, settings, df),
        None if settings.margin is None else _equivalence(listeners, items, settings, df),
        None if settings.contrast is None else _contrast(listeners, items, settings),
    )  # fmt: skip


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

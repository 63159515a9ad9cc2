"""Which items fool listeners most: those with the lowest predicted rate over listeners.

Conventions
-----------
An item with two answers, both wrong, proves little: its rate is drawn towards the mean. The raw
counts are given beside it. With a mixed model the rate is that of a new listener about this item:
its condition and composer, its own effect, integrated over listeners. The residual is that effect
alone, in logits: above 0, the item is easier than its condition and composer say. Without a model,
a beta-binomial model of the items gives rates and weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.clustered.beta_binomial import beta_binomial
from bachtest.stats.rates.result import Result

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit

ITEM = "item"
_LISTED = 10
# Rates this near are equal.
_ALIKE = 1e-6


@dataclass(frozen=True)
class Item:
    """One item: its predicted rate, its residual in logits and its raw counts.

    Limits and residual are None where the rate is not from a mixed model.
    """

    name: str
    estimate: float
    n: int
    correct: int
    low: float | None = None
    high: float | None = None
    residual: float | None = None

    def __str__(self) -> str:
        limits = "" if self.low is None else f" ({self.low:.1%} to {self.high:.1%})"
        residual = "" if self.residual is None else f", residual {self.residual:+.2f}"
        return f"{self.name}: {self.estimate:.1%}{limits}{residual}, {self.correct:,} of {self.n:,}"


@dataclass(frozen=True)
class ItemEffects(Result):
    """The items that fool most and least; `differ` is False if all have the same rate."""

    most: tuple[Item, ...]
    least: tuple[Item, ...]
    items: int
    differ: bool
    method: str
    assumptions: str = "the items are a sample of many; holds for the listeners who heard them"


def item_effects_of_fit(fit: MixedFit, *, count: int = _LISTED) -> ItemEffects | None:
    """From a mixed model's predictions for its items; None if it has none.

    Parameters
    ----------
    fit : MixedFit
    count : int
        How many to list at either end.
    """
    if fit.inference is None or fit.data is None or all(e.name != ITEM for e in fit.effects):
        return None
    from bachtest.stats.mixed.level_predictions import LevelPredictions

    items = LevelPredictions(fit.inference, fit.data, ITEM, within=("excerpt",))
    rates = items.rates()
    predicted = [
        Item(name, float(rate), int(n), int(correct), float(low), float(high), float(residual))
        for name, rate, n, correct, low, high, residual in zip(
            items.levels, rates.estimate, items.n, items.correct, rates.low, rates.high,
            items.effect, strict=True,
        )
    ]  # fmt: skip
    return _listed(
        predicted, count, "predicted by the mixed model for a new listener, lowest first"
    )


def item_effects_of_counts(
    names: list[str], correct: NDArray[np.int64], n: NDArray[np.int64], *, count: int = _LISTED
) -> ItemEffects:
    """From the counts of items alone.

    Parameters
    ----------
    names : list of str, length M
    correct, n : int[M]
    count : int

    Examples
    --------
    >>> effects = item_effects_of_counts(
    ...     ["a", "b", "c"], np.array([9, 1, 5]), np.array([10, 10, 10])
    ... )
    >>> [item.name for item in effects.most]
    ['b', 'c', 'a']
    """
    model = beta_binomial(correct, n)
    mean = model.estimate or 0.0
    if model.gamma > 0:
        strength = (1 - model.gamma) / model.gamma
        rates = (mean * strength + correct) / (strength + n)
    else:
        rates = np.full(len(names), mean)
    items = [
        Item(*line)
        for line in zip(names, rates.tolist(), n.tolist(), correct.tolist(), strict=True)
    ]
    return _listed(items, count, "beta-binomial model of the items")


def _listed(items: list[Item], count: int, method: str) -> ItemEffects:
    # Equal but for rounding: in the order of their names.
    items = sorted(items, key=lambda item: round(item.estimate, 9))
    differ = bool(items) and items[-1].estimate - items[0].estimate > _ALIKE
    return ItemEffects(
        tuple(items[:count]), tuple(reversed(items[-count:])), len(items), differ, method
    )

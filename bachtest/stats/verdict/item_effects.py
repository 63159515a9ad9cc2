"""Which items fool listeners most: rates of items, shrunken the more the less is known of each.

Conventions
-----------
An item with two answers, both wrong, proves little: its rate is drawn towards the mean. The raw
counts are given beside it. With a mixed model the effects are the model's; without one, a
beta-binomial model of the items gives the weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.clustered.beta_binomial import beta_binomial
from bachtest.stats.rates.result import Result

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit

_LISTED = 10


@dataclass(frozen=True)
class Item:
    """One item: its shrunken rate and its raw counts."""

    name: str
    estimate: float
    n: int
    correct: int


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
    """From a mixed model's item effects; None if it has none.

    Parameters
    ----------
    fit : MixedFit
    count : int
        How many to list at either end.
    """
    effects = next((effects for effects in fit.effects if effects.name == "item"), None)
    if effects is None or not len(effects.levels):
        return None
    centre = math.log(fit.overall.estimate / (1 - fit.overall.estimate))
    rates = (1 + np.tanh((centre + np.asarray(effects.effect)) / 2)) / 2
    return _listed(
        list(effects.levels), rates, np.asarray(effects.n), np.asarray(effects.correct), count,
        "shrunken item effects of the mixed model, around the marginal rate",
    )  # fmt: skip


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
    return _listed(names, rates, n, correct, count, "beta-binomial model of the items")


def _listed(
    names: list[str],
    rates: NDArray[np.float64],
    n: NDArray[np.float64] | NDArray[np.int64],
    correct: NDArray[np.float64] | NDArray[np.int64],
    count: int,
    method: str,
) -> ItemEffects:
    order = np.argsort(np.round(rates, 9), kind="stable")  # equal but for rounding: by name
    items = [Item(names[i], float(rates[i]), int(n[i]), int(correct[i])) for i in order]
    differ = bool(len(rates) and np.ptp(rates) > 1e-6)
    return ItemEffects(
        tuple(items[:count]), tuple(reversed(items[-count:])), len(items), differ, method
    )

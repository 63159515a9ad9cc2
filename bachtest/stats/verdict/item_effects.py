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
from bachtest.stats.rates.equivalence import ALPHA
from bachtest.stats.rates.result import Result, listed, p_text

if TYPE_CHECKING:
    from bachtest.stats.mixed.level_predictions import LevelPredictions
    from bachtest.stats.mixed.mixed_fit import MixedFit

ITEM = "item"
_LISTED = 10
# Rates this near are equal, and a standard deviation this small is none.
_ALIKE = MIN_SPREAD = 1e-6


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
    """The items that fool most and least: none where no differences were found, as `alike` says."""

    most: tuple[Item, ...]
    least: tuple[Item, ...]
    items: int
    differ: bool
    alike: str
    method: str
    assumptions: str = "the items are a sample of many; holds for the listeners who heard them"


def no_differences(nouns: str, kinds: tuple[str, ...] = ()) -> str:
    """What is said of things that differ, if at all, only by some columns of theirs.

    Examples
    --------
    >>> no_differences("items", ("condition", "composer"))
    'No differences between items of the same condition and composer were found'
    """
    of_same = f" of the same {listed(kinds)}" if kinds else ""
    return f"No differences between {nouns}{of_same} were found"


def items_of_fit(fit: MixedFit) -> list[Item]:
    """Each item with the rate that a mixed model predicts; none if it has no items.

    Parameters
    ----------
    fit : MixedFit
    """
    items = _predictions(fit)
    return [] if items is None else _items(items)


def item_effects_of_fit(fit: MixedFit, *, count: int = _LISTED) -> ItemEffects | None:
    """From a mixed model's predictions for its items; None if it has none.

    Parameters
    ----------
    fit : MixedFit
    count : int
        How many to list at either end.
    """
    items = _predictions(fit)
    if items is None:
        return None
    return _listed(
        _items(items),
        count,
        "predicted by the mixed model for a new listener, lowest first",
        found=items.spread > MIN_SPREAD,
        alike=f"{no_differences('items', items.kinds.columns)}, so none is listed.",
    )


def _predictions(fit: MixedFit) -> LevelPredictions | None:
    if fit.inference is None or fit.data is None or all(e.name != ITEM for e in fit.effects):
        return None
    from bachtest.stats.mixed.level_predictions import LevelPredictions

    return LevelPredictions(fit.inference, fit.data, ITEM, within=("excerpt",))


def _items(items: LevelPredictions) -> list[Item]:
    rates = items.rates()
    return [
        Item(name, float(rate), int(n), int(correct), float(low), float(high), float(residual))
        for name, rate, n, correct, low, high, residual in zip(
            items.levels, rates.estimate, items.n, items.correct, rates.low, rates.high,
            items.effect, strict=True,
        )
    ]  # fmt: skip


def item_effects_of_counts(
    names: list[str], correct: NDArray[np.int64], n: NDArray[np.int64],
    *, count: int = _LISTED, alpha: float = ALPHA,
) -> ItemEffects:  # fmt: skip
    """From the counts of items alone.

    Parameters
    ----------
    names : list of str, length M
    correct, n : int[M]
    count : int
    alpha : float
        Size of the test (G2) that must find differences before items are listed.

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
    return _listed(
        items,
        count,
        "beta-binomial model of the items",
        found=model.gamma > 0 and model.p < alpha,
        alike=f"{no_differences('items')} (beta-binomial, {p_text(model.p)}), so none is listed.",
    )


def _listed(items: list[Item], count: int, method: str, *, found: bool, alike: str) -> ItemEffects:
    # Equal but for rounding: in the order of their names.
    items = sorted(items, key=lambda item: round(item.estimate, 9))
    if not (found and items[-1].estimate - items[0].estimate > _ALIKE):
        return ItemEffects((), (), len(items), False, alike, method)
    return ItemEffects(
        tuple(items[:count]), tuple(reversed(items[-count:])), len(items), True, "", method
    )

"""The mixed model read as the Rasch model: difficulties of items, abilities of listeners.

Conventions
-----------
The logit of a right answer is the listener's ability minus the item's difficulty. Both sides are
random, so estimates are shrunken. The scale is centred on the listeners: the average listener, in
the overall mix of the listeners' columns (experience), has ability 0, and is right half the time
about an item of difficulty 0.

Reliability is ``Var(estimates) / (Var(estimates) + mean squared error)``: 0 where all differences
are noise, near 1 where a second study of this size would find the same order. That holds for
shrunken estimates only. So it is that of the random effects, among items of one condition: rates of
conditions are not shrunken, their noise would count as differences, and they have tests of their
own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bachtest.stats.rates.result import Result, counted, listed
from bachtest.stats.verdict.item_effects import MIN_SPREAD, no_differences

if TYPE_CHECKING:
    from bachtest.stats.mixed.level_predictions import LevelPredictions
    from bachtest.stats.mixed.likelihood.blocks import FloatArray
    from bachtest.stats.mixed.mixed_fit import MixedFit

ITEM, LISTENER = "item", "listener"
TOP_N = 10
# So many listeners are listed in full unasked.
MAX_LISTENERS = 50


@dataclass(frozen=True)
class RaschLevel:
    """An item's difficulty or a listener's ability in logits, with its standard error."""

    name: str
    estimate: float
    se: float
    n: int
    correct: int

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.estimate:+.2f}, se {self.se:.2f}, {self.correct:,} of {self.n:,}"
        )


@dataclass(frozen=True)
class RaschModel(Result):
    """Items, hardest first, and listeners, ablest first: the first ten where they are many.

    Where the fit has no spread on one side, its reliability is 0 and nothing is listed. Reliability
    is that of differences given the columns `item_kinds`, or `listener_kinds`, and None where no
    two items, or listeners, have the same.
    """

    items: tuple[RaschLevel, ...]
    listeners: tuple[RaschLevel, ...]
    listener_count: int
    item_reliability: float | None
    listener_reliability: float | None
    in_full: bool
    item_kinds: tuple[str, ...] = ()
    listener_kinds: tuple[str, ...] = ()
    method: str = (
        "Rasch model with random items and random listeners; reliability of EAP estimates, of"
        " the random effects alone (Adams 2005)"
    )

    @property
    def lines(self) -> tuple[str, ...]:
        """The report's section."""
        lines = [
            "The mixed model is the Rasch model with both sides random: the logit of a right answer"
            " is the listener's ability minus the item's difficulty. The average listener has"
            " ability 0 and is right half the time about an item of difficulty 0.",
        ]
        for nouns, what, value, kinds in (
            ("items", "difficulties", self.item_reliability, self.item_kinds),
            ("listeners", "abilities", self.listener_reliability, self.listener_kinds),
        ):
            given = f", given {listed(kinds)}" if kinds else ""
            reliability = f"Reliability of the {nouns}' {what}{given}"
            if value is None:
                lines.append(
                    f"{reliability}: unknown, as no two {nouns} have the same {listed(kinds)}."
                )
            elif value == 0:
                lines.append(f"{no_differences(nouns, kinds)}, so none is listed.")
            else:
                lines.append(f"{reliability}: {value:.2f} ({_reading(value)}).")
        return (*lines, *self._item_lines(), *self._listener_lines())

    def _item_lines(self) -> list[str]:
        if not self.items:
            return []
        if self.in_full or len(self.items) <= 2 * TOP_N:
            return ["Items, hardest first (difficulty, standard error, right answers):",
                    *_indented(self.items)]  # fmt: skip
        return [
            f"The {TOP_N} hardest of {counted(len(self.items), 'item')} (difficulty, standard"
            " error, right answers):",
            *_indented(self.items[:TOP_N]),
            f"The {TOP_N} easiest:",
            *_indented(self.items[: -TOP_N - 1 : -1]),
        ]

    def _listener_lines(self) -> list[str]:
        if not self.listeners:
            return []
        shown = self.listeners if self.in_full else self.listeners[:TOP_N]
        head = f"The {len(shown)} ablest of {counted(self.listener_count, 'listener')}"
        if len(shown) == self.listener_count:
            head = "Listeners, ablest first"
        return [f"{head} (ability, standard error, right answers):", *_indented(shown)]


def _indented(levels: tuple[RaschLevel, ...]) -> list[str]:
    return [f"  {level}" for level in levels]


def _reading(reliability: float) -> str:
    if reliability < 0.5:
        return "most of their differences are noise: do not compare single ones"
    if reliability < 0.8:
        return "good enough for groups of them; single ones are still uncertain"
    return "another study of this size would find nearly the same order"


def rasch_model(fit: MixedFit, *, in_full: bool = False) -> RaschModel | None:
    """Read a fitted mixed model as the Rasch model.

    Parameters
    ----------
    fit : MixedFit
    in_full : bool
        Whether to list every listener, however many they are.

    Returns
    -------
    RaschModel or None
        None without a spread of items and of listeners.

    References
    ----------
    G. Rasch (1960), "Probabilistic Models for Some Intelligence and Attainment Tests". P. De Boeck
    (2008), "Random item IRT models", Psychometrika 73, 533-559. R. J. Adams (2005), "Reliability as
    a measurement design effect", Studies in Educational Evaluation 31, 162-172: the reliability of
    expected-a-posteriori estimates; B. D. Wright and G. N. Masters (1982), "Rating Scale Analysis",
    have the like for unshrunken ones, less the error.
    """
    from bachtest.stats.mixed.level_predictions import LevelPredictions

    estimated = {one.name for one in fit.sampled}
    if fit.inference is None or fit.data is None or not {ITEM, LISTENER} <= estimated:
        return None
    items = LevelPredictions(fit.inference, fit.data, ITEM, within=("excerpt",))
    # Without a spread only conditions differ, and a list would name items that are alike.
    shown = len(items.levels) if items.spread > MIN_SPREAD else 0
    listeners = LevelPredictions(fit.inference, fit.data, LISTENER)
    design = fit.inference.design
    centre = np.zeros(listeners.gradient.shape[1])
    centre[-design.x.width :] = design.sizes @ design.x.patterns / design.sizes.sum()
    ability = listeners.logit - centre @ fit.inference.used.phi
    se = np.sqrt(listeners.comparison_variance(centre))
    hardest = _levels(items, -items.logit, items.se, shown)
    count = len(listeners.levels)
    shown = count if in_full or count <= MAX_LISTENERS else TOP_N
    ablest = _levels(listeners, ability, se, shown if listeners.spread > MIN_SPREAD else 0)
    return RaschModel(
        hardest, ablest, count, _reliability(items), _reliability(listeners), in_full,
        items.kinds.columns, listeners.kinds.columns,
    )  # fmt: skip


def _levels(
    predictions: LevelPredictions, estimate: FloatArray, se: FloatArray, count: int
) -> tuple[RaschLevel, ...]:
    order = np.argsort(np.round(-estimate, 9), kind="stable")[:count]  # equals: by name
    return tuple(
        RaschLevel(
            predictions.levels[i], float(estimate[i]), float(se[i]),
            int(predictions.n[i]), int(predictions.correct[i]),
        )
        for i in order
    )  # fmt: skip


def _reliability(predictions: LevelPredictions) -> float | None:
    if predictions.spread <= MIN_SPREAD:
        return 0.0
    kind = predictions.kinds.of_level
    size = np.bincount(kind)
    compared = size[kind] > 1
    freedom = int(compared.sum() - (size > 1).sum())
    if freedom == 0:
        return None
    means = np.stack([np.bincount(kind, column) / size for column in predictions.gradient.T], 1)
    centred = predictions.effect - (np.bincount(kind, predictions.effect) / size)[kind]
    spread = float(np.sum(centred[compared] ** 2)) / freedom
    errors = predictions.comparison_variance(means[kind])
    return spread / (spread + float(np.mean(errors[compared])))

"""Simulated studies whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray
from bachtest.stats.mixed.logit_normal import logit_of_mean, mean_rate
from bachtest.stats.rates.order import CONDITIONS


@dataclass(frozen=True)
class SimulatedDesign:
    """Each listener hears `each` of the items, drawn at random.

    Item i belongs to cell i modulo `cells`; `sd_listener` and `sd_item` are on the logit scale.
    """

    listeners: int
    each: int
    items: int
    cells: int = 1
    sd_listener: float = 0.6
    sd_item: float = 0.5

    def rate(self, logit: float) -> float:
        """The population-averaged rate of a cell with this logit."""
        return float(mean_rate(logit, self._sd))

    def logit(self, rate: float) -> float:
        """The logit with this population-averaged rate."""
        return logit_of_mean(rate, self._sd)

    @property
    def _sd(self) -> float:
        return float(np.hypot(self.sd_listener, self.sd_item))


@dataclass(frozen=True)
class SimulatedTable:
    """A simulated table of answers, listener by listener."""

    listener: IntArray
    item: IntArray
    cell: IntArray
    right: FloatArray

    @property
    def columns(self) -> tuple[str, ...]:
        return "listener", "item", "condition"

    @property
    def n(self) -> list[int]:
        return [1] * len(self.right)

    @property
    def correct(self) -> list[int]:
        return [int(value) for value in self.right]

    def values(self, column: str) -> Sequence[str]:
        if column == "condition":
            return [CONDITIONS[int(cell)] for cell in self.cell]
        return [str(value) for value in (self.listener if column == "listener" else self.item)]


def simulate(
    rng: np.random.Generator, design: SimulatedDesign, logits: Sequence[float]
) -> SimulatedTable:
    """Simulate one study.

    Parameters
    ----------
    rng : numpy.random.Generator
    design : SimulatedDesign
    logits : sequence of float
        One for each cell: the average listener's with the average item.

    Returns
    -------
    SimulatedTable
    """
    skill = rng.normal(0, design.sd_listener, design.listeners)
    ease = rng.normal(0, design.sd_item, design.items)
    ease += np.asarray(logits)[np.arange(design.items) % design.cells]
    listener: IntArray = np.repeat(np.arange(design.listeners, dtype=np.int64), design.each)
    drawn = rng.random((design.listeners, design.items)).argsort(axis=1)[:, : design.each]
    item = np.asarray(drawn.ravel(), dtype=np.int64)
    right = rng.random(len(item)) < expit(skill[listener] + ease[item])
    return SimulatedTable(listener, item, item % design.cells, right.astype(float))

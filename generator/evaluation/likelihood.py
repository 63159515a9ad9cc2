"""How probable Bach's own notes are to a family that gives probabilities.

Conventions
-----------
-log p in nats, summed over cells and divided by frames (steps), so that figures compare with papers
on the pitch-only grid: pitches and rests count, and held cells count like others. Where a family
knows onsets, the same figure is given with them too.

Metrics
-------
orderless   expectation over random orders of all 4 T cells (Uria, Murray, Larochelle 2014): the
            number of masked cells is uniform on 1..4T; estimated by `masks` stratified masks.
joint       frames in time order; bass, soprano, alto, tenor within a frame; all later cells
            masked; every frame of every work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.families.likelihoods import (
    TIME_ORDER,
    Conditionals,
    JointLikelihood,
    distributions,
    nats_of,
)
from generator.families.trial import honest_predictions
from generator.music.grid.chorale import BoolArray, Chorale


@dataclass(frozen=True)
class Nats:
    """Sums of nats over a number of frames; `with_onsets` is None if onsets are not known."""

    total: float
    frames: int
    with_onsets: float | None = None


def orderless_nll(
    family: Conditionals, chorale: Chorale, *, masks: int, rng: np.random.Generator
) -> Nats:
    """Estimate the orderless negative log-likelihood of one work.

    Raises
    ------
    ValueError
        If `masks` is below 1.
    LikelihoodRefused
        If the family gives no distributions.
    """
    if masks < 1:
        raise ValueError(f"{masks} masks; at least 1 is needed")
    cells = 4 * chorale.steps
    givens = []
    for index in range(masks):
        written = max(1, math.ceil((index + rng.random()) / masks * cells))
        given = np.ones(cells, dtype=np.bool_)
        given[rng.permutation(cells)[:written]] = False
        givens.append(given.reshape(4, -1))
    told = [nats_of(distributions(family, chorale, given), chorale) for given in givens]
    pitches = _mean_over_masks([each.pitch for each in told], givens)
    onsets = [each.onset for each in told if each.onset is not None]
    if not onsets:
        return Nats(cells * pitches, chorale.steps)
    both = pitches + _mean_over_masks(onsets, givens)
    return Nats(cells * pitches, chorale.steps, cells * both)


def joint_nll(family: JointLikelihood, chorale: Chorale, *, secret: np.random.Generator) -> Nats:
    """Negative log-likelihood of a whole work in time order.

    Which cells are tried for honesty is drawn from `secret`, which no family can know; the figure
    does not depend on it.

    Raises
    ------
    LikelihoodRefused
        If the family gives no distributions, or looks ahead.
    """
    told = nats_of(honest_predictions(family, chorale, secret), chorale)
    pitches = -_total(told.pitch)
    onsets = None if told.onset is None else pitches - _total(told.onset)
    return Nats(pitches, chorale.steps, onsets)


def _total(cells: NDArray[np.float32]) -> float:
    return float(cells[list(TIME_ORDER)].sum(dtype=np.float64))


def _mean_over_masks(nats: Sequence[NDArray[np.float32]], givens: Sequence[BoolArray]) -> float:
    """The mean over masks of the mean loss of a mask's written cells."""
    means = [float(-each[~given].mean()) for each, given in zip(nats, givens, strict=True)]
    return float(np.mean(means))

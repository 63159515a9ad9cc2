"""How probable Bach's own notes are to a family that gives probabilities.

Conventions
-----------
Pitches and rests count, onsets do not: -log p in nats, summed over cells and divided by frames
(steps), so that figures compare with papers on the pitch-only grid. Held cells count like others.

Metrics
-------
orderless   expectation over random orders of all 4 T cells (Uria, Murray, Larochelle 2014): the
            number of masked cells is uniform on 1..4T; estimated by `masks` stratified masks.
joint       frames in time order; bass, soprano, alto, tenor within a frame; all later cells
            masked; every frame of every work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import REST, BoolArray, Chorale

REST_COLUMN = 128


@runtime_checkable
class Conditional(Protocol):
    """A family that gives the distribution of every cell, and a work's likelihood in time order."""

    @property
    def one_shot(self) -> bool:
        """False for a left-to-right network, which only has the likelihood in time order."""
        ...

    def pitch_log_probs(
        self, chorale: Chorale, given: BoolArray | list[BoolArray], /
    ) -> NDArray[np.float32]: ...

    def log_likelihood(self, chorale: Chorale, given: BoolArray) -> float: ...


@dataclass(frozen=True)
class Nats:
    """A sum of nats over a number of frames."""

    total: float
    frames: int


def orderless_nll(
    family: Conditional, chorale: Chorale, *, masks: int, rng: np.random.Generator
) -> Nats:
    """Estimate the orderless negative log-likelihood of one work.

    Raises
    ------
    ValueError
        If `masks` is below 1.
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
    losses = -_of_bach(family.pitch_log_probs(chorale, givens), chorale)
    means = [float(loss[~given].mean()) for loss, given in zip(losses, givens, strict=True)]
    return Nats(cells * float(np.mean(means)), chorale.steps)


def joint_nll(family: Conditional, chorale: Chorale) -> Nats:
    """Negative log-likelihood of a whole work in time order."""
    given = np.zeros(chorale.pitch.shape, dtype=np.bool_)
    return Nats(-family.log_likelihood(chorale, given), chorale.steps)


def _of_bach(log_probs: NDArray[np.float32], chorale: Chorale) -> NDArray[np.float32]:
    """float32[N, 4, T]: log-probabilities of the pitches of the chorale."""
    column = np.where(chorale.pitch == REST, REST_COLUMN, chorale.pitch)[None, :, :, None]
    column = np.broadcast_to(column, (len(log_probs), *chorale.pitch.shape, 1))
    of_bach: NDArray[np.float32] = np.take_along_axis(log_probs, column.astype(np.intp), axis=-1)
    return of_bach[..., 0]

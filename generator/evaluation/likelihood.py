"""How probable Bach's own notes are to a family that can say so.

Conventions
-----------
Pitches and rests count, onsets do not: -log p in nats, summed over cells, divided by frames
(steps), so that figures compare with papers on the pitch-only grid. Held cells count like any.

Metrics
-------
orderless   expectation over random orders of all 4 T cells (Uria, Murray, Larochelle 2014): the
            number of hidden cells is uniform on 1..4T; estimated by `masks` stratified masks.
joint       frames in time order, bass, soprano, alto, tenor inside a frame, all later cells
            hidden; every frame of every work.
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
    """A family that gives every cell's distribution, and a work's likelihood in time order."""

    @property
    def one_shot(self) -> bool:
        """False for a left-to-right network, which has the likelihood in time order alone."""
        ...

    def pitch_log_probs(
        self, chorale: Chorale, visible: BoolArray | list[BoolArray]
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
    """Estimate of the orderless negative log-likelihood of one work.

    Raises
    ------
    ValueError
        If `masks` is below 1.
    """
    if masks < 1:
        raise ValueError(f"{masks} masks; at least 1 is needed")
    cells = 4 * chorale.steps
    shown = []
    for index in range(masks):
        hidden = max(1, math.ceil((index + rng.random()) / masks * cells))
        visible = np.ones(cells, dtype=np.bool_)
        visible[rng.permutation(cells)[:hidden]] = False
        shown.append(visible.reshape(4, -1))
    losses = -_own(family.pitch_log_probs(chorale, shown), chorale)
    means = [float(loss[~visible].mean()) for loss, visible in zip(losses, shown, strict=True)]
    return Nats(cells * float(np.mean(means)), chorale.steps)


def joint_nll(family: Conditional, chorale: Chorale) -> Nats:
    """Negative log-likelihood of a whole work in time order."""
    given = np.zeros(chorale.pitch.shape, dtype=np.bool_)
    return Nats(-family.log_likelihood(chorale, given), chorale.steps)


def _own(log_probs: NDArray[np.float32], chorale: Chorale) -> NDArray[np.float32]:
    """float32[N, 4, T]: log-probabilities of the chorale's own pitches."""
    column = np.where(chorale.pitch == REST, REST_COLUMN, chorale.pitch)[None, :, :, None]
    column = np.broadcast_to(column, (len(log_probs), *chorale.pitch.shape, 1))
    own: NDArray[np.float32] = np.take_along_axis(log_probs, column.astype(np.intp), axis=-1)
    return own[..., 0]

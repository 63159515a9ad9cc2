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
            hidden; estimated on `frames` frames of each work, spread evenly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from generator.music.chorale import REST, BoolArray, Chorale

REST_COLUMN = 128
VOICE_ORDER = (3, 0, 1, 2)


@runtime_checkable
class Conditional(Protocol):
    """A family that gives every cell's distribution, given the visible cells."""

    def pitch_log_probs(
        self, chorale: Chorale, visible: BoolArray | list[BoolArray]
    ) -> NDArray[np.float32]: ...


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


def joint_nll(family: Conditional, chorale: Chorale, *, frames: int) -> Nats:
    """Negative log-likelihood in time order, on evenly spread frames of one work."""
    steps = np.unique(np.linspace(0, chorale.steps - 1, frames).round().astype(int))
    total = 0.0
    for step in steps.tolist():
        shown = []
        visible = np.zeros(chorale.pitch.shape, dtype=np.bool_)
        visible[:, :step] = True
        for voice in VOICE_ORDER:
            shown.append(visible.copy())
            visible[voice, step] = True
        own = _own(family.pitch_log_probs(chorale, shown), chorale)
        total -= float(sum(own[i, voice, step] for i, voice in enumerate(VOICE_ORDER)))
    return Nats(total, len(steps))


def _own(log_probs: NDArray[np.float32], chorale: Chorale) -> NDArray[np.float32]:
    """float32[N, 4, T]: log-probabilities of the chorale's own pitches."""
    column = np.where(chorale.pitch == REST, REST_COLUMN, chorale.pitch)[None, :, :, None]
    column = np.broadcast_to(column, (len(log_probs), *chorale.pitch.shape, 1))
    own: NDArray[np.float32] = np.take_along_axis(log_probs, column.astype(np.intp), axis=-1)
    return own[..., 0]

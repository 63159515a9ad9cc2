"""A family on trial: what a single fill cannot show. It is held before a version may write.

A cheat that one piece does not give away shows in two: the same notes for every seed, or other
notes for the same one. A likelihood that looks ahead shows when what comes later is changed.
"""

from __future__ import annotations

import numpy as np

from generator.families.base import Family
from generator.families.door import FillRefused
from generator.families.fill_run import Budget
from generator.families.likelihoods import (
    TIME_ORDER,
    CellDistributions,
    JointLikelihood,
    LikelihoodRefused,
    predictions,
)
from generator.music.grid.chorale import REST, BoolArray, Chorale, repaired_onsets
from generator.music.grid.empty_chorale import empty_chorale

SEEDS = (1, 2)
STRANGE = 60  # a pitch in the place of a rest
MAX_CHANGE = 1e-3
"""How much rounding may change a probability when other cells change."""


def try_out(family: Family, budget: Budget | None = None) -> None:
    """Have a family write two bars of its own with two seeds, and once more with the first.

    Raises
    ------
    FillRefused
        If it writes the same piece for both seeds, or another piece for the same seed.
    """
    frame = empty_chorale("G major", bars=2)
    given = np.zeros(frame.pitch.shape, dtype=np.bool_)
    first, second, again = (
        Family.fill(family, frame, given, seed=seed, budget=budget) for seed in (*SEEDS, SEEDS[0])
    )
    if first != again:
        raise FillRefused(family.name, f"wrote two pieces for seed {SEEDS[0]}")
    if first == second:
        raise FillRefused(family.name, f"wrote the same piece for seeds {SEEDS[0]} and {SEEDS[1]}")


def honest_predictions(
    family: JointLikelihood, chorale: Chorale, rng: np.random.Generator
) -> CellDistributions:
    """What a family says of all cells of a chorale from left to right.

    All notes from a random cell on are changed, and the cells up to it are asked for again.

    Raises
    ------
    LikelihoodRefused
        If a cell's distribution depends on what it is, or on what comes later.
    """
    nothing = np.zeros(chorale.pitch.shape, dtype=np.bool_)
    step, turn = int(rng.integers(chorale.steps)), int(rng.integers(len(TIME_ORDER)))
    later = _from_cell(chorale.steps, step, turn)
    other = np.where(chorale.pitch == REST, STRANGE, (chorale.pitch + 5) % 128)
    pitch = np.where(later, other, chorale.pitch)
    changed = chorale.with_voices(
        pitch, repaired_onsets(pitch, chorale.onset & (pitch != REST) & ~later)
    )
    # In either order: a family must not be able to tell which of the two is Bach's.
    if rng.random() < 0.5:
        one, two = (predictions(family, each, nothing) for each in (chorale, changed))
    else:
        two, one = (predictions(family, each, nothing) for each in (changed, chorale))
    same = ~later
    same[TIME_ORDER[turn], step] = True  # the first changed cell is not yet written
    for first, second in ((one.pitch, two.pitch), (one.onset, two.onset)):
        if first is None or second is None:
            continue
        if not np.allclose(np.exp(first[same]), np.exp(second[same]), atol=MAX_CHANGE):
            raise LikelihoodRefused(
                family.name, "looks ahead: notes change the likelihood of notes before them"
            )
    return one


def _from_cell(steps: int, step: int, turn: int) -> BoolArray:
    """bool[4, T]: the cell of this turn in the step, and all cells after it."""
    later = np.broadcast_to(np.arange(steps) > step, (len(TIME_ORDER), steps)).copy()
    later[list(TIME_ORDER[turn:]), step] = True
    return later

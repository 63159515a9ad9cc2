"""Blocked Gibbs sampling: ever fewer of the written cells are forgotten and drawn again at once.

All cells of a block are drawn independently, given the cells outside it. Large blocks move far and
clash; small ones correct. So the share that is forgotten falls from most to few, as published.

References
----------
L. Yao, S. Ozair, K. Cho, Y. Bengio: On the equivalence between deep NADE and generative stochastic
networks, ECML 2014. https://arxiv.org/abs/1409.0585
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from generator.families.coconet.network import CoconetNetwork
from generator.families.coconet.rolls import REST_ROW, writable
from generator.families.fill_run import FillRun
from generator.music.grid.chorale import REST, BoolArray, repaired_onsets

MOST, LEAST = 0.9, 0.1
"""Shares of the written cells that the first and the last steps forget."""
ANNEALED_AFTER = 0.7
"""Share of the steps after which the least is reached."""


def forgotten_share(progress: float) -> float:
    """The share of the written cells to draw again; `progress` is from 0 to 1."""
    return max(LEAST, MOST - (MOST - LEAST) * progress / ANNEALED_AFTER)


def planned_steps(cells: int, most: int, effort: float) -> int:
    """Gibbs steps for so many written cells."""
    return math.ceil(effort * min(cells, most))


def draw_in_blocks(
    network: CoconetNetwork,
    rows: NDArray[np.int64],
    onset: BoolArray,
    given: BoolArray,
    *,
    effort: float,
    temperature: float,
    rng: np.random.Generator,
    run: FillRun,
) -> tuple[NDArray[np.int64], BoolArray]:
    """Write the open cells: all at once, then block after block.

    Parameters
    ----------
    rows : int64[4, T]
        Those of open cells are not read.
    onset, given : bool[4, T]
    effort : float
        Steps in relation to those of the network's config.

    Returns
    -------
    int64[4, T], bool[4, T]
        Rows, and onsets that fit them.
    """
    opened = ~given
    rows, begins = np.where(given, rows, REST_ROW), onset & given

    def draw(block: BoolArray) -> None:
        shown = np.where(given, onset, _repaired(rows, begins))
        rows[block], begins[block] = _drawn(network, rows, shown, block, temperature, rng)

    for _ in run.needed(1):
        draw(opened)
    wanted = planned_steps(int(opened.sum()), network.config.steps, effort)
    steps = run.steps(wanted)
    for step in steps:
        block = opened & (rng.random(given.shape) < forgotten_share(step / len(steps)))
        if not block.any():
            block.flat[rng.choice(np.flatnonzero(opened))] = True
        draw(block)
    return rows, np.where(given, onset, _repaired(rows, begins))


def _drawn(
    network: CoconetNetwork,
    rows: NDArray[np.int64],
    onset: BoolArray,
    block: BoolArray,
    temperature: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], BoolArray]:
    """Rows and onsets of the cells of a block, each given all cells outside the block."""
    with torch.inference_mode():
        told = network(*(torch.from_numpy(each)[None] for each in (rows, onset, ~block)))
    pitch, begins = (each[0].numpy()[block] for each in told)
    allowed = writable()[np.nonzero(block)[0]]
    noise = rng.gumbel(size=pitch.shape)
    drawn = np.where(allowed, pitch / temperature + noise, -np.inf).argmax(axis=1)
    own = begins[np.arange(len(drawn)), drawn]
    return drawn, own / temperature + rng.logistic(size=len(drawn)) > 0


def _repaired(rows: NDArray[np.int64], onset: BoolArray) -> BoolArray:
    """Onsets that fit the pitches; what was drawn is kept, as a neighbour may yet change back."""
    return repaired_onsets(np.where(rows == REST_ROW, REST, rows), onset)

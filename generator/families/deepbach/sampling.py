"""Pseudo-Gibbs sampling: cells are redrawn a block at a time, each given all others as they were.

All cells of a block are drawn from the same old state, in all voices at once; that is what makes it
"pseudo", and fast. A block is an eighth of each voice's open cells: 8 of 64, as published, and more
in a longer piece, so that a cell is redrawn equally often in pieces of every length.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.deepbach.network import DeepBachNetwork
from generator.families.deepbach.vocabulary import HOLD, padded_piece
from generator.families.fill_run import FillRun
from generator.music.grid.chorale import BoolArray

START_HEAT = 1.1
COOLED_AFTER = 0.27
"""Share of the sampling after which the temperature has fallen to its own value: .9993 to the power
of the iteration takes 1.1 to 1 in 136 of 500 iterations."""
CHUNK = 256
"""Windows that go through a network at a time."""


def heat(progress: float) -> float:
    """What the temperature is multiplied by; `progress` is from 0 to 1."""
    return float(START_HEAT ** max(0.0, 1 - progress / COOLED_AFTER))


def redraw_all(
    network: DeepBachNetwork,
    tokens: NDArray[np.int64],
    frame: NDArray[np.int64],
    given: BoolArray,
    allowed: list[BoolArray],
    *,
    visits: int,
    temperature: float,
    rng: np.random.Generator,
    run: FillRun,
) -> NDArray[np.int64]:
    """Write the open cells: at random first, then `visits` times each.

    Parameters
    ----------
    tokens : int64[4, T]
        Those of open cells are not read.
    frame : int64[K, T]
    given : bool[4, T]
    allowed : bool[T, C] for each voice
        The symbols that each cell may be written with.

    Returns
    -------
    int64[4, T]
    """
    tokens = tokens.copy()
    opened = [np.flatnonzero(~given[voice]) for voice in range(4)]
    for voice, steps in enumerate(opened):
        tokens[voice, steps] = _draw(
            np.zeros((len(steps), HOLD[voice] + 2)), allowed[voice][steps], rng
        )
    window, blocks = network.config.window, network.config.blocks
    state, edges = (torch.from_numpy(each) for each in padded_piece(tokens, frame, window))
    iterations = run.steps(visits * blocks)
    with torch.inference_mode():
        for iteration in iterations:
            if iteration % blocks == 0:
                orders = [rng.permutation(steps) for steps in opened]
            warmth = temperature * heat(iteration / len(iterations))
            drawn = []
            for voice in range(4):
                steps = np.sort(orders[voice][iteration % blocks :: blocks])
                if len(steps):
                    logits = cell_logits(network, voice, state, edges, steps)
                    drawn.append((voice, steps, _draw(logits / warmth, allowed[voice][steps], rng)))
            for voice, steps, symbols in drawn:
                state[voice, torch.from_numpy(steps) + window] = torch.from_numpy(symbols)
    return state[:, window : window + tokens.shape[1]].numpy()


def cell_logits(
    network: DeepBachNetwork, voice: int, state: Tensor, frame: Tensor, steps: NDArray[np.int64]
) -> NDArray[np.float32]:
    """float32[S, C]: of one voice's cells at these steps, given all others.

    Parameters
    ----------
    state : int64 (4, window + T + window)
    frame : int64 (K, window + T + window)
    steps : int64[S]
    """
    reader = network.voice(voice)
    embedded = reader.embed(state, frame)
    windows = embedded.unfold(0, 2 * network.config.window + 1, 1)
    chunks = [
        reader(windows[torch.from_numpy(steps[start : start + CHUNK])].transpose(1, 2))[:, 0]
        for start in range(0, len(steps), CHUNK)
    ]
    logits: NDArray[np.float32] = torch.cat(chunks).numpy()
    return logits


def _draw(
    logits: NDArray[np.floating], allowed: BoolArray, rng: np.random.Generator
) -> NDArray[np.int64]:
    """A symbol for each row, by its probabilities among those that are allowed."""
    noise = rng.gumbel(size=logits.shape)
    drawn: NDArray[np.int64] = np.where(allowed, logits + noise, -np.inf).argmax(axis=1)
    return drawn

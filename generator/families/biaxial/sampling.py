"""Writing a piano roll step by step: along time in NumPy, along notes in a compiled loop.

`network` defines what is computed here, and a test holds the two to the same numbers. Along time
all keys go together. Along notes each key waits for the one below, so a step is 46 small products,
which an array library would spend on calls.

Legend: T steps, N keys, H width along time, K width along notes. Gates stand in the order input,
forget, cell, output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from generator.families.biaxial.forms import BiaxialConfig
from generator.families.biaxial.piano_roll import BEGINS, PLAYS, Floats, key_inputs
from generator.families.fill_run import FillRun
from generator.music.grid.chorale import BoolArray

FEWEST, RECOVERY = 2, 0.3
"""Keys below which a step is thin, and how fast the conservativity returns to 1 after it."""
NO_KEY = -1
ONE = np.float32(1)


class LayerWeights(NamedTuple):
    """An LSTM layer, its matrices transposed."""

    input: Floats  # (inputs, 4H)
    recurrent: Floats  # (H, 4H)
    bias: Floats  # (4H,)
    hidden: Floats  # (H,), as at the beginning
    cell: Floats  # (H,)


@dataclass(frozen=True)
class SamplerWeights:
    """The network's tensors in float32."""

    time: tuple[LayerWeights, LayerWeights]
    notes: LayerWeights
    output: Floats  # (K, 2)
    output_bias: Floats  # (2,)

    @classmethod
    def of(cls, tensors: Mapping[str, NDArray[Any]]) -> SamplerWeights:
        """From the tensors of a checkpoint."""
        return cls(
            (_layer(tensors, "time.0"), _layer(tensors, "time.1")),
            _layer(tensors, "notes"),
            np.ascontiguousarray(tensors["output.weight"].astype(np.float32).T),
            tensors["output.bias"].astype(np.float32),
        )


@dataclass(frozen=True)
class RollTask:
    """What is given of a roll, and what may be written.

    Attributes
    ----------
    fixed : bool[T, N, 2]
        The given notes.
    open : bool[T, N]
        Keys that may be written: those in the range of a voice that is open at the step.
    beats : float32[T, 4]
    """

    fixed: BoolArray
    open: BoolArray
    beats: Floats


@dataclass(frozen=True)
class Drawing:
    """How keys are drawn from their probabilities."""

    temperature: float
    """Divides the log-odds."""
    adaptation: float
    """How much the conservativity falls with each thin step; 0 keeps it at 1."""


class TimeAxis:
    """The two layers along time: the state of every key after the steps so far."""

    def __init__(self, weights: SamplerWeights, keys: int) -> None:
        self.layers = weights.time
        self.hidden = [np.tile(layer.hidden, (keys, 1)) for layer in self.layers]
        self.cell = [np.tile(layer.cell, (keys, 1)) for layer in self.layers]

    def advance(self, inputs: Floats) -> Floats:
        """Take a step with the inputs (N, 79); returns what the second layer gives, (N, H)."""
        x = inputs
        for index, layer in enumerate(self.layers):
            width = len(layer.hidden)
            gates = x @ layer.input
            gates += self.hidden[index] @ layer.recurrent
            gates += layer.bias
            proposed = np.tanh(gates[:, 2 * width : 3 * width])
            with np.errstate(over="ignore"):  # of a gate that is shut
                np.divide(ONE, ONE + np.exp(-gates), out=gates)
            self.cell[index] *= gates[:, width : 2 * width]
            self.cell[index] += gates[:, :width] * proposed
            x = self.hidden[index] = gates[:, 3 * width :] * np.tanh(self.cell[index])
        return x


def write_roll(
    weights: SamplerWeights,
    config: BiaxialConfig,
    task: RollTask,
    rng: np.random.Generator,
    drawing: Drawing,
    run: FillRun,
) -> tuple[BoolArray, NDArray[np.intp]]:
    """The whole roll bool[T, N, 2], and the open key of each step that was likeliest to sound.

    Where no key is open the second is `NO_KEY`.
    """
    steps, keys, _ = task.fixed.shape
    roll = task.fixed.copy()
    likeliest = np.full(steps, NO_KEY, dtype=np.intp)
    draws = rng.random((steps, keys, 2))
    time_axis = TimeAxis(weights, keys)
    notes = weights.notes
    previous = np.zeros((1, keys, 2), dtype=np.bool_)
    conservativity = 1.0
    for step in run.needed(steps):
        inputs = key_inputs(previous, task.beats[step : step + 1], config.lowest)[0]
        states = time_axis.advance(inputs)
        if task.open[step].any():
            likeliest[step] = write_step(
                states @ notes.input[:-2] + notes.bias, notes, weights.output, weights.output_bias,
                previous[0, :, PLAYS], task.open[step], draws[step],
                drawing.temperature, conservativity, roll[step],
            )  # fmt: skip
        conservativity = _adapted(conservativity, int(roll[step, :, PLAYS].sum()), drawing)
        previous = roll[step : step + 1]
    return roll, likeliest


@njit(cache=True, error_model="numpy")
def write_step(
    gates_of: Floats,
    notes: LayerWeights,
    output: Floats,
    output_bias: Floats,
    sounded: BoolArray,
    open_keys: BoolArray,
    draws: NDArray[np.float64],
    temperature: float,
    conservativity: float,
    step: BoolArray,
) -> int:
    """Draw the open keys of one step, from the lowest to the highest.

    Parameters
    ----------
    gates_of : (N, 4K)
        What the time axis adds to the gates of each key.
    notes, output, output_bias : the layer along notes and the output after it
    sounded : bool (N,)
        Whether the key sounded in the step before.
    open_keys : bool (N,)
    draws : (N, 2), uniform
    step : bool (N, 2)
        The given notes; the drawn ones are added.

    Returns
    -------
    int
        The open key that was likeliest to sound; `NO_KEY` if none is open.
    """
    hidden, cell = notes.hidden.copy(), notes.cell.copy()
    width, inputs = len(hidden), len(notes.input)
    best, likeliest = -1.0, NO_KEY
    for key in range(len(step)):
        gates = gates_of[key].copy()
        for unit in range(width):
            row, state = notes.recurrent[unit], hidden[unit]
            for gate in range(4 * width):
                gates[gate] += state * row[gate]
        for each in range(2):
            if key > 0 and step[key - 1, each]:
                gates += notes.input[inputs - 2 + each]
        odds_of_playing, odds_of_beginning = output_bias[PLAYS], output_bias[BEGINS]
        for unit in range(width):
            kept = _sigmoid(gates[width + unit]) * cell[unit]
            cell[unit] = kept + _sigmoid(gates[unit]) * math.tanh(gates[2 * width + unit])
            hidden[unit] = _sigmoid(gates[3 * width + unit]) * math.tanh(cell[unit])
            odds_of_playing += hidden[unit] * output[unit, PLAYS]
            odds_of_beginning += hidden[unit] * output[unit, BEGINS]
        if open_keys[key] and not step[key, PLAYS]:
            chance = _sigmoid(odds_of_playing / temperature)
            if chance > best:
                best, likeliest = chance, key
            begins = _sigmoid(odds_of_beginning / temperature) > draws[key, BEGINS]
            step[key, PLAYS] = chance**conservativity > draws[key, PLAYS]
            step[key, BEGINS] = step[key, PLAYS] and (begins or not sounded[key])
    return likeliest


@njit(cache=True, error_model="numpy")
def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _adapted(conservativity: float, sounding: int, drawing: Drawing) -> float:
    """A chance p counts as p to this power: below 1, more keys sound."""
    if not drawing.adaptation:
        return conservativity
    if sounding < FEWEST:
        return max(0.0, conservativity - drawing.adaptation)
    return conservativity + RECOVERY * (1 - conservativity)


def _layer(tensors: Mapping[str, NDArray[Any]], name: str) -> LayerWeights:
    own = {part: tensors[f"{name}.{part}"].astype(np.float32) for part in ("hidden", "cell")} | {
        part: tensors[f"{name}.lstm.{part}_l0"].astype(np.float32)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    return LayerWeights(
        np.ascontiguousarray(own["weight_ih"].T),
        np.ascontiguousarray(own["weight_hh"].T),
        own["bias_ih"] + own["bias_hh"],
        own["hidden"],
        own["cell"],
    )

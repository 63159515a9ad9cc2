"""What families of integer notes have in common: the table in the checkpoint, filling, likelihood.

It is no family of its own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from generator.families.base import Family
from generator.families.fill_run import FillRun
from generator.families.likelihoods import CellDistributions
from generator.families.note_tokens.notes import FIRST, START, NoteTable, in_common_key
from generator.families.note_tokens.predictions import cell_predictions
from generator.families.note_tokens.writing import Reader, SymbolChoice, write
from generator.families.settings import Values
from generator.families.tensor_forms import ANY_SIZE, TensorForm, Tensors
from generator.music.grid.chorale import REST, VOICE_RANGES, BoolArray, Chorale

NOTES = "notes"
MAX_NOTES = 20_000
ANY_NUMBERS = ANY_SIZE
"""In the shape of a weight: as many as the table has symbols, or as there are numbers."""


class NoteNetwork(nn.Module):
    """A network over the numbers of notes; the buffer `notes`, int16[N, 3], says what they mean."""

    notes: Tensor

    def __init__(self, rows: np.ndarray[Any, np.dtype[np.int16]]) -> None:
        super().__init__()
        self.register_buffer(NOTES, torch.from_numpy(np.array(rows, dtype=np.int16)))

    @abstractmethod
    def reader(self) -> Reader:
        """The network as it writes, before it has read anything."""

    @abstractmethod
    def after_each(self, numbers: Tensor) -> Tensor:
        """Logits (n, N) of what follows each of the numbers (n,) of a piece, as it writes."""

    def table(self) -> NoteTable:
        return NoteTable(self.notes.cpu().numpy())


class NoteFamily(Family):
    """A family with a network of integer notes."""

    Network: ClassVar[type[NoteNetwork]]

    def __init__(self, network: NoteNetwork, config: Any) -> None:
        self.network = network.eval()
        self.config = config
        self.table = network.table()

    @classmethod
    @abstractmethod
    def weight_shapes(cls, config: Any) -> dict[str, tuple[int, ...]]:
        """The shape of each weight of the network."""

    @classmethod
    @abstractmethod
    def made(cls, config: Any, rows: np.ndarray[Any, np.dtype[np.int16]]) -> NoteNetwork:
        """An untrained network."""

    @abstractmethod
    def choice(self, seed: int, settings: Values) -> SymbolChoice:
        """How the next note is chosen."""

    @classmethod
    def tensors(cls, config: Any) -> Mapping[str, TensorForm]:
        weights = cls.weight_shapes(config)
        forms: dict[str, TensorForm] = {name: ("float16", shape) for name, shape in weights.items()}
        return {NOTES: ("int16", (ANY_SIZE, 3)), **forms}

    @classmethod
    def from_tensors(cls, config: Any, tensors: Tensors) -> Self:
        _check_table(tensors)
        network = cls.made(config, tensors[NOTES])
        weights = {
            name: torch.from_numpy(np.array(value, np.int16 if name == NOTES else np.float32))
            for name, value in tensors.items()
        }
        network.load_state_dict(weights)
        return cls(network, config)

    def to_tensors(self) -> Tensors:
        forms = self.tensors(self.config)
        state = self.network.state_dict()
        return {name: state[name].cpu().numpy().astype(forms[name][0]) for name in forms}

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        with torch.inference_mode():
            return write(
                chorale,
                given,
                table=self.table,
                reader=self.network.reader(),
                choice=self.choice(seed, settings),
                run=run,
            )

    def cell_predictions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """Of every cell, from the notes before it; what is given makes no difference."""
        numbers = [START, *self.table.numbers(in_common_key(chorale))]
        with torch.inference_mode():
            logits = self.network.after_each(torch.tensor(numbers))
        return cell_predictions(chorale, self.table, logits.numpy().astype(np.float64))


def _check_table(tensors: Tensors) -> None:
    """Check that the weights are those of as many symbols as the table has.

    Raises
    ------
    ValueError
        Naming the weight.
    """
    symbols = len(tensors[NOTES])
    if not 1 <= symbols <= MAX_NOTES:
        raise ValueError(f"a table of {symbols:,} symbols; use 1 to {MAX_NOTES:,}")
    expected = {
        "embedding.weight": FIRST + symbols,
        "dense.weight": symbols,
        "dense.bias": symbols,
    }
    for name, size in expected.items():
        if (found := len(tensors[name])) != size:
            raise ValueError(
                f"{name} has {found:,} rows, but its table has {symbols:,} symbols, which need "
                f"{size:,}"
            )


def checked_sizes(config: Any, limits: Mapping[str, int]) -> None:
    """Check that all sizes of a config are whole numbers from 1 to their limits.

    Raises
    ------
    ValueError
        Naming the size.
    """
    for field in fields(config):
        value, limit = getattr(config, field.name), limits[field.name]
        if type(value) is not int or not 1 <= value <= limit:
            raise ValueError(f"{field.name} {value!r}; use a whole number from 1 to {limit}")


def few_notes(waits: tuple[int, ...] = (0, 4)) -> np.ndarray[Any, np.dtype[np.int16]]:
    """int16[N, 3]: a small table for tests, with a rest in each voice."""
    rows = [
        (voice, pitch, wait)
        for voice, (low, high) in enumerate(VOICE_RANGES)
        for pitch in (REST, *range(low, high, 3))
        for wait in waits
    ]
    return np.array(sorted(rows), dtype=np.int16)

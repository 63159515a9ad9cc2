"""What trainers of integer notes have in common: the works as numbers, and how notes are scored."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from generator.families.note_tokens.note_family import NoteNetwork
from generator.families.note_tokens.notes import (
    FIRST,
    PAD,
    START,
    NoteTable,
    counted_notes,
    in_common_key,
)
from generator.music.grid.chorale import BoolArray, Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.splits import SplitPart
from generator.training.trainer import Scores

NetworkT = TypeVar("NetworkT", bound=NoteNetwork)
MAX_LENGTH = 1000
SCORED_WORKS = 40  # of each part


@dataclass(frozen=True)
class SequenceConfig:
    """How the works are cut into examples."""

    length: int
    """Notes that a network sees at once: the published sequence length."""
    work: str = ""
    """Train on this work alone, as published; empty: on the whole training part."""

    def __post_init__(self) -> None:
        if type(self.length) is not int or not 2 <= self.length <= MAX_LENGTH:
            raise ValueError(f"length = {self.length!r}; use a whole number from 2 to {MAX_LENGTH}")


@dataclass(frozen=True)
class NumberedWork:
    """A work as `START` and the numbers of its notes; `known` tells which are symbols."""

    numbers: Tensor  # (n + 1,)
    known: BoolArray  # bool[n]


class NoteTrainer(GradientTrainer[NetworkT, Tensor]):
    """Trains a network on the notes of the training part."""

    tables = ("network", "sequences")

    def setup(self) -> None:
        self.sequences = SequenceConfig(**self.config["sequences"])
        if self.sequences.work:
            self.parts = {**self.parts, "train": _alone(self.parts["train"], self.sequences.work)}
        self.read_network(self.config["network"])

    @abstractmethod
    def read_network(self, table: dict[str, Any]) -> None:
        """Read the table `[network]` of the config."""

    @abstractmethod
    def batch_scores(self, network: NetworkT) -> Scores:
        """What else is said of held-out works; some entries may be none of the network's own."""

    @cached_property
    def rows(self) -> NDArray[np.int16]:
        """The symbols of the training works."""
        return counted_notes(self.train_chorales)

    @cached_property
    def table(self) -> NoteTable:
        return NoteTable(self.rows)

    @cached_property
    def train_works(self) -> list[NumberedWork]:
        return [numbered(chorale, self.table) for chorale in self.train_chorales]

    @cached_property
    def held_out_works(self) -> list[NumberedWork]:
        return [numbered(chorale, self.table) for chorale in self.valid_chorales[:SCORED_WORKS]]

    def validate(self, network: NetworkT) -> Scores:
        """Nats a note of whole works, read as the network writes, and the share of right notes.

        Notes that are no symbols are left out of the loss; none of them is right.
        """
        held_out, right = note_scores(network, self.held_out_works, self.device)
        train, train_right = note_scores(network, self.train_works[:SCORED_WORKS], self.device)
        unknown = np.concatenate([~work.known for work in self.held_out_works])
        return {
            "score": held_out,
            "train": train,
            "right": right,
            "train_right": train_right,
            "unknown_notes": float(unknown.mean()),
            **self.batch_scores(network),
        }


def numbered(chorale: Chorale, table: NoteTable) -> NumberedWork:
    """A chorale as numbers; notes that are no symbols have the number of the nearest."""
    notes = in_common_key(chorale)
    return NumberedWork(torch.tensor([START, *table.numbers(notes)]), table.known(notes))


@torch.inference_mode()
def note_scores(
    network: NoteNetwork, works: Sequence[NumberedWork], device: torch.device
) -> tuple[float, float]:
    """Nats a note over the known notes of whole works, and the share of all that are right."""
    nats, right, known, count = 0.0, 0, 0, 0
    for work in works:
        numbers = work.numbers.to(device)
        logits, targets = network.after_each(numbers[:-1]), numbers[1:] - FIRST
        those = torch.from_numpy(work.known).to(device)
        nats += float(F.cross_entropy(logits[those], targets[those], reduction="sum"))
        right += int((logits.argmax(-1) == targets)[those].sum())
        known, count = known + int(those.sum()), count + len(targets)
    return nats / max(1, known), right / max(1, count)


def chunks(works: Sequence[NumberedWork], size: int) -> Tensor:
    """(chunks, size): the works cut into stretches without overlap, `PAD` after their ends."""
    rows = []
    for work in works:
        for start in range(0, len(work.numbers) - 1, size):
            stretch = work.numbers[start : start + size]
            if len(stretch) > 1:
                rows.append(F.pad(stretch, (0, size - len(stretch)), value=PAD))
    return torch.stack(rows)


def drawn(rows: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """`count` of the rows, or all if there are fewer, each at most once."""
    picks = rng.choice(len(rows), size=min(count, len(rows)), replace=False)
    return rows[torch.from_numpy(picks)]


def _alone(part: SplitPart, work: str) -> SplitPart:
    if work not in part.names:
        raise ValueError(f"work = {work!r}; use one of the training part, such as {part.names[0]}")
    return SplitPart((work,), (part.chorales[part.names.index(work)],))

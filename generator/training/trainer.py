"""What a family gives to be trained: a `Trainer`. The rest is done for it by `run.train`.

`run` reads the config, loads the splits, deals the folds, looks at the disk, keeps what is trained
and writes the checkpoint with its provenance. One trainer trains one member: all there is on most
splits, or the composer's weights for one fold of the split `folds`.

A family that counts subclasses `CountingTrainer` and needs no torch::

    class PitchTrainer(CountingTrainer[PitchFamily]):
        tables = ("pitches",)  # of the config, besides those that every family has

        def setup(self) -> None:
            self.pitches = PitchConfig(**self.config["pitches"])

        def count(self) -> Tensors:
            pitch = np.concatenate([c.pitch[c.pitch >= 0] for c in self.train_chorales])
            return {"counts": np.bincount(pitch, minlength=128)}

        def validate(self, composer: PitchFamily) -> Scores:
            return {"nats": composer.nats(self.valid_chorales)}

        def composer(self, members: Sequence[Tensors]) -> PitchFamily:
            made = [PitchFamily.from_tensors(self.pitches, each) for each in members]
            return PitchFamily.cross_fitted(made)

A family with a network subclasses `gradient_trainer.GradientTrainer`, which has another example.
`docs/adding-a-family.md` has the rest: the family itself, its entry in the registry and its config.

This file imports no torch, and a counting family is trained without it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from generator.atomic_write import atomic_write
from generator.music.grid.chorale import Chorale
from generator.training.cost import Cost
from generator.training.provenance import Provenance
from generator.training.splits import SplitPart

Config = dict[str, Any]
Scores = dict[str, float]
Tensors = dict[str, NDArray[Any]]

DEFAULT_SEED = 1

log = logging.getLogger(__name__)


class Saveable(Protocol):
    """What the trained members become: a family, though training knows none."""

    def check_tensors(self) -> None:
        """Refuse what could not be loaded again; called before any time is spent on training."""

    def save(self, path: Path, provenance: Provenance) -> None: ...


MemberT = TypeVar("MemberT")
ComposerT = TypeVar("ComposerT", bound=Saveable)


class Trainer(ABC, Generic[MemberT]):
    """Trains one member of a composer.

    Parameters
    ----------
    config : dict
        The tables of the config, with the changes for this member made.
    parts : dict
        `train`, `valid` and `test` of its split or fold.
    progress : bool
        Whether to show progress bars.
    """

    tables: ClassVar[tuple[str, ...]] = ()
    """Tables of the config that this family reads besides `data`, `training` and `members`."""
    member_tables: ClassVar[tuple[str, ...]] = ()
    """Those of them that `[members.N.TABLE]` may change; it may always change `training`."""
    data_keys: ClassVar[tuple[str, ...]] = ()
    """Keys of `[data]` that this family reads besides `split`."""
    training_keys: ClassVar[tuple[str, ...]] = ()
    """Keys of `[training]` that this family reads besides `seed`."""
    learns: ClassVar[bool] = True
    """Whether the works change what is made; if not, its checkpoint lists no works."""

    def __init__(
        self, config: Config, parts: Mapping[str, SplitPart], *, progress: bool = False
    ) -> None:
        self.config = config
        self.parts = parts
        self.progress = progress
        self.seed = _checked_seed(config["training"].get("seed", DEFAULT_SEED))
        self.setup()

    def setup(self) -> None:
        """Read the config; whatever is wrong with it is raised here, before anything is trained.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the config lacks something, has too much or has a value that cannot be.
        """

    @property
    def train_chorales(self) -> tuple[Chorale, ...]:
        """The works that the member learns from."""
        return self.parts["train"].chorales

    @property
    def valid_chorales(self) -> tuple[Chorale, ...]:
        """The works that its scores are taken on; they may stop the training early."""
        return self.parts["valid"].chorales

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the config and the works: a state goes on only with those it began with."""
        works = [self.parts[part].digest() for part in ("train", "valid")]
        content = json.dumps([self.config, works], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()

    @abstractmethod
    def train(self, state: Path, *, keep: bool) -> tuple[MemberT, Scores]:
        """The trained member and its validation scores.

        Parameters
        ----------
        state : Path
            Where to keep what a later run goes on with.
        keep : bool
            Whether only this member is trained now; a later run finds it in its state.

        Raises
        ------
        ValueError
            If the state is that of another training.
        """

    @abstractmethod
    def composer(self, members: Sequence[MemberT]) -> Saveable:
        """The composer made of the trained members, one for each fold."""

    @abstractmethod
    def measure(self, *, keep: bool) -> Cost:
        """What this member costs; it changes neither the member nor any random stream."""

    @abstractmethod
    def steps_left(self, state: Path) -> int:
        """Steps until the member is trained: 0 if its state has it.

        Raises
        ------
        ValueError
            If the state is that of another training.
        """

    def state_files(self, state: Path) -> list[Path]:
        """All files in which the member is kept."""
        return [state]

    @classmethod
    def use_threads(cls, count: int) -> None:
        """Train with so many threads, where there is a choice."""


class CountingTrainer(Trainer[Tensors], Generic[ComposerT]):
    """Trains a family that counts: a member is its tables, as they stand in a checkpoint.

    Counting is done in one go. So there is nothing to resume, and only a member that is trained
    alone is kept in a state file.
    """

    @abstractmethod
    def count(self) -> Tensors:
        """The tables counted on `train_chorales`."""

    @abstractmethod
    def validate(self, composer: ComposerT) -> Scores:
        """Scores on `valid_chorales`; `composer` has this member alone."""

    @abstractmethod
    def composer(self, members: Sequence[Tensors]) -> ComposerT: ...

    def validation_seconds(self, composer: ComposerT) -> float | None:
        """Seconds that `validate` will take, where a small part of it tells; None: not known."""
        return None

    def train(self, state: Path, *, keep: bool) -> tuple[Tensors, Scores]:
        if kept := self._kept(state, say=True):
            log.info("%s has this member counted already", state)
            return kept
        tables, _ = self._counted
        scores = self.validate(self.composer([tables]))
        if keep:
            metadata = {"fingerprint": self.fingerprint, "scores": json.dumps(scores)}
            atomic_write(state, save(tables, metadata=metadata))
        return tables, scores

    def measure(self, *, keep: bool) -> Cost:
        tables, seconds = self._counted
        size = sum(table.nbytes for table in tables.values())
        validation = self.validation_seconds(self.composer([tables]))
        total = None if validation is None else seconds + validation
        return Cost(size if keep else 0, 0, size, total)

    def steps_left(self, state: Path) -> int:
        return 0 if self._kept(state, say=False) else 1

    @cached_property
    def _counted(self) -> tuple[Tensors, float]:
        """The tables, counted once and checked, and the seconds that it took."""
        start = time.perf_counter()
        tables = {name: np.asarray(table, order="C") for name, table in self.count().items()}
        seconds = time.perf_counter() - start
        self.composer([tables]).check_tensors()
        return tables, seconds

    def _kept(self, state: Path, *, say: bool) -> tuple[Tensors, Scores] | None:
        if not state.exists():
            return None
        try:
            with safe_open(state, framework="numpy") as file:
                metadata = file.metadata() or {}
                tables = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            scores: Scores = json.loads(metadata["scores"])
        except (SafetensorError, LookupError, ValueError) as error:
            if say:
                log.warning("%s cannot be read (%s); the member is counted again", state, error)
            return None
        check_fingerprint(state, metadata.get("fingerprint"), self.fingerprint)
        return tables, scores


def check_fingerprint(state: Path, found: str | None, expected: str) -> None:
    """Compare the fingerprint in a state with the one of this training.

    Raises
    ------
    ValueError
        If they differ.
    """
    if found != expected:
        raise ValueError(
            f"{state} was trained with another config or on other works; "
            f"delete {files_of(state)} to train again, or choose another --out"
        )


def files_of(state: Path) -> str:
    """A pattern for all state files of a member, or of a later stage of it."""
    return f"{state.with_name(state.name.removesuffix('.state').removesuffix('.previous'))}.*state"


def _checked_seed(seed: object) -> int:
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed = {seed}; it must be a whole number, 0 or more")
    return seed

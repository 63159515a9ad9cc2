"""The interface of every family of composers. It imports no torch: some families need none.

`fill` is the one door to a family. It hides what is not given, asks the family, and checks what
comes back: what a family is handed holds nothing of Bach's but the given cells, and these come back
as they were.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict
from inspect import getattr_static
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from generator.errors import GeneratorError
from generator.families.checkpoint import check_tensors, fitting, read_weights, write_checkpoint
from generator.families.door import (
    FillRefused,
    as_given,
    checked_count,
    checked_given,
    checked_piece,
)
from generator.families.fill_run import Budget, FillClock, FillRun, Progress
from generator.families.likelihoods import Conditionals, JointLikelihood, Missing
from generator.families.settings import Choices, Settings, Values, checked_values
from generator.families.tensor_forms import TensorForm, Tensors, cast_tensors
from generator.music.grid.chorale import BoolArray, Chorale
from generator.training.provenance import Provenance

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Task = tuple[Chorale, BoolArray]
DOOR = ("fill", "fill_many", "load", "save", "member", "members", "averaged", "cross_fitted")
"""What no family may replace. Callers ask for `Family.fill(family, ...)`, so that none can."""


class Family(ABC):
    """A composer that fills any cells of a chorale, given the others.

    `given` is bool[4, T], True = keep: given cells always come back untouched. The same seed,
    settings and inputs give the same piece on the same device. Parameters travel as arguments.

    A family says its `name`, its `Config` (a frozen dataclass), the `settings` of a fill and the
    `tensors` of a checkpoint, and has `from_tensors`, `to_tensors` and `_fill`. It never sees the
    notes of Bach in the cells that it writes; `docs/adding-a-family.md` shows the whole of one.

    A cross-fitted composer has several members, one for each fold of the works. The methods use the
    first; `member(fold)` returns another.
    """

    name: ClassVar[str]
    Config: ClassVar[type[DataclassInstance]]
    settings: ClassVar[Settings] = {}
    config: DataclassInstance
    _members: tuple[Self, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        inherited = vars(Family)
        if replaced := [name for name in DOOR if getattr_static(cls, name) is not inherited[name]]:
            raise TypeError(
                f"{cls.__name__} replaces {replaced[0]}, which hides and checks notes for all "
                "families; write _fill, from_tensors and to_tensors instead"
            )

    def __setattr__(self, name: str, value: object) -> None:
        if name in DOOR:
            raise TypeError(f"{type(self).__name__} replaces {name}; write _fill instead")
        super().__setattr__(name, value)

    # What a family gives.

    @abstractmethod
    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        """Write the cells that are not given; they come as rests, and none of them need stay.

        All settings have checked values. The family takes its steps from `run`.
        """

    def _fill_many(
        self, tasks: Sequence[Task], seeds: Sequence[int], *, settings: Values, run: FillRun
    ) -> list[Chorale]:
        """Write several; a family that can write them together replaces this."""
        pieces = []
        for (chorale, given), seed in zip(tasks, seeds, strict=True):
            run.next_piece()
            pieces.append(self._fill(chorale, given, seed=seed, settings=settings, run=run))
        return pieces

    @classmethod
    @abstractmethod
    def tensors(cls, config: Any) -> Mapping[str, TensorForm]:
        """Type and shape of every tensor that a checkpoint of this config holds, by name."""

    @classmethod
    @abstractmethod
    def from_tensors(cls, config: Any, tensors: Tensors) -> Self:
        """One member, from the tensors of its checkpoint; a ValueError if they contradict."""

    @abstractmethod
    def to_tensors(self) -> Tensors:
        """The tensors of this member."""

    @classmethod
    def _averaged(cls, members: Sequence[Self]) -> Self:
        """Members as one, for music that no fold holds out; by default the first of them."""
        return members[0]

    @classmethod
    def stored_name(cls, name: str) -> str:
        """The name in a checkpoint of a tensor that has this name in the code."""
        return name

    @classmethod
    @abstractmethod
    def debug(cls) -> Self:
        """A random miniature for tests, with the whole interface."""

    @classmethod
    def config_from_json(cls, stored: Mapping[str, Any]) -> Any:
        """The config, as a checkpoint holds it."""
        return cls.Config(**stored)

    def config_as_json(self) -> dict[str, Any]:
        return asdict(self.config)

    @property
    def joint_likelihood(self) -> JointLikelihood | Missing:
        """The likelihood from left to right, or why there is none."""
        if isinstance(self, JointLikelihood):
            return self
        return Missing("the family writes no likelihood from left to right")

    @property
    def conditionals(self) -> Conditionals | Missing:
        """The distributions in one shot, or why there are none."""
        if isinstance(self, Conditionals):
            return self
        return Missing("the family writes no distributions of open cells")

    # The door.

    def fill(
        self,
        chorale: Chorale,
        given: BoolArray,
        *,
        seed: int,
        settings: Choices | None = None,
        budget: Budget | None = None,
        progress: Progress | None = None,
    ) -> Chorale:
        """Write the cells that are not given.

        Parameters
        ----------
        settings : those that differ from their defaults; text is read as a number
        budget : what the fill may take
        progress : called with the steps that are done and planned; raising ends the fill

        Raises
        ------
        ValueError
            If `given` does not have the chorale's shape, the chorale has more than
            `MAX_FILL_STEPS`, or a setting does not exist or is out of bounds.
        FillRefused
            If the family fails, or what it returns cannot be its own writing around the given
            cells.
        BudgetUsedUp
            If the seconds of the budget are used up.
        """
        tasks, seeds = [(chorale, given)], [seed]
        return Family.fill_many(
            self, tasks, seeds, settings=settings, budget=budget, progress=progress
        )[0]

    def fill_many(
        self,
        tasks: Sequence[Task],
        seeds: Sequence[int],
        *,
        settings: Choices | None = None,
        budget: Budget | None = None,
        progress: Progress | None = None,
    ) -> list[Chorale]:
        """Fill several chorales, each with its own seed; a family may fill them together.

        Raises
        ------
        ValueError
            As for `fill`, or if there is not one seed for each task.
        """
        if not isinstance(self, Family):
            raise FillRefused(type(self).__name__, "is not a Family, so nothing is hidden from it")
        if len(seeds) != len(tasks):
            raise ValueError(f"{len(seeds)} seeds for {len(tasks)} chorales; give one for each")
        values = checked_values(self.settings, settings or {})
        masks = [checked_given(chorale, given) for chorale, given in tasks]
        pieces = [chorale for chorale, _ in tasks]
        unfinished = [index for index, given in enumerate(masks) if not given.all()]
        if unfinished:
            tasks = [as_given(pieces[index], masks[index]) for index in unfinished]
            seeds = [seeds[index] for index in unfinished]
            clock = FillClock(self.name, budget, progress)
            try:
                filled = self._fill_many(tasks, seeds, settings=values, run=clock.run)
            except Exception as error:  # a family is code of others, which may raise anything
                clock.raise_if_ended()  # whatever the family made of it
                if isinstance(error, GeneratorError):
                    raise
                reason = f"failed ({type(error).__name__}: {error})"
                raise FillRefused(self.name, reason) from error
            clock.finish()
            filled = checked_count(self.name, filled, len(tasks))
            for index, piece in zip(unfinished, filled, strict=True):
                pieces[index] = checked_piece(self.name, pieces[index], masks[index], piece)
        return pieces

    # Checkpoints and members.

    @property
    def members(self) -> int:
        """The number of sets of weights, one for each fold."""
        return len(self._members) or 1

    def member(self, fold: int) -> Self:
        """The member that never saw this fold; the family itself if it is not cross-fitted.

        Raises
        ------
        ValueError
            If a cross-fitted family has no such member.
        """
        if not self._members:
            return self
        if not 0 <= fold < self.members:
            raise ValueError(f"no member {fold}; this composer has {self.members}")
        return self._members[fold]

    def averaged(self) -> Self:
        """All members as one, for music that no fold holds out; the first if they write alone.

        It is there to fill: whether it has likelihoods is up to the family, and it is never saved.
        """
        return self._averaged(self._members or (self,))

    @classmethod
    def cross_fitted(cls, members: Sequence[Self]) -> Self:
        """A composer of these members by fold; a single one stands alone.

        Raises
        ------
        ValueError
            If their configs differ: a checkpoint has one.
        """
        if any(member.config != members[0].config for member in members):
            raise ValueError("the members of a composer have different configs; train them alike")
        if len(members) == 1:
            return members[0]
        composer = copy(members[0])
        composer._members = tuple(members)
        return composer

    @classmethod
    def from_state(cls, config: Any, state: Tensors) -> Self:
        """One member from the tensors of a training, by their names in the code or in files.

        Raises
        ------
        CheckpointError
            If they do not fit the config; the message lists what is missing, unknown or of another
            kind or shape.
        """
        with fitting("the state", "the config"):
            tensors = cast_tensors(state, cls.tensors(config), cls.stored_name)
            return cls.from_tensors(config, tensors)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a checkpoint; raises `families.checkpoint.CheckpointError` if it is not sound."""
        config, weights = read_weights(path, cls.name, cls.config_from_json, cls.tensors)
        with fitting(path):
            return cls.cross_fitted([cls.from_tensors(config, tensors) for tensors in weights])

    def check_tensors(self) -> None:
        """Find what would keep a checkpoint from being loaded; a training asks before it starts.

        Raises
        ------
        CheckpointError
            If the tensors of a member are not those of `tensors`.
        """
        check_tensors(f"family {self.name!r}", self._weights(), self.tensors(self.config))

    def save(self, path: Path, provenance: Provenance, *, base: Path | None = None) -> None:
        """Write a checkpoint, completely or not at all; raises as `check_tensors`.

        Of a `base` in the same folder only what differs is written: both files are needed then.
        """
        forms = self.tensors(self.config)
        config = self.config_as_json()
        write_checkpoint(path, self.name, config, forms, self._weights(), provenance, base)

    def _weights(self) -> list[Tensors]:
        return [Family.member(self, fold).to_tensors() for fold in range(self.members)]

"""The trainer of a family with a network: it has the loop, and the family gives what is learnt.

A trainer of twenty lines::

    class TinyTrainer(GradientTrainer[TinyNetwork, Tensor]):
        tables = ("network", "masks")

        def setup(self) -> None:
            self.sizes = TinyConfig(**self.config["network"])
            check_masks(**self.config.get("masks", {}))

        def network(self) -> TinyNetwork:
            return TinyNetwork(self.sizes)

        def batch(self, rng: np.random.Generator) -> Tensor:
            picks = rng.choice(len(self.train_chorales), self.loop_config.batch)
            return examples([self.train_chorales[pick] for pick in picks], rng).to(self.device)

        def loss(self, network: TinyNetwork, batch: Tensor, step: int) -> Tensor:
            return network.loss(batch)

        def validate(self, network: TinyNetwork) -> Scores:
            return {"score": network.nats(self.valid_chorales)}

        def composer(self, members: Sequence[TinyNetwork]) -> TinyFamily:
            return TinyFamily.cross_fitted([TinyFamily(each) for each in members])

`masks` and `crops` draw what an example shows. The table `[training]` of the config has the fields
of `LoopConfig`. `docs/adding-a-family.md` has what else a family needs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from generator.training.cost import Cost
from generator.training.loop import Loop, LoopConfig, Stage
from generator.training.splits import SplitPart
from generator.training.states import StateFiles
from generator.training.trainer import Config, Scores, Trainer

NetworkT = TypeVar("NetworkT", bound=nn.Module)
BatchT = TypeVar("BatchT")

REHEARSED_STEPS = 3
STORED_BYTES = 2  # of a number in a checkpoint: fp16


class GradientTrainer(Trainer[NetworkT], Generic[NetworkT, BatchT]):
    """Trains a network, in one stage or in several; on a GPU where there is one."""

    training_keys = tuple(field.name for field in fields(LoopConfig))

    def __init__(
        self, config: Config, parts: Mapping[str, SplitPart], *, progress: bool = False
    ) -> None:
        super().__init__(config, parts, progress=progress)
        self.stages()  # a mistake in a schedule is found before anything is trained

    @cached_property
    def loop_config(self) -> LoopConfig:
        return LoopConfig(**self.config["training"])

    @cached_property
    def device(self) -> torch.device:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @abstractmethod
    def network(self) -> NetworkT:
        """An untrained network; torch has been seeded."""

    @abstractmethod
    def batch(self, rng: np.random.Generator) -> BatchT:
        """The examples of one step, on `device`, drawn from nothing but `rng`."""

    @abstractmethod
    def loss(self, network: NetworkT, batch: BatchT, step: int) -> Tensor:
        """What is minimised, a scalar; `step` counts from 0 in each stage."""

    @abstractmethod
    def validate(self, network: NetworkT) -> Scores:
        """Scores on `valid_chorales`; the one named "score" decides, and lower is better."""

    def stages(self) -> list[Stage]:
        """What is trained one after the other; each stage begins with the best weights so far."""
        return [Stage(self.loop_config)]

    def begin(self, network: NetworkT, stage: Stage) -> None:
        """Make a network ready for a stage, for example freeze what the stage must not change."""

    def train(self, state: Path, *, keep: bool) -> tuple[NetworkT, Scores]:
        # The states are kept in any case: they are what makes a run resumable.
        network, scores = self._untrained(), Scores()
        for stage in self.stages():
            loop = self._loop(network, stage, state)
            scores = loop.run(progress=self.progress)
            network = loop.averaged
        return network.cpu(), scores

    def measure(self, *, keep: bool) -> Cost:
        """What this member costs, by a few steps of a network that is thrown away."""
        devices = [torch.cuda.current_device()] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            self.composer([self._untrained().cpu()]).check_tensors()
            network, stages = self._untrained(), self.stages()
            state, seconds = self._loop(network, stages[0], Path()).rehearse(REHEARSED_STEPS)
        values = sum(value.numel() for value in network.state_dict().values())
        # Each stage keeps two states, and writes a third before it drops one.
        return Cost(2 * state * len(stages), state, STORED_BYTES * values, seconds)

    def steps_left(self, state: Path) -> int:
        left = 0
        for stage in self.stages():
            begun = self._states(stage, state).peek()
            step, best = begun.get("step", 0), begun.get("best", {"step": 0})
            left += stage.steps_left(step, best["step"])
        return left

    def state_files(self, state: Path) -> list[Path]:
        return [path for stage in self.stages() for path in self._states(stage, state).both]

    @classmethod
    def use_threads(cls, count: int) -> None:
        torch.set_num_threads(count)

    def _untrained(self) -> NetworkT:
        torch.manual_seed(self.seed)
        return self.network().to(self.device)

    def _loop(self, network: NetworkT, stage: Stage, state: Path) -> Loop[NetworkT]:
        def loss(net: NetworkT, step: int, rng: np.random.Generator) -> Tensor:
            return self.loss(net, self.batch(rng), step)

        self.begin(network, stage)
        return Loop(network, stage, loss, self.validate, self._states(stage, state))

    def _states(self, stage: Stage, state: Path) -> StateFiles:
        path = state.with_suffix(f".{stage.name}.state") if stage.name else state
        return StateFiles(path, self.fingerprint)

"""The training loop. It knows a loss, a validation and a clock, and nothing about any network.

A run can be killed at any time: each validation writes its state beside the checkpoint (`states`),
and the same command resumes from there. Each step has a seed of its own, so a resumed run sees the
same batches as an unbroken one.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from generator.training.states import State, StateFiles, as_file
from generator.training.trainer import DEFAULT_SEED, Scores


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast to learn."""

    steps: int = 4000
    batch: int = 16
    learning_rate: float = 1e-3
    warmup: int = 100
    weight_decay: float = 0.05
    average: float = 0.998
    """Decay of the running average of the weights; the checkpoint holds the average."""
    validate_every: int = 150
    patience: int = 12
    """Validations without a better score before the run stops early."""
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "learning_rate", "validate_every", "patience"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)}; it must be above 0")
        for name in ("warmup", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} = {getattr(self, name)}; it must be 0 or more")
        if not 0 <= self.average < 1:
            raise ValueError(f"average = {self.average}; it must be from 0 to below 1")


@dataclass(frozen=True)
class Stage:
    """A part of a training, with a schedule of its own."""

    config: LoopConfig
    name: str = ""
    """Stands in the names of its state files."""
    keep_after: int = 0
    """Only weights of later steps are kept: until then a part of the network is not trained."""

    def __post_init__(self) -> None:
        if self.keep_after < 0:
            raise ValueError(f"weights are kept after step {self.keep_after}; use 0 or more")
        if self.keep_after >= self.config.steps:
            raise ValueError(
                f"weights are kept after step {self.keep_after}, but there are only "
                f"{self.config.steps} steps; train more than {self.keep_after}"
            )

    def steps_left(self, step: int, best_step: float) -> int:
        """Steps after this one; 0 if the run has stopped early."""
        since = max(best_step, self.keep_after)
        validations = (step - since) / self.config.validate_every
        stopped = validations >= self.config.patience
        return 0 if stopped else max(0, self.config.steps - step)


Model = TypeVar("Model", bound=nn.Module)


@dataclass
class Loop(Generic[Model]):
    """One run of a stage: `loss` is minimised, `validate` chooses the step to keep.

    `loss` is told the step, and draws from nothing but the generator. `validate` returns scores;
    the one named "score" decides, and lower is better.
    """

    network: Model
    stage: Stage
    loss: Callable[[Model, int, np.random.Generator], Tensor]
    validate: Callable[[Model], Scores]
    states: StateFiles

    def __post_init__(self) -> None:
        self.averaged = deepcopy(self.network).eval()
        self.optimizer = torch.optim.AdamW(
            [each for each in self.network.parameters() if each.requires_grad],
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.step = 0
        self.best: Scores = {"score": math.inf, "step": 0}
        self.best_weights = deepcopy(self.averaged.state_dict())
        self.log: list[Scores] = []

    @property
    def config(self) -> LoopConfig:
        return self.stage.config

    def run(self, *, progress: bool) -> Scores:
        """Train to the end or to an early stop; `averaged` then has the best average."""
        self.states.restore(self._restore)
        start, first = time.process_time(), self.step
        with tqdm(total=self.config.steps, initial=self.step, disable=not progress) as bar:
            while self.stage.steps_left(self.step, self.best["step"]):
                loss = self._learn()
                bar.update()
                if self.step % self.config.validate_every == 0 or self.step == self.config.steps:
                    self._validate()
                    best = f"{self.best['score']:.3f}" if self.best["step"] else "not yet"
                    bar.set_postfix(loss=f"{loss:.3f}", best=best)
        self.averaged.load_state_dict(self.best_weights)
        if self.step == first:  # resumed at its end: no step to time
            return self.best
        seconds = (time.process_time() - start) / (self.step - first)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB on Linux
        return {
            **self.best,
            "steps": self.step,
            "cpu_seconds_a_step": round(seconds, 3),
            "peak_mb": round(peak / 1024),
        }

    def rehearse(self, steps: int) -> tuple[int, float]:
        """Bytes of a state, and seconds for a step with its share of the validations.

        It takes `steps` steps and validates once, so use it on a loop that is thrown away.
        """
        self._learn()  # the first one is slower
        start = time.perf_counter()
        for _ in range(steps):
            self._learn()
        learnt = time.perf_counter()
        self.validate(self.averaged)
        validation = time.perf_counter() - learnt
        seconds = (learnt - start) / steps + validation / self.config.validate_every
        return len(as_file(self._state())), seconds

    def _learn(self) -> float:
        rng = np.random.default_rng((self.config.seed, self.step))
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.network.train()
        loss = self.loss(self.network, self.step, rng)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(
                self.averaged.parameters(), self.network.parameters(), strict=True
            ):
                mean.lerp_(value, 1 - decay)
        return float(loss.detach())

    def _learning_rate(self) -> float:
        warmup = min(1.0, (self.step + 1) / max(1, self.config.warmup))
        cosine = 0.5 * (1 + math.cos(math.pi * self.step / self.config.steps))
        return self.config.learning_rate * warmup * (0.02 + 0.98 * cosine)

    def _validate(self) -> None:
        scores = {"step": float(self.step), **self.validate(self.averaged)}
        self.log.append(scores)
        if self.step > self.stage.keep_after and scores["score"] < self.best["score"]:
            self.best = scores
            self.best_weights = deepcopy(self.averaged.state_dict())
        self.states.write(self._state(), self.log)

    def _state(self) -> State:
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best_weights": self.best_weights,
            "best": self.best,
            "step": self.step,
            "log": self.log,
        }

    def _restore(self, state: State) -> None:
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best_weights, self.best = state["best_weights"], state["best"]
        self.step, self.log = state["step"], state["log"]

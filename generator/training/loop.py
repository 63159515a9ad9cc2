"""The training loop. It knows a loss, a validation and a clock, and nothing about any network.

A run can be killed at any time: each validation writes its state beside the checkpoint (`.state`),
and the same command resumes from there. Each step has a seed of its own, so a resumed run sees the
same batches as an unbroken one.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from generator.atomic_write import atomic_write


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
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "learning_rate", "validate_every", "patience"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)}; it must be above 0")


Scores = dict[str, float]
Model = TypeVar("Model", bound=nn.Module)


@dataclass
class Loop(Generic[Model]):
    """One run: `loss` is minimised, `validate` chooses the step to keep.

    `validate` returns scores; the one named "score" decides, and lower is better.
    """

    network: Model
    config: LoopConfig
    loss: Callable[[Model, np.random.Generator], Tensor]
    validate: Callable[[Model], Scores]
    state_file: Path
    keep_after: int = 0
    """Only weights of later steps are kept: until then a part of the network is not trained."""

    def __post_init__(self) -> None:
        if self.keep_after >= self.config.steps:
            raise ValueError(
                f"weights are kept after step {self.keep_after}, but there are only "
                f"{self.config.steps} steps; train more than {self.keep_after}"
            )
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

    def run(self, *, progress: bool) -> Scores:
        """Train to the end or to an early stop; `averaged` then has the best average."""
        self._resume()
        start, first = time.process_time(), self.step
        with tqdm(total=self.config.steps, initial=self.step, disable=not progress) as bar:
            while self.step < self.config.steps and not self._stale():
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
        return {**self.best, "cpu_seconds_a_step": round(seconds, 3)}

    def _learn(self) -> float:
        rng = np.random.default_rng((self.config.seed, self.step))
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.network.train()
        loss = self.loss(self.network, rng)
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
        if self.step > self.keep_after and scores["score"] < self.best["score"]:
            self.best = scores
            self.best_weights = deepcopy(self.averaged.state_dict())
        self._save()

    def _stale(self) -> bool:
        since = max(self.best["step"], self.keep_after)
        validations = (self.step - since) / self.config.validate_every
        return validations >= self.config.patience

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best_weights": self.best_weights,
            "best": self.best,
            "step": self.step,
            "log": self.log,
        }
        content = BytesIO()
        torch.save(state, content)
        atomic_write(self.state_file, content.getvalue())
        self.state_file.with_suffix(".log.json").write_text(json.dumps(self.log, indent=1))

    def _resume(self) -> None:
        if not self.state_file.exists():
            return
        try:
            state = torch.load(self.state_file, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.best_weights, self.best = state["best_weights"], state["best"]
            self.step, self.log = state["step"], state["log"]
        except (RuntimeError, LookupError, ValueError, EOFError, UnpicklingError) as error:
            raise ValueError(
                f"{self.state_file} is not a state of this network; delete it to train again"
            ) from error

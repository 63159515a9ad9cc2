"""Trains MusicVAE: reconstruction of random segments, and the divergence of z above free bits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from generator.families.music_vae.attributes import measure_latents
from generator.families.music_vae.music_vae import MusicVae
from generator.families.music_vae.network import Losses, MusicVaeConfig, MusicVaeNetwork, losses
from generator.families.music_vae.tokens import (
    SEGMENT,
    IntArray,
    Segment,
    alone,
    events_of,
    heard_tokens,
    phases,
    segment,
    shifts_of,
    transposed,
)
from generator.music.grid.chorale import STEPS_PER_QUARTER, VOICES, Chorale
from generator.training.gradient_trainer import GradientTrainer
from generator.training.trainer import Scores

ANYWHERE = 0.1
"""Share of the segments that begin at any step; the others begin with a beat."""
ALONE = 0.25
"""Share of the segments that are learnt without what is heard before them."""
ACTIVE = 0.01
"""A number of z is active if its mean varies by more than this over the segments."""
SCORED_AT_ONCE = 256


@dataclass(frozen=True)
class VaeConfig:
    """The objective: `reconstruction + beta x max(KL - free bits, 0)`, as published."""

    max_beta: float = 0.2
    beta_rate: float = 0.999
    """beta is `max_beta x (1 - beta_rate ^ step)`."""
    free_bits: float = 48.0
    sampling_rate: float = 500.0
    """k of the inverse sigmoid by which the decoder reads events of its own; 0: it never does."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0 <= getattr(self, field.name) < math.inf:
                raise ValueError(
                    f"{field.name} = {getattr(self, field.name)}; it must be 0 or more"
                )
        if not self.beta_rate < 1:
            raise ValueError(f"beta_rate = {self.beta_rate}; it must be below 1")

    def beta(self, step: int) -> float:
        return self.max_beta * (1 - self.beta_rate**step)

    def sampled(self, step: int) -> float:
        """The share of steps at which the decoder reads an event of its own.

        Examples
        --------
        >>> round(VaeConfig(sampling_rate=500).sampled(3107), 2)
        0.5
        """
        if not self.sampling_rate:
            return 0.0
        exponent = min(step / self.sampling_rate, 50.0)
        return 1 - self.sampling_rate / (self.sampling_rate + math.exp(exponent))


@dataclass(frozen=True)
class VaeBatch:
    """Segments: int64 (B, V, S + 1), (B, V, S) and (B, S)."""

    heard: Tensor
    events: Tensor
    phase: Tensor

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> VaeBatch:
        heard = np.stack([each.heard for each in segments])
        phase = np.stack([each.phase for each in segments])
        events = events_of(heard)[..., 1:]
        return cls(*(torch.from_numpy(each.copy()) for each in (heard, events, phase)))

    def to(self, device: torch.device) -> VaeBatch:
        return VaeBatch(self.heard.to(device), self.events.to(device), self.phase.to(device))


class MusicVaeTrainer(GradientTrainer[MusicVaeNetwork, VaeBatch]):
    """Trains one network; what fills and attributes need of z is measured afterwards."""

    tables = ("network", "vae")
    data_keys = ("transposed",)

    def setup(self) -> None:
        self.sizes = MusicVaeConfig(**self.config.get("network", {}))
        self.vae = VaeConfig(**self.config.get("vae", {}))
        self.share_transposed = float(self.config["data"].get("transposed", 1.0))
        if not 0 <= self.share_transposed <= 1:
            raise ValueError(f"transposed = {self.share_transposed}; it must be from 0 to 1")

    def network(self) -> MusicVaeNetwork:
        return MusicVaeNetwork(self.sizes)

    def batch(self, rng: np.random.Generator) -> VaeBatch:
        works, weights = self._works
        picks = rng.choice(len(works), self.loop_config.batch, p=weights)
        return VaeBatch.of([self._segment(works[pick], rng) for pick in picks]).to(self.device)

    def loss(self, network: MusicVaeNetwork, batch: VaeBatch, step: int) -> Tensor:
        share = self.vae.sampled(step)
        parts = losses(
            network, batch.heard, batch.events, batch.phase, sampled=share if share > 0.01 else 0.0
        )
        return self._objective(parts.reconstruction, parts.divergence.sum(1), self.vae.beta(step))

    def validate(self, network: MusicVaeNetwork) -> Scores:
        scores = self._scores(network, self.valid_chorales)
        train = self._scores(network, self.train_chorales[: len(self.valid_chorales)])
        return {**scores, "train": train["score"]}

    def composer(self, members: Sequence[MusicVaeNetwork]) -> MusicVae:
        for network in members:
            measure_latents(network, self.train_chorales, transposed=self.share_transposed > 0)
        return MusicVae.cross_fitted([MusicVae(network) for network in members])

    def _objective(self, reconstruction: Tensor, divergence: Tensor, beta: float) -> Tensor:
        """The mean loss in nats a cell of a whole segment."""
        above = (divergence - self.vae.free_bits * math.log(2)).clamp(min=0)
        return (reconstruction + beta * above).mean() / (4 * SEGMENT)

    @cached_property
    def _works(self) -> tuple[list[tuple[IntArray, IntArray]], np.ndarray]:
        """Tokens and phases of the training works; a longer one is drawn more often."""
        works = [(heard_tokens(each), phases(each)) for each in self.train_chorales]
        steps = np.array([phase.size for _, phase in works], dtype=np.float64)
        return works, steps / steps.sum()

    def _segment(self, work: tuple[IntArray, IntArray], rng: np.random.Generator) -> Segment:
        """A random one, transposed; at the end of a work up to half of it may be missing."""
        heard, phase = work
        latest = max(1, phase.size - SEGMENT // 2)
        start = int(rng.integers(latest))
        anywhere, single, moved, place = rng.random(4)
        if anywhere >= ANYWHERE:
            start = max(0, start - int(phase[start]) % STEPS_PER_QUARTER)
        found = segment(heard, phase, start)
        if single < ALONE:
            found = alone(found)
        if moved < self.share_transposed:
            shifts = shifts_of(found.heard)
            shift = shifts[int(place * len(shifts))]
            found = Segment(transposed(found.heard, shift), found.phase)
        return found

    @torch.inference_mode()
    def _scores(self, network: MusicVaeNetwork, chorales: Sequence[Chorale]) -> Scores:
        """Of all segments of whole chorales, each read with the mean of its z."""
        parts = []
        everything = [
            segment(heard_tokens(each), phases(each), start)
            for each in chorales
            for start in range(0, each.steps, SEGMENT)
        ]
        means = []
        for first in range(0, len(everything), SCORED_AT_ONCE):
            batch = VaeBatch.of(everything[first : first + SCORED_AT_ONCE]).to(self.device)
            found = losses(network, batch.heard, batch.events, batch.phase, noise=False)
            parts.append(found)
            means.append(network.encode(batch.heard[..., 1:], batch.phase).mean)
        reconstruction, divergence, cells, right, real = (
            torch.cat([getattr(each, name) for each in parts]) for name in Losses._fields
        )
        nats = divergence.sum(1)
        spread = torch.cat(means).var(dim=0)
        scores = {
            "score": float(self._objective(reconstruction, nats, self.vae.max_beta)),
            "reconstruction": float(reconstruction.sum() / cells.sum()),
            "kl_bits": float(nats.mean() / math.log(2)),
            "active_units": float((spread > ACTIVE).sum()),
        }
        for voice, name in enumerate(VOICES):
            scores[f"right_{name}"] = float((right & real)[:, voice].sum() / real[:, voice].sum())
        return scores

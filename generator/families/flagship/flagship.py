"""The flagship: an any-order masked network over voices and beats, as a composer.

It gives every hidden cell's distribution given all visible cells, so any subset of cells can be
given and any written. `flagship_network` is the network, `flagship_sampling` how it writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.base import (
    Family,
    Sampling,
    Setting,
    checked_given,
    merged_sampling,
)
from generator.families.checkpoint import CheckpointError, read_checkpoint, write_checkpoint
from generator.families.flagship.network import FlagshipConfig, Network
from generator.families.flagship.sampling import SamplingPlan, sample
from generator.families.flagship.tokens import Grid, Layout, encode_grid
from generator.families.flagship.window import ORDER
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Chorale, mended_onsets

AT_ONCE = 32  # plans made in one pass of a likelihood


class Flagship(Family):
    """The masked network as a composer; with members, one for each fold of the works."""

    name = "flagship"

    def __init__(self, networks: list[Network], plan: SamplingPlan | None = None) -> None:
        self.networks = [network.eval() for network in networks]
        self.plan = plan or SamplingPlan()

    @classmethod
    def debug(cls) -> Self:
        torch.manual_seed(0)
        config = FlagshipConfig(width=16, layers=1, heads=2, hidden=16, token=4, cell=8)
        return cls([Network(config)])

    @classmethod
    def load(cls, path: Path) -> Self:
        tensors, config, _ = read_checkpoint(path, cls.name)
        members = {name.partition(".")[0] for name in tensors if name.startswith("fold")}
        try:
            settings = FlagshipConfig(**config)
            prefixes = [f"fold{index}." for index in range(len(members))] or [""]
            networks = [_network(settings, tensors, prefix) for prefix in prefixes]
        except (TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{path} does not fit its own config: {error}") from error
        return cls(networks)

    def save(self, path: Path, metadata: dict[str, str]) -> None:
        prefixes = [f"fold{index}." for index in range(len(self.networks))]
        tensors = {
            (prefix if len(prefixes) > 1 else "") + name: value.detach()
            .cpu()
            .numpy()
            .astype(np.float16)
            for prefix, network in zip(prefixes, self.networks, strict=True)
            for name, value in network.state_dict().items()
        }
        config = json.dumps(asdict(self.network.config))
        write_checkpoint(path, tensors, {**metadata, "family": self.name, "config": config})

    @property
    def network(self) -> Network:
        return self.networks[0]

    @property
    def members(self) -> int:
        return len(self.networks)

    def member(self, fold: int) -> Self:
        if not 0 <= fold < self.members:
            raise ValueError(f"no member {fold}; this composer has {self.members}")
        return type(self)([self.networks[fold]], self.plan)

    @property
    def sampling(self) -> Sampling:
        return asdict(self.plan)

    def with_sampling(self, **overrides: Setting) -> Self:
        merged: dict[str, Any] = merged_sampling(self.sampling, overrides)
        return type(self)(self.networks, SamplingPlan(**merged))

    def _fill_many(
        self,
        tasks: Sequence[tuple[Chorale, BoolArray]],
        seeds: Sequence[int],
        *,
        temperature: float,
    ) -> list[Chorale]:
        """In one batch; each comes out as alone, but for rounding."""
        chorales, givens = zip(*tasks, strict=True)
        return self._fill_all(list(chorales), list(givens), list(seeds), temperature)

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        return self._fill_all([chorale], [given], [seed], temperature)[0]

    def _fill_all(
        self,
        chorales: list[Chorale],
        givens: list[BoolArray],
        seeds: list[int],
        temperature: float,
    ) -> list[Chorale]:
        grids, layouts, visible = [], [], []
        for chorale, given in zip(chorales, givens, strict=True):
            grid, layout = encode_grid(chorale, self.network.vocabulary)
            grids.append(grid)
            layouts.append(layout)
            visible.append(layout.spread(given, padding=True))
        batch = Grid.stacked(grids, self.network.vocabulary.padding)
        shown = np.ones((len(grids), 4, batch.tokens.shape[-1]), dtype=np.bool_)
        for row, mask in enumerate(visible):
            shown[row, :, : mask.shape[1]] = mask
        with torch.inference_mode():
            tokens = sample(
                self.network,
                batch,
                torch.from_numpy(shown),
                shifts=[layout.shift for layout in layouts],
                seeds=seeds,
                plan=replace(
                    self.plan,
                    temperature=self.plan.temperature * temperature,
                    rhythm=self.plan.rhythm * temperature,
                ),
            )
        return [
            self._written(tokens[row].numpy(), *parts)
            for row, parts in enumerate(zip(chorales, givens, layouts, strict=True))
        ]

    def _written(
        self, tokens: NDArray[np.int64], chorale: Chorale, given: BoolArray, layout: Layout
    ) -> Chorale:
        pitch, onset = self.network.vocabulary.decode(tokens[:, layout.inside], layout.shift)
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, onset)
        return chorale.with_voices(pitch, np.where(given, onset, mended_onsets(pitch, onset)))

    @property
    def one_shot(self) -> bool:
        return not self.network.config.causal

    def pitch_log_probs(
        self, chorale: Chorale, visible: BoolArray | list[BoolArray]
    ) -> NDArray[np.float32]:
        """Log-probabilities of every cell's pitch given the visible cells, in one shot.

        Parameters
        ----------
        visible : bool[4, T], or a list of N such masks

        Returns
        -------
        float32[N, 4, T, 129]
            Last axis: MIDI pitch 0..127, then rest. N = 1 for a single mask.

        Raises
        ------
        ValueError
            If the network reads from left to right.
        """
        if not self.one_shot:
            raise ValueError("a left-to-right network; only its likelihood in time order is known")
        masks = np.stack(visible if isinstance(visible, list) else [visible])
        tables = []
        for grid, layout in self._readings(chorale):
            shown = torch.from_numpy(layout.spread(masks, padding=True))
            with torch.inference_mode():
                logits = self.network(grid.repeated(len(masks)), shown)[..., layout.inside, :]
            tables.append(self.network.vocabulary.pitch_log_probs(logits, layout.shift))
        return _mean(tables)

    def log_likelihood(self, chorale: Chorale, given: BoolArray) -> float:
        """Nats of the written cells' pitches by the chain rule, in the order of writing.

        By step, and bass, soprano, alto, tenor in a step; each cell given the given cells of the
        whole piece and all that were written before it. What was written before counts with its
        onsets, the cell itself with its pitch alone.
        """
        hidden = ~checked_given(chorale, given)
        cells = [self._cells(chorale, hidden, *each) for each in self._readings(chorale)]
        return float(_mean(cells).sum(dtype=np.float64))

    def _readings(self, chorale: Chorale) -> Iterator[tuple[Grid, Layout]]:
        most = self.network.config.transpositions
        for semitones in range(-most, most + 1):
            yield encode_grid(chorale, self.network.vocabulary, semitones)

    def _cells(
        self, chorale: Chorale, hidden: BoolArray, grid: Grid, layout: Layout
    ) -> NDArray[np.float32]:
        """Nats of each written cell's pitch, by voices."""
        visible = torch.from_numpy(layout.spread(~hidden, padding=True))[None]
        found = []
        with torch.inference_mode():
            plans = self._plans_in_time(grid, visible)
            for voice in ORDER:
                rows, steps = (~visible[:, voice]).nonzero(as_tuple=True)
                logits = self.network.next_logits(voice, plans, grid.tokens, visible, (rows, steps))
                table = self.network.vocabulary.pitch_log_probs(logits, layout.shift)
                own = chorale.pitch[voice, steps.numpy() - layout.lead]
                found.append(table[np.arange(len(own)), np.where(own < 0, 128, own)])
        return np.concatenate(found)

    def _plans_in_time(self, grid: Grid, visible: Tensor) -> Tensor:
        """Plans (1, T, 4, H) of which each beat's sees the beats before it, written or given."""
        steps = grid.tokens.shape[-1]
        if self.network.config.causal:
            return self.network.plans(grid, torch.ones_like(visible))
        starts = torch.arange(0, steps, STEPS_PER_QUARTER)
        plans = []
        for chunk in torch.split(starts, AT_ONCE):
            past = torch.arange(steps) < chunk[:, None, None]
            made = self.network.plans(grid.repeated(len(chunk)), visible | past)
            plans += [
                made[row, start : start + STEPS_PER_QUARTER]
                for row, start in enumerate(chunk.tolist())
            ]
        return torch.cat(plans)[None]


def _mean(tables: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The log of the mean of the probabilities whose logs these are."""
    if len(tables) == 1:
        return tables[0]
    found: NDArray[np.float32] = np.logaddexp.reduce(np.stack(tables)) - np.log(len(tables))
    return found.astype(np.float32)


def _network(
    config: FlagshipConfig, tensors: dict[str, NDArray[np.generic]], prefix: str
) -> Network:
    network = Network(config)
    own = {
        name.removeprefix(prefix): torch.from_numpy(np.asarray(value, np.float32))
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
    network.load_state_dict(own)
    return network

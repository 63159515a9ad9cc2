"""The flagship: an any-order masked network over voices and beats, as a composer.

It gives the distribution of every written cell given all given ones, so any cells can be given and
any written. `network` is the network, `sampling` how it writes.

The files of its checkpoints are identified by their sha256 and so never change, but some names in
the code have changed since. `STORED_NAMES` is the one place that knows both: `load` and
`save` translate, and files keep the form that they have always had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.base import (
    Family,
    FillSettings,
    Setting,
    checked_given,
    merged_settings,
)
from generator.families.checkpoint import (
    CheckpointError,
    Tensors,
    read_checkpoint,
    write_checkpoint,
)
from generator.families.flagship.network import FlagshipConfig, Network
from generator.families.flagship.sampling import SamplingConfig, sample
from generator.families.flagship.tokens import PaddedLayout, TokenGrid, encode_grid
from generator.families.flagship.window import ORDER
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Chorale, repaired_onsets

CHUNK = 32  # beats whose embeddings a likelihood makes in one pass
STORED_NAMES = {
    "token_embedding": "tokens",
    "previous_embedding": "before",
    "next_embedding": "after",
    "frame_embedding": "frame",
    "beat_input": "inward",
    "convolution": "near",
    "to_cells": "plan",
    "marginal_bias": "blind",
    "context_embedding": "beside",
    "local_context": "look",
    "residual_mlp": "deepen",
    "head": "say",
    "interval_head": "relations",
    "melodic_head": "lines",  # of the config, too
    "past_table": "past",
    "future_table": "coming",
    "chord_table": "chord",
    "mix_weights": "weigh",
}
"""Names of the code and in files, of each part of a tensor's dotted name."""


class Flagship(Family):
    """The masked network as a composer; with members, one for each fold of the works."""

    name = "flagship"

    def __init__(self, networks: list[Network], config: SamplingConfig | None = None) -> None:
        self.networks = [network.eval() for network in networks]
        self.sampling_config = config or SamplingConfig()

    @classmethod
    def debug(cls) -> Self:
        torch.manual_seed(0)
        config = FlagshipConfig(width=16, layers=1, heads=2, hidden=16, token=4, cell=8)
        return cls([Network(config)])

    @classmethod
    def load(cls, path: Path) -> Self:
        tensors, stored, _ = read_checkpoint(path, cls.name)
        members = {name.partition(".")[0] for name in tensors if name.startswith("fold")}
        names = {stored_name: name for name, stored_name in STORED_NAMES.items()}
        tensors = _renamed(tensors, names)
        try:
            config = FlagshipConfig(**_renamed(stored, names))
            prefixes = [f"fold{index}." for index in range(len(members))] or [""]
            networks = [_network(config, tensors, prefix) for prefix in prefixes]
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
        config = json.dumps(_renamed(asdict(self.network.config), STORED_NAMES))
        written = {**metadata, "family": self.name, "config": config}
        write_checkpoint(path, _renamed(tensors, STORED_NAMES), written)

    @property
    def network(self) -> Network:
        return self.networks[0]

    @property
    def members(self) -> int:
        return len(self.networks)

    def member(self, fold: int) -> Self:
        if not 0 <= fold < self.members:
            raise ValueError(f"no member {fold}; this composer has {self.members}")
        return type(self)([self.networks[fold]], self.sampling_config)

    @property
    def settings(self) -> FillSettings:
        return asdict(self.sampling_config)

    def with_settings(self, **overrides: Setting) -> Self:
        merged: dict[str, Any] = merged_settings(self.settings, overrides)
        return type(self)(self.networks, SamplingConfig(**merged))

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        return self._fill_many([(chorale, given)], [seed], temperature=temperature)[0]

    def _fill_many(
        self,
        tasks: Sequence[tuple[Chorale, BoolArray]],
        seeds: Sequence[int],
        *,
        temperature: float,
    ) -> list[Chorale]:
        """Fill all in one batch; each comes out as it does alone, but for rounding."""
        vocabulary = self.network.vocabulary
        encoded = [encode_grid(chorale, vocabulary) for chorale, _ in tasks]
        layouts = [layout for _, layout in encoded]
        batch = TokenGrid.stacked([grid for grid, _ in encoded], vocabulary.padding)
        masks = np.ones(batch.tokens.shape, dtype=np.bool_)  # (B, 4, T), padding counts as given
        for mask, layout, (_, given) in zip(masks, layouts, tasks, strict=True):
            mask[:, : layout.padded] = layout.pad(given, padding=True)
        config = self.sampling_config
        with torch.inference_mode():
            tokens = sample(
                self.network,
                batch,
                torch.from_numpy(masks),
                shifts=[layout.shift for layout in layouts],
                seeds=list(seeds),
                config=replace(
                    config,
                    temperature=config.temperature * temperature,
                    rhythm=config.rhythm * temperature,
                ),
            )
        return [
            self._decoded(tokens[row].numpy(), layout, *task)
            for row, (layout, task) in enumerate(zip(layouts, tasks, strict=True))
        ]

    def _decoded(
        self, tokens: NDArray[np.int64], layout: PaddedLayout, chorale: Chorale, given: BoolArray
    ) -> Chorale:
        pitch, onset = self.network.vocabulary.decode(tokens[:, layout.inside], layout.shift)
        pitch = np.where(given, chorale.pitch, pitch)
        onset = np.where(given, chorale.onset, onset)
        return chorale.with_voices(pitch, np.where(given, onset, repaired_onsets(pitch, onset)))

    @property
    def one_shot(self) -> bool:
        return not self.network.config.causal

    def pitch_log_probs(
        self, chorale: Chorale, given: BoolArray | list[BoolArray]
    ) -> NDArray[np.float32]:
        """Log-probabilities of every cell's pitch given the given cells, in one shot.

        Parameters
        ----------
        given : bool[4, T], or a list of N such masks

        Returns
        -------
        float32[N, 4, T, 129]
            The last axis is MIDI pitches 0..127 and then a rest. N is 1 for a single mask.

        Raises
        ------
        ValueError
            If the network reads from left to right.
        """
        if not self.one_shot:
            raise ValueError("a left-to-right network; only its likelihood in time order is known")
        masks = np.stack(given if isinstance(given, list) else [given])
        tables = []
        for grid, layout in self._readings(chorale):
            padded = torch.from_numpy(layout.pad(masks, padding=True))
            with torch.inference_mode():
                logits = self.network(grid.repeated(len(masks)), padded)[..., layout.inside, :]
            tables.append(self.network.vocabulary.pitch_log_probs(logits, layout.shift))
        return _log_mean(tables)

    def log_likelihood(self, chorale: Chorale, given: BoolArray) -> float:
        """Nats of the written cells' pitches by the chain rule, in the order of writing.

        The order is by step, and bass, soprano, alto, tenor in a step. Each cell is conditioned on
        the given cells of the whole piece and on all cells before it; these count with their
        onsets, the cell itself with its pitch alone.
        """
        given = checked_given(chorale, given)
        cells = [self._cell_nats(chorale, given, *each) for each in self._readings(chorale)]
        return float(_log_mean(cells).sum(dtype=np.float64))

    def _readings(self, chorale: Chorale) -> Iterator[tuple[TokenGrid, PaddedLayout]]:
        """The chorale in each of the transpositions over which a likelihood is a mean."""
        transpositions = self.network.config.transpositions
        for semitones in range(-transpositions, transpositions + 1):
            yield encode_grid(chorale, self.network.vocabulary, semitones)

    def _cell_nats(
        self, chorale: Chorale, given: BoolArray, grid: TokenGrid, layout: PaddedLayout
    ) -> NDArray[np.float32]:
        """Log-probability of each written cell's pitch, voice after voice in the order."""
        padded = torch.from_numpy(layout.pad(given, padding=True))[None]
        network, nats = self.network, []
        with torch.inference_mode():
            embeddings = self._embeddings_in_time(grid, padded)
            for voice in ORDER:
                rows, steps = (~padded[:, voice]).nonzero(as_tuple=True)
                logits = network.sequential_logits(
                    voice, embeddings, grid.tokens, padded, (rows, steps)
                )
                table = network.vocabulary.pitch_log_probs(logits, layout.shift)
                pitch = chorale.pitch[voice, steps.numpy() - layout.lead]
                nats.append(table[np.arange(len(pitch)), np.where(pitch < 0, 128, pitch)])
        return np.concatenate(nats)

    def _embeddings_in_time(self, grid: TokenGrid, given: Tensor) -> Tensor:
        """Embeddings (1, T, 4, H); each beat's sees what is given, and all beats before it."""
        steps = grid.tokens.shape[-1]
        if self.network.config.causal:
            return self.network.cell_embeddings(grid, torch.ones_like(given))
        starts = torch.arange(0, steps, STEPS_PER_QUARTER)
        embeddings = []
        for chunk in torch.split(starts, CHUNK):
            past = torch.arange(steps) < chunk[:, None, None]
            cells = self.network.cell_embeddings(grid.repeated(len(chunk)), given | past)
            embeddings += [
                cells[row, start : start + STEPS_PER_QUARTER]
                for row, start in enumerate(chunk.tolist())
            ]
        return torch.cat(embeddings)[None]


def _log_mean(tables: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The log of the mean of the probabilities whose logs these are."""
    if len(tables) == 1:
        return tables[0]
    mean: NDArray[np.float32] = np.logaddexp.reduce(np.stack(tables)) - np.log(len(tables))
    return mean.astype(np.float32)


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values, each part of their dotted names translated."""
    return {
        ".".join(names.get(part, part) for part in name.split(".")): value
        for name, value in values.items()
    }


def _network(config: FlagshipConfig, tensors: Tensors, prefix: str) -> Network:
    network = Network(config)
    network.load_state_dict(
        {
            name.removeprefix(prefix): torch.from_numpy(np.asarray(value, np.float32))
            for name, value in tensors.items()
            if name.startswith(prefix)
        }
    )
    return network

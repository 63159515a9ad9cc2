"""The flagship: an any-order masked network over voices and beats, as a composer.

It gives the distribution of every written cell given all given ones, so any cells can be given and
any written. `network` is the network, `sampling` how it writes.

The files of its checkpoints are identified by their sha256 and so never change, but some names in
the code have changed since. `STORED_NAMES` is the one place that knows both, and files keep the
form that they have always had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.base import Family, Task
from generator.families.fill_run import FillRun
from generator.families.flagship.critic import CORRECTIONS, FORMS, Critic
from generator.families.flagship.network import FlagshipConfig, Network
from generator.families.flagship.sampling.config import SETTINGS, SamplingConfig
from generator.families.flagship.sampling.counterpoint_faults import CounterpointFaults
from generator.families.flagship.sampling.ensemble import Ensemble
from generator.families.flagship.sampling.repair import fault_finder
from generator.families.flagship.sampling.sample import WritingRules, sample
from generator.families.flagship.tokens import PaddedLayout, TokenGrid, decode_grid, encode_grid
from generator.families.flagship.window import ORDER
from generator.families.likelihoods import (
    COLUMNS,
    CellDistributions,
    Conditionals,
    Missing,
)
from generator.families.network_tensors import ShapesAlone
from generator.families.settings import Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Chorale

CRITIC = "critic."  # begins the names of its tensors
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
_CODE_NAMES = {stored: name for name, stored in STORED_NAMES.items()}


class Flagship(Family):
    """The masked network as a composer."""

    name = "flagship"
    Config = FlagshipConfig
    settings = SETTINGS
    config: FlagshipConfig

    def __init__(
        self, *networks: Network, critic: Critic | None = None, plans_ends: bool = False
    ) -> None:
        """Several networks fill together; likelihoods are those of the first."""
        self.ensemble = Ensemble([network.eval() for network in networks])
        self.network = networks[0]
        self.config = self.network.config
        self.critic = critic
        self._plans_ends = plans_ends

    @classmethod
    def debug(cls) -> Self:
        torch.manual_seed(0)
        return cls(Network(FlagshipConfig(width=16, layers=1, heads=2, hidden=16, token=4, cell=8)))

    @classmethod
    def tensors(cls, config: FlagshipConfig) -> Mapping[str, TensorForm]:
        with ShapesAlone():
            state = Network(config).state_dict()
        forms = {name: ("float16", tuple(value.shape)) for name, value in state.items()}
        of_critic = (FORMS if config.critic else {}) | (CORRECTIONS if config.corrections else {})
        return _renamed(forms, STORED_NAMES) | _prefixed(of_critic)

    @classmethod
    def from_tensors(cls, config: FlagshipConfig, tensors: Tensors) -> Self:
        network = Network(config)
        learnt = {name: tensors[name] for name in tensors if not name.startswith(CRITIC)}
        network.load_state_dict(
            {
                name: torch.from_numpy(np.asarray(value, np.float32))
                for name, value in _renamed(learnt, _CODE_NAMES).items()
            }
        )
        if not config.critic:
            return cls(network)
        critic = Critic.from_tensors(
            {
                name.removeprefix(CRITIC): tensors[name]
                for name in tensors
                if name.startswith(CRITIC)
            }
        )
        return cls(network, critic=critic)

    @classmethod
    def _averaged(cls, members: Sequence[Self]) -> Self:
        # Their critics take no part: what these would bring was not measured.
        return cls(*(member.network for member in members), plans_ends=True)

    def to_tensors(self) -> Tensors:
        if len(self.ensemble.networks) > 1:
            raise ValueError(
                f"{len(self.ensemble.networks)} networks write together; save each by itself"
            )
        state = self.network.state_dict()
        tensors = {name: value.cpu().numpy().astype(np.float16) for name, value in state.items()}
        critic = _prefixed(self.critic.to_tensors()) if self.critic else {}
        return _renamed(tensors, STORED_NAMES) | critic

    @classmethod
    def stored_name(cls, name: str) -> str:
        return _translated(name, STORED_NAMES)

    @classmethod
    def config_from_json(cls, stored: Mapping[str, Any]) -> FlagshipConfig:
        return FlagshipConfig(**_renamed(stored, _CODE_NAMES))

    def config_as_json(self) -> dict[str, Any]:
        return _renamed(asdict(self.config), STORED_NAMES)

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        return self._fill_many([(chorale, given)], [seed], settings=settings, run=run)[0]

    def _fill_many(
        self, tasks: Sequence[Task], seeds: Sequence[int], *, settings: Values, run: FillRun
    ) -> list[Chorale]:
        """Fill all in one batch; each comes out as it does alone, but for rounding."""
        vocabulary = self.network.vocabulary
        encoded = [encode_grid(chorale, vocabulary) for chorale, _ in tasks]
        layouts = [layout for _, layout in encoded]
        batch = TokenGrid.stacked([grid for grid, _ in encoded], vocabulary.padding)
        masks = np.ones(batch.tokens.shape, dtype=np.bool_)  # (B, 4, T), padding counts as given
        for mask, layout, (_, given) in zip(masks, layouts, tasks, strict=True):
            mask[:, : layout.padded] = layout.pad(given, padding=True)
        chosen: dict[str, Any] = dict(settings)
        careful = CounterpointFaults(tasks, layouts, vocabulary)
        minds = self._plans_ends or self.config.minds_counterpoint
        rules = WritingRules(
            find_faults=careful if minds else fault_finder(vocabulary),
            critic=self.critic,
            released_fermatas=0.0 if self._plans_ends else self.config.released_fermatas,
            open_heat=1.0 if self._plans_ends else self.config.open_heat,
            plans_ends=self._plans_ends,
        )
        with torch.inference_mode():
            tokens = sample(
                self.ensemble,
                batch,
                torch.from_numpy(masks),
                shifts=[layout.shift for layout in layouts],
                seeds=list(seeds),
                config=SamplingConfig(**chosen),
                run=run,
                rules=rules,
            )
        return [
            decode_grid(tokens[row].numpy(), layout, *task, vocabulary)
            for row, (layout, task) in enumerate(zip(layouts, tasks, strict=True))
        ]

    @property
    def conditionals(self) -> Conditionals | Missing:
        if self.config.causal:
            return Missing("the network reads from left to right")
        return self

    def cell_distributions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """Of every cell in one shot: means over transpositions."""
        vocabulary = self.network.vocabulary
        pitches, struck = [], []
        for grid, layout in self._readings(chorale):
            mask = torch.from_numpy(layout.pad(given, padding=True))[None]
            with torch.inference_mode():
                logits = self.network(grid, mask)[0][..., layout.inside, :]
            pitches.append(vocabulary.pitch_log_probs(logits, layout.shift))
            if vocabulary.onsets:
                struck.append(vocabulary.struck_log_probs(logits, layout.shift))
        return _mean_distributions(pitches, struck)

    def cell_predictions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """By the chain rule: means over transpositions."""
        vocabulary = self.network.vocabulary
        shape = (*chorale.pitch.shape, COLUMNS)
        pitches, struck = [], []
        for grid, layout in self._readings(chorale):
            pitch, begun = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
            for voice, steps, logits in self._logits_in_time(given, grid, layout):
                pitch[voice, steps] = vocabulary.pitch_log_probs(logits, layout.shift)
                if vocabulary.onsets:
                    begun[voice, steps] = vocabulary.struck_log_probs(logits, layout.shift)
            pitches.append(pitch)
            struck += [begun] * vocabulary.onsets
        return _mean_distributions(pitches, struck)

    def _readings(self, chorale: Chorale) -> Iterator[tuple[TokenGrid, PaddedLayout]]:
        """The chorale in each of the transpositions over which a likelihood is a mean."""
        transpositions = self.network.config.transpositions
        for semitones in range(-transpositions, transpositions + 1):
            yield encode_grid(chorale, self.network.vocabulary, semitones)

    def _logits_in_time(
        self, given: BoolArray, grid: TokenGrid, layout: PaddedLayout
    ) -> Iterator[tuple[int, NDArray[np.int64], Tensor]]:
        """Voices, the steps that each writes, and the logits of these cells."""
        padded = torch.from_numpy(layout.pad(given, padding=True))[None]
        with torch.inference_mode():
            embeddings = self._embeddings_in_time(grid, padded)
            for voice in ORDER:
                rows, steps = (~padded[:, voice]).nonzero(as_tuple=True)
                at = rows, steps
                logits = self.network.sequential_logits(voice, embeddings, grid.tokens, padded, at)
                yield voice, steps.numpy() - layout.lead, logits

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


def _mean_distributions(
    pitches: Sequence[NDArray[np.float32]], struck: Sequence[NDArray[np.float32]]
) -> CellDistributions:
    """Means of pitches, and of notes that begin given their pitch."""
    pitch = _log_mean(pitches)
    return CellDistributions(pitch, np.minimum(_log_mean(struck) - pitch, 0) if struck else None)


def _log_mean(tables: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The log of the mean of the probabilities whose logs these are."""
    if len(tables) == 1:
        return tables[0]
    mean: NDArray[np.float32] = np.logaddexp.reduce(np.stack(tables)) - np.log(len(tables))
    return mean.astype(np.float32)


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values, each part of their dotted names translated."""
    return {_translated(name, names): value for name, value in values.items()}


def _prefixed(values: Mapping[str, Any]) -> dict[str, Any]:
    """A critic's tensors, by their names in a file."""
    return {CRITIC + name: value for name, value in values.items()}


def _translated(name: str, names: Mapping[str, str]) -> str:
    return ".".join(names.get(part, part) for part in name.split("."))

"""Trains the critics of a cross-fitted flagship and writes a checkpoint that has them.

Every excerpt is filled by the member that never saw its work, first without critics, in later
rounds with those of the round before. A member's critic learns to tell all these fills from Bach,
on the works that the member learnt from, too; so it has seen neither a work that the member fills
nor its tune, but for what there is of them in the fills of other members, who know these.

A figure's value is a sum of four readings: the log-ratio of smoothed counts, Bach's over the
fills'; how often Bach has it; and whether he never or rarely does. How much each counts for each
kind is a logistic regression of pairs whose own figures were left out of the counts.

Legend: K kinds, R readings.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from copy import copy
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from tqdm import tqdm

from generator.errors import GeneratorError
from generator.families.checkpoint_metadata import Member
from generator.families.flagship.critic import Critic, figures_of
from generator.families.flagship.critic_commands import TrainedMembers, parser, read_config
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.sampling.config import SETTINGS
from generator.families.flagship.sampling.critic_figures import CODES, KINDS, Ints
from generator.families.flagship.tokens import Vocabulary, encode_grid
from generator.families.settings import checked_values
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import Corpus, load_corpus
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import checked_condition, given_for

BATCH = 20  # excerpts that are filled together
PARTS = 8
"""Parts of the tunes, each left out once while the kinds are weighed."""
SMOOTHING = 0.5  # added to each count
MODULE = "generator.families.flagship.critic_training"
WRITING = ("minds_counterpoint", "released_fermatas")
READINGS, RARE = 4, 2
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FigurePair:
    """The figures of an excerpt by Bach and of its fill, as codes."""

    name: str
    bach: Ints
    fill: Ints


@dataclass(frozen=True)
class Counts:
    """How often each figure is Bach's, and how often it is a fill's: (K, CODES)."""

    bach: Floats
    fills: Floats

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.bach + other.bach, self.fills + other.fills)

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.bach - other.bach, self.fills - other.fills)

    def values(self) -> Floats:
        """What can speak for a figure, or against it: (READINGS, K, CODES)."""
        scale = self.bach.sum(1, keepdims=True) / self.fills.sum(1, keepdims=True).clip(min=1)
        ratio = np.log((self.bach + SMOOTHING) / (self.fills * scale + SMOOTHING))
        ratio[(self.bach == 0) & (self.fills == 0)] = 0
        familiar, unknown = np.log1p(self.bach), self.bach == 0
        rare = (self.bach > 0) & (self.bach <= RARE)
        return np.stack([ratio, familiar, -1.0 * unknown, -1.0 * rare]).astype(np.float32)


@dataclass(frozen=True)
class FillRound:
    """Fills that critics learn from: one of each work's `excerpt`, in each of the `conditions`."""

    conditions: Sequence[str]
    excerpt: int = 0
    """Its number, counted round among those of a work."""
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.conditions, (list, tuple)) or not self.conditions:
            raise ValueError(f'conditions = {self.conditions!r}; use a list such as ["ATB"]')
        for condition in self.conditions:
            checked_condition(condition)
        checked_values(SETTINGS, self.settings)


@dataclass(frozen=True)
class CriticConfig:
    """The tables of a config file."""

    rounds: tuple[FillRound, ...]
    penalty: float
    """Of the squared weights in the regression."""
    seed: int
    writing: Mapping[str, Any]
    """Settings of `FlagshipConfig` that the checkpoint is to have."""

    @classmethod
    def from_toml(cls, tables: Mapping[str, Any]) -> CriticConfig:
        rounds = tuple(FillRound(**each) for each in tables["rounds"])
        if not rounds:
            raise ValueError("there is no [[rounds]]; add one")
        if unknown := tables["writing"].keys() - WRITING:
            raise ValueError(f"[writing] has {min(unknown)}; use {' and '.join(WRITING)}")
        FlagshipConfig(**tables["writing"])
        return cls(rounds, **tables["training"], writing=tables["writing"])

    def __post_init__(self) -> None:
        if not self.penalty > 0:
            raise ValueError(f"penalty = {self.penalty}; it must be above 0")


def with_critics(
    composer: Flagship,
    members: Sequence[Member],
    config: CriticConfig,
    corpus: Corpus,
    executor: Executor | None = None,
) -> tuple[list[Flagship], list[float]]:
    """The members with their critics, and the share of each one's held-out pairs it tells apart."""
    written = [
        _as_configured(composer.member(number), config.writing) for number in range(len(members))
    ]
    pairs: list[FigurePair] = []
    shares: list[float] = []
    for number, each in enumerate(config.rounds):
        tasks = [
            FoldTask(member, tuple(sorted(members[index].fold)), condition, each, config.seed)
            for condition in each.conditions
            for index, member in enumerate(written)
        ]
        fills = executor.map(fill_fold, tasks) if executor else map(fill_fold, tasks)
        for of_fold in tqdm(fills, total=len(tasks), desc=f"round {number + 1}"):
            pairs += of_fold
        critics, shares = train_critics(pairs, members, corpus, penalty=config.penalty)
        written = [
            _as_configured(member, config.writing, critic)
            for member, critic in zip(written, critics, strict=True)
        ]
    return written, shares


def _as_configured(
    member: Flagship, writing: Mapping[str, Any], critic: Critic | None = None
) -> Flagship:
    network = copy(member.network)  # with the same weights
    network.config = replace(network.config, **writing, critic=critic is not None)
    return Flagship(network, critic=critic)


@dataclass(frozen=True)
class FoldTask:
    """What a member is to fill for a round."""

    member: Flagship
    works: tuple[str, ...]
    condition: str
    round: FillRound
    seed: int


def fill_fold(task: FoldTask) -> list[FigurePair]:
    """Each work's excerpt beside the member's fill of it; the n-th has the task's seed + n."""
    torch.set_num_threads(1)
    corpus, vocabulary = load_corpus(), Vocabulary(onsets=True)
    excerpts = []
    for name in task.works:
        chorale = corpus.works[name].chorale
        if spans := excerpts_of(chorale):
            span = spans[task.round.excerpt % len(spans)]
            excerpts.append((name, chorale.slice(*span)))
    excerpts.sort(key=lambda each: each[1].steps)  # those of a batch should be of a length
    pairs = []
    for start in range(0, len(excerpts), BATCH):
        batch = excerpts[start : start + BATCH]
        fills = task.member.fill_many(
            [(bach, given_for(task.condition, bach)) for _, bach in batch],
            [task.seed + start + index for index in range(len(batch))],
            settings=task.round.settings,
        )
        pairs += [
            FigurePair(name, _figures(bach, vocabulary), _figures(fill, vocabulary))
            for (name, bach), fill in zip(batch, fills, strict=True)
        ]
    return pairs


def train_critics(
    pairs: Sequence[FigurePair], members: Sequence[Member], corpus: Corpus, *, penalty: float
) -> tuple[list[Critic], list[float]]:
    """The critic of each member, and the share of its fold's pairs that it tells apart.

    `penalty` is that of the squared weights of kinds, in a logistic regression of pairs.
    """
    vocabulary = Vocabulary(onsets=True)
    works = {name: _figures(work.chorale, vocabulary) for name, work in corpus.works.items()}
    tunes = {name: work.tune for name, work in corpus.works.items()}
    critics: list[Critic] = []
    shares: list[float] = []
    for member in members:
        seen = {name: works[name] for name in sorted(member.trained_on)}
        table = _learnt(seen, [pair for pair in pairs if pair.name in seen], tunes, penalty)
        critic = Critic.from_table(table)
        held = [pair for pair in pairs if pair.name in member.fold]
        values = critic.table
        told = [values[pair.bach].sum() > values[pair.fill].sum() for pair in held]
        critics.append(critic)
        shares.append(float(np.mean(told)))
    return critics, shares


def _learnt(
    works: Mapping[str, Ints], pairs: Sequence[FigurePair], tunes: Mapping[str, str], penalty: float
) -> Floats:
    """Values of all figures (K, CODES)."""
    names = sorted({tunes[name] for name in works})
    part_of = dict(zip(names, np.arange(len(names)) % PARTS, strict=True))
    counts = [
        Counts(
            _counted([w for name, w in works.items() if part_of[tunes[name]] == part]),
            _counted([pair.fill for pair in pairs if part_of[tunes[pair.name]] == part]),
        )
        for part in range(PARTS)
    ]
    whole = sum(counts[1:], counts[0])
    differences = []
    for part in range(PARTS):
        values = (whole - counts[part]).values()
        differences += [
            _by_kind(values, pair.bach) - _by_kind(values, pair.fill)
            for pair in pairs
            if part_of[tunes[pair.name]] == part
        ]
    weights = _weights(np.array(differences), penalty)
    table: Floats = (whole.values() * weights.reshape(READINGS, -1, 1)).sum(0)
    return table


def _weights(differences: NDArray[np.float64], penalty: float) -> Floats:
    """Weights, none below 0, under which most pairs (rows) have a sum above 0."""
    spread = differences.std(0)
    found = spread > 0
    spread[~found] = 1.0
    rows = differences / spread

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = rows @ weights
        slope = -(rows * expit(-margin)[:, None]).sum(0)
        value = np.logaddexp(0, -margin).sum() + penalty / 2 * weights @ weights
        return float(value), slope + penalty * weights

    start = np.full(rows.shape[1], 0.1)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start))
    return np.asarray(found * best.x / spread, np.float32)


def _counted(pieces: Sequence[Ints]) -> Floats:
    figures = np.concatenate([np.empty(0, np.int64), *pieces])
    counts = np.bincount(figures, minlength=len(KINDS) * CODES)
    return np.asarray(counts.reshape(len(KINDS), CODES), np.float32)


def _by_kind(values: Floats, figures: Ints) -> NDArray[np.float64]:
    """Sums (READINGS * K,) of values over the figures of each kind."""
    of_each = values.reshape(READINGS, -1)[:, figures]
    kind = figures // CODES
    return np.concatenate([np.bincount(kind, each, len(KINDS)) for each in of_each])


def _figures(chorale: Chorale, vocabulary: Vocabulary) -> Ints:
    [(codes, _)] = figures_of(encode_grid(chorale, vocabulary)[0], vocabulary)
    return codes


def main() -> None:
    options = parser(
        MODULE,
        "Trains the critics of a cross-fitted flagship.",
        members="the checkpoint without critics",
    ).parse_args()
    command = f"python -m {MODULE} {' '.join(sys.argv[1:])}"
    tables, config = read_config(options.config, CriticConfig.from_toml)
    try:
        trained, corpus = TrainedMembers.load(options.members), load_corpus()
        with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as executor:
            made, shares = with_critics(trained.composer, trained.members, config, corpus, executor)
        training = {"members": json.loads(trained.metadata["training"]), "critics": tables}
        provenance = trained.provenance("critic", shares, training, command)
        Flagship.cross_fitted(made).save(options.out, provenance)
    except (OSError, GeneratorError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"held-out pairs told apart: {json.dumps(shares)}\n")


if __name__ == "__main__":
    main()

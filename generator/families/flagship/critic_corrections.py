"""Corrects the critics of a flagship by what they let pass.

In each stage every excerpt is filled by the member that never saw its work, with the critics as
they are by then. Regressions of figures learn to tell these fills from Bach, and their weights are
added to the corrections: what Bach writes more often than the flagship with its critic becomes
likelier, the rest less likely. Where pieces are drawn in proportion to the network's probability
times the exponential of a sum over figures, that is a step uphill in the likelihood of Bach.
Regressions leave habits alone, which are frequent and tell few pairs: these get weights of their
own, under which fills come to have as many as Bach.

A member's corrections are learnt from the pairs of other folds alone; of its own fold they know
what there is in later fills of other members, whose corrections knew it. Beats with a given cell
and open beats have corrections of their own: where all four voices are written, other habits give
the composer away than above Bach's bass.

References
----------
Zhu, Wu and Mumford 1998, "Filters, random fields and maximum entropy (FRAME)", International
Journal of Computer Vision 27(2) (a model is reweighted until it has the figures of the data).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from copy import copy
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from generator.errors import GeneratorError
from generator.families.checkpoint_metadata import Member
from generator.families.flagship.critic import (
    ALL_KINDS,
    FOLDED,
    Corrections,
    Critic,
    all_figures_of,
    folded,
)
from generator.families.flagship.critic_commands import TrainedMembers, parser, read_config
from generator.families.flagship.critic_training import FillRound
from generator.families.flagship.figure_regression import (
    PLACES,
    Floats,
    FoldedPair,
    TunesOfFigures,
    figure_weights,
    habit_weights,
    rare_weights,
    told_apart,
)
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.sampling.config import MAX_WEIGHT
from generator.families.flagship.sampling.critic_figures import Ints
from generator.families.flagship.tokens import Vocabulary, encode_grid
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import Corpus, load_corpus
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Chorale
from generator.music.grid.conditions import given_for

BATCH = 10  # excerpts that are filled together
MODULE = "generator.families.flagship.critic_corrections"
WRITING = ("open_heat",)
LEARNING = ("figures", "rare", "habits")
EVERY_CELL = "SATB"


@dataclass(frozen=True)
class CorrectionStage:
    """What is filled in a stage, and how much of what is learnt from it is added."""

    fills: tuple[FillRound, ...]
    figures: float = 0.0
    """Of the weights of single figures."""
    rare: float = 0.0
    """Of those of rare figures, by kind."""
    habits: float = 0.0
    """Of those of `HABITS`."""

    @classmethod
    def from_toml(cls, table: Mapping[str, Any]) -> CorrectionStage:
        rates = {name: value for name, value in table.items() if name != "fills"}
        return cls(tuple(FillRound(**each) for each in table["fills"]), **rates)

    def __post_init__(self) -> None:
        for name in LEARNING:
            if not 0 <= getattr(self, name) <= MAX_WEIGHT:
                raise ValueError(f"{name} = {getattr(self, name)}; use 0 to {MAX_WEIGHT:g}")
        if not any(getattr(self, name) for name in LEARNING):
            raise ValueError(f"a stage learns nothing; give it {' or '.join(LEARNING)}, above 0")
        if not self.fills:
            raise ValueError("a stage has no [[stages.fills]]; add one")


@dataclass(frozen=True)
class CorrectionConfig:
    """The tables of a config file."""

    stages: tuple[CorrectionStage, ...]
    figure_penalty: float
    rare_penalty: float
    seed: int
    writing: Mapping[str, Any]
    """Settings of `FlagshipConfig` that the checkpoint is to have."""

    @classmethod
    def from_toml(cls, tables: Mapping[str, Any]) -> CorrectionConfig:
        if not isinstance(tables["stages"], list):
            raise ValueError("stages is one table; write [[stages]]")
        stages = tuple(CorrectionStage.from_toml(each) for each in tables["stages"])
        if not stages:
            raise ValueError("there is no [[stages]]; add one")
        if unknown := tables["writing"].keys() - set(WRITING):
            raise ValueError(f"[writing] has {min(unknown)}; use {' and '.join(WRITING)}")
        FlagshipConfig(**tables["writing"])
        return cls(stages, **tables["training"], writing=tables["writing"])

    def __post_init__(self) -> None:
        for name in ("figure_penalty", "rare_penalty"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)}; it must be above 0")


def corrected(
    composer: Flagship,
    members: Sequence[Member],
    config: CorrectionConfig,
    corpus: Corpus,
    executor: Executor | None = None,
) -> tuple[list[Flagship], list[float]]:
    """The members with corrected critics, and the share of each one's pairs still told apart.

    That is of the pairs of its fold in the last stage, by what was learnt from the other folds.
    """
    written = [
        _as_configured(composer.member(number), config.writing) for number in range(len(members))
    ]
    tables = [np.zeros(PLACES) for _ in members]
    shares: list[float] = []
    numbered = _numbered(members, corpus)
    tunes = {name: work.tune for name, work in corpus.works.items()}
    known = [_known_tunes(member, corpus, tunes) for member in members]
    for number, stage in enumerate(config.stages):
        tasks = [
            CorrectionTask(member, works, condition, fills, config.seed)
            for fills in stage.fills
            for condition in fills.conditions
            for member, works in zip(written, numbered, strict=True)
        ]
        filled = executor.map(fill_works, tasks) if executor else map(fill_works, tasks)
        pairs: list[FoldedPair] = []
        for of_fold in tqdm(filled, total=len(tasks), desc=f"stage {number + 1}"):
            pairs += of_fold
        shares = []
        for index, member in enumerate(members):
            others = [pair for pair in pairs if pair.name not in member.fold]
            learnt = np.zeros(PLACES)
            if stage.figures:
                learnt += stage.figures * figure_weights(others, config.figure_penalty)
            if stage.rare:
                rare = rare_weights(others, known[index], tunes, config.rare_penalty)
                learnt += stage.rare * rare
            if stage.habits:
                learnt += stage.habits * habit_weights(others)
            tables[index] += learnt
            shares.append(told_apart(learnt, [pair for pair in pairs if pair.name in member.fold]))
        written = [
            _with_corrections(member, table) for member, table in zip(written, tables, strict=True)
        ]
    return written, shares


def _known_tunes(member: Member, corpus: Corpus, tunes: Mapping[str, str]) -> TunesOfFigures:
    """Of the works outside the member's fold."""
    others = [name for name in corpus.works if name not in member.fold]
    works = {name: corpus.works[name].chorale for name in others}
    figures = {
        name: folded_figures(work, given_for(EVERY_CELL, work)) for name, work in works.items()
    }
    return TunesOfFigures(figures, tunes)


def _numbered(members: Sequence[Member], corpus: Corpus) -> list[dict[str, int]]:
    """The works of each fold that have an excerpt, numbered through all folds."""
    numbers = iter(range(len(corpus.works)))
    return [
        {
            name: next(numbers)
            for name, work in corpus.works.items()
            if name in member.fold and excerpts_of(work.chorale)
        }
        for member in members
    ]


def _as_configured(member: Flagship, writing: Mapping[str, Any]) -> Flagship:
    network = copy(member.network)  # with the same weights
    network.config = replace(network.config, **writing)
    return Flagship(network, critic=member.critic)


def _with_corrections(member: Flagship, table: Floats) -> Flagship:
    network = copy(member.network)
    network.config = replace(network.config, corrections=True)
    shaped = table.reshape(2, len(ALL_KINDS), FOLDED).astype(np.float32)
    critic = _critic_of(member).with_corrections(Corrections.from_table(shaped))
    return Flagship(network, critic=critic)


def _critic_of(member: Flagship) -> Critic:
    assert member.critic is not None, "main has refused members without critics"
    return member.critic


@dataclass(frozen=True)
class CorrectionTask:
    """What a member is to fill for a stage."""

    member: Flagship
    works: Mapping[str, int]
    """With the number of each, which is added to the seed."""
    condition: str
    fills: FillRound
    seed: int


def fill_works(task: CorrectionTask) -> list[FoldedPair]:
    """Each work's excerpt beside the member's fill of it."""
    torch.set_num_threads(1)
    corpus = load_corpus()
    excerpts = []
    for name, number in task.works.items():
        chorale = corpus.works[name].chorale
        spans = excerpts_of(chorale)
        excerpts.append((name, number, chorale.slice(*spans[task.fills.excerpt % len(spans)])))
    excerpts.sort(key=lambda each: each[2].steps)  # those of a batch should be of a length
    pairs = []
    for start in range(0, len(excerpts), BATCH):
        batch = excerpts[start : start + BATCH]
        given = [given_for(task.condition, bach) for _, _, bach in batch]
        fills = task.member.fill_many(
            [(bach, mask) for (_, _, bach), mask in zip(batch, given, strict=True)],
            [task.seed + number for _, number, _ in batch],
            settings=task.fills.settings,
        )
        pairs += [
            FoldedPair(name, folded_figures(bach, mask), folded_figures(fill, mask))
            for (name, _, bach), fill, mask in zip(batch, fills, given, strict=True)
        ]
    return pairs


def folded_figures(chorale: Chorale, given: BoolArray) -> Ints:
    """The places of a piece's figures in a table of corrections."""
    vocabulary = Vocabulary(onsets=True)
    grid, layout = encode_grid(chorale, vocabulary)
    [(codes, steps)] = all_figures_of(grid, vocabulary)
    cells = layout.pad(given, padding=False).reshape(len(given), -1, STEPS_PER_QUARTER)
    open_beats = ~np.asarray(cells.any(axis=(0, 2)))
    return folded(codes, open_beats[steps // STEPS_PER_QUARTER])


def main() -> None:
    options = parser(
        MODULE,
        "Corrects the critics of a cross-fitted flagship by what they let pass. The checkpoint "
        "that is written needs the one with the members beside it.",
        members="the checkpoint with critics",
    ).parse_args()
    command = f"python -m {MODULE} {' '.join(sys.argv[1:])}"
    tables, config = read_config(options.config, CorrectionConfig.from_toml)
    base = options.members
    if options.out.parent != base.parent:
        sys.exit(f"{options.out} needs {base.name} beside it; write it to {base.parent}")
    try:
        trained = TrainedMembers.load(base)
        if not trained.composer.critic:
            sys.exit(f"{base} has no critics; train them first (critic_training)")
        with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as executor:
            made, shares = corrected(
                trained.composer, trained.members, config, load_corpus(), executor
            )
        training = {**json.loads(trained.metadata["training"]), "corrections": tables}
        provenance = trained.provenance("corrections", shares, training, command)
        Flagship.cross_fitted(made).save(options.out, provenance, base=base)
    except (OSError, GeneratorError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"held-out pairs told apart in the last stage: {json.dumps(shares)}\n")


if __name__ == "__main__":
    main()

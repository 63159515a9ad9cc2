"""A cross-fitted composer judged on all works of the corpus, each written by its own member.

What the judges know goes with the work too: a piece is compared with what its member learnt from,
and read by somebody who has heard those works alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from generator.evaluation.likelihood import Conditional
from generator.evaluation.report import Known, known_of
from generator.evaluation.test_set import Material, load_fold
from generator.evaluation.viewpoints.surprisal import BachReader, FloatArray
from generator.families.base import Family, Sampling
from generator.families.checkpoint import Member
from generator.music.corpus.splits import FOLDS, fold_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.measures.copying import CopyIndex

FoldOf = Mapping[str, int]


class EachByItsMember(Family):
    """The members of a composer as one; a chorale's `bwv` says which is asked."""

    def __init__(self, members: Sequence[Family], fold_of: FoldOf) -> None:
        self._members = members
        self._fold_of = fold_of

    def of(self, chorale: Chorale) -> Family:
        return self._members[self._fold_of[chorale.bwv]]

    @property
    def sampling(self) -> Sampling:
        return self._members[0].sampling

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale:
        return self.of(chorale).fill(chorale, given, seed=seed, temperature=temperature)

    @classmethod
    def debug(cls) -> Self:
        raise ValueError("members have miniatures, not their union")

    @classmethod
    def load(cls, path: Path) -> Self:
        raise ValueError(f"load the composer of {path}, then ask it for its members")

    def save(self, path: Path, metadata: dict[str, str]) -> None:
        raise ValueError("members are saved by their composer")


class EachReadsItsOwn(EachByItsMember):
    """The same for members that give likelihoods."""

    @property
    def one_shot(self) -> bool:
        return all(cast("Conditional", member).one_shot for member in self._members)

    def pitch_log_probs(
        self, chorale: Chorale, visible: BoolArray | list[BoolArray]
    ) -> NDArray[np.float32]:
        return cast("Conditional", self.of(chorale)).pitch_log_probs(chorale, visible)

    def log_likelihood(self, chorale: Chorale, given: BoolArray) -> float:
        return cast("Conditional", self.of(chorale)).log_likelihood(chorale, given)


class CopiesByWork(CopyIndex):
    """Searched for a piece: what its member learnt from."""

    def __init__(self, indexes: Sequence[CopyIndex], fold_of: FoldOf) -> None:
        self._indexes = indexes
        self._fold_of = fold_of

    def longest_run(self, chorale: Chorale, *, without: Collection[str] = ()) -> int:
        return self._indexes[self._fold_of[chorale.bwv]].longest_run(chorale, without=without)


class ReaderByWork(BachReader):
    """Who reads a piece has heard what its member learnt from."""

    def __init__(self, readers: Sequence[BachReader], fold_of: FoldOf) -> None:
        self._readers = readers
        self._fold_of = fold_of

    def surprisals(self, chorale: Chorale) -> dict[str, list[FloatArray]]:
        return self._readers[self._fold_of[chorale.bwv]].surprisals(chorale)


@dataclass(frozen=True)
class Judged:
    """Who writes, what, and what the judges know if not the material's training works."""

    composer: Family
    material: Material
    known: Known | None = None


def corpus_members() -> tuple[Member, ...]:
    """Members as any cross-fitted composer has them, by the folds of the corpus."""
    corpus = load_corpus()
    splits = [fold_split(corpus, fold) for fold in range(FOLDS)]
    return tuple(Member(frozenset(parts["train"]), frozenset(parts["test"])) for parts in splits)


def load_folds(composer: Family, members: Sequence[Member]) -> Judged:
    """A cross-fitted composer on every work of its folds.

    Parameters
    ----------
    composer : Family
        With as many members as `members` says.
    members : sequence of Member
        What the checkpoint says of each.

    Raises
    ------
    ValueError
        If the composer is not cross-fitted.
    SeenWorkError
        If a member learnt from a work of its fold, or from its tune.
    """
    if not all(member.fold for member in members):
        raise ValueError("the composer has no folds; use --split tunes")
    parts = [load_fold(number, member) for number, member in enumerate(members)]
    fold_of = {name: number for number, part in enumerate(parts) for name in part.works}
    own = [composer.member(number) for number in range(len(parts))]
    kind = EachReadsItsOwn if isinstance(own[0], Conditional) else EachByItsMember
    known = [known_of(part.training) for part in parts]
    return Judged(
        composer=kind(own, fold_of),
        material=Material(
            split="folds",
            part="test",
            works={name: work for part in parts for name, work in part.works.items()},
            excerpts={name: cut for part in parts for name, cut in part.excerpts.items()},
            tunes={name: tune for part in parts for name, tune in part.tunes.items()},
            training={name: work for part in parts for name, work in part.training.items()},
        ),
        known=Known(
            CopiesByWork([each.copies for each in known], fold_of),
            ReaderByWork([each.reader for each in known], fold_of),
        ),
    )

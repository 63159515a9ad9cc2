"""The machine listener: a classifier that tells Bach from a composer on held-out pairs.

It is trained, in folds by tune family, on the pairs of the other families. So it is strongest where
there are many pairs, and neither a work that it scores nor another work on its tune has trained it.
Classifiers of single pieces and of the differences within pairs are averaged: of numbers alone, or
of numbers and of the figures that a piece has. None is tuned to any composer.

A discriminator with a version is frozen: its features, its classifiers and their settings stay as
they are, so that figures of different years can be compared. A better one gets the next number and
a line in `DISCRIMINATORS`; the old one keeps its own, and its column in every report.

Metrics
-------
share   of held-out pairs in which Bach scores higher; a tie counts one half. .50: cannot tell.
auc     of the same scores, unpaired: the chance that some Bach scores above some machine piece.

References
----------
docs/machine-listener.md. Fawcett 2006, "An introduction to ROC analysis" (the AUC as a rank sum).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.stats import rankdata

from generator.evaluation.discriminator.classifiers import (
    ClassifierSettings,
    FloatArray,
    pairwise_scores,
    pointwise_scores,
)
from generator.evaluation.discriminator.figure_classifiers import (
    FigureSettings,
    figure_counts,
    pairwise_figure_scores,
    pointwise_figure_scores,
)
from generator.evaluation.features.extract import GROUPS, extract_features, feature_table
from generator.evaluation.features.figure_features import figure_features
from generator.evaluation.viewpoints.figures import figures_of
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.measures.voice_leading import written_cells

MIN_FAMILIES = 4


@dataclass(frozen=True)
class ExcerptPair:
    """Bach's excerpt and the machine's piece of it.

    `written` is bool[4] or bool[4, T]; the model is learnt from works of other tune families.
    """

    bach: Chorale
    machine: Chorale
    written: BoolArray
    model: SurprisalModel


@dataclass(frozen=True)
class PairFeatures:
    """Features of all pairs: float[pairs, features] for each side, and each pair's tune family.

    Where the discriminator reads figures there are their counts, too: float[pairs, figures].
    """

    names: tuple[str, ...]
    bach: FloatArray
    machine: FloatArray
    family: NDArray[np.intp]
    bach_figures: csr_array | None = None
    machine_figures: csr_array | None = None

    def only(self, names: Collection[str]) -> PairFeatures:
        """These features alone, without figures."""
        columns = [index for index, name in enumerate(self.names) if name in names]
        return PairFeatures(
            names=tuple(self.names[index] for index in columns),
            bach=self.bach[:, columns],
            machine=self.machine[:, columns],
            family=self.family,
        )

    def with_bach_as_machine(self, partners: Sequence[int]) -> PairFeatures:
        """Bach's pieces of other pairs, by their rows, in place of the machine's."""
        figures = None if self.bach_figures is None else self.bach_figures[partners]
        return replace(self, machine=self.bach[partners], machine_figures=figures)

    def swapped(self, pairs: BoolArray) -> PairFeatures:
        """With the sides of some pairs exchanged; `pairs` is bool[pairs]."""
        count = len(self.family)
        bach = np.where(pairs, count, 0) + np.arange(count)
        machine = np.where(pairs, 0, count) + np.arange(count)
        numbers = np.concatenate([self.bach, self.machine])
        exchanged = replace(self, bach=numbers[bach], machine=numbers[machine])
        if self.bach_figures is None or self.machine_figures is None:
            return exchanged
        figures = csr_array(vstack([self.bach_figures, self.machine_figures]))
        return replace(exchanged, bach_figures=figures[bach], machine_figures=figures[machine])

    def sides(self, rows: NDArray[np.generic]) -> tuple[PieceTable, PieceTable]:
        """Bach's pieces and the machine's of these pairs."""
        return (
            PieceTable(self.bach, self.bach_figures).rows(rows),
            PieceTable(self.machine, self.machine_figures).rows(rows),
        )


@dataclass(frozen=True)
class PieceTable:
    """What a discriminator reads in some pieces: their numbers, and their figures if it does."""

    numbers: FloatArray
    figures: csr_array | None = None

    def rows(self, rows: NDArray[np.generic]) -> PieceTable:
        figures = None if self.figures is None else self.figures[np.arange(len(self.numbers))[rows]]
        return PieceTable(self.numbers[rows], figures)


@dataclass(frozen=True)
class DiscriminatorReport:
    """How well the pairs are told apart; `margins` are Bach's scores minus the machine's."""

    share: float
    auc: float
    pairs: int
    families: int
    margins: tuple[float, ...]


@dataclass(frozen=True)
class Discriminator:
    """The features of a piece, and the classifiers trained on them.

    `score` is the name of its column in reports; each of the `groups` of features is scored alone,
    too. With settings for figures it counts the figures of a piece and has classifiers of them.
    """

    version: str
    score: str
    features: Callable[[Chorale, BoolArray, SurprisalModel], dict[str, float]]
    folds: int
    classifiers: ClassifierSettings
    groups: tuple[str, ...] = ()
    figures: FigureSettings | None = None

    def extract(self, pairs: Mapping[str, Sequence[ExcerptPair]]) -> PairFeatures:
        """Features of pairs of one condition, in the order of the mapping.

        Parameters
        ----------
        pairs : mapping of tune family to its pairs

        Raises
        ------
        ValueError
            If there are fewer than `MIN_FAMILIES` tune families.
        """
        rows = [row for row in pairs.values() if row]
        if len(rows) < MIN_FAMILIES:
            raise ValueError(
                f"{len(rows)} tune families; at least {MIN_FAMILIES} are needed for the folds"
            )
        flat = [pair for row in rows for pair in row]
        pieces = [(pair.bach, pair.written, pair.model) for pair in flat]
        pieces += [(pair.machine, pair.written, pair.model) for pair in flat]
        names, table = self._read(pieces)
        bach, machine = np.arange(len(flat)), np.arange(len(flat), len(pieces))
        return PairFeatures(
            names,
            table.numbers[bach],
            table.numbers[machine],
            np.repeat(np.arange(len(rows)), [len(row) for row in rows]),
            None if table.figures is None else table.figures[bach],
            None if table.figures is None else table.figures[machine],
        )

    def cross_validate(self, features: PairFeatures, *, seed: int = 0) -> DiscriminatorReport:
        """Score every pair by classifiers that never saw its tune; `seed` draws the folds."""
        families = int(features.family.max()) + 1
        fold_of = random_folds(families, self.folds, seed)[features.family]
        scores = np.zeros((2, len(features.family)))  # [Bach, machine]
        for fold in np.unique(fold_of):
            held = fold_of == fold
            training, test = features.sides(~held), features.sides(held)
            for learnt in (self._pointwise, self._pairwise):
                for sides in learnt(*training, test):
                    fold_scores = np.array(sides)
                    scores[:, held] += fold_scores / max(fold_scores.std(), 1e-12)
        # Equal features give equal scores, except for rounding.
        margins = np.round(scores[0] - scores[1], 9)
        return DiscriminatorReport(
            share=float(np.mean((margins > 0) + 0.5 * (margins == 0))),
            auc=auc(scores[0], scores[1]),
            pairs=len(margins),
            families=families,
            margins=tuple(margins.tolist()),
        )

    def unpaired_scores(
        self, features: PairFeatures, *, seed: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Log-odds of being Bach for both sides of unpaired items, Bach's first.

        Nothing is learnt from what the two sides of an item have in common: they share neither
        tune nor notes. Both are scored by a classifier that saw neither the item nor Bach's tune.
        """
        families = int(features.family.max()) + 1
        fold_of = random_folds(families, self.folds, seed)[features.family]
        bach, machine = np.zeros(len(fold_of)), np.zeros(len(fold_of))
        for fold in np.unique(fold_of):
            held = fold_of == fold
            for sides in self._pointwise(*features.sides(~held), features.sides(held)):
                bach[held] += sides[0]
                machine[held] += sides[1]
        return bach, machine

    def unpaired_aucs(
        self,
        bach: Mapping[str, Sequence[Chorale]],
        foreign: Sequence[Chorale],
        model: SurprisalModel,
        *,
        seeds: Sequence[int] = (0,),
    ) -> list[float]:
        """AUC between Bach's pieces and a composer's pieces that are not of the same works.

        Parameters
        ----------
        bach : mapping of tune family to its pieces
        foreign : sequence of Chorale
            Whole pieces of the composer; each is a family of its own.
        model : SurprisalModel
        seeds : sequence of int
            Of the folds; there is one AUC for each.
        """
        whole = np.ones(4, dtype=np.bool_)
        pieces = [piece for row in bach.values() for piece in row]
        _, table = self._read([(piece, whole, model) for piece in (*pieces, *foreign)])
        family = np.repeat(np.arange(len(bach)), [len(row) for row in bach.values()])
        return [self._unpaired_auc(table, family, seed) for seed in seeds]

    def _unpaired_auc(self, table: PieceTable, family: NDArray[np.intp], seed: int) -> float:
        """Bach's pieces come first; `family` has one entry for each of them."""
        foreign = len(table.numbers) - len(family)
        fold_of = np.concatenate(
            [
                random_folds(int(family.max()) + 1, self.folds, seed)[family],
                random_folds(foreign, self.folds, seed + 1),
            ]
        )
        is_bach = np.arange(len(fold_of)) < len(family)
        scores = np.zeros(len(fold_of))
        for fold in range(self.folds):
            held = fold_of == fold
            training = table.rows(~held & is_bach), table.rows(~held & ~is_bach)
            test = table.rows(held & is_bach), table.rows(held & ~is_bach)
            for sides in self._pointwise(*training, test):
                scores[held] += np.concatenate(sides)
        return auc(scores[is_bach], scores[~is_bach])

    def _read(
        self, pieces: Sequence[tuple[Chorale, BoolArray, SurprisalModel]]
    ) -> tuple[tuple[str, ...], PieceTable]:
        """The names of the numbers; numbers and figures of pieces, each with what is written."""
        numbers, figures = [], []
        for piece, written, model in pieces:
            numbers.append(self.features(piece, written, model))
            if self.figures:
                figures.append(figures_of(piece, written_cells(piece, written)))
        counts = figure_counts(figures) if self.figures else None
        return tuple(numbers[0]), PieceTable(feature_table(numbers), counts)

    def _pointwise(
        self, bach: PieceTable, machine: PieceTable, held: Sequence[PieceTable]
    ) -> Iterator[list[FloatArray]]:
        """Log-odds of being Bach for each held-out table, by each classifier of single pieces."""
        numbers = [table.numbers for table in held]
        yield pointwise_scores(bach.numbers, machine.numbers, numbers, self.classifiers)
        if self.figures:
            figures = [table.figures for table in held]
            yield pointwise_figure_scores(bach.figures, machine.figures, figures, self.figures)

    def _pairwise(
        self, bach: PieceTable, machine: PieceTable, held: Sequence[PieceTable]
    ) -> Iterator[list[FloatArray]]:
        """Scores of each held-out table, by each classifier of differences within pairs."""
        numbers = [table.numbers for table in held]
        yield pairwise_scores(bach.numbers, machine.numbers, numbers, self.classifiers)
        if self.figures:
            figures = [table.figures for table in held]
            yield pairwise_figure_scores(bach.figures, machine.figures, figures, self.figures)

    def digest(self, names: Sequence[str]) -> str:
        """sha256 over what is frozen: the version, the features and the settings."""
        # The keys are part of the digest of listener 1 and stay as they were.
        frozen = {
            "version": self.version,
            "features": list(names),
            "folds": self.folds,
            "judges": asdict(self.classifiers),
        }
        if self.figures:
            frozen["figures"] = asdict(self.figures)
        return hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()


def auc(bach: FloatArray, machine: FloatArray) -> float:
    """Chance that a piece by Bach scores above a machine piece; ties count one half.

    Examples
    --------
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    ranks = rankdata(np.concatenate([bach, machine]))
    above = ranks[: len(bach)].sum() - len(bach) * (len(bach) + 1) / 2
    return float(above / (len(bach) * len(machine)))


def random_folds(families: int, folds: int, seed: int) -> NDArray[np.intp]:
    """int[families]: the fold of each, dealt out in random order."""
    order = np.random.default_rng(seed).permutation(families)
    fold_of = np.empty(families, dtype=np.intp)
    fold_of[order] = np.arange(families) % min(folds, families)
    return fold_of


DISCRIMINATOR_1 = Discriminator(
    version="listener 1",
    score="machine listener",
    features=extract_features,
    folds=5,
    classifiers=ClassifierSettings(strength=0.03, clip=3.0, damping=0.05),
    groups=GROUPS,
)
DISCRIMINATOR_2 = Discriminator(
    version="listener 2",
    score="machine listener 2",
    features=figure_features,
    folds=5,
    classifiers=ClassifierSettings(strength=0.02, clip=3.0, damping=0.05),
    figures=FigureSettings(strength=5.0, pieces=3, smoothing=1.0),
)
DISCRIMINATORS = (DISCRIMINATOR_1, DISCRIMINATOR_2)

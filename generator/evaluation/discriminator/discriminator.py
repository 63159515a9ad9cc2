"""The machine listener: a classifier that tells Bach from a composer on held-out pairs.

It is trained, in folds by tune family, on the pairs of the other families. So it is strongest where
there are many pairs, and neither a work that it scores nor another work on its tune has trained it.
Two classifiers are averaged, one of single pieces and one of the differences within pairs. Neither
is tuned to any composer.

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
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from generator.evaluation.discriminator.classifiers import (
    ClassifierSettings,
    FloatArray,
    pairwise_scores,
    pointwise_scores,
)
from generator.evaluation.features.extract import extract_features, feature_table
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.music.grid.chorale import BoolArray, Chorale

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
    """Features of all pairs: float[pairs, features] for each side, and each pair's tune family."""

    names: tuple[str, ...]
    bach: FloatArray
    machine: FloatArray
    family: NDArray[np.intp]

    def only(self, names: Collection[str]) -> PairFeatures:
        """These features alone."""
        columns = [index for index, name in enumerate(self.names) if name in names]
        return replace(
            self,
            names=tuple(self.names[index] for index in columns),
            bach=self.bach[:, columns],
            machine=self.machine[:, columns],
        )


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

    `score` is the name of its column in reports.
    """

    version: str
    score: str
    features: Callable[[Chorale, BoolArray, SurprisalModel], dict[str, float]]
    folds: int
    classifiers: ClassifierSettings

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
        bach = [self.features(pair.bach, pair.written, pair.model) for pair in flat]
        machine = [self.features(pair.machine, pair.written, pair.model) for pair in flat]
        family = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        return PairFeatures(tuple(bach[0]), feature_table(bach), feature_table(machine), family)

    def cross_validate(self, features: PairFeatures, *, seed: int = 0) -> DiscriminatorReport:
        """Score every pair by classifiers that never saw its tune; `seed` draws the folds."""
        families = int(features.family.max()) + 1
        fold_of = random_folds(families, self.folds, seed)[features.family]
        scores = np.zeros((2, len(features.family)))  # [Bach, machine]
        for fold in np.unique(fold_of):
            held = fold_of == fold
            training = features.bach[~held], features.machine[~held]
            test = [features.bach[held], features.machine[held]]
            for classifier in (pointwise_scores, pairwise_scores):
                fold_scores = np.array(classifier(*training, test, self.classifiers))
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
            bach[held], machine[held] = pointwise_scores(
                features.bach[~held],
                features.machine[~held],
                [features.bach[held], features.machine[held]],
                self.classifiers,
            )
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
        flat = [piece for row in bach.values() for piece in row]
        bach_table = feature_table([self.features(piece, whole, model) for piece in flat])
        foreign_table = feature_table([self.features(piece, whole, model) for piece in foreign])
        family = np.repeat(np.arange(len(bach)), [len(row) for row in bach.values()])
        return [self._unpaired_auc(bach_table, foreign_table, family, seed) for seed in seeds]

    def _unpaired_auc(
        self, bach: FloatArray, foreign: FloatArray, family: NDArray[np.intp], seed: int
    ) -> float:
        bach_fold = random_folds(int(family.max()) + 1, self.folds, seed)[family]
        foreign_fold = random_folds(len(foreign), self.folds, seed + 1)
        scores = np.zeros(len(bach)), np.zeros(len(foreign))
        for fold in range(self.folds):
            held_bach, held_foreign = bach_fold == fold, foreign_fold == fold
            scores[0][held_bach], scores[1][held_foreign] = pointwise_scores(
                bach[~held_bach],
                foreign[~held_foreign],
                [bach[held_bach], foreign[held_foreign]],
                self.classifiers,
            )
        return auc(*scores)

    def digest(self, names: Sequence[str]) -> str:
        """sha256 over what is frozen: the version, the features and the settings."""
        # The keys are part of the digest of listener 1 and stay as they were.
        frozen = {
            "version": self.version,
            "features": list(names),
            "folds": self.folds,
            "judges": asdict(self.classifiers),
        }
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
)
DISCRIMINATORS = (DISCRIMINATOR_1,)

"""The machine listener: a classifier that tells Bach from a composer on held-out pairs.

It learns, in folds by tune family, from the pairs of the other families; so it is strongest where
many pairs are known, and nothing of a work that it judges, nor of its tune, has trained it. Two
judges are averaged, one of single pieces and one of the differences within pairs. Neither is tuned
to any composer.

A listener that has a name is frozen: its features, its judges and their settings stay as they are,
so that a figure of last year can be compared with one of today. A better one gets the next number
and a line in `LISTENERS`; the old one keeps its own, and its column in every report.

Metrics
-------
share   of held-out pairs in which Bach scores higher; a tie counts one half. .50: cannot tell.
auc     of the same scores, unpaired: the chance that some Bach scores above some machine piece.

References
----------
DESIGN.md, section 9. Fawcett 2006, "An introduction to ROC analysis" (the AUC as a rank sum).
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
    FloatArray,
    JudgeSettings,
    differences,
    singles,
)
from generator.evaluation.features.extract import feature_table, features
from generator.evaluation.viewpoints.surprisal import BachReader
from generator.music.grid.chorale import BoolArray, Chorale

MIN_FAMILIES = 4


@dataclass(frozen=True)
class JudgedPair:
    """Bach's excerpt and the machine's piece of it.

    `written` is bool[4] or bool[4, T]; the reader has learnt from works of other tune families.
    """

    bach: Chorale
    machine: Chorale
    written: BoolArray
    reader: BachReader


@dataclass(frozen=True)
class Heard:
    """Features of all pairs: float[pairs, features] for each side, and each pair's tune family."""

    names: tuple[str, ...]
    bach: FloatArray
    machine: FloatArray
    family: NDArray[np.intp]

    def only(self, names: Collection[str]) -> Heard:
        """As it sounds to somebody who hears these features alone."""
        kept = [index for index, name in enumerate(self.names) if name in names]
        return replace(
            self,
            names=tuple(self.names[index] for index in kept),
            bach=self.bach[:, kept],
            machine=self.machine[:, kept],
        )


@dataclass(frozen=True)
class Verdict:
    """What the listener made of all pairs; `margins` has Bach's score minus the machine's."""

    share: float
    auc: float
    pairs: int
    families: int
    margins: tuple[float, ...]


@dataclass(frozen=True)
class Listener:
    """What is heard, and how it is judged.

    `score` is the name of its column in reports.
    """

    version: str
    score: str
    features: Callable[[Chorale, BoolArray, BachReader], dict[str, float]]
    folds: int
    judges: JudgeSettings

    def hear(self, pairs: Mapping[str, Sequence[JudgedPair]]) -> Heard:
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
                f"{len(rows)} tune families to judge; at least {MIN_FAMILIES} are needed for folds"
            )
        flat = [pair for row in rows for pair in row]
        bach = [self.features(pair.bach, pair.written, pair.reader) for pair in flat]
        machine = [self.features(pair.machine, pair.written, pair.reader) for pair in flat]
        family = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        return Heard(tuple(bach[0]), feature_table(bach), feature_table(machine), family)

    def judge(self, heard: Heard, *, seed: int = 0) -> Verdict:
        """Judge pairs that have not been learnt from; `seed` deals the families to the folds."""
        families = int(heard.family.max()) + 1
        fold_of = dealt(families, self.folds, seed)[heard.family]
        scores = np.zeros((2, len(heard.family)))  # [Bach, machine]
        for fold in np.unique(fold_of):
            held = fold_of == fold
            known = heard.bach[~held], heard.machine[~held]
            asked = [heard.bach[held], heard.machine[held]]
            for judge in (singles, differences):
                found = np.array(judge(*known, asked, self.judges))
                scores[:, held] += found / max(found.std(), 1e-12)
        # What is equal in the features is equal in the scores, but for rounding.
        margins = np.round(scores[0] - scores[1], 9)
        return Verdict(
            share=float(np.mean((margins > 0) + 0.5 * (margins == 0))),
            auc=auc(scores[0], scores[1]),
            pairs=len(margins),
            families=families,
            margins=tuple(margins.tolist()),
        )

    def unpaired(
        self,
        bach: Mapping[str, Sequence[Chorale]],
        foreign: Sequence[Chorale],
        reader: BachReader,
        *,
        seeds: Sequence[int] = (0,),
    ) -> list[float]:
        """AUC between Bach's pieces and pieces of a composer that are not of the same works.

        Parameters
        ----------
        bach : mapping of tune family to its pieces
        foreign : sequence of Chorale
            Whole pieces of the composer; each is a family of its own.
        reader : BachReader
        seeds : sequence of int
            Of the folds; there is an AUC for each.
        """
        whole = np.ones(4, dtype=np.bool_)
        flat = [piece for row in bach.values() for piece in row]
        his = feature_table([self.features(piece, whole, reader) for piece in flat])
        theirs = feature_table([self.features(piece, whole, reader) for piece in foreign])
        family = np.repeat(np.arange(len(bach)), [len(row) for row in bach.values()])
        return [self._unpaired(his, theirs, family, seed) for seed in seeds]

    def _unpaired(
        self, his: FloatArray, theirs: FloatArray, family: NDArray[np.intp], seed: int
    ) -> float:
        his_fold = dealt(int(family.max()) + 1, self.folds, seed)[family]
        their_fold = dealt(len(theirs), self.folds, seed + 1)
        scores = np.zeros(len(his)), np.zeros(len(theirs))
        for fold in range(self.folds):
            asked = his_fold == fold, their_fold == fold
            found = singles(
                his[~asked[0]], theirs[~asked[1]], [his[asked[0]], theirs[asked[1]]], self.judges
            )
            scores[0][asked[0]], scores[1][asked[1]] = found
        return auc(*scores)

    def digest(self, names: Sequence[str]) -> str:
        """sha256 over what is frozen: the version, the features and the settings."""
        frozen = {
            "version": self.version,
            "features": list(names),
            "folds": self.folds,
            "judges": asdict(self.judges),
        }
        return hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()


def auc(bach: FloatArray, machine: FloatArray) -> float:
    """Chance that a Bach scores above a machine piece, ties half.

    Examples
    --------
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    ranks = rankdata(np.concatenate([bach, machine]))
    above = ranks[: len(bach)].sum() - len(bach) * (len(bach) + 1) / 2
    return float(above / (len(bach) * len(machine)))


def dealt(families: int, folds: int, seed: int) -> NDArray[np.intp]:
    """int[families]: the fold of each, dealt out in random order."""
    order = np.random.default_rng(seed).permutation(families)
    found = np.empty(families, dtype=np.intp)
    found[order] = np.arange(families) % min(folds, families)
    return found


LISTENER_1 = Listener(
    version="listener 1",
    score="machine listener",
    features=features,
    folds=5,
    judges=JudgeSettings(strength=0.03, clip=3.0, damping=0.05),
)
LISTENERS = (LISTENER_1,)

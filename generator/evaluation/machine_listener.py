"""The machine listener: a classifier that tells Bach from a composer on held-out pairs.

It hears the features of `listener_features` and learns, in folds by tune family, from the pairs
of the other families; so it is strongest where many pairs are known, and nothing of a work that
it judges, nor of its tune, has trained it. Two judges are averaged: boosted trees over single
pieces, and a logistic model of the differences within pairs. Neither is tuned to any composer.

Metrics
-------
share   of held-out pairs in which Bach scores higher; a tie counts one half. .50: cannot tell.
auc     of the same scores, unpaired: the chance that some Bach scores above some machine piece.

References
----------
DESIGN.md, section 9. Fawcett 2006, "An introduction to ROC analysis" (the AUC as a rank sum).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from generator.evaluation.listener_features import feature_table, features
from generator.evaluation.surprisal import BachReader
from generator.music.chorale import BoolArray, Chorale

FOLDS = 5
MIN_FAMILIES = 4
# Of the logistic model; small, since there are about as many features as pairs.
STRENGTH = 0.05
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedPair:
    """Bach's excerpt, the machine's piece of it, and bool[4] or bool[4, T]: what was written."""

    bach: Chorale
    machine: Chorale
    written: BoolArray


@dataclass(frozen=True)
class Verdict:
    """What the listener made of all pairs; `margins` has Bach's score minus the machine's."""

    share: float
    auc: float
    pairs: int
    families: int
    margins: tuple[float, ...]


def listener_share(
    pairs_by_family: Mapping[str, Sequence[JudgedPair]], reader: BachReader, *, seed: int = 0
) -> Verdict:
    """Judge pairs that the listener has not learnt from.

    Parameters
    ----------
    pairs_by_family : mapping of tune family to its pairs, of one condition
    reader : BachReader
        Learnt from works of other tune families.
    seed : int
        Of the folds.

    Returns
    -------
    Verdict
        `margins` in the order of the mapping.

    Raises
    ------
    ValueError
        If there are fewer than `MIN_FAMILIES` tune families.
    """
    names = [name for name, pairs in pairs_by_family.items() if pairs]
    if len(names) < MIN_FAMILIES:
        raise ValueError(
            f"{len(names)} tune families to judge; at least {MIN_FAMILIES} are needed for folds"
        )
    pairs = [pair for name in names for pair in pairs_by_family[name]]
    family = np.repeat(np.arange(len(names)), [len(pairs_by_family[name]) for name in names])
    bach = feature_table([features(pair.bach, pair.written, reader) for pair in pairs])
    machine = feature_table([features(pair.machine, pair.written, reader) for pair in pairs])
    folds = _folds(len(names), seed)[family]
    scores = np.zeros((2, len(pairs)))  # [Bach, machine]
    for fold in np.unique(folds):
        held = folds == fold
        scores[:, held] = _judged(bach[~held], machine[~held], bach[held], machine[held])
    # What is equal in the features is equal in the scores, but for rounding.
    margins = np.round(scores[0] - scores[1], 9)
    share = float(np.mean((margins > 0) + 0.5 * (margins == 0)))
    return Verdict(
        share, auc(scores[0], scores[1]), len(pairs), len(names), tuple(margins.tolist())
    )


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


def _folds(families: int, seed: int) -> NDArray[np.intp]:
    """int[families]: families in random order, dealt out to the folds."""
    order = np.random.default_rng(seed).permutation(families)
    folds = np.empty(families, dtype=np.intp)
    folds[order] = np.arange(families) % min(FOLDS, families)
    return folds


def _judged(
    bach: FloatArray, machine: FloatArray, held_bach: FloatArray, held_machine: FloatArray
) -> FloatArray:
    """float[2, held]: log-odds of being Bach, of held-out Bach and machine pieces."""
    scaler = StandardScaler().fit(np.concatenate([bach, machine]))
    bach, machine, *held = (
        scaler.transform(table) for table in (bach, machine, held_bach, held_machine)
    )
    single = _singles(bach, machine, held)
    paired = _differences(bach, machine, held)
    scores: FloatArray = single / max(single.std(), 1e-12) + paired / max(paired.std(), 1e-12)
    return scores


def _singles(bach: FloatArray, machine: FloatArray, held: list[FloatArray]) -> FloatArray:
    trees = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=8, random_state=0
    )
    trees.fit(np.concatenate([bach, machine]), np.repeat([1, 0], len(bach)))
    return np.array([trees.decision_function(table) for table in held])


def _differences(bach: FloatArray, machine: FloatArray, held: list[FloatArray]) -> FloatArray:
    apart = bach - machine
    # Both signs of each difference: no intercept, and neither side is the first.
    linear = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=2000)
    linear.fit(np.concatenate([apart, -apart]), np.repeat([1, 0], len(apart)))
    return np.array([linear.decision_function(table) for table in held])

"""The classifiers of the machine listener: linear, on features weighted by how well they separate.

Conventions
-----------
A table is float[pieces, features]. Every feature counts twice: as it is, and as its distance from
Bach's median, since a machine may be too even as well as too wild. Everything is scaled by the
training pieces and clipped. With more features than pieces, a plain classifier drowns in features
that say nothing. So each is weighted by how far apart the two sides are in it in the training
pieces, before a ridge-penalised logistic regression.

References
----------
Zou 2006, "The adaptive lasso and its oracle properties", JASA 101 (weights from a first estimate).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

FloatArray = NDArray[np.float64]
_MIN_SPREAD = 1e-9  # a smaller spread counts as none
_ITERATIONS = 2000


@dataclass(frozen=True)
class ClassifierSettings:
    """Settings of both classifiers."""

    strength: float
    """Inverse of the ridge penalty."""
    clip: float
    """In standard deviations of all training pieces."""
    damping: float
    """Added to a feature's variance, so that a rare feature does not dominate."""


def pointwise_scores(
    bach: FloatArray, machine: FloatArray, held: Sequence[FloatArray], settings: ClassifierSettings
) -> list[FloatArray]:
    """Log-odds of being Bach for held-out pieces, learnt from single pieces.

    Parameters
    ----------
    bach, machine : float[N, F], float[M, F]
        Training pieces; they need not be pairs.
    held : sequence of float[H, F]
    settings : ClassifierSettings

    Returns
    -------
    list of float[H], one for each held-out table
    """
    bach, machine, held = _scaled(bach, machine, held, settings)
    spread = (bach.var(axis=0) + machine.var(axis=0)) / 2
    weight = _weights(bach.mean(axis=0) - machine.mean(axis=0), spread, settings)
    model = LogisticRegression(
        C=settings.strength, class_weight="balanced", max_iter=_ITERATIONS
    ).fit(np.concatenate([bach, machine]) * weight, np.repeat([1, 0], [len(bach), len(machine)]))
    return [model.decision_function(table * weight) for table in held]


def pairwise_scores(
    bach: FloatArray, machine: FloatArray, held: Sequence[FloatArray], settings: ClassifierSettings
) -> list[FloatArray]:
    """Scores of held-out pieces whose differences are log-odds, learnt from pairs.

    Parameters
    ----------
    bach, machine : float[N, F]
        Training pairs, row by row.
    held : sequence of float[H, F]
    settings : ClassifierSettings

    Returns
    -------
    list of float[H], one for each held-out table
    """
    bach, machine, held = _scaled(bach, machine, held, settings)
    difference = bach - machine
    weight = _weights(difference.mean(axis=0), difference.var(axis=0) / 2, settings)
    # Both signs of each difference: no intercept, and the order in a pair cannot matter.
    differences = np.concatenate([difference, -difference]) * weight
    model = LogisticRegression(C=settings.strength, fit_intercept=False, max_iter=_ITERATIONS)
    model.fit(differences, np.repeat([1, 0], len(difference)))
    return [model.decision_function(table * weight) for table in held]


def _scaled(
    bach: FloatArray, machine: FloatArray, held: Sequence[FloatArray], settings: ClassifierSettings
) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """The tables with distances from Bach's median beside the features: float[pieces, 2 F]."""
    middle = np.median(bach, axis=0)
    bach, machine, *held = (
        np.concatenate([table, np.abs(table - middle)], axis=1) for table in (bach, machine, *held)
    )
    training = np.concatenate([bach, machine])
    mean, spread = training.mean(axis=0), np.maximum(training.std(axis=0), _MIN_SPREAD)
    bach, machine, *held = (
        ((table - mean) / spread).clip(-settings.clip, settings.clip)
        for table in (bach, machine, *held)
    )
    return bach, machine, held


def _weights(
    difference: FloatArray, variance: FloatArray, settings: ClassifierSettings
) -> FloatArray:
    """float[2 F] with mean square 1; all 0 if the two sides are the same."""
    separation = np.abs(difference) / np.sqrt(variance + settings.damping)
    scale = max(float(np.sqrt((separation**2).mean())), _MIN_SPREAD)
    weights: FloatArray = separation / scale
    return weights

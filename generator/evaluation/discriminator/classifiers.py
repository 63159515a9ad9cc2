"""The classifiers of the machine listener: linear, on features that count by what they tell.

Conventions
-----------
A table is float[pieces, features]. Every feature comes twice: as it is, and as its distance from
Bach's median, since a machine may be too even as well as too wild. All is scaled by the training
pieces and clipped. With more features than pieces a plain classifier drowns in those that tell
nothing; so each is weighted by how far apart the two sides stand in it, in the training pieces,
before a ridge-penalised logistic regression.

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
_LEAST = 1e-9  # a spread below this is none
_ITERATIONS = 2000


@dataclass(frozen=True)
class JudgeSettings:
    """What of a judge can be chosen."""

    strength: float
    """Inverse of the ridge penalty."""
    clip: float
    """In standard deviations of all training pieces."""
    damping: float
    """Added to a feature's variance, so that a rare one does not count for all."""


def singles(
    bach: FloatArray, machine: FloatArray, held: Sequence[FloatArray], settings: JudgeSettings
) -> list[FloatArray]:
    """Log-odds of being Bach for held-out pieces, learnt from single pieces.

    Parameters
    ----------
    bach, machine : float[N, F], float[M, F]
        Training pieces; they need not be pairs.
    held : sequence of float[H, F]
    settings : JudgeSettings

    Returns
    -------
    list of float[H], one for each held table
    """
    bach, machine, held = _scaled(bach, machine, held, settings)
    spread = (bach.var(axis=0) + machine.var(axis=0)) / 2
    weight = _weights(bach.mean(axis=0) - machine.mean(axis=0), spread, settings)
    model = LogisticRegression(
        C=settings.strength, class_weight="balanced", max_iter=_ITERATIONS
    ).fit(np.concatenate([bach, machine]) * weight, np.repeat([1, 0], [len(bach), len(machine)]))
    return [model.decision_function(table * weight) for table in held]


def differences(
    bach: FloatArray, machine: FloatArray, held: Sequence[FloatArray], settings: JudgeSettings
) -> list[FloatArray]:
    """Scores of held-out pieces whose differences are log-odds, learnt from pairs.

    Parameters
    ----------
    bach, machine : float[N, F]
        Training pairs, row by row.
    held : sequence of float[H, F]
    settings : JudgeSettings

    Returns
    -------
    list of float[H], one for each held table
    """
    bach, machine, held = _scaled(bach, machine, held, settings)
    apart = bach - machine
    weight = _weights(apart.mean(axis=0), apart.var(axis=0) / 2, settings)
    # Both signs of each difference: no intercept, and neither side is the first.
    both = np.concatenate([apart, -apart]) * weight
    model = LogisticRegression(C=settings.strength, fit_intercept=False, max_iter=_ITERATIONS)
    model.fit(both, np.repeat([1, 0], len(apart)))
    return [model.decision_function(table * weight) for table in held]


def _scaled(
    bach: FloatArray, machine: FloatArray, held: Sequence[FloatArray], settings: JudgeSettings
) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    middle = np.median(bach, axis=0)
    bach, machine, *held = (
        np.concatenate([table, np.abs(table - middle)], axis=1) for table in (bach, machine, *held)
    )
    known = np.concatenate([bach, machine])
    mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), _LEAST)
    bach, machine, *held = (
        ((table - mean) / spread).clip(-settings.clip, settings.clip)
        for table in (bach, machine, *held)
    )
    return bach, machine, held


def _weights(apart: FloatArray, variance: FloatArray, settings: JudgeSettings) -> FloatArray:
    """float[2 F] with mean square 1; all 0 where the two sides are the same."""
    told = np.abs(apart) / np.sqrt(variance + settings.damping)
    weights: FloatArray = told / max(float(np.sqrt((told**2).mean())), _LEAST)
    return weights

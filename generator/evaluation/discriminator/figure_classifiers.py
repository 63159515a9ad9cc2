"""The classifiers of figures: linear, on counts weighted by how much more often one side has them.

Conventions
-----------
Counts are a sparse float[pieces, figures]. Of a figure counts the root of its number in a piece, so
that one that a piece repeats does not drown the others. Figures that few training pieces have are
left out. The others are weighted by the log of the ratio of the pieces of the two sides that have
them, before a ridge-penalised logistic regression. With far more figures than pieces it is fitted
in the span of the training pieces, where the penalty is the same.

References
----------
Wang and Manning 2012, "Baselines and bigrams: simple, good sentiment and topic classification", ACL
(naive Bayes weights before a linear classifier). Schölkopf, Herbrich and Smola 2001, "A generalized
representer theorem", COLT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack
from sklearn.linear_model import LogisticRegression

from generator.evaluation.discriminator.classifiers import FloatArray

_MIN_NORM = 1e-12  # a smaller norm counts as none
_RANK = 1e-8  # of the largest eigenvalue; smaller ones count as none
_ITERATIONS = 2000
_SOLVER = "newton-cholesky"  # exact, and quick with as many columns as pieces


@dataclass(frozen=True)
class FigureSettings:
    """Settings of both classifiers of figures."""

    strength: float
    """Inverse of the ridge penalty, for pieces of a mean square length of 1."""
    pieces: int
    """A figure counts if so many training pieces have it."""
    smoothing: float
    """Added to the pieces of each side that have a figure."""


def figure_counts(pieces: Sequence[Mapping[str, NDArray[np.int64]]]) -> csr_array:
    """float[pieces, different figures]: how often each piece has each figure of each kind.

    Parameters
    ----------
    pieces : sequence of mappings of kind to int64[figures]
    """
    kinds = sorted({kind for piece in pieces for kind in piece})
    rows, columns, first = [], [], 0
    for kind in kinds:
        read = [piece.get(kind, np.zeros(0, dtype=np.int64)) for piece in pieces]
        known, column = np.unique(np.concatenate(read), return_inverse=True)
        rows.append(np.repeat(np.arange(len(pieces)), [len(figures) for figures in read]))
        columns.append(first + column)
        first += len(known)
    row = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    column = np.concatenate(columns) if columns else row
    counts = csr_array((np.ones(len(row)), (row, column)), shape=(len(pieces), first))
    counts.sum_duplicates()
    return counts


def pairwise_figure_scores(
    bach: csr_array, machine: csr_array, held: Sequence[csr_array], settings: FigureSettings
) -> list[FloatArray]:
    """Scores of held-out pieces whose differences are log-odds, learnt from pairs.

    Parameters
    ----------
    bach, machine : float[N, F]
        Counts of training pairs, row by row.
    held : sequence of float[H, F]
    settings : FigureSettings

    Returns
    -------
    list of float[H], one for each held-out table
    """
    bach, machine, held = _weighted(bach, machine, held, settings)
    difference = csr_array(bach - machine)
    squares = difference.power(2).sum() / max(difference.shape[0], 1)
    scale = 1 / max(float(np.sqrt(squares)), _MIN_NORM)
    span = _span(difference * scale)
    if not span.size:
        return _nothing_learnt(held)
    model = LogisticRegression(
        C=settings.strength, fit_intercept=False, solver=_SOLVER, max_iter=_ITERATIONS
    )
    # Both signs of each difference: no intercept, and the order in a pair cannot matter.
    rows = (difference @ difference.T).toarray() * scale**2 @ span
    model.fit(np.concatenate([rows, -rows]), np.repeat([1, 0], len(rows)))
    weights = span @ model.coef_[0] * scale**2
    return [(table @ difference.T) @ weights for table in held]


def pointwise_figure_scores(
    bach: csr_array, machine: csr_array, held: Sequence[csr_array], settings: FigureSettings
) -> list[FloatArray]:
    """Log-odds of being Bach for held-out pieces, learnt from single pieces of whatever length.

    Parameters
    ----------
    bach, machine : float[N, F], float[M, F]
        Counts of training pieces; they need not be pairs.
    held : sequence of float[H, F]
    settings : FigureSettings

    Returns
    -------
    list of float[H], one for each held-out table
    """
    bach, machine, held = _weighted(bach, machine, held, settings)
    training = _of_length_one(csr_array(vstack([bach, machine])))
    span = _span(training)
    if not span.size:
        return _nothing_learnt(held)
    rows = (training @ training.T).toarray() @ span
    model = LogisticRegression(
        C=settings.strength, class_weight="balanced", solver=_SOLVER, max_iter=_ITERATIONS
    ).fit(rows, np.repeat([1, 0], [bach.shape[0], machine.shape[0]]))
    weights = span @ model.coef_[0]
    return [(_of_length_one(table) @ training.T) @ weights + model.intercept_[0] for table in held]


def _weighted(
    bach: csr_array, machine: csr_array, held: Sequence[csr_array], settings: FigureSettings
) -> tuple[csr_array, csr_array, list[csr_array]]:
    """The figures that count, as weighted roots."""
    having = [np.bincount(table.indices, minlength=table.shape[1]) for table in (bach, machine)]
    used = np.flatnonzero(having[0] + having[1] >= settings.pieces)
    ratio = (having[0][used] + settings.smoothing) / (having[1][used] + settings.smoothing)
    weight = diags_array(np.abs(np.log(ratio)))
    bach, machine, *held = (
        csr_array(table[:, used].sqrt() @ weight) for table in (bach, machine, *held)
    )
    return bach, machine, held


def _span(table: csr_array) -> FloatArray:
    """float[N, rank]: the rows' inner products times this are their places in their own span."""
    values, vectors = np.linalg.eigh((table @ table.T).toarray())
    inside = values > max(_RANK * values.max(initial=0.0), _MIN_NORM)
    span: FloatArray = vectors[:, inside] / np.sqrt(values[inside])
    return span


def _nothing_learnt(held: Sequence[csr_array]) -> list[FloatArray]:
    """Scores where both sides have the same figures equally often."""
    return [np.zeros(table.shape[0]) for table in held]


def _of_length_one(table: csr_array) -> csr_array:
    length = np.sqrt(table.power(2).sum(axis=1))
    return csr_array(diags_array(1 / np.maximum(length, _MIN_NORM)) @ table)

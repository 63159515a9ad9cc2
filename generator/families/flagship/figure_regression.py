"""Which figures tell a composer's fills from Bach's excerpts: logistic regressions of pairs.

Figures are places in a table of corrections: folded, and apart for open beats (`critic.folded`).

References
----------
Wang and Manning 2012, "Baselines and bigrams: simple, good sentiment and topic classification", ACL
(log-ratios of counts as scales of a linear classifier's columns). Darroch and Ratcliff 1972,
"Generalized iterative scaling for log-linear models", Annals of Mathematical Statistics 43(5).

Legend: P pairs, F places, K kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array, diags_array
from scipy.special import expit

from generator.families.flagship.critic import ALL_KINDS, FOLDED
from generator.families.flagship.sampling.critic_figures import Ints
from generator.families.flagship.sampling.longer_figures import HABITS

SETS = 2 * len(ALL_KINDS)
PLACES = SETS * FOLDED
FEWEST = 3
"""A figure counts if so many fills have it oftener than Bach's excerpt, or less often."""
RARE = 3  # figures that fewer tunes have
SMOOTHING = 1.0  # added to each count of a habit
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FoldedPair:
    """The figures of an excerpt by Bach and of its fill, as places in a table of corrections."""

    name: str
    bach: Ints
    fill: Ints


def figure_weights(pairs: Sequence[FoldedPair], penalty: float) -> Floats:
    """Weights (F,) of single figures, of which Bach's have the larger sum in most pairs.

    A ridge-penalised regression of differences of counts. Each figure's is scaled by the log of the
    ratio of the pairs in which Bach has it oftener to those in which the fill does; `penalty` is of
    the squared weights, where the mean pair has a length of 1.
    """
    difference = csr_array(
        _counts([pair.bach for pair in pairs]) - _counts([pair.fill for pair in pairs])
    )
    difference.eliminate_zeros()
    oftener, rarer = (
        np.bincount(difference.indices[side], minlength=PLACES)
        for side in (difference.data > 0, difference.data < 0)
    )
    used = np.flatnonzero((oftener + rarer >= FEWEST) & ~_of_habits())
    weights = np.zeros(PLACES)
    if len(used):
        scale = np.abs(np.log((oftener[used] + 1) / (rarer[used] + 1)))
        rows = csr_array(difference[:, used] @ diags_array(scale))
        length = max(float(np.sqrt(rows.power(2).sum() / rows.shape[0])), 1e-12)
        weights[used] = scale / length * _regression(csr_array(rows / length), penalty)
    return weights


class TunesOfFigures:
    """How many of Bach's tunes have each figure; those of some works, so that rare ones are known.

    Parameters
    ----------
    works : the figures of whole works, in beats of either kind, by name
    tunes : the tune of each of these works
    """

    def __init__(self, works: Mapping[str, Ints], tunes: Mapping[str, str]) -> None:
        of_tune: dict[str, list[Ints]] = {}
        for name, figures in works.items():
            of_tune.setdefault(tunes[name], []).append(figures % (PLACES // 2))
        self._figures = {tune: np.unique(np.concatenate(rows)) for tune, rows in of_tune.items()}
        self.having = np.zeros(PLACES // 2, np.int64)
        """(F / 2,), alike for open beats and others"""
        for figures in self._figures.values():
            self.having[figures] += 1

    def rare(self, figures: Ints, tune: str) -> Ints:
        """(RARE, 2 K): how many figures no, one and two other tunes have, by kind."""
        having = self.having[figures % (PLACES // 2)]
        having = having - np.isin(figures % (PLACES // 2), self._figures.get(tune, ()))
        kinds = figures // FOLDED
        counts = [np.bincount(kinds[having == number], minlength=SETS) for number in range(RARE)]
        return np.array(counts, np.int64)


def rare_weights(
    pairs: Sequence[FoldedPair], of_tunes: TunesOfFigures, tunes: Mapping[str, str], penalty: float
) -> Floats:
    """Weights (F,) as above, alike for the figures of a kind that equally few tunes have.

    Most of the figures that a fill should not have are too rare to be learnt one by one. Whether a
    figure is rare is asked of tunes other than the pair's. `penalty` is of the squared weights,
    where each number has a mean square of 1.
    """
    counts = [
        of_tunes.rare(pair.bach, tunes[pair.name]) - of_tunes.rare(pair.fill, tunes[pair.name])
        for pair in pairs
    ]
    rows = np.array(counts, np.float64).reshape(len(pairs), -1)
    rows[:, np.tile(_of_habits()[::FOLDED], RARE)] = 0.0
    spread = np.sqrt(np.square(rows).mean(0))
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    found = (scale * _regression(csr_array(rows * scale), penalty)).reshape(RARE, SETS)
    having = np.tile(of_tunes.having, 2)
    weights = np.zeros(PLACES)
    for number in range(RARE):
        weights += np.repeat(found[number], FOLDED) * (having == number)
    return weights


def habit_weights(pairs: Sequence[FoldedPair]) -> Floats:
    """Weights (F,) of `HABITS`: the log of the ratio of Bach's count of each to that of the fills.

    Under them alone, fills would come to have as many as Bach has, if habits were independent: a
    step of iterative scaling.
    """
    bach, fills = (
        np.bincount(np.concatenate(pieces), minlength=PLACES)
        for pieces in ([pair.bach for pair in pairs], [pair.fill for pair in pairs])
    )
    return np.where(_of_habits(), np.log((bach + SMOOTHING) / (fills + SMOOTHING)), 0.0)


def told_apart(weights: Floats, pairs: Sequence[FoldedPair]) -> float:
    """The share of pairs in which Bach's figures have the larger sum; a tie counts one half."""
    margins = [weights[pair.bach].sum() - weights[pair.fill].sum() for pair in pairs]
    return float(np.mean(np.sign(margins))) / 2 + 0.5


@cache
def _of_habits() -> NDArray[np.bool_]:
    """(F,): which places are those of `HABITS`."""
    kinds = [ALL_KINDS.index(name) for name in HABITS]
    return np.isin(np.arange(PLACES) // FOLDED % len(ALL_KINDS), kinds)


def _counts(pieces: Sequence[Ints]) -> csr_array:
    """(P, F)"""
    rows = np.repeat(np.arange(len(pieces)), [len(each) for each in pieces])
    columns = np.concatenate([np.empty(0, np.int64), *pieces])
    counts = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(pieces), PLACES))
    counts.sum_duplicates()
    return counts


def _regression(rows: csr_array, penalty: float) -> Floats:
    """Weights of the columns under which most rows have a sum above 0."""
    transposed = csr_array(rows.T)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = rows @ weights
        value = np.logaddexp(0, -margin).sum() + penalty / 2 * weights @ weights
        return float(value), penalty * weights - transposed @ expit(-margin)

    best = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(best.x)

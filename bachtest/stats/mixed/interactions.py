"""Do two columns interact? Score tests, which need no fit of the wider model.

Conventions
-----------
The model of main effects is fitted already. The columns of one interaction are added to X with
coefficients of 0: the slope of the likelihood there says whether they would leave 0. It is exact by
Laplace's approximation; its information is that of a linear mixed model with the mode's weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2, f

from bachtest.stats.mixed.design import Design
from bachtest.stats.mixed.inference import Inference
from bachtest.stats.mixed.likelihood.blocks import FloatArray
from bachtest.stats.mixed.likelihood.laplace import DesignMatrix, LaplaceObjective
from bachtest.stats.mixed.likelihood.search import information_of_coefficients
from bachtest.stats.mixed.mixed_fit import InteractionTest
from bachtest.stats.rates.multiplicity import holm

if TYPE_CHECKING:
    from bachtest.stats.mixed.fit import Fitting

# A table of more cells than this would be read by nobody, and each column costs one solution.
MAX_COLUMNS = 120


@dataclass(frozen=True)
class _Score:
    """The statistic of one interaction: chi-square on `df`, or F on `df` and `df2`."""

    chi2: float
    df: int
    df2: float | None

    @property
    def p(self) -> float:
        if self.df2 is None:
            return float(chi2.sf(self.chi2, self.df))
        return float(f.sf(self.chi2 / self.df, self.df, self.df2))


def interaction_tests(fitting: Fitting, inference: Inference) -> tuple[InteractionTest, ...]:
    """Each pair of the model's factors that it does not have crossed already.

    Parameters
    ----------
    fitting : Fitting
    inference : Inference
        Of that fitting.

    Returns
    -------
    tuple of InteractionTest
        Without pairs whose interaction has no column of its own, or more than `MAX_COLUMNS`.

    References
    ----------
    C. R. Rao (1948), "Large sample tests of statistical hypotheses concerning several parameters
    with applications to problems of estimation", Proceedings of the Cambridge Philosophical Society
    44, 50-57.
    """
    design = fitting.design
    named = [at for at in range(len(design.factors)) if at not in design.numeric]
    crossed = {term.parts for term in design.terms}
    scores = {
        pair: score
        for pair in combinations(named, 2)
        if pair not in crossed and (score := _score(fitting, inference, pair)) is not None
    }
    adjusted = holm([score.p for score in scores.values()])
    return tuple(
        InteractionTest(
            design.factors[a].name, design.factors[b].name,
            score.chi2, score.df, score.df2, score.p, p,
        )
        for ((a, b), score), p in zip(scores.items(), adjusted, strict=True)
    )  # fmt: skip


def _score(fitting: Fitting, inference: Inference, pair: tuple[int, int]) -> _Score | None:
    design, fit = fitting.design, inference.used
    wider = design.crossed(pair)
    added = wider.shape[1] - design.x.width
    if not 0 < added <= MAX_COLUMNS:
        return None
    df2 = _denominator(inference, design, pair, added)
    if df2 is not None and df2 <= 0:
        return None
    slope, information = _at_zero(fitting, inference, wider)
    p = design.x.width
    across = information[:p, p:]
    rest = information[p:, p:] - across.T @ np.linalg.solve(information[:p, :p], across)
    score = slope[len(fit.theta) + p :]
    statistic = float(score @ np.linalg.lstsq(rest, score, rcond=1e-10)[0])
    return _Score(max(0.0, statistic), added, df2)


def _at_zero(
    fitting: Fitting, inference: Inference, wider: FloatArray
) -> tuple[FloatArray, FloatArray]:
    # The gradient and the information of the wider model where its new coefficients are 0. Its rows
    # and their levels are those of the narrow one.
    data = fitting.data
    added = wider.shape[1] - data.x.width
    # The prior says nothing about the new columns.
    pseudo_x = np.concatenate([data.pseudo_x, np.zeros((len(data.pseudo_x), added))], axis=1)
    data = replace(data, x=DesignMatrix(wider, data.x.index), pseudo_x=pseudo_x)
    beta = np.concatenate([inference.used.beta, np.zeros(added)])
    phi = np.concatenate([inference.used.theta, beta])
    objective = LaplaceObjective(data)
    _, slope = objective.value_and_gradient(phi)
    mode = objective.mode(phi)
    return slope, information_of_coefficients(data, beta, mode.weight, mode.precision)


def _denominator(
    inference: Inference, design: Design, pair: tuple[int, int], added: int
) -> float | None:
    # As in `Inference.df`: levels above the columns between them.
    if not inference.few:
        return None
    mains = [at for at, term in enumerate(design.terms) if term.parts in ((pair[0],), (pair[1],))]
    dfs = [
        factor.df - added
        for factor in inference.random_factors
        if not factor.not_estimated and set(mains) <= factor.between
    ]
    return float(min(dfs)) if dfs else None

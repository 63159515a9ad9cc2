"""From a fit to what is said: coefficients, tests of terms, rates of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import expit
from scipy.stats import chi2, f, norm, t

from bachtest.stats.mixed.blocks import FloatArray, IntArray, floats, sums_by
from bachtest.stats.mixed.design import Design, Term
from bachtest.stats.mixed.glmm import GlmmFit
from bachtest.stats.mixed.groups import Group
from bachtest.stats.mixed.marginal import marginal_logits
from bachtest.stats.mixed.result import Coefficient, Rate, RateTable, TermTest

# Groupings of up to this many factors are given for every subset of them.
_ALL_SUBSETS = 3


@dataclass(frozen=True)
class Inference:
    """A fit by maximum likelihood, the fit to use, and how sure one can be.

    `used` is the small-sample correction's where `few` names the factors that called for it.
    """

    likely: GlmmFit
    used: GlmmFit
    design: Design
    groups: tuple[Group, ...]
    few: tuple[str, ...]
    level: float

    def degrees(self, term: int | None) -> float | None:
        """Student's degrees of freedom for a term's coefficients, or for rates; None: normal."""
        if not self.few:
            return None
        found = [
            group.degrees
            for group in self.groups
            if not group.held and (term is None or term in group.between)
        ]
        return float(min(found)) if found else None

    def reach(self, df: float | None) -> float:
        """Half the width of an interval, in standard errors."""
        at = (1 + self.level) / 2
        return float(norm.ppf(at) if df is None else t.ppf(at, df))

    def p(self, ratio: float, df: float | None) -> float:
        return float(2 * (norm.sf(abs(ratio)) if df is None else t.sf(abs(ratio), df)))


def coefficients(inference: Inference, fit: GlmmFit) -> tuple[Coefficient, ...]:
    """Every coefficient of one of the inference's two fits: each number of a line comes from it."""
    lines = []
    for at, term in enumerate(inference.design.terms):
        df = inference.degrees(at)
        for column in term.columns:
            estimate, se = float(fit.beta[column]), float(fit.se[column])
            half = inference.reach(df) * se
            lines.append(
                Coefficient(
                    inference.design.names[column], estimate, se, estimate / se,
                    inference.p(estimate / se, None), estimate - half, estimate + half,
                    inference.p(estimate / se, df), df,
                )
            )  # fmt: skip
    return tuple(lines)


def term_tests(
    inference: Inference, loglik_without: Callable[[Term], float]
) -> tuple[TermTest, ...]:
    """Each term against the model without it.

    Parameters
    ----------
    inference : Inference
    loglik_without : callable
        The log likelihood of the model less a term.
    """
    found = []
    for at, term in enumerate(inference.design.terms):
        count = len(term.columns)
        # The intercept is no term to leave out, and a main effect stays with its interaction.
        wider = any(set(term.parts) < set(other.parts) for other in inference.design.terms)
        if not term.parts or not count or wider:
            continue
        ratio = max(0.0, 2 * (inference.likely.loglik - loglik_without(term)))
        p_lrt = float(chi2.sf(ratio, count))
        df = inference.degrees(at)
        if df is None:
            found.append(TermTest(term.name, ratio, count, p_lrt, None, None, p_lrt))
            continue
        value = _wald(inference.used, list(term.columns)) / count
        p = float(f.sf(value, count, df))
        found.append(TermTest(term.name, ratio, count, p_lrt, value, df, p))
    return tuple(found)


def _wald(fit: GlmmFit, columns: list[int]) -> float:
    at = len(fit.theta) + np.array(columns)
    beta = fit.beta[columns]
    return float(beta @ np.linalg.solve(fit.covariance[np.ix_(at, at)], beta))


def rate_tables(
    inference: Inference, n: FloatArray, correct: FloatArray, *, separated: bool
) -> tuple[RateTable, ...]:
    """Rates of everything, by each factor, and by the factors crossed.

    Parameters
    ----------
    inference : Inference
    n, correct : float[patterns]
        Raw counts of each pattern of the design.
    separated : bool
        Whether some cell ran away; one with all right then has an interval that reaches 1.
    """
    design = inference.design
    named = [at for at in range(len(design.factors)) if at not in design.numeric]
    sizes = range(len(named) + 1) if len(named) <= _ALL_SUBSETS else (0, 1, len(named))
    return tuple(
        _table(inference, chosen, n, correct, separated)
        for size in sizes
        for chosen in combinations(named, size)
    )


def _table(
    inference: Inference, by: Sequence[int], n: FloatArray, correct: FloatArray, separated: bool
) -> RateTable:
    design, fit = inference.design, inference.used
    cells, cell_of = np.unique(design.combos[:, list(by)], axis=0, return_inverse=True)
    combos, weight, owner = _standard(design, by, cells, cell_of.ravel())
    belongs = (owner[None, :] == np.arange(len(cells))[:, None]).astype(float)
    found = marginal_logits(design.rows(combos), weight, belongs, fit.theta, fit.beta)
    covariance = floats(found.slope @ fit.covariance @ found.slope.T)
    df = inference.degrees(None)
    raw_n = sums_by(cell_of.ravel(), n, len(cells))
    raw_right = sums_by(cell_of.ravel(), correct, len(cells))
    rates = []
    # A spread that runs away flattens every rate; no rate is known better than all answers tell.
    chance = expit(found.logit)
    floor = 1 / np.sqrt(max(1.0, float(n.sum())) * chance * (1 - chance))
    for at, cell in enumerate(cells):
        logit, se = float(found.logit[at]), float(max(np.sqrt(covariance[at, at]), floor[at]))
        half = inference.reach(df) * se
        low, high = float(expit(logit - half)), float(expit(logit + half))
        if separated:
            low = 0.0 if raw_right[at] == 0 else low
            high = 1.0 if raw_right[at] == raw_n[at] else high
        labels = tuple(design.factors[k].levels[code] for k, code in zip(by, cell, strict=True))
        rates.append(
            Rate(
                labels, float(expit(logit)), low, high, inference.p(logit / se, df), se, df,
                int(raw_n[at]), int(raw_right[at]),
            )
        )  # fmt: skip
    return RateTable(tuple(design.factors[k].name for k in by), tuple(rates), covariance)


def _standard(
    design: Design, by: Sequence[int], cells: IntArray, cell_of: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    # Rows to average in each cell: its own labels with everybody's mix of the other columns.
    if design.dropped:
        # Some mixtures were never seen and have no rate; each cell keeps its own.
        return design.combos, design.sizes, cell_of
    others = [k for k in range(len(design.factors)) if k not in by]
    mix, mix_of = np.unique(design.combos[:, others], axis=0, return_inverse=True)
    share = sums_by(mix_of.ravel(), design.sizes, len(mix))
    combos = np.empty((len(cells) * len(mix), len(design.factors)), dtype=np.int64)
    combos[:, list(by)] = np.repeat(cells, len(mix), axis=0)
    combos[:, others] = np.tile(mix, (len(cells), 1))
    return combos, np.tile(share, len(cells)), np.repeat(np.arange(len(cells)), len(mix))

"""From a fit to its results: coefficients, tests of terms, rates of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import chi2, f, norm, t

from bachtest.stats.mixed.design import Design, Term
from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray, floats, sums_by
from bachtest.stats.mixed.likelihood.glmm import GlmmFit
from bachtest.stats.mixed.likelihood.links import LOGIT, Link
from bachtest.stats.mixed.marginal import marginal_logits
from bachtest.stats.mixed.mixed_fit import Coefficient, Rate, RateTable, TermTest
from bachtest.stats.mixed.random_factors import RandomFactor
from bachtest.stats.rates.proportions import CHANCE


@dataclass(frozen=True)
class Inference:
    """The fits that results come from, and the distribution that their tests use.

    `ml` is by maximum likelihood. `used` is the small-sample correction's where `few` names the
    factors that need it, and `ml` elsewhere. Rates are tested against `chance`.
    """

    ml: GlmmFit
    used: GlmmFit
    design: Design
    random_factors: tuple[RandomFactor, ...]
    few: tuple[str, ...]
    level: float
    link: Link = LOGIT
    chance: float = CHANCE

    def df(self, term: int | None) -> float | None:
        """Student's degrees of freedom for a term's coefficients, or for rates; None: normal."""
        if not self.few:
            return None
        dfs = [
            factor.df
            for factor in self.random_factors
            if not factor.not_estimated and (term is None or term in factor.between)
        ]
        return float(min(dfs)) if dfs else None

    def half_width(self, df: float | None) -> float:
        """Half the width of an interval, in standard errors."""
        upper = (1 + self.level) / 2
        return float(norm.ppf(upper) if df is None else t.ppf(upper, df))


def two_sided(ratio: float, df: float | None) -> float:
    """The p-value of an estimate over its standard error; without `df` by the normal."""
    return float(2 * (norm.sf(abs(ratio)) if df is None else t.sf(abs(ratio), df)))


def coefficients(inference: Inference, fit: GlmmFit) -> tuple[Coefficient, ...]:
    """The coefficients of one of the inference's two fits; every number of a line is from it."""
    lines = []
    for at, term in enumerate(inference.design.terms):
        df = inference.df(at)
        for column in term.columns:
            estimate, se = float(fit.beta[column]), float(fit.se[column])
            z, half = estimate / se, inference.half_width(df) * se
            # Where a guesser is right less than half the time, no skill is another intercept.
            null = 0.0 if term.parts else float(logit(inference.chance))
            lines.append(
                Coefficient(
                    inference.design.names[column], estimate, se, z, two_sided(z, None),
                    estimate - half, estimate + half, two_sided((estimate - null) / se, df), df,
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
        The log likelihood of the model without a term.
    """
    tests = []
    for at, term in enumerate(inference.design.terms):
        count = len(term.columns)
        # The intercept is not tested, and a main effect stays with its interaction.
        wider = any(set(term.parts) < set(other.parts) for other in inference.design.terms)
        if not term.parts or not count or wider:
            continue
        ratio = max(0.0, 2 * (inference.ml.loglik - loglik_without(term)))
        p_lrt = float(chi2.sf(ratio, count))
        df = inference.df(at)
        if df is None:
            tests.append(TermTest(term.name, ratio, count, p_lrt, None, None, p_lrt))
            continue
        value = _wald(inference.used, list(term.columns)) / count
        p = float(f.sf(value, count, df))
        tests.append(TermTest(term.name, ratio, count, p_lrt, value, df, p))
    return tuple(tests)


def _wald(fit: GlmmFit, columns: list[int]) -> float:
    at = len(fit.theta) + np.array(columns)
    beta = fit.beta[columns]
    return float(beta @ np.linalg.solve(fit.covariance[np.ix_(at, at)], beta))


def rate_tables(
    inference: Inference, n: FloatArray, correct: FloatArray, *, separated: bool
) -> tuple[RateTable, ...]:
    """The overall rate, the rates by each factor, and those by the factors that interact.

    Rates by two factors crossed follow from main effects only if these add up. So there are such
    rates where the model has the interaction, and nowhere else.

    Parameters
    ----------
    inference : Inference
    n, correct : float[patterns]
        Raw counts of each pattern of the design.
    separated : bool
        Whether some cell is separated; the interval of a cell that is all right then reaches 1.
    """
    design = inference.design
    named = [at for at in range(len(design.factors)) if at not in design.numeric]
    crossed = [term.parts for term in design.terms if len(term.parts) > 1]
    groupings = [(), *((at,) for at in named), *(pair for pair in crossed if {*pair} <= {*named})]
    return tuple(_rate_table(inference, by, n, correct, separated) for by in groupings)


def _rate_table(
    inference: Inference, by: Sequence[int], n: FloatArray, correct: FloatArray, separated: bool
) -> RateTable:
    design, fit = inference.design, inference.used
    cells, cell_of = np.unique(design.combos[:, list(by)], axis=0, return_inverse=True)
    combos, weight, cell_of_row = _standard_rows(design, by, cells, cell_of.ravel())
    belongs = (cell_of_row[None, :] == np.arange(len(cells))[:, None]).astype(float)
    marginal = marginal_logits(
        design.rows(combos), weight, belongs, fit.theta, fit.beta, inference.link
    )
    covariance = floats(marginal.gradient @ fit.covariance @ marginal.gradient.T)
    df = inference.df(None)
    raw_n = sums_by(cell_of.ravel(), n, len(cells))
    raw_correct = sums_by(cell_of.ravel(), correct, len(cells))
    rates = []
    # A standard deviation that runs away flattens every rate and its error. No rate is known better
    # than all answers together would tell it.
    mean = expit(marginal.logit)
    floor = 1 / np.sqrt(max(1.0, float(n.sum())) * mean * (1 - mean))
    chance = float(logit(inference.chance))
    for at, cell in enumerate(cells):
        centre = float(marginal.logit[at])
        se = float(max(np.sqrt(covariance[at, at]), floor[at]))
        half = inference.half_width(df) * se
        low, high = float(expit(centre - half)), float(expit(centre + half))
        if separated:
            low = 0.0 if raw_correct[at] == 0 else low
            high = 1.0 if raw_correct[at] == raw_n[at] else high
        labels = tuple(design.factors[k].levels[code] for k, code in zip(by, cell, strict=True))
        rates.append(
            Rate(
                labels, float(expit(centre)), low, high, two_sided((centre - chance) / se, df),
                se, df,
                int(raw_n[at]), int(raw_correct[at]),
            )
        )  # fmt: skip
    terms = [at for at, term in enumerate(design.terms) if term.parts and {*term.parts} <= {*by}]
    between = min((one for at in terms if (one := inference.df(at)) is not None), default=None)
    names = tuple(design.factors[k].name for k in by)
    return RateTable(names, tuple(rates), covariance, between)


def _standard_rows(
    design: Design, by: Sequence[int], cells: IntArray, cell_of: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    # Rows to average in each cell: its own labels with the overall mix of the other columns.
    if design.excluded:
        # Some mixtures were never seen and have no rate; each cell has its own mix.
        return design.combos, design.sizes, cell_of
    others = [k for k in range(len(design.factors)) if k not in by]
    mix, mix_of = np.unique(design.combos[:, others], axis=0, return_inverse=True)
    share = sums_by(mix_of.ravel(), design.sizes, len(mix))
    combos = np.empty((len(cells) * len(mix), len(design.factors)), dtype=np.int64)
    combos[:, list(by)] = np.repeat(cells, len(mix), axis=0)
    combos[:, others] = np.tile(mix, (len(cells), 1))
    return combos, np.tile(share, len(cells)), np.repeat(np.arange(len(cells)), len(mix))

"""What a fitted model predicts for each item, or each listener, with errors of the sum.

Conventions
-----------
A level's logit is its fixed effects plus its own random effect. Columns that are constant within
the level, such as an item's condition, are its own; the others, such as the listeners' experience,
are in the overall mix. Where each item has one excerpt, the excerpt's effect is added. A level's
rate is integrated over the other side: an item's over new listeners, a listener's over new items.

Errors are those of the sum. With ``phi = (theta, beta)`` and effects u, to first order::

    Var(c beta + u - (c beta^ + u^)) = Var(u | phi) + d Cov(phi) d',  d = c + du^/dphi

With theta known this is the joint inverse of Henderson's mixed-model equations at the mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from bachtest.stats.mixed.design import Design
from bachtest.stats.mixed.inference import Inference
from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray, floats, sums_by
from bachtest.stats.mixed.likelihood.laplace import ConditionalMode, GlmmData, find_mode
from bachtest.stats.mixed.logit_normal import NODES, WEIGHTS

# Rates at once: rows of a cell times levels.
_CHUNK = 50_000


@dataclass(frozen=True)
class LevelRates:
    """Predicted rates of some levels with their limits: float[L] each."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class LevelMix:
    """Rows of X to average for each level of a factor.

    `x` is float[R, p]; `weight`, float[R], adds up to 1 in each `cell`, int[R], which ascends.
    Level i has the rows of cell `of_level[i]`.
    """

    x: FloatArray
    weight: FloatArray
    cell: IntArray
    of_level: IntArray

    def means(self) -> FloatArray:
        """float[C, p]: the mean row of each cell."""
        count = int(self.cell[-1]) + 1
        columns = [sums_by(self.cell, self.weight * column, count) for column in self.x.T]
        return np.stack(columns, axis=1)


@dataclass(frozen=True)
class LevelKinds:
    """Levels by the columns of their own, whose names are `columns`: `of_level` is int[L]."""

    columns: tuple[str, ...]
    of_level: IntArray


class LevelPredictions:
    """The levels of one random factor under a fit.

    Parameters
    ----------
    inference : Inference
        The rates, limits and errors are those of its fit `used`.
    data : GlmmData
        The data of the fit.
    name : str
        A random factor such as ``item``.
    within : sequence of str
        Factors whose effects are added where each level has one level of them.

    Attributes
    ----------
    levels : tuple of str, length L
    effect : float[L]
        The random effect in logits, that of `within` included: the residual from the fixed effects.
    logit : float[L]
        Fixed part plus effect, for an average level of the other side.
    se : float[L]
        Standard error of `logit`.
    n, correct : float[L]
        Raw counts.

    Raises
    ------
    KeyError
        If the model has no such factor.

    References
    ----------
    C. R. Henderson (1975), "Best linear unbiased estimation and prediction under a selection
    model", Biometrics 31, 423-447. J. G. Booth, J. P. Hobert (1998), "Standard errors of prediction
    in generalized linear mixed models", Journal of the American Statistical Association 93,
    262-272.
    """

    def __init__(
        self, inference: Inference, data: GlmmData, name: str, *, within: tuple[str, ...] = ()
    ) -> None:
        names = [factor.name for factor in inference.random_factors]
        if name not in names:
            raise KeyError(name)
        at = names.index(name)
        self.inference, self.data = inference, data
        self.levels = inference.random_factors[at].factor.levels
        self.code = data.layout.code_of(at)
        count = len(self.levels)
        self.row = np.zeros(count, dtype=np.int64)  # some row of each level
        self.row[self.code] = np.arange(len(self.code))
        self.own = [at]
        for other, other_name in enumerate(names):
            if other_name in within and _constant(self.code, self.row, data.layout.code_of(other)):
                self.own.append(other)
        self.n, self.correct = (sums_by(self.code, c, count) for c in (data.n, data.correct))
        self.effect, self.effect_gradient, self.effect_variance = self._effects()
        self.mix = level_mix(inference.design, data, self.code, self.row)
        centre = self.mix.means()[self.mix.of_level]
        self.logit = floats(centre @ inference.used.beta + self.effect)
        self.gradient = self.effect_gradient.copy()  # float[L, F + p], of `logit` in phi
        self.gradient[:, data.factors :] += centre

    @property
    def spread(self) -> float:
        """The fitted standard deviation of `effect`: 0 where no differences were found."""
        own = self.inference.used.theta[self.own]
        return float(np.sqrt(own @ own))

    @cached_property
    def kinds(self) -> LevelKinds:
        """Levels whose fixed effects are the same, such as items of one condition."""
        design = self.inference.design
        own, combos = _own_columns(design, self.data, self.code, self.row)
        _, of_level = np.unique(combos, axis=0, return_inverse=True)
        return LevelKinds(tuple(design.factors[k].name for k in own), of_level.ravel())

    @cached_property
    def se(self) -> FloatArray:
        return np.sqrt(self.effect_variance + self._quadratic(self.gradient))

    def comparison_variance(self, centre: FloatArray | None = None) -> FloatArray:
        """float[L]: the error variance of a level's logit less that of a centre.

        What is uncertain for all levels alike, such as the intercept, does not count.

        Parameters
        ----------
        centre : float[F + p] or float[L, F + p], optional
            The gradient of the centre, or of each level's, in phi; without, the centre is the mean
            of the levels.
        """
        centre = self.gradient.mean(axis=0) if centre is None else centre
        return floats(self.effect_variance + self._quadratic(self.gradient - centre))

    def rates(self, at: IntArray | None = None) -> LevelRates:
        """Predicted rates over the other side.

        Parameters
        ----------
        at : int[K], optional
            Positions of levels; all without.

        Returns
        -------
        LevelRates
            Limits are symmetric on the logit of the rate.
        """
        at = np.arange(len(self.levels)) if at is None else np.asarray(at, dtype=np.int64)
        rate, se = np.empty(len(at)), np.empty(len(at))
        cells = self.mix.of_level[at]
        for cell in np.unique(cells):
            rows = slice(*np.searchsorted(self.mix.cell, [cell, cell + 1]))
            size = max(1, _CHUNK // (rows.stop - rows.start))
            members = np.flatnonzero(cells == cell)
            for start in range(0, len(members), size):
                some = members[start : start + size]
                rate[some], se[some] = self._rates_in(rows, at[some])
        half = self.inference.half_width(self.inference.df(None)) * se
        logit = np.log(rate / (1 - rate))
        return LevelRates(rate, floats(expit(logit - half)), floats(expit(logit + half)))

    def _rates_in(self, rows: slice, at: IntArray) -> tuple[FloatArray, FloatArray]:
        # Rates of levels of one cell, and the errors of their logits.
        fit, factors = self.inference.used, self.data.factors
        x, weight = self.mix.x[rows], self.mix.weight[rows]
        others = fit.theta.copy()
        others[self.own] = 0.0
        sd = float(np.sqrt(others @ others))
        eta = (x @ fit.beta)[None, :] + self.effect[at][:, None]  # (L, rows)
        p = expit(eta[..., None] + sd * NODES)
        slope = p * (1 - p)
        rate = (p @ WEIGHTS) @ weight
        by_logit = (slope @ WEIGHTS) * weight
        gradient = by_logit.sum(axis=1)[:, None] * self.effect_gradient[at]
        gradient[:, factors:] += by_logit @ x
        if sd > 0:
            by_sd = (slope @ (WEIGHTS * NODES)) @ weight
            gradient[:, :factors] += np.outer(by_sd, others / sd)
        variance = by_logit.sum(axis=1) ** 2 * self.effect_variance[at] + self._quadratic(gradient)
        return floats(rate), floats(np.sqrt(variance) / (rate * (1 - rate)))

    def _quadratic(self, gradient: FloatArray) -> FloatArray:
        product = gradient @ self.inference.used.covariance
        return floats(np.maximum(np.einsum("ij,ij->i", product, gradient), 0.0))

    def _mode(self) -> ConditionalMode:
        fit, layout = self.inference.used, self.data.layout
        scaled = [
            effect / sd if sd > 0 else np.zeros(len(effect))
            for effect, sd in zip(fit.effects, fit.theta, strict=True)
        ]
        order = (layout.large, *layout.small)
        return find_mode(self.data, fit.phi, np.concatenate([scaled[f] for f in order]))

    def _effects(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        # The effects, float[L]; their gradient in phi, float[L, F + p]; their variance given phi.
        data, theta, mode = self.data, self.inference.used.theta, self._mode()
        count, factors = len(self.levels), data.factors
        shared = mode.precision.covariances()
        of_level = [data.layout.code_of(f)[self.row] for f in self.own]
        effect, variance = np.zeros(count), np.zeros(count)
        gradient = np.zeros((count, factors + data.x.width))
        for f, level in zip(self.own, of_level, strict=True):
            effect += theta[f] * data.layout.effects_of(f, mode.v)[level]
            gradient[:, f] += data.layout.effects_of(f, mode.v)[level]
            for g in self.own:
                variance += theta[f] * theta[g] * shared[f, g][self.row]
        for column in range(gradient.shape[1]):
            change = _mode_derivative(data, theta, mode, column)
            for f, level in zip(self.own, of_level, strict=True):
                gradient[:, column] += theta[f] * data.layout.effects_of(f, change)[level]
        return effect, gradient, variance


def _constant(code: IntArray, row: IntArray, value: IntArray) -> bool:
    # Whether each level, of which `row` names a row, has one value.
    return bool((value[row][code] == value).all())


def level_mix(design: Design, data: GlmmData, code: IntArray, row: IntArray) -> LevelMix:
    """A level's own columns with the overall mix of the others.

    Where columns were excluded some mixtures were never seen and have no rate: then each level has
    the mix of its own answers.

    Parameters
    ----------
    design : Design
    data : GlmmData
    code : int[N]
        The level of each row of the data.
    row : int[L]
        Some row of each level.

    Returns
    -------
    LevelMix
    """
    if design.excluded:
        return _own_mix(data, code, len(row))
    columns = range(len(design.factors))
    own, own_combos = _own_columns(design, data, code, row)
    others = [k for k in columns if k not in own]
    cells, of_level = np.unique(own_combos, axis=0, return_inverse=True)
    mix, mix_of = np.unique(design.combos[:, others], axis=0, return_inverse=True)
    share = sums_by(mix_of.ravel(), design.sizes, len(mix)) / design.sizes.sum()
    combos = np.empty((len(cells) * len(mix), len(columns)), dtype=np.int64)
    combos[:, own] = np.repeat(cells, len(mix), axis=0)
    combos[:, others] = np.tile(mix, (len(cells), 1))
    cell = np.repeat(np.arange(len(cells)), len(mix))
    return LevelMix(design.rows(combos), np.tile(share, len(cells)), cell, of_level.ravel())


def _own_columns(
    design: Design, data: GlmmData, code: IntArray, row: IntArray
) -> tuple[list[int], IntArray]:
    # The columns that are constant within each level, and the levels' values of them.
    pattern, columns = data.x.index, range(len(design.factors))
    own = [k for k in columns if _constant(code, row, design.combos[pattern, k])]
    return own, design.combos[pattern[row]][:, own]


def _own_mix(data: GlmmData, code: IntArray, levels: int) -> LevelMix:
    patterns = len(data.x.patterns)
    pair, index = np.unique(code * patterns + data.x.index, return_inverse=True)
    level = pair // patterns
    size = sums_by(index, np.maximum(data.n, 1e-9), len(pair))
    weight = size / sums_by(level, size, levels)[level]
    return LevelMix(data.x.patterns[pair % patterns], weight, level, np.arange(levels))


def _mode_derivative(
    data: GlmmData, theta: FloatArray, mode: ConditionalMode, column: int
) -> FloatArray:
    # How the spherical effects v move with one entry of phi, by the mode's equation
    # v = Lambda Z' (y - mu): H dv = Lambda' Z' (y - mu) - Lambda Z' W (change of the logit).
    layout = data.layout
    if column >= data.factors:
        change = data.x.column(column - data.factors)
        return mode.precision.solve(-layout.to_levels(theta, mode.weight * change))
    code, only = layout.code_of(column), np.zeros(data.factors)
    only[column] = 1.0
    change = layout.effects_of(column, mode.v)[code]
    moved = layout.to_levels(only, mode.residual)
    return mode.precision.solve(moved - layout.to_levels(theta, mode.weight * change))

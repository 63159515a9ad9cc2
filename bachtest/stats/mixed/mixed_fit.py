"""The result of a fitted mixed model: frozen, printable, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bachtest.stats.mixed.likelihood.blocks import FloatArray
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import counted, p_text, sentence

if TYPE_CHECKING:
    from bachtest.stats.mixed.inference import Inference
    from bachtest.stats.mixed.likelihood.laplace import GlmmData

# Between the listener and the column, in the name of a random slope.
SLOPE = ":"


@dataclass(frozen=True)
class Coefficient:
    """One coefficient on the scale of the link: that of a typical listener and item.

    `low`, `high` and `p` follow from `estimate` and `se` by Student's t with `df` degrees of
    freedom or, where `df` is None, by the normal distribution. `z` is `estimate / se` and `p_wald`
    its normal p-value: by maximum likelihood they are what R's glmer prints.
    """

    name: str
    estimate: float
    se: float
    z: float
    p_wald: float
    low: float
    high: float
    p: float
    df: float | None

    def __str__(self) -> str:
        df = "" if self.df is None else f", df {self.df:g}"
        return (
            f"{self.name}: {self.estimate:z.6f}, se {self.se:.6f}"
            f" ({self.low:z.3f} to {self.high:z.3f}){df}, {p_text(self.p)}"
        )


@dataclass(frozen=True)
class VarianceComponent:
    """How much the levels of a random factor differ on the link's scale, by maximum likelihood.

    `restricted_sd` is the small-sample correction's, None without it. `note` says why the variance
    is 0 or was not estimated; it is empty otherwise.
    """

    name: str
    levels: int
    sd: float
    variance: float
    restricted_sd: float | None
    estimated: bool
    note: str

    @property
    def of_slopes(self) -> bool:
        """Whether a level is a listener in a condition and not one more person."""
        return SLOPE in self.name

    def described(self, sd: float) -> str:
        """Its standard deviation by one of the two fits, in words."""
        levels = counted(self.levels, self.name)
        if self.of_slopes:
            levels = f"{counted(self.levels, 'pair')} of {self.name.replace(SLOPE, ' and ')}"
        if not self.estimated:
            return f"{levels}: standard deviation not estimated"
        return f"{levels}: standard deviation {sd:.6f}, variance {sd * sd:.6f}"


@dataclass(frozen=True)
class TermTest:
    """Does a term matter?

    `chi2`, `df` and `p_lrt` are the likelihood-ratio test. With the small-sample correction `f` is
    its F statistic on `df` and `df2` degrees of freedom and `p` is that of F; without it, `p_lrt`.
    """

    name: str
    chi2: float
    df: int
    p_lrt: float
    f: float | None
    df2: float | None
    p: float


@dataclass(frozen=True)
class InteractionTest:
    """Do two columns interact? The score test of the model of main effects.

    `chi2` on `df`; with the small-sample correction `chi2 / df` is F on `df` and `df2`. `p_holm` is
    adjusted for all pairs that were tested.
    """

    first: str
    second: str
    chi2: float
    df: int
    df2: float | None
    p: float
    p_holm: float

    def __str__(self) -> str:
        statistic = f"score chi-square {self.chi2:.3f} on {self.df}"
        if self.df2 is not None:
            statistic = f"score F {self.chi2 / self.df:.3f} on {self.df} and {self.df2:g}"
        adjusted = "" if self.p_holm == self.p else f", Holm {p_text(self.p_holm)}"
        return f"{self.first} x {self.second}: {statistic}, {p_text(self.p)}{adjusted}"


@dataclass(frozen=True)
class Rate:
    """A cell's population-averaged rate; `n` and `correct` are its raw counts.

    `p` tests the rate of a guesser (`MixedFit.chance`). `se_logit` is the standard error of the
    rate's logit; limits and `p` follow from it by Student's t with `df` degrees of freedom or,
    where `df` is None, by the normal distribution. In a separated cell one limit is 0 or 1.
    """

    labels: tuple[str, ...]
    estimate: float
    low: float
    high: float
    p: float
    se_logit: float
    df: float | None
    n: int
    correct: int


@dataclass(frozen=True)
class RateTable:
    """The rates of one grouping; `covariance` is that of their logits.

    `df` are Student's degrees of freedom of differences between the cells; None: normal.
    """

    by: tuple[str, ...]
    rates: tuple[Rate, ...]
    covariance: FloatArray
    df: float | None = None

    def rate(self, *labels: str) -> Rate:
        """The rate of one cell.

        Raises
        ------
        KeyError
            If there is no such cell.
        """
        for rate in self.rates:
            if rate.labels == labels:
                return rate
        raise KeyError(labels)


@dataclass(frozen=True)
class LevelEffects:
    """The shrunken effects of a random factor's levels on the link's scale, with raw counts."""

    name: str
    levels: tuple[str, ...]
    effect: FloatArray
    sd: FloatArray
    n: FloatArray
    correct: FloatArray


@dataclass(frozen=True)
class ProfileInterval:
    """A parameter of the likelihood with its profile-likelihood interval, on the logit scale.

    `name` is a coefficient's, or ``sd(listener)`` and its like. A limit that was not found is None.
    """

    name: str
    estimate: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        low, high = ("?" if limit is None else f"{limit:z.3f}" for limit in (self.low, self.high))
        return f"{self.name}: {self.estimate:z.6f} ({low} to {high})"


@dataclass(frozen=True)
class MixedFit:
    """One fitted model; `notes` are what its reader must know about this table.

    `coefficients` are by maximum likelihood. `corrected_coefficients` are the small-sample
    correction's: use these where there are any. `inference` and `data` are what it was made from,
    for questions that come later.
    """

    formula: str
    n: int
    correct: int
    level: float
    coefficients: tuple[Coefficient, ...]
    corrected_coefficients: tuple[Coefficient, ...]
    variance_components: tuple[VarianceComponent, ...]
    tests: tuple[TermTest, ...]
    tables: tuple[RateTable, ...]
    effects: tuple[LevelEffects, ...]
    loglik: float
    parameters: int
    method: str
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    converged: bool
    link: str = "logit"
    chance: float = CHANCE
    interaction_tests: tuple[InteractionTest, ...] = ()
    profiles: tuple[ProfileInterval, ...] = ()
    inference: Inference | None = field(default=None, repr=False, compare=False)
    data: GlmmData | None = field(default=None, repr=False, compare=False)

    def table(self, *by: str) -> RateTable:
        """The rates of one grouping; without names, the overall rate.

        Raises
        ------
        KeyError
            If the model has no such grouping.
        """
        for table in self.tables:
            if table.by == by:
                return table
        raise KeyError(by)

    @property
    def overall(self) -> Rate:
        return self.table().rates[0]

    def variance_component(self, name: str) -> VarianceComponent:
        """The variance component of one random factor.

        Raises
        ------
        KeyError
            If the model has no such factor.
        """
        for component in self.variance_components:
            if component.name == name:
                return component
        raise KeyError(name)

    def to_json(self, *, effects: Sequence[str] = ("item",)) -> dict[str, Any]:
        """The fit as plain data; `effects` names the factors whose levels are listed."""
        return {
            "formula": self.formula,
            "n": self.n,
            "correct": self.correct,
            "level": self.level,
            "coefficients": [asdict(one) for one in self.coefficients],
            "corrected_coefficients": [asdict(one) for one in self.corrected_coefficients],
            "variances": [asdict(one) for one in self.variance_components],
            "tests": [asdict(one) for one in self.tests],
            "interaction_tests": [asdict(one) for one in self.interaction_tests],
            "rates": [
                {"by": list(table.by), "cells": [_rate_json(rate) for rate in table.rates]}
                for table in self.tables
            ],
            "effects": {
                one.name: _effects_json(one) for one in self.effects if one.name in effects
            },
            "loglik": self.loglik,
            "parameters": self.parameters,
            "method": self.method,
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
            "converged": self.converged,
            "link": self.link,
            "chance": self.chance,
            "profiles": [asdict(one) for one in self.profiles],
        }

    @property
    def sampled(self) -> tuple[VarianceComponent, ...]:
        """Those that were estimated, without slopes: what the result generalises over."""
        components = self.variance_components
        return tuple(one for one in components if one.estimated and not one.of_slopes)

    def __str__(self) -> str:
        lines = [self.formula, self.method]
        lines.append(f"Coefficients are for a typical listener and item, in {self.link}s.")
        if self.corrected_coefficients:
            lines += ["With the small-sample correction (use these):", *self._corrected_lines()]
            lines.append("By maximum likelihood, uncorrected:")
        lines += self._likelihood_lines()
        if self.profiles:
            lines.append("Profile-likelihood intervals, by maximum likelihood:")
            lines += [f"  {one}" for one in self.profiles]
        lines += ["Assumptions:", *(f"  {words}" for words in self.assumptions)]
        return "\n".join([*lines, *map(sentence, self.notes)])

    def _corrected_lines(self) -> list[str]:
        lines = [f"  {one}" for one in self.corrected_coefficients]
        lines += [
            f"  {one.described(one.restricted_sd)}"
            for one in self.variance_components
            if one.restricted_sd is not None
        ]
        lines += [
            f"  {test.name}: F {test.f:.5f} on {test.df} and {test.df2:g}, {p_text(test.p)}"
            for test in self.tests
            if test.f is not None
        ]
        return lines

    def _likelihood_lines(self) -> list[str]:
        lines = [f"  {one}" for one in self.coefficients]
        for component in self.variance_components:
            note = f"; {component.note}" if component.note else ""
            lines.append(f"  {component.described(component.sd)}{note}")
        lines += [
            f"  {test.name}: likelihood ratio chi-square {test.chi2:.5f} on {test.df},"
            f" {p_text(test.p_lrt)}"
            for test in self.tests
        ]
        return [*lines, f"  log likelihood {self.loglik:z.6f}, {counted(self.n, 'answer')}"]


def _rate_json(rate: Rate) -> dict[str, Any]:
    return asdict(rate) | {"labels": list(rate.labels)}


def _effects_json(effects: LevelEffects) -> list[dict[str, Any]]:
    return [
        {"level": level, "effect": float(u), "sd": float(sd), "n": int(n), "correct": int(correct)}
        for level, u, sd, n, correct in zip(
            effects.levels, effects.effect, effects.sd, effects.n, effects.correct, strict=True
        )
    ]

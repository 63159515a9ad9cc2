"""The crossed mixed model of a table of answers: the default wherever cells are compared.

Conventions
-----------
``correct ~ 1 + by ... + (1 | listener) + (1 | item) [+ (1 | excerpt)]`` on the link's scale, with
those of the random factors that the table has. Where a variance cannot be estimated it is 0, and
the result says why. Nothing here is random: the same table gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from bachtest.stats.mixed.design import AnswerTable, Design, Term, make_design, read_factor
from bachtest.stats.mixed.inference import Inference, coefficients, rate_tables, term_tests
from bachtest.stats.mixed.interactions import interaction_tests
from bachtest.stats.mixed.likelihood.blocks import FloatArray, sums_by
from bachtest.stats.mixed.likelihood.glmm import (
    GlmmFit,
    MixedError,
    fit_glmm,
    glmm_data,
    max_loglik,
    start_without,
)
from bachtest.stats.mixed.likelihood.laplace import DesignMatrix, GlmmData
from bachtest.stats.mixed.likelihood.links import LOGIT, Link
from bachtest.stats.mixed.likelihood.search import MAX_SD
from bachtest.stats.mixed.likelihood.separation import pseudo_observations, separated_patterns
from bachtest.stats.mixed.likelihood.small_sample import restricted_fit
from bachtest.stats.mixed.mixed_fit import (
    SLOPE,
    LevelEffects,
    MixedFit,
    RateTable,
    TermTest,
    VarianceComponent,
)
from bachtest.stats.mixed.profile import with_profiles
from bachtest.stats.mixed.random_factors import (
    LISTENER,
    RandomFactor,
    make_random_factors,
    read_random_factors,
)
from bachtest.stats.rates.proportions import CHANCE, LEVEL, normal_quantile
from bachtest.stats.rates.result import counted, listed

SAID_BACH = "said_bach"
_NO_SLOPES = "no by-listener slopes: conditions differ by the same amount for every listener"


def fit_mixed(
    table: AnswerTable,
    by: Sequence[str] = (),
    *,
    numbers: Sequence[str] = (),
    interactions: Sequence[tuple[str, str]] = (),
    find_interactions: bool = False,
    excerpt: bool | None = None,
    slopes: Sequence[str] = (),
    level: float = LEVEL,
    tests: bool = True,
    chance: float = CHANCE,
    profile: bool = False,
) -> MixedFit:
    """Fit the mixed model to a table of answers or of counts.

    Parameters
    ----------
    table : AnswerTable
        With a column `listener`, `item` or both, and the columns named below.
    by : sequence of str
        Columns whose main effects are fitted, treatment-coded.
    numbers : sequence of str
        Columns that enter as numbers, such as `trial`.
    interactions : sequence of (str, str)
        Pairs of the columns named above.
    find_interactions : bool
        Tests every other pair of `by`, and adds those that matter (Holm, at 1 - level).
    excerpt : bool or None
        Whether excerpts have an effect of their own; None: where they recur across items.
    slopes : sequence of str
        Columns with by-listener random slopes: ``(1 | listener:column)`` beside ``(1 | listener)``,
        with the same variance in every level.
    level : float
        Of all intervals.
    tests : bool
        Whether to test the terms; each test costs one more fit.
    chance : float
        The rate of a guesser, against which rates are tested.
    profile : bool
        Whether to add profile-likelihood intervals; each costs about ten more fits.

    Returns
    -------
    MixedFit

    Raises
    ------
    MixedError
        If there are no answers, no listeners and no items, or a column is missing.

    References
    ----------
    H. H. Clark (1973), "The language-as-fixed-effect fallacy", Journal of Verbal Learning and
    Verbal Behavior 12, 335-359. R. H. Baayen, D. J. Davidson, D. M. Bates (2008), "Mixed-effects
    modeling with crossed random effects for subjects and items", Journal of Memory and Language 59,
    390-412.
    """

    def fitting(pairs: Sequence[tuple[str, str]]) -> Fitting:
        return Fitting(
            table, by, numbers=numbers, interactions=pairs, excerpt=excerpt, slopes=slopes,
            level=level, chance=chance,
        )  # fmt: skip

    first = fitting(interactions)
    if not find_interactions:
        result = first.result(tests=tests)
        return with_profiles(result, first) if profile else result
    tested = interaction_tests(first, first.inference())
    matter = [(one.first, one.second) for one in tested if one.p_holm < 1 - level]
    chosen = fitting([*interactions, *matter]) if matter else first
    result = replace(chosen.result(tests=tests), interaction_tests=tested)
    return with_profiles(result, chosen) if profile else result


def _check_interactions(named: Sequence[str], interactions: Sequence[tuple[str, str]]) -> None:
    for pair in interactions:
        for name in pair:
            if name not in named:
                raise MixedError(
                    f"interaction of {' and '.join(pair)}: {name!r} is not among the effects"
                    f" {', '.join(named) or '(none)'}"
                )


class Fitting:
    """The steps from a table to a result; parameters as in `fit_mixed`, and the link.

    `response` is what the table's `correct` counts, for the formula.
    """

    def __init__(
        self,
        table: AnswerTable,
        by: Sequence[str] = (),
        *,
        numbers: Sequence[str] = (),
        interactions: Sequence[tuple[str, str]] = (),
        excerpt: bool | None = None,
        slopes: Sequence[str] = (),
        level: float = LEVEL,
        chance: float = CHANCE,
        link: Link = LOGIT,
        response: str = "correct",
    ) -> None:
        normal_quantile(level)  # refuses a bad level
        self.chance, self.link, self.response = chance, link, response
        self.n, self.correct = np.array(table.n, dtype=float), np.array(table.correct, dtype=float)
        if not self.n.sum():
            raise MixedError("no answers: there is nothing to fit a model to")
        fixed = [read_factor(table, name) for name in (*by, *numbers)]
        _check_interactions([*by, *numbers], interactions)
        self.level, self.slopes = level, tuple(slopes)
        self.design = make_design(fixed, numbers, interactions, self.n)
        factors = read_random_factors(table, excerpt, slopes)
        self.random_factors = tuple(make_random_factors(factors, self.design, self.n))
        self.fixed_at_zero = [
            at for at, factor in enumerate(self.random_factors) if factor.not_estimated
        ]
        x = self.design.x
        self.pattern_n = sums_by(x.index, self.n, len(x.patterns))
        self.pattern_correct = sums_by(x.index, self.correct, len(x.patterns))
        self.separated = separated_patterns(x.patterns, self.pattern_correct, self.pattern_n)
        self.data = self._data(x.patterns, self.separated)

    @cached_property
    def ml(self) -> GlmmFit:
        """The fit by maximum likelihood."""
        return fit_glmm(self.data, fixed_at_zero=self.fixed_at_zero)

    @cached_property
    def _restricted(self) -> GlmmFit:
        return restricted_fit(self.data, self.ml, self.fixed_at_zero)

    def inference(self, *, correct_few: bool = True) -> Inference:
        """The fits to report; without the correction, as if items and listeners were many."""
        few = tuple(factor.name for factor in self.random_factors if factor.few)
        used = self.ml
        if few and correct_few:
            used = self._restricted
        few = few if correct_few else ()
        return Inference(
            self.ml, used, self.design, self.random_factors, few, self.level,
            self.link, self.chance,
        )  # fmt: skip

    def rates(self, inference: Inference) -> tuple[RateTable, ...]:
        return rate_tables(
            inference, self.pattern_n, self.pattern_correct, separated=bool(self.separated)
        )

    def tests(self, inference: Inference) -> tuple[TermTest, ...]:
        return term_tests(inference, self._loglik_without)

    def result(self, *, tests: bool) -> MixedFit:
        inference = self.inference()
        ml, used = inference.ml, inference.used
        return MixedFit(
            formula=_formula(self.response, self.design, self.random_factors),
            n=int(self.n.sum()),
            correct=int(self.correct.sum()),
            level=self.level,
            coefficients=coefficients(inference, ml),
            corrected_coefficients=coefficients(inference, used) if inference.few else (),
            variance_components=tuple(self._variance_components(inference)),
            tests=self.tests(inference) if tests else (),
            tables=self.rates(inference),
            effects=tuple(self._effects(used)),
            loglik=ml.loglik,
            parameters=int(ml.free.sum()),
            method=_method(self.link, self.random_factors, inference.few),
            assumptions=tuple(self._assumptions()),
            notes=tuple(self._notes(ml)),
            converged=ml.converged and used.converged,
            link=self.link.name,
            chance=self.chance,
            inference=inference,
            data=self.data,
        )

    def _data(self, patterns: FloatArray, separated: list[int]) -> GlmmData:
        return glmm_data(
            DesignMatrix(patterns, self.design.x.index), self.correct, self.n,
            [factor.factor.code for factor in self.random_factors],
            [len(factor.factor.levels) for factor in self.random_factors],
            pseudo_observations(patterns, separated), self.link,
        )  # fmt: skip

    def _with_patterns(self, patterns: FloatArray, separated: list[int]) -> GlmmData:
        # The same rows and layout with other columns of X.
        pseudo_x, pseudo_n = pseudo_observations(patterns, separated)
        x = DesignMatrix(patterns, self.data.x.index)
        return replace(self.data, x=x, pseudo_x=pseudo_x, pseudo_n=pseudo_n)

    def _loglik_without(self, term: Term) -> float:
        others = [at for at in range(self.design.x.width) if at not in term.columns]
        patterns = np.ascontiguousarray(self.design.x.patterns[:, others])
        separated = separated_patterns(patterns, self.pattern_correct, self.pattern_n)
        start, information = start_without(self.ml, others, self.fixed_at_zero)
        return max_loglik(
            self._with_patterns(patterns, separated), start, self.fixed_at_zero, information
        )

    def _assumptions(self) -> list[str]:
        sampled = [
            factor.name
            for factor in self.random_factors
            if not factor.not_estimated and SLOPE not in factor.name
        ]
        if not sampled:
            return ["the answers are independent of each other"]
        are = "are random samples" if len(sampled) > 1 else "are a random sample"
        assumptions = [
            f"{listed([f'{name}s' for name in sampled])} {are} of those the result is about",
            f"their effects are normal on the {self.link.name} scale and add up",
        ]
        assumptions += [
            f"by-listener slopes: listeners differ in what {name} does, with one variance for all"
            " of its levels"
            for name in self.slopes
        ]
        if LISTENER in sampled and not self.slopes:
            assumptions.append(_NO_SLOPES)
        return assumptions

    def _variance_components(self, inference: Inference) -> list[VarianceComponent]:
        components = []
        for at, factor in enumerate(self.random_factors):
            sd = float(inference.ml.theta[at])
            note = factor.not_estimated
            if not note and sd == 0:
                note = f"no spread between {factor.name}s beyond chance was found"
            elif sd >= MAX_SD:
                note = f"the {factor.name}s are all right or all wrong: wider than can be measured"
            corrected = inference.few and not factor.not_estimated
            restricted = float(inference.used.theta[at]) if corrected else None
            components.append(
                VarianceComponent(
                    factor.name, len(factor.factor.levels), sd, sd * sd, restricted,
                    not factor.not_estimated, note,
                )
            )  # fmt: skip
        return components

    def _effects(self, used: GlmmFit) -> list[LevelEffects]:
        effects = []
        for at, factor in enumerate(self.random_factors):
            levels, code = factor.factor.levels, factor.factor.code
            n, correct = (sums_by(code, count, len(levels)) for count in (self.n, self.correct))
            effects.append(
                LevelEffects(factor.name, levels, used.effects[at], used.effect_sds[at], n, correct)
            )
        return effects

    def _notes(self, ml: GlmmFit) -> list[str]:
        notes = []
        if self.separated:
            cells = ", ".join(self._label(at) for at in self.separated[:5])
            # Of single clips `correct` counts those that were called Bach's.
            yes, no = ("Bach", "machine") if self.response == SAID_BACH else ("right", "wrong")
            where = f"every answer is {yes if self.correct.any() else no}"
            if cells:
                more = " and more" if len(self.separated) > 5 else ""
                where = f"all {yes} or all {no} in {cells}{more}"
            notes.append(
                f"{where}: regularised with a Jeffreys prior (half a right and half a wrong"
                " pseudo-answer; Greenland and Mansournia 2015); the interval reaches 0 or 1"
            )
        if self.design.excluded:
            notes.append(
                "excluded, because they cannot be estimated beside the other columns:"
                f" {', '.join(self.design.excluded)}"
            )
        if not ml.converged:
            notes.append("the search for the maximum stopped early: the last digits are uncertain")
        return notes

    def _label(self, pattern: int) -> str:
        codes = self.design.combos[pattern]
        labels = [f.levels[c] for f, c in zip(self.design.factors, codes, strict=True)]
        if self.response == SAID_BACH and labels in (["0"], ["1"]):
            return "Bach's clips" if labels == ["1"] else "the machine's"
        return " ".join(labels)


def _formula(response: str, design: Design, factors: Sequence[RandomFactor]) -> str:
    terms = [term.name for term in design.terms[1:]] or ["1"]
    random = [f"(1|{factor.name})" for factor in factors if not factor.not_estimated]
    return f"{response} ~ {' + '.join([*terms, *random])}"


def _method(link: Link, factors: Sequence[RandomFactor], few: Sequence[str]) -> str:
    estimated = [factor.name for factor in factors if not factor.not_estimated]
    kind = {"logit": "logistic"}.get(link.name, link.name)
    method = f"{kind} model without random effects, maximum likelihood"
    if estimated:
        method = (
            f"{kind} mixed model, Laplace-approximated maximum likelihood, random intercepts for"
            f" {listed(estimated)}"
        )
    if not few:
        return f"{method}; Wald intervals, likelihood-ratio tests"
    corrected = [factor for factor in factors if factor.name in few]
    smallest = listed([counted(factor.smallest_cell, factor.name) for factor in corrected])
    freedom = listed([f"{factor.df}" for factor in corrected])
    return (
        f"{method}; small-sample correction (smallest cell: {smallest}; degrees of freedom:"
        f" {freedom}): variances by restricted likelihood,"
        " Student's t and F with between-within degrees of freedom"
    )

"""The crossed mixed model of a table of answers: the default wherever cells are compared.

Conventions
-----------
``correct ~ 1 + by ... + (1 | listener) + (1 | item) [+ (1 | excerpt)]`` on the logit scale. Of
these random factors those are taken that the table has; where a spread cannot be estimated it is
left out and the result says why. Nothing here is random: the same table gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from bachtest.stats.mixed.blocks import FloatArray, sums_by
from bachtest.stats.mixed.design import AnswerTable, Design, Term, make_design, read_factor
from bachtest.stats.mixed.glmm import WIDEST, GlmmFit, MixedError, fit_glmm, make_problem
from bachtest.stats.mixed.groups import Group, make_groups, read_groups
from bachtest.stats.mixed.inference import Inference, coefficients, rate_tables, term_tests
from bachtest.stats.mixed.laplace import Fixed, Problem
from bachtest.stats.mixed.result import Effects, MixedFit, RateTable, Spread, TermTest
from bachtest.stats.mixed.separation import held_rows, separated
from bachtest.stats.mixed.small_sample import corrected
from bachtest.stats.rates.proportions import LEVEL, normal_quantile

ASSUMPTIONS = (
    "listeners and items are samples of those that the result is about",
    "their effects are normal on the logit scale and add up",
)
_ALIKE = "no slopes by listener: a condition is equally much harder for every listener"


def fit_mixed(
    table: AnswerTable,
    by: Sequence[str] = (),
    *,
    numbers: Sequence[str] = (),
    interactions: Sequence[tuple[str, str]] = (),
    excerpt: bool | None = None,
    slopes: Sequence[str] = (),
    level: float = LEVEL,
    tests: bool = True,
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
    excerpt : bool or None
        Whether excerpts have an effect of their own; None: where they recur across items.
    slopes : sequence of str
        Columns whose levels are harder for some listeners than for others: ``(1 |
        listener:column)`` beside ``(1 | listener)``, the same variance in every level.
    level : float
        Of all intervals.
    tests : bool
        Whether to test each term, at the cost of one more fit each.

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
    fitting = Fitting(
        table, by, numbers=numbers, interactions=interactions, excerpt=excerpt, slopes=slopes,
        level=level,
    )  # fmt: skip
    return fitting.result(tests=tests)


def _check_interactions(named: Sequence[str], interactions: Sequence[tuple[str, str]]) -> None:
    for pair in interactions:
        for name in pair:
            if name not in named:
                raise MixedError(
                    f"interaction of {' and '.join(pair)}: {name!r} is not among the effects"
                    f" {', '.join(named) or '(none)'}"
                )


class Fitting:
    """The steps from a table to a result; parameters as in `fit_mixed`."""

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
    ) -> None:
        normal_quantile(level)  # refuses a bad level
        self.n, self.correct = np.array(table.n, dtype=float), np.array(table.correct, dtype=float)
        if not self.n.sum():
            raise MixedError("no answers: there is nothing to fit a model to")
        named = [read_factor(table, name) for name in (*by, *numbers)]
        _check_interactions([*by, *numbers], interactions)
        self.level, self.slopes = level, tuple(slopes)
        self.design = make_design(named, numbers, interactions, self.n)
        self.groups = tuple(make_groups(read_groups(table, excerpt, slopes), self.design, self.n))
        self.codes = [group.factor.code for group in self.groups]
        self.sizes = [len(group.factor.levels) for group in self.groups]
        self.without = [at for at, group in enumerate(self.groups) if group.held]
        fixed = self.design.fixed
        self.pattern_n = sums_by(fixed.index, self.n, len(fixed.patterns))
        self.pattern_right = sums_by(fixed.index, self.correct, len(fixed.patterns))
        self.runaway = separated(fixed.patterns, self.pattern_right, self.pattern_n)
        self.problem = self._problem(fixed.patterns, self.runaway)

    @cached_property
    def likely(self) -> GlmmFit:
        """By maximum likelihood."""
        return fit_glmm(self.problem, without=self.without)

    def inference(self, *, correct_few: bool = True) -> Inference:
        """How sure one can be; without the correction, as if items and listeners were many."""
        few = tuple(group.name for group in self.groups if group.few)
        if not few or not correct_few:
            return Inference(self.likely, self.likely, self.design, self.groups, (), self.level)
        used = corrected(self.problem, self.likely, self.without)
        return Inference(self.likely, used, self.design, self.groups, few, self.level)

    def rates(self, inference: Inference) -> tuple[RateTable, ...]:
        return rate_tables(
            inference, self.pattern_n, self.pattern_right, separated=bool(self.runaway)
        )

    def tests(self, inference: Inference) -> tuple[TermTest, ...]:
        return term_tests(inference, self._without)

    def _problem(self, patterns: FloatArray, runaway: list[int]) -> Problem:
        return make_problem(
            Fixed(patterns, self.design.fixed.index), self.correct, self.n, self.codes,
            self.sizes, held_rows(patterns, runaway),
        )  # fmt: skip

    def result(self, *, tests: bool) -> MixedFit:
        inference = self.inference()
        likely, used = inference.likely, inference.used
        return MixedFit(
            formula=_formula(self.design, self.groups),
            n=int(self.n.sum()),
            correct=int(self.correct.sum()),
            level=self.level,
            coefficients=coefficients(inference, likely),
            corrected_coefficients=coefficients(inference, used) if inference.few else (),
            spreads=tuple(self._spreads(inference)),
            tests=self.tests(inference) if tests else (),
            tables=self.rates(inference),
            effects=tuple(self._effects(used)),
            loglik=likely.loglik,
            parameters=int(likely.free.sum()),
            method=_method(self.groups, inference.few),
            assumptions=(*ASSUMPTIONS, *self._slopes_said()),
            notes=tuple(self._notes(likely)),
            converged=likely.converged and used.converged,
        )

    def _slopes_said(self) -> list[str]:
        return [
            f"a {name} is harder for some listeners than for others, with the same spread in each"
            for name in self.slopes
        ] or [_ALIKE]

    def _without(self, term: Term) -> float:
        keep = [at for at in range(self.design.fixed.width) if at not in term.columns]
        patterns = np.ascontiguousarray(self.design.fixed.patterns[:, keep])
        runaway = separated(patterns, self.pattern_right, self.pattern_n)
        start = np.concatenate([np.maximum(self.likely.theta, 0.3), self.likely.beta[keep]])
        fit = fit_glmm(
            self._problem(patterns, runaway), without=self.without, start=start, errors=False
        )
        return fit.loglik

    def _spreads(self, inference: Inference) -> list[Spread]:
        found = []
        likely, used, few = inference.likely, inference.used, inference.few
        for at, group in enumerate(self.groups):
            sd = float(likely.theta[at])
            note = group.held
            if not note and sd == 0:
                note = f"no spread between {group.name}s beyond chance was found"
            elif sd >= WIDEST:
                note = f"the {group.name}s are all right or all wrong: wider than can be measured"
            restricted = float(used.theta[at]) if few and not group.held else None
            found.append(
                Spread(group.name, self.sizes[at], sd, sd * sd, restricted, not group.held, note)
            )
        return found

    def _effects(self, used: GlmmFit) -> list[Effects]:
        return [
            Effects(
                group.name, group.factor.levels, used.effects[at], used.effect_sds[at],
                sums_by(self.codes[at], self.n, self.sizes[at]),
                sums_by(self.codes[at], self.correct, self.sizes[at]),
            )
            for at, group in enumerate(self.groups)
        ]  # fmt: skip

    def _notes(self, likely: GlmmFit) -> list[str]:
        notes = [group.held for group in self.groups if group.held]
        if self.runaway:
            cells = ", ".join(self._label(at) for at in self.runaway[:5])
            notes.append(
                f"all right or all wrong in {cells or 'every answer'}"
                f"{' and more' if len(self.runaway) > 5 else ''}: held finite by one answer of"
                " nobody, half right (Greenland and Mansournia 2015); its interval reaches the end"
            )
        if self.design.dropped:
            notes.append(
                f"not estimable beside the others, and left out: {', '.join(self.design.dropped)}"
            )
        if not likely.converged:
            notes.append("the search for the maximum ended early; read the last digits with care")
        return notes

    def _label(self, pattern: int) -> str:
        codes = self.design.combos[pattern]
        return " ".join(f.levels[c] for f, c in zip(self.design.factors, codes, strict=True))


def _formula(design: Design, groups: Sequence[Group]) -> str:
    terms = [term.name for term in design.terms[1:]] or ["1"]
    return f"correct ~ {' + '.join([*terms, *(f'(1|{group.name})' for group in groups)])}"


def _method(groups: Sequence[Group], few: Sequence[str]) -> str:
    taken = ", ".join(group.name for group in groups if not group.held)
    base = "logistic mixed model, Laplace-approximated maximum likelihood"
    base = f"{base}, random intercepts for {taken}" if taken else f"{base}, no random intercepts"
    if not few:
        return f"{base}; Wald intervals, likelihood-ratio tests"
    counts = ", ".join(
        f"{group.fewest} {group.name}s in the smallest cell"
        for group in groups
        if group.name in few
    )
    return (
        f"{base}; small-sample correction ({counts}): variances by restricted likelihood,"
        " Student's t and F with between-within degrees of freedom"
    )

"""Comparisons under test: interactions, and all differences of a table together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.likelihood.blocks import FloatArray
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.mixed_studies import ALPHA, MAX_COVERAGE, MIN_COVERAGE
from bachtest.stats.validate.simulate import SimulatedDesign, SimulatedTable, simulate
from bachtest.stats.verdict.contrasts import contrasts

TWO_CONDITIONS = SimulatedDesign(listeners=200, each=8, items=48, cells=2)
SEVEN_CELLS = SimulatedDesign(listeners=200, each=10, items=140, cells=7)
GROUPS = ("novice", "expert")
# Logits of seven cells that differ, and a difference of differences.
LOGITS = (1.2, 0.9, 0.7, 0.6, 0.4, 0.3, 0.1)
MAIN, CROSSED = 0.5, 1.2


@dataclass(frozen=True)
class GroupedTable(SimulatedTable):
    """With a column `experience`: listeners with even numbers are novices."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (*super().columns, "experience")

    def values(self, column: str) -> Sequence[str]:
        if column == "experience":
            return [GROUPS[int(listener) % 2] for listener in self.listener]
        return super().values(column)


def grouped(rng: np.random.Generator, interaction: float) -> GroupedTable:
    """Two conditions and two groups of listeners; main effects of `MAIN` logits each."""
    design = TWO_CONDITIONS
    table = simulate(rng, design, [0.0] * design.cells)
    skill = rng.normal(0, design.sd_listener, design.listeners)
    ease = rng.normal(0, design.sd_item, design.items)
    eta = _logits(interaction)[table.cell, table.listener % 2]
    right = rng.random(len(eta)) < expit(eta + skill[table.listener] + ease[table.item])
    return GroupedTable(table.listener, table.item, table.cell, right.astype(float))


def _logits(interaction: float) -> FloatArray:
    # Conditions down, groups across.
    return np.array([[0.0, MAIN], [MAIN, 2 * MAIN - interaction]])


def interactions(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Score tests of an interaction, and the rates by both where it is fitted."""
    names = ("false", "found", "covered", "main")
    shares: dict[str, list[float]] = {name: [] for name in names}
    by = ("condition", "experience")
    truth: dict[tuple[str, ...], float] = {
        (condition, GROUPS[group]): TWO_CONDITIONS.rate(float(_logits(CROSSED)[at, group]))
        for at, condition in enumerate(("S", "A"))
        for group in range(2)
    }
    for _ in replicates:
        [test] = fit_mixed(grouped(rng, 0.0), by, find_interactions=True).interaction_tests
        shares["false"].append(float(test.p < ALPHA))
        table = grouped(rng, CROSSED)
        found = fit_mixed(table, by, find_interactions=True, tests=False)
        shares["found"].append(float(found.interaction_tests[0].p < ALPHA))
        crossed = fit_mixed(table, by, interactions=[by], tests=False).table(*by)
        inside = [rate.low <= truth[rate.labels] <= rate.high for rate in crossed.rates]
        shares["covered"].append(float(np.mean(inside)))
    measured = {name: tuple(values) for name, values in shares.items()}
    return SimulationStudy(
        "interactions",
        "Interactions",
        "200 listeners, half of them experts, with 8 answers each over 48 items in two conditions;"
        f" main effects of {MAIN:g} logits; the interaction is 0 for the size of the test, and"
        f" {CROSSED:g} for the rest.",
        (
            Measured("interaction found where there is none", measured["false"], 0.0, 0.07),
            Measured("interaction found where there is one", measured["found"], 0.8, 1.0),
            Measured(
                "coverage of rates by both, fitted", measured["covered"], MIN_COVERAGE, MAX_COVERAGE
            ),
        ),
    )


def all_differences(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Twenty-one differences of seven cells: whether all intervals hold together."""
    rates = np.array([SEVEN_CELLS.rate(value) for value in LOGITS])
    names = ("points", "odds", "each", "false")
    shares: dict[str, list[float]] = {name: [] for name in names}
    for _ in replicates:
        fit = fit_mixed(simulate(rng, SEVEN_CELLS, LOGITS), ("condition",), tests=False)
        found = contrasts(fit.table("condition"))
        assert found is not None, "seven cells have contrasts"
        true = [(a, b) for a in range(7) for b in range(a + 1, 7)]
        points = [
            pair.low <= rates[a] - rates[b] <= pair.high
            for pair, (a, b) in zip(found.pairs, true, strict=True)
        ]
        odds = [
            pair.odds_low <= np.exp(logit(rates[a]) - logit(rates[b])) <= pair.odds_high
            for pair, (a, b) in zip(found.pairs, true, strict=True)
        ]
        shares["points"].append(float(all(points)))
        shares["odds"].append(float(all(odds)))
        single = [
            abs(np.log(pair.odds_ratio) - logit(rates[a]) + logit(rates[b])) <= 1.96 * pair.se
            for pair, (a, b) in zip(found.pairs, true, strict=True)
        ]
        shares["each"].append(float(all(single)))
        same = fit_mixed(simulate(rng, SEVEN_CELLS, [0.6] * 7), ("condition",), tests=False)
        pairs = contrasts(same.table("condition"))
        shares["false"].append(float(pairs is not None and any(p.p < ALPHA for p in pairs.pairs)))
    measured = {name: tuple(values) for name, values in shares.items()}
    return SimulationStudy(
        "contrasts",
        "All differences of a table together",
        "200 listeners with 10 answers each over 140 items in seven cells whose logits run from .1"
        " to 1.2; the cells are alike for the false positives.",
        (
            Measured("all 21 odds ratios inside", measured["odds"], 0.93, 0.98),
            Measured("all 21 differences in points inside", measured["points"], 0.93, 0.98),
            Measured("all 21 inside intervals of one comparison", measured["each"]),
            Measured("any difference found where there is none", measured["false"], 0.0, 0.06),
        ),
    )
